//! The engine inside an asynchronous service.
//!
//! Every task has a handle of the same hall and calls its verbs directly: they return at once, so there
//! is nothing to await. Three things belong to the host, and are shown here:
//!
//! * **the clock**: one [`Clock`], read at every call;
//! * **time passing**: one task owns the [`Advancer`] and advances on a tick;
//! * **waking up**: whoever may have made an order grabbable rings a [`Notify`], idle clerks wait for it.
//!
//! Two clerks serve thirty orders that come in three waves; who waits too long climbs a ladder. Ends by
//! itself in about half a second.

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use qiangdan::{
    Action, Advancer, Bounds, ClerkId, ClerkSpec, Colour, Cx, Engine, EventKind, Ladder, LadderId,
    Now, OrderSpec, Outbox, Outcome, PoolId, Rules, RulesDraft, ServiceId, ServiceRule, Skills,
    Stage, Wall,
};
use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior, interval, sleep},
};

const ORDERS: u32 = 30;

/// When the service began, by both clocks.
#[derive(Clone, Copy)]
struct Clock {
    began: Instant,
    wall: Wall,
}

impl Clock {
    /// What both clocks say now. The wall may jump; here it is not asked again.
    fn now(self) -> Now {
        let ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        Now::after(self.wall, ms)
    }
}

/// What every task has: the hall, the clock, and the bell.
#[derive(Clone)]
struct Service {
    hall: Engine,
    clock: Clock,
    bell: Arc<Notify>,
    left: Arc<AtomicU32>,
}

impl Service {
    /// Calls a verb now. Events go to `events`: a log, a board, a webhook.
    fn call<T>(&self, events: &mut Outbox, verb: impl FnOnce(&Engine, &mut Cx<'_>) -> T) -> T {
        verb(&self.hall, &mut Cx::new(self.clock.now(), events))
    }

    /// A clerk: grabs as long as there is something, then waits for the bell.
    async fn clerk(self, clerk: ClerkId) -> u32 {
        let (mut events, mut served) = (Outbox::default(), 0);
        loop {
            // First listen, then look: what changes in between rings this bell.
            let bell = self.bell.notified();
            if self.left.load(Relaxed) == 0 {
                return served;
            }
            let Ok(grabbed) = self.call(&mut events, |hall, cx| hall.grab(cx, clerk)) else {
                bell.await;
                continue;
            };
            sleep(Duration::from_millis(15)).await;
            let done =
                self.call(&mut events, |hall, cx| hall.complete(cx, grabbed.claim, Outcome::Done));
            done.expect("nobody cancels here");
            served += 1;
            if self.left.fetch_sub(1, Relaxed) == 1 {
                self.bell.notify_waiters();
            }
            events.clear();
        }
    }

    /// People who come in, in three waves.
    async fn arrivals(self) {
        let mut events = Outbox::default();
        for number in 0..ORDERS {
            if number % 10 == 0 {
                sleep(Duration::from_millis(40)).await;
            }
            let spec = OrderSpec::new(ServiceId(0)).tag(u64::from(number));
            let submitted = self.call(&mut events, |hall, cx| hall.submit(cx, &spec));
            submitted.expect("there is room for all");
            self.bell.notify_one();
        }
    }

    /// Time passes. The one task that owns the advancer; if a tick is late, it catches up.
    #[expect(clippy::print_stdout, reason = "an example shows what it does")]
    async fn advance(self, mut advancer: Advancer) {
        let (mut events, mut tick) = (Outbox::default(), interval(Duration::from_millis(5)));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.left.load(Relaxed) > 0 {
            tick.tick().await;
            advancer.advance_all(&mut Cx::new(self.clock.now(), &mut events));
            for event in events.drain() {
                if let EventKind::StageReached { due, .. } = event.kind {
                    let late_ms = event.at.mono.since_ms(due);
                    println!("number {} climbs, noticed {late_ms} ms late", event.tag);
                }
                // A wider pool, a boost or a time that has come may be work for an idle clerk.
                self.bell.notify_one();
            }
        }
    }
}

/// One service; who waits 100 ms is shown in amber and goes first.
fn rules() -> Result<Rules, Box<dyn Error>> {
    let actions = vec![Action::Show { colour: Colour::Amber }, Action::Boost { by_ms: 1_000 }];
    let ladder = Ladder { stages: vec![Stage { at_ms: 100, actions }] };
    let (needs, wait_limit_ms) = (Skills::none(), Some(200));
    let rule = ServiceRule { pool: PoolId(0), needs, wait_limit_ms, ladder: Some(LadderId(0)) };
    let draft = RulesDraft {
        pools: 1,
        services: vec![rule],
        ladders: vec![ladder],
        ..RulesDraft::default()
    };
    Ok(draft.check().map_err(|mistakes| format!("{mistakes:?}"))?)
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "an example shows what it does")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (hall, advancer) = Engine::new(rules()?, Bounds::new(ORDERS, 2))?;
    let clock = Clock { began: Instant::now(), wall: Wall(0) };
    let (bell, left) = (Arc::new(Notify::new()), Arc::new(AtomicU32::new(ORDERS)));
    let service = Service { hall, clock, bell, left };

    let mut events = Outbox::default();
    let spec = ClerkSpec::new(&[PoolId(0)], Skills::none());
    for clerk in (0..2).map(ClerkId) {
        service.call(&mut events, |hall, cx| hall.sign_in(cx, clerk, &spec))?;
    }

    let time = tokio::spawn(service.clone().advance(advancer));
    let clerks = [0, 1].map(|clerk| tokio::spawn(service.clone().clerk(ClerkId(clerk))));
    service.clone().arrivals().await;
    for (clerk, served) in (0..).map(ClerkId).zip(clerks) {
        println!("{clerk} served {}", served.await?);
    }
    time.await?;

    let stats = service.hall.stats();
    let longest_ms = stats.wait_ms(1.0).unwrap_or(0);
    println!("{} orders, {} in breach, longest wait {longest_ms} ms", stats.closed, stats.breached);
    Ok(())
}
