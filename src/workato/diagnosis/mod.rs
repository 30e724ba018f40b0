//! Looks at a Workato workspace without syncing it: is it there, are the tokens right, what may they read, and what
//! would a sync go without.
//!
//! Every endpoint that a sync reads is asked once with every token that would read it; lists are not read beyond their first
//! page. What is asked, the rooms of the types declare; checkboxes and what is lost without them stand in the table of
//! endpoints (`client/endpoint.rs`). The command line calls it; nobody else does.

mod asker;
mod model;
mod permission;
mod place;
mod rows;
mod token;
pub mod workspace;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use self::asker::Asker;
use self::rows::Answers;
pub use self::token::masked;
use super::access_model::AccessModel;
use super::client::endpoint;
use super::settings::{Environment, EnvironmentChoice, Settings};
use super::tokens::{self, Clients};
use crate::baton::diagnosis::{Check, Status, clock};
use crate::baton::http::HttpClient;
use crate::baton::memory::PreviousSync;
use crate::baton::progress::{Event, Observer, Step};

/// What is looked at, and how.
pub struct Examination<'a> {
    /// What the user set.
    pub settings: &'a Settings,
    /// The client. It must not repeat anything more than once.
    pub http: &'a Arc<HttpClient>,
    /// The sync of the same file that finished last: what it read must not be refused now.
    pub previous: Option<&'a PreviousSync>,
    /// The longest time one question may take, repeats and waits included.
    pub limit: Duration,
    /// Requests a minute and family that a sync allows itself.
    pub per_minute: i64,
    /// Hears about the questions.
    pub observer: &'a dyn Observer,
}

/// What is known of the workspace in the end.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Workspace {
    /// Where it was looked for.
    pub base_url: String,
    /// Its id, if the token may know.
    pub id: Option<String>,
    /// Its name, likewise.
    pub name: Option<String>,
    /// Its access model, if it could be seen.
    pub access_model: Option<AccessModel>,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Findings {
    /// The checks.
    pub checks: Vec<Check>,
    /// The workspace.
    pub workspace: Workspace,
}

/// Looks at everything. Takes as long as its slowest questions; none of them hides another.
pub async fn examine(x: &Examination<'_>) -> Findings {
    x.observer.event(&Event::StepStarted {
        step: Step::Validate,
        total: None,
    });
    let clients = Clients::connect(x.settings, x.http);
    let asker = Asker::new(x.limit, x.observer);
    let mut findings = Findings::default();
    findings.workspace.base_url = x.settings.base_url.to_string();

    // A token of another region is not shown to strangers.
    let region = token::region(x.settings);
    if region.status == Status::Failed {
        findings.checks.push(region);
        let why = "not asked: a token belongs to another data center";
        findings.checks.extend(permission::nobody_asked(x.settings, why));
        return findings;
    }
    // Alone and first: if nobody is there, the other questions need not be asked.
    let first = rows::in_order(false)
        .into_iter()
        .find(|probe| probe.endpoint == &endpoint::MEMBERS);
    let Some(first) = first else {
        return findings;
    };
    let members = asker.ask(&clients.dev, first, None).await;
    let place = place::check(x.settings, &members);
    let reached = place.is_reached();
    findings.checks.push(place.into_check());
    let asked = members.asked;
    findings.checks.push(match asked {
        Some(asked) => clock::check(asked.there, asked.here),
        None => clock::check(None, jiff::Timestamp::UNIX_EPOCH),
    });
    findings.checks.push(region);
    if !reached {
        let why = "not asked: the data center was not reached";
        findings.checks.extend(permission::nobody_asked(x.settings, why));
        return findings;
    }
    let rows = Answers::ask(x.settings, &clients, &asker, members).await;
    findings.workspace.id = rows.details().map(|details| details.id.to_string());
    findings.workspace.name = rows.details().and_then(|details| details.name.clone());
    let model = model::Model::of(&rows, x.settings);
    findings.workspace.access_model = model.found;
    findings.checks.extend(token::checks(x.settings, &rows, &model));
    findings.checks.push(model.check());
    let recorded = x.previous.map(super::family::read_by).unwrap_or_default();
    let before = permission::Before {
        families: &recorded,
        ended_at: x.previous.map(|previous| previous.ended_at.as_str()),
    };
    findings
        .checks
        .extend(permission::checks(x.settings, &rows, &model, &before));
    findings.checks.push(asker.quota(x.per_minute));
    findings
}

/// The environments of the run that are known before any list is read, in a stable order.
fn environments(settings: &Settings) -> BTreeSet<Environment> {
    match &settings.environment {
        EnvironmentChoice::One(environment) => BTreeSet::from([environment.clone()]),
        EnvironmentChoice::All => {
            let all = tokens::with_tokens().into_iter();
            all.filter(|environment| tokens::of(settings, environment).is_some())
                .collect()
        }
    }
}
