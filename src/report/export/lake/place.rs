//! The folder of a part: what tells workspaces and days apart stands in its name, as Hive has it and every engine reads
//! it.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::column::Table;

/// Bytes of a name in a folder: file systems allow 255.
const LONGEST: usize = 200;

/// The day of a moment, in UTC: `2026-11-29`.
pub(super) fn day(moment: Timestamp) -> String {
    moment.to_zoned(TimeZone::UTC).date().to_string()
}

/// `grants/workspace=acme/date=2026-11-29` below the folder of the tables.
pub(super) fn folder(lake: &Path, table: Table, workspace: &str, day: &str) -> PathBuf {
    lake.join(table.name())
        .join(format!("workspace={}", escaped(workspace)))
        .join(format!("date={day}"))
}

/// A value in the name of a folder, as engines take it back: every byte that could mean something to a file system, a
/// shell or an address is `%` and two digits. A name too long for that is cut, and its hash tells it from others.
fn escaped(value: &str) -> String {
    if value.is_empty() {
        // What Hive calls a value that is not there.
        return "__HIVE_DEFAULT_PARTITION__".to_owned();
    }
    let mut name = String::new();
    for c in value.chars() {
        let mut bytes = [0; 4];
        let is_plain = c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let piece = match is_plain {
            true => c.to_string(),
            false => c
                .encode_utf8(&mut bytes)
                .bytes()
                .map(|byte| format!("%{byte:02X}"))
                .collect(),
        };
        if name.len() + piece.len() > LONGEST {
            let hash = twox_hash::XxHash64::oneshot(0, value.as_bytes());
            name.push_str(&format!("-{hash:016x}"));
            break;
        }
        name.push_str(&piece);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leaves_the_folder() {
        let place = |workspace: &str| folder(Path::new("lake"), Table::Grants, workspace, "2026-11-29");
        assert_eq!(
            place("acme-1.b_c"),
            Path::new("lake/grants/workspace=acme-1.b_c/date=2026-11-29")
        );
        for hostile in [
            "../../etc",
            "/etc/passwd",
            "a/../../b",
            "..",
            "a\0b",
            "a\\..\\b",
            "C:\\x",
            "a\nb",
            "é=%2F",
            "",
        ] {
            let found = place(hostile);
            assert_eq!(found.components().count(), 4, "{found:?}");
            let name = found.iter().nth(2).unwrap().to_str().unwrap();
            assert!(name.starts_with("workspace="), "{name}");
            assert!(
                name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.%=".contains(&b)),
                "{name}"
            );
        }
        let (one, other) = ("é".repeat(200), format!("{}x", "é".repeat(199)));
        assert_ne!(place(&one), place(&other));
        assert!(place(&one).iter().all(|part| part.len() < 255));
    }

    #[test]
    fn a_day_is_that_of_utc() {
        let moment: Timestamp = "2026-11-29T23:30:00-05:00".parse().unwrap();
        assert_eq!(day(moment), "2026-11-30");
    }
}
