//! Which grants: where they lie, and which of those that lie there.

use super::super::file::Ids;
use super::super::key::{self, Range, index, kind};
use super::Rows;
use crate::baton::c1z::GrantFilter;
use crate::baton::error::Result;
use crate::baton::proto::c1::storage::v3::{EntitlementRef, PrincipalRef};

/// Where grants lie that may pass a filter, in the order of keys.
pub(super) enum Way {
    /// In these ranges of keys.
    Ranges(Vec<Range>),
    /// These keys, where they are there.
    Keys(Vec<Vec<u8>>),
    /// Where these rows of the index of principals lead.
    Index(Range),
}

impl Rows {
    /// The shortest way to the grants of a filter.
    pub(super) fn way(&self, filter: &GrantFilter<'_>) -> Result<Way> {
        let to = filter.principal_type.zip(filter.principal);
        let ranges = |tuples: &[&[u8]]| {
            let range = |tuple: &&[u8]| Range::behind(key::of_tuple(kind::GRANT, tuple));
            Way::Ranges(tuples.iter().map(range).collect())
        };
        if self.file.ids() == Ids::Structured {
            if let Some(entitlement) = filter.entitlement {
                let tuples = self.tuples_of(entitlement)?;
                return Ok(match to {
                    Some((kind, id)) => {
                        let principal = key::tuple(&[kind, id]);
                        Way::Keys(tuples.iter().map(|tuple| key::grant(tuple, &principal)).collect())
                    }
                    None => ranges(&tuples.iter().map(Vec::as_slice).collect::<Vec<_>>()),
                });
            }
            if let (Some(kind), Some(id)) = (filter.resource_type, filter.resource) {
                return Ok(ranges(&[&key::tuple(&[kind, id])]));
            }
        }
        if let Some((kind, id)) = to
            && self.file.has_principal_index()?
        {
            return Ok(Way::Index(Range::behind(key::indexed(index::PRINCIPAL, &[kind, id]))));
        }
        Ok(match filter.resource_type {
            Some(kind) if self.file.ids() == Ids::Structured => ranges(&[&key::tuple(&[kind])]),
            _ => Way::Ranges(vec![Range::of_kind(kind::GRANT)]),
        })
    }
}

/// The conditions of a filter, for keys and for records.
pub(super) struct Sieve<'f> {
    filter: &'f GrantFilter<'f>,
    /// Type and id of the resource, type and id of the principal, encoded.
    encoded: [Option<Vec<u8>>; 4],
    lets_all_pass: bool,
}

impl<'f> Sieve<'f> {
    pub(super) fn of(filter: &'f GrantFilter<'f>) -> Self {
        let encoded = [
            filter.resource_type,
            filter.resource,
            filter.principal_type,
            filter.principal,
        ]
        .map(|part| part.map(|part| key::tuple(&[part])));
        Sieve {
            filter,
            lets_all_pass: filter.entitlement.is_none() && encoded.iter().all(Option::is_none),
            encoded,
        }
    }

    /// Whether a grant of this entitlement and principal, both encoded, passes. Keys of another form pass: what they hold is
    /// looked at.
    pub(super) fn passes(&self, entitlement: &[u8], principal: &[u8]) -> Result<bool> {
        if self.lets_all_pass {
            return Ok(true);
        }
        let mut of_entitlement = key::parts(entitlement);
        let mut of_principal = key::parts(principal);
        let (Some(kind), Some(id), Some(is_short), Some(tail)) = (
            of_entitlement.next(),
            of_entitlement.next(),
            of_entitlement.next(),
            of_entitlement.next(),
        ) else {
            return Ok(true);
        };
        let parts = [
            kind,
            id,
            of_principal.next().unwrap_or_default(),
            of_principal.next().unwrap_or_default(),
        ];
        let differs =
            |(wanted, part): (&Option<Vec<u8>>, &[u8])| wanted.as_deref().is_some_and(|wanted| wanted != part);
        if self.encoded.iter().zip(parts).any(differs) {
            return Ok(false);
        }
        match self.filter.entitlement {
            Some(wanted) => Ok(key::entitlement_id(&[kind, id, is_short, tail])? == wanted),
            None => Ok(true),
        }
    }

    /// Whether a record passes.
    pub(super) fn holds(&self, entitlement: Option<&EntitlementRef>, principal: Option<&PrincipalRef>) -> bool {
        if self.lets_all_pass {
            return true;
        }
        let said = [
            entitlement.map(|e| e.entitlement_id.as_str()),
            entitlement.map(|e| e.resource_type_id.as_str()),
            entitlement.map(|e| e.resource_id.as_str()),
            principal.map(|p| p.resource_type_id.as_str()),
            principal.map(|p| p.resource_id.as_str()),
        ];
        let wanted = [
            self.filter.entitlement,
            self.filter.resource_type,
            self.filter.resource,
            self.filter.principal_type,
            self.filter.principal,
        ];
        let fits = |(wanted, said): (Option<&str>, Option<&str>)| {
            wanted.is_none_or(|wanted| wanted == said.unwrap_or_default())
        };
        wanted.into_iter().zip(said).all(fits)
    }
}
