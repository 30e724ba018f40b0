//! Configuration fields.
