//! Who is asked about a row.

use serde::{Deserialize, Serialize};

use crate::baton::error::Result;
use crate::report::access::Access;
use crate::report::inventory::Inventory;
use crate::report::policy::Owners;
use crate::report::reach::{Asker, place};
use crate::report::thing::{Account, Thing};
use crate::report::wording;

/// Who reviews.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// Whoever knows the project.
    Project,
    /// Whoever knows the person.
    Person,
    /// Whoever knows the role.
    Role,
    /// Who owns what is reached, as the policy or the file says.
    Owner,
}

impl By {
    /// All of them.
    pub const ALL: [By; 4] = [By::Project, By::Person, By::Role, By::Owner];

    /// As it is typed.
    pub fn word(self) -> &'static str {
        match self {
            By::Project => "project",
            By::Person => "person",
            By::Role => "role",
            By::Owner => "owner",
        }
    }

    /// The one of a word.
    pub fn of(word: &str) -> Option<By> {
        By::ALL
            .into_iter()
            .find(|one| one.word().eq_ignore_ascii_case(word.trim()))
    }
}

/// Finds reviewers.
pub(super) struct Reviewers<'r, 's> {
    pub by: By,
    pub asker: Asker<'r, 's>,
    pub inventory: &'r Inventory,
    pub owners: Owners<'r>,
}

impl Reviewers<'_, '_> {
    /// Who is asked about an access of an account: the key that is equal for all rows of one reviewer, and what they are
    /// called.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub(super) fn of(&self, account: &Account, access: &Access) -> Result<(String, String)> {
        let at = access.target();
        let thing = |thing: &Thing| Ok((key(thing), self.asker.told(thing)?));
        let nobody = |why: &str| Ok((String::new(), why.to_owned()));
        match self.by {
            By::Person => {
                let name = account.thing.account_name();
                let called = match account.email.as_str() {
                    "" => name,
                    email => format!("{name} <{email}>"),
                };
                Ok((key(&account.thing), called))
            }
            By::Role => {
                let called = wording::label(self.asker.names(), &access.right)?;
                let on = self.asker.told(&access.right.resource)?;
                let called = match called.contains(&on) {
                    true => called,
                    false => format!("{called}, on {on}"),
                };
                match access.right.id.as_str() {
                    "" => Ok((called.clone(), called)),
                    right => Ok((right.to_owned(), called)),
                }
            }
            By::Project => match self.project(at)? {
                Some(project) => thing(&project),
                None => nobody("Outside of projects"),
            },
            By::Owner => match self.owner(at) {
                Some(owner) => Ok((owner.to_lowercase(), owner)),
                None => nobody("No owner known"),
            },
        }
    }

    fn project(&self, at: &Thing) -> Result<Option<Thing>> {
        let conventions = self.asker.ground.conventions();
        if conventions.project_types.contains(&at.kind.as_str()) {
            return Ok(Some(at.clone()));
        }
        place::project(self.asker.names(), conventions, &at.kind, &at.id)
    }

    /// As the policy says of a thing or of what it lies in, else as the file says of the thing.
    fn owner(&self, at: &Thing) -> Option<String> {
        if let Some(owner) = self.owners.owner(self.inventory, &at.kind, &at.id) {
            return Some(owner.to_owned());
        }
        let entry = self.inventory.entry(self.inventory.find(&at.kind, &at.id)?)?;
        let (kind, id) = entry.works.as_ref()?.owner.as_ref()?;
        let owner = self.inventory.entry(self.inventory.find(kind, id)?)?;
        Some(owner.email().unwrap_or(owner.name()).to_owned())
    }
}

/// `type:id`.
pub(super) fn key(thing: &Thing) -> String {
    format!("{}:{}", thing.kind, thing.id)
}
