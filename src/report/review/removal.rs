//! Whether a row can be taken away by itself. A revocation takes one grant of one principal: what follows from something
//! else is taken away there, and never in its place.

use super::manifest::Removal;
use crate::report::access::Access;
use crate::report::reach::Reach;
use crate::report::thing::{self, Right};
use crate::report::wording::count;

/// Decides about an access. `is_writable` says of a resource type whether there are writes; `row_of` names the row by
/// which somebody holds a right directly.
pub(super) fn of(
    access: &Access,
    is_writable: &dyn Fn(&str) -> bool,
    row_of: &dyn Fn(&Right) -> Option<String>,
) -> Removal {
    let who = &access.principal.name;
    let not = |because: String, instead: String| Removal::Not { because, instead };
    let row = |right: &Right| row_of(right).map_or(String::new(), |row| format!(" (row {row})"));
    let right = access.right.told();
    match access.reach {
        Reach::On => {}
        Reach::Scope => {
            return not(
                "it is reached by the scope that is set at the account itself".to_owned(),
                format!("change the scope of {who} where the account is managed"),
            );
        }
        Reach::Above | Reach::Inside | Reach::SelfGranting => {
            return not(
                format!("it is reached by {right}"),
                format!("decide about {right}{}", row(&access.right)),
            );
        }
    }
    if !access.direct {
        return match access.paths.first().and_then(|path| path.first()) {
            Some(first) => not(
                format!("it is not given to {who}: it follows from {}", first.told()),
                format!(
                    "revoke {}{} to take all away that follows from it, or take {right} from what passes it on",
                    first.told(),
                    row(first)
                ),
            ),
            None => not(
                format!("it is not given to {who}, and the file does not say what it follows from"),
                "look in the workspace where it comes from, and take it away there".to_owned(),
            ),
        };
    }
    if access.immutable {
        return not(
            "the sync says that it can only be taken away where it comes from".to_owned(),
            "take it away in the directory or system that gives it".to_owned(),
        );
    }
    let kind = &access.right.resource;
    if !is_writable(&kind.kind) {
        return not(
            format!("there is no write for what is held on a {}", kind.type_name),
            format!("take {right} from {who} in the workspace itself"),
        );
    }
    let ways = access.more_paths.saturating_add(access.paths.len());
    let other = access.paths.iter().find(|path| path.len() > 1);
    Removal::Revoke {
        rest: other.filter(|_| ways > 1).map(|path| {
            format!(
                "{} more lead there and stay: {}",
                count(ways.saturating_sub(1), "way", "ways"),
                thing::way(path)
            )
        }),
    }
}
