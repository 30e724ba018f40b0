//! Grants of one entitlement to one principal. v1 tells them apart by their ids; v3 has one row for them.

use crate::baton::annotation::{self, Named as _};
use crate::baton::c1z::v3::record::Grant;
use crate::baton::code;
use crate::baton::entitlement;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::proto::v2;
use crate::baton::resource;

/// What a grant of the v3 form is known by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Names {
    on: (String, String),
    entitlement: String,
    to: (String, String),
}

impl Names {
    pub(super) fn of(grant: &v2::Grant) -> Names {
        let owned = |(kind, id): (&str, &str)| (kind.to_owned(), id.to_owned());
        let (entitlement, to) = (grant.entitlement.as_ref(), grant.principal.as_ref());
        Names {
            on: entitlement.map(|e| owned(entitlement::on(e))).unwrap_or_default(),
            entitlement: entitlement.map(|e| e.id.clone()).unwrap_or_default(),
            to: to.map(|to| owned(resource::key(to))).unwrap_or_default(),
        }
    }
}

/// One grant that says what two say: the later one, with the sources and annotations of both.
///
/// # Errors
/// `FailedPrecondition` for two that pass different things on: any choice would be another answer about access.
pub(super) fn merge(before: Grant, mut last: Grant) -> Result<Grant> {
    last.expansion = match (before.expansion, last.expansion) {
        (Some(one), Some(other)) if one != other => {
            let (one, other) = (before.grant.id, last.grant.id);
            let message = format!(
                "the grants {one} and {other} have one entitlement and one principal, and pass on different things"
            );
            return Err(Error::new(Kind::FailedPrecondition, message)
                .code(code::ROWS_BROKEN)
                .hint("the v3 form has room for one of them: keep the v1 form (--storage-engine sqlite)"));
        }
        (one, other) => other.or(one),
    };
    last.needs_expansion |= before.needs_expansion;
    let own = last
        .grant
        .entitlement
        .as_ref()
        .map(|e| e.id.clone())
        .unwrap_or_default();
    last.grant.sources = sources(&own, before.grant.sources, last.grant.sources);
    last.grant.annotations = annotations(before.grant.annotations, last.grant.annotations);
    last.discovered_at = match (before.discovered_at, last.discovered_at) {
        (Some(one), Some(other)) if (other.seconds, other.nanos) < (one.seconds, one.nanos) => Some(other),
        (one, other) => one.or(other),
    };
    Ok(last)
}

/// A grant without sources was given as it is.
fn sources(own: &str, one: Option<v2::GrantSources>, other: Option<v2::GrantSources>) -> Option<v2::GrantSources> {
    let [one, other] = [one, other].map(|sources| sources.unwrap_or_default().sources);
    if one.is_empty() && other.is_empty() {
        return None;
    }
    let mut all = std::collections::BTreeMap::new();
    for sources in [one, other] {
        if sources.is_empty() {
            all.insert(own.to_owned(), v2::grant_sources::GrantSource { is_direct: true });
        }
        for (id, source) in sources {
            let said: &mut v2::grant_sources::GrantSource = all.entry(id).or_default();
            said.is_direct |= source.is_direct;
        }
    }
    Some(v2::GrantSources {
        sources: all.into_iter().collect(),
    })
}

/// Those of both. Only what neither lets be taken away cannot be.
fn annotations(one: Vec<prost_types::Any>, other: Vec<prost_types::Any>) -> Vec<prost_types::Any> {
    let is_fixed = |any: &prost_types::Any| annotation::name_of(any) == v2::GrantImmutable::NAME;
    let both_fixed = one.iter().any(is_fixed) && other.iter().any(is_fixed);
    let mut all = other;
    for any in one {
        if !all.contains(&any) {
            all.push(any);
        }
    }
    all.retain(|any| both_fixed || !is_fixed(any));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(id: &str, sources: &[(&str, bool)], expands: Option<&str>) -> Grant {
        let entitlement = v2::Entitlement {
            id: "role:a:has".to_owned(),
            ..v2::Entitlement::default()
        };
        let all = sources.iter().map(|(id, is_direct)| {
            let is_direct = *is_direct;
            ((*id).to_owned(), v2::grant_sources::GrantSource { is_direct })
        });
        Grant {
            grant: v2::Grant {
                id: id.to_owned(),
                entitlement: Some(entitlement),
                sources: (!sources.is_empty()).then(|| v2::GrantSources { sources: all.collect() }),
                annotations: vec![annotation::pack(&v2::GrantImmutable::default())],
                ..v2::Grant::default()
            },
            expansion: expands.map(|id| v2::GrantExpandable {
                entitlement_ids: vec![id.to_owned()],
                ..v2::GrantExpandable::default()
            }),
            needs_expansion: expands.is_some(),
            discovered_at: None,
        }
    }

    fn sources_of(grant: &Grant) -> Vec<(&str, bool)> {
        let sources = grant.grant.sources.iter().flat_map(|s| &s.sources);
        let mut all: Vec<_> = sources.map(|(id, source)| (id.as_str(), source.is_direct)).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn one_grant_says_what_both_said() {
        let mut direct = grant("one", &[], Some("group:x:member"));
        direct.grant.annotations.clear();
        let derived = grant("two", &[("group:x:member", false)], None);
        let both = merge(direct.clone(), derived).unwrap();
        assert_eq!(both.grant.id, "two");
        assert_eq!(sources_of(&both), [("group:x:member", false), ("role:a:has", true)]);
        assert_eq!(
            (both.expansion.clone(), both.needs_expansion),
            (direct.expansion.clone(), true)
        );
        assert_eq!(both.grant.annotations, [], "one of them can be taken away");
        let both = merge(direct.clone(), direct).unwrap();
        assert_eq!(sources_of(&both), [], "given as it is, twice");
        let fixed = merge(grant("a", &[("x", true)], None), grant("b", &[("x", false)], None)).unwrap();
        assert_eq!(
            (sources_of(&fixed), fixed.grant.annotations.len()),
            (vec![("x", true)], 1)
        );
    }

    #[test]
    fn what_passes_on_different_things_does_not_become_one() {
        let error = merge(grant("one", &[], Some("x")), grant("two", &[], Some("y"))).unwrap_err();
        assert_eq!(error.kind(), Kind::FailedPrecondition);
        assert!(error.to_string().contains("one and two"), "{error}");
    }
}
