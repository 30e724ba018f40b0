//! Whose privileges are read, and whether a role's holders agree.
//!
//! A role in an environment needs answers of two holders (or of its only one). Holders are picked greedily: one
//! answer covers every environment of the person. Where two answers differ, every holder of that role is read. Folders
//! of an environment role may be those of the person (`workato/api.md 5`): where those who were asked agree about them,
//! the others are asked as well if they are few; if not, they are taken to have the same, and the sync says so. Older
//! roles have their folders in the list of roles.
//! The picks depend on ids alone, so that equal workspaces cost and give the same.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::PrivilegeRow;
use super::facts::{Pair, pairs};
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Result};
use crate::workato::access_model::Detected;
use crate::workato::cause;
use crate::workato::client::{WorkatoClient, endpoint, odd};
use crate::workato::collaborator::{self, Member, MemberId};
use crate::workato::family::single::{self, Losses, Outcome, Single};
use crate::workato::folder::FolderId;
use crate::workato::kind::first_of;
use crate::workato::names::Meaning;
use crate::workato::probe::Replies;
use crate::workato::role_assignments::{Holdings, RoleKind, RoleNames, RoleRef, is_no_access};
use crate::workato::settings::{Environment, PrivilegesMode, Settings};
use crate::workato::tables::{FAN_OUT, Tables, stored};

/// What syncs record when they read privileges, and what their session keys begin with.
pub const FAMILY: &str = "privileges";

/// Answers a role needs: one to know, one to verify.
const ANSWERS: usize = 2;
/// Holders asked in vain (no row for the role) before the role counts as unknown.
const IN_VAIN: usize = 5;
/// Holders who are asked besides for their folders: half of what a minute allows.
const FEW: usize = 30;
/// Roles that a sentence names.
const NAMED: usize = 5;

/// What holders of one role said, compared.
#[derive(Debug, PartialEq)]
pub enum Trusted<T> {
    /// All who were asked say the same.
    Same(BTreeSet<T>),
    /// They differ; every holder was asked, and this is what each said.
    Differs(BTreeMap<MemberId, BTreeSet<T>>),
    /// Nobody said anything.
    Unknown,
}

/// One holder's rows for one role, united: whatever one of them says, the holder may do.
#[derive(Debug, Clone, Default, PartialEq)]
struct Row {
    privileges: BTreeSet<Pair>,
    folders: BTreeSet<FolderId>,
}

/// The answers of a run.
#[derive(Debug, Default)]
pub struct Observed {
    rows: BTreeMap<RoleRef, BTreeMap<MemberId, Row>>,
    asked: BTreeSet<MemberId>,
    roles_of: BTreeMap<MemberId, BTreeSet<RoleRef>>,
}

impl Observed {
    fn new(holdings: &Holdings) -> Self {
        let mut roles_of: BTreeMap<MemberId, BTreeSet<RoleRef>> = BTreeMap::new();
        for (role, holders) in &holdings.by_role {
            for member in holders {
                roles_of.entry(member.clone()).or_default().insert(role.clone());
            }
        }
        Observed {
            roles_of,
            ..Default::default()
        }
    }

    /// Whether any holder of the role answered for it.
    pub fn is_seen(&self, role: &RoleRef) -> bool {
        self.rows.get(role).is_some_and(|rows| !rows.is_empty())
    }

    /// What the holders say the role may do.
    pub fn privileges(&self, role: &RoleRef) -> Trusted<Pair> {
        self.compare(role, |row| &row.privileges)
    }

    /// Which folders the holders say the role names.
    pub fn folders(&self, role: &RoleRef) -> Trusted<FolderId> {
        self.compare(role, |row| &row.folders)
    }

    /// Whether folders of an environment role are known of some holders alone, and taken to be those of the others.
    fn takes_folders(&self, role: &RoleRef, holders: &BTreeSet<MemberId>) -> bool {
        let named = |row: &Row| !row.folders.is_empty();
        role.kind == RoleKind::Environment
            && self
                .rows
                .get(role)
                .is_some_and(|rows| rows.values().any(named) && holders.iter().any(|holder| !rows.contains_key(holder)))
    }

    fn compare<T: Ord + Clone>(&self, role: &RoleRef, part: impl Fn(&Row) -> &BTreeSet<T>) -> Trusted<T> {
        let Some(rows) = self.rows.get(role) else {
            return Trusted::Unknown;
        };
        let Some(first) = rows.values().next() else {
            return Trusted::Unknown;
        };
        if rows.values().all(|row| part(row) == part(first)) {
            Trusted::Same(part(first).clone())
        } else {
            Trusted::Differs(
                rows.iter()
                    .map(|(member, row)| (member.clone(), part(row).clone()))
                    .collect(),
            )
        }
    }

