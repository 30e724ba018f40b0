//! The file of a sync, or the folder of the service: looked at on a thread of its own, since it blocks.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::baton::code::TIMEOUT;
use crate::baton::config::Values;
use crate::baton::config::kit;
use crate::baton::diagnosis::preflight::{self, Preflight};
use crate::baton::diagnosis::{Check, Group, space};
use crate::baton::error::{Error, Kind};
use crate::baton::object::Address;
use crate::cli::sync::chosen_temp_dir;

/// Looks at where this setup writes.
pub async fn look(values: &Values, limit: Duration) -> Preflight {
    let failed = |error: &Error| Preflight {
        checks: vec![Check::of_error(Group::Output, "file", error)],
        previous: None,
    };
    let serves = !kit::CLIENT_ID.of(values).is_empty();
    let file = PathBuf::from(kit::FILE.of(values));
    let temp_dir = match chosen_temp_dir(values) {
        Ok(temp_dir) if serves || !file.as_os_str().is_empty() => temp_dir,
        // What is wrong with them stands with the settings.
        _ => {
            return Preflight {
                checks: vec![Check::skipped(
                    Group::Output,
                    "file",
                    "not looked at: the settings are wrong",
                )],
                previous: None,
            };
        }
    };
    if let Some(address) = Address::of(&file).filter(|_| !serves) {
        return match address.check() {
            Err(error) => failed(&error),
            Ok(()) => Preflight {
                checks: vec![Check::skipped(
                    Group::Output,
                    "file",
                    "not looked at: it lies in object storage",
                )],
                previous: None,
            },
        };
    }
    let looking = tokio::task::spawn_blocking(move || match serves {
        true => Preflight {
            checks: preflight::inspect_folder(&temp_dir.unwrap_or_else(std::env::temp_dir), &space::free),
            previous: None,
        },
        false => preflight::inspect(&file, temp_dir.as_deref(), &|folder: &Path| space::free(folder)),
    });
    match tokio::time::timeout(limit, looking).await {
        Ok(Ok(preflight)) => preflight,
        Ok(Err(error)) => failed(&Error::new(Kind::Internal, error.to_string())),
        Err(_) => {
            let seconds = limit.as_secs();
            let late = format!("the file could not be looked at within {seconds} s");
            failed(
                &Error::new(Kind::DeadlineExceeded, late)
                    .code(TIMEOUT)
                    .hint("its disk is slow or does not answer"),
            )
        }
    }
}
