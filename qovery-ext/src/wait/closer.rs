//! The end of a wait: the cancel at the deadline, the report on a failure, the outcome.
//!
//! If a future of this module is dropped, the next one continues from the same point: the pending end is
//! in the [`Closer`], only the request in flight is lost. The time limits keep running in the meantime, so that a
//! future that is dropped again and again still comes to its end.

use std::{sync::Arc, time::Duration};

use tokio::time::{self, Instant};

use super::{
    Canceler, Deadline, Decision, Evidence, FailureReport, Goal, NotCanceled, Reached, RunId,
    Subject, WaitError, WaitErrorKind, WaitOptions,
    cancel::CancelFailure,
    catch_up::catch_up,
    decision::{Cancellation, Cause},
    ledger::Ledger,
    outcome::{Executed, Successor},
    poller::{End, Poller},
    source::Fault,
};
use crate::{clock::after, span::span};

/// Ends a wait.
pub(super) struct Closer {
    stage: Stage,
    /// The fault of the response to the action, if it was lost.
    lost: Option<Fault>,
    /// The time limit for fetching the report.
    report_until: Option<Instant>,
}

/// The progress of the end.
enum Stage {
    UnderWay,
    Closing(End, Cancel),
    Reached(Box<Reached>),
    Failed,
}

/// Whether to send a cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cancel {
    No,
    Due,
    Sent,
    Accepted,
    /// Nothing was sent.
    NotSent(NotCanceled),
}

impl Closer {
    pub(super) fn new(lost: Option<Fault>) -> Self {
        Self {
            stage: Stage::UnderWay,
            lost,
            report_until: None,
        }
    }

    /// Starts to end the wait.
    pub(super) fn begin(&mut self, end: End, options: &WaitOptions) {
        let cancel = if matches!(end, End::Deadline) && options.cancel_at_deadline {
            Cancel::Due
        } else {
            Cancel::No
        };
        self.stage = Stage::Closing(end, cancel);
    }

    /// Whether the end has started and is not complete.
    pub(super) fn is_closing(&self) -> bool {
        matches!(self.stage, Stage::Closing(..))
    }

    /// Whether the wait has ended.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.stage, Stage::Reached(_) | Stage::Failed)
    }

    pub(super) fn reached(&self) -> Option<&Reached> {
        match &self.stage {
            Stage::Reached(reached) => Some(reached),
            Stage::UnderWay | Stage::Closing(..) | Stage::Failed => None,
        }
    }

    /// Completes the end that has started.
    pub(super) async fn close(&mut self, poller: &mut Poller) -> Result<(), WaitError> {
        if let Stage::Closing(_, cancel) = &mut self.stage
            && *cancel == Cancel::Due
        {
            // Recorded before it is sent, so that dropping the future here does not cause a second cancel.
            *cancel = Cancel::Sent;
            let canceler = Canceler::of(poller);
            match time::timeout(WaitOptions::REPORT, canceler.send()).await {
                Ok(Ok(())) => *cancel = Cancel::Accepted,
                Ok(Err(CancelFailure::NotSent(why))) => *cancel = Cancel::NotSent(why),
                Ok(Err(CancelFailure::Failed(_))) | Err(_) => {}
            }
        }
        let mut report = None;
        if let Stage::Closing(End::Decided(decision, _), _) = &self.stage {
            catch_up(poller, decision).await;
            if let Decision::Failed(Cause::State(_)) | Decision::Canceled(Cancellation::Seen) =
                decision
            {
                report = gather(poller, &mut self.report_until).await;
            }
        }
        let (end, cancel) = match std::mem::replace(&mut self.stage, Stage::Failed) {
            Stage::Closing(end, cancel) => (end, cancel),
            stage => {
                self.stage = stage;
                return Ok(());
            }
        };
        let mut error = match end {
            End::Decided(Decision::Reached(proof), evidence) => {
                if poller.goal() == Some(Goal::Deleted) {
                    poller.source().note_deletion(poller.subject());
                }
                self.stage = Stage::Reached(Box::new(Reached {
                    goal: poller.goal(),
                    snapshot: poller.last().cloned(),
                    names: poller.names(),
                    polls: poller.polls(),
                    elapsed: poller.elapsed(),
                    token: poller.token(),
                    proof,
                    evidence,
                }));
                return Ok(());
            }
            End::Decided(Decision::NoTrace, evidence) => {
                let mut error = no_trace_error(poller, self.lost.take());
                error.0.evidence = evidence;
                error
            }
            End::Decided(decision, evidence) => decided_error(poller, decision, evidence),
            End::Refused(fault) => {
                let message = format!("the API refused: {fault}");
                let mut error = unsuccessful(poller, WaitErrorKind::Refused, &message);
                error.0.source = Some(fault);
                error
            }
            End::LostContact(fault) => {
                let message = format!(
                    "{} polls in a row failed, the last one with: {fault}; the server continues",
                    poller.failures()
                );
                let mut error = unsuccessful(poller, WaitErrorKind::LostContact, &message);
                error.0.source = Some(fault);
                error
            }
            End::Deadline => deadline_error(poller, cancel),
        };
        error.0.report = report;
        Err(error)
    }
}

