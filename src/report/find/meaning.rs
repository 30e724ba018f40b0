//! What is done where a text names nothing, or several things: there may be somebody to tell, or to ask.

use std::fmt;

use crate::baton::error::Result;
use crate::report::thing::Thing;

/// Something of the sync that what was typed may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The row.
    pub thing: Thing,
    /// The e-mail address it is told from others by; empty where it has none.
    pub email: String,
}

impl Candidate {
    /// What means this one and nothing else, when typed: `collaborator:7`.
    pub fn key(&self) -> String {
        format!("{}:{}", self.thing.kind, self.thing.id)
    }
}

/// As people know it: `Ada Lovelace <ada@example.org>`, `Billing (prod)`.
impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.thing.beside_email())?;
        if self.email.is_empty() {
            return Ok(());
        }
        write!(f, " <{}>", self.email)
    }
}

/// What is asked of whoever typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Several things are called so: which one?
    Which,
    /// Nothing is called so: was one of these meant?
    Meant,
}

/// What came of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The candidate of this number, from 0.
    Taken(usize),
    /// Somebody was asked, and chose none.
    None,
    /// There is nobody to ask.
    Nobody,
}

/// Whoever typed a name.
pub trait Author: fmt::Debug {
    /// Is told that what they typed is spelled otherwise, and that the answer is about these.
    fn spelled(&self, typed: &str, found: &[Candidate]);

    /// Is asked which of these they mean. The candidates are never empty.
    ///
    /// # Errors
    /// Those of the place where they are asked.
    fn choose(&self, typed: &str, asked: Asked, candidates: &[Candidate]) -> Result<Choice>;
}
