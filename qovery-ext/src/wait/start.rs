//! Everything between the wish to act and the moment when the server has accepted it.
//!
//! Dropping a future of this module before the action was sent does nothing; while it is being sent,
//! the server may or may not have received it.

use std::sync::Arc;

use tokio::time::{self, Instant};
use uuid::Uuid;

use super::{
    BoxFuture, Deadline, Goal, OperationToken, Snapshot, Subject, WaitError, WaitErrorKind,
    WaitOptions,
    act::Act,
    clock::after,
    outcome::Acted,
    schedule::Pace,
    source::{Fault, FaultKind, Receipt, Seen, Source},
    tracker::Tracker,
};

/// Everything up to the moment when the server has accepted.
pub(super) struct Start {
    pub(super) source: Arc<dyn Source>,
    pub(super) subject: Subject,
    pub(super) options: WaitOptions,
    pub(super) started: Instant,
    pub(super) deadline: Option<Instant>,
    pub(super) pace: Pace,
    pub(super) polls: u32,
    pub(super) acted: Acted,
    pub(super) goal: Option<Goal>,
    pub(super) baseline: Option<Snapshot>,
}

impl Start {
    /// Refuses to act on, or to wait for, nothing.
    pub(super) fn check_subject(&self) -> Result<(), WaitError> {
        match &self.subject {
            // The API may take an empty selection for "all of them".
            Subject::Services { services, .. } if services.is_empty() => {
                let fault = Fault::new(FaultKind::Rejected, "no services were selected");
                Err(self.error(fault, None))
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn act(&mut self, act: Act) -> Result<Tracker, WaitError> {
        let goal = act.goal();
        let mut baseline = match self.baseline.take() {
            Some(baseline) => baseline,
            None => self.baseline().await?.snapshot,
        };
        let busy = baseline
            .marks()
            .iter()
            .flatten()
            .any(|m| !m.is_known_idle());
        let waited_before = if act.answers_without_request() || busy {
            self.queue().await?
        } else {
            // Where nothing runs, nothing waits.
            Some(Vec::new())
        };
        if busy {
            // What left the queue before it was read is what is shown by now.
            baseline = self.baseline().await?.snapshot;
        }
        let before = if baseline.has_unnamed_deployment() {
            self.latest_deployment().await?
        } else {
            None
        };
        let mut tracker = Tracker::acting(&self.subject, goal, &baseline, waited_before, before);
        let receipt = self.send(&act, &tracker).await?;
        tracker.accepted(&receipt);
        Ok(tracker)
    }

    pub(super) async fn request(
        &mut self,
        request: Uuid,
        environment: Option<Uuid>,
        goal: Goal,
        cancel: bool,
    ) -> Result<Tracker, WaitError> {
        let environment = match environment {
            Some(environment) => environment,
            None => self.environment_of(request).await?,
        };
        self.subject = Subject::environment(environment);
        if !cancel {
            return Ok(Tracker::watching(&self.subject, goal, Some(request)));
        }
        let baseline = self.baseline().await?;
        let mut tracker = Tracker::acting(&self.subject, goal, &baseline.snapshot, None, None);
        tracker.follow(request);
        self.send(&Act::CancelRequest(request), &tracker).await?;
        Ok(tracker)
    }

    async fn environment_of(&mut self, request: Uuid) -> Result<Uuid, WaitError> {
        let source = Arc::clone(&self.source);
        let seen = self
            .tolerant(|| {
                let read = source.request(request);
                Box::pin(async move {
                    match read.await {
                        Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
                        other => other,
                    }
                })
            })
            .await?;
        seen.and_then(|s| s.environment).ok_or_else(|| {
            let message = format!(
                "the API does not tell the environment of deployment request {request}: name it \
                 with in_environment"
            );
            self.error(Fault::new(FaultKind::NotFound, message), None)
        })
    }

    async fn baseline(&mut self) -> Result<Seen, WaitError> {
        let (source, subject) = (Arc::clone(&self.source), self.subject.clone());
        self.tolerant(|| source.read(&subject)).await
    }

    async fn queue(&mut self) -> Result<Option<Vec<Uuid>>, WaitError> {
        let (source, subject) = (Arc::clone(&self.source), self.subject.clone());
        let queue = self.if_readable(|| source.queue(&subject)).await?;
        Ok(queue.map(|waiting| waiting.iter().map(|w| w.request).collect()))
    }

    /// The latest deployment of the whole environment, where the history tells.
    async fn latest_deployment(&mut self) -> Result<Option<String>, WaitError> {
        let (source, subject) = (Arc::clone(&self.source), self.subject.clone());
        let history = self.if_readable(|| source.history(&subject)).await?;
        Ok(history.and_then(|past| past.into_iter().next().map(|past| past.deployment)))
    }

    /// Reads what is good to know: that it cannot be read is no reason not to act.
    async fn if_readable<'a, T: 'a>(
        &mut self,
        read: impl Fn() -> BoxFuture<'a, Result<Option<T>, Fault>>,
    ) -> Result<Option<T>, WaitError> {
        self.tolerant(|| {
            let read = read();
            Box::pin(async move {
                match read.await {
                    Err(fault) if !fault.is_passing() => Ok(None),
                    other => other,
                }
            })
        })
        .await
    }

    /// Reads until it works, as often as failures are tolerated.
    async fn tolerant<'a, T>(
        &mut self,
        mut read: impl FnMut() -> BoxFuture<'a, Result<T, Fault>>,
    ) -> Result<T, WaitError> {
        let mut failures = 0;
        loop {
            self.polls = self.polls.saturating_add(1);
            let limit = after(Instant::now(), self.options.poll_timeout);
            let read = time::timeout_at(limit, read());
            let read = async { read.await.unwrap_or_else(|_| Err(Fault::late())) };
            let fault = match self.bounded(read).await? {
                Ok(value) => return Ok(value),
                Err(fault) => fault,
            };
            failures += 1;
            if !fault.is_passing() || failures > self.options.tolerated_failures {
                return Err(self.error(fault, None));
            }
            self.pause(fault).await?;
        }
    }

    /// Sends the action, again only where it certainly was not executed.
    async fn send(&mut self, act: &Act, tracker: &Tracker) -> Result<Receipt, WaitError> {
        let mut failures = 0;
        loop {
            let (source, subject) = (Arc::clone(&self.source), self.subject.clone());
            self.acted = Acted::Perhaps;
            let result = self
                .bounded_for(source.act(&subject, act), Some(tracker))
                .await?;
            let fault = match result {
                Ok(receipt) => return Ok(receipt),
                Err(fault) => fault,
            };
            failures += 1;
            self.acted = if fault.may_have_been_executed {
                Acted::Perhaps
            } else {
                Acted::No
            };
            let again = fault.is_passing() && !fault.may_have_been_executed;
            if !again || failures > self.options.tolerated_failures {
                return Err(self.error(fault, Some(tracker)));
            }
            self.pause(fault).await?;
        }
    }

    async fn pause(&mut self, fault: Fault) -> Result<(), WaitError> {
        let pause = self
            .pace
            .advance()
            .max(fault.retry_after.unwrap_or_default());
        let wake = after(Instant::now(), pause);
        match self.deadline {
            Some(deadline) if deadline <= wake => {
                time::sleep_until(deadline).await;
                Err(self.deadline_error(None))
            }
            _ => {
                time::sleep_until(wake).await;
                Ok(())
            }
        }
    }

    async fn bounded<T>(
        &self,
        request: impl Future<Output = Result<T, Fault>>,
    ) -> Result<Result<T, Fault>, WaitError> {
        self.bounded_for(request, None).await
    }

    async fn bounded_for<T>(
        &self,
        request: impl Future<Output = Result<T, Fault>>,
        tracker: Option<&Tracker>,
    ) -> Result<Result<T, Fault>, WaitError> {
        match self.deadline {
            None => Ok(request.await),
            Some(deadline) => time::timeout_at(deadline, request)
                .await
                .map_err(|_| self.deadline_error(tracker)),
        }
    }

    fn token(&self, tracker: Option<&Tracker>) -> OperationToken {
        OperationToken {
            subject: self.subject.clone(),
            tracker: tracker.cloned().or_else(|| {
                let goal = self.goal?;
                Some(Tracker::watching(&self.subject, goal, None))
            }),
        }
    }

    fn deadline_error(&self, tracker: Option<&Tracker>) -> WaitError {
        let limit = match self.options.deadline {
            Deadline::After(limit) => Some(limit),
            Deadline::None => None,
        };
        let mut error = self.ended(
            WaitErrorKind::DeadlinePassed,
            "the deadline passed before the server had accepted",
            tracker,
        );
        error.0.limit = limit;
        error
    }

    fn error(&self, fault: Fault, tracker: Option<&Tracker>) -> WaitError {
        let kind = if fault.is_passing() {
            WaitErrorKind::LostContact
        } else {
            WaitErrorKind::Refused
        };
        let mut error = self.ended(kind, &fault.message, tracker);
        error.0.source = Some(fault);
        error
    }

    fn ended(&self, kind: WaitErrorKind, what: &str, tracker: Option<&Tracker>) -> WaitError {
        let mut error = WaitError::new(
            kind,
            format!("{}: {what}", self.subject),
            self.token(tracker),
        );
        error.0.polls = self.polls;
        error.0.elapsed = self.started.elapsed();
        error.0.acted = self.acted;
        error
    }
}
