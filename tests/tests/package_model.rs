//! Packages against a model that a child could check, and on several threads.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use std::{collections::BTreeMap, env, thread};

use proptest::{collection::vec, prelude::*};
use qiangdan::{
    OrderId, Outcome, ServiceId, Wall,
    package::{
        Finish, IfFails, PackageBounds, PackageDraft, PackageError, PackageEvent,
        PackageEventKind as Kind, PackageId, PackageKind, PackageRule, PackageState, Packages,
        PartDraft, PartId, PartState, Rest, Verdict,
    },
};

fn draft(after: &[Vec<usize>]) -> PackageDraft {
    let part = |after: &Vec<usize>| PartDraft { service: ServiceId(0), after: after.clone() };
    PackageDraft { parts: after.iter().map(part).collect(), ..PackageDraft::default() }
}

fn packages(draft: &PackageDraft, room: u32) -> Packages {
    Packages::new(vec![draft.check(1).unwrap()], PackageBounds::new(room)).unwrap()
}

fn open(packages: &Packages, out: &mut Vec<PackageEvent>) -> PackageId {
    packages.open(PackageKind(0), Wall(0), 7, out).unwrap()
}

/// Any graph without cycles, under any rules.
fn any_draft() -> impl Strategy<Value = PackageDraft> {
    let after = vec(vec(any::<prop::sample::Index>(), 0..3), 1..9);
    let finish = prop_oneof![
        Just(Finish::All),
        Just(Finish::Any),
        any::<prop::sample::Index>()
            .prop_map(|at_least| Finish::AtLeast(u8::try_from(at_least.index(9)).unwrap()))
    ];
    let if_fails =
        prop_oneof![Just(IfFails::DropSuccessors), Just(IfFails::DropAll), Just(IfFails::GoOn)];
    let rest = prop_oneof![Just(Rest::Drop), Just(Rest::GoOn)];
    (after, finish, if_fails, rest).prop_map(|(after, finish, if_fails, rest)| {
        let before = |(part, after): (usize, Vec<prop::sample::Index>)| {
            let mut before: Vec<_> = match part {
                0 => Vec::new(),
                part => after.into_iter().map(|after| after.index(part)).collect(),
            };
            before.sort_unstable();
            before.dedup();
            before
        };
        let after: Vec<Vec<usize>> = after.into_iter().enumerate().map(before).collect();
        let parts = u8::try_from(after.len()).unwrap();
        let finish = match finish {
            Finish::AtLeast(count) => Finish::AtLeast(count.clamp(1, parts)),
            other => other,
        };
        PackageDraft { finish, if_fails, rest, ..draft(&after) }
    })
}

/// What may be told.
#[derive(Clone, Copy, Debug)]
enum Op {
    Began(u8),
    Done(u8),
    Failed(u8),
    Paused(u8),
    Resumed(u8),
    Ask(u8),
    AskAgain(u8),
    Clear(u8),
    TimeIsUp,
    HandIn,
    Withdraw,
    Deliver,
}

fn any_op() -> impl Strategy<Value = Op> {
    let part = || 0_u8..9;
    prop_oneof![
        4 => part().prop_map(Op::Began),
        6 => part().prop_map(Op::Done),
        2 => part().prop_map(Op::Failed),
        3 => part().prop_map(Op::Paused),
        2 => part().prop_map(Op::Resumed),
        2 => part().prop_map(Op::Ask),
        1 => part().prop_map(Op::AskAgain),
        2 => part().prop_map(Op::Clear),
        1 => Just(Op::TimeIsUp),
        1 => Just(Op::HandIn),
        1 => Just(Op::Deliver),
    ]
    .boxed()
    .prop_union(Just(Op::Withdraw).boxed())
}

/// The model: lists of words and loops over them, nothing else.
#[derive(Debug)]
struct Model {
    draft: PackageDraft,
    parts: Vec<PartState>,
    /// Which were ever free to begin, and which have an order.
    freed: Vec<bool>,
    orders: Vec<bool>,
    paused: Vec<bool>,
    heard: Vec<bool>,
    asks: Vec<bool>,
    awaited: Vec<bool>,
    notices: u8,
    verdict: Verdict,
    delivered: bool,
}

