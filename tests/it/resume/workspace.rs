//! A workspace that is plain data, behind a connector that can be stopped at any call.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use baton_workato::ABOUT;
use baton_workato::baton::about::About;
use baton_workato::baton::code;
use baton_workato::baton::connector::{Connector, SyncContext};
use baton_workato::baton::entitlement::{EntitlementBuilder, Purpose};
use baton_workato::baton::error::{Error, Kind, Result};
use baton_workato::baton::fingerprint::Fingerprint;
use baton_workato::baton::grant::GrantBuilder;
use baton_workato::baton::page::{Page, PageToken};
use baton_workato::baton::proto::v2;
use baton_workato::baton::proto::v2::resource_type::Trait;
use baton_workato::baton::resource::{self, Profile, ResourceBuilder, User, id};
use baton_workato::baton::warning::Cause;
use tokio::sync::Notify;

/// What happens at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// It fails.
    Fail(Kind),
    /// It never answers, and neither does any after it.
    Hang,
}

/// The workspace, and what was asked of it. Connectors of several runs share it.
pub struct Workspace {
    teams: usize,
    stop: Mutex<Option<(usize, Stop)>>,
    asked: AtomicUsize,
    /// Calls that were answered, by what was asked.
    pub answered: Mutex<BTreeMap<String, usize>>,
    /// Told when the call to stop at was made.
    pub stopped: Notify,
    /// What the connector says it reads.
    pub settings: Mutex<String>,
    /// What the last run found of the one before it.
    pub previous: Mutex<Option<serde_json::Value>>,
    /// Whether what an earlier run kept in the session makes no sense to the next connector; to the one after it it does.
    pub unreadable: Mutex<bool>,
}

impl Workspace {
    /// Users over three pages, so many teams one below the other, each with a page of entitlements and two of grants.
    pub fn new(teams: usize) -> Arc<Self> {
        Arc::new(Workspace {
            teams,
            stop: Mutex::default(),
            asked: AtomicUsize::new(0),
            answered: Mutex::default(),
            stopped: Notify::new(),
            settings: Mutex::new("all".to_owned()),
            previous: Mutex::default(),
            unreadable: Mutex::default(),
        })
    }

    /// A connector for one run.
    pub fn connector(self: &Arc<Self>) -> Connected {
        Connected {
            workspace: Arc::clone(self),
            names: tokio::sync::OnceCell::new(),
        }
    }

    /// From now on: stops at the `call`th call, 1 being the next.
    pub fn stop_at(&self, call: usize, stop: Stop) {
        self.asked.store(0, Ordering::SeqCst);
        *self.stop.lock().unwrap() = Some((call, stop));
    }

    /// From now on: answers everything.
    pub fn go_on(&self) {
        *self.stop.lock().unwrap() = None;
    }

    /// How many calls were answered so far.
    pub fn answers(&self) -> usize {
        self.answered.lock().unwrap().values().sum()
    }

    /// How many of them were answered before.
    pub fn repeats(&self) -> usize {
        self.answered.lock().unwrap().values().map(|times| times - 1).sum()
    }

    /// One call: a request to the vendor.
    async fn call(&self, what: String) -> Result<()> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        // Others get their turn, as while a real request is on its way.
        tokio::task::yield_now().await;
        let stop = *self.stop.lock().unwrap();
        match stop {
            Some((at, Stop::Fail(kind))) if number >= at => return Err(Error::new(kind, "scripted")),
            Some((at, Stop::Hang)) if number >= at => {
                self.stopped.notify_one();
                return std::future::pending().await;
            }
            _ => {}
        }
        *self.answered.lock().unwrap().entry(what).or_default() += 1;
        Ok(())
    }
}

pub struct Connected {
    workspace: Arc<Workspace>,
    /// A table that is derived anew in each process; deriving it warns.
    names: tokio::sync::OnceCell<Vec<String>>,
}

impl Connected {
    /// Names of teams: asked once per sync and kept in the session, as the look-up tables of a real connector.
    async fn names(&self, cx: &SyncContext) -> Result<&Vec<String>> {
        self.names
            .get_or_try_init(|| async {
                let mut names = Vec::new();
                for part in ["first", "second"] {
                    let stored = cx.session.get(part).await?;
                    if stored.is_some() && std::mem::take(&mut *self.workspace.unreadable.lock().unwrap()) {
                        return Err(Error::new(Kind::DataLoss, format!("table {part:?} cannot be read")));
                    }
                    let name = match stored {
                        Some(stored) => stored,
                        None => {
                            self.workspace.call(format!("names {part}")).await?;
                            cx.session.set(part, part.as_bytes().to_vec()).await?;
                            part.as_bytes().to_vec()
                        }
                    };
                    cx.warnings.add(
                        Cause::new("derived", code::ROWS_DROPPED),
                        "tables had gaps",
                        format!("gap in {part}"),
                    );
                    names.push(String::from_utf8_lossy(&name).into_owned());
                }
                cx.record("parts", serde_json::json!(names));
                Ok(names)
            })
            .await
    }
}

