//! The rows of a review: one per account and access, as the access review of an export has them, with all that a reviewer
//! decides by.

use std::collections::{BTreeSet, HashMap};

use super::digest;
use super::found::FoundAbout;
use super::manifest::{AskedRight, Mark, Removal, Row};
use super::removal;
use super::reviewer::{Reviewers, key};
use super::said::Said;
use crate::baton::error::Result;
use crate::baton::proto::v2;
use crate::baton::visible;
use crate::report::access::{Access, Held};
use crate::report::counted::{Day, date};
use crate::report::export::StandIns;
use crate::report::reach::{Asker, Reach};
use crate::report::snapshot::Snapshot;
use crate::report::strangers;
use crate::report::thing::{self, Account};
use crate::report::wording;

/// Characters of a cell: whoever reads it decides by what stands there, not by a wall of text.
const MOST: usize = 1_500;

/// A row and who is asked about it.
pub(super) struct Asked {
    pub reviewer: (String, String),
    pub row: Row,
}

/// Makes rows.
pub(super) struct Rows<'r, 's> {
    pub asker: Asker<'r, 's>,
    pub reviewers: Reviewers<'r, 's>,
    pub found: FoundAbout<'r>,
    pub day: Day,
    pub is_writable: &'r dyn Fn(&str) -> bool,
    pub stand_ins: StandIns,
    pub said: Said,
}

impl Rows<'_, '_> {
    /// Calls `each` with every row of the sync.
    ///
    /// # Errors
    /// `DataLoss` for a damaged file, and those of `each`.
    pub(super) fn for_each(&self, snapshot: &Snapshot, each: &mut dyn FnMut(Asked)) -> Result<()> {
        snapshot
            .reader()
            .for_each_resource(snapshot.sync_id(), &mut |resource| self.of_resource(&resource, each))?;
        // Whoever holds something is decided about, also where the file says no more of them.
        strangers::for_each(snapshot, &mut |kind, id| {
            if self.asker.ground.is_user(kind) || self.stand_ins.includes(kind) {
                let account = Account::unknown(self.asker.names().thing(kind, id)?);
                self.of_account(&account, &self.seen(&v2::Resource::default(), &account), each)?;
            }
            Ok(())
        })
    }

    fn of_resource(&self, resource: &v2::Resource, each: &mut dyn FnMut(Asked)) -> Result<()> {
        let thing = self.asker.names().thing_of(resource)?;
        let account = match Account::of(resource, thing.clone()) {
            None if self.asker.ground.is_user(&thing.kind) || self.stand_ins.includes(&thing.kind) => {
                Account::unknown(thing)
            }
            None => return Ok(()),
            Some(account) => account,
        };
        let seen = self.seen(resource, &account);
        self.of_account(&account, &seen, each)
    }

    fn of_account(&self, account: &Account, seen: &str, each: &mut dyn FnMut(Asked)) -> Result<()> {
        let held = self.asker.held_by(account.thing.clone())?;
        let direct = direct_rows(&held)?;
        let row_of = |right: &thing::Right| direct.get(right.id.as_str()).cloned();
        let mut ids: BTreeSet<String> = BTreeSet::new();
        let mut add = |access: Access| {
            let own = row_id(&access);
            let mut id = own.clone();
            // A grant may be told twice of one person; each row is decided by itself.
            let mut again = 1;
            while !ids.insert(id.clone()) {
                again += 1;
                id = format!("{own}-{again}");
            }
            let removal = removal::of(&access, self.is_writable, &row_of);
            each(Asked {
                reviewer: self.reviewers.of(account, &access)?,
                row: self.row(id, account, seen, &access, removal)?,
            });
            Ok(())
        };
        for row in held.rows() {
            add(held.access(row)?)?;
        }
        self.asker
            .beyond(&account.thing.kind, &account.thing.id, Some(&held), &mut add)
    }

