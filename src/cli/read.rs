//! What every reading command shares: which file and which sync of it, in which form the answer goes out.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::launch::{self, Rules};
use super::{bad_value, given, logging, only, sync};
use crate::baton::c1z::{Keep, Reader};
use crate::baton::config::kit;
use crate::baton::config::{Field, Values};
use crate::baton::error::Result;
use crate::report::list::{Line, List};
use crate::report::{Snapshot, Which};
use crate::term::Terminal;
use crate::term::output::{Csv, Format};
use crate::term::pager::Paging;
use crate::term::table::{Column, TableWriter};
use crate::workato::conventions::CONVENTIONS;

/// Flags of the kit that the help of a reading command shows.
pub const FLAGS: &[&str] = &["file", "color"];

/// Whether the help of a reading command shows a field of the kit.
pub fn shown(field: &Field) -> bool {
    FLAGS.contains(&field.name)
}

/// Adds what every reading command takes, besides the fields of the kit.
#[must_use]
pub fn add(command: Command) -> Command {
    add_source(command)
        .arg(output())
        .arg(csv_bom().help_heading(READING))
        .arg(switch("no-pager", "Do not show long tables through $PAGER"))
}

/// Adds what says which sync is read, for commands with an output of their own.
#[must_use]
pub fn add_source(command: Command) -> Command {
    command
        .arg(
            Arg::new("sync-id")
                .long("sync-id")
                .value_name("ID")
                .help("A sync of the file by its id (default: the full sync that finished last)")
                .help_heading(READING),
        )
        .arg(switch(
            "no-cache",
            "Do not keep the unpacked copy of a big file, 20 to 45 times its size",
        ))
}

fn switch(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .action(ArgAction::SetTrue)
        .help(help)
        .help_heading(READING)
}

/// The argument for the form alone, for commands that read in a way of their own.
pub fn output() -> Arg {
    Arg::new("output")
        .short('o')
        .long("output")
        .alias("output-format")
        .value_name("FORMAT")
        .help("Form of the answer: table, json, jsonl (one JSON document per line) or csv (default \"table\")")
        .help_heading(READING)
}

/// The switch for CSV that a spreadsheet opens by a double click.
pub fn csv_bom() -> Arg {
    Arg::new(CSV_BOM)
        .long(CSV_BOM)
        .action(ArgAction::SetTrue)
        .help("Begin CSV with a byte order mark: spreadsheets then show all letters right")
}

const CSV_BOM: &str = "csv-bom";

/// Whether it is set, in commands that have it.
pub fn wants_csv_bom(own: &ArgMatches) -> bool {
    is_set(own, CSV_BOM)
}

/// The argument of a command that can answer in Markdown: then `--output markdown` is a form of it as well.
pub fn markdown() -> Arg {
    Arg::new("markdown")
        .long("markdown")
        .action(ArgAction::SetTrue)
        .hide(true)
}

/// Whether the answer is to be Markdown, of a command that has [`markdown`].
pub fn wants_markdown(own: &ArgMatches) -> bool {
    let Ok(Some(flag)) = own.try_get_one::<bool>("markdown") else {
        return false;
    };
    let word = own.get_one::<String>("output").map(|word| word.trim().to_lowercase());
    *flag || matches!(word.as_deref(), Some("markdown" | "md"))
}

/// The section of the help.
pub const READING: &str = "Reading";

/// The kit's `--file` as a reading command shows it: first.
pub fn file(arg: Arg) -> Arg {
    arg.help("The .c1z file to read ($BATON_FILE) (default \"sync.c1z\", else the only one here)")
        .help_heading(READING)
        .display_order(0)
}

/// What the arguments of a reading command say.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The file.
    pub file: PathBuf,
    /// A sync by its id; without one the newest full sync.
    pub sync_id: Option<String>,
    /// The form of the answer.
    pub format: Format,
    /// Whether CSV begins with a byte order mark.
    pub csv_bom: bool,
    /// Where to unpack the file.
    pub temp_dir: Option<PathBuf>,
    /// Whether the unpacked copy stays.
    pub keep: Keep,
    /// Whether a long answer goes through the pager.
    pub paging: Paging,
}

impl Reading {
    /// Reads the arguments of a command made with [`add`] and the settings around them, and starts logging.
    ///
    /// # Errors
    /// An unknown format, wrong settings: exit code 2.
    pub fn start(terminal: &Terminal, root: &ArgMatches, own: &ArgMatches) -> Result<Reading> {
        Self::of(terminal, own, &launch::settings(&[root, own], Rules::Kit)?)
    }

