//! What happened: the only thing that leaves the engine besides answers.
//!
//! Every transition of an order or a clerk appends one [`Event`] to the [`Outbox`] of the call that
//! caused it. Each outbox has a *desk* of its own while it is in use, and the events of a desk are
//! numbered without gaps: a reader of all desks misses none. Between desks the numbers say nothing
//! about who was first; an order's claims are in the order of their epochs. An engine that is called
//! through one outbox at a time has one desk, and then the numbers are the order of everything.

use std::{fmt, ptr, sync::Arc};

#[cfg(feature = "calendar")]
use crate::{
    CalendarId, LimitId, Wall,
    limit::{CardId, Milestone, PauseReason, RungKind},
};
use crate::{
    ClassId, ClerkId, Colour, Mono, Now, OrderId, PlanId, PoolId, Presence, RoleId, ServiceId,
    Session, SkillId, Transfer, WatchId, WhileAside,
    desk::{Desk, Desks},
};

/// Events are copied on the way of every grab; no kind makes them larger.
#[cfg(not(qiangdan_shuttle))]
const _: () = assert!(size_of::<EventKind>() == 24);

/// Number of an event: which desk it came from, and its number there, from 0, without gaps.
///
/// | bits  | 63..44 | 43..0                 |
/// |-------|--------|-----------------------|
/// | field | desk   | number of the event   |
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Seq(pub u64);

impl Seq {
    const NUMBER_BITS: u32 = 44;

    pub(crate) const fn new(desk: u32, number: u64) -> Self {
        Self((desk as u64) << Self::NUMBER_BITS | number)
    }

    /// The desk: one outbox at a time has it.
    #[must_use]
    #[inline]
    pub const fn desk(self) -> u32 {
        (self.0 >> Self::NUMBER_BITS) as u32
    }

    /// The number among the events of the desk.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0 & ((1 << Self::NUMBER_BITS) - 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {}.{}", self.desk(), self.number())
    }
}

/// One thing that happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Event {
    /// Its number.
    pub seq: Seq,
    /// What the clocks of the causing call said.
    pub at: Now,
    /// How often the rules had been swapped then. An order may still be under those it came in with.
    pub version: u32,
    /// The order it happened to, if any.
    pub order: Option<OrderId>,
    /// The host's tag of that order; zero without one, or if this call raced with one that closed the
    /// order, and its slot was in use again before this event was made.
    pub tag: u64,
    /// The clerk concerned, if any: who grabbed, held, or signed in.
    pub clerk: Option<ClerkId>,
    /// What it was.
    pub kind: EventKind,
}

