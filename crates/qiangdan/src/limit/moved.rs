//! Which climbed rungs moved later, but not past now: they are noted again, not climbed again.

use super::{Clocks, Fact, RungKind, What};
use crate::Wall;

impl Clocks<'_> {
    /// What is to be noted with a change that was told at `told_at` (a pause told late, another
    /// calendar), so that nothing happens twice: `before` is what was known before it, `self` what is
    /// known with it.
    ///
    /// A rung that was climbed, and whose due has moved later, is climbed once more at its new due if
    /// that has not come yet. If it is over, the rung is only noted at its new due. Also noted is what
    /// had been told of such a rung, though it would be told again only when somebody is there next.
    ///
    /// Allocates only if there is something to be noted.
    #[must_use]
    pub fn moved_since(&self, before: &Clocks<'_>, told_at: Wall) -> Vec<Fact> {
        let mut moved = Vec::new();
        for run in &self.runs {
            let earlier = before.run(run.limit);
            let lives = earlier.and_then(|earlier| Some((earlier, earlier.life?, run.life?)));
            let Some((earlier, life_before, life)) = lives else { continue };
            if life_before.number != life.number {
                continue;
            }
            for (number, rung) in (0..=u8::MAX).zip(&run.of.rungs) {
                let Some(until) = earlier.until(number) else { continue };
                let was = earlier.due(life_before, rung);
                let is = run.due(life, rung);
                let (Ok(was), Ok(is)) = (was, is) else { continue };
                let follows = rung.kind == RungKind::Told
                    && moved.iter().any(|fact: &Fact| match fact.what {
                        What::Moved { limit, rung: base } => {
                            limit == run.limit && Some(base) == rung.base
                        }
                        _ => false,
                    });
                if was.at <= until && until < is.at && (is.at <= told_at || follows) {
                    let what = What::Moved { limit: run.limit, rung: number };
                    moved.push(Fact { at: is.at, what });
                }
            }
        }
        moved
    }
}