impl Model {
    fn new(draft: &PackageDraft) -> Self {
        let none = || vec![false; draft.parts.len()];
        let mut model = Self {
            draft: draft.clone(),
            parts: vec![PartState::Blocked; draft.parts.len()],
            freed: none(),
            orders: none(),
            paused: none(),
            heard: none(),
            asks: none(),
            awaited: none(),
            notices: 0,
            verdict: Verdict::Open,
            delivered: false,
        };
        model.look();
        model
    }

    fn is_over(&self, part: usize) -> bool {
        matches!(self.parts[part], PartState::Done | PartState::Failed | PartState::Dropped)
    }

    fn all(&self) -> std::ops::Range<usize> {
        0..self.parts.len()
    }

    fn count(&self, state: PartState) -> usize {
        self.parts.iter().filter(|&&part| part == state).count()
    }

    fn drop_open(&mut self, which: impl Fn(usize) -> bool) {
        for part in self.all() {
            if which(part) && !self.is_over(part) {
                self.parts[part] = PartState::Dropped;
            }
        }
    }

    fn comes_after(&self, part: usize, before: usize) -> bool {
        let after = &self.draft.parts[part].after;
        after.contains(&before) || after.iter().any(|&next| self.comes_after(next, before))
    }

    fn state(&self) -> PackageState {
        let open = self.all().filter(|&part| !self.is_over(part)).count();
        match () {
            () if self.delivered => PackageState::Delivered,
            () if open == self.parts.len() => PackageState::Open,
            () if open > 0 => PackageState::PartlyDone,
            () if self.verdict == Verdict::Met => PackageState::AllDecided,
            () => PackageState::Failed,
        }
    }

    fn end(&mut self, part: usize, done: bool) {
        self.parts[part] = if done { PartState::Done } else { PartState::Failed };
        if !done {
            match self.draft.if_fails {
                IfFails::DropAll => self.drop_open(|_| true),
                IfFails::GoOn => {}
                IfFails::DropSuccessors => {
                    let after: Vec<bool> =
                        self.all().map(|other| self.comes_after(other, part)).collect();
                    self.drop_open(|other| after[other]);
                }
            }
        }
        self.judge();
    }

    fn judge(&mut self) {
        let needed = match self.draft.finish {
            Finish::All => self.parts.len(),
            Finish::Any => 1,
            Finish::AtLeast(count) => count.into(),
        };
        let done = self.count(PartState::Done);
        let open = self.all().filter(|&part| !self.is_over(part)).count();
        if self.verdict == Verdict::Open && done >= needed {
            self.verdict = Verdict::Met;
            if self.draft.rest == Rest::Drop {
                self.drop_open(|_| true);
            }
        } else if self.verdict == Verdict::Open && done + open < needed {
            self.verdict = Verdict::OutOfReach;
        }
    }

    /// What follows by itself.
    fn look(&mut self) {
        for part in self.all() {
            let counts = |state| match state {
                PartState::Done => true,
                PartState::Failed => self.draft.if_fails == IfFails::GoOn,
                _ => false,
            };
            let is_free =
                self.draft.parts[part].after.iter().all(|&before| counts(self.parts[before]));
            if self.parts[part] == PartState::Blocked && is_free {
                self.parts[part] = PartState::Ready;
                self.freed[part] = true;
            }
            if self.is_over(part) {
                (self.asks[part], self.awaited[part], self.paused[part]) = (false, false, false);
            }
        }
        let may_ask = self.all().any(|part| self.is_under_way(part) && !self.heard[part]);
        if !may_ask && self.asks.contains(&true) {
            self.notices += 1;
            for part in self.all() {
                self.awaited[part] |= self.asks[part];
                self.asks[part] = false;
            }
        }
    }

    fn is_under_way(&self, part: usize) -> bool {
        matches!(self.parts[part], PartState::Ready | PartState::Running)
    }

    fn stands_still(&self) -> bool {
        let mut under_way = self.all().filter(|&part| self.is_under_way(part)).peekable();
        under_way.peek().is_some() && under_way.all(|part| self.paused[part])
    }

