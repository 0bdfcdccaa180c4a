//! Exact answers of queueing theory, to hold simulations against and to find a first staffing.
//!
//! All of them are for steady state, Poisson arrivals, one queue, first in first out. Times may be
//! in any unit as long as all are in the same; rates are per that unit. `p_…` is a probability,
//! `mean_…` an average, "in system" means waiting or being served. A wait is the time from arrival
//! to the beginning of service.
//!
//! | who waits for what | type |
//! |---|---|
//! | exponential service, any number of servers | [`Mmc`] |
//! | the same, and only so many fit in | [`Mmck`] |
//! | the same, and people leave after exponential patience | [`Mmcm`] |
//! | any service, one server | [`Mg1`] |
//!
//! Everything is worked out by recursions that add positive terms, so that hundreds of servers cost
//! no accuracy: the relative error is below 10⁻¹² except for probabilities near zero.

/// Why a formula has no answer.
#[derive(Clone, Copy, PartialEq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormulaError {
    /// Nobody serves.
    #[error("there are no servers")]
    NoServers,
    /// A rate or time is not a finite number above 0.
    #[error("{what} is {value}, expected a finite number above 0")]
    NotPositive {
        /// Which.
        what: &'static str,
        /// What was given.
        value: f64,
    },
    /// More work arrives than can be done: the queue grows for ever.
    #[error("{load} erlangs arrive at {servers} servers")]
    Overloaded {
        /// The offered load: arrival rate × mean service.
        load: f64,
        /// The servers.
        servers: u32,
    },
    /// Fewer fit in than can be served at once.
    #[error("{capacity} fit in, but there are {servers} servers")]
    Capacity {
        /// How many fit in.
        capacity: u32,
        /// The servers.
        servers: u32,
    },
    /// The queue would be millions long.
    #[error("the queue has more than {most} likely lengths")]
    TooLong {
        /// How many are worked with.
        most: usize,
    },
    /// Moments that no distribution has.
    #[error("no duration has the moments {moments:?}")]
    Moments {
        /// What was given.
        moments: [f64; 3],
    },
}

/// The share of arrivals turned away by `servers` that let nobody wait (Erlang B), for an offered
/// load of `load` erlangs. True for any distribution of service.
///
/// Costs one step per server.
///
/// Source: A. K. Erlang, 1917; the recursion as in D. Gross, C. M. Harris, Fundamentals of Queueing
/// Theory, ch. 2.
#[must_use]
pub fn erlang_b(servers: u32, load: f64) -> f64 {
    (1..=servers).fold(1.0, |blocked, n| one_more(n, load, blocked))
}

/// The share of arrivals that wait for one of `servers` (Erlang C), for an offered load of `load`
/// erlangs; 1 if the load is not below the servers.
///
/// Costs one step per server.
///
/// Source: A. K. Erlang, 1917; Gross, Harris, ch. 2.
#[must_use]
pub fn erlang_c(servers: u32, load: f64) -> f64 {
    delayed(servers, load, erlang_b(servers, load))
}

/// M/M/c: exponential service by a number of servers.
///
/// Source: Erlang 1917; Gross, Harris, ch. 2. P(W > t) = C·e^(−(cμ−λ)t).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Mmc {
    servers: u32,
    arrival_rate: f64,
    mean_service: f64,
    p_wait: f64,
}

impl Mmc {
    /// A queue that keeps up.
    ///
    /// # Errors
    ///
    /// [`FormulaError`] if it does not, or a number is out of range.
    pub fn new(servers: u32, arrival_rate: f64, mean_service: f64) -> Result<Self, FormulaError> {
        let load = load(servers, arrival_rate, mean_service)?;
        if load >= f64::from(servers) {
            return Err(FormulaError::Overloaded { load, servers });
        }
        Ok(Self { servers, arrival_rate, mean_service, p_wait: erlang_c(servers, load) })
    }

