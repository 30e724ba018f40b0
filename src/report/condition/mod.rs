//! A condition over access, as a person writes it on a command line:
//! `domain != acme.com and entitlement ~ admin`.
//!
//! [`Condition::parse`] turns the text into a tree and checks everything that can be checked without a row, so that a
//! misspelt field or value is an error and not a condition that never holds. [`Facts`] is one row it is asked about.
//!
//! ```text
//! any      = all { "or" all }
//! all      = one { "and" one }
//! one      = "not" one | "(" any ")" | flag | field test
//! test     = ( "=" | "!=" | "~" | "!~" ) value | [ "not" ] "in" "(" value { "," value } ")"
//!          | ( "<" | "<=" | ">" | ">=" ) span
//! ```

mod facts;
mod field;
mod known;
mod lex;
mod mistake;
mod parse;
mod texts;

pub use facts::Facts;
pub use field::{Field, Kind, table as field_table};
pub use known::missing;

use crate::baton::error::Result;
use crate::report::spelling::lower;

/// What may be written, for help texts.
pub const SYNTAX: &str = "\
A condition is made of tests, joined by `and`, `or`, `not` and brackets:
  field = text       is the text; * stands for anything      email = *@acme.com
  field != text      is not                                  domain != acme.com
  field ~ text       contains the text                       entitlement ~ admin
  field !~ text      does not contain it                     resource !~ sandbox
  field in (a, b)    is one of these; `not in` is none       domain not in (acme.com, acme.io)
  idle > 90d         longer than; also < <= >=, h d w        age < 2w
  direct             a word that is true or not              not immutable
Upper and lower case are the same. Quote texts with spaces or brackets: 'All collaborators'.
A field without a value equals nothing: domain != acme.com holds for accounts without an e-mail address.
Of somebody with several addresses domain != acme.com holds where one of them is of another domain;
not domain = acme.com holds where none is of it. So do !~ and `not in`.";

/// A condition that was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    root: Expr,
}

#[derive(Debug, Clone, PartialEq)]
enum Expr {
    Or(Vec<Expr>),
    And(Vec<Expr>),
    Not(Box<Expr>),
    Flag(Field),
    Text(Field, Vec<Pattern>),
    /// One of its texts is none of these; or it has no text.
    Other(Field, Vec<Pattern>),
    Span(Field, Compare, i64),
}

/// How two spans compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compare {
    Less,
    AtMost,
    More,
    AtLeast,
}

/// A text to look for, in lower case: parts between which anything may stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct Pattern {
    parts: Vec<String>,
}

impl Pattern {
    /// `whole` is the pattern of `=`; otherwise the text may stand anywhere.
    pub(in crate::report) fn new(text: &str, whole: bool) -> Self {
        let text = lower(text);
        let mut parts: Vec<String> = text.split('*').map(str::to_owned).collect();
        if !whole {
            parts.insert(0, String::new());
            parts.push(String::new());
        }
        Pattern { parts }
    }

    pub(in crate::report) fn fits(&self, value: &str) -> bool {
        let value = lower(value);
        let Some(((first, last), middle)) = self.split() else {
            return self.parts.first().is_some_and(|only| *only == value);
        };
        let Some(mut rest) = value.strip_prefix(first) else {
            return false;
        };
        for part in middle {
            match rest.find(part.as_str()) {
                Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
                None => return false,
            }
        }
        rest.ends_with(last)
    }

    /// First and last part, and those between; `None` where there is one part only.
    fn split(&self) -> Option<((&str, &str), &[String])> {
        match self.parts.as_slice() {
            [first, middle @ .., last] => Some(((first, last), middle)),
            _ => None,
        }
    }
}

/// A text that something has to have for the condition to hold.
pub(in crate::report) struct Asked<'c> {
    /// Where.
    pub(in crate::report) field: Field,
    pattern: &'c Pattern,
}

impl Asked<'_> {
    pub(in crate::report) fn fits(&self, value: &str) -> bool {
        self.pattern.fits(value)
    }

    /// As it was written, in lower case.
    pub(in crate::report) fn told(&self) -> String {
        self.pattern.parts.join("*").trim_matches('*').to_owned()
    }
}

impl Condition {
    /// The texts that it asks for, those behind `not` aside: a misspelt one of these holds for nothing, where a misspelt
    /// one behind `not` holds for too much.
    pub(in crate::report) fn names(&self) -> Vec<Asked<'_>> {
        let mut found = Vec::new();
        self.root.names(false, &mut found);
        found
    }

    /// Understands a condition.
    ///
    /// # Errors
    /// `Unknown` (a mistake on the command line, exit code 2), with a mark under the place of the mistake.
    pub fn parse(text: &str) -> Result<Condition> {
        parse::parse(text)
            .map(|mut root| {
                root.order();
                Condition { root }
            })
            .map_err(|mistake| mistake.into_error(text))
    }

    /// Whether it tells rows apart by how they lead to what is reached.
    pub fn asks_for_reach(&self) -> bool {
        self.root.asks_for(Field::Reach)
    }

    /// Whether it holds for a row.
    ///
    /// # Errors
    /// Those of looking up names.
    pub fn holds(&self, facts: &Facts<'_, '_>) -> Result<bool> {
        self.root.holds(facts)
    }
}

