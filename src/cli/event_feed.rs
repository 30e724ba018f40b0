//! `--event-feed=true`: the events of a feed on stdout, one a line, as published (`baton/config/published.md 1.5, 3`). The
//! command `events` is the one for people.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::sync::in_runtime;
use super::{bad_value, connect, fields, interrupt, unavailable};
use crate::baton::config::{Values, kit, parse};
use crate::baton::connector::{Connector, SyncContext};
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::progress::Silent;
use crate::baton::proto::v2;
use crate::baton::protojson;
use crate::term::Terminal;
use crate::workato;
use crate::workato::client::timestamp;

/// Events of one page, as published.
const PAGE: u32 = 100;
/// How far back it goes by itself, as published.
const BACK: SignedDuration = SignedDuration::from_hours(24);

/// Whether the settings ask for it. The flag is a text, and as published only a word that means yes counts.
pub fn is_asked(values: &Values) -> bool {
    parse::boolean(kit::EVENT_FEED.of(values)) == Some(true)
}

/// Says, once there is a log, that a word means neither yes nor no.
pub fn warn_of_other_words(values: &Values) {
    let word = kit::EVENT_FEED.of(values);
    if !word.is_empty() && parse::boolean(word).is_none() {
        tracing::warn!(
            value = word,
            "--event-feed is neither true nor false, which counts as false. Write --event-feed=true."
        );
    }
}

/// Prints them until there are no more. The cursor to go on with is a line of the log.
///
/// # Errors
/// Those of the settings; a time that cannot be understood; `NotFound` for a feed that there is not; those of the connector.
pub fn run(terminal: &Terminal, values: &Values) -> Result<()> {
    unavailable::check(fields::all(), values)?;
    let settings = workato::config::settings(values)?;
    let start = start(kit::EVENT_FEED_START_AT.of(values), Timestamp::now())?;
    let mut asked = v2::ListEventsRequest {
        cursor: kit::EVENT_FEED_CURSOR.of(values).to_owned(),
        start_at: Some(prost_types::Timestamp {
            seconds: start.as_second(),
            nanos: start.subsec_nanosecond().max(0),
        }),
        page_size: PAGE,
        event_feed_id: kit::EVENT_FEED_ID.of(values).to_owned(),
        annotations: Vec::new(),
    };
    in_runtime(async {
        let cancel = CancellationToken::new();
        let interrupts = interrupt::listen(&cancel);
        let (connector, _) = connect::connect(settings, workato::config::limits(values), Arc::new(Silent))?;
        let print = async {
            let cx = SyncContext::detached();
            loop {
                let page = connector.list_events(&cx, &asked).await.context("list events")?;
                let lines: Result<String> = page
                    .events
                    .iter()
                    .map(|event| protojson::line(event).map(|line| line + "\n"))
                    .collect();
                terminal.data(&lines?)?;
                asked.cursor = page.cursor;
                if !page.has_more {
                    tracing::info!(cursor = asked.cursor, "These are all events so far.");
                    return Ok(());
                }
            }
        };
        tokio::select! {
            done = print => done,
            () = cancel.cancelled() => Err(interrupts.explain(
                Error::new(Kind::Cancelled, "cancelled").hint("what was printed is not all there is"),
            )),
        }
    })
}

/// The moment that the flag names.
fn start(text: &str, now: Timestamp) -> Result<Timestamp> {
    if text.is_empty() {
        return Ok(now - BACK);
    }
    timestamp(text).ok_or_else(|| {
        bad_value(format!("--event-feed-start-at: {text:?} is not a time")).hint("write it as 2026-11-20T08:00:00Z")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_a_time_in_any_layout_and_never_a_guess() {
        let now: Timestamp = "2026-11-20T08:00:00Z".parse().unwrap();
        assert_eq!(start("", now).unwrap().to_string(), "2026-11-19T08:00:00Z");
        for text in [
            "2026-11-01T08:00:00Z",
            "2026-11-01 00:00:00 -0800",
            "Sun, 01 Nov 2026 08:00:00 GMT",
        ] {
            assert_eq!(start(text, now).unwrap().to_string(), "2026-11-01T08:00:00Z", "{text}");
        }
        assert_eq!(start("yesterday", now).unwrap_err().kind().exit_code(), 2);
    }
}
