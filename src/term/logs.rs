//! Where log lines go and how they look (`baton/config/published.md 4`).
//!
//! JSON lines keep the published keys in their order: `level`, `ts`, `caller`, `msg`, then the fields.

use std::fmt::{self, Write as _};
use std::fs::Metadata;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{FilterExt as _, LevelFilter, Targets, filter_fn};
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, MakeWriter};
use tracing_subscriber::layer::{Filter, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, Registry};

use super::color::Paint;
use super::{Terminal, sanitize};
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::lock::locked;
use crate::baton::{target, whose};

/// Where lines of this library come from: the name of the crate begins each of their targets.
const OWN: &str = env!("CARGO_CRATE_NAME");

/// What says whose work a line is about, in a process that works for many.
const WHOSE: &str = "workspace";

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Console,
    /// One JSON object per line.
    Json,
}

/// Where lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Standard error, above any progress display.
    Stderr,
    /// Standard output, because the user said so.
    Stdout,
    /// The end of a file, created if absent.
    File(PathBuf),
}

/// All there is to decide.
#[derive(Debug, Clone)]
pub struct LogOptions {
    /// Least important level.
    pub level: Level,
    /// How lines look.
    pub format: Format,
    /// Where they go.
    pub destinations: Vec<Destination>,
}

/// Something that hears of spans and lines besides.
pub type Listener = Box<dyn Layer<Registry> + Send + Sync>;

/// Starts logging for the whole process. `listeners` hear of what their own filters let through.
///
/// # Errors
/// A log file that cannot be opened; a second call.
pub fn start(options: &LogOptions, terminal: &Terminal, listeners: Vec<Listener>) -> Result<()> {
    let mut all = vec![lines(options, terminal)?.with_filter(filter(options.level)).boxed()];
    all.extend(listeners);
    begin(all)
}

/// As [`start()`], without listeners; the least important level can be set again later.
///
/// # Errors
/// As [`start()`].
#[cfg(feature = "hosted")]
pub fn start_adjustable(options: &LogOptions, terminal: &Terminal) -> Result<Arc<dyn Fn(Level) + Send + Sync>> {
    let lines = lines(options, terminal)?;
    let (adjustable, handle) = tracing_subscriber::reload::Layer::new(filter(options.level));
    begin(vec![lines.with_filter(adjustable).boxed()])?;
    let present = Mutex::new(options.level);
    Ok(Arc::new(move |level| {
        let mut present = locked(&present);
        if *present != level && handle.reload(filter(level)).is_ok() {
            *present = level;
        }
    }))
}

fn begin(all: Vec<Listener>) -> Result<()> {
    tracing_subscriber::registry()
        .with(all)
        .try_init()
        .map_err(|error| Error::new(Kind::Internal, error.to_string()))
        .context("start logging")
}

/// Other people's crates log what nobody asked for; their warnings are welcome. Spans are no lines: where nobody else listens,
/// nothing of them is made.
fn filter(level: Level) -> impl Filter<Registry> + Send + Sync + 'static {
    let targets = Targets::new()
        .with_default(LevelFilter::from_level(level.min(Level::WARN)))
        .with_target(OWN, level);
    targets.and(filter_fn(|metadata| metadata.is_event()).with_max_level_hint(LevelFilter::TRACE))
}

fn lines(options: &LogOptions, terminal: &Terminal) -> Result<impl Layer<Registry> + Send + Sync + use<>> {
    let sink = Sink::open(options, terminal)?;
    let colors = options.destinations == [Destination::Stderr];
    let paint = if colors && options.format == Format::Console {
        terminal.err()
    } else {
        Paint::OFF
    };
    Ok(tracing_subscriber::fmt::layer()
        .event_format(Lines {
            format: options.format,
            paint,
            mark: terminal.about.mark,
        })
        .with_writer(sink))
}

#[derive(Clone)]
struct Sink(Arc<Vec<Target>>, Loss);

enum Target {
    Stderr(Terminal),
    Stdout,
    File(Mutex<fs_err::File>),
}

/// Set once a line could not be written: the run goes on, and says so once.
#[derive(Clone)]
struct Loss {
    told: Arc<AtomicBool>,
    terminal: Terminal,
}

