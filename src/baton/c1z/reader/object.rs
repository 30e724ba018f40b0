//! A file that lies in object storage. Of the v3 form only the ranges are fetched that a question needs; one of the v1
//! form is unpacked as a whole in any case, so it is fetched as a whole, into a private file that is gone again when the
//! reader is there.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use super::Reader;
use super::original::Original;
use super::unpacked::{Keep, Packed};
use crate::baton::c1z::policy::Policy;
use crate::baton::c1z::v3;
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::object::{Address, Object, Ranges};
use crate::baton::pebble::ReadAt as _;
use crate::baton::scraps::Sort;

/// Opens what lies at an address; `path` is what it is called.
///
/// # Errors
/// As [`Reader::open`], and those of storage.
pub(super) fn open(address: &Address, path: &Path, temp_dir: Option<&Path>, policy: &Policy) -> Result<Reader> {
    let object = Object::new(address)?;
    let seen = object.look()?.ok_or_else(|| {
        Error::new(Kind::NotFound, "there is no such object")
            .code(code::FILE_MISSING)
            .hint("check --file, or sync there first")
    })?;
    if seen.size >= v3::MAGIC.len() as u64 {
        let ranges = Ranges::new(object.clone(), seen.clone());
        if ranges.read(0, v3::MAGIC.len())? == v3::MAGIC[..] {
            let original = Original::of(Arc::new(ranges), path, temp_dir, policy);
            return Reader::of_original(Arc::new(original));
        }
    }
    let system = std::env::temp_dir();
    let folder = temp_dir.unwrap_or(&system);
    let sort = Sort::replacing("fetched.c1z");
    sort.sweep(folder);
    let failed = || format!("fetch it into {}", folder.display());
    let (mut file, _scrap) = sort.create(folder).with_context(failed)?;
    object.fetch(&seen, &mut |bytes| file.write_all(bytes).with_context(failed))?;
    let packed = Packed {
        path: file.path(),
        temp_dir,
        policy,
    };
    Reader::of_tables(Arc::new(packed.unpack(Keep::Nothing)?))
}
