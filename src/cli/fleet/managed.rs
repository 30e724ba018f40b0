//! Customers of an Embedded partner in a fleet: all that the partner's token lists, or those that are named.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use serde::Deserialize;

use crate::baton::code::SETTING_VALUE;
use crate::baton::error::{Error, Kind, Result};
use crate::workato::client::Customer;

/// What names the file of a customer begins with.
pub const STEM: &str = "customer-";
/// Longest part of an id that a file is called by.
const LONGEST: usize = 80;
/// Bytes of a sum that tell ids apart.
const SUM: usize = 16;

/// Which customers.
#[derive(Deserialize, Clone)]
#[serde(untagged)]
pub enum Chosen {
    /// `all`.
    Word(String),
    /// By their ids.
    These(Vec<Id>),
}

/// An id as it is written in the file.
#[derive(Deserialize, Clone)]
#[serde(untagged)]
pub enum Id {
    Number(u64),
    Text(String),
}

impl Chosen {
    /// Those that are named; none where all are meant.
    ///
    /// # Errors
    /// Another word than `all`, no id, what is no id, one twice: exit code 2.
    pub fn named(&self) -> Result<Option<Vec<Customer>>> {
        let ids = match self {
            Chosen::Word(word) if word == "all" => return Ok(None),
            Chosen::Word(word) => {
                return Err(wrong(format!(
                    "managed-users: customers are `all` or a list of ids, not {word:?}"
                )));
            }
            Chosen::These(ids) => ids,
        };
        let mut named = BTreeSet::new();
        let mut customers = Vec::with_capacity(ids.len());
        for id in ids {
            let text = match id {
                Id::Number(number) => number.to_string(),
                Id::Text(text) => text.clone(),
            };
            let customer = Customer::parse(&text).map_err(|error| {
                wrong(format!("managed-users: {error}")).hint(error.hint_text().unwrap_or_default().to_owned())
            })?;
            if !named.insert(customer.clone()) {
                return Err(wrong(format!("managed-users: {customer} is named twice")));
            }
            customers.push(customer);
        }
        if customers.is_empty() {
            return Err(wrong("managed-users: no customer is named".to_owned()).hint("customers: all, or their ids"));
        }
        Ok(Some(customers))
    }
}

/// What each customer and its file are called: by its id, so that it stays its own whatever the customer is renamed to.
/// External ids may hold anything: what no file can be called by is left out, and what is left is told apart by a sum.
///
/// # Errors
/// Two that cannot be told apart: exit code 2.
pub fn stems(customers: &[&Customer]) -> Result<Vec<String>> {
    let mut plain = BTreeMap::<String, usize>::new();
    for customer in customers {
        *plain.entry(customer.as_str().to_lowercase()).or_default() += 1;
    }
    let mut taken = BTreeSet::new();
    let mut stems = Vec::with_capacity(customers.len());
    for customer in customers {
        let id = customer.as_str();
        let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        // Some disks know no capitals.
        let is_alone = plain.get(&id.to_lowercase()) == Some(&1);
        let stem = match id.len() <= LONGEST && id.chars().all(is_safe) && is_alone {
            true => format!("{STEM}{id}"),
            false => {
                let clean: String = id
                    .chars()
                    .map(|c| if is_safe(c) { c } else { '_' })
                    .take(LONGEST)
                    .collect();
                let sum = digest(&SHA256, id.as_bytes());
                let sum = sum.as_ref().iter().take(SUM).fold(String::new(), |mut text, byte| {
                    let _ = write!(text, "{byte:02x}");
                    text
                });
                format!("{STEM}{clean}~{sum}")
            }
        };
        if !taken.insert(stem.to_lowercase()) {
            return Err(wrong(format!(
                "managed-users: the file of {customer} would be that of another customer"
            )));
        }
        stems.push(stem);
    }
    Ok(stems)
}

/// What is wrong with the choice as such.
fn wrong(message: String) -> Error {
    Error::new(Kind::Unknown, message).code(SETTING_VALUE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(ids: &[&str]) -> Vec<String> {
        let customers: Vec<Customer> = ids.iter().map(|id| Customer::parse(id).unwrap()).collect();
        stems(&customers.iter().collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn no_two_customers_have_one_file_and_no_file_is_elsewhere() {
        let long = format!("E{}", "x".repeat(200));
        let ids = [
            "91001",
            "91002",
            "EA23",
            "Ea23",
            "E../../etc/passwd",
            "E.._.._etc_passwd",
            "E a",
            "E\u{e9}",
            "E\u{e8}",
            &long,
            "E91001",
        ];
        let stems = named(&ids);
        assert_eq!(&stems[..2], ["customer-91001", "customer-91002"]);
        let all: BTreeSet<String> = stems.iter().map(|stem| stem.to_lowercase()).collect();
        assert_eq!(all.len(), ids.len(), "{stems:?}");
        for stem in &stems {
            assert!(stem.len() < 140 && !stem.contains(['/', '\\', ' ']), "{stem}");
        }
        // What it is called does not depend on who else is there.
        assert_eq!(named(&["E../../etc/passwd"])[0], stems[4]);
    }

    #[test]
    fn all_or_ids_and_nothing_else() {
        let read = |text: &str| serde_saphyr::from_str::<Chosen>(text).unwrap().named();
        assert!(read("all").unwrap().is_none());
        let these = read("[91001, EA23, '7']").unwrap().unwrap();
        assert_eq!(
            these.iter().map(Customer::as_str).collect::<Vec<_>>(),
            ["91001", "EA23", "7"]
        );
        for bad in ["most", "[]", "[A23]", "[7, '7']", "['']"] {
            assert_eq!(read(bad).unwrap_err().kind().exit_code(), 2, "{bad}");
        }
    }
}
