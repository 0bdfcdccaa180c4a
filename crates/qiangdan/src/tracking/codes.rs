//! From a code to the orders it stands for, and back.
//!
//! Each code of a whole has a row: a list of what was told of it, in the ledger of the structures'
//! crate. The row of a code is found by its hall, day and serial, without a search; its first fact is
//! that it was given out. Rows of a day are used again once as many days have passed as there is
//! room for; the day is the generation of the list, so a code that is forgotten is recognised.
//!
//! Who tells something appends to the list they have read, or reads again. So part numbers have no gaps,
//! and a code is merged into one other at most. Codes are merged into the older one, by day,
//! serial and hall: so no chain of merges leads back to itself, whoever merges what at the same time.

use qiangdan_sync::{AppendError, Entries, Ledger, LedgerSeen, Pair, Reserve};

use super::{CodeDay, HallNumber, SerialError, Serials, TrackingCode};
use crate::{OrderId, Wall};

/// How much fits. Nothing grows past it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodeBounds {
    /// For so many days codes are known; then the rows are used again. At least 2.
    pub days: u32,
    /// Codes of each hall on each day, at most 999,999. 24 bytes are set aside for each, which take up
    /// memory once they are used.
    pub per_day: u32,
    /// What is told of all codes, beside that each was given out: one for each order that a code came to
    /// stand for, two for each merge. 24 bytes each; at most 268,435,456.
    pub facts: u32,
}

/// What is wrong with the halls or the bounds of [`Codes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodeBoundsError {
    /// No hall, or more than can be numbered.
    #[error("{found} halls, not 1 to {most}")]
    Halls {
        /// How many there are.
        found: usize,
        /// The most possible.
        most: usize,
    },
    /// Two halls with one number: their codes would be the same.
    #[error("two halls have number {}", hall.number())]
    Twice {
        /// The number.
        hall: HallNumber,
    },
    /// Fewer than two days, no code a day, or more rows or facts than fit.
    #[error(
        "{rows} codes and {facts} facts: at least one code on two days, at most {most} of each"
    )]
    Room {
        /// Codes at one time.
        rows: u64,
        /// Facts.
        facts: u32,
        /// The most possible of each.
        most: u32,
    },
}

/// Why nothing was told of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodesError {
    /// No hall here has this number.
    #[error("no hall has number {}", hall.number())]
    NoSuchHall {
        /// The number.
        hall: HallNumber,
    },
    /// The day has no serial left.
    #[error(transparent)]
    Serial(#[from] SerialError),
    /// The code was never given out, or is forgotten.
    #[error("{code} is not known")]
    Unknown {
        /// The code.
        code: TrackingCode,
    },
    /// The whole has no such part.
    #[error("{code} is no part: there are {parts}")]
    NoSuchPart {
        /// The code.
        code: TrackingCode,
        /// How many parts there are.
        parts: u8,
    },
    /// The whole has as many parts as can be numbered.
    #[error("{code} has {parts} parts already")]
    TooManyParts {
        /// The code.
        code: TrackingCode,
        /// How many it has.
        parts: u8,
    },
    /// As much is told as there is room for.
    #[error("no room for more than {facts} facts")]
    Full {
        /// How many facts fit.
        facts: u32,
    },
}

/// One thing that was told of a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodeFact {
    /// When it took effect.
    pub at: Wall,
    /// What.
    pub step: CodeStep,
}

/// Kinds of facts of a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CodeStep {
    /// It was given out.
    Issued,
    /// A part got a number of its own.
    Split {
        /// Which.
        part: u8,
    },
    /// From here on it stands for this order, after a transfer instead of another.
    StandsFor {
        /// Which part of it; `None` is the whole.
        part: Option<u8>,
        /// The order.
        order: OrderId,
    },
    /// It goes on under an older code.
    MergedInto {
        /// Which.
        code: TrackingCode,
    },
    /// A younger code goes on under this one.
    TookIn {
        /// Which.
        code: TrackingCode,
    },
}

