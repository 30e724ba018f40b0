//! Files of a store know themselves by their names: tables, logs, and markers, which have no content at all.

use super::error::{Error, Result};

/// Digits that a number in a name has at least.
const DIGITS: usize = 6;
/// Format versions whose files are read. The number is that of the newest feature which the writer may use.
const FORMAT_VERSIONS: std::ops::RangeInclusive<u64> = 13..=24;
/// The format version that is written.
pub(super) const FORMAT_VERSION: u64 = 24;

/// What markers are about.
pub(super) const TOPICS: [&str; 2] = ["manifest", "format-version"];

/// What a name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FileName<'a> {
    /// Sorted rows.
    Table(u64),
    /// The write-ahead log.
    Log(u64),
    /// The log of version edits.
    Manifest(u64),
    /// Settings of the writer, for people.
    Options,
    /// An empty file whose name is a value. Of several, that with the highest number counts.
    Marker {
        topic: &'a str,
        number: u64,
        value: &'a str,
    },
    /// Large values, kept apart.
    Blob,
    /// Held by the program that has the store open.
    Lock,
    /// Nothing that belongs to a store.
    Other,
}

impl<'a> FileName<'a> {
    pub(super) fn parse(name: &'a str) -> Self {
        let number_before = |suffix| name.strip_suffix(suffix).and_then(number);
        let number_behind = |prefix| name.strip_prefix(prefix).and_then(number);
        if let Some(marker) = name.strip_prefix("marker.") {
            return parse_marker(marker).unwrap_or(FileName::Other);
        }
        if let Some(number) = number_before(".sst") {
            return FileName::Table(number);
        }
        if let Some(number) = number_before(".log") {
            return FileName::Log(number);
        }
        if let Some(number) = number_behind("MANIFEST-") {
            return FileName::Manifest(number);
        }
        match name {
            "LOCK" => FileName::Lock,
            _ if number_behind("OPTIONS-").is_some() => FileName::Options,
            _ if number_before(".blob").is_some() => FileName::Blob,
            _ => FileName::Other,
        }
    }
}

/// `topic.number.value`; the value may hold dots.
fn parse_marker(rest: &str) -> Option<FileName<'_>> {
    let (topic, rest) = rest.split_once('.')?;
    let (digits, value) = rest.split_once('.')?;
    Some(FileName::Marker {
        topic,
        number: number(digits)?,
        value,
    })
}

fn number(digits: &str) -> Option<u64> {
    let is_number = digits.len() >= DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

/// The name of a table file.
pub(super) fn table(number: u64) -> String {
    format!("{number:06}.sst")
}

/// The name of a MANIFEST.
pub(super) fn manifest(number: u64) -> String {
    format!("MANIFEST-{number:06}")
}

/// The names of the two markers that a store needs.
pub(super) fn markers(manifest_name: &str) -> [String; 2] {
    [
        format!("marker.format-version.000001.{FORMAT_VERSION:03}"),
        format!("marker.manifest.000001.{manifest_name}"),
    ]
}

/// What the markers of a store say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Markers {
    /// The name of the current MANIFEST.
    pub(super) manifest: String,
    /// The format version.
    pub(super) format_version: u64,
}

impl Markers {
    pub(super) fn of(names: &[String]) -> Result<Self> {
        let manifest = current(names, "manifest")?;
        if !matches!(FileName::parse(manifest), FileName::Manifest(_)) {
            return Err(Error::corrupt(format!(
                "the marker of the MANIFEST names {manifest:?}, which is none"
            )));
        }
        let version = current(names, "format-version")?;
        let format_version = Some(version)
            .filter(|text| text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| Error::corrupt(format!("the marker of the format version says {version:?}")))?;
        if !FORMAT_VERSIONS.contains(&format_version) {
            return Err(Error::unsupported(format!(
                "its format version is {format_version}; {} to {} are read",
                FORMAT_VERSIONS.start(),
                FORMAT_VERSIONS.end()
            )));
        }
        Ok(Markers {
            manifest: manifest.to_owned(),
            format_version,
        })
    }
}

/// The value of the newest marker of a topic.
fn current<'a>(names: &'a [String], wanted: &str) -> Result<&'a str> {
    let mut found: Option<(u64, &str)> = None;
    for name in names {
        let FileName::Marker { topic, number, value } = FileName::parse(name) else {
            continue;
        };
        if topic != wanted {
            continue;
        }
        if found.is_some_and(|(other, other_value)| other == number && other_value != value) {
            return Err(Error::corrupt(format!("two markers {wanted} have the number {number}")));
        }
        if found.is_none_or(|(other, _)| number > other) {
            found = Some((number, value));
        }
    }
    let (_, value) = found.ok_or_else(|| Error::corrupt(format!("there is no marker of the {wanted}")))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::super::error::Fault;
    use super::*;

    fn markers_of(names: &[&str]) -> Result<Markers> {
        Markers::of(&names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn names_say_what_a_file_is() {
        for (name, parsed) in [
            ("000007.sst", FileName::Table(7)),
            ("1234567.sst", FileName::Table(1_234_567)),
            ("00007.sst", FileName::Other),
            ("+00007.sst", FileName::Other),
            ("000007.sst.bak", FileName::Other),
            ("99999999999999999999999.sst", FileName::Other),
            ("000008.log", FileName::Log(8)),
            ("MANIFEST-000001", FileName::Manifest(1)),
            ("OPTIONS-000003", FileName::Options),
            ("000009.blob", FileName::Blob),
            ("LOCK", FileName::Lock),
            ("CURRENT", FileName::Other),
            ("marker.manifest.000001", FileName::Other),
        ] {
            assert_eq!(FileName::parse(name), parsed, "{name}");
        }
        assert_eq!(table(7), "000007.sst");
        assert_eq!(table(1_234_567), "1234567.sst");
    }

    #[test]
    fn of_several_markers_the_highest_number_counts_wherever_it_stands() {
        let found = markers_of(&[
            "marker.manifest.000010.MANIFEST-000016",
            "marker.manifest.000009.MANIFEST-000099",
            "marker.format-version.000001.013",
            "marker.format-version.000002.024",
        ]);
        let wanted = Markers {
            manifest: "MANIFEST-000016".to_owned(),
            format_version: 24,
        };
        assert_eq!(found.unwrap(), wanted);
    }

    #[test]
    fn markers_that_contradict_each_other_are_damage() {
        let error = markers_of(&[
            "marker.manifest.000001.MANIFEST-000001",
            "marker.manifest.000001.MANIFEST-000002",
            "marker.format-version.000001.024",
        ]);
        assert!(matches!(error.unwrap_err().fault(), Fault::Corrupt(_)));
        for incomplete in [
            &["marker.format-version.000001.024"][..],
            &["marker.manifest.000001.MANIFEST-000001"],
            &["marker.manifest.000001.000001.sst", "marker.format-version.000001.024"],
            &[
                "marker.manifest.000001.MANIFEST-000001",
                "marker.format-version.000001.24",
            ],
        ] {
            assert!(matches!(markers_of(incomplete).unwrap_err().fault(), Fault::Corrupt(_)));
        }
    }

    #[test]
    fn a_format_that_is_newer_or_older_than_what_is_read_is_refused_by_number() {
        for version in ["012", "025", "099"] {
            let marker = format!("marker.format-version.000001.{version}");
            let error = markers_of(&["marker.manifest.000001.MANIFEST-000001", &marker]).unwrap_err();
            assert!(matches!(error.fault(), Fault::Unsupported(_)), "{error}");
            assert!(error.to_string().contains(version.trim_start_matches('0')), "{error}");
        }
    }
}
