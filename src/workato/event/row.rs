//! Rows of the audit log (`workato/audit_log.md 1`). Everything but the id may be missing.

use jiff::Timestamp;

use crate::workato::client::{ids, parts, rows, timestamp};

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
        details: Option<Details> = loose_part,
    }
}

parts! {
    /// Whoever did it.
    Actor {
        id: Option<ActorId> = loose_id,
        name: Option<String> = text,
        email: Option<String> = text,
    }

    /// What it is about.
    Subject {
        id: Option<SubjectId> = loose_id,
        name: Option<String> = text,
        kind: Option<String> = text as "type",
        email: Option<String> = text,
    }

    /// More about it. What an activity holds, no page says: it is not read.
    Details {
        request: Option<Origin> = loose_part,
    }

    /// Where it came from.
    Origin {
        ip_address: Option<String> = text,
        user_agent: Option<String> = text,
    }
}

impl EventRow {
    /// When it happened, in milliseconds since 1970.
    pub fn moment(&self) -> Option<i64> {
        timestamp(self.timestamp.as_deref()?).map(Timestamp::as_millisecond)
    }

    /// Whether Workato says that the token of an API client is known to others.
    pub fn is_leak(&self) -> bool {
        self.event_type.as_deref() == Some("token_leaked")
    }
}
