//! The pass that fills the tables of one sync.

use std::collections::HashSet;
use std::path::Path;

use super::super::Written;
use super::super::stand_ins::StandIns;
use super::super::table::purpose;
use super::column::{Table, Value};
use super::part::Part;
use super::{Lake, VERSION, place};
use crate::baton::c1z::GrantFilter;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::report::access::{Access, Answers};
use crate::report::findings::{Assessment, Finding, Item};
use crate::report::inventory::{Class, Inventory};
use crate::report::moment;
use crate::report::reach::{Asker, Gap, Ground, Reach};
use crate::report::snapshot::Snapshot;
use crate::report::strangers;
use crate::report::thing::{self, Account, Right, Thing};
use crate::report::wording;

/// Writes the tables below `folder`.
///
/// # Errors
/// As [`super::write`].
pub(super) fn write(snapshot: &Snapshot, lake: &Lake<'_>, folder: &Path) -> Result<Vec<Written>> {
    // Looked through before anything is written, and gone from memory then.
    let assessment = Assessment::of(
        snapshot,
        lake.conventions,
        lake.policy,
        &snapshot.file().display().to_string(),
    )?;
    let admin = admin_rights(snapshot, lake)?;
    let answers = Answers::new(snapshot)?;
    let ground = Ground::read(answers.names(), answers.edges(), lake.conventions)?;
    let unsaid = || {
        Error::new(
            Kind::DataLoss,
            "the file does not say when the sync ended, and the rows are filed by that",
        )
    };
    let moment = moment::here(snapshot.run()).ok_or_else(unsaid)?;
    let every = vec![
        Value::Int(VERSION),
        Value::text(snapshot.sync_id()),
        Value::Time(moment.as_microsecond()),
    ];
    let (day, at, version) = (place::day(moment), moment.to_string(), VERSION.to_string());
    let mut parts = Vec::new();
    for table in Table::ALL {
        let facts = [
            ("baton-workato.schema-version", version.as_str()),
            ("baton-workato.table", table.name()),
            ("baton-workato.workspace", lake.workspace),
            ("baton-workato.sync-id", snapshot.sync_id()),
            ("baton-workato.synced-at", at.as_str()),
        ];
        let folder = place::folder(folder, table, lake.workspace, &day);
        parts.push(Part::create(&folder, table, every.clone(), &facts)?);
    }
    let parts: [Part; 4] = match parts.try_into() {
        Ok(parts) => parts,
        Err(_) => unreachable!("there are four tables"),
    };
    let [resources, entitlements, grants, findings] = parts;
    let mut pass = Pass {
        lake,
        snapshot,
        asker: Asker {
            answers: &answers,
            ground: &ground,
        },
        stand_ins: StandIns::read(snapshot, &answers)?,
        admin,
        resources,
        entitlements,
        grants,
        findings,
        gaps: HashSet::new(),
    };
    pass.entitlements()?;
    pass.resources()?;
    pass.strangers()?;
    pass.findings(&assessment)?;
    [pass.resources, pass.entitlements, pass.grants, pass.findings]
        .into_iter()
        .map(Part::finish)
        .collect()
}

/// The ids of the rights by which somebody may do everything: in an environment, or on a project. What findings call an
/// admin.
fn admin_rights(snapshot: &Snapshot, lake: &Lake<'_>) -> Result<HashSet<String>> {
    let inventory = Inventory::read(snapshot, lake.conventions)?;
    let is_admin = |right: &&crate::report::inventory::Entitled| {
        let on = right.on.and_then(|on| inventory.entry(on));
        on.is_some_and(|on| match inventory.class_of(on) {
            Class::Role => on.is_admin_role(),
            Class::Project => lake.conventions.admin_slugs.contains(&right.slug.as_str()),
            _ => false,
        })
    };
    let rights = inventory.entitlements().iter().filter(is_admin);
    Ok(rights.map(|right| right.id.clone()).collect())
}

struct Pass<'p> {
    lake: &'p Lake<'p>,
    snapshot: &'p Snapshot,
    asker: Asker<'p, 'p>,
    stand_ins: StandIns,
    admin: HashSet<String>,
    resources: Part,
    entitlements: Part,
    grants: Part,
    findings: Part,
    /// Told already.
    gaps: HashSet<Gap>,
}

/// What is told of a principal in each of its rows.
struct Who {
    thing: Thing,
    is_account: bool,
    account: Option<Account>,
}

impl Who {
    fn domain(&self) -> Value {
        let email = self.account.as_ref().map_or("", |account| account.email.as_str());
        Value::text(&domain(email))
    }

    fn of_account(&self, text: fn(&Account) -> &str) -> Value {
        Value::maybe(self.account.as_ref().map(text))
    }
}

/// What stands behind the `@`, in lower case.
fn domain(email: &str) -> String {
    email.rsplit_once('@').map_or("", |(_, domain)| domain).to_lowercase()
}