    /// The fewest servers with which at least the share `share` waits no longer than `within`.
    ///
    /// # Errors
    ///
    /// As [`Mmc::new`]; also if `within` is not a number from 0 or `share` not from 0 to below 1.
    pub fn least(
        arrival_rate: f64,
        mean_service: f64,
        within: f64,
        share: f64,
    ) -> Result<Self, FormulaError> {
        let load = load(1, arrival_rate, mean_service)?;
        if !(0.0..f64::INFINITY).contains(&within) {
            return Err(FormulaError::NotPositive { what: "within", value: within });
        }
        if !(0.0..1.0).contains(&share) {
            return Err(FormulaError::NotPositive { what: "1 - share", value: 1.0 - share });
        }
        let mut blocked = 1.0;
        for servers in 1..u32::MAX {
            blocked = one_more(servers, load, blocked);
            let p_wait = delayed(servers, load, blocked);
            let queue = Self { servers, arrival_rate, mean_service, p_wait };
            if f64::from(servers) > load && 1.0 - queue.p_wait_gt(within) >= share {
                return Ok(queue);
            }
        }
        Err(FormulaError::Overloaded { load, servers: u32::MAX })
    }

    /// How many servers there are.
    #[must_use]
    pub fn servers(&self) -> u32 {
        self.servers
    }

    /// The share of their time that servers are busy.
    #[must_use]
    pub fn utilization(&self) -> f64 {
        self.load() / f64::from(self.servers)
    }

    /// P(W > 0): the share that waits at all.
    #[must_use]
    pub fn p_wait(&self) -> f64 {
        self.p_wait
    }

    /// E W, those who do not wait included.
    #[must_use]
    pub fn mean_wait(&self) -> f64 {
        self.p_wait / self.drain_rate()
    }

    /// E(W | W > 0): the mean wait of those who wait.
    #[must_use]
    pub fn mean_wait_given_wait(&self) -> f64 {
        1.0 / self.drain_rate()
    }

    /// E W².
    #[must_use]
    pub fn second_moment_wait(&self) -> f64 {
        2.0 * self.p_wait / self.drain_rate().powi(2)
    }

    /// The mean number that waits.
    #[must_use]
    pub fn mean_queue(&self) -> f64 {
        self.arrival_rate * self.mean_wait()
    }

    /// E(W + S): the mean time in system.
    #[must_use]
    pub fn mean_sojourn(&self) -> f64 {
        self.mean_wait() + self.mean_service
    }

    /// The mean number in system.
    #[must_use]
    pub fn mean_in_system(&self) -> f64 {
        self.mean_queue() + self.load()
    }

    /// P(W > t): the share that waits longer than `t` ≥ 0.
    #[must_use]
    pub fn p_wait_gt(&self, t: f64) -> f64 {
        self.p_wait * (-self.drain_rate() * t).exp()
    }

    /// P(W + S > t): the share that is in system longer than `t` ≥ 0.
    #[must_use]
    pub fn p_sojourn_gt(&self, t: f64) -> f64 {
        let t = t / self.mean_service;
        let spare = f64::from(self.servers) - 1.0 - self.load();
        // (1 − e^(−spare·t)) ÷ spare, which is t where spare is 0.
        let waited = if spare == 0.0 { t } else { -(-spare * t).exp_m1() / spare };
        (-t).exp() * (1.0 + self.p_wait * waited)
    }

    /// The wait that the share `q` of arrivals does not exceed, 0 ≤ q < 1.
    #[must_use]
    pub fn wait_quantile(&self, q: f64) -> f64 {
        ((self.p_wait / (1.0 - q)).ln() / self.drain_rate()).max(0.0)
    }

    fn load(&self) -> f64 {
        self.arrival_rate * self.mean_service
    }

    /// cμ − λ: how fast a queue gets shorter.
    fn drain_rate(&self) -> f64 {
        (f64::from(self.servers) - self.load()) / self.mean_service
    }
}

