//! The reason why no cancel was sent.

use std::fmt;

use uuid::Uuid;

/// The reason why no cancel was sent.
///
/// ```no_run
/// # async fn example(operation: qovery_ext::wait::Operation) -> Result<(), qovery_ext::wait::WaitError> {
/// if let Err(error) = operation.cancel_on_server().await {
///     match error.not_canceled() {
///         Some(reason) => eprintln!("not canceled: {reason}"),
///         None => return Err(error),
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotCanceled {
    /// The API has not named the request of the operation.
    Unnamed,
    /// The running deployment belongs to another request. Contains the id of that request, if the API names it.
    AnotherIsRunning(Option<Uuid>),
    /// The request of the running deployment is unknown.
    Undecidable,
    /// The request is neither queued nor running as far as the API shows: it has ended, or has not begun.
    NotRunning,
}

impl fmt::Display for NotCanceled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not sent: ")?;
        match self {
            Self::Unnamed => f.write_str(
                "the API never named the request of this operation, so it is not known whether \
                 the running deployment is its own",
            )?,
            Self::AnotherIsRunning(Some(request)) => write!(
                f,
                "the running deployment belongs to request {request} and not to this operation"
            )?,
            Self::AnotherIsRunning(None) => {
                f.write_str("the running deployment does not belong to this operation")?;
            }
            Self::Undecidable => {
                f.write_str("it is not known which request the running deployment belongs to")?;
            }
            Self::NotRunning => {
                return f
                    .write_str("the request is neither queued nor running: wait for its outcome");
            }
        }
        f.write_str(": to cancel whatever an environment runs, call `environment(id).cancel()`")
    }
}