    fn differs(&self, role: &RoleRef) -> bool {
        matches!(self.privileges(role), Trusted::Differs(_)) || matches!(self.folders(role), Trusted::Differs(_))
    }

    /// Files the rows of one person. A row belongs to the role the person holds in its environment; one that
    /// names another role was changed in between and says nothing about either, and one that does not say where it
    /// belongs says nothing at all.
    fn file(&mut self, member: &MemberId, rows: Vec<PrivilegeRow>, names: &RoleNames) {
        self.asked.insert(member.clone());
        let roles = self.roles_of.get(member).cloned().unwrap_or_default();
        for row in rows {
            let Some(environment) = row.environment_type.as_deref().map(Environment::new) else {
                continue;
            };
            let here: Vec<&RoleRef> = roles.iter().filter(|role| role.environment == environment).collect();
            let role = match (row.name.as_deref(), here.as_slice()) {
                (Some(name), _) => here
                    .iter()
                    .find(|role| names.find(role.kind, name) == Meaning::One(role.id.clone())),
                (None, [_]) => here.first(),
                (None, _) => None,
            };
            if let Some(&role) = role {
                let holders = self.rows.entry(role.clone()).or_default();
                let all = holders.entry(member.clone()).or_default();
                all.privileges.extend(pairs(&row.privileges));
                all.folders.extend(row.folder_ids);
            }
        }
    }

    /// Everybody who may be asked, those who are asked first at the head.
    fn in_order(&self, holdings: &Holdings, mode: PrivilegesMode) -> Vec<String> {
        let mut order = self.next(holdings, mode);
        let first: BTreeSet<MemberId> = order.iter().cloned().collect();
        order.extend(self.roles_of.keys().filter(|m| !first.contains(*m)).cloned());
        order.iter().map(ToString::to_string).collect()
    }

    /// Who is to be asked next; empty when nobody needs to be.
    fn next(&self, holdings: &Holdings, mode: PrivilegesMode) -> Vec<MemberId> {
        let unasked = |holders: &BTreeSet<MemberId>| -> Vec<MemberId> {
            holders.iter().filter(|m| !self.asked.contains(*m)).cloned().collect()
        };
        if mode == PrivilegesMode::Exact {
            return self
                .roles_of
                .keys()
                .filter(|m| !self.asked.contains(*m))
                .cloned()
                .collect();
        }
        let mut everyone = BTreeSet::new();
        let mut missing: BTreeMap<&RoleRef, usize> = BTreeMap::new();
        for (role, holders) in &holdings.by_role {
            if self.differs(role) {
                everyone.extend(unasked(holders));
                continue;
            }
            let answers = self.rows.get(role).map_or(0, BTreeMap::len);
            let in_vain = holders.len() - unasked(holders).len() - answers;
            let wanted = ANSWERS.min(holders.len()).saturating_sub(answers);
            if wanted > 0 && in_vain < IN_VAIN {
                missing.insert(role, wanted);
            }
        }
        if everyone.is_empty() {
            let picked = self.cover(missing);
            if !picked.is_empty() {
                return picked;
            }
            let taken = holdings.by_role.iter();
            let taken = taken.filter(|(role, holders)| self.takes_folders(role, holders));
            everyone.extend(taken.flat_map(|(_, holders)| unasked(holders)));
            if everyone.len() > FEW {
                return Vec::new();
            }
        }
        everyone.into_iter().collect()
    }

    /// Greedy cover: again and again the person who fills most gaps, the lowest id first.
    fn cover(&self, mut missing: BTreeMap<&RoleRef, usize>) -> Vec<MemberId> {
        let mut picked: Vec<MemberId> = Vec::new();
        let mut candidates: Vec<(&MemberId, &BTreeSet<RoleRef>)> = self
            .roles_of
            .iter()
            .filter(|(member, _)| !self.asked.contains(*member))
            .collect();
        while !missing.is_empty() {
            let fills = |roles: &BTreeSet<RoleRef>| roles.iter().filter(|role| missing.contains_key(role)).count();
            let best = candidates
                .iter()
                .enumerate()
                .map(|(index, (_, roles))| (fills(roles), std::cmp::Reverse(index)))
                .max()
                .filter(|(fills, _)| *fills > 0);
            let Some((_, std::cmp::Reverse(index))) = best else {
                break;
            };
            let (member, roles) = candidates.remove(index);
            for role in roles {
                if let Some(wanted) = missing.get_mut(role) {
                    *wanted -= 1;
                    if *wanted == 0 {
                        missing.remove(role);
                    }
                }
            }
            picked.push(member.clone());
        }
        picked
    }
}

