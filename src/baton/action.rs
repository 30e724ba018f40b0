//! Actions, as they are asked for from outside: what there is, whether a request fits it, and what became of the runs of
//! this process (`baton/service/protocol.md 4.1`).
//!
//! An action is carried out while the caller waits. One that takes longer goes on, and answers by the id that the caller
//! was given; ids are forgotten when the process ends.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use prost_types::value::Kind as ValueKind;
use prost_types::{Struct, Value};
use tokio::sync::watch;

use crate::baton::code::{self, Code};
use crate::baton::error::{Error, Kind, Result};
use crate::baton::lock::locked;
use crate::baton::proto::c1::config::v1::field::Field as FieldKind;
use crate::baton::proto::v2;
use crate::baton::proto::v2::BatonActionStatus;
use crate::baton::whose;

/// How long a caller waits who does not say how long.
const PATIENCE: Duration = Duration::from_secs(20);
/// Runs that are remembered.
const REMEMBERED: usize = 1_000;

/// The action that a request names.
///
/// # Errors
/// `NotFound` where there is none of that name, or none of that resource type.
pub fn find<'s>(
    actions: &'s [v2::BatonActionSchema],
    name: &str,
    resource_type: &str,
) -> Result<&'s v2::BatonActionSchema> {
    let mut all = actions.iter();
    let found = all
        .find(|action| action.name == name && (resource_type.is_empty() || action.resource_type_id == resource_type));
    found.ok_or_else(|| {
        let of = match resource_type {
            "" => String::new(),
            named => format!(" of {named}"),
        };
        let known: Vec<&str> = actions.iter().map(|action| action.name.as_str()).collect();
        let error = Error::new(Kind::NotFound, format!("there is no action {name:?}{of}")).code(code::NO_ACTION);
        match known.as_slice() {
            [] => error,
            known => error.hint(format!("there is {}", known.join(", "))),
        }
    })
}

/// Makes sure that arguments fit an action: all that must be there, nothing else, each of its type.
///
/// # Errors
/// `InvalidArgument`, naming the argument.
pub fn check(action: &v2::BatonActionSchema, args: &Struct) -> Result<()> {
    let wrong = |message: String| {
        Err(Error::new(Kind::InvalidArgument, message)
            .code(code::ACTION_ARGUMENTS)
            .hint("`--list-action-schemas` shows what each action takes"))
    };
    let name = &action.name;
    if let Some(unknown) = args
        .fields
        .keys()
        .find(|arg| !action.arguments.iter().any(|a| a.name == **arg))
    {
        return wrong(format!("the action {name} takes no argument {unknown:?}"));
    }
    for argument in &action.arguments {
        let given = args.fields.get(&argument.name).and_then(|value| value.kind.as_ref());
        let given = given.filter(|kind| !matches!(kind, ValueKind::NullValue(_)));
        let Some(given) = given else {
            if argument.is_required {
                return wrong(format!("the action {name} needs the argument {:?}", argument.name));
            }
            continue;
        };
        let fits = match &argument.field {
            Some(FieldKind::BoolField(_)) => matches!(given, ValueKind::BoolValue(_)),
            Some(FieldKind::StringSliceField(_)) => texts(given).is_some(),
            Some(FieldKind::ResourceIdField(_)) => resource(given).is_some(),
            _ => text(given).is_some(),
        };
        if !fits {
            return wrong(format!(
                "the argument {:?} of the action {name} is of another type",
                argument.name
            ));
        }
    }
    Ok(())
}

/// A text, or a whole number as one.
fn text(kind: &ValueKind) -> Option<String> {
    match kind {
        ValueKind::StringValue(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        ValueKind::NumberValue(number) if number.fract() == 0.0 => Some(format!("{number:.0}")),
        _ => None,
    }
}

fn texts(kind: &ValueKind) -> Option<Vec<String>> {
    match kind {
        ValueKind::ListValue(list) => list.values.iter().map(|v| text(v.kind.as_ref()?)).collect(),
        _ => None,
    }
}

/// The id of a resource: alone, or with its type.
fn resource(kind: &ValueKind) -> Option<String> {
    match kind {
        ValueKind::StructValue(parts) => {
            let names = ["resource_id", "resourceId", "resource"];
            let mut found = names.iter().filter_map(|name| parts.fields.get(*name)?.kind.as_ref());
            found.find_map(text)
        }
        alone => text(alone),
    }
}

/// The arguments of an action, once they fit it.
#[derive(Debug, Clone, Copy)]
pub struct Arguments<'a>(pub &'a Struct);