/// Kinds of events.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum EventKind {
    /// An order came in.
    OrderSubmitted {
        /// What it asks for.
        service: ServiceId,
        /// Its class.
        class: ClassId,
        /// From when it may be grabbed, if not at once.
        not_before: Option<Mono>,
    },
    /// A scheduled order's time has come: it waits now.
    OrderActivated,
    /// A clerk grabbed the order.
    OrderClaimed {
        /// For the how-manieth time it is claimed; the wait to this claim counts if it is the first.
        epoch: u16,
        /// Who chose it.
        choice: Choice,
        /// From arrival to now, without time held, in milliseconds.
        wait_ms: u64,
    },
    /// The person is at the window.
    OrderStarted {
        /// Of which claim.
        epoch: u16,
    },
    /// The owner gave the order back.
    OrderPutBack {
        /// The claim that ended.
        epoch: u16,
        /// Where the order went.
        how: PutBack,
    },
    /// The owner put the order aside.
    OrderSuspended {
        /// In which claim.
        epoch: u16,
        /// The host's reason.
        reason: u16,
        /// Whether it is kept for them.
        aside: WhileAside,
    },
    /// The owner for whom the order was kept is serving it (again).
    OrderTakenUp {
        /// In which claim.
        epoch: u16,
    },
    /// The person was called again.
    OrderRecalled {
        /// In which claim.
        epoch: u16,
        /// For the how-manieth time.
        count: u32,
    },
    /// The person did not come, and the order was given back for that.
    PersonAbsent {
        /// The claim that ended.
        epoch: u16,
    },
    /// The owner still has the order in hand.
    ClaimRenewed {
        /// Which claim.
        epoch: u16,
        /// By when it must be started now, if it must.
        until: Option<Mono>,
    },
    /// The order was given back because its owner did not begin in time.
    ClaimLapsed {
        /// The claim that ended.
        epoch: u16,
        /// When that was due.
        due: Mono,
    },
    /// The order was given back to be handed on.
    OrderHandedOn {
        /// The claim that ended.
        epoch: u16,
        /// To whom.
        to: Transfer,
    },
    /// The order's service or class was changed.
    OrderAmended {
        /// What it asks for now.
        service: ServiceId,
        /// Its class now.
        class: ClassId,
    },
    /// The order is over.
    OrderClosed {
        /// How.
        outcome: Outcome,
        /// In the how-manieth claim; zero if it was never claimed.
        epoch: u16,
    },
    /// The order has waited as long as a stage of its ladder says.
    StageReached {
        /// The stage, from 0.
        stage: u8,
        /// When it was due; `at` may be later if `advance` was called late.
        due: Mono,
    },
    /// A stage gave a head start.
    Boosted {
        /// By how much, in milliseconds.
        by_ms: u64,
    },
    /// A stage let another pool's clerks grab the order.
    Widened {
        /// The pool added.
        pool: PoolId,
    },
    /// A stage wants a role told.
    NotifyDue {
        /// Who.
        role: RoleId,
    },
    /// A stage wants the order shown in a colour.
    ShowDue {
        /// The colour.
        colour: Colour,
    },
    /// A stage gave a card.
    CardGiven {
        /// Amber is the yellow card, red the red one.
        colour: Colour,
    },
    /// A stage dropped a soft skill.
    SkillDropped {
        /// The skill.
        skill: SkillId,
    },
    /// A stage moved the order to another pool.
    Moved {
        /// The pool.
        pool: PoolId,
    },
    /// A stage advises to open a window for the order's pool.
    OpenWindowDue,
    /// A stage wants a new order to come in.
    FollowUpDue {
        /// Of which service.
        service: ServiceId,
    },
    /// The order has waited longer than its limit.
    LimitBreached {
        /// The last instant that would have kept it.
        due: Mono,
    },
    /// A stage let a new order come in.
    FollowedUp {
        /// Which.
        order: OrderId,
        /// Of which service.
        service: ServiceId,
    },
    /// A milestone was reached. The engine's own are told of by the events they come with (grabbed at
    /// [`Event::at`], and so on); that an order came in only if that was earlier than it was told.
    #[cfg(feature = "calendar")]
    MilestoneReached {
        /// Which.
        milestone: Milestone,
        /// The amount told with it; zero if none was.
        amount: u64,
        /// When.
        at: Wall,
    },
    /// A pause of the order began.
    #[cfg(feature = "calendar")]
    OrderPaused {
        /// Why.
        reason: PauseReason,
        /// The amount told with it; zero if none was.
        amount: u64,
        /// When.
        at: Wall,
    },
    /// A pause of the order ended; for other reasons it may go on.
    #[cfg(feature = "calendar")]
    OrderResumed {
        /// Which.
        reason: PauseReason,
        /// When.
        at: Wall,
    },
    /// A limit was extended; the clerk is who approved it.
    #[cfg(feature = "calendar")]
    LimitExtended {
        /// Which.
        limit: LimitId,
        /// By how much, in its unit.
        by: u64,
        /// When.
        at: Wall,
    },
    /// Somebody has taken note of a stage.
    #[cfg(feature = "calendar")]
    StageAcknowledged {
        /// Of which limit.
        limit: LimitId,
        /// Which stage, from 0.
        stage: u8,
        /// When.
        at: Wall,
    },
    /// Who was given a card has replied.
    #[cfg(feature = "calendar")]
    CardReplied {
        /// Which.
        card: CardId,
        /// When.
        at: Wall,
    },
    /// Who was given a card says that it is wrong.
    #[cfg(feature = "calendar")]
    CardAppealed {
        /// Which.
        card: CardId,
        /// When.
        at: Wall,
    },
    /// It was decided about a card.
    #[cfg(feature = "calendar")]
    CardRuled {
        /// Which.
        card: CardId,
        /// Whether it stands.
        upheld: bool,
        /// When.
        at: Wall,
    },
    /// The clock of a limit runs, for the first time or again after it had stopped.
    #[cfg(feature = "calendar")]
    ClockStarted {
        /// Of which limit.
        limit: LimitId,
        /// Whether its due may change once more holidays are published.
        is_provisional: bool,
        /// Since when.
        from: Wall,
        /// The last instant in time; [`Wall::NEVER`] if the calendar does not reach there, or it stands
        /// still.
        due: Wall,
    },
    /// The clock of a limit has stopped; or what was told late has changed when.
    #[cfg(feature = "calendar")]
    ClockStopped {
        /// Of which limit.
        limit: LimitId,
        /// Whether that was too late.
        is_late: bool,
        /// When.
        at: Wall,
        /// By how much it was late, in its unit; a limit in days may be late by none.
        late_by: u64,
    },
    /// The clock of a limit stands still.
    #[cfg(feature = "calendar")]
    ClockPaused {
        /// Of which limit.
        limit: LimitId,
        /// Since when.
        since: Wall,
    },
    /// The clock of a limit runs again.
    #[cfg(feature = "calendar")]
    ClockResumed {
        /// Of which limit.
        limit: LimitId,
        /// Whether its due may change once more holidays are published.
        is_provisional: bool,
        /// The last instant in time, as in `ClockStarted`.
        due: Wall,
    },
    /// The due of a limit has moved: by an extension, by what was told late, by another calendar.
    #[cfg(feature = "calendar")]
    LimitRecomputed {
        /// Which.
        limit: LimitId,
        /// Whether its due may change once more holidays are published.
        is_provisional: bool,
        /// The last instant in time as it was; [`Wall::NEVER`] if there was none.
        from: Wall,
        /// As it is.
        to: Wall,
    },
    /// The order was amended and has this limit no more.
    #[cfg(feature = "calendar")]
    LimitDropped {
        /// Which.
        limit: LimitId,
    },
    /// A rung of a limit was climbed; what it does is told next.
    #[cfg(feature = "calendar")]
    RungClimbed {
        /// Of which limit.
        limit: LimitId,
        /// Which rung of [`Book::rungs`](crate::limit::Book::rungs).
        rung: u8,
        /// What kind of rung.
        kind: RungKind,
        /// The stage it belongs to, from 0.
        stage: Option<u8>,
        /// When it was due; `at` is later if `advance` was called late, or the due has moved back.
        due: Wall,
    },
    /// A rung gave a card; the clerk is who holds the order, or held it last.
    #[cfg(feature = "calendar")]
    CardIssued {
        /// Which.
        card: CardId,
        /// Amber is the yellow card, red the red one.
        colour: Colour,
    },
    /// An order that had closed has no clock running any more; its id will name another.
    #[cfg(feature = "calendar")]
    OrderSettled,
    /// A calendar was swapped for another version; orders whose dues it moves are told of one by one.
    #[cfg(feature = "calendar")]
    CalendarChanged {
        /// Which.
        calendar: CalendarId,
    },
    /// A calendar ends so soon that dues will not be known: load one that reaches further.
    #[cfg(feature = "calendar")]
    HorizonNear {
        /// Which.
        calendar: CalendarId,
        /// After how many days.
        days: u32,
    },
    /// The clock on the wall has leapt ahead; limits by the calendar are held until it comes back, or
    /// has stayed for a while.
    WallSuspect {
        /// By how much, in milliseconds.
        ahead_ms: u64,
    },
    /// A stage, or a watch on a pool, wants a plan in force. It comes with the next call of `advance`.
    PlanDue {
        /// Which.
        plan: PlanId,
    },
    /// Other rules count for orders that come in from now on, under the version of this event.
    PlanSwitched {
        /// Which.
        plan: PlanId,
    },
    /// What a watch on a pool waits for has come about; what it does is told next.
    WatchFired {
        /// Which.
        watch: WatchId,
        /// The pool it watches.
        pool: PoolId,
        /// How many orders wait there.
        waiting: u32,
        /// How many of its clerks are ready.
        ready: u32,
    },
    /// A watch on a pool that had fired waits again.
    WatchRearmed {
        /// Which.
        watch: WatchId,
        /// The pool it watches.
        pool: PoolId,
        /// How many orders wait there.
        waiting: u32,
        /// How many of its clerks are ready.
        ready: u32,
    },
    /// A watch on a pool wants a role told.
    PoolNotifyDue {
        /// The pool.
        pool: PoolId,
        /// Who.
        role: RoleId,
    },
    /// A watch on a pool wants it shown in a colour, until it waits again.
    PoolShowDue {
        /// The pool.
        pool: PoolId,
        /// The colour.
        colour: Colour,
    },
    /// A watch on a pool advises to open a window for it.
    PoolOpenWindowDue {
        /// The pool.
        pool: PoolId,
    },
    /// A clerk's session began.
    ClerkSignedIn,
    /// A clerk's session ended; what they hold stays theirs to finish.
    ClerkSignedOut,
    /// A clerk was not heard of for as long as their lease.
    ClerkLost {
        /// When the lease was over; `at` is later if `advance` was called late, or the loss was
        /// held.
        due: Mono,
    },
    /// The leases of many clerks have ended at once: their loss is held, as it may be the network's
    /// or the host's.
    MassLoss {
        /// How many clerks.
        clerks: u32,
        /// Of how many who are signed in.
        of: u32,
    },
    /// An order is under way with a clerk who is lost (转值班长): somebody must see to it. The
    /// claim goes on.
    OrderNeedsSupervisor {
        /// Of which claim.
        epoch: u16,
    },
    /// A clerk chose the order by name past older ones that they might have taken.
    PassedOver {
        /// How many.
        older: u8,
    },
    /// What a clerk can do was changed in their session.
    ClerkSkills,
    /// A certificate of a clerk has run out: they take no more orders that need it.
    CertificateLapsed {
        /// For which skill.
        skill: SkillId,
    },
    /// How much a clerk may hold was changed.
    ClerkUnits {
        /// To so many units.
        units: u32,
    },
    /// A clerk's presence changed.
    ClerkPresence {
        /// To this.
        presence: Presence,
    },
}

