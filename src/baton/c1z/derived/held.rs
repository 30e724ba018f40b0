//! Derived grants that are not rows yet: who gets what through what, as numbers. A million of them take eight megabytes.
//!
//! A row of a derived grant repeats what is known of its entitlement, its principal and its sources. So rows are made once, in
//! the order of the file, when all grants are known.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use prost::Message as _;

use super::{DerivedGrant, Destination, Principal, Sources};
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::proto::v2;

/// Grants that are held in memory; more lie in a file without a name.
const IN_MEMORY: usize = 4 << 20;
/// Grants that are handed on at a time.
const TOGETHER: usize = 4096;
/// Bytes of a grant in the file.
const BYTES: usize = 8;

/// See the module.
pub(in crate::baton::c1z) struct Held {
    folder: PathBuf,
    destinations: Known<Destination>,
    principals: Known<Principal>,
    sources: Known<Sources>,
    /// Ids of the destinations.
    ids: HashSet<String>,
    parts: Vec<Part>,
    rows: Vec<Row>,
    /// What went before `rows`, and how many grants that is.
    file: Option<File>,
    in_file: usize,
    in_memory: usize,
}

/// Grants of one destination that came together, in the order in which they came.
#[derive(Debug, Clone)]
pub(in crate::baton::c1z) struct Part {
    /// The number of the destination.
    pub(in crate::baton::c1z) destination: u32,
    first: usize,
    count: usize,
    /// When, see [`timestamp`](crate::baton::c1z::timestamp).
    pub(in crate::baton::c1z) at: Arc<str>,
}

/// Numbers of the principal and of what it comes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::baton::c1z) struct Row {
    pub(in crate::baton::c1z) principal: u32,
    pub(in crate::baton::c1z) sources: u32,
}

/// Things by number, each once.
struct Known<T> {
    all: Vec<Arc<T>>,
    /// By address: what is in `all` stays where it is.
    numbers: HashMap<usize, u32>,
    last: Option<(usize, u32)>,
}

impl<T> Known<T> {
    fn new() -> Self {
        Known {
            all: Vec::new(),
            numbers: HashMap::new(),
            last: None,
        }
    }

    fn number(&mut self, thing: &Arc<T>) -> Result<u32> {
        let address = Arc::as_ptr(thing).addr();
        match self.last {
            Some((last, number)) if last == address => return Ok(number),
            _ => {}
        }
        let number = match self.numbers.get(&address) {
            Some(number) => *number,
            None => {
                let number = u32::try_from(self.all.len()).map_err(|_| too_many())?;
                self.all.push(Arc::clone(thing));
                self.numbers.insert(address, number);
                number
            }
        };
        self.last = Some((address, number));
        Ok(number)
    }

    fn get(&self, number: u32) -> Result<&Arc<T>> {
        self.all.get(number as usize).ok_or_else(lost)
    }
}

impl Held {
    /// Holds nothing. What is too much for memory goes to `folder`.
    pub(in crate::baton::c1z) fn new(folder: &Path) -> Self {
        Self::with_room(folder, IN_MEMORY)
    }

    fn with_room(folder: &Path, in_memory: usize) -> Self {
        Held {
            folder: folder.to_owned(),
            destinations: Known::new(),
            principals: Known::new(),
            sources: Known::new(),
            ids: HashSet::new(),
            parts: Vec::new(),
            rows: Vec::new(),
            file: None,
            in_file: 0,
            in_memory,
        }
    }

    /// Adds grants that came at a time.
    ///
    /// # Errors
    /// `ResourceExhausted` when the disk is full, here and below.
    pub(in crate::baton::c1z) fn add(&mut self, grants: &[DerivedGrant], at: &str) -> Result<()> {
        let at: Arc<str> = at.into();
        for of_one in grants.chunk_by(|a, b| Arc::ptr_eq(&a.destination, &b.destination)) {
            let Some(destination) = of_one.first().map(|grant| &grant.destination) else {
                continue;
            };
            if !self.ids.contains(&destination.id) {
                self.ids.insert(destination.id.clone());
            }
            self.parts.push(Part {
                destination: self.destinations.number(destination)?,
                first: self.len(),
                count: of_one.len(),
                at: Arc::clone(&at),
            });
            for grant in of_one {
                self.rows.push(Row {
                    principal: self.principals.number(&grant.principal)?,
                    sources: self.sources.number(&grant.sources)?,
                });
            }
            if self.rows.len() > self.in_memory {
                self.spill()
                    .with_context(|| format!("keep grants in {}", self.folder.display()))?;
            }
        }
        Ok(())
    }

