//! One resource by its id: looked for in the list of its type. Workato has no endpoint that answers more about one thing
//! than its list does, and a list is one request for a hundred rows.

use super::family::refused;
use super::probe::Probe;
use super::tables::Tables;
use super::tokens;
use crate::baton::connector::SyncContext;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::resource::external_id;

/// What to answer about a resource that no list shows: that it is not there, or, where a list of its type was not read,
/// that this is not known.
///
/// # Errors
/// Always: `NotFound`, `PermissionDenied` where a list was refused or an environment has no token; those of the tables.
pub(super) async fn missing<T>(t: &Tables, cx: &SyncContext, probes: &[Probe], id: &v2::ResourceId) -> Result<T> {
    let what = external_id(id);
    let not_known = |why: String| {
        Error::new(
            Kind::PermissionDenied,
            format!("whether there is a {what} is not known: {why}"),
        )
    };
    let refused = refused(cx);
    for probe in probes {
        let Some(family) = probe.family else { continue };
        let is_of_it = |name: &&String| {
            let rest = name.strip_prefix(family);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if let Some(name) = refused.iter().find(is_of_it) {
            let why = format!("{} could not be read ({name})", probe.endpoint.name);
            return Err(not_known(why).hint(format!("the token needs the checkbox {}", probe.endpoint.checkbox)));
        }
    }
    if probes.iter().any(|probe| probe.per_environment) {
        let environments = t.environments(cx).await?;
        if let Some(closed) = environments
            .iter()
            .find(|environment| t.clients.of(environment).is_none())
        {
            let why = format!("there is no token of {closed}");
            return Err(not_known(why).hint(tokens::advice(closed)));
        }
    }
    Err(Error::new(
        Kind::NotFound,
        format!("there is no {what} in the workspace"),
    ))
}