/// The error of an operation that ended without reaching its goal.
fn decided_error(poller: &Poller, decision: Decision, evidence: Vec<Evidence>) -> WaitError {
    let error = |kind, what: &str| unsuccessful(poller, kind, what);
    let mut error = match decision {
        Decision::Failed(Cause::Hopeless(why)) => error(WaitErrorKind::Failed, &why),
        Decision::Failed(Cause::Gone) => error(WaitErrorKind::Failed, "it no longer exists"),
        Decision::Failed(Cause::State(state)) => {
            let what = if state.is_error() {
                format!("it failed ({state})")
            } else {
                format!("it ended in another state ({state})")
            };
            error(WaitErrorKind::Failed, &what)
        }
        Decision::Canceled(Cancellation::LeftQueue(request)) => error(
            WaitErrorKind::Canceled,
            &format!("request {request} left the queue without being executed"),
        ),
        Decision::Superseded { successor, alike } => {
            let what = match alike.as_slice() {
                [] | [_] => {
                    "another deployment replaced this operation, and no endpoint shows how \
                     the operation ended"
                        .to_owned()
                }
                runs => {
                    let names: Vec<String> = runs.iter().map(ToString::to_string).collect();
                    format!(
                        "these deployments cannot be distinguished, so the outcome of this operation is \
                         unknown: {}",
                        names.join(", ")
                    )
                }
            };
            let mut error = error(WaitErrorKind::Superseded, &what);
            error.0.successor = Some(successor_of(poller, successor));
            error
        }
        Decision::Canceled(_) | Decision::Reached(_) | Decision::NoTrace => {
            let follower = follower_of(poller);
            let mut what = "the deployment was canceled".to_owned();
            if let (Some(follower), Some(last)) = (&follower, poller.last()) {
                what = format!("{what}; since then {} ({})", follower, last.state);
            }
            let mut error = error(WaitErrorKind::Canceled, &what);
            error.0.successor = follower;
            error
        }
    };
    error.0.evidence = evidence;
    error
}

fn no_trace_error(poller: &Poller, lost: Option<Fault>) -> WaitError {
    let Some(fault) = lost else {
        let has_acted = poller.ledger().is_some_and(Ledger::has_acted);
        let message = match has_acted {
            true => {
                "the API accepted the action, and no endpoint has shown a deployment since: there \
                 was nothing to deploy, or the request was canceled in the queue"
            }
            false => {
                "no endpoint knows the request: it may have ended some time ago, or its id may \
                 belong to another organization"
            }
        };
        return unsuccessful(poller, WaitErrorKind::LostContact, message);
    };
    let mut error = unsuccessful(
        poller,
        WaitErrorKind::LostContact,
        &format!(
            "the response to the action was lost ({}), and no trace of a deployment was seen \
             since: it may or may not have been executed",
            fault.message
        ),
    );
    error.0.executed = Executed::Perhaps;
    error.0.source = Some(fault);
    error
}

/// The deployment that the last status shows, if it is another one than that of the operation.
fn follower_of(poller: &Poller) -> Option<Successor> {
    let (ledger, last) = (poller.ledger()?, poller.last()?);
    let differs = |own: Option<&str>, shown: Option<&str>| {
        own.zip(shown).is_some_and(|(own, shown)| own != shown)
    };
    let (own, shown) = (ledger.named_request(), last.deployment_request_id);
    let is_another_request = own.zip(shown).is_some_and(|(own, shown)| own != shown);
    let is_another =
        is_another_request || differs(ledger.execution(), last.deployment_id.as_deref());
    is_another.then(|| successor_of(poller, None))
}

