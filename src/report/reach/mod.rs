//! Who gets to a thing, and how: the one place that decides it. The command, the explorer, the report, the charts and
//! the exports ask here, so they cannot disagree.
//!
//! A grant on the thing is one way among several. What is held on a project opens what lies in it, what is held on a
//! folder lets people into its project, an API client has a scope of its own, and whoever decides about the access to a
//! project can give themselves some. What counts as a project or a scope comes in as data ([`Conventions`]); of a file
//! of another vendor only grants are told.
//!
//! [`Ground`] is what every answer needs of a sync, read once. Its `doors` say at which grants and scopes to look for a
//! thing, `beyond` says what follows for one principal from what it holds; [`Asker`] makes rows of them. [`unknown`]
//! says what the file cannot tell: an answer without it would claim more than it knows.
//!
//! # Ask who can reach something
//!
//! ```
//! use std::path::Path;
//!
//! use baton_workato::report::access::Answers;
//! use baton_workato::report::reach::{Asker, Ground, Part};
//! use baton_workato::report::Which;
//! use baton_workato::workato::conventions::CONVENTIONS;
//!
//! # fn main() -> baton_workato::baton::error::Result<()> {
//! let snapshot = Which::latest(Path::new("tests/golden/rbac-v2/published-connector.c1z")).open()?;
//! let answers = Answers::new(&snapshot)?;
//! let ground = Ground::read(answers.names(), answers.edges(), &CONVENTIONS)?;
//! let asker = Asker { answers: &answers, ground: &ground };
//! # let mut project = None;
//! # snapshot.reader().for_each_resource(snapshot.sync_id(), &mut |resource| {
//! #     let thing = answers.names().thing_of(&resource)?;
//! #     if thing.kind == "project" { project.get_or_insert(thing.id); }
//! #     Ok(())
//! # })?;
//! # let id = project.expect("the workspace has a project");
//! let project = answers.names().thing("project", &id)?;
//! let mut rows = 0;
//! asker.on(&project, Part::Whole, None, &mut |_, _, _| Ok(true), &mut |access| {
//!     println!("{} {:?}", access.principal.name, access.reach);
//!     rows += 1;
//!     Ok(())
//! })?;
//! assert!(rows > 0);
//! # Ok(())
//! # }
//! ```
//!
//! [`Conventions`]: crate::baton::conventions::Conventions

mod beyond;
mod doors;
mod everybody;
mod expanded;
mod ground;
pub mod held;
mod managing;
pub mod place;
mod rows;
mod scope;
mod silent;
mod unfollowed;
pub mod unknown;
mod unread;

use serde::Serialize;

pub use beyond::{Beyond, By};
pub use doors::{At, Door, Doors, Part, Scoped};
pub use ground::{Client, Ground, Placed};
pub use rows::{Asker, Lead, scope_row};
pub(in crate::report) use scope::Scope;
pub use unknown::Gap;

/// How somebody gets to a thing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// By what they hold on it.
    #[default]
    On,
    /// By what they hold on what it lies in, which opens all of that.
    Above,
    /// By what they hold on something that lies in it: they get to that part.
    Inside,
    /// By the scope of an account, which is set at the account.
    Scope,
    /// Not at all, but they decide about the access to it and can give themselves some.
    SelfGranting,
}

impl Reach {
    /// All of them, in the order of answers.
    pub const ALL: [Reach; 5] = [
        Reach::On,
        Reach::Above,
        Reach::Inside,
        Reach::Scope,
        Reach::SelfGranting,
    ];

    /// As it is written in JSON, records and conditions.
    pub fn word(self) -> &'static str {
        match self {
            Reach::On => "on",
            Reach::Above => "above",
            Reach::Inside => "inside",
            Reach::Scope => "scope",
            Reach::SelfGranting => "self-granting",
        }
    }

    /// Whether it gets them in, as things are.
    pub fn opens(self) -> bool {
        self != Reach::SelfGranting
    }
}
