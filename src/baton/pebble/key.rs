//! Internal keys: a key as the user knows it, and the trailer that says when it was written and what happened.

use bytes::Bytes;

use super::error::{Error, Result};

/// The sequence number that no write has. A bound with it excludes its key.
pub const MAX_SEQUENCE: u64 = (1 << 56) - 1;
/// Bytes of a trailer.
const TRAILER: usize = 8;

/// What a row does to its key. The numbers are those of the format.
pub(super) mod kind {
    pub(crate) const DELETE: u8 = 0;
    pub(crate) const SET: u8 = 1;
    pub(crate) const SINGLE_DELETE: u8 = 7;
    pub(crate) const RANGE_DELETE: u8 = 15;
    /// A set that also stands for a deletion below it.
    pub(crate) const SET_WITH_DELETE: u8 = 18;
    /// A deletion that says how much it deletes.
    pub(crate) const SIZED_DELETE: u8 = 23;
}

/// What a row means to who reads the newest state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Set,
    Delete,
}

/// The upper 56 bits are a sequence number: higher is newer. The low 8 bits are the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Trailer(pub u64);

impl Effect {
    pub(super) fn is_delete(self) -> bool {
        self == Effect::Delete
    }
}

impl Trailer {
    /// A trailer of its parts; what is above 56 bits of the number is cut off.
    pub const fn new(sequence: u64, kind: u8) -> Self {
        Trailer(sequence << 8 | kind as u64)
    }

    /// When it was written.
    pub const fn sequence(self) -> u64 {
        self.0 >> 8
    }

    /// What happened.
    pub const fn kind(self) -> u8 {
        self.0.to_le_bytes()[0]
    }

    pub(super) fn effect(self) -> Result<Effect> {
        match self.kind() {
            kind::SET | kind::SET_WITH_DELETE => Ok(Effect::Set),
            kind::DELETE | kind::SINGLE_DELETE | kind::SIZED_DELETE => Ok(Effect::Delete),
            other => Err(Error::unsupported(format!("rows of kind {other} are not read"))),
        }
    }
}

/// One end of what a table covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The user's key.
    pub key: Bytes,
    /// The trailer of the row, or of a range deletion that begins or ends there.
    pub trailer: Trailer,
}

impl Bound {
    /// Takes an internal key apart.
    pub(super) fn of_internal(bytes: &[u8]) -> Result<Self> {
        let (key, trailer) = bytes
            .split_last_chunk::<TRAILER>()
            .ok_or_else(|| Error::corrupt("a bound is too short for a key"))?;
        Ok(Bound {
            key: Bytes::copy_from_slice(key),
            trailer: Trailer(u64::from_le_bytes(*trailer)),
        })
    }

    /// The internal key.
    pub(super) fn to_internal(&self) -> Vec<u8> {
        [self.key.as_ref(), &self.trailer.0.to_le_bytes()].concat()
    }

    /// Whether an upper bound leaves its own key out: the end of a range deletion, or where something was cut off.
    pub fn is_exclusive(&self) -> bool {
        self.trailer.sequence() == MAX_SEQUENCE
    }

    /// Whether `key` lies behind this upper bound.
    pub fn is_before(&self, key: &[u8]) -> bool {
        match self.key.as_ref().cmp(key) {
            std::cmp::Ordering::Less => true,
            std::cmp::Ordering::Equal => self.is_exclusive(),
            std::cmp::Ordering::Greater => false,
        }
    }

    /// The first key behind this upper bound.
    pub(super) fn end(&self) -> Bytes {
        if self.is_exclusive() {
            return self.key.clone();
        }
        let mut after = Vec::with_capacity(self.key.len() + 1);
        after.extend_from_slice(&self.key);
        after.push(0);
        after.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailer_is_a_sequence_number_and_a_kind() {
        let trailer = Trailer(0x000f_d501);
        assert_eq!((trailer.sequence(), trailer.kind()), (4053, kind::SET));
        assert_eq!(Trailer::new(4053, kind::SET), trailer);
        assert!(Trailer::new(5, kind::SET) < Trailer::new(6, kind::DELETE));
    }

    #[test]
    fn an_upper_bound_without_a_real_sequence_number_leaves_its_key_out() {
        let bound = |sequence| Bound {
            key: Bytes::from_static(b"m"),
            trailer: Trailer::new(sequence, kind::RANGE_DELETE),
        };
        assert!(!bound(7).is_before(b"m") && bound(7).is_before(b"m\0"));
        assert!(bound(MAX_SEQUENCE).is_before(b"m") && !bound(MAX_SEQUENCE).is_before(b"l"));
        assert_eq!(bound(7).end(), &b"m\0"[..]);
        assert_eq!(bound(MAX_SEQUENCE).end(), &b"m"[..]);
    }

    #[test]
    fn kinds_that_no_reader_of_sets_and_deletes_knows_are_refused() {
        for unknown in [2, 3, 15, 19, 22, 24, 255] {
            assert!(Trailer::new(1, unknown).effect().is_err(), "{unknown}");
        }
        for (known, effect) in [(18, Effect::Set), (7, Effect::Delete), (23, Effect::Delete)] {
            assert_eq!(Trailer::new(1, known).effect().unwrap(), effect, "{known}");
        }
    }

    #[test]
    fn internal_keys_come_apart_and_together() {
        let bytes = b"key\x01\xd5\x0f\0\0\0\0\0";
        let bound = Bound::of_internal(bytes).unwrap();
        assert_eq!((bound.key.as_ref(), bound.trailer.sequence()), (&b"key"[..], 4053));
        assert_eq!(bound.to_internal(), bytes);
        assert!(Bound::of_internal(b"1234567").is_err());
    }
}
