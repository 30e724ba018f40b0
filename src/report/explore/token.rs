//! The part of an explorer's address that nobody guesses.

use std::fmt;

/// Letters and digits, as many as it takes.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new one: 128 bits of the system's generator, reseeded.
    pub fn fresh() -> Token {
        Token(format!("{:032x}", rand::random::<u128>()))
    }

    /// One that was kept: 32 to 128 letters and digits. Nothing for any other text.
    pub fn of(text: &str) -> Option<Token> {
        let is_one = (32..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_one.then(|| Token(text.to_owned()))
    }

    /// The text, for an address or the file that keeps it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}