impl Sink {
    fn open(options: &LogOptions, terminal: &Terminal) -> Result<Self> {
        let start = |destination: &Destination| {
            Ok(match destination {
                Destination::Stderr => Target::Stderr(terminal.clone()),
                Destination::Stdout => Target::Stdout,
                Destination::File(path) => Target::File(Mutex::new(open(path).context("open the log file")?)),
            })
        };
        let targets = options.destinations.iter().map(start).collect::<Result<_>>()?;
        let loss = Loss {
            told: Arc::default(),
            terminal: terminal.clone(),
        };
        Ok(Sink(Arc::new(targets), loss))
    }
}

/// Opens a file to append to. Nothing is replaced, so a terminal or `/dev/null` will do, and a pipe that somebody reads.
fn open(path: &Path) -> Result<fs_err::File> {
    if let Ok(found) = std::fs::metadata(path)
        && !(found.is_file() || takes_lines(&found))
    {
        let message = format!("{} is {}, not a plain file", path.display(), target::what(&found));
        return Err(Error::new(Kind::Unknown, message)
            .code(code::NOT_A_PLAIN_FILE)
            .hint("choose another --log-path"));
    }
    let mut options = fs_err::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use fs_err::os::unix::fs::OpenOptionsExt as _;
        // A pipe that nobody reads would be waited for.
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    let file = options
        .open(path)
        .map_err(|error| Error::from(error).code(code::LOG_FILE))?;
    #[cfg(unix)]
    rustix::fs::fcntl_getfl(&file)
        .and_then(|flags| rustix::fs::fcntl_setfl(&file, flags - rustix::fs::OFlags::NONBLOCK))
        .map_err(|error| Error::from(io::Error::from(error)).code(code::LOG_FILE))?;
    Ok(file)
}

/// Whether lines can be written to something that is no plain file.
fn takes_lines(found: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        found.file_type().is_char_device() || found.file_type().is_fifo()
    }
    #[cfg(not(unix))]
    {
        let _ = found;
        false
    }
}

impl Loss {
    fn tell(&self, error: io::Error) {
        if !self.told.swap(true, Ordering::Relaxed) {
            let error = Error::from(error);
            let message = format!("the log cannot be written: {error}");
            let hint = "lines from here on are lost; the run goes on without them";
            self.terminal.warning(error.code_id(), &message, hint);
        }
    }
}

impl<'a> MakeWriter<'a> for Sink {
    type Writer = Sink;

    fn make_writer(&'a self) -> Sink {
        self.clone()
    }
}

impl Write for Sink {
    /// One call per line, so that lines of several workers do not mix.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        for target in self.0.iter() {
            let written = match target {
                Target::Stderr(terminal) => {
                    terminal.write_stderr(line);
                    Ok(())
                }
                Target::Stdout => io::stdout().lock().write_all(line),
                Target::File(file) => locked(file).write_all(line),
            };
            if let Err(error) = written {
                self.1.tell(error);
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Lines {
    format: Format,
    paint: Paint,
    /// What stands before the codes of the program.
    mark: &'static str,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let metadata = event.metadata();
        let is_own = metadata.target().starts_with(OWN);
        let mut fields = Fields {
            mark: is_own.then_some(self.mark),
            ..Fields::default()
        };
        event.record(&mut fields);
        if let Some(name) = whose::name().filter(|_| fields.others.iter().all(|(name, _)| name != WHOSE)) {
            fields.others.insert(0, (WHOSE.to_owned(), (*name).into()));
        }
        match self.format {
            Format::Json => {
                let caller = match (metadata.file(), metadata.line()) {
                    (Some(file), Some(line)) => format!("{file}:{line}"),
                    _ => metadata.target().to_owned(),
                };
                writeln!(
                    writer,
                    "{}",
                    json_line(*metadata.level(), SystemTime::now(), &caller, fields)
                )
            }
            Format::Console => {
                writeln!(
                    writer,
                    "{}",
                    console_line(*metadata.level(), &now(), fields, self.paint)
                )
            }
        }
    }
}

fn json_line(level: Level, time: SystemTime, caller: &str, fields: Fields) -> Value {
    let mut line = Map::new();
    line.insert("level".to_owned(), level.as_str().to_lowercase().into());
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    line.insert("ts".to_owned(), seconds.into());
    line.insert("caller".to_owned(), caller.into());
    line.insert("msg".to_owned(), fields.message.into());
    for (name, value) in fields.others {
        line.entry(name).or_insert(value);
    }
    Value::Object(line)
}

fn console_line(level: Level, time: &str, fields: Fields, paint: Paint) -> String {
    let word = format!("{:<5}", level.as_str());
    let word = match level {
        Level::ERROR => paint.red(word),
        Level::WARN => paint.yellow(word),
        Level::INFO => paint.green(word),
        _ => paint.dim(word),
    };
    let mut line = format!("{} {word} {}", paint.dim(time), sanitize::line(&fields.message));
    for (name, value) in fields.others {
        let value = match value {
            Value::String(text) if !text.is_empty() && !text.contains([' ', '"', '=']) => text,
            other => other.to_string(),
        };
        // Writing to a String cannot fail.
        let _ = write!(line, " {}{}", paint.dim(format!("{name}=")), sanitize::line(&value));
    }
    line
}

/// Local time to the second, with its zone.
fn now() -> String {
    jiff::Zoned::now().strftime("%Y-%m-%dT%H:%M:%S%z").to_string()
}

#[derive(Default)]
struct Fields {
    message: String,
    others: Vec<(String, Value)>,
    /// What stands before a `code`, in lines of this library.
    mark: Option<&'static str>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            ("message", value) => self.message = value.to_string(),
            (name, value) => self.others.push((name.to_owned(), value)),
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        let value = match self.mark.filter(|_| field.name() == "code") {
            Some(mark) => format!("{mark}{value:04}").into(),
            None => value.into(),
        };
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn fields() -> Fields {
        Fields {
            message: "Waiting.".to_owned(),
            others: vec![
                ("family".to_owned(), "roles".into()),
                ("why".to_owned(), "rate\u{1b}[2J limit".into()),
            ],
            mark: None,
        }
    }

