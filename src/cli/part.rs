//! `--sync-resources`: a sync of a few resources, beside the full one that the file holds.

use std::path::Path;

use super::usage_error;
use crate::baton::bid;
use crate::baton::c1z::Engine;
use crate::baton::code;
use crate::baton::config::{Values, kit};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::sync::{Scope, SyncOptions};

/// What of the workspace is wanted, if not all of it; the options of the sync follow.
///
/// # Errors
/// An id that names nothing, a file that cannot hold a part beside the whole: exit code 2.
pub fn of(values: &Values, options: &mut SyncOptions) -> Result<Option<Scope>> {
    let named = kit::SYNC_RESOURCES.of(values);
    if named.is_empty() {
        return Ok(None);
    }
    let mut resources = Vec::new();
    for text in named {
        let (id, parent) = bid::resource(text.trim())?;
        resources.push(v2::Resource {
            id: Some(id),
            parent_resource_id: parent,
            ..v2::Resource::default()
        });
    }
    let mut targets = Scope::targets(&resources);
    let wanted = &options.resource_types;
    targets.retain(|target| wanted.is_empty() || wanted.contains(&target.id.resource_type));
    if targets.is_empty() {
        return Err(usage_error(
            "--sync-resource-types leaves none of what --sync-resources names",
        ));
    }
    check_room(&options.file, options.engine)?;
    let scope = Scope {
        empty: false,
        skip_entitlements: options.skip_entitlements_and_grants,
        skip_grants: kit::SKIP_GRANTS.of(values),
        targets,
    };
    options.partial = true;
    options.skip_entitlements_and_grants = false;
    options.skip_expansion = true;
    // Nothing to go on with: it is asked for again in a moment.
    options.resumable = false;
    Ok(Some(scope))
}

/// A file of the newer form has one sync: a part in it would be in place of the whole.
fn check_room(file: &Path, engine: Option<Engine>) -> Result<()> {
    let holds = Engine::of(file);
    if holds == Some(Engine::Pebble) || holds.is_some() && engine == Some(Engine::Pebble) {
        let message = format!(
            "{} is a v3 file, or is to be one: it has one sync, and a part would replace it",
            file.display()
        );
        return Err(Error::new(Kind::Unknown, message)
            .code(code::ONE_SYNC)
            .hint("name another file with -f for the part"));
    }
    Ok(())
}
