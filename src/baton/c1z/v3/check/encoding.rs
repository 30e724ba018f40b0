//! Whether a message is encoded as its writers encode it: fields in order, nothing twice, nothing that says nothing, no
//! field that this program does not know. Two files of the same rows are then the same bytes, and digests can be compared.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use prost_reflect::{Kind, MessageDescriptor};

use crate::baton::error::{Error, Kind as ErrorKind, Result};
use crate::baton::proto::pool;

/// Messages inside of messages; parsing refuses more.
const LEVELS: u32 = 100;
/// Whose options are not known here, and which nobody reads.
const OPAQUE: &str = "google.protobuf.FileDescriptorSet";
const TIMESTAMP: &str = "google.protobuf.Timestamp";
const ANY: &str = "google.protobuf.Any";
/// What the type of an annotation begins with: another reader may go by it.
const TYPE: &[u8] = b"type.googleapis.com/";
/// The seconds of 1970 to 9999: what is earlier, nobody discovered.
const SECONDS: std::ops::Range<i64> = 0..253_402_300_800;
const NANOS: std::ops::Range<i64> = 0..1_000_000_000;

/// What wire types mean.
const VARINT: u64 = 0;
const FIXED_64: u64 = 1;
const LENGTH: u64 = 2;
const FIXED_32: u64 = 5;

/// The messages that records are made of.
pub(super) struct Encoding {
    shapes: Vec<Shape>,
    by_name: HashMap<String, usize>,
}

struct Shape {
    name: String,
    fields: BTreeMap<u64, Field>,
    /// Key and value of a map: both are always there.
    is_entry: bool,
}

struct Field {
    wire: u64,
    message: Option<usize>,
    is_list: bool,
    is_map: bool,
    /// Whether it is written also when it says nothing.
    is_explicit: bool,
}

/// What is wrong with a message.
#[derive(Default)]
struct Found {
    unknown: BTreeSet<String>,
    is_odd: bool,
    has_odd_time: bool,
    has_odd_type: bool,
}

/// The bytes cannot be taken apart. Parsing says so in its own words.
struct Broken;

impl Encoding {
    /// Takes messages by their full names, and what they contain.
    pub(super) fn of(names: &[&str]) -> Result<Self> {
        let mut encoding = Encoding {
            shapes: Vec::new(),
            by_name: HashMap::new(),
        };
        for name in names {
            let missing = || Error::new(ErrorKind::Internal, format!("the message {name} is not compiled in"));
            encoding.add(&pool().get_message_by_name(name).ok_or_else(missing)?);
        }
        Ok(encoding)
    }

    fn add(&mut self, message: &MessageDescriptor) -> usize {
        let name = message.full_name();
        if let Some(known) = self.by_name.get(name) {
            return *known;
        }
        let number = self.shapes.len();
        self.by_name.insert(name.to_owned(), number);
        self.shapes.push(Shape {
            name: name.to_owned(),
            fields: BTreeMap::new(),
            is_entry: message.is_map_entry(),
        });
        let fields: BTreeMap<u64, Field> = message
            .fields()
            .map(|field| {
                let kind = field.kind();
                let of = Field {
                    wire: wire_of(&kind),
                    message: kind.as_message().map(|inner| self.add(inner)),
                    is_list: field.is_list(),
                    is_map: field.is_map(),
                    is_explicit: field.supports_presence() || message.is_map_entry(),
                };
                (u64::from(field.number()), of)
            })
            .collect();
        if let Some(shape) = self.shapes.get_mut(number) {
            shape.fields = fields;
        }
        number
    }

    /// What is wrong with the bytes of a message, which can be parsed. Whether they are those that its writers choose among many
    /// of one meaning is only asked where `is_exact`.
    pub(super) fn check(&self, name: &str, bytes: &[u8], is_exact: bool) -> Vec<String> {
        let Some(shape) = self.by_name.get(name) else {
            return Vec::new();
        };
        let mut found = Found::default();
        // What is broken beyond that, parsing refuses.
        let is_whole = self.message(*shape, bytes, LEVELS, &mut found).is_ok();
        let mut wrong = Vec::new();
        if !found.unknown.is_empty() {
            let fields: Vec<String> = found.unknown.into_iter().collect();
            wrong.push(format!("it has fields that are not known: {}", fields.join(", ")));
        } else if is_exact && (found.is_odd || !is_whole) {
            wrong.push("it is not encoded as its writers encode it".to_owned());
        }
        if found.has_odd_time {
            wrong.push("it has a time outside of 1970 to 9999".to_owned());
        }
        if found.has_odd_type {
            wrong.push("it has an annotation whose type is none".to_owned());
        }
        wrong
    }

