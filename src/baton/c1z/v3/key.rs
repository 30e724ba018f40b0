//! Keys of a v3 store (`baton/c1z/v3/format.md 3`): a kind, and a tuple of texts that is ordered as the texts are.
//!
//! Parts of a tuple are joined by zero bytes. In a part, 00 is written 01 01 and 01 is written 01 02.

use std::borrow::Cow;

use super::fault;
use crate::baton::error::Result;

/// The first byte of every key.
const FIRST: u8 = 3;

/// Kinds of rows.
pub(super) mod kind {
    pub(crate) const RESOURCE_TYPE: u8 = 1;
    pub(crate) const RESOURCE: u8 = 2;
    pub(crate) const ENTITLEMENT: u8 = 3;
    pub(crate) const GRANT: u8 = 4;
    pub(crate) const ASSET: u8 = 5;
    pub(crate) const INDEX: u8 = 7;
    pub(crate) const SESSION: u8 = 9;
    pub(crate) const DIGEST: u8 = 0x0a;
    /// Stamps, counts, and what is pending.
    pub(crate) const MARK: u8 = 0xff;
}

/// Kinds of indexes.
pub(super) mod index {
    /// Children by their parent.
    pub(crate) const PARENT: u8 = 1;
    /// Entitlements by the resource they are on; of older files only.
    pub(crate) const ON: u8 = 2;
    /// Grants by entitlement; of older files only.
    pub(crate) const ENTITLEMENT: u8 = 3;
    /// Grants by principal.
    pub(crate) const PRINCIPAL: u8 = 4;
    /// Grants that expansion has to look at.
    pub(crate) const NEEDS_EXPANSION: u8 = 5;
    /// Grants by the type of their principal, and by the resource they are on; of older files only.
    pub(crate) const PRINCIPAL_TYPE: u8 = 6;
    pub(crate) const GRANTED_ON: u8 = 7;
    /// Content hashes of grants, by entitlement and hash of the principal.
    pub(crate) const HASH: u8 = 8;
}

/// The row of the sync.
pub(super) const RUN: &[u8] = &[FIRST, 6];
/// Which layout the keys have, and which the keys of entitlements and grants.
pub(super) const KEYSPACE_VERSION: &[u8] = b"\x03\xffkeyspace_version";
pub(super) const ID_FORMAT: &[u8] = b"\x03\xffgrant_entitlement_id_format";
/// Counts of rows.
pub(super) const STATS: &[u8] = b"\x03\xffstats\0";
/// While this row is there, the index of grants by principal has gaps.
pub(super) const PRINCIPAL_INDEX_PENDING: &[u8] = b"\x03\xffdeferred_grant_idx_pending";
/// While this row is there, digests are not to be trusted.
pub(super) const DIGESTS_PENDING: &[u8] = b"\x03\xffgrant_digest_build_pending";
/// A copy of the graph of entitlements, which the published engine keeps. Nothing here reads it.
const GRAPH: &[u8] = b"\x03\xffentitlement-graph\0";
/// All rows of their kind.
pub(super) const MARKS: [&[u8]; 6] = [
    KEYSPACE_VERSION,
    ID_FORMAT,
    STATS,
    PRINCIPAL_INDEX_PENDING,
    DIGESTS_PENDING,
    GRAPH,
];
/// The kind of node in the tree of digests: a row for an entitlement, for a part of its grants, for the whole file.
pub(super) const DIGEST_ROOT: u8 = 0;
pub(super) const DIGEST_LEAF: u8 = 1;
pub(super) const DIGEST_FILE: &[u8] = b"\x03\x0a\x08\0\0\x02";

/// The four parts that an entitlement is known by in keys: the resource it is on, and its id. An id that begins like
/// its resource is stored without that, and marked.
pub(super) fn entitlement<'a>(resource_type: &'a str, resource: &'a str, id: &'a str) -> [&'a str; 4] {
    let tail = id
        .strip_prefix(resource_type)
        .and_then(|rest| rest.strip_prefix(':'))
        .and_then(|rest| rest.strip_prefix(resource))
        .and_then(|rest| rest.strip_prefix(':'));
    match tail {
        Some(tail) => [resource_type, resource, "1", tail],
        None => [resource_type, resource, "0", id],
    }
}

