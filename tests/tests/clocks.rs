//! Hosts' clocks that are behind each other. The comment above a test names its row in the table of edge
//! cases.

use qiangdan::{EventKind, Mono, OrderSpec, RulesDraft, ServiceId};
use qiangdan_tests::hall::{Hall, service, within};

// E57. What others armed meanwhile waits, too.
#[test]
fn an_advance_to_an_earlier_instant_does_nothing() {
    let mut hall = Hall::new(
        RulesDraft {
            pools: 1,
            services: vec![within(3, service(0, &[]))],
            ..RulesDraft::default()
        },
        2,
        1,
    );
    hall.pass(6);
    hall.advance();
    // Another host's clock is behind: this order is late as soon as it is in.
    hall.now_ms = 1;
    hall.submit(OrderSpec::new(ServiceId(0)));
    hall.take();
    hall.advance();
    assert_eq!(hall.take(), []);
    hall.now_ms = 6;
    hall.advance();
    let told: Vec<_> = hall.take().iter().map(|event| (event.at.mono, event.kind)).collect();
    assert_eq!(told, [(Mono(6), EventKind::LimitBreached { due: Mono(4) })]);
}
