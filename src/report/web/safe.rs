//! JSON that may stand inside a `<script>` of an HTML page: nothing in it can end the script or begin markup.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// Writes a value. The characters that mean something to HTML, and the two line ends that JavaScript knows and JSON
/// does not, are escaped; they can only stand inside texts.
pub(super) fn write(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(out, Harmless);
    value.serialize(&mut serializer).map_err(io::Error::from)
}

struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut plain = 0;
        for (place, found) in fragment.match_indices(['<', '>', '&', '\u{2028}', '\u{2029}']) {
            let before = fragment.get(plain..place).unwrap_or_default();
            writer.write_all(before.as_bytes())?;
            let code = found.chars().next().map_or(0, u32::from);
            write!(writer, "\\u{code:04x}")?;
            plain = place + found.len();
        }
        writer.write_all(fragment.get(plain..).unwrap_or_default().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_ends_the_script() {
        let hostile = [
            "</script><script>alert(1)</script>",
            "<!--",
            "a & b\u{2028}c",
            "\u{202e}txt",
        ];
        let mut out = Vec::new();
        super::write(&hostile, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(!text.contains(['<', '>', '&', '\u{2028}']), "{text}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&text).unwrap(), hostile);
    }
}