    fn message(&self, shape: usize, bytes: &[u8], levels: u32, found: &mut Found) -> Result<(), Broken> {
        let shape = self.shapes.get(shape).ok_or(Broken)?;
        if shape.name == OPAQUE {
            return Ok(());
        }
        let levels = levels.checked_sub(1).ok_or(Broken)?;
        let mut rest = bytes;
        let mut before = 0;
        let mut last_key: Option<&[u8]> = None;
        let mut met = 0;
        let mut time = [0i64; 2];
        while !rest.is_empty() {
            let tag = varint(&mut rest, found)?;
            let (number, wire) = (tag >> 3, tag & 7);
            let (scalar, content) = value(&mut rest, wire, found)?;
            let Some(field) = shape.fields.get(&number) else {
                let name = shape.name.rsplit('.').next().unwrap_or_default();
                found.unknown.insert(format!("{name}.{number}"));
                continue;
            };
            let again = number == before;
            found.is_odd |= number < before || (again && !field.is_list && !field.is_map);
            if !again {
                last_key = None;
                met += 1;
            }
            before = number;
            let is_packed = field.is_list && field.wire != LENGTH && wire == LENGTH;
            found.is_odd |= wire != field.wire && !is_packed;
            let says_nothing = match wire {
                LENGTH => content.is_empty() && field.message.is_none(),
                _ => scalar == 0,
            };
            found.is_odd |= says_nothing && !field.is_explicit && !field.is_list;
            if wire == LENGTH
                && let Some(inner) = field.message
            {
                self.message(inner, content, levels, found)?;
            }
            found.has_odd_type |= shape.name == ANY && number == 1 && !content.starts_with(TYPE);
            if field.is_map {
                let key = key_of(content);
                found.is_odd |= last_key.is_some_and(|last| key <= last);
                last_key = Some(key);
            }
            if let Some(place) = usize::try_from(number)
                .ok()
                .and_then(|n| time.get_mut(n.wrapping_sub(1)))
            {
                *place = i64::from_le_bytes(scalar.to_le_bytes());
            }
        }
        found.is_odd |= shape.is_entry && met != shape.fields.len();
        if shape.name == TIMESTAMP {
            found.has_odd_time |= !SECONDS.contains(&time[0]) || !NANOS.contains(&time[1]);
        }
        Ok(())
    }
}

fn wire_of(kind: &Kind) -> u64 {
    match kind {
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => FIXED_64,
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => FIXED_32,
        Kind::String | Kind::Bytes | Kind::Message(_) => LENGTH,
        _ => VARINT,
    }
}

/// The next value: a number, or bytes.
fn value<'b>(rest: &mut &'b [u8], wire: u64, found: &mut Found) -> Result<(u64, &'b [u8]), Broken> {
    let length = match wire {
        VARINT => return Ok((varint(rest, found)?, &[])),
        FIXED_64 => 8,
        FIXED_32 => 4,
        LENGTH => usize::try_from(varint(rest, found)?).map_err(|_| Broken)?,
        _ => return Err(Broken),
    };
    let (content, behind) = rest.split_at_checked(length).ok_or(Broken)?;
    *rest = behind;
    let has_bits = wire != LENGTH && content.iter().any(|byte| *byte != 0);
    Ok((u64::from(has_bits), content))
}

/// A number in as few bytes as it takes.
fn varint(rest: &mut &[u8], found: &mut Found) -> Result<u64, Broken> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, behind) = rest.split_first().ok_or(Broken)?;
        *rest = behind;
        value |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            found.is_odd |= *byte == 0 && shift > 0;
            return Ok(value);
        }
    }
    Err(Broken)
}