/// The codes of all halls that know each other, and what they stand for.
///
/// All of it is lock-free, may be called from any thread, and allocates only what it returns and
/// lists of more than eight facts.
///
/// # Example
///
/// ```
/// use qiangdan::tracking::{CodeBounds, CodeDay, Codes, HallNumber};
/// use qiangdan::{OrderId, Wall};
///
/// let hall = HallNumber::new(430_104_000_001).unwrap();
/// let codes = Codes::new(&[hall], CodeBounds { days: 90, per_day: 2_000, facts: 10_000 })?;
/// let today = CodeDay::new(2026, 11, 24).unwrap();
///
/// let code = codes.issue(hall, today, Wall(0))?;
/// assert_eq!(code.to_string(), "430104000001-20261124-000001-1");
///
/// // Two orders are made of it, and one is handed on to another hall: the code stays.
/// let [first, second] = [codes.split(code, Wall(1))?, codes.split(code, Wall(1))?];
/// let order = OrderId::from_bits;
/// codes.stands_for(first, order(1), Wall(1))?;
/// codes.stands_for(second, order(2), Wall(1))?;
/// codes.stands_for(second, order(3), Wall(2))?;
/// assert_eq!(codes.orders(code)?, [(first, order(1)), (second, order(3))]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Codes {
    halls: Vec<HallNumber>,
    serials: Vec<Serials>,
    rows: Ledger,
    days: u32,
    per_day: u32,
}

const ROWS_MAX: u32 = 1 << 28;
const HALLS_MAX: usize = 1 << HALL_BITS;

const MARK: u64 = 0b11_0110;
const MARK_SHIFT: u32 = 58;
const HALL_BITS: u32 = 12;
const HALL_SHIFT: u32 = 46;
const DAY_SHIFT: u32 = 28;
const SERIAL_SHIFT: u32 = 8;

impl Codes {
    /// Room for the codes of these halls.
    ///
    /// # Errors
    ///
    /// See [`CodeBoundsError`].
    pub fn new(halls: &[HallNumber], bounds: CodeBounds) -> Result<Self, CodeBoundsError> {
        let CodeBounds { days, per_day, facts } = bounds;
        if !(1..=HALLS_MAX).contains(&halls.len()) {
            return Err(CodeBoundsError::Halls { found: halls.len(), most: HALLS_MAX });
        }
        let mut halls = halls.to_vec();
        halls.sort_unstable();
        if let Some(twice) = halls.windows(2).find(|two| two[0] == two[1]) {
            return Err(CodeBoundsError::Twice { hall: twice[0] });
        }
        let rows = (halls.len() as u64).saturating_mul(u64::from(days) * u64::from(per_day));
        let room = CodeBoundsError::Room { rows, facts, most: ROWS_MAX };
        let fits = days >= 2 && (1..=TrackingCode::SERIAL_MAX).contains(&per_day);
        let is_room = rows <= ROWS_MAX.into() && facts <= ROWS_MAX;
        let count = u32::try_from(rows).ok().filter(|_| fits && is_room).ok_or(room)?;
        let serials = halls.iter().map(|_| Serials::new(days, per_day)).collect();
        Ok(Self { halls, serials, rows: Ledger::new(count, facts), days, per_day })
    }

    /// Gives out the next code of a hall, on a day of its calendar on the wall. Serials of a hall and
    /// day have no gaps.
    ///
    /// # Errors
    ///
    /// [`CodesError::NoSuchHall`], [`CodesError::Serial`].
    pub fn issue(
        &self,
        hall: HallNumber,
        day: CodeDay,
        at: Wall,
    ) -> Result<TrackingCode, CodesError> {
        let place = self.place(hall)?;
        let serial = self.serials[place].take(day)?;
        let code = TrackingCode::new(hall, day, serial);
        let code = code.expect("serials are 1 to the largest");
        let fact = CodeFact { at, step: CodeStep::Issued };
        self.rows.begin(self.row(place, code), generation(day), self.pack(fact));
        Ok(code)
    }

    /// So many codes of a hall and day were given out before, by a program that has ended. Their
    /// histories are not known here.
    ///
    /// # Errors
    ///
    /// [`CodesError::NoSuchHall`], [`CodesError::Serial`].
    pub fn resume(&self, hall: HallNumber, day: CodeDay, given: u32) -> Result<(), CodesError> {
        Ok(self.serials[self.place(hall)?].resume(day, given)?)
    }

