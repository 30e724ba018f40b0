//! `review apply`: what reviewers decided to revoke is taken away, once somebody has seen what.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::json;

use super::carry::{Carried, Carrying, Revocation};
use super::{document, folder, folder_of, form, is_json};
use crate::baton::c1z::Keep;
use crate::baton::config::{Source, Values, kit};
use crate::baton::error::{Error, Kind, Result};
use crate::cli::fields;
use crate::cli::launch::{self, Rules};
use crate::cli::sync::chosen_temp_dir;
use crate::cli::write::Approval;
use crate::cli::{logging, provision, unavailable, usage_error};
use crate::report::review::journal::{Journal, Told};
use crate::report::review::manifest::Manifest;
use crate::report::review::plan::{Plan, Step, plan};
use crate::report::review::{Lock, of_file, standing};
use crate::report::wording::count;
use crate::report::{Snapshot, Which, code};
use crate::term::{Terminal, sanitize};
use crate::workato::conventions::CONVENTIONS;

/// The command.
pub fn command() -> Command {
    Command::new("apply")
        .about("Take away what reviewers decided to revoke")
        .arg(folder())
        .arg(form())
        .arg(
            Arg::new("yes")
                .long("yes")
                .short('y')
                .action(ArgAction::SetTrue)
                .help("Do it without asking"),
        )
        .after_help(
            "The workbooks are held to what was handed out, and the file to what it was. What there is now is read \
             before each write, and again after it. Each write stands in the journal of the folder before it is sent; \
             a run that is stopped goes on where it was, and nothing is done twice. What follows from a group or a \
             role is not touched: it is told what to do about it, with exit code 9.\n\n\
             Examples:\n  \
             # What would be sent\n  \
             baton-workato review apply review-2026-q4 --dry-run\n\n  \
             # Do it, after a question\n  \
             baton-workato review apply review-2026-q4\n\n  \
             # The file lies elsewhere now\n  \
             baton-workato review apply review-2026-q4 -f archive/sync.c1z --yes",
        )
}

/// Carries a review out.
///
/// # Errors
/// `InvalidArgument` for workbooks that do not fit, `FailedPrecondition` for a sync that is not as it was; those of the
/// connector; `ConditionHeld` (exit code 9) where decisions are left.
pub fn run(terminal: &Terminal, matches: &[&ArgMatches], sub: &ArgMatches) -> Result<()> {
    let values = launch::settings(matches, Rules::Connector)?;
    logging::start(&values, terminal)?;
    unavailable::check(fields::all(), &values)?;
    let how = match () {
        () if kit::DRY_RUN.of(&values) => Approval::Rehearsed,
        () if sub.get_flag("yes") => Approval::Now,
        () if terminal.can_ask() => Approval::Asked,
        () => {
            return Err(usage_error("this changes access, and there is no terminal to ask at")
                .hint("add --yes to do it, or --dry-run to see what would be sent"));
        }
    };
    let review = folder_of(sub);
    // Who sends nothing keeps nobody else from it.
    let _lock = match how {
        Approval::Rehearsed => None,
        _ => {
            // A folder that is no review gets no lock.
            standing::read(&review)?;
            Some(Lock::take(&review)?)
        }
    };
    let standing = standing::read(&review)?;
    standing.check()?;
    let id = &standing.manifest.id;
    let before = Told::read(&review, id)?;
    let plan = plan(&standing, &before.entries);
    let snapshot = source(&values, &standing.manifest)?;
    let steps = requests(&snapshot, &standing.manifest, &plan.steps)?;
    let anchors = requests(&snapshot, &standing.manifest, &plan.anchors)?;
    let journal = match how {
        Approval::Rehearsed => None,
        _ => Some(Journal::open(&review, id)?),
    };
    let mut carried = Carried::default();
    if !plan.steps.is_empty() {
        let carrying = Carrying {
            terminal,
            values: &values,
            how,
        };
        carried = carrying.run(steps, anchors, journal)?;
    }
    finish(terminal, sub, &plan, &carried, how)
}

/// The sync that the review was made of, as it was.
fn source(values: &Values, manifest: &Manifest) -> Result<Snapshot> {
    let file = match kit::FILE.source(values) {
        Source::Default => PathBuf::from(&manifest.file.path),
        _ => PathBuf::from(kit::FILE.of(values)),
    };
    let is_same = of_file(&file).map_err(|error| stale(error.to_string()))? == manifest.file.sha256;
    let temp_dir = chosen_temp_dir(values)?;
    let which = Which {
        file: &file,
        sync_id: Some(&manifest.sync.id),
        temp_dir: temp_dir.as_deref(),
        keep: Keep::BIG,
        conventions: &CONVENTIONS,
    };
    match which.open() {
        Ok(snapshot) => Ok(snapshot),
        Err(error) if error.kind() == Kind::NotFound || !is_same => Err(stale(format!(
            "{} is not as it was at the start, and the sync {} of the review is not in it ({error})",
            file.display(),
            manifest.sync.id
        ))),
        Err(error) => Err(error),
    }
}

