//! An office whose orders have limits by the calendar, with both of its clocks in hand.

use qiangdan::{
    Advancer, Bounds, CalendarId, ClerkId, ClerkSpec, ClockRules, Cx, Engine, Event, EventKind,
    LimitId, Mono, Now, OrderId, OrderSpec, Outbox, PoolId, RulesDraft, ServiceId, ServiceRule,
    SkillId, Skills, Wall,
    calendar::{Calendar, CalendarDraft, Day, OpenSpan, STATE_COUNCIL, Week},
    history::History,
    limit::{LimitRule, Moment, Reasons, TimeLimit},
};

use crate::{hall::checked, history::refuted};

/// An engine, the one value that lets its time pass, both clocks, and all events so far.
#[derive(Debug)]
pub struct Office {
    /// The engine.
    pub engine: Engine,
    /// Its time.
    pub advancer: Advancer,
    /// All events since the beginning, or since they were taken.
    pub outbox: Outbox,
    /// What both clocks say.
    pub now: Now,
    /// Reads along; when the office closes, it must be right.
    pub history: History,
}

impl Drop for Office {
    fn drop(&mut self) {
        let events = self.take();
        if !std::thread::panicking() {
            self.history.check().unwrap_or_else(|findings| refuted(&findings, &events));
        }
    }
}

/// Working days and hours, 9 to 12 and 13 to 17, as the State Council has published them until 2026.
///
/// # Panics
///
/// Never.
#[must_use]
pub fn draft() -> CalendarDraft {
    let day = |text: &str| text.parse::<Day>().expect("a day");
    let spans = [OpenSpan::new((9, 0), (12, 0)), OpenSpan::new((13, 0), (17, 0))];
    let plain = CalendarDraft::new("Asia/Shanghai", day("2024-01-01"), day("2030-12-31"));
    let draft = CalendarDraft { week: Week::monday_to_friday(&spans), ..plain };
    STATE_COUNCIL.iter().fold(draft, CalendarDraft::with_notice)
}

/// [`draft`], checked.
///
/// # Panics
///
/// Never.
#[must_use]
pub fn calendar() -> Calendar {
    draft().check().expect("a calendar without mistakes")
}

/// An instant in Shanghai, from "2026-03-02 10:00".
///
/// # Panics
///
/// If it is none.
#[must_use]
pub fn at(text: &str) -> Wall {
    let (day, time) = text.split_once(' ').expect("a day and a time");
    let (hour, minute) = time.split_once(':').expect("hours and minutes");
    let [hour, minute] = [hour, minute].map(|part| part.parse::<i64>().expect("a number"));
    let day = i64::from(day.parse::<Day>().expect("a day").number());
    Wall(((day * 24 + hour - 8) * 60 + minute) * 60_000)
}

/// One millisecond later.
#[must_use]
pub fn just_after(at: Wall) -> Wall {
    Wall(at.0 + 1)
}

/// A limit by calendar 0 without stages, pauses or extension.
#[must_use]
pub fn limit(from: Moment, to: &[Moment], lasts: TimeLimit) -> LimitRule {
    LimitRule {
        from,
        to: to.to_vec(),
        lasts,
        calendar: CalendarId(0),
        pauses: Reasons::default(),
        restarts: Reasons::default(),
        extends_by: 0,
        stages: Vec::new(),
        expiry: None,
    }
}

/// Rules with so many services in pool 0 of three; each service has the limits named by its list.
#[must_use]
pub fn rules(limits: Vec<LimitRule>, services: &[&[u16]]) -> RulesDraft {
    let rule = ServiceRule {
        pool: PoolId(0),
        needs: [SkillId(0)].into_iter().collect(),
        wait_limit_ms: None,
        ladder: None,
    };
    let of_services = (0..)
        .map(ServiceId)
        .zip(services)
        .flat_map(|(service, limits)| limits.iter().map(move |&limit| (service, LimitId(limit))));
    let clocks = ClockRules {
        calendars: vec![calendar()],
        limits,
        of_services: of_services.collect(),
        ..ClockRules::default()
    };
    RulesDraft { pools: 3, services: vec![rule; services.len()], clocks, ..RulesDraft::default() }
}

impl Office {
    /// An office that opens at an instant, with room for 64 orders and 4 clerks.
    ///
    /// # Panics
    ///
    /// If the rules are wrong.
    #[must_use]
    pub fn new(draft: RulesDraft, opens: &str) -> Self {
        Self::with_room(draft, opens, Bounds::new(64, 4))
    }

    /// An office with so much room.
    ///
    /// # Panics
    ///
    /// If the rules are wrong.
    #[must_use]
    pub fn with_room(draft: RulesDraft, opens: &str, bounds: Bounds) -> Self {
        let (engine, advancer) = Engine::new(checked(draft), bounds).expect("bounds in range");
        let now = Now { mono: Mono(0), wall: at(opens) };
        let history = History::new(engine.rules().clone());
        let mut office = Self { engine, advancer, outbox: Outbox::default(), now, history };
        office.advance();
        office
    }

    /// Calls a verb now.
    pub fn call<T>(&mut self, verb: impl FnOnce(&Engine, &mut Cx<'_>) -> T) -> T {
        verb(&self.engine, &mut Cx::new(self.now, &mut self.outbox))
    }

    /// Lets time pass until an instant without telling the engine.
    ///
    /// # Panics
    ///
    /// If that is earlier than now.
    pub fn wait(&mut self, until: Wall) {
        let passed_ms = u64::try_from(until.0 - self.now.wall.0).expect("time does not go back");
        self.now = Now { mono: self.now.mono.plus_ms(passed_ms), wall: until };
    }

    /// Lets time pass until an instant, and everything happen that is due by then.
    pub fn go_to(&mut self, until: Wall) {
        self.wait(until);
        self.advance();
    }

    /// Lets everything happen that is due now.
    pub fn advance(&mut self) {
        self.advancer.advance_all(&mut Cx::new(self.now, &mut self.outbox));
    }

    /// Submits an order that must be taken.
    ///
    /// # Panics
    ///
    /// If it is refused.
    pub fn submit(&mut self, spec: OrderSpec) -> OrderId {
        self.call(|engine, cx| engine.submit(cx, &spec)).expect("the order is taken").order
    }

    /// Signs a clerk in for pools, with these skills.
    ///
    /// # Panics
    ///
    /// If there is no such clerk or pool.
    pub fn sign_in(&mut self, clerk: u32, pools: &[u16], skills: &[u8]) {
        let pools: Vec<_> = pools.iter().copied().map(PoolId).collect();
        let skills: Skills = skills.iter().copied().map(SkillId).collect();
        let spec = ClerkSpec { units: 16, ..ClerkSpec::new(&pools, skills) };
        self.history.signs_in(ClerkId(clerk), &spec);
        self.call(|engine, cx| engine.sign_in(cx, ClerkId(clerk), &spec)).expect("they exist");
    }

    /// Takes the events out.
    pub fn take(&mut self) -> Vec<Event> {
        self.history.read_all(self.outbox.events());
        self.outbox.drain().collect()
    }

    /// Takes the events out, and keeps what happened.
    pub fn kinds(&mut self) -> Vec<EventKind> {
        self.take().into_iter().map(|event| event.kind).collect()
    }
}
