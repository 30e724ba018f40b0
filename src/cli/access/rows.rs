//! Answers one by one: a table, JSON, JSON lines or CSV, written as they are found.

use std::cell::Cell;

use crate::baton::error::{Error, Kind, Result};
use crate::baton::json::Form;
use crate::cli::read::Reading;
use crate::report::access::{Access, Answers};
use crate::report::names::Names;
use crate::report::question::{Pick, Target, ask};
use crate::report::wording;
use crate::term::Terminal;
use crate::term::output::{Csv, Format};
use crate::term::table::{Column, Rows};

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
];

/// What stands between two ways to the same thing.
const OR: &str = " | ";

/// Shows the answers; returns how many there were.
///
/// # Errors
/// Those of the file and of stdout.
pub(super) fn show(
    terminal: &Terminal,
    reading: &Reading,
    answers: &Answers<'_>,
    target: &Target,
    pick: &Pick,
) -> Result<usize> {
    let names = answers.names();
    let shown = Cell::new(0usize);
    let each = |write: &mut dyn FnMut(Access) -> Result<()>| {
        ask(answers, target, pick, &mut |access| {
            shown.set(shown.get() + 1);
            write(access)
        })
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
            let mut rows = Rows::new(output, &columns, terminal.layout());
            each(&mut |access| {
                let on = format!("{} {}", access.right.resource.type_name, access.right.resource.name);
                rows.row([
                    access.principal.name.clone(),
                    wording::email(names, &access.principal)?,
                    wording::label(names, &access.right)?,
                    on,
                    how(names, &access)?,
                ])
            })?;
            rows.end().map(drop)
        }
        Format::Json => {
            output.text("{")?;
            if let Target::On(things) = target
                && let Some(top) = things.first()
            {
                if let Some(resource) = names.resource(&top.kind, &top.id)? {
                    let form = Form::of("c1.connector.v2.Resource")?;
                    output.json(&format!("\"resource\":{},", form.line(&*resource)?))?;
                }
                if let Some(kind) = names.resource_type(&top.kind)? {
                    let form = Form::of("c1.connector.v2.ResourceType")?;
                    output.json(&format!("\"resourceType\":{},", form.line(&*kind)?))?;
                }
            }
            output.text("\"paths\":[")?;
            let mut first = true;
            each(&mut |access| {
                output.text(if first { "\n" } else { ",\n" })?;
                first = false;
                output.json(&line(&access)?)
            })?;
            output.text(if first { "]}\n" } else { "\n]}\n" })
        }
        Format::JsonLines => each(&mut |access| output.json_line(&line(&access)?)),
        Format::Csv => {
            let mut csv = Csv::new(output, FIELDS)?;
            each(&mut |access| csv.record(record(names, &access)?))?;
            csv.end()
        }
    })?;
    Ok(shown.get())
}

/// An answer as JSON on one line.
pub(super) fn line(access: &Access) -> Result<String> {
    serde_json::to_string(access).map_err(|error| Error::new(Kind::Internal, error.to_string()))
}

fn record(names: &Names<'_>, access: &Access) -> Result<Vec<String>> {
    let (who, right) = (&access.principal, &access.right);
    let paths: Vec<String> = access
        .paths
        .iter()
        .map(|path| wording::way(names, path))
        .collect::<Result<_>>()?;
    Ok(vec![
        who.kind.clone(),
        who.id.clone(),
        who.name.clone(),
        wording::email(names, who)?,
        right.resource.kind.clone(),
        right.resource.id.clone(),
        right.resource.name.clone(),
        right.id.clone(),
        wording::label(names, right)?,
        access.direct.to_string(),
        access.immutable.to_string(),
        paths.join(OR),
        access.more_paths.to_string(),
    ])
}

/// How somebody comes to hold something, in a few words: `given`, `through Ops → Developer of Billing`.
///
/// # Errors
/// `DataLoss` for a damaged file.
pub(super) fn how(names: &Names<'_>, access: &Access) -> Result<String> {
    let Some(shortest) = access.paths.first() else {
        return Ok("from something the file does not name".to_owned());
    };
    let more = access.paths.len() - 1 + access.more_paths;
    let steps = shortest.get(..shortest.len().saturating_sub(1)).unwrap_or_default();
    let way = if steps.is_empty() {
        "given".to_owned()
    } else {
        format!("through {}", wording::way(names, steps)?)
    };
    Ok(match more {
        0 => way,
        more => format!("{way}, and {}", wording::count(more, "more way", "more ways")),
    })
}
