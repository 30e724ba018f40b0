//! Where a reading stands: in memory, and in a file for the next run, which is replaced in one step after what it speaks of
//! was printed. Whoever is killed in between prints some events twice, and loses none.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::private;

/// The form of the file.
const FORM: u32 = 1;

/// How far each log was told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Place {
    form: u32,
    /// Of which workspace, as far as its address says.
    of: String,
    /// A feed, or all.
    feed: String,
    /// Nothing before it is told; milliseconds since 1970.
    pub since: i64,
    /// By environment.
    pub logs: BTreeMap<String, Log>,
}

/// How far one was told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// Where to go on.
    pub cursor: String,
    /// What was told and will be read again, with its moment in milliseconds since 1970, where it has one. A cursor has room
    /// for a few only.
    pub told: HashMap<String, Option<i64>>,
}

/// A place, and the file that keeps it.
#[derive(Debug)]
pub struct Kept {
    /// The place.
    pub place: Place,
    file: Option<(PathBuf, File)>,
}

impl Kept {
    /// That of a file; a new one where there is no file. Nobody else goes on from the same one meanwhile.
    ///
    /// # Errors
    /// `Unknown` (exit code 2) for a file that is not to be believed, or of something else; `Unavailable` where another
    /// process uses it; those of the disk.
    pub fn open(file: Option<&Path>, of: &str, feed: &str, since: Timestamp) -> Result<Kept> {
        let fresh = Place {
            form: FORM,
            of: of.to_owned(),
            feed: feed.to_owned(),
            since: since.as_millisecond(),
            logs: BTreeMap::new(),
        };
        let Some(path) = file else {
            return Ok(Kept {
                place: fresh,
                file: None,
            });
        };
        let lock = private::lock(path)?;
        let place = match private::read(path)? {
            Some(bytes) => read(path, &bytes, &fresh)?,
            None => fresh,
        };
        let kept = Kept {
            place,
            file: Some((path.to_owned(), lock)),
        };
        // Where it begins is kept before anything is read: a later run must not begin later.
        kept.keep()?;
        Ok(kept)
    }

    /// Writes the file, if there is one.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn keep(&self) -> Result<()> {
        let Some((path, _)) = &self.file else {
            return Ok(());
        };
        let bytes = serde_json::to_vec(&self.place).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        private::replace(path, &bytes)
    }
}

fn read(path: &Path, bytes: &[u8], wanted: &Place) -> Result<Place> {
    let unusable = |why: String| {
        Error::new(
            Kind::Unknown,
            format!("{} cannot be gone on from: {why}", path.display()),
        )
        .code(code::PLACE_UNUSABLE)
        .hint("name a file that is not there, and with --since how far back to go")
    };
    let place: Place = serde_json::from_slice(bytes).map_err(|error| unusable(error.to_string()))?;
    if place.form != FORM {
        return Err(unusable(format!("it has the form {}, not {FORM}", place.form)));
    }
    if place.of != wanted.of || place.feed != wanted.feed {
        return Err(unusable(format!(
            "it is of the feed {} of {}, not of {} of {}",
            place.feed, place.of, wanted.feed, wanted.of
        )));
    }
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn a_place_is_kept_for_the_same_workspace_and_feed_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("place");
        let open = |of: &str, feed: &str, at| Kept::open(Some(&path), of, feed, at);
        let mut kept = open("https://a.example", "all", AT).unwrap();
        assert_eq!(
            open("https://a.example", "all", AT).unwrap_err().kind(),
            Kind::Unavailable,
            "one process at a time"
        );
        kept.place.logs.insert("dev".to_owned(), Log::default());
        kept.keep().unwrap();
        let place = kept.place.clone();
        drop(kept);
        let later = open("https://a.example", "all", Timestamp::now()).unwrap();
        assert_eq!(later.place, place, "it begins where it began");
        drop(later);
        for (of, feed) in [("https://b.example", "all"), ("https://a.example", "workato_usage")] {
            let error = open(of, feed, AT).unwrap_err();
            assert_eq!((error.kind().exit_code(), error.code_id()), (2, code::PLACE_UNUSABLE));
        }
        std::fs::write(&path, "{").unwrap();
        assert_eq!(
            open("https://a.example", "all", AT).unwrap_err().code_id(),
            code::PLACE_UNUSABLE
        );
    }

    #[test]
    #[cfg(unix)]
    fn a_file_that_others_could_have_written_is_not_believed() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("place");
        drop(Kept::open(Some(&path), "a", "all", AT).unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(Kept::open(Some(&link), "a", "all", AT).is_err(), "a link");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o620)).unwrap();
        assert!(Kept::open(Some(&path), "a", "all", AT).is_err(), "others may write");
    }
}
