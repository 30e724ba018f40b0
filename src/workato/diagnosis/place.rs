//! Whether the Workato API is where the settings say.

use crate::baton::diagnosis::{Check, Group};
use crate::baton::error::{Error, Kind};
use crate::workato::client::Probed;
use crate::workato::code::BASE_URL;
use crate::workato::probe::Answered;
use crate::workato::settings::Settings;

const NAME: &str = "data center";

/// The place, and whether anybody there speaks the API.
pub struct DataCenterCheck {
    check: Check,
    reached: bool,
}

impl DataCenterCheck {
    /// Whether other questions are worth asking.
    pub fn is_reached(&self) -> bool {
        self.reached
    }

    /// The check.
    pub fn into_check(self) -> Check {
        self.check
    }
}

/// Tells from the first answer. One that the API gives, and be it a refusal, is good enough.
pub fn check(settings: &Settings, first: &Probed<Answered>) -> DataCenterCheck {
    let host = settings.base_url.host_str().unwrap_or_default();
    let host = match settings.base_url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let answers = |what: &str| DataCenterCheck {
        check: Check::ok(Group::Connection, NAME, format!("{host} {what}")),
        reached: true,
    };
    let stays_away = |error: &Error| DataCenterCheck {
        check: Check::of_error(Group::Connection, NAME, error),
        reached: false,
    };
    match (&first.result, first.asked) {
        (Ok(_), _) => answers("answers"),
        (Err(error), Some(asked)) => match asked.status {
            // A page of a gateway, a login, or nothing of the API at all.
            200..=299 if error.kind() != Kind::Internal => stays_away(error),
            // Every workspace has people: who knows no such list is not Workato.
            404 => stays_away(
                &Error::new(
                    Kind::Unavailable,
                    format!("{host} answers, but not as the Workato API (HTTP 404)"),
                )
                .code(BASE_URL)
                .hint("check --workato-base-url and --workato-data-center"),
            ),
            429 => answers("answers, but its quota is used up"),
            500..=599 => answers("answers, but it is failing"),
            _ => answers("answers"),
        },
        (Err(error), None) => stays_away(error),
    }
}
