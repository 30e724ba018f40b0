//! `diff`: what changed between two syncs, for reviewers, or row by row in the published shape.

mod review;
mod rows;

use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches, Command};
use jiff::Zoned;

use super::launch::{self, Rules};
use super::read::{self, Reading};
use super::{given, usage_error, vendor};
use crate::baton::config::kit;
use crate::baton::config::setting::{Setting, Text};
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::report::code;
use crate::report::compare::reached::{Reached, Watch};
use crate::report::compare::review::Review;
use crate::report::compare::{Sides, SidesQuery, sides, told};
use crate::report::{Which, wording};
use crate::term::Terminal;
use crate::term::output::Format;

/// The fields of the kit that name the two syncs.
const SYNCS: [Setting<Text>; 2] = [kit::BASE_SYNC_ID, kit::APPLIED_SYNC_ID];

/// The command.
pub fn command() -> Command {
    let switch =
        |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    let command = Command::new("diff")
        .about("Show what changed between two syncs: people, roles, access gained and lost")
        .arg(
            Arg::new("files")
                .value_name("FILE")
                .num_args(0..=2)
                .help("One file with two syncs (default: --file), or the older file and the newer file"),
        )
        .arg(
            Arg::new("since")
                .long("since")
                .value_name("TIME")
                .help("Compare with the newest full sync at or before this: 7d, 12h, 2026-11-01, 2026-11-01T09:30"),
        )
        .arg(switch(
            "fail-if-gained",
            "End with exit code 9 if any person or account gained access",
        ))
        .arg(switch("all", "Show every line instead of counts"));
    let command = command.arg(read::markdown());
    let markdown = |output: Arg| {
        output.help(
            "Form of the answer: table, markdown (for a ticket), json, jsonl (one JSON document per line) or csv \
             (default \"table\")",
        )
    };
    read::add(command).mut_arg("output", markdown).after_help(
        "Without more, the newest finished full sync of the file is compared with the one before it.\n\
         --base-sync-id and --applied-sync-id name the older and the newer sync.\n\n\
         Examples:\n  \
         # What changed since the sync before\n  \
         baton-workato diff -f sync.c1z\n\n  \
         # Between two files\n  \
         baton-workato diff monday.c1z friday.c1z\n\n  \
         # Since a week ago, ending with exit code 9 if anybody gained anything\n  \
         baton-workato diff --since 7d --fail-if-gained\n\n  \
         # For a ticket\n  \
         baton-workato diff -o markdown > changes.md\n\n  \
         # Every new grant, in the published shape\n  \
         baton-workato diff -o json | jq -r '.grants.created[].id'",
    )
}

/// Compares.
///
/// # Errors
/// Those of the files, of what was asked for and of stdout; `ConditionHeld` (exit code 9) with `--fail-if-gained`
/// where somebody gained access.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let values = launch::settings(&[root, own], Rules::TwoSyncs)?;
    let files: Vec<&Path> = own
        .get_many::<String>("files")
        .into_iter()
        .flatten()
        .map(Path::new)
        .collect();
    let markdown = read::wants_markdown(own);
    let reading = if files.is_empty() {
        Reading::of(terminal, own, &values)?
    } else {
        Reading::named(terminal, own, &values)?
    };
    let (base_file, file) = match files.as_slice() {
        [old, new] => (Some(*old), *new),
        [one] => (None, *one),
        _ => (None, reading.file.as_path()),
    };
    let [base, applied] = SYNCS.map(|setting| given::setting(&values, setting));
    let (base, applied) = (base?, applied?);
    if applied.is_some() && reading.sync_id.is_some() {
        return Err(usage_error("--sync-id and --applied-sync-id both name the newer sync").hint("give one of them"));
    }
    let since = given::text(own, "since")?;
    if since.is_some() && base.is_some() {
        return Err(usage_error("--since and --base-sync-id both name the older sync").hint("give one of them"));
    }
    let since = since
        .map(|text| sides::moment(text, &Zoned::now()).context("understand --since"))
        .transpose()?;
    let wanted = SidesQuery {
        file: Which {
            file,
            sync_id: applied.or(reading.sync_id.as_deref()),
            ..reading.which()
        },
        base_file,
        base_sync: base,
        since,
    };
    let sides = Sides::open(&wanted)?;
    let conventions = vendor::conventions(&sides.new)?;
    let gate = own.get_flag("fail-if-gained");
    let (gained, reached) = if reading.format == Format::Table {
        let review = Review::of(&sides, conventions)?;
        review::show(terminal, &reading, &review, own.get_flag("all"), markdown)?;
        (review.gained_by_people, review.reached)
    } else {
        let mut watch = Watch::new(conventions);
        let gained = rows::show(terminal, &reading, &sides, &mut watch)?;
        (gained, if gate { watch.judge(&sides)? } else { Reached::default() })
    };
    if gate { check(gained, &reached) } else { Ok(()) }
}

/// Fails where somebody gained something, or may have.
fn check(gained: u64, reached: &Reached) -> Result<()> {
    let number =
        |number: u64, one: &str, many: &str| wording::count(usize::try_from(number).unwrap_or(usize::MAX), one, many);
    let mut said = Vec::new();
    if gained > 0 {
        said.push(number(gained, "new grant", "new grants"));
    }
    if reached.gained > 0 {
        let one = "account reaches more without a new grant";
        let many = "accounts reach more without a new grant";
        said.push(number(reached.gained, one, many));
    }
    let unknown = told::not_known(reached);
    let message = match (said.is_empty(), unknown.is_empty()) {
        (true, true) => return Ok(()),
        (true, false) => format!("people may have gained access. {}", unknown.join(" ")),
        (false, true) => format!("people gained access: {}", said.join(", ")),
        (false, false) => format!("people gained access: {}. {}", said.join(", "), unknown.join(" ")),
    };
    Err(Error::new(Kind::ConditionHeld, message)
        .code(code::GAINED)
        .hint("what changed is among what is shown"))
}
