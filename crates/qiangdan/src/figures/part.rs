//! The figures of one part of a hall: counts and sums that add up, and what is computed from them.

use std::collections::BTreeMap;

use super::Share;
use crate::stats::{bucket_of, top_of};

macro_rules! sums {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Counts and sums of one part (a unit, a service, a clerk ...); those of parts add up to those
        /// of the whole. Every field is a number of events or orders, or a sum of milliseconds or of a
        /// limit's units.
        #[derive(Clone, PartialEq, Eq, Debug, Default)]
        #[non_exhaustive]
        pub struct Part {
            $($(#[$doc])* pub $name: u64,)*
            /// First claims by bucket of their wait.
            waits: BTreeMap<usize, u64>,
        }

        impl Part {
            /// Takes in all of another part.
            pub fn add(&mut self, other: &Self) {
                $(self.$name += other.$name;)*
                for (&bucket, count) in &other.waits {
                    *self.waits.entry(bucket).or_default() += count;
                }
            }
        }
    };
}

sums! {
    /// Orders that came in (取号, 收件).
    taken,
    /// Orders claimed for the first time.
    claimed,
    /// Further claims of orders that had been put back.
    claimed_again,
    /// First claims within the target.
    within,
    /// Sum of the waits to first claims, in milliseconds.
    wait_sum_ms,
    /// Orders that were left waiting, never claimed.
    abandoned,
    /// Of those, after waiting longer than the target.
    abandoned_late,
    /// Orders that are over.
    closed,
    /// Served to the end.
    done,
    /// Served, and the answer is no.
    rejected,
    /// Withdrawn.
    cancelled,
    /// Called, and nobody came (过号).
    no_shows,
    /// Left over at the end of a day.
    expired,
    /// Claims of what went next.
    grabs_next,
    /// Claims by name.
    grabs_named,
    /// Claims by name that passed over somebody whom the clerk might have taken.
    skips,
    /// How many were passed over by them.
    skipped,
    /// Times an order was given back: its hops.
    put_backs,
    /// Orders whose handling has a length: done or rejected by their owner.
    handled,
    /// Of those, orders whose start was not told, and is taken for the claim.
    handled_inferred,
    /// Sum of handling, in milliseconds: from start to end of the last claim.
    handling_sum_ms,
    /// Time in which clerks were at the window, in milliseconds, without breaks.
    open_ms,
    /// Of that, time in which they held an order.
    busy_ms,
    /// Orders that waited longer than their limit.
    breached,
    /// Yellow cards (黄牌).
    cards_amber,
    /// Red cards (红牌).
    cards_red,
    /// Orders decided under a promised limit.
    decided,
    /// Of those, within the promise.
    on_time,
    /// Of those, with time left: before the last day or instant.
    early,
    /// Orders under a promised limit that are open and past its due now.
    open_past_due,
    /// Orders decided under a limit of the law.
    decided_by_law,
    /// Of those, within it.
    on_time_by_law,
    /// Orders under a limit of the law that are open and past its due now.
    open_past_due_by_law,
    /// Sum of promised limits of decided orders that also have one of the law in the same unit.
    promised_sum,
    /// Sum of their limits by law.
    by_law_sum,
    /// Sum of promised limits of decided orders of which it is known what they took.
    allowed_sum,
    /// Sum of what they took, in the same units.
    spent_sum,
    /// Orders finished in the visit they came in: in the first claim and never paused.
    same_visit,
    /// Orders with a notice to supplement (补正).
    supplemented,
    /// Of those, orders with more than one.
    supplemented_again,
}

impl Part {
    /// Notes a first claim.
    pub(super) fn claim(&mut self, wait_ms: u64, within_ms: u64) {
        self.claimed += 1;
        self.within += u64::from(wait_ms <= within_ms);
        self.wait_sum_ms += wait_ms;
        *self.waits.entry(bucket_of(wait_ms)).or_default() += 1;
    }

    /// The mean wait to the first claim (平均等候时长), in milliseconds.
    #[must_use]
    pub fn wait_mean_ms(&self) -> Option<f64> {
        mean(self.wait_sum_ms, self.claimed)
    }

    /// The wait that the share `p` (0 to 1) of first claims did not exceed, in milliseconds; as
    /// [`Stats::wait_ms`](crate::Stats::wait_ms), rounded up by at most 1/32.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank among fewer than 2^53 waits"
    )]
    pub fn wait_ms(&self, p: f64) -> Option<u64> {
        let rank = ((p.clamp(0.0, 1.0) * self.claimed as f64).ceil() as u64).max(1);
        let mut below = 0;
        let found = self.waits.iter().find(|&(_, &count)| {
            below += count;
            below >= rank
        });
        found.map(|(&bucket, _)| top_of(bucket))
    }

    /// The share within the target (达标率). Who left later than that is a failure, not missing.
    #[must_use]
    pub fn within_target(&self) -> Share {
        let of = self.claimed + self.abandoned_late;
        share(
            self.within,
            "claimed within the target",
            of,
            "orders claimed or left later than that",
        )
    }

    /// 过号率.
    #[must_use]
    pub fn no_show_share(&self) -> Share {
        share(self.no_shows, "did not come", self.claimed, "orders claimed")
    }

    /// 弃号率.
    #[must_use]
    pub fn abandoned_share(&self) -> Share {
        share(self.abandoned, "left", self.taken, "orders that came in")
    }

    /// The mean handling time (平均办理时长), in milliseconds.
    #[must_use]
    pub fn handling_mean_ms(&self) -> Option<f64> {
        mean(self.handling_sum_ms, self.handled)
    }

    /// 退单率.
    #[must_use]
    pub fn put_back_share(&self) -> Share {
        share(self.put_backs, "given back", self.claims(), "claims")
    }

    /// 点名率: how much of the work was chosen by name.
    #[must_use]
    pub fn named_share(&self) -> Share {
        share(self.grabs_named, "claimed by name", self.claims(), "claims")
    }

    /// 窗口利用率.
    #[must_use]
    pub fn use_share(&self) -> Share {
        share(self.busy_ms, "ms with an order in hand", self.open_ms, "ms at the window")
    }

    /// All claims.
    #[must_use]
    pub fn claims(&self) -> u64 {
        self.claimed + self.claimed_again
    }

    /// 按时办结率, of those decided.
    #[must_use]
    pub fn on_time_share(&self) -> Share {
        share(self.on_time, "decided within the promise", self.decided, "orders decided")
    }

    /// 按时办结率, of those decided and those open past due: leaving the late ones open helps nobody.
    #[must_use]
    pub fn on_time_share_with_open(&self) -> Share {
        let of = self.decided + self.open_past_due;
        share(self.on_time, "decided within the promise", of, "orders decided or open past due")
    }

    /// 按时办结率 by the limits of the law, of those decided.
    #[must_use]
    pub fn on_time_share_by_law(&self) -> Share {
        let (count, of) = (self.on_time_by_law, self.decided_by_law);
        share(count, "decided within the limit of the law", of, "orders decided")
    }

    /// The same of those decided and those open past due.
    #[must_use]
    pub fn on_time_share_by_law_with_open(&self) -> Share {
        let of = self.decided_by_law + self.open_past_due_by_law;
        let what = "decided within the limit of the law";
        share(self.on_time_by_law, what, of, "orders decided or open past due")
    }

    /// 提前办结率.
    #[must_use]
    pub fn early_share(&self) -> Share {
        share(self.early, "decided with time left", self.decided, "orders decided")
    }

    /// 即办率, by orders: finished in the visit they came in.
    #[must_use]
    pub fn same_visit_share(&self) -> Share {
        let of = self.done + self.rejected;
        share(self.same_visit, "finished in the same visit", of, "orders done or rejected")
    }

    /// What is promised of what the law allows, by orders; its complement is 承诺时限压缩比.
    #[must_use]
    pub fn promised_of_law(&self) -> Share {
        share(self.promised_sum, "promised", self.by_law_sum, "allowed by law, over orders decided")
    }

    /// What was taken of what is promised, by orders; its complement is 提速率.
    #[must_use]
    pub fn spent_of_promised(&self) -> Share {
        share(self.spent_sum, "taken", self.allowed_sum, "promised, over orders decided")
    }

    /// 补正率.
    #[must_use]
    pub fn supplement_share(&self) -> Share {
        share(self.supplemented, "had to supplement", self.taken, "orders that came in")
    }

    /// 一次告知合格率.
    #[must_use]
    pub fn told_once_share(&self) -> Share {
        let once = self.supplemented.saturating_sub(self.supplemented_again);
        share(once, "were told once", self.supplemented, "orders that had to supplement")
    }

    /// 黄牌率; see [`Share::per_ten_thousand`].
    #[must_use]
    pub fn amber_share(&self) -> Share {
        share(self.cards_amber, "yellow cards", self.taken, "orders that came in")
    }

    /// 红牌率; see [`Share::per_ten_thousand`].
    #[must_use]
    pub fn red_share(&self) -> Share {
        share(self.cards_red, "red cards", self.taken, "orders that came in")
    }

    /// Hops (流转次数) of the orders that are over.
    #[must_use]
    pub fn hops(&self) -> Share {
        share(self.put_backs, "times given back", self.closed, "orders closed")
    }
}

fn share(count: u64, what: &'static str, of: u64, of_what: &'static str) -> Share {
    Share { count, of, what, of_what }
}

#[expect(clippy::cast_precision_loss, reason = "a mean needs no more than 53 bits")]
fn mean(sum: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| sum as f64 / of as f64)
}
