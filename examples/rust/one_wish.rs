//! One wish, six orders: a company is opened, from the first word at a window to one delivery.
//!
//! The hall is `examples/halls/changsha-packages.toml`. Time is made up; yours comes from wherever you
//! like.

use std::{collections::BTreeMap, error::Error};

use qiangdan::{
    Bounds, ClerkId, ClerkSpec, Cx, Engine, Now, OrderId, OrderSpec, Outbox, Outcome, PoolId,
    PutBack, ServiceId, Skills, Wall,
    hall::Hall,
    package::{PackageBounds, PackageEvent, PackageEventKind, PackageState, Packages, PartId},
    tracking::{CodeBounds, CodeDay, Codes},
};

const FILE: &str = include_str!("../halls/changsha-packages.toml");
/// 2026-11-24 09:00 in Changsha.
const START: Wall = Wall(1_795_482_000_000);

/// The hall, its clock, and what its windows do.
struct Day {
    hall: Hall,
    engine: Engine,
    packages: Packages,
    outbox: Outbox,
    told: Vec<PackageEvent>,
    minute: u64,
}

impl Day {
    fn now(&self) -> Now {
        Now::after(START, self.minute * 60_000)
    }

    /// Calls a verb of the engine, then lets packages hear what it told.
    fn call<T>(
        &mut self,
        verb: impl FnOnce(&Engine, &mut Cx<'_>) -> T,
    ) -> Result<T, Box<dyn Error>> {
        let now = self.now();
        let answer = verb(&self.engine, &mut Cx::new(now, &mut self.outbox));
        // Hearing makes further events: orders of parts that may begin now.
        loop {
            let events: Vec<_> = self.outbox.drain().collect();
            if events.is_empty() {
                return Ok(answer);
            }
            for event in &events {
                let cx = &mut Cx::new(now, &mut self.outbox);
                self.packages.hear(&self.engine, cx, event, &mut self.told)?;
            }
        }
    }

    fn service(&self, key: &str) -> ServiceId {
        let service = self.hall.services().iter().find(|service| service.key == key);
        service.map_or(ServiceId(0), |service| service.id)
    }

    /// Prints what the package has told since the last time.
    #[expect(clippy::print_stdout, reason = "an example shows what it does")]
    fn show(&mut self) {
        let (hour, minute) = (9 + self.minute / 60, self.minute % 60);
        let company = &self.hall.packages()[0];
        let name = |part: PartId| company.parts.get(part.index()).map_or("?", String::as_str);
        for event in self.told.drain(..) {
            let text = match event.kind {
                PackageEventKind::Released { part } => format!("{} may begin", name(part)),
                PackageEventKind::PartDone { part } => format!("{} is done", name(part)),
                PackageEventKind::NoticeDue { round, parts } => {
                    let asks = (0..60).filter(|part| parts >> part & 1 == 1).map(PartId);
                    let asks: Vec<_> = asks.map(name).collect();
                    format!("notice {round}: papers are missing for {}", asks.join(", "))
                }
                PackageEventKind::PapersIn { .. } => "the papers are in".to_owned(),
                PackageEventKind::StandsStill => {
                    "all stands still, and so does the clock".to_owned()
                }
                PackageEventKind::RunsAgain => "the clock runs again".to_owned(),
                PackageEventKind::State { state } => format!("the package is {state:?}"),
                _ => continue,
            };
            println!("{hour:02}:{minute:02}  {text}");
        }
    }
}

#[expect(clippy::print_stdout, reason = "an example shows what it does")]
fn main() -> Result<(), Box<dyn Error>> {
    let hall = Hall::parse("changsha-packages.toml", FILE)?.hall;
    let clerks = u32::try_from(hall.pools().len())?;
    let (engine, _advancer) = Engine::new(hall.rules(), Bounds::new(1_000, clerks))?;
    let packages = Packages::new(hall.package_rules(), PackageBounds::new(100))?;
    let halls = hall.halls().iter();
    let numbers: Vec<_> = halls.filter_map(|other| hall.tree().number(other.id)).collect();
    let codes = Codes::new(&numbers, CodeBounds { days: 90, per_day: 1_000, facts: 10_000 })?;
    let (outbox, told) = (Outbox::default(), Vec::new());
    let mut day = Day { hall, engine, packages, outbox, told, minute: 0 };

    // One clerk for each pool.
    for pool in 0..clerks {
        let pools = [PoolId(u16::try_from(pool)?)];
        let spec = ClerkSpec { units: 4, ..ClerkSpec::new(&pools, Skills::none()) };
        day.call(|engine, cx| engine.sign_in(cx, ClerkId(pool), &spec))??;
    }

    // First contact: a code, and one order that stands for the whole.
    let today = CodeDay::new(2026, 11, 24).ok_or("no such day")?;
    let code = codes.issue(numbers[2], today, day.now().wall)?;
    let opening = OrderSpec::new(day.service("opening")).tag(codes.tag(code)?);
    let whole = day.call(|engine, cx| engine.submit(cx, &opening))??.order;
    codes.stands_for(code, whole, day.now().wall)?;
    println!("09:00  code {code}");

    // The window takes one form for all, opens the package, and puts the order aside.
    let claim = day.call(|engine, cx| engine.grab(cx, ClerkId(0)))??.claim;
    day.minute = 20;
    let (company, at) = (day.hall.packages()[0].kind, day.now().wall);
    let package = day.packages.open(company, at, codes.tag(code)?, &mut day.told)?;
    day.packages.covered_by(package, whole, at, &mut day.told)?;
    day.call(|engine, cx| engine.put_back(cx, claim, PutBack::Park))??;
    settle(&mut day, package)?;
    day.show();

    // Registration lacks a paper. It is the only one that may ask now, so the notice goes out.
    day.minute = 40;
    day.packages.ask(package, PartId(0), day.now().wall, &mut day.told)?;
    settle(&mut day, package)?;
    day.show();
    day.minute = 130;
    day.packages.hand_in(package, day.now().wall, &mut day.told)?;
    settle(&mut day, package)?;
    day.show();

    // Every pool serves what it can grab, until everything is decided.
    let mut orders: BTreeMap<PartId, OrderId> = BTreeMap::new();
    while state(&day, package) < Some(PackageState::AllDecided) {
        day.minute += 10;
        let held: Vec<_> = (1..clerks - 1)
            .filter_map(|clerk| day.call(|engine, cx| engine.grab(cx, ClerkId(clerk))).ok()?.ok())
            .collect();
        day.minute += 10;
        for grabbed in held {
            let part = day.packages.rules()[company.index()]
                .parts()
                .iter()
                .position(|part| part.service == grabbed.service);
            let part = PartId(u8::try_from(part.ok_or("a part")?)?);
            orders.insert(part, grabbed.claim.order);
            day.call(|engine, cx| engine.complete(cx, grabbed.claim, Outcome::Done))??;
        }
        day.show();
    }
    // Each part has a number under the one code.
    for order in orders.into_values() {
        let part = codes.split(code, day.now().wall)?;
        codes.stands_for(part, order, day.now().wall)?;
    }

    // The order of the whole waits again, for the window that hands over: one delivery.
    day.minute += 5;
    let issue = ClerkId(clerks - 1);
    let claim = day.call(|engine, cx| engine.grab(cx, issue))??.claim;
    assert_eq!(claim.order, whole);
    day.call(|engine, cx| engine.complete(cx, claim, Outcome::Done))??;
    day.packages.deliver(package, day.now().wall, &mut day.told)?;
    day.show();
    day.packages.close(package)?;

    println!("\n{code} stands for");
    for (code, order) in codes.orders(code)? {
        println!("  {code}  {order}");
    }
    Ok(())
}

fn settle(day: &mut Day, package: qiangdan::package::PackageId) -> Result<(), Box<dyn Error>> {
    let cx = &mut Cx::new(day.now(), &mut day.outbox);
    day.packages.settle(&day.engine, cx, package, &mut day.told)?;
    day.call(|_, _| ())
}

fn state(day: &Day, package: qiangdan::package::PackageId) -> Option<PackageState> {
    day.packages.progress(package).map(|progress| progress.state())
}
