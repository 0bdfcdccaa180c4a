//! Offers: a slot is kept for one owner, or for several, until somebody accepts or it is opened again.
//!
//! A reservation does not begin an epoch: only a hold does. So an offer that comes to nothing leaves no
//! trace in the word.

use super::{ClaimWord, Owner, Phase, Refused, Seen};

impl ClaimWord {
    /// Keeps an open slot for `owner` alone, or for several with `None`: who they are is for the caller
    /// to know.
    ///
    /// Exactly one caller per opening gets `Ok`, of those who reserve and those who hold. Lock-free, and
    /// linearizes as [`try_hold`](Self::try_hold) does.
    ///
    /// # Errors
    ///
    /// [`Refused::Stale`] in another life; [`Refused::NotOpen`] if it is not open;
    /// [`Refused::Exhausted`] if there is no epoch left for whoever would accept.
    #[inline]
    pub fn try_reserve(&self, generation: u32, owner: Option<Owner>) -> Result<(), Refused> {
        self.swap(generation, |seen| match seen.phase {
            Phase::Open if seen.epoch == u16::MAX => Err(Refused::Exhausted),
            Phase::Open => Ok(Seen { phase: Phase::Reserved, owner, ..seen }),
            _ => Err(Refused::NotOpen(seen)),
        })
        .map(drop)
    }

    /// Takes the claim for `owner` on a slot that is reserved for `reserved`, and returns its epoch.
    ///
    /// With `reserved` the owner, only they accept; with `None`, whoever the caller says is invited, and
    /// the first wins. Lock-free, and linearizes as [`try_hold`](Self::try_hold) does.
    ///
    /// # Errors
    ///
    /// [`Refused::Stale`] in another life; [`Refused::NotHeld`] if it is not reserved so.
    #[inline]
    pub fn try_accept(
        &self,
        generation: u32,
        reserved: Option<Owner>,
        owner: Owner,
    ) -> Result<u16, Refused> {
        self.swap(generation, |seen| match seen.epoch.checked_add(1) {
            _ if !seen.is_reserved(reserved) => Err(Refused::NotHeld(seen)),
            Some(epoch) => Ok(Seen { phase: Phase::Held, epoch, owner: Some(owner), ..seen }),
            None => Err(Refused::Exhausted),
        })
        .map(|was| was.epoch + 1)
    }

    /// Opens a slot again that is reserved for `reserved`: they declined, or time is up.
    ///
    /// The epoch stays. Exactly one caller per reservation gets `Ok`, of those who accept, close and open
    /// it. Lock-free, and linearizes as [`try_hold`](Self::try_hold) does.
    ///
    /// # Errors
    ///
    /// [`Refused::Stale`] in another life; [`Refused::NotHeld`] if it is not reserved so.
    #[inline]
    pub fn try_unreserve(&self, generation: u32, reserved: Option<Owner>) -> Result<(), Refused> {
        self.swap(generation, |seen| {
            if seen.is_reserved(reserved) {
                Ok(Seen { phase: Phase::Open, owner: None, ..seen })
            } else {
                Err(Refused::NotHeld(seen))
            }
        })
        .map(drop)
    }
}

impl Seen {
    /// Whether the slot is reserved for just this owner, or with `None` for several.
    #[must_use]
    #[inline]
    pub fn is_reserved(&self, owner: Option<Owner>) -> bool {
        self.phase == Phase::Reserved && self.owner == owner
    }
}

#[cfg(all(test, not(qiangdan_loom)))]
mod tests {
    use super::*;
    use crate::claim::{CloseReach, End};

    const ANN: Owner = Owner(0);
    const BO: Owner = Owner(1);

    fn reserved(owner: Option<Owner>) -> ClaimWord {
        let word = ClaimWord::new();
        let generation = word.fill().expect("a new slot has generations left");
        word.open(generation);
        word.try_reserve(generation, owner).expect("it is open");
        word
    }

    #[test]
    fn only_the_one_it_is_kept_for_accepts() {
        let word = reserved(Some(ANN));
        let seen = word.load();
        assert_eq!(word.try_accept(1, Some(BO), BO), Err(Refused::NotHeld(seen)));
        assert_eq!(word.try_accept(1, None, BO), Err(Refused::NotHeld(seen)));
        assert_eq!(word.try_hold(1, BO), Err(Refused::NotOpen(seen)));
        assert_eq!(word.try_reserve(1, Some(BO)), Err(Refused::NotOpen(seen)));
        assert_eq!(word.try_accept(1, Some(ANN), ANN), Ok(1));
        assert!(word.load().is_claim(1, ANN));
        assert_eq!(word.try_unreserve(1, Some(ANN)), Err(Refused::NotHeld(word.load())));
    }

    #[test]
    fn the_first_of_several_accepts() {
        let word = reserved(None);
        assert_eq!(word.try_accept(1, None, BO), Ok(1));
        let held = word.load();
        assert_eq!(word.try_accept(1, None, ANN), Err(Refused::NotHeld(held)));
        assert_eq!((held.phase, held.owner), (Phase::Held, Some(BO)));
    }

    #[test]
    fn an_offer_that_comes_to_nothing_leaves_no_trace() {
        let word = reserved(Some(ANN));
        assert_eq!(word.try_unreserve(1, None), Err(Refused::NotHeld(word.load())));
        assert_eq!(word.try_unreserve(1, Some(ANN)), Ok(()));
        let open = word.load();
        assert_eq!((open.phase, open.epoch, open.owner), (Phase::Open, 0, None));
        assert_eq!(word.try_hold(1, BO), Ok(1));
    }

    #[test]
    fn what_is_closed_while_it_is_kept_was_nobodys() {
        let word = reserved(Some(ANN));
        let before = word.try_close_unowned(1, CloseReach::Unowned, End(2)).unwrap();
        assert!(before.is_reserved(Some(ANN)));
        let done = word.load();
        assert_eq!((done.phase, done.end, done.owner), (Phase::Done, End(2), None));
        assert_eq!(word.try_accept(1, Some(ANN), ANN), Err(Refused::NotHeld(done)));
    }

    #[test]
    fn without_an_epoch_left_nothing_is_offered() {
        let word = reserved(Some(ANN));
        let last = Seen { phase: Phase::Open, epoch: u16::MAX, owner: None, ..word.load() };
        let word = ClaimWord { word: crate::sync::AtomicU64::new(last.word()) };
        assert_eq!(word.try_reserve(1, Some(ANN)), Err(Refused::Exhausted));
    }
}
