//! Where a package stands: a fold of what was told of it. Pure, so that a child could check it.

use super::{
    Finish, IfFails, PackageError, PackageEventKind, PackageRule, PartId, Rest,
    fact::{Fact, What},
    rule::members,
};
use crate::{OrderId, Outcome, Wall};

/// Where a package is in its life.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PackageState {
    /// No part is over (在办).
    Open,
    /// Some parts are over (部分办结).
    PartlyDone,
    /// All parts are over, and enough are done: hand over (全部办结).
    AllDecided,
    /// All parts are over, or it was withdrawn, and too few are done (未办成).
    Failed,
    /// All results were handed over, once (一次送达).
    Delivered,
}

/// Where a part is in its life.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PartState {
    /// Parts before it are not over.
    Blocked,
    /// It may begin.
    Ready,
    /// It has an order.
    Running,
    /// It is done.
    Done,
    /// It has ended otherwise.
    Failed,
    /// It is not wanted any more.
    Dropped,
}

/// Whether a package is done.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Verdict {
    /// Not known yet.
    Open,
    /// Enough parts are done.
    Met,
    /// Too many parts have failed.
    OutOfReach,
}

impl Verdict {
    pub(super) fn told(self) -> Option<PackageEventKind> {
        match self {
            Self::Open => None,
            Self::Met => Some(PackageEventKind::Met),
            Self::OutOfReach => Some(PackageEventKind::OutOfReach),
        }
    }
}

/// Where a package stands. Sets of parts are a bit each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// All parts there are.
    all: u64,
    released: u64,
    began: u64,
    done: u64,
    failed: u64,
    dropped: u64,
    paused: u64,
    /// Has asked for papers, or has said that none are missing.
    heard: u64,
    /// Asks for papers, in no notice yet.
    asks: u64,
    /// In a notice, and what was asked for is not there.
    awaited: u64,
    /// Was ever in a notice.
    noticed: u64,
    notices: u8,
    verdict: Verdict,
    stands_still: Option<Wall>,
    /// When it was last told that it stands still, or no more.
    moved: Wall,
    is_issued: bool,
    is_delivered: bool,
    cover: Option<OrderId>,
}

/// Sets of parts that have changed.
pub(super) struct Change<R, D, F, P> {
    pub(super) released: R,
    pub(super) done: D,
    pub(super) failed: F,
    pub(super) dropped: P,
}

impl Progress {
    /// A package that was opened just now.
    pub(super) fn new(rule: &PackageRule, at: Wall) -> Self {
        let mut new = Self {
            all: rule.all(),
            released: 0,
            began: 0,
            done: 0,
            failed: 0,
            dropped: 0,
            paused: 0,
            heard: 0,
            asks: 0,
            awaited: 0,
            noticed: 0,
            notices: 0,
            verdict: Verdict::Open,
            stands_still: None,
            moved: at,
            is_issued: false,
            is_delivered: false,
            cover: None,
        };
        new.follow(rule, at);
        new
    }

    /// Where the whole is.
    #[must_use]
    pub fn state(&self) -> PackageState {
        match self.verdict {
            _ if self.is_delivered => PackageState::Delivered,
            Verdict::Met if self.open() == 0 => PackageState::AllDecided,
            Verdict::OutOfReach if self.open() == 0 => PackageState::Failed,
            _ if self.over() == 0 => PackageState::Open,
            _ => PackageState::PartlyDone,
        }
    }

    /// Where a part is. A part that the package does not have is dropped.
    #[must_use]
    pub fn part(&self, part: PartId) -> PartState {
        let is_in = |set: u64| set & part.bit() != 0;
        match () {
            () if is_in(self.done) => PartState::Done,
            () if is_in(self.failed) => PartState::Failed,
            () if is_in(self.dropped) || !is_in(self.all) => PartState::Dropped,
            () if is_in(self.began) => PartState::Running,
            () if is_in(self.released) => PartState::Ready,
            () => PartState::Blocked,
        }
    }

    /// Whether enough parts are done.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The parts in a state, in order.
    pub fn parts_in(&self, state: PartState) -> impl Iterator<Item = PartId> + use<> {
        let progress = *self;
        members(self.all).filter(move |&part| progress.part(part) == state)
    }