    fn spill(&mut self) -> Result<()> {
        let mut bytes = Vec::with_capacity(self.rows.len() * BYTES);
        for row in &self.rows {
            bytes.extend_from_slice(&row.principal.to_le_bytes());
            bytes.extend_from_slice(&row.sources.to_le_bytes());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile_in(&self.folder)?),
        };
        file.seek(SeekFrom::End(0))?;
        file.write_all(&bytes)?;
        self.in_file += self.rows.len();
        self.rows.clear();
        Ok(())
    }

    /// How many grants there are.
    pub(in crate::baton::c1z) fn len(&self) -> usize {
        self.in_file + self.rows.len()
    }

    /// Whether there is none.
    pub(in crate::baton::c1z) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether any is of this entitlement.
    pub(in crate::baton::c1z) fn has(&self, entitlement_id: &str) -> bool {
        self.ids.contains(entitlement_id)
    }

    /// By number.
    pub(in crate::baton::c1z) fn destinations(&self) -> &[Arc<Destination>] {
        &self.destinations.all
    }

    /// By number.
    pub(in crate::baton::c1z) fn principals(&self) -> &[Arc<Principal>] {
        &self.principals.all
    }

    /// By number.
    pub(in crate::baton::c1z) fn sources(&self) -> &[Arc<Sources>] {
        &self.sources.all
    }

    /// In the order in which they came.
    pub(in crate::baton::c1z) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Appends the rows of a part to `rows`.
    ///
    /// # Errors
    /// Those of the file system.
    pub(in crate::baton::c1z) fn rows_of(&self, part: &Part, rows: &mut Vec<Row>) -> Result<()> {
        // A part is wholly in the file or in memory.
        if let Some(first) = part.first.checked_sub(self.in_file) {
            rows.extend(self.rows.get(first..first + part.count).ok_or_else(lost)?);
            return Ok(());
        }
        let mut file = self.file.as_ref().ok_or_else(lost)?;
        let mut bytes = vec![0; part.count * BYTES];
        file.seek(SeekFrom::Start((part.first * BYTES) as u64))?;
        file.read_exact(&mut bytes)?;
        let number = |bytes: &[u8]| bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        rows.extend(bytes.chunks_exact(BYTES).map(|row| {
            let (principal, sources) = row.split_at(BYTES / 2);
            Row {
                principal: number(principal),
                sources: number(sources),
            }
        }));
        Ok(())
    }

    /// By the type of the resource that they are on.
    pub(in crate::baton::c1z) fn counts(&self) -> BTreeMap<&str, u64> {
        let mut counts = BTreeMap::new();
        for part in &self.parts {
            if let Some(destination) = self.destinations.all.get(part.destination as usize) {
                *counts.entry(destination.on.resource_type.as_str()).or_default() += part.count as u64;
            }
        }
        counts
    }

    /// Hands on all grants, in the order in which they came.
    pub(in crate::baton::c1z) fn for_each(&self, each: &mut dyn FnMut(&[DerivedGrant]) -> Result<()>) -> Result<()> {
        self.parts.iter().try_for_each(|part| self.grants_of(part, each))
    }

    fn grants_of(&self, part: &Part, each: &mut dyn FnMut(&[DerivedGrant]) -> Result<()>) -> Result<()> {
        let destination = self.destinations.get(part.destination)?;
        let mut rows = Vec::new();
        self.rows_of(part, &mut rows)?;
        for rows in rows.chunks(TOGETHER) {
            let grant = |row: &Row| {
                let (principal, sources) = (self.principals.get(row.principal)?, self.sources.get(row.sources)?);
                Ok(DerivedGrant::new(destination, principal, sources))
            };
            each(&rows.iter().map(grant).collect::<Result<Vec<_>>>()?)?;
        }
        Ok(())
    }

    /// The messages of the grants of an entitlement, to principals of the given types or of any.
    pub(in crate::baton::c1z) fn for_each_of(
        &self,
        entitlement_id: &str,
        principal_types: Option<&[String]>,
        each: &mut dyn FnMut(v2::Grant) -> Result<()>,
    ) -> Result<()> {
        if !self.has(entitlement_id) {
            return Ok(());
        }
        let mut bytes = Vec::new();
        for part in &self.parts {
            if self.destinations.get(part.destination)?.id != entitlement_id {
                continue;
            }
            self.grants_of(part, &mut |grants| {
                for grant in grants {
                    let kind = &grant.principal.id().resource_type;
                    if principal_types.is_none_or(|types| types.contains(kind)) {
                        each(message(grant, &mut bytes)?)?;
                    }
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// The message of a grant.
    pub(in crate::baton::c1z) fn find(&self, id: &str) -> Result<Option<v2::Grant>> {
        let mut found = None;
        for part in &self.parts {
            if !id.starts_with(&self.destinations.get(part.destination)?.id) {
                continue;
            }
            self.grants_of(part, &mut |grants| {
                if let Some(grant) = grants.iter().find(|grant| grant.id() == id) {
                    found = Some(message(grant, &mut Vec::new())?);
                }
                Ok(())
            })?;
        }
        Ok(found)
    }
}

fn message(grant: &DerivedGrant, bytes: &mut Vec<u8>) -> Result<v2::Grant> {
    grant.encode(bytes);
    v2::Grant::decode(bytes.as_slice()).map_err(|error| Error::new(Kind::Internal, error.to_string()))
}

fn lost() -> Error {
    Error::new(Kind::Internal, "a derived grant is not where it was put")
}

fn too_many() -> Error {
    Error::new(
        Kind::ResourceExhausted,
        "there are more than 4 billion entitlements, principals or paths",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baton::entitlement::{EntitlementBuilder, Purpose};
    use crate::baton::resource::ResourceBuilder;

    fn destination(name: &str) -> Arc<Destination> {
        let on = ResourceBuilder::new("role", name, name).build();
        let entitlement = EntitlementBuilder::new(&on, "has", Purpose::Assignment, &[]).build();
        Arc::new(Destination::new(&entitlement).unwrap())
    }

    fn principal(n: usize) -> Arc<Principal> {
        let person = ResourceBuilder::new("user", n.to_string(), format!("Person {n}")).build();
        Arc::new(Principal::new(&person).unwrap())
    }

    fn ids(held: &Held) -> Vec<String> {
        let mut ids = Vec::new();
        held.for_each(&mut |grants| {
            ids.extend(grants.iter().map(|grant| grant.id().to_owned()));
            Ok(())
        })
        .unwrap();
        ids
    }

    #[test]
    fn what_does_not_fit_into_memory_comes_back_as_what_does() {
        let folder = tempfile::tempdir().unwrap();
        let sources = Arc::new(Sources::new(v2::GrantSources::default()));
        let (roles, people) = (["b", "a"].map(destination), [0, 1, 2, 3, 4, 5, 6].map(principal));
        let mut all: [Held; 2] = [IN_MEMORY, 3].map(|room| Held::with_room(folder.path(), room));
        for held in &mut all {
            for _ in 0..3 {
                for people in people.chunks(2) {
                    let grants = roles
                        .iter()
                        .flat_map(|role| people.iter().map(|person| DerivedGrant::new(role, person, &sources)));
                    held.add(&grants.collect::<Vec<_>>(), "2026-01-02 03:04:05").unwrap();
                }
            }
            assert_eq!(held.len(), 3 * 2 * 7);
            assert_eq!(held.counts(), BTreeMap::from([("role", 42)]));
            assert_eq!((held.principals().len(), held.sources().len()), (7, 1));
            assert!(held.has("role:a:has") && !held.has("role:c:has"));
            let mut of_a = Vec::new();
            held.for_each_of("role:a:has", None, &mut |grant| {
                of_a.push(grant.id);
                Ok(())
            })
            .unwrap();
            assert_eq!(of_a.len(), 21);
            let found = held.find("role:a:has:user:6").unwrap().unwrap();
            assert_eq!(found.principal.unwrap().display_name, "Person 6");
            assert!(held.find("role:a:has:user:7").unwrap().is_none());
        }
        let [roomy, tight] = &all;
        assert!(tight.in_file > 30 && roomy.in_file == 0, "{}", tight.in_file);
        assert_eq!(ids(roomy), ids(tight));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
