//! `access`: what somebody can reach and how, or who can reach something, or whether a condition holds anywhere.

mod holders;
mod person;
mod rows;
mod told;

use std::collections::{BTreeSet, HashMap};

use clap::{Arg, ArgAction, ArgMatches, Command};

use self::told::Answered;
use super::author::Typist;
use super::read::{self, READING, Reading};
use super::{given, not_known, usage_error, vendor};
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::report::access::Answers;
use crate::report::code;
use crate::report::condition::{self, Condition};
use crate::report::find::{self, NameQuery};
use crate::report::question::{self, Pick, Target};
use crate::report::reach::{Asker, Ground, Part};
use crate::report::thing::Thing;
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
                "Only this resource: id, type:id, name or part of one; alone, -t TYPE -r ID is WHO",
            )
            .short('r')
            .conflicts_with("on"),
        )
        .arg(text(
            "env",
            "ENV",
            "The environment of what is named: projects and roles of one name are in several",
        ))
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
             without WHO and --on, among everything that people hold and reach",
        ))
        .arg(
            switch(
                "fail-if-unknown",
                "With --fail-if: exit code 9 also where it holds for nothing, and the file does not tell everything",
            )
            .requires("fail-if"),
        );
    read::add(command)
        .mut_arg("sync-id", |arg| arg.help_heading(READING))
        .after_help(after_help())
}

fn after_help() -> String {
    format!(
        "Examples:\n  \
         # Everything Ada can reach, and why\n  \
         baton-workato access ada@acme.com\n\n  \
         # Who can touch project Billing? Each environment that has one is answered for\n  \
         baton-workato access --on Billing -t project\n\n  \
         # The one in production, or anything in it\n  \
         baton-workato access --on \"Billing (prod)\" --with-children\n\n  \
         # Does Ada get to it, and how?\n  \
         baton-workato access ada -r Billing --env prod\n\n  \
         # In a pipeline: end with exit code 9 if somebody from outside is an admin of anything\n  \
         baton-workato access --fail-if 'domain != acme.com and entitlement ~ admin'\n\n  \
         # The same for one project, but for those who could only give themselves access\n  \
         baton-workato access --on Billing --fail-if 'domain != acme.com and reach != self-granting'\n\n  \
         # People without activity for 90 days who still hold something that was given to them\n  \
         baton-workato access --fail-if 'account = human and idle > 90d and direct' -o csv\n\n  \
         # Does Ada see production because she is one of All collaborators?\n  \
         baton-workato access ada --fail-if \"through = 'All collaborators' and entitlement ~ prod\"\n\n\
         {WAYS}\n\n\
         Conditions:\n{}\n\nFields:\n{}",
        indented(condition::SYNTAX),
        condition::field_table()
    )
}

/// How somebody gets to a thing, in the words of answers and conditions.
const WAYS: &str = "\
Somebody reaches a thing (field reach, key reach in JSON and CSV)
  on             by what they hold on it
  above          by what they hold on what it lies in: a project opens all of its folders
  inside         by what they hold on something in it, which opens that part
  scope          as an API client whose scope includes it
  self-granting  not yet: they decide about access to it, and can give themselves some
A condition sees all of them. Without WHO, --on and -r its rows are the grants of everybody (on),
and for each project the ways into it that are none: inside, scope, and, where the condition asks
for reach, self-granting.";