    /// Whether a part is paused.
    #[must_use]
    pub fn is_paused(&self, part: PartId) -> bool {
        self.paused & part.bit() != 0
    }

    /// Since when every open part is paused; `None` while one runs.
    #[must_use]
    pub fn stands_still(&self) -> Option<Wall> {
        self.stands_still
    }

    /// How many notices have gone out.
    #[must_use]
    pub fn notices(&self) -> u8 {
        self.notices
    }

    /// The parts that wait for papers asked for in a notice, a bit each.
    #[must_use]
    pub fn awaited(&self) -> u64 {
        self.awaited
    }

    /// The order that stands for the whole.
    #[must_use]
    pub fn cover(&self) -> Option<OrderId> {
        self.cover
    }

    /// Whether the order that stands for the whole was sent to the window that hands over.
    #[must_use]
    pub fn is_issued(&self) -> bool {
        self.is_issued
    }

    /// What has changed since an earlier state of affairs.
    pub(super) fn since(
        &self,
        before: &Self,
    ) -> Change<
        impl Iterator<Item = PartId> + use<>,
        impl Iterator<Item = PartId> + use<>,
        impl Iterator<Item = PartId> + use<>,
        impl Iterator<Item = PartId> + use<>,
    > {
        Change {
            released: members(self.released & !before.released),
            done: members(self.done & !before.done),
            failed: members(self.failed & !before.failed),
            dropped: members(self.dropped & !before.dropped),
        }
    }

    /// When it last began to stand still, or to run again.
    #[cfg(feature = "calendar")]
    pub(super) fn moved(&self) -> Wall {
        self.moved
    }

    /// Parts that may begin and have no order.
    pub(super) fn ready(&self) -> u64 {
        self.released & !self.began & self.open()
    }

    /// Parts that have an order and are not over.
    pub(super) fn running(&self) -> u64 {
        self.began & self.open()
    }

    /// Parts that have an order and were dropped.
    pub(super) fn orphaned(&self) -> u64 {
        self.began & self.dropped
    }

    /// Parts that were ever in a notice.
    #[cfg(feature = "calendar")]
    pub(super) fn noticed(&self) -> u64 {
        self.noticed
    }

    fn over(&self) -> u64 {
        self.done | self.failed | self.dropped
    }

    /// Parts that are not over.
    fn open(&self) -> u64 {
        self.all & !self.over()
    }
}

impl Progress {
    /// Where the package stands after a fact; `Ok(None)` if it changes nothing.
    ///
    /// # Errors
    ///
    /// If the fact cannot be, as things stand.
    pub(super) fn after(
        &self,
        rule: &PackageRule,
        fact: Fact,
    ) -> Result<Option<Self>, PackageError> {
        let mut next = *self;
        next.tell(rule, fact)?;
        next.follow(rule, fact.at);
        Ok((next != *self).then_some(next))
    }

    /// What a fact says by itself.
    fn tell(&mut self, rule: &PackageRule, fact: Fact) -> Result<(), PackageError> {
        match fact.what {
            What::Opened { .. } => {}
            What::Covered { order } => self.cover = Some(order),
            What::Began { part, .. } => {
                // Whoever was late to find that it was dropped says so all the same.
                self.released_bit(rule, part)?;
                self.began |= part.bit();
            }
            What::Ended { part, outcome } => {
                let bit = self.released_bit(rule, part)?;
                if self.over() & bit == 0 {
                    self.end(rule, part, outcome == Outcome::Done);
                }
            }
            What::Paused { part } => self.paused |= self.began_bit(rule, part)?,
            What::Resumed { part } => self.paused &= !self.began_bit(rule, part)?,
            What::Asked { part } => {
                let bit = self.open_bit(rule, part)?;
                if self.heard & bit != 0 && self.asks & bit == 0 {
                    return Err(PackageError::HeardAlready { part });
                }
                self.asks |= bit;
                self.heard |= bit;
            }
            What::AskedAgain { part } => {
                let bit = self.open_bit(rule, part)?;
                self.asks |= bit;
                self.heard |= bit;
            }
            What::Cleared { part } => {
                let bit = self.open_bit(rule, part)?;
                self.asks &= !bit;
                self.heard |= bit;
            }
            What::TimeIsUp => self.heard |= self.released & self.open(),
            What::HandedIn if self.awaited == 0 => return Err(PackageError::NothingAsked),
            What::HandedIn => self.awaited = 0,
            What::Withdrawn => match self.state() {
                PackageState::Open | PackageState::PartlyDone => {
                    self.dropped |= self.open();
                    self.decide(rule);
                }
                state => return Err(PackageError::WrongState { state }),
            },
            What::Issued => self.is_issued = true,
            What::Delivered => match self.state() {
                PackageState::AllDecided | PackageState::Delivered => self.is_delivered = true,
                state => return Err(PackageError::WrongState { state }),
            },
        }
        Ok(())
    }

