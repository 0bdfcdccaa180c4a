//! What is promised, and how it is counted.

/// A promise of so much time, before it runs on an order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TimeLimit {
    /// How it is counted.
    pub unit: Unit,
    /// How much: days, or milliseconds, as the unit says. Extensions are added to it.
    pub amount: u64,
}

/// How a limit is counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Unit {
    /// Whole working days (工作日), by the calendar of the law.
    WorkingDays {
        /// Which day is the first.
        day_one: DayOne,
        /// When the last day ends.
        ends: DayEnd,
    },
    /// Milliseconds of opening hours.
    WorkingTime,
    /// Whole days on the wall (自然日). The day of receipt is not counted.
    NaturalDays {
        /// When the last day ends, and whether it must be a working day.
        ends: NaturalEnd,
    },
    /// Milliseconds that run always, from the moment on (民法典 art. 201: 按照小时计算期间的，自法律规定
    /// 或者当事人约定的时间开始计算).
    NaturalTime,
}

/// Which day is the first to be counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum DayOne {
    /// The working day after the day of receipt (民法典 art. 201: 开始的当日不计入，自下一日开始计算).
    #[default]
    AfterReceipt,
    /// The same, but what comes on a day that is no working day counts as received on the next one
    /// (受理日期顺延至第一个工作日).
    AfterDeferredReceipt,
    /// The same, and what comes once business has closed counts as received when the next working day
    /// opens. What comes on a day that is no working day keeps its time of day, and comes in the evening
    /// if that is after closing. So not everything is due in the order it came: what came late on a
    /// Saturday counts as received on the Tuesday, after what came on Monday morning.
    AfterReceiptInHours,
    /// The day of receipt itself, if it is a working day. It counts even if a pause ended on it.
    Receipt,
}

/// When the last working day ends.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum DayEnd {
    /// When business closes; at midnight on a day without hours (民法典 art. 203: 有业务时间的，
    /// 停止业务活动的时间为截止时间).
    #[default]
    CloseOfBusiness,
    /// At 24:00 (民法典 art. 203: 期间的最后一日的截止时间为二十四时).
    Midnight,
    /// At the time of day of the receipt, as the clock on the wall shows it. What comes on a day that is
    /// no working day has no such time: so that it is due no earlier than what came before it, and no
    /// later than what comes after, its last day ends at 24:00 with [`DayOne::AfterReceipt`], and at
    /// 0:00 with the others. [`DayOne::AfterReceiptInHours`] gives it one.
    SameTime,
}

/// When the last natural day ends.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum NaturalEnd {
    /// When business closes on the first working day that is the last day or later (民法典 art. 203:
    /// 以法定休假日结束的次日为期间的最后一日).
    #[default]
    WorkingDayClose,
    /// At 24:00 of that working day.
    WorkingDayMidnight,
    /// At 24:00 of the last day, wherever that falls.
    Midnight,
    /// At the time of day of the receipt, wherever that falls.
    SameTime,
}

impl TimeLimit {
    /// So many working days by the law's rules: day of receipt not counted, until close of business.
    #[must_use]
    pub const fn working_days(days: u32) -> Self {
        let (day_one, ends) = (DayOne::AfterReceipt, DayEnd::CloseOfBusiness);
        Self::new(Unit::WorkingDays { day_one, ends }, days)
    }

    /// So many days on the wall, to the same time of day, wherever that falls.
    #[must_use]
    pub const fn natural_days(days: u32) -> Self {
        Self::new(Unit::NaturalDays { ends: NaturalEnd::SameTime }, days)
    }

    /// So many milliseconds of opening hours.
    #[must_use]
    pub const fn working_time(ms: u64) -> Self {
        Self { unit: Unit::WorkingTime, amount: ms }
    }

    /// So many milliseconds that run always.
    #[must_use]
    pub const fn natural_time(ms: u64) -> Self {
        Self { unit: Unit::NaturalTime, amount: ms }
    }

    const fn new(unit: Unit, days: u32) -> Self {
        Self { unit, amount: days as u64 }
    }
}

impl Unit {
    /// Whether amounts are days; otherwise they are milliseconds.
    #[must_use]
    pub const fn is_in_days(self) -> bool {
        matches!(self, Self::WorkingDays { .. } | Self::NaturalDays { .. })
    }
}
