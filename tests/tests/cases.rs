//! Cases by the hall file `examples/halls/one-window.toml`, from the first paper to the rating. The
//! dates are worked out by hand from the State Council's notices: 2026-04-04 to 04-06 is a holiday.

#![expect(clippy::unwrap_used, reason = "a test ends at the first answer it did not expect")]

use qiangdan::{
    Advancer, Bounds, ClerkId, ClerkSpec, Cx, Engine, ExtendLimitError, Mono, Now, OrderId, Outbox,
    PoolId, PutBack, ServiceId, State, Wall,
    case::{
        CaseBounds, CaseError, CaseId, CaseState as S, CaseTold, CaseVerb as V, Cases,
        ComplaintState, ComplaintVerb, Decision, FollowUpState, FollowUpVerb, Grade, Notice,
        Origin, Rating, Satisfaction,
    },
    hall::Hall,
    limit::{ClockState, PauseReason},
};
use qiangdan_tests::office::at;

const WINDOW: ClerkId = ClerkId(0);
const REVIEWER: ClerkId = ClerkId(1);
const HEAD: ClerkId = ClerkId(2);

struct Desk {
    hall: Hall,
    cases: Cases,
    advancer: Advancer,
    outbox: Outbox,
    told: CaseTold,
    now: Now,
}

impl Desk {
    fn new(opens: &str) -> Self {
        let text = include_str!("../../examples/halls/one-window.toml");
        let checked = Hall::parse("one-window.toml", text).unwrap();
        assert_eq!(checked.warnings, []);
        let hall = checked.hall;
        let (engine, advancer) = Engine::new(hall.rules(), Bounds::new(64, 3)).unwrap();
        let bounds = CaseBounds { cases: 16, follow_ups: 4, complaints: 4 };
        let cases = Cases::new(engine, hall.cases().clone(), bounds);
        let now = Now { mono: Mono(0), wall: at(opens) };
        let (outbox, told) = (Outbox::default(), CaseTold::default());
        let mut desk = Self { hall, cases, advancer, outbox, told, now };
        for clerk in [WINDOW, REVIEWER, HEAD] {
            let skills = (0..2).map(qiangdan::SkillId).collect();
            let pools = [PoolId(0), PoolId(1), PoolId(2)];
            let spec = ClerkSpec { units: 2, ..ClerkSpec::new(&pools, skills) };
            let engine = desk.cases.engine().clone();
            engine.sign_in(&mut Cx::new(desk.now, &mut desk.outbox), clerk, &spec).unwrap();
        }
        desk.advance();
        desk
    }

    fn service(&self, key: &str) -> ServiceId {
        self.hall.services().iter().find(|service| service.key == key).unwrap().id
    }

    fn reason(&self, key: &str) -> PauseReason {
        let number = self.hall.pauses().iter().position(|pause| pause.key == key).unwrap();
        PauseReason::new(u8::try_from(number).unwrap()).unwrap()
    }

