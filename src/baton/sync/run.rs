//! One sync from begin to sealed file: the steps of `contract/c1z-format.md` 4.2 in their order.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::expand::{self, ExpandOptions};
use super::ingest::Gate;
use super::lists;
use super::store_thread::{OpenStore, StoreSession, StoreThread};
use super::summary::{FamilyCounts, Rows, Status, Summary};
use crate::baton::annotation::{self, Named};
use crate::baton::c1z::SyncType;
use crate::baton::connector::{Connector, SyncContext};
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::progress::{Event, Observer, Step};
use crate::baton::proto::v2;
use crate::baton::resource;
use crate::baton::warning::Warnings;

/// What a sync is to do.
#[derive(Debug, Clone)]
pub struct SyncOptions {
    /// The c1z to write (`--file`).
    pub file: PathBuf,
    /// Where the working copy lies; beside the file when absent (`--c1z-temp-dir`).
    pub temp_dir: Option<PathBuf>,
    /// Lists read at the same time (`--workers`, resolved): at least 1.
    pub workers: usize,
    /// Restrict to these resource types; empty means all (`--sync-resource-types`).
    pub resource_types: Vec<String>,
    /// Types and resources only (`--skip-entitlements-and-grants`).
    pub skip_entitlements_and_grants: bool,
}

/// Reads what the requests so far cost, by quota family.
pub type RequestCounts = Arc<dyn Fn() -> BTreeMap<String, FamilyCounts> + Send + Sync>;

/// What surrounds a sync.
#[derive(Clone)]
pub struct SyncEnvironment {
    /// Gets every progress event.
    pub observer: Arc<dyn Observer>,
    /// Stops the sync between two requests.
    pub cancel: CancellationToken,
    /// Costs of requests.
    pub requests: RequestCounts,
}

/// Resources read from the working copy at a time, when their lists are planned.
const PLAN_PAGE: usize = 2_000;

/// Runs one sync and seals the file. On any error the file at `options.file` stays as it was.
///
/// # Errors
/// Those of the connector and of the file; `Cancelled` when `environment.cancel` fires.
pub async fn run<C: Connector>(
    connector: Arc<C>,
    options: &SyncOptions,
    environment: &SyncEnvironment,
) -> Result<Summary> {
    let store = OpenStore::open(&options.file, options.temp_dir.as_deref())
        .await
        .with_context(|| format!("open {}", options.file.display()))?;
    let result = tokio::select! {
        biased;
        () = environment.cancel.cancelled() => Err(Error::new(Kind::Cancelled, "the sync was cancelled")
            .hint("the previous file, if any, is unchanged; run the same command again")),
        result = Run::run(connector, options, environment, store.handle()) => result,
    };
    store.close().await;
    result
}

struct Run<'a, C> {
    connector: Arc<C>,
    options: &'a SyncOptions,
    observer: &'a dyn Observer,
    store: StoreThread,
    cx: SyncContext,
    types: Vec<v2::ResourceType>,
    gate: Mutex<Gate>,
    rows: Mutex<BTreeMap<String, Rows>>,
    lists_done: std::sync::atomic::AtomicU64,
}

/// The part of the published sync token (V1) that a finished sync keeps (`contract/c1z-format.md` 2.12).
#[derive(Serialize)]
struct FinishedToken {
    current_action_id: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    needs_expansion: bool,
    completed_actions_count: u64,
    version: u32,
}