    /// A code stands for this order from now on: its first one, or after a transfer another. Telling the
    /// same again is as good as once.
    ///
    /// # Errors
    ///
    /// [`CodesError::Unknown`], [`CodesError::NoSuchPart`], [`CodesError::Full`].
    pub fn stands_for(
        &self,
        code: TrackingCode,
        order: OrderId,
        at: Wall,
    ) -> Result<(), CodesError> {
        let part = code.part();
        self.tell(code, at, |facts| {
            let parts = parts(facts);
            if part.is_some_and(|part| part > parts) {
                return Err(CodesError::NoSuchPart { code, parts });
            }
            let is_news = last_order(facts, part) != Some(order);
            Ok(is_news.then_some(CodeStep::StandsFor { part, order }))
        })
        .map(drop)
    }

    /// A part of what the code stands for goes its own way, under the same root and the next number.
    ///
    /// # Errors
    ///
    /// [`CodesError::Unknown`], [`CodesError::TooManyParts`], [`CodesError::Full`].
    pub fn split(&self, code: TrackingCode, at: Wall) -> Result<TrackingCode, CodesError> {
        let root = code.root();
        let step = self.tell(root, at, |facts| match parts(facts) {
            parts @ TrackingCode::PART_MAX => Err(CodesError::TooManyParts { code: root, parts }),
            parts => Ok(Some(CodeStep::Split { part: parts + 1 })),
        })?;
        let part = match step {
            Some(CodeStep::Split { part }) => root.part_of(part),
            _ => None,
        };
        Ok(part.expect("a split has the number of a part"))
    }

    /// What two codes stand for is one from now on, under the older of the two, which is returned. Both
    /// names lead there. Merging again what is merged already is as good as once.
    ///
    /// # Errors
    ///
    /// [`CodesError::Unknown`], [`CodesError::Full`]: then half of it may have been told; merge again.
    pub fn merge(
        &self,
        one: TrackingCode,
        other: TrackingCode,
        at: Wall,
    ) -> Result<TrackingCode, CodesError> {
        loop {
            let (first, second) = (self.lead(one)?, self.lead(other)?);
            if first == second {
                self.note_ways(one.root(), at)?;
                self.note_ways(other.root(), at)?;
                return Ok(first);
            }
            let older = std::cmp::min_by_key(first, second, |code| age(*code));
            let younger = if older == first { second } else { first };
            // Of two who merge it elsewhere at once, one does; the other finds a new lead.
            self.tell(younger, at, |facts| {
                let step = CodeStep::MergedInto { code: older };
                Ok(merged_into(facts).is_none().then_some(step))
            })?;
        }
    }

    /// All codes that stand for the same whole as this one, the oldest first.
    ///
    /// # Errors
    ///
    /// [`CodesError::Unknown`].
    pub fn names(&self, code: TrackingCode) -> Result<Vec<TrackingCode>, CodesError> {
        let mut names = self.way(code.root())?;
        let mut next = 0;
        // What was taken in is younger than what took it, so this ends.
        names.reverse();
        while let Some(&name) = names.get(next) {
            for fact in self.history(name).unwrap_or_default() {
                if let CodeStep::TookIn { code } = fact.step
                    && !names.contains(&code)
                {
                    names.push(code);
                }
            }
            next += 1;
        }
        names.sort_unstable_by_key(|&name| age(name));
        Ok(names)
    }

    /// The orders that a code stands for now, each with the code it has: of a part its own; of a whole
    /// those of all its parts, and of all codes that were merged with it.
    ///
    /// # Errors
    ///
    /// [`CodesError::Unknown`].
    pub fn orders(&self, code: TrackingCode) -> Result<Vec<(TrackingCode, OrderId)>, CodesError> {
        if let Some(part) = code.part() {
            let order = last_order(&self.history(code)?, Some(part));
            return Ok(order.map(|order| (code, order)).into_iter().collect());
        }
        let mut orders: Vec<(TrackingCode, OrderId)> = Vec::new();
        for name in self.names(code)? {
            let facts = self.history(name).unwrap_or_default();
            let whole = std::iter::once(name);
            let codes = whole.chain((1..=parts(&facts)).filter_map(|part| name.part_of(part)));
            for code in codes {
                let order = last_order(&facts, code.part());
                let order = order.filter(|order| orders.iter().all(|(_, other)| other != order));
                orders.extend(order.map(|order| (code, order)));
            }
        }
        Ok(orders)
    }

