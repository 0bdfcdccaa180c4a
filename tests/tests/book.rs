//! A book of limits against a model that steps through time: at each hour, and one millisecond after it,
//! it asks of every rung whether it is true now for the first time.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use proptest::{collection::vec, option, prelude::*, test_runner::FileFailurePersistence};
use qiangdan::{
    Action, CalendarId, ClockRules, Colour, LimitId, RoleId, ServiceId, Wall,
    calendar::{Calendar, CalendarDraft, Day, OpenSpan, Week},
    limit::{
        Again, Book, CardId, Clock, ClockState, Clocks, DayEnd, DayOne, Expiry, Fact, LimitRule,
        LimitStage, Milestone, Moment, NaturalEnd, PauseReason, Pauses, Reasons, RungKind, Silence,
        StageAt, TimeLimit, Unit, What,
    },
};

const HOUR_MS: i64 = 3_600_000;
const SERVICE: ServiceId = ServiceId(0);
const LIMITS: [LimitId; 2] = [LimitId(0), LimitId(1)];
/// Time is looked at for so long.
const HOURS: i64 = 9 * 24;

fn reason(number: u8) -> PauseReason {
    PauseReason::new(number).unwrap()
}

fn at(hour: i64) -> Wall {
    // Monday, 2 March 2026, 00:00 in Shanghai.
    Wall(1_772_380_800_000 + hour * HOUR_MS)
}

/// Open from 9 to 12 and from 13 to 17 on weekdays; and from 8 to 10 every day, for a role.
fn calendars() -> Vec<Calendar> {
    let spans = [OpenSpan::new((9, 0), (12, 0)), OpenSpan::new((13, 0), (17, 0))];
    let mornings = Week(std::array::from_fn(|_| vec![OpenSpan::new((8, 0), (10, 0))]));
    [Week::monday_to_friday(&spans), mornings]
        .map(|week| {
            let day = |text: &str| text.parse::<Day>().unwrap();
            let (from, until) = (day("2026-02-20"), day("2026-04-30"));
            let draft = CalendarDraft::new("Asia/Shanghai", from, until);
            CalendarDraft { week, ..draft }.check().unwrap()
        })
        .into()
}

fn instants() -> impl Iterator<Item = Wall> {
    // A clock that a breach started is itself late two milliseconds past the hour.
    (0..HOURS).flat_map(|hour| [0, 1, 2].map(|ms| Wall(at(hour).0 + ms)))
}

/// What the rules say of an order, without a book.
struct Model<'a> {
    rules: &'a ClockRules,
    book: &'a Book,
    facts: Vec<Fact>,
}

/// The last life of a clock.
#[derive(Clone, Copy, Debug)]
struct Life {
    from: Wall,
    amount: u64,
    number: u16,
    stopped: Option<Wall>,
    /// Whether notes of rungs are of this life: those told, by instant, after its beginning.
    begun: usize,
}

/// The life of a limit's clock, when each rung is first true, and until when it counts as climbed.
type Standing = (Option<Life>, Vec<Option<Wall>>, Vec<Option<Wall>>);

