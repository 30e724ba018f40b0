//! The report: one HTML file that needs nothing else, neither a network nor a server.

use std::io::{self, Write};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::dataset::{Dataset, Most};
use super::{ASSETS, EMBEDDED, safe};
use crate::baton::conventions::Conventions;
use crate::baton::error::{Context as _, Result};
use crate::report::Snapshot;
use crate::report::compare::changes::Changes;

/// Writes the report of a sync. `overview` is what `explore` answers to `api/overview`.
///
/// # Errors
/// `DataLoss` for a damaged file; those of `out`.
pub fn write_report(
    snapshot: &Snapshot,
    conventions: &Conventions,
    overview: &impl Serialize,
    out: &mut dyn Write,
) -> Result<()> {
    let dataset = Dataset::read(snapshot, conventions, &Most::default())?;
    let changes = Changes::of(snapshot, conventions)?;
    write_page(overview, &changes, &dataset, out).context("write the report")
}

fn write_page(overview: &impl Serialize, changes: &Changes, dataset: &Dataset, out: &mut dyn Write) -> io::Result<()> {
    let Template {
        head_script,
        style,
        script,
        head,
        body,
    } = Template::new();
    let policy = format!(
        "default-src 'none'; script-src {} {}; style-src {}; img-src data:; base-uri 'none'; form-action 'none'",
        hash(&head_script),
        hash(&script),
        hash(&style)
    );
    let (before, after) = head.split_once(CHARSET).unwrap_or(("", &head));
    writeln!(out, "{before}{CHARSET}")?;
    write!(
        out,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">"
    )?;
    write!(
        out,
        "{after}<style>{style}</style>\n<script>{head_script}</script>\n{body}"
    )?;
    data("overview", overview, out)?;
    data("changes", changes, out)?;
    data("dataset", dataset, out)?;
    write!(out, "<script>{script}</script>\n</body>\n</html>\n")
}

fn data(id: &str, value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "<script type=\"application/json\" id=\"{id}-data\">")?;
    safe::write(value, out)?;
    writeln!(out, "</script>")
}

const CHARSET: &str = "<meta charset=\"utf-8\">";

/// The parts of `index.html`, with the files it asks for in place of their names.
#[derive(Default)]
struct Template {
    /// Up to the end of the head, without styles and scripts.
    head: String,
    style: String,
    /// What runs before anything is painted.
    head_script: String,
    /// From the end of the head to the end of the body.
    body: String,
    /// Everything that runs once the page is there.
    script: String,
}

impl Template {
    fn new() -> Template {
        let mut page = Template::default();
        let mut is_head = true;
        for line in text_of("index.html").lines() {
            is_head &= line != "</head>";
            let part = if is_head { &mut page.head } else { &mut page.body };
            if let Some(name) = attribute(line, "<link rel=\"stylesheet\" href=\"") {
                page.style.push_str(text_of(name));
            } else if let Some(name) = attribute(line, "<script src=\"") {
                page.head_script.push_str(text_of(name));
            } else if let Some(name) = attribute(line, "<script defer src=\"") {
                page.script
                    .push_str(if name == SERVED_ONLY { EMBEDDED } else { text_of(name) });
            } else if let Some(name) = attribute(line, "<link rel=\"icon\" type=\"image/svg+xml\" href=\"") {
                let icon = STANDARD.encode(text_of(name));
                part.push_str("<link rel=\"icon\" type=\"image/svg+xml\" href=\"data:image/svg+xml;base64,");
                part.push_str(&icon);
                part.push_str("\">\n");
            } else if line != "</body>" && line != "</html>" {
                part.push_str(line);
                part.push('\n');
            }
        }
        page
    }
}

/// The file that asks a server; in its place the report has one that asks the data inside.
const SERVED_ONLY: &str = "server.js";

fn attribute<'l>(line: &'l str, start: &str) -> Option<&'l str> {
    line.trim_start().strip_prefix(start)?.split('"').next()
}

fn text_of(name: &str) -> &'static str {
    ASSETS
        .iter()
        .find(|asset| asset.name == name)
        .map_or("", |asset| asset.text)
}

fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(digest(&SHA256, text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_in_the_page_and_none_ends_it_early() {
        let page = Template::new();
        for asset in ASSETS {
            if asset.name.ends_with(".js") && asset.name != SERVED_ONLY {
                let all = format!("{}{}", page.head_script, page.script);
                assert!(
                    all.contains(asset.text),
                    "{} is not asked for by index.html",
                    asset.name
                );
            }
        }
        assert!(page.script.contains(EMBEDDED));
        assert!(!page.style.is_empty());
        for part in [&page.script, &page.head_script, &page.style] {
            assert!(!part.contains("</"), "it would end its element");
            assert!(!part.contains("<!--"));
        }
        for part in [&page.head, &page.body] {
            assert!(!part.contains("src=") && !part.contains("style=") && !part.contains("onclick"));
        }
    }
}
