//! Whoever typed a name: is told on stderr where it is spelled otherwise, and asked on a terminal which one they mean.

use crate::baton::error::Result;
use crate::report::find::{Asked, Author, Candidate, Choice};
use crate::term::Terminal;

/// Things that are named in one line.
const NAMED: usize = 5;

/// The person, or the program, at this terminal.
#[derive(Debug)]
pub struct Typist<'t>(pub &'t Terminal);

impl Author for Typist<'_> {
    fn spelled(&self, typed: &str, found: &[Candidate]) {
        let mut named: Vec<String> = found
            .iter()
            .take(NAMED)
            .map(|candidate| format!("{candidate} ({})", candidate.key()))
            .collect();
        if found.len() > NAMED {
            named.push(format!("{} more", found.len() - NAMED));
        }
        self.0.say_line(&format!(
            "Nothing is spelled {typed:?}: this is about {}.",
            named.join(", ")
        ));
    }

    fn choose(&self, typed: &str, asked: Asked, candidates: &[Candidate]) -> Result<Choice> {
        if !self.0.can_ask() {
            return Ok(Choice::Nobody);
        }
        let question = match asked {
            Asked::Which => format!("{typed:?} fits {} of this sync.", candidates.len()),
            Asked::Meant => format!("Nothing in this sync is called {typed:?}. Did you mean"),
        };
        let lines: Vec<String> = candidates
            .iter()
            .map(|candidate| format!("{candidate}  {}", candidate.key()))
            .collect();
        Ok(match self.0.pick(&question, &lines)? {
            Some(at) => Choice::Taken(at),
            None => Choice::None,
        })
    }
}
