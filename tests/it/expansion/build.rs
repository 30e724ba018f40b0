//! Short names for the rows of the cases.

use std::collections::BTreeMap;

use baton_workato::baton::proto::v2;
use baton_workato::baton::resource;
use v2::grant_sources::GrantSource;

/// `user:1` as a resource id.
pub fn rid(text: &str) -> v2::ResourceId {
    let (kind, id) = text.split_once(':').expect("type:id");
    resource::id(kind, id)
}

pub fn resource(text: &str) -> v2::Resource {
    v2::Resource {
        id: Some(rid(text)),
        display_name: format!("the {text}"),
        ..Default::default()
    }
}

/// The full entitlement `role:1:member` of `role:1`.
pub fn entitlement(id: &str) -> v2::Entitlement {
    let (owner, slug) = id.rsplit_once(':').expect("type:id:slug");
    v2::Entitlement {
        id: id.to_owned(),
        slug: slug.to_owned(),
        display_name: format!("{slug} of {owner}"),
        resource: Some(resource(owner)),
        ..Default::default()
    }
}

/// The grant a connector makes: a stub of the entitlement, and no sources.
pub fn grant(entitlement_id: &str, principal: &str) -> v2::Grant {
    let (owner, _) = entitlement_id.rsplit_once(':').expect("type:id:slug");
    v2::Grant {
        id: format!("{entitlement_id}:{principal}"),
        entitlement: Some(v2::Entitlement {
            id: entitlement_id.to_owned(),
            resource: Some(resource(owner)),
            ..Default::default()
        }),
        principal: Some(resource(principal)),
        ..Default::default()
    }
}

pub fn with_sources(mut grant: v2::Grant, sources: &[(&str, bool)]) -> v2::Grant {
    grant.sources = Some(v2::GrantSources {
        sources: sources
            .iter()
            .map(|(id, is_direct)| ((*id).to_owned(), GrantSource { is_direct: *is_direct }))
            .collect(),
    });
    grant
}

pub fn deep(entitlement_ids: &[&str]) -> v2::GrantExpandable {
    v2::GrantExpandable {
        entitlement_ids: entitlement_ids.iter().map(|id| (*id).to_owned()).collect(),
        ..Default::default()
    }
}

pub fn shallow(entitlement_ids: &[&str]) -> v2::GrantExpandable {
    v2::GrantExpandable {
        shallow: true,
        ..deep(entitlement_ids)
    }
}

pub fn only(mut expansion: v2::GrantExpandable, types: &[&str]) -> v2::GrantExpandable {
    expansion.resource_type_ids = types.iter().map(|t| (*t).to_owned()).collect();
    expansion
}

/// The sources of a grant as a plain map; `None` when it has none.
pub fn sources(grant: &v2::Grant) -> Option<BTreeMap<String, bool>> {
    grant.sources.as_ref().map(|s| {
        s.sources
            .iter()
            .map(|(id, source)| (id.clone(), source.is_direct))
            .collect()
    })
}

pub fn map(pairs: &[(&str, bool)]) -> Option<BTreeMap<String, bool>> {
    Some(pairs.iter().map(|(id, direct)| ((*id).to_owned(), *direct)).collect())
}

/// The type URLs of a grant's annotations.
pub fn annotations(grant: &v2::Grant) -> Vec<&str> {
    grant.annotations.iter().map(|a| a.type_url.as_str()).collect()
}

pub const IMMUTABLE: &str = "type.googleapis.com/c1.connector.v2.GrantImmutable";