impl Arguments<'_> {
    fn kind(&self, name: &str) -> Option<&ValueKind> {
        self.0.fields.get(name)?.kind.as_ref()
    }

    /// The id of a resource.
    pub fn resource(&self, name: &str) -> String {
        self.kind(name).and_then(resource).unwrap_or_default()
    }

    /// A text, if it is given.
    pub fn text(&self, name: &str) -> Option<String> {
        self.kind(name).and_then(text)
    }

    /// Texts, if they are given.
    pub fn texts(&self, name: &str) -> Option<Vec<String>> {
        self.kind(name).and_then(texts)
    }
}

/// What an action answers with.
pub fn answer<'a>(pairs: impl IntoIterator<Item = (&'a str, Value)>) -> Struct {
    Struct {
        fields: pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    }
}

/// A value of an answer.
pub fn value(kind: ValueKind) -> Value {
    Value { kind: Some(kind) }
}

/// A list of texts as a value.
pub fn list(texts: impl IntoIterator<Item = String>) -> Value {
    let values = texts.into_iter().map(|text| value(ValueKind::StringValue(text)));
    value(ValueKind::ListValue(prost_types::ListValue {
        values: values.collect(),
    }))
}

/// What became of a run.
#[derive(Debug, Clone)]
pub struct Run {
    /// The action.
    pub name: String,
    /// How far it is.
    pub status: BatonActionStatus,
    /// What it answered, or why it failed.
    pub response: Option<Struct>,
    /// Why it failed: what sort of failure, its code, its words.
    pub failure: Option<(Kind, Code, String)>,
}

/// The runs of this process.
#[derive(Debug, Clone, Default)]
pub struct Runs(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    runs: BTreeMap<String, watch::Receiver<Run>>,
    order: VecDeque<String>,
}

impl Runs {
    /// Begins a run and waits for it a while. What goes on longer is found by the id.
    pub async fn begin(
        &self,
        name: &str,
        patience: Option<Duration>,
        work: impl Future<Output = Result<Struct>> + Send + 'static,
    ) -> (String, Run) {
        let id = format!("{:032x}", rand::random::<u128>());
        let started = Run {
            name: name.to_owned(),
            status: BatonActionStatus::Running,
            response: None,
            failure: None,
        };
        let (told, mut watched) = watch::channel(started);
        self.remember(&id, watched.clone());
        tokio::spawn(whose::carried(async move {
            let done = work.await;
            told.send_modify(|run| match done {
                Ok(response) => {
                    run.status = BatonActionStatus::Complete;
                    run.response = Some(response);
                }
                Err(error) => {
                    run.status = BatonActionStatus::Failed;
                    run.response = Some(failure(&error));
                    run.failure = Some((error.kind(), error.code_id(), error.to_string()));
                }
            });
        }));
        // Longer than it waits it goes on; a run that ended without a word is found as it was.
        let ended = watched.wait_for(|run| run.status != BatonActionStatus::Running);
        let _ = tokio::time::timeout(patience.unwrap_or(PATIENCE), ended).await;
        let run = watched.borrow().clone();
        (id, run)
    }

    fn remember(&self, id: &str, run: watch::Receiver<Run>) {
        let mut known = locked(&self.0);
        known.runs.insert(id.to_owned(), run);
        known.order.push_back(id.to_owned());
        if known.order.len() > REMEMBERED
            && let Some(oldest) = known.order.pop_front()
        {
            known.runs.remove(&oldest);
        }
    }

    /// What became of a run.
    ///
    /// # Errors
    /// `NotFound` for an id that this process gave nobody, or gave for another action.
    pub fn find(&self, id: &str, name: &str) -> Result<Run> {
        let known = locked(&self.0);
        let run = known.runs.get(id).map(|run| run.borrow().clone());
        run.filter(|run| name.is_empty() || run.name == name).ok_or_else(|| {
            Error::new(
                Kind::NotFound,
                format!("there is no run of an action with the id {id:?}"),
            )
            .code(code::NO_ACTION)
            .hint("runs are known to the process that began them, until it ends; sync to see what it did")
        })
    }
}

fn failure(error: &Error) -> Struct {
    answer([
        ("success", value(ValueKind::BoolValue(false))),
        ("error", value(ValueKind::StringValue(error.to_string()))),
    ])
}
