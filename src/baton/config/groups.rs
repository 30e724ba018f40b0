//! Settings that go together or not at all (`baton/config/published.md 1.4`). They look at what is *set*, wherever it
//! was set, not at values: a flag set to `false` counts.

use super::wrong;
use crate::baton::code;
use crate::baton::error::Result;

/// If one of a group is set, all must be.
pub const TOGETHER: &[&[&str]] = &[
    &["grant-entitlement", "grant-principal"],
    &["client-id", "client-secret"],
    &["create-ticket", "ticket-template-path"],
    &["bulk-create-ticket", "bulk-ticket-template-path"],
    &["get-ticket", "ticket-id"],
    &["diff-syncs", "base-sync-id", "applied-sync-id"],
    &[
        "compact-syncs",
        "compact-sync-ids",
        "compact-file-paths",
        "compact-output-path",
    ],
];

/// At most one of a group may be set.
pub const EXCLUSIVE: &[&[&str]] = &[
    &[
        "grant-entitlement",
        "revoke-grant",
        "create-account-login",
        "delete-resource",
        "rotate-credentials",
        "event-feed",
        "create-ticket",
        "get-ticket",
        "list-ticket-schemas",
        "bulk-create-ticket",
    ],
    &[
        "grant-entitlement",
        "revoke-grant",
        "create-account-email",
        "delete-resource-type",
        "rotate-credentials-type",
        "event-feed",
        "diff-syncs",
        "compact-syncs",
        "list-ticket-schemas",
    ],
];

/// Checks all groups.
///
/// # Errors
/// Names the group and the members that are missing or too many, in the published words.
pub fn check(is_set: impl Fn(&str) -> bool) -> Result<()> {
    for group in TOGETHER {
        let missing: Vec<&str> = group.iter().copied().filter(|name| !is_set(name)).collect();
        if !missing.is_empty() && missing.len() < group.len() {
            return Err(wrong(format!(
                "if any flags in the group [{}] are set they must all be set; missing [{}]",
                group.join(" "),
                missing.join(" ")
            ))
            .code(code::SETTINGS_TOGETHER));
        }
    }
    for group in EXCLUSIVE {
        let mut set: Vec<&str> = group.iter().copied().filter(|name| is_set(name)).collect();
        if set.len() > 1 {
            set.sort_unstable();
            return Err(wrong(format!(
                "if any flags in the group [{}] are set none of the others can be; [{}] were all set",
                group.join(" "),
                set.join(" ")
            ))
            .code(code::SETTINGS_TOGETHER));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baton::config::kit;

    #[test]
    fn groups_name_declared_flags() {
        for name in TOGETHER.iter().chain(EXCLUSIVE).flat_map(|group| group.iter()) {
            assert!(kit::FIELDS.iter().any(|f| f.name == *name), "{name}");
        }
    }

    #[test]
    fn a_group_is_whole_or_absent() {
        assert!(check(|_| false).is_ok());
        assert!(check(|name| ["client-id", "client-secret"].contains(&name)).is_ok());
        assert_eq!(
            check(|name| name == "client-id").unwrap_err().to_string(),
            "if any flags in the group [client-id client-secret] are set they must all be set; missing [client-secret]"
        );
    }

    #[test]
    fn an_exclusive_group_names_all_that_were_set() {
        let error = check(|name| ["revoke-grant", "delete-resource"].contains(&name)).unwrap_err();
        let text = error.to_string();
        assert!(
            text.ends_with("are set none of the others can be; [delete-resource revoke-grant] were all set"),
            "{text}"
        );
        assert_eq!(error.kind().exit_code(), 2);
    }
}
