//! What a finding lists: each thing with its rows, and with commands that show it or end it.

use serde::Serialize;

use super::Looker;
use crate::baton::shell;
use crate::report::inventory::{At, Class};
use crate::report::thing::Thing;

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// Names the fact: equal in every sync that has it. `key/type:id`, and where one thing can be found several times,
    /// `key/type:id/entitlement`.
    pub id: String,
    /// What it is about.
    pub thing: Thing,
    /// What is the matter with it.
    pub detail: String,
    /// The rows of the file that say so.
    pub evidence: Vec<Evidence>,
    /// The command that shows more.
    pub look: String,
    /// The commands that take away what is the matter, where there are some. Each asks before it does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fix: Vec<String>,
    /// Who answers for it, as the policy says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// A row of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// Which: `resource api_client:7`, `grant of project:9:project-admin to collaborator:1003`.
    pub row: String,
    /// What it says.
    pub says: String,
}

/// Something of which the file does not say whether it belongs to a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unknown {
    /// What it is about, where it is one thing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thing: Option<Thing>,
    /// What is not known.
    pub why: String,
}

/// Something that was found and that the policy excepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Excepted {
    /// What was found.
    pub item: Item,
    /// Why it is accepted.
    pub reason: String,
    /// The last day on which it is: `2027-01-31`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// One thing that was found, while it is looked for.
pub(super) struct Found {
    pub(super) at: At,
    /// The right it is about, where a thing can be found by several.
    right: Option<usize>,
    detail: String,
    evidence: Vec<Evidence>,
    fix: Vec<String>,
}

impl Found {
    pub(super) fn new(at: At, detail: impl Into<String>) -> Found {
        Found {
            at,
            right: None,
            detail: detail.into(),
            evidence: Vec::new(),
            fix: Vec::new(),
        }
    }

    pub(super) fn by(self, right: usize) -> Found {
        Found {
            right: Some(right),
            ..self
        }
    }

    pub(super) fn shown_by(mut self, evidence: impl IntoIterator<Item = Evidence>) -> Found {
        self.evidence.extend(evidence);
        self
    }

    pub(super) fn ended_by(self, fix: impl IntoIterator<Item = String>) -> Found {
        Found {
            fix: fix.into_iter().collect(),
            ..self
        }
    }

    pub(super) fn into_item(self, looker: &Looker<'_>, key: &str) -> Item {
        let inventory = looker.counted.inventory;
        let thing = inventory.thing(self.at);
        let right = self.right.and_then(|right| inventory.entitlements().get(right));
        let mut id = format!("{key}/{}:{}", thing.kind, thing.id);
        if let Some(right) = right {
            id.push('/');
            id.push_str(&right.id);
        }
        Item {
            id,
            look: looker.look(self.at),
            thing,
            detail: self.detail,
            evidence: self.evidence,
            fix: self.fix,
            owner: None,
        }
    }
}

impl Looker<'_> {
    /// The row of a resource, and what it says.
    pub(in crate::report) fn row(&self, at: At, says: impl Into<String>) -> Evidence {
        Evidence {
            row: format!("resource {}", self.key(at)),
            says: says.into(),
        }
    }

    /// The row of a grant.
    pub(in crate::report) fn grant(&self, right: usize, to: At) -> Evidence {
        let inventory = self.counted.inventory;
        let right = inventory.entitlements().get(right);
        let to_name = inventory.entry(to).map_or("", |entry| entry.name());
        let on = right.and_then(|right| right.on);
        let on = on.map_or(String::new(), |on| format!(", on {}", inventory.thing(on).told()));
        Evidence {
            row: format!("grant of {} to {}", right.map_or("", |right| &right.id), self.key(to)),
            says: format!("{to_name} holds {}{on}", right.map_or("", |right| &right.name)),
        }
    }

    /// An item about one thing.
    pub(in crate::report) fn item(&self, key: &str, at: At, detail: String, evidence: Vec<Evidence>) -> Item {
        Found::new(at, detail).shown_by(evidence).into_item(self, key)
    }

    /// `type:id`.
    pub(in crate::report) fn key(&self, at: At) -> String {
        let thing = self.counted.inventory.thing(at);
        format!("{}:{}", thing.kind, thing.id)
    }

    /// The command that shows a thing: what those who hold something reach, who reaches what others hold.
    fn look(&self, at: At) -> String {
        let inventory = self.counted.inventory;
        let Some(entry) = inventory.entry(at) else {
            return String::new();
        };
        let owner = entry.works.as_ref().and_then(|works| works.owner.as_ref());
        let owner = owner.filter(|(kind, id)| inventory.find(kind, id).is_some());
        let own = self.key(at);
        match (owner, inventory.class_of(entry)) {
            (Some((kind, id)), _) => self.command(&["access", &format!("{kind}:{id}")]),
            (None, Class::Account | Class::Group | Class::Role) => self.command(&["access", &own]),
            (None, _) => self.command(&["access", "--on", &own]),
        }
    }

    /// A command over the file.
    pub(in crate::report) fn command(&self, words: &[&str]) -> String {
        let words = words.iter().copied().chain(["-f", self.counted.file]).map(shell::word);
        let words: Vec<String> = std::iter::once("baton-workato".to_owned()).chain(words).collect();
        words.join(" ")
    }
}
