//! The record log: how a MANIFEST and a write-ahead log cut records into chunks.
//!
//! A log is a run of blocks of 32 KiB. A record lies in one chunk or in several; no chunk crosses the end of a block.

use super::checksum::masked;
use super::error::{Error, Result};
use super::input::Input;

const BLOCK: usize = 32 << 10;
/// Checksum, length and type: the header that all forms of chunks share.
const HEADER: usize = 7;
/// The bytes of the header that the checksum covers begin here.
const CHECKED_FROM: usize = 6;
/// The types of the form that is written.
const FULL: u8 = 1;
const FIRST: u8 = 2;
const MIDDLE: u8 = 3;
const LAST: u8 = 4;

/// Where a chunk stands in its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Full,
    First,
    Middle,
    Last,
}

/// The records of a log, each whole and with its checksums found right. Ends with the first error.
#[derive(Debug)]
pub(super) struct Records<'a> {
    log: &'a [u8],
    at: usize,
    failed: bool,
}

impl<'a> Records<'a> {
    pub(super) fn new(log: &'a [u8]) -> Self {
        Records {
            log,
            at: 0,
            failed: false,
        }
    }

    /// The next chunk and the bytes of it; `None` at the end.
    fn chunk(&mut self) -> Result<Option<(Part, &'a [u8])>> {
        loop {
            let rest = self.log.get(self.at..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(None);
            }
            let room = BLOCK - self.at % BLOCK;
            let block = rest.get(..room).unwrap_or(rest);
            if room < HEADER {
                require_zeroes(block, "the padding of a block")?;
                self.at += block.len();
                continue;
            }
            let mut input = Input::new(block);
            let (checksum, length, tag) = (input.u32()?, input.u16()?, input.u8()?);
            if tag == 0 {
                require_zeroes(rest, "what stands behind the end")?;
                self.at = self.log.len();
                return Ok(None);
            }
            let header = HEADER
                + match tag {
                    1..=4 => 0,
                    5..=8 => 4,
                    9..=12 => 12,
                    _ => return Err(Error::corrupt(format!("there is no chunk of type {tag}"))),
                };
            let end = header + usize::from(length);
            let (Some(checked), Some(payload)) = (block.get(CHECKED_FROM..end), block.get(header..end)) else {
                return Err(Error::corrupt("a chunk is cut off, or crosses the end of its block"));
            };
            if masked(checked, &[]) != checksum {
                return Err(Error::corrupt("the checksum of a chunk is wrong"));
            }
            self.at += end;
            let part = match (tag - 1) % 4 {
                0 => Part::Full,
                1 => Part::First,
                2 => Part::Middle,
                _ => Part::Last,
            };
            return Ok(Some((part, payload)));
        }
    }

    fn record(&mut self) -> Result<Option<Vec<u8>>> {
        let mut record: Option<Vec<u8>> = None;
        loop {
            let start = self.at as u64;
            match (self.chunk().map_err(|e| e.at(start))?, &mut record) {
                (None, None) => return Ok(None),
                (None, Some(_)) => return Err(Error::corrupt("the last record is cut off").at(start)),
                (Some((Part::Full, payload)), None) => return Ok(Some(payload.to_vec())),
                (Some((Part::First, payload)), None) => record = Some(payload.to_vec()),
                (Some((Part::Middle, payload)), Some(begun)) => begun.extend_from_slice(payload),
                (Some((Part::Last, payload)), Some(begun)) => {
                    begun.extend_from_slice(payload);
                    return Ok(record);
                }
                _ => return Err(Error::corrupt("chunks are not in the order of a record").at(start)),
            }
        }
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.record().transpose();
        self.failed = matches!(next, Some(Err(_)));
        next
    }
}

fn require_zeroes(bytes: &[u8], what: &str) -> Result<()> {
    if bytes.iter().all(|byte| *byte == 0) {
        return Ok(());
    }
    Err(Error::corrupt(format!("{what} is not zero")))
}

/// Whether a write-ahead log holds no record: it has no byte, or only the mark that a closed log ends with. The mark is
/// the header of a chunk that carries the number of the next log, so that it cannot be taken for one of this log.
pub(super) fn is_without_records(number: u64, log: &[u8]) -> bool {
    let Ok(next) = u32::try_from(number + 1) else {
        return log.is_empty();
    };
    let mut mark = vec![0; CHECKED_FROM];
    mark.push(5);
    mark.extend_from_slice(&next.to_le_bytes());
    log.is_empty() || log == mark
}

