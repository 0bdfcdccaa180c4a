//! Histories that must be right.

use std::fmt::Write as _;

use qiangdan::{
    Engine, Event,
    history::{Finding, History, Proof},
};

/// Reads events that must prove right, and lead to where the engine is.
///
/// # Panics
///
/// With all findings, if they do not.
#[track_caller]
pub fn proven(mut history: History, events: &[Event], engine: &Engine) -> Proof {
    history.read_all(events);
    history.check_against(engine).unwrap_or_else(|findings| refuted(&findings, events))
}

/// Shows findings with the events of their orders.
///
/// # Panics
///
/// Always.
#[track_caller]
pub fn refuted(findings: &[Finding], events: &[Event]) -> ! {
    let mut text = String::new();
    for finding in findings.iter().take(20) {
        writeln!(text, "{finding}").ok();
    }
    let named =
        |event: &&Event| event.order.is_some_and(|order| text.contains(&format!("{order} ")));
    let told: Vec<_> = events.iter().filter(named).take(60).collect();
    for event in told {
        writeln!(text, "{}: {event:?}", event.seq).ok();
    }
    panic!("{} findings\n{text}", findings.len());
}
