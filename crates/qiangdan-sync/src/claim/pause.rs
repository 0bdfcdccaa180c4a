//! A pause of the claim: the slot is put aside by its owner, who is kept or not.
//!
//! | phase       | owner in the word | who goes on with it                                             |
//! |-------------|-------------------|-----------------------------------------------------------------|
//! | `Suspended` | the one kept      | that owner, active, in the same epoch; or it is given back      |
//! | `Suspended` | none              | nobody; it is opened for the next                               |
//!
//! While it is suspended nobody writes the slot's data, but whoever resumes it may write where it goes
//! before the swap; of several who race to, the word lets one through.
//!
//! Edges: what `try_suspend` sends and `try_resume` receives is "hand-over", and so is what
//! `try_resume` sends when it opens the slot; to the same owner it is "progress".

use super::{ClaimWord, End, Owner, Phase, Refused, Seen};

/// What becomes of the owner of a slot that is suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The slot is kept for the owner, who goes on with it.
    Owner,
    /// Nobody owns it any more.
    Nobody,
}

/// How a suspended slot goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onward {
    /// With the owner kept, active, in the same epoch.
    Active,
    /// Open or shut, for the next owner, whether one was kept or not.
    To(Phase),
}

/// From where a slot is given back, whoever owns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GiveBack {
    /// Held, active, or suspended and kept for its owner.
    Owned,
    /// Held: its owner has not begun, nor put it aside.
    IfHeld,
    /// Suspended, and kept for nobody.
    IfLetGo,
}

impl GiveBack {
    /// Whether a slot that is as was seen is given back from there.
    #[must_use]
    pub fn reaches(self, seen: Seen) -> bool {
        match self {
            Self::Owned => seen.phase.is_owned() && seen.owner.is_some(),
            Self::IfHeld => seen.phase == Phase::Held,
            Self::IfLetGo => seen.phase == Phase::Suspended && seen.owner.is_none(),
        }
    }
}

/// What [`ClaimWord::try_suspend`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspension {
    /// This call suspended the slot, which was in this phase.
    Now(Phase),
    /// It was suspended before, in this epoch.
    Already,
}

impl ClaimWord {
    /// Puts a held or active slot aside; doing it again in the same claim changes nothing.
    ///
    /// The epoch stays. Lock-free, and linearizes as [`try_hold`](Self::try_hold) does.
    ///
    /// # Errors
    ///
    /// [`Refused::Stale`] in another life; [`Refused::NotHeld`] if it is not in this claim;
    /// [`Refused::Exhausted`] if nobody is kept and no epoch is left for the next owner. The slot
    /// is then still held.
    pub fn try_suspend(
        &self,
        generation: u32,
        epoch: u16,
        owner: Owner,
        keep: Keep,
    ) -> Result<Suspension, Refused> {
        let moved = self.swap(generation, |seen| {
            if !matches!(seen.phase, Phase::Held | Phase::Active) || !seen.is_claim(epoch, owner) {
                return Err(Refused::NotHeld(seen));
            }
            let owner = match keep {
                Keep::Owner => seen.owner,
                Keep::Nobody if seen.epoch == u16::MAX => return Err(Refused::Exhausted),
                Keep::Nobody => None,
            };
            Ok(Seen { phase: Phase::Suspended, owner, ..seen })
        });
        match moved {
            Ok(was) => Ok(Suspension::Now(was.phase)),
            Err(Refused::NotHeld(seen))
                if seen.phase == Phase::Suspended
                    && seen.epoch == epoch
                    && seen.owner.is_none_or(|kept| kept == owner) =>
            {
                Ok(Suspension::Already)
            }
            Err(refused) => Err(refused),
        }
    }

    /// Lets a suspended slot go on, in the epoch in which it was suspended; returns what the word said
    /// before: who was kept, if anybody.
    ///
    /// Lock-free, and linearizes as [`try_hold`](Self::try_hold) does.
    ///
    /// # Errors
    ///
    /// [`Refused::Stale`] in another life; [`Refused::NotHeld`] if it is not suspended in this
    /// epoch, or is to go on with an owner and none was kept; [`Refused::Exhausted`] if no epoch is
    /// left for the next owner.
    ///
    /// # Panics
    ///
    /// If it is to go on to a phase that is neither [`Phase::Open`] nor [`Phase::Shut`].
    pub fn try_resume(&self, generation: u32, epoch: u16, onward: Onward) -> Result<Seen, Refused> {
        if let Onward::To(to) = onward {
            assert!(matches!(to, Phase::Open | Phase::Shut), "a slot goes on open or shut");
        }
        self.swap(generation, |seen| {
            if seen.phase != Phase::Suspended || seen.epoch != epoch {
                return Err(Refused::NotHeld(seen));
            }
            match onward {
                Onward::Active if seen.owner.is_none() => Err(Refused::NotHeld(seen)),
                Onward::Active => Ok(Seen { phase: Phase::Active, ..seen }),
                Onward::To(_) if seen.epoch == u16::MAX => Err(Refused::Exhausted),
                Onward::To(to) => Ok(Seen { phase: to, owner: None, ..seen }),
            }
        })
    }

