//! From words to a tree. Every mistake names its place.

use std::ops::Range;

use super::field::{Field, Kind};
use super::lex::{self, Placed, Token};
use super::mistake::{Mistake, nearest};
use super::{Compare, Expr, Pattern};

/// Brackets and `not` in each other: nobody writes more, and the tree is walked by recursion.
const DEEPEST: usize = 100;

type Parsed<T> = Result<T, Mistake>;

/// Understands a text.
pub(super) fn parse(text: &str) -> Parsed<Expr> {
    let tokens = lex::tokens(text)?;
    let end = text.chars().count();
    let mut parser = Parser {
        tokens: &tokens,
        next: 0,
        end,
        depth: 0,
    };
    let root = parser.any()?;
    match parser.peek() {
        None => Ok(root),
        Some(Placed {
            token: Token::Close,
            at,
        }) => {
            let hint = "leave it out, or open a bracket before";
            Err(Mistake::new(at.clone(), "this bracket closes nothing", hint))
        }
        Some(Placed { at, .. }) => Err(Mistake::new(
            at.clone(),
            "a condition goes on with `and` or `or` here",
            "join tests by `and` or `or`; quote a text with spaces",
        )),
    }
}

struct Parser<'t> {
    tokens: &'t [Placed],
    next: usize,
    end: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<&'t Placed> {
        self.tokens.get(self.next)
    }

    fn take(&mut self) -> Option<&'t Placed> {
        let token = self.peek();
        self.next += 1;
        token
    }

    fn takes(&mut self, token: &Token) -> bool {
        let found = self.peek().is_some_and(|placed| placed.token == *token);
        self.next += usize::from(found);
        found
    }

    fn here(&self) -> Range<usize> {
        self.peek().map_or(self.end..self.end, |placed| placed.at.clone())
    }

    fn any(&mut self) -> Parsed<Expr> {
        let mut parts = vec![self.all()?];
        while self.takes(&Token::Or) {
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Expr::Or))
    }

    fn all(&mut self) -> Parsed<Expr> {
        let mut parts = vec![self.one()?];
        while self.takes(&Token::And) {
            parts.push(self.one()?);
        }
        Ok(one_or(parts, Expr::And))
    }

    fn one(&mut self) -> Parsed<Expr> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Mistake::new(
                self.here(),
                "there are too many brackets in each other",
                "say it with fewer",
            ));
        }
        let here = self.here();
        let expr = match self.take().map(|placed| &placed.token) {
            Some(Token::Not) => Expr::Not(Box::new(self.one()?)),
            Some(Token::Open) => {
                let inner = self.any()?;
                if !self.takes(&Token::Close) {
                    return Err(Mistake::new(here, "this bracket is not closed", "close it with )"));
                }
                inner
            }
            Some(Token::Word(word)) => self.test(word, here)?,
            Some(Token::Quoted(_)) => {
                return Err(Mistake::new(
                    here,
                    "a test begins with a field, not with a text",
                    "write it as field ~ 'text'",
                ));
            }
            Some(_) => return Err(Mistake::new(here, "a field is missing here", fields())),
            None => return Err(Mistake::new(here, "a test is missing here", fields())),
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn test(&mut self, word: &str, at: Range<usize>) -> Parsed<Expr> {
        let Some(field) = Field::of(word) else {
            let near = nearest(word, Field::ALL.iter().map(|field| field.word()));
            let hint = near.map_or_else(fields, |near| format!("did you mean {near}?"));
            return Err(Mistake::new(at, format!("{word:?} is not a field"), hint));
        };
        let is_test = matches!(self.peek().map(|p| &p.token), Some(Token::Sign(_) | Token::In))
            || self.peek().is_some_and(|p| p.token == Token::Not);
        if field.kind() == Kind::Flag {
            if !is_test {
                return Ok(Expr::Flag(field));
            }
            let hint = format!("write {0} or not {0}", field.word());
            return Err(Mistake::new(
                self.here(),
                format!("{} stands alone", field.word()),
                hint,
            ));
        }
        let sign_at = self.here();
        match self.take().map(|placed| &placed.token) {
            Some(Token::Sign(sign)) => self.compare(field, sign, sign_at),
            Some(Token::In) => self.list(field, sign_at),
            Some(Token::Not) if self.peek().is_some_and(|p| p.token == Token::In) => {
                let at = self.here();
                self.next += 1;
                Ok(unlike(self.list(field, at)?))
            }
            _ => Err(Mistake::new(
                sign_at,
                format!("what is to be true of {} is missing here", field.word()),
                signs(field),
            )),
        }
    }

    fn compare(&mut self, field: Field, sign: &'static str, at: Range<usize>) -> Parsed<Expr> {
        let span = match sign {
            "<" => Some(Compare::Less),
            "<=" => Some(Compare::AtMost),
            ">" => Some(Compare::More),
            ">=" => Some(Compare::AtLeast),
            _ => None,
        };
        let is_span = field.kind() == Kind::Span;
        let is_part = sign.ends_with('~');
        if is_span != span.is_some() || (is_part && matches!(field.kind(), Kind::OneOf(_))) {
            let message = format!("{} cannot be asked with {sign}", field.word());
            return Err(Mistake::new(at, message, signs(field)));
        }
        if let Some(compare) = span {
            let (text, at) = self.value(field)?;
            return Ok(Expr::Span(field, compare, seconds(text, at)?));
        }
        let pattern = self.pattern(field, !is_part)?;
        let test = Expr::Text(field, vec![pattern]);
        Ok(if sign.starts_with('!') { unlike(test) } else { test })
    }

    fn list(&mut self, field: Field, at: Range<usize>) -> Parsed<Expr> {
        if field.kind() == Kind::Span {
            let message = format!("{} cannot be asked with in", field.word());
            return Err(Mistake::new(at, message, signs(field)));
        }
        let open = self.here();
        if !self.takes(&Token::Open) {
            return Err(Mistake::new(open, "a list in brackets is missing here", signs(field)));
        }
        let mut patterns = vec![self.pattern(field, true)?];
        while self.takes(&Token::Comma) {
            patterns.push(self.pattern(field, true)?);
        }
        if !self.takes(&Token::Close) {
            let hint = "separate values by commas and end the list with )";
            return Err(Mistake::new(self.here(), "the list goes on with , or ) here", hint));
        }
        Ok(Expr::Text(field, patterns))
    }

    fn pattern(&mut self, field: Field, whole: bool) -> Parsed<Pattern> {
        let (text, at) = self.value(field)?;
        if let Kind::OneOf(words) = field.kind()
            && !words.contains(&text.to_lowercase().as_str())
        {
            let hint = match nearest(text, words.iter().copied()) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("it is one of {}", words.join(", ")),
            };
            return Err(Mistake::new(at, format!("{} is never {text:?}", field.word()), hint));
        }
        Ok(Pattern::new(text, whole))
    }

    fn value(&mut self, field: Field) -> Parsed<(&'t str, Range<usize>)> {
        let at = self.here();
        match self.take().map(|placed| &placed.token) {
            Some(Token::Quoted(text)) => Ok((text, at)),
            Some(Token::Word(text)) => Ok((text, at)),
            Some(Token::And | Token::Or | Token::Not | Token::In) => Err(Mistake::new(
                at,
                format!("a value for {} is missing here", field.word()),
                "quote the word if it is the value",
            )),
            _ => Err(Mistake::new(
                at,
                format!("a value for {} is missing here", field.word()),
                signs(field),
            )),
        }
    }
}