    /// Whether it may be told.
    fn tell(&mut self, op: Op) -> bool {
        let is_part = |part: u8| usize::from(part) < self.parts.len();
        let may = match op {
            Op::Began(part) | Op::Done(part) | Op::Failed(part) => {
                is_part(part) && self.freed[usize::from(part)]
            }
            Op::Paused(part) | Op::Resumed(part) => is_part(part) && self.orders[usize::from(part)],
            Op::Ask(part) => {
                let part = usize::from(part);
                part < self.parts.len()
                    && !self.is_over(part)
                    && (!self.heard[part] || self.asks[part])
            }
            Op::AskAgain(part) | Op::Clear(part) => is_part(part) && !self.is_over(part.into()),
            Op::TimeIsUp => true,
            Op::HandIn => self.awaited.contains(&true),
            Op::Withdraw => self.state() <= PackageState::PartlyDone,
            Op::Deliver => {
                matches!(self.state(), PackageState::AllDecided | PackageState::Delivered)
            }
        };
        if may {
            self.told(op);
            self.look();
        }
        may
    }

    fn told(&mut self, op: Op) {
        match op {
            Op::Began(part) => {
                let part = usize::from(part);
                self.orders[part] = true;
                if self.parts[part] == PartState::Ready {
                    self.parts[part] = PartState::Running;
                }
            }
            Op::Done(part) | Op::Failed(part) if !self.is_over(part.into()) => {
                self.end(part.into(), matches!(op, Op::Done(_)));
            }
            Op::Paused(part) if !self.is_over(part.into()) => self.paused[usize::from(part)] = true,
            Op::Resumed(part) => self.paused[usize::from(part)] = false,
            Op::Ask(part) | Op::AskAgain(part) => {
                (self.asks[usize::from(part)], self.heard[usize::from(part)]) = (true, true);
            }
            Op::Clear(part) => {
                (self.asks[usize::from(part)], self.heard[usize::from(part)]) = (false, true);
            }
            Op::TimeIsUp => {
                for part in self.all() {
                    self.heard[part] |= self.is_under_way(part);
                }
            }
            Op::HandIn => self.awaited = vec![false; self.parts.len()],
            Op::Withdraw => {
                self.drop_open(|_| true);
                self.judge();
            }
            Op::Deliver => self.delivered = true,
            _ => {}
        }
    }
}

/// Tells a package what an operation says.
fn tell(
    packages: &Packages,
    package: PackageId,
    op: Op,
    at: Wall,
    out: &mut Vec<PackageEvent>,
) -> Result<(), PackageError> {
    let order = |part: u8| OrderId::from_bits(part.into());
    match op {
        Op::Began(part) => packages.began(package, PartId(part), order(part), at, out),
        Op::Done(part) => packages.ended(package, PartId(part), Outcome::Done, at, out),
        Op::Failed(part) => packages.ended(package, PartId(part), Outcome::Rejected(3), at, out),
        Op::Paused(part) => packages.paused(package, PartId(part), at, out),
        Op::Resumed(part) => packages.resumed(package, PartId(part), at, out),
        Op::Ask(part) => packages.ask(package, PartId(part), at, out),
        Op::AskAgain(part) => packages.ask_again(package, PartId(part), at, out),
        Op::Clear(part) => packages.clear(package, PartId(part), at, out),
        Op::TimeIsUp => packages.time_is_up(package, at, out),
        Op::HandIn => packages.hand_in(package, at, out),
        Op::Withdraw => packages.withdraw(package, at, out),
        Op::Deliver => packages.deliver(package, at, out),
    }
}

/// The package is where the model is.
fn same(packages: &Packages, package: PackageId, model: &Model) -> Result<(), TestCaseError> {
    let progress = packages.progress(package).unwrap();
    prop_assert_eq!(progress.state(), model.state());
    prop_assert_eq!(progress.verdict(), model.verdict);
    prop_assert_eq!(progress.notices(), model.notices);
    prop_assert_eq!(progress.stands_still().is_some(), model.stands_still());
    for part in model.all() {
        let id = PartId(u8::try_from(part).unwrap());
        prop_assert_eq!(progress.part(id), model.parts[part], "part {}", part);
        prop_assert_eq!(progress.is_paused(id), model.paused[part], "part {}", part);
        prop_assert_eq!(progress.awaited() >> part & 1 == 1, model.awaited[part], "part {}", part);
    }
    Ok(())
}

