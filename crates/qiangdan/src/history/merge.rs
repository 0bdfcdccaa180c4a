//! The events of one order, told at several desks, in an order that the table allows.
//!
//! At one desk the numbers say who was first; between desks the epochs do, and where they do not, the
//! table leaves few ways, which are tried one after another.

use super::{
    Finding,
    table::{Life, Verb},
};
use crate::{Event, Mono, State};

/// So many ways are tried before the one that led furthest is taken for the truth.
const WAYS: usize = 10_000;

/// Transitions in their order, and what was wrong with them.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// What could follow from what was before it.
    pub(super) steps: Vec<Step>,
    pub(super) life: Life,
    pub(super) findings: Vec<Finding>,
}

/// One transition.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) event: Event,
    pub(super) verb: Verb,
    pub(super) epoch: Option<u16>,
    /// Where the order was before it.
    pub(super) from: Option<State>,
    /// Where it is after it.
    pub(super) to: Option<State>,
}

/// A state of the search.
#[derive(Clone, Debug)]
struct Place {
    /// How many of each desk's transitions are in the line.
    read: Vec<usize>,
    life: Life,
    steps: usize,
}

/// The transitions of one desk, by number.
type Told = Vec<(Event, Verb, Option<u16>)>;

/// Puts the transitions among the events of one order into an order; `events` are sorted by number.
pub(super) fn merge(events: &[Event]) -> Line {
    let mut desks: Vec<Told> = Vec::new();
    for desk in events.chunk_by(|one, next| one.seq.desk() == next.seq.desk()) {
        let told = desk.iter().filter_map(|event| {
            let (verb, epoch) = Verb::of(&event.kind)?;
            Some((*event, verb, epoch))
        });
        desks.push(told.collect());
    }
    let start = Place { read: vec![0; desks.len()], life: Life::default(), steps: 0 };
    let mut line = Line::default();
    let mut place = start;
    loop {
        place = search(&desks, place, &mut line.steps);
        let Some(desk) = blamed(&desks, &place) else { break };
        let (event, verb, epoch) = desks[desk][place.read[desk]];
        line.findings.push(explain(&event, verb, epoch, place.life, &line.steps));
        place.read[desk] += 1;
        // A claim that is missing is taken for made; what comes too late is taken for not told.
        if epoch.is_none_or(|epoch| epoch > place.life.epoch) && place.life.state != CLOSED {
            let from = place.life.state;
            place.life = place.life.forced(&event, verb, epoch);
            let to = place.life.state;
            line.steps.push(Step { event, verb, epoch, from, to });
            place.steps += 1;
        }
    }
    line.life = place.life;
    line
}

const CLOSED: Option<State> = Some(State::Closed);

/// Goes on as far as possible.
fn search(desks: &[Told], mut place: Place, steps: &mut Vec<Step>) -> Place {
    let mut forks: Vec<(Place, Vec<usize>)> = Vec::new();
    let mut best: Option<(Place, Vec<Step>)> = None;
    let mut ways = 0;
    loop {
        let mut next = possible(desks, &place);
        if let Some(desk) = next.pop() {
            let verb = desks[desk][place.read[desk]].1;
            if !next.is_empty() && !Life::is_aside(verb) {
                forks.push((place.clone(), next));
            }
            take(desks, &mut place, steps, desk);
            continue;
        }
        let is_all = desks.iter().zip(&place.read).all(|(told, &read)| read == told.len());
        ways += 1;
        if is_all || forks.is_empty() && best.is_none() {
            return place;
        }
        if best.as_ref().is_none_or(|(best, _)| best.steps < place.steps) {
            best = Some((place.clone(), steps.clone()));
        }
        let fork = if ways < WAYS { forks.pop() } else { None };
        let Some((at, mut rest)) = fork else {
            let (place, line) = best.expect("it was set above if it was not before");
            *steps = line;
            return place;
        };
        steps.truncate(at.steps);
        place = at.clone();
        if let Some(desk) = rest.pop() {
            if !rest.is_empty() {
                forks.push((at, rest));
            }
            take(desks, &mut place, steps, desk);
        }
    }
}

