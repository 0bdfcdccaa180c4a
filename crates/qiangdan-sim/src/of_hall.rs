//! What a run and its report need to know of a hall.

use qiangdan::{
    Action, Colour, Rules,
    hall::{Clerk, Hall, HallLadder, Per, Takes, Text},
};

use crate::{
    dice::{Law, Slot},
    driver::{Duty, Seat, Stay},
    report::{Gates, LadderShape, Name, Named, Shape, StageShape, Target, WindowShape},
};

/// Milliseconds of a day.
pub(crate) const DAY_MS: u64 = 86_400_000;
const HALF_HOUR_MS: u64 = 1_800_000;

/// The shape of a report on this hall.
#[must_use]
pub fn shape(hall: &Hall) -> Shape {
    let service = |s: &qiangdan::hall::Service| Named { key: s.key.clone(), name: name(&s.name) };
    let (first_half_hour, last_half_hour) = half_hours(hall);
    Shape {
        hall: name(hall.name()),
        services: hall.services().iter().map(service).collect(),
        windows: windows(hall),
        ladders: hall.ladders().iter().map(|l| ladder(hall, l)).collect(),
        target: target(hall),
        first_half_hour,
        last_half_hour,
    }
}

/// The hall's promise, as a report shows it.
#[must_use]
pub fn target(hall: &Hall) -> Target {
    let target = hall.target();
    let gates = match target.per {
        Per::Day => Gates::Day,
        // The stricter one for whatever is added.
        _ => Gates::HalfHour,
    };
    Target { within_ms: target.within_ms, share: target.share, gates }
}

pub(crate) fn name(text: &Text) -> Name {
    Name { zh: text.zh.clone(), en: text.en.clone() }
}

/// Windows of clerks who can do the same form a group.
fn windows(hall: &Hall) -> Vec<WindowShape> {
    let group = |window: usize| {
        let clerk = hall.clerks().iter().find(|clerk| clerk.window == window)?;
        let pools: Vec<_> =
            clerk.pools.iter().map(|p| name(&hall.pools()[p.index()].name)).collect();
        let join =
            |f: fn(&Name) -> &str, by: &str| pools.iter().map(f).collect::<Vec<_>>().join(by);
        Some(Name { zh: join(|n| &n.zh, "、"), en: join(|n| &n.en, ", ") })
    };
    let shape = |(at, window): (usize, &qiangdan::hall::Window)| WindowShape {
        key: window.key.clone(),
        name: name(&window.name),
        group: group(at),
    };
    hall.windows().iter().enumerate().map(shape).collect()
}

fn ladder(hall: &Hall, of: &HallLadder) -> LadderShape {
    let stage = |stage: &qiangdan::Stage| StageShape {
        at_ms: stage.at_ms,
        what: words(hall, &stage.actions),
    };
    let limit = hall.limits().iter().find(|limit| limit.key == of.limit);
    let called = limit.map_or_else(|| of.key.as_str().into(), |limit| name(&limit.name));
    LadderShape {
        key: of.key.clone(),
        name: called,
        stages: of.ladder.stages.iter().map(stage).collect(),
    }
}

/// What a stage does, for people.
pub(crate) fn words(hall: &Hall, actions: &[Action]) -> Name {
    let (zh, en): (Vec<_>, Vec<_>) = actions.iter().map(|action| one(hall, *action)).unzip();
    Name { zh: zh.join("、"), en: en.join(", ") }
}

fn one(hall: &Hall, action: Action) -> (String, String) {
    match action {
        Action::Boost { by_ms } => {
            let (minutes, rest) = (by_ms / 60_000, by_ms % 60_000 / 1_000);
            let seconds =
                |unit: &str| if rest == 0 { String::new() } else { format!(" {rest} {unit}") };
            (
                format!("加权 {minutes} 分{}", seconds("秒")),
                format!("boost {minutes} min{}", seconds("s")),
            )
        }
        Action::Widen { pool } => {
            let pool = &hall.pools()[pool.index()].name;
            (format!("扩至{}", pool.zh), format!("widen to {}", pool.en))
        }
        Action::Notify { role } => {
            let role = &hall.roles()[role.index()].name;
            (format!("通知{}", role.zh), format!("notify {}", role.en))
        }
        Action::Show { colour: Colour::Amber } => ("亮黄灯".into(), "show amber".into()),
        Action::Show { colour: Colour::Red } => ("亮红灯".into(), "show red".into()),
        Action::Card { colour: Colour::Amber, .. } => ("发黄牌".into(), "yellow card".into()),
        Action::Card { colour: Colour::Red, .. } => ("发红牌".into(), "red card".into()),
        Action::Drop { skill } => {
            let skill = &hall.skills()[usize::from(skill.0)].name;
            (format!("放宽{}", skill.zh), format!("drop {}", skill.en))
        }
        Action::Move { pool } => {
            let pool = &hall.pools()[pool.index()].name;
            (format!("改派{}", pool.zh), format!("move to {}", pool.en))
        }
        Action::OpenWindow => ("建议增开窗口".into(), "open a window".into()),
        Action::FollowUp { service } => {
            let service = &hall.services()[service.index()].name;
            (format!("另派{}", service.zh), format!("follow up {}", service.en))
        }
        other => (format!("{other:?}"), format!("{other:?}")),
    }
}

