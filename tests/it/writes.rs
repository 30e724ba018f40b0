//! What changes in a workspace when an entitlement is granted or revoked, an account created or deleted
//! (`workato/model.md 9`): in the state of the simulated workspace, not in answers.

mod accounts;
mod agents;
mod alike;
mod certain;
mod flags;
mod groups;
mod keys;
mod others;
pub mod place;
mod program;
mod projects;
mod refusals;
mod rehearsal;
mod review;
mod roles;
mod sentences;
mod table;
