//! The kit: what any connector needs. Nothing in here names a vendor.

pub mod annotation;
pub mod c1z;
pub mod capability;
pub mod change;
pub mod config;
pub mod connector;
pub mod conventions;
pub mod entitlement;
pub mod error;
pub mod fingerprint;
pub mod grant;
pub mod grpc;
pub mod http;
pub mod json;
pub mod memory;
pub mod page;
pub mod progress;
pub mod proto;
pub mod provision;
pub mod resource;
pub mod secret;
pub mod service;
pub mod sync;
pub mod visible;
pub mod warning;