/// The key of an entry of a map; all that are read here are texts.
fn key_of(mut entry: &[u8]) -> &[u8] {
    let mut ignored = Found::default();
    match varint(&mut entry, &mut ignored) {
        Ok(tag) if tag == 1 << 3 | LENGTH => value(&mut entry, LENGTH, &mut ignored).map_or(&[], |(_, key)| key),
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::baton::proto::c1::storage::v3::{CallStat, EntitlementRef, GrantRecord, SyncStatsRecord};

    const GRANT: &str = "c1.storage.v3.GrantRecord";
    const STATS: &str = "c1.storage.v3.SyncStatsRecord";

    fn wrong(name: &str, bytes: &[u8]) -> String {
        Encoding::of(&[GRANT, STATS])
            .unwrap()
            .check(name, bytes, true)
            .join("; ")
    }

    fn grant() -> GrantRecord {
        GrantRecord {
            external_id: "x".to_owned(),
            entitlement: Some(EntitlementRef {
                entitlement_id: "e".to_owned(),
                ..EntitlementRef::default()
            }),
            discovered_at: Some(prost_types::Timestamp { seconds: 9, nanos: 1 }),
            needs_expansion: true,
            ..GrantRecord::default()
        }
    }

    #[test]
    fn what_writers_write_is_as_they_write_it() {
        assert_eq!(wrong(GRANT, &grant().encode_to_vec()), "");
        assert_eq!(wrong(GRANT, &[]), "");
        let stats = SyncStatsRecord {
            resources: 300,
            resources_by_resource_type: [("a".to_owned(), 1), ("b".to_owned(), -1)].into(),
            connector_call_stats: [(
                "x".to_owned(),
                CallStat {
                    count: 1,
                    ..CallStat::default()
                },
            )]
            .into(),
            ..SyncStatsRecord::default()
        };
        assert_eq!(wrong(STATS, &stats.encode_to_vec()), "");
        // The published writer writes an entry in full, also where it says nothing.
        assert_eq!(wrong(STATS, b"\x52\x05\x0a\x01a\x10\x00\x5a\x05\x0a\x01x\x12\x00"), "");
    }

    #[test]
    fn other_encodings_of_the_same_are_told() {
        let good = grant().encode_to_vec();
        let odd = "it is not encoded as its writers encode it";
        let twice = [&good[..], &good[..]].concat();
        let long = b"\x12\x81\x00x".to_vec();
        for bytes in [
            twice,
            long,
            // A flag that is not set, a text that is empty, fields out of order.
            b"\x38\x00".to_vec(),
            b"\x12\x00".to_vec(),
            b"\x38\x01\x12\x01x".to_vec(),
        ] {
            assert!(GrantRecord::decode(bytes.as_slice()).is_ok(), "{bytes:02x?}");
            assert_eq!(wrong(GRANT, &bytes), odd, "{bytes:02x?}");
        }
        // An entry without its value, entries out of order and twice.
        let entry = |name: u8| [0x3a, 0x05, 0x0a, 0x01, name, 0x10, 0x01];
        for bytes in [
            b"\x3a\x03\x0a\x01a".to_vec(),
            [entry(b'b'), entry(b'a')].concat(),
            [entry(b'a'), entry(b'a')].concat(),
        ] {
            assert_eq!(wrong(STATS, &bytes), odd, "{bytes:02x?}");
        }
        assert_eq!(wrong(STATS, &[entry(b'a'), entry(b'b')].concat()), "");
    }

    #[test]
    fn an_annotation_has_a_type_that_every_reader_takes_for_one() {
        let with = |type_url: &str| GrantRecord {
            annotations: vec![prost_types::Any {
                type_url: type_url.to_owned(),
                value: Vec::new(),
            }],
            ..grant()
        };
        let told = |type_url: &str| wrong(GRANT, &with(type_url).encode_to_vec());
        assert_eq!(told("type.googleapis.com/c1.connector.v2.GrantImmutable"), "");
        for other in ["typE.googleapis.com/c1.connector.v2.GrantImmutable", "GrantImmutable"] {
            assert_eq!(told(other), "it has an annotation whose type is none", "{other}");
        }
    }

    #[test]
    fn fields_that_nobody_knows_and_times_that_are_none_are_told_at_any_depth() {
        let unknown = [&grant().encode_to_vec()[..], b"\xf8\x07\x01"].concat();
        assert_eq!(
            wrong(GRANT, &unknown),
            "it has fields that are not known: GrantRecord.127"
        );
        assert_eq!(
            wrong(GRANT, b"\x1a\x02\x30\x01"),
            "it has fields that are not known: EntitlementRef.6"
        );
        for (seconds, nanos) in [(253_402_300_800, 0), (0, -1), (0, 1_000_000_000), (i64::MIN, 0)] {
            let mut wrong_time = grant();
            wrong_time.discovered_at = Some(prost_types::Timestamp { seconds, nanos });
            let told = wrong(GRANT, &wrong_time.encode_to_vec());
            assert_eq!(told, "it has a time outside of 1970 to 9999", "{seconds} {nanos}");
        }
    }
}
