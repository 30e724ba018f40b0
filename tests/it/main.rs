//! The integration tests, one binary.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr
)]

mod binary;
mod browser;
mod c1z;
mod citations;
mod cli;
mod client;
mod codes;
mod doctor;
mod events;
mod expansion;
mod faults;
mod fleet;
mod full_disk;
mod fuzzed;
mod generated;
mod golden;
mod grpc;
mod history;
#[cfg(feature = "hosted")]
mod hosted;
mod incremental;
mod layers;
mod licences;
mod managed;
mod model;
mod native;
#[cfg(feature = "object-store")]
mod object_store;
#[cfg(feature = "parquet")]
mod parquet;
mod pebble;
mod proto;
mod quota;
mod readme;
mod refusal;
mod report;
mod resume;
mod second_connector;
mod service;
mod settings;
mod signals;
mod simulator;
mod support;
mod sweep;
mod sync;
mod talk;
mod targeted;
mod targets;
#[cfg(feature = "otel")]
mod telemetry;
mod writes;
