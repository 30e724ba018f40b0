//! What tells things of one name apart: the environment they are in; where that is not enough, what they lie in or
//! their e-mail address; where that is not enough either, their id.
//!
//! Two names are one where a reader cannot see a difference: spaces at the ends and in a row, and what stands behind
//! the beginning that a narrow column shows, do not count.

mod stems;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::find;
use super::inherited::{From, Key};
use super::names::Names;
use super::snapshot::Snapshot;
use super::thing::Account;
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::baton::visible;
use stems::Stems;

/// Characters of a name that count: as many as lists show of a long one.
const SEEN: usize = 80;
/// Accounts of all types are one kind: a review does not say their type.
const ACCOUNTS: &str = "";

/// What tells a thing apart from others of its name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Apart {
    /// Its environment, which is said anyhow.
    Environment,
    /// The name of the outermost thing it lies in, such as the project of a folder.
    In(String),
    /// Its e-mail address.
    Email(String),
    /// Its id; with its type, where accounts of two types have the id.
    Id(String),
}

impl Apart {
    /// Whether name and environment are enough.
    pub fn is_plain(apart: &Option<Apart>) -> bool {
        matches!(apart, None | Some(Apart::Environment))
    }
}

/// A name with what tells it apart: `Billing (dev)`, `Billing (dev, id 1001)`, `Recipes (dev, in Billing)`,
/// `Ada Lovelace <ada@acme.com>`. An environment that the name says itself, as names of roles do, is not repeated.
pub fn told(name: &str, environment: Option<&str>, apart: Option<&Apart>) -> String {
    let mut inside: Vec<String> = Vec::new();
    inside.extend(
        environment
            .filter(|environment| !says(name, environment))
            .map(str::to_owned),
    );
    match apart {
        Some(Apart::In(outermost)) => inside.push(format!("in {outermost}")),
        Some(Apart::Id(id)) => inside.push(format!("id {id}")),
        None | Some(Apart::Environment | Apart::Email(_)) => {}
    }
    let mut told = name.to_owned();
    if !inside.is_empty() {
        told.push_str(&format!(" ({})", inside.join(", ")));
    }
    if let Some(Apart::Email(email)) = apart {
        told.push_str(&format!(" <{email}>"));
    }
    told
}

/// Whether a name says its environment, as roles do: `Member (dev)`.
pub fn says(name: &str, environment: &str) -> bool {
    name.contains(&format!("({environment})"))
}

/// As much of a text as can be seen of it.
fn seen(text: &str) -> String {
    let visible = visible::field(text);
    let words: Vec<&str> = visible.split_whitespace().collect();
    words.join(" ").chars().take(SEEN).collect()
}

/// A name without what [`told`] could have added: names that differ in this can never become equal.
fn stem(name: &str) -> u64 {
    let seen = seen(name);
    let stem = seen.split(" (").next().and_then(|stem| stem.split(" <").next());
    let mut hasher = DefaultHasher::new();
    stem.unwrap_or_default().hash(&mut hasher);
    hasher.finish()
}

/// A resource whose name others may have as well.
struct Namesake {
    /// Its type; [`ACCOUNTS`] for accounts.
    group: String,
    kind: String,
    id: String,
    /// Its name, as it is seen.
    name: String,
    environment: Option<String>,
    /// What it lies in, outermost.
    outermost: String,
    email: String,
}

impl Namesake {
    /// The steps of saying more: nothing, the environment, what it lies in, the e-mail address, the id, the whole id.
    const LAST: usize = 5;

    /// What is said at a step. What it does not have is passed over.
    fn apart(&self, step: usize) -> Option<Apart> {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        match step {
            0 => None,
            1 => self.environment.as_ref().map(|_| Apart::Environment),
            2 => some(&self.outermost).map(Apart::In).or_else(|| self.apart(1)),
            3 => some(&self.email).map(Apart::Email).or_else(|| self.apart(2)),
            4 => Some(Apart::Id(self.id.clone())),
            _ => Some(Apart::Id(format!("{}:{}", self.kind, self.id))),
        }
    }

