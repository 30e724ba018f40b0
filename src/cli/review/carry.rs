//! Carrying the steps of a review out: each is looked at in the workspace as it is now, agreed to, written into the
//! journal, sent, read back, and written into the journal again.

use tokio_util::sync::CancellationToken;

use crate::baton::change::{Change, Consent, Effect};
use crate::baton::code;
use crate::baton::config::Values;
use crate::baton::error::{Error, Kind, Result};
use crate::baton::progress::Observer;
use crate::baton::proto::v2;
use crate::baton::provision::{Provisioning, Write, WriteOutcome};
use crate::cli::grant::emitting;
use crate::cli::sync::in_runtime;
use crate::cli::write::{self, Approval};
use crate::cli::{connect, interrupt};
use crate::report::code as report;
use crate::report::review::journal::{Event, Journal};
use crate::report::review::plan::Step;
use crate::report::wording::count;
use crate::term::progress::{Display, Progress};
use crate::term::{Terminal, sanitize};
use crate::workato::settings::EnvironmentChoice;
use crate::workato::{self, WorkatoConnector};

/// How it is carried out.
pub struct Carrying<'c> {
    pub terminal: &'c Terminal,
    pub values: &'c Values,
    pub how: Approval,
}

/// What came of it, by the ids of rows.
#[derive(Debug, Default)]
pub struct Carried {
    /// Taken away.
    pub done: Vec<String>,
    /// Gone before.
    pub gone: Vec<String>,
    /// Not taken away, and why.
    pub failed: Vec<(String, String)>,
}

/// A step, and the revocation of it.
pub type Revocation<'s> = (Step<'s>, v2::GrantManagerServiceRevokeRequest);

/// A step that was looked at.
struct Planned<'s> {
    step: Step<'s>,
    write: Write,
    told: WriteOutcome,
    /// Its place among the connectors.
    through: usize,
}

/// Connectors by the environments they look at: ids of roles say which.
struct Connectors<'c> {
    values: &'c Values,
    observer: std::sync::Arc<dyn Observer>,
    all: Vec<(Option<EnvironmentChoice>, Provisioning<WorkatoConnector>)>,
}

impl Connectors<'_> {
    fn through(&mut self, request: &v2::GrantManagerServiceRevokeRequest) -> Result<usize> {
        let entitlement = request.grant.as_ref().and_then(|grant| grant.entitlement.as_ref());
        let on = entitlement.and_then(|entitlement| entitlement.resource.as_ref());
        let choice = match workato::config::ENV.is_set(self.values) {
            true => None,
            false => on.and_then(emitting),
        };
        if let Some(at) = self.all.iter().position(|(known, _)| *known == choice) {
            return Ok(at);
        }
        let mut settings = workato::config::settings(self.values)?;
        if let Some(environment) = choice.clone() {
            settings.environment = environment;
        }
        let limits = workato::config::limits(self.values);
        let (connector, _) = connect::connect(settings, limits, std::sync::Arc::clone(&self.observer))?;
        self.all.push((choice, Provisioning::new(connector, true).impatient()));
        Ok(self.all.len() - 1)
    }

    fn at(&self, at: usize) -> Result<&Provisioning<WorkatoConnector>> {
        let found = self.all.get(at).map(|(_, writes)| writes);
        found.ok_or_else(|| Error::new(Kind::Internal, "a step has no connector"))
    }
}

