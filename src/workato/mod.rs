//! The vendor.
pub mod client;
pub mod settings;
