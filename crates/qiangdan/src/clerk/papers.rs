//! The certificates of one clerk: which skills count only until when.

use std::sync::atomic::Ordering::Relaxed;

use crate::{Certificate, SkillId, Skills, Wall, sync::AtomicU64};

/// How many certificates a clerk may have.
pub(crate) const CERTIFICATES_MAX: usize = 8;

/// A cell for each certificate.
///
/// | bits  | 63..8                | 7..0             |
/// |-------|----------------------|------------------|
/// | field | valid before, in ms  | skill, or 255    |
#[derive(Debug)]
pub(crate) struct Papers([AtomicU64; CERTIFICATES_MAX]);

const NONE: u64 = u64::MAX;
const UNTIL_MAX: i64 = i64::MAX >> 8;

impl Papers {
    pub(crate) fn new() -> Self {
        Self([const { AtomicU64::new(NONE) }; CERTIFICATES_MAX])
    }

    /// Takes in the certificates that are valid yet, in place of those before.
    pub(crate) fn file(&self, certificates: &[Certificate], now: Wall) {
        let valid = certificates.iter().filter(|paper| now < paper.until).map(|paper| {
            let until = paper.until.0.clamp(0, UNTIL_MAX);
            until.unsigned_abs() << 8 | u64::from(paper.skill.0)
        });
        for (cell, paper) in self.0.iter().zip(valid.chain(std::iter::repeat(NONE))) {
            // Ordering: Relaxed. The look that asks is armed after this.
            cell.store(paper, Relaxed);
        }
    }

    /// Takes those out that have run out by now; their skills.
    pub(crate) fn lapse(&self, now: Wall) -> Skills {
        let mut lapsed = Skills::none();
        for cell in &self.0 {
            // Ordering: Relaxed, both. A cell is a word of its own.
            let paper = cell.load(Relaxed);
            if paper != NONE
                && until_of(paper) <= now
                && cell.compare_exchange(paper, NONE, Relaxed, Relaxed).is_ok()
            {
                lapsed = lapsed.with(SkillId((paper & 0xff) as u8));
            }
        }
        lapsed
    }

    /// When the next one runs out.
    pub(crate) fn next(&self) -> Option<Wall> {
        // Ordering: Relaxed, as in `lapse`.
        let papers = self.0.iter().map(|cell| cell.load(Relaxed));
        papers.filter(|&paper| paper != NONE).map(until_of).min()
    }
}

fn until_of(paper: u64) -> Wall {
    Wall((paper >> 8).cast_signed())
}