impl<C: Connector> Run<'_, C> {
    async fn run(
        connector: Arc<C>,
        options: &SyncOptions,
        environment: &SyncEnvironment,
        store: StoreThread,
    ) -> Result<Summary> {
        let started = Instant::now();
        let warnings = Arc::new(Warnings::default());
        let types = select_types(connector.resource_types(), &options.resource_types)?;
        let kind = if options.skip_entitlements_and_grants {
            SyncType::ResourcesOnly
        } else {
            SyncType::Full
        };
        let sync_id = store.call(move |s| s.begin_sync(kind)).await?;
        let sync = Run {
            connector,
            options,
            observer: environment.observer.as_ref(),
            cx: SyncContext {
                sync_id: sync_id.as_str().into(),
                session: Arc::new(StoreSession(store.clone())),
                warnings: Arc::clone(&warnings),
            },
            gate: Mutex::new(Gate::new(&types, Arc::clone(&warnings))),
            rows: Mutex::new(types.iter().map(|t| (t.id.clone(), Rows::default())).collect()),
            store,
            types,
            lists_done: 0.into(),
        };
        tracing::info!(sync_id = %sync.cx.sync_id, sync_type = kind.as_str(), "Sync started.");

        sync.begin(Step::Validate, None);
        sync.connector.validate(&sync.cx).await?;
        sync.resource_types().await?;
        sync.resources().await?;
        let mut expanded = 0;
        let mut needs_expansion = false;
        if !options.skip_entitlements_and_grants {
            sync.entitlements().await?;
            sync.grants().await?;
            (needs_expansion, expanded) = sync.expansion().await?;
        }

        sync.begin(Step::Save, None);
        let actions = sync.lists_done.load(std::sync::atomic::Ordering::Relaxed);
        let rows = self::rows(&sync).await?;
        let token = serde_json::to_string(&FinishedToken {
            current_action_id: actions,
            needs_expansion,
            completed_actions_count: actions,
            version: 1,
        })
        .map_err(|e| Error::new(Kind::Internal, e.to_string()))?;
        sync.store
            .call(move |s| s.finish_sync(&token))
            .await
            .context("finish the sync")?;
        let saved = sync
            .store
            .save()
            .await
            .with_context(|| format!("save {}", options.file.display()))?;

        let warnings = warnings.list();
        tracing::info!(sync_id = %sync.cx.sync_id, warnings = warnings.len(), "Sync complete.");
        Ok(Summary {
            status: if warnings.is_empty() {
                Status::Complete
            } else {
                Status::CompleteWithWarnings
            },
            sync_id,
            sync_type: kind.as_str().to_owned(),
            file: saved.path,
            file_bytes: saved.bytes,
            rows,
            expanded_grants: expanded,
            requests: (environment.requests)(),
            warnings,
            elapsed_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        })
    }

    async fn resource_types(&self) -> Result<()> {
        self.begin(Step::ResourceTypes, Some(1));
        let types = self.types.clone();
        self.store.call(move |s| s.put_resource_types(&types)).await?;
        self.done(Step::ResourceTypes);
        Ok(())
    }

    /// Top-level lists of every type first, then, level by level, the children each resource announces.
    async fn resources(&self) -> Result<()> {
        let mut level: Vec<ResourceList> = self
            .types
            .iter()
            .map(|t| ResourceList {
                resource_type: t.id.clone(),
                parent: None,
            })
            .collect();
        self.begin(Step::Resources, Some(level.len() as u64));
        while !level.is_empty() {
            let next = Mutex::new(VecDeque::new());
            lists::each(
                level,
                self.options.workers,
                |list| async move {
                    let rows = lists::read_all(&list.resource_type, |page| {
                        let list = &list;
                        async move {
                            self.connector
                                .list_resources(&self.cx, &list.resource_type, list.parent.as_ref(), &page)
                                .await
                        }
                    })
                    .await
                    .with_context(|| format!("list resources of type {}", list.resource_type))?;
                    Ok((list.resource_type, rows))
                },
                |(resource_type, rows)| {
                    let next = &next;
                    async move {
                        let rows = lock(&self.gate).resources(rows)?;
                        let children: Vec<ResourceList> = rows.iter().flat_map(|r| self.children(r)).collect();
                        if !children.is_empty() {
                            self.observer.event(&Event::ListsFound {
                                step: Step::Resources,
                                count: children.len() as u64,
                            });
                        }
                        lock(next).extend(children);
                        self.stored(Step::Resources, &resource_type, rows.len(), |r, n| r.resources += n);
                        self.store.call(move |s| s.put_resources(&rows)).await?;
                        self.done(Step::Resources);
                        Ok(())
                    }
                },
            )
            .await?;
            level = lock(&next).drain(..).collect();
        }
        self.store.call(|s| s.commit()).await
    }

    fn children(&self, parent: &v2::Resource) -> Vec<ResourceList> {
        parent
            .annotations
            .iter()
            .filter(|a| annotation::is::<v2::ChildResourceType>(a))
            .filter_map(|a| annotation::find::<v2::ChildResourceType>(std::slice::from_ref(a)))
            .filter(|child| self.types.iter().any(|t| t.id == child.resource_type_id))
            .map(|child| ResourceList {
                resource_type: child.resource_type_id,
                parent: parent.id.clone(),
            })
            .collect()
    }

    async fn entitlements(&self) -> Result<()> {
        let skip = [v2::SkipEntitlementsAndGrants::NAME, v2::SkipEntitlements::NAME];
        self.per_resource(
            Step::Entitlements,
            &skip,
            |resource| async move {
                let name = resource.id.as_ref().map(resource::external_id).unwrap_or_default();
                let rows = lists::read_all(&name, |page| {
                    let resource = &resource;
                    async move { self.connector.list_entitlements(&self.cx, resource, &page).await }
                })
                .await;
                self.or_skipped(Step::Entitlements, &name, rows)
            },
            |rows| async move {
                let rows = lock(&self.gate).entitlements(rows)?;
                for (on, count) in count_by(&rows, |e| e.resource.as_ref()) {
                    self.stored(Step::Entitlements, &on, count, |r, n| r.entitlements += n);
                }
                self.store.call(move |s| s.put_entitlements(&rows)).await
            },
        )
        .await
    }

    async fn grants(&self) -> Result<()> {
        let skip = [v2::SkipEntitlementsAndGrants::NAME, v2::SkipGrants::NAME];
        self.per_resource(
            Step::Grants,
            &skip,
            |resource| async move {
                let name = resource.id.as_ref().map(resource::external_id).unwrap_or_default();
                let rows = lists::read_all(&name, |page| {
                    let resource = &resource;
                    async move { self.connector.list_grants(&self.cx, resource, &page).await }
                })
                .await;
                self.or_skipped(Step::Grants, &name, rows)
            },
            |rows| async move {
                let rows = lock(&self.gate).grants(rows);
                for (on, count) in count_by(&rows, |g| g.entitlement.as_ref().and_then(|e| e.resource.as_ref())) {
                    self.stored(Step::Grants, &on, count, |r, n| r.grants += n);
                }
                self.store.call(move |s| s.put_grants(rows)).await
            },
        )
        .await
    }

    /// Runs one list per stored resource, except those whose type or own annotations say to skip it.
    async fn per_resource<T, R, Read, S, Put>(&self, step: Step, skip: &[&str], read: R, put: S) -> Result<()>
    where
        R: Fn(v2::Resource) -> Read,
        Read: Future<Output = Result<Vec<T>>>,
        S: Fn(Vec<T>) -> Put,
        Put: Future<Output = Result<()>>,
    {
        let skips =
            |annotations: &[prost_types::Any]| annotations.iter().any(|a| skip.contains(&annotation::name_of(a)));
        let skipped: Vec<&str> = self
            .types
            .iter()
            .filter(|t| skips(&t.annotations))
            .map(|t| t.id.as_str())
            .collect();
        let planned: u64 = lock(&self.rows)
            .iter()
            .filter(|(id, _)| !skipped.contains(&id.as_str()))
            .map(|(_, rows)| rows.resources)
            .sum();
        self.begin(step, Some(planned));
        let mut after = 0;
        loop {
            let page = self.store.call(move |s| s.resources_page(after, PLAN_PAGE)).await?;
            let Some((last, _)) = page.last() else { break };
            after = *last;
            let resources: Vec<v2::Resource> = page
                .into_iter()
                .map(|(_, resource)| resource)
                .filter(|r| !skipped.contains(&resource::key(r).0) && !skips(&r.annotations))
                .collect();
            lists::each(resources, self.options.workers, &read, |rows| {
                let stored = put(rows);
                async {
                    stored.await?;
                    self.done(step);
                    Ok(())
                }
            })
            .await?;
        }
        self.store.call(|s| s.commit()).await
    }

    /// A resource that vanished between its listing and now is skipped and counted, as the published syncer does.
    fn or_skipped<T>(&self, step: Step, name: &str, rows: Result<Vec<T>>) -> Result<Vec<T>> {
        match rows {
            Err(error) if error.kind() == Kind::NotFound => {
                tracing::warn!(resource = name, %error, "Resource is gone, skipped.");
                self.cx.warnings.add(
                    "resource-gone",
                    "resources disappeared while they were read; their rows are missing",
                    name,
                );
                Ok(Vec::new())
            }
            other => other.with_context(|| {
                let what = if step == Step::Entitlements {
                    "entitlements"
                } else {
                    "grants"
                };
                format!("list {what} of {name}")
            }),
        }
    }

    async fn expansion(&self) -> Result<(bool, u64)> {
        self.begin(Step::Expansion, None);
        let options = ExpandOptions::from_env()?;
        let stats = self
            .store
            .call(move |store| {
                store.mark_supports_diff()?;
                store.build_indexes()?;
                store
                    .has_expandable()?
                    .then(|| expand::expand(store, &options, &mut |_| {}))
                    .transpose()
            })
            .await?;
        let Some(stats) = stats else { return Ok((false, 0)) };
        stats.warn(&self.cx.warnings);
        self.observer.event(&Event::Rows {
            step: Step::Expansion,
            resource_type: "",
            count: stats.grants_added,
        });
        Ok((true, stats.grants_added))
    }

    fn begin(&self, step: Step, total: Option<u64>) {
        tracing::info!(?step, "Step started.");
        self.observer.event(&Event::StepStarted { step, total });
    }

    fn done(&self, step: Step) {
        self.lists_done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.observer.event(&Event::ListDone { step });
    }

    fn stored(&self, step: Step, resource_type: &str, count: usize, add: impl FnOnce(&mut Rows, u64)) {
        let count = count as u64;
        if count > 0 {
            add(lock(&self.rows).entry(resource_type.to_owned()).or_default(), count);
            self.observer.event(&Event::Rows {
                step,
                resource_type,
                count,
            });
        }
    }
}

