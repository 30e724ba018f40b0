//! What a field of a row has, each text that a condition may name: rows are judged by these, and what a sync knows at all is
//! asked of them.

use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::report::names::Names;
use crate::report::thing::{Right, Thing};
use crate::report::wording;

/// The id of whoever holds something.
pub(super) fn ids(kind: &str, id: &str) -> [String; 2] {
    [id.to_owned(), format!("{kind}:{id}")]
}

/// A resource type.
pub(super) fn kind(names: &Names<'_>, kind: &str) -> Result<[String; 2]> {
    let named = names.resource_type(kind)?;
    Ok([
        kind.to_owned(),
        named.map(|t| t.display_name.clone()).unwrap_or_default(),
    ])
}

/// E-mail addresses and logins.
pub(super) fn mail(user: v2::UserTrait) -> Vec<String> {
    let addresses = user.emails.into_iter().map(|email| email.address);
    addresses
        .chain([user.login])
        .chain(user.login_aliases)
        .filter(|text| !text.is_empty())
        .collect()
}

/// What stands behind the `@` of e-mail addresses. A login that looks like one is none: anybody may have chosen it.
pub(super) fn domains(user: &v2::UserTrait) -> Vec<String> {
    let addresses = user.emails.iter().map(|email| email.address.trim());
    let domains = addresses.filter_map(|address| address.rsplit_once('@'));
    domains.map(|(_, domain)| domain.trim().to_lowercase()).collect()
}

/// What is held: names and ids, and the role or group it makes a member of.
pub(super) fn right(names: &Names<'_>, right: &Right) -> Result<Vec<String>> {
    let mut texts = vec![
        right.id.clone(),
        right.slug.clone(),
        right.name.clone(),
        wording::label(names, right)?,
    ];
    if makes_member(names, right)? {
        texts.extend([right.resource.name.clone(), right.resource.told()]);
    }
    Ok(texts)
}

/// Whether holding it is to be in a role or a group. Of most that are not marked, nothing says more than what they are on.
fn makes_member(names: &Names<'_>, right: &Right) -> Result<bool> {
    use v2::entitlement::PurposeValue::{Assignment, Unspecified};
    use v2::resource_type::Trait::{Group, Role};
    let on = names.resource_type(&right.resource.kind)?;
    if !on.is_some_and(|kind| kind.traits().any(|t| matches!(t, Role | Group))) {
        return Ok(false);
    }
    let purpose = names.entitlement_of(right.key())?.map(|e| e.purpose());
    Ok(matches!(purpose.unwrap_or_default(), Assignment | Unspecified))
}

/// What something is on, or leads to.
pub(super) fn thing(on: Thing) -> [String; 3] {
    [format!("{}:{}", on.kind, on.id), on.name, on.id]
}

/// A step of the way to what is held.
pub(super) fn step(names: &Names<'_>, right: Right) -> Result<[String; 4]> {
    let label = wording::label(names, &right)?;
    Ok([label, right.id, right.resource.name, right.name])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_of_an_address_and_not_of_a_login() {
        let email = |address: &str| v2::user_trait::Email {
            address: address.to_owned(),
            ..Default::default()
        };
        let user = v2::UserTrait {
            emails: vec![email(" Mal@Evil.COM "), email("two@acme.com"), email("nobody")],
            login: "mal@acme.com".to_owned(),
            login_aliases: vec!["m@acme.com".to_owned()],
            ..Default::default()
        };
        assert_eq!(domains(&user), ["evil.com", "acme.com"]);
        assert_eq!(mail(user).len(), 5);
    }
}
