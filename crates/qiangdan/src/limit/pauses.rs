//! When a clock stood still, and why.

use crate::Wall;

/// Why a clock is paused, by number: 补正, 听证, 鉴定, 专家评审 ... (行政许可法 art. 45). The hall names
/// its reasons.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PauseReason(u8);

impl PauseReason {
    /// The largest number of a reason.
    pub const MAX: u8 = 63;

    /// The reason with this number; none if it is more than [`PauseReason::MAX`].
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number <= Self::MAX { Some(Self(number)) } else { None }
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// A set of reasons.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Reasons(u64);

impl Reasons {
    /// This set and one more.
    #[must_use]
    pub const fn with(self, reason: PauseReason) -> Self {
        Self(self.0 | 1 << reason.0)
    }

    /// All reasons of either set.
    #[must_use]
    pub const fn and(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }

    /// This set without one reason.
    #[must_use]
    pub const fn without(self, reason: PauseReason) -> Self {
        Self(self.0 & !(1 << reason.0))
    }

    /// Whether a reason is in the set.
    #[must_use]
    pub const fn has(self, reason: PauseReason) -> bool {
        self.0 >> reason.0 & 1 == 1
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// All of them, by number.
    pub fn iter(self) -> impl Iterator<Item = PauseReason> {
        (0..=PauseReason::MAX).map(PauseReason).filter(move |&reason| self.has(reason))
    }
}

/// One pause for one reason.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Pause {
    /// Why.
    pub reason: PauseReason,
    /// When it began.
    pub from: Wall,
    /// When it ended; `None` while it goes on.
    pub until: Option<Wall>,
}

/// All pauses of a clock, in the order they were told. Nothing told is taken back.
///
/// The clock stands still while at least one reason holds; pauses that overlap count once.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pauses {
    told: Vec<Pause>,
    /// Stretches that are over, rising, apart from each other and from `open`.
    over: Vec<(Wall, Wall)>,
    /// Since when it stands still.
    open: Option<Wall>,
}

/// Why a pause cannot be told. What was told before stays as it was.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PauseError {
    /// It is paused for this reason already. Resume first.
    #[error("paused for reason {} already", reason.0)]
    AlreadyPaused {
        /// The reason.
        reason: PauseReason,
    },
    /// It is not paused for this reason.
    #[error("not paused for reason {}", reason.0)]
    NotPaused {
        /// The reason.
        reason: PauseReason,
    },
    /// It would end before it began.
    #[error("it would end before it began")]
    Backwards {
        /// When it began.
        from: Wall,
    },
}

impl Pauses {
    /// None.
    #[must_use]
    pub const fn none() -> Self {
        Self { told: Vec::new(), over: Vec::new(), open: None }
    }

    /// A pause for `reason` begins at `at`, which may lie in the past: the figures follow.
    ///
    /// # Errors
    ///
    /// [`PauseError::AlreadyPaused`].
    pub fn pause(&mut self, reason: PauseReason, at: Wall) -> Result<(), PauseError> {
        if self.running(reason).is_some() {
            return Err(PauseError::AlreadyPaused { reason });
        }
        self.told.push(Pause { reason, from: at, until: None });
        self.unite();
        Ok(())
    }

    /// The pause for `reason` ends at `at`. Others may go on.
    ///
    /// # Errors
    ///
    /// [`PauseError::NotPaused`]; [`PauseError::Backwards`] if it began later.
    pub fn resume(&mut self, reason: PauseReason, at: Wall) -> Result<(), PauseError> {
        let running = self.running(reason).ok_or(PauseError::NotPaused { reason })?;
        let from = running.from;
        if at < from {
            return Err(PauseError::Backwards { from });
        }
        running.until = Some(at);
        self.unite();
        Ok(())
    }

    /// A pause that is over already is told, all at once.
    ///
    /// # Errors
    ///
    /// [`PauseError::Backwards`].
    pub fn add(&mut self, reason: PauseReason, from: Wall, until: Wall) -> Result<(), PauseError> {
        if until < from {
            return Err(PauseError::Backwards { from });
        }
        self.told.push(Pause { reason, from, until: Some(until) });
        self.unite();
        Ok(())
    }

    /// All pauses, as they were told.
    #[must_use]
    pub fn told(&self) -> &[Pause] {
        &self.told
    }

