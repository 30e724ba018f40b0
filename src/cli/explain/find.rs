//! From what somebody typed to a page.

use super::page::PAGES;
use crate::ABOUT;
use crate::baton::cause;
use crate::baton::code::Explanation;
use crate::baton::warning::Cause;
use crate::workato;

/// How many pages are offered in place of one that does not exist.
const NEAR: usize = 3;

/// The page of a code, typed in any case, without its dash, its mark or its leading zeros; or of the cause of a
/// warning.
pub fn page(typed: &str) -> Option<&'static Explanation> {
    match number(typed) {
        Some(wanted) => PAGES.iter().find(|page| page.code.number() == wanted),
        None => {
            let cause = causes().find(|cause| cause.name == typed.trim())?;
            PAGES.iter().find(|page| page.code == cause.code)
        }
    }
}

/// The causes of warnings that have one page each.
fn causes() -> impl Iterator<Item = &'static Cause> {
    cause::ALL.iter().chain(workato::cause::ALL)
}

/// The pages that may have been meant: those that have the words in their title, else the next numbers.
pub fn nearest(typed: &str) -> Vec<&'static Explanation> {
    if let Some(wanted) = number(typed) {
        let mut near: Vec<&Explanation> = PAGES.iter().collect();
        near.sort_by_key(|page| page.code.number().abs_diff(wanted));
        near.truncate(NEAR);
        return near;
    }
    let words: Vec<String> = typed.split_whitespace().map(str::to_lowercase).collect();
    let fits = |page: &&Explanation| {
        let title = page.title().to_lowercase();
        words.iter().all(|word| title.contains(word))
    };
    PAGES.iter().filter(fits).take(NEAR).collect()
}

/// The number of a code.
fn number(typed: &str) -> Option<u16> {
    let typed = typed.trim().to_ascii_uppercase();
    let digits = match typed.strip_prefix(ABOUT.mark.trim_end_matches('-')) {
        Some(rest) => rest.trim_start_matches(['-', '_', ' ']),
        None => &typed,
    };
    let is_number = (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|_| is_number)
}
