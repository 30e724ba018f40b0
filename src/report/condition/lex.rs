//! The words and signs of a condition, with their places.

use std::ops::Range;

use super::mistake::Mistake;

/// A word or a sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// Unquoted: a keyword, a field or a value.
    Word(String),
    /// Quoted: always a value.
    Quoted(String),
    /// `=`, `!=`, `~`, `!~`, `<`, `<=`, `>`, `>=`.
    Sign(&'static str),
    And,
    Or,
    Not,
    In,
    Open,
    Close,
    Comma,
}

/// A token and the characters it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) at: Range<usize>,
}

/// Longest first: `!=` is not `!` and `=`.
const SIGNS: &[(&str, Token)] = &[
    ("&&", Token::And),
    ("||", Token::Or),
    ("==", Token::Sign("=")),
    ("!=", Token::Sign("!=")),
    ("!~", Token::Sign("!~")),
    ("<=", Token::Sign("<=")),
    (">=", Token::Sign(">=")),
    ("=~", Token::Sign("~")),
    ("=", Token::Sign("=")),
    ("~", Token::Sign("~")),
    ("<", Token::Sign("<")),
    (">", Token::Sign(">")),
    ("!", Token::Not),
    ("(", Token::Open),
    (")", Token::Close),
    (",", Token::Comma),
];

/// Takes a text apart.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, Mistake> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        if c.is_whitespace() {
            at += 1;
            continue;
        }
        let start = at;
        let token = if c == '"' || c == '\'' {
            let (value, end) = quoted(&chars, at, c)?;
            at = end;
            Token::Quoted(value)
        } else if let Some((sign, token)) = sign(&chars, at) {
            at += sign.len();
            token.clone()
        } else {
            let word: String = chars.iter().skip(at).take_while(|c| is_of_word(**c)).collect();
            at += word.chars().count().max(1);
            keyword(word)
        };
        tokens.push(Placed { token, at: start..at });
    }
    Ok(tokens)
}

fn sign(chars: &[char], at: usize) -> Option<&'static (&'static str, Token)> {
    SIGNS.iter().find(|(sign, _)| {
        let here = chars.iter().skip(at).take(sign.len());
        here.copied().eq(sign.chars())
    })
}

fn quoted(chars: &[char], at: usize, quote: char) -> Result<(String, usize), Mistake> {
    let mut value = String::new();
    for (i, &c) in chars.iter().enumerate().skip(at + 1) {
        if c == quote {
            return Ok((value, i + 1));
        }
        value.push(c);
    }
    Err(Mistake::new(
        at..chars.len(),
        "a quoted text has no end",
        format!("close it with {quote}"),
    ))
}

fn is_of_word(c: char) -> bool {
    !c.is_whitespace() && !"\"'=!~<>(),&|".contains(c)
}

fn keyword(word: String) -> Token {
    match word.to_lowercase().as_str() {
        "and" => Token::And,
        "or" => Token::Or,
        "not" => Token::Not,
        "in" => Token::In,
        _ => Token::Word(word),
    }
}
