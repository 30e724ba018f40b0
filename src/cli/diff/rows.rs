//! The rows that differ: the published `C1ZDiffOutput`, or one row per change.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use serde_json::json;

use crate::baton::c1z::merge::{Change, StoredGrant};
use crate::baton::error::Result;
use crate::baton::json::Form;
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::cli::read::Reading;
use crate::report::access::{entitlement_of, principal_of, right_key};
use crate::report::compare::Sides;
use crate::report::compare::reached::Watch;
use crate::report::compare::rows::{Changes, Fate, fate};
use crate::report::environment;
use crate::report::find;
use crate::report::names::Names;
use crate::report::path::Origin;
use crate::report::wording;
use crate::term::Terminal;
use crate::term::output::{Csv, Format, Output};

/// The columns of a flat record.
const FIELDS: &[&str] = &[
    "change",
    "kind",
    "id",
    "resource_type",
    "resource_id",
    "resource",
    "entitlement_id",
    "entitlement",
    "principal_type",
    "principal_id",
    "principal",
    "email",
    "direct",
    "through",
    "environment",
];

/// Shows every row that differs; returns how many grants to people are new.
///
/// # Errors
/// Those of the files and of stdout.
pub(super) fn show(terminal: &Terminal, reading: &Reading, sides: &Sides, watch: &mut Watch<'_>) -> Result<u64> {
    let rows = ChangeRows {
        changes: Changes::new(sides)?,
        users: find::user_types(&sides.new)?,
        old: Names::new(&sides.old),
        new: Names::new(&sides.new),
        gained: Cell::new(0),
        watch: RefCell::new(watch),
    };
    terminal.deliver(&reading.paging, |output| match reading.format {
        Format::Csv => {
            let mut csv = Csv::new(output, FIELDS, reading.csv_bom)?;
            rows.flat(&mut |flat| csv.record(flat.record()))?;
            csv.end()
        }
        Format::JsonLines => rows.flat(&mut |flat| output.json_line(&flat.json())),
        _ => rows.published(output),
    })?;
    Ok(rows.gained.get())
}

struct ChangeRows<'s, 'w, 'c> {
    changes: Changes<'s>,
    users: Vec<String>,
    old: Names<'s>,
    new: Names<'s>,
    gained: Cell<u64>,
    /// What may let people in beside grants.
    watch: RefCell<&'w mut Watch<'c>>,
}

impl<'s> ChangeRows<'s, '_, '_> {
    /// The published message. Each list takes a pass of its own, so that nothing has to be kept.
    fn published(&self, output: &mut Output) -> Result<()> {
        let resources = Form::of("c1.connector.v2.Resource")?;
        let entitlements = Form::of("c1.connector.v2.Entitlement")?;
        let grants = Form::of("c1.connector.v2.Grant")?;
        output.text("{\"resources\":{")?;
        lists(output, &mut |list| {
            self.changes.resources(&mut |change| {
                if list.fate == Fate::Created {
                    self.watch.borrow_mut().resource(&change);
                }
                list.add(change, &|row| resources.line(&row))
            })
        })?;
        output.text("},\n\"entitlements\":{")?;
        lists(output, &mut |list| {
            self.changes
                .entitlements(&mut |change| list.add(change, &|row| entitlements.line(&row)))
        })?;
        output.text("},\n\"grants\":{")?;
        lists(output, &mut |list| {
            self.changes.grants(&mut |change| {
                if list.fate == Fate::Created {
                    self.count(&change);
                }
                list.add(change, &|row| grants.line(&row.grant))
            })
        })?;
        output.text("}}\n")
    }

    /// Takes a change of a grant, once each.
    fn count(&self, change: &Change<StoredGrant>) {
        self.watch.borrow_mut().grant(change);
        let Change::Created(row) = change else {
            return;
        };
        let (kind, _) = principal_of(&row.grant);
        if self.users.iter().any(|user| user == kind) {
            self.gained.set(self.gained.get() + 1);
        }
    }