struct ResourceList {
    resource_type: String,
    parent: Option<v2::ResourceId>,
}

/// What the file holds, by type: what was stored, not what was handed in.
async fn rows<C: Connector>(run: &Run<'_, C>) -> Result<BTreeMap<String, Rows>> {
    let counts = run.store.call(|store| store.counts()).await?;
    Ok(counts
        .into_iter()
        .map(|(id, c)| {
            (
                id,
                Rows {
                    resources: c.resources,
                    entitlements: c.entitlements,
                    grants: c.grants,
                },
            )
        })
        .collect())
}

fn select_types(all: Vec<v2::ResourceType>, wanted: &[String]) -> Result<Vec<v2::ResourceType>> {
    if let Some(unknown) = wanted.iter().find(|w| !all.iter().any(|t| t.id == **w)) {
        let known: Vec<&str> = all.iter().map(|t| t.id.as_str()).collect();
        return Err(
            Error::new(Kind::Unknown, format!("there is no resource type {unknown:?}"))
                .hint(format!("the resource types are {}", known.join(", "))),
        );
    }
    Ok(all
        .into_iter()
        .filter(|t| wanted.is_empty() || wanted.contains(&t.id))
        .collect())
}

fn count_by<T>(rows: &[T], on: impl Fn(&T) -> Option<&v2::Resource>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        let kind = on(row).map(|r| resource::key(r).0).unwrap_or_default();
        *counts.entry(kind.to_owned()).or_default() += 1;
    }
    counts
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