fn successor_of(poller: &Poller, run: Option<RunId>) -> Successor {
    let last = poller.last();
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

fn deadline_error(poller: &Poller, cancel: Cancel) -> WaitError {
    let limit = match poller.options().deadline {
        Deadline::After(limit) => limit,
        Deadline::None => Duration::ZERO,
    };
    let state = match poller.last() {
        Some(last) => format!("the last status was {}", last.state),
        None => "no status could be read".to_owned(),
    };
    let server = match cancel {
        Cancel::No => "the server continues".to_owned(),
        Cancel::Accepted => "a cancel was sent and accepted".to_owned(),
        Cancel::Due | Cancel::Sent => "the cancel failed, and the server continues".to_owned(),
        Cancel::NotSent(why) => format!("the server continues, the cancel was {why}"),
    };
    let mut error = unsuccessful(
        poller,
        WaitErrorKind::DeadlinePassed,
        &format!("the deadline of {} passed; {state}; {server}", span(limit)),
    );
    error.0.limit = Some(limit);
    error.0.canceled_on_server = cancel == Cancel::Accepted;
    error.0.not_canceled = match cancel {
        Cancel::NotSent(why) => Some(why),
        Cancel::No | Cancel::Due | Cancel::Sent | Cancel::Accepted => None,
    };
    error
}

/// Fetches the report once, limited in size and time. An error never replaces the failure itself.
async fn gather(poller: &mut Poller, until: &mut Option<Instant>) -> Option<FailureReport> {
    let goal = poller.goal()?;
    let snapshot = poller.last()?;
    let request = poller.ledger().and_then(Ledger::request);
    let own = poller.ledger().and_then(Ledger::execution);
    let deployment = own.or(snapshot.deployment_id.as_deref());
    let mut report = FailureReport::of(snapshot, goal, request);
    report.deployment_id = deployment.map(str::to_owned);
    let log_lines = poller.options().log_lines;
    if log_lines == 0 {
        report.add_names(&poller.names());
        return Some(report);
    }
    let (source, subject) = (Arc::clone(poller.source()), poller.subject());
    // The report of a service that its deployment did not reach contains the services that failed.
    let with_environment = match subject {
        Subject::Environment { .. } => snapshot.services.is_empty(),
        Subject::Service { .. } | Subject::Services { .. } => report.services.is_empty(),
        Subject::Cluster { .. } => false,
    };
    let log = async {
        let _permit = source.permit().await;
        source
            .log(subject, report.deployment_id.as_deref(), with_environment)
            .await
    };
    let limit = *until.get_or_insert_with(|| after(Instant::now(), WaitOptions::REPORT));
    let log = time::timeout_at(limit, log).await;
    match log {
        Ok(Ok(log)) => {
            if let Some(whole) = &log.whole {
                let whole = FailureReport::of(whole, goal, request);
                (report.stages, report.services) = (whole.stages, whole.services);
            }
            report.add_log(log, log_lines);
        }
        Ok(Err(fault)) => report.incomplete = Some(fault.message),
        Err(_) => report.incomplete = Some("the log did not arrive in time".to_owned()),
    }
    report.add_names(&poller.names());
    Some(report)
}

/// The error of a wait that ends without reaching its goal.
fn unsuccessful(poller: &Poller, kind: WaitErrorKind, what: &str) -> WaitError {
    let names = poller.names();
    let subject = poller.subject().named(&names);
    let waited_for = match poller.goal() {
        Some(goal) => format!("{} {subject}", goal.activity()),
        None => format!("waiting for {subject}"),
    };
    let mut error = WaitError::new(kind, format!("{waited_for}: {what}"), poller.token());
    error.0.last = poller.last().cloned();
    error.0.polls = poller.polls();
    error.0.elapsed = poller.elapsed();
    error
}

/// The error of a wait that has already ended.
pub(super) fn already_ended(poller: &Poller) -> WaitError {
    unsuccessful(
        poller,
        WaitErrorKind::Refused,
        "this wait has already ended with an error; resume it with its token",
    )
}