/// Who chose the order that a clerk has claimed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Choice {
    /// The queue: it went next (叮叮抢单).
    Next,
    /// The clerk, by name; others may have gone before it (点名抢单).
    Named,
}

/// How an order ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// Served to the end (办毕).
    Done,
    /// Served, but the answer is no; the number is the host's reason.
    Rejected(u16),
    /// Withdrawn by the applicant or the host; the number is the host's reason.
    Cancelled(u16),
    /// The person left before being served (弃号).
    Abandoned,
    /// The person did not come when called (过号).
    NoShow,
    /// The day ended first (日终作废).
    Expired,
}

/// Where an order goes that its owner gives back.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum PutBack {
    /// To the place it had (保留原位): its rank and its turn among equals are unchanged.
    KeepPlace,
    /// As if it arrived now, without any head start (排到末尾): class and boosts count no more.
    BackOfLine,
    /// As if it had arrived so many milliseconds ago, in place of class and boosts; negative sends it
    /// behind those to come.
    HeadStart {
        /// Milliseconds.
        ms: i64,
    },
    /// Out of the queue for so many milliseconds, then to the place it had (稍后).
    After {
        /// Milliseconds.
        ms: u64,
    },
    /// Out of every lane until it is grabbed by name or amended (搁置). It counts as waiting.
    Park,
}

