//! Secrets that cannot be printed, logged or serialized by accident.

pub use echo::Echoes;
pub use stray::{around, unseen};

mod echo;
mod stray;

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

/// A secret text: prints as `***`, is wiped from memory when dropped, has no `Serialize`.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes the text over.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(SecretString::from(text.into()))
    }

    /// The text itself. Call it only where the secret leaves the process: a header, a signature.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What stands in the text that no credential has, in words that show nothing of it: quotation marks around it, the
    /// name of its scheme before it, white space in it, characters that nobody sees or that are no ASCII.
    pub fn stray(&self) -> Vec<String> {
        stray::around(self.expose())
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}
