//! Findings as JUnit XML, for pipelines that show tests: a suite per finding, a case per thing.

use std::fmt::Write as _;

use super::{Assessment, Finding, Item};
use crate::baton::visible;

/// The document.
pub fn junit(assessment: &Assessment) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let sum = |count: fn(&Finding) -> u64| assessment.findings.iter().map(count).sum::<u64>();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "<testsuites name=\"findings\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">",
        sum(cases),
        sum(|finding| finding.total),
        sum(skipped)
    );
    for finding in &assessment.findings {
        suite(&mut text, finding);
    }
    text.push_str("</testsuites>\n");
    text
}

fn skipped(finding: &Finding) -> u64 {
    finding.unknown_total + finding.excepted_total
}

fn cases(finding: &Finding) -> u64 {
    (finding.total + skipped(finding)).max(1)
}

fn suite(text: &mut String, finding: &Finding) {
    let key = escaped(&finding.key);
    let _ = writeln!(
        text,
        "  <testsuite name=\"{key}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">",
        cases(finding),
        finding.total,
        skipped(finding)
    );
    let case = |name: &str| format!("    <testcase classname=\"{key}\" name=\"{}\"", escaped(name));
    for item in &finding.items {
        let name = format!("{} ({})", item.thing.told(), item.id);
        let _ = writeln!(
            text,
            "{}>\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>",
            case(&name),
            finding.severity.word(),
            escaped(&format!("{}: {}", finding.title, item.detail)),
            escaped_lines(&body(finding, item))
        );
    }
    for excepted in &finding.excepted {
        let name = format!("{} ({})", excepted.item.thing.told(), excepted.item.id);
        let until = excepted
            .until
            .as_ref()
            .map_or(String::new(), |until| format!(" until {until}"));
        let _ = writeln!(
            text,
            "{}>\n      <skipped message=\"{}\"/>\n    </testcase>",
            case(&name),
            escaped(&format!("excepted{until}: {}", excepted.reason))
        );
    }
    for unknown in &finding.unknown {
        let name = unknown.thing.as_ref().map_or_else(
            || finding.title.clone(),
            |thing| format!("{} ({}:{})", thing.told(), thing.kind, thing.id),
        );
        let _ = writeln!(
            text,
            "{}>\n      <skipped message=\"{}\"/>\n    </testcase>",
            case(&name),
            escaped(&format!("not known: {}", unknown.why))
        );
    }
    if finding.is_clean() {
        let _ = writeln!(text, "{}/>", case(&finding.title));
    }
    text.push_str("  </testsuite>\n");
}

fn body(finding: &Finding, item: &Item) -> String {
    let mut lines = vec![finding.why.clone(), finding.what_to_do.clone()];
    lines.extend(item.evidence.iter().map(|row| format!("{}: {}", row.row, row.says)));
    lines.push(item.look.clone());
    lines.extend(item.fix.clone());
    lines.join("\n")
}

/// A text of one line inside of an attribute.
fn escaped(text: &str) -> String {
    marks(&visible::escape(text, |_| false))
}

/// A text of several lines between tags.
fn escaped_lines(text: &str) -> String {
    marks(&visible::escape(text, |c| c == '\n'))
}

fn marks(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            // No characters of XML.
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            _ => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn no_name_ends_an_attribute_or_breaks_the_document() {
        assert_eq!(
            escaped("a\"><b>&'\n\u{0}\u{ffff}"),
            "a&quot;&gt;&lt;b&gt;&amp;'\\u{a}\\u{0}\u{fffd}"
        );
    }
}