impl Model<'_> {
    /// Facts by instant, with their places as told.
    fn sorted(&self) -> Vec<(usize, Fact)> {
        let mut sorted = self.facts.iter().copied().enumerate().collect::<Vec<_>>();
        sorted.sort_by_key(|&(told, fact)| (fact.at, told));
        sorted
    }

    fn pauses(&self, limit: LimitId) -> Pauses {
        self.pauses_before(limit, usize::MAX)
    }

    /// The pauses that hold a limit, of the first facts by instant.
    fn pauses_before(&self, limit: LimitId, many: usize) -> Pauses {
        let rule = &self.rules.limits[limit.index()];
        let (mut pauses, mut open) = (Pauses::none(), [None; 3]);
        for (_, Fact { at, what }) in self.sorted().into_iter().take(many) {
            match what {
                What::Paused { reason, .. } => {
                    open[usize::from(reason.number())].get_or_insert(at);
                }
                What::Resumed { reason } => {
                    let from = open[usize::from(reason.number())].take();
                    if let Some(from) = from
                        && (rule.pauses.has(reason) || rule.restarts.has(reason))
                    {
                        pauses.add(reason, from, at).unwrap();
                    }
                }
                _ => {}
            }
        }
        for (number, from) in (0..).zip(open) {
            if let Some(from) = from
                && (rule.pauses.has(reason(number)) || rule.restarts.has(reason(number)))
            {
                pauses.pause(reason(number), from).unwrap();
            }
        }
        pauses
    }

    fn life(&self, limit: LimitId) -> Option<Life> {
        let rule = &self.rules.limits[limit.index()];
        let (mut life, mut open, mut extended): (Option<Life>, _, _) = (None, [false; 3], false);
        for (place, (_, fact)) in self.sorted().into_iter().enumerate() {
            let is_running = life.is_some_and(|life| life.stopped.is_none());
            let (moment, amount) = match fact.what {
                What::Reached { milestone, amount } => (Moment::Reached(milestone), amount),
                What::Paused { reason, amount } => {
                    if std::mem::replace(&mut open[usize::from(reason.number())], true) {
                        continue;
                    }
                    (Moment::Paused(reason), amount)
                }
                What::Resumed { reason } => {
                    if !std::mem::replace(&mut open[usize::from(reason.number())], false) {
                        continue;
                    }
                    if is_running && rule.restarts.has(reason) {
                        life = life.map(|life| Life { from: fact.at, ..life });
                    }
                    (Moment::Resumed(reason), 0)
                }
                What::Extended { limit: of, by } if of == limit && is_running && !extended => {
                    let now = life.unwrap();
                    let pauses = self.pauses_before(limit, place);
                    let clock = self.clock(limit, now, &pauses);
                    if clock.lateness(fact.at).unwrap().is_none() {
                        life = Some(Life { amount: now.amount + by, ..now });
                        extended = true;
                    }
                    continue;
                }
                _ => continue,
            };
            if is_running && rule.to.contains(&moment) {
                life = life.map(|life| Life { stopped: Some(fact.at), ..life });
            } else if !is_running && moment == rule.from {
                let number = life.map_or(0, |life| life.number + 1);
                let amount = if amount > 0 { amount } else { rule.lasts.amount };
                extended = false;
                life = Some(Life { from: fact.at, amount, number, stopped: None, begun: place });
            }
        }
        life
    }

    fn clock<'c>(&'c self, limit: LimitId, life: Life, pauses: &'c Pauses) -> Clock<'c> {
        let rule = &self.rules.limits[limit.index()];
        let limit = TimeLimit { amount: life.amount, ..rule.lasts };
        let calendar = &self.rules.calendars[rule.calendar.index()];
        Clock { limit, calendar, from: life.from, pauses }
    }

    /// Until when each rung counts as climbed, and when it last was.
    fn noted(&self, limit: LimitId, life: Life, rung: u8) -> (Option<Wall>, Option<Wall>) {
        let (mut until, mut climbed) = (None, None);
        for (_, fact) in self.sorted().into_iter().skip(life.begun) {
            let is_climb = fact.what == (What::Climbed { limit, rung });
            if is_climb || fact.what == (What::Moved { limit, rung }) {
                until = until.max(Some(fact.at));
            }
            if is_climb {
                climbed = climbed.max(Some(fact.at));
            }
        }
        (until, climbed)
    }

    /// The first instant at which each rung of a limit is true.
    fn firsts(&self, limit: LimitId) -> Vec<Option<Wall>> {
        let Some(life) = self.life(limit) else { return Vec::new() };
        let (rule, pauses) = (&self.rules.limits[limit.index()], self.pauses(limit));
        let clock = self.clock(limit, life, &pauses);
        let figures = instants()
            .filter(|&now| now >= life.from)
            .map(|now| (now, clock.spent(now).unwrap(), clock.lateness(now).unwrap()));
        let figures = figures.collect::<Vec<_>>();
        let amount = life.amount;
        let mut firsts = Vec::<Option<Wall>>::new();
        for rung in self.book.rungs(limit) {
            let stage = rung.stage.map(|stage| &rule.stages[usize::from(stage)]);
            let at = stage.map_or(StageAt::Past(0), |stage| stage.at);
            let silence = stage.and_then(|stage| stage.silence.as_ref());
            let again = stage.and_then(|stage| stage.again);
            let plus = match rung.kind {
                RungKind::Again { time } => again.unwrap().every * u64::from(time),
                RungKind::Silence => silence.unwrap().after,
                RungKind::Unanswered => 5 * unit_ms(rule.lasts.unit),
                _ => 0,
            };
            // What is told later follows the stage just before it, or its silence, or its repetition.
            if rung.kind == RungKind::Told {
                let hours = &self.rules.calendars[rung.hours.unwrap().index()];
                let base = firsts[self.base(limit, firsts.len())];
                firsts.push(base.and_then(|base| {
                    instants().find(|&now| now >= base && hours.is_open(now).unwrap())
                }));
                continue;
            }
            let is_true = |&&(_, spent, late): &&(Wall, u64, Option<u64>)| match at {
                StageAt::Spent(part) if part < 10_000 => {
                    spent >= (u64::from(part) * amount).div_ceil(10_000) + plus
                }
                StageAt::Spent(part) => {
                    late >= Some((u64::from(part - 10_000) * amount).div_ceil(10_000) + plus)
                }
                StageAt::Remaining(rest) => spent + rest >= amount + plus,
                StageAt::Past(by) => late >= Some(by + plus),
            };
            firsts.push(figures.iter().find(is_true).map(|figures| figures.0));
        }
        firsts
    }

    /// The rung that another follows: what is told follows the last of its stage before it, all else
    /// the stage.
    fn base(&self, limit: LimitId, number: usize) -> usize {
        let rungs = self.book.rungs(limit);
        let told = rungs[number].kind == RungKind::Told;
        let mut before = (0..rungs.len()).filter(|&at| rungs[at].stage == rungs[number].stage);
        match told {
            true => before.rfind(|&at| at < number && rungs[at].hours.is_none()).unwrap(),
            false => before.find(|&at| rungs[at].kind == RungKind::Stage).unwrap(),
        }
    }

    /// What is true at `now` and has not been climbed, in order.
    fn next(&self, now: Wall) -> Option<(Wall, LimitId, u8)> {
        LIMITS.into_iter().filter_map(|limit| self.next_of(limit, now)).min()
    }

    fn next_of(&self, limit: LimitId, now: Wall) -> Option<(Wall, LimitId, u8)> {
        let life = self.life(limit)?;
        let (firsts, pauses) = (self.firsts(limit), self.pauses(limit));
        let clock = self.clock(limit, life, &pauses);
        let rungs = self.book.rungs(limit);
        let late = firsts[rungs.iter().position(|rung| rung.kind == RungKind::Breach).unwrap()];
        let expiry = rungs.iter().position(|rung| rung.kind == RungKind::Expiry);
        let noted = |at: usize| self.noted(limit, life, u8::try_from(at).unwrap());
        let holds = |at: usize, first: Wall| {
            let in_life = life.stopped.is_none_or(|stopped| first < stopped);
            if rungs[at].stage.is_none() || rungs[at].kind == RungKind::Stage {
                return in_life;
            }
            let base = self.base(limit, at);
            let (until, climbed) = noted(base);
            if firsts[base].is_none() || until < firsts[base] {
                return false;
            }
            match rungs[at].kind {
                RungKind::Told => {
                    let was_late = life
                        .stopped
                        .is_none_or(|stopped| clock.lateness(stopped).unwrap().is_some());
                    let expired = expiry.is_some_and(|expiry| noted(expiry).0.is_some());
                    in_life || late.is_some() && firsts[base] >= late && (was_late || expired)
                }
                RungKind::Unanswered => {
                    let climb = What::Climbed { limit, rung: u8::try_from(base).unwrap() };
                    let times = self.facts.iter().filter(|fact| fact.what == climb).count();
                    !self.facts.iter().any(|fact| match fact.what {
                        What::CardReplied { card } => {
                            card.limit == limit
                                && usize::from(card.rung) == base
                                && usize::from(card.number) + 1 == times
                                && fact.at <= first
                        }
                        _ => false,
                    })
                }
                _ => {
                    in_life
                        && !self.facts.iter().any(|fact| match fact.what {
                            What::Acknowledged { limit: of, stage } => {
                                of == limit
                                    && rungs[at].stage == Some(stage)
                                    && climbed.is_some_and(|climbed| climbed <= fact.at)
                                    && fact.at <= first
                            }
                            _ => false,
                        })
                }
            }
        };
        let mut due = Vec::new();
        for (at, first) in firsts.iter().enumerate() {
            if let Some(first) = *first
                && first <= now
                && noted(at).0 < Some(first)
                && holds(at, first)
            {
                due.push((first, limit, u8::try_from(at).unwrap()));
            }
        }
        due.into_iter().min()
    }

    /// What is to be noted again, because it was climbed, and has moved, though not past `now`.
    fn moved(&self, before: &[Standing], now: Wall) -> Vec<Fact> {
        let mut moved = Vec::new();
        for (limit, (life, firsts, until)) in LIMITS.into_iter().zip(before) {
            let same =
                life.is_some() && life.map(|l| l.number) == self.life(limit).map(|l| l.number);
            if !same {
                continue;
            }
            let mut of_limit = Vec::new();
            for (rung, is) in self.firsts(limit).into_iter().enumerate() {
                let was_climbed = firsts[rung].is_some() && firsts[rung] <= until[rung];
                let Some(is) = is.filter(|_| was_climbed) else { continue };
                let told = self.book.rungs(limit)[rung].kind == RungKind::Told;
                let follows = told && of_limit.contains(&self.base(limit, rung));
                if until[rung] < Some(is) && (is <= now || follows) {
                    of_limit.push(rung);
                    let what = What::Moved { limit, rung: u8::try_from(rung).unwrap() };
                    moved.push(Fact { at: is, what });
                }
            }
        }
        moved
    }

    fn standing(&self) -> Vec<Standing> {
        let of = |limit: LimitId| {
            let (life, firsts) = (self.life(limit), self.firsts(limit));
            let until =
                (0..).zip(&firsts).map(|(rung, _)| self.noted(limit, life.unwrap(), rung).0);
            let until = until.collect();
            (life, firsts, until)
        };
        LIMITS.into_iter().map(of).collect()
    }

    fn tell(&mut self, fact: Fact, now: Wall) {
        let before = self.standing();
        self.facts.push(fact);
        let moved = self.moved(&before, now);
        self.facts.extend(moved);
    }
}

