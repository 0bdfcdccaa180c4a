//! A hall in twenty lines: one service, one clerk, three people.
//!
//! The engine reads no clock. Here the time is made up; yours comes from wherever you like.

use std::error::Error;

use qiangdan::{
    Bounds, ClerkId, ClerkSpec, Cx, Engine, Now, OrderSpec, Outbox, Outcome, PoolId, RulesDraft,
    ServiceId, ServiceRule, Skills, Wall,
};

#[expect(clippy::print_stdout, reason = "an example shows what it does")]
fn main() -> Result<(), Box<dyn Error>> {
    // The rules: one service, whose orders wait in one pool and ask for no skill.
    let (pool, service) = (PoolId(0), ServiceId(0));
    let rule = ServiceRule { pool, needs: Skills::none(), wait_limit_ms: None, ladder: None };
    let draft = RulesDraft { pools: 1, services: vec![rule], ..RulesDraft::default() };
    let rules = draft.check().map_err(|mistakes| format!("{mistakes:?}"))?;

    // Room for 100 open orders and one clerk. The advancer is for ladders and limits; there are none.
    let (hall, _advancer) = Engine::new(rules, Bounds::new(100, 1))?;
    let mut events = Outbox::default();
    let minute = |minutes: u64| Now::after(Wall(0), minutes * 60_000);

    let (clerk, pools) = (ClerkId(0), [pool]);
    let spec = ClerkSpec::new(&pools, Skills::none());
    hall.sign_in(&mut Cx::new(minute(0), &mut events), clerk, &spec)?;

    // Three people come, two minutes apart; the tag is the number on their ticket.
    for number in 1..=3 {
        let order = OrderSpec::new(service).tag(number);
        hall.submit(&mut Cx::new(minute(number * 2), &mut events), &order)?;
    }

    // The clerk grabs whoever has waited longest, and takes five minutes for each.
    let mut now = 10;
    while let Ok(grabbed) = hall.grab(&mut Cx::new(minute(now), &mut events), clerk) {
        println!("number {} waited {} min", grabbed.tag, grabbed.wait_ms / 60_000);
        now += 5;
        hall.complete(&mut Cx::new(minute(now), &mut events), grabbed.claim, Outcome::Done)?;
    }

    println!("{} events, {} orders closed", events.events().len(), hall.stats().closed);
    Ok(())
}
