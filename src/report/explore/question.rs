//! The questions a page asks, taken from the address.

use crate::baton::error::{Error, Kind, Result};

/// Rows of one answer at most.
const MOST: usize = 500;
/// Rows of one answer unless the page says otherwise.
const USUAL: usize = 50;
/// Longest text that is looked for, in bytes.
const LONGEST: usize = 1_000;

/// The part of an address behind `?`.
pub struct Question(Vec<(String, String)>);

impl Question {
    /// Takes it apart; of a key that is there twice the first counts.
    pub fn of(query: &str) -> Question {
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        Question(
            pairs
                .map(|(key, value)| (key.into_owned(), value.into_owned()))
                .collect(),
        )
    }

    /// A value; empty where there is none.
    pub fn text(&self, key: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == key);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// What is looked for.
    ///
    /// # Errors
    /// `InvalidArgument` for a text nobody types.
    pub fn words(&self) -> Result<&str> {
        let text = self.text("q");
        if text.len() > LONGEST {
            return Err(Error::new(Kind::InvalidArgument, "the text to look for is too long"));
        }
        Ok(text)
    }

    /// A value that must be there.
    ///
    /// # Errors
    /// `InvalidArgument`, naming it.
    pub fn required(&self, key: &'static str) -> Result<&str> {
        match self.text(key) {
            "" => Err(Error::new(
                Kind::InvalidArgument,
                format!("the parameter {key} is missing"),
            )),
            value => Ok(value),
        }
    }

    /// A resource as `type:id`; ids may have colons, types have none.
    ///
    /// # Errors
    /// `InvalidArgument` for anything else.
    pub fn resource(&self, key: &'static str) -> Result<Option<(&str, &str)>> {
        match self.text(key) {
            "" => Ok(None),
            text => text.split_once(':').map(Some).ok_or_else(|| {
                Error::new(
                    Kind::InvalidArgument,
                    format!("{key} is not of the form type:id: {text:?}"),
                )
            }),
        }
    }

    /// Whether a switch is on.
    pub fn is_on(&self, key: &str) -> bool {
        matches!(self.text(key), "true" | "1")
    }

    /// Rows to leave out, and rows to answer with.
    ///
    /// # Errors
    /// `InvalidArgument` for what is no number.
    pub fn range(&self) -> Result<(usize, usize)> {
        let number = |key: &str, usual: usize| match self.text(key) {
            "" => Ok(usual),
            text => text
                .parse()
                .map_err(|_| Error::new(Kind::InvalidArgument, format!("{key} is not a number: {text:?}"))),
        };
        Ok((number("offset", 0)?, number("limit", USUAL)?.min(MOST)))
    }
}

#[cfg(test)]
mod tests {
    use super::Question;

    #[test]
    fn addresses_are_taken_apart() {
        let asked = Question::of("q=Ada+L%C3%B6ve&of=project%3A1%3A2&limit=9999&direct=true&q=other");
        assert_eq!(asked.words().unwrap(), "Ada Löve");
        assert_eq!(asked.resource("of").unwrap(), Some(("project", "1:2")));
        assert_eq!(asked.resource("on").unwrap(), None);
        assert_eq!(asked.range().unwrap(), (0, 500));
        assert!(asked.is_on("direct") && !asked.is_on("sort"));
        assert!(asked.required("type").is_err());
        assert!(Question::of("offset=-1").range().is_err());
        assert!(Question::of("of=project").resource("of").is_err());
    }
}