/// What `!=`, `!~` and `not in` say. A domain beside the one that is named is not undone by another address.
fn unlike(test: Expr) -> Expr {
    match test {
        Expr::Text(Field::Domain, patterns) => Expr::Other(Field::Domain, patterns),
        test => Expr::Not(Box::new(test)),
    }
}

fn one_or(mut parts: Vec<Expr>, join: fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}

fn fields() -> String {
    let words: Vec<&str> = Field::ALL.iter().map(|field| field.word()).collect();
    format!("the fields are {}", words.join(", "))
}

fn signs(field: Field) -> String {
    let word = field.word();
    match field.kind() {
        Kind::Text => format!("for example {word} = text, {word} ~ part, {word} in (one, other)"),
        Kind::OneOf(words) => format!("for example {word} = {}", words.first().copied().unwrap_or_default()),
        Kind::Span => format!("for example {word} > 90d"),
        Kind::Flag => format!("write {word} or not {word}"),
    }
}

/// `90d`, `12h`, `2w`, in seconds.
fn seconds(text: &str, at: Range<usize>) -> Parsed<i64> {
    let digits = text.trim_end_matches(|c: char| c.is_alphabetic());
    let unit = match text.strip_prefix(digits).unwrap_or_default().to_lowercase().as_str() {
        "h" | "hour" | "hours" => Some(3_600),
        "d" | "day" | "days" => Some(86_400),
        "w" | "week" | "weeks" => Some(604_800),
        _ => None,
    };
    let number: Option<i64> = digits.parse().ok().filter(|number| *number >= 0);
    number
        .zip(unit)
        .and_then(|(number, unit)| number.checked_mul(unit))
        .ok_or_else(|| {
            Mistake::new(
                at,
                format!("{text:?} is not a span of time"),
                "write it as 12h, 90d or 6w",
            )
        })
}
