//! Which hall is under which: province, city, county, township, village (省、市、县、乡、村).

use crate::tracking::HallNumber;

/// A hall of a tree: position in its list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HallId(pub u16);

impl HallId {
    /// The position in the list.
    #[must_use]
    pub fn index(self) -> usize {
        self.0.into()
    }
}

/// How high a hall stands. Branch halls (分窗口) are on the level of what they are a branch of, or below.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum HallLevel {
    /// 省.
    Province,
    /// 市.
    City,
    /// 县（区）.
    County,
    /// 乡镇（街道）.
    Township,
    /// 村（社区）.
    Village,
}

impl HallLevel {
    /// All of them, from above.
    pub const ALL: [Self; 5] =
        [Self::Province, Self::City, Self::County, Self::Township, Self::Village];
}

/// A hall of a tree as someone wrote it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HallDraft {
    /// How high it stands.
    pub level: HallLevel,
    /// The hall above it, by position; `None` for one that has none here.
    pub under: Option<usize>,
    /// Its number in tracking codes.
    pub number: Option<HallNumber>,
}

/// What is wrong with a tree of halls. Halls are named by their positions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TreeMistake {
    /// More halls than can be numbered.
    #[error("{found} halls, at most {most}")]
    TooMany {
        /// How many there are.
        found: usize,
        /// The most possible.
        most: usize,
    },
    /// A hall is under one that is not there.
    #[error("hall {hall} is under hall {under}, which is not there")]
    NoSuchHall {
        /// The hall.
        hall: usize,
        /// What it names.
        under: usize,
    },
    /// Halls are above themselves. `path` ends where it began.
    #[error("halls that are above themselves: {path:?}")]
    Cycle {
        /// Each is under the next.
        path: Vec<usize>,
    },
    /// A hall stands higher than the one above it.
    #[error("hall {hall} stands higher than hall {under}, which it is under")]
    Higher {
        /// The hall.
        hall: usize,
        /// The one above it.
        under: usize,
    },
    /// Two halls have one number.
    #[error("hall {hall} has the number of hall {first}")]
    SameNumber {
        /// The hall.
        hall: usize,
        /// The one that has the number already.
        first: usize,
    },
}

/// Halls and which is under which. Several may have none above them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HallTree {
    halls: Vec<HallDraft>,
}

const HALLS_MAX: usize = 4_096;

impl HallTree {
    /// The tree of these halls.
    ///
    /// # Errors
    ///
    /// All mistakes, in the order of the halls they are about.
    pub fn check(halls: Vec<HallDraft>) -> Result<Self, Vec<TreeMistake>> {
        let mut mistakes = Vec::new();
        let found = halls.len();
        if found > HALLS_MAX {
            return Err(vec![TreeMistake::TooMany { found, most: HALLS_MAX }]);
        }
        let mut told = vec![false; found];
        for (hall, draft) in halls.iter().enumerate() {
            let same = |other: &HallDraft| draft.number.is_some() && other.number == draft.number;
            if let Some(first) = halls[..hall].iter().position(same) {
                mistakes.push(TreeMistake::SameNumber { hall, first });
            }
            let Some(under) = draft.under else { continue };
            let Some(above) = halls.get(under) else {
                mistakes.push(TreeMistake::NoSuchHall { hall, under });
                continue;
            };
            let path = way_up(&halls, hall);
            if path.len() > 1 && path.last() == Some(&hall) {
                if !told[hall] {
                    path.iter().for_each(|&hall| told[hall] = true);
                    mistakes.push(TreeMistake::Cycle { path });
                }
            } else if draft.level < above.level {
                mistakes.push(TreeMistake::Higher { hall, under });
            }
        }
        if mistakes.is_empty() { Ok(Self { halls }) } else { Err(mistakes) }
    }

    /// How many halls there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.halls.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.halls.is_empty()
    }

    /// How high a hall stands; `None` if it is not there.
    #[must_use]
    pub fn level(&self, hall: HallId) -> Option<HallLevel> {
        self.halls.get(hall.index()).map(|hall| hall.level)
    }

    /// Its number in tracking codes.
    #[must_use]
    pub fn number(&self, hall: HallId) -> Option<HallNumber> {
        self.halls.get(hall.index())?.number
    }

    /// The hall with a number.
    #[must_use]
    pub fn of_number(&self, number: HallNumber) -> Option<HallId> {
        let place = self.halls.iter().position(|hall| hall.number == Some(number))?;
        u16::try_from(place).ok().map(HallId)
    }

    /// A hall and those above it, from below.
    pub fn line(&self, hall: HallId) -> impl Iterator<Item = HallId> + '_ {
        let first = (hall.index() < self.halls.len()).then_some(hall);
        std::iter::successors(first, |hall| {
            let under = self.halls.get(hall.index())?.under?;
            u16::try_from(under).ok().map(HallId)
        })
    }

    /// Whether a hall is under another, directly or not, or is that one itself.
    #[must_use]
    pub fn is_under(&self, hall: HallId, above: HallId) -> bool {
        self.line(hall).any(|hall| hall == above)
    }

    /// The lowest hall that both are under: where what two halls cannot settle goes.
    #[must_use]
    pub fn above_both(&self, one: HallId, other: HallId) -> Option<HallId> {
        self.line(one).find(|&above| self.is_under(other, above))
    }
}

/// A hall and those above it, up to the first that comes again, or the hall itself again.
fn way_up(halls: &[HallDraft], hall: usize) -> Vec<usize> {
    let mut path = vec![hall];
    while let Some(next) = path.last().and_then(|&last| halls.get(last)?.under) {
        let is_seen = path.contains(&next);
        if next == hall || !is_seen && next < halls.len() {
            path.push(next);
        }
        if is_seen || next >= halls.len() {
            break;
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hall(level: HallLevel, under: Option<usize>) -> HallDraft {
        HallDraft { level, under, number: None }
    }

    #[test]
    fn a_tree_is_read_upwards() {
        use HallLevel::{City, County, Province, Township, Village};
        let halls = vec![
            hall(Province, None),
            hall(City, Some(0)),
            hall(County, Some(1)),
            hall(Township, Some(2)),
            hall(Village, Some(3)),
            hall(County, Some(1)),
        ];
        let tree = HallTree::check(halls).unwrap();
        let line: Vec<_> = tree.line(HallId(4)).map(HallId::index).collect();
        assert_eq!(line, [4, 3, 2, 1, 0]);
        assert_eq!(tree.above_both(HallId(4), HallId(5)), Some(HallId(1)));
        assert!(tree.is_under(HallId(4), HallId(2)) && !tree.is_under(HallId(2), HallId(4)));
        assert_eq!(tree.line(HallId(9)).count(), 0);
    }

    #[test]
    fn all_mistakes_of_a_tree_are_found() {
        use HallLevel::{City, County, Province};
        let number = HallNumber::new(7);
        let halls = vec![
            HallDraft { number, ..hall(City, Some(2)) },
            HallDraft { number, ..hall(County, Some(0)) },
            hall(City, Some(1)),
            hall(Province, Some(4)),
            hall(City, None),
            hall(County, Some(9)),
            hall(County, Some(6)),
            hall(County, Some(0)),
        ];
        let expect = [
            TreeMistake::Cycle { path: vec![0, 2, 1, 0] },
            TreeMistake::SameNumber { hall: 1, first: 0 },
            TreeMistake::Higher { hall: 3, under: 4 },
            TreeMistake::NoSuchHall { hall: 5, under: 9 },
            TreeMistake::Cycle { path: vec![6, 6] },
        ];
        assert_eq!(HallTree::check(halls).unwrap_err(), expect);
    }
}
