//! The sync token: which steps are still to be done, in the published form V1 (`baton/c1z/format.md 2.12`).
//!
//! How far a step is lies beside it, in the pages of the unfinished sync. A token this module does not understand to
//! the last key is refused: the sync starts over, nobody guesses.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::baton::c1z::SyncType;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::memory::{Remembered, TOKEN_KEY};

/// The version this program writes and reads.
const VERSION: u32 = 1;

/// The greatest id of ten digits.
const LAST_ID: u64 = 9_999_999_999;

/// A step as tokens name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    /// Credentials are checked and the steps planned.
    #[serde(rename = "init")]
    Init,
    /// Resource types.
    #[serde(rename = "list-resource-types")]
    ResourceTypes,
    /// Resources.
    #[serde(rename = "list-resources")]
    Resources,
    /// Entitlements.
    #[serde(rename = "list-entitlements")]
    Entitlements,
    /// Grants.
    #[serde(rename = "list-grants")]
    Grants,
    /// Everything is read; indirect grants are derived and the file is sealed.
    #[serde(rename = "grant-expansion")]
    Expansion,
}

impl Operation {
    /// The steps of a sync, the first one first.
    fn steps(kind: SyncType) -> &'static [Operation] {
        use Operation::{Entitlements, Expansion, Grants, ResourceTypes, Resources};
        match kind {
            SyncType::ResourcesOnly => &[ResourceTypes, Resources],
            _ => &[ResourceTypes, Resources, Entitlements, Grants, Expansion],
        }
    }
}

/// What is still to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    kind: SyncType,
    /// Ids and steps; the next one is last, and has the greatest id.
    pending: Vec<(u64, Operation)>,
    /// The greatest id handed out.
    counter: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    actions_map: BTreeMap<String, Action>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    action_order: Vec<String>,
    #[serde(default)]
    current_action_id: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    needs_expansion: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    should_skip_entitlements_and_grants: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    completed_actions_count: u64,
    version: u32,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Action {
    id: String,
    operation: Operation,
}

/// What a finished sync keeps of its token.
#[derive(Serialize)]
struct Finished {
    current_action_id: u64,
    #[serde(skip_serializing_if = "is_default")]
    needs_expansion: bool,
    completed_actions_count: u64,
    version: u32,
    #[serde(flatten)]
    own: BTreeMap<&'static str, Remembered>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Plan {
    /// The plan of a sync that has just begun.
    pub fn new(kind: SyncType) -> Self {
        Plan {
            kind,
            pending: vec![(1, Operation::Init)],
            counter: 1,
        }
    }

    /// The step to do next; `None` when everything is read and, in a full sync, nothing is left to derive.
    pub fn next(&self) -> Option<Operation> {
        self.pending.last().map(|(_, operation)| *operation)
    }

    /// Takes the step that was done off the plan. [`Operation::Init`] puts the others on it.
    pub fn done(&mut self) {
        if let Some((_, Operation::Init)) = self.pending.pop() {
            for operation in Operation::steps(self.kind).iter().rev() {
                self.counter += 1;
                self.pending.push((self.counter, *operation));
            }
        }
    }

    /// The token of this plan. `lists` have been read so far.
    ///
    /// # Errors
    /// Never in practice: the plan is plain data.
    pub fn token(&self, lists: u64) -> Result<String> {
        let mut pending = self.pending.clone();
        pending.sort_unstable_by_key(|(id, _)| *id);
        let actions = |(id, operation): &(u64, Operation)| {
            let id = text_of(*id);
            let action = Action {
                id: id.clone(),
                operation: *operation,
            };
            (id, action)
        };
        json(&Token {
            actions_map: pending.iter().map(actions).collect(),
            action_order: pending.iter().map(|(id, _)| text_of(*id)).collect(),
            current_action_id: self.counter,
            needs_expansion: false,
            should_skip_entitlements_and_grants: self.kind == SyncType::ResourcesOnly,
            completed_actions_count: lists,
            version: VERSION,
        })
    }

    /// Reads a token of an unfinished sync of this kind.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence that begins "its checkpoint".
    pub fn parse(kind: SyncType, token: &str) -> Result<Self, String> {
        let token: Token = serde_json::from_str(token).map_err(|e| format!("cannot be understood ({e})"))?;
        if token.version != VERSION {
            return Err(format!("has version {}, not {VERSION}", token.version));
        }
        let mut pending = Vec::with_capacity(token.action_order.len());
        for id in &token.action_order {
            let action = token.actions_map.get(id).filter(|action| action.id == *id);
            let number = id.parse::<u64>().ok().filter(|number| text_of(*number) == *id);
            let (Some(action), Some(number)) = (action, number) else {
                return Err(format!("has no step {id:?}"));
            };
            pending.push((number, action.operation));
        }
        let sorted = pending.windows(2).all(|pair| matches!(pair, [(a, _), (b, _)] if a < b));
        let greatest = pending.last().map_or(0, |(id, _)| *id);
        let left: Vec<Operation> = pending.iter().rev().map(|(_, operation)| *operation).collect();
        let steps = Operation::steps(kind);
        let begins = left == [Operation::Init];
        // The first step hands out an id for each other one.
        let last = if begins { LAST_ID - steps.len() as u64 } else { LAST_ID };
        let counts = (greatest..=last).contains(&token.current_action_id);
        if !sorted || token.actions_map.len() != pending.len() || !counts {
            return Err("contradicts itself".to_owned());
        }
        if !begins && !steps.ends_with(&left) {
            return Err("has steps in another order".to_owned());
        }
        Ok(Plan {
            kind,
            pending,
            counter: token.current_action_id,
        })
    }
}