/// The key of a record.
pub(super) fn record(kind: u8, parts: &[&str]) -> Vec<u8> {
    let mut key = vec![FIRST, kind, 0];
    put_tuple(&mut key, parts);
    key
}

/// The key of a row of an index.
pub(super) fn indexed(index: u8, parts: &[&str]) -> Vec<u8> {
    let mut key = index_start(index);
    put_tuple(&mut key, parts);
    key
}

/// As [`indexed`], from parts and what stands between them, encoded already.
pub(super) fn indexed_raw(index: u8, encoded: &[&[u8]]) -> Vec<u8> {
    let mut key = index_start(index);
    encoded.iter().for_each(|bytes| key.extend_from_slice(bytes));
    key
}

fn index_start(index: u8) -> Vec<u8> {
    vec![FIRST, kind::INDEX, index, 0]
}

/// Appends a tuple.
pub(super) fn put_tuple(out: &mut Vec<u8>, parts: &[&str]) {
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            out.push(0);
        }
        put_part(out, part.as_bytes());
    }
}

/// Appends one part, or bytes that are to stand in the place of one.
pub(super) fn put_part(out: &mut Vec<u8>, part: &[u8]) {
    if !part.iter().any(|byte| *byte < 2) {
        out.extend_from_slice(part);
        return;
    }
    for byte in part {
        match byte {
            0 => out.extend_from_slice(&[1, 1]),
            1 => out.extend_from_slice(&[1, 2]),
            other => out.push(*other),
        }
    }
}

/// A range of keys: from the first, to before the second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range(pub(super) Vec<u8>, pub(super) Vec<u8>);

impl Range {
    /// All records of a kind.
    pub(super) fn of_kind(kind: u8) -> Self {
        Range(vec![FIRST, kind, 0], vec![FIRST, kind, 1])
    }

    /// All rows of an index.
    pub(super) fn of_index(index: u8) -> Self {
        let mut end = index_start(index);
        end.pop();
        end.push(1);
        Range(index_start(index), end)
    }

    /// All digests.
    pub(super) fn of_digests() -> Self {
        Range(vec![FIRST, kind::DIGEST], vec![FIRST, kind::DIGEST + 1])
    }

    /// All keys that go on behind these: no part begins with a zero byte, and none is less than one.
    pub(super) fn behind(mut key: Vec<u8>) -> Self {
        let mut end = key.clone();
        key.push(0);
        end.push(1);
        Range(key, end)
    }
}

/// The encoded parts of a tuple.
pub(super) fn parts(tuple: &[u8]) -> impl Iterator<Item = &[u8]> {
    tuple.split(|byte| *byte == 0)
}

/// Takes `count` parts off the front of a tuple, still encoded. Returns them and the rest, without the byte between.
pub(super) fn split(tuple: &[u8], count: usize) -> Option<(&[u8], &[u8])> {
    let at = tuple
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == 0)
        .nth(count.checked_sub(1)?)?
        .0;
    Some((tuple.get(..at)?, tuple.get(at + 1..)?))
}

/// The bytes of an encoded part, or of what stands in the place of one.
pub(super) fn bytes(part: &[u8]) -> Result<Cow<'_, [u8]>> {
    if !part.contains(&1) {
        return Ok(Cow::Borrowed(part));
    }
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match (*byte, (*byte == 1).then(|| rest.next()).flatten()) {
            (1, Some(1)) => 0,
            (1, Some(2)) => 1,
            (1, _) => return Err(no_text(part)),
            (other, _) => other,
        });
    }
    Ok(Cow::Owned(bytes))
}

/// The text of an encoded part.
pub(super) fn text(part: &[u8]) -> Result<Cow<'_, str>> {
    match bytes(part)? {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| no_text(part)),
        Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).map_err(|_| no_text(part)),
    }
}

fn no_text(part: &[u8]) -> crate::baton::error::Error {
    fault::damaged(format!("a key has the part {part:02x?}, which is no text"))
}

/// A tuple, encoded.
pub(super) fn tuple(parts: &[&str]) -> Vec<u8> {
    let mut tuple = Vec::new();
    put_tuple(&mut tuple, parts);
    tuple
}

/// The key of a record, of a tuple that is encoded already.
pub(super) fn of_tuple(kind: u8, tuple: &[u8]) -> Vec<u8> {
    [&[FIRST, kind, 0], tuple].concat()
}

