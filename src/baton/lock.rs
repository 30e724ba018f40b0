//! Locks that outlive a panic. What they guard in this program is whole between any two statements, so whoever comes
//! after a thread that broke down goes on with it; the panic itself is told where the thread ends.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Waits for a lock, whatever became of those that held it before.
pub fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_another_thread_does_not_spread() {
        let value = Mutex::new(1);
        std::thread::scope(|scope| {
            let broken = scope.spawn(|| {
                *locked(&value) = 2;
                let _held = locked(&value);
                std::panic::resume_unwind(Box::new("broken"));
            });
            assert!(broken.join().is_err());
        });
        assert!(value.is_poisoned());
        assert_eq!(*locked(&value), 2);
    }
}
