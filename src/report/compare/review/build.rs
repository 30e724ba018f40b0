//! Gathers the changes of two syncs into a review, in one pass over each table.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Bundle, Counted, EXAMPLES, Fold, Held, Presence, Review, Subject};
use crate::baton::c1z::merge::{Change, StoredGrant};
use crate::baton::conventions::Conventions;
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::report::access::{principal_of, right_key};
use crate::report::compare::causes::{Cause, Causes};
use crate::report::compare::details;
use crate::report::compare::meaning::Meaning;
use crate::report::compare::reached::Watch;
use crate::report::compare::rows::Changes;
use crate::report::compare::sides::Sides;
use crate::report::find;
use crate::report::names::Names;
use crate::report::path::Origin;
use crate::report::thing::RightKey;
use crate::report::wording;

/// An entitlement from which something is held; without an id nobody knows which.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Caused {
    id: String,
    /// Type and bare id of what it is on, where the id alone does not lead there.
    on: (String, String),
}

impl Caused {
    fn by_id(id: &str) -> Caused {
        Caused {
            id: id.to_owned(),
            ..Caused::default()
        }
    }

    fn key(&self) -> RightKey<'_> {
        RightKey {
            id: &self.id,
            on: (&self.on.0, &self.on.1),
        }
    }
}

pub(super) fn review(sides: &Sides, conventions: &Conventions) -> Result<Review> {
    let mut users = find::user_types(&sides.new)?;
    users.extend(find::user_types(&sides.old)?);
    let mut builder = Builder {
        old: Names::new(&sides.old),
        new: Names::new(&sides.new),
        meaning: Meaning::new()?,
        users,
        drafts: BTreeMap::new(),
        rerouted: 0,
        renumbered: 0,
        gained_by_people: 0,
        lost_by_people: 0,
    };
    let changes = Changes::new(sides)?;
    let mut watch = Watch::new(conventions);
    let mut types = Counted::default();
    changes.resource_types(&mut |change| {
        types.count(&change);
        Ok(())
    })?;
    let mut resources = Counted::default();
    changes.resources(&mut |change| {
        resources.count(&change);
        watch.resource(&change);
        builder.resource(&change)
    })?;
    let mut entitlements = Counted::default();
    changes.entitlements(&mut |change| {
        entitlements.count(&change);
        builder.entitlement(&change)
    })?;
    let mut grants = Counted::default();
    let mut gains = Causes::new(&sides.new, &sides.old);
    let mut losses = Causes::new(&sides.old, &sides.new);
    changes.grants(&mut |change| {
        grants.count(&change);
        watch.grant(&change);
        match change {
            Change::Created(row) => builder.grant(&row.grant, Way::Gained, &mut gains),
            Change::Deleted(row) => builder.grant(&row.grant, Way::Lost, &mut losses),
            Change::Differs { old, new } => builder.regrant(&old, &new),
        }
    })?;
    let mut reached = watch.judge(sides)?;
    for ((kind, id), widened) in std::mem::take(&mut reached.changes) {
        builder.draft(&kind, &id)?.subject.reach.push(widened);
    }
    let (gained_by_people, lost_by_people) = (builder.gained_by_people, builder.lost_by_people);
    let (rerouted, renumbered) = (builder.rerouted, builder.renumbered);
    let mut review = Review {
        old: sides.old.run().clone(),
        new: sides.new.run().clone(),
        people: Vec::new(),
        things: Vec::new(),
        restless: BTreeMap::new(),
        resource_types: types,
        resources,
        entitlements,
        grants,
        rerouted,
        renumbered,
        gained_by_people,
        lost_by_people,
        reached,
    };
    for subject in builder.finish()? {
        if subject.is_restless() {
            *review.restless.entry(subject.thing.type_name).or_default() += 1;
        } else if subject.is_person {
            review.people.push(subject);
        } else {
            review.things.push(subject);
        }
    }
    let name = |s: &Subject| (s.presence, s.thing.name.to_lowercase(), s.thing.clone());
    review.people.sort_by_cached_key(name);
    review
        .things
        .sort_by_cached_key(|s| (s.thing.type_name.clone(), name(s)));
    Ok(review)
}

impl Counted {
    fn count<M>(&mut self, change: &Change<M>) {
        match change {
            Change::Created(_) => self.created += 1,
            Change::Deleted(_) => self.deleted += 1,
            Change::Differs { .. } => self.modified += 1,
        }
    }
}

/// Which way access changed, and with it which sync tells about it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Gained,
    Lost,
}

