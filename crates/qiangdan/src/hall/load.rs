//! Offered load: how many windows the orders of each half hour keep busy, and how many are staffed.

use super::{
    Arrivals, Clerk, Code, Hall, Service, Span, arrivals::RawArrivals, book::Book,
    mistake::Mistakes,
};
use crate::PoolId;

/// What one half hour asks of the windows.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct Load {
    /// The half hour.
    pub span: Span,
    /// How many windows the orders that come keep busy on average: orders × mean time ÷ half an
    /// hour.
    pub needed: f64,
    /// How many windows are staffed on average.
    pub staffed: f64,
}

impl Load {
    /// By how many windows the work exceeds the clerks; negative if it does not.
    #[must_use]
    pub fn excess(&self) -> f64 {
        self.needed - self.staffed
    }
}

impl Hall {
    /// The load of every half hour in which orders are expected, in order.
    #[must_use]
    pub fn load(&self) -> Vec<Load> {
        let arrivals = self.arrivals();
        arrivals.map(|a| half_hours(a, &self.services, &self.clerks, None)).unwrap_or_default()
    }
}

/// The load on one pool, or on all.
fn half_hours(
    arrivals: &Arrivals,
    services: &[Service],
    clerks: &[Clerk],
    pool: Option<PoolId>,
) -> Vec<Load> {
    const HALF_HOUR_MS: u64 = 30 * 60_000;
    let in_pool = |service: &Service| pool.is_none_or(|pool| service.pool == pool);
    let each = arrivals.mix.iter().filter_map(|&(id, share)| {
        let service = services.get(id.index()).filter(|service| in_pool(service))?;
        Some(share * service.takes.mean_ms() as f64)
    });
    let mean_ms: f64 = each.sum();
    let shifts = clerks
        .iter()
        .filter(|clerk| pool.is_none_or(|pool| clerk.pools.contains(&pool)))
        .flat_map(|clerk| &clerk.shifts);
    let half_hour = |number: u64| {
        let from_ms = number * HALF_HOUR_MS;
        let span = Span { from_ms, to_ms: from_ms + HALF_HOUR_MS };
        let expected: f64 =
            arrivals.slots.iter().map(|slot| part(slot.span(), span) * slot.expected).sum();
        let staffed_ms: u64 = shifts.clone().map(|shift| shift.shared_ms(span)).sum();
        Load {
            span,
            needed: expected * mean_ms / HALF_HOUR_MS as f64,
            staffed: staffed_ms as f64 / HALF_HOUR_MS as f64,
        }
    };
    (0..48).map(half_hour).filter(|load| load.needed > 0.0).collect()
}

/// The share of `slot` that lies in `span`.
fn part(slot: Span, span: Span) -> f64 {
    slot.shared_ms(span) as f64 / slot.lasts_ms() as f64
}

/// Warns of more work than can be done: for each pool by its worst half hour, else for the hall.
pub(super) fn check(hall: &Hall, book: &Book, raw: &RawArrivals<'_>, mistakes: &mut Mistakes) {
    let Some(arrivals) = &hall.arrivals else { return };
    if hall.clerks.is_empty() {
        return;
    }
    let worst = |pool| {
        let loads = half_hours(arrivals, &hall.services, &hall.clerks, pool);
        let worst = loads.into_iter().max_by(|a, b| a.excess().total_cmp(&b.excess()));
        worst.filter(|load| load.excess() > 1e-9)
    };
    let expected = "more clerks, or the queue grows";
    let mut is_any = false;
    for (id, pool) in (0..).map(PoolId).zip(&hall.pools) {
        let Some(Load { span, needed, staffed }) = worst(Some(id)) else { continue };
        let found = format!(
            "{span} the orders of pool `{}` keep {needed:.1} windows busy, and {staffed:.1} are staffed",
            pool.key
        );
        mistakes.odd(Code::Overload, book.pools.place(id.index()), found, expected);
        is_any = true;
    }
    if let Some(Load { span, needed, staffed }) = worst(None)
        && !is_any
    {
        let found = format!(
            "{span} the orders keep {needed:.1} windows busy, and {staffed:.1} are staffed"
        );
        mistakes.odd(Code::Overload, raw.place(span.from_ms), found, expected);
    }
}
