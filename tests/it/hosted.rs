//! The connector as a function of Lambda (`baton/hosted/facts.md`): the program itself between a runtime API and a
//! ConductorOne of the test, which share nothing with it but the generated messages.

mod begin;
mod bridge;
mod calls;
mod cloud;
mod function;
mod runtime_api;
mod versions;