impl Expr {
    /// Puts what is quickly answered first: which of two parts is looked at first changes nothing else.
    fn order(&mut self) {
        match self {
            Expr::Or(parts) | Expr::And(parts) => {
                parts.iter_mut().for_each(Expr::order);
                parts.sort_by_key(Expr::cost);
            }
            Expr::Not(part) => part.order(),
            Expr::Flag(_) | Expr::Text(..) | Expr::Other(..) | Expr::Span(..) => {}
        }
    }

    fn cost(&self) -> u32 {
        match self {
            Expr::Or(parts) | Expr::And(parts) => parts.iter().map(Expr::cost).max().unwrap_or_default(),
            Expr::Not(part) => part.cost(),
            Expr::Flag(_) => 0,
            Expr::Text(Field::Id, _) => 1,
            Expr::Text(Field::Type | Field::Name | Field::Resource | Field::ResourceType, _) => 2,
            Expr::Text(Field::Entitlement | Field::Environment, _) => 3,
            // Its ways have to be followed.
            Expr::Text(Field::Through, _) => 5,
            Expr::Text(..) | Expr::Other(..) | Expr::Span(..) => 4,
        }
    }

    fn names<'c>(&'c self, negated: bool, found: &mut Vec<Asked<'c>>) {
        match self {
            Expr::Or(parts) | Expr::And(parts) => parts.iter().for_each(|part| part.names(negated, found)),
            Expr::Not(part) => part.names(!negated, found),
            Expr::Text(field, patterns) if !negated => {
                found.extend(patterns.iter().map(|pattern| Asked { field: *field, pattern }));
            }
            Expr::Other(field, patterns) if negated => {
                found.extend(patterns.iter().map(|pattern| Asked { field: *field, pattern }));
            }
            Expr::Flag(_) | Expr::Text(..) | Expr::Other(..) | Expr::Span(..) => {}
        }
    }

    fn asks_for(&self, field: Field) -> bool {
        match self {
            Expr::Or(parts) | Expr::And(parts) => parts.iter().any(|part| part.asks_for(field)),
            Expr::Not(part) => part.asks_for(field),
            Expr::Flag(asked) | Expr::Text(asked, _) | Expr::Other(asked, _) | Expr::Span(asked, ..) => *asked == field,
        }
    }

    fn holds(&self, facts: &Facts<'_, '_>) -> Result<bool> {
        Ok(match self {
            Expr::Or(parts) => {
                for part in parts {
                    if part.holds(facts)? {
                        return Ok(true);
                    }
                }
                false
            }
            Expr::And(parts) => {
                for part in parts {
                    if !part.holds(facts)? {
                        return Ok(false);
                    }
                }
                true
            }
            Expr::Not(part) => !part.holds(facts)?,
            Expr::Flag(field) => facts.flag(*field),
            Expr::Text(field, patterns) => {
                let values = facts.texts(*field)?;
                values
                    .iter()
                    .any(|value| patterns.iter().any(|pattern| pattern.fits(value)))
            }
            Expr::Other(field, patterns) => {
                let values = facts.texts(*field)?;
                let is_other = |value: &String| !patterns.iter().any(|pattern| pattern.fits(value));
                values.is_empty() || values.iter().any(is_other)
            }
            Expr::Span(field, compare, seconds) => {
                // What is not known counts as for ever: nobody can say that it is recent.
                let is = facts.seconds(*field)?.unwrap_or(i64::MAX);
                match compare {
                    Compare::Less => is < *seconds,
                    Compare::AtMost => is <= *seconds,
                    Compare::More => is > *seconds,
                    Compare::AtLeast => is >= *seconds,
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn patterns_fit_whole_texts_or_parts() {
        let cases = [
            ("*@acme.com", true, "Ada@ACME.com", true),
            ("*@acme.com", true, "ada@acme.com.evil.example", false),
            ("@acme.com", false, "ada@acme.com.evil.example", true),
            ("a*c*e", true, "abcde", true),
            ("a*c*e", true, "abcd", false),
            ("aa*aa", true, "aaa", false),
            ("", true, "", true),
            ("", true, "x", false),
            ("", false, "x", true),
            ("*", true, "", true),
            ("ß", false, "STRASSE ß", true),
            ("Zo\u{eb}", true, "zoe\u{308}", true),
            ("ZOE\u{308}", true, "Zo\u{eb}", true),
            ("zoe", true, "zoe\u{308}", false),
        ];
        for (pattern, whole, value, fits) in cases {
            assert_eq!(
                Pattern::new(pattern, whole).fits(value),
                fits,
                "{pattern} {whole} {value}"
            );
        }
    }
}
