//! The environment variables of expansion.

use std::collections::BTreeMap;

use baton_workato::baton::error::Result;
use baton_workato::baton::sync::expand::ExpandOptions;

fn read(variables: &[(&str, &str)]) -> Result<ExpandOptions> {
    let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
    ExpandOptions::from_variables(|name| variables.get(name).map(|v| (*v).to_owned()))
}

#[test]
fn unset_means_cycles_merged_and_no_limit() {
    assert_eq!(read(&[]).unwrap(), ExpandOptions::default());
    assert_eq!(
        read(&[("BATON_DONT_FIX_CYCLES", ""), ("BATON_GRAPH_EXPAND_MAX_DEPTH", "")]).unwrap(),
        ExpandOptions::default()
    );
}

#[test]
fn cycles_are_forbidden_by_any_spelling_of_true() {
    for (text, forbidden) in [
        ("1", true),
        ("true", true),
        ("TRUE", true),
        ("t", true),
        ("false", false),
        ("0", false),
    ] {
        assert_eq!(
            read(&[("BATON_DONT_FIX_CYCLES", text)]).unwrap().forbid_cycles,
            forbidden,
            "{text}"
        );
    }
}

#[test]
fn the_depth_is_a_whole_number_and_0_no_limit() {
    let depth = |text| read(&[("BATON_GRAPH_EXPAND_MAX_DEPTH", text)]);
    assert_eq!(depth("20").unwrap().max_depth, Some(20));
    assert_eq!(depth("0").unwrap().max_depth, None);
    for wrong in ["-1", "many", "1.5"] {
        let error = depth(wrong).unwrap_err();
        assert!(error.to_string().contains("BATON_GRAPH_EXPAND_MAX_DEPTH"), "{error}");
        assert!(error.hint_text().is_some());
    }
}
