//! The one pass over the rows that fills every format.

use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;

use super::csv::CsvFiles;
use super::dot::Graph;
use super::html::ReportPage;
use super::json::JsonFiles;
use super::sink::{self, Rows, Sink};
use super::sqlite::Database;
use super::table::{self, Table};
use super::xlsx::Book;
use super::{Format, Written, file};
use crate::baton::c1z::GrantFilter;
use crate::baton::conventions::Conventions;
use crate::baton::error::{Context as _, Result};
use crate::baton::proto::v2;
use crate::baton::target;
use crate::report::access::{Access, Answers, Held};
use crate::report::compare::changes::Changes;
use crate::report::find;
use crate::report::policy::Policy;
use crate::report::reach::{Asker, Ground, Reach};
use crate::report::snapshot::Snapshot;
use crate::report::strangers;
use crate::report::thing::{self, Account, Thing};
use crate::report::wording;

/// What to write, and what to know about it.
pub struct Options<'o> {
    /// The folder to write to; created where it is missing. What lies there under the same names is replaced.
    pub folder: &'o Path,
    /// The formats.
    pub formats: &'o [Format],
    /// What is special about the vendor: how a moderator is told, when somebody was last seen.
    pub conventions: &'o Conventions,
    /// What the findings of the report are judged by.
    pub policy: &'o Policy,
    /// What the workspace is called in tables for query engines; without it as its file.
    pub workspace: Option<&'o str>,
    /// Whether CSV begins with a byte order mark.
    pub csv_bom: bool,
    /// Called now and then with the resources done so far.
    pub progress: &'o dyn Fn(u64),
}

/// Writes a sync in every format asked for. A file appears under its name when it is whole.
///
/// # Errors
/// `DataLoss` for a damaged sync, those of the disk for the files; `Unimplemented` for a format that this build does not
/// have.
pub fn export(snapshot: &Snapshot, options: &Options<'_>) -> Result<Vec<Written>> {
    options.formats.iter().try_for_each(|format| format.check_built())?;
    check_folder(options.folder)?;
    let folder = target::folder(options.folder)?;
    std::fs::create_dir_all(&folder)
        .map_err(|error| file::full(error.into()))
        .with_context(|| format!("create the folder {}", folder.display()))?;
    let mut sinks = Vec::new();
    for format in options.formats {
        sinks.extend(sink(*format, snapshot, options).map_err(file::full)?);
    }
    let page = match options.formats.contains(&Format::Html) {
        true => Some(ReportPage::create(&folder, snapshot, options)?),
        false => None,
    };
    let run = || {
        let mut filled = match sinks.is_empty() {
            true => Vec::new(),
            false => sink::fill(sinks, |rows| pass(snapshot, options, rows))?,
        }
        .into_iter();
        let mut page = page;
        let mut written = Vec::new();
        for format in options.formats {
            match format {
                Format::Parquet => {}
                Format::Html => written.extend(page.take().map(ReportPage::finish).transpose()?),
                _ => written.extend(
                    filled
                        .next()
                        .map(|sink| sink.finish())
                        .transpose()?
                        .into_iter()
                        .flatten(),
                ),
            }
        }
        Ok(written)
    };
    let written: Result<Vec<Written>> = run();
    let written = written
        .map_err(file::full)
        .with_context(|| format!("export {}", snapshot.file().display()))?;
    #[cfg(feature = "parquet")]
    let written = with_tables(written, snapshot, options, &folder)?;
    Ok(written)
}

/// The tables for query engines have other columns than the rest, and a pass of their own.
#[cfg(feature = "parquet")]
fn with_tables(
    mut written: Vec<Written>,
    snapshot: &Snapshot,
    options: &Options<'_>,
    folder: &Path,
) -> Result<Vec<Written>> {
    if options.formats.contains(&Format::Parquet) {
        let stem = snapshot.file().file_stem().unwrap_or_default().to_string_lossy();
        written.extend(super::lake::write(
            snapshot,
            &super::lake::Lake {
                folder,
                workspace: options.workspace.unwrap_or(&stem),
                conventions: options.conventions,
                policy: options.policy,
                progress: options.progress,
            },
        )?);
    }
    Ok(written)
}

