//! Who comes and who grabs: the shape of a hall, and the dice of one thread.

/// The most classes a shape may have.
pub const CLASSES: u32 = 4;

/// How many skills a hall with many lanes knows, and how many clerks it has.
const SKILLS: u8 = 64;

/// How many skills a clerk of a hall with many lanes has.
const SKILLS_OF_CLERK: usize = 8;

/// A hall: what orders need, and what its clerks can do.
#[derive(Clone, Debug)]
pub struct Shape {
    /// How many skills orders may need, one each.
    pub skills: u32,
    /// How many classes there are; the highest number goes first.
    pub classes: u32,
    clerks: Vec<Vec<u8>>,
}

impl Shape {
    /// One skill, one class, and clerks who all have it.
    #[must_use]
    pub fn one_lane(clerks: u32) -> Self {
        Self { skills: 1, classes: 1, clerks: vec![vec![0]; clerks as usize] }
    }

    /// One skill, all classes, and clerks who have it.
    #[must_use]
    pub fn classes(clerks: u32) -> Self {
        Self { classes: CLASSES, ..Self::one_lane(clerks) }
    }

    /// 64 skills, 4 classes, and 64 clerks who have 8 skills each, at random; each skill is had by
    /// eight of them.
    #[must_use]
    pub fn many_lanes() -> Self {
        let mut dice = Dice::new(64);
        let skills = dice.shuffled(SKILLS);
        let starts = dice.shuffled(SKILLS);
        let skills_of = |clerk: usize| {
            let deal = |&start: &u8| skills[(clerk + usize::from(start)) % skills.len()];
            starts[..SKILLS_OF_CLERK].iter().map(deal).collect()
        };
        let clerks = (0..skills.len()).map(skills_of).collect();
        Self { skills: u32::from(SKILLS), classes: CLASSES, clerks }
    }

    /// How many clerks there are.
    ///
    /// # Panics
    ///
    /// If there are more than 2³².
    #[must_use]
    pub fn clerks(&self) -> u32 {
        u32::try_from(self.clerks.len()).expect("clerks are numbered in 32 bits")
    }

    /// What a clerk can do.
    #[must_use]
    pub fn skills_of(&self, clerk: u32) -> &[u8] {
        &self.clerks[clerk as usize]
    }
}

/// What is submitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ticket {
    /// What it needs.
    pub skill: u32,
    /// Its class; the highest goes first.
    pub class: u32,
    /// When it comes in.
    pub at_ms: u64,
    /// When it should be done, for desks that go by that.
    pub due_ms: u64,
}

/// The dice of one thread: SplitMix64, about a nanosecond a throw.
///
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014, fig. 16.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice that always fall the same way for one seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `end`, near enough to evenly.
    ///
    /// # Panics
    ///
    /// Never: the product's upper half fits.
    pub fn below(&mut self, end: u64) -> u64 {
        let product = u128::from(self.bits()) * u128::from(end);
        u64::try_from(product >> 64).expect("the upper half has 64 bits")
    }

    /// The numbers below `end` in random order.
    #[must_use]
    pub fn shuffled(&mut self, end: u8) -> Vec<u8> {
        let mut numbers: Vec<u8> = (0..end).collect();
        for last in (1..end).rev() {
            let other = self.below_u32(u32::from(last) + 1) as usize;
            numbers.swap(usize::from(last), other);
        }
        numbers
    }

    /// The same for a small number.
    ///
    /// # Panics
    ///
    /// Never: what is below `end` fits where `end` does.
    pub fn below_u32(&mut self, end: u32) -> u32 {
        u32::try_from(self.below(u64::from(end))).expect("below a 32-bit number")
    }
}

/// The people one thread plays: those who come, and the clerks who grab.
#[derive(Clone, Debug)]
pub struct People {
    shape: Shape,
    dice: Dice,
    thread: u32,
    now_ms: u64,
    slack_ms: u64,
}

impl People {
    /// The people of `thread`; orders are due within `slack_ms` of coming in.
    #[must_use]
    pub fn new(shape: &Shape, thread: u32, slack_ms: u64) -> Self {
        let dice = Dice::new(1 + u64::from(thread));
        Self { shape: shape.clone(), dice, thread, now_ms: 0, slack_ms }
    }

    /// What they submit next. Time goes on by a millisecond.
    pub fn ticket(&mut self) -> Ticket {
        self.now_ms += 1;
        let Shape { skills, classes, .. } = self.shape;
        let skill = if skills == 1 { 0 } else { self.dice.below_u32(skills) };
        let class = if classes == 1 { 0 } else { self.dice.below_u32(classes) };
        let slack_ms = if self.slack_ms == 0 { 0 } else { self.dice.below(self.slack_ms) };
        Ticket { skill, class, at_ms: self.now_ms, due_ms: self.now_ms + slack_ms }
    }

    /// Who grabs next: with one lane the clerk of this thread, otherwise any.
    pub fn clerk(&mut self) -> u32 {
        let clerks = self.shape.clerks();
        if self.shape.skills == 1 { self.thread % clerks } else { self.dice.below_u32(clerks) }
    }

    /// A throw of this thread's dice below 100.
    pub fn percent(&mut self) -> u64 {
        self.dice.below(100)
    }

    /// What time it is for this thread.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Makes it as late as `now_ms`, if it is not later.
    pub fn wait_until(&mut self, now_ms: u64) {
        self.now_ms = self.now_ms.max(now_ms);
    }
}
