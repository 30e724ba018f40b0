//! Counting calls against an allowance per token and family.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::behavior::{Quota, RetryForm};
use super::endpoint::Family;
use super::workspace::Env;

/// The counters of a server.
#[derive(Debug, Default)]
pub struct Counters(Mutex<HashMap<Account, Window>>);

/// Whose calls to what; no family where all share one allowance.
type Account = (Option<Env>, Option<Family>);

/// When a window began and how many calls it has seen.
type Window = (Instant, u32);

/// What the allowance says to a call.
pub enum Verdict {
    /// Go on; so many calls are left.
    Allowed(u32),
    /// Wait this long.
    Refused(Duration),
}

impl Counters {
    /// Counts one call.
    pub fn count(&self, quota: &Quota, who: Option<Env>, family: Family) -> Verdict {
        let now = (quota.clock.0)();
        let other = quota.others.iter().find(|(other, ..)| *other == family);
        let (calls, window) = other.map_or((quota.calls, quota.window), |(_, calls, window)| (*calls, *window));
        let family = (!quota.together).then_some(family);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (begun, used) = all.entry((who, family)).or_insert((now, 0));
        if now.duration_since(*begun) >= window {
            (*begun, *used) = (now, 0);
        }
        if *used >= calls {
            return Verdict::Refused(window.saturating_sub(now.duration_since(*begun)));
        }
        *used += 1;
        Verdict::Allowed(calls - *used)
    }
}

/// The value of `Retry-After` for a wait (`workato/api.md 3.2`).
pub fn retry_after(form: RetryForm, wait: Duration) -> Option<String> {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    match form {
        RetryForm::Seconds => Some(seconds.max(1).to_string()),
        RetryForm::Fraction => Some(format!("{:.3}", wait.as_secs_f64())),
        RetryForm::Date => {
            let until = Timestamp::now().checked_add(Duration::from_secs(seconds)).ok()?;
            jiff::fmt::rfc2822::DateTimePrinter::new()
                .timestamp_to_rfc9110_string(&until)
                .ok()
        }
        RetryForm::Absent => None,
    }
}
