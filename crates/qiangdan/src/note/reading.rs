//! What a list of notes comes to.

use super::{Note, Says, Why};
use crate::{ClerkId, Mono, PoolId};

/// The notes on one order as they were at one instant, oldest first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Notes {
    all: Vec<Note>,
}

impl Notes {
    pub(crate) fn new(all: Vec<Note>) -> Self {
        Self { all }
    }

    /// Every note, oldest first.
    #[must_use]
    pub fn all(&self) -> &[Note] {
        &self.all
    }

    /// Whom the notes keep from taking the order at an instant, and why. A clerk may be named more than
    /// once.
    pub fn excluded(&self, now: Mono) -> impl Iterator<Item = (ClerkId, Why, Option<Mono>)> + '_ {
        self.all.iter().filter_map(move |note| match note.says {
            Says::Excluded { clerk, why, until } if holds(note.at, until, now) => {
                Some((clerk, why, until))
            }
            _ => None,
        })
    }

    /// Who alone may take the order at an instant, and until when.
    #[must_use]
    pub fn preferred(&self, now: Mono) -> Option<(ClerkId, Option<Mono>)> {
        self.sum(now).preferred
    }

    /// How often the person was called again.
    #[must_use]
    pub fn recalls(&self) -> u32 {
        self.sum(Mono(0)).recalls
    }

    /// When they were last.
    #[must_use]
    pub fn last_recall(&self) -> Option<Mono> {
        self.sum(Mono(0)).last_recall
    }

    /// How often the order was handed on.
    #[must_use]
    pub fn hops(&self) -> u32 {
        self.sum(Mono(0)).hops
    }

    /// How often it was given back, as far as its service has that noted.
    #[must_use]
    pub fn put_backs(&self) -> u32 {
        self.sum(Mono(0)).put_backs
    }

    /// How often it was offered.
    #[must_use]
    pub fn offers(&self) -> u32 {
        self.sum(Mono(0)).offers
    }

    /// How often an offer of it was not answered.
    #[must_use]
    pub fn missed(&self) -> u32 {
        self.sum(Mono(0)).missed
    }

    /// The pool it was moved to, if that is not its service's own.
    #[must_use]
    pub fn moved_to(&self) -> Option<PoolId> {
        self.sum(Mono(0)).moved.flatten()
    }

    fn sum(&self, now: Mono) -> Sum {
        let mut sum = Sum::at(now);
        self.all.iter().rev().for_each(|&note| sum.add(note));
        sum
    }
}

/// Whether a note that holds from one instant until another holds now.
fn holds(at: Mono, until: Option<Mono>, now: Mono) -> bool {
    at <= now && until.is_none_or(|until| now < until)
}

/// What all notes on an order come to at an instant; they are added newest first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sum {
    now: Mono,
    pub(crate) recalls: u32,
    pub(crate) last_recall: Option<Mono>,
    pub(crate) hops: u32,
    pub(crate) put_backs: u32,
    pub(crate) offers: u32,
    pub(crate) missed: u32,
    /// The last move, and where to; back to its service's own pool if nowhere.
    pub(crate) moved: Option<Option<PoolId>>,
    pub(crate) preferred: Option<(ClerkId, Option<Mono>)>,
    /// The latest claim that was renewed, and until when.
    pub(crate) renewed: Option<(u16, Mono)>,
    /// Whether not everybody may take it who may otherwise: some note says so, though it may hold no
    /// more. A list that grows never goes back on this.
    pub(crate) is_apart: bool,
}

impl Sum {
    pub(crate) fn at(now: Mono) -> Self {
        Self {
            now,
            recalls: 0,
            last_recall: None,
            hops: 0,
            put_backs: 0,
            offers: 0,
            missed: 0,
            moved: None,
            preferred: None,
            renewed: None,
            is_apart: false,
        }
    }

    /// Takes in a note that is older than those before.
    pub(crate) fn add(&mut self, note: Note) {
        match note.says {
            Says::Excluded { .. } => self.is_apart = true,
            Says::Preferred { clerk, until } => {
                self.is_apart = true;
                if holds(note.at, until, self.now) {
                    self.preferred = self.preferred.or(Some((clerk, until)));
                }
            }
            Says::Recalled { .. } => {
                self.recalls += 1;
                self.last_recall = self.last_recall.or(Some(note.at));
            }
            Says::HandedOn { .. } => self.hops += 1,
            Says::PutBack { .. } => self.put_backs += 1,
            Says::Offered { .. } => self.offers += 1,
            Says::Missed { .. } => self.missed += 1,
            Says::Moved { pool } => self.moved = self.moved.or(Some(pool)),
            Says::Renewed { epoch, until } => self.renewed = self.renewed.or(Some((epoch, until))),
        }
    }
}

/// How the notes on an order bear on one clerk at an instant; they are added newest first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Bearing {
    now: Mono,
    clerk: ClerkId,
    preferred: Option<ClerkId>,
    hard: bool,
    soft: bool,
}

