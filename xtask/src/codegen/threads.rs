//! Threads beside the first one, for what needs no other's result.
//!
//! Not for waiting on anything: they compute, and end before their scope does.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{self, Builder, Scope, ScopedJoinHandle};

/// What a first thread usually has: how deep a schema may nest is the same on all threads.
const STACK: usize = 8 << 20;

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