    /// Brings a held slot to `end`, whose owner has not begun.
    ///
    /// Epoch and owner stay. Lock-free, and linearizes as [`try_hold`](Self::try_hold) does.
    ///
    /// # Errors
    ///
    /// [`Refused::Stale`] in another life; [`Refused::NotHeld`] if it is not in this claim, or begun.
    pub fn try_finish_held(
        &self,
        generation: u32,
        epoch: u16,
        owner: Owner,
        end: End,
    ) -> Result<(), Refused> {
        self.swap(generation, |seen| match seen.phase {
            Phase::Held if seen.is_claim(epoch, owner) => {
                Ok(Seen { phase: Phase::Done, end, ..seen })
            }
            _ => Err(Refused::NotHeld(seen)),
        })
        .map(drop)
    }

    /// Gives a slot back, open or shut, whose claim is of this epoch, and returns what the word said
    /// before. For whoever has found out elsewhere that the claim is to end, in place of its owner.
    ///
    /// The epoch stays. Lock-free, and linearizes as [`try_hold`](Self::try_hold) does.
    ///
    /// # Errors
    ///
    /// [`Refused::Stale`] in another life; [`Refused::NotHeld`] if it is not in a claim of this
    /// epoch, or not in a phase that `from` names; [`Refused::Exhausted`] if no epoch is left for
    /// the next owner.
    ///
    /// # Panics
    ///
    /// If `to` is neither [`Phase::Open`] nor [`Phase::Shut`].
    pub fn try_give_back(
        &self,
        generation: u32,
        epoch: u16,
        from: GiveBack,
        to: Phase,
    ) -> Result<Seen, Refused> {
        assert!(matches!(to, Phase::Open | Phase::Shut), "a slot is given back open or shut");
        self.swap(generation, |seen| {
            if !from.reaches(seen) || seen.epoch != epoch {
                return Err(Refused::NotHeld(seen));
            }
            if seen.epoch == u16::MAX {
                return Err(Refused::Exhausted);
            }
            Ok(Seen { phase: to, owner: None, ..seen })
        })
    }
}

#[cfg(all(test, not(qiangdan_loom)))]
mod tests {
    use super::super::{CloseReach, Started};
    use super::*;

    const ANN: Owner = Owner(3);
    const BO: Owner = Owner(4);

    fn held() -> (ClaimWord, u32) {
        let word = ClaimWord::new();
        let generation = word.fill().expect("a new slot has generations left");
        word.open(generation);
        assert_eq!(word.try_hold(generation, ANN), Ok(1));
        (word, generation)
    }

    #[test]
    fn an_owner_who_is_kept_goes_on_in_the_same_epoch() {
        let (word, life) = held();
        assert_eq!(word.try_suspend(life, 1, ANN, Keep::Owner), Ok(Suspension::Now(Phase::Held)));
        assert_eq!(word.try_suspend(life, 1, ANN, Keep::Nobody), Ok(Suspension::Already));
        let seen = word.load();
        assert_eq!((seen.phase, seen.epoch, seen.owner), (Phase::Suspended, 1, Some(ANN)));
        assert_eq!(word.try_start(life, 1, ANN), Err(Refused::NotHeld(seen)));
        assert_eq!(word.try_hold(life, BO), Err(Refused::NotOpen(seen)));
        assert_eq!(word.try_resume(life, 2, Onward::Active), Err(Refused::NotHeld(seen)));
        assert_eq!(word.try_resume(life, 1, Onward::Active), Ok(seen));
        assert_eq!(word.load(), Seen { phase: Phase::Active, ..seen });
        assert_eq!(word.try_start(life, 1, ANN), Ok(Started::Already));
    }