/// The id of an entitlement out of the four parts it is known by in keys.
pub(super) fn entitlement_id(parts: &[&[u8]; 4]) -> Result<String> {
    let [resource_type, resource, is_short, tail] = parts;
    let tail = text(tail)?;
    Ok(match *is_short {
        b"1" => format!("{}:{}:{tail}", text(resource_type)?, text(resource)?),
        _ => tail.into_owned(),
    })
}

/// What follows kind and zero byte in the key of a record, or of an index row.
pub(super) fn tuple_of(key: &[u8]) -> &[u8] {
    let start = if key.get(1) == Some(&kind::INDEX) { 4 } else { 3 };
    key.get(start..).unwrap_or_default()
}

/// The key of a grant out of its encoded entitlement and principal.
pub(super) fn grant(entitlement: &[u8], principal: &[u8]) -> Vec<u8> {
    [&[FIRST, kind::GRANT, 0], entitlement, &[0], principal].concat()
}

/// The key of a digest of an entitlement, which is given encoded, and is encoded as one part here.
pub(super) fn digest(entitlement: &[u8], level: u8) -> Vec<u8> {
    let mut key = vec![FIRST, kind::DIGEST, index::HASH, 0];
    put_part(&mut key, entitlement);
    key.extend_from_slice(&[0, level]);
    key
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_byte_vector_of_the_contract_is_a_grant_of_awkward_names() {
        let parts = entitlement("odd\0type\x01", "\0\x01\x02é", "z\0y\x01");
        assert_eq!(parts[2], "0");
        let key = record(kind::GRANT, &[&parts[..], &["odd\0type\x01", "\0\x01\x02é"]].concat());
        let resource = b"odd\x01\x01type\x01\x02\0\x01\x01\x01\x02\x02\xc3\xa9";
        let wanted = [
            b"\x03\x04\0".as_slice(),
            resource,
            b"\x000\0z\x01\x01y\x01\x02\0",
            resource,
        ]
        .concat();
        assert_eq!(key, wanted);
    }

    #[test]
    fn an_id_that_begins_like_its_resource_is_stored_without() {
        assert_eq!(entitlement("role", "7", "role:7:member"), ["role", "7", "1", "member"]);
        assert_eq!(entitlement("role", "7", "role:7:"), ["role", "7", "1", ""]);
        assert_eq!(entitlement("a", "b:c", "a:b:c:d:e"), ["a", "b:c", "1", "d:e"]);
        for other in ["role:7", "role:77:member", "Role:7:member", ""] {
            assert_eq!(entitlement("role", "7", other), ["role", "7", "0", other]);
        }
    }

    #[test]
    fn what_is_no_encoding_of_a_text_is_damage() {
        for wrong in [&b"\x01"[..], b"a\x01", b"\x01\x03", b"\x01\0", b"\xff"] {
            assert!(text(wrong).is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn tuples_come_back_and_are_ordered_as_their_parts(
            a in proptest::collection::vec("[\0\x01\x02ab]{0,4}", 1..4),
            b in proptest::collection::vec("[\0\x01\x02ab]{0,4}", 1..4),
        ) {
            let encoded = |parts: &[String]| {
                let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
                record(kind::RESOURCE, &parts)
            };
            let decoded: Vec<String> = parts(tuple_of(&encoded(&a))).map(|p| text(p).unwrap().into_owned()).collect();
            prop_assert_eq!(&decoded, &a);
            if a.len() == b.len() {
                prop_assert_eq!(encoded(&a).cmp(&encoded(&b)), a.cmp(&b));
            }
            let Range(start, end) = Range::behind(encoded(&a));
            let goes_on = b.len() > a.len() && b[..a.len()] == a[..];
            let key = encoded(&b);
            prop_assert_eq!(key >= start && key < end, goes_on);
            let (front, rest) = split(tuple_of(&key), b.len() - 1).map_or((None, None), |(f, r)| (Some(f), Some(r)));
            prop_assert_eq!(front.is_some(), b.len() > 1);
            prop_assert_eq!(rest.map(|r| text(r).unwrap().into_owned()), (b.len() > 1).then(|| b[b.len() - 1].clone()));
        }
    }
}
