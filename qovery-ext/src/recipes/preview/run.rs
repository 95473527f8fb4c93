//! Runs a closure with a preview that is deleted at the end.

use std::{
    fmt,
    panic::{AssertUnwindSafe, resume_unwind},
};

use futures_util::FutureExt as _;
use qovery_api::{Client, Error};

use super::{Preview, PreviewEnvironment, PreviewError};
use crate::{Interrupt, codes, wait::WaitError};

/// Runs a closure with a deployed preview, until it ends or is interrupted. Deletes the preview.
pub(super) async fn run_until<T, E>(
    wanted: &PreviewEnvironment,
    client: &Client,
    work: impl AsyncFnOnce(Preview) -> Result<T, E>,
    mut interrupt: Interrupt,
) -> Result<T, RunPreviewError<E>> {
    let done = async {
        // Not interrupted: an environment can only be deleted after its creation has ended.
        let mut preview = match wanted.ensure(client).await {
            Ok(preview) => preview,
            Err(error) => return Ok(Err(Ended::Preview(error))),
        };
        let worked = async {
            wanted
                .finish(client, &mut preview)
                .await
                .map_err(Ended::Preview)?;
            work(preview).await.map_err(Ended::Work)
        };
        tokio::select! {
            biased;
            () = interrupt.received() => Ok(Err(Ended::Interrupted)),
            worked = AssertUnwindSafe(worked).catch_unwind() => worked,
        }
    };
    let done = done.await;
    let mut again = Interrupt::listen();
    let is_of_another_run =
        matches!(&done, Ok(Err(Ended::Preview(error))) if error.is_about_other_runs());
    let deleted = if is_of_another_run {
        Ok(false)
    } else {
        tokio::select! {
            biased;
            deleted = wanted.delete(client) => deleted,
            () = again.received() => Err(PreviewError::interrupted()),
        }
    };
    match (done.unwrap_or_else(|panic| resume_unwind(panic)), deleted) {
        (Ok(value), Ok(_)) => Ok(value),
        (Ok(_), Err(error)) => Err(RunPreviewError {
            ended: Ended::NotDeleted,
            not_deleted: Some(error),
        }),
        (Err(ended), deleted) => Err(RunPreviewError {
            not_deleted: deleted.err().filter(|error| !repeats(&ended, error)),
            ended,
        }),
    }
}

/// Whether the deletion was refused for the same reason as the preview: then no preview can be deleted.
fn repeats<E>(ended: &Ended<E>, not_deleted: &PreviewError) -> bool {
    let Ended::Preview(error) = ended else {
        return false;
    };
    error.is_refused() && not_deleted.is_refused() && error.to_string() == not_deleted.to_string()
}

enum Ended<E> {
    Preview(PreviewError),
    Work(E),
    Interrupted,
    NotDeleted,
}

/// The error of [`PreviewEnvironment::run`](super::PreviewEnvironment::run).
///
/// Available on crate feature `preview` only.
pub struct RunPreviewError<E> {
    ended: Ended<E>,
    not_deleted: Option<PreviewError>,
}

impl<E> RunPreviewError<E> {
    /// Returns the error of the closure.
    pub fn work_error(&self) -> Option<&E> {
        match &self.ended {
            Ended::Work(error) => Some(error),
            _ => None,
        }
    }

    /// Returns the error of creating or deploying the environment.
    pub fn preview_error(&self) -> Option<&PreviewError> {
        match &self.ended {
            Ended::Preview(error) => Some(error),
            _ => None,
        }
    }

    /// Returns the error of the wait that failed: for the deployment, or for the deletion after work that
    /// succeeded.
    pub fn wait_error(&self) -> Option<&WaitError> {
        self.decisive()?.wait_error()
    }

    /// Returns the error of the call that failed: of creating or deploying the environment, or of deleting it
    /// after work that succeeded.
    pub fn api_error(&self) -> Option<&Error> {
        self.decisive()?.api_error()
    }

    /// The error that determines the exit code, if it is that of the preview.
    fn decisive(&self) -> Option<&PreviewError> {
        match &self.ended {
            Ended::Preview(error) => Some(error),
            Ended::NotDeleted => self.not_deleted.as_ref(),
            Ended::Work(_) | Ended::Interrupted => None,
        }
    }

    /// Returns whether Ctrl-C or SIGTERM interrupted the run, or the deletion after work that succeeded.
    pub fn is_interrupted(&self) -> bool {
        let is_interrupted = |error: &PreviewError| error.is_interrupted();
        matches!(self.ended, Ended::Interrupted) || self.decisive().is_some_and(is_interrupted)
    }

    /// Returns the reason why the environment was not deleted at the end; `None` if it was deleted, or if there was no
    /// preview to delete.
    pub fn not_deleted(&self) -> Option<&PreviewError> {
        self.not_deleted.as_ref()
    }

    /// Returns the exit code: see [the table](crate::exit_code#codes). It is 1 if the closure failed.
    pub fn exit_code(&self) -> u8 {
        match &self.ended {
            Ended::Interrupted => codes::INTERRUPTED,
            _ => self
                .decisive()
                .map_or(codes::FAILED, PreviewError::exit_code),
        }
    }
}

/// The beginning of the second line of the message.
const NOT_DELETED: &str =
    "the preview environment was not deleted, delete it with `PreviewEnvironment::delete`";

impl<E: fmt::Display> fmt::Display for RunPreviewError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.ended {
            Ended::Preview(error) => error.fmt(f)?,
            Ended::Work(error) => error.fmt(f)?,
            Ended::Interrupted => f.write_str("interrupted")?,
            Ended::NotDeleted => f.write_str("the work succeeded")?,
        }
        match &self.not_deleted {
            Some(error) => {
                write!(f, "\n{NOT_DELETED}: ")?;
                error.fmt(f)
            }
            None => Ok(()),
        }
    }
}

impl<E: fmt::Debug> fmt::Debug for RunPreviewError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RunPreviewError: ")?;
        match &self.ended {
            Ended::Preview(error) => write!(f, "{error:#}")?,
            Ended::Work(error) => error.fmt(f)?,
            Ended::Interrupted => f.write_str("interrupted")?,
            Ended::NotDeleted => f.write_str("the work succeeded")?,
        }
        match &self.not_deleted {
            Some(error) => write!(f, "\n{NOT_DELETED}: {error:#}"),
            None => Ok(()),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for RunPreviewError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // `Display` prints the error itself.
        std::error::Error::source(self.decisive()?)
    }
}
