//! What a history shows that cannot have happened: one variant for each kind, with the two events.

use super::Verb;
use crate::{ClerkId, OrderId, Presence, Seq, State};
#[cfg(feature = "calendar")]
use crate::{
    LimitId,
    limit::{CardId, PauseReason},
};

/// What is wrong with a history: which order, which two events, what was expected.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Finding {
    /// The numbers of a desk have a gap.
    #[error("{missing} is missing, though {next} was told")]
    NumberMissing {
        /// The first that is missing.
        missing: Seq,
        /// The next that is there.
        next: Seq,
    },
    /// A number was told twice.
    #[error("{event} was told twice")]
    NumberTwice {
        /// Which.
        event: Seq,
    },
    /// An event that moves an order names none.
    #[error("{event} says that an order was {verb}, but not which")]
    WithoutOrder {
        /// Which.
        event: Seq,
        /// What it says.
        verb: Verb,
    },
    /// An order that never came in.
    #[error("{order} was {verb} by {event}, but never submitted")]
    NeverSubmitted {
        /// Which.
        order: OrderId,
        /// Its first event.
        event: Seq,
        /// What that says.
        verb: Verb,
    },
    /// An order that came in twice.
    #[error("{order} was submitted by {first} and again by {second}")]
    SubmittedTwice {
        /// Which.
        order: OrderId,
        /// Its first submit.
        first: Seq,
        /// The second.
        second: Seq,
    },
    /// Two claims of one epoch: two clerks each believe they own the order.
    #[error("{order} was claimed in epoch {epoch} by {first} and again by {second}")]
    ClaimedTwice {
        /// Which.
        order: OrderId,
        /// The epoch.
        epoch: u16,
        /// The claim that was possible.
        first: Seq,
        /// The other.
        second: Seq,
    },
    /// An order was claimed while somebody held it.
    #[error("{order} was claimed by {second} while the owner by {first} held it")]
    TwoOwners {
        /// Which.
        order: OrderId,
        /// The claim of the owner.
        first: Seq,
        /// The other.
        second: Seq,
    },
    /// A verb of a claim that had ended took effect: the fence has a hole.
    #[error("{order} was {verb} by {event} in epoch {epoch}, which {ended} had ended")]
    Stale {
        /// Which.
        order: OrderId,
        /// What was done.
        verb: Verb,
        /// By the claim of which epoch.
        epoch: u16,
        /// Where that was told.
        event: Seq,
        /// What had ended the claim.
        ended: Seq,
    },
    /// Somebody who did not own the order did what only its owner may.
    #[error("{order} was {verb} by {event}, but the owner is who claimed it by {claim}")]
    NotOwner {
        /// Which.
        order: OrderId,
        /// What was done.
        verb: Verb,
        /// The claim of the owner.
        claim: Seq,
        /// Where it was told.
        event: Seq,
    },
    /// The epochs of an order have a gap.
    #[error("{order} after {before} should be in epoch {expected}, not {found} as by {event}")]
    EpochMissing {
        /// Which.
        order: OrderId,
        /// The event before.
        before: Seq,
        /// The event that names the epoch.
        event: Seq,
        /// Which epoch it should name.
        expected: u16,
        /// Which it names.
        found: u16,
    },
    /// An order ended twice.
    #[error("{order} was closed by {first} and again by {second}")]
    EndedTwice {
        /// Which.
        order: OrderId,
        /// Its end.
        first: Seq,
        /// The other.
        second: Seq,
    },
    /// Something happened to an order that was over.
    #[error("{order} was {verb} by {event}, but closed by {end}")]
    AfterEnd {
        /// Which.
        order: OrderId,
        /// Its end.
        end: Seq,
        /// What came after.
        event: Seq,
        /// What that says.
        verb: Verb,
    },
    /// Something happened to an order that was over, and that the checker was told to forget.
    #[error("{order} was {verb} by {event}, but is over and was forgotten")]
    AfterForgotten {
        /// Which.
        order: OrderId,
        /// What came after.
        event: Seq,
        /// What that says.
        verb: Verb,
    },
    /// A verb in a state in which there is no such verb.
    #[error("{order} was {verb} by {event}, though it was {state:?} since {before}")]
    WrongState {
        /// Which.
        order: OrderId,
        /// What was done.
        verb: Verb,
        /// Where the order was.
        state: State,
        /// The event before.
        before: Seq,
        /// Where it was told.
        event: Seq,
    },
    /// A wait that does not follow from the events before it.
    #[error("{order} had waited {expected_ms} ms since {from}, not {found_ms} ms as by {claim}")]
    WrongWait {
        /// Which.
        order: OrderId,
        /// The event from which it waited.
        from: Seq,
        /// The claim that ended the wait.
        claim: Seq,
        /// As it follows.
        expected_ms: u64,
        /// As it was told.
        found_ms: u64,
    },
    /// An order waited, a stage fired or a limit was breached before its time.
    #[error("{event} of {order} came {early_ms} ms before its time, which {from} had set")]
    Early {
        /// Which.
        order: OrderId,
        /// What came early.
        event: Seq,
        /// The event it is counted from.
        from: Seq,
        /// By how much.
        early_ms: u64,
    },
    /// A stage names another due than the one that follows from the rules.
    #[error("{event} of {order} was due {expected_ms}, not {found_ms} as it says")]
    WrongDue {
        /// Which.
        order: OrderId,
        /// The stage.
        event: Seq,
        /// As it follows, in milliseconds of `Mono`.
        expected_ms: u64,
        /// As it was told.
        found_ms: u64,
    },
    /// A stage fired twice, or a breach was told twice.
    #[error("{second} of {order} has happened before: {first}")]
    Twice {
        /// Which.
        order: OrderId,
        /// The first time.
        first: Seq,
        /// The second.
        second: Seq,
    },
    /// A stage fired before the one below it.
    #[error("{event} is stage {stage} of {order}, but stage {below} was never reached", below = stage - 1)]
    StageSkipped {
        /// Which.
        order: OrderId,
        /// The stage that fired.
        event: Seq,
        /// Its number, from 0.
        stage: u8,
    },
    /// A rung was climbed again though its due had not moved later.
    #[cfg(feature = "calendar")]
    #[error("rung {rung} of {limit} of {order} was climbed by {first} and again by {second}")]
    RungTwice {
        /// Which.
        order: OrderId,
        /// Of which limit.
        limit: LimitId,
        /// Which rung.
        rung: u8,
        /// The first time.
        first: Seq,
        /// The second.
        second: Seq,
    },
    /// A card was given twice.
    #[cfg(feature = "calendar")]
    #[error("{card:?} of {order} was given by {first} and again by {second}")]
    CardTwice {
        /// Which.
        order: OrderId,
        /// Which card.
        card: CardId,
        /// The first time.
        first: Seq,
        /// The second.
        second: Seq,
    },
    /// Somebody replied to, appealed against or ruled about a card that was never given.
    #[cfg(feature = "calendar")]
    #[error("{event} is about {card:?} of {order}, which was never given")]
    CardUnknown {
        /// Which.
        order: OrderId,
        /// Which card.
        card: CardId,
        /// What was said about it.
        event: Seq,
    },
    /// A pause ended that had not begun.
    #[cfg(feature = "calendar")]
    #[error("{event} of {order} ends a pause for {reason:?}, but none had begun since {before}")]
    NotPaused {
        /// Which.
        order: OrderId,
        /// For which reason.
        reason: PauseReason,
        /// Since when none had begun.
        before: Seq,
        /// The end.
        event: Seq,
    },
    /// The clock of a limit stood still, ran on or stopped out of turn.
    #[cfg(feature = "calendar")]
    #[error("{event} of {limit} of {order} cannot follow {before}")]
    ClockUnbalanced {
        /// Which.
        order: OrderId,
        /// Of which limit.
        limit: LimitId,
        /// What came before.
        before: Seq,
        /// What came out of turn.
        event: Seq,
    },
    /// A clerk took an order that is not for them.
    #[error("{claim}: {clerk} may not take {order}, which waits since {since}")]
    NotEligible {
        /// Which.
        order: OrderId,
        /// Who.
        clerk: ClerkId,
        /// Since when it waits.
        since: Seq,
        /// The claim.
        claim: Seq,
    },
    /// The order grabbed was not the first by rank among those the clerk may take.
    #[error("{claim}: {clerk} was given {taken}, though {passed} went before it since {since}")]
    PassedOver {
        /// Who grabbed.
        clerk: ClerkId,
        /// What they were given.
        taken: OrderId,
        /// The claim.
        claim: Seq,
        /// Who was passed over.
        passed: OrderId,
        /// Since when that one waited.
        since: Seq,
    },
    /// A clerk who was not ready grabbed an order.
    #[error("{claim}: {clerk} is {presence:?} since {since}, not ready")]
    NotReady {
        /// Who.
        clerk: ClerkId,
        /// What they were.
        presence: Presence,
        /// Since when.
        since: Seq,
        /// The claim.
        claim: Seq,
    },
    /// A clerk held more than they may.
    #[error("{claim}: {clerk} holds {held} orders since {before}, at most {held_max}")]
    OverCapacity {
        /// Who.
        clerk: ClerkId,
        /// The claim that was one too many.
        claim: Seq,
        /// The claim before it.
        before: Seq,
        /// How many they hold with it.
        held: u32,
        /// How many they may.
        held_max: u32,
    },
    /// An open order of the history is not in the engine, or not where it should be.
    #[error("{order} is {expected:?} by the history since {since}, but {found:?} in the engine")]
    OtherState {
        /// Which.
        order: OrderId,
        /// Its last event.
        since: Seq,
        /// Where it is by the history.
        expected: State,
        /// Where the engine has it; `None` if nowhere.
        found: Option<State>,
    },
    /// An open order of the engine is not in the history.
    #[error("{order} is {state:?} in the engine, but not in the history")]
    NotTold {
        /// Which.
        order: OrderId,
        /// Where the engine has it.
        state: State,
    },
    /// A live figure is not that of the history.
    #[error("{found} orders {what} by the live figures, {expected} by the history")]
    OtherCount {
        /// Which figure.
        what: &'static str,
        /// By the history.
        expected: u64,
        /// By the engine.
        found: u64,
    },
}
