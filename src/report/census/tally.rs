//! One pass over the grants of a sync: who holds something, who holds which role, what is given to everybody.

use super::{At, Census, Class, Entry};
use crate::baton::conventions::Conventions;
use crate::baton::error::Result;
use crate::report::snapshot::Snapshot;

/// What the pass counted. It grows with people times environments, not with grants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
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
    /// Accounts and the projects they may do everything on, with the entitlement, ordered: (account, entitlement).
    pub project_admins: Vec<(At, usize)>,
    /// Entitlements given to the group of everybody, ordered: (entitlement, group).
    pub to_everyone: Vec<(usize, At)>,
    /// Grants whose principal or entitlement the file lacks.
    pub dangling: u64,
}

impl Tally {
    /// Counts.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub fn count(snapshot: &Snapshot, census: &Census, conventions: &Conventions) -> Result<Tally> {
        let mut tally = Tally {
            held: vec![0; census.entries().len()],
            reaches: vec![false; census.entries().len()],
            holders: vec![0; census.entitlements().len()],
            ..Tally::default()
        };
        let mut known: Option<(String, Option<usize>, Held)> = None;
        let reader = snapshot.reader();
        reader.for_each_holding(snapshot.sync_id(), &mut |grant| {
            tally.grants += 1;
            let current = match &known {
                Some(current) if current.0 == grant.entitlement => current,
                _ => {
                    let number = census.find_entitlement(grant.entitlement);
                    let held = Held::of(census, conventions, number);
                    known.insert((grant.entitlement.to_owned(), number, held))
                }
            };
            let (number, held) = (current.1, &current.2);
            if let Some(count) = number.and_then(|number| tally.holders.get_mut(number)) {
                *count += 1;
            }
            let Some(at) = census.find(grant.principal_type, grant.principal) else {
                tally.dangling += 1;
                return Ok(());
            };
            if let Some(count) = tally.held.get_mut(at) {
                *count += 1;
            }
            if let (false, Some(reaches)) = (held.membership, tally.reaches.get_mut(at)) {
                *reaches = true;
            }
            let Some(principal) = census.entry(at) else {
                return Ok(());
            };
            match (census.class_of(principal), number) {
                (Class::Account, Some(number)) => {
                    tally.roles.extend(held.role.map(|role| (at, role)));
                    tally.project_admins.extend(held.project_admin.then_some((at, number)));
                }
                (Class::Group, Some(number)) if principal.is_everyone() => tally.to_everyone.push((number, at)),
                (Class::Account, None) => tally.dangling += 1,
                _ => {}
            }
            Ok(())
        })?;
        // A role of several entitlements, or two grants of one, count once.
        for pairs in [&mut tally.roles, &mut tally.project_admins, &mut tally.to_everyone] {
            pairs.sort_unstable();
            pairs.dedup();
        }
        Ok(tally)
    }

    /// The roles of an account, with the account, where they may do everything.
    pub fn admins<'t>(&'t self, census: &'t Census) -> impl Iterator<Item = (At, &'t Entry)> + 't {
        let role = |(at, role): &(At, At)| Some((*at, census.entry(*role)?));
        self.roles
            .iter()
            .filter_map(role)
            .filter(|(_, role)| role.is_admin_role())
    }
}

/// What an entitlement is, looked up once for all its grants.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    membership: bool,
    role: Option<At>,
    project_admin: bool,
}

impl Held {
    fn of(census: &Census, conventions: &Conventions, number: Option<usize>) -> Held {
        let Some(entitlement) = number.and_then(|number| census.entitlements().get(number)) else {
            return Held::default();
        };
        let class = entitlement
            .on
            .and_then(|on| census.entry(on))
            .map(|e| census.class_of(e));
        Held {
            membership: class == Some(Class::Group),
            role: entitlement.on.filter(|_| class == Some(Class::Role)),
            project_admin: class == Some(Class::Project)
                && conventions.admin_slugs.contains(&entitlement.slug.as_str()),
        }
    }
}