    fn ask<T>(&mut self, verb: impl FnOnce(&Cases, &mut Cx<'_>, &mut CaseTold) -> T) -> T {
        verb(&self.cases, &mut Cx::new(self.now, &mut self.outbox), &mut self.told)
    }

    fn engine<T>(&mut self, verb: impl FnOnce(&Engine, &mut Cx<'_>) -> T) -> T {
        verb(self.cases.engine(), &mut Cx::new(self.now, &mut self.outbox))
    }

    /// Time passes in the engine, and nobody tells the cases.
    fn advance_engine(&mut self) {
        self.advancer.advance_all(&mut Cx::new(self.now, &mut self.outbox));
    }

    fn advance(&mut self) {
        self.advance_engine();
        let events: Vec<_> = self.outbox.drain().collect();
        self.ask(|cases, cx, told| {
            cases.follow(cx, told, &events);
            cases.follow(cx, told, &events);
        });
    }

    fn jump(&mut self, wall: Wall) {
        let ms = u64::try_from(wall.0 - self.now.wall.0).unwrap();
        self.now = Now { mono: self.now.mono.plus_ms(ms), wall };
    }

    fn until(&mut self, wall: &str) {
        self.jump(at(wall));
        self.advance();
    }

    fn just_after(&mut self, wall: &str) {
        self.jump(Wall(at(wall).0 + 1));
        self.advance();
    }

    fn hand_in(&mut self, service: &str) -> CaseId {
        let service = self.service(service);
        self.ask(|cases, cx, told| cases.hand_in(cx, told, service, WINDOW)).unwrap()
    }

    fn tell(&mut self, case: CaseId, verb: V) -> Result<S, CaseError> {
        self.ask(|cases, cx, told| cases.tell(cx, told, case, verb, Some(WINDOW)))
    }

    fn ask_for_supplement(&mut self, case: CaseId, notice: Notice) -> Result<S, CaseError> {
        let days = Some(3);
        self.ask(|cases, cx, told| cases.ask_for_supplement(cx, told, case, REVIEWER, days, notice))
    }

    fn order(&self, case: CaseId) -> OrderId {
        self.cases.view(case).unwrap().order.unwrap()
    }

    fn grab(&mut self, case: CaseId, clerk: ClerkId) {
        let order = self.order(case);
        let grabbed = self.engine(|engine, cx| engine.grab_order(cx, clerk, order)).unwrap();
        self.engine(|engine, cx| engine.start(cx, grabbed.claim)).unwrap();
    }

    fn review(&mut self, case: CaseId, by: ClerkId) -> Result<S, CaseError> {
        self.ask(|cases, cx, told| cases.review(cx, told, case, by))
    }

    fn decide(&mut self, case: CaseId, by: ClerkId) -> Result<S, CaseError> {
        self.ask(|cases, cx, told| cases.decide(cx, told, case, by, Decision::Approved))
    }

    fn rate(&mut self, case: CaseId, grade: Grade, origin: Origin) -> Result<bool, CaseError> {
        let rating = Rating { grade, origin };
        let rated = self.ask(|cases, cx, told| cases.rate(cx, told, case, rating));
        rated.map(|follow_up| follow_up.is_some())
    }

    fn accepted(&mut self) -> CaseId {
        let case = self.hand_in("permit");
        self.tell(case, V::Accept).unwrap();
        case
    }

    fn in_review(&mut self) -> CaseId {
        let case = self.accepted();
        self.grab(case, REVIEWER);
        self.review(case, REVIEWER).unwrap();
        case
    }

    fn delivered(&mut self) -> CaseId {
        let case = self.in_review();
        self.decide(case, REVIEWER).unwrap();
        self.tell(case, V::Deliver).unwrap();
        self.tell(case, V::Invite).unwrap();
        case
    }

    /// Checks state and due of the clock of a limit.
    #[track_caller]
    fn check(&self, order: OrderId, limit: &str, expect: &str) {
        let id = self.hall.limits().iter().find(|of| of.key == limit).unwrap().id.unwrap();
        let clocks = self.cases.engine().clocks(order, self.now.wall).unwrap_or_default();
        let clock = clocks.iter().find(|clock| clock.limit == id);
        let found = clock.map(|clock| {
            let state = match clock.state {
                ClockState::Running => "runs".to_owned(),
                ClockState::Paused { .. } => "stands".to_owned(),
                ClockState::Met { .. } => "met".to_owned(),
                ClockState::Missed { .. } => "missed".to_owned(),
            };
            (state, clock.due.map(|due| due.at))
        });
        match expect.split_once(' ') {
            Some((state, due)) => {
                assert_eq!(found, Some((state.to_owned(), Ok(at(due)))), "{limit}");
            }
            None if expect == "none" => assert_eq!(found, None, "{limit}"),
            None => assert_eq!(found.map(|(state, _)| state).as_deref(), Some(expect), "{limit}"),
        }
    }
}

#[test]
fn a_promised_case_from_the_first_click_to_the_follow_up_by_exact_dates() {
    let mut desk = Desk::new("2026-03-02 10:00");
    let service = desk.service("permit");
    let case = desk.ask(|cases, cx, told| cases.apply(cx, told, service, V::Save)).unwrap();
    assert_eq!(desk.cases.view(case).unwrap().order, None, "a draft is nobody's business");
    assert_eq!(desk.tell(case, V::Submit), Ok(S::Submitted));
    let order = desk.order(case);
    desk.check(order, "pre-review", "runs 2026-03-03 17:00");
    desk.check(order, "acceptance", "none");

    // 综合收件、限时转办: three and a half working hours until the department signs.
    desk.until("2026-03-02 15:00");
    assert_eq!(desk.tell(case, V::PassPreReview), Ok(S::Received));
    desk.check(order, "pre-review", "met 2026-03-03 17:00");
    desk.check(order, "hand-over", "runs 2026-03-03 10:30");
    desk.check(order, "acceptance", "runs 2026-03-09 17:00");

    // 一次性告知补正: the applicant has three days; then acceptance begins anew.
    desk.until("2026-03-04 10:00");
    desk.check(order, "hand-over", "runs 2026-03-03 10:30");
    assert_eq!(desk.ask_for_supplement(case, Notice::First), Ok(S::SupplementPending));
    desk.check(order, "acceptance", "stands");
    desk.check(order, "supplement", "runs 2026-03-09 17:00");
    desk.until("2026-03-06 11:00");
    assert_eq!(desk.tell(case, V::HandInSupplement), Ok(S::Received));
    desk.check(order, "supplement", "met 2026-03-09 17:00");
    desk.check(order, "acceptance", "runs 2026-03-13 17:00");

    // 受理: promise and law run from the next working day.
    desk.until("2026-03-10 09:30");
    assert_eq!(desk.tell(case, V::Accept), Ok(S::Accepted));
    assert_eq!(desk.cases.view(case).unwrap().acceptance, Some(1));
    desk.check(order, "acceptance", "met");
    desk.check(order, "promise", "runs 2026-03-19 17:00");
    desk.check(order, "decision", "runs 2026-04-08 17:00");

    // 受审分离: not who took it in.
    desk.until("2026-03-11 10:00");
    assert_eq!(desk.review(case, REVIEWER), Err(CaseError::NotHeld));
    let grabbed = desk.engine(|engine, cx| engine.grab_order(cx, WINDOW, order)).unwrap();
    assert_eq!(desk.review(case, WINDOW), Err(CaseError::ReceivedIt));
    desk.engine(|engine, cx| engine.put_back(cx, grabbed.claim, PutBack::KeepPlace)).unwrap();
    desk.grab(case, REVIEWER);
    assert_eq!(desk.review(case, REVIEWER), Ok(S::UnderReview));
    desk.check(order, "hand-over", "missed 2026-03-03 10:30");

    // 特别程序: a hearing of five days, over after three.
    desk.until("2026-03-12 10:00");
    let hearing = desk.reason("hearing");
    let begun =
        desk.ask(|cases, cx, told| cases.begin_special(cx, told, case, REVIEWER, hearing, Some(5)));
    assert_eq!(begun, Ok(S::Special));
    desk.check(order, "promise", "stands");
    desk.check(order, "hearing-itself", "runs 2026-03-19 17:00");
    assert_eq!(desk.decide(case, REVIEWER), Err(CaseError::WrongState));
    desk.until("2026-03-17 10:00");
    let ended = desk.ask(|cases, cx, told| cases.end_special(cx, told, case, REVIEWER));
    assert_eq!(ended, Ok(S::UnderReview));
    desk.check(order, "promise", "runs 2026-03-24 17:00");
    desk.check(order, "decision", "runs 2026-04-13 17:00");

    // 延期: ten working days by law, once.
    desk.until("2026-03-20 10:00");
    let extend = |desk: &mut Desk| desk.ask(|cases, cx, told| cases.extend(cx, told, case, HEAD));
    assert_eq!(extend(&mut desk), Ok(S::UnderReview));
    desk.check(order, "decision", "runs 2026-04-27 17:00");
    desk.check(order, "promise", "runs 2026-03-24 17:00");
    assert_eq!(extend(&mut desk), Err(CaseError::ExtendedAlready));

    // 决定、送达、评价.
    desk.until("2026-03-23 11:00");
    assert_eq!(desk.decide(case, REVIEWER), Ok(S::Decided));
    assert_eq!(desk.cases.engine().state(order), Some(State::Closed));
    desk.check(order, "promise", "met");
    desk.check(order, "delivery", "runs 2026-04-07 17:00");
    desk.until("2026-03-25 09:00");
    assert_eq!(desk.tell(case, V::Send), Ok(S::Delivering));
    desk.until("2026-03-26 16:00");
    assert_eq!(desk.tell(case, V::Deliver), Ok(S::Delivered));
    assert_eq!(desk.tell(case, V::Invite), Ok(S::RatingOpen));
    desk.check(order, "rating", "runs 2026-04-02 17:00");

    // 差评: a follow-up by itself, one working day to call, five to put it right.
    desk.until("2026-03-30 10:00");
    assert_eq!(desk.rate(case, Grade::Bad, Origin::Citizen), Ok(true));
    assert_eq!(desk.rate(case, Grade::Good, Origin::Citizen), Err(CaseError::RatedAlready));
    assert_eq!(desk.tell(case, V::File), Ok(S::Closed));
    let opened = desk.told.follow_ups[0];
    assert_eq!((opened.to, opened.number), (FollowUpState::Opened, case.0));
    let follow_up = qiangdan::case::FollowUpId(opened.id);
    let (_, after, of) = desk.cases.follow_up_now(follow_up).unwrap();
    assert_eq!(of, Some(case));
    desk.check(after.unwrap(), "contact", "runs 2026-03-31 17:00");
    desk.check(after.unwrap(), "rectify", "runs 2026-04-07 17:00");
    let tell = |desk: &mut Desk, verb| {
        desk.ask(|cases, cx, told| cases.tell_follow_up(cx, told, follow_up, verb, Some(HEAD)))
    };
    assert_eq!(tell(&mut desk, FollowUpVerb::Contact), Ok(FollowUpState::Contacted));
    desk.check(after.unwrap(), "contact", "met");
    // 复杂的十五个工作日: 31, 1, 2, 3, 7 .. 10, 13 .. 17, 20 .. 21.
    desk.ask(|cases, cx, told| cases.is_complex(cx, told, follow_up)).unwrap();
    desk.check(after.unwrap(), "rectify-complex", "runs 2026-04-21 17:00");
    assert_eq!(tell(&mut desk, FollowUpVerb::Reply), Err(CaseError::WrongState));
    for verb in [
        FollowUpVerb::VerifyTrue,
        FollowUpVerb::Rectify,
        FollowUpVerb::Reply,
        FollowUpVerb::Reopen,
        FollowUpVerb::Reply,
        FollowUpVerb::Revisit,
        FollowUpVerb::Close,
    ] {
        tell(&mut desk, verb).unwrap();
    }
    let reopened = desk.told.follow_ups.iter().find(|e| e.verb == FollowUpVerb::Reopen).unwrap();
    assert_eq!(reopened.number, 1);
    assert_eq!(desk.cases.engine().state(after.unwrap()), Some(State::Closed));
}

#[test]
fn when_nobody_says_anything_in_five_days_it_is_accepted_as_of_the_day_of_receipt() {
    let mut desk = Desk::new("2026-03-02 10:00");
    let (case, other) = (desk.hand_in("permit"), desk.hand_in("permit"));
    desk.until("2026-03-09 17:00");
    assert_eq!(desk.cases.view(case).unwrap().state, S::Received, "at the last instant");
    assert_eq!(desk.tell(other, V::Accept), Ok(S::Accepted));
    desk.just_after("2026-03-09 17:00");
    let view = desk.cases.view(case).unwrap();
    assert_eq!((view.state, view.accepted), (S::Accepted, Some(at("2026-03-02 10:00"))));
    assert_eq!((view.acceptance, desk.cases.view(other).unwrap().acceptance), (Some(2), Some(1)));
    // From then on, so the promise has been running for five days.
    desk.check(desk.order(case), "promise", "runs 2026-03-11 17:00");
    assert_eq!(desk.tell(case, V::Accept), Err(CaseError::WrongState));
    let told = desk.told.cases.iter().filter(|event| event.verb == V::DeemAccepted).count();
    assert_eq!(told, 1, "once, though it was followed twice");
}

#[test]
fn a_verb_that_comes_before_the_events_finds_the_case_up_to_date() {
    let mut desk = Desk::new("2026-03-02 10:00");
    let case = desk.hand_in("permit");
    desk.jump(at("2026-03-10 09:00"));
    desk.advance_engine();
    // The events are still on their way.
    assert_eq!(desk.tell(case, V::Refuse), Err(CaseError::WrongState));
    assert_eq!(desk.cases.view(case).unwrap().state, S::Accepted);
    desk.advance();
    assert_eq!(desk.cases.view(case).unwrap().acceptance, Some(1));
}

#[test]
fn what_is_not_supplemented_in_time_is_deemed_withdrawn() {
    let mut desk = Desk::new("2026-03-02 10:00");
    let case = desk.hand_in("permit");
    desk.ask_for_supplement(case, Notice::First).unwrap();
    desk.just_after("2026-03-05 17:00");
    assert_eq!(desk.cases.view(case).unwrap().state, S::Withdrawn);
    assert_eq!(desk.tell(case, V::HandInSupplement), Err(CaseError::WrongState));
    let last = desk.told.cases.last().unwrap();
    assert_eq!((last.verb, last.by), (V::SupplementOver, None));
    assert_eq!(desk.cases.open(), 0);
}

#[test]
fn gaps_that_are_not_filled_revoke_the_acceptance_though_somebody_works_on_it() {
    let mut desk = Desk::new("2026-03-02 10:00");
    let [missed, kept] = [0, 1].map(|_| {
        let case = desk.hand_in("permit");
        assert_eq!(desk.tell(case, V::AcceptWithGaps), Ok(S::Accepted));
        desk.check(desk.order(case), "gaps", "runs 2026-03-09 17:00");
        desk.grab(case, REVIEWER);
        desk.review(case, REVIEWER).unwrap();
        case
    });
    desk.until("2026-03-09 17:00");
    assert_eq!(desk.tell(kept, V::HandInGaps), Ok(S::UnderReview));
    let order = desk.order(missed);
    desk.just_after("2026-03-09 17:00");
    let state = |case| desk.cases.view(case).unwrap().state;
    assert_eq!((state(missed), state(kept)), (S::AcceptRevoked, S::UnderReview));
    assert_eq!(desk.cases.engine().state(order), Some(State::Closed));
    assert_eq!(desk.cases.engine().held(REVIEWER), Some(1));
}

#[test]
fn trap_14_one_notice_for_each_stage_and_another_only_if_somebody_answers_for_it() {
    let mut desk = Desk::new("2026-03-02 10:00");
    let case = desk.hand_in("permit");
    desk.ask_for_supplement(case, Notice::First).unwrap();
    desk.tell(case, V::HandInSupplement).unwrap();
    assert_eq!(desk.ask_for_supplement(case, Notice::First), Err(CaseError::ToldAlready));
    assert_eq!(desk.ask_for_supplement(case, Notice::Override), Ok(S::SupplementPending));
    assert_eq!(desk.told.cases.last().unwrap().number, 2, "and it is counted");
    desk.tell(case, V::HandInSupplement).unwrap();
    desk.tell(case, V::Accept).unwrap();
    // Review is another stage.
    desk.grab(case, REVIEWER);
    desk.review(case, REVIEWER).unwrap();
    assert_eq!(desk.ask_for_supplement(case, Notice::First), Ok(S::ReviewSupplement));
    desk.check(desk.order(case), "promise", "stands");
    desk.tell(case, V::HandInInReview).unwrap();
    assert_eq!(desk.ask_for_supplement(case, Notice::First), Err(CaseError::ToldAlready));
    assert_eq!(desk.cases.view(case).unwrap().notices, [2, 1]);
}

#[test]
fn trap_20_an_extension_after_the_limit_is_refused() {
    let mut desk = Desk::new("2026-03-02 10:00");
    let case = desk.in_review();
    desk.just_after("2026-03-30 17:00");
    let late = desk.ask(|cases, cx, told| cases.extend(cx, told, case, HEAD));
    let Err(CaseError::Extend(ExtendLimitError::Not { .. })) = late else { panic!("{late:?}") };
    assert!(desk.told.cases.iter().all(|event| event.verb != V::Extend));
}

#[test]
fn i9_acceptance_numbers_rise_for_each_service() {
    let mut desk = Desk::new("2026-03-02 10:00");
    let cases = [0, 1, 2].map(|_| desk.hand_in("permit"));
    let joint = desk.hand_in("joint-permit");
    for case in [cases[2], cases[0], joint] {
        desk.tell(case, V::Accept).unwrap();
    }
    assert_eq!(desk.tell(cases[1], V::Refuse), Ok(S::NotAccepted));
    desk.until("2026-03-03 10:00");
    let next = desk.accepted();
    let number = |case| desk.cases.view(case).unwrap().acceptance;
    let all = [cases[0], cases[2], next, joint].map(number);
    assert_eq!(all, [Some(2), Some(1), Some(3), Some(1)]);
    desk.check(desk.order(joint), "joint-decision", "runs 2026-05-08 17:00");
}

#[test]
fn an_immediate_case_is_decided_at_the_window() {
    let mut desk = Desk::new("2026-03-02 10:00");
    let case = desk.hand_in("id-card");
    let order = desk.order(case);
    assert_eq!(desk.cases.engine().order(order).unwrap().owner, Some(WINDOW));
    assert_eq!(desk.decide(case, REVIEWER), Err(CaseError::NotHeld));
    assert_eq!(desk.decide(case, WINDOW), Ok(S::Decided));
    let promised = desk.hand_in("permit");
    assert_eq!(desk.decide(promised, WINDOW), Err(CaseError::NotImmediate));
    // Who has no room takes nothing in.
    for _ in 0..2 {
        desk.hand_in("id-card");
    }
    let service = desk.service("id-card");
    let full = desk.ask(|cases, cx, told| cases.hand_in(cx, told, service, WINDOW));
    assert!(matches!(full, Err(CaseError::Grab(_))), "{full:?}");
    assert_eq!(desk.cases.engine().held(WINDOW), Some(2));
}

#[test]
fn who_does_not_rate_in_time_has_not_rated() {
    let mut desk = Desk::new("2026-03-02 10:00");
    let [late, good] = [0, 1].map(|_| desk.delivered());
    desk.until("2026-03-09 17:00");
    assert_eq!(desk.rate(good, Grade::Fair, Origin::Citizen), Ok(false));
    desk.just_after("2026-03-09 17:00");
    assert_eq!(desk.cases.view(late).unwrap().state, S::Closed);
    assert_eq!(desk.rate(late, Grade::Good, Origin::Citizen), Err(CaseError::WrongState));
    // The order was let go with its last clock.
    assert_eq!(desk.cases.engine().facts(desk.order(late)), None);
}

#[test]
fn trap_13_what_nobody_gave_is_no_satisfaction() {
    let mut desk = Desk::new("2026-03-02 10:00");
    let ratings = [
        (Grade::VeryGood, Origin::Default, false),
        (Grade::VeryBad, Origin::Device, false),
        (Grade::Good, Origin::Citizen, false),
        (Grade::VeryBad, Origin::Citizen, true),
        (Grade::Fair, Origin::Citizen, false),
    ];
    for (grade, origin, is_followed) in ratings {
        let case = desk.delivered();
        assert_eq!(desk.rate(case, grade, origin), Ok(is_followed));
    }
    let mut all = Satisfaction::default();
    assert_eq!(all.share(), None);
    desk.told.cases.iter().for_each(|event| all.note(event));
    let bad = Rating { grade: Grade::VeryBad, origin: Origin::Citizen };
    assert_eq!((all.of(bad), all.share()), (1, Some(2.0 / 3.0)));
    // A malicious rating is taken out.
    all.exclude(bad);
    assert_eq!(all.share(), Some(1.0));
}

#[test]
fn a_complaint_that_was_ruled_to_stay_stays() {
    let mut desk = Desk::new("2026-03-02 10:00");
    let service = desk.service("complaint");
    let complaint =
        desk.ask(|cases, cx, told| cases.receive_complaint(cx, told, service, None)).unwrap();
    let tell = |desk: &mut Desk, verb| {
        desk.ask(|cases, cx, told| cases.tell_complaint(cx, told, complaint, verb, Some(HEAD)))
    };
    use {ComplaintState as C, ComplaintVerb as W};
    let order = desk.cases.complaint_now(complaint).unwrap().1.unwrap();
    desk.check(order, "five-days", "runs 2026-03-09 17:00");
    let steps = [
        (W::Dispatch, Ok(C::Dispatched)),
        (W::RequestReturn, Ok(C::ReturnRequested)),
        (W::GrantReturn, Ok(C::Received)),
        (W::Dispatch, Ok(C::Dispatched)),
        (W::Sign, Ok(C::Signed)),
        (W::RequestReturn, Ok(C::ReturnRequested)),
        (W::Rule, Ok(C::Ruled)),
        (W::RequestReturn, Err(CaseError::WrongState)),
        (W::Extend, Ok(C::Ruled)),
        (W::Extend, Err(CaseError::ExtendedAlready)),
        (W::Handle, Ok(C::Handling)),
        (W::Extend, Err(CaseError::ExtendedAlready)),
    ];
    for (verb, expect) in steps {
        assert_eq!(tell(&mut desk, verb), expect, "{verb:?}");
    }
    desk.check(order, "five-days", "runs 2026-03-16 17:00");
    desk.until("2026-03-16 17:00");
    assert_eq!(tell(&mut desk, W::Reply), Ok(C::Replied));
    desk.check(order, "five-days", "met");
    desk.check(order, "call-back", "runs 2026-03-17 17:00");
    assert_eq!(tell(&mut desk, W::CallBack), Ok(C::CalledBack));
    assert_eq!(tell(&mut desk, W::Close), Ok(C::Closed));
    assert_eq!(desk.cases.engine().state(order), Some(State::Closed));
}

#[test]
fn an_order_that_the_host_withdraws_ends_its_case() {
    let mut desk = Desk::new("2026-03-02 10:00");
    let case = desk.accepted();
    let order = desk.order(case);
    let reason = qiangdan::Reason::Withdrawn(9);
    desk.engine(|engine, cx| engine.cancel(cx, order, reason)).unwrap();
    desk.advance();
    assert_eq!(desk.cases.view(case).unwrap().state, S::Withdrawn);
}
