//! The end of an operation: the last poll at the deadline, the report on a failure, the error.
//!
//! If a future of this module is dropped, the next one continues from the same point: the pending report
//! is in the operation, only the request in flight is lost. The time limits keep running meanwhile, so
//! that a future that is dropped again and again still comes to its end.

use std::{sync::Arc, time::Duration};

use tokio::time::{self, Instant};

use super::{
    Deadline, Decision, Evidence, FailureReport, NotCanceled, Operation, Reached, RunId, Subject,
    WaitError, WaitErrorKind, WaitOptions,
    cancel::Unsuccessful,
    clock::after,
    decision::{Cancellation, Cause, Verdict},
    operation::Until,
    outcome::{Acted, Successor},
    source::Fault,
};

/// How the operation is about to end.
pub(super) enum Closing {
    Decided(Decision, Vec<Evidence>),
    Refused(Fault),
    LostContact(Fault),
    Deadline { cancel: Cancel },
}

/// Whether the server should be asked to cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cancel {
    No,
    Due,
    Sent,
    Accepted,
    /// Nothing was sent.
    Left(NotCanceled),
}

impl Operation {
    /// The deadline has passed: one last, quick poll, because much may have happened since the one
    /// before.
    pub(super) async fn pass_deadline(&mut self) {
        let now = Instant::now();
        let limit = *self
            .last_poll_until
            .get_or_insert_with(|| after(now, WaitOptions::LAST_POLL));
        if self.forbidden_until.is_none_or(|until| until <= now)
            && now < limit
            && let Ok(Ok(judged)) = time::timeout_at(limit, self.last_read()).await
        {
            self.take(Ok(judged));
        }
        if self.closing.is_none() {
            self.begin_deadline();
        }
    }

    async fn last_read(&mut self) -> Result<Verdict, Fault> {
        let source = Arc::clone(&self.source);
        let _turn = source.turn().await;
        self.read().await
    }

    pub(super) fn begin_deadline(&mut self) {
        self.closing = Some(Closing::Deadline {
            cancel: if self.options.cancel_at_deadline {
                Cancel::Due
            } else {
                Cancel::No
            },
        });
    }

    /// Ends the operation.
    pub(super) async fn close(&mut self) -> Result<(), WaitError> {
        if let Some(Closing::Deadline { cancel }) = &mut self.closing
            && *cancel == Cancel::Due
        {
            // Said before it is sent: a future that is dropped here must not make it two cancels.
            *cancel = Cancel::Sent;
            let canceler = self.canceler();
            let sent = time::timeout(WaitOptions::REPORT, canceler.send()).await;
            if let Some(Closing::Deadline { cancel }) = &mut self.closing {
                match sent {
                    Ok(Ok(())) => *cancel = Cancel::Accepted,
                    Ok(Err(Unsuccessful::NotSent(why))) => *cancel = Cancel::Left(why),
                    Ok(Err(Unsuccessful::Failed(_))) | Err(_) => {}
                }
            }
        }
        self.catch_up().await;
        let report = match &self.closing {
            Some(Closing::Decided(Decision::Failed(Cause::State(_)), _))
            | Some(Closing::Decided(Decision::Canceled(Cancellation::Seen), _)) => {
                self.gather().await
            }
            _ => None,
        };
        let Some(closing) = self.closing.take() else {
            return Ok(());
        };
        let mut error = match closing {
            Closing::Decided(Decision::Reached(proof), evidence) => {
                let reached = Reached {
                    goal: self.goal(),
                    snapshot: self.last.clone(),
                    names: self.names(),
                    polls: self.polls,
                    elapsed: self.started.elapsed(),
                    token: self.token(),
                    proof,
                    evidence,
                };
                self.finish(reached);
                return Ok(());
            }
            Closing::Decided(decision, evidence) => self.decided_error(decision, evidence),
            Closing::Refused(fault) => {
                let mut error =
                    self.error(WaitErrorKind::Refused, &format!("the API refused: {fault}"));
                error.0.source = Some(fault);
                error
            }
            Closing::LostContact(fault) => {
                let mut error = self.error(
                    WaitErrorKind::LostContact,
                    &format!(
                        "{} polls in a row failed, the last one because: {fault}; the server goes on",
                        self.failures
                    ),
                );
                error.0.source = Some(fault);
                error
            }
            Closing::Deadline { cancel } => self.deadline_error(cancel),
        };
        error.0.report = report;
        self.end();
        Err(error)
    }

    /// The error of an operation that ended without its goal.
    fn decided_error(&mut self, decision: Decision, evidence: Vec<Evidence>) -> WaitError {
        let mut error = match decision {
            Decision::NoTrace => self.no_trace_error(),
            Decision::Failed(Cause::Hopeless(why)) => self.error(WaitErrorKind::Failed, &why),
            Decision::Failed(Cause::Gone) => {
                self.error(WaitErrorKind::Failed, "it no longer exists")
            }
            Decision::Failed(Cause::State(state)) => {
                let what = if state.is_error() {
                    format!("it failed ({state})")
                } else {
                    format!("it ended in another state ({state})")
                };
                self.error(WaitErrorKind::Failed, &what)
            }
            Decision::Canceled(Cancellation::LeftQueue(request)) => self.error(
                WaitErrorKind::Canceled,
                &format!("request {request} left the queue without being executed"),
            ),
            Decision::Superseded { successor, alike } => {
                let what = match alike.as_slice() {
                    [] | [_] => "another deployment took its place, and no endpoint says how this \
                                 one ended"
                        .to_owned(),
                    runs => {
                        let names: Vec<String> = runs.iter().map(ToString::to_string).collect();
                        format!(
                            "these deployments cannot be told apart, and not all of them reached the \
                             goal: {}",
                            names.join(", ")
                        )
                    }
                };
                let mut error = self.error(WaitErrorKind::Superseded, &what);
                error.0.successor = Some(self.successor(successor));
                error
            }
            Decision::Canceled(_) | Decision::Reached(_) => {
                self.error(WaitErrorKind::Canceled, "the deployment was canceled")
            }
        };
        error.0.evidence = evidence;
        error
    }

