//! What is known of Workato, a module per document: the ground on which this room stands, and where it can grow.
//!
//! Comments cite these documents by path and section, as in `workato/api.md 2.8`.

pub mod api {
    #![doc = include_str!("api.md")]
}

pub mod model {
    #![doc = include_str!("model.md")]
}

pub mod published {
    #![doc = include_str!("published.md")]
}

pub mod agents {
    #![doc = include_str!("agents.md")]
}

pub mod audit_log {
    #![doc = include_str!("audit_log.md")]
}

pub mod fleet {
    #![doc = include_str!("fleet.md")]
}