    /// A part is over: the rules for failures and for the end are applied, once.
    fn end(&mut self, rule: &PackageRule, part: PartId, is_done: bool) {
        if is_done {
            self.done |= part.bit();
        } else {
            self.failed |= part.bit();
            match rule.if_fails() {
                IfFails::DropSuccessors => {
                    let below = rule.parts().get(part.index()).map_or(0, |part| part.below);
                    self.dropped |= below & self.open();
                }
                IfFails::DropAll => self.dropped |= self.open(),
                IfFails::GoOn => {}
            }
        }
        self.decide(rule);
    }

    /// Whether enough parts are done, or can be.
    fn decide(&mut self, rule: &PackageRule) {
        if self.verdict != Verdict::Open {
            return;
        }
        let (done, needed) = (self.done.count_ones(), rule.needed());
        if done >= needed {
            self.verdict = Verdict::Met;
            if rule.rest() == Rest::Drop && rule.finish() != Finish::All {
                self.dropped |= self.open();
            }
        } else if done + self.open().count_ones() < needed {
            self.verdict = Verdict::OutOfReach;
        }
    }

    /// What follows from all of it: who may begin, whether a notice is due, whether all stands still.
    fn follow(&mut self, rule: &PackageRule, at: Wall) {
        let open = self.open();
        let over = match rule.if_fails() {
            IfFails::GoOn => self.done | self.failed,
            IfFails::DropSuccessors | IfFails::DropAll => self.done,
        };
        for (part, needs) in (0..).map(PartId).zip(rule.parts().iter().map(|part| part.after)) {
            if needs & !over == 0 {
                self.released |= part.bit() & open;
            }
        }
        // Whoever is over asks for nothing, and waits for nothing.
        self.asks &= open;
        self.awaited &= open;
        self.paused &= open;
        let may_ask = self.released & open & !self.heard;
        if self.asks != 0 && may_ask == 0 {
            self.awaited |= self.asks;
            self.noticed |= self.asks;
            self.asks = 0;
            self.notices = self.notices.saturating_add(1);
        }
        let under_way = self.released & open;
        let is_still = under_way != 0 && under_way & !self.paused == 0;
        if is_still != self.stands_still.is_some() {
            // What is told late does not turn the order of things round.
            self.moved = self.moved.max(at);
            self.stands_still = is_still.then_some(self.moved);
        }
    }

    fn bit(&self, rule: &PackageRule, part: PartId) -> Result<u64, PackageError> {
        let bit = part.bit() & self.all;
        if bit == 0 { Err(PackageError::NoSuchPart { part, parts: rule.len() }) } else { Ok(bit) }
    }

    fn released_bit(&self, rule: &PackageRule, part: PartId) -> Result<u64, PackageError> {
        let bit = self.bit(rule, part)?;
        if self.released & bit == 0 { Err(PackageError::Blocked { part }) } else { Ok(bit) }
    }

    fn began_bit(&self, rule: &PackageRule, part: PartId) -> Result<u64, PackageError> {
        let bit = self.bit(rule, part)?;
        if self.began & bit == 0 {
            Err(PackageError::NoOrder { part })
        } else {
            Ok(bit & self.open())
        }
    }

    fn open_bit(&self, rule: &PackageRule, part: PartId) -> Result<u64, PackageError> {
        let bit = self.bit(rule, part)?;
        if self.over() & bit != 0 { Err(PackageError::PartOver { part }) } else { Ok(bit) }
    }
}
