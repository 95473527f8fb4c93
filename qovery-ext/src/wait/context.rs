//! The data that the start, the polls and the end of a wait share.

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use tokio::time::{self, Instant};

use super::{
    Check, Condition, Goal, Names, OperationToken, Snapshot, Subject, WaitError, WaitErrorKind,
    WaitOptions,
    api::ApiSource,
    in_flight::Permit,
    ledger::{Ledger, Stamp, millis},
    outcome::{Ended, Executed},
    source::Fault,
};
use crate::clock::after;

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
    pub(super) source: Arc<ApiSource>,
    pub(super) subject: Subject,
    pub(super) until: Until,
    pub(super) options: WaitOptions,
    pub(super) started: Instant,
    /// The time on the ledger's clock at the start: not 0 if the operation was resumed.
    pub(super) resumed_at: Stamp,
    pub(super) polls: u32,
    /// The last status that was read.
    pub(super) last: Option<Snapshot>,
    /// The fault of the response to the action, if it was lost.
    pub(super) lost: Option<Fault>,
    /// When the API accepted to cancel the queued request of the operation.
    pub(super) accepted_cancel: Arc<OnceLock<Instant>>,
}

impl Context {
    pub(super) fn new(source: Arc<ApiSource>, subject: Subject, until: Until) -> Self {
        Self {
            source,
            subject,
            until,
            options: WaitOptions::default(),
            started: Instant::now(),
            resumed_at: 0,
            polls: 0,
            last: None,
            lost: None,
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

    /// The time on the ledger's clock.
    pub(super) fn stamp(&self) -> Stamp {
        self.stamp_of(Instant::now())
    }

    pub(super) fn stamp_of(&self, moment: Instant) -> Stamp {
        let elapsed = moment.saturating_duration_since(self.started);
        self.resumed_at.saturating_add(millis(elapsed))
    }

    pub(super) fn instant_of(&self, stamp: Stamp) -> Instant {
        let ahead = stamp.saturating_sub(self.resumed_at);
        after(self.started, Duration::from_millis(ahead))
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
        let mut token = OperationToken::new(self.subject.clone(), self.ledger().cloned());
        token.parent = self.source.parents.known(self.subject.id());
        token
    }

    /// The known names of the subject and its services.
    pub(super) fn names(&self) -> Names {
        self.source.names.about(&self.subject, self.last.as_ref())
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
            source.names.about(&subject, None)
        }
    }

    /// The activity of the operation and its subject, at the beginning of a message.
    pub(super) fn activity(&self) -> String {
        let names = self.names();
        let subject = self.subject.named(&names);
        match self.goal() {
            Some(goal) => format!("{} {subject}", goal.activity()),
            None => format!("waiting for {subject}"),
        }
    }

    /// An error with the last status and the token.
    pub(super) fn error(&self, kind: WaitErrorKind, message: String) -> WaitError {
        WaitError(Box::new(Ended {
            kind,
            message,
            last: self.last.clone(),
            polls: self.polls,
            elapsed: self.started.elapsed(),
            token: self.token(),
            limit: None,
            successor: None,
            report: None,
            canceled_on_server: false,
            not_canceled: None,
            source: None,
            executed: Executed::Yes,
            evidence: Vec::new(),
        }))
    }
}
