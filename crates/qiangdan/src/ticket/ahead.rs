//! Bounded overtaking (有界插队): how many may go ahead of one ordinary ticket.
//!
//! A ticket that arrived at `t` and has a head start of `h` goes ahead of the ordinary ones that
//! arrived in `t − h < a ≤ t`, and of no others, whenever the head start is given: ranks do not move.
//! So the ordinary ticket of instant `a` is overtaken by as many as there are such spans over `a`. A head
//! start is only given if no instant of its span would then lie under more than so many.

use std::collections::VecDeque;

/// The spans of the head starts that were given, by the order of giving.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// After the first, up to the second, in milliseconds.
    spans: VecDeque<(i64, i64)>,
}

impl Ahead {
    /// Gives a head start of `by_ms` to who arrived at `at_ms`, if nobody is then overtaken by more than
    /// `most`. Whether it was given.
    ///
    /// Costs the number of spans that meet this one, squared; of one length there are at most twice
    /// `most`.
    pub(super) fn give(&mut self, at_ms: i64, by_ms: i64, most: u32) -> bool {
        let span = (at_ms.saturating_sub(by_ms), at_ms);
        let meets = |&&(from, to): &&(i64, i64)| from < span.1 && span.0 < to;
        let near: Vec<_> = self.spans.iter().filter(meets).copied().collect();
        // Where most lie over one instant, one of them has just begun.
        let begins = near.iter().map(|&(from, _)| from).filter(|&from| from >= span.0);
        let deepest = begins
            .chain([span.0])
            .map(|from| near.iter().filter(|&&(f, t)| f <= from && from < t).count())
            .max()
            .unwrap_or(0);
        let is_given = deepest < usize::try_from(most).unwrap_or(usize::MAX);
        if is_given {
            self.spans.push_back(span);
        }
        is_given
    }

    /// Takes back the head start that was given last.
    pub(super) fn take_back(&mut self) {
        self.spans.pop_back();
    }

    /// Forgets spans that ended before `at_ms`: nobody who arrived then waits any more.
    pub(super) fn forget(&mut self, at_ms: i64) {
        self.spans.retain(|&(_, to)| to >= at_ms);
    }

    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_instant_lies_under_more_spans_than_allowed(
            asks in prop::collection::vec((0..60_i64, 1..20_i64), 0..60),
            most in 0..5_u32,
        ) {
            let mut ahead = Ahead::default();
            let mut over = [0_u32; 61];
            for (at, by) in asks {
                let points = || (0..=60_i64).zip(over).filter(|&(a, _)| at - by < a && a <= at);
                let fits = points().all(|(_, over)| over < most);
                // It is given exactly if it fits; there is an instant in every span that counts.
                let is_given = ahead.give(at, by, most);
                if at - by >= 0 {
                    prop_assert_eq!(is_given, fits);
                }
                if is_given {
                    prop_assert!(fits);
                    let hit: Vec<_> = points().map(|(a, _)| usize::try_from(a).unwrap()).collect();
                    for a in hit {
                        over[a] += 1;
                    }
                }
            }
        }
    }
}
