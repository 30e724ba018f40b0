//! The pages, compiled in: one for each code, in the order of the codes.

use crate::baton::code::{self, Code};
use crate::workato::code as workato;

/// The explanation of a code.
#[derive(Debug)]
pub struct Page {
    /// The code.
    pub code: Code,
    /// The file, Markdown: a title and the parts [`PARTS`].
    pub text: &'static str,
}

/// The parts that every page has, in this order.
#[cfg(test)]
pub const PARTS: [&str; 3] = ["What it means", "Why it happens", "What to do"];

impl Page {
    /// The first line: what the code stands for, in a few words.
    pub fn title(&self) -> &'static str {
        self.split().0
    }

    /// All but the title.
    pub fn body(&self) -> &'static str {
        self.split().1
    }

    fn split(&self) -> (&'static str, &'static str) {
        let (title, body) = self.text.split_once('\n').unwrap_or((self.text, ""));
        (title.trim_start_matches("# "), body)
    }
}

macro_rules! pages {
    ($($code:path => $file:literal,)+) => {
        &[$(Page { code: $code, text: include_str!(concat!("pages/", $file, ".md")) }),+]
    };
}

/// All pages. A test holds this table to the codes and to the folder.
pub const PAGES: &[Page] = pages! {
    code::CANCELLED => "BW-0001",
    code::UNKNOWN => "BW-0002",
    code::INVALID_ARGUMENT => "BW-0003",
    code::DEADLINE_EXCEEDED => "BW-0004",
    code::NOT_FOUND => "BW-0005",
    code::ALREADY_EXISTS => "BW-0006",
    code::PERMISSION_DENIED => "BW-0007",
    code::RESOURCE_EXHAUSTED => "BW-0008",
    code::FAILED_PRECONDITION => "BW-0009",
    code::UNIMPLEMENTED => "BW-0012",
    code::INTERNAL => "BW-0013",
    code::UNAVAILABLE => "BW-0014",
    code::DATA_LOSS => "BW-0015",
    code::UNAUTHENTICATED => "BW-0016",
    code::INTERRUPTED => "BW-0130",
    code::TERMINATED => "BW-0143",
    workato::KEY_REJECTED => "BW-1001",
};