fn unit_ms(unit: Unit) -> u64 {
    if unit.is_in_days() { 1 } else { HOUR_MS.unsigned_abs() }
}

/// The book, told the same.
struct Real<'a> {
    rules: &'a ClockRules,
    book: &'a Book,
    facts: Vec<Fact>,
}

impl Real<'_> {
    fn read<'f>(&'f self, facts: &'f [Fact]) -> Clocks<'f> {
        self.book.read(SERVICE, facts, &self.rules.calendars[..])
    }

    fn tell(&mut self, fact: Fact, now: Wall) {
        let facts = self.facts.iter().copied().chain([fact]).collect::<Vec<_>>();
        let moved = self.read(&facts).moved_since(&self.read(&self.facts), now);
        self.facts = facts;
        self.facts.extend(moved);
    }
}

/// What follows from a rung that is climbed: what the engine would tell.
fn follows(
    rules: &ClockRules,
    kind: RungKind,
    limit: LimitId,
    due: Wall,
    from: Wall,
) -> Option<Fact> {
    match (kind, rules.limits[limit.index()].expiry) {
        (RungKind::Expiry, Some(Expiry::Deemed { milestone, backdated })) => {
            let what = What::Reached { milestone, amount: 0 };
            Some(Fact { at: if backdated { from } else { due }, what })
        }
        _ => None,
    }
}