impl Pass<'_> {
    fn entitlements(&mut self) -> Result<()> {
        let (snapshot, names) = (self.snapshot, self.asker.names());
        snapshot
            .reader()
            .for_each_entitlement(snapshot.sync_id(), &mut |entitlement| {
                let right = names.right_of(&entitlement)?;
                let filter = GrantFilter {
                    entitlement: Some(&entitlement.id),
                    ..GrantFilter::default()
                };
                let grants = snapshot.reader().count_grants(snapshot.sync_id(), &filter)?;
                self.entitlements.row(vec![
                    Value::text(&right.id),
                    Value::text(&right.slug),
                    Value::text(&right.name),
                    Value::text(&wording::label(names, &right)?),
                    Value::text(purpose(&entitlement)),
                    Value::text(&entitlement.description),
                    Value::Flag(self.admin.contains(&right.id)),
                    Value::text(&right.resource.kind),
                    Value::text(&right.resource.id),
                    Value::text(&right.resource.name),
                    Value::maybe(self.asker.environment(&right.resource)?.as_deref()),
                    Value::count(grants),
                ])
            })
    }

    /// Every resource, and what it holds and reaches.
    fn resources(&mut self) -> Result<()> {
        let snapshot = self.snapshot;
        let mut done = 0;
        snapshot
            .reader()
            .for_each_resource(snapshot.sync_id(), &mut |resource| {
                let who = self.resource(&resource)?;
                self.held_by(&who)?;
                done += 1;
                (self.lake.progress)(done);
                Ok(())
            })
    }

    fn resource(&mut self, resource: &v2::Resource) -> Result<Who> {
        let thing = self.asker.names().thing_of(resource)?;
        let account = Account::of(resource, thing.clone());
        let who = Who {
            is_account: account.is_some()
                || self.asker.ground.is_user(&thing.kind)
                || self.stand_ins.includes(&thing.kind),
            account,
            thing,
        };
        let profile = thing::profile(resource).unwrap_or_default();
        let description = match resource.description.as_str() {
            "" => thing::text(&profile, "description").unwrap_or_default(),
            description => description,
        };
        let moderator = self.lake.conventions.moderator.filter(|_| who.is_account);
        let seen = self.lake.conventions.last_activity;
        let seen = seen.and_then(|key| thing::text(&profile, key));
        let seen = seen.or_else(|| who.account.as_ref()?.last_login.as_deref());
        let parent = resource.parent_resource_id.as_ref();
        self.resources.row(vec![
            Value::text(&who.thing.kind),
            Value::text(&who.thing.type_name),
            Value::text(&who.thing.id),
            Value::text(&who.thing.name),
            Value::maybe(self.asker.environment(&who.thing)?.as_deref()),
            Value::text(description),
            Value::maybe(parent.map(|parent| parent.resource_type.as_str())),
            Value::maybe(parent.map(|parent| parent.resource.as_str())),
            Value::Flag(who.is_account),
            who.of_account(|account| &account.email),
            who.domain(),
            who.of_account(|account| account.account_type),
            who.of_account(|account| account.status),
            moderator.map_or(Value::Null, |mark| Value::Flag(mark.is_on(&profile))),
            Value::time(seen),
            Value::time(who.account.as_ref().and_then(|account| account.created_at.as_deref())),
        ])?;
        Ok(who)
    }

    /// What somebody holds, and of an account what it reaches beyond that.
    fn held_by(&mut self, who: &Who) -> Result<()> {
        let asker = self.asker;
        let held = asker.answers.held_by(who.thing.clone())?;
        for row in held.rows() {
            self.grant(who, held.access(row)?)?;
        }
        if !who.is_account {
            return Ok(());
        }
        asker.beyond(&who.thing.kind, &who.thing.id, Some(&held), &mut |access| {
            // What somebody could give themselves is no access.
            match access.reach.opens() {
                true => self.grant(who, access),
                false => Ok(()),
            }
        })?;
        let (kind, id) = (who.thing.kind.as_str(), who.thing.id.as_str());
        for gap in asker.ground.unknown_of(asker.names(), (kind, id))? {
            self.gap(Some(&who.thing), &gap)?;
        }
        if let Some(gap) = asker.ground.unknown_when_acting(kind) {
            self.gap(Some(&who.thing), &gap)?;
        }
        Ok(())
    }

    /// Grants to principals that the file has no row of: nobody may be missing because of that.
    fn strangers(&mut self) -> Result<()> {
        let asker = self.asker;
        strangers::for_each(self.snapshot, &mut |kind, id| {
            let who = Who {
                is_account: asker.ground.is_user(kind),
                account: None,
                thing: asker.names().thing(kind, id)?,
            };
            self.held_by(&who)
        })
    }

    fn grant(&mut self, who: &Who, access: Access) -> Result<()> {
        let names = self.asker.names();
        let environment = self.asker.environment_of(&access)?;
        let shortest: &[Right] = access.paths.first().map_or(&[], Vec::as_slice);
        let path = match shortest {
            [] => Value::Null,
            shortest => Value::Text(wording::way(names, shortest)?),
        };
        let ids = match shortest {
            [] => Value::Null,
            shortest => Value::Texts(shortest.iter().map(|right| right.id.clone()).collect()),
        };
        let further = access.more_paths.saturating_add(access.paths.len().saturating_sub(1));
        let at = access.target();
        let label = match access.reach {
            Reach::Scope => access.right.called(),
            _ => wording::label(names, &access.right)?,
        };
        self.grants.row(vec![
            Value::text(&access.grant_id),
            Value::text(access.reach.word()),
            Value::text(&who.thing.kind),
            Value::text(&who.thing.id),
            Value::text(&who.thing.name),
            Value::Flag(who.is_account),
            who.of_account(|account| &account.email),
            who.domain(),
            who.of_account(|account| account.account_type),
            who.of_account(|account| account.status),
            Value::text(&access.right.id),
            Value::text(&access.right.slug),
            Value::text(&access.right.name),
            Value::text(&label),
            Value::Flag(self.admin.contains(&access.right.id)),
            Value::text(&at.kind),
            Value::text(&at.id),
            Value::text(&at.name),
            Value::maybe(environment.as_deref()),
            Value::Flag(access.direct),
            Value::Flag(access.immutable),
            path,
            ids,
            Value::count(further as u64),
            Value::Flag(access.is_least),
        ])
    }

    fn findings(&mut self, assessment: &Assessment) -> Result<()> {
        for finding in &assessment.findings {
            if finding.is_clean() {
                self.finding(finding, "none", None, None, Noted::default())?;
            }
            for item in &finding.items {
                self.item(finding, "found", item, Noted::default())?;
            }
            for excepted in &finding.excepted {
                let noted = Noted {
                    reason: Some(&excepted.reason),
                    until: excepted.until.as_deref(),
                };
                self.item(finding, "excepted", &excepted.item, noted)?;
            }
            for unknown in &finding.unknown {
                let noted = Noted {
                    reason: Some(&unknown.why),
                    until: None,
                };
                self.finding(finding, "unknown", unknown.thing.as_ref(), None, noted)?;
            }
            if finding.unlisted > 0 {
                let why = format!("{} more were counted and are not listed", finding.unlisted);
                let noted = Noted {
                    reason: Some(&why),
                    until: None,
                };
                self.finding(finding, "found", None, None, noted)?;
            }
        }
        for note in &assessment.notes {
            self.gap(None, &Gap::new(note.clone()))?;
        }
        assessment.unknown.iter().try_for_each(|gap| self.gap(None, gap))
    }

    fn item(&mut self, finding: &Finding, state: &str, item: &Item, noted: Noted<'_>) -> Result<()> {
        self.finding(finding, state, Some(&item.thing), Some(item), noted)
    }

    fn finding(
        &mut self,
        finding: &Finding,
        state: &str,
        thing: Option<&Thing>,
        item: Option<&Item>,
        noted: Noted<'_>,
    ) -> Result<()> {
        self.findings.row(vec![
            Value::text(&finding.key),
            Value::text(finding.severity.word()),
            Value::text(state),
            Value::text(&finding.title),
            Value::maybe(item.map(|item| item.id.as_str())),
            Value::maybe(thing.map(|thing| thing.kind.as_str())),
            Value::maybe(thing.map(|thing| thing.id.as_str())),
            Value::maybe(thing.map(|thing| thing.name.as_str())),
            Value::maybe(thing.and_then(|thing| thing.environment.as_deref())),
            Value::maybe(item.map(|item| item.detail.as_str())),
            Value::maybe(item.and_then(|item| item.owner.as_deref())),
            Value::Null,
            Value::maybe(noted.reason),
            Value::maybe(noted.until),
        ])
    }

    /// Something that the file does not tell: what the other tables say is less by that.
    fn gap(&mut self, thing: Option<&Thing>, gap: &Gap) -> Result<()> {
        if thing.is_none() && !self.gaps.insert(gap.clone()) {
            return Ok(());
        }
        self.findings.row(vec![
            Value::text("not-known"),
            Value::Null,
            Value::text("gap"),
            Value::text("Not known"),
            Value::Null,
            Value::maybe(thing.map(|thing| thing.kind.as_str())),
            Value::maybe(thing.map(|thing| thing.id.as_str())),
            Value::maybe(thing.map(|thing| thing.name.as_str())),
            Value::maybe(thing.and_then(|thing| thing.environment.as_deref())),
            Value::Null,
            Value::Null,
            Value::maybe(gap.code.as_deref()),
            Value::text(&gap.message),
            Value::Null,
        ])
    }
}

/// What a row of findings says besides.
#[derive(Default)]
struct Noted<'n> {
    reason: Option<&'n str>,
    until: Option<&'n str>,
}
