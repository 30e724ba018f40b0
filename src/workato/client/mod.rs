//! Workato's REST API.