fn moment() -> impl Strategy<Value = Moment> {
    prop_oneof![
        (0..5_u8).prop_map(|number| Moment::Reached(Milestone(number))),
        (0..3_u8).prop_map(|number| Moment::Paused(reason(number))),
        (0..3_u8).prop_map(|number| Moment::Resumed(reason(number))),
    ]
}

/// What starts a clock: mostly that the order comes in, which it does in every history.
fn from() -> impl Strategy<Value = Moment> {
    let reached = |number| Just(Moment::Reached(Milestone(number)));
    prop_oneof![4 => reached(0), 2 => reached(4), 1 => moment()]
}

fn unit() -> impl Strategy<Value = Unit> {
    let days = |day_one, ends| Unit::WorkingDays { day_one, ends };
    let (after, in_hours) = (DayOne::AfterReceipt, DayOne::AfterReceiptInHours);
    prop_oneof![
        Just(Unit::WorkingTime),
        Just(Unit::WorkingTime),
        Just(Unit::NaturalTime),
        Just(days(after, DayEnd::CloseOfBusiness)),
        Just(days(after, DayEnd::Midnight)),
        Just(days(in_hours, DayEnd::CloseOfBusiness)),
        Just(days(in_hours, DayEnd::Midnight)),
        Just(Unit::NaturalDays { ends: NaturalEnd::WorkingDayClose }),
        Just(Unit::NaturalDays { ends: NaturalEnd::Midnight }),
    ]
}

