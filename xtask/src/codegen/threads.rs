//! Threads beside the first one, for what needs no other's result.
//!
//! Not for waiting on anything: they compute, and end before their scope does.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread::{self, Builder, Scope, ScopedJoinHandle};

/// Room for schemas that stand within each other and refer to each other as deep as they may, in a build
/// without optimisation too. The system gives memory only for the part that is used.
const STACK: usize = 256 << 20;

/// Runs `work` beside the calling thread.
///
/// # Errors
/// Where the system gives no further thread.
pub(crate) fn spawn<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> io::Result<ScopedJoinHandle<'scope, T>> {
    Builder::new().stack_size(STACK).spawn_scoped(scope, work)
}

/// Runs `work` alone, on a thread that has room for every depth.
///
/// # Errors
/// Where the system gives no further thread.
pub(crate) fn alone<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
    thread::scope(|scope| match spawn(scope, work)?.join() {
        Ok(value) => Ok(value),
        Err(panic) => resume_unwind(panic),
    })
}

/// Runs `beside` on a thread of its own and `here` on the calling one, and gives what became of both.
///
/// # Errors
/// Where the system gives no further thread.
pub(crate) fn both<A: Send, B>(
    beside: impl FnOnce() -> A + Send,
    here: impl FnOnce() -> B,
) -> io::Result<(thread::Result<A>, thread::Result<B>)> {
    thread::scope(|scope| {
        let beside = spawn(scope, beside)?;
        let here = catch_unwind(AssertUnwindSafe(here));
        Ok((beside.join(), here))
    })
}