    fn row(&self, id: String, account: &Account, seen: &str, access: &Access, removal: Removal) -> Result<Row> {
        let environment = self.asker.environment_of(access)?.unwrap_or_default();
        let at = access.target();
        let held = match access.reach {
            Reach::On | Reach::Scope => access.right.called(),
            // The row is about something else than this is on.
            Reach::Above | Reach::Inside | Reach::SelfGranting => wording::label(self.asker.names(), &access.right)?,
        };
        let found = self.found.at(access);
        let way = match access.paths.first() {
            Some(way) => thing::way(way),
            None if access.reach == Reach::Scope => "by its scope".to_owned(),
            None => "not said by the file".to_owned(),
        };
        let more = access.more_paths.saturating_add(access.paths.len().saturating_sub(1));
        let more = match more {
            0 => String::new(),
            more => format!(" (and {})", wording::count(more, "more way", "more ways")),
        };
        let cells = [
            id.clone(),
            environment,
            account.thing.account_name(),
            address(account),
            format!("{} {}: {held}", at.type_name, at.told()),
            format!("{way}{more}"),
            through(access),
            seen.to_owned(),
            found
                .severity
                .map_or("none found", |severity| severity.word())
                .to_owned(),
            found.titles.join("; "),
            // What an earlier review says comes when that is known.
            String::new(),
            told(&removal),
        ];
        let ways = access.paths.iter().map(|path| thing::way(path));
        let ways: Vec<String> = ways.chain([more, through(access)]).collect();
        let [
            _,
            environment,
            person,
            address,
            held,
            ..,
            severity,
            titles,
            _,
            removable,
        ] = &cells;
        let told = [environment, person, address, held, removable].map(String::as_str);
        let found = found.keys.iter().chain([severity, titles]);
        Ok(Row {
            id,
            mark: Mark {
                way: digest::of_parts(ways.iter().map(String::as_str)),
                found: digest::of_parts(found.map(String::as_str)),
                said: Some(self.said.of(self.asker.names(), account, access, &told)?),
            },
            cells: cells.iter().map(|cell| plain(cell)).collect(),
            right: AskedRight {
                entitlement: access.right.id.clone(),
                called: access.right.name.clone(),
                principal_type: access.principal.kind.clone(),
                principal: access.principal.id.clone(),
                who: access.principal.name.clone(),
                grant: access.grant_id.clone(),
            },
            removal,
        })
    }

    /// When an account was last seen, in words that no spreadsheet takes for a date of its own.
    fn seen(&self, resource: &v2::Resource, account: &Account) -> String {
        let conventions = self.asker.ground.conventions();
        let profile = thing::profile(resource).unwrap_or_default();
        let said = conventions.last_activity.and_then(|key| thing::text(&profile, key));
        let at = said.map(str::to_owned).or_else(|| account.last_login.clone());
        let at = at
            .and_then(|at| at.parse::<jiff::Timestamp>().ok())
            .map(|at| at.as_second());
        let Some(at) = at else {
            return "no activity on record".to_owned();
        };
        match self.day.age(at) {
            Some(0) => format!("seen {}, on the day of the sync", date(at)),
            Some(days) => {
                let days = usize::try_from(days).unwrap_or(usize::MAX);
                format!(
                    "seen {}, {} before the sync",
                    date(at),
                    wording::count(days, "day", "days")
                )
            }
            None => format!("seen {}", date(at)),
        }
    }
}

/// By entitlement: the rows by which an account holds something directly.
fn direct_rows(held: &Held<'_, '_>) -> Result<HashMap<String, String>> {
    let direct = held.rows().iter().filter(|row| row.is_direct);
    direct
        .map(|row| Ok((row.entitlement.to_string(), row_id(&held.access(row)?))))
        .collect()
}

/// Names an access: equal in every sync that has it.
fn row_id(access: &Access) -> String {
    let (who, at) = (key(&access.principal), key(access.target()));
    let parts = [&who, &access.right.id, &access.grant_id, access.reach.word(), &at];
    format!("R{}", digest::of_parts(parts))
}

fn address(account: &Account) -> String {
    let mut told = match account.email.as_str() {
        "" => key(&account.thing),
        email => email.to_owned(),
    };
    if !matches!(account.status, "" | "enabled") {
        told.push_str(&format!(" ({})", account.status));
    }
    told
}

/// Whether it is given, and if not, what it comes through.
fn through(access: &Access) -> String {
    let first = access.paths.first().and_then(|path| path.first());
    match (access.reach, access.direct, first) {
        (Reach::Scope, ..) => "by its scope".to_owned(),
        (Reach::On, true, _) => "direct".to_owned(),
        (_, _, Some(first)) => format!("through {}", first.told()),
        (_, _, None) => "not said by the file".to_owned(),
    }
}

fn told(removal: &Removal) -> String {
    match removal {
        Removal::Revoke { rest: None } => "yes".to_owned(),
        Removal::Revoke { rest: Some(rest) } => format!("yes, but {rest}"),
        Removal::Not { because, .. } => format!("no: {because}"),
    }
}

/// A text of one cell: what could harm whoever reads it is visible, and it is not longer than can be read.
fn plain(text: &str) -> String {
    let visible = visible::escape(text, |_| false);
    match visible.char_indices().nth(MOST) {
        None => visible.into_owned(),
        Some((end, _)) => format!("{}…", visible.get(..end).unwrap_or_default()),
    }
}
