//! The spellings of values: the published program's, so that scripts keep working (`baton/config/published.md 1.1`).

/// A yes/no word, or nothing.
pub fn boolean(word: &str) -> Option<bool> {
    match word {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// A whole number in base 10, 16 (`0x`), 8 (`0o` or `0`) or 2 (`0b`), with `_` between digits when it has a
/// prefix; or nothing.
pub fn integer(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, body) = if let Some(body) = lower.strip_prefix("0x") {
        (16, body)
    } else if let Some(body) = lower.strip_prefix("0o") {
        (8, body)
    } else if let Some(body) = lower.strip_prefix("0b") {
        (2, body)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, lower.strip_prefix('0').unwrap_or(&lower))
    } else {
        (10, lower.as_str())
    };
    let misplaced = body.ends_with('_') || body.contains("__") || (radix == 10 && body.contains('_'));
    let body = body.replace('_', "");
    // `from_str_radix` accepts a sign of its own, which would be a second one here.
    if misplaced || !body.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = i128::from_str_radix(&body, radix).ok()?;
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

/// The texts of one comma-separated line. A text in double quotes may hold commas; a doubled quote is a quote.
///
/// # Errors
/// What is wrong with the quotes, as a fragment.
pub fn list(line: &str) -> Result<Vec<String>, &'static str> {
    let mut texts = Vec::new();
    if line.is_empty() {
        return Ok(texts);
    }
    let mut rest = line;
    loop {
        let (text, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_text(quoted)?,
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                let (text, after) = rest.split_at(end);
                if text.contains('"') {
                    return Err("a quote in the middle of a text: put the whole text in quotes");
                }
                (text.to_owned(), after)
            }
        };
        texts.push(text);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return Ok(texts),
        }
    }
}

/// The text up to its closing quote, and what follows it: nothing or a comma.
fn quoted_text(quoted: &str) -> Result<(String, &str), &'static str> {
    let mut text = String::new();
    let mut rest = quoted;
    loop {
        let Some((part, after)) = rest.split_once('"') else {
            return Err("a quote is not closed");
        };
        text.push_str(part);
        match after.strip_prefix('"') {
            Some(more) => {
                text.push('"');
                rest = more;
            }
            None if after.is_empty() || after.starts_with(',') => return Ok((text, after)),
            None => return Err("something follows a closing quote"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_every_base() {
        let cases = [
            ("0", Some(0)),
            ("-1", Some(-1)),
            ("+7", Some(7)),
            ("0x1F", Some(31)),
            ("0o17", Some(15)),
            ("017", Some(15)),
            ("0b101", Some(5)),
            ("0x1_000", Some(4096)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("1_000", None),
            ("0x_", None),
            ("", None),
            ("-", None),
            ("--1", None),
            ("+-1", None),
            ("1.0", None),
            ("08", None),
            ("many", None),
        ];
        for (text, expected) in cases {
            assert_eq!(integer(text), expected, "{text:?}");
        }
    }

    #[test]
    fn lists_are_comma_separated_with_quotes() {
        assert_eq!(list("").unwrap(), Vec::<String>::new());
        assert_eq!(list("a,b").unwrap(), ["a", "b"]);
        assert_eq!(list("a,,b,").unwrap(), ["a", "", "b", ""]);
        assert_eq!(list(r#""a,b",c"#).unwrap(), ["a,b", "c"]);
        assert_eq!(list(r#""say ""yes""""#).unwrap(), [r#"say "yes""#]);
        for wrong in [r#""a"#, r#"a"b"#, r#""a"b"#] {
            assert!(list(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_the_published_words_are_booleans() {
        assert_eq!(boolean("T"), Some(true));
        assert_eq!(boolean("0"), Some(false));
        for word in ["yes", "on", "tRUE", "", " true"] {
            assert_eq!(boolean(word), None, "{word:?}");
        }
    }
}
