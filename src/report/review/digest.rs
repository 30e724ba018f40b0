//! Digests: of files, so that a change of one byte is seen, and of rows, so that one keeps its name from sync to sync.

use std::io::Read as _;
use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256, digest};

use crate::baton::error::{Context as _, Result};

/// The SHA-256 of a file, in hex.
///
/// # Errors
/// Those of the disk.
pub fn of_file(path: &Path) -> Result<String> {
    let read = || {
        let mut file = std::fs::File::open(path)?;
        let mut context = Context::new(&SHA256);
        let mut buffer = vec![0; 64 << 10];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hex(context.finish().as_ref())),
                n => context.update(buffer.get(..n).unwrap_or_default()),
            }
        }
    };
    read()
        .map_err(|error: std::io::Error| error)
        .with_context(|| format!("read {}", path.display()))
}

/// The SHA-256 of bytes, in hex.
pub(super) fn of_bytes(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

/// A short digest of texts, one after the other: equal texts in other parts make another one.
pub(super) fn of_parts<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    let whole = hex(context.finish().as_ref());
    whole.chars().take(16).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
