//! Characters around and in a credential that got there by mistake: a clipboard, a `.env` file, an editor. They are
//! named, never shown with what stands beside them.

/// What credentials are sent with, and copied with by mistake.
const SCHEMES: [&str; 3] = ["Bearer", "Token", "Basic"];

/// What does not belong to a credential, one text each; the first one stands first.
pub fn around(text: &str) -> Vec<String> {
    let mut found = unseen(text);
    // What is around it may be hidden behind what nobody sees.
    let seen = text.trim_matches(is_unseen);
    if let Some(quote) = seen.chars().next().filter(|c| is_quote(*c)) {
        found.push(format!("it begins with a quotation mark ({quote})"));
    }
    if let Some(quote) = seen.chars().next_back().filter(|c| is_quote(*c)) {
        found.push(format!("it ends with a quotation mark ({quote})"));
    }
    let bare = seen.trim_matches(is_quote).trim_matches(is_unseen);
    let scheme = SCHEMES.iter().find(|scheme| {
        let (word, rest) = bare.split_at_checked(scheme.len()).unwrap_or((bare, ""));
        word.eq_ignore_ascii_case(scheme) && rest.starts_with(char::is_whitespace)
    });
    match scheme {
        Some(scheme) => found.push(format!(
            "it begins with the word {scheme}, which is added when it is sent"
        )),
        None if bare.contains(|c: char| c.is_whitespace() && !is_unseen(c)) => {
            found.push("there is white space in it".to_owned());
        }
        None => {}
    }
    if let Some(other) = bare
        .chars()
        .find(|c| !c.is_ascii() && !c.is_whitespace() && !is_unseen(*c) && !is_quote(*c))
    {
        found.push(format!(
            "it has a character that is not ASCII (U+{:04X})",
            u32::from(other)
        ));
    }
    found
}

/// The characters of a text that nobody sees, each with its name and where it is.
pub fn unseen(text: &str) -> Vec<String> {
    let last = text.chars().count().saturating_sub(1);
    let mut found: Vec<String> = Vec::new();
    for (at, character) in text.chars().enumerate().filter(|(_, c)| is_unseen(*c)) {
        let place = match at {
            0 => "it begins with",
            at if at == last => "it ends with",
            _ => "in it there is",
        };
        let told = format!("{place} {} (U+{:04X})", name(character), u32::from(character));
        if !found.contains(&told) {
            found.push(told);
        }
    }
    found
}

fn name(character: char) -> &'static str {
    match character {
        '\u{feff}' => "a byte order mark",
        '\u{200b}' => "a zero-width space",
        '\u{200c}' => "a zero-width non-joiner",
        '\u{200d}' => "a zero-width joiner",
        '\u{2060}' => "a word joiner",
        '\u{ad}' => "a soft hyphen",
        '\n' | '\r' => "a line break",
        '\t' => "a tab",
        c if c.is_control() => "a control character",
        _ => "an invisible character",
    }
}

fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{feff}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}')
}

fn is_quote(c: char) -> bool {
    matches!(
        c,
        '"' | '\'' | '`' | '\u{ab}' | '\u{bb}' | '\u{2018}'
            ..='\u{201f}' | '\u{2039}' | '\u{203a}' | '\u{ff02}' | '\u{ff07}'
    )
}

#[cfg(test)]
mod tests {
    use super::around;

    #[test]
    fn what_does_not_belong_is_named_and_nothing_else_is_shown() {
        for (text, told) in [
            (
                "\"hush\"",
                &["begins with a quotation mark (\")", "ends with a quotation mark (\")"][..],
            ),
            ("hush'", &["ends with a quotation mark (')"]),
            (
                "\u{201c}hush\u{201d}",
                &["begins with a quotation mark", "ends with a quotation mark"],
            ),
            ("Bearer hush", &["begins with the word Bearer"]),
            ("bearer\u{a0}hush", &["begins with the word Bearer"]),
            (
                "\"Bearer hush\"",
                &["begins with a quotation", "ends with a quotation", "the word Bearer"],
            ),
            ("\u{feff}hush", &["begins with a byte order mark (U+FEFF)"]),
            (
                "\u{feff}\"hush\"",
                &["byte order mark", "begins with a quotation", "ends with a quotation"],
            ),
            ("hush\u{200b}", &["ends with a zero-width space (U+200B)"]),
            ("hu\u{200d}sh", &["in it there is a zero-width joiner (U+200D)"]),
            ("hu\nsh", &["in it there is a line break (U+000A)"]),
            ("hu\u{7}sh", &["in it there is a control character (U+0007)"]),
            ("hu sh", &["white space in it"]),
            ("hu\u{3000}sh", &["white space in it"]),
            ("h\u{443}sh", &["not ASCII (U+0443)"]),
        ] {
            let found = around(text);
            assert_eq!(found.len(), told.len(), "{text:?}: {found:?}");
            for (found, told) in found.iter().zip(told) {
                assert!(found.contains(told), "{text:?}: {found}");
                assert!(!found.contains("hu") && !found.contains("sh)"), "{found}");
            }
        }
        for text in [
            "test-token",
            "wrkaus-eyJhbGciOi.J9_x-y.z=",
            "a:b:v1:eyJ",
            "Bearers-of-news",
            "bearer",
            "",
        ] {
            assert_eq!(around(text), [""; 0], "{text}");
        }
    }
}
