//! Tickets (排队号): a person's place in a hall for one day, from taking a number to being served.
//!
//! A composition over the engine: a ticket that waits, is called or served stands for one order, whose
//! claim word decides who has it. What is here is the remainder of what a hall knows: numbers and
//! who took them, appointments and their slots, which window called, passed, held or sent on what,
//! and when the day is over. The rules are data ([`TicketRules`]); the state table is
//! [`TICKET_TABLE`]. Nothing here looks at a clock; the time comes with each call.
//!
//! | file | idea |
//! |---|---|
//! | `table.rs` | the states, the verbs, and the table |
//! | `rules.rs`, `schedule.rs` | what a hall says about numbers, and about appointments |
//! | `number.rs` | what is printed, and what a ticket is |
//! | `ahead.rs` | how many may go ahead of one ordinary ticket |
//! | `book.rs` | what is written down, and how a ticket goes on |
//! | `take.rs`, `booking.rs` | take a number, check in; make and give back an appointment |
//! | `window.rs`, `serve.rs` | sit, call, recall, pass, take back; arrive, hold, forward, finish |
//! | `day.rs` | what happens by itself, and the end of the day |
//! | `follow.rs` | what happened to the order without us |
//! | `seam.rs` | the engine's verbs that put aside and take up |

mod ahead;
mod book;
mod booking;
mod day;
mod error;
mod event;
mod follow;
mod number;
mod rules;
mod schedule;
mod seam;
mod serve;
mod table;
mod take;
mod view;
mod window;

pub use day::DayAdvanced;
pub use error::{BookError, CallError, SitError, TakeError, TicketError};
pub use event::{TicketEvent, TicketEventKind, TicketOutcome, WindowId};
pub use number::{Number, TicketId};
pub use rules::{TicketRules, TicketRulesDraft, TicketRulesError, TicketService};
pub use schedule::{FreeSlot, Schedule};
pub use table::{TICKET_TABLE, TicketState, TicketVerb};
pub use take::{TakeNumber, Taken};
pub use view::TicketView;
pub use window::{Call, Called};

use book::{Act, Book};

use crate::{Cx, Engine, guarded::Guarded};

/// A person, as the host knows them: an opaque key, such as a hash of a document's number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PersonKey(pub u64);

/// How much fits. Nothing grows past it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TicketBounds {
    /// Tickets and appointments at one time, 1 to 16,777,215; about 300 bytes each.
    pub tickets: u32,
    /// Windows; they are numbered from 0.
    pub windows: u16,
}

/// The tickets of one hall, over an engine that others may use, too.
///
/// Every verb takes `&self` and may be called from any thread. What is written down about tickets is
/// behind one lock, which is held for a few microseconds at most, and not while a grab looks for
/// the next order; who has an order is decided by its claim word, as without tickets. Each verb takes
/// effect whole or not at all, and tells what happened as [`TicketEvent`]s beside the engine's events.
///
/// An order's tag is [`TicketId::to_bits`] of its ticket.
///
/// # Example
///
/// ```
/// use qiangdan::calendar::{CalendarDraft, Day, OpenSpan, Week};
/// use qiangdan::ticket::{Call, PersonKey, TakeNumber, TicketBounds, TicketOutcome, TicketRulesDraft};
/// use qiangdan::ticket::{TicketService, Tickets, WindowId};
/// use qiangdan::{Bounds, ClerkId, ClerkSpec, Cx, Engine, Now, Outbox, PoolId, RulesDraft};
/// use qiangdan::{ServiceId, ServiceRule, Skills, Wall};
///
/// let (pool, service, clerk, window) = (PoolId(0), ServiceId(0), ClerkId(0), WindowId(0));
/// let rule = ServiceRule { pool, needs: Skills::none(), wait_limit_ms: None, ladder: None };
/// let rules = RulesDraft { pools: 1, services: vec![rule], ..Default::default() }.check().unwrap();
/// let day: Day = "2026-03-02".parse()?;
/// let mut hours = CalendarDraft::new("Asia/Shanghai", day, day.plus(365));
/// hours.week = Week::monday_to_friday(&[OpenSpan::new((9, 0), (17, 0))]);
/// let hours = hours.check().unwrap();
/// let nine = hours.instant(day, 9 * 3_600_000)?;
/// let draft = TicketRulesDraft {
///     services: vec![TicketService::new(service, "A")],
///     ..TicketRulesDraft::new(hours)
/// };
/// let tickets = draft.check(&rules).unwrap();
///
/// let (engine, _advancer) = Engine::new(rules, Bounds::new(8, 1))?;
/// let hall = Tickets::new(engine.clone(), tickets, TicketBounds { tickets: 8, windows: 1 });
/// let (mut events, mut told) = (Outbox::default(), Vec::new());
/// let mut cx = Cx::new(Now::after(nine, 0), &mut events);
/// let pools = [pool];
/// let spec = ClerkSpec::new(&pools, Skills::none());
/// engine.sign_in(&mut cx, clerk, &spec)?;
/// hall.sit(window, clerk)?;
///
/// let taken = hall.take(&mut cx, &mut told, &TakeNumber::new(PersonKey(1), &[service]))?;
/// assert_eq!(hall.rules().text_of(taken.number), "A001");
/// let Call::Ticket(called) = hall.call(&mut cx, &mut told, window)? else { panic!() };
/// hall.arrive(&mut cx, &mut told, window, called.ticket)?;
/// hall.finish(&mut cx, &mut told, window, called.ticket, TicketOutcome::Advised)?;
/// assert_eq!(told.len(), 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Tickets {
    engine: Engine,
    rules: TicketRules,
    bounds: TicketBounds,
    book: Guarded<Book>,
}

impl Tickets {
    /// The tickets of a hall whose orders go to `engine`. Bounds out of range count as the
    /// nearest that is right.
    #[must_use]
    pub fn new(engine: Engine, rules: TicketRules, bounds: TicketBounds) -> Self {
        let tickets = bounds.tickets.clamp(1, (1 << 24) - 1);
        let bounds = TicketBounds { tickets, ..bounds };
        let book = Book::new(tickets, bounds.windows, rules.prefixes().len());
        Self { engine, rules, bounds, book: Guarded::new(book) }
    }

    /// The rules they go by.
    #[must_use]
    pub const fn rules(&self) -> &TicketRules {
        &self.rules
    }

    /// How much fits.
    #[must_use]
    pub const fn bounds(&self) -> TicketBounds {
        self.bounds
    }

    /// The engine that the orders are in.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    fn act<R>(
        &self,
        cx: &mut Cx<'_>,
        told: &mut Vec<TicketEvent>,
        work: impl FnOnce(&mut Act<'_, '_>) -> R,
    ) -> R {
        let (engine, rules) = (&self.engine, &self.rules);
        self.book.with(|book| work(&mut Act { engine, rules, book, cx, told }))
    }
}
