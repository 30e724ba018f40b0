//! One run: from options to a sealed file and its summary, or to an unfinished sync that the next run takes up.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span};

use super::answers;
use super::audience::Audience;
use super::checkpoint::{self, Operation, Plan};
use super::collect::Collector;
use super::expand::{self, ExpandOptions};
use super::store_thread::{Stopped, StoreSession, StoreThread};
use super::summary::{Incremental, Resumed, RowCounts, Status, Summary};
use super::sync_target::SyncTarget;
use super::working::{Start, short};
use crate::baton::c1z::steps::{Disk, Steps};
use crate::baton::c1z::{Engine, Section, SyncType};
use crate::baton::code;
use crate::baton::connector::{Connector, SyncContext};
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::fingerprint::Fingerprint;
use crate::baton::http::FamilyCounts;
use crate::baton::memory::{PreviousSync, Records, Remembered};
use crate::baton::progress::{Event, Observer, Silent, Step};
use crate::baton::proto::v2;
use crate::baton::replay::{Before, Leaves, Replay};
use crate::baton::span;
use crate::baton::warning::Warnings;
use crate::baton::whose;

/// What a sync is to do.
#[derive(Debug, Clone)]
pub struct SyncOptions {
    /// The c1z to write (`--file`). The unfinished sync lies beside it.
    pub file: PathBuf,
    /// Where the working copy lies; beside the file when absent (`--c1z-temp-dir`).
    pub temp_dir: Option<PathBuf>,
    /// Lists read at the same time (`--workers`, resolved): at least 1.
    pub workers: usize,
    /// Restrict to these resource types; empty means all (`--sync-resource-types`).
    pub resource_types: Vec<String>,
    /// Types and resources only (`--skip-entitlements-and-grants`).
    pub skip_entitlements_and_grants: bool,
    /// The connector shows a part of the workspace only: grants may name principals that are not in the file.
    pub partial: bool,
    /// Leave indirect grants to the reader.
    pub skip_expansion: bool,
    /// Who the file is for.
    pub audience: Audience,
    /// Begin anew even if there is an unfinished sync (`--fresh`).
    pub fresh: bool,
    /// Whether a run that is stopped leaves an unfinished sync behind, and takes one up.
    pub resumable: bool,
    /// How long reading may take before the sync is left to the next run (`--time-budget`).
    pub time_budget: Option<Duration>,
    /// Whether a full sync may take over answers of the one before it in the same file, where its connector is sure that
    /// they still hold (`--incremental`), and leaves its own to the next.
    pub incremental: bool,
    /// What an earlier sync left, for a file that has none of its own.
    pub previous: Option<PreviousSync>,
    /// Full syncs that the file keeps, this one included (`--keep`); without it as the environment says.
    pub keep: Option<usize>,
    /// What the rows of a new file lie in (`--storage-engine`); without it SQLite. A v3 file keeps its form, a v1 file does
    /// not keep its own where Pebble is asked for.
    pub engine: Option<Engine>,
}

impl SyncOptions {
    /// A full sync into a file, as a run does it that was told nothing else.
    pub fn of(file: impl Into<PathBuf>) -> Self {
        SyncOptions {
            file: file.into(),
            temp_dir: None,
            workers: 4,
            resource_types: Vec::new(),
            skip_entitlements_and_grants: false,
            partial: false,
            skip_expansion: false,
            audience: Audience::default(),
            fresh: false,
            resumable: true,
            time_budget: None,
            incremental: false,
            previous: None,
            keep: None,
            engine: None,
        }
    }
}

/// Reads what the requests so far cost, by quota family.
pub type RequestCounts = Arc<dyn Fn() -> BTreeMap<String, FamilyCounts> + Send + Sync>;

/// What surrounds a sync.
#[derive(Clone)]
pub struct SyncEnvironment {
    /// Gets every progress event.
    pub observer: Arc<dyn Observer>,
    /// Stops the sync at once: requests in flight are dropped, what was read is kept.
    pub cancel: CancellationToken,
    /// Costs of requests.
    pub requests: RequestCounts,
    /// How the sealed file gets to its place: [`Disk`](crate::baton::c1z::steps::Disk), unless a test wants trouble.
    pub steps: Arc<dyn Steps>,
}

