//! A listener that a parent process opened and left as an open file descriptor.
//!
//! Taking a descriptor by its number is `unsafe`, which this crate does not have; `listenfd` does it for the numbers
//! that systemd's variables name. Changing one's own environment is `unsafe` as well, so the process begins itself
//! anew, as the same process, with the parent's variable translated.

use std::net::TcpListener;

use crate::baton::code;
use crate::baton::error::Result;

/// The parent's variable: the number of the descriptor (`baton/service/protocol.md 7.2`).
#[cfg(unix)]
const PARENT: &str = "BATON_CONNECTOR_SERVICE_LISTENER_FD";

/// The listener, if the parent's variable is set. On its first call of a process it replaces the process by itself.
///
/// # Errors
/// `InvalidArgument` when the variable is not a number, `FailedPrecondition` when the descriptor is not a listener.
#[cfg(unix)]
pub fn listener() -> Result<Option<TcpListener>> {
    use std::os::unix::process::CommandExt as _;

    use crate::baton::error::{Context as _, Error, Kind};

    let Some(number) = std::env::var_os(PARENT).filter(|number| !number.is_empty()) else {
        return Ok(None);
    };
    let number: Option<u32> = number.to_str().and_then(|number| number.parse().ok());
    let number = number
        .ok_or_else(|| Error::new(Kind::InvalidArgument, format!("{PARENT} is not a number")).code(code::PARENT))?;
    let pid = std::process::id().to_string();
    let is_translated = std::env::var("LISTEN_PID").is_ok_and(|of| of == pid);
    if is_translated {
        let none = || {
            Error::new(
                Kind::FailedPrecondition,
                format!("descriptor {number} is not a listener"),
            )
            .code(code::PARENT)
        };
        let taken = listenfd::ListenFd::from_env().take_tcp_listener(0);
        return taken.map_err(|error| none().source(error))?.ok_or_else(none).map(Some);
    }
    let program = std::env::current_exe().context("find the program")?;
    // Only comes back when it fails.
    let error = std::process::Command::new(program)
        .args(std::env::args_os().skip(1))
        .env("LISTEN_FDS", "1")
        .env("LISTEN_FDS_FIRST_FD", number.to_string())
        .env("LISTEN_PID", pid)
        .exec();
    Err(Error::from(error).context("begin anew with the parent's listener"))
}

/// There are no such descriptors here: the port that the parent names is opened instead.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn listener() -> Result<Option<TcpListener>> {
    Ok(None)
}