    /// Since when it stands still; none if it runs.
    #[must_use]
    pub fn paused_since(&self) -> Option<Wall> {
        self.open
    }

    /// The reasons that hold now.
    #[must_use]
    pub fn reasons(&self) -> Reasons {
        let held = self.told.iter().filter(|pause| pause.until.is_none());
        held.fold(Reasons::default(), |reasons, pause| reasons.with(pause.reason))
    }

    /// Stretches of standing still that are over, rising and apart from each other.
    #[must_use]
    pub fn over(&self) -> &[(Wall, Wall)] {
        &self.over
    }

    /// All stretches before `now`, the last one cut there.
    pub(super) fn until(&self, now: Wall) -> impl Iterator<Item = (Wall, Wall)> + '_ {
        let open = self.open.map(|from| (from, now));
        let stretches = self.over.iter().copied().chain(open);
        stretches.map(move |(from, until)| (from, until.min(now))).filter(|(from, to)| from < to)
    }

    fn running(&mut self, reason: PauseReason) -> Option<&mut Pause> {
        self.told.iter_mut().find(|pause| pause.reason == reason && pause.until.is_none())
    }

    /// Makes the union of all pauses anew.
    fn unite(&mut self) {
        // One that goes on is a stretch without an end.
        const NEVER: Wall = Wall(i64::MAX);
        let stretch = |pause: &Pause| (pause.from, pause.until.unwrap_or(NEVER));
        let mut stretches = self.told.iter().map(stretch).collect::<Vec<_>>();
        stretches.retain(|(from, until)| from < until);
        stretches.sort_unstable();
        self.over.clear();
        for (from, until) in stretches {
            match self.over.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(until),
                _ => self.over.push((from, until)),
            }
        }
        self.open = self.over.pop_if(|last| last.1 == NEVER).map(|(from, _)| from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEARING: PauseReason = PauseReason(0);
    const EXPERTS: PauseReason = PauseReason(1);

    #[test]
    fn it_stands_still_while_a_reason_holds() {
        let mut pauses = Pauses::none();
        pauses.pause(HEARING, Wall(10)).unwrap();
        pauses.pause(EXPERTS, Wall(20)).unwrap();
        pauses.resume(HEARING, Wall(30)).unwrap();
        assert_eq!(pauses.paused_since(), Some(Wall(10)));
        assert!(pauses.reasons().has(EXPERTS) && !pauses.reasons().has(HEARING));
        pauses.resume(EXPERTS, Wall(40)).unwrap();
        assert_eq!((pauses.over(), pauses.paused_since()), (&[(Wall(10), Wall(40))][..], None));
        assert!(pauses.reasons().is_empty());
    }

    #[test]
    fn what_is_told_late_is_united_with_what_was_told() {
        let mut pauses = Pauses::none();
        pauses.pause(HEARING, Wall(100)).unwrap();
        pauses.add(EXPERTS, Wall(90), Wall(100)).unwrap();
        pauses.add(EXPERTS, Wall(10), Wall(10)).unwrap();
        pauses.add(EXPERTS, Wall(50), Wall(60)).unwrap();
        assert_eq!(pauses.paused_since(), Some(Wall(90)));
        assert_eq!(pauses.over(), [(Wall(50), Wall(60))]);
        assert_eq!(pauses.told().len(), 4);
        let until = |now: i64| pauses.until(Wall(now)).collect::<Vec<_>>();
        assert_eq!(until(55), [(Wall(50), Wall(55))]);
        assert_eq!(until(95), [(Wall(50), Wall(60)), (Wall(90), Wall(95))]);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let mut pauses = Pauses::none();
        let not_paused = Err(PauseError::NotPaused { reason: HEARING });
        assert_eq!(pauses.resume(HEARING, Wall(5)), not_paused);
        pauses.pause(HEARING, Wall(10)).unwrap();
        let already = Err(PauseError::AlreadyPaused { reason: HEARING });
        assert_eq!(pauses.pause(HEARING, Wall(11)), already);
        let backwards = Err(PauseError::Backwards { from: Wall(10) });
        assert_eq!(pauses.resume(HEARING, Wall(9)), backwards);
        assert_eq!(pauses.told().len(), 1);
        assert_eq!(PauseReason::new(64), None);
        assert_eq!(pauses.reasons().iter().collect::<Vec<_>>(), [HEARING]);
    }
}
