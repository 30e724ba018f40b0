//! The outside of the file: five bytes of magic and one zstd frame (`baton/c1z/format.md 1`).

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::sync::mpsc;

use zstd::stream::{read::Decoder, write::Encoder};
use zstd::zstd_safe;

use super::{fault, v3};
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};

const MAGIC: &[u8] = b"C1ZF\0";
const SQLITE_MAGIC: &[u8] = b"SQLite format 3\0";

/// The level all writers of the format use. Its window is 2 MiB; readers accept 128 MiB.
const LEVEL: i32 = 3;
/// More threads bring nothing at this level and cost memory each.
const MAX_THREADS: u32 = 4;
/// Up to this size one thread is done in a fifth of a second, without the 8 MiB that every other one takes.
const ONE_THREAD: u64 = 48 << 20;
/// Readers before mid 2026 stop here.
const OLD_READERS_STOP: u64 = 3 << 30;
/// Bytes that are unpacked at a time, and how many such chunks may wait to be written.
const CHUNK: usize = 256 << 10;
const AHEAD: usize = 4;
/// The longest zstd frame header.
const FRAME_HEADER: usize = 18;

/// Limits of decoding (`baton/c1z/format.md 1.3`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of database at most.
    pub max_decoded: u64,
    /// Bytes of zstd window at most.
    pub max_window: u64,
    /// Refuse a file whose declared size is above the cap before decoding it.
    pub trust_declared_size: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_decoded: 10 << 30,
            max_window: 128 << 20,
            trust_declared_size: true,
        }
    }
}

/// Unpacks the database inside `source` into `database`. `false`: the file is missing or has no byte, which is an
/// empty store.
///
/// # Errors
/// `Unimplemented` for a file of the v3 form, which has no such database, `ResourceExhausted` above a limit, `DataLoss`
/// for everything that is not an intact file.
pub(super) fn decode(source: &Path, database: &mut impl Write, limits: &Limits) -> Result<bool> {
    // Not fs_err: its errors hide the OS code, by which a failing disk is told from a damaged frame below.
    let file = match File::open(source) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(fault::disk(error)),
    };
    if file.metadata()?.is_dir() {
        return Err(Error::new(Kind::Unknown, "it is a folder, not a file").code(code::NOT_A_PLAIN_FILE));
    }
    decode_from(BufReader::with_capacity(128 << 10, file), database, limits)
}

/// As [`decode`], of what `reader` gives.
///
/// # Errors
/// As [`decode`].
pub(super) fn decode_from(mut reader: impl BufRead + Send, database: &mut impl Write, limits: &Limits) -> Result<bool> {
    let mut magic = Vec::with_capacity(MAGIC.len());
    reader.by_ref().take(MAGIC.len() as u64).read_to_end(&mut magic)?;
    if magic.is_empty() {
        return Ok(false);
    }
    check_magic(&magic)?;

    let mut header = Vec::with_capacity(FRAME_HEADER);
    reader.by_ref().take(FRAME_HEADER as u64).read_to_end(&mut header)?;
    if header.is_empty() {
        return Err(damaged("it ends right after its first five bytes"));
    }
    if let (true, Ok(Some(size))) = (limits.trust_declared_size, zstd_safe::get_frame_content_size(&header))
        && size > limits.max_decoded
    {
        return Err(too_big(limits));
    }
    let mut decoder = Decoder::with_buffer(io::Cursor::new(header).chain(reader))?;
    decoder.window_log_max(limits.max_window.max(1 << 10).ilog2().clamp(10, 31))?;
    unpack(&mut decoder, database, limits)?;
    Ok(true)
}

/// A file of the v3 form, opened; `None` for every other one, and for one that cannot be opened. What can be read only
/// once, such as a pipe, is left alone.
pub(super) fn open_v3(path: &Path) -> Option<File> {
    std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    let mut file = File::open(path).ok()?;
    let mut magic = [0; v3::MAGIC.len()];
    file.read_exact(&mut magic).ok()?;
    (magic == *v3::MAGIC).then_some(file)
}

/// Refuses a file that can have one sync only, for who would choose among several.
///
/// # Errors
/// `Unimplemented` if it is of the v3 form.
pub(super) fn check_holds_several(path: &Path) -> Result<()> {
    match open_v3(path) {
        Some(_) => Err(Error::new(
            Kind::Unimplemented,
            "it is a Pebble (v3) c1z file, which has exactly one sync: the next one takes its place",
        )
        .code(code::FILE_PEBBLE)
        .hint("`convert --to v1` makes a file of it that holds several; this one stays as it is")),
        None => Ok(()),
    }
}

/// The error for a file that begins otherwise.
fn check_magic(magic: &[u8]) -> Result<()> {
    if magic == MAGIC {
        return Ok(());
    }
    if magic == v3::MAGIC {
        return Err(Error::new(
            Kind::Unimplemented,
            "it is a Pebble (v3) c1z file, and those are read from plain files only",
        )
        .code(code::FILE_PEBBLE)
        .hint("write it to a file first"));
    }
    Err(
        Error::new(Kind::DataLoss, "it is not a c1z file: it does not begin with C1ZF")
            .code(code::NOT_A_C1Z)
            .hint("choose another --file"),
    )
}