    /// The first later step at which it has something else to say.
    fn next(&self, step: usize) -> Option<usize> {
        (step + 1..=Self::LAST).find(|step| match step {
            1 => self.environment.is_some(),
            2 => !self.outermost.is_empty(),
            3 => !self.email.is_empty(),
            _ => true,
        })
    }

    fn told(&self, step: usize) -> String {
        let environment = self.environment.as_deref().filter(|_| step > 0);
        told(&self.name, environment, self.apart(step).as_ref())
    }

    /// What is told at a step, in few bytes. Two that only look alike here say more than they need to.
    fn digest(&self, step: usize) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.told(step).hash(&mut hasher);
        hasher.finish()
    }
}

/// What is to be said of resources that share their name. Names of which none begins like another can never become equal:
/// so it is found out for those that begin alike when one of them is asked for.
pub(super) struct OfResources {
    stems: Stems,
    /// Types of accounts.
    users: Vec<String>,
    /// By stem.
    told: Mutex<HashMap<u64, Arc<Told>>>,
}

/// By type and bare id.
type Told = HashMap<(String, String), Apart>;

impl OfResources {
    /// Looks at all names.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file; so below.
    pub(super) fn read(snapshot: &Snapshot) -> Result<Self> {
        let mut stems = Stems::default();
        snapshot
            .reader()
            .for_each_resource_name(snapshot.sync_id(), &mut |kind, id, name| {
                stems.add(stem_or_id(name, id), kind, id)
            })?;
        stems.close();
        let users = match stems.is_empty() {
            true => Vec::new(),
            false => find::user_types(snapshot)?,
        };
        Ok(OfResources {
            stems,
            users,
            told: Mutex::default(),
        })
    }

    /// What tells a resource apart: of this type, bare id, and name.
    ///
    /// # Errors
    /// As [`OfResources::read`].
    pub(super) fn of(&self, names: &Names<'_>, kind: &str, id: &str, name: &str) -> Result<Option<Apart>> {
        if self.stems.is_empty() {
            return Ok(None);
        }
        let stem = stem_or_id(name, id);
        let known = self.told().get(&stem).cloned();
        let told = match known {
            Some(told) => told,
            None => {
                let told = Arc::new(self.tell(names, stem)?);
                self.told().insert(stem, Arc::clone(&told));
                told
            }
        };
        if told.is_empty() {
            return Ok(None);
        }
        Ok(told.get(&(kind.to_owned(), id.to_owned())).cloned())
    }

    fn told(&self) -> MutexGuard<'_, HashMap<u64, Arc<Told>>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, names: &Names<'_>, stem: u64) -> Result<Told> {
        let mut namesakes = Vec::new();
        for (kind, id) in self.stems.of(stem) {
            if let Some(resource) = names.resource(kind, id)? {
                namesakes.push(namesake(names, &self.users, &resource)?);
            }
        }
        let found = tell(&namesakes);
        let keyed = namesakes.into_iter().zip(found);
        Ok(keyed
            .filter_map(|(one, apart)| Some(((one.kind, one.id), apart?)))
            .collect())
    }
}

fn stem_or_id(name: &str, id: &str) -> u64 {
    stem(if name.is_empty() { id } else { name })
}

fn namesake(names: &Names<'_>, users: &[String], resource: &v2::Resource) -> Result<Namesake> {
    let (kind, id) = resource::key(resource);
    let account = Account::of(resource, Default::default());
    let is_account = account.is_some() || users.iter().any(|user| user == kind);
    let name = if resource.display_name.is_empty() {
        id
    } else {
        &resource.display_name
    };
    Ok(Namesake {
        group: if is_account { ACCOUNTS } else { kind }.to_owned(),
        kind: kind.to_owned(),
        id: id.to_owned(),
        name: seen(name),
        environment: names.environment_of(resource)?,
        outermost: seen(&outermost(names, resource)?),
        email: account.map(|account| seen(&account.email)).unwrap_or_default(),
    })
}

