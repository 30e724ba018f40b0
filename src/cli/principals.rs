//! `principals`: who holds anything; and who holds one of two entitlements and not the other.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Command, value_parser};

use super::author::Typist;
use super::launch::{self, Rules};
use super::read::{self, Reading};
use super::{filter, given, usage_error};
use crate::baton::error::Result;
use crate::report::Which;
use crate::report::list::{Compared, Filter, Principals, Rows};
use crate::term::Terminal;
use crate::term::output::Format;

/// The command.
pub fn command() -> Command {
    read::add(Command::new("principals").about("List who holds any grant of a .c1z file"))
        .arg(filter::resource_type())
        .arg(filter::resource())
        .arg(filter::entitlement())
        .arg(filter::environment())
        .after_help(
            "Examples:\n  baton-workato principals -f sync.c1z -t environment_role\n  \
             baton-workato principals -r project:42 -o json | jq -r '.resources[].resource.displayName'",
        )
}

/// The command below it, without the settings it takes.
pub fn below() -> Command {
    let compared = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    read::add(Command::new("compare").about("Show who holds one of two entitlements and not the other"))
        .arg(
            Arg::new("entitlements")
                .value_name("ID")
                .num_args(0..=2)
                .help("The two entitlements by their ids, instead of -e and --compare-entitlement"),
        )
        .arg(filter::entitlement().help("The entitlement that is compared with, the base"))
        .arg(compared(
            "compare-entitlement",
            "ID",
            "The other entitlement (default: that of -e, in another file)",
        ))
        .arg(
            compared(
                "compare-file",
                "PATH",
                "The file of the other entitlement (default: that of -f)",
            )
            .value_parser(value_parser!(PathBuf)),
        )
        .after_help(
            "Principals are the same by type and id, accounts also by an e-mail address, and whoever has one name.\n\n\
             Examples:\n  \
             # Who may do something in test and not in production\n  \
             baton-workato principals compare environment_role:1-test:collaborator-has \
             environment_role:1-prod:collaborator-has\n\n  \
             # Who had it last month and has not now\n  \
             baton-workato principals compare -f november.c1z -e project:42:admin --compare-file december.c1z -o json",
        )
}

/// Lists, or compares.
///
/// # Errors
/// Those of the filters, of the files and of stdout.
pub fn run(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<()> {
    if let Some((_, sub)) = own.subcommand() {
        return compare(terminal, root, own, sub);
    }
    let reading = Reading::start(terminal, root, own)?;
    let snapshot = reading.open()?;
    let rows = Rows::new(&snapshot)?;
    let author = Typist(terminal);
    let filter = Filter::find(&rows, filter::typed(own, &author)?)?;
    reading.show(terminal, &Principals { rows: &rows, filter })
}

fn compare(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches, sub: &ArgMatches) -> Result<()> {
    let reading = Reading::of(terminal, sub, &launch::settings(&[root, own, sub], Rules::Kit)?)?;
    let named = sub.get_many::<String>("entitlements").into_iter().flatten();
    let named: Vec<&str> = named.map(|id| given::filled(id, "ID")).collect::<Result<_>>()?;
    let mut named = named.into_iter();
    let other_file = sub.get_one::<PathBuf>("compare-file");
    let base = given::text(sub, "entitlement")?.or_else(|| named.next());
    let compared = given::text(sub, "compare-entitlement")?.or_else(|| named.next());
    let (Some(base), Some(compared)) = (base, compared.or_else(|| base.filter(|_| other_file.is_some()))) else {
        return Err(usage_error("two entitlements are compared, and two are not named")
            .hint("write `baton-workato principals compare ID ID`; `baton-workato entitlements` lists them"));
    };
    let which = match other_file {
        Some(file) => Which {
            file,
            sync_id: None,
            ..reading.which()
        },
        None => reading.which(),
    };
    let (one, other) = (reading.open()?, which.open()?);
    let (one, other) = (Rows::new(&one)?, Rows::new(&other)?);
    let told = Compared::of((&one, base), (&other, compared))?;
    match reading.format {
        Format::Json => terminal.deliver(&reading.paging, |output| {
            for (n, (key, rows)) in told.document()?.into_iter().enumerate() {
                output.text(&format!("{}\"{key}\":[", if n == 0 { "{" } else { "],\n" }))?;
                for (n, row) in rows.iter().enumerate() {
                    output.text(if n == 0 { "\n" } else { ",\n" })?;
                    output.json(row)?;
                }
            }
            output.text("]}\n")
        }),
        format => {
            if format == Format::Table {
                let [base, compared, missing, extra] = told.counts();
                terminal.say(&format!(
                    "{base} in base, {compared} compared with it: {missing} only in base, {extra} only in compared."
                ));
            }
            reading.show(terminal, &told)
        }
    }
}
