//! The vendor.
pub mod client;
pub mod data_center;
pub mod settings;