/// Appends a record to a log that has been written from its start with this function.
pub(super) fn put_record(log: &mut Vec<u8>, mut record: &[u8]) {
    let mut is_first = true;
    loop {
        let room = BLOCK - log.len() % BLOCK;
        if room < HEADER {
            log.resize(log.len() + room, 0);
            continue;
        }
        let (chunk, rest) = record.split_at(record.len().min(room - HEADER));
        let tag = match (is_first, rest.is_empty()) {
            (true, true) => FULL,
            (true, false) => FIRST,
            (false, false) => MIDDLE,
            (false, true) => LAST,
        };
        log.extend_from_slice(&masked(&[tag], chunk).to_le_bytes());
        // No chunk is longer than a block, and a block is half as long as 16 bits can say.
        log.extend_from_slice(&u16::try_from(chunk.len()).unwrap_or_default().to_le_bytes());
        log.push(tag);
        log.extend_from_slice(chunk);
        (record, is_first) = (rest, false);
        if record.is_empty() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(records: &[Vec<u8>]) -> Vec<u8> {
        let mut log = Vec::new();
        records.iter().for_each(|record| put_record(&mut log, record));
        log
    }

    fn read(log: &[u8]) -> Result<Vec<Vec<u8>>> {
        Records::new(log).collect()
    }

    /// Records that end at, just before and just behind the end of a block, and longer ones.
    fn records() -> Vec<Vec<u8>> {
        let sizes = [0, 1, 32_768 - 3 * 7 - 2 - 6, 5, 32_761, 32_754, 100_000, 0, 7];
        (0..).zip(sizes).map(|(n, size)| vec![n; size]).collect()
    }

    #[test]
    fn records_of_all_lengths_come_back() {
        let log = written(&records());
        assert_eq!(read(&log).unwrap(), records());
        // Blocks that were set aside and never written.
        let with_room = [&log[..], &[0; 70_000]].concat();
        assert_eq!(read(&with_room).unwrap(), records());
        assert_eq!(read(&[]).unwrap(), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn a_changed_byte_anywhere_is_an_error_or_changes_nothing() {
        let records = records();
        let log = written(&records);
        for at in 0..log.len() {
            if at % 97 != 0 && at % BLOCK > 20 && at % BLOCK < BLOCK - 20 {
                continue;
            }
            let mut changed = log.clone();
            changed[at] ^= 0x40;
            assert!(read(&changed).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_log_that_is_cut_off_loses_whole_records_or_is_an_error() {
        let records = records();
        let log = written(&records);
        for end in (0..log.len()).step_by(61) {
            if let Ok(read) = read(&log[..end]) {
                assert_eq!(read, records[..read.len()], "cut at {end}");
            }
        }
    }

    #[test]
    fn the_forms_with_a_log_number_are_read_too() {
        let mut log = Vec::new();
        for (tag, payload) in [(6u8, "one "), (7, "record "), (8, "of three"), (9, "another")] {
            let mut checked = vec![tag];
            checked.extend([0; 4]);
            if tag > 8 {
                checked.extend([0; 8]);
            }
            checked.extend(payload.bytes());
            log.extend(masked(&checked, &[]).to_le_bytes());
            log.extend(u16::try_from(payload.len()).unwrap().to_le_bytes());
            log.extend(checked);
        }
        let read = read(&log).unwrap();
        assert_eq!(read, [b"one record of three".to_vec(), b"another".to_vec()]);
    }

    #[test]
    fn parts_out_of_order_are_damage() {
        let log = written(&[vec![7; 40_000]]);
        let second_block_only = &log[BLOCK..];
        assert!(read(second_block_only).is_err());
        let twice_begun = [&log[..BLOCK], &log[..BLOCK]].concat();
        assert!(read(&twice_begun).is_err());
    }

    #[test]
    fn a_closed_log_is_empty_or_has_the_end_mark_of_its_own_number() {
        let mark = b"\0\0\0\0\0\0\x05\x12\0\0\0";
        assert!(is_without_records(17, mark));
        assert!(!is_without_records(18, mark) && !is_without_records(17, &mark[..10]));
        assert!(is_without_records(17, b"") && is_without_records(u64::from(u32::MAX), b""));
        assert!(!is_without_records(17, &written(&[b"batch".to_vec()])));
    }
}