/// What the events of one package say by themselves, whoever told them: each thing once, in an order
/// that can be.
fn history(draft: &PackageDraft, events: &[PackageEvent]) -> Result<PackageState, TestCaseError> {
    let mut numbers: BTreeMap<u32, &[PackageEvent]> = BTreeMap::new();
    for told in events.chunk_by(|one, next| one.number == next.number) {
        let twice = numbers.insert(told[0].number, told);
        prop_assert!(twice.is_none(), "one fact told by two");
    }
    let (mut released, mut over) = (BTreeMap::new(), BTreeMap::new());
    let (mut verdicts, mut stands_still, mut state) = (0, false, PackageState::Open);
    let mut rounds = 0;
    for event in numbers.values().copied().flatten() {
        match event.kind {
            Kind::Released { part } => {
                for &before in &draft.parts[part.index()].after {
                    let ended = over.get(&PartId(u8::try_from(before).unwrap()));
                    let is_free = match ended {
                        Some(Kind::PartDone { .. }) => true,
                        Some(Kind::PartFailed { .. }) => draft.if_fails == IfFails::GoOn,
                        _ => false,
                    };
                    prop_assert!(is_free, "{part} was released before {before} was over");
                }
                prop_assert_eq!(released.insert(part, ()), None, "{} released twice", part);
                prop_assert!(!over.contains_key(&part));
            }
            Kind::PartDone { part } | Kind::PartFailed { part } => {
                prop_assert!(released.contains_key(&part));
                prop_assert_eq!(over.insert(part, event.kind), None, "{} over twice", part);
            }
            Kind::PartDropped { part } => {
                prop_assert_eq!(over.insert(part, event.kind), None, "{} over twice", part);
            }
            Kind::Met | Kind::OutOfReach => verdicts += 1,
            Kind::NoticeDue { round, .. } => {
                rounds += 1;
                prop_assert_eq!(round, rounds);
            }
            Kind::StandsStill => prop_assert!(!std::mem::replace(&mut stands_still, true)),
            Kind::RunsAgain => prop_assert!(std::mem::replace(&mut stands_still, false)),
            Kind::State { state: next } => {
                prop_assert!(state < next && state != PackageState::Failed);
                state = next;
            }
            _ => {}
        }
    }
    prop_assert!(verdicts <= 1, "the finish rule was told {} times", verdicts);
    Ok(state)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Any package, told anything in any order, is where the model is; and its events say so too.
    #[test]
    fn a_package_goes_as_the_model(draft in any_draft(), ops in vec(any_op(), 0..60)) {
        let packages = packages(&draft, 1);
        let (mut out, mut model) = (Vec::new(), Model::new(&draft));
        let package = open(&packages, &mut out);
        same(&packages, package, &model)?;
        for (at, op) in ops.into_iter().enumerate() {
            let before = out.len();
            let told = tell(&packages, package, op, Wall(i64::try_from(at).unwrap()), &mut out);
            prop_assert_eq!(told.is_ok(), model.tell(op), "{:?}: {:?}", op, told);
            prop_assert!(told.is_ok() || out.len() == before, "refused, and yet told");
            same(&packages, package, &model)?;
        }
        prop_assert_eq!(history(&draft, &out)?, model.state());
        // I12: it closes if and only if all that is needed is over and handed over.
        let may_close = matches!(model.state(), PackageState::Delivered | PackageState::Failed);
        prop_assert_eq!(packages.close(package).is_ok(), may_close);
        prop_assert_eq!(packages.progress(package).is_none(), may_close);
    }
}

/// How many packages the threads bring to an end; ten times as many if `QIANGDAN_DEEP` is set.
fn rounds() -> u32 {
    if env::var_os("QIANGDAN_DEEP").is_some() { 20_000 } else { 2_000 }
}