/// The half hours in which somebody arrives or is at a window.
fn half_hours(hall: &Hall) -> (u16, u16) {
    let shifts = hall.clerks().iter().flat_map(|clerk| &clerk.shifts);
    let shifts = shifts.map(|span| (span.from_ms, span.to_ms));
    let slots = hall.arrivals().map_or(&[][..], |arrivals| &arrivals.slots);
    let spans: Vec<_> = shifts.chain(slots.iter().map(|s| (s.from_ms, s.to_ms))).collect();
    let from = spans.iter().map(|&(from, _)| from).min().unwrap_or(0);
    let to = spans.iter().map(|&(_, to)| to).max().unwrap_or(DAY_MS);
    let half_hour = |ms: u64| u16::try_from(ms / HALF_HOUR_MS).unwrap_or(u16::MAX);
    (half_hour(from), half_hour(to.max(from + 1) - 1))
}

/// The rules of the hall as days without dates are run by them: no limit by the calendar is timed.
#[must_use]
pub fn rules(hall: &Hall) -> Rules {
    hall.rules().without_clocks().without_watch()
}

/// How many limits of the hall are on orders and by the calendar, so that a run does not time them.
#[must_use]
pub fn untimed(hall: &Hall) -> usize {
    let mut limits: Vec<_> = hall.clocks().of_services.iter().map(|&(_, limit)| limit).collect();
    limits.sort_unstable();
    limits.dedup();
    limits.len()
}

/// The seats of the hall's clerks.
#[must_use]
pub fn seats(hall: &Hall) -> Vec<Seat> {
    let seat = |clerk: &Clerk| Seat { pools: clerk.pools.clone(), skills: clerk.skills };
    hall.clerks().iter().map(seat).collect()
}

/// All changes of duty on a day that begins at `day_ms` of the run.
///
/// Whoever's last shift ends serves those who still wait, but not past midnight; at the end of an
/// earlier shift they leave.
#[must_use]
pub fn duties(hall: &Hall, day_ms: u64) -> Vec<Duty> {
    let mut duties = Vec::new();
    for clerk in hall.clerks() {
        for (at, shift) in clerk.shifts.iter().enumerate() {
            let stay = match clerk.shifts.get(at + 1) {
                Some(_) => Stay::Leave,
                None => Stay::UntilEmpty,
            };
            let seats = hall.held_at_most();
            let [from, to] = [shift.from_ms, shift.to_ms].map(|ms| day_ms + ms);
            duties.push(Duty { at_ms: from, clerk: clerk.id, seats, stay });
            duties.push(Duty { at_ms: to, clerk: clerk.id, seats: 0, stay });
        }
    }
    if closes(hall) {
        let last = |clerk: &Clerk| Duty {
            at_ms: day_ms + DAY_MS,
            clerk: clerk.id,
            seats: 0,
            stay: Stay::Leave,
        };
        duties.extend(hall.clerks().iter().map(last));
    }
    // One shift that begins where another ends is no break.
    duties.sort_by_key(|duty| (duty.at_ms, duty.seats > 0));
    duties
}

/// Whether the hall is shut at midnight; then nobody waits on into the next day.
#[must_use]
pub fn closes(hall: &Hall) -> bool {
    hall.clerks().iter().flat_map(|clerk| &clerk.shifts).all(|shift| shift.to_ms < DAY_MS)
}

/// A distribution of the hall file, as a law that can be drawn from.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "durations are shorter than 2^53 ms")]
pub fn law(takes: Takes) -> Law {
    match takes {
        Takes::Fixed { ms } => Law::Fixed { ms },
        Takes::Exponential { mean_ms } => Law::Exponential { mean_ms: mean_ms as f64 },
        Takes::Lognormal { mean_ms, cv } => Law::Lognormal { mean_ms: mean_ms as f64, cv },
        Takes::Gamma { mean_ms, cv } => Law::Gamma { mean_ms: mean_ms as f64, cv },
        other => Law::Fixed { ms: other.mean_ms() },
    }
}

/// When how many orders are expected, as the dice want it.
#[must_use]
pub fn slots(hall: &Hall) -> Vec<Slot> {
    let slots = hall.arrivals().map_or(&[][..], |arrivals| &arrivals.slots);
    let slot = |slot: &qiangdan::hall::Slot| Slot {
        from_ms: slot.from_ms,
        to_ms: slot.to_ms,
        expected: slot.expected,
    };
    slots.iter().map(slot).collect()
}