impl SyncEnvironment {
    /// One in which nobody watches, stops or counts the sync.
    pub fn quiet() -> Self {
        SyncEnvironment {
            observer: Arc::new(Silent),
            cancel: CancellationToken::new(),
            requests: Arc::new(BTreeMap::new),
            steps: Arc::new(Disk),
        }
    }
}

/// A step that took longer than this is made to outlive a power cut when it ends.
const FLUSH_AFTER_STEP: Duration = Duration::from_secs(1);
/// How long sealing may still take once the run is cancelled.
const SEALING_GRACE: Duration = Duration::from_millis(2_500);
/// How long closing the unfinished sync may take then. Together with the grace it stays below the 5 s after which
/// supervisors kill.
const CLOSING: Duration = Duration::from_millis(1_000);

/// Runs one sync and seals the file. On any error the file at `options.file` stays as it was, and what was read lies
/// beside it for the next run.
///
/// # Errors
/// Those of the connector and of the file; `Cancelled` when `environment.cancel` fires, `DeadlineExceeded` when the
/// time budget is used up, `Unavailable` when another run works on the same file.
pub async fn run<C: Connector>(
    connector: Arc<C>,
    options: &SyncOptions,
    environment: &SyncEnvironment,
) -> Result<Summary> {
    let span = span::sync();
    let outcome = attempts(connector, options, environment).instrument(span.clone()).await;
    span::ended(&span, outcome.as_ref().err());
    outcome
}

async fn attempts<C: Connector>(
    connector: Arc<C>,
    options: &SyncOptions,
    environment: &SyncEnvironment,
) -> Result<Summary> {
    let started = Instant::now();
    let failed = match attempt(Arc::clone(&connector), options, environment, started).await {
        Ok(summary) => return Ok(summary),
        Err(failed) => failed,
    };
    if !(failed.resumed && failed.error.kind() == Kind::DataLoss) {
        return Err(failed.error);
    }
    // What an earlier run left cannot be read after all, and is gone. A run that stops here would say nothing that a
    // person could do but to start it again.
    let why = format!("it is damaged ({})", failed.error);
    tracing::warn!(code = code::PARTIAL_DISCARDED.number(), %why, "An unfinished sync is not resumed any further.");
    let again = Box::pin(attempt(Arc::clone(&connector), options, environment, started));
    let mut summary = again.await.map_err(|failed| failed.error)?;
    summary.started_fresh_code = Some(connector.about().code(code::PARTIAL_DISCARDED));
    summary.started_fresh_because = Some(why);
    Ok(summary)
}

/// How a run ended that did not seal.
struct Failed {
    error: Error,
    /// Whether it went on with what an earlier run left.
    resumed: bool,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Failed { error, resumed: false }
    }
}