/// The revocation of each step, from the rows of the sync: they must say what the review says.
fn requests<'s>(snapshot: &Snapshot, manifest: &Manifest, steps: &[Step<'s>]) -> Result<Vec<Revocation<'s>>> {
    let mut requests = Vec::with_capacity(steps.len());
    for step in steps {
        let right = &step.row.right;
        let found = provision::revocation(snapshot.reader(), snapshot.sync_id(), &right.grant, snapshot.file());
        let request = match found {
            Ok(request) => request,
            Err(error) if error.kind() == Kind::NotFound => return Err(stale(error.to_string())),
            Err(error) => return Err(error),
        };
        let grant = request.grant.as_ref();
        let entitlement = grant.and_then(|grant| grant.entitlement.as_ref());
        let principal = grant.and_then(|grant| grant.principal.as_ref());
        let who = principal.map(crate::baton::resource::key).unwrap_or_default();
        // Where a row has no name, its id or slug is what it is called.
        let is_called = |name: &str, wanted: &str| name.is_empty() || name == wanted;
        let is_same = entitlement
            .is_some_and(|e| e.id == right.entitlement && is_called(&e.display_name, &right.called))
            && who == (right.principal_type.as_str(), right.principal.as_str())
            && principal.is_some_and(|p| is_called(&p.display_name, &right.who));
        if !is_same {
            return Err(stale(format!(
                "the grant {} of row {} is another one in the sync {} now",
                right.grant, step.row.id, manifest.sync.id
            )));
        }
        requests.push((step.clone(), request));
    }
    Ok(requests)
}

fn stale(message: String) -> Error {
    Error::new(Kind::FailedPrecondition, message)
        .code(code::REVIEW_STALE)
        .hint("nothing was changed; name the file as it was with -f, or start another review")
}

/// Tells how it ended.
fn finish(terminal: &Terminal, sub: &ArgMatches, plan: &Plan<'_>, carried: &Carried, how: Approval) -> Result<()> {
    let say = |text: String| terminal.say(&sanitize::line(&text));
    for refusal in &plan.told {
        let row = refusal.row;
        say(format!(
            "{} ({}) cannot be revoked here because {}: {}.",
            row.told(),
            row.id,
            refusal.because,
            refusal.instead
        ));
    }
    for row in &plan.reversed {
        say(format!(
            "{} ({}) was revoked before and is decided otherwise now: `baton-workato grant` gives it back.",
            row.told(),
            row.id
        ));
    }
    for (step, why) in &carried.failed {
        say(format!("{} ({step}) failed: {why}", step_told(plan, step)));
    }
    for step in plan.steps.iter().filter(|step| carried.done.contains(&step.row.id)) {
        if let Some(rest) = step.rest {
            say(format!("{} ({}) is still held: {rest}.", step.row.told(), step.row.id));
        }
    }
    let left = plan.told.len() + carried.failed.len();
    if is_json(sub) && how != Approval::Rehearsed {
        let told: Vec<serde_json::Value> = plan
            .told
            .iter()
            .map(|r| json!({ "row": r.row.id, "because": r.because, "instead": r.instead }))
            .collect();
        let failed: Vec<serde_json::Value> = carried
            .failed
            .iter()
            .map(|(row, why)| json!({ "row": row, "why": why }))
            .collect();
        let answer = json!({
            "revoked": carried.done,
            "gone": carried.gone,
            "before": plan.finished,
            "cannot": told,
            "failed": failed,
            "ask": plan.ask,
            "undecided": plan.undecided,
        });
        document(terminal, &answer.to_string())?;
    }
    if how != Approval::Rehearsed {
        say(format!(
            "{} revoked, {} gone already, {} carried out before, {} left; {} to be asked, {} undecided.",
            carried.done.len(),
            carried.gone.len(),
            plan.finished,
            left,
            plan.ask,
            plan.undecided
        ));
    }
    if left == 0 || how == Approval::Rehearsed {
        return Ok(());
    }
    let message = format!("{} not carried out", count(left, "decision was", "decisions were"));
    Err(Error::new(Kind::ConditionHeld, message)
        .code(code::REVIEW_LEFT)
        .hint("each is named above with what to do; what failed is tried again by the next run"))
}

fn step_told(plan: &Plan<'_>, id: &str) -> String {
    let step = plan.steps.iter().find(|step| step.row.id == id);
    step.map(|step| step.row.told()).unwrap_or_default()
}
