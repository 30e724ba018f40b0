use super::*;
use crate::baton::proto::c1::connectorapi::baton::v1 as api;
use crate::baton::proto::v2;
use crate::baton::resource;

fn broken<M: Message + Name>(message: &M) -> String {
    let error = check(message).unwrap_err();
    assert_eq!(error.kind(), Kind::InvalidArgument);
    error.to_string()
}

#[test]
fn every_rule_is_understood_and_about_a_field_that_exists() {
    let table = TABLE.as_ref().unwrap();
    assert_eq!(table.values().map(Vec::len).sum::<usize>(), 237);
    for (message, fields) in table {
        let descriptor = pool().get_message_by_name(message).unwrap();
        for (name, rules) in fields {
            assert!(!rules.is_empty());
            match name.strip_prefix("oneof ") {
                Some(oneof) => assert!(descriptor.oneofs().any(|o| o.name() == oneof), "{message} {name}"),
                None => assert!(descriptor.get_field_by_name(name).is_some(), "{message} {name}"),
            }
        }
    }
}

#[test]
fn what_is_missing_too_long_or_too_much_is_named() {
    let mut request = v2::GrantsServiceListGrantsRequest::default();
    assert_eq!(
        broken(&request),
        "invalid GrantsServiceListGrantsRequest.resource: is missing"
    );
    request.resource = Some(v2::Resource {
        id: Some(resource::id("role", "")),
        ..Default::default()
    });
    assert_eq!(
        broken(&request),
        "invalid GrantsServiceListGrantsRequest.resource.id.resource: has 0 bytes, fewer than 1"
    );
    request.resource = Some(v2::Resource {
        id: Some(resource::id("role", "ä".repeat(513))),
        ..Default::default()
    });
    assert!(broken(&request).ends_with("has 1026 bytes, more than 1024"));
    request.resource = Some(v2::Resource {
        id: Some(resource::id("role", "ä".repeat(512))),
        ..Default::default()
    });
    check(&request).unwrap();
    request.page_size = 251;
    assert!(broken(&request).contains("page_size: is not between"));
    request.page_size = 250;
    check(&request).unwrap();
    request.active_sync_id = "x".repeat(1_025);
    assert!(broken(&request).contains("active_sync_id"));
}

#[test]
fn rules_hold_in_lists_and_arms() {
    use v2::credential_options::{EncryptedPassword, Options, RandomPassword};
    let mut request = v2::CreateAccountRequest {
        account_info: Some(v2::AccountInfo {
            emails: ["ada@example.com", ""]
                .map(|address| v2::account_info::Email {
                    address: address.to_owned(),
                    is_primary: false,
                })
                .into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    assert_eq!(
        broken(&request),
        "invalid CreateAccountRequest.account_info.emails[1].address: is not an e-mail address"
    );
    request.account_info = None;
    check(&request).unwrap();
    let with = |options| {
        let credential_options = Some(v2::CredentialOptions {
            options: Some(options),
            ..Default::default()
        });
        v2::CreateAccountRequest {
            credential_options,
            ..request.clone()
        }
    };
    let random = |length| {
        with(Options::RandomPassword(RandomPassword {
            length,
            ..Default::default()
        }))
    };
    assert!(broken(&random(7)).contains("length") && broken(&random(65)).contains("length"));
    check(&random(8)).unwrap();
    assert!(broken(&with(Options::EncryptedPassword(EncryptedPassword::default()))).contains("fewer than 1"));
}

#[test]
fn numbers_of_enums_have_names_and_arms_are_chosen() {
    let mut entitlement = v2::Entitlement {
        resource: Some(v2::Resource::default()),
        id: "role:1:member".to_owned(),
        purpose: 3,
        ..Default::default()
    };
    check(&entitlement).unwrap();
    entitlement.purpose = 4;
    assert!(broken(&entitlement).ends_with("purpose: 4 has no name"));
    let mut kind = v2::ResourceType {
        id: "user".to_owned(),
        traits: vec![1, 1],
        ..Default::default()
    };
    assert!(broken(&kind).ends_with("names something twice"));
    kind.traits = vec![1, 99];
    assert!(broken(&kind).ends_with("99 has no name"));

    let finish = api::BatonServiceFinishTaskRequest {
        host_id: "host".to_owned(),
        task_id: "2abcdefghijklmnopqrstuvwxyz".to_owned(),
        ..Default::default()
    };
    assert!(broken(&finish).ends_with("final_state: nothing is set"));
}

#[test]
fn what_an_any_carries_is_nobodys_business() {
    let request = v2::ResourceTypesServiceListResourceTypesRequest {
        annotations: vec![crate::baton::annotation::pack(&v2::GrantReplaced::default())],
        ..Default::default()
    };
    check(&request).unwrap();
}

#[test]
fn spans_of_time_are_counted_in_seconds() {
    let request = |seconds, nanos| v2::InvokeActionRequest {
        inline_wait: Some(prost_types::Duration { seconds, nanos }),
        ..Default::default()
    };
    check(&request(86_400, 0)).unwrap();
    check(&v2::InvokeActionRequest::default()).unwrap();
    broken(&request(86_400, 1));
    broken(&request(-1, 0));
}
