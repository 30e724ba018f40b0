//! The side of a parent process that starts this one as its connector (`baton/service/protocol.md 7.2, 7.3`): one line
//! on stdin says how to serve, and stdin stays open as long as the parent lives.

use std::io::{self, BufRead};
use std::net::{Ipv4Addr, TcpListener};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message as _;
use tokio_util::sync::CancellationToken;

use super::inherit;
use super::server::check_loopback;
use crate::baton::code;
use crate::baton::error::{Context as _, Error, Kind, Result};
use crate::baton::proto::c1::connector_wrapper::v1::ServerConfig;

/// Longest line a parent may send, in bytes. Published ones have about two thousand.
const LONGEST_LINE: u64 = 1 << 20;

/// Reads the parent's line.
///
/// # Errors
/// `InvalidArgument` when there is none or it is not such a line.
pub fn config(stdin: impl BufRead) -> Result<ServerConfig> {
    let invalid = |why: &'static str| {
        Error::new(Kind::InvalidArgument, why)
            .code(code::PARENT)
            .hint("this command is for a Baton parent process; use `serve` by hand")
    };
    let mut line = String::new();
    stdin
        .take(LONGEST_LINE)
        .read_line(&mut line)
        .context("read the configuration from stdin")?;
    if !line.ends_with('\n') || line.trim_end().is_empty() {
        return Err(invalid("stdin ended before a line of configuration"));
    }
    let bytes = STANDARD
        .decode(line.trim_end())
        .map_err(|error| invalid("the configuration on stdin is not base64").source(error))?;
    ServerConfig::decode(bytes.as_slice())
        .map_err(|error| invalid("the configuration on stdin is not a ServerConfig").source(error))
}

/// The parent's listener, or one on the port it names. Call it while the process has one thread, and before stdin is
/// read: it may have to begin the process anew.
///
/// # Errors
/// `FailedPrecondition` when what was inherited is not a listener; `InvalidArgument` for a number that is none.
pub fn inherited() -> Result<Option<TcpListener>> {
    inherit::listener()
}

/// Checks that the inherited listener is the one the line speaks of, or opens one where none was inherited.
///
/// # Errors
/// `FailedPrecondition` when the ports differ; `Unavailable` when the port is taken.
pub fn listener(inherited: Option<TcpListener>, config: &ServerConfig) -> Result<TcpListener> {
    let wanted = u16::try_from(config.listen_port).map_err(|_| {
        Error::new(Kind::InvalidArgument, format!("{} is not a port", config.listen_port)).code(code::PARENT)
    })?;
    let listener = match inherited {
        Some(listener) => listener,
        None => TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).map_err(|error| {
            Error::new(Kind::Unavailable, format!("port {wanted} cannot be used"))
                .code(code::PARENT)
                .source(error)
        })?,
    };
    let address = listener.local_addr()?;
    check_loopback(address)?;
    if address.port() != wanted {
        return Err(Error::new(
            Kind::FailedPrecondition,
            format!("the inherited listener is on port {}, not {wanted}", address.port()),
        )
        .code(code::PARENT));
    }
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Cancels `gone` when stdin ends or breaks. The thread it reads in does not keep the process from ending.
pub fn watch(mut stdin: impl BufRead + Send + 'static, gone: CancellationToken) {
    std::thread::spawn(move || {
        // Whatever else comes is of no interest, and an error says what the end says.
        let _ = io::copy(&mut stdin, &mut io::sink());
        gone.cancel();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_base64_of_a_config() {
        let sent = ServerConfig {
            listen_port: 4_711,
            session_store_listen_port: 4_712,
            ..Default::default()
        };
        let line = format!("{}\n", STANDARD.encode(sent.encode_to_vec()));
        assert_eq!(config(line.as_bytes()).unwrap(), sent);
        let cut = &line[..line.len() - 1];
        for wrong in ["", "\n%\n", "AAAA", cut, "%%%%\n", "AAAA\n"] {
            let error = config(wrong.as_bytes());
            let is_wrong = error.as_ref().is_err_and(|e| e.kind() == Kind::InvalidArgument);
            assert!(is_wrong, "{wrong:?}: {error:?}");
        }
    }

    #[test]
    fn the_port_is_the_one_of_the_line() {
        let there = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = u32::from(there.local_addr().unwrap().port());
        let config = |listen_port| ServerConfig {
            listen_port,
            ..Default::default()
        };
        let again = there.try_clone().unwrap();
        assert_eq!(
            listener(Some(again), &config(port + 1)).unwrap_err().kind(),
            Kind::FailedPrecondition
        );
        assert_eq!(
            listener(None, &config(70_000)).unwrap_err().kind(),
            Kind::InvalidArgument
        );
        assert_eq!(listener(None, &config(port)).unwrap_err().kind(), Kind::Unavailable);
        assert!(listener(Some(there), &config(port)).is_ok());
        assert!(listener(None, &config(0)).is_err(), "port 0 is not named");
    }

    #[tokio::test]
    async fn the_end_of_stdin_is_the_end_of_the_parent() {
        let gone = CancellationToken::new();
        watch(io::Cursor::new(b"more\n".to_vec()), gone.clone());
        gone.cancelled().await;
    }
}
