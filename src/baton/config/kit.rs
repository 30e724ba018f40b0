//! The settings every connector has: the 74 published ones (`baton/config/published.md 1.2`) and ours.
//!
//! The order matters to nobody but the schema: fields exported to operators appear there in this order
//! (`baton/config/published.md 2.2`).

use super::field::{Export, Field, Support};

mod typed;

pub use typed::*;

/// Sections of `--help`, in the order they are shown.
pub const HEADINGS: &[&str] = &[
    CONNECTION, SYNC, QUOTA, OUTPUT, LOGGING, SERVICE, LATER, WRITES, TICKETS, FILES,
];
/// Those of them that `-h` leaves to `--help`, with [`ADVANCED`].
pub const FOR_FEW: &[&str] = &[QUOTA, LOGGING, SERVICE, ADVANCED, WRITES, TICKETS, FILES];
/// Where advanced settings stand, behind all sections.
pub const ADVANCED: &str = "Advanced";
/// Where to connect and as whom.
pub const CONNECTION: &str = "Connection";
/// What is read.
pub const SYNC: &str = "What to sync";
/// How fast the other side may be asked.
pub const QUOTA: &str = "Quota";
/// What is written and shown.
pub const OUTPUT: &str = "Output";
/// What is logged.
pub const LOGGING: &str = "Logging";
/// Running for ConductorOne.
pub const SERVICE: &str = "Service mode";
const LATER: &str = "Not available in this version";
const WRITES: &str = "Provisioning";
const TICKETS: &str = "Events, tickets and actions";
const FILES: &str = "File tools";