fn user(name: usize) -> v2::Resource {
    ResourceBuilder::new("user", format!("u{name}"), format!("User {name}"))
        .profile(Profile::new().with("number", i64::try_from(name).unwrap()))
        .user(User {
            email: None,
            login: None,
            account_type: v2::user_trait::AccountType::Human,
            last_login: None,
        })
        .build()
}

fn team(name: usize) -> v2::Resource {
    let team = ResourceBuilder::new("team", format!("t{name}"), format!("Team {name}"))
        .children("team")
        .group();
    if name == 0 {
        team.build()
    } else {
        team.parent(id("team", format!("t{}", name - 1))).build()
    }
}

fn number(id: &str) -> usize {
    id[1..].parse().unwrap()
}

/// A page out of three slices, the middle one empty.
fn slice<T>(mut first: Vec<T>, page: &PageToken) -> Result<Page<T>> {
    let last = first.split_off(first.len() / 2);
    Ok(match page.number(0)? {
        0 => Page {
            rows: first,
            next: Some("1".into()),
        },
        1 => Page {
            rows: Vec::new(),
            next: Some("2".into()),
        },
        _ => Page::last(last),
    })
}

impl Connector for Connected {
    fn about(&self) -> About {
        ABOUT
    }

    fn metadata(&self) -> v2::ConnectorMetadata {
        v2::ConnectorMetadata::default()
    }

    fn resource_types(&self) -> Vec<v2::ResourceType> {
        vec![
            resource::resource_type(
                "user",
                "User",
                &[Trait::User],
                vec![baton_workato::baton::annotation::pack(
                    &v2::SkipEntitlementsAndGrants {},
                )],
            ),
            resource::resource_type("team", "Team", &[Trait::Group], vec![]),
        ]
    }

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::default().with("what", self.workspace.settings.lock().unwrap().clone())
    }

    async fn validate(&self, cx: &SyncContext) -> Result<()> {
        *self.workspace.previous.lock().unwrap() = cx
            .previous
            .as_ref()
            .map(|p| serde_json::to_value(&p.remembered).unwrap());
        self.workspace.call("validate".to_owned()).await
    }

    async fn list_resources(
        &self,
        cx: &SyncContext,
        resource_type: &str,
        parent: Option<&v2::ResourceId>,
        page: &PageToken,
    ) -> Result<Page<v2::Resource>> {
        let below = parent.map(|p| p.resource.clone()).unwrap_or_default();
        self.workspace
            .call(format!("{resource_type} {below} {}", page.as_str()))
            .await?;
        match (resource_type, parent) {
            ("user", _) => slice((0..7).map(user).collect(), page),
            (_, None) => Ok(Page::last(vec![team(0)])),
            (_, Some(parent)) => {
                self.names(cx).await?;
                let next = number(&parent.resource) + 1;
                let rows = (next < self.workspace.teams).then(|| team(next));
                Ok(Page::last(rows.into_iter().collect()))
            }
        }
    }

    async fn list_entitlements(
        &self,
        cx: &SyncContext,
        on: &v2::Resource,
        page: &PageToken,
    ) -> Result<Page<v2::Entitlement>> {
        let name = resource::key(on).1;
        self.workspace
            .call(format!("entitlements {name} {}", page.as_str()))
            .await?;
        self.names(cx).await?;
        Ok(Page::last(vec![
            EntitlementBuilder::new(on, "member", Purpose::Assignment, &[]).build(),
        ]))
    }

    async fn list_grants(&self, cx: &SyncContext, on: &v2::Resource, page: &PageToken) -> Result<Page<v2::Grant>> {
        let name = resource::key(on).1.to_owned();
        self.workspace.call(format!("grants {name} {}", page.as_str())).await?;
        let team = number(&name);
        // Users of the team, one who does not exist, and everyone of the team above.
        let mut grants: Vec<v2::Grant> = (team..team + 3)
            .map(|user| GrantBuilder::new(on, "member", id("user", format!("u{}", user % 8))).build())
            .collect();
        if team > 0 {
            let above = format!("t{}", team - 1);
            grants.push(
                GrantBuilder::new(on, "member", id("team", above.clone()))
                    .expands_over(format!("team:{above}:member"))
                    .build(),
            );
        }
        let answer = slice(grants, page)?;
        if page.is_first() {
            cx.warnings
                .add(Cause::new("odd", code::ROWS_DROPPED), "teams are odd", name.clone());
        }
        if page.as_str() == "2" {
            self.names(cx).await?;
        }
        Ok(answer)
    }
}
