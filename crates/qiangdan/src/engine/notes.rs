//! The notes on orders: where they are kept, who writes them, when they are given back.
//!
//! Without `Bounds::notes` there is no ledger, and nothing is noted. With it, most orders still have no
//! list: it begins with the first note of a life, whoever writes it, and several threads may. The list
//! is over when the slot is given back, for good: who comes too late finds that out.
//!
//! Some notes bear on where an order waits, or who may take it. Whoever adds such a note first appends
//! it, then begins the order's next turn with `is_noted` set; so who lines the order up in that
//! turn sees the note.

use qiangdan_sync::{AppendError, Entries, Ledger, LedgerSeen, Reserve};

use super::{Bounds, Engine, Inner};
use crate::{
    ClerkId, Mono, Note, Notes, OrderId,
    note::{Bearing, May, Sum},
    order::Live,
};

/// The most notes there can be room for.
pub(super) const NOTES_MAX: u32 = 1 << 28;

/// The notes of all orders.
#[derive(Debug)]
pub(super) struct NoteBook {
    ledger: Ledger,
}

/// Why nothing was noted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NotNoted {
    /// There is no room for so many notes.
    NoRoom { notes: u32 },
    /// The order's list is over: its slot has been given back.
    Over,
    /// Something was noted since the list was read.
    Changed,
}

/// An order's notes as they were read; to be appended to, if nothing was noted since.
#[derive(Debug)]
pub(super) struct ReadNotes {
    seen: Option<LedgerSeen>,
    pub(super) notes: Notes,
}

impl NoteBook {
    /// None if there is to be no room.
    pub(super) fn new(bounds: Bounds) -> Option<Self> {
        (bounds.notes > 0).then(|| Self { ledger: Ledger::new(bounds.orders, bounds.notes) })
    }

    /// All notes on an order.
    fn read(&self, order: OrderId) -> ReadNotes {
        let mut entries = Entries::new();
        let seen = self.ledger.read(order.slot(), order.generation(), &mut entries);
        let all = entries.iter().filter_map(|&pair| Note::unpack(pair)).collect();
        ReadNotes { seen, notes: Notes::new(all) }
    }

    /// Shows the notes on an order, newest first.
    fn look<T>(&self, order: OrderId, none: T, add: impl Fn(&mut T, Note)) -> T
    where
        T: Copy,
    {
        let mut found = none;
        let is_list = self.ledger.look(order.slot(), order.generation(), |pair| {
            if let Some(note) = Note::unpack(pair) {
                add(&mut found, note);
            }
        });
        if is_list { found } else { none }
    }

    /// Appends to a list as it was seen.
    fn append(&self, seen: &LedgerSeen, new: &[Note], reserve: Reserve) -> Result<(), NotNoted> {
        /// Notes that a verb adds at one time; more are added in several steps.
        const TOGETHER: usize = 4;
        let mut seen = *seen;
        for some in new.chunks(TOGETHER) {
            let mut pairs = [[0; 2]; TOGETHER];
            for (pair, note) in pairs.iter_mut().zip(some) {
                *pair = note.pack();
            }
            seen = match self.ledger.append(&seen, &pairs[..some.len()], reserve) {
                Ok(now) => now,
                Err(AppendError::Changed) => return Err(NotNoted::Changed),
                Err(AppendError::Full) => {
                    return Err(NotNoted::NoRoom { notes: self.ledger.capacity() });
                }
            };
        }
        Ok(())
    }

    /// How many notes are in use, of how many.
    pub(super) fn room(&self) -> (u32, u32) {
        (self.ledger.in_use(), self.ledger.capacity())
    }

    /// Ends the list of an order whose slot is given back, though none has begun.
    pub(super) fn end(&self, order: OrderId) {
        self.ledger.end_for_good(order.slot(), order.generation());
    }
}

impl Engine {
    /// The notes on an order (备注); `None` if the id is of another life of its slot. Without
    /// [`Bounds::notes`] there are none.
    ///
    /// Wait-free; allocates its answer.
    #[must_use]
    pub fn notes(&self, order: OrderId) -> Option<Notes> {
        let life = self.inner.life(order)?;
        let notes = self.inner.read_notes(order).notes;
        life.seen().map(|_| notes)
    }

