//! `baton-workato`: who has access to what in Workato, and why.
//!
//! Data flows one way:
//!
//! ```text
//! Workato REST ──► workato::client ──► workato::{collaborator, role, …} ──► baton::sync ──► baton::c1z ──► sync.c1z ──► report
//!  (per token)      typed rows          resources, entitlements, grants      steps, pages,    rows, seal                access, diff,
//!                   retries             from the tables of the sync          checks, expansion                          exports, pages
//!                                            ▲
//!                                            └── baton::grpc     another syncer drives the same trait over gRPC
//!                                                baton::service  ConductorOne hands out tasks, the file is uploaded
//! ```
//!
//! One request, from Workato to a row: the syncer ([`baton::sync::run`]) asks the connector
//! ([`workato::WorkatoConnector`]) for the resources of a type. The connector finds the room of that type, say
//! [`workato::group`], which asks the sync's tables ([`workato::tables::Tables`]) for the groups. The table reads the
//! list ([`workato::listing::List`]), which asks the client ([`workato::client::WorkatoClient`]) page by page until it
//! can be believed, and keeps what it got in the sync's session.
//! The client looks the path up in its one table of endpoints and sends it through [`baton::http`], where retries,
//! quotas and redaction live. Back in the syncer the rows pass the gate (`baton::sync::ingest`) and go to the
//! thread that owns the file ([`baton::c1z::Store`]).
//!
//! | room | what is in it | may use |
//! | --- | --- | --- |
//! | [`baton`] | the kit: what any connector needs; never names Workato | nothing of ours |
//! | [`workato`] | the vendor: everything that knows Workato | `baton` |
//! | [`simulator`] | a Workato workspace in memory behind HTTP, for `demo` and tests | `baton` |
//! | [`report`] | the read side: access and its paths, lists, comparisons, exports, the web pages | `baton` |
//! | [`term`] | the only code that prints | `baton` |
//! | [`telemetry`] | traces, logs and metrics for a collector of OpenTelemetry | `baton` |
//! | [`cli`] | thin: arguments in, a call, rendering out | everything |
//!
//! What others promise or do is written down beside the room it governs, and cited from there: Workato's API and what
//! a sync contains in [`workato::facts`], the file in [`baton::c1z::format`], ConductorOne's protocol in
//! [`baton::service::protocol`], the published command line in [`baton::config::published`].
//!
//! To add a resource type: copy the smallest one (`workato/api_client_role.rs`), which says what its rows look like and
//! what becomes of them, add its `mod` and one line in `workato/mod.rs`, a row in `workato/client/endpoint.rs`, and a route
//! in the simulator.
//!
//! To add a command: a file in `cli` with its `command` and `run`, its `mod`, and a row in `cli/command.rs`. To add a
//! code of failures: a row in the `code.rs` of its room, and its page in `cli/explain/pages`. What program this is,
//! [`ABOUT`] says.

pub mod baton;
pub mod cli;
pub mod report;
pub mod simulator;
pub mod telemetry;
pub mod term;
pub mod workato;

/// This program, as it introduces itself. The kit is handed this and reads nothing of it by itself.
pub const ABOUT: baton::about::About = baton::about::About {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    repository: env!("CARGO_PKG_REPOSITORY"),
    rust_version: env!("CARGO_PKG_RUST_VERSION"),
    mark: "BW-",
};