impl Carrying<'_> {
    /// Carries them out. Without a journal nothing is sent. `anchors` are looked at where nothing else shows that this is
    /// the workspace of the review: in another one everything would seem to be gone.
    ///
    /// # Errors
    /// What keeps all steps from being carried out: the connection, a refused token, a signal, nobody who agrees. What
    /// concerns one step is told of it.
    pub fn run(
        &self,
        steps: Vec<Revocation<'_>>,
        anchors: Vec<Revocation<'_>>,
        mut journal: Option<Journal>,
    ) -> Result<Carried> {
        in_runtime(async {
            let cancel = CancellationToken::new();
            let interrupts = interrupt::listen(&cancel);
            let progress = Progress::start(self.terminal, Display::Log);
            let mut connectors = Connectors {
                values: self.values,
                observer: progress.observer(),
                all: Vec::new(),
            };
            let done = self
                .steps(&mut connectors, (steps, anchors), &mut journal, &cancel)
                .await;
            done.map_err(|error| interrupts.explain(error))
        })
    }

    async fn steps(
        &self,
        connectors: &mut Connectors<'_>,
        (steps, anchors): (Vec<Revocation<'_>>, Vec<Revocation<'_>>),
        journal: &mut Option<Journal>,
        cancel: &CancellationToken,
    ) -> Result<Carried> {
        let mut carried = Carried::default();
        let mut planned: Vec<Planned<'_>> = Vec::new();
        let mut gone: Vec<(Step<'_>, WriteOutcome)> = Vec::new();
        for (step, request) in steps {
            let through = connectors.through(&request)?;
            let write = Write::Revoke(request);
            let looked = connectors.at(through)?.rehearse(&write);
            let looked = tokio::select! {
                looked = looked => looked,
                () = cancel.cancelled() => return Err(unsent()),
            };
            match looked.and_then(|told| same_person(&step, told)) {
                Ok(told) if told.requests.is_empty() => gone.push((step, told)),
                Ok(told) => planned.push(Planned {
                    step,
                    write,
                    told,
                    through,
                }),
                Err(error) if concerns_all(&error) => return Err(error.context("look at what is to be revoked")),
                Err(error) => self.failed(&step, &error, journal, &mut carried)?,
            }
        }
        let looked = planned.iter().map(|planned| &planned.told);
        let mut looked = looked.chain(gone.iter().map(|(_, told)| told)).peekable();
        if looked.peek().is_some() && !looked.any(is_seen) {
            let is_found = !planned.is_empty();
            self.prove(connectors, anchors, is_found, cancel).await?;
        }
        for (step, told) in gone {
            self.gone(&step, &told, journal, &mut carried)?;
        }
        let Some(journal) = journal.as_mut() else {
            self.show(&planned)?;
            return Ok(carried);
        };
        if planned.is_empty() {
            return Ok(carried);
        }
        for planned in &planned {
            let again = if planned.step.is_begun {
                " (begun before, and not made)"
            } else {
                ""
            };
            self.say(&format!("{}{again}", words(&planned.told.changes)));
        }
        if self.how == Approval::Asked {
            let changes = count(planned.len(), "change", "changes");
            write::agree(self.terminal, cancel, format!("Make {changes}?")).await?;
        }
        for planned in planned {
            let id = &planned.step.row.id;
            let writes = connectors.at(planned.through)?;
            let basis = planned.step.by.clone();
            journal.write(id, Event::Begun, words(&planned.told.changes), basis.clone())?;
            let sent = writes.carry_out(&planned.write, Consent::To(planned.told.changes.clone()));
            let sent = tokio::select! {
                sent = sent => sent,
                () = cancel.cancelled() => return Err(cut_short()),
            };
            match sent {
                Ok(told) => {
                    let is_gone = told
                        .changes
                        .iter()
                        .all(|change| matches!(change.effect, Effect::Gone { .. }));
                    let event = if is_gone { Event::Gone } else { Event::Done };
                    journal.write(id, event, words(&told.changes), basis)?;
                    match event {
                        Event::Gone => carried.gone.push(id.clone()),
                        _ => carried.done.push(id.clone()),
                    }
                }
                Err(error) => {
                    let event = if is_sure(&error) { Event::Failed } else { Event::Unknown };
                    journal.write(id, event, error.to_string(), basis)?;
                    if concerns_all(&error) {
                        return Err(error
                            .context("revoke")
                            .also_hint("the same command looks it up and goes on"));
                    }
                    carried.failed.push((id.clone(), error.to_string()));
                }
            }
        }
        Ok(carried)
    }

    /// Looks for one of the anchors. `is_found` is whether something that is to be revoked was found, of people whom no list
    /// has.
    async fn prove(
        &self,
        connectors: &mut Connectors<'_>,
        anchors: Vec<Revocation<'_>>,
        is_found: bool,
        cancel: &CancellationToken,
    ) -> Result<()> {
        for (step, request) in anchors {
            let through = connectors.through(&request)?;
            let write = Write::Revoke(request);
            let looked = tokio::select! {
                looked = connectors.at(through)?.rehearse(&write) => looked,
                () = cancel.cancelled() => return Err(unsent()),
            };
            match looked.and_then(|told| same_person(&step, told)) {
                Ok(told) if !told.requests.is_empty() && is_seen(&told) => return Ok(()),
                Err(error) if concerns_all(&error) => return Err(error.context("look at the workspace")),
                _ => {}
            }
        }
        let (message, hint) = match is_found {
            false => (
                "nothing of this review was found in the workspace: neither what is to be revoked, nor what others hold",
                "nothing was changed; name the workspace of the review, or sync and start another one",
            ),
            true => (
                "what is to be revoked was found, of people who are in no list of the workspace, and nothing that others \
                 hold; whether it is the workspace of the review is not known",
                "nothing was changed; look at it in Workato, and take it away there or with `baton-workato revoke`",
            ),
        };
        Err(Error::new(Kind::FailedPrecondition, message)
            .code(report::REVIEW_STALE)
            .hint(hint))
    }

    /// There is nothing to take away. Of what was begun before, that is its outcome.
    fn gone(
        &self,
        step: &Step<'_>,
        told: &WriteOutcome,
        journal: &mut Option<Journal>,
        carried: &mut Carried,
    ) -> Result<()> {
        let id = &step.row.id;
        let found = words(&told.changes);
        self.say(&found);
        let Some(journal) = journal.as_mut() else {
            return Ok(());
        };
        if step.is_begun {
            let words = format!("{found}; a write for it was begun, and it is gone");
            journal.write(id, Event::Done, words, step.by.clone())?;
            carried.done.push(id.clone());
        } else {
            journal.write(id, Event::Gone, found, step.by.clone())?;
            carried.gone.push(id.clone());
        }
        Ok(())
    }

    fn failed(
        &self,
        step: &Step<'_>,
        error: &Error,
        journal: &mut Option<Journal>,
        carried: &mut Carried,
    ) -> Result<()> {
        let why = error.to_string();
        if let Some(journal) = journal.as_mut() {
            // That it could not be looked at says nothing about what was begun before.
            let event = if step.is_begun { Event::Unknown } else { Event::Failed };
            journal.write(&step.row.id, event, why.clone(), step.by.clone())?;
        }
        carried.failed.push((step.row.id.clone(), why));
        Ok(())
    }

    /// What a rehearsal brought: requests on stdout, words on stderr.
    fn show(&self, planned: &[Planned<'_>]) -> Result<()> {
        let told: Vec<WriteOutcome> = planned.iter().map(|planned| planned.told.clone()).collect();
        write::show(self.terminal, &told)
    }

    fn say(&self, text: &str) {
        self.terminal.say(&sanitize::line(text));
    }
}

/// Whether the workspace showed somebody whom the review is about. Whoever no list has is called as the review calls them.
fn is_seen(told: &WriteOutcome) -> bool {
    told.changes
        .iter()
        .any(|change| change.is_listed && !change.on.is_empty())
}

/// What was found must be about the person that the row names: ids of another workspace may be anybody's. Of what is not
/// there at all, no name is read.
fn same_person(step: &Step<'_>, told: WriteOutcome) -> Result<WriteOutcome> {
    let wanted = step.row.right.who.trim();
    let is_other = |change: &&Change| {
        let who = change.who.trim();
        // Rows of some accounts say behind the name what they are.
        let is_same = !who.is_empty()
            && wanted
                .strip_prefix(who)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
        !change.on.is_empty() && !is_same
    };
    match told.changes.iter().find(is_other) {
        None => Ok(told),
        Some(other) => Err(Error::new(
            Kind::FailedPrecondition,
            format!(
                "the review is about {wanted:?}, who is {:?} in the workspace now",
                other.who
            ),
        )
        .code(code::WRITE_OVERTAKEN)
        .hint("look whether this is the workspace of the review; sync and start another one")),
    }
}

/// After a signal before anything was sent.
fn unsent() -> Error {
    Error::new(Kind::Cancelled, "cancelled").hint("nothing was sent")
}

/// After a signal while a write was under way. The journal says that it was begun.
fn cut_short() -> Error {
    Error::new(Kind::Cancelled, "cancelled")
        .code(code::WRITE_CUT_SHORT)
        .hint("the last change may or may not have been made; the same command looks it up and goes on")
}

fn words(changes: &[Change]) -> String {
    let told: Vec<String> = changes.iter().map(ToString::to_string).collect();
    told.join("; ")
}

/// Whether an error will meet every other step, too.
fn concerns_all(error: &Error) -> bool {
    matches!(
        error.kind(),
        Kind::Unauthenticated | Kind::Unavailable | Kind::DeadlineExceeded | Kind::Cancelled | Kind::ResourceExhausted
    )
}

/// Whether a write that ended with an error was not made.
fn is_sure(error: &Error) -> bool {
    let never_sent = [code::WRITE_OVERTAKEN];
    let refused = [
        Kind::InvalidArgument,
        Kind::PermissionDenied,
        Kind::Unauthenticated,
        Kind::FailedPrecondition,
    ];
    never_sent.contains(&error.code_id()) || (refused.contains(&error.kind()) && !workato::is_outcome_unknown(error))
}
