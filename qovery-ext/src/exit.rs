//! The exit codes of programs.

use std::{error::Error, future::Future, process::ExitCode};

#[cfg(feature = "preview")]
use crate::recipes::RunPreviewError;
use crate::{causes::with_causes, codes, wait::WaitError};

/// Runs the work of a program, and returns its exit code. If the work fails, prints the error to stderr with its
/// causes, as [`with_causes`](crate::with_causes) writes them, and returns the code of [`exit_code`].
///
/// ```no_run
/// use std::process::ExitCode;
///
/// use qovery_ext::{connect, exit_with};
///
/// #[tokio::main]
/// async fn main() -> ExitCode {
///     exit_with(async {
///         let organizations = connect::from_env()?.list_organization().await?.results;
///         println!("{} organizations", organizations.len());
///         Ok(ExitCode::SUCCESS)
///     })
///     .await
/// }
/// ```
///
/// # Cancel safety
/// Dropping the future drops the work.
pub async fn exit_with<W>(work: W) -> ExitCode
where
    W: Future<Output = Result<ExitCode, Box<dyn Error>>>,
{
    work.await.unwrap_or_else(|error| {
        eprintln!("error: {}", with_causes(&*error));
        exit_code(&*error).into()
    })
}

/// Returns the exit code for an error of this crate or of [`qovery_api`], for a `main` that handles errors of
/// several types.
///
/// # Codes
/// All `exit_code` methods of this crate follow this table.
///
/// | code | outcome |
/// |---|---|
/// | 0 | the goal was reached |
/// | 1 | the operation failed, was canceled, or was superseded; a pod cannot run |
/// | 2 | unknown: the deadline passed, contact was lost, the services did not run in time, a call got no response of the API, a 5xx, a 429, or an unreadable response, or a list has no usable next page |
/// | 3 | refused: by the API, or by the client, for example an unknown name, an expired token, wrong arguments, a cursor of another list |
/// | 130 | Ctrl-C or SIGTERM stopped the program |
///
/// The error of `PreviewEnvironment::run` is recognized if the error of the closure is a [`WaitError`], a
/// [`qovery_api::Error`], a `Box<dyn Error>` or a `Box<dyn Error + Send + Sync>`. For another type, call the method
/// `exit_code` of the error.
///
/// ```
/// # async fn example(client: qovery_ext::qovery_api::Client) -> Result<(), Box<dyn std::error::Error>> {
/// if let Err(error) = client.list_organization().await {
///     println!("{error}, exit code {}", qovery_ext::exit_code(&error));
/// }
/// # Ok(()) }
/// ```
pub fn exit_code(error: &(dyn Error + 'static)) -> u8 {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(code) = own_code(error) {
            return code;
        }
        next = error.source();
    }
    codes::REFUSED
}

/// The code of this error itself, if its type has one.
fn own_code(error: &(dyn Error + 'static)) -> Option<u8> {
    macro_rules! of {
        ($($(#[$feature:meta])? $type:path),+ $(,)?) => {
            $(
                $(#[$feature])?
                if let Some(error) = error.downcast_ref::<$type>() {
                    return Some(error.exit_code());
                }
            )+
        };
    }
    of!(
        WaitError,
        crate::page::PageError,
        #[cfg(feature = "bulk")]
        crate::recipes::BulkError,
        #[cfg(feature = "display")]
        crate::display::ShowError,
        #[cfg(feature = "preview")]
        crate::recipes::PreviewError,
        #[cfg(feature = "preview")]
        RunPreviewError<Box<dyn Error>>,
        #[cfg(feature = "preview")]
        RunPreviewError<Box<dyn Error + Send + Sync>>,
        #[cfg(feature = "preview")]
        RunPreviewError<WaitError>,
        #[cfg(feature = "preview")]
        RunPreviewError<qovery_api::Error>,
        #[cfg(feature = "terraform")]
        crate::recipes::TerraformError,
        #[cfg(feature = "versions")]
        crate::recipes::VersionError,
        #[cfg(feature = "stream")]
        crate::wait::NotRunning,
        #[cfg(feature = "stream")]
        crate::stream::StreamError,
    );
    if let Some(error) = error.downcast_ref() {
        return Some(codes::of_transport(error));
    }
    if error.is::<qovery_api::DecodeError>() {
        return Some(codes::UNKNOWN);
    }
    error.downcast_ref().map(codes::of_call)
}
