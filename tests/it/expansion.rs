//! Grant expansion against `baton/c1z/format.md 5`.

mod build;
mod file;
mod golden;
mod memory;
mod naive;
mod options;
mod random;
mod rules;
mod shape;
mod size;
