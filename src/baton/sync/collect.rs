//! Reading: every list of every step, each page stored as soon as it is there (`baton/c1z/format.md 4.2`).
//!
//! Every list has a number, its place in the plan of its step. Plans are made of what is stored, so a resumed run
//! makes the same ones; lists that are done are skipped, others go on after their last page.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Mutex;

use futures_util::stream::{self, Stream, TryStreamExt as _};
use prost::Message;

use super::ingest::RowValidator;
use super::lists::{self, Tokens};
use super::pages;
use super::store_thread::StoreThread;
use crate::baton::annotation::{self, Named};
use crate::baton::c1z::{ListProgress, Position, Section};
use crate::baton::cause;
use crate::baton::connector::{Connector, SyncContext};
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::lock::locked;
use crate::baton::page::{Page, PageToken};
use crate::baton::progress::{Event, Observer, Step};
use crate::baton::proto::v2;
use crate::baton::resource;

/// Bytes of stored pages that are read at a time when lists are planned.
const PLAN_BYTES: usize = 1 << 20;

/// Reads the lists of a sync.
pub struct Collector<'a, C> {
    /// Whom to ask.
    pub connector: &'a C,
    /// Lists read at the same time.
    pub workers: usize,
    /// Hears of every row and list.
    pub observer: &'a dyn Observer,
    /// Owns what is on disk.
    pub store: &'a StoreThread,
    /// What the connector gets.
    pub cx: &'a SyncContext,
    /// The types that are synced.
    pub types: &'a [v2::ResourceType],
    /// Checks rows.
    pub gate: Mutex<RowValidator>,
    /// Rows that were there before this run.
    pub before: BTreeMap<Section, BTreeMap<String, u64>>,
    /// Resources so far by type, those of before included: how many lists the next steps have.
    pub resources: Mutex<BTreeMap<String, u64>>,
}

/// A list of resources.
#[derive(Clone)]
struct ResourceList {
    resource_type: String,
    parent: Option<v2::ResourceId>,
}

/// A list in its step.
struct List<'a> {
    step: Step,
    section: Section,
    number: u64,
    name: &'a str,
    /// How far it was read before.
    progress: ListProgress,
}

/// The lists of a step that were begun before this run.
type Begun = BTreeMap<u64, ListProgress>;