/// Decodes frame by frame, counting.
fn unpack(decoder: &mut (impl Read + Send), database: &mut impl Write, limits: &Limits) -> Result<()> {
    // A thread takes longer to begin than a small file to unpack.
    let mut first = vec![0; CHUNK];
    let count = read_full(decoder, &mut first).map_err(undecodable)?;
    first.truncate(count);
    if count as u64 > limits.max_decoded {
        return Err(too_big(limits));
    }
    if !first.starts_with(SQLITE_MAGIC) {
        return Err(damaged("what it holds is not a SQLite database"));
    }
    let write = |error| Error::context(fault::disk(error), "write the working copy");
    database.write_all(&first).map_err(write)?;
    if count == CHUNK {
        unpack_rest(decoder, database, limits)?;
    }
    database.flush().map_err(write)
}

/// Decodes what follows the first chunk on a thread of its own: writing takes about as long as decoding.
fn unpack_rest(decoder: &mut (impl Read + Send), database: &mut impl Write, limits: &Limits) -> Result<()> {
    std::thread::scope(|scope| {
        let (full, filled) = mpsc::sync_channel(AHEAD);
        let (empty, emptied) = mpsc::channel();
        std::thread::Builder::new().spawn_scoped(scope, move || fill(decoder, limits, &emptied, &full))?;
        for chunk in filled {
            let chunk: Vec<u8> = chunk?;
            database
                .write_all(&chunk)
                .map_err(fault::disk)
                .context("write the working copy")?;
            // The other side may have come to its end.
            let _ = empty.send(chunk);
        }
        Ok::<(), Error>(())
    })
}

/// Decodes into chunks that come back empty, until the end, an error, or nobody wants more.
fn fill(
    decoder: &mut impl Read,
    limits: &Limits,
    emptied: &mpsc::Receiver<Vec<u8>>,
    full: &mpsc::SyncSender<Result<Vec<u8>>>,
) {
    // The first chunk is there already.
    let mut total = CHUNK as u64;
    loop {
        let mut chunk = emptied.try_recv().unwrap_or_default();
        chunk.resize(CHUNK, 0);
        let next = match read_full(decoder, &mut chunk) {
            Ok(0) => return,
            Ok(count) => {
                total += count as u64;
                chunk.truncate(count);
                if total > limits.max_decoded {
                    Err(too_big(limits))
                } else {
                    Ok(chunk)
                }
            }
            Err(error) => Err(undecodable(error)),
        };
        let is_last = next.is_err();
        if full.send(next).is_err() || is_last {
            return;
        }
    }
}

/// Reads until the chunk is full or there is no more. What came before an error is of no use.
fn read_full(decoder: &mut impl Read, chunk: &mut [u8]) -> io::Result<usize> {
    let mut count = 0;
    while let Some(rest) = chunk.get_mut(count..).filter(|rest| !rest.is_empty()) {
        match decoder.read(rest) {
            Ok(0) => break,
            Ok(more) => count += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

/// Packs the database at `source` into `target`. Returns the bytes written.
///
/// # Errors
/// `ResourceExhausted` when the database is larger than readers accept or the disk is full.
pub(super) fn encode(source: &Path, target: &mut impl Write, limits: &Limits) -> Result<u64> {
    let mut database = fs_err::File::open(source)?;
    let size = database.metadata()?.len();
    encode_from(&mut database, size, target, limits)
}

/// As [`encode`], of the `size` bytes that `database` gives.
///
/// # Errors
/// As [`encode`].
pub(super) fn encode_from(
    database: &mut impl Read,
    size: u64,
    target: &mut impl Write,
    limits: &Limits,
) -> Result<u64> {
    if size > limits.max_decoded {
        return Err(too_big(limits).context("pack the database"));
    }
    if size > OLD_READERS_STOP - (OLD_READERS_STOP >> 3) {
        tracing::warn!(bytes = size, "The database nears 3 GiB, where older readers stop.");
    }
    let threads = std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(MAX_THREADS));
    let mut counted = Counted {
        inner: target,
        bytes: 0,
    };
    counted.write_all(MAGIC)?;
    let mut encoder = Encoder::new(&mut counted, LEVEL)?;
    encoder.include_checksum(true)?;
    encoder.include_contentsize(true)?;
    encoder.set_pledged_src_size(Some(size))?;
    if size > ONE_THREAD {
        encoder.multithread(threads.min(MAX_THREADS))?;
    }
    let mut buffer = vec![0u8; 256 << 10];
    loop {
        let count = database.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        encoder.write_all(buffer.get(..count).unwrap_or_default())?;
    }
    encoder.finish()?;
    Ok(counted.bytes)
}

/// Counts what passes through.
struct Counted<'a, W> {
    inner: &'a mut W,
    bytes: u64,
}

impl<W: Write> Write for Counted<'_, W> {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(chunk)?;
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn damaged(message: impl Into<String>) -> Error {
    fault::damaged(message).hint("get the file again, choose another --file, or move it away to start a new one")
}

fn too_big(limits: &Limits) -> Error {
    Error::new(
        Kind::ResourceExhausted,
        format!(
            "its database is larger than the limit of {} MiB",
            limits.max_decoded >> 20
        ),
    )
    .code(code::FILE_TOO_BIG)
    .hint("raise the limit with BATON_DECODER_MAX_DECODED_SIZE_MB if the file is trusted")
}

/// A failing disk keeps its own error; a window above the limit names the limit; the rest is damage.
fn undecodable(error: io::Error) -> Error {
    if error.raw_os_error().is_some() {
        return fault::disk(error);
    }
    if error.to_string().contains("too much memory") {
        return Error::new(
            Kind::ResourceExhausted,
            "its zstd window is above the limit of the decoder",
        )
        .code(code::FILE_TOO_BIG)
        .hint("raise the limit with BATON_DECODER_MAX_MEMORY_MB if the file is trusted");
    }
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return damaged("it is cut off");
    }
    damaged(format!("its compressed content is damaged ({error})"))
}
