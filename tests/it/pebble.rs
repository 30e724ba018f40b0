//! Files of the v3 form: those of the published SDK, damaged ones, and ours.

mod checked;
mod damaged;
mod golden;
mod parts;
mod questions;
mod tables;
mod written;