/// The fields.
pub static FIELDS: &[Field] = &[
    Field::text("file", "The .c1z file to write")
        .short('f')
        .default_text("sync.c1z")
        .under(OUTPUT),
    Field::text("c1z-temp-dir", "Directory for the working copy of the .c1z file")
        .hidden()
        .under(OUTPUT),
    Field::text(
        "storage-engine",
        "Form of a new file: sqlite (v1, keeps several syncs) or pebble (v3, one sync); default sqlite",
    )
    .choices(&["sqlite", "pebble"])
    .advanced()
    .under(OUTPUT),
    Field::text("log-level", "Least important lines to log: debug, info, warn or error")
        .default_text("info")
        .export(Export::Ops)
        .under(LOGGING),
    Field::text(
        "log-format",
        "How log lines look: console or json; by itself console if stdout is a terminal, otherwise json",
    )
    .advanced()
    .under(LOGGING),
    Field::list(
        "log-path",
        "Files to log to instead of stderr; stdout and stderr are special names",
    )
    .advanced()
    .under(LOGGING),
    Field::text(
        "log-level-debug-expires-at",
        "Time at which log level debug turns into info; hosted connectors only",
    )
    .export(Export::Ops)
    .hidden()
    .support(Support::NoEffect)
    .under(LOGGING),
    Field::text("auth-method", "Way to authenticate; this connector has one only")
        .hidden()
        .support(Support::NoEffect)
        .under(CONNECTION),
    Field::int(
        "session-store-maximum-size",
        15_728_640,
        "Bytes of look-up tables kept in memory",
    )
    .export(Export::Ops)
    .hidden()
    .support(Support::NoEffect)
    .under(SYNC),
    // --- OpenTelemetry ---
    telemetry(
        NOT_BUILT,
        Field::text(
            "otel-collector-endpoint",
            "OpenTelemetry collector, as HOST:PORT: traces, logs and metrics go there (OTLP over gRPC, TLS)",
        ),
    ),
    telemetry(
        Support::Idle,
        Field::text(
            "otel-collector-endpoint-tls-cert-path",
            "PEM file with the certificate authority of the collector, in place of the system's",
        ),
    ),
    telemetry(
        Support::Idle,
        Field::text(
            "otel-collector-endpoint-tls-cert",
            "Certificate authority of the collector as a text: unpadded base64url of the PEM; not together with the path",
        ),
    ),
    telemetry(
        Support::Idle,
        Field::bool(
            "otel-collector-endpoint-tls-insecure",
            "Talk to the collector without TLS",
        ),
    ),
    telemetry(
        Support::Idle,
        Field::bool(
            "otel-tracing-disabled",
            "Send nothing to the collector, if --otel-logging-disabled is given too; alone it changes nothing",
        ),
    ),
    telemetry(
        Support::Idle,
        Field::bool(
            "otel-logging-disabled",
            "Send nothing to the collector, if --otel-tracing-disabled is given too; alone it changes nothing",
        ),
    ),
    // --- service mode ---
    Field::bool("health-check", "Answer health probes over HTTP")
        .export(Export::Ops)
        .support(Support::ServiceOnly)
        .under(SERVICE),
    Field::int("health-check-port", 8081, "Port of the health probes")
        .export(Export::Ops)
        .support(Support::ServiceOnly)
        .advanced()
        .under(SERVICE),
    Field::text("health-check-bind-address", "Address the health probes listen on")
        .default_text("127.0.0.1")
        .export(Export::Ops)
        .hidden()
        .support(Support::ServiceOnly)
        .under(SERVICE),
    Field::int(
        "http-timeout-seconds",
        300,
        "Longest time one request may take, from 1 to 1800 seconds",
    )
    .range(1, 1800)
    .export(Export::Ops)
    .advanced()
    .under(CONNECTION),
    Field::text(
        "client-id",
        "ConductorOne client id; setting it starts the service mode",
    )
    .under(SERVICE),
    Field::text("client-secret", "ConductorOne client secret")
        .secret()
        .under(SERVICE),
    Field::bool("provisioning", "Let ConductorOne change the workspace")
        .short('p')
        .support(Support::ServiceOnly)
        .under(SERVICE),
    Field::bool("ticketing", "Let ConductorOne create tickets")
        .support(Support::ServiceOnly)
        .advanced()
        .under(SERVICE),
    Field::bool("skip-full-sync", "Answer full-sync tasks with an empty sync")
        .support(Support::ServiceOnly)
        .advanced()
        .under(SERVICE),
    Field::int(
        "task-concurrency",
        3,
        "ConductorOne tasks done at the same time, from 1 to 100",
    )
    .range(1, 100)
    .support(Support::ServiceOnly)
    .advanced()
    .under(SERVICE),
    Field::bool("keep-previous-sync-c1z", "Keep the last uploaded file")
        .support(Support::NoEffect)
        .advanced()
        .under(SERVICE),
    // --- what to sync ---
    Field::list(
        "sync-resources",
        "Read only these resources, named as TYPE:ID or by Baton id, with what is held on them, into a partial sync",
    )
    .advanced()
    .under(SYNC),
    Field::list("sync-resource-types", "Sync only these resource types")
        .advanced()
        .under(SYNC),
    Field::bool("skip-entitlements-and-grants", "Sync resources only")
        .advanced()
        .under(SYNC),
    Field::bool("skip-grants", "Sync no grants; together with --sync-resources only")
        .hidden()
        .under(SYNC),
    Field::int(
        "workers",
        0,
        "Lists read at the same time; 0 means 64, -1 the number of CPUs up to 4",
    )
    .advanced()
    .under(SYNC),
    Field::bool("parallel-sync", "The old spelling of --workers=-1")
        .advanced()
        .under(SYNC),
    Field::text(
        "external-resource-c1z",
        "The .c1z of another connector to look principals up in",
    )
    .support(Support::NotYet)
    .under(LATER),
    Field::text(
        "external-resource-entitlement-id-filter",
        "Look up only principals with this entitlement",
    )
    .support(Support::NotYet)
    .under(LATER),
    Field::list("external-resource-traits", "Kinds of principals to look up")
        .support(Support::NotYet)
        .under(LATER),
    // --- one-shot provisioning ---
    provisioning("grant-entitlement", "Entitlement to grant"),
    provisioning("grant-principal", "Who gets the entitlement"),
    provisioning("grant-principal-type", "Resource type of who gets it"),
    provisioning("revoke-grant", "Grant to revoke"),
    provisioning("create-account-login", "Login of an account to create"),
    provisioning("create-account-email", "E-mail address of an account to create"),
    provisioning(
        "create-account-profile",
        "Profile of an account to create, as a JSON object",
    ),
    provisioning("create-account-resource-type", "Resource type of an account to create"),
    provisioning("delete-resource", "Resource to delete"),
    provisioning("delete-resource-type", "Resource type of the resource to delete"),
    provisioning("rotate-credentials", "Resource whose credentials are rotated"),
    provisioning("rotate-credentials-type", "Resource type of that resource"),
    provisioning(
        "secret-file",
        "File that the new secret goes to, for its owner alone; it must not be there yet",
    ),
    provisioning(
        "undo-file",
        "File that the commands which undo an action go to; it must not be there yet",
    ),
    Field::bool("dry-run", "With a write: print the request and send nothing")
        .hidden()
        .under(WRITES),
    // --- events, tickets, actions ---
    event(Field::text("event-feed", "Print events: needs the value true")),
    event(Field::text("event-feed-id", "Feed to read events of")),
    event(Field::text(
        "event-feed-start-at",
        "Oldest event to print: a time; by itself 24 hours before the start",
    )),
    event(Field::text("event-feed-cursor", "Where to go on reading events")),
    ticket(Field::bool("create-ticket", "Create a ticket")),
    ticket(Field::text("ticket-template-path", "JSON template of the ticket")),
    ticket(Field::bool("bulk-create-ticket", "Create several tickets")),
    ticket(Field::text("bulk-ticket-template-path", "JSON template of the tickets")),
    ticket(Field::bool("get-ticket", "Show a ticket")),
    ticket(Field::text("ticket-id", "Ticket to show")),
    ticket(Field::bool("list-ticket-schemas", "Show the ticket schemas")),
    action(Field::text("invoke-action", "Action to run")),
    action(Field::text("invoke-action-args", "Arguments of the action, as a JSON object").default_text("{}")),
    action(Field::text(
        "invoke-action-resource-type",
        "Resource type the action belongs to",
    )),
    action(Field::bool("list-action-schemas", "Show the action schemas")),
    action(Field::text(
        "list-action-schemas-resource-type",
        "Resource type whose action schemas are shown",
    )),
    ticket(Field::text(
        "list-resource-actions",
        "Resource type whose actions are shown",
    )),
    ticket(Field::text("invoke-resource-action", "Resource action to run")),
    ticket(Field::text(
        "invoke-resource-action-resource-type",
        "Resource type of the resource action",
    )),
    ticket(Field::text("invoke-resource-action-args", "Arguments of the resource action").default_text("{}")),
    // --- file tools ---
    file_tool(Field::bool("diff-syncs", "Write the difference of two syncs")),
    file_tool(Field::text("base-sync-id", "The older sync of the two")),
    file_tool(Field::text("applied-sync-id", "The newer sync of the two")),
    file_tool(Field::bool("compact-syncs", "Merge several files into one")),
    file_tool(Field::list("compact-file-paths", "Files to merge")),
    file_tool(Field::list("compact-sync-ids", "One sync id for each of these files")),
    file_tool(Field::text("compact-output-path", "Directory for the merged file")),
    // --- ours ---
    Field::int(
        "keep",
        2,
        "Full syncs that the file keeps, the new one included; older ones go when a sync is sealed",
    )
    .variable("BATON_KEEP_SYNC_COUNT")
    .range(1, 1_000_000)
    .under(OUTPUT),
    Field::bool(
        "fail-on-warnings",
        "End with exit code 9 if anything was skipped or dropped",
    )
    .under(OUTPUT),
    Field::text(
        "policy",
        "Rules of your own that findings are judged by: a YAML file (see `policy default`)",
    )
    .under(OUTPUT),
    Field::text("color", "Colours on a terminal: auto, always or never")
        .default_text("auto")
        .choices(&["auto", "always", "never"])
        .under(OUTPUT),
    Field::bool("no-progress", "Draw no progress display on a terminal")
        .advanced()
        .under(OUTPUT),
    Field::bool(
        "fresh",
        "Begin anew even if an earlier run was stopped and left a .partial file to resume",
    )
    .advanced()
    .under(SYNC),
    Field::text(
        "c1-ca-cert",
        "PEM file with certificate authorities to trust for ConductorOne besides the system's",
    )
    .support(Support::ServiceOnly)
    .advanced()
    .under(SERVICE),
    Field::text(
        "event-hook",
        "Command to run for every event of the feeds, once, with the event as JSON on its stdin",
    )
    .support(Support::ServiceOnly)
    .advanced()
    .under(SERVICE),
    Field::text(
        "time-budget",
        "Stop reading after this long, such as 90s or 1h30m, with exit code 4; the next run resumes",
    )
    .advanced()
    .under(SYNC),
];