    /// How many notes are in use, of how many; zeros without [`Bounds::notes`].
    #[must_use]
    pub fn notes_in_use(&self) -> (u32, u32) {
        self.inner.notes.as_ref().map_or((0, 0), NoteBook::room)
    }
}

impl Inner {
    /// All notes on an order.
    pub(super) fn read_notes(&self, order: OrderId) -> ReadNotes {
        let none = || ReadNotes { seen: None, notes: Notes::default() };
        self.notes.as_ref().map_or_else(none, |notes| notes.read(order))
    }

    /// What the notes on an order come to. Allocates nothing.
    pub(super) fn sum_of_notes(&self, order: OrderId, now: Mono) -> Sum {
        let none = Sum::at(now);
        let look = |notes: &NoteBook| notes.look(order, none, Sum::add);
        self.notes.as_ref().map_or(none, look)
    }

    /// Whether a clerk may take an order, by its notes. Allocates nothing.
    pub(super) fn may_by_notes(&self, order: OrderId, clerk: ClerkId, now: Mono) -> May {
        let none = Bearing::on(clerk, now);
        let look = |notes: &NoteBook| notes.look(order, none, Bearing::add);
        self.notes.as_ref().map_or(none, look).may()
    }

    /// Whether an order's notes keep a clerk from taking it now. Who only rests from it is kept
    /// from it as long as somebody else is signed in who might take it.
    ///
    /// Costs nothing without such notes; asks all clerks if it must.
    pub(super) fn is_kept_from(&self, clerk: ClerkId, life: Live<'_>, now: Mono) -> bool {
        if !life.terms().is_ok_and(|terms| terms.is_noted) {
            return false;
        }
        match self.may_by_notes(life.order, clerk, now) {
            May::Take => false,
            May::Not => true,
            May::IfNobodyElse => (0..).map(ClerkId).zip(&self.clerks).any(|(other, record)| {
                other != clerk
                    && record.post().is_signed_in()
                    && self.may_take(record, life)
                    && self.may_by_notes(life.order, other, now) == May::Take
            }),
        }
    }

    /// Adds notes to an order, whatever it says already. Notes that bear on where it waits count
    /// once its next turn has begun, with `is_noted`.
    ///
    /// Lock-free. Of more than four notes some may come to be noted though not all do.
    pub(super) fn note(
        &self,
        order: OrderId,
        new: &[Note],
        reserve: Reserve,
    ) -> Result<(), NotNoted> {
        let notes = self.notes.as_ref().ok_or(NotNoted::NoRoom { notes: 0 })?;
        loop {
            let seen = notes.ledger.begin_late(order.slot(), order.generation());
            match notes.append(&seen.ok_or(NotNoted::Over)?, new, reserve) {
                Err(NotNoted::Changed) => {}
                answer => return answer,
            }
        }
    }

    /// Adds at most four notes to an order, if nothing was noted since its list was read.
    pub(super) fn note_as_read(
        &self,
        order: OrderId,
        read: &ReadNotes,
        new: &[Note],
        reserve: Reserve,
    ) -> Result<(), NotNoted> {
        let notes = self.notes.as_ref().ok_or(NotNoted::NoRoom { notes: 0 })?;
        let Some(seen) = read.seen else {
            let seen = notes.ledger.begin_late(order.slot(), order.generation());
            let seen = seen.ok_or(NotNoted::Over)?;
            // Another thread may have begun the list, and noted something.
            return if seen.len() == 1 {
                notes.append(&seen, new, reserve)
            } else {
                Err(NotNoted::Changed)
            };
        };
        notes.append(&seen, new, reserve)
    }

    /// Gives the slot of an order back that is over, and its notes.
    #[inline]
    pub(super) fn give_slot(&self, order: OrderId) {
        if let Some(notes) = &self.notes {
            notes.end(order);
        }
        self.slab.give(order.slot());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Advancer, Cx, Now, OrderSpec, Outbox, PoolId, Reason, RulesDraft, Says, ServiceId,
        ServiceRule, Skills, Wall, Why,
    };

