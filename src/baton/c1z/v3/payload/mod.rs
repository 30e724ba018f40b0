//! The payload: the files of a store, packed in one of three ways (`contract/c1z-v3.md` b.2). Nothing is unpacked to
//! disk but a compressed archive that does not fit in memory; that file has no name, so it cannot be left behind.

mod archive;
mod frames;
mod index;
mod pack;
mod section;

use std::path::Path;
use std::sync::Arc;

use super::envelope::{Encoding, Envelope};
use crate::baton::c1z::Limits;
use crate::baton::error::Result;
use crate::baton::pebble::{self, Files, ReadAt};

use frames::Frames;
pub(super) use index::put_index;
pub(super) use pack::Packer;

/// Decoded bytes beyond which a file is refused, whatever the limits say, when it is small itself.
const RATIO: u64 = 100;

/// The files of a store.
pub(super) struct Payload(Box<dyn Files>);

impl Payload {
    /// Finds the files behind an envelope.
    ///
    /// # Errors
    /// `DataLoss` when the payload is damaged, `ResourceExhausted` above a limit.
    pub(super) fn open(
        file: Arc<dyn ReadAt>,
        envelope: &Envelope,
        limits: &Limits,
        temp_dir: Option<&Path>,
    ) -> Result<Self> {
        let limits = Limits {
            max_decoded: limits.max_decoded.max(file.size().saturating_mul(RATIO)),
            ..*limits
        };
        Ok(Payload(match envelope.encoding {
            Encoding::Indexed => {
                let entries = index::read(&*file, envelope, &limits)?;
                Box::new(Frames::new(file, entries, &limits))
            }
            Encoding::Tar => Box::new(archive::plain(file, envelope.payload)?),
            Encoding::TarZstd => Box::new(archive::packed(file, envelope.payload, &limits, temp_dir)?),
        }))
    }
}

impl Files for Payload {
    fn names(&self) -> pebble::Result<Vec<String>> {
        self.0.names()
    }

    fn open(&self, name: &str) -> pebble::Result<Option<Arc<dyn ReadAt>>> {
        self.0.open(name)
    }
}

/// Whether a name stays where it is unpacked: slash-separated, without empty, `.` or `..` parts.
fn is_local(name: &str) -> bool {
    let parts_are_names = name.split('/').all(|part| !matches!(part, "" | "." | ".."));
    parts_are_names && name.len() <= 4096 && !name.contains(['\\', '\0'])
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn local_names() {
        assert!(is_local("000004.sst") && is_local("a/b..c"));
        for name in [
            "",
            "/a",
            "a/",
            "a//b",
            "../a",
            "a/..",
            ".",
            "a\\b",
            "a\0",
            &"a".repeat(4097),
        ] {
            assert!(!is_local(name), "{name:?}");
        }
    }
}