/// Threads that all tell of the same parts at once, as fast as they can.
#[track_caller]
fn storm(draft: &PackageDraft, fails: &[usize]) -> PackageState {
    const THREADS: usize = 4;
    let packages = packages(draft, 2);
    let parts = u8::try_from(draft.parts.len()).unwrap();
    let mut last = PackageState::Open;
    for round in 0..rounds() {
        let mut out = Vec::new();
        let package = open(&packages, &mut out);
        let begin = |thread: usize| {
            let (packages, mut out) = (&packages, Vec::new());
            move || {
                let mut part = (round as usize * 7 + thread * 3) % usize::from(parts);
                let mut idle = 0;
                while idle < 200 {
                    let id = u8::try_from(part).unwrap();
                    let op = if fails.contains(&part) { Op::Failed(id) } else { Op::Done(id) };
                    let before = out.len();
                    tell(packages, package, op, Wall(1), &mut out).ok();
                    tell(packages, package, Op::Began(id), Wall(1), &mut out).ok();
                    let is_over =
                        packages.progress(package).unwrap().state() > PackageState::PartlyDone;
                    idle = if out.len() > before { 0 } else { idle + 1 + 200 * i32::from(is_over) };
                    part = (part + 1) % usize::from(parts);
                }
                out
            }
        };
        thread::scope(|scope| {
            let threads = (0..THREADS).map(|thread| scope.spawn(begin(thread)));
            let threads: Vec<_> = threads.collect();
            out.extend(threads.into_iter().flat_map(|thread| thread.join().unwrap()));
        });
        last = history(draft, &out).unwrap();
        let progress = packages.progress(package).unwrap();
        assert_eq!(last, progress.state(), "round {round}");
        assert!(last > PackageState::PartlyDone, "round {round}: {progress:?}");
        let released = out.iter().filter(|event| matches!(event.kind, Kind::Released { .. }));
        let reached = (0..parts).filter(|&part| {
            matches!(progress.part(PartId(part)), PartState::Done | PartState::Failed)
        });
        assert!(released.count() >= reached.count());
        if last == PackageState::AllDecided {
            packages.deliver(package, Wall(2), &mut out).unwrap();
        }
        packages.close(package).unwrap();
    }
    assert_eq!(packages.in_use(), (0, 2));
    last
}

#[test]
fn each_successor_is_released_once_however_many_threads_end_its_predecessors() {
    // Four at once, then four that need all of them, then one.
    let all = || vec![0, 1, 2, 3];
    let mut after = vec![vec![]; 4];
    after.extend([all(), all(), all(), all(), vec![4, 5, 6, 7]]);
    assert_eq!(storm(&draft(&after), &[]), PackageState::AllDecided);
}

#[test]
fn the_finish_rule_is_told_once_however_many_threads_end_parts() {
    let after = vec![vec![]; 8];
    for rest in [Rest::Drop, Rest::GoOn] {
        let draft = PackageDraft { finish: Finish::AtLeast(5), rest, ..draft(&after) };
        assert_eq!(storm(&draft, &[0, 1]), PackageState::AllDecided);
        assert_eq!(storm(&draft, &[0, 1, 2, 3]), PackageState::Failed);
    }
}

#[test]
fn a_failure_drops_what_comes_after_it_once() {
    let after = vec![vec![], vec![], vec![0], vec![1], vec![2, 3], vec![]];
    for if_fails in [IfFails::DropSuccessors, IfFails::DropAll] {
        let draft = PackageDraft { if_fails, ..draft(&after) };
        assert_eq!(storm(&draft, &[0]), PackageState::Failed);
    }
}

/// E63: with two of five failed, four of five cannot be had any more; that is told at once, and once.
#[test]
fn e63_what_became_impossible_is_told_at_once() {
    let draft = PackageDraft { finish: Finish::AtLeast(4), ..draft(&vec![vec![]; 5]) };
    let packages = packages(&draft, 1);
    let mut out = Vec::new();
    let package = open(&packages, &mut out);
    let out_of_reach =
        |out: &[PackageEvent]| out.iter().filter(|event| event.kind == Kind::OutOfReach).count();
    tell(&packages, package, Op::Failed(0), Wall(1), &mut out).unwrap();
    assert_eq!(out_of_reach(&out), 0);
    tell(&packages, package, Op::Failed(1), Wall(2), &mut out).unwrap();
    assert_eq!(out_of_reach(&out), 1);
    assert_eq!(packages.progress(package).unwrap().state(), PackageState::PartlyDone);
    for part in 2..5 {
        tell(&packages, package, Op::Done(part), Wall(3), &mut out).unwrap();
    }
    assert_eq!(out_of_reach(&out), 1);
    assert_eq!(packages.progress(package).unwrap().state(), PackageState::Failed);
}