async fn attempt<C: Connector>(
    connector: Arc<C>,
    options: &SyncOptions,
    environment: &SyncEnvironment,
    started: Instant,
) -> std::result::Result<Summary, Failed> {
    let types = select_types(connector.resource_types(), &options.resource_types)?;
    let expansion = ExpandOptions::from_env()?;
    let kind = if options.skip_entitlements_and_grants {
        SyncType::ResourcesOnly
    } else if options.partial {
        SyncType::Partial
    } else {
        SyncType::Full
    };
    Span::current().record("baton.sync.type", kind.as_str());
    let fingerprint = fingerprint(connector.as_ref(), kind, &types);
    let wanted = SyncTarget {
        file: options.file.clone(),
        temp_dir: options.temp_dir.clone(),
        kind,
        fingerprint: fingerprint.clone(),
        types: types.clone(),
        audience: options.audience,
        fresh: options.fresh,
        resumable: options.resumable,
        keep: options.keep,
        engine: options.engine,
    };
    let warnings = Arc::new(Warnings::default());
    // A large file takes a while to unpack, and nothing of it is lost.
    let mut opening = pin!(StoreThread::open(wanted, Arc::clone(&warnings)));
    let (store, start) = tokio::select! {
        biased;
        () = environment.cancel.cancelled() => {
            // One that is open in a moment lets go of its claim before the caller goes on. Whoever cancelled waits for
            // both together as long as for closing alone.
            let end = tokio::time::Instant::now() + CLOSING;
            if let Ok(Ok((store, _))) = tokio::time::timeout_at(end, opening).await {
                let left = end.saturating_duration_since(tokio::time::Instant::now());
                store.stop(true, left).await;
            }
            let cancelled = Error::new(Kind::Cancelled, "the sync was cancelled");
            let untouched = "nothing was read yet; the file, and what an earlier run left, are as they were";
            return Err(cancelled.hint(untouched).into());
        }
        opened = opening.as_mut() => opened?,
    };
    if !start.leaving.is_empty() {
        environment.observer.event(&Event::Leaving {
            file: &options.file,
            syncs: &start.leaving,
            chosen: start.is_expected || options.keep.is_some(),
            engine: start.engine,
        });
    }
    let resumed = start.resumed;
    let sealing = AtomicBool::new(false);
    let result = {
        let run = Run {
            connector: connector.as_ref(),
            options,
            environment,
            kind,
            types: &types,
            fingerprint: &fingerprint,
            store: &store,
            sealing: &sealing,
            started,
            expansion,
        };
        let mut syncing = pin!(run.run(start, warnings));
        let budget = async {
            match options.time_budget {
                Some(budget) => tokio::time::sleep(budget.saturating_sub(started.elapsed())).await,
                None => std::future::pending().await,
            }
            // Everything is read: the rest takes seconds, and no request.
            if sealing.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            () = environment.cancel.cancelled() => {
                let cancelled = Error::new(Kind::Cancelled, "the sync was cancelled");
                if sealing.load(Ordering::Relaxed) {
                    tokio::time::timeout(SEALING_GRACE, syncing.as_mut()).await.unwrap_or(Err(cancelled))
                } else {
                    Err(cancelled)
                }
            }
            result = syncing.as_mut() => result,
            () = budget => Err(Error::new(Kind::DeadlineExceeded, "the time budget is used up").code(code::TIME_BUDGET)),
        }
    };
    match result {
        Ok(summary) => Ok(summary),
        Err(error) => {
            let patience = match error.kind() {
                Kind::Cancelled => CLOSING,
                _ => Duration::MAX,
            };
            // Rows that cannot be sealed or read would fail every resumed run: better read them anew.
            let was_sealing = sealing.load(Ordering::Relaxed);
            let rows_are_wrong = error.kind() == Kind::DataLoss
                || was_sealing && matches!(error.kind(), Kind::Internal | Kind::InvalidArgument);
            let stopped = store.stop(!rows_are_wrong, patience).await;
            Err(Failed {
                error: explain(error, stopped, was_sealing),
                resumed,
            })
        }
    }
}

/// Says in the hint how to go on.
fn explain(error: Error, stopped: Stopped, was_sealing: bool) -> Error {
    let is_stop = matches!(error.kind(), Kind::Cancelled | Kind::DeadlineExceeded);
    match stopped {
        Stopped::Kept(path) if was_sealing && !is_stop => error.also_hint(format!(
            "what was read is kept in {}: run the same command again to seal it, or with --fresh to read anew",
            short(&path)
        )),
        Stopped::Kept(path) => error.also_hint(format!(
            "what was read so far is kept in {}: run the same command again to resume",
            short(&path)
        )),
        Stopped::Removed if is_stop => error.also_hint("nothing was kept; the previous file, if any, is unchanged"),
        Stopped::Sealed => error.also_hint("the sync was sealed before it could be stopped: the file holds it"),
        Stopped::Unknown if is_stop && was_sealing => error.also_hint(
            "the sync was being sealed: the file holds it or is as it was; the same command again makes it complete",
        ),
        Stopped::Unknown if is_stop => {
            error.also_hint("what was read so far is kept beside the file: run the same command again to resume")
        }
        Stopped::Removed | Stopped::Unknown => error,
    }
}

fn fingerprint<C: Connector>(connector: &C, kind: SyncType, types: &[v2::ResourceType]) -> Fingerprint {
    let mut ids: Vec<&str> = types.iter().map(|t| t.id.as_str()).collect();
    ids.sort_unstable();
    let kit = Fingerprint::default()
        .with("program version", connector.about().version)
        .with("kind of sync", kind.as_str())
        .with("resource types", ids.join(","));
    connector.fingerprint().and(kit)
}

