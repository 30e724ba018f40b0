//! The explorer: the web page over one sync, served on this computer to whoever knows its address.
//!
//! A request passes the `guard`, then goes to a file of the page or to one of the questions: `search`, `list`,
//! `page`, `reach`. What they look things up in is read once, in the background (`index`); SQLite is asked on
//! blocking threads, each with a reader of its own (`desk`).

mod guard;
mod index;
mod list;
mod listen;
mod page;
mod query_service;
mod question;
mod reach;
mod search;
mod server;
mod token;

pub use guard::Guard;
pub use index::Index;
pub use list::{ListPage, Row};
pub use page::{Children, Granted, ThingPage};
pub use query_service::QueryService;
pub use reach::Reach;
pub use search::{Hit, Hits};
pub use server::{Explorer, serve};
pub use token::Token;
