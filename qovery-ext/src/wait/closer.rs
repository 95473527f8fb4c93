//! The end of a wait: the cancel at the deadline, the report on a failure, the outcome.
//!
//! If a future of this module is dropped, the next one continues from the same point: the pending end is
//! in the [`Closer`], only the request in flight is lost. The time limits keep running in the meantime, so that a
//! future that is dropped again and again still comes to its end.

use tokio::time::{self, Instant};

use super::{
    Canceler, Decision, FailureReport, Goal, NotCanceled, Reached, RunId, Subject, WaitError,
    WaitErrorKind, WaitOptions,
    catch_up::catch_up,
    context::Context,
    decision::{Cancellation, Cause},
    ledger::Ledger,
    outcome::{Executed, Successor},
    poller::{End, Poller},
};
use crate::{clock::after, span::span};

/// Ends a wait.
#[derive(Default)]
pub(super) struct Closer {
    stage: Stage,
    /// The time limit for fetching the report.
    report_until: Option<Instant>,
}

/// The progress of the end.
#[derive(Default)]
enum Stage {
    #[default]
    UnderWay,
    Closing(End, Cancel),
    Ended(Result<Box<Reached>, WaitError>),
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
        matches!(self.stage, Stage::Ended(_))
    }

    /// The outcome of a wait that has ended.
    pub(super) fn outcome(&self) -> Option<Result<&Reached, &WaitError>> {
        match &self.stage {
            Stage::Ended(outcome) => Some(outcome.as_deref()),
            Stage::UnderWay | Stage::Closing(..) => None,
        }
    }

    /// Completes the end that has started.
    pub(super) async fn close(&mut self, poller: &mut Poller) -> Result<(), WaitError> {
        if let Stage::Closing(_, cancel) = &mut self.stage
            && *cancel == Cancel::Due
        {
            // Recorded before it is sent, so that dropping the future here does not cause a second cancel.
            *cancel = Cancel::Sent;
            let canceled = Canceler::of(poller.context()).cancel();
            match time::timeout(WaitOptions::REPORT, canceled).await {
                Ok(Ok(())) => *cancel = Cancel::Accepted,
                Ok(Err(error)) => *cancel = error.not_canceled().map_or(*cancel, Cancel::NotSent),
                Err(_) => {}
            }
        }
        let mut report = None;
        if let Stage::Closing(End::Decided(decision, _), _) = &self.stage {
            catch_up(poller, decision).await;
            if let Decision::Failed(Cause::State(_)) | Decision::Canceled(Cancellation::Seen) =
                decision
            {
                report = gather(poller.context(), &mut self.report_until).await;
            }
        }
        let (end, cancel) = match std::mem::take(&mut self.stage) {
            Stage::Closing(end, cancel) => (end, cancel),
            stage => {
                self.stage = stage;
                return Ok(());
            }
        };
        let context = poller.context();
        let mut error = match end {
            End::Decided(Decision::Reached(proof), evidence) => {
                if context.goal() == Some(Goal::Deleted) {
                    context.source.names.note_deletion(&context.subject);
                }
                self.stage = Stage::Ended(Ok(Box::new(Reached {
                    goal: context.goal(),
                    snapshot: context.last.clone(),
                    names: context.names(),
                    polls: context.polls,
                    elapsed: context.started.elapsed(),
                    token: context.token(),
                    proof,
                    evidence,
                })));
                return Ok(());
            }
            End::Decided(decision, evidence) => {
                let mut error = decided_error(context, decision);
                error.0.evidence = evidence;
                error
            }
            End::Refused(fault) => {
                let advice = match context.ledger().is_some_and(Ledger::has_acted) {
                    true => {
                        "the server may continue: check the API token and its role, then resume the wait with its \
                         token"
                    }
                    false => "check the id, the API token and its role",
                };
                let message = format!("a poll was refused: {fault}; {advice}");
                let mut error = unsuccessful(context, WaitErrorKind::Refused, &message);
                error.0.source = Some(fault);
                error
            }
            End::LostContact(fault) => {
                let message = format!(
                    "{} polls in a row failed, the last one with: {fault}; the server may continue: resume the \
                     wait with its token",
                    poller.failures()
                );
                let mut error = unsuccessful(context, WaitErrorKind::LostContact, &message);
                error.0.source = Some(fault);
                error
            }
            End::Deadline => deadline_error(context, cancel),
        };
        error.0.report = report;
        self.stage = Stage::Ended(Err(error.clone()));
        Err(error)
    }
}