struct Run<'a, C> {
    connector: &'a C,
    options: &'a SyncOptions,
    environment: &'a SyncEnvironment,
    kind: SyncType,
    types: &'a [v2::ResourceType],
    fingerprint: &'a Fingerprint,
    store: &'a StoreThread,
    sealing: &'a AtomicBool,
    started: Instant,
    expansion: ExpandOptions,
}

/// What sealing found out.
struct Sealed {
    needs_expansion: bool,
    expanded: u64,
}

impl<C: Connector> Run<'_, C> {
    async fn run(&self, start: Start, warnings: Arc<Warnings>) -> Result<Summary> {
        let records = Arc::new(Records::default());
        records.restore(start.records);
        records.restore_noted(start.noted);
        let replay = self.replay(start.resumed, start.previous.as_ref()).await?;
        let previous = start.previous.or_else(|| self.options.previous.clone()).map(Arc::new);
        let cx = SyncContext {
            sync_id: start.sync_id.as_str().into(),
            session: Arc::new(StoreSession(self.store.clone())),
            warnings: Arc::clone(&warnings),
            previous: previous.clone(),
            records: Arc::clone(&records),
            permits: Arc::new(Semaphore::new(self.options.workers.max(1))),
            local: Arc::default(),
            changes: Arc::default(),
            replay: replay.clone(),
        };
        let sync_type = self.kind.as_str();
        if start.resumed {
            tracing::info!(sync_id = %cx.sync_id, sync_type, begun = %start.begun, lists = start.lists, "Sync resumed.");
        } else {
            tracing::info!(sync_id = %cx.sync_id, sync_type, "Sync started.");
        }
        let collector = Collector {
            connector: self.connector,
            workers: self.options.workers,
            observer: self.observer(),
            store: self.store,
            cx: &cx,
            types: self.types,
            gate: Mutex::new(if self.kind == SyncType::Partial {
                start.gate.for_a_part()
            } else {
                start.gate
            }),
            resources: Mutex::new(start.rows.get(&Section::Resources).cloned().unwrap_or_default()),
            before: start.rows,
        };
        self.collect(&collector, start.plan, &cx).await?;

        self.sealing.store(true, Ordering::Relaxed);
        let sealed = traced(Step::Expansion, self.seal(&warnings)).await?;
        collector.begin(Step::Save, None);
        let before = previous.as_ref().map(|previous| &previous.remembered);
        let about = self.connector.about();
        let remembered = Remembered::of(&records, before, &warnings.list(&about));
        let left = remembered.clone();
        let needs_expansion = sealed.needs_expansion;
        let said = replay.map(|replay| replay.said());
        // An earlier process of this sync looked at what it goes by, and that is not known here.
        let leaves = said
            .as_ref()
            .and_then(|said| said.leaves.clone())
            .filter(|_| !start.resumed);
        let left_over = self.left_over(leaves).await?;
        self.store
            .call(move |w| {
                // The list of resource types counts as well.
                let token = checkpoint::finished(w.partial.lists_done()? + 1, needs_expansion, remembered)?;
                w.in_store(|store| store.finish_sync(&token))
            })
            .await
            .context("finish the sync")?;
        let rows = self.counts().await?;
        let saved = traced(Step::Save, self.store.save(Arc::clone(&self.environment.steps)))
            .await
            .with_context(|| format!("save {}", self.options.file.display()))?;

        if said.is_some() {
            self.keep(&start.sync_id, left_over).await;
        }
        let warnings = warnings.list(&about);
        tracing::info!(sync_id = %cx.sync_id, warnings = warnings.len(), "Sync complete.");
        let span = Span::current();
        let sum = |count: fn(&RowCounts) -> u64| rows.values().map(count).sum::<u64>();
        span.record("baton.resources", span::number(sum(|counts| counts.resources)));
        span.record("baton.entitlements", span::number(sum(|counts| counts.entitlements)));
        span.record("baton.grants", span::number(sum(|counts| counts.grants)));
        span.record("baton.warnings", span::number(warnings.len() as u64));
        Ok(Summary {
            status: if warnings.is_empty() {
                Status::Complete
            } else {
                Status::CompleteWithWarnings
            },
            sync_id: start.sync_id,
            sync_type: sync_type.to_owned(),
            file: saved.path,
            file_bytes: saved.bytes,
            rows,
            expanded_grants: sealed.expanded,
            requests: (self.environment.requests)(),
            warnings,
            not_readable: {
                let mut all: Vec<String> = left.not_readable().map(str::to_owned).collect();
                // Lists are read at the same time.
                all.sort();
                all
            },
            incremental: said.map(|said| Incremental {
                reused: said.reused,
                full_because: said.full_because,
            }),
            elapsed_ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            resumed: start.resumed.then_some(Resumed {
                begun: start.begun,
                lists: start.lists,
            }),
            started_fresh_code: start
                .fresh_because
                .as_ref()
                .map(|_| about.code(code::PARTIAL_DISCARDED)),
            started_fresh_because: start.fresh_because,
            remembered: left,
        })
    }

    /// What may be taken over from the sync before, where that is asked for.
    async fn replay(&self, resumed: bool, previous: Option<&PreviousSync>) -> Result<Option<Arc<Replay>>> {
        if !self.options.incremental || self.kind != SyncType::Full || !self.options.resource_types.is_empty() {
            return Ok(None);
        }
        if resumed {
            // What it went by is not known here, and its connector may have been asked already.
            let why = "an earlier run began this sync";
            tracing::warn!("--incremental: full read, because {why}.");
            let replay = Replay::new(Err(why.to_owned()));
            replay.read_fully(why);
            return Ok(Some(Arc::new(replay)));
        }
        let before = {
            let sync_id = previous.map(|previous| previous.sync_id.clone());
            let (file, fingerprint) = (self.options.file.clone(), self.fingerprint.clone());
            // The file may be large, and that thread is the one that waits for disks.
            self.store
                .call(move |_| Ok(answers::recall(&file, sync_id.as_deref(), &fingerprint)))
                .await?
        };
        Ok(Some(Arc::new(Replay::new(before))))
    }

    /// The answers that the next sync may take over, before the unfinished sync goes that has them.
    async fn left_over(&self, leaves: Option<Leaves>) -> Result<Option<Before>> {
        let Some(Leaves { prefixes, notes }) = leaves else {
            return Ok(None);
        };
        let answers = self.store.call(move |w| w.partial.session_values(&prefixes)).await?;
        Ok(Some(Before { notes, answers }))
    }

    /// Keeps them, now that the sync they belong to is in its file. What cannot be kept makes the next sync a full read.
    async fn keep(&self, sync_id: &str, left_over: Option<Before>) {
        let (file, sync_id) = (self.options.file.clone(), sync_id.to_owned());
        let fingerprint = self.fingerprint.clone();
        let keep = move || match left_over {
            Some(left_over) => answers::keep(&file, &sync_id, fingerprint, left_over),
            None => answers::forget(&file),
        };
        let kept = tokio::task::spawn_blocking(whose::carrying(keep))
            .await
            .map_err(std::io::Error::other);
        if let Err(error) = kept.and_then(|kept| kept) {
            tracing::warn!(
                %error,
                "The answers of this sync could not be kept beside the file: the next one asks for everything."
            );
        }
    }

    /// Does the steps of the plan that read, with a checkpoint after each.
    async fn collect(&self, collector: &Collector<'_, C>, mut plan: Plan, cx: &SyncContext) -> Result<()> {
        while let Some(operation) = plan.next() {
            let step = match operation {
                Operation::Init => Step::Validate,
                Operation::ResourceTypes => Step::ResourceTypes,
                Operation::Resources => Step::Resources,
                Operation::Entitlements => Step::Entitlements,
                Operation::Grants => Step::Grants,
                Operation::Expansion => break,
            };
            traced(step, self.step(step, collector, cx)).await?;
            plan.done();
            let plan = plan.clone();
            self.store
                .call(move |w| {
                    let token = plan.token(w.partial.lists_done()?)?;
                    w.partial.set_token(&token)?;
                    w.flush_after(FLUSH_AFTER_STEP)
                })
                .await?;
        }
        self.store.call(|w| w.flush_after(Duration::ZERO)).await
    }

    async fn step(&self, step: Step, collector: &Collector<'_, C>, cx: &SyncContext) -> Result<()> {
        match step {
            Step::Validate => {
                collector.begin(Step::Validate, None);
                self.connector.validate(cx).await
            }
            // They are part of the program; sealing writes them.
            Step::ResourceTypes => {
                collector.begin(Step::ResourceTypes, Some(1));
                self.observer().event(&Event::ListDone {
                    step: Step::ResourceTypes,
                });
                Ok(())
            }
            Step::Resources => collector.resources().await,
            Step::Entitlements => collector.entitlements().await,
            Step::Grants => collector.grants().await,
            // Sealing does them.
            Step::Expansion | Step::Save => Ok(()),
        }
    }

    /// Moves the rows into the working copy of the target and derives indirect grants there.
    async fn seal(&self, warnings: &Warnings) -> Result<Sealed> {
        let types = self.types.to_vec();
        if self.kind == SyncType::ResourcesOnly {
            self.store.call(move |w| w.move_rows(&types)).await?;
            return Ok(Sealed {
                needs_expansion: false,
                expanded: 0,
            });
        }
        if self.kind == SyncType::Partial || self.options.skip_expansion {
            return self.seal_unexpanded().await;
        }
        tracing::info!(step = ?Step::Expansion, "Step started.");
        self.observer().event(&Event::StepStarted {
            step: Step::Expansion,
            total: None,
        });
        let options = self.expansion.clone();
        self.store.call(move |w| w.move_rows(&types)).await?;
        let stats = self
            .store
            .call(move |w| {
                w.in_store(|store| {
                    store.mark_supports_diff()?;
                    store.prepare_expansion()?;
                    store
                        .has_expandable()?
                        .then(|| expand::expand(store, &options, &mut |_| {}))
                        .transpose()
                })
            })
            .await?;
        let mut sealed = Sealed {
            needs_expansion: stats.is_some(),
            expanded: 0,
        };
        if let Some(stats) = stats {
            stats.warn(warnings);
            sealed.expanded = stats.grants_added;
            self.observer().event(&Event::Rows {
                step: Step::Expansion,
                resource_type: "",
                count: stats.grants_added,
            });
        }
        Ok(sealed)
    }

    /// Moves the rows and derives nothing: partial syncs never do, others where the reader will
    /// (`baton/c1z/format.md 5`).
    async fn seal_unexpanded(&self) -> Result<Sealed> {
        let types = self.types.to_vec();
        let is_full = self.kind == SyncType::Full;
        self.store.call(move |w| w.move_rows(&types)).await?;
        let needs_expansion = self
            .store
            .call(move |w| {
                w.in_store(|store| {
                    if is_full {
                        store.mark_supports_diff()?;
                    }
                    store.has_expandable()
                })
            })
            .await?;
        Ok(Sealed {
            needs_expansion,
            expanded: 0,
        })
    }

    /// What the file holds, by type: what was stored, not what was handed in.
    async fn counts(&self) -> Result<BTreeMap<String, RowCounts>> {
        let counts = self.store.call(|w| w.in_store(|store| store.counts())).await?;
        Ok(counts
            .into_iter()
            .map(|(id, c)| {
                (
                    id,
                    RowCounts {
                        resources: c.resources,
                        entitlements: c.entitlements,
                        grants: c.grants,
                    },
                )
            })
            .collect())
    }

    fn observer(&self) -> &dyn Observer {
        self.environment.observer.as_ref()
    }
}

/// A step inside its span.
async fn traced<T>(step: Step, work: impl Future<Output = Result<T>>) -> Result<T> {
    let span = span::step(step);
    let outcome = work.instrument(span.clone()).await;
    span::ended(&span, outcome.as_ref().err());
    outcome
}

fn select_types(all: Vec<v2::ResourceType>, wanted: &[String]) -> Result<Vec<v2::ResourceType>> {
    let is = |wanted: &String, kind: &v2::ResourceType| kind.id.eq_ignore_ascii_case(wanted.trim());
    if let Some(unknown) = wanted.iter().find(|w| !all.iter().any(|t| is(w, t))) {
        let known: Vec<&str> = all.iter().map(|t| t.id.as_str()).collect();
        return Err(
            Error::new(Kind::Unknown, format!("there is no resource type {unknown:?}"))
                .code(code::UNKNOWN_SYNC_TYPE)
                .hint(format!("the resource types are {}", known.join(", "))),
        );
    }
    Ok(all
        .into_iter()
        .filter(|t| wanted.is_empty() || wanted.iter().any(|w| is(w, t)))
        .collect())
}