    #[test]
    fn without_an_owner_it_is_open_to_the_next() {
        for to in [Phase::Open, Phase::Shut] {
            let (word, life) = held();
            word.try_start(life, 1, ANN).unwrap();
            let suspended = word.try_suspend(life, 1, ANN, Keep::Nobody);
            assert_eq!(suspended, Ok(Suspension::Now(Phase::Active)));
            assert_eq!(word.try_suspend(life, 1, ANN, Keep::Owner), Ok(Suspension::Already));
            let seen = word.load();
            assert_eq!(seen.owner, None);
            assert_eq!(word.try_resume(life, 1, Onward::Active), Err(Refused::NotHeld(seen)));
            assert_eq!(word.try_resume(life, 1, Onward::To(to)), Ok(seen));
            assert_eq!((word.load().phase, word.load().epoch), (to, 1));
            if to == Phase::Open {
                assert_eq!(word.try_hold(life, BO), Ok(2));
            }
        }
    }

    #[test]
    fn a_suspended_slot_is_given_back_finished_and_closed() {
        let (word, life) = held();
        word.try_suspend(life, 1, ANN, Keep::Owner).unwrap();
        assert!(word.try_close_unowned(life, CloseReach::Unowned, End(2)).is_err());
        assert!(word.try_release(life, 1, BO, Phase::Open).is_err());
        assert_eq!(word.try_release(life, 1, ANN, Phase::Open), Ok(Phase::Suspended));
        word.try_hold(life, ANN).unwrap();
        word.try_suspend(life, 2, ANN, Keep::Owner).unwrap();
        assert_eq!(word.try_finish(life, 2, ANN, End(1)), Ok(Phase::Suspended));
        for keep in [Keep::Owner, Keep::Nobody] {
            let (word, life) = held();
            word.try_suspend(life, 1, ANN, keep).unwrap();
            let before = word.load();
            let closed = word.try_close_unowned(life, CloseReach::OrHeld, End(2));
            assert_eq!((closed, word.load().phase), (Ok(before), Phase::Done));
        }
    }

    #[test]
    fn a_claim_is_given_back_in_its_epoch_only() {
        for from in [GiveBack::Owned, GiveBack::IfHeld] {
            let (word, life) = held();
            assert!(word.try_give_back(life, 2, from, Phase::Open).is_err());
            assert!(word.try_give_back(life + 1, 1, from, Phase::Open).is_err());
            let before = word.load();
            assert_eq!(word.try_give_back(life, 1, from, Phase::Shut), Ok(before));
            assert_eq!((word.load().phase, word.load().owner), (Phase::Shut, None));
            assert!(word.try_give_back(life, 1, from, Phase::Open).is_err());
            let (word, life) = held();
            word.try_start(life, 1, ANN).unwrap();
            let back = word.try_give_back(life, 1, from, Phase::Open);
            assert_eq!(back.is_ok(), from == GiveBack::Owned);
            assert!(word.try_finish_held(life, 1, ANN, End(3)).is_err());
            let (word, life) = held();
            assert!(word.try_finish_held(life, 1, BO, End(3)).is_err());
            assert_eq!(word.try_finish_held(life, 1, ANN, End(3)), Ok(()));
            assert_eq!((word.load().phase, word.load().end), (Phase::Done, End(3)));
            let (word, life) = held();
            word.try_suspend(life, 1, ANN, Keep::Owner).unwrap();
            assert!(word.try_give_back(life, 1, GiveBack::IfLetGo, Phase::Open).is_err());
            let back = word.try_give_back(life, 1, from, Phase::Open);
            assert_eq!(back.is_ok(), from == GiveBack::Owned);
            let (word, life) = held();
            word.try_suspend(life, 1, ANN, Keep::Nobody).unwrap();
            assert!(word.try_give_back(life, 1, from, Phase::Open).is_err());
            assert!(word.try_give_back(life, 1, GiveBack::IfLetGo, Phase::Open).is_ok());
        }
    }

    #[test]
    fn without_epochs_left_it_goes_on_with_its_owner_only() {
        let last = Seen {
            generation: 1,
            epoch: u16::MAX,
            phase: Phase::Held,
            end: End(0),
            owner: Some(ANN),
        };
        let word = ClaimWord { word: crate::sync::AtomicU64::new(last.word()) };
        assert_eq!(word.try_suspend(1, u16::MAX, ANN, Keep::Nobody), Err(Refused::Exhausted));
        word.try_suspend(1, u16::MAX, ANN, Keep::Owner).unwrap();
        let open = Onward::To(Phase::Open);
        assert_eq!(word.try_resume(1, u16::MAX, open), Err(Refused::Exhausted));
        assert!(word.try_resume(1, u16::MAX, Onward::Active).is_ok());
        assert_eq!(word.try_suspend(2, 1, ANN, Keep::Owner), Err(Refused::Stale));
        assert_eq!(word.try_resume(2, 1, Onward::Active), Err(Refused::Stale));
    }
}
