//! The two clocks. Both are told to the engine with every call.
//!
//! [`Mono`] never goes back and drives waits, stages and presence. [`Wall`] says what a clock on the
//! wall says; it is kept in events for people and calendars, and may jump either way. Both count
//! whole milliseconds (docs/decisions/0004).

/// Milliseconds since the engine's first instant, from a clock that never goes back.
///
/// Calls from several threads may come with instants slightly out of order: an instant before an
/// order's arrival counts as its arrival. An order keeps its instants up to 2⁴⁴ ms (557 years); later
/// ones count as that.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Mono(pub u64);

impl Mono {
    /// Milliseconds from `earlier` to here; zero if `earlier` is later.
    #[must_use]
    pub const fn since_ms(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// This instant and `ms` milliseconds; the end of time if that is past it.
    #[must_use]
    pub const fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Wall(pub i64);

impl Wall {
    /// After all instants.
    pub const NEVER: Self = Self(i64::MAX);
}

/// What both clocks say at the moment of a call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Now {
    /// The clock that never goes back.
    pub mono: Mono,
    /// The clock on the wall.
    pub wall: Wall,
}

impl Now {
    /// An instant of a run whose engine began at `start` on the wall, `mono_ms` after that.
    #[must_use]
    #[expect(clippy::cast_possible_wrap, reason = "292 million years of milliseconds fit")]
    pub const fn after(start: Wall, mono_ms: u64) -> Self {
        Self { mono: Mono(mono_ms), wall: Wall(start.0.saturating_add(mono_ms as i64)) }
    }
}
