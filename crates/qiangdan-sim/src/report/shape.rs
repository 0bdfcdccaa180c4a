//! What is fixed before the first day: the names that figures belong to, the target, the half
//! hours.

use serde::Serialize;

/// Milliseconds of a half hour.
pub(crate) const HALF_HOUR_MS: u64 = 1_800_000;

/// A name in Chinese and in English.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Name {
    /// 中文。
    pub zh: String,
    /// English.
    pub en: String,
}

impl From<&str> for Name {
    /// The same name in both languages.
    fn from(name: &str) -> Self {
        Self { zh: name.to_owned(), en: name.to_owned() }
    }
}

impl From<String> for Name {
    /// The same name in both languages.
    fn from(name: String) -> Self {
        Self { zh: name.clone(), en: name }
    }
}

/// Something of the hall file: the key it has there, and what people call it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Named {
    /// Its key in the hall file.
    pub key: String,
    /// What people call it.
    pub name: Name,
}

/// A window (窗口), or the clerk where windows have no names.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct WindowShape {
    /// Its key in the hall file.
    pub key: String,
    /// What people call it.
    pub name: Name,
    /// Windows of one group do the same work; long lists show groups.
    pub group: Option<Name>,
}

/// A ladder (升级阶梯) and its stages.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct LadderShape {
    /// Its key in the hall file.
    pub key: String,
    /// What people call it.
    pub name: Name,
    /// Its stages, in order.
    pub stages: Vec<StageShape>,
}

/// One stage (级) of a ladder.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct StageShape {
    /// Fires once an order has waited this long, in milliseconds.
    pub at_ms: u64,
    /// What happens, in words.
    pub what: Name,
}

/// The promise about waits, and which figure decides whether a run has kept it.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Target {
    /// The wait promised, in milliseconds. A wait of exactly this long keeps the promise.
    pub within_ms: u64,
    /// The share of orders for which it must be kept, 0 to 1.
    pub share: f64,
    /// Which verdict decides.
    pub gates: Gates,
}

/// Which verdict decides whether a run has kept the promise.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gates {
    /// The whole day's.
    Day,
    /// The worst half hour's: a day can pass while an hour fails.
    HalfHour,
}

/// What is fixed before the first day.
///
/// Services, windows and ladders are numbered by position, as in the rules of the run.
#[derive(Clone, PartialEq, Debug)]
pub struct Shape {
    /// The hall.
    pub hall: Name,
    /// The services, in the order of their ids.
    pub services: Vec<Named>,
    /// The windows, in the order the driver numbers them.
    pub windows: Vec<WindowShape>,
    /// The ladders, in the order of their ids.
    pub ladders: Vec<LadderShape>,
    /// The promise.
    pub target: Target,
    /// The first half hour of the day, counted from midnight: 18 is 09:00.
    pub first_half_hour: u16,
    /// The last one, included; below 48 unless days run past midnight.
    pub last_half_hour: u16,
}

impl Shape {
    pub(crate) fn grid(&self) -> Grid {
        let (first, last) = (u64::from(self.first_half_hour), u64::from(self.last_half_hour));
        Grid { first, count: (last + 1).saturating_sub(first).max(1) }
    }

    /// Where each ladder's stages begin in the flat list of all stages.
    pub(crate) fn stage_starts(&self) -> Vec<usize> {
        let lengths = self.ladders.iter().map(|ladder| ladder.stages.len());
        let ends = lengths.scan(0, |end, length| {
            *end += length;
            Some(*end)
        });
        std::iter::once(0).chain(ends).collect()
    }
}

/// The half hours of a day that figures are kept for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Grid {
    first: u64,
    count: u64,
}

impl Grid {
    pub(crate) fn len(self) -> usize {
        usize::try_from(self.count).expect("at most 65,536 half hours")
    }

    /// The half hour that an arrival at `at_ms` belongs to; the nearest one if it is outside.
    pub(crate) fn nearest(self, at_ms: u64) -> u64 {
        (at_ms / HALF_HOUR_MS).saturating_sub(self.first).min(self.count - 1)
    }

    pub(crate) fn start_ms(self) -> u64 {
        self.first * HALF_HOUR_MS
    }

    pub(crate) fn end_ms(self) -> u64 {
        (self.first + self.count) * HALF_HOUR_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrival_outside_belongs_to_the_nearest_half_hour() {
        let grid = Grid { first: 18, count: 4 };
        let nearest = |half_hours: u64| grid.nearest(half_hours * HALF_HOUR_MS);
        assert_eq!([0, 18, 19, 21, 22, 60].map(nearest), [0, 0, 1, 3, 3, 3]);
    }

    #[test]
    fn stages_of_all_ladders_are_one_list() {
        let ladder = |stages| LadderShape { stages, ..Default::default() };
        let two = vec![StageShape::default(); 2];
        let ladders = vec![ladder(two.clone()), ladder(vec![]), ladder(two)];
        let target = Target { within_ms: 1, share: 0.9, gates: Gates::Day };
        let (services, windows) = (vec![], vec![]);
        let hall = Name::default();
        let (first_half_hour, last_half_hour) = (0, 47);
        let shape =
            Shape { hall, services, windows, ladders, target, first_half_hour, last_half_hour };
        assert_eq!(shape.stage_starts(), [0, 2, 2, 4]);
    }
}
