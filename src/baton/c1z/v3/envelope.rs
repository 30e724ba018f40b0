//! The outside of a v3 file: magic, manifest, and which encoding the payload has (`baton/c1z/v3/format.md 1`).

use bytes::Bytes;
use prost::Message as _;

use super::fault;
use crate::baton::error::{Error, Result};
use crate::baton::pebble::ReadAt;
use crate::baton::proto::c1::c1z::v3::C1zManifestV3;

/// The first bytes of a v3 file.
pub const MAGIC: &[u8; 5] = b"C1Z3\0";
/// Magic and length of the manifest.
const HEADER: usize = 9;
/// A longer manifest is refused.
const MAX_MANIFEST: usize = 16 << 20;

/// The engines whose files are read.
pub(super) const ENGINE: &str = "pebble3";
const ENGINE_BEFORE: &str = "pebble2";
/// Its files hold several syncs and another order of keys. Their own maker does not read them any more.
const ENGINE_OF_OLD: &str = "pebble";

/// How the payload is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    TarZstd,
    Tar,
    Indexed,
}

impl Encoding {
    fn of(number: i32) -> Result<Self> {
        match number {
            1 => Ok(Encoding::TarZstd),
            2 => Ok(Encoding::Tar),
            5 => Ok(Encoding::Indexed),
            0 => Err(fault::damaged("its manifest does not say how the payload is packed")),
            other => Err(fault::unsupported(format!(
                "its payload is packed in way {other}, which is not read"
            ))),
        }
    }

    pub(super) const INDEXED: i32 = 5;
}

/// What stands before the payload.
pub(super) struct Envelope {
    pub(super) manifest: C1zManifestV3,
    /// As it stands in the file.
    pub(super) raw: Bytes,
    /// XXH64 of the manifest as it stands in the file.
    pub(super) manifest_hash: u64,
    pub(super) encoding: Encoding,
    /// The offset of the payload.
    pub(super) payload: u64,
}

impl Envelope {
    /// Reads it.
    ///
    /// # Errors
    /// `DataLoss` when it is damaged, `Unimplemented` for an engine or encoding that is not read.
    pub(super) fn read(file: &dyn ReadAt) -> Result<Self> {
        if file.size() < HEADER as u64 {
            return Err(fault::damaged("it ends within its first bytes"));
        }
        let header = file.read(0, HEADER)?;
        let (Some((magic, rest)), Some(length)) = (header.split_first_chunk::<5>(), header.last_chunk::<4>()) else {
            return Err(fault::damaged("it ends within its first bytes"));
        };
        if magic != MAGIC {
            return Err(fault::damaged(format!(
                "it does not begin with C1Z3, but with {:02x?}",
                rest
            )));
        }
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if length > MAX_MANIFEST {
            return Err(fault::damaged(format!(
                "its manifest of {length} bytes is above the limit of {} MiB",
                MAX_MANIFEST >> 20
            )));
        }
        let raw = file.read(HEADER as u64, length)?;
        let manifest = C1zManifestV3::decode(raw.clone())
            .map_err(|error| fault::damaged(format!("its manifest cannot be parsed: {error}")))?;
        check_engine(&manifest.engine)?;
        Ok(Envelope {
            encoding: Encoding::of(manifest.payload_encoding)?,
            manifest,
            manifest_hash: twox_hash::XxHash64::oneshot(0, &raw),
            raw,
            payload: (HEADER + length) as u64,
        })
    }
}

fn check_engine(engine: &str) -> Result<(), Error> {
    match engine {
        ENGINE | ENGINE_BEFORE => Ok(()),
        "" => Err(fault::damaged("its manifest does not name the storage engine")),
        ENGINE_OF_OLD => Err(fault::unsupported_but(
            "its storage engine is \"pebble\", the first form of v3 (mid 2026), which no current program reads",
            "sync again with a current connector",
        )),
        other => Err(fault::unsupported(format!(
            "its storage engine is {other:?}; {ENGINE_BEFORE} and {ENGINE} are read"
        ))),
    }
}

/// The start of a file: magic, length and the manifest.
pub(super) fn put_header(out: &mut Vec<u8>, manifest: &[u8]) {
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&u32::try_from(manifest.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(manifest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baton::error::Kind;

    fn of(manifest: &C1zManifestV3) -> Result<Envelope> {
        let mut file = Vec::new();
        put_header(&mut file, &manifest.encode_to_vec());
        Envelope::read(&Bytes::from(file))
    }

    fn manifest(engine: &str, encoding: i32) -> C1zManifestV3 {
        C1zManifestV3 {
            engine: engine.to_owned(),
            payload_encoding: encoding,
            ..C1zManifestV3::default()
        }
    }

    #[test]
    fn engines_and_encodings_that_are_read() {
        for (engine, number, encoding) in [
            ("pebble3", 5, Encoding::Indexed),
            ("pebble2", 1, Encoding::TarZstd),
            ("pebble3", 2, Encoding::Tar),
        ] {
            let envelope = of(&manifest(engine, number)).unwrap();
            assert_eq!(
                (envelope.manifest.engine.as_str(), envelope.encoding),
                (engine, encoding)
            );
        }
    }

    #[test]
    fn other_engines_and_encodings_are_refused_by_name_with_what_to_do() {
        for (engine, encoding, text) in [
            ("pebble", 5, "first form of v3"),
            ("pebble4", 5, "\"pebble4\""),
            ("rocks", 1, "\"rocks\""),
            ("pebble3", 3, "way 3"),
        ] {
            let error = of(&manifest(engine, encoding)).err().unwrap();
            assert_eq!(error.kind(), Kind::Unimplemented, "{error}");
            assert!(
                error.to_string().contains(text) && error.hint_text().is_some(),
                "{error}"
            );
        }
        for (engine, encoding) in [("", 5), ("pebble3", 0)] {
            assert_eq!(of(&manifest(engine, encoding)).err().unwrap().kind(), Kind::DataLoss);
        }
    }

    #[test]
    fn what_is_cut_off_or_claims_too_much_is_damage() {
        let mut file = Vec::new();
        put_header(&mut file, &manifest("pebble3", 5).encode_to_vec());
        for end in 0..file.len() {
            let cut = Bytes::copy_from_slice(&file[..end]);
            assert_eq!(
                Envelope::read(&cut).err().map(|e| e.kind()),
                Some(Kind::DataLoss),
                "cut at {end}"
            );
        }
        let mut huge = file.clone();
        huge[5] = 0x7f;
        assert!(
            Envelope::read(&Bytes::from(huge))
                .err()
                .unwrap()
                .to_string()
                .contains("16 MiB")
        );
        file[3] = b'F';
        assert_eq!(Envelope::read(&Bytes::from(file)).err().unwrap().kind(), Kind::DataLoss);
    }
}