fn indented(text: &str) -> String {
    text.lines()
        .map(|line| format!("  {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// What was typed.
struct Typed<'a> {
    author: &'a Typist<'a>,
    who: Option<&'a str>,
    on: Option<&'a str>,
    kind: Option<&'a str>,
    resource: Option<&'a str>,
    environment: Option<&'a str>,
}

impl<'a> Typed<'a> {
    fn wanted(&self, text: &'a str, kind: Option<&'a str>) -> NameQuery<'a> {
        NameQuery {
            text,
            kind,
            environment: self.environment,
            whole: false,
            author: Some(self.author),
        }
    }

    /// `-t TYPE -r ID` alone is who, as in the public command line. Beside a condition it says among what to look,
    /// unless nobody holds anything on a thing of this type: then the condition would hold for nothing.
    fn is_public(&self, ground: &Ground, condition: Option<&Condition>) -> bool {
        let alone = self.who.is_none() && self.on.is_none() && self.resource.is_some();
        alone
            && self
                .kind
                .is_some_and(|kind| condition.is_none() || ground.is_user(kind))
    }
}

/// Answers.
///
/// # Errors
/// Those of the file, of what was asked for and of stdout; `ConditionHeld` (exit code 9) where `--fail-if` holds
/// for something.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    let reading = Reading::start(terminal, root, own)?;
    let entitlement = given::text(own, "entitlement")?;
    let condition = given::text(own, "fail-if")?
        .map(Condition::parse)
        .transpose()
        .context("understand --fail-if")?;
    let author = Typist(terminal);
    let typed = Typed {
        author: &author,
        who: given::word(own, "principal", "WHO")?,
        on: given::text(own, "on")?,
        kind: given::text(own, "resource-type")?,
        resource: given::text(own, "resource")?,
        environment: given::text(own, "env")?,
    };
    let is_named = typed.who.is_some() || typed.on.is_some() || (typed.kind.is_some() && typed.resource.is_some());
    if !is_named && condition.is_none() {
        return Err(usage_error("there is nobody to look at").hint(
            "name somebody (`baton-workato access ada@acme.com`), something (--on Billing) or a condition (--fail-if)",
        ));
    }
    let fails = condition.is_some();
    let snapshot = reading.open()?;
    let answers = Answers::new(&snapshot)?;
    let ground = Ground::read(answers.names(), answers.edges(), vendor::conventions(&snapshot)?)?;
    let asker = Asker {
        answers: &answers,
        ground: &ground,
    };
    let is_public = typed.is_public(&ground, condition.as_ref());
    let mut pick = Pick {
        resource_type: typed.kind.map(str::to_owned),
        resources: Vec::new(),
        entitlement: entitlement.map(str::to_owned),
        direct: own.get_flag("direct"),
        condition,
    };
    if let Some(kind) = typed.kind {
        question::known_type(&snapshot, kind)?;
    }
    if let Some(what) = typed.resource.filter(|_| !is_public) {
        pick.resources = find::resources(asker.names(), &typed.wanted(what, typed.kind))?;
        in_order(asker, &mut pick.resources)?;
    }
    if let Some(what) = entitlement {
        question::known_entitlement(asker.names(), what)?;
    }
    let all = own.get_flag("all");
    let answered = match (typed.who, typed.on, typed.resource.filter(|_| is_public)) {
        (Some(who), ..) => {
            let who = find::principal(asker.names(), &typed.wanted(who, None))?;
            of(terminal, &reading, asker, &who, &pick, all)?
        }
        (_, _, Some(who)) => {
            pick.resource_type = None;
            let who = find::principal(asker.names(), &typed.wanted(who, typed.kind))?;
            of(terminal, &reading, asker, &who, &pick, all)?
        }
        (_, Some(what), _) => {
            pick.resource_type = None;
            let mut tops = find::resources(asker.names(), &typed.wanted(what, typed.kind))?;
            in_order(asker, &mut tops)?;
            let things = if own.get_flag("with-children") {
                below(asker, &tops)?
            } else {
                tops.iter().map(|top| (top.clone(), Part::Whole)).collect()
            };
            match reading.format {
                Format::Table => holders::trees(terminal, &reading, asker, &things, &pick, all)?,
                _ => rows::show(terminal, &reading, asker, &Target::On(things), &tops, &pick)?,
            }
        }
        _ => rows::show(terminal, &reading, asker, &Target::People, &[], &pick)?,
    };
    if !answered.are_gaps_told {
        let most = if all { usize::MAX } else { not_known::MOST };
        not_known::say(terminal, &answered.gaps, most, ": --all shows them");
    }
    match fails {
        true => {
            // Of people and accounts, unless somebody or something is named.
            let is_about_people = typed.who.is_none() && typed.on.is_none() && !is_public;
            let holds = |kind: &str| !is_about_people || ground.is_user(kind);
            let missing = match &pick.condition {
                Some(condition) if answered.shown.is_empty() => condition::missing(asker.names(), condition, &holds)?,
                _ => Vec::new(),
            };
            judge(terminal, &reading, &answered, &missing, own.get_flag("fail-if-unknown"))
        }
        false => Ok(()),
    }
}

fn of(
    terminal: &Terminal,
    reading: &Reading,
    asker: Asker<'_, '_>,
    who: &Thing,
    pick: &Pick,
    all: bool,
) -> Result<Answered> {
    match reading.format {
        Format::Table => person::tree(terminal, reading, asker, who, pick, all),
        Format::Json => person::json(terminal, reading, asker, who, pick),
        _ => rows::show(terminal, reading, asker, &Target::Principal(who.clone()), &[], pick),
    }
}

/// Things of one name in the order in which people think of their environments.
fn in_order(asker: Asker<'_, '_>, things: &mut [Thing]) -> Result<()> {
    let mut ranks = HashMap::with_capacity(things.len());
    for thing in things.iter() {
        let environment = asker.environment(thing)?;
        ranks.insert(
            thing.clone(),
            asker
                .ground
                .conventions()
                .rank(environment.as_deref().unwrap_or_default()),
        );
    }
    things.sort_by_key(|thing| ranks.get(thing).copied());
    Ok(())
}

/// The things with everything below them, each once. What lies in a thing is told of itself, so it is not told twice.
fn below(asker: Asker<'_, '_>, tops: &[Thing]) -> Result<Vec<(Thing, Part)>> {
    let mut seen = BTreeSet::new();
    let mut things = Vec::new();
    for top in tops {
        for thing in question::with_children(asker.names(), top.clone())? {
            let part = if thing == *top { Part::WithoutInside } else { Part::Own };
            if seen.insert((thing.kind.clone(), thing.id.clone())) {
                things.push((thing, part));
            }
        }
    }
    Ok(things)
}

/// Says whether the condition holds for something. That it holds for nothing is said only where the file tells everything,
/// and has what the condition names.
fn judge(
    terminal: &Terminal,
    reading: &Reading,
    answered: &Answered,
    missing: &[String],
    unknown_fails: bool,
) -> Result<()> {
    let held = |message: String| Error::new(Kind::ConditionHeld, message).code(code::CONDITION_HIT);
    if !answered.shown.is_empty() {
        let message = format!("--fail-if holds for {}", answered.shown.told());
        return Err(held(message).hint("they are what is shown"));
    }
    let missing = (!missing.is_empty()).then(|| format!("nothing in this sync has {}", missing.join(", or ")));
    let gaps = not_known::first(&answered.gaps).map(|gaps| format!("not known: {gaps}"));
    match [missing, gaps].into_iter().flatten().collect::<Vec<_>>().as_slice() {
        [] if reading.format == Format::Table => terminal.say("--fail-if holds for nothing."),
        [] => {}
        said => {
            let message = format!("--fail-if holds for nothing that the file tells; {}", said.join("; "));
            if unknown_fails {
                let hint = "sync what is left out, correct the names, or leave --fail-if-unknown out to let it pass";
                return Err(held(message).hint(hint));
            }
            terminal.say_line(&format!("{message}."));
        }
    }
    Ok(())
}