/// The token that a finished sync keeps, with what the next sync is to know.
///
/// # Errors
/// As [`Plan::token`].
pub fn finished(lists: u64, needs_expansion: bool, remembered: Remembered) -> Result<String> {
    let own = (!remembered.is_empty()).then_some((TOKEN_KEY, remembered));
    json(&Finished {
        current_action_id: lists,
        needs_expansion,
        completed_actions_count: lists,
        version: VERSION,
        own: own.into_iter().collect(),
    })
}

/// Ids are numbers of ten digits.
fn text_of(id: u64) -> String {
    format!("{id:010}")
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::new(Kind::Internal, e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_a_v1_token_of_steps() {
        let mut plan = Plan::new(SyncType::Full);
        assert_eq!(
            plan.token(0).unwrap(),
            r#"{"actions_map":{"0000000001":{"id":"0000000001","operation":"init"}},"action_order":["0000000001"],"current_action_id":1,"version":1}"#
        );
        let mut done = Vec::new();
        while let Some(step) = plan.next() {
            let read = Plan::parse(SyncType::Full, &plan.token(7).unwrap()).unwrap();
            assert_eq!(read, plan, "a token says all there is to know");
            done.push(step);
            plan.done();
        }
        use Operation::{Entitlements, Expansion, Grants, Init, ResourceTypes, Resources};
        assert_eq!(done, [Init, ResourceTypes, Resources, Entitlements, Grants, Expansion]);
        assert_eq!(
            Plan::parse(SyncType::Full, &plan.token(7).unwrap()).unwrap().next(),
            None
        );
    }

    #[test]
    fn the_first_step_has_the_greatest_id() {
        let mut plan = Plan::new(SyncType::ResourcesOnly);
        plan.done();
        assert_eq!(
            plan.token(3).unwrap(),
            r#"{"actions_map":{"0000000002":{"id":"0000000002","operation":"list-resources"},"0000000003":{"id":"0000000003","operation":"list-resource-types"}},"action_order":["0000000002","0000000003"],"current_action_id":3,"should_skip_entitlements_and_grants":true,"completed_actions_count":3,"version":1}"#
        );
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let ok = r#"{"actions_map":{"0000000002":{"id":"0000000002","operation":"grant-expansion"}},"action_order":["0000000002"],"current_action_id":6,"version":1}"#;
        assert_eq!(
            Plan::parse(SyncType::Full, ok).unwrap().next(),
            Some(Operation::Expansion)
        );
        let cases = [
            ("", "cannot be understood"),
            ("{}", "cannot be understood"),
            (r#"{"needs_expansion":true}"#, "cannot be understood"),
            (
                r#"{"actions":[],"current_action":null,"version":1}"#,
                "cannot be understood",
            ),
            (&ok.replace("\"version\":1", "\"version\":2"), "has version 2"),
            (&ok.replace("grant-expansion", "fetch-assets"), "cannot be understood"),
            (&ok.replace("grant-expansion", "list-grants"), "another order"),
            (&ok.replace("[\"0000000002\"]", "[\"0000000003\"]"), "has no step"),
            (&ok.replace("[\"0000000002\"]", "[]"), "contradicts itself"),
            (
                &ok.replace("\"current_action_id\":6", "\"current_action_id\":1"),
                "contradicts itself",
            ),
            (&ok.replace("0000000002", "2"), "has no step"),
            (
                &ok.replace(
                    "\"current_action_id\"",
                    "\"step_durations_ms\":{},\"current_action_id\"",
                ),
                "cannot be understood",
            ),
        ];
        for (token, expected) in cases {
            let why = Plan::parse(SyncType::Full, token).unwrap_err();
            assert!(why.contains(expected), "{token}: {why}");
        }
        assert!(
            Plan::parse(SyncType::ResourcesOnly, ok).is_err(),
            "another kind of sync"
        );
    }

    #[test]
    fn a_finished_token_keeps_what_the_next_sync_asks_for() {
        let plain = finished(5, true, Remembered::default()).unwrap();
        assert_eq!(
            plain,
            r#"{"current_action_id":5,"needs_expansion":true,"completed_actions_count":5,"version":1}"#
        );
        let remembered = Remembered {
            records: [("families".to_owned(), serde_json::json!(["groups"]))].into(),
            answered: [("group_members".to_owned(), ["g-1".to_owned()].into())].into(),
            warnings: Vec::new(),
        };
        let token = finished(5, false, remembered.clone()).unwrap();
        assert_eq!(Remembered::from_token(&token), remembered);
    }
}