/// Asks until every role has its answers. `None` where the token may not read privileges at all.
///
/// # Errors
/// Those of the client.
pub async fn observe(
    t: &Tables,
    cx: &SyncContext,
    holdings: &Holdings,
    mode: PrivilegesMode,
) -> Result<Option<Observed>> {
    let detected = t.get::<Detected>(cx).await?;
    let names = RoleNames::of(&detected);
    let name_of = |role: &RoleRef| {
        let mut environment = detected.environment_roles.iter().map(|r| (r.id.as_str(), &r.name));
        let mut legacy = detected.legacy_roles.iter().map(|r| (r.id.as_str(), &r.name));
        let row = match role.kind {
            RoleKind::Environment => environment.find(|(id, _)| *id == role.id),
            RoleKind::Legacy => legacy.find(|(id, _)| *id == role.id),
        };
        row.and_then(|(_, name)| name.clone())
            .unwrap_or_else(|| role.id.clone())
    };
    let family = t.family(cx, FAMILY);
    if family.is_refused() {
        return Ok(None);
    }
    let mut observed = Observed::new(holdings);
    let asked = Privileges {
        cx,
        client: &t.clients.dev,
        members: &detected.members,
        listed: observed.in_order(holdings, mode),
    };
    loop {
        let next = observed.next(holdings, mode);
        if next.is_empty() {
            break;
        }
        let (asked, family) = (&asked, &family);
        let answers: Vec<(MemberId, Outcome<Vec<PrivilegeRow>>)> = stream::iter(next)
            .map(|member| async move {
                let outcome = single::read(cx, family, asked, member.as_str()).await?;
                Ok::<_, Error>((member, outcome))
            })
            .buffered(FAN_OUT)
            .try_collect()
            .await?;
        for (member, outcome) in answers {
            match outcome {
                Outcome::Rows(rows) => {
                    odd::count(cx, "privileges of roles", &rows);
                    observed.file(&member, rows, &names);
                }
                Outcome::Missing => observed.file(&member, Vec::new(), &names),
                Outcome::Refused => return Ok(None),
            }
        }
    }
    let mut taken: Vec<String> = Vec::new();
    for (role, holders) in &holdings.by_role {
        let name = name_of(role);
        if observed.differs(role) {
            // Each holder has what their own answer says, so one without an answer has nothing.
            let answered = |member: &&MemberId| observed.rows.get(role).is_some_and(|rows| rows.contains_key(*member));
            for member in holders.iter().filter(|member| !answered(member)) {
                cx.warnings.add(
                    cause::PRIVILEGES_UNKNOWN_OF,
                    "holders of a role whose holders differ did not show what they may do; their privileges are missing",
                    format!("collaborator {member} as {name} ({})", role.environment),
                );
            }
        }
        let example = format!("{name} ({})", role.environment);
        if !observed.differs(role) && observed.takes_folders(role, holders) {
            taken.push(example.clone());
        }
        if !observed.is_seen(role) && !holders.is_empty() {
            cx.warnings.add(
                cause::PRIVILEGES_UNKNOWN,
                "no holder of a role showed what it may do; its privileges are missing",
                example,
            );
        } else if mode == PrivilegesMode::Sampled && observed.differs(role) {
            cx.warnings.add(
                cause::PRIVILEGES_DIFFER,
                "holders of the same role have different privileges or folders; each holder was read and is listed directly",
                example,
            );
        }
    }
    if !taken.is_empty() {
        cx.records.leave_out(&told(&taken));
    }
    Ok(Some(observed))
}

/// What readers are told of roles whose folders are taken from some of their holders.
fn told(roles: &[String]) -> String {
    let (named, more) = roles.split_at(roles.len().min(NAMED));
    let more = match more.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "whether all holders of these roles have the same folders: two of each were read, and the others are taken to have \
         theirs; --privileges exact reads everybody ({}{more})",
        named.join(", ")
    )
}