    const ANN: ClerkId = ClerkId(0);

    fn engine(notes: u32) -> (Engine, Advancer) {
        let service = ServiceRule {
            pool: PoolId(0),
            needs: Skills::none(),
            wait_limit_ms: None,
            ladder: None,
        };
        let draft = RulesDraft { pools: 1, services: vec![service], ..Default::default() };
        let rules = draft.check().expect("the rules are right");
        Engine::new(rules, Bounds { notes, ..Bounds::new(1, 1) }).unwrap()
    }

    fn submit(engine: &Engine, out: &mut Outbox) -> OrderId {
        let mut cx = Cx::new(Now::after(Wall(0), 0), out);
        engine.submit(&mut cx, &OrderSpec::new(ServiceId(0))).unwrap().order
    }

    fn cancel(engine: &Engine, out: &mut Outbox, order: OrderId) {
        let mut cx = Cx::new(Now::after(Wall(0), 0), out);
        engine.cancel(&mut cx, order, Reason::EndOfDay).unwrap();
    }

    fn recalled(at: u64) -> Note {
        Note::new(Mono(at), Says::Recalled { clerk: ANN })
    }

    #[test]
    fn notes_are_of_one_life() {
        let (engine, _advancer) = engine(8);
        let (inner, mut out) = (&engine.inner, Outbox::default());
        let first = submit(&engine, &mut out);
        assert_eq!(engine.notes(first).unwrap().all(), []);
        let excluded = Says::Excluded { clerk: ANN, why: Why::Recusal, until: None };
        inner.note(first, &[recalled(1), Note::new(Mono(2), excluded)], Reserve::Keep).unwrap();
        assert_eq!(inner.sum_of_notes(first, Mono(3)).recalls, 1);
        assert_eq!(inner.may_by_notes(first, ANN, Mono(3)), May::Not);
        assert_eq!(engine.notes(first).unwrap().all().len(), 2);
        cancel(&engine, &mut out, first);
        assert_eq!(inner.note(first, &[recalled(3)], Reserve::Use), Err(NotNoted::Over));
        let next = submit(&engine, &mut out);
        assert_eq!(engine.notes(first), None);
        assert_eq!(inner.may_by_notes(next, ANN, Mono(3)), May::Take);
        assert_eq!((engine.notes(next).unwrap().all(), engine.notes_in_use()), (&[][..], (0, 8)));
    }

    #[test]
    fn a_list_is_appended_to_as_it_was_read_or_not_at_all() {
        let (engine, _advancer) = engine(8);
        let (inner, order) = (&engine.inner, submit(&engine, &mut Outbox::default()));
        let nothing = inner.read_notes(order);
        inner.note_as_read(order, &nothing, &[recalled(1)], Reserve::Keep).unwrap();
        let again = inner.note_as_read(order, &nothing, &[recalled(2)], Reserve::Keep);
        assert_eq!(again, Err(NotNoted::Changed));
        let one = inner.read_notes(order);
        inner.note_as_read(order, &one, &[recalled(2)], Reserve::Keep).unwrap();
        assert_eq!(engine.notes(order).unwrap().recalls(), 2);
        let most = inner.note(order, &[recalled(3); 7], Reserve::Keep);
        assert_eq!(most, Err(NotNoted::NoRoom { notes: 8 }));
    }

    #[test]
    fn without_room_nothing_is_noted() {
        let (engine, _advancer) = engine(0);
        let (inner, order) = (&engine.inner, submit(&engine, &mut Outbox::default()));
        let refused = Err(NotNoted::NoRoom { notes: 0 });
        assert_eq!(inner.note(order, &[recalled(1)], Reserve::Use), refused);
        assert_eq!(inner.may_by_notes(order, ANN, Mono(3)), May::Take);
        assert_eq!((engine.notes(order).unwrap().all(), engine.notes_in_use()), (&[][..], (0, 0)));
    }
}
