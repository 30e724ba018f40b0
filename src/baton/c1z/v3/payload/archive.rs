//! Files in a tar archive, plain or compressed as a whole.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tempfile::SpooledTempFile;
use zstd::stream::read::Decoder;

use super::super::fault;
use super::is_local;
use super::section::Section;
use crate::baton::c1z::Limits;
use crate::baton::error::{Context as _, Error, Result};
use crate::baton::lock::locked;
use crate::baton::pebble::{self, Files, ReadAt};

/// Bytes of an unpacked archive that are kept in memory.
const IN_MEMORY: usize = 32 << 20;
/// Permissions beyond these are refused.
const MAX_MODE: u32 = 0o777;
const CHUNK: usize = 256 << 10;

/// Where the files of an archive lie.
pub(super) struct Archive {
    file: Arc<dyn ReadAt>,
    files: BTreeMap<String, (u64, u64)>,
}

impl Files for Archive {
    fn names(&self) -> pebble::Result<Vec<String>> {
        Ok(self.files.keys().cloned().collect())
    }

    fn open(&self, name: &str) -> pebble::Result<Option<Arc<dyn ReadAt>>> {
        let section = self.files.get(name).map(|(start, length)| {
            let section = Section::new(Arc::clone(&self.file), *start, *length);
            Arc::new(section) as Arc<dyn ReadAt>
        });
        Ok(section)
    }
}

/// An archive that lies in the file as it is.
pub(super) fn plain(file: Arc<dyn ReadAt>, start: u64) -> Result<Archive> {
    let length = file.size().saturating_sub(start);
    let payload = Section::new(file, start, length);
    let files = list(BufReader::new(payload.clone()))?;
    Ok(Archive {
        file: Arc::new(payload),
        files,
    })
}

/// An archive that is one zstd stream. It is unpacked: into memory, or beyond that into a file without a name.
pub(super) fn packed(file: Arc<dyn ReadAt>, start: u64, limits: &Limits, temp_dir: Option<&Path>) -> Result<Archive> {
    let length = file.size().saturating_sub(start);
    let stream = BufReader::with_capacity(128 << 10, Section::new(file, start, length));
    let mut decoder = Decoder::with_buffer(stream)?;
    decoder.window_log_max(limits.max_window.max(1 << 10).ilog2().clamp(10, 31))?;
    let folder = temp_dir.map_or_else(std::env::temp_dir, Path::to_owned);
    let mut spooled = tempfile::spooled_tempfile_in(IN_MEMORY, &folder);
    let mut chunk = vec![0; CHUNK];
    let mut size = 0u64;
    loop {
        let count = decoder.read(&mut chunk).map_err(undecodable)?;
        if count == 0 {
            break;
        }
        size += count as u64;
        if size > limits.max_decoded {
            let limit = limits.max_decoded >> 20;
            return Err(fault::too_big(format!(
                "its files are larger than the limit of {limit} MiB"
            )));
        }
        spooled
            .write_all(chunk.get(..count).unwrap_or_default())
            .map_err(Error::from)
            .with_context(|| format!("unpack the file in {}", folder.display()))?;
    }
    spooled.seek(SeekFrom::Start(0))?;
    let unpacked: Arc<dyn ReadAt> = Arc::new(Spooled {
        file: Mutex::new(spooled),
        size,
    });
    let files = list(BufReader::new(Section::new(Arc::clone(&unpacked), 0, size)))?;
    Ok(Archive { file: unpacked, files })
}

/// The ordinary files of an archive: name, offset and length.
fn list(archive: impl Read + Seek) -> Result<BTreeMap<String, (u64, u64)>> {
    let mut files = BTreeMap::new();
    let mut archive = tar::Archive::new(archive);
    for entry in archive.entries_with_seek().map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let broken = |what: &str| fault::damaged(format!("the payload file {name:?} {what}"));
        if !is_local(&name) {
            return Err(broken("has a name that no file can have"));
        }
        if entry.header().mode().map_err(unreadable)? > MAX_MODE {
            return Err(broken("has permissions that no ordinary file has"));
        }
        if files.contains_key(&name) {
            return Err(broken("is there twice"));
        }
        files.insert(name, (entry.raw_file_position(), entry.size()));
    }
    Ok(files)
}

