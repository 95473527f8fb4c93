//! Builds a client that finds its token, retries if that is safe, and can limit its requests.
//!
//! ```no_run
//! # fn main() -> Result<(), qovery_ext::connect::ConnectError> {
//! let client = qovery_ext::connect::from_env()?;
//! # Ok(())
//! # }
//! ```
//!
//! The result is a plain [`Client`]. [`Connect`] has the settings, [`RetryPolicy`] decides about retries, and
//! a [`TokenSource`] provides tokens that change. For a single call,
//! [`Call::timeout`](qovery_api::Call::timeout) limits the time of all its attempts and delays, and of each attempt;
//! [`Call::retry`](qovery_api::Call::retry) changes its retries.
//!
//! Each call is a span of `tracing` named `qovery_call` at level `INFO`, with `operation`, `method`, `path`
//! (the template, without ids), `attempt`, `status`, `request_id`, `error` and `duration_ms`. Each retry, each request
//! that is sent again with a new token, and each wait for a delay that the server demands is an event in this span.
//! Nothing is printed unless the program installs a subscriber.
//!
//! Dropping a call abandons it. The server may still execute a request that was sent. A renewal of the token
//! that has begun continues.

mod address;
mod builder;
mod cli_context;
mod environment;
mod error;
mod limits;
mod retry;
mod token_source;
mod trace;
mod transport;

use qovery_api::Client;

pub use builder::Connect;
#[cfg(feature = "stream")]
pub use environment::STREAM_URL_VARIABLE;
pub use environment::{TOKEN_VARIABLES, URL_VARIABLE};
pub use error::ConnectError;
pub use retry::RetryPolicy;
pub use token_source::{TokenSource, TokenSourceError};

/// Builds a client with the token and the address of the environment: [`TOKEN_VARIABLES`], [`URL_VARIABLE`].
///
/// ```no_run
/// # async fn run(environment: qovery_api::uuid::Uuid) -> Result<(), Box<dyn std::error::Error>> {
/// let client = qovery_ext::connect::from_env()?;
/// let status = client.get_environment_status(environment).await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// Returns an error if no token is set, if the token cannot be sent, or if the address is malformed or
/// insecure. The message names the variables that were read.
pub fn from_env() -> Result<Client, ConnectError> {
    Connect::new().build()
}

/// Builds a client of `https://api.qovery.com` with this token.
///
/// ```
/// let client = qovery_ext::connect::with_token("qov_0123456789")?;
/// # Ok::<(), qovery_ext::connect::ConnectError>(())
/// ```
///
/// # Errors
/// Returns an error if the token cannot be sent. The error does not show the token.
pub fn with_token(token: impl Into<String>) -> Result<Client, ConnectError> {
    Connect::new().token(token).build()
}

/// Builds a client with the token of the user who signed in with the command-line tool, and the address in
/// [`URL_VARIABLE`]. See [`Connect::cli_context`].
///
/// ```no_run
/// let client = qovery_ext::connect::from_cli_context()?;
/// # Ok::<(), qovery_ext::connect::ConnectError>(())
/// ```
///
/// # Errors
/// Returns an error if no user has signed in, if the token has expired or cannot be sent, if the context file cannot be
/// read, or if the address is malformed or insecure.
pub fn from_cli_context() -> Result<Client, ConnectError> {
    Connect::new().cli_context().build()
}

#[cfg(test)]
mod test_support;
#[cfg(test)]
mod timing_tests;
