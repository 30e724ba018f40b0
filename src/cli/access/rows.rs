//! Answers one by one: a table, JSON, JSON lines or CSV, written as they are found.

use std::cell::RefCell;

use super::told::{Answered, Shown, how, label};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::json::Form;
use crate::cli::read::Reading;
use crate::report::access::Access;
use crate::report::question::{Pick, Target, ask};
use crate::report::reach::{Asker, Gap, Reach};
use crate::report::thing::Thing;
use crate::report::wording;
use crate::term::Terminal;
use crate::term::output::Output;
use crate::term::output::{Csv, Format};
use crate::term::table::{Column, TableWriter};

/// The columns of a flat record.
const FIELDS: &[&str] = &[
    "principal_type",
    "principal_id",
    "principal",
    "email",
    "resource_type",
    "resource_id",
    "resource",
    "entitlement_id",
    "entitlement",
    "direct",
    "immutable",
    "path",
    "more_paths",
    "reach",
    "reached_type",
    "reached_id",
    "reached",
    "environment",
];

/// What stands between two ways to the same thing.
const OR: &str = " | ";

/// Shows the answers; returns how many there were, and what the file does not tell. `tops` are the things that were asked
/// about.
///
/// # Errors
/// Those of the file and of stdout.
pub(super) fn show(
    terminal: &Terminal,
    reading: &Reading,
    asker: Asker<'_, '_>,
    target: &Target,
    tops: &[Thing],
    pick: &Pick,
) -> Result<Answered> {
    let names = asker.names();
    let is_on = matches!(target, Target::On(_)) || !pick.resources.is_empty();
    let shown = RefCell::new(Shown::default());
    let unknown = RefCell::new(Vec::new());
    let each = |write: &mut dyn FnMut(Access) -> Result<()>| {
        let gaps = ask(asker, target, pick, &mut |access| {
            shown.borrow_mut().add(access.reach, is_on);
            write(access)
        })?;
        unknown.replace(gaps);
        Ok::<(), Error>(())
    };
    terminal.deliver(&reading.paging, |output| match reading.format {
        Format::Table => {
            let columns = [
                Column::text("WHO"),
                Column::spare("E-MAIL"),
                Column::text("HOLDS"),
                Column::spare("ON"),
                Column::text("HOW"),
            ];
            let mut rows = TableWriter::new(output, &columns, terminal.layout());
            each(&mut |access| {
                let on = format!("{} {}", access.target().type_name, asker.told(access.target())?);
                let how = match access.reach {
                    Reach::SelfGranting => format!("can give themselves access: {}", how(names, &access)?),
                    _ => how(names, &access)?,
                };
                rows.row([
                    access.principal.beside_email(),
                    wording::email(names, &access.principal)?,
                    label(names, &access)?,
                    on,
                    how,
                ])
            })?;
            rows.end().map(drop)
        }
        Format::Json => {
            output.text("{")?;
            if matches!(target, Target::On(_)) {
                targets(output, asker, tops)?;
            }
            output.text("\"paths\":[")?;
            let mut first = true;
            each(&mut |access| {
                output.text(if first { "\n" } else { ",\n" })?;
                first = false;
                output.json(&line(&access)?)
            })?;
            output.text(if first { "],\"unknown\":" } else { "\n],\"unknown\":" })?;
            output.json(&json(&unknown.borrow())?)?;
            output.text("}\n")
        }
        Format::JsonLines => each(&mut |access| output.json_line(&line(&access)?)),
        Format::Csv => {
            let mut csv = Csv::new(output, FIELDS, reading.csv_bom)?;
            each(&mut |access| csv.record(record(asker, &access)?))?;
            csv.end()
        }
    })?;
    Ok(Answered {
        shown: shown.into_inner(),
        gaps: unknown.into_inner(),
        are_gaps_told: reading.format == Format::Json,
    })
}

/// What is asked about: as `resource` and `resourceType` where it is one thing, and all of it as `targets`.
fn targets(output: &mut Output, asker: Asker<'_, '_>, tops: &[Thing]) -> Result<()> {
    let names = asker.names();
    let resources = Form::of("c1.connector.v2.Resource")?;
    let types = Form::of("c1.connector.v2.ResourceType")?;
    let mut all: Vec<String> = Vec::new();
    for top in tops {
        let mut parts: Vec<String> = Vec::new();
        if let Some(resource) = names.resource(&top.kind, &top.id)? {
            parts.push(format!("\"resource\":{}", resources.line(&*resource)?));
        }
        if let Some(kind) = names.resource_type(&top.kind)? {
            parts.push(format!("\"resourceType\":{}", types.line(&*kind)?));
        }
        if tops.len() == 1 {
            for part in &parts {
                output.json(&format!("{part},"))?;
            }
        }
        if let Some(environment) = asker.environment(top)? {
            parts.push(format!("\"environment\":{}", serde_json::Value::from(environment)));
        }
        all.push(format!("{{{}}}", parts.join(",")));
    }
    output.json(&format!("\"targets\":[{}],", all.join(",")))
}

fn json(gaps: &[Gap]) -> Result<String> {
    serde_json::to_string(gaps).map_err(|error| Error::new(Kind::Internal, error.to_string()))
}

/// An answer as JSON on one line.
pub(super) fn line(access: &Access) -> Result<String> {
    serde_json::to_string(access).map_err(|error| Error::new(Kind::Internal, error.to_string()))
}

fn record(asker: Asker<'_, '_>, access: &Access) -> Result<Vec<String>> {
    let names = asker.names();
    let (who, right) = (&access.principal, &access.right);
    let paths: Vec<String> = match access.reach {
        Reach::Scope => vec![access.right.name.clone()],
        _ => access
            .paths
            .iter()
            .map(|path| wording::way(names, path))
            .collect::<Result<_>>()?,
    };
    let reached = access.target();
    Ok(vec![
        who.kind.clone(),
        who.id.clone(),
        who.name.clone(),
        wording::email(names, who)?,
        right.resource.kind.clone(),
        right.resource.id.clone(),
        right.resource.name.clone(),
        right.id.clone(),
        label(names, access)?,
        access.direct.to_string(),
        access.immutable.to_string(),
        paths.join(OR),
        wording::at_least(access.more_paths, access.is_least),
        access.reach.word().to_owned(),
        reached.kind.clone(),
        reached.id.clone(),
        reached.name.clone(),
        asker.environment_of(access)?.unwrap_or_default(),
    ])
}