impl<C: Connector> Collector<'_, C> {
    /// Top-level lists of every type first, then, level by level, the children each resource announces.
    ///
    /// # Errors
    /// Those of the connector and of the disk, here and below.
    pub async fn resources(&self) -> Result<()> {
        let mut level: Vec<ResourceList> = self
            .types
            .iter()
            .map(|t| ResourceList {
                resource_type: t.id.clone(),
                parent: None,
            })
            .collect();
        self.begin(Step::Resources, Some(level.len() as u64));
        let begun = self.begun(Step::Resources, Section::Resources).await?;
        let mut first = 0;
        while !level.is_empty() {
            let end = first + level.len() as u64;
            let numbered = (first..end).zip(level).map(Ok);
            lists::each(stream::iter(numbered), self.workers, |(number, list)| {
                let progress = begun.get(&number).cloned().unwrap_or_default();
                self.list_of_resources(number, list, progress)
            })
            .await?;
            level = self.children_of(first, end).await?;
            if !level.is_empty() {
                let count = level.len() as u64;
                self.observer.event(&Event::ListsFound {
                    step: Step::Resources,
                    count,
                });
            }
            first = end;
        }
        Ok(())
    }

    async fn list_of_resources(&self, number: u64, list: ResourceList, progress: ListProgress) -> Result<()> {
        let at = List {
            step: Step::Resources,
            section: Section::Resources,
            number,
            name: &list.resource_type,
            progress,
        };
        let read = |page: PageToken| {
            let list = &list;
            async move {
                self.connector
                    .list_resources(self.cx, &list.resource_type, list.parent.as_ref(), &page)
                    .await
            }
        };
        let pass = |rows: Vec<v2::Resource>| {
            let rows = locked(&self.gate).resources(rows)?;
            self.stored(Step::Resources, &list.resource_type, rows.len() as u64);
            Ok(rows)
        };
        self.list(at, read, pass)
            .await
            .with_context(|| format!("list resources of type {}", list.resource_type))
    }

    /// The lists that the resources of lists `first..end` announce, in their order.
    async fn children_of(&self, first: u64, end: u64) -> Result<Vec<ResourceList>> {
        let mut children = Vec::new();
        let mut after = first.checked_sub(1).map(|list| Position {
            list,
            page: u64::MAX >> 1,
        });
        loop {
            let stored = self.stored_pages(after).await?;
            let Some((last, _)) = stored.last() else { break };
            after = Some(*last);
            for (at, bytes) in &stored {
                if at.list >= end {
                    return Ok(children);
                }
                for row in pages::decode::<v2::Resource>(bytes)? {
                    children.extend(self.children(&row));
                }
            }
        }
        Ok(children)
    }

    fn children(&self, parent: &v2::Resource) -> impl Iterator<Item = ResourceList> {
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
    }

    /// Entitlements of every resource.
    ///
    /// # Errors
    /// As [`Collector::resources`].
    pub async fn entitlements(&self) -> Result<()> {
        let skip = [v2::SkipEntitlementsAndGrants::NAME, v2::SkipEntitlements::NAME];
        let (step, section) = (Step::Entitlements, Section::Entitlements);
        self.per_resource(step, section, &skip, |at, resource| async move {
            let read = |page: PageToken| {
                let resource = &resource;
                async move { self.connector.list_entitlements(self.cx, resource, &page).await }
            };
            let pass = |rows: Vec<v2::Entitlement>| {
                let rows = locked(&self.gate).entitlements(rows)?;
                self.stored_by_type(step, rows.iter().map(|e| e.resource.as_ref()));
                Ok(rows)
            };
            self.list_on_resource(at, "entitlements", read, pass).await
        })
        .await
    }

    /// Grants on every resource.
    ///
    /// # Errors
    /// As [`Collector::resources`].
    pub async fn grants(&self) -> Result<()> {
        let skip = [v2::SkipEntitlementsAndGrants::NAME, v2::SkipGrants::NAME];
        let (step, section) = (Step::Grants, Section::Grants);
        self.per_resource(step, section, &skip, |at, resource| async move {
            let read = |page: PageToken| {
                let resource = &resource;
                async move { self.connector.list_grants(self.cx, resource, &page).await }
            };
            let pass = |rows: Vec<v2::Grant>| {
                let rows = locked(&self.gate).grants(rows);
                self.stored_by_type(
                    step,
                    rows.iter()
                        .map(|g| g.entitlement.as_ref().and_then(|e| e.resource.as_ref())),
                );
                Ok(rows)
            };
            self.list_on_resource(at, "grants", read, pass).await
        })
        .await
    }

    /// Runs one list per stored resource, except those whose type or own annotations say to skip it.
    async fn per_resource<Read>(
        &self,
        step: Step,
        section: Section,
        skip: &[&str],
        read: impl Fn(OnResource, v2::Resource) -> Read,
    ) -> Result<()>
    where
        Read: Future<Output = Result<()>>,
    {
        let skips =
            |annotations: &[prost_types::Any]| annotations.iter().any(|a| skip.contains(&annotation::name_of(a)));
        let skipped: Vec<&str> = self
            .types
            .iter()
            .filter(|t| skips(&t.annotations))
            .map(|t| t.id.as_str())
            .collect();
        let planned: u64 = locked(&self.resources)
            .iter()
            .filter(|(id, _)| !skipped.contains(&id.as_str()))
            .map(|(_, count)| count)
            .sum();
        self.begin(step, Some(planned));
        let begun = self.begun(step, section).await?;
        // A row that came twice is one resource.
        let mut seen = locked(&self.gate).has_repeats().then(std::collections::HashSet::new);
        let mut number = 0;
        let plan = self
            .stored_resources()
            .try_filter(|row| {
                let wanted = !skipped.contains(&resource::key(row).0)
                    && !skips(&row.annotations)
                    && seen.as_mut().is_none_or(|seen| {
                        let (kind, bare) = resource::key(row);
                        seen.insert((kind.to_owned(), bare.to_owned()))
                    });
                std::future::ready(wanted)
            })
            .map_ok(|row| {
                let at = OnResource {
                    step,
                    section,
                    number,
                    progress: begun.get(&number).cloned().unwrap_or_default(),
                    name: row.id.as_ref().map(resource::external_id).unwrap_or_default(),
                };
                number += 1;
                (at, row)
            });
        lists::each(plan, self.workers, |(at, row)| read(at, row)).await
    }

    /// A list on a resource. One that vanished between its listing and now is skipped and counted, as the published
    /// syncer does.
    async fn list_on_resource<T, Fut>(
        &self,
        at: OnResource,
        what: &str,
        read: impl Fn(PageToken) -> Fut,
        pass: impl Fn(Vec<T>) -> Result<Vec<T>>,
    ) -> Result<()>
    where
        T: Message,
        Fut: Future<Output = Result<Page<T>>>,
    {
        let name = at.name;
        let gone = &|page: Result<Page<T>>| match page {
            Err(error) if error.kind() == Kind::NotFound => {
                tracing::warn!(resource = %name, code = error.code_id().number(), %error, "Resource is gone, skipped.");
                self.cx.warnings.add(
                    cause::RESOURCE_GONE,
                    "resources disappeared while they were read; their rows are missing",
                    name.as_str(),
                );
                Ok(Page::default())
            }
            other => other,
        };
        let list = List {
            step: at.step,
            section: at.section,
            number: at.number,
            name: &name,
            progress: at.progress,
        };
        let read = |page: PageToken| {
            let asked = read(page);
            async move { gone(asked.await) }
        };
        self.list(list, read, pass)
            .await
            .with_context(|| format!("list {what} of {name}"))
    }

    /// Reads a list from where it was left to its end. Each page is stored, with what was warned of meanwhile, before
    /// the next one is asked for.
    async fn list<T, Fut>(
        &self,
        list: List<'_>,
        read: impl Fn(PageToken) -> Fut,
        pass: impl Fn(Vec<T>) -> Result<Vec<T>>,
    ) -> Result<()>
    where
        T: Message,
        Fut: Future<Output = Result<Page<T>>>,
    {
        let mut page = list.progress.pages;
        let mut token = list.progress.tokens.last().cloned();
        let mut tokens = Tokens::after(&list.progress.tokens);
        let mut done = list.progress.done;
        while !done {
            let asked: PageToken = token.take().unwrap_or_default().into();
            let answer = read(asked).await?;
            let next = answer.next.filter(|t| !t.is_first()).map(|t| t.as_str().to_owned());
            if let Some(next) = &next {
                tokens.note(list.name, next)?;
            }
            let rows = pages::encode(&pass(answer.rows)?)?;
            let at = Position {
                list: list.number,
                page,
            };
            let (section, stored) = (list.section, next.clone());
            let warnings = self.cx.warnings.take_changed();
            let records = self.cx.records.take_changed();
            let noted = self.cx.records.take_noted();
            self.store
                .call(move |w| {
                    w.partial.put_warnings(&warnings)?;
                    records.map_or(Ok(()), |records| w.put_records(&records))?;
                    w.put_noted(&noted)?;
                    w.partial.put_page(section, at, &rows, stored.as_deref())
                })
                .await?;
            page += 1;
            done = next.is_none();
            token = next;
        }
        self.observer.event(&Event::ListDone { step: list.step });
        Ok(())
    }

    /// All stored resources, in the order of the plan.
    fn stored_resources(&self) -> impl Stream<Item = Result<v2::Resource>> {
        stream::try_unfold(None, move |after| async move {
            let stored = self.stored_pages(after).await?;
            let Some((last, _)) = stored.last() else {
                return Ok::<_, Error>(None);
            };
            let last = *last;
            let mut rows: Vec<Result<v2::Resource>> = Vec::new();
            for (_, bytes) in &stored {
                rows.extend(pages::decode(bytes)?.into_iter().map(Ok));
            }
            Ok(Some((stream::iter(rows), Some(last))))
        })
        .try_flatten()
    }

    async fn stored_pages(&self, after: Option<Position>) -> Result<Vec<(Position, Vec<u8>)>> {
        self.store
            .call(move |w| w.partial.pages_after(Section::Resources, after, PLAN_BYTES))
            .await
    }

    /// How far the lists of a step are. Tells the display what was there before.
    async fn begun(&self, step: Step, section: Section) -> Result<Begun> {
        let Some(before) = self.before.get(&section) else {
            return Ok(Begun::new());
        };
        for (resource_type, count) in before {
            self.tell_rows(step, resource_type, *count);
        }
        self.store.call(move |w| w.partial.progress(section)).await
    }

    /// Tells that a step begins.
    pub fn begin(&self, step: Step, total: Option<u64>) {
        tracing::info!(?step, "Step started.");
        self.observer.event(&Event::StepStarted { step, total });
    }

    fn stored_by_type<'r>(&self, step: Step, on: impl Iterator<Item = Option<&'r v2::Resource>>) {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for resource in on {
            *counts
                .entry(resource.map(|r| resource::key(r).0).unwrap_or_default())
                .or_default() += 1;
        }
        for (resource_type, count) in counts {
            self.stored(step, resource_type, count);
        }
    }

    fn stored(&self, step: Step, resource_type: &str, count: u64) {
        if step == Step::Resources {
            *locked(&self.resources).entry(resource_type.to_owned()).or_default() += count;
        }
        self.tell_rows(step, resource_type, count);
    }

    fn tell_rows(&self, step: Step, resource_type: &str, count: u64) {
        if count > 0 {
            self.observer.event(&Event::Rows {
                step,
                resource_type,
                count,
            });
        }
    }
}

/// A list on a resource.
struct OnResource {
    step: Step,
    section: Section,
    number: u64,
    progress: ListProgress,
    name: String,
}