/// Looks at the folder that an export would be written to, and changes nothing.
///
/// # Errors
/// `Unknown` (exit code 2) for something that is there and no folder.
pub fn check_folder(folder: &Path) -> Result<()> {
    target::folder(folder)
        .map(drop)
        .map_err(|error| error.hint("choose another --out"))
}

/// What fills the files of a format, for those that take the rows of this pass.
fn sink(format: Format, snapshot: &Snapshot, options: &Options<'_>) -> Result<Option<Box<dyn Sink>>> {
    let folder = options.folder;
    Ok(Some(match format {
        Format::Parquet | Format::Html => return Ok(None),
        Format::Csv => Box::new(CsvFiles::create(folder, options.csv_bom)?),
        Format::Xlsx => Box::new(Book::create(folder, Changes::of(snapshot)?)?),
        Format::Json | Format::Jsonl => Box::new(JsonFiles::create(folder, format)?),
        Format::Dot => Box::new(Graph::create(folder)?),
        Format::Sqlite => Box::new(Database::create(folder)?),
    }))
}

/// Hands the rows of every table out.
fn pass(snapshot: &Snapshot, options: &Options<'_>, rows: &mut Rows) -> Result<()> {
    let answers = Answers::new(snapshot)?;
    let mut pass = Pass {
        ground: Ground::read(answers.names(), answers.edges(), options.conventions)?,
        answers,
        rows,
        conventions: options.conventions,
        stand_ins: StandIns::default(),
    };
    pass.stand_ins = StandIns::read(snapshot, &pass.answers)?;
    pass.entitlements(snapshot)?;
    pass.resources(snapshot, options.progress)?;
    pass.strangers(snapshot)
}

struct Pass<'p> {
    answers: Answers<'p>,
    ground: Ground,
    rows: &'p mut Rows,
    conventions: &'p Conventions,
    stand_ins: StandIns,
}

/// Who counts as an account where no type of the file says that it is one: whoever holds something without passing it
/// on. A review that is empty because of a missing trait would look like a workspace without access.
#[derive(Default)]
pub(in crate::report) struct StandIns {
    needed: bool,
    /// Types whose resources pass on what they hold, such as groups and roles.
    holders: BTreeSet<String>,
}

impl StandIns {
    /// Reads it.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub(in crate::report) fn read(snapshot: &Snapshot, answers: &Answers<'_>) -> Result<StandIns> {
        let edges = answers.edges().all().flat_map(|(_, edges)| edges);
        Ok(StandIns {
            needed: find::user_types(snapshot)?.is_empty(),
            holders: edges.map(|edge| edge.holder.0.clone()).collect(),
        })
    }

    /// Whether resources of a type are such accounts.
    pub(in crate::report) fn includes(&self, kind: &str) -> bool {
        self.needed && !self.holders.contains(kind)
    }
}