    /// What was told of the whole that a code is of, oldest first.
    ///
    /// # Errors
    ///
    /// [`CodesError::Unknown`].
    pub fn history(&self, code: TrackingCode) -> Result<Vec<CodeFact>, CodesError> {
        self.read(code).map(|(_, facts)| facts)
    }

    /// A code as the tag of its order, which comes with every event: the key of the history. The host
    /// keeps away from numbers whose six highest bits are `110110`.
    ///
    /// # Errors
    ///
    /// [`CodesError::NoSuchHall`].
    pub fn tag(&self, code: TrackingCode) -> Result<u64, CodesError> {
        let hall = self.place(code.hall())? as u64;
        let (day, serial) = (u64::from(code.day().number()), u64::from(code.serial()));
        let number = hall << HALL_SHIFT | day << DAY_SHIFT | serial << SERIAL_SHIFT;
        Ok(MARK << MARK_SHIFT | number | u64::from(code.part().unwrap_or(0)))
    }

    /// The code that a tag is of, if it is one.
    #[must_use]
    pub fn of_tag(&self, tag: u64) -> Option<TrackingCode> {
        if tag >> MARK_SHIFT != MARK {
            return None;
        }
        let field = |shift: u32, bits: u32| {
            u32::try_from(tag >> shift & ((1 << bits) - 1)).unwrap_or(u32::MAX)
        };
        let hall = *self.halls.get(field(HALL_SHIFT, HALL_BITS) as usize)?;
        let day = CodeDay::of_number(field(DAY_SHIFT, HALL_SHIFT - DAY_SHIFT))?;
        let serial = field(SERIAL_SHIFT, DAY_SHIFT - SERIAL_SHIFT);
        let code = TrackingCode::new(hall, day, serial)?;
        match u8::try_from(field(0, SERIAL_SHIFT)).ok()? {
            0 => Some(code),
            part => code.part_of(part),
        }
    }
}

impl Codes {
    fn place(&self, hall: HallNumber) -> Result<usize, CodesError> {
        self.halls.binary_search(&hall).map_err(|_| CodesError::NoSuchHall { hall })
    }

    #[expect(clippy::cast_possible_truncation, reason = "rows were counted at construction")]
    fn row(&self, place: usize, code: TrackingCode) -> u32 {
        let (days, per_day) = (u64::from(self.days), u64::from(self.per_day));
        // As `Serials` has it, so that a row is used again when its day's word is.
        let day = u64::from(generation(code.day())) % days;
        ((place as u64 * days + day) * per_day + u64::from(code.serial()) - 1) as u32
    }

    fn read(&self, code: TrackingCode) -> Result<(LedgerSeen, Vec<CodeFact>), CodesError> {
        let unknown = CodesError::Unknown { code };
        let place = self.place(code.hall())?;
        if code.serial() > self.per_day {
            return Err(unknown);
        }
        let mut entries = Entries::new();
        let row = self.row(place, code);
        let seen = self.rows.read(row, generation(code.day()), &mut entries).ok_or(unknown)?;
        Ok((seen, entries.iter().filter_map(|&pair| self.unpack(pair)).collect()))
    }

    /// Tells what `decide` makes of the facts so far, if anything.
    fn tell(
        &self,
        code: TrackingCode,
        at: Wall,
        decide: impl Fn(&[CodeFact]) -> Result<Option<CodeStep>, CodesError>,
    ) -> Result<Option<CodeStep>, CodesError> {
        loop {
            let (seen, facts) = self.read(code)?;
            let Some(step) = decide(&facts)? else { return Ok(None) };
            let pair = self.pack(CodeFact { at, step });
            match self.rows.append(&seen, &[pair], Reserve::Use) {
                Ok(_) => return Ok(Some(step)),
                Err(AppendError::Changed) => {}
                Err(AppendError::Full) => {
                    return Err(CodesError::Full { facts: self.rows.capacity() });
                }
            }
        }
    }

