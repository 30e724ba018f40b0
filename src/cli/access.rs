//! `access`: what somebody can reach and how, or who can reach something, or whether a condition holds anywhere.

mod holders;
mod person;
mod rows;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::read::{self, READING, Reading};
use super::usage_error;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::report::access::Answers;
use crate::report::code;
use crate::report::condition::{self, Condition};
use crate::report::find;
use crate::report::question::{self, Pick, Target};
use crate::report::wording;
use crate::term::Terminal;
use crate::term::output::Format;

/// The command.
pub fn command() -> Command {
    let switch =
        |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    let text = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    let command = Command::new("access")
        .about("Show what somebody can reach and how, or who can reach something")
        .arg(
            Arg::new("principal")
                .value_name("WHO")
                .help("A person, account, group or role: id, type:id, e-mail address, name or part of one"),
        )
        .arg(text("on", "WHAT", "Who can reach this: id, type:id, name or part of one").conflicts_with("principal"))
        .arg(
            switch(
                "with-children",
                "With --on: everything below it as well, such as the folders of a project",
            )
            .requires("on"),
        )
        .arg(
            text(
                "resource-type",
                "TYPE",
                "Only on resources of this type; with --on: the type of WHAT",
            )
            .short('t'),
        )
        .arg(
            text(
                "resource",
                "WHAT",
                "Only on this resource: id, type:id, name or part of one",
            )
            .short('r')
            .conflicts_with("on"),
        )
        .arg(text("entitlement", "WHAT", "Only this entitlement: id, slug or name").short('e'))
        .arg(switch(
            "direct",
            "Only what was given as such, not what follows from something else",
        ))
        .arg(switch("all", "Show every line instead of counts"))
        .arg(text(
            "fail-if",
            "CONDITION",
            "Show only what the condition holds for, and end with exit code 9 if there is any; \
             without WHO and --on, among everything that people hold",
        ));
    read::add(command)
        .mut_arg("sync-id", |arg| arg.help_heading(READING))
        .after_help(after_help())
}

fn after_help() -> String {
    format!(
        "Examples:\n  \
         # Everything Ada can reach, and why\n  \
         baton-workato access ada@acme.com\n\n  \
         # Who can touch project Billing or anything in it?\n  \
         baton-workato access --on Billing -t project --with-children\n\n  \
         # In a pipeline: end with exit code 9 if somebody from outside is an admin of anything\n  \
         baton-workato access --fail-if 'domain != acme.com and entitlement ~ admin'\n\n  \
         # People without activity for 90 days who still hold something that was given to them\n  \
         baton-workato access --fail-if 'account = human and idle > 90d and direct' -o csv\n\n  \
         # Does Ada see production because she is one of All collaborators?\n  \
         baton-workato access ada --fail-if \"through = 'All collaborators' and entitlement ~ prod\"\n\n\
         Conditions:\n{}\n\nFields:\n{}",
        indented(condition::SYNTAX),
        condition::field_table()
    )
}

fn indented(text: &str) -> String {
    text.lines()
        .map(|line| format!("  {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Answers.
///
/// # Errors
/// Those of the file, of what was asked for and of stdout; `ConditionHeld` (exit code 9) where `--fail-if` holds
/// for something.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let reading = Reading::start(terminal, root, own)?;
    let given = |name: &str| own.get_one::<String>(name).filter(|text| !text.is_empty());
    let condition = given("fail-if")
        .map(|text| Condition::parse(text))
        .transpose()
        .context("understand --fail-if")?;
    if given("principal").is_none() && given("on").is_none() && condition.is_none() {
        return Err(usage_error("there is nobody to look at").hint(
            "name somebody (`baton-workato access ada@acme.com`), something (--on Billing) or a condition (--fail-if)",
        ));
    }
    let fails = condition.is_some();
    let snapshot = reading.open()?;
    let answers = Answers::new(&snapshot)?;
    let kind = given("resource-type");
    let mut pick = Pick {
        resource_type: kind.cloned(),
        resource: None,
        entitlement: given("entitlement").cloned(),
        direct: own.get_flag("direct"),
        condition,
    };
    if let Some(kind) = kind {
        question::known_type(&snapshot, kind)?;
    }
    if let Some(what) = given("resource") {
        pick.resource = Some(question::resource_named(&answers, kind.map(String::as_str), what)?);
    }
    if let Some(what) = given("entitlement") {
        question::known_entitlement(&answers, what)?;
    }
    let target = if let Some(who) = given("principal") {
        Target::Principal(find::principal(answers.names(), who)?)
    } else if let Some(what) = given("on") {
        pick.resource_type = None;
        let top = question::resource_named(&answers, kind.map(String::as_str), what)?;
        Target::On(if own.get_flag("with-children") {
            question::with_children(&answers, top)?
        } else {
            vec![top]
        })
    } else {
        Target::People
    };
    let all = own.get_flag("all");
    let shown = match (&target, reading.format) {
        (Target::Principal(who), Format::Table) => person::tree(terminal, &reading, &answers, who, &pick, all)?,
        (Target::Principal(who), Format::Json) => person::json(terminal, &reading, &answers, who, &pick)?,
        (Target::On(things), Format::Table) => holders::trees(terminal, &reading, &answers, things, &pick, all)?,
        _ => rows::show(terminal, &reading, &answers, &target, &pick)?,
    };
    if !fails {
        return Ok(());
    }
    if shown == 0 {
        if reading.format == Format::Table {
            terminal.say("--fail-if holds for nothing.");
        }
        return Ok(());
    }
    let message = format!("--fail-if holds for {}", wording::count(shown, "grant", "grants"));
    Err(Error::new(Kind::ConditionHeld, message)
        .code(code::CONDITION_HIT)
        .hint("they are what is shown"))
}