/// The name of the outermost thing a resource lies in; empty where it lies in nothing.
fn outermost(names: &Names<'_>, resource: &v2::Resource) -> Result<String> {
    let known = |id: &v2::ResourceId| names.resource(&id.resource_type, &id.resource);
    let from = |(kind, id): &Key| {
        let Some(thing) = names.resource(kind, id)? else {
            return Ok(From::Itself(None));
        };
        match &thing.parent_resource_id {
            Some(parent) if known(parent)?.is_some() => Ok(From::Outside(parent.clone())),
            _ => Ok(From::Itself(Some(Rc::from(thing.display_name.as_str())))),
        }
    };
    let Some(parent) = resource.parent_resource_id.clone() else {
        return Ok(String::new());
    };
    let name = names.lying_in().outermost.of(parent, &from)?;
    Ok(name.map(|name| name.to_string()).unwrap_or_default())
}

/// Says more of those that are told alike, until none are. Only what says something else than before is compared again, so
/// a hundred thousand of one name are told once for each thing that can be said of them.
fn tell(all: &[Namesake]) -> Vec<Option<Apart>> {
    let mut steps = vec![0; all.len()];
    let mut alike: HashMap<(&str, u64), Vec<usize>> = HashMap::new();
    let mut changed: Vec<(usize, u64)> = (0..).zip(all.iter().map(|one| one.digest(0))).collect();
    while !changed.is_empty() {
        let mut met: Vec<(&str, u64)> = Vec::new();
        for (at, digest) in changed.drain(..) {
            let Some(one) = all.get(at) else { continue };
            let key = (one.group.as_str(), digest);
            let group = alike.entry(key).or_default();
            group.push(at);
            if group.len() > 1 {
                met.push(key);
            }
        }
        met.sort_unstable();
        met.dedup();
        for key in met {
            let Some(group) = alike.get_mut(&key) else { continue };
            while group.len() > 1 {
                // Of a name that was typed and one that was made here, the typed one has to say more.
                let step = |at: &usize| steps.get(*at).copied().unwrap_or(Namesake::LAST);
                let least = group.iter().map(step).min().unwrap_or(Namesake::LAST);
                let more = group.iter().filter(|at| step(at) == least);
                let Some(next) = more.filter_map(|at| all.get(*at)?.next(least)).min() else {
                    break;
                };
                group.retain(|at| {
                    let (Some(one), Some(step)) = (all.get(*at), steps.get_mut(*at)) else {
                        return false;
                    };
                    if *step != least {
                        return true;
                    }
                    *step = next;
                    let digest = one.digest(next);
                    if digest != key.1 {
                        changed.push((*at, digest));
                    }
                    digest == key.1
                });
            }
        }
    }
    all.iter().zip(steps).map(|(one, step)| one.apart(step)).collect()
}

/// By id: the entitlements whose name another one on the same resource has as well.
pub(super) type OfEntitlements = HashMap<String, String>;