/// E62: one part waits for papers, the others run; the whole stands still once all do.
#[test]
fn e62_the_whole_stands_still_while_every_open_part_does() {
    let packages = packages(&draft(&vec![vec![]; 3]), 1);
    let mut out = Vec::new();
    let package = open(&packages, &mut out);
    let since = |packages: &Packages| packages.progress(package).unwrap().stands_still();
    for part in 0..3 {
        tell(&packages, package, Op::Began(part), Wall(1), &mut out).unwrap();
    }
    tell(&packages, package, Op::Paused(0), Wall(10), &mut out).unwrap();
    tell(&packages, package, Op::Paused(1), Wall(20), &mut out).unwrap();
    assert_eq!(since(&packages), None);
    // The last one that runs is over: then all that are open stand still.
    tell(&packages, package, Op::Done(2), Wall(30), &mut out).unwrap();
    assert_eq!(since(&packages), Some(Wall(30)));
    tell(&packages, package, Op::Resumed(1), Wall(40), &mut out).unwrap();
    assert_eq!(since(&packages), None);
    tell(&packages, package, Op::Paused(1), Wall(50), &mut out).unwrap();
    assert_eq!(since(&packages), Some(Wall(50)));
    tell(&packages, package, Op::Done(0), Wall(60), &mut out).unwrap();
    tell(&packages, package, Op::Done(1), Wall(60), &mut out).unwrap();
    assert_eq!(since(&packages), None, "what is over does not stand still");
}

#[test]
fn one_notice_goes_out_for_all_that_ask() {
    // 2 comes after 0; it may be heard before, so that it need not ask later.
    let packages = packages(&draft(&[vec![], vec![], vec![0]]), 1);
    let mut out = Vec::new();
    let package = open(&packages, &mut out);
    let notices = |out: &[PackageEvent]| -> Vec<(u8, u64)> {
        let notice = |event: &PackageEvent| match event.kind {
            Kind::NoticeDue { round, parts } => Some((round, parts)),
            _ => None,
        };
        out.iter().filter_map(notice).collect()
    };
    let told = [Op::Ask(0), Op::Ask(2), Op::Ask(0), Op::Clear(1)];
    for (op, expect) in told.into_iter().zip([0, 0, 0, 1]) {
        tell(&packages, package, op, Wall(1), &mut out).unwrap();
        assert_eq!(notices(&out).len(), expect, "{op:?}");
    }
    assert_eq!(notices(&out), [(1, 0b101)]);
    // A second one is not had for the asking.
    let part = PartId(1);
    let refused = tell(&packages, package, Op::Ask(1), Wall(2), &mut out);
    assert_eq!(refused, Err(PackageError::HeardAlready { part }));
    tell(&packages, package, Op::HandIn, Wall(3), &mut out).unwrap();
    assert_eq!(
        tell(&packages, package, Op::HandIn, Wall(3), &mut out),
        Err(PackageError::NothingAsked)
    );
    tell(&packages, package, Op::AskAgain(1), Wall(4), &mut out).unwrap();
    assert_eq!(notices(&out), [(1, 0b101), (2, 0b10)]);
}

#[test]
fn nothing_grows_past_its_bound() {
    let rule = |draft: &PackageDraft| vec![draft.check(1).unwrap()];
    let one = draft(&[vec![]]);
    let bounds = PackageBounds { packages: 2, facts: Some(3) };
    let packages = Packages::new(rule(&one), bounds).unwrap();
    let mut out = Vec::new();
    let [first, _] = [(); 2].map(|()| open(&packages, &mut out));
    let full = Err(PackageError::Full { packages: 2, facts: 3 });
    assert_eq!(packages.open(PackageKind(0), Wall(0), 0, &mut out).map(drop), full);
    tell(&packages, first, Op::Began(0), Wall(1), &mut out).unwrap();
    tell(&packages, first, Op::Paused(0), Wall(1), &mut out).unwrap();
    tell(&packages, first, Op::Resumed(0), Wall(1), &mut out).unwrap();
    assert_eq!(tell(&packages, first, Op::Done(0), Wall(2), &mut out), full);
    let bounds = PackageBounds { packages: 0, facts: None };
    assert!(Packages::new(rule(&one), bounds).is_err());
    let bounds = PackageBounds { packages: u32::MAX >> 4, facts: None };
    assert!(Packages::new(vec![PackageRule::clone(&rule(&one)[0])], bounds).is_err());
}
