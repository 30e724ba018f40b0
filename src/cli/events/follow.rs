//! Looking at the logs again and again, until a signal comes or nobody reads any more.

use tokio_util::sync::CancellationToken;

use super::Order;
use super::reader::Reader;
use super::show::{self, Shown};
use crate::baton::error::{Result, Retry};
use crate::baton::hook::Hooks;
use crate::term::Terminal;

/// Follows. A fault of a log is told and outlived, but for the first look, where nothing says that any of it ever works.
///
/// # Errors
/// At the first look, that of the logs if none can be read for a reason that does not pass; those of stdout and of the
/// disk.
pub async fn run(
    terminal: &Terminal,
    reader: &mut Reader,
    order: &Order,
    hooks: Option<&Hooks>,
    cancel: &CancellationToken,
) -> Result<()> {
    terminal.say(&format!(
        "Following the audit logs of {} since {}, every {} s. Ctrl-C ends it.",
        reader.names(),
        reader.since(),
        order.interval.as_secs()
    ));
    let mut shown = Shown::new(order.form);
    let mut is_first = true;
    loop {
        let look = tokio::select! {
            look = reader.look() => look,
            () = cancel.cancelled() => return Ok(()),
        };
        look.warn(terminal);
        if std::mem::take(&mut is_first)
            && let Err(error) = look.any_readable()
            && error.may_retry() == Retry::Never
        {
            return Err(error);
        }
        if let Some(hooks) = hooks {
            hooks.take(&show::told(&look.rows)?)?;
        }
        let is_read = tokio::select! {
            shown = shown.show(terminal, &look.rows) => shown?,
            () = cancel.cancelled() => return Ok(()),
        };
        if !is_read {
            return Ok(());
        }
        reader.keep()?;
        loop {
            tokio::select! {
                () = tokio::time::sleep(order.interval) => {}
                () = cancel.cancelled() => return Ok(()),
            }
            // What waits already comes first: an event stays in the log meanwhile.
            match hooks {
                Some(hooks) if hooks.is_full()? => {}
                _ => break,
            }
        }
    }
}