/// The error of an operation that ended without reaching its goal.
fn decided_error(context: &Context, decision: Decision) -> WaitError {
    let error = |kind, what: &str| unsuccessful(context, kind, what);
    match decision {
        Decision::Failed(Cause::Hopeless(why)) => error(WaitErrorKind::Failed, &why),
        Decision::Failed(Cause::Gone) => error(
            WaitErrorKind::Failed,
            "it no longer exists: another user or program may have deleted it, see the audit log",
        ),
        Decision::Failed(Cause::State(state)) => {
            let what = match state.is_error() {
                true => format!("it failed ({state})"),
                false => format!("it ended in another state ({state})"),
            };
            error(WaitErrorKind::Failed, &what)
        }
        Decision::Canceled(Cancellation::LeftQueue(request)) => {
            let what = format!(
                "request {request} left the queue without being executed: start it again if it is \
                 still needed"
            );
            error(WaitErrorKind::Canceled, &what)
        }
        Decision::Canceled(Cancellation::Seen) | Decision::Reached(_) => {
            let follower = follower_of(context);
            let mut what = "the deployment was canceled".to_owned();
            if let (Some(follower), Some(last)) = (&follower, &context.last) {
                what = format!("{what}; since then {follower} ({})", last.state);
            }
            what.push_str(": start it again if it is still needed");
            let mut error = error(WaitErrorKind::Canceled, &what);
            error.0.successor = follower;
            error
        }
        Decision::Superseded { successor, alike } => {
            let names: Vec<String> = alike.iter().map(ToString::to_string).collect();
            let successor = successor_of(context, successor);
            let is_named =
                successor.deployment_id.is_some() || successor.deployment_request_id.is_some();
            let what = match names.as_slice() {
                [] | [_] if is_named => format!(
                    "another deployment replaced this operation, and no endpoint shows how the \
                     operation ended: wait for {successor}, or check the deployment history"
                ),
                [] | [_] => "another deployment replaced this operation, and no endpoint shows \
                             how the operation ended: check the deployment history"
                    .to_owned(),
                names => format!(
                    "these deployments cannot be distinguished, so the outcome of this operation is \
                     unknown; check them in the deployment history: {}",
                    names.join(", ")
                ),
            };
            let mut error = error(WaitErrorKind::Superseded, &what);
            error.0.successor = Some(successor);
            error
        }
        Decision::NoTrace => no_trace_error(context),
    }
}

fn no_trace_error(context: &Context) -> WaitError {
    let what = match &context.lost {
        Some(fault) => &format!(
            "the response to the action was lost ({}), and no trace of a deployment was seen \
             since, so it may or may not have been executed: check the deployment history before you \
             start it again",
            fault.message
        ),
        None if context.ledger().is_some_and(Ledger::has_acted) => {
            "the API accepted the action, and no endpoint has shown a deployment since: there \
             was nothing to deploy, or the request was canceled in the queue; check the deployment \
             history before you start it again"
        }
        None => {
            "no endpoint knows the request: it may have ended some time ago, or its id may \
             belong to another organization; check its id and the deployment history"
        }
    };
    let mut error = unsuccessful(context, WaitErrorKind::LostContact, what);
    if context.lost.is_some() {
        error.0.executed = Executed::Perhaps;
    }
    error.0.source.clone_from(&context.lost);
    error
}

/// The deployment that the last status shows, if it is another one than that of the operation.
fn follower_of(context: &Context) -> Option<Successor> {
    let (ledger, last) = (context.ledger()?, context.last.as_ref()?);
    let requests = ledger.named_request().zip(last.deployment_request_id);
    let executions = ledger.execution().zip(last.deployment_id.as_deref());
    let is_another = requests.is_some_and(|(own, shown)| own != shown)
        || executions.is_some_and(|(own, shown)| own != shown);
    is_another.then(|| successor_of(context, None))
}

fn successor_of(context: &Context, run: Option<RunId>) -> Successor {
    let mut successor = match &context.last {
        Some(last) => Successor {
            deployment_id: last.deployment_id.clone(),
            deployment_request_id: last.deployment_request_id,
            origin: last.origin.clone(),
            triggered_by: last.triggered_by.clone(),
        },
        None => Successor::default(),
    };
    if let Some(RunId::Execution(id)) = run {
        successor.deployment_id = Some(id);
    }
    successor
}

fn deadline_error(context: &Context, cancel: Cancel) -> WaitError {
    let limit = context.options.deadline.limit().unwrap_or_default();
    let state = match &context.last {
        Some(last) => format!("the last status was {}", last.state),
        None => "no status could be read".to_owned(),
    };
    let server = match cancel {
        Cancel::No => "the server continues: resume the wait with its token",
        Cancel::Accepted => {
            "a cancel was sent and accepted: resume the wait with its token to see its end"
        }
        Cancel::Due | Cancel::Sent => {
            "the cancel was not confirmed, so the deployment may continue: resume the wait with \
             its token"
        }
        Cancel::NotSent(why) => &format!(
            "the deployment may continue: resume the wait with its token; the cancel was {why}"
        ),
    };
    let what = format!("the deadline of {} passed; {state}; {server}", span(limit));
    let mut error = unsuccessful(context, WaitErrorKind::DeadlinePassed, &what);
    error.0.limit = Some(limit);
    error.0.canceled_on_server = cancel == Cancel::Accepted;
    if let Cancel::NotSent(why) = cancel {
        error.0.not_canceled = Some(why);
    }
    error
}

/// Fetches the report once, limited in size and time. An error never replaces the failure itself.
async fn gather(context: &Context, until: &mut Option<Instant>) -> Option<FailureReport> {
    let goal = context.goal()?;
    let snapshot = context.last.as_ref()?;
    let request = context.ledger().and_then(Ledger::request);
    let mut report = FailureReport::of(snapshot, goal, request);
    if let Some(own) = context.ledger().and_then(Ledger::execution) {
        report.deployment_id = Some(own.to_owned());
    }
    let log_lines = context.options.log_lines;
    if log_lines == 0 {
        report.add_names(&context.names());
        return Some(report);
    }
    let (source, subject) = (&context.source, &context.subject);
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
    report.add_names(&context.names());
    Some(report)
}

/// The error of a wait that ends without reaching its goal.
fn unsuccessful(context: &Context, kind: WaitErrorKind, what: &str) -> WaitError {
    context.error(kind, format!("{}: {what}", context.activity()))
}
