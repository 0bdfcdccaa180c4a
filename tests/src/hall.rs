//! A hall of a few services with its clock in hand: what most tests call the engine through.

use qiangdan::{
    Advancer, Bounds, ClerkId, ClerkSpec, Cx, Engine, Event, LadderId, Now, OrderId, OrderSpec,
    Outbox, PoolId, Rules, RulesDraft, ServiceRule, SkillId, Skills, Wall,
};

/// An engine, the one value that lets its time pass, the time, and all events so far.
#[derive(Debug)]
pub struct Hall {
    /// The engine.
    pub engine: Engine,
    /// Its time.
    pub advancer: Advancer,
    /// All events since the beginning, or since they were taken.
    pub outbox: Outbox,
    /// Now, in milliseconds of the monotone clock; the wall began at zero.
    pub now_ms: u64,
}

impl Hall {
    /// A hall with these rules and this much room.
    ///
    /// # Panics
    ///
    /// If the rules or the bounds are wrong.
    #[must_use]
    pub fn new(draft: RulesDraft, orders: u32, clerks: u32) -> Self {
        Self::bounded(draft, Bounds::new(orders, clerks))
    }

    /// The same with room for whatever the bounds say.
    ///
    /// # Panics
    ///
    /// If the rules or the bounds are wrong.
    #[must_use]
    pub fn bounded(draft: RulesDraft, bounds: Bounds) -> Self {
        let rules = checked(draft);
        let (engine, advancer) = Engine::new(rules, bounds).expect("bounds in range");
        Self { engine, advancer, outbox: Outbox::default(), now_ms: 0 }
    }

    /// What both clocks say.
    #[must_use]
    pub fn now(&self) -> Now {
        Now::after(Wall(0), self.now_ms)
    }

    /// Calls a verb now.
    pub fn call<T>(&mut self, verb: impl FnOnce(&Engine, &mut Cx<'_>) -> T) -> T {
        let now = self.now();
        verb(&self.engine, &mut Cx::new(now, &mut self.outbox))
    }

    /// Lets time pass without telling the engine.
    pub fn pass(&mut self, ms: u64) {
        self.now_ms += ms;
    }

    /// Lets everything happen that is due now.
    pub fn advance(&mut self) {
        let now = self.now();
        self.advancer.advance_all(&mut Cx::new(now, &mut self.outbox));
    }

    /// Submits an order that must be taken.
    ///
    /// # Panics
    ///
    /// If it is refused.
    pub fn submit(&mut self, spec: OrderSpec) -> OrderId {
        self.call(|engine, cx| engine.submit(cx, &spec)).expect("the order is taken").order
    }

    /// Signs a clerk in.
    ///
    /// # Panics
    ///
    /// If there is no such clerk or pool.
    pub fn sign_in(&mut self, clerk: u32, pools: &[u16], skills: &[u8], units: u32) {
        let pools: Vec<_> = pools.iter().copied().map(PoolId).collect();
        let skills = skills.iter().copied().map(SkillId).collect();
        let spec = ClerkSpec { units, ..ClerkSpec::new(&pools, skills) };
        self.call(|engine, cx| engine.sign_in(cx, ClerkId(clerk), &spec))
            .expect("clerk and pools exist");
    }

    /// Takes the events out.
    pub fn take(&mut self) -> Vec<Event> {
        self.outbox.drain().collect()
    }
}

/// Rules from a draft without mistakes.
///
/// # Panics
///
/// If there are any.
#[must_use]
pub fn checked(draft: RulesDraft) -> Rules {
    draft.check().expect("a draft without mistakes")
}

/// A service in a pool that asks for these skills, without limit or ladder.
#[must_use]
pub fn service(pool: u16, needs: &[u8]) -> ServiceRule {
    let needs: Skills = needs.iter().copied().map(SkillId).collect();
    ServiceRule { pool: PoolId(pool), needs, wait_limit_ms: None, ladder: None }
}

/// The same service with a wait limit.
#[must_use]
pub fn within(limit_ms: u64, service: ServiceRule) -> ServiceRule {
    ServiceRule { wait_limit_ms: Some(limit_ms), ..service }
}

/// The same service with a ladder.
#[must_use]
pub fn climbing(ladder: u16, service: ServiceRule) -> ServiceRule {
    ServiceRule { ladder: Some(LadderId(ladder)), ..service }
}
