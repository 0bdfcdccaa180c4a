//! A bar on stderr while days are computed. Hidden when stderr is not a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shows how many of `total` days are done.
pub(crate) fn days(total: u64) -> Days {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let style =
        ProgressStyle::with_template("  {bar:32} {human_pos}/{human_len} 天 days  {elapsed}")
            .expect("a constant template, tried in tests");
    bar.set_style(style.progress_chars("█▌░"));
    bar.enable_steady_tick(Duration::from_millis(200));
    Days { bar }
}

/// The bar, to be told from any thread. Gone from the screen once it is dropped.
#[derive(Debug)]
pub(crate) struct Days {
    bar: ProgressBar,
}

impl Days {
    /// `days` more are done.
    pub(crate) fn done(&self, days: u64) {
        self.bar.inc(days);
    }
}

impl Drop for Days {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_across_threads() {
        let days = days(8);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| (0..4).for_each(|_| days.done(1)));
            }
        });
        assert_eq!(days.bar.position(), 8);
    }
}
