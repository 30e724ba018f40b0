//! A self check of one sync: columns agree with messages, nothing points nowhere, the expansion columns hold together
//! (`baton/c1z/format.md 2.3, 2.5, 5.4, 7.1, 8`). Tests and reports may call it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::rows::{View, blob, decode, text};
use super::run::{self, SyncRun, SyncType};
use super::whole::Stored as _;
use super::{ksuid, timestamp};
use crate::baton::annotation::{self, Named};
use crate::baton::entitlement;
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::baton::resource;

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The row: `grant role:7:member:user:1`.
    pub row: String,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.row, self.what)
    }
}

/// Checks the sync of a view.
pub(super) fn check(view: View<'_>) -> Result<Vec<Problem>> {
    let mut check = Check::default();
    check.run(view.sync_id, run::find(view.db, view.sync_id)?.as_ref());
    check.resource_types(view)?;
    check.resources(view)?;
    check.parents();
    check.entitlements(view)?;
    check.grants(view)?;
    Ok(check.finish())
}

/// What has been seen so far. Rows come kind by kind: resource types, resources, entitlements, grants.
#[derive(Default)]
pub(super) struct Check {
    problems: Vec<Problem>,
    finished_full: bool,
    supports_diff: bool,
    /// Type id to declared traits.
    types: BTreeMap<String, Vec<v2::resource_type::Trait>>,
    /// `type:id` of every resource, with that of its parent.
    resources: BTreeMap<String, Option<String>>,
    /// Entitlement id to the `type:id` of its resource.
    entitlements: BTreeMap<String, String>,
    /// Grant id, its principal's `type:id`, and what it expands over.
    expansions: Vec<(String, String, Vec<String>)>,
    /// Entitlements of which several have one id.
    twins: BTreeSet<String>,
    /// Entitlement ids, each with a principal's `type:id`, that have a grant.
    held: BTreeSet<(String, String)>,
}

/// A grant, and what stands beside it.
pub(super) struct OneGrant<'g> {
    pub(super) external_id: &'g str,
    pub(super) message: &'g v2::Grant,
    /// The entitlement's id, type and id of what it is on, type and id of the principal.
    pub(super) entitlement: &'g str,
    pub(super) on: (&'g str, &'g str),
    pub(super) principal: (&'g str, &'g str),
    pub(super) expansion: Option<v2::GrantExpandable>,
    pub(super) needs_expansion: bool,
    /// Whether another one may be of the same entitlement, to the same principal.
    pub(super) may_have_twin: bool,
}

impl Check {
    fn say(&mut self, row: impl Into<String>, what: impl Into<String>) {
        self.problems.push(Problem {
            row: row.into(),
            what: what.into(),
        });
    }

    fn require(&mut self, holds: bool, row: &str, what: &str) {
        if !holds {
            self.say(row, what);
        }
    }

    /// Looks at the sync.
    pub(super) fn run(&mut self, sync_id: &str, run: Option<&SyncRun>) {
        let row = format!("sync {sync_id}");
        let Some(run) = run else {
            self.say(row, "is not in the file");
            return;
        };
        self.require(ksuid::is_sync_id(&run.sync_id), &row, "its id is not a KSUID");
        for time in run.ended_at.iter().chain([&run.started_at]) {
            self.require(
                timestamp::is_valid(time),
                &row,
                "a time is not in the layout of the format",
            );
        }
        match run.sync_type.parse() {
            Ok(SyncType::Full | SyncType::ResourcesOnly) => {
                self.require(
                    run.parent_sync_id.is_empty(),
                    &row,
                    "it has a parent, but is not partial",
                );
            }
            Ok(_) => {}
            Err(_) => self.say(&row, format!("its type {:?} is unknown", run.sync_type)),
        }
        self.require(
            run.grants_backfilled || !run.supports_diff,
            &row,
            "supports_diff is set without grants_backfilled",
        );
        self.finished_full = run.is_finished_full();
        self.supports_diff = run.supports_diff;
    }