/// M/M/c/K: exponential service by a number of servers, and only `capacity` fit in system; who
/// comes when it is full is turned away. Waits are those of the others, the accepted.
///
/// Source: Gross, Harris, ch. 2.
#[derive(Clone, PartialEq, Debug)]
pub struct Mmck {
    servers: u32,
    arrival_rate: f64,
    mean_service: f64,
    /// P(n in system), n = 0 to capacity.
    p: Vec<f64>,
}

impl Mmck {
    /// A queue with an end. It may be overloaded.
    ///
    /// # Errors
    ///
    /// [`FormulaError`] if a number is out of range.
    pub fn new(
        servers: u32,
        capacity: u32,
        arrival_rate: f64,
        mean_service: f64,
    ) -> Result<Self, FormulaError> {
        let load = load(servers, arrival_rate, mean_service)?;
        if capacity < servers {
            return Err(FormulaError::Capacity { capacity, servers });
        }
        let p = birth_death(|n| load / f64::from(n.min(servers)), Some(capacity))?;
        Ok(Self { servers, arrival_rate, mean_service, p })
    }

    /// The share that is turned away.
    #[must_use]
    pub fn p_block(&self) -> f64 {
        self.p.last().copied().unwrap_or(0.0)
    }

    /// How many are accepted, and served, per unit of time.
    #[must_use]
    pub fn throughput(&self) -> f64 {
        self.arrival_rate * self.p_accept()
    }

    /// The mean number that waits.
    #[must_use]
    pub fn mean_queue(&self) -> f64 {
        (0..).zip(self.waiting()).map(|(ahead, p)| f64::from(ahead) * p).sum()
    }

    /// The mean number in system.
    #[must_use]
    pub fn mean_in_system(&self) -> f64 {
        (0..).zip(&self.p).map(|(n, p)| f64::from(n) * p).sum()
    }

    /// E W of the accepted.
    #[must_use]
    pub fn mean_wait(&self) -> f64 {
        self.mean_queue() / self.throughput()
    }

    /// P(W > 0) of the accepted.
    #[must_use]
    pub fn p_wait(&self) -> f64 {
        self.p_wait_gt(0.0)
    }

    /// P(W > t) of the accepted, `t` ≥ 0.
    #[must_use]
    pub fn p_wait_gt(&self, t: f64) -> f64 {
        // With k ahead in the queue, one waits longer than t if at most k are done until then.
        let done = f64::from(self.servers) * t / self.mean_service;
        let (_, accepting) = self.waiting().split_last().unwrap_or((&0.0, &[]));
        let at_most = running_sum(-done, |k| done / f64::from(k));
        let sum: f64 = accepting.iter().zip(at_most).map(|(p, at_most)| p * at_most).sum();
        sum / self.p_accept()
    }

    /// P(n in system) where all servers are busy, from n = servers.
    fn waiting(&self) -> &[f64] {
        &self.p[self.servers as usize..]
    }

    fn p_accept(&self) -> f64 {
        self.p[..self.p.len() - 1].iter().sum()
    }
}

/// M/M/c+M (Erlang A): exponential service by a number of servers, and who waits leaves after an
/// exponential patience. It may be overloaded.
///
/// Source: C. Palm 1957; O. Garnett, A. Mandelbaum, M. Reiman, Designing a call center with
/// impatient customers, MSOM 4 (2002). Given k ahead in the queue, the wait of someone patient is a
/// sum of exponential times of rates cμ + jθ, j = 0 to k, so that e^(−θV) is Beta(cμ/θ, k + 1).
#[derive(Clone, PartialEq, Debug)]
pub struct Mmcm {
    servers: u32,
    arrival_rate: f64,
    mean_patience: f64,
    /// cμ/θ.
    alpha: f64,
    /// P(n in system), up to where it is nothing.
    p: Vec<f64>,
}

