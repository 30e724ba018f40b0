//! Rows of the audit log (`workato/audit_log.md 1`). Everything but the id may be missing.

use crate::workato::client::{ids, parts, rows};

ids! {
    /// A row of the audit log.
    EventId,
    /// Whoever did it.
    ActorId,
    /// What it is about, of any type.
    SubjectId,
}

rows! {
    /// Something that happened.
    EventRow {
        id: EventId = id,
        timestamp: Option<String> = time,
        event_type: Option<String> = text,
        user: Option<Actor> = loose_part,
        resource: Option<Subject> = loose_part,
    }
}

parts! {
    /// Whoever did it.
    Actor {
        id: Option<ActorId> = loose_id,
        email: Option<String> = text,
    }

    /// What it is about.
    Subject {
        id: Option<SubjectId> = loose_id,
        name: Option<String> = text,
        kind: Option<String> = text as "type",
        email: Option<String> = text,
    }
}