    /// Everything that is wrong, once all rows were seen.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        self.expansions();
        self.problems
    }

    fn resource_types(&mut self, view: View<'_>) -> Result<()> {
        view.scan("v1_resource_types", "external_id, data", &mut |r| {
            let id: String = r.get(0)?;
            let message: v2::ResourceType = decode(blob(r, 1)?, &id)?;
            let agrees = message.id == id;
            self.require(agrees, &format!("resource type {id}"), "column and message differ");
            self.resource_type(id, &message);
            Ok(())
        })
    }

    /// Looks at a resource type.
    pub(super) fn resource_type(&mut self, id: String, message: &v2::ResourceType) {
        let is_named = !message.display_name.is_empty();
        self.require(is_named, &format!("resource type {id}"), "has no display name");
        self.types.insert(id, message.traits().collect());
    }

    fn resources(&mut self, view: View<'_>) -> Result<()> {
        let columns = "external_id, resource_type_id, parent_resource_type_id, parent_resource_id, data, discovered_at";
        view.scan("v1_resources", columns, &mut |r| {
            let external_id: String = r.get(0)?;
            let row = format!("resource {external_id}");
            let message: v2::Resource = decode(blob(r, 4)?, &external_id)?;
            let (type_column, parent_type, parent_id): (String, Option<String>, Option<String>) =
                (r.get(1)?, r.get(2)?, r.get(3)?);
            let id = message.id.clone().unwrap_or_default();
            let agrees = resource::external_id(&id) == external_id && id.resource_type == type_column;
            self.require(agrees, &row, "columns and message differ");
            let parent = message.parent_resource_id.as_ref();
            self.require(
                parent.map(|p| &p.resource_type) == parent_type.as_ref()
                    && parent.map(|p| &p.resource) == parent_id.as_ref(),
                &row,
                "parent columns and message differ",
            );
            self.require(
                timestamp::is_valid(&r.get::<_, String>(5)?),
                &row,
                "discovered_at is malformed",
            );
            self.resource(external_id, &type_column, &message);
            Ok(())
        })
    }

    /// Looks at a resource.
    pub(super) fn resource(&mut self, external_id: String, kind: &str, message: &v2::Resource) {
        let row = format!("resource {external_id}");
        let has_id = message.id.as_ref().is_some_and(|id| !id.resource.is_empty());
        self.require(has_id, &row, "has an empty id");
        self.require(!message.display_name.is_empty(), &row, "has no display name");
        match self.types.get(kind).cloned() {
            None => self.say(&row, "its type is not in the sync"),
            Some(traits) => self.traits(&row, &traits, message),
        }
        let parent = message.parent_resource_id.as_ref();
        let twin = self.resources.insert(external_id, parent.map(resource::external_id));
        self.require(twin.is_none(), &row, "has the id of another row");
    }

    fn traits(&mut self, row: &str, declared: &[v2::resource_type::Trait], message: &v2::Resource) {
        use v2::resource_type::Trait;
        for declared in declared {
            let name = match declared {
                Trait::User => v2::UserTrait::NAME,
                Trait::Group => v2::GroupTrait::NAME,
                Trait::Role => v2::RoleTrait::NAME,
                Trait::App => v2::AppTrait::NAME,
                Trait::Secret => v2::SecretTrait::NAME,
                _ => continue,
            };
            let carried = message.annotations.iter().any(|a| annotation::name_of(a) == name);
            self.require(carried, row, &format!("lacks the declared {name}"));
        }
        if message.annotations.iter().any(annotation::is::<v2::UserTrait>) {
            match annotation::find::<v2::UserTrait>(&message.annotations) {
                None => self.say(row, "its UserTrait cannot be parsed"),
                Some(user) => {
                    self.require(user.profile.is_some(), row, "its UserTrait has no profile");
                    self.require(user.status.is_some(), row, "its UserTrait has no status");
                }
            }
        }
    }

    /// Looks for parents, once all resources were seen.
    pub(super) fn parents(&mut self) {
        let missing: Vec<(String, String)> = self
            .resources
            .iter()
            .filter_map(|(id, parent)| Some((id.clone(), parent.clone()?)))
            .filter(|(_, parent)| !self.resources.contains_key(parent))
            .collect();
        for (id, parent) in missing {
            self.say(
                format!("resource {id}"),
                format!("its parent {parent} is not in the sync"),
            );
        }
    }

    fn entitlements(&mut self, view: View<'_>) -> Result<()> {
        let columns = "external_id, resource_type_id, resource_id, data, discovered_at";
        view.scan("v1_entitlements", columns, &mut |r| {
            let external_id: String = r.get(0)?;
            let row = format!("entitlement {external_id}");
            let message: v2::Entitlement = decode(blob(r, 3)?, &external_id)?;
            let on = message.resource.as_ref().and_then(|r| r.id.clone()).unwrap_or_default();
            let (type_column, id_column): (String, String) = (r.get(1)?, r.get(2)?);
            let agrees = message.id == external_id && on.resource_type == type_column && on.resource == id_column;
            self.require(agrees, &row, "columns and message differ");
            self.require(
                timestamp::is_valid(&r.get::<_, String>(4)?),
                &row,
                "discovered_at is malformed",
            );
            self.entitlement(external_id, &message);
            Ok(())
        })
    }

    /// Looks at an entitlement.
    pub(super) fn entitlement(&mut self, external_id: String, message: &v2::Entitlement) {
        let row = format!("entitlement {external_id}");
        self.require(!message.slug.is_empty(), &row, "has no slug");
        let on = message.resource.as_ref().and_then(|r| r.id.as_ref());
        let on = resource::external_id(on.unwrap_or(&v2::ResourceId::default()));
        self.require(
            self.resources.contains_key(&on),
            &row,
            "its resource is not in the sync",
        );
        for grantable in &message.grantable_to {
            let known = self.types.contains_key(&grantable.id);
            self.require(
                known,
                &row,
                &format!("is grantable to the unknown type {}", grantable.id),
            );
        }
        if self.entitlements.insert(external_id.clone(), on).is_some() {
            self.say(&row, "has the id of another row");
            self.twins.insert(external_id);
        }
    }

    /// Whether several entitlements may have this id: they have, or nothing tells which have it.
    pub(super) fn is_shared(&self, entitlement: &str) -> bool {
        self.twins.contains(entitlement) || !self.entitlements.contains_key(entitlement)
    }

    fn grants(&mut self, view: View<'_>) -> Result<()> {
        let columns = format!("{}, expansion, needs_expansion, discovered_at", v2::Grant::COLUMNS);
        view.scan("v1_grants", &columns, &mut |r| {
            let external_id: String = r.get(0)?;
            let row = format!("grant {external_id}");
            let message: v2::Grant = decode(blob(r, 1)?, &external_id)?;
            let [entitlement_id, on_kind, on_id, principal_kind, principal_id] = [2, 3, 4, 5, 6].map(|at| text(r, at));
            let (entitlement_id, on) = (entitlement_id?, (on_kind?, on_id?));
            let principal = (principal_kind?, principal_id?);
            // A slim grant leaves both to the columns (`baton/c1z/format.md 3`).
            let (entitlement, to) = (message.entitlement.as_ref(), message.principal.as_ref());
            let agrees = message.id == external_id
                && entitlement.is_none_or(|e| e.id == entitlement_id && entitlement::on(e) == on)
                && to.is_none_or(|p| resource::key(p) == principal);
            self.require(agrees, &row, "columns and message differ");
            self.require(
                timestamp::is_valid(&r.get::<_, String>("discovered_at")?),
                &row,
                "discovered_at is malformed",
            );
            let expansion: Option<Vec<u8>> = r.get("expansion")?;
            self.grant(OneGrant {
                external_id: &external_id,
                message: &message,
                entitlement: entitlement.map_or(entitlement_id, |e| &e.id),
                on: entitlement.map_or(on, entitlement::on),
                principal: to.map_or(principal, resource::key),
                expansion: expansion.map(|bytes| decode(&bytes, &external_id)).transpose()?,
                needs_expansion: r.get("needs_expansion")?,
                may_have_twin: true,
            });
            Ok(())
        })
    }

    /// Looks at a grant.
    pub(super) fn grant(&mut self, grant: OneGrant<'_>) {
        let row = format!("grant {}", grant.external_id);
        let (on_kind, on_id) = grant.on;
        let (principal_kind, principal_id) = grant.principal;
        let principal = format!("{principal_kind}:{principal_id}");
        match self.entitlements.get(grant.entitlement) {
            None => self.say(&row, "its entitlement is not in the sync"),
            Some(resource) if *resource != format!("{on_kind}:{on_id}") => {
                self.say(&row, "names another resource than its entitlement");
            }
            Some(_) => {}
        }
        self.require(
            self.resources.contains_key(&principal),
            &row,
            "its principal is not in the sync",
        );
        self.sources(&row, grant.entitlement, grant.message);
        match grant.expansion {
            None => self.require(!grant.needs_expansion, &row, "needs_expansion is set without expansion"),
            Some(expansion) => {
                let named = expansion.entitlement_ids.iter().any(|id| !id.trim().is_empty());
                self.require(named, &row, "expands over nothing");
                self.require(grant.needs_expansion, &row, "is expandable, but needs_expansion is 0");
                let id = grant.external_id.to_owned();
                self.expansions.push((id, principal.clone(), expansion.entitlement_ids));
            }
        }
        if grant.may_have_twin {
            let is_new = self.held.insert((grant.entitlement.to_owned(), principal));
            self.require(is_new, &row, "is a second grant of the same entitlement and principal");
        }
    }

    /// What expansion leaves behind (`baton/c1z/format.md 5.4`).
    fn sources(&mut self, row: &str, entitlement_id: &str, grant: &v2::Grant) {
        let annotated = |name| grant.annotations.iter().any(|a| annotation::name_of(a) == name);
        let in_message = annotated(v2::GrantExpandable::NAME);
        self.require(!in_message, row, "GrantExpandable is still in the message");
        let Some(sources) = grant.sources.as_ref().map(|s| &s.sources).filter(|s| !s.is_empty()) else {
            return;
        };
        match sources.get(entitlement_id) {
            Some(own) => self.require(own.is_direct, row, "its own source is not direct"),
            None => {
                let immutable = annotated(v2::GrantImmutable::NAME);
                self.require(immutable, row, "is derived, but not immutable");
            }
        }
        for source in sources.keys() {
            let known = self.entitlements.contains_key(source);
            self.require(known, row, &format!("its source {source} is not in the sync"));
        }
    }

    fn expansions(&mut self) {
        if self.finished_full && !self.expansions.is_empty() && !self.supports_diff {
            self.say("sync", "has expandable grants, but supports_diff is 0");
        }
        for (grant, principal, sources) in std::mem::take(&mut self.expansions) {
            let row = format!("grant {grant}");
            for source in sources.iter().filter(|s| !s.trim().is_empty()) {
                match self.entitlements.get(source) {
                    None => self.say(&row, format!("expands over {source}, which is not in the sync")),
                    Some(on) if *on != principal => {
                        self.say(
                            &row,
                            format!("expands over {source}, which is not an entitlement of its principal"),
                        );
                    }
                    Some(_) => {}
                }
            }
        }
    }
}