impl Mmcm {
    /// A queue that people leave.
    ///
    /// # Errors
    ///
    /// [`FormulaError`] if a number is out of range, or the queue would be millions long.
    pub fn new(
        servers: u32,
        arrival_rate: f64,
        mean_service: f64,
        mean_patience: f64,
    ) -> Result<Self, FormulaError> {
        let load = load(servers, arrival_rate, mean_service)?;
        positive("mean patience", mean_patience)?;
        let leaving = mean_service / mean_patience;
        let ratio = |n: u32| {
            let (busy, waiting) = (n.min(servers), n.saturating_sub(servers));
            load / (f64::from(busy) + f64::from(waiting) * leaving)
        };
        let p = birth_death(ratio, None)?;
        let alpha = f64::from(servers) / leaving;
        Ok(Self { servers, arrival_rate, mean_patience, alpha, p })
    }

    /// The share that has to wait, whether it stays or leaves.
    #[must_use]
    pub fn p_wait(&self) -> f64 {
        self.waiting().iter().sum()
    }

    /// The share that leaves.
    #[must_use]
    pub fn p_abandon(&self) -> f64 {
        self.mean_wait() / self.mean_patience
    }

    /// The mean number that waits.
    #[must_use]
    pub fn mean_queue(&self) -> f64 {
        (0..).zip(self.waiting()).map(|(ahead, p)| f64::from(ahead) * p).sum()
    }

    /// E W of all, those who leave included: the time until served or gone.
    #[must_use]
    pub fn mean_wait(&self) -> f64 {
        self.mean_queue() / self.arrival_rate
    }

    /// E W of those who are served.
    #[must_use]
    pub fn mean_wait_served(&self) -> f64 {
        // E(V e^(−θV)) given k ahead is P(served) · Σ 1/(cμ + jθ), j = 1 to k + 1.
        let (mut sum, mut harmonic) = (0.0, 0.0);
        for (k, p) in (1..).map(f64::from).zip(self.waiting()) {
            harmonic += 1.0 / (self.alpha + k);
            sum += p * self.p_served(k) * harmonic;
        }
        sum * self.mean_patience / (1.0 - self.p_abandon())
    }

    /// The share of all that is served after a wait of at most `t` ≥ 0.
    #[must_use]
    pub fn p_served_within(&self, t: f64) -> f64 {
        // Served within t, given k ahead: P(served) · P(Beta(α + 1, k + 1) > y), y = e^(−θt), and
        // that beta is at most y if at most k failures come before α + 1 successes.
        let a = self.alpha + 1.0;
        let failing = -(-t / self.mean_patience).exp_m1();
        let longer = running_sum(-a * t / self.mean_patience, |k| {
            failing * (a + f64::from(k) - 1.0) / f64::from(k)
        });
        let at_once: f64 = self.p[..self.servers as usize].iter().sum();
        let waited = (1..).zip(self.waiting()).zip(longer);
        at_once + waited.map(|((k, p), l)| p * self.p_served(f64::from(k)) * (1.0 - l)).sum::<f64>()
    }

    fn waiting(&self) -> &[f64] {
        &self.p[self.servers as usize..]
    }

    /// The share of those who came as the `k`-th in the queue that is served.
    fn p_served(&self, k: f64) -> f64 {
        self.alpha / (self.alpha + k)
    }
}

/// M/G/1: one server, service of any distribution, of which the first moments are known.
///
/// Source: F. Pollaczek 1930, A. Khinchine 1932; the second moment by L. Takács 1962.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Mg1 {
    arrival_rate: f64,
    /// E S, E S², E S³.
    moments: [f64; 3],
}

