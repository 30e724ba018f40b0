//! The page that shows a sync: the files of its front end. `explore` serves them beside its answers; the report is
//! one file with all of them in it, and with the data.
//!
//! Why the report answers for itself (`assets/chains.js`, `assets/embedded.js`): it goes to people who have neither the
//! program nor the file, and what they ask is not known when it is written. Answers written beforehand for every person
//! and every thing of a workspace with a million grants would be a million rows with their ways; the facts these follow
//! from are a few ten thousand. So the page holds facts ([`dataset`]) and expands them as the program does. Which doors
//! lead to a thing without a grant is not left to it: that is decided here and written down. What keeps both equal are
//! tests: the same questions to the explorer and to the report, answer by answer, in a browser and without
//! (`browser::report`, `report::web`, `report::reach`).

pub mod dataset;
mod page;
mod safe;

pub use page::write_report;

/// A file of the front end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    /// Its name, as `index.html` asks for it.
    pub name: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// What is in it.
    pub text: &'static str,
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

macro_rules! assets {
    ($($name:literal: $media_type:expr,)*) => {
        &[$(Asset { name: $name, media_type: $media_type, text: include_str!(concat!("assets/", $name)) },)*]
    };
}

/// Answers from the data inside the report; only the report has it.
const EMBEDDED: &str = concat!(include_str!("assets/chains.js"), include_str!("assets/embedded.js"));

/// Every file of the front end; `index.html` is the first.
pub const ASSETS: &[Asset] = assets![
    "index.html": HTML,
    "style.css": CSS,
    "icon.svg": SVG,
    "theme.js": JS,
    "dom.js": JS,
    "words.js": JS,
    "server.js": JS,
    "chart.js": JS,
    "graph.js": JS,
    "table.js": JS,
    "virtual.js": JS,
    "fold.js": JS,
    "paper.js": JS,
    "ways.js": JS,
    "access.js": JS,
    "overview.js": JS,
    "changes.js": JS,
    "list.js": JS,
    "thing.js": JS,
    "search.js": JS,
    "app.js": JS,
];
