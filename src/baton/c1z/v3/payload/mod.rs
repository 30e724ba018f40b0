//! The payload: the files of a store, packed in one of three ways (`baton/c1z/v3/format.md 2`). Nothing is unpacked to
//! disk but a compressed archive that does not fit in memory; that file has no name, so it cannot be left behind.

mod archive;
mod frames;
mod index;
mod pack;
mod section;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest;

use super::envelope::{Encoding, Envelope};
use crate::baton::c1z::Limits;
use crate::baton::error::Result;
use crate::baton::pebble::{self, Files, ReadAt};

use frames::Frames;
pub(super) use index::put_index;
pub(super) use pack::Packer;

/// Decoded bytes beyond which a file is refused, whatever the limits say, when it is small itself.
const RATIO: u64 = 100;

/// Bytes that are hashed at a time.
const CHUNK: u64 = 256 << 10;

/// The files of a store. Copies share what was unpacked.
#[derive(Clone)]
pub(super) struct Payload {
    files: Arc<dyn Files>,
    /// What the index says of the content of each file, if there is one.
    sha256: Arc<BTreeMap<String, [u8; 32]>>,
    /// The index, if there is one, and what it is of.
    index: Option<Arc<(Arc<dyn ReadAt>, index::Index)>>,
}

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
        let (mut sha256, mut indexed) = (BTreeMap::new(), None);
        let files: Arc<dyn Files> = match envelope.encoding {
            Encoding::Indexed => {
                let index = index::read(&*file, envelope, &limits)?;
                let entries = index.entries.clone();
                sha256.extend(entries.iter().map(|entry| (entry.name.clone(), entry.sha256)));
                indexed = Some(Arc::new((Arc::clone(&file), index)));
                Arc::new(Frames::new(file, entries, &limits))
            }
            Encoding::Tar => Arc::new(archive::plain(file, envelope.payload)?),
            Encoding::TarZstd => Arc::new(archive::packed(file, envelope.payload, &limits, temp_dir)?),
        };
        Ok(Payload {
            files,
            sha256: Arc::new(sha256),
            index: indexed,
        })
    }

    /// Unpacks every file, also those that no question needs, and calls `each` with those whose content is not what the
    /// index says, and with what else is not as writers leave it.
    ///
    /// # Errors
    /// `DataLoss` for a file that cannot be unpacked, and those of `each`.
    pub(super) fn check(&self, each: &mut dyn FnMut(&str, &str) -> Result<()>) -> Result<()> {
        if let Some((file, index)) = self.index.as_deref() {
            index
                .odd(&**file)?
                .iter()
                .try_for_each(|(name, what)| each(name, what))?;
        }
        for name in self.names()? {
            let Some(file) = Files::open(self, &name)? else {
                continue;
            };
            let mut hash = digest::Context::new(&digest::SHA256);
            let mut at = 0;
            while at < file.size() {
                let length = CHUNK.min(file.size() - at);
                let chunk = file
                    .read(at, usize::try_from(length).unwrap_or(usize::MAX))
                    .map_err(|error| error.in_file(&name))?;
                hash.update(&chunk);
                at += length;
            }
            // A file without content has to be unpacked, too.
            file.read(at, 0).map_err(|error| error.in_file(&name))?;
            let wanted = self.sha256.get(&name);
            if wanted.is_some_and(|wanted| wanted != hash.finish().as_ref()) {
                each(&name, "its content is not what the SHA-256 of the index says")?;
            }
        }
        Ok(())
    }
}

impl Files for Payload {
    fn names(&self) -> pebble::Result<Vec<String>> {
        self.files.names()
    }

    fn open(&self, name: &str) -> pebble::Result<Option<Arc<dyn ReadAt>>> {
        self.files.open(name)
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