/// A subject in the making.
struct Draft {
    subject: Subject,
    /// By the entitlement that is the cause; the empty one is unknown.
    gained: BTreeMap<Caused, Bundled>,
    lost: BTreeMap<Caused, Bundled>,
}

#[derive(Default)]
struct Bundled {
    given: bool,
    /// By the id of the type.
    follows: BTreeMap<String, (u64, Vec<String>)>,
    reaches: u64,
}

struct Builder<'s> {
    old: Names<'s>,
    new: Names<'s>,
    meaning: Meaning,
    users: Vec<String>,
    drafts: BTreeMap<(String, String), Draft>,
    rerouted: u64,
    renumbered: u64,
    gained_by_people: u64,
    lost_by_people: u64,
}

impl<'s> Builder<'s> {
    fn names(&self, way: Way) -> &Names<'s> {
        match way {
            Way::Gained => &self.new,
            Way::Lost => &self.old,
        }
    }

    fn draft(&mut self, kind: &str, id: &str) -> Result<&mut Draft> {
        let key = (kind.to_owned(), id.to_owned());
        if !self.drafts.contains_key(&key) {
            let names = if self.new.resource(kind, id)?.is_some() {
                &self.new
            } else {
                &self.old
            };
            let thing = names.thing(kind, id)?;
            let email = wording::email(names, &thing)?;
            let draft = Draft {
                subject: Subject {
                    thing,
                    email,
                    is_person: self.users.iter().any(|user| user == kind),
                    presence: Presence::Stayed,
                    details: Vec::new(),
                    gained: Vec::new(),
                    lost: Vec::new(),
                    now_direct: Vec::new(),
                    no_longer_direct: Vec::new(),
                    offers: Vec::new(),
                    withdrew: Vec::new(),
                    redefined: Vec::new(),
                    regranted: 0,
                    reach: Vec::new(),
                },
                gained: BTreeMap::new(),
                lost: BTreeMap::new(),
            };
            self.drafts.insert(key.clone(), draft);
        }
        // It was inserted above if it was not there.
        self.drafts
            .get_mut(&key)
            .ok_or_else(|| crate::baton::error::Error::new(crate::baton::error::Kind::Internal, "a draft is gone"))
    }

    fn resource(&mut self, change: &Change<v2::Resource>) -> Result<()> {
        let (row, presence, details) = match change {
            Change::Created(row) => (row, Presence::Added, Vec::new()),
            Change::Deleted(row) => (row, Presence::Removed, Vec::new()),
            Change::Differs { old, new } => (new, Presence::Stayed, details::of(&self.meaning, old, new)?),
        };
        let (kind, id) = resource::key(row);
        let subject = &mut self.draft(kind, id)?.subject;
        subject.presence = presence;
        subject.details = details;
        Ok(())
    }

    fn entitlement(&mut self, change: &Change<v2::Entitlement>) -> Result<()> {
        let (row, way) = match change {
            Change::Created(row) | Change::Differs { new: row, .. } => (row, Way::Gained),
            Change::Deleted(row) => (row, Way::Lost),
        };
        let (kind, id) = row.resource.as_ref().map_or(("", ""), resource::key);
        let name = self.names(way).right_of(row)?.name;
        let key = (kind.to_owned(), id.to_owned());
        let known = self.drafts.get(&key).map(|draft| draft.subject.presence);
        // What comes and goes with its resource needs no word; nor does a name that follows that of its resource.
        let with_resource = known.is_some_and(|presence| presence != Presence::Stayed);
        let renamed = self
            .drafts
            .get(&key)
            .is_some_and(|draft| draft.subject.details.iter().any(|d| d.what == "name"));
        let subject = &mut self.draft(kind, id)?.subject;
        match change {
            _ if with_resource => {}
            Change::Created(_) => subject.offers.push(name),
            Change::Deleted(_) => subject.withdrew.push(name),
            Change::Differs { .. } if renamed => {}
            Change::Differs { .. } => subject.redefined.push(name),
        }
        Ok(())
    }

    fn grant(&mut self, grant: &v2::Grant, way: Way, causes: &mut Causes<'s>) -> Result<()> {
        let who = principal_of(grant);
        let key = right_key(grant);
        let own = self.caused(way, key)?;
        let is_person = self.users.iter().any(|user| user == who.0);
        if is_person {
            match way {
                Way::Gained => self.gained_by_people += 1,
                Way::Lost => self.lost_by_people += 1,
            }
        }
        match causes.of(grant, who)? {
            Cause::Given => self.tally(who, way, own)?.given = true,
            Cause::From(source) => self.follow(who, way, Caused::by_id(&source), key)?,
            Cause::Unknown => self.follow(who, way, Caused::default(), key)?,
            Cause::Wider(source, target) => {
                // Told once where it happened, not once for everybody it reaches.
                let on = self.names(way).right(&source)?.resource;
                let is_this = target == own.id;
                let cause = if is_this { own } else { Caused::by_id(&target) };
                let tally = self.tally((&on.kind, &on.id), way, cause)?;
                tally.reaches += u64::from(is_this);
            }
        }
        Ok(())
    }

    /// What a grant is of, as a cause.
    fn caused(&self, way: Way, key: RightKey<'_>) -> Result<Caused> {
        let row = self.names(way).entitlement(key.id)?;
        let is_on = row.and_then(|row| row.resource.as_ref().map(|on| resource::key(on) == key.on));
        let mut caused = Caused::by_id(key.id);
        if is_on != Some(true) {
            caused.on = (key.on.0.to_owned(), key.on.1.to_owned());
        }
        Ok(caused)
    }

    fn tally(&mut self, who: (&str, &str), way: Way, cause: Caused) -> Result<&mut Bundled> {
        let draft = self.draft(who.0, who.1)?;
        let tallies = match way {
            Way::Gained => &mut draft.gained,
            Way::Lost => &mut draft.lost,
        };
        Ok(tallies.entry(cause).or_default())
    }

    fn follow(&mut self, who: (&str, &str), way: Way, cause: Caused, key: RightKey<'_>) -> Result<()> {
        let right = self.names(way).right_of_grant(key)?;
        let label = wording::label(self.names(way), &right)?;
        let tally = self.tally(who, way, cause)?;
        let (count, examples) = tally.follows.entry(right.resource.kind.clone()).or_default();
        *count += 1;
        if examples.len() < EXAMPLES {
            examples.push(label);
        }
        Ok(())
    }

    fn regrant(&mut self, old: &StoredGrant, new: &StoredGrant) -> Result<()> {
        let (kind, id) = principal_of(&new.grant);
        let was_direct = Origin::is_given(&old.grant);
        let is_direct = Origin::is_given(&new.grant);
        let same_terms = self.meaning.same_terms(old, new)?;
        if was_direct != is_direct {
            let held = held(&self.new, right_key(&new.grant))?;
            let subject = &mut self.draft(kind, id)?.subject;
            if is_direct {
                subject.now_direct.push(held);
            } else {
                subject.no_longer_direct.push(held);
            }
        } else if !same_terms {
            self.draft(kind, id)?.subject.regranted += 1;
        } else if old.grant.sources != new.grant.sources {
            self.rerouted += 1;
        } else {
            self.renumbered += 1;
        }
        Ok(())
    }

    fn finish(self) -> Result<Vec<Subject>> {
        let Builder { old, new, drafts, .. } = self;
        let mut subjects = Vec::with_capacity(drafts.len());
        for draft in drafts.into_values() {
            let mut subject = draft.subject;
            subject.gained = bundles(&new, draft.gained)?;
            subject.lost = bundles(&old, draft.lost)?;
            subjects.push(subject);
        }
        Ok(subjects)
    }
}