    /// As [`Reading::start`], with the settings at hand.
    ///
    /// # Errors
    /// As [`Reading::start`].
    pub fn of(terminal: &Terminal, own: &ArgMatches, values: &Values) -> Result<Reading> {
        let reading = Self::named(terminal, own, values)?;
        Ok(Reading {
            file: only::file(terminal, values)?,
            ..reading
        })
    }

    /// As [`Reading::of`], for a command that files are named to in another way: no other file is taken.
    ///
    /// # Errors
    /// As [`Reading::start`].
    pub fn named(terminal: &Terminal, own: &ArgMatches, values: &Values) -> Result<Reading> {
        logging::start(values, terminal)?;
        if kit::FILE.of(values).is_empty() {
            return Err(bad_value("--file is empty").hint("name the .c1z file to read"));
        }
        let format = format(own)?;
        let env = |name: &str| std::env::var(name).ok();
        let paged = format == Format::Table && !is_set(own, "no-pager");
        Ok(Reading {
            file: kit::FILE.of(values).into(),
            sync_id: given::text(own, "sync-id")?.map(str::to_owned),
            format,
            csv_bom: wants_csv_bom(own),
            temp_dir: sync::chosen_temp_dir(values)?,
            keep: if own.get_flag("no-cache") {
                Keep::Nothing
            } else {
                Keep::BIG
            },
            paging: if paged { Paging::from_env(&env) } else { Paging::NEVER },
        })
    }

    /// Which sync of which file.
    pub fn which(&self) -> Which<'_> {
        Which {
            file: &self.file,
            sync_id: self.sync_id.as_deref(),
            temp_dir: self.temp_dir.as_deref(),
            keep: self.keep,
            conventions: &CONVENTIONS,
        }
    }

    /// Opens the sync.
    ///
    /// # Errors
    /// As [`Which::open`].
    pub fn open(&self) -> Result<Snapshot> {
        self.which().open()
    }

    /// Opens the file, whatever syncs are in it.
    ///
    /// # Errors
    /// As [`Which::reader`].
    pub fn reader(&self) -> Result<Reader> {
        self.which().reader()
    }

    /// Writes a list in the form that was asked for, row by row.
    ///
    /// # Errors
    /// Those of the list and of stdout.
    pub fn show(&self, terminal: &Terminal, list: &dyn List) -> Result<()> {
        terminal.deliver(&self.paging, |output| match self.format {
            Format::Table => {
                let column = |h: &crate::report::list::Heading| Column {
                    title: h.title,
                    number: h.number,
                    spare: h.spare,
                };
                let columns: Vec<Column> = list.headings().iter().map(column).collect();
                let mut rows = TableWriter::new(output, &columns, terminal.layout());
                list.for_each(&mut |line: &dyn Line| rows.row(line.cells()?))?;
                rows.end().map(drop)
            }
            Format::Json => {
                let mut first = true;
                output.text(&format!("{{\"{}\":[", list.key()))?;
                list.for_each(&mut |line: &dyn Line| {
                    output.text(if first { "\n" } else { ",\n" })?;
                    first = false;
                    output.json(&line.json()?)
                })?;
                output.text(if first { "]}\n" } else { "\n]}\n" })
            }
            Format::JsonLines => list.for_each(&mut |line: &dyn Line| output.json_line(&line.json()?)),
            Format::Csv => {
                let mut csv = Csv::new(output, list.fields(), self.csv_bom)?;
                list.for_each(&mut |line: &dyn Line| csv.record(line.record()?))?;
                csv.end()
            }
        })
    }
}

/// Whether a switch is set, in commands that have it.
fn is_set(own: &ArgMatches, switch: &str) -> bool {
    matches!(own.try_get_one::<bool>(switch), Ok(Some(true)))
}

/// The form that was asked for.
///
/// # Errors
/// An unknown one: exit code 2.
pub fn format(own: &ArgMatches) -> Result<Format> {
    // Commands with an output of their own lack the argument.
    let Ok(Some(word)) = own.try_get_one::<String>("output") else {
        return Ok(Format::default());
    };
    if wants_markdown(own) {
        return Ok(Format::Table);
    }
    word.parse().map_err(|()| {
        bad_value(format!(
            "field output: value must be one of [{}] but got '{word}'",
            Format::WORDS.join(" ")
        ))
    })
}