/// Whether a flag asks for something else than a sync.
pub fn chooses_mode(field: &Field) -> bool {
    [WRITES, TICKETS, FILES].contains(&field.heading)
}

/// What there is without the feature.
const NOT_BUILT: Support = Support::NotBuilt("otel");

const fn telemetry(without: Support, field: Field) -> Field {
    let support = if cfg!(feature = "otel") { Support::Yes } else { without };
    field.export(Export::Ops).advanced().support(support).under(LOGGING)
}

const fn provisioning(name: &'static str, help: &'static str) -> Field {
    Field::text(name, help).hidden().under(WRITES)
}

const fn ticket(field: Field) -> Field {
    field.hidden().support(Support::NotYet).under(TICKETS)
}

const fn event(field: Field) -> Field {
    field.hidden().under(TICKETS)
}

const fn action(field: Field) -> Field {
    field.hidden().under(TICKETS)
}

const fn file_tool(field: Field) -> Field {
    field.hidden().support(Support::NotYet).under(FILES)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_published_flag_is_declared_once() {
        let names: BTreeSet<_> = FIELDS.iter().map(|f| f.name).collect();
        assert_eq!(names.len(), FIELDS.len(), "a name occurs twice");
        let ours = [
            "keep",
            "fail-on-warnings",
            "policy",
            "color",
            "no-progress",
            "fresh",
            "c1-ca-cert",
            "event-hook",
            "time-budget",
            "dry-run",
            "secret-file",
            "undo-file",
        ];
        assert_eq!(FIELDS.len() - ours.len(), 74, "the published ones");
        assert!(ours.iter().all(|name| names.contains(name)));
    }

    #[test]
    fn every_heading_is_in_the_order_of_help() {
        for field in FIELDS {
            assert!(
                HEADINGS.contains(&field.heading),
                "{} stands under {:?}",
                field.name,
                field.heading
            );
        }
    }

    #[test]
    fn the_published_letters_are_the_only_ones() {
        let letters: Vec<_> = FIELDS.iter().filter_map(|f| f.short.map(|s| (s, f.name))).collect();
        assert_eq!(letters, [('f', "file"), ('p', "provisioning")]);
    }
}
