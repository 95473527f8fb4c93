//! Canceling on the server, explicitly.
//!
//! Not for giving up waiting: dropping the operation does that.

use std::{fmt, sync::Arc};

use uuid::Uuid;

use super::{
    Operation, Subject, WaitError, WaitErrorKind,
    act::Act,
    operation::Until,
    source::{Fault, Source},
};

/// Makes the error of an operation that has ended.
type Ended = dyn Fn(WaitErrorKind, &str) -> WaitError + Send + Sync;

/// Cancels an operation on the server, whatever has become of the [`Operation`].
#[derive(Clone)]
pub struct Canceler {
    source: Arc<dyn Source>,
    subject: Subject,
    request: Option<Uuid>,
    /// What an error says besides its cause.
    ended: Arc<Ended>,
}

impl Canceler {
    pub(super) fn of(operation: &Operation) -> Self {
        let (last, token) = (operation.last.clone(), operation.token());
        let (polls, started) = (operation.polls, operation.started);
        Self {
            source: Arc::clone(&operation.source),
            subject: operation.subject.clone(),
            request: match &operation.until {
                Until::Goal(tracker) => tracker.request(),
                Until::Condition(_) => None,
            },
            ended: Arc::new(move |kind, what| {
                let mut error = WaitError::new(kind, what.to_owned(), token.clone());
                error.0.last.clone_from(&last);
                error.0.polls = polls;
                error.0.elapsed = started.elapsed();
                error
            }),
        }
    }

    /// Asks the server to cancel the deployment, or the request while it still waits.
    ///
    /// Does not wait for it to be canceled.
    ///
    /// # Errors
    /// Where the server refuses or was not reached.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; the server may have received it.
    pub fn cancel(&self) -> impl Future<Output = Result<(), WaitError>> + Send + use<> {
        let this = self.clone();
        async move {
            this.send().await.map_err(|fault| {
                let kind = if fault.is_passing() {
                    WaitErrorKind::LostContact
                } else {
                    WaitErrorKind::Refused
                };
                let mut error = (this.ended)(
                    kind,
                    &format!("{} could not be canceled: {fault}", this.subject),
                );
                error.0.source = Some(fault);
                error
            })
        }
    }

    async fn send(&self) -> Result<(), Fault> {
        let waiting = match self.request {
            // A request that waits is canceled by its id: the environment may be running another.
            Some(request) => match self.source.request(request).await {
                Ok(Some(seen)) => seen.state.phase(super::Goal::Deployed) == super::Phase::Queued,
                Ok(None) => false,
                Err(fault) if fault.is_passing() => return Err(fault),
                Err(_) => false,
            },
            None => false,
        };
        let act = match self.request.filter(|_| waiting) {
            Some(request) => Act::CancelRequest(request),
            None => Act::Cancel { force: false },
        };
        self.source.act(&self.subject, &act).await.map(|_| ())
    }
}

impl fmt::Debug for Canceler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canceler")
            .field("subject", &self.subject)
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}