    /// The names of the sync that has the row.
    fn names(&self, fate: Fate) -> &Names<'s> {
        if fate == Fate::Deleted { &self.old } else { &self.new }
    }

    /// Every change, resources first, then entitlements, then grants.
    fn flat(&self, each: &mut dyn FnMut(&Flat) -> Result<()>) -> Result<()> {
        self.changes.resources(&mut |change| {
            self.watch.borrow_mut().resource(&change);
            let (fate, row) = fate(change);
            let (kind, id) = resource::key(&row);
            let thing = self.names(fate).thing_of(&row)?;
            each(&Flat {
                kind: "resource",
                id: format!("{kind}:{id}"),
                resource: [kind.to_owned(), id.to_owned(), thing.name],
                environment: thing.environment,
                ..Flat::new(fate)
            })
        })?;
        self.changes.entitlements(&mut |change| {
            let (fate, row) = fate(change);
            let names = self.names(fate);
            let right = names.right_of(&row)?;
            each(&Flat {
                kind: "entitlement",
                id: row.id.clone(),
                entitlement: [row.id.clone(), wording::label(names, &right)?],
                resource: [right.resource.kind, right.resource.id, right.resource.name],
                environment: right.resource.environment,
                ..Flat::new(fate)
            })
        })?;
        self.changes.grants(&mut |change| {
            self.count(&change);
            let (fate, row) = fate(change);
            each(&self.flat_grant(fate, &row.grant)?)
        })
    }

    fn flat_grant(&self, fate: Fate, grant: &v2::Grant) -> Result<Flat> {
        let names = self.names(fate);
        let entitlement = entitlement_of(grant);
        let right = Rc::unwrap_or_clone(names.right_of_grant(right_key(grant))?);
        let (kind, id) = principal_of(grant);
        let who = names.thing(kind, id)?;
        let origin = Origin::of(grant);
        let mut through = Vec::new();
        for source in origin.sources().filter(|source| *source != entitlement) {
            through.push(wording::label(names, &names.right(source)?)?);
        }
        Ok(Flat {
            kind: "grant",
            id: grant.id.clone(),
            environment: environment::of_grant(&who, &right).map(str::to_owned),
            entitlement: [entitlement.to_owned(), wording::label(names, &right)?],
            resource: [right.resource.kind, right.resource.id, right.resource.name],
            email: wording::email(names, &who)?,
            principal: [who.kind, who.id, who.name],
            direct: Some(origin.is_direct(entitlement)),
            through,
            ..Flat::new(fate)
        })
    }
}

/// One list of the published message.
struct List<'o> {
    output: &'o mut Output,
    fate: Fate,
    first: bool,
}

impl List<'_> {
    fn add<M>(&mut self, change: Change<M>, line: &dyn Fn(M) -> Result<String>) -> Result<()> {
        let (fate, row) = fate(change);
        if fate != self.fate {
            return Ok(());
        }
        self.output.text(if self.first { "\n" } else { ",\n" })?;
        self.first = false;
        self.output.json(&line(row)?)
    }
}

fn lists(output: &mut Output, fill: &mut dyn FnMut(&mut List<'_>) -> Result<()>) -> Result<()> {
    for fate in Fate::ALL {
        let comma = if fate == Fate::Created { "" } else { "," };
        output.text(&format!("{comma}\"{}\":[", fate.word()))?;
        fill(&mut List {
            output,
            fate,
            first: true,
        })?;
        output.text("]")?;
    }
    Ok(())
}

/// One change, flat. What a kind does not have is empty.
struct Flat {
    fate: Fate,
    kind: &'static str,
    id: String,
    /// Type, id and name.
    resource: [String; 3],
    environment: Option<String>,
    /// Id and name.
    entitlement: [String; 2],
    /// Type, id and name.
    principal: [String; 3],
    email: String,
    direct: Option<bool>,
    through: Vec<String>,
}

impl Flat {
    fn new(fate: Fate) -> Flat {
        Flat {
            fate,
            kind: "",
            id: String::new(),
            resource: Default::default(),
            environment: None,
            entitlement: Default::default(),
            principal: Default::default(),
            email: String::new(),
            direct: None,
            through: Vec::new(),
        }
    }

    fn record(&self) -> Vec<String> {
        let mut record = vec![self.fate.word().to_owned(), self.kind.to_owned(), self.id.clone()];
        record.extend(self.resource.iter().cloned());
        record.extend(self.entitlement.iter().cloned());
        record.extend(self.principal.iter().cloned());
        record.push(self.email.clone());
        record.push(self.direct.map(|yes| yes.to_string()).unwrap_or_default());
        record.push(self.through.join(" | "));
        record.push(self.environment.clone().unwrap_or_default());
        record
    }

    fn json(&self) -> String {
        let [kind, id, name] = &self.resource;
        let mut line = json!({
            "change": self.fate.word(),
            "kind": self.kind,
            "id": self.id,
            "resource": {"type": kind, "id": id, "name": name},
        });
        if let Some(fields) = line.as_object_mut() {
            if !self.entitlement.concat().is_empty() {
                let [id, name] = &self.entitlement;
                fields.insert("entitlement".to_owned(), json!({"id": id, "name": name}));
            }
            if let Some(environment) = &self.environment {
                fields.insert("environment".to_owned(), environment.as_str().into());
            }
            if let Some(direct) = self.direct {
                let [kind, id, name] = &self.principal;
                let principal = json!({"type": kind, "id": id, "name": name, "email": self.email});
                fields.insert("principal".to_owned(), principal);
                fields.insert("direct".to_owned(), direct.into());
                fields.insert("through".to_owned(), self.through.clone().into());
            }
        }
        line.to_string()
    }
}