    /// From a code to the one that leads, over those it was merged into.
    fn way(&self, root: TrackingCode) -> Result<Vec<TrackingCode>, CodesError> {
        let mut way = vec![root];
        let mut next = merged_into(&self.history(root)?);
        // Each is older than the one before it, so this ends.
        while let Some(code) = next {
            way.push(code);
            next = merged_into(&self.history(code)?);
        }
        Ok(way)
    }

    fn lead(&self, code: TrackingCode) -> Result<TrackingCode, CodesError> {
        Ok(self.way(code.root())?.pop().unwrap_or(code))
    }

    /// Each code on the way knows which went on under it.
    fn note_ways(&self, root: TrackingCode, at: Wall) -> Result<(), CodesError> {
        for step in self.way(root)?.windows(2) {
            let took = CodeStep::TookIn { code: step[0] };
            self.tell(step[1], at, |facts| {
                let is_told = facts.iter().any(|fact| fact.step == took);
                Ok((!is_told).then_some(took))
            })?;
        }
        Ok(())
    }
}

/// How many parts a code has.
fn parts(facts: &[CodeFact]) -> u8 {
    let split = |fact: &CodeFact| match fact.step {
        CodeStep::Split { part } => Some(part),
        _ => None,
    };
    facts.iter().filter_map(split).max().unwrap_or(0)
}

fn last_order(facts: &[CodeFact], of: Option<u8>) -> Option<OrderId> {
    facts.iter().rev().find_map(|fact| match fact.step {
        CodeStep::StandsFor { part, order } if part == of => Some(order),
        _ => None,
    })
}

fn merged_into(facts: &[CodeFact]) -> Option<TrackingCode> {
    facts.iter().find_map(|fact| match fact.step {
        CodeStep::MergedInto { code } => Some(code),
        _ => None,
    })
}

/// Which of two codes is older; no two are as old.
fn age(code: TrackingCode) -> (CodeDay, u32, HallNumber) {
    (code.day(), code.serial(), code.hall())
}

fn generation(day: CodeDay) -> u32 {
    day.number() + 1
}

/// 1900-01-01T00:00:00Z.
const EPOCH_MS: i64 = -2_208_988_800_000;
const AT_SHIFT: u32 = 20;
const PART_SHIFT: u32 = 4;

impl Codes {
    /// Two words: 44 bits of milliseconds since 1900, a part, a kind; an order or a code.
    fn pack(&self, fact: CodeFact) -> Pair {
        let at_ms = fact.at.0.clamp(EPOCH_MS, EPOCH_MS + (1 << 44) - 1).abs_diff(EPOCH_MS);
        let of = |part: Option<u8>| u64::from(part.unwrap_or(0)) << PART_SHIFT;
        // Only codes of halls that are here are ever packed.
        let tag = |code| self.tag(code).unwrap_or(0);
        let (kind, part, more) = match fact.step {
            CodeStep::Issued => (1, 0, 0),
            CodeStep::Split { part } => (2, of(Some(part)), 0),
            CodeStep::StandsFor { part, order } => (3, of(part), order.to_bits()),
            CodeStep::MergedInto { code } => (4, 0, tag(code)),
            CodeStep::TookIn { code } => (5, 0, tag(code)),
        };
        [at_ms << AT_SHIFT | part | kind, more]
    }

    fn unpack(&self, [first, more]: Pair) -> Option<CodeFact> {
        let at = Wall(EPOCH_MS + (first >> AT_SHIFT).cast_signed());
        let part = u8::try_from(first >> PART_SHIFT & 0xff).ok()?;
        let step = match first & 15 {
            1 => CodeStep::Issued,
            2 => CodeStep::Split { part },
            3 => {
                let part = (part != 0).then_some(part);
                CodeStep::StandsFor { part, order: OrderId::from_bits(more) }
            }
            4 => CodeStep::MergedInto { code: self.of_tag(more)? },
            5 => CodeStep::TookIn { code: self.of_tag(more)? },
            _ => return None,
        };
        Some(CodeFact { at, step })
    }
}
