//! What is to be done about the decisions of a review, after all that was done before.

use super::columns::Decision;
use super::journal::{Basis, Entry, Event, Told};
use super::manifest::{Removal, Row};
use super::standing::Standing;

/// How many anchors there are.
const ANCHORS: usize = 8;

/// A plan.
#[derive(Debug, Default)]
pub struct Plan<'s> {
    /// Grants to take away, in the order of workbooks.
    pub steps: Vec<Step<'s>>,
    /// A few rows of others that are not to go: where one of them is found in a workspace, it is that of the review.
    pub anchors: Vec<Step<'s>>,
    /// Rows that are to go and cannot be taken away here.
    pub told: Vec<Refusal<'s>>,
    /// Rows that were carried out before.
    pub finished: usize,
    /// Rows that were carried out, and are decided otherwise now.
    pub reversed: Vec<&'s Row>,
    /// Rows that somebody else has to decide about.
    pub ask: usize,
    /// Rows nobody decided about.
    pub undecided: usize,
}

/// A grant to take away.
#[derive(Debug, Clone)]
pub struct Step<'s> {
    /// The row.
    pub row: &'s Row,
    /// The decision.
    pub by: Basis,
    /// Whether a write for it was begun before, and it is not known what became of it.
    pub is_begun: bool,
    /// In what other ways the same is held, which stay.
    pub rest: Option<&'s str>,
}

/// A row that cannot be taken away here.
#[derive(Debug, Clone, Copy)]
pub struct Refusal<'s> {
    /// The row.
    pub row: &'s Row,
    /// Why.
    pub because: &'s str,
    /// What to do.
    pub instead: &'s str,
}

/// Makes the plan. The same decision is never carried out twice: what the journal has as done stays out of it.
pub fn plan<'s>(standing: &'s Standing, entries: &[Entry]) -> Plan<'s> {
    let told = Told {
        entries: entries.to_vec(),
        sha256: None,
    };
    let last = told.last();
    let mut plan = Plan::default();
    for (packet, row, answer) in standing.answered() {
        let before = last.get(row.id.as_str()).map(|entry| entry.event);
        let is_done = before.is_some_and(Event::is_final);
        if answer.decision != Some(Decision::Revoke) && !is_done {
            plan.anchor(row);
        }
        match answer.decision {
            Some(Decision::Revoke) if is_done => plan.finished += 1,
            _ if is_done => plan.reversed.push(row),
            Some(Decision::Keep) => {}
            Some(Decision::Ask) => plan.ask += 1,
            None => plan.undecided += 1,
            Some(Decision::Revoke) => match &row.removal {
                Removal::Revoke { rest } => plan.steps.push(Step {
                    row,
                    by: packet.basis(&answer.note),
                    is_begun: matches!(before, Some(Event::Begun | Event::Unknown)),
                    rest: rest.as_deref(),
                }),
                Removal::Not { because, instead } => plan.told.push(Refusal { row, because, instead }),
            },
        }
    }
    plan
}

impl<'s> Plan<'s> {
    fn anchor(&mut self, row: &'s Row) {
        let is_known = |step: &Step<'_>| step.row.right.principal == row.right.principal;
        let is_revocable = matches!(row.removal, Removal::Revoke { .. });
        if is_revocable && self.anchors.len() < ANCHORS && !self.anchors.iter().any(is_known) {
            self.anchors.push(Step {
                row,
                by: Basis::default(),
                is_begun: false,
                rest: None,
            });
        }
    }
}
