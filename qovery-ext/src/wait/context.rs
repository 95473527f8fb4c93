//! The data that the start, the polls and the end of a wait share.

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use tokio::time::{self, Instant};

use super::{
    Check, Condition, Goal, Names, OperationToken, Snapshot, Subject, WaitError, WaitErrorKind,
    WaitOptions, in_flight::Permit, ledger::Ledger, source::Source,
};

/// The end of a wait: the goal of an operation, or a condition.
pub(super) enum Until {
    Goal(Box<Ledger>),
    /// The mutex makes it `Sync`. It is never locked.
    Condition(Mutex<Box<dyn Condition>>),
}

impl Until {
    /// The goal of an operation that has read nothing yet.
    pub(super) fn goal(subject: &Subject, goal: Goal) -> Self {
        Until::Goal(Box::new(Ledger::watching(subject, goal, None)))
    }

    pub(super) fn condition(condition: Box<dyn Condition>) -> Self {
        Until::Condition(Mutex::new(condition))
    }
}

/// The subject and the end of a wait, its settings, and its latest status.
pub(super) struct Context {
    pub(super) source: Arc<dyn Source>,
    pub(super) subject: Subject,
    pub(super) until: Until,
    pub(super) options: WaitOptions,
    pub(super) started: Instant,
    pub(super) polls: u32,
    /// The last status that was read.
    pub(super) last: Option<Snapshot>,
    /// When the API accepted to cancel the queued request of the operation.
    pub(super) accepted_cancel: Arc<OnceLock<Instant>>,
}

impl Context {
    pub(super) fn new(source: Arc<dyn Source>, subject: Subject, until: Until) -> Self {
        Self {
            source,
            subject,
            until,
            options: WaitOptions::default(),
            started: Instant::now(),
            polls: 0,
            last: None,
            accepted_cancel: Arc::default(),
        }
    }

    /// The record of the operation; `None` for a condition.
    pub(super) fn ledger(&self) -> Option<&Ledger> {
        match &self.until {
            Until::Goal(ledger) => Some(ledger),
            Until::Condition(_) => None,
        }
    }

    pub(super) fn ledger_mut(&mut self) -> Option<&mut Ledger> {
        match &mut self.until {
            Until::Goal(ledger) => Some(ledger),
            Until::Condition(_) => None,
        }
    }

    /// The goal; `None` for a condition.
    pub(super) fn goal(&self) -> Option<Goal> {
        self.ledger().map(Ledger::goal)
    }

    /// Checks the condition for the last status, or for a subject that is not found; `None` for a goal.
    pub(super) fn check_condition(&mut self, is_found: bool) -> Option<Check> {
        let seen = self.last.as_ref().filter(|_| is_found);
        match &mut self.until {
            Until::Goal(_) => None,
            Until::Condition(condition) => {
                let condition = condition.get_mut();
                Some(
                    condition
                        .unwrap_or_else(PoisonError::into_inner)
                        .check(seen),
                )
            }
        }
    }

    /// The latest end of the wait. A limit beyond the range of the clock is no limit.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.started.checked_add(self.options.deadline.limit()?)
    }

    /// Whether the deadline has passed.
    pub(super) fn is_late(&self) -> bool {
        self.deadline().is_some_and(|d| d <= Instant::now())
    }

    /// Waits in the queue until the requests of a poll may be sent; `None` if the deadline has passed or passes
    /// first.
    pub(super) async fn permit(&self) -> Option<Permit> {
        let permit = self.source.permit();
        match self.deadline() {
            Some(deadline) if deadline <= Instant::now() => None,
            Some(deadline) => time::timeout_at(deadline, permit).await.ok(),
            None => Some(permit.await),
        }
    }

    pub(super) fn token(&self) -> OperationToken {
        OperationToken::new(self.subject.clone(), self.ledger().cloned())
            .with_parent(self.source.known_parent(&self.subject))
    }

    /// The known names of the subject and its services.
    pub(super) fn names(&self) -> Names {
        self.source.names(&self.subject, self.last.as_ref())
    }

    /// Reads the names of the subject and its services. Names that are not read in time stay unknown.
    pub(super) fn look_up_names(&self) -> impl Future<Output = Names> + Send + use<> {
        const LIMIT: Duration = Duration::from_secs(5);
        let (source, subject) = (Arc::clone(&self.source), self.subject.clone());
        async move {
            let read = async {
                let _permit = source.permit().await;
                source.look_up_names(&subject).await;
            };
            let _late = time::timeout(LIMIT, read).await;
            source.names(&subject, None)
        }
    }

    /// An error with the last status and the token.
    pub(super) fn error(&self, kind: WaitErrorKind, message: String) -> WaitError {
        let mut error = WaitError::new(kind, message, self.token());
        error.0.last.clone_from(&self.last);
        error.0.polls = self.polls;
        error.0.elapsed = self.started.elapsed();
        error
    }
}