impl Pass<'_> {
    fn entitlements(&mut self, snapshot: &Snapshot) -> Result<()> {
        let sync_id = snapshot.sync_id();
        snapshot.reader().for_each_entitlement(sync_id, &mut |entitlement| {
            let right = self.answers.names().right_of(&entitlement)?;
            let filter = GrantFilter {
                entitlement: Some(&entitlement.id),
                resource_type: Some(&right.resource.kind),
                resource: Some(&right.resource.id),
                ..Default::default()
            };
            let grants = snapshot.reader().count_grants(sync_id, &filter)?;
            let row = table::entitlement(&right, &entitlement.description, purpose(&entitlement), grants);
            self.rows.put(Table::Entitlements, row)
        })
    }

    fn resources(&mut self, snapshot: &Snapshot, progress: &dyn Fn(u64)) -> Result<()> {
        let mut done = 0;
        snapshot
            .reader()
            .for_each_resource(snapshot.sync_id(), &mut |resource| {
                self.resource(&resource)?;
                done += 1;
                progress(done);
                Ok(())
            })
    }

    fn resource(&mut self, resource: &v2::Resource) -> Result<()> {
        let names = self.answers.names();
        let thing = names.thing_of(resource)?;
        let parent = match &resource.parent_resource_id {
            Some(id) => Some(names.thing(&id.resource_type, &id.resource)?),
            None => None,
        };
        let description = match resource.description.as_str() {
            "" => thing::profile(resource)
                .and_then(|profile| thing::text(&profile, "description").map(str::to_owned))
                .unwrap_or_default(),
            description => description.to_owned(),
        };
        let row = table::resource(&thing, &description, parent.as_ref());
        self.rows.put(Table::Resources, row)?;
        let account = Account::of(resource, thing.clone());
        let profile = thing::profile(resource).unwrap_or_default();
        self.principal(&thing, account, &profile)
    }

    /// Whoever holds something and has no row.
    fn strangers(&mut self, snapshot: &Snapshot) -> Result<()> {
        for (kind, id) in strangers::of(snapshot)? {
            let thing = self.answers.names().thing(&kind, &id)?;
            let account = self.ground.is_user(&kind).then(|| Account::unknown(thing.clone()));
            self.principal(&thing, account, &prost_types::Struct::default())?;
        }
        Ok(())
    }

    /// What somebody holds and reaches.
    fn principal(&mut self, thing: &Thing, account: Option<Account>, profile: &prost_types::Struct) -> Result<()> {
        let names = self.answers.names();
        let asker = Asker {
            answers: &self.answers,
            ground: &self.ground,
        };
        let is_user = self.ground.is_user(&thing.kind);
        let stands_in = account.is_none() && (is_user || self.stand_ins.includes(&thing.kind));
        let takes_given = self.rows.takes_given();
        // What roles and folders hold is not looked up where nobody asks.
        if account.is_none() && !stands_in && !takes_given {
            return Ok(());
        }
        let held = asker.held_by(thing.clone())?;
        let given = held.rows().iter().filter(|row| row.is_direct);
        let direct = given.clone().count();
        if takes_given {
            let given = given
                .map(|row| Ok(Rc::unwrap_or_clone(names.right_of_grant(row.key())?)))
                .collect::<Result<Vec<_>>>()?;
            self.rows.give(thing, given)?;
        }
        let account = match account {
            None if stands_in && self.reaches(thing, &held)? => Some(Account::unknown(thing.clone())),
            account => account,
        };
        let Some(mut account) = account else {
            return Ok(());
        };
        let moderator = self.conventions.moderator.is_some_and(|mark| mark.is_on(profile));
        if let Some(seen) = self.conventions.last_activity.and_then(|key| thing::text(profile, key)) {
            account.last_login = Some(seen.to_owned());
        }
        let row = table::person(&account, moderator, held.rows().len() as u64, direct as u64);
        let rows = &mut *self.rows;
        rows.put(Table::People, row)?;
        let mut review = |access: Access| {
            let environment = asker.environment_of(&access)?;
            let held = match access.reach {
                Reach::On | Reach::Scope => access.right.called(),
                // The row is about something else than this is on.
                Reach::Above | Reach::Inside | Reach::SelfGranting => wording::label(asker.names(), &access.right)?,
            };
            let row = table::access_review(&account, moderator, &held, environment, access);
            rows.put(Table::AccessReview, row)
        };
        for row in held.rows() {
            review(held.access(row)?)?;
        }
        asker.beyond(&thing.kind, &thing.id, Some(&held), &mut review)
    }

    /// Whether somebody holds or reaches anything.
    fn reaches(&self, thing: &Thing, held: &Held<'_, '_>) -> Result<bool> {
        let asker = Asker {
            answers: &self.answers,
            ground: &self.ground,
        };
        let mut is_any = !held.rows().is_empty();
        if !is_any {
            asker.beyond(&thing.kind, &thing.id, Some(held), &mut |_| {
                is_any = true;
                Ok(())
            })?;
        }
        Ok(is_any)
    }
}

/// What an entitlement is for, in a word; nothing where it does not say.
pub(super) fn purpose(entitlement: &v2::Entitlement) -> &'static str {
    use v2::entitlement::PurposeValue;
    match entitlement.purpose() {
        PurposeValue::Unspecified => "",
        PurposeValue::Assignment => "assignment",
        PurposeValue::Permission => "permission",
        PurposeValue::Ownership => "ownership",
    }
}
