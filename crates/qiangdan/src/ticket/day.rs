//! advance, end_day: what happens to tickets by itself, and when the day is over (日终).

use super::{TicketEvent, TicketEventKind, TicketId, TicketState, TicketVerb, Tickets, book::Act};
use crate::{Cx, Mono, Reason, Wall, calendar::Day};

/// What [`Tickets::advance`] or [`Tickets::end_day`] did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DayAdvanced {
    /// How many tickets something happened to.
    pub tickets: usize,
    /// Whether that was all; if not, call again with the same instant.
    pub is_done: bool,
}

impl Tickets {
    /// Lets happen what is due, to at most `most` tickets: appointments that nobody came for are
    /// void, called numbers that nobody came for pass (if the hall says after how long), and
    /// tickets of earlier days end.
    ///
    /// What was asked at the same instant comes first: an appointment can be kept up to and with its last
    /// millisecond.
    pub fn advance(
        &self,
        cx: &mut Cx<'_>,
        told: &mut Vec<TicketEvent>,
        most: usize,
    ) -> DayAdvanced {
        self.act(cx, told, |act| act.advance(most))
    }

    /// When [`Tickets::advance`] has something to do, by the clock that never goes back; `None` if
    /// nothing is due yet. Days that end are not counted in: call it at midnight, too.
    #[must_use]
    pub fn next_look(&self, now: crate::Now) -> Option<Mono> {
        self.book.with(|book| {
            let lapse = book.lapses.first().map(|&(at, _)| {
                let in_ms = at.0.saturating_sub(now.wall.0).saturating_add(1);
                now.mono.plus_ms(u64::try_from(in_ms).unwrap_or(0))
            });
            let pass = book.passes.first().map(|&(due, _)| due);
            lapse.into_iter().chain(pass).min()
        })
    }

    /// Ends the business day of `day`: every ticket that is still open ends, each with an event; who
    /// still waits for a service that keeps places stays for the next day. Appointments of later
    /// hours are not touched. At most `most` tickets; call it again until it is done.
    pub fn end_day(
        &self,
        cx: &mut Cx<'_>,
        told: &mut Vec<TicketEvent>,
        day: Day,
        most: usize,
    ) -> DayAdvanced {
        self.act(cx, told, |act| act.end_day(day, most))
    }
}

impl Act<'_, '_> {
    fn advance(&mut self, most: usize) -> DayAdvanced {
        let (now, wall) = (self.now(), self.cx.now.wall);
        let mut tickets = 0;
        while tickets < most
            && let Some(ticket) = first_due(&self.book.lapses, |at: Wall| at < wall)
        {
            self.book.lapses.pop_first();
            let before = self.told.len();
            self.lapse(ticket);
            tickets += usize::from(self.told.len() > before);
        }
        while tickets < most
            && let Some(ticket) = first_due(&self.book.passes, |due: Mono| due <= now)
        {
            self.book.passes.pop_first();
            tickets += usize::from(self.pass_by_itself(ticket));
        }
        let yesterday = self.rules.draft.calendar.day_of(wall).map(|day| day.plus(-1));
        let rest = yesterday.map(|day| self.end_day(day, most.saturating_sub(tickets)));
        let rest = rest.unwrap_or(DayAdvanced { tickets: 0, is_done: true });
        let is_more = first_due(&self.book.lapses, |at: Wall| at < wall).is_some()
            || first_due(&self.book.passes, |due: Mono| due <= now).is_some();
        DayAdvanced { tickets: tickets + rest.tickets, is_done: rest.is_done && !is_more }
    }

    fn pass_by_itself(&mut self, ticket: TicketId) -> bool {
        if let Some(record) = self.book.record_mut(ticket) {
            record.passes = None;
        }
        self.may(ticket, TicketVerb::Pass).is_ok() && self.pass(ticket, 0).is_ok()
    }

    fn end_day(&mut self, day: Day, most: usize) -> DayAdvanced {
        let mut tickets = 0;
        while let Some(&(of, ticket)) = self.book.open.first() {
            if of > day {
                break;
            }
            if tickets == most {
                return DayAdvanced { tickets, is_done: false };
            }
            tickets += 1;
            self.end_ticket(ticket, day);
            // Whatever came of it, it is not of this day any more.
            self.book.open.remove(&(of, ticket));
        }
        DayAdvanced { tickets, is_done: true }
    }

    fn end_ticket(&mut self, ticket: TicketId, day: Day) {
        self.catch_up(ticket);
        let Some(record) = self.book.record(ticket).copied() else { return };
        let Some(state) = record.state.filter(|state| state.has_order()) else { return };
        let keeps =
            self.rules.service(record.cart.now()).is_some_and(|service| service.keeps_place);
        if state == TicketState::Waiting && keeps {
            let tomorrow = day.plus(1);
            if let Some(record) = self.book.record_mut(ticket) {
                record.day = tomorrow;
            }
            self.book.open.insert((tomorrow, ticket));
            self.tell_on(ticket, TicketEventKind::Kept);
            return;
        }
        // An order that somebody has moved in this moment is closed by whoever did.
        self.end_order(ticket, Reason::EndOfDay).ok();
        self.go(ticket, TicketVerb::EndOfDay, TicketEventKind::Expired);
    }
}

/// The first of a list by instants, if it is due.
fn first_due<T: Copy + Ord>(
    list: &std::collections::BTreeSet<(T, TicketId)>,
    is_due: impl Fn(T) -> bool,
) -> Option<TicketId> {
    list.first().filter(|&&(at, _)| is_due(at)).map(|&(_, ticket)| ticket)
}
