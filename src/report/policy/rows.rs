//! Rows of access that a rule finds, as items.

use crate::baton::error::Result;
use crate::report::access::Access;
use crate::report::findings::{Evidence, Item, Looker};
use crate::report::reach::{Asker, Reach};
use crate::report::snapshot::Snapshot;
use crate::report::wording;

/// Rows that are kept of one rule; the others are counted.
const MOST: usize = 20_000;

/// What one rule finds.
pub(super) struct Rows {
    rule: String,
    items: Vec<Item>,
    more: u64,
}

impl Rows {
    pub(super) fn of(rule: &str) -> Rows {
        Rows {
            rule: rule.to_owned(),
            items: Vec::new(),
            more: 0,
        }
    }

    pub(super) fn add(&mut self, looker: &Looker<'_>, asker: Asker<'_, '_>, access: &Access) -> Result<()> {
        if self.items.len() >= MOST {
            self.more += 1;
            return Ok(());
        }
        let who = &access.principal;
        let right = if access.right.id.is_empty() {
            "scope"
        } else {
            &access.right.id
        };
        let mut id = format!("policy/{}/{}:{}/{right}", self.rule, who.kind, who.id);
        let mut look = vec!["access".to_owned(), format!("{}:{}", who.kind, who.id)];
        let target = access.target();
        look.extend(["-r".to_owned(), format!("{}:{}", target.kind, target.id)]);
        if let Some(reached) = &access.reached {
            id.push_str(&format!("/{}:{}", reached.kind, reached.id));
        }
        let words: Vec<&str> = look.iter().map(String::as_str).collect();
        self.items.push(Item {
            id,
            thing: who.clone(),
            detail: told(asker, access)?,
            evidence: vec![evidence(asker, access)?],
            look: looker.command(&words),
            fix: fix(looker, access)?.into_iter().collect(),
            owner: None,
        });
        Ok(())
    }

    /// The items, and how many more there are.
    pub(super) fn finish(self) -> (Vec<Item>, u64) {
        (self.items, self.more)
    }
}

/// The command that takes it away, where it was given as such.
pub(super) fn fix(looker: &Looker<'_>, access: &Access) -> Result<Option<String>> {
    let inventory = looker.counted.inventory;
    let right = inventory.find_entitlement(&access.right.id);
    let at = inventory.find(&access.principal.kind, &access.principal.id);
    match right.zip(at).filter(|_| access.direct && !access.immutable) {
        Some((right, at)) => looker.revoke(right, at),
        None => Ok(None),
    }
}

/// What is held, what it leads to, and how it comes about.
pub(super) fn told(asker: Asker<'_, '_>, access: &Access) -> Result<String> {
    let names = asker.names();
    let what = match access.reach {
        Reach::Scope => format!("its scope: {}", access.right.name),
        _ => wording::label(names, &access.right)?,
    };
    let to = match &access.reached {
        Some(reached) if access.reach == Reach::SelfGranting => {
            format!(", which lets them give themselves access to {}", asker.told(reached)?)
        }
        Some(reached) => format!(", which leads to {}", asker.told(reached)?),
        None => String::new(),
    };
    let how = match (access.reach, access.paths.first()) {
        (Reach::Scope, _) => String::new(),
        (_, None) => "; from something the file does not name".to_owned(),
        (_, Some(path)) => match path.get(..path.len().saturating_sub(1)) {
            Some(steps) if !steps.is_empty() => format!("; through {}", wording::way(names, steps)?),
            _ => "; given".to_owned(),
        },
    };
    Ok(format!("{what}{to}{how}"))
}

/// The row that says so.
pub(super) fn evidence(asker: Asker<'_, '_>, access: &Access) -> Result<Evidence> {
    let who = &access.principal;
    let row = if access.reach == Reach::Scope {
        format!("resource {}:{}", who.kind, who.id)
    } else {
        format!("grant of {} to {}:{}", access.right.id, who.kind, who.id)
    };
    let says = match access.paths.first() {
        Some(path) if access.reach != Reach::Scope => wording::way(asker.names(), path)?,
        _ => access.right.name.clone(),
    };
    Ok(Evidence { row, says })
}

/// Why a sync that is not whole cannot show that nobody holds something.
pub(super) fn partly(snapshot: &Snapshot, asker: Asker<'_, '_>) -> Vec<String> {
    let gaps = crate::report::reach::unknown::of_sync(snapshot.run(), asker.ground);
    // What a warning counted is told once for all; what is missing by the nature of the sync, at each rule.
    let whole = gaps.into_iter().filter(|gap| gap.code.is_none());
    whole.map(|gap| format!("it is not known {}", gap.message)).collect()
}
