//! Sync ids are KSUIDs of second resolution (`baton/c1z/format.md 2.7`).

use svix_ksuid::{Ksuid, KsuidLike as _};

/// Characters of the text form.
const LENGTH: usize = 27;
/// The text of twenty bytes of 0xff: nothing above it is a KSUID.
const GREATEST: &str = "aWgEPTl1tmebfsQzFP4bxwgy80V";

/// A new sync id.
pub fn new_sync_id() -> String {
    Ksuid::now(None).to_base62()
}

/// Whether the text is a KSUID: what converters parse and the session service demands.
pub fn is_sync_id(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|b| b.is_ascii_alphanumeric()) && text <= GREATEST
}
