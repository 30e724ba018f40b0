//! Where something is to be written: found, and refused if it is nothing that can be replaced by a file, before anything
//! else is done. A device that is renamed over is gone, a pipe without a reader waits for ever.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use crate::baton::code;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::object;

/// Links that may follow each other: what Linux allows.
const LINKS: usize = 40;

/// The plain file that `path` leads to, without links on the way, whether or not it is there. A link stays: what it
/// points to is written, or made.
///
/// # Errors
/// `Unknown` (exit code 2) for anything else than a plain file at its end, a folder that is not there, and links that
/// lead nowhere; what the system says otherwise.
pub fn file(path: &Path) -> Result<PathBuf> {
    if let Some(error) = object::not_a_place(path) {
        return Err(error);
    }
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() => std::fs::canonicalize(path).map_err(Error::from),
        Ok(found) => Err(not_plain(path, &found, "a plain file")),
        Err(error) if is_absent(&error) => absent(path),
        // Links that lead in a circle are named as such.
        Err(error) => end_of_links(path).and(Err(unreachable(path, error))),
    }
}

/// The folder that `path` leads to, whether or not it is there.
///
/// # Errors
/// As [`file()`], for anything else than a folder at its end.
pub fn folder(path: &Path) -> Result<PathBuf> {
    if let Some(error) = object::not_a_place(path) {
        return Err(error);
    }
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => Ok(path.to_owned()),
        Ok(found) => Err(not_plain(path, &found, "a folder")),
        Err(error) if is_absent(&error) => end_of_links(path),
        Err(error) => end_of_links(path).and(Err(unreachable(path, error))),
    }
}

/// The folder a file lies in.
pub fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Where a file that is not there will be.
fn absent(path: &Path) -> Result<PathBuf> {
    let end = end_of_links(path)?;
    let name = end.file_name().ok_or_else(|| {
        Error::new(Kind::Unknown, format!("{} has no file name", path.display())).code(code::NOT_A_PLAIN_FILE)
    })?;
    let folder = folder_of(&end);
    match std::fs::canonicalize(folder) {
        Ok(real) if real.is_dir() => Ok(real.join(name)),
        Ok(_) => Err(missing(path, &end, format!("{} is not a folder", folder.display()))),
        Err(error) if is_absent(&error) => {
            let why = format!("folder {} does not exist", folder.display());
            Err(missing(path, &end, why))
        }
        Err(error) => Err(unreachable(folder, error)),
    }
}

fn missing(path: &Path, end: &Path, why: String) -> Error {
    let why = match path == end {
        true => why,
        false => format!("{} is a link to {}, and {why}", path.display(), end.display()),
    };
    Error::new(Kind::Unknown, why).code(code::FOLDER_MISSING)
}

/// What the last of some links points to, where nothing is.
fn end_of_links(path: &Path) -> Result<PathBuf> {
    let mut at = path.to_owned();
    for _ in 0..LINKS {
        match std::fs::read_link(&at) {
            Ok(to) => at = folder_of(&at).join(to),
            // No link, or nothing at all.
            Err(_) => return Ok(at),
        }
    }
    Err(Error::new(
        Kind::Unknown,
        format!("the links of {} lead in a circle", path.display()),
    )
    .code(code::NOT_A_PLAIN_FILE))
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn unreachable(path: &Path, error: io::Error) -> Error {
    Error::from(error).context(format!("look at {}", path.display()))
}

fn not_plain(path: &Path, found: &Metadata, wanted: &str) -> Error {
    let message = format!("{} is {}, not {wanted}", path.display(), what(found));
    Error::new(Kind::Unknown, message).code(code::NOT_A_PLAIN_FILE)
}

/// What something is, for people.
pub fn what(found: &Metadata) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        let kind = found.file_type();
        let special = [
            (kind.is_fifo(), "a pipe"),
            (kind.is_socket(), "a socket"),
            (kind.is_char_device() || kind.is_block_device(), "a device"),
        ];
        if let Some((_, word)) = special.into_iter().find(|(is, _)| *is) {
            return word;
        }
    }
    if found.is_dir() {
        "a folder"
    } else if found.is_file() {
        "a plain file"
    } else {
        "something special"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_be_a_file_or_nothing_yet() {
        let place = tempfile::tempdir().unwrap();
        let real = place.path().canonicalize().unwrap();
        std::fs::write(real.join("there"), "x").unwrap();
        assert_eq!(file(&real.join("there")).unwrap(), real.join("there"));
        assert_eq!(file(&real.join("new")).unwrap(), real.join("new"));
        for (path, code) in [
            ("", code::NOT_A_PLAIN_FILE),
            ("no/such", code::FOLDER_MISSING),
            ("there/below", code::FOLDER_MISSING),
        ] {
            let error = file(&real.join(path)).unwrap_err();
            assert_eq!(
                (error.code_id(), error.kind().exit_code()),
                (code, 2),
                "{path}: {error}"
            );
        }
        assert_eq!(folder(&real.join("new")).unwrap(), real.join("new"));
        assert_eq!(
            folder(&real.join("there")).unwrap_err().code_id(),
            code::NOT_A_PLAIN_FILE
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_lead_to_what_is_written() {
        use std::os::unix::fs::symlink;
        let place = tempfile::tempdir().unwrap();
        let real = place.path().canonicalize().unwrap();
        std::fs::create_dir_all(real.join("volume/deep")).unwrap();
        std::fs::write(real.join("volume/there"), "x").unwrap();
        for (link, to) in [
            ("plain", "volume/there"),
            ("dangling", "volume/new"),
            ("first", "volume/second"),
            ("volume/second", "deep/third"),
            ("volume/deep/third", "../end"),
            ("nowhere", "gone/new"),
            ("circle", "round"),
            ("round", "circle"),
            ("folder", "volume"),
            ("to-be", "volume/made"),
        ] {
            symlink(to, real.join(link)).unwrap();
        }
        symlink(real.join("volume/absolute"), real.join("far")).unwrap();
        for (link, end) in [
            ("plain", "volume/there"),
            ("dangling", "volume/new"),
            ("first", "volume/end"),
            ("far", "volume/absolute"),
            ("folder/new", "volume/new"),
        ] {
            assert_eq!(file(&real.join(link)).unwrap(), real.join(end), "{link}");
        }
        for (link, code, words) in [
            ("nowhere", code::FOLDER_MISSING, " is a link to "),
            ("circle", code::NOT_A_PLAIN_FILE, "lead in a circle"),
            ("folder", code::NOT_A_PLAIN_FILE, "is a folder, not a plain file"),
        ] {
            let error = file(&real.join(link)).unwrap_err();
            assert_eq!(error.code_id(), code, "{link}: {error}");
            assert!(error.to_string().contains(words), "{link}: {error}");
        }
        assert_eq!(folder(&real.join("folder")).unwrap(), real.join("folder"));
        let made = folder(&real.join("to-be")).unwrap();
        assert_eq!(made, real.join("volume/made"));
    }
}
