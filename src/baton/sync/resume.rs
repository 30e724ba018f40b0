//! Whether an unfinished sync is taken up again: only if it was made with the same settings, is understood to the last
//! key and is whole. Otherwise a new one begins, and the reason is told.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::checkpoint::Plan;
use super::ingest::RowValidator;
use super::pages::decode;
use super::sync_target::{ANSWERED, FINGERPRINT, RECORDS, SyncTarget};
use crate::baton::c1z::{Claim, Found, Partial, Section, Store};
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::fingerprint::Fingerprint;
use crate::baton::proto::v2;
use crate::baton::replay::TAKEN_OVER;
use crate::baton::resource;
use crate::baton::warning::Warnings;

/// The reason when the user wants it so.
const FRESH: &str = "--fresh was given";

/// What a run goes on from.
pub struct Usable {
    /// What is to be done.
    pub plan: Plan,
    /// Knows the rows that are there.
    pub gate: RowValidator,
    /// Rows that are there, by resource type.
    pub rows: BTreeMap<Section, BTreeMap<String, u64>>,
    /// What the connector recorded.
    pub records: BTreeMap<String, Value>,
    /// The single things that answered.
    pub noted: Vec<(String, String)>,
}

impl Usable {
    /// What a run that begins goes on from.
    pub fn nothing(wanted: &SyncTarget, warnings: &Arc<Warnings>) -> Self {
        Usable {
            plan: Plan::new(wanted.kind),
            gate: RowValidator::new(&wanted.types, Arc::clone(warnings)),
            rows: BTreeMap::new(),
            records: BTreeMap::new(),
            noted: Vec::new(),
        }
    }
}

/// What to do about an unfinished sync.
pub enum Decision {
    /// It goes on.
    Resume(Box<(Partial, Usable)>),
    /// A new one begins: there is none, or this is why it cannot be taken up again.
    Begin(Option<String>),
}

/// Looks at what lies beside the target. Warnings that a sync to go on with counted are restored.
///
/// # Errors
/// Those of the disk. Damage is none: everything can be read again.
pub fn decide(claim: &Claim, store: &Store, wanted: &SyncTarget, warnings: &Arc<Warnings>) -> Result<Decision> {
    let begin = |why: &str| Ok(Decision::Begin(Some(why.to_owned())));
    if !wanted.resumable {
        return Ok(Decision::Begin(None));
    }
    let partial = match Partial::find(claim, store)? {
        Found::Nothing => return Ok(Decision::Begin(None)),
        Found::Unusable(why) if !wanted.fresh => return begin(&why),
        Found::Unusable(_) => return begin(FRESH),
        Found::Unfinished(partial) => *partial,
    };
    let examined = examine(&partial, wanted);
    match examined {
        Ok(Verdict::Empty) => Ok(Decision::Begin(None)),
        Ok(_) if wanted.fresh => begin(FRESH),
        Ok(Verdict::Refused(why)) => begin(&why),
        Ok(Verdict::Usable(mut usable)) => {
            warnings.restore(partial.warnings()?);
            usable.gate = usable.gate.counting_in(Arc::clone(warnings));
            Ok(Decision::Resume(Box::new((partial, *usable))))
        }
        Err(error) => match partial.blame(error) {
            Ok(damage) => begin(&format!("it is damaged ({damage})")),
            Err(error) => Err(error).with_context(|| format!("read {}", claim.partial_path().display())),
        },
    }
}

enum Verdict {
    Usable(Box<Usable>),
    Refused(String),
    /// There is nothing in it that cost a request.
    Empty,
}

fn examine(partial: &Partial, wanted: &SyncTarget) -> Result<Verdict> {
    if !partial.is_worth_keeping()? {
        return Ok(Verdict::Empty);
    }
    let stored = partial.session_get(FINGERPRINT)?.unwrap_or_default();
    let Ok(stored) = serde_json::from_slice::<Fingerprint>(&stored) else {
        return Ok(Verdict::Refused("its settings cannot be read".to_owned()));
    };
    let changed = stored.differences(&wanted.fingerprint);
    if !changed.is_empty() {
        return Ok(Verdict::Refused(format!(
            "the settings changed ({})",
            changed.join(", ")
        )));
    }
    if partial.session_get(TAKEN_OVER)?.is_some() {
        return Ok(Verdict::Refused(
            "it took over answers of the sync before it".to_owned(),
        ));
    }
    if partial.kind() != wanted.kind {
        return Ok(Verdict::Refused("it is another kind of sync".to_owned()));
    }
    let plan = match Plan::parse(wanted.kind, &partial.token()?) {
        Ok(plan) => plan,
        Err(why) => return Ok(Verdict::Refused(format!("its checkpoint {why}"))),
    };
    let records = match partial.session_get(RECORDS)? {
        None => BTreeMap::new(),
        Some(bytes) => serde_json::from_slice(&bytes)
            .map_err(|e| Error::new(Kind::DataLoss, format!("stored records cannot be parsed: {e}")))?,
    };
    let answered = partial.session_keys(ANSWERED)?;
    let noted = answered.iter().filter_map(|key| key.split_once('\n'));
    let noted = noted.map(|(asked, id)| (asked.to_owned(), id.to_owned())).collect();
    let dropped = Arc::new(Warnings::default());
    let mut gate = RowValidator::new(&wanted.types, Arc::clone(&dropped));
    let rows = restore(partial, &mut gate)?;
    if !dropped.is_empty() {
        // Everything in it passed a gate once.
        return Ok(Verdict::Refused("its rows do not fit together".to_owned()));
    }
    Ok(Verdict::Usable(Box::new(Usable {
        plan,
        gate,
        rows,
        records,
        noted,
    })))
}

/// Lets the gate see what passed it already, and counts.
fn restore(partial: &Partial, gate: &mut RowValidator) -> Result<BTreeMap<Section, BTreeMap<String, u64>>> {
    let mut resources = BTreeMap::new();
    partial.for_each_page(Section::Resources, &mut |_, bytes| {
        let rows = gate.resources(decode(bytes)?)?;
        rows.iter().for_each(|r| count(&mut resources, Some(r)));
        Ok(())
    })?;
    let mut entitlements = BTreeMap::new();
    partial.for_each_page(Section::Entitlements, &mut |_, bytes| {
        let rows = gate.entitlements(decode(bytes)?)?;
        rows.iter().for_each(|e| count(&mut entitlements, e.resource.as_ref()));
        Ok(())
    })?;
    let mut grants = BTreeMap::new();
    partial.for_each_page(Section::Grants, &mut |_, bytes| {
        for grant in decode::<v2::Grant>(bytes)? {
            count(
                &mut grants,
                grant.entitlement.as_ref().and_then(|e| e.resource.as_ref()),
            );
        }
        Ok(())
    })?;
    Ok([
        (Section::Resources, resources),
        (Section::Entitlements, entitlements),
        (Section::Grants, grants),
    ]
    .into())
}

fn count(counts: &mut BTreeMap<String, u64>, on: Option<&v2::Resource>) {
    let kind = on.map(|r| resource::key(r).0).unwrap_or_default();
    match counts.get_mut(kind) {
        Some(count) => *count += 1,
        None => {
            counts.insert(kind.to_owned(), 1);
        }
    }
}
