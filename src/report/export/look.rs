//! What is handed out about one resource: its rows in every table.

use std::rc::Rc;

use super::sink::Handed;
use super::stand_ins::StandIns;
use super::table::{self, Table};
use crate::baton::c1z::GrantFilter;
use crate::baton::conventions::Conventions;
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::report::access::{Access, Answers, Held};
use crate::report::reach::{Asker, Ground, Reach};
use crate::report::snapshot::Snapshot;
use crate::report::strangers;
use crate::report::thing::{self, Account, Thing};
use crate::report::wording;

/// What is known of the whole sync, for all threads.
pub(super) struct About<'a> {
    pub(super) ground: Ground,
    pub(super) stand_ins: StandIns,
    pub(super) conventions: &'a Conventions,
    /// Whether anybody takes what principals were given.
    pub(super) takes_given: bool,
}

/// What one thread looks rows up with.
pub(super) struct Look<'l> {
    pub(super) answers: Answers<'l>,
    pub(super) about: &'l About<'l>,
}

/// Takes what is handed out.
pub(super) type Hand<'h> = &'h mut dyn FnMut(Handed) -> Result<()>;

impl Look<'_> {
    fn asker(&self) -> Asker<'_, '_> {
        Asker {
            answers: &self.answers,
            ground: &self.about.ground,
        }
    }

    /// Hands out a row for every entitlement.
    pub(super) fn entitlements(&self, snapshot: &Snapshot, hand: Hand<'_>) -> Result<()> {
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
            let row = table::entitlement(&right, &entitlement.description, table::purpose(&entitlement), grants);
            hand(Handed::Row(Table::Entitlements, row))
        })
    }

    /// Hands out what there is about a resource.
    pub(super) fn resource(&self, resource: &v2::Resource, hand: Hand<'_>) -> Result<()> {
        let names = self.answers.names();
        let thing = names.thing_of(resource)?;
        let parent = match &resource.parent_resource_id {
            Some(id) => Some(names.thing(&id.resource_type, &id.resource)?),
            None => None,
        };
        let profile = thing::profile(resource).unwrap_or_default();
        let description = match resource.description.as_str() {
            "" => thing::text(&profile, "description").unwrap_or_default(),
            description => description,
        };
        let row = table::resource(&thing, description, parent.as_ref());
        hand(Handed::Row(Table::Resources, row))?;
        let account = Account::of(resource, thing.clone());
        self.principal(&thing, account, &profile, hand)
    }

    /// Hands out what there is about whoever holds something and has no row.
    pub(super) fn strangers(&self, snapshot: &Snapshot, hand: Hand<'_>) -> Result<()> {
        strangers::for_each(snapshot, &mut |kind, id| {
            let thing = self.answers.names().thing(kind, id)?;
            let is_user = self.about.ground.is_user(kind);
            let account = is_user.then(|| Account::unknown(thing.clone()));
            self.principal(&thing, account, &prost_types::Struct::default(), hand)
        })
    }

    /// What somebody holds and reaches.
    fn principal(
        &self,
        thing: &Thing,
        account: Option<Account>,
        profile: &prost_types::Struct,
        hand: Hand<'_>,
    ) -> Result<()> {
        let (names, about, asker) = (self.answers.names(), self.about, self.asker());
        let is_user = about.ground.is_user(&thing.kind);
        let stands_in = account.is_none() && (is_user || about.stand_ins.includes(&thing.kind));
        // What roles and folders hold is not looked up where nobody asks.
        if account.is_none() && !stands_in && !about.takes_given {
            return Ok(());
        }
        let held = asker.held_by(thing.clone())?;
        let given = held.rows().iter().filter(|row| row.is_direct);
        let direct = given.clone().count();
        if about.takes_given {
            let given = given
                .map(|row| Ok(Rc::unwrap_or_clone(names.right_of_grant(row.key())?)))
                .collect::<Result<Vec<_>>>()?;
            hand(Handed::Given(Box::new(thing.clone()), given))?;
        }
        let account = match account {
            None if stands_in && self.reaches(thing, &held)? => Some(Account::unknown(thing.clone())),
            account => account,
        };
        let Some(mut account) = account else {
            return Ok(());
        };
        let moderator = about.conventions.moderator.is_some_and(|mark| mark.is_on(profile));
        let last_activity = about.conventions.last_activity;
        if let Some(seen) = last_activity.and_then(|key| thing::text(profile, key)) {
            account.last_login = Some(seen.to_owned());
        }
        let row = table::person(&account, moderator, held.rows().len() as u64, direct as u64);
        hand(Handed::Row(Table::People, row))?;
        let mut review = |access: Access| {
            let environment = asker.environment_of(&access)?;
            let held = match access.reach {
                Reach::On | Reach::Scope => access.right.called(),
                // The row is about something else than this is on.
                Reach::Above | Reach::Inside | Reach::SelfGranting => wording::label(names, &access.right)?,
            };
            let row = table::access_review(&account, moderator, &held, environment, access);
            hand(Handed::Row(Table::AccessReview, row))
        };
        for row in held.rows() {
            review(held.access(row)?)?;
        }
        asker.beyond(&thing.kind, &thing.id, Some(&held), &mut review)
    }

    /// Whether somebody holds or reaches anything.
    fn reaches(&self, thing: &Thing, held: &Held<'_, '_>) -> Result<bool> {
        let mut is_any = !held.rows().is_empty();
        if !is_any {
            self.asker().beyond(&thing.kind, &thing.id, Some(held), &mut |_| {
                is_any = true;
                Ok(())
            })?;
        }
        Ok(is_any)
    }
}
