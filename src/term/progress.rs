//! What a person, or a log, sees while a sync runs: the step, the rows so far, the requests and their rate, and
//! why it waits. Most of a sync is waiting, so the wait must be visible.
//!
//! [`Watch`] only counts. A thread of its own looks at it: every fifth of a second to redraw a terminal, every
//! ten seconds to write a log line.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::Terminal;
use super::color::Paint;
use super::sanitize;
use super::summary::number;
use crate::baton::c1z::{Engine, SyncRun};
use crate::baton::lock::locked;
use crate::baton::progress::{Event, Observer, Step};

const REDRAW: Duration = Duration::from_millis(200);
const LOG_EVERY: Duration = Duration::from_secs(10);
/// Over how long the request rate is measured.
const RATE_WINDOW: Duration = Duration::from_secs(60);

/// From when on it is shown.
const RATE_FROM: Duration = Duration::from_secs(5);

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Display {
    /// A live display on stderr.
    Live,
    /// A log line every ten seconds.
    Log,
}

/// A running display. Dropping it takes the display away.
pub struct Progress {
    watch: Arc<Watch>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Starts showing.
    pub fn start(terminal: &Terminal, display: Display) -> Self {
        let above = (display == Display::Live).then(|| terminal.clone());
        let watch = Arc::new(Watch::new(Instant::now(), above));
        let (stop, stopped) = mpsc::channel::<()>();
        let shown = Arc::clone(&watch);
        let terminal = terminal.clone();
        let show = move || match display {
            Display::Live => draw(&terminal, &shown, &stopped),
            Display::Log => log(&shown, &stopped),
        };
        // Without a thread there is no display; the sync itself does not need one.
        let thread = std::thread::Builder::new().name("progress".to_owned()).spawn(show).ok();
        Progress {
            watch,
            stop: Some(stop),
            thread,
        }
    }

