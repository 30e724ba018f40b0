//! Fields of a profile that change without anybody having decided anything.

/// Whole names, in lower case and without what joins words: `lastActivityAt` is `last_activity_at`. Parts of names would take
/// `account_status` for a count.
const RESTLESS: &[&str] = &[
    "lastactivity",
    "lastactivityat",
    "lastactivitytype",
    "lastlogin",
    "lastloginat",
    "lastlogindate",
    "lastlogintime",
    "lastseen",
    "lastseenat",
    "lastsignin",
    "lastsigninat",
    "lastusedat",
    "lastupdated",
    "lastupdatedat",
    "lastmodified",
    "lastmodifiedat",
    "logincount",
    "signincount",
    "modifiedat",
    "updated",
    "updatedat",
    // How many others there are is told of each of them.
    "membercount",
    "memberscount",
    "usercount",
    "userscount",
    "recipescount",
    "activerecipescount",
];

/// Whether a field changes by itself.
pub fn is_restless(key: &str) -> bool {
    let letters = key.chars().filter(|letter| !matches!(letter, '_' | '-' | ' ' | '.'));
    let plain: String = letters.flat_map(char::to_lowercase).collect();
    RESTLESS.contains(&plain.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_names_count() {
        for key in [
            "lastActivityAt",
            "lastActivityType",
            "last_activity_at",
            "updated_at",
            "Members-Count",
        ] {
            assert!(is_restless(key), "{key}");
        }
        for key in [
            "account_status",
            "login",
            "account",
            "discount",
            "token_updated_at",
            "active_api_keys_count",
            "activity",
        ] {
            assert!(!is_restless(key), "{key}");
        }
    }
}