fn actions(unit: Unit) -> impl Strategy<Value = Vec<Action>> {
    let card = Action::Card { colour: Colour::Red, reply_within: Some(5 * unit_ms(unit)) };
    prop_oneof![
        Just(vec![]),
        Just(vec![Action::Notify { role: RoleId(1) }, Action::Notify { role: RoleId(0) }]),
        Just(vec![card]),
    ]
}

fn stage(unit: Unit, amount: u64) -> impl Strategy<Value = LimitStage> {
    let one = unit_ms(unit);
    let at = prop_oneof![
        prop::sample::select(vec![0_u32, 2_500, 5_000, 7_500, 10_000, 12_500])
            .prop_map(StageAt::Spent),
        (0..=amount / one).prop_map(move |rest| StageAt::Remaining(rest * one)),
        (0..4_u64).prop_map(move |late| StageAt::Past(late * one)),
    ];
    let again = option::of(
        (1..4_u64, 1..3_u8).prop_map(move |(every, at_most)| Again { every: every * one, at_most }),
    );
    let notes = prop_oneof![Just(vec![]), Just(vec![Action::Notify { role: RoleId(0) }])];
    let silence = option::of(
        (1..4_u64, notes).prop_map(move |(after, actions)| Silence { after: after * one, actions }),
    );
    (at, actions(unit), again, silence).prop_map(|(at, mut actions, again, silence)| {
        // So that what follows a card is easy to tell from what follows its stage.
        if silence.is_some() || again.is_some() {
            actions.retain(|action| !matches!(action, Action::Card { .. }));
        }
        LimitStage { at, actions, again, silence }
    })
}

fn limit() -> impl Strategy<Value = LimitRule> {
    let reasons = || {
        vec(0..3_u8, 0..2).prop_map(|numbers| {
            numbers.into_iter().fold(Reasons::default(), |set, number| set.with(reason(number)))
        })
    };
    let expiry = option::of(
        any::<bool>().prop_map(|backdated| Expiry::Deemed { milestone: Milestone(4), backdated }),
    );
    let ladder = (unit(), 1..4_u64).prop_flat_map(|(unit, many)| {
        let amount = 4 * many * unit_ms(unit) / if unit.is_in_days() { 4 } else { 1 };
        let lasts = TimeLimit { unit, amount };
        vec(stage(unit, amount), 0..4).prop_map(move |stages| (lasts, stages))
    });
    (from(), vec(moment(), 1..3), ladder, reasons(), reasons(), expiry).prop_map(
        |(from, to, (lasts, stages), pauses, restarts, expiry)| LimitRule {
            // No loops.
            expiry: expiry.filter(|_| from != Moment::Reached(Milestone(4))),
            from,
            to,
            lasts,
            calendar: CalendarId(0),
            pauses,
            restarts,
            extends_by: 8 * unit_ms(lasts.unit),
            stages,
        },
    )
}

/// A fact, told some hours later than it took effect.
fn fact() -> impl Strategy<Value = (i64, i64, What)> {
    let milestone = (0..5_u8).prop_map(Milestone);
    let amount = prop_oneof![3 => Just(0), 1 => Just(12_u64)];
    let reason = || (0..3_u8).prop_map(reason);
    let limit = || prop::sample::select(LIMITS.to_vec());
    let card = (limit(), 0..5_u8, 0..2_u8);
    let card = card.prop_map(|(limit, rung, number)| CardId { limit, rung, number });
    let what = prop_oneof![
        5 => (milestone, amount.clone())
            .prop_map(|(milestone, amount)| What::Reached { milestone, amount }),
        3 => (reason(), amount).prop_map(|(reason, amount)| What::Paused { reason, amount }),
        3 => reason().prop_map(|reason| What::Resumed { reason }),
        1 => limit().prop_map(|limit| What::Extended { limit, by: 4 }),
        1 => (limit(), 0..3_u8).prop_map(|(limit, stage)| What::Acknowledged { limit, stage }),
        1 => card.prop_map(|card| What::CardReplied { card }),
    ];
    let late = prop_oneof![3 => Just(0), 1 => 0..30_i64];
    (prop_oneof![0..24_i64, 0..150_i64], late, what)
}

