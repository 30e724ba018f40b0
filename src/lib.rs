//! `baton-workato`: who has access to what in Workato, and why.
pub mod baton;
pub mod cli;
pub mod simulator;
pub mod term;
pub mod workato;
