//! The kit: what any connector needs. Nothing in here names a vendor.
//!
//! # Write a connector
//!
//! This one reads; [`connector::Provisioner`] adds writes. It syncs into a file, and the same value is served over gRPC
//! ([`grpc`]) and to ConductorOne ([`service`]).
//!
//! ```
//! use std::sync::Arc;
//!
//! use baton_workato::baton::about::About;
//! use baton_workato::baton::connector::{Connector, SyncContext};
//! use baton_workato::baton::entitlement::{EntitlementBuilder, Purpose};
//! use baton_workato::baton::error::Result;
//! use baton_workato::baton::grant::GrantBuilder;
//! use baton_workato::baton::page::{Page, PageToken};
//! use baton_workato::baton::proto::v2;
//! use baton_workato::baton::proto::v2::resource_type::Trait;
//! use baton_workato::baton::resource::{self, ResourceBuilder, User, resource_type};
//! use baton_workato::baton::sync::{self, SyncEnvironment, SyncOptions};
//!
//! /// Who has a key to the house.
//! struct Keys(Vec<String>);
//!
//! fn types() -> [v2::ResourceType; 2] {
//!     [("person", Trait::User), ("door", Trait::Role)]
//!         .map(|(id, of)| resource_type(id, id, &[of], Vec::new()))
//! }
//!
//! impl Connector for Keys {
//!     fn about(&self) -> About {
//!         About {
//!             name: "baton-keys",
//!             version: "0.1.0",
//!             repository: "https://example.org/keys",
//!             rust_version: "1.90",
//!             mark: "KEY-",
//!         }
//!     }
//!
//!     fn metadata(&self) -> v2::ConnectorMetadata {
//!         v2::ConnectorMetadata { display_name: "Keys".to_owned(), ..Default::default() }
//!     }
//!
//!     fn resource_types(&self) -> Vec<v2::ResourceType> {
//!         types().into()
//!     }
//!
//!     async fn validate(&self, _: &SyncContext) -> Result<()> {
//!         Ok(())
//!     }
//!
//!     async fn list_resources(
//!         &self,
//!         _: &SyncContext,
//!         kind: &str,
//!         _: Option<&v2::ResourceId>,
//!         page: &PageToken,
//!     ) -> Result<Page<v2::Resource>> {
//!         match kind {
//!             "person" => Page::of_table(&self.0, page, 100, |name| {
//!                 let person = User::human(format!("{name}@example.org"));
//!                 ResourceBuilder::new(kind, name, name).user(person).build()
//!             }),
//!             _ => Ok(Page::last(vec![ResourceBuilder::new(kind, "front", "Front door").role().build()])),
//!         }
//!     }
//!
//!     async fn list_entitlements(
//!         &self,
//!         _: &SyncContext,
//!         on: &v2::Resource,
//!         _: &PageToken,
//!     ) -> Result<Page<v2::Entitlement>> {
//!         let [person, _] = types();
//!         let opens = EntitlementBuilder::new(on, "opens", Purpose::Assignment, &[&person]);
//!         Ok(Page::last(if resource::key(on).0 == "door" { vec![opens.build()] } else { Vec::new() }))
//!     }
//!
//!     async fn list_grants(&self, _: &SyncContext, on: &v2::Resource, page: &PageToken) -> Result<Page<v2::Grant>> {
//!         if resource::key(on).0 != "door" {
//!             return Ok(Page::default());
//!         }
//!         Page::of_table(&self.0, page, 100, |name| {
//!             GrantBuilder::new(on, "opens", resource::id("person", name)).build()
//!         })
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<()> {
//! # let folder = tempfile::tempdir().expect("a folder");
//! # let file = folder.path().join("keys.c1z");
//! let keys = Keys(vec!["ada".to_owned(), "bob".to_owned()]);
//! let summary = sync::run(Arc::new(keys), &SyncOptions::of(file), &SyncEnvironment::quiet()).await?;
//! assert_eq!(summary.total().grants, 2);
//! # Ok(())
//! # }
//! ```

pub mod about;
pub mod action;
pub mod annotation;
pub mod bid;
pub mod c1z;
pub mod capability;
pub mod cause;
pub mod change;
pub mod code;
pub mod config;
pub mod connector;
pub mod conventions;
pub mod diagnosis;
pub mod entitlement;
pub mod error;
pub mod fingerprint;
pub mod grant;
pub mod grpc;
pub mod hook;
pub mod host;
#[cfg(feature = "hosted")]
pub mod hosted;
pub mod http;
pub mod json;
pub mod lock;
pub mod memory;
pub mod object;
pub mod owner;
pub mod page;
pub mod pebble;
pub mod private;
pub mod progress;
pub use baton_proto as proto;
pub mod protojson;
pub mod provision;
pub mod replay;
pub mod resource;
pub mod scraps;
pub mod seal;
pub mod secret;
pub mod service;
pub mod shell;
pub mod span;
pub mod sync;
pub mod target;
pub mod visible;
pub mod warning;
pub mod whose;