/// Where a call's events go. Made by the caller, one per thread, and reused.
///
/// The first call with it takes a desk of the engine, which is kept until the outbox is dropped or used
/// with another engine. Taking one looks at each desk in use, and makes a new one (about ten
/// kilobytes, kept for good) if all are; so an outbox for each call is possible, but slower.
#[derive(Default)]
pub struct Outbox {
    events: Vec<Event>,
    place: Option<Place>,
}

/// The desk an outbox has, and of which engine.
struct Place {
    desk: Arc<Desk>,
    desks: Arc<Desks>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.desk.leave();
    }
}

impl Outbox {
    /// An empty outbox with room for `events` before it allocates again.
    #[must_use]
    pub fn with_capacity(events: usize) -> Self {
        Self { events: Vec::with_capacity(events), place: None }
    }

    /// The events so far, oldest first.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Takes the events out, oldest first.
    pub fn drain(&mut self) -> impl Iterator<Item = Event> + '_ {
        self.events.drain(..)
    }

    /// Forgets the events so far.
    pub fn clear(&mut self) {
        self.events.clear();
    }

    /// The desk of this outbox among `desks`.
    #[inline]
    pub(crate) fn desk(&mut self, desks: &Arc<Desks>) -> &Desk {
        if !self.place.as_ref().is_some_and(|place| ptr::eq(&*place.desks, &**desks)) {
            self.take_place(desks);
        }
        &self.place.as_ref().expect("it was taken above if it was missing").desk
    }

    #[cold]
    fn take_place(&mut self, desks: &Arc<Desks>) {
        // The old one is left first: it may be of the same engine.
        self.place = None;
        self.place = Some(Place { desk: desks.take(), desks: Arc::clone(desks) });
    }

    /// Numbers an event, puts it behind the others, and lets `count` count it.
    #[inline]
    pub(crate) fn push(
        &mut self,
        desks: &Arc<Desks>,
        count: impl FnOnce(&Desk),
        event: impl FnOnce(Seq) -> Event,
    ) {
        let desk = self.desk(desks);
        let seq = desk.next_seq();
        desk.told();
        count(desk);
        self.events.push(event(seq));
    }
}

impl Clone for Outbox {
    /// The same events, without the desk.
    fn clone(&self) -> Self {
        Self { events: self.events.clone(), place: None }
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").field("events", &self.events).finish_non_exhaustive()
    }
}

/// What comes with every call: the time, and where events go.
#[derive(Debug)]
pub struct Cx<'a> {
    /// What both clocks say.
    pub now: Now,
    /// Where events go.
    pub out: &'a mut Outbox,
    /// In which session of the clerk the call is made, if the host keeps track: if it is not the
    /// latest any more, verbs of that clerk are refused.
    pub session: Option<Session>,
}

impl<'a> Cx<'a> {
    /// A call at `now` whose events go to `out`.
    pub fn new(now: Now, out: &'a mut Outbox) -> Self {
        Self { now, out, session: None }
    }

    /// The same call, made by a terminal in this session of its clerk.
    #[must_use]
    pub fn in_session(self, session: Session) -> Self {
        Self { session: Some(session), ..self }
    }
}
