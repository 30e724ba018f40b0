//! Files of the v3 form: those of the published SDK, damaged ones, and ours.

pub mod checked;
mod damaged;
mod golden;
pub mod parts;
mod questions;
pub mod tables;
mod written;
