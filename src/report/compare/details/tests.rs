use super::*;
use crate::baton::annotation::{find, pack};
use crate::baton::resource::{Profile, ResourceBuilder, User};

fn ada() -> v2::Resource {
    let profile = Profile::new()
        .with("account_status", "member")
        .with("one", false)
        .with("two", false)
        .with("lastActivityAt", "2026-01-01T00:00:00Z")
        .with("email", "ada@acme.com");
    ResourceBuilder::new("user", "1", "Ada")
        .profile(profile)
        .user(User::human("ada@acme.com"))
        .build()
}

fn user(change: impl FnOnce(&mut v2::UserTrait)) -> v2::Resource {
    let mut resource = ada();
    let mut user: v2::UserTrait = find(&resource.annotations).unwrap();
    change(&mut user);
    resource.annotations = vec![pack(&user)];
    resource
}

/// A profile stands in the resource and in its trait.
fn field(key: &str, value: impl crate::baton::resource::IntoValue) -> v2::Resource {
    let value = value.into_value().unwrap();
    let mut resource = user(|user| {
        user.profile
            .as_mut()
            .unwrap()
            .fields
            .insert(key.to_owned(), value.clone());
    });
    resource.profile.as_mut().unwrap().fields.insert(key.to_owned(), value);
    resource
}

fn told(old: &v2::Resource, new: &v2::Resource) -> Vec<(String, bool)> {
    let details = of(&Meaning::new().unwrap(), old, new).unwrap();
    details
        .into_iter()
        .map(|detail| (detail.what, detail.restless))
        .collect()
}

#[test]
fn everything_that_somebody_decided_is_told() {
    let mail = |address: &str, is_primary| v2::user_trait::Email {
        address: address.to_owned(),
        is_primary,
    };
    for (new, wanted) in [
        (user(|user| user.login = "root".to_owned()), "login"),
        (user(|user| user.login_aliases.push("eve".to_owned())), "login aliases"),
        (
            user(|user| user.emails.push(mail("eve@evil.com", false))),
            "other e-mail",
        ),
        (user(|user| user.employee_ids.push("7".to_owned())), "employee ids"),
        (
            user(|user| user.mfa_status = Some(v2::user_trait::MfaStatus { mfa_enabled: false })),
            "MFA",
        ),
        (
            user(|user| user.structured_name = Some(v2::user_trait::StructuredName::default())),
            "details",
        ),
        (field("account_status", "owner"), "account_status"),
        (
            user(|user| {
                let own = user.profile.as_mut().unwrap();
                own.fields.remove("account_status");
            }),
            "details",
        ),
    ] {
        assert_eq!(told(&ada(), &new), [(wanted.to_owned(), false)], "{wanted}");
    }
}

#[test]
fn two_fields_that_change_alike_are_two() {
    let mut new = field("one", true);
    let twice = field("two", true);
    for (key, value) in twice.profile.unwrap().fields {
        if key == "two" {
            new.profile.as_mut().unwrap().fields.insert(key, value);
        }
    }
    let told = told(&ada(), &new);
    for wanted in ["one", "two"] {
        assert!(told.contains(&(wanted.to_owned(), false)), "{told:?}");
    }
}

#[test]
fn what_is_said_twice_is_told_once() {
    let mut new = field("email", "eve@acme.com");
    let mut user: v2::UserTrait = find(&new.annotations).unwrap();
    user.emails[0].address = "eve@acme.com".to_owned();
    new.annotations = vec![pack(&user)];
    assert_eq!(told(&ada(), &new), [("e-mail".to_owned(), false)]);
}

#[test]
fn what_changes_by_itself_is_restless() {
    let new = field("lastActivityAt", "2026-02-01T00:00:00Z");
    assert_eq!(told(&ada(), &new), [("lastActivityAt".to_owned(), true)]);
    let new = user(|user| user.last_login = Some(prost_types::Timestamp::default()));
    assert_eq!(told(&ada(), &new), [("last activity".to_owned(), true)]);
    let noted = |etag: &str| {
        let mut resource = ada();
        resource.annotations.push(prost_types::Any {
            type_url: "type.googleapis.com/c1.connector.v2.ETag".to_owned(),
            value: etag.as_bytes().to_vec(),
        });
        resource
    };
    assert_eq!(told(&noted("a"), &noted("b")), [("details".to_owned(), true)]);
}