    /// What the sync reports to.
    pub fn observer(&self) -> Arc<dyn Observer> {
        Arc::clone(&self.watch) as Arc<dyn Observer>
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        // A closed channel is the signal to stop.
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn draw(terminal: &Terminal, watch: &Watch, stopped: &mpsc::Receiver<()>) {
    let bar = terminal.bars.add(ProgressBar::new_spinner());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    while stopped.recv_timeout(REDRAW) == Err(RecvTimeoutError::Timeout) {
        let lines = watch.lock().lines(Instant::now(), terminal.err());
        bar.set_message(lines.join("\n"));
        bar.tick();
    }
    bar.finish_and_clear();
}

fn log(watch: &Watch, stopped: &mpsc::Receiver<()>) {
    while stopped.recv_timeout(LOG_EVERY) == Err(RecvTimeoutError::Timeout) {
        let now = Instant::now();
        let state = watch.lock();
        let waiting = state.waits(now).join("; ");
        let step = state.step.map_or("start", step_name);
        let elapsed = now.duration_since(state.started).as_secs();
        let (rows, requests) = (state.rows, state.requests);
        let lists = state.lists_text();
        drop(state);
        tracing::info!(
            step,
            lists,
            resources = rows.resources,
            entitlements = rows.entitlements,
            grants = rows.grants,
            requests,
            elapsed_s = elapsed,
            waiting,
            "Syncing."
        );
    }
}

/// Counts the events of a sync, and says at once what cannot wait.
#[derive(Debug)]
pub struct Watch {
    state: Mutex<State>,
    /// Where a live display is, above which lines are said; without one they are logged.
    above: Option<Terminal>,
}

impl Watch {
    fn new(now: Instant, above: Option<Terminal>) -> Self {
        Watch {
            state: Mutex::new(State::new(now)),
            above,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

impl Observer for Watch {
    fn event(&self, event: &Event<'_>) {
        self.lock().apply(event, Instant::now());
        if let Event::Leaving {
            file,
            syncs,
            chosen,
            engine,
        } = event
        {
            let line = leaving(file, syncs, *engine);
            match &self.above {
                Some(terminal) => terminal.say(&sanitize::line(&line)),
                None if *chosen && *engine == Engine::Sqlite => tracing::info!("{line}"),
                // Nobody said so: it may come as a surprise. And a file that holds one sync loses what it compared with.
                None => tracing::warn!("{line}"),
            }
        }
    }
}

/// Which syncs are about to go, and what keeps more of them.
fn leaving(file: &Path, syncs: &[SyncRun], engine: Engine) -> String {
    let one = |run: &SyncRun| {
        let ended = run.ended_at.as_deref().and_then(|at| at.split('.').next());
        format!("{} ({})", ended.unwrap_or("unfinished"), run.sync_id)
    };
    let named: Vec<String> = syncs.iter().map(one).collect();
    let which = match named.as_slice() {
        [one] => format!("the sync of {one} goes"),
        several => format!("the syncs of {} go", several.join(", ")),
    };
    let more = match engine {
        Engine::Sqlite => "--keep N (BATON_KEEP_SYNC_COUNT) keeps more",
        Engine::Pebble => "a v3 file (Pebble) has one sync: copy it before, if `diff` is to compare the two",
    };
    format!("When this sync is sealed, {which} from {}; {more}.", file.display())
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    resources: u64,
    entitlements: u64,
    grants: u64,
}

#[derive(Debug)]
struct State {
    started: Instant,
    step: Option<Step>,
    lists_done: u64,
    lists_total: Option<u64>,
    rows: Counts,
    requests: u64,
    retries: u64,
    recent: VecDeque<Instant>,
    waits: BTreeMap<&'static str, (String, Instant)>,
}

impl State {
    fn new(now: Instant) -> Self {
        State {
            started: now,
            step: None,
            lists_done: 0,
            lists_total: None,
            rows: Counts::default(),
            requests: 0,
            retries: 0,
            recent: VecDeque::new(),
            waits: BTreeMap::new(),
        }
    }

    fn apply(&mut self, event: &Event<'_>, now: Instant) {
        match event {
            Event::StepStarted { step, total } => {
                self.step = Some(*step);
                self.lists_done = 0;
                self.lists_total = *total;
            }
            Event::ListDone { step } if self.step == Some(*step) => self.lists_done += 1,
            Event::ListsFound { step, count } if self.step == Some(*step) => {
                self.lists_total = self.lists_total.map(|total| total + count);
            }
            Event::ListDone { .. } | Event::ListsFound { .. } | Event::Leaving { .. } => {}
            Event::Rows { step, count, .. } => match step {
                Step::Resources => self.rows.resources += count,
                Step::Entitlements => self.rows.entitlements += count,
                Step::Grants | Step::Expansion => self.rows.grants += count,
                Step::Validate | Step::ResourceTypes | Step::Save => {}
            },
            Event::Request { .. } => {
                self.requests += 1;
                self.recent.push_back(now);
                while self
                    .recent
                    .front()
                    .is_some_and(|first| now.duration_since(*first) > RATE_WINDOW)
                {
                    self.recent.pop_front();
                }
            }
            Event::Retry { family, reason, wait } => {
                self.retries += 1;
                self.waits.insert(family, ((*reason).to_owned(), now + *wait));
            }
            Event::Waiting { family, reason, wait } => {
                self.waits.insert(family, ((*reason).to_owned(), now + *wait));
            }
            Event::Resumed { family } => {
                self.waits.remove(family);
            }
        }
    }

    /// The display, one text per line.
    fn lines(&self, now: Instant, paint: Paint) -> Vec<String> {
        let step = self.step.map_or("Starting", step_title);
        let lists = self.lists_text();
        let mut first = paint.bold(step);
        if !lists.is_empty() {
            first.push_str(&format!("  {lists} lists"));
        }
        let Counts {
            resources,
            entitlements,
            grants,
        } = self.rows;
        for (count, what) in [
            (resources, "resources"),
            (entitlements, "entitlements"),
            (grants, "grants"),
        ] {
            if count > 0 {
                first.push_str(&format!("  {} {what}", number(count)));
            }
        }
        let retries = match self.retries {
            0 => String::new(),
            count => format!(", {} repeated", number(count)),
        };
        let elapsed = now.duration_since(self.started);
        // The rate of the first moments says nothing.
        let rate = match elapsed >= RATE_FROM {
            true => format!(" ({}/min)", number(self.per_minute(now))),
            false => String::new(),
        };
        let second = format!(
            "  {} requests{retries}{rate}, {}",
            number(self.requests),
            clock(elapsed)
        );
        let mut lines = vec![first, paint.dim(second)];
        lines.extend(
            self.waits(now)
                .into_iter()
                .map(|wait| format!("  {}", paint.yellow(wait))),
        );
        lines
    }

    /// Why it waits, one text per quota family: `rate limit: 23 s left (collaborators)`.
    fn waits(&self, now: Instant) -> Vec<String> {
        let left = |until: Instant| until.saturating_duration_since(now).as_secs_f64().ceil();
        self.waits
            .iter()
            .filter(|(_, (_, until))| *until > now)
            .map(|(family, (reason, until))| format!("{reason}: {} s left ({family})", left(*until)))
            .collect()
    }

    fn lists_text(&self) -> String {
        match (self.lists_done, self.lists_total) {
            (0, None) => String::new(),
            (done, None) => number(done),
            (done, Some(total)) => format!("{} of {}", number(done), number(total.max(done))),
        }
    }

    fn per_minute(&self, now: Instant) -> u64 {
        let counted = self
            .recent
            .iter()
            .filter(|at| now.duration_since(**at) <= RATE_WINDOW)
            .count() as u64;
        let window = now
            .duration_since(self.started)
            .clamp(Duration::from_secs(1), RATE_WINDOW);
        counted * 60 / window.as_secs().max(1)
    }
}

fn step_title(step: Step) -> &'static str {
    match step {
        Step::Validate => "Checking credentials",
        Step::ResourceTypes => "Resource types",
        Step::Resources => "Resources",
        Step::Entitlements => "Entitlements",
        Step::Grants => "Grants",
        Step::Expansion => "Expanding grants",
        Step::Save => "Saving",
    }
}

fn step_name(step: Step) -> &'static str {
    match step {
        Step::Validate => "validate",
        Step::ResourceTypes => "resource_types",
        Step::Resources => "resources",
        Step::Entitlements => "entitlements",
        Step::Grants => "grants",
        Step::Expansion => "expansion",
        Step::Save => "save",
    }
}

/// Elapsed time as `3:07` or `1:02:03`.
fn clock(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds / 3600 {
        0 => format!("{}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds % 3600 / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(seconds: u64, events: &[(u64, Event<'_>)]) -> Vec<String> {
        let start = Instant::now();
        let mut state = State::new(start);
        for (at, event) in events {
            state.apply(event, start + Duration::from_secs(*at));
        }
        state.lines(start + Duration::from_secs(seconds), Paint::OFF)
    }

    #[test]
    fn it_shows_step_rows_rate_and_why_it_waits() {
        let family = "collaborators";
        let events = [
            (
                0,
                Event::StepStarted {
                    step: Step::Resources,
                    total: Some(2),
                },
            ),
            (1, Event::Request { family }),
            (
                2,
                Event::Rows {
                    step: Step::Resources,
                    resource_type: "role",
                    count: 1_204,
                },
            ),
            (2, Event::ListDone { step: Step::Resources }),
            (
                2,
                Event::ListsFound {
                    step: Step::Resources,
                    count: 3,
                },
            ),
            (3, Event::Request { family }),
            (
                4,
                Event::Waiting {
                    family,
                    reason: "rate limit",
                    wait: Duration::from_secs(26),
                },
            ),
        ];
        assert_eq!(
            after(7, &events),
            [
                "Resources  1 of 5 lists  1,204 resources",
                "  2 requests (17/min), 0:07",
                "  rate limit: 23 s left (collaborators)",
            ]
        );
    }

    #[test]
    fn a_wait_goes_when_it_is_over() {
        let family = "roles";
        let wait = Duration::from_secs(5);
        let waiting = (
            0,
            Event::Waiting {
                family,
                reason: "HTTP 503",
                wait,
            },
        );
        assert_eq!(after(5, std::slice::from_ref(&waiting)).len(), 2);
        assert_eq!(after(3, std::slice::from_ref(&waiting)).len(), 3);
        assert_eq!(after(3, &[waiting, (1, Event::Resumed { family })]).len(), 2);
    }

    #[test]
    fn the_rate_looks_at_the_last_minute() {
        let family = "roles";
        let events: Vec<_> = (0..120).map(|second| (second, Event::Request { family })).collect();
        assert_eq!(after(120, &events)[1], "  120 requests (60/min), 2:00");
    }
}