/// Looks for entitlements of one name on one resource; what tells each apart is its slug, or else its id.
///
/// # Errors
/// `DataLoss` for a damaged file.
pub(super) fn entitlements(names: &Names<'_>) -> Result<OfEntitlements> {
    let snapshot = names.snapshot();
    let (reader, sync_id) = (snapshot.reader(), snapshot.sync_id());
    let key = |(kind, id): (&str, &str), name: &str| {
        let mut hasher = DefaultHasher::new();
        (kind, id, seen(name)).hash(&mut hasher);
        hasher.finish()
    };
    let mut known: HashMap<u64, bool> = HashMap::new();
    reader.for_each_entitlement_name(sync_id, &mut |on, _, name| {
        known
            .entry(key(on, name))
            .and_modify(|again| *again = true)
            .or_default();
        Ok(())
    })?;
    known.retain(|_, again| *again);
    let mut found = OfEntitlements::new();
    if known.is_empty() {
        return Ok(found);
    }
    let mut alike: HashMap<u64, Vec<(String, String)>> = HashMap::new();
    reader.for_each_entitlement_name(sync_id, &mut |on, id, name| {
        let key = key(on, name);
        if known.contains_key(&key) {
            let slug = names.entitlement(id)?.map(|e| e.slug.clone()).unwrap_or_default();
            alike.entry(key).or_default().push((id.to_owned(), slug));
        }
        Ok(())
    })?;
    for group in alike.into_values() {
        for (id, slug) in &group {
            let is_own = !slug.is_empty() && group.iter().filter(|(_, other)| seen(other) == seen(slug)).count() == 1;
            found.insert(id.clone(), if is_own { slug } else { id }.clone());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(kind: &str, id: &str, name: &str, environment: &str, email: &str) -> Namesake {
        Namesake {
            group: kind.to_owned(),
            kind: kind.to_owned(),
            id: id.to_owned(),
            name: seen(name),
            environment: (!environment.is_empty()).then(|| environment.to_owned()),
            outermost: String::new(),
            email: email.to_owned(),
        }
    }

    fn inside(outermost: &str, one: Namesake) -> Namesake {
        Namesake {
            outermost: outermost.to_owned(),
            ..one
        }
    }

    fn shown(all: &[Namesake]) -> Vec<String> {
        let found = tell(all);
        let told =
            |(one, apart): (&Namesake, &Option<Apart>)| told(&one.name, one.environment.as_deref(), apart.as_ref());
        all.iter().zip(&found).map(told).collect()
    }

    #[test]
    fn no_more_is_said_than_is_needed() {
        let all = [
            one("project", "1", "Billing", "dev", ""),
            one("project", "2", "Billing", "prod", ""),
            one("project", "3", "Billing ", "prod", ""),
            one("project", "4", "Payroll", "prod", ""),
            one("folder", "5", "Payroll", "prod", ""),
            one("role", "6-dev", "Member (dev)", "dev", ""),
            one("", "7", "Ada", "", "ada@acme.com"),
            one("", "8", "Ada", "", "ada@acme.io"),
            one("", "9", "Bob", "", "bob@acme.com"),
            one("", "10", "Bob", "", "bob@acme.com"),
            one("", "11", "Eve", "", ""),
            one("", "12", "Eve", "", "eve@acme.com"),
            one("project", "20", "Plain", "", ""),
            one("project", "21", "Plain", "dev", ""),
            inside("Billing", one("folder", "13", "Recipes", "dev", "")),
            inside("Payroll", one("folder", "14", "Recipes", "dev", "")),
            inside("Payroll", one("folder", "15", "Recipes", "prod", "")),
            inside("Billing", one("folder", "16", "Old", "dev", "")),
            inside("Billing", one("folder", "17", "Old", "dev", "")),
        ];
        assert_eq!(
            shown(&all),
            [
                "Billing (dev)",
                "Billing (prod, id 2)",
                "Billing (prod, id 3)",
                "Payroll (prod)",
                "Payroll (prod)",
                "Member (dev)",
                "Ada <ada@acme.com>",
                "Ada <ada@acme.io>",
                "Bob (id 9)",
                "Bob (id 10)",
                "Eve",
                "Eve <eve@acme.com>",
                "Plain",
                "Plain (dev)",
                "Recipes (dev, in Billing)",
                "Recipes (dev, in Payroll)",
                "Recipes (prod)",
                "Old (dev, id 16)",
                "Old (dev, id 17)",
            ]
        );
    }

    #[test]
    fn a_name_that_looks_like_another_with_its_addition_is_told_apart_from_it() {
        let all = [
            one("project", "1", "Billing", "dev", ""),
            one("project", "2", "Billing", "test", ""),
            one("project", "3", "Billing (dev)", "dev", ""),
            one("project", "4", "Billing (dev, id 1)", "dev", ""),
        ];
        let told = shown(&all);
        let mut distinct = told.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), told.len(), "{told:?}");
    }

    #[test]
    fn what_cannot_be_seen_makes_no_difference() {
        for (a, b) in [
            ("Ops", " Ops "),
            ("Ops team", "Ops\u{a0} team"),
            ("'=Ops", "=Ops"),
            ("Ops\u{200b}", "Ops\\u{200b}"),
        ] {
            assert_eq!(seen(a), seen(b), "{a:?} {b:?}");
            assert_eq!(stem(a), stem(b));
        }
        assert_ne!(seen("Ops"), seen("ops"));
        assert_ne!(seen("Ops"), seen("Ops\u{200b}"));
        let long = "x".repeat(SEEN);
        assert_eq!(seen(&format!("{long} one")), seen(&format!("{long} two")));
    }
}