/// Amounts in facts are written in units of the limits: hours or days.
fn in_unit(rules: &ClockRules, what: What) -> What {
    let one = unit_ms(rules.limits[0].lasts.unit).max(unit_ms(rules.limits[1].lasts.unit));
    match what {
        What::Reached { milestone, amount } => What::Reached { milestone, amount: amount * one },
        What::Paused { reason, amount } => What::Paused { reason, amount: amount * one },
        What::Extended { limit, by } => {
            What::Extended { limit, by: by * unit_ms(rules.limits[limit.index()].lasts.unit) }
        }
        _ => what,
    }
}

fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok());
    let seeds = FileFailurePersistence::WithSource("seeds");
    ProptestConfig {
        cases: cases.unwrap_or(100),
        failure_persistence: Some(Box::new(seeds)),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_happens_is_what_is_true_for_the_first_time(
        limits in (limit(), limit()), came in 0..24_i64, facts in vec(fact(), 0..10),
    ) {
        let rules = ClockRules {
            calendars: calendars(),
            limits: vec![limits.0, limits.1],
            of_services: LIMITS.map(|limit| (SERVICE, limit)).to_vec(),
            hours_of_roles: vec![(RoleId(0), CalendarId(1))],
            ..ClockRules::default()
        };
        let book = &Book::new(&rules, 1);
        let mut real = Real { rules: &rules, book, facts: Vec::new() };
        let mut model = Model { rules: &rules, book, facts: Vec::new() };
        let came_in = What::Reached { milestone: Milestone::SUBMITTED, amount: 0 };
        let facts = [(came, 0, came_in)].into_iter().chain(facts);
        let mut telling = facts.map(|(hour, late, what)| {
            (at(hour + late), Fact { at: at(hour), what: in_unit(&rules, what) })
        }).collect::<Vec<_>>();
        telling.sort_by_key(|telling| telling.0);
        let mut telling = telling.into_iter().peekable();
        // What the book says, up to an instant; both are told what follows.
        let end = at(HOURS - 48);
        for now in instants().take_while(|&now| now < end) {
            while let Some((_, fact)) = telling.next_if(|telling| telling.0 == now) {
                real.tell(fact, now);
                model.tell(fact, now);
                prop_assert_eq!(&real.facts, &model.facts, "told at {:?}", now);
            }
            for _ in 0..200 {
                let next = real.read(&real.facts).next().ok().filter(|next| next.due <= now);
                let next = next.map(|next| (next.due, next.limit, next.rung));
                prop_assert_eq!(next, model.next(now), "at {:?} {:#?}", now, real.facts);
                let Some((due, limit, rung)) = next else { break };
                let kind = book.rung(limit, rung).unwrap().kind;
                let from = model.life(limit).unwrap().from;
                let climbed = Fact { at: due, what: What::Climbed { limit, rung } };
                real.facts.push(climbed);
                model.facts.push(climbed);
                if let Some(fact) = follows(&rules, kind, limit, due, from) {
                    real.tell(fact, now);
                    model.tell(fact, now);
                }
            }
            for limit in LIMITS {
                let (life, clocks) = (model.life(limit), real.read(&real.facts));
                let is = clocks.of(limit, now);
                prop_assert_eq!(is.map(|is| (is.from, is.run)), life.map(|l| (l.from, l.number)));
                let Some((is, life)) = is.zip(life) else { continue };
                let stopped = match is.state {
                    ClockState::Met { at } | ClockState::Missed { at } => Some(at),
                    _ => None,
                };
                prop_assert_eq!(stopped, life.stopped);
            }
        }
    }
}