/// What was unpacked.
struct Spooled {
    file: Mutex<SpooledTempFile>,
    size: u64,
}

impl ReadAt for Spooled {
    fn size(&self) -> u64 {
        self.size
    }

    fn read(&self, offset: u64, length: usize) -> pebble::Result<Bytes> {
        let end = offset.checked_add(length as u64);
        if end.is_none_or(|end| end > self.size) {
            return Err(pebble::Error::corrupt(format!(
                "{length} bytes should lie at {offset}, but there are {} in all",
                self.size
            )));
        }
        let mut file = locked(&self.file);
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = vec![0; length];
        file.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}

fn undecodable(error: io::Error) -> Error {
    if error.raw_os_error().is_some() {
        return error.into();
    }
    if error.to_string().contains("too much memory") {
        return fault::too_big("its zstd window is above the limit of the decoder");
    }
    fault::damaged(format!("its compressed content is damaged ({error})"))
}

fn unreadable(error: io::Error) -> Error {
    if error.raw_os_error().is_some() {
        return error.into();
    }
    fault::damaged(format!("its archive is damaged ({error})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baton::error::Kind;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, content) in files {
            let mut header = tar::Header::new_ustar();
            header.set_size(content.len() as u64);
            header.set_mode(0o600);
            let place = &mut header.as_mut_bytes()[..name.len()];
            place.copy_from_slice(name.as_bytes());
            header.set_cksum();
            builder.append(&header, *content).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn both(raw: &[u8], limits: &Limits) -> [Result<Archive>; 2] {
        let whole = |content: &[u8]| Arc::new(Bytes::from([b"start", content].concat())) as Arc<dyn ReadAt>;
        let packed_content = zstd::encode_all(raw, 3).unwrap();
        [plain(whole(raw), 5), packed(whole(&packed_content), 5, limits, None)]
    }

    #[test]
    fn files_are_read_where_they_lie() {
        let raw = archive(&[("000004.sst", &[7; 1000]), ("LOCK", b""), ("a/b", b"text")]);
        for archive in both(&raw, &Limits::default()) {
            let archive = archive.unwrap();
            assert_eq!(archive.names().unwrap(), ["000004.sst", "LOCK", "a/b"]);
            let file = archive.open("a/b").unwrap().unwrap();
            assert_eq!((file.size(), file.read(1, 3).unwrap()), (4, Bytes::from_static(b"ext")));
            assert!(file.read(1, 4).is_err(), "what follows is another file");
            assert_eq!(archive.open("LOCK").unwrap().unwrap().size(), 0);
            assert!(archive.open("b").unwrap().is_none());
        }
    }

    #[test]
    fn names_that_lead_elsewhere_come_twice_or_do_not_end_are_damage() {
        let good = archive(&[("a", &[7; 1000])]);
        let cut = &good[..700];
        let mut changed = good.clone();
        changed[0] ^= 1;
        for raw in [
            &archive(&[("../a", b"")]),
            &archive(&[("a", b""), ("a", b"")]),
            cut,
            &changed,
        ] {
            for archive in both(raw, &Limits::default()) {
                let read = archive.and_then(|a| {
                    let file = a.open("a")?.ok_or_else(|| fault::damaged("gone"))?;
                    Ok(file.read(0, 1000)?)
                });
                assert_eq!(read.err().map(|e| e.kind()), Some(Kind::DataLoss));
            }
        }
    }

    #[test]
    fn what_unpacks_to_more_than_the_limit_is_refused() {
        let limits = Limits {
            max_decoded: 1 << 20,
            ..Limits::default()
        };
        let raw = archive(&[("a", &vec![7; 2 << 20])]);
        let [plain, packed] = both(&raw, &limits);
        assert!(plain.is_ok(), "nothing is unpacked");
        assert_eq!(packed.err().unwrap().kind(), Kind::ResourceExhausted);
    }
}