fn held(names: &Names<'_>, key: RightKey<'_>) -> Result<Held> {
    let right = names.right_of_grant(key)?;
    Ok(Held {
        label: wording::label(names, &right)?,
        is_membership: wording::is_group(names, &right.resource.kind)?,
        right: Rc::unwrap_or_clone(right),
    })
}

fn bundles(names: &Names<'_>, tallies: BTreeMap<Caused, Bundled>) -> Result<Vec<Bundle>> {
    let mut bundles = Vec::with_capacity(tallies.len());
    for (cause, tally) in tallies {
        let mut follows = Vec::new();
        for (kind, (count, examples)) in tally.follows {
            let type_name = names.thing(&kind, "")?.type_name;
            follows.push(Fold {
                type_name,
                count,
                examples,
            });
        }
        bundles.push(Bundle {
            held: match cause.id.as_str() {
                "" => None,
                _ => Some(held(names, cause.key())?),
            },
            given: tally.given,
            follows,
            reaches: tally.reaches,
        });
    }
    bundles.sort_by_cached_key(|b| {
        let held = b.held.as_ref().map(|h| {
            (
                h.right.resource.kind.clone(),
                h.label.to_lowercase(),
                h.right.id.clone(),
            )
        });
        // Given ones first, what nobody can explain last.
        (!b.given, held.is_none(), held)
    });
    Ok(bundles)
}
