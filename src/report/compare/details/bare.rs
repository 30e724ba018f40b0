//! A resource without what is compared field by field, and without what only its reading leaves in it.

use prost::Message;

use crate::baton::annotation::{self, Named};
use crate::baton::proto::v2;
use crate::report::thing::profile;

/// Notes of how a resource was read, which say nothing of it.
const OF_READING: &[&str] = &[
    "c1.connector.v2.ETag",
    "c1.connector.v2.ETagMatch",
    "c1.connector.v2.ETagMetadata",
    "c1.connector.v2.RateLimitDescription",
    "c1.connector.v2.RequestId",
    "c1.connector.v2.SourceCacheRecord",
    "c1.connector.v2.SourceCacheReplay",
];

/// The two parts of it that are left.
pub(super) struct Bare {
    /// Without its profile, and without the user trait.
    pub resource: v2::Resource,
    /// The user trait, without its profile.
    pub user: Option<v2::UserTrait>,
}

/// Of a resource.
pub(super) fn of(resource: &v2::Resource) -> Bare {
    let told = profile(resource);
    let mut bare = resource.clone();
    bare.profile = None;
    let mut user: Option<v2::UserTrait> = annotation::find(&bare.annotations);
    if user.is_some()
        && let Some(at) = bare.annotations.iter().position(annotation::is::<v2::UserTrait>)
    {
        bare.annotations.remove(at);
    }
    if let Some(user) = user.as_mut().filter(|user| user.profile == told) {
        user.profile = None;
    }
    bare.annotations
        .retain(|any| !OF_READING.contains(&annotation::name_of(any)));
    for any in &mut bare.annotations {
        forget::<v2::RoleTrait>(any, &told, |t| &mut t.profile);
        forget::<v2::GroupTrait>(any, &told, |t| &mut t.profile);
        forget::<v2::AppTrait>(any, &told, |t| &mut t.profile);
        forget::<v2::AgentTrait>(any, &told, |t| &mut t.profile);
        forget::<v2::SecretTrait>(any, &told, |t| &mut t.profile);
        // When a secret was used last changes by itself.
        change::<v2::SecretTrait>(any, |secret| secret.last_used_at = None);
    }
    Bare { resource: bare, user }
}

/// Takes a profile out of a trait that only repeats the one that is told.
fn forget<M: Message + Default + Named>(
    any: &mut prost_types::Any,
    told: &Option<prost_types::Struct>,
    own: fn(&mut M) -> &mut Option<prost_types::Struct>,
) {
    change::<M>(any, |message| {
        let own = own(message);
        if own == told {
            *own = None;
        }
    });
}

fn change<M: Message + Default + Named>(any: &mut prost_types::Any, change: impl FnOnce(&mut M)) {
    if annotation::is::<M>(any)
        && let Ok(mut message) = M::decode(any.value.as_slice())
    {
        change(&mut message);
        *any = annotation::pack(&message);
    }
}