/// Whether a clerk may take an order, by its notes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum May {
    Take,
    /// Only if nobody else could who is signed in.
    IfNobodyElse,
    Not,
}

impl Bearing {
    pub(crate) fn on(clerk: ClerkId, now: Mono) -> Self {
        Self { now, clerk, preferred: None, hard: false, soft: false }
    }

    /// Takes in a note that is older than those before.
    pub(crate) fn add(&mut self, note: Note) {
        match note.says {
            Says::Excluded { clerk, why, until }
                if clerk == self.clerk && holds(note.at, until, self.now) =>
            {
                if why.is_soft() {
                    self.soft = true;
                } else {
                    self.hard = true;
                }
            }
            Says::Preferred { clerk, until } if holds(note.at, until, self.now) => {
                self.preferred = self.preferred.or(Some(clerk));
            }
            _ => {}
        }
    }

    pub(crate) fn may(self) -> May {
        if self.hard || self.preferred.is_some_and(|clerk| clerk != self.clerk) {
            May::Not
        } else if self.soft && self.preferred.is_none() {
            May::IfNobodyElse
        } else {
            May::Take
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: ClerkId = ClerkId(1);
    const BO: ClerkId = ClerkId(2);

    fn may(notes: &[Note], clerk: ClerkId, now: u64) -> May {
        let mut bearing = Bearing::on(clerk, Mono(now));
        notes.iter().rev().for_each(|&note| bearing.add(note));
        bearing.may()
    }

    fn excluded(clerk: ClerkId, why: Why, at: u64, until: Option<u64>) -> Note {
        Note::new(Mono(at), Says::Excluded { clerk, why, until: until.map(Mono) })
    }

    fn preferred(clerk: ClerkId, at: u64, until: Option<u64>) -> Note {
        Note::new(Mono(at), Says::Preferred { clerk, until: until.map(Mono) })
    }

    #[test]
    fn an_exclusion_holds_for_its_clerk_until_its_end() {
        let notes =
            [excluded(ANN, Why::Recusal, 0, None), excluded(BO, Why::GaveBack, 10, Some(20))];
        let of = |clerk, now| may(&notes, clerk, now);
        assert_eq!([of(ANN, 0), of(ANN, u64::MAX)], [May::Not; 2]);
        assert_eq!([of(BO, 9), of(BO, 20), of(ClerkId(3), 10)], [May::Take; 3]);
        assert_eq!([of(BO, 10), of(BO, 19)], [May::IfNobodyElse; 2]);
        let list = Notes::new(notes.to_vec());
        assert_eq!(list.excluded(Mono(10)).count(), 2);
        assert_eq!(list.excluded(Mono(20)).next(), Some((ANN, Why::Recusal, None)));
    }

    #[test]
    fn of_several_preferred_the_last_that_holds_counts() {
        let notes = [preferred(ANN, 0, None), preferred(BO, 5, Some(9))];
        for (now, who) in [(0, ANN), (5, BO), (8, BO), (9, ANN)] {
            assert_eq!(may(&notes, who, now), May::Take, "{now}");
            assert_eq!(may(&notes, ClerkId(3), now), May::Not, "{now}");
            assert_eq!(Notes::new(notes.to_vec()).preferred(Mono(now)).map(|p| p.0), Some(who));
        }
        let both = [excluded(BO, Why::Declined, 0, None), preferred(BO, 5, Some(9))];
        assert_eq!(may(&both, BO, 5), May::Take, "a rest does not count for who is asked for");
        assert_eq!(may(&both, BO, 9), May::IfNobodyElse);
        let never = [excluded(BO, Why::Received, 0, None), preferred(BO, 5, Some(9))];
        assert_eq!(may(&never, BO, 5), May::Not);
    }

    #[test]
    fn counts_add_up_and_the_last_of_a_kind_counts() {
        let says = [
            Says::Recalled { clerk: ANN },
            Says::Recalled { clerk: BO },
            Says::HandedOn { clerk: ANN },
            Says::PutBack { clerk: ANN },
            Says::Offered { clerk: ANN },
            Says::Missed { clerk: ANN },
            Says::Moved { pool: None },
            Says::Moved { pool: Some(PoolId(2)) },
            Says::Renewed { epoch: 1, until: Mono(5) },
            Says::Renewed { epoch: 2, until: Mono(6) },
        ];
        let notes = (0..).map(Mono).zip(says).map(|(at, says)| Note::new(at, says));
        let list = Notes::new(notes.collect());
        let counts = [list.recalls(), list.hops(), list.put_backs(), list.offers(), list.missed()];
        assert_eq!((counts, list.moved_to()), ([2, 1, 1, 1, 1], Some(PoolId(2))));
        let sum = list.sum(Mono(0));
        assert_eq!((sum.last_recall, sum.renewed), (Some(Mono(1)), Some((2, Mono(6)))));
        assert!(!sum.is_apart);
        assert!(Notes::new(vec![preferred(ANN, 7, Some(8))]).sum(Mono(9)).is_apart);
    }
}
