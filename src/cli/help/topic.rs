//! The pages, compiled in: the files of `.github/docs`, so that what is read on the web is what the program says.

/// A page.
#[derive(Debug)]
pub struct Topic {
    /// The word it is asked for by, and the name of its file.
    pub name: &'static str,
    /// Its text, in Markdown. The first line is its title.
    pub page: &'static str,
}

impl Topic {
    /// What it is about.
    pub fn title(&self) -> &'static str {
        let first = self.page.lines().next().unwrap_or_default();
        first.trim_start_matches("# ")
    }
}

/// A topic from its file.
macro_rules! topics {
    ($($name:literal)+) => {
        &[$(Topic { name: $name, page: include_str!(concat!("../../../.github/docs/", $name, ".md")) }),+]
    };
}

/// All, in the order of the list.
pub const TOPICS: &[Topic] = topics![
    "reach"
    "changes"
    "reviews"
    "files"
    "permissions"
    "migration"
    "nightly"
    "incremental"
    "fleets"
    "scale"
    "lakes"
    "storage"
    "telemetry"
    "conductorone"
    "audit-log"
    "diagnosis"
    "output"
    "codes"
    "settings"
    "security"
    "comparison"
    "speed"
    "development"
];
