//! Why a cancel was not sent.

use std::fmt;

use uuid::Uuid;

/// Why the server was not asked to cancel an operation. Nothing was sent.
///
/// ```no_run
/// # async fn example(operation: qovery_ext::wait::Operation) -> Result<(), qovery_ext::wait::WaitError> {
/// if let Err(error) = operation.cancel_on_server().await {
///     match error.not_canceled() {
///         Some(why) => eprintln!("left alone: {why}"),
///         None => return Err(error),
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotCanceled {
    /// The API has not named the request of the operation.
    Unnamed,
    /// The running deployment belongs to another request: its id, if the API names it.
    AnotherIsRunning(Option<Uuid>),
    /// The request of the running deployment is unknown.
    Undecidable,
    /// The request neither waits nor runs, as far as the API shows: it has ended, or has not begun.
    NotRunning,
}

impl fmt::Display for NotCanceled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not sent: ")?;
        match self {
            Self::Unnamed => f.write_str(
                "the API has not named the request of this operation, so that the running \
                 deployment is not known to be its own",
            ),
            Self::AnotherIsRunning(Some(request)) => write!(
                f,
                "the running deployment belongs to request {request} and not to this operation"
            ),
            Self::AnotherIsRunning(None) => {
                f.write_str("the running deployment does not belong to this operation")
            }
            Self::Undecidable => f.write_str(
                "the running deployment is not known to be that of this operation: nothing says to \
                 which request it belongs",
            ),
            Self::NotRunning => f.write_str("the request neither waits nor runs"),
        }
    }
}
