//! The file that a reading command takes where none is named: `sync.c1z`, else the only `.c1z` of the folder.

use std::path::{Path, PathBuf};

use crate::baton::code;
use crate::baton::config::{Source, Values, kit};
use crate::baton::error::{Error, Kind, Result};
use crate::term::Terminal;

/// Files that are named where it is not clear which is meant.
const NAMED: usize = 5;

/// The file to read. One that was not asked for is named on stderr.
///
/// # Errors
/// `NotFound` where no file is named and several could be meant.
pub fn file(terminal: &Terminal, values: &Values) -> Result<PathBuf> {
    let usual = PathBuf::from(kit::FILE.of(values));
    if kit::FILE.source(values) != Source::Default || usual.exists() {
        return Ok(usual);
    }
    match around(Path::new(".")).as_slice() {
        [only] => {
            terminal.say(&format!("Reading {only}, the only .c1z file here."));
            Ok(only.into())
        }
        // Whoever opens it says that there is none.
        [] => Ok(usual),
        several => {
            let mut named = several.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
            if several.len() > NAMED {
                named.push_str(&format!(" and {} more", several.len() - NAMED));
            }
            let message = format!("there is no {}, and several other .c1z files", usual.display());
            Err(Error::new(Kind::NotFound, message)
                .code(code::FILE_MISSING)
                .hint(format!("say which with -f: {named}")))
        }
    }
}

/// The names of the `.c1z` files of a folder, in order. Hidden ones are working files.
fn around(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter(|entry| entry.path().is_file());
    let names = names.filter_map(|entry| entry.file_name().into_string().ok());
    let mut found: Vec<String> = names
        .filter(|name| name.ends_with(".c1z") && !name.starts_with('.'))
        .collect();
    found.sort();
    found
}
