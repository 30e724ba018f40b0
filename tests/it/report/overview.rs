//! The first page, counted over the simulated workspace.

use baton_workato::report::overview::Overview;
use baton_workato::workato::conventions::CONVENTIONS;

use super::{demo, open};

#[test]
fn the_first_page_says_what_is_in_the_file() {
    let snapshot = open(demo(&["--env", "all"]));
    let overview = Overview::of(&snapshot, &CONVENTIONS).unwrap();
    let text = serde_json::to_string_pretty(&overview).unwrap();
    if let Ok(path) = std::env::var("OVERVIEW_OUT") {
        std::fs::write(path, &text).unwrap();
    }
    let again = Overview::of(&snapshot, &CONVENTIONS).unwrap();
    assert_eq!(text, serde_json::to_string_pretty(&again).unwrap());
}