impl Mg1 {
    /// A queue that keeps up, with the moments E S, E S², E S³ of its service.
    ///
    /// # Errors
    ///
    /// [`FormulaError`] if it does not, or the moments are no moments.
    pub fn new(arrival_rate: f64, moments: [f64; 3]) -> Result<Self, FormulaError> {
        let [mean, second, third] = moments;
        let load = load(1, arrival_rate, mean)?;
        // No spread is the least there is, up to rounding.
        let is_real = second >= mean * mean * (1.0 - 1e-9) && third * mean >= 0.0;
        if !is_real || !second.is_finite() || !third.is_finite() {
            return Err(FormulaError::Moments { moments });
        }
        if load >= 1.0 {
            return Err(FormulaError::Overloaded { load, servers: 1 });
        }
        Ok(Self { arrival_rate, moments })
    }

    /// The share of its time that the server is busy, which is the share that waits.
    #[must_use]
    pub fn p_wait(&self) -> f64 {
        self.arrival_rate * self.moments[0]
    }

    /// E W.
    #[must_use]
    pub fn mean_wait(&self) -> f64 {
        self.arrival_rate * self.moments[1] / (2.0 * (1.0 - self.p_wait()))
    }

    /// E W².
    #[must_use]
    pub fn second_moment_wait(&self) -> f64 {
        2.0 * self.mean_wait().powi(2)
            + self.arrival_rate * self.moments[2] / (3.0 * (1.0 - self.p_wait()))
    }

    /// The mean number that waits.
    #[must_use]
    pub fn mean_queue(&self) -> f64 {
        self.arrival_rate * self.mean_wait()
    }

    /// E(W + S): the mean time in system.
    #[must_use]
    pub fn mean_sojourn(&self) -> f64 {
        self.mean_wait() + self.moments[0]
    }
}

fn positive(what: &'static str, value: f64) -> Result<(), FormulaError> {
    let is_fine = value > 0.0 && value.is_finite();
    if is_fine { Ok(()) } else { Err(FormulaError::NotPositive { what, value }) }
}

/// The offered load in erlangs.
fn load(servers: u32, arrival_rate: f64, mean_service: f64) -> Result<f64, FormulaError> {
    if servers == 0 {
        return Err(FormulaError::NoServers);
    }
    positive("arrival rate", arrival_rate)?;
    positive("mean service", mean_service)?;
    let load = arrival_rate * mean_service;
    positive("offered load", load)?;
    Ok(load)
}

/// Erlang B for `servers` from that for one less.
fn one_more(servers: u32, load: f64, blocked: f64) -> f64 {
    load * blocked / (f64::from(servers) + load * blocked)
}

/// Erlang C from Erlang B.
fn delayed(servers: u32, load: f64, blocked: f64) -> f64 {
    let spare = f64::from(servers) - load;
    if spare <= 0.0 { 1.0 } else { f64::from(servers) * blocked / (spare + load * blocked) }
}

/// The probabilities of 0, 1, 2 … where that of n is `ratio(n)` times that of n − 1, up to the
/// `last`, or up to where the rest is nothing. Ratios must not rise.
fn birth_death(ratio: impl Fn(u32) -> f64, last: Option<u32>) -> Result<Vec<f64>, FormulaError> {
    const STATES_MAX: usize = 2_000_000;
    const LN_NOTHING: f64 = -50.0;
    let (mut p, mut ln) = (vec![1.0], 0.0_f64);
    for n in 1.. {
        if p.len() == STATES_MAX {
            return Err(FormulaError::TooLong { most: STATES_MAX });
        }
        let ratio = ratio(n);
        p.push(ratio);
        // How likely n is, against the likeliest; all after it at most as a geometric series.
        ln = (ln + ratio.ln()).min(0.0);
        let is_rest_nothing = ratio < 1.0 && ln - (1.0 - ratio).ln() < LN_NOTHING;
        if last.map_or(is_rest_nothing, |last| n == last) {
            break;
        }
    }
    // Both ways from the likeliest, so that nothing overflows.
    let likeliest = p.partition_point(|&ratio| ratio >= 1.0) - 1;
    let mut weight = 1.0;
    for p in &mut p[likeliest + 1..] {
        weight *= *p;
        *p = weight;
    }
    weight = 1.0;
    for p in p[..=likeliest].iter_mut().rev() {
        let ratio = std::mem::replace(p, weight);
        weight /= ratio;
    }
    let sum: f64 = p.iter().sum();
    p.iter_mut().for_each(|p| *p /= sum);
    Ok(p)
}

