//! Which types are those of people and accounts: the one place that decides it, so that no command says of somebody that they
//! are none.

use super::snapshot::Snapshot;
use crate::baton::error::Result;
use crate::baton::proto::v2::resource_type::Trait;

/// The types of accounts of a sync.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts {
    kinds: Vec<String>,
    unsaid: Vec<String>,
}

impl Accounts {
    /// A type is one of accounts if it has the user trait. One that has neither that nor the trait of groups or roles, or that
    /// the file does not declare, is one if any of its resources bears a user trait. One that is not declared at all is one if
    /// its resources hold something and pass nothing on: what they are is not known, and they must not be lost. So is any
    /// type that does not say what it is, where no other is one of accounts.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file.
    pub(super) fn read(snapshot: &Snapshot) -> Result<Accounts> {
        let (reader, sync_id) = (snapshot.reader(), snapshot.sync_id());
        let (mut kinds, mut silent, mut declared) = (Vec::new(), Vec::new(), Vec::new());
        reader.for_each_resource_type(sync_id, &mut |kind| {
            let has = |wanted: Trait| kind.traits().any(|t| t == wanted);
            if has(Trait::User) {
                kinds.push(kind.id.clone());
            } else if !has(Trait::Group) && !has(Trait::Role) {
                silent.push(kind.id.clone());
            }
            declared.push(kind.id);
            Ok(())
        })?;
        let holding = reader.principal_types(sync_id)?;
        let undeclared: Vec<&String> = holding.iter().filter(|kind| !declared.contains(*kind)).collect();
        let mut unsaid = Vec::new();
        for kind in silent.iter().chain(undeclared.iter().copied()) {
            if reader.has_user_trait(sync_id, kind)? {
                kinds.push(kind.clone());
            } else {
                unsaid.push(kind);
            }
        }
        let is_alone = kinds.is_empty();
        unsaid.retain(|kind| match is_alone {
            true => holding.contains(*kind),
            false => undeclared.contains(kind),
        });
        let mut found = Accounts {
            kinds,
            unsaid: Vec::new(),
        };
        if !unsaid.is_empty() {
            let edges = snapshot.edges()?;
            let passes_on = |kind: &String| {
                let mut edges = edges.all().flat_map(|(_, edges)| edges);
                edges.any(|edge| edge.holder.0 == *kind)
            };
            found.unsaid = unsaid.into_iter().filter(|kind| !passes_on(kind)).cloned().collect();
            found.kinds.extend(found.unsaid.iter().cloned());
        }
        Ok(found)
    }

    /// The types: those with the trait in the order of rows, then the others.
    pub fn kinds(&self) -> &[String] {
        &self.kinds
    }

    /// Whether the resources of a type are people or accounts.
    pub fn includes(&self, kind: &str) -> bool {
        self.kinds.iter().any(|known| known == kind)
    }

    /// Those of the types of which the file does not say what they are. They count as accounts.
    pub fn unsaid(&self) -> &[String] {
        &self.unsaid
    }
}