    #[test]
    fn json_lines_have_the_published_keys_in_order() {
        let time = UNIX_EPOCH + Duration::from_millis(1_500);
        assert_eq!(
            json_line(Level::WARN, time, "src/a.rs:1", fields()).to_string(),
            r#"{"level":"warn","ts":1.5,"caller":"src/a.rs:1","msg":"Waiting.","family":"roles","why":"rate\u001b[2J limit"}"#
        );
    }

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            locked(&self.0).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Logs carry the number of a code; others may count something of that name.
    #[test]
    fn codes_of_this_library_get_the_mark_of_the_program() {
        let kept = Kept::default();
        let writer = kept.clone();
        let lines = tracing_subscriber::fmt::layer()
            .event_format(Lines {
                format: Format::Json,
                paint: Paint::OFF,
                mark: "RO-",
            })
            .with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            tracing::warn!(code = code::UNREACHABLE.number(), tries = 301, "Ours.");
            tracing::warn!(target: "h2::proto", code = 301_u16, "Theirs.");
        });
        let text = String::from_utf8(locked(&kept.0).clone()).unwrap();
        let (ours, theirs) = text.split_once('\n').unwrap();
        assert!(
            ours.contains(r#""code":"RO-0301""#) && ours.contains(r#""tries":301"#),
            "{ours}"
        );
        assert!(theirs.contains(r#""code":301"#), "{theirs}");
    }

    #[tokio::test]
    async fn lines_say_whose_work_they_are_about() {
        let kept = Kept::default();
        let writer = kept.clone();
        let lines = tracing_subscriber::fmt::layer()
            .event_format(Lines {
                format: Format::Json,
                paint: Paint::OFF,
                mark: "RO-",
            })
            .with_writer(move || writer.clone());
        let _listening = tracing::subscriber::set_default(tracing_subscriber::registry().with(lines));
        whose::named("acme", async {
            tracing::info!(task = "t", "Ours.");
            tracing::info!(target: "h2::proto", "Theirs.");
            tracing::info!(workspace = "globex", "Said already.");
        })
        .await;
        tracing::info!("Nobody's.");
        let text = String::from_utf8(locked(&kept.0).clone()).unwrap();
        let whose: Vec<Option<String>> = text
            .lines()
            .map(|line| {
                serde_json::from_str::<Value>(line).unwrap()["workspace"]
                    .as_str()
                    .map(str::to_owned)
            })
            .collect();
        assert_eq!(
            whose,
            [Some("acme"), Some("acme"), Some("globex"), None].map(|name| name.map(str::to_owned))
        );
    }

    #[test]
    fn console_lines_are_for_people() {
        assert_eq!(
            console_line(Level::INFO, "2026-01-02T03:04:05+0000", fields(), Paint::OFF),
            r#"2026-01-02T03:04:05+0000 INFO  Waiting. family=roles why="rate\u001b[2J limit""#
        );
    }
}
