//! How far a long command is, for whoever watches: a number that grows.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::Terminal;

/// A growing number on stderr, gone with its owner. Silent where nobody watches.
pub struct Counter {
    bar: Option<ProgressBar>,
    doing: &'static str,
    what: &'static str,
}

impl Terminal {
    /// Shows `Exporting: 12,000 resources`.
    pub fn counter(&self, doing: &'static str, what: &'static str) -> Counter {
        let is_watched = self.stderr_is_terminal() && !self.is_quiet();
        let bar = is_watched.then(|| {
            let bar = self.bars.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Counter { bar, doing, what }
    }
}

impl Counter {
    /// So many are done.
    pub fn at(&self, done: u64) {
        // A redraw for each would cost more than the work.
        if let Some(bar) = &self.bar
            && done.is_multiple_of(64)
        {
            bar.set_message(format!("{}: {done} {}", self.doing, self.what));
        }
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