/// The people whom a diagnosis asks about: those who hold a role, by id.
///
/// # Errors
/// Why nobody is asked about.
pub fn asked(settings: &Settings, replies: &Replies) -> std::result::Result<Vec<String>, &'static str> {
    if settings.privileges == PrivilegesMode::Off {
        return Err("off by --privileges");
    }
    let holds = |member: &&Member| {
        let names = member.roles.iter().filter_map(|row| row.role_name.as_deref());
        names
            .filter(|name| !name.trim().is_empty())
            .any(|name| !is_no_access(name))
    };
    let holders = |members: &[Member]| {
        let mut ids: Vec<&MemberId> = members.iter().filter(holds).map(|m| &m.id).collect();
        ids.sort();
        ids.into_iter().map(ToString::to_string).collect()
    };
    replies.candidates(&endpoint::MEMBERS, holders, "nobody holds a role to ask about")
}

/// What one person may do, through the session of the sync.
///
/// # Errors
/// Those of the client.
pub async fn of(cx: &SyncContext, client: &WorkatoClient, id: &str) -> Result<Vec<PrivilegeRow>> {
    let key = format!("{FAMILY}/{id}");
    stored(cx, &key, || client.everything(endpoint::MEMBER_PRIVILEGES.of(id))).await
}

/// Privileges of people, one at a time.
struct Privileges<'a> {
    cx: &'a SyncContext,
    client: &'a WorkatoClient,
    members: &'a [Member],
    listed: Vec<String>,
}

impl Single for Privileges<'_> {
    type Answer = Vec<PrivilegeRow>;

    fn what(&self) -> String {
        "privileges of roles".to_owned()
    }

    fn listed(&self) -> Vec<String> {
        self.listed.clone()
    }

    fn losses(&self) -> &Losses {
        &Losses {
            refused: cause::MEMBER_REFUSED,
            missing: "collaborators, whose privileges are not shown",
            gone: cause::MEMBER_GONE,
            gone_message: "collaborators disappeared while their privileges were read",
        }
    }

    fn name(&self, id: &str) -> String {
        let member = self.members.iter().find(|member| member.id.as_str() == id);
        let name = member.and_then(|member| member.name.as_deref());
        first_of([name, Some(id)]).unwrap_or_default().to_owned()
    }

    async fn ask(&self, id: &str) -> Result<Vec<PrivilegeRow>> {
        of(self.cx, self.client, id).await
    }

    async fn ask_again(&self, id: &str) -> Result<()> {
        let rows = self
            .client
            .everything::<PrivilegeRow>(endpoint::MEMBER_PRIVILEGES.of(id));
        rows.await.map(drop)
    }

    async fn is_listed(&self, id: &str) -> Result<bool> {
        let members = collaborator::now(self.client).await?;
        Ok(members.iter().any(|member| member.id.as_str() == id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_named_and_counted() {
        let roles: Vec<String> = (1..=7).map(|number| format!("R{number} (dev)")).collect();
        let text = told(&roles);
        assert!(
            text.ends_with("(R1 (dev), R2 (dev), R3 (dev), R4 (dev), R5 (dev) and 2 more)"),
            "{text}"
        );
    }

    /// Two rows may tell of one role, by folder for example.
    #[test]
    fn rows_of_one_role_and_person_are_united() {
        let member = MemberId::from("7");
        let role = RoleRef {
            kind: RoleKind::Environment,
            id: "3".to_owned(),
            environment: Environment::dev(),
        };
        let mut holdings = Holdings::default();
        holdings.by_role.insert(role.clone(), BTreeSet::from([member.clone()]));
        let row = |id: &str, folder: &str| PrivilegeRow {
            environment_type: Some("dev".to_owned()),
            name: None,
            privileges: BTreeMap::from([("Recipes".to_owned(), vec![id.to_owned()])]),
            folder_ids: vec![FolderId::from(folder)],
            odd: Vec::new(),
        };
        let rows = [row("read", "1"), row("run", "2")];
        for rows in [rows.to_vec(), rows.iter().rev().cloned().collect()] {
            let mut observed = Observed::new(&holdings);
            observed.file(&member, rows, &RoleNames::default());
            let pair = |id: &str| Pair {
                group: "Recipes".to_owned(),
                id: id.to_owned(),
            };
            let both = BTreeSet::from([pair("read"), pair("run")]);
            assert_eq!(observed.privileges(&role), Trusted::Same(both));
            let folders = BTreeSet::from(["1", "2"].map(FolderId::from));
            assert_eq!(observed.folders(&role), Trusted::Same(folders));
            // Of one holder nothing is taken; another one who was not asked is taken to have the same.
            assert!(!observed.takes_folders(&role, &holdings.by_role[&role]));
            let two = BTreeSet::from([member.clone(), MemberId::from("8")]);
            assert!(observed.takes_folders(&role, &two));
        }
    }
}
