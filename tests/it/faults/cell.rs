//! One sync with one fault, and the one rule about it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use baton_workato::baton::c1z::Reader;
use baton_workato::baton::error::Result;
use baton_workato::baton::http::HttpOptions;
use baton_workato::baton::secret::Secret;
use baton_workato::baton::sync::summary::{Status, Summary};
use baton_workato::simulator::{Behavior, Env, Fault, Simulator};
use baton_workato::workato::settings::Settings;
use prost::Message as _;

use super::kinds::{Kind, Lasts, Must};
use super::sites::{Site, Target};
use crate::support::run;

/// The rows of a file: kind and id, and the bytes of the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest(pub BTreeMap<String, Vec<u8>>);

impl Digest {
    /// The newest finished full sync.
    pub fn of_file(path: &Path) -> Digest {
        let reader = Reader::open(path, None).unwrap();
        let sync = reader.latest_full().unwrap().expect("a finished full sync").sync_id;
        let mut rows = BTreeMap::new();
        let mut put = |id: String, bytes: Vec<u8>| {
            assert!(rows.insert(id, bytes).is_none());
            Ok(())
        };
        reader
            .for_each_resource(&sync, &mut |r| {
                let id = r.id.clone().unwrap();
                put(
                    format!("resource {}:{}", id.resource_type, id.resource),
                    r.encode_to_vec(),
                )
            })
            .unwrap();
        reader
            .for_each_entitlement(&sync, &mut |e| put(format!("entitlement {}", e.id), e.encode_to_vec()))
            .unwrap();
        reader
            .for_each_grant(&sync, &mut |g| {
                let mut bytes = g.grant.encode_to_vec();
                bytes.extend(g.expansion.unwrap_or_default().encode_to_vec());
                put(format!("grant {}", g.grant.id), bytes)
            })
            .unwrap();
        Digest(rows)
    }

    /// Rows of this one that the other lacks.
    fn beyond<'a>(&'a self, other: &'a Digest) -> Vec<&'a String> {
        self.0.keys().filter(|id| !other.0.contains_key(*id)).collect()
    }
}

/// What came of a sync.
pub enum Outcome {
    Failed(String),
    Synced(Box<Summary>, Digest),
}

/// Settings of a run against a simulator: the DEV token, and what the site bends.
pub fn settings(simulator: &Simulator, bend: fn(&mut Settings)) -> Settings {
    let mut settings = Settings {
        dev_token: Secret::new(simulator.token(Env::Dev)),
        ..run::settings(&simulator.base_url())
    };
    bend(&mut settings);
    settings
}

/// Syncs a site that behaves like this.
pub async fn sync(site: &Site, behavior: Behavior, http: HttpOptions) -> Outcome {
    let simulator = Simulator::start(site.workspace.clone(), behavior).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.c1z");
    let result: Result<Summary> = run::workato_over(settings(&simulator, site.bend), &run::options(&file), http).await;
    match result {
        Ok(summary) => Outcome::Synced(Box::new(summary), Digest::of_file(&file)),
        Err(error) => {
            assert!(!file.exists(), "a failed sync leaves no file");
            Outcome::Failed(format!("{error:?}"))
        }
    }
}

/// A sync without a fault.
pub async fn baseline(site: &Site, behavior: Behavior) -> Digest {
    match sync(site, behavior, run::impatient()).await {
        Outcome::Failed(error) => panic!("{}: {error}", site.name),
        Outcome::Synced(_, rows) => rows,
    }
}

/// One cell of the matrix.
pub struct Cell<'a> {
    pub site: &'a Site,
    pub target: &'a Target,
    pub kind: &'a Kind,
    pub lasts: Lasts,
}

impl Cell<'_> {
    pub fn name(&self) -> String {
        format!(
            "{} {} × {} × {:?}",
            self.site.name, self.target.path, self.kind.name, self.lasts
        )
    }

    /// Runs it. What is wrong with the outcome, if anything is; and in a word what came of it.
    pub async fn run(&self, whole: &Digest) -> (Option<String>, &'static str) {
        let (path, hits) = self.lasts.script(self.target);
        let behavior = self.site.behavior.clone().script(&path, hits, self.kind.fault.clone());
        let mut http = HttpOptions {
            max_body: 1 << 20,
            ..run::impatient()
        };
        if let Fault::Stall(_) = self.kind.fault {
            http.request_timeout = Duration::from_millis(300);
            http.retry.max_attempts = 2;
        }
        let outcome = sync(self.site, behavior, http).await;
        let must = self.kind.must(self.target, self.lasts);
        match outcome {
            Outcome::Failed(error) if must == Must::Heal => (Some(format!("should have healed: {error}")), "failed"),
            Outcome::Failed(_) => (None, "failed"),
            Outcome::Synced(summary, rows) => {
                let warned = summary.status == Status::CompleteWithWarnings;
                assert_eq!(warned, !summary.warnings.is_empty());
                let changed = if self.kind.changes_the_list() && rows != *whole {
                    let (path, _) = Lasts::Once.script(self.target);
                    let all = baton_workato::simulator::Hits::Every;
                    let behavior = self.site.behavior.clone().script(&path, all, self.kind.fault.clone());
                    Some(baseline(self.site, behavior).await)
                } else {
                    None
                };
                // Of several lists some may have changed before they were read and some after.
                let several = self.target.path.contains('*');
                let between = |changed: &Digest| {
                    rows == *changed || several && changed.beyond(&rows).is_empty() && rows.beyond(whole).is_empty()
                };
                let same = rows == *whole || changed.as_ref().is_some_and(between);
                let extra = rows.beyond(whole);
                let missing = changed.as_ref().unwrap_or(whole).beyond(&rows);
                let told = format!("{:?}", summary.warnings).to_lowercase();
                let wrong = if must == Must::Fail {
                    Some(format!("should have failed; missing {missing:?}"))
                } else if !extra.is_empty() && !warned {
                    Some(format!("invents {extra:?}"))
                } else if same {
                    None
                } else if must == Must::Heal {
                    Some(format!(
                        "should have healed; missing {missing:?}, extra {extra:?}, told {told}"
                    ))
                } else if !warned {
                    Some(format!("SILENT LOSS of {missing:?}"))
                } else if !self.target.says.iter().any(|word| told.contains(word)) {
                    Some(format!("does not name what is missing: {told}"))
                } else if !extra.is_empty() {
                    Some(format!("invents {extra:?}, told {told}"))
                } else {
                    None
                };
                let word = match (same, warned) {
                    (true, false) => "whole",
                    (true, true) => "whole, warned",
                    (false, _) => "less, warned",
                };
                (wrong, word)
            }
        }
    }
}