/// Partial sums of a distribution on 0, 1, 2 …: of 0 it has the probability e^`ln_first`, which may
/// be too small for a float, and of k `ratio(k)` times that of k − 1.
fn running_sum(ln_first: f64, ratio: impl Fn(u32) -> f64) -> impl Iterator<Item = f64> {
    let (mut ln, mut sum) = (ln_first, ln_first.exp());
    std::iter::once(sum).chain((1..).map(move |k| {
        ln += ratio(k).ln();
        sum += ln.exp();
        sum.min(1.0)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_is_simple() {
        let queue = Mmc::new(1, 0.5, 1.0).unwrap();
        assert!((queue.p_wait() - 0.5).abs() < 1e-15 && (queue.mean_wait() - 1.0).abs() < 1e-15);
        // What is in system longer than t: e^(−(μ−λ)t).
        assert!((queue.p_sojourn_gt(2.0) - (-1_f64).exp()).abs() < 1e-15);
    }

    #[test]
    fn the_same_queue_has_the_same_answers_under_every_name() {
        let (plain, general) =
            (Mmc::new(1, 0.8, 1.0).unwrap(), Mg1::new(0.8, [1.0, 2.0, 6.0]).unwrap());
        assert!((plain.mean_wait() - general.mean_wait()).abs() < 1e-12);
        assert!((plain.second_moment_wait() - general.second_moment_wait()).abs() < 1e-10);
        let (plain, roomy) =
            (Mmc::new(5, 0.4, 10.0).unwrap(), Mmck::new(5, 2_000, 0.4, 10.0).unwrap());
        assert!((plain.p_wait_gt(7.0) - roomy.p_wait_gt(7.0)).abs() < 1e-12);
        let patient = Mmcm::new(5, 0.4, 10.0, 1e9).unwrap();
        assert!((plain.p_wait_gt(7.0) - (1.0 - patient.p_served_within(7.0))).abs() < 1e-6);
        let full = Mmck::new(8, 8, 0.5, 10.0).unwrap();
        assert!((full.p_block() - erlang_b(8, 5.0)).abs() < 1e-15);
    }

    #[test]
    fn a_thousand_servers_lose_no_accuracy() {
        // Halfin and Whitt 1981: for large halls, C is near a function of (c − a)/√a alone.
        let p_wait = Mmc::new(10_000, 9_900.0, 1.0).unwrap().p_wait();
        assert!((0.2..0.25).contains(&p_wait), "{p_wait}");
        let crowd = Mmck::new(2_000, 5_000, 4_000.0, 1.0).unwrap();
        assert!((crowd.throughput() / 2_000.0 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(Mmc::new(0, 1.0, 1.0), Err(FormulaError::NoServers));
        assert!(matches!(Mmc::new(1, 1.0, 1.0), Err(FormulaError::Overloaded { .. })));
        assert!(matches!(Mmc::new(1, f64::NAN, 1.0), Err(FormulaError::NotPositive { .. })));
        assert!(matches!(Mmck::new(2, 1, 1.0, 1.0), Err(FormulaError::Capacity { .. })));
        assert!(matches!(Mmcm::new(1, 1e9, 1.0, 1e9), Err(FormulaError::TooLong { .. })));
        assert!(matches!(Mg1::new(0.1, [1.0, 0.5, 1.0]), Err(FormulaError::Moments { .. })));
        assert!(Mmc::least(1.0, 1.0, 1.0, 1.0).is_err());
    }
}
