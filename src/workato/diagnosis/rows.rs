//! What every probe was answered: first the lists, then one thing of each list that has more to say about single things,
//! or a few where that one is refused.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::asker::Asker;
use super::environments;
use super::workspace::{self, WorkspaceDetails};
use crate::workato::access_model::is_refusal;
use crate::workato::client::{Probed, WorkatoClient, endpoint};
use crate::workato::collaborator::Member;
use crate::workato::event;
use crate::workato::probe::{Answered, Asks, NO_LIST, Probe, Replies, Reply};
use crate::workato::probes;
use crate::workato::project::environment::seen_in;
use crate::workato::project::{ProjectGrant, ProjectRow};
use crate::workato::settings::{Environment, Settings};
use crate::workato::tokens::Clients;

/// All answers.
#[derive(Debug)]
pub struct Answers {
    /// What the DEV token reads for all environments.
    pub dev: Replies,
    /// What lies in every environment of the run that has a token.
    pub content: BTreeMap<Environment, Replies>,
}

/// The probes of one kind, in the order in which they are shown: that of the table of endpoints.
pub fn in_order(per_environment: bool) -> Vec<&'static Probe> {
    let mut all = probes();
    all.retain(|probe| probe.per_environment == per_environment);
    all.sort_by_key(|probe| endpoint::ENDPOINTS.iter().position(|known| *known == probe.endpoint));
    all
}

impl Answers {
    /// Asks everything but the people, who were asked already.
    pub async fn ask(settings: &Settings, clients: &Clients, asker: &Asker<'_>, members: Probed<Answered>) -> Self {
        let mut dev = Replies::default();
        dev.add(&endpoint::MEMBERS, Reply::Asked(members));
        let content = environments(settings).into_iter().filter_map(|environment| {
            let client = clients.of(&environment)?;
            Some(async move {
                let (mut replies, events) = tokio::join!(
                    all(settings, client, asker, in_order(true), Replies::default()),
                    asker.ask(client, &event::PROBE, None),
                );
                replies.add(event::PROBE.endpoint, Reply::Asked(events));
                (environment, replies)
            })
        });
        let (dev, workspace, content) = tokio::join!(
            all(settings, &clients.dev, asker, in_order(false), dev),
            asker.ask(&clients.dev, &workspace::PROBE, None),
            join_all(content),
        );
        let mut answers = Answers {
            dev,
            content: content.into_iter().collect(),
        };
        answers.dev.add(workspace::PROBE.endpoint, Reply::Asked(workspace));
        answers
    }

    /// The people, where they were listed.
    pub fn members(&self) -> Option<&[Member]> {
        self.dev.rows(&endpoint::MEMBERS)
    }

    /// The workspace, if the token may know.
    pub fn details(&self) -> Option<&WorkspaceDetails> {
        self.dev.object(&endpoint::WORKSPACE_DETAILS)
    }
}

/// The projects that a token sees on the first page.
pub fn projects(content: &Replies) -> Option<&[ProjectRow]> {
    content.rows(&endpoint::PROJECTS)
}

/// The environment that a token sees, as project grants say it.
pub fn environment_seen(content: &Replies) -> Option<Environment> {
    seen_in(content.rows::<ProjectGrant>(&endpoint::PROJECT_GRANTS)?)
}

/// Asks all that one token reads and nobody has asked yet.
async fn all(
    settings: &Settings,
    client: &WorkatoClient,
    asker: &Asker<'_>,
    probes: Vec<&'static Probe>,
    mut replies: Replies,
) -> Replies {
    let lists = probes.iter().filter_map(|probe| match probe.asks {
        Asks::List(why_not) if replies.of(probe.endpoint).is_none() => Some(async move {
            let reply = match why_not(settings) {
                Some(why) => Reply::Not(why),
                None => Reply::Asked(asker.ask(client, probe, None).await),
            };
            (probe.endpoint, reply)
        }),
        _ => None,
    });
    let lists = join_all(lists).await;
    lists
        .into_iter()
        .for_each(|(endpoint, reply)| replies.add(endpoint, reply));
    let singles = probes.iter().filter_map(|probe| match probe.asks {
        Asks::One(ids) => {
            let ids = ids(settings, &replies);
            Some(async move { (probe.endpoint, one(client, asker, probe, ids).await) })
        }
        Asks::List(_) => None,
    });
    let singles = join_all(singles).await;
    singles
        .into_iter()
        .for_each(|(endpoint, reply)| replies.add(endpoint, reply));
    replies
}

/// The first answer that is no refusal, or else the first refusal.
async fn one(
    client: &WorkatoClient,
    asker: &Asker<'_>,
    probe: &'static Probe,
    ids: Result<Vec<String>, &'static str>,
) -> Reply {
    let ids = match ids {
        Ok(ids) => ids,
        Err(why) => return Reply::Not(why),
    };
    let mut refused = None;
    for id in ids {
        let probed = asker.ask(client, probe, Some(&id)).await;
        match &probed.result {
            Err(error) if is_refusal(error) => {
                refused.get_or_insert(probed);
            }
            _ => return Reply::Asked(probed),
        }
    }
    refused.map_or(Reply::Not(NO_LIST), Reply::Asked)
}
