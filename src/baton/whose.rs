//! Whose work this is, in a process that works for many: the name that its lines in the log are marked with.
//!
//! A name holds for a future and all that it awaits. Whoever starts a task or a thread for it hands the name on, with
//! [`carried`] and [`carrying`].

use std::future::Future;
use std::sync::Arc;

tokio::task_local! {
    static NAME: Arc<str>;
}

/// The name that holds here, if any does.
pub fn name() -> Option<Arc<str>> {
    NAME.try_with(Arc::clone).ok()
}

/// Does `work` under a name.
pub fn named<F: Future>(name: &str, work: F) -> impl Future<Output = F::Output> + use<F> {
    NAME.scope(name.into(), work)
}

/// `work` for another task, under the name that holds here.
pub fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let name = name();
    async move {
        match name {
            Some(name) => NAME.scope(name, work).await,
            None => work.await,
        }
    }
}

/// `work` for another thread, under the name that holds here.
pub fn carrying<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let name = name();
    move || match name {
        Some(name) => NAME.sync_scope(name, work),
        None => work(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_goes_with_the_work_and_no_further() {
        assert_eq!(name(), None);
        let both = named("acme", async {
            let task = tokio::spawn(carried(async { name() }));
            let thread = std::thread::spawn(carrying(name));
            let alone = tokio::spawn(async { name() });
            (task.await.unwrap(), thread.join().unwrap(), alone.await.unwrap())
        });
        let other = named("globex", async {
            tokio::spawn(carried(async { name() })).await.unwrap()
        });
        let ((task, thread, alone), other) = tokio::join!(both, other);
        assert_eq!(
            (task.as_deref(), thread.as_deref(), alone),
            (Some("acme"), Some("acme"), None)
        );
        assert_eq!(other.as_deref(), Some("globex"));
        assert_eq!(name(), None);
    }
}
