//! One pass over the grants of a sync: who holds something, who holds which role, what is given to everybody.

use std::collections::{BTreeMap, HashSet};

use super::{At, Class, Entry, Inventory};
use crate::baton::conventions::Conventions;
use crate::baton::error::Result;
use crate::report::snapshot::Snapshot;
use crate::report::thing::RightKey;

/// What the pass counted. It grows with people times environments, not with grants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Grants of the sync.
    pub grants: u64,
    /// By resource: grants it holds as principal.
    pub held: Vec<u32>,
    /// By resource: whether it holds something other than a place in a group.
    pub reaches: Vec<bool>,
    /// By entitlement: its grants.
    pub holders: Vec<u32>,
    /// Accounts and the roles they hold, ordered, each pair once: (account, role).
    pub roles: Vec<(At, At)>,
    /// Accounts and what they hold on the roles of admins, ordered: (account, entitlement).
    pub admin_rights: Vec<(At, usize)>,
    /// Accounts and the projects they may do everything on, with the entitlement, ordered: (account, entitlement).
    pub project_admins: Vec<(At, usize)>,
    /// Entitlements given to the group of everybody, ordered: (entitlement, group).
    pub to_everyone: Vec<(usize, At)>,
    /// By software, in its order: who may use it.
    pub users: BTreeMap<At, Users>,
    /// Things that are neither accounts nor known to pass anything on, and the roles they hold, ordered: (thing, role).
    pub unclear: Vec<(At, At)>,
    /// Grants that do not say to whom, or of what: nobody knows what they give.
    pub nameless: u64,
}

/// Who may use software, as far as rows say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Users {
    /// How many accounts of the sort that may.
    pub accounts: u64,
    /// The groups and roles that pass it on.
    pub through: Vec<At>,
    /// The right, its place in [`Inventory::entitlements`].
    pub right: usize,
}

impl Counts {
    /// Counts. Principals of grants without a row are added to the inventory.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub fn count(snapshot: &Snapshot, inventory: &mut Inventory, conventions: &Conventions) -> Result<Counts> {
        let mut counts = Counts {
            held: vec![0; inventory.entries.len()],
            reaches: vec![false; inventory.entries.len()],
            holders: vec![0; inventory.entitlements().len()],
            ..Counts::default()
        };
        let mut known: Option<Named> = None;
        let mut seen_users: HashSet<(usize, At)> = HashSet::new();
        let reader = snapshot.reader();
        reader.for_each_holding(snapshot.sync_id(), &mut |grant| {
            counts.grants += 1;
            let key = RightKey {
                id: grant.entitlement,
                on: grant.on,
            };
            let current = match &known {
                Some(current) if current.is(key) => current,
                _ => known.insert(Named::of(inventory, conventions, key)),
            };
            let (number, held) = (current.number, &current.held);
            if let Some(count) = number.and_then(|number| counts.holders.get_mut(number)) {
                *count += 1;
            }
            let at = inventory.find_or_add(grant.principal_type, grant.principal);
            let Some(at) = at.filter(|_| number.is_some()) else {
                counts.nameless += 1;
                return Ok(());
            };
            if counts.held.len() < inventory.entries.len() {
                counts.held.resize(inventory.entries.len(), 0);
                counts.reaches.resize(inventory.entries.len(), false);
            }
            if let Some(count) = counts.held.get_mut(at) {
                *count += 1;
            }
            if let (false, Some(reaches)) = (held.membership, counts.reaches.get_mut(at)) {
                *reaches = true;
            }
            let Some(principal) = inventory.entry(at) else {
                return Ok(());
            };
            if let (Some((machine, accounts)), Some(right)) = (held.machine, number)
                && seen_users.insert((right, at))
            {
                let users = counts.users.entry(machine).or_default();
                users.right = right;
                match inventory.type_of(principal) {
                    Some(kind) if kind.id == accounts => users.accounts += 1,
                    Some(kind) if kind.class != Class::Account => users.through.push(at),
                    _ => {}
                }
            }
            match (inventory.class_of(principal), number) {
                (Class::Account, Some(number)) => {
                    counts.roles.extend(held.role.map(|role| (at, role)));
                    counts.admin_rights.extend(held.admin.then_some((at, number)));
                    counts.project_admins.extend(held.project_admin.then_some((at, number)));
                }
                (Class::Group, Some(number)) if principal.is_everyone() => counts.to_everyone.push((number, at)),
                (Class::Other, Some(_)) => counts.unclear.extend(held.role.map(|role| (at, role))),
                _ => {}
            }
            Ok(())
        })?;
        // A role of several entitlements, or two grants of one, count once.
        for pairs in [
            &mut counts.roles,
            &mut counts.admin_rights,
            &mut counts.project_admins,
            &mut counts.to_everyone,
            &mut counts.unclear,
        ] {
            pairs.sort_unstable();
            pairs.dedup();
        }
        Ok(counts)
    }

    /// Whether an account holds an entitlement on the role of an admin.
    pub fn holds_of_admins(&self, account: At, entitlement: usize) -> bool {
        self.admin_rights.binary_search(&(account, entitlement)).is_ok()
    }

    /// The roles of an account, with the account, where they may do everything.
    pub fn admins<'t>(&'t self, inventory: &'t Inventory) -> impl Iterator<Item = (At, &'t Entry)> + 't {
        let role = |(at, role): &(At, At)| Some((*at, inventory.entry(*role)?));
        self.roles
            .iter()
            .filter_map(role)
            .filter(|(_, role)| role.is_admin_role())
    }
}

/// An entitlement as grants name it, with what it is.
struct Named {
    id: String,
    on: (String, String),
    number: Option<usize>,
    held: Held,
}

impl Named {
    fn of(inventory: &Inventory, conventions: &Conventions, key: RightKey<'_>) -> Named {
        let number = inventory.find_right(key);
        Named {
            id: key.id.to_owned(),
            on: (key.on.0.to_owned(), key.on.1.to_owned()),
            number,
            held: Held::of(inventory, conventions, number),
        }
    }

    fn is(&self, key: RightKey<'_>) -> bool {
        self.id == key.id && (self.on.0.as_str(), self.on.1.as_str()) == key.on
    }
}

/// What an entitlement is, looked up once for all its grants.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    membership: bool,
    role: Option<At>,
    /// Whether the role is that of an admin.
    admin: bool,
    project_admin: bool,
    /// Software that this lets use, and the type of the accounts that may.
    machine: Option<(At, &'static str)>,
}

impl Held {
    fn of(inventory: &Inventory, conventions: &Conventions, number: Option<usize>) -> Held {
        let Some(entitlement) = number.and_then(|number| inventory.entitlements().get(number)) else {
            return Held::default();
        };
        let on = entitlement.on.and_then(|on| inventory.entry(on));
        let class = on.map(|e| inventory.class_of(e));
        Held {
            membership: class == Some(Class::Group),
            role: entitlement.on.filter(|_| class == Some(Class::Role)),
            admin: class == Some(Class::Role) && on.is_some_and(Entry::is_admin_role),
            project_admin: class == Some(Class::Project)
                && conventions.admin_slugs.contains(&entitlement.slug.as_str()),
            machine: entitlement.on.and_then(|on| {
                let (slug, accounts) = inventory.entry(on)?.works.as_ref()?.machine.used_by?;
                (slug == entitlement.slug).then_some((on, accounts))
            }),
        }
    }
}
