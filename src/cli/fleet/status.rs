//! `fleet status`: what the files hold.

use jiff::Timestamp;

use super::outcome::Outcome;
use super::plan::Plan;
use super::table::{self, Form};
use crate::baton::error::{Error, Kind, Result};
use crate::term::Terminal;

/// A sync that is older than this is not of last night.
const OLD: i64 = 26 * 60 * 60;

/// Looks at every file.
///
/// # Errors
/// `NotFound` (exit code 5) where a workspace has no sync, or an old one; that of a file that cannot be read.
pub fn run(terminal: &Terminal, plan: &Plan, form: Form) -> Result<()> {
    let now = Timestamp::now();
    let mut without = Vec::new();
    let mut outcomes: Vec<Outcome> = plan
        .workspaces
        .iter()
        .map(|workspace| {
            let mut outcome = Outcome::of(workspace, "missing");
            outcome.look(&workspace.file);
            let at: Option<Timestamp> = outcome.synced_at.as_ref().and_then(|at| at.parse().ok());
            if let Some(at) = at {
                let is_old = now.as_second() - at.as_second() > OLD;
                outcome.status = if is_old { "old" } else { "current" };
            }
            if outcome.status != "current" {
                without.push(workspace.name.as_str());
            }
            outcome
        })
        .collect();
    for left in &plan.left {
        without.push(left.name.as_str());
        outcomes.push(Outcome::left(left));
    }
    table::show(terminal, &outcomes, form)?;
    if without.is_empty() {
        return Ok(());
    }
    let message = format!(
        "{} of {} workspaces have no sync of the last day",
        without.len(),
        outcomes.len()
    );
    Err(Error::new(Kind::NotFound, message).hint("`fleet sync --continue` reads what is missing"))
}