/// The desks whose next transition may come now, the best last.
fn possible(desks: &[Told], place: &Place) -> Vec<usize> {
    let next = |desk: usize| desks[desk].get(place.read[desk]);
    let mut possible: Vec<usize> = (0..desks.len())
        .filter(|&desk| {
            next(desk)
                .is_some_and(|(event, verb, epoch)| place.life.after(event, *verb, *epoch).is_ok())
        })
        .collect();
    let key = |&desk: &usize| next(desk).map(|(event, verb, _)| (verb.urgency(), event.at.mono));
    possible.sort_by_key(key);
    possible.reverse();
    possible
}

fn take(desks: &[Told], place: &mut Place, steps: &mut Vec<Step>, desk: usize) {
    let (event, verb, epoch) = desks[desk][place.read[desk]];
    let from = place.life.state;
    if let Ok(life) = place.life.after(&event, verb, epoch) {
        let to = life.state;
        steps.push(Step { event, verb, epoch, from, to });
        place.life = life;
        place.steps += 1;
        place.read[desk] += 1;
    }
}

/// Whose next transition is to blame that nothing goes on: the one that is left furthest behind.
fn blamed(desks: &[Told], place: &Place) -> Option<usize> {
    let key = |desk: usize| -> Option<(u8, u16, Mono)> {
        let (event, verb, epoch) = desks[desk].get(place.read[desk])?;
        Some((verb.urgency(), epoch.unwrap_or(place.life.epoch), event.at.mono))
    };
    (0..desks.len()).filter_map(|desk| Some((key(desk)?, desk))).min().map(|(_, desk)| desk)
}

/// What is wrong with an event that cannot follow.
fn explain(event: &Event, verb: Verb, epoch: Option<u16>, life: Life, steps: &[Step]) -> Finding {
    let Some(order) = event.order else {
        return Finding::WithoutOrder { event: event.seq, verb };
    };
    let seq = event.seq;
    let Some(last) = steps.last() else {
        return Finding::NeverSubmitted { order, event: seq, verb };
    };
    if Life::is_first(verb) {
        return Finding::SubmittedTwice { order, first: steps[0].event.seq, second: seq };
    }
    let find = |is: &dyn Fn(&&Step) -> bool| {
        steps.iter().rev().find(is).map_or(last.event.seq, |step| step.event.seq)
    };
    let claim_of = |epoch: u16| find(&|step| step.verb == Verb::Claim && step.epoch == Some(epoch));
    let (before, latest) = (last.event.seq, life.epoch);
    match epoch {
        Some(epoch) if verb == Verb::Claim && epoch <= latest => {
            Finding::ClaimedTwice { order, epoch, first: claim_of(epoch), second: seq }
        }
        Some(found) if found > latest && (verb != Verb::Claim || found > latest + 1) => {
            let expected = if verb == Verb::Claim { latest + 1 } else { latest };
            Finding::EpochMissing { order, before, event: seq, expected, found }
        }
        Some(_) if verb == Verb::Claim && life.state != CLOSED && life.owner.is_some() => {
            Finding::TwoOwners { order, first: claim_of(latest), second: seq }
        }
        _ if life.state == CLOSED => {
            let end = find(&|step| step.verb == Verb::Close);
            if verb == Verb::Close {
                Finding::EndedTwice { order, first: end, second: seq }
            } else {
                Finding::AfterEnd { order, end, event: seq, verb }
            }
        }
        Some(epoch) if epoch < latest => {
            Finding::Stale { order, verb, epoch, event: seq, ended: claim_of(epoch + 1) }
        }
        Some(epoch) if Life::is_owners(verb) && event.clerk.is_some() && life.owner.is_none() => {
            Finding::Stale { order, verb, epoch, event: seq, ended: before }
        }
        Some(epoch) if Life::is_owners(verb) && event.clerk != life.owner => {
            Finding::NotOwner { order, verb, claim: claim_of(epoch), event: seq }
        }
        _ => match life.state {
            Some(state) => Finding::WrongState { order, verb, state, before, event: seq },
            None => Finding::NeverSubmitted { order, event: seq, verb },
        },
    }
}