    fn no_trace_error(&mut self) -> WaitError {
        let Some(fault) = self.lost.take() else {
            return self.error(
                WaitErrorKind::LostContact,
                "the API accepted the action, and no endpoint has shown a deployment since: there \
                 was nothing to deploy, or the request was canceled in the queue",
            );
        };
        let mut error = self.error(
            WaitErrorKind::LostContact,
            &format!(
                "the response to the action was lost ({}), and no trace of a deployment was seen \
                 since: it may or may not have been executed",
                fault.message
            ),
        );
        error.0.acted = Acted::Perhaps;
        error.0.source = Some(fault);
        error
    }

    fn successor(&self, run: Option<RunId>) -> Successor {
        let last = self.last.as_ref();
        Successor {
            deployment_id: match run {
                Some(RunId::Execution(id)) => Some(id),
                _ => last.and_then(|last| last.deployment_id.clone()),
            },
            deployment_request_id: last.and_then(|last| last.deployment_request_id),
            origin: last.and_then(|last| last.origin.clone()),
            triggered_by: last.and_then(|last| last.triggered_by.clone()),
        }
    }

    fn deadline_error(&self, cancel: Cancel) -> WaitError {
        let limit = match self.options.deadline {
            Deadline::After(limit) => limit,
            Deadline::None => Duration::ZERO,
        };
        let state = match &self.last {
            Some(last) => format!("the last status was {}", last.state),
            None => "no status could be read".to_owned(),
        };
        let server = match cancel {
            Cancel::No => "the server goes on".to_owned(),
            Cancel::Accepted => "the server was asked to cancel".to_owned(),
            Cancel::Due | Cancel::Sent => {
                "asking the server to cancel did not succeed: it goes on".to_owned()
            }
            Cancel::Left(why) => format!("the server goes on, the cancel was {why}"),
        };
        let mut error = self.error(
            WaitErrorKind::DeadlinePassed,
            &format!(
                "the deadline of {} s passed; {state}; {server}",
                limit.as_secs_f32()
            ),
        );
        error.0.limit = Some(limit);
        error.0.canceled_on_server = cancel == Cancel::Accepted;
        error.0.not_canceled = match cancel {
            Cancel::Left(why) => Some(why),
            Cancel::No | Cancel::Due | Cancel::Sent | Cancel::Accepted => None,
        };
        error
    }

    /// Gathers the report once, bounded, and never instead of the failure itself.
    async fn gather(&mut self) -> Option<FailureReport> {
        let goal = self.goal()?;
        let snapshot = self.last.as_ref()?;
        let (request, own) = match &self.until {
            Until::Goal(ledger) => (ledger.request(), ledger.execution()),
            Until::Condition(_) => (None, None),
        };
        let deployment = own.or(snapshot.deployment_id.as_deref());
        let mut report = FailureReport::of(snapshot, goal, request);
        report.deployment_id = deployment.map(str::to_owned);
        if self.options.log_lines == 0 {
            report.add_names(&self.names());
            return Some(report);
        }
        let (source, subject) = (Arc::clone(&self.source), self.subject.clone());
        // A service that its deployment never came to is told which of the others failed.
        let with_environment = match subject {
            Subject::Environment { .. } => snapshot.services.is_empty(),
            Subject::Service { .. } | Subject::Services { .. } => report.services.is_empty(),
            Subject::Cluster { .. } => false,
        };
        let log = async {
            let _turn = source.turn().await;
            source
                .log(&subject, report.deployment_id.as_deref(), with_environment)
                .await
        };
        let limit = *self
            .report_until
            .get_or_insert_with(|| after(Instant::now(), WaitOptions::REPORT));
        let log = time::timeout_at(limit, log).await;
        match log {
            Ok(Ok(log)) => {
                if let Some(whole) = &log.whole {
                    let whole = FailureReport::of(whole, goal, request);
                    (report.stages, report.services) = (whole.stages, whole.services);
                }
                report.add_log(log, self.options.log_lines);
            }
            Ok(Err(fault)) => report.incomplete = Some(fault.message),
            Err(_) => report.incomplete = Some("the log did not arrive in time".to_owned()),
        }
        report.add_names(&self.names());
        Some(report)
    }

    pub(super) fn error(&self, kind: WaitErrorKind, what: &str) -> WaitError {
        let goal = self.goal();
        let names = self.names();
        let subject = self.subject.named(&names);
        let waited_for = match goal {
            Some(goal) => format!("{subject} was to be {goal}"),
            None => format!("waited on {subject}"),
        };
        let mut error = WaitError::new(kind, format!("{waited_for}: {what}"), self.token());
        error.0.last.clone_from(&self.last);
        error.0.polls = self.polls;
        error.0.elapsed = self.started.elapsed();
        error
    }

    pub(super) fn already_ended(&self) -> WaitError {
        self.error(
            WaitErrorKind::Refused,
            "this wait has already ended with an error; resume it with its token",
        )
    }
}
