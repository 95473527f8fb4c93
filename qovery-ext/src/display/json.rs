//! Events for programs: one JSON object per line, each with its `event`.
//!
//! Durations are in seconds, except in `evidence` and `report`. `elapsed_seconds` is measured on this machine;
//! durations of stages and steps come from the API.

use qovery_api::Printable;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{log::LogLine, settings::Settings, task::Task};
use crate::wait::{
    Goal, Names, OperationToken, Phase, Progress, Reached, ServiceSnapshot, Snapshot, StepSnapshot,
    Subject, WaitError, WaitErrorKind,
};
use crate::{causes::with_causes, codes};

/// Writes an event with its fields.
pub(super) fn write(settings: &Settings, event: &str, fields: &impl Serialize) {
    let mut object = Map::new();
    object.insert("event".to_owned(), json!(event));
    match serde_json::to_value(fields) {
        Ok(Value::Object(fields)) => object.extend(fields),
        Ok(Value::Null) => {}
        Ok(other) => {
            object.insert("value".to_owned(), other);
        }
        Err(error) => {
            object.insert("error".to_owned(), json!(error.to_string()));
        }
    }
    let text = Value::Object(object).to_string();
    settings.line(&Printable::json(&text));
}

pub(super) fn begin(settings: &Settings, task: &Task) {
    let fields = json!({
        "title": task.headline,
        "goal": task.goal,
        "subject": task.subject,
        "name": task.subject.as_ref().and_then(|subject| own_name(subject, &task.names)),
    });
    write(settings, "begin", &fields);
}

/// The name of the subject.
fn own_name<'a>(subject: &Subject, names: &'a Names) -> Option<&'a str> {
    match subject {
        Subject::Environment { id, .. } | Subject::Cluster { id, .. } => names.get(*id),
        Subject::Service { service, .. } => names.get(service.id),
        Subject::Services { environment, .. } => names.get(*environment),
    }
}

pub(super) fn progress(settings: &Settings, progress: &Progress) {
    let snapshot = &progress.snapshot;
    let goal = progress.goal.unwrap_or(Goal::Deployed);
    // Before the operation has begun, the status is of an earlier deployment.
    let is_own = !matches!(progress.phase, Phase::NotStarted | Phase::Queued);
    let counted = |number| if is_own { number } else { 0 };
    let stages = snapshot.stages.iter();
    let stages = stages.map(|stage| {
        json!({
            "id": stage.id,
            "name": stage.name,
            "phase": if is_own { stage.phase() } else { Phase::Queued },
            "status": stage.status.as_ref().filter(|_| is_own),
            "seconds": stage.duration.filter(|_| is_own).map(|time| time.as_secs_f64()),
        })
    });
    let fields = json!({
        "goal": progress.goal,
        "phase": progress.phase,
        "state": snapshot.state,
        "deployment_id": snapshot.deployment_id.as_ref().filter(|_| is_own),
        "deployment_request_id": snapshot.deployment_request_id,
        "queue_position": progress.queue_position,
        "stages": stages.collect::<Vec<_>>(),
        "services": services(snapshot, &progress.names, goal, is_own),
        "services_reached": counted(progress.services.reached),
        "services_failed": counted(progress.services.failed),
        "services_total": progress.services.total,
        "polls": progress.polls,
        "failed_polls": progress.failed_polls,
        "elapsed_seconds": progress.elapsed.as_secs_f64(),
        "heartbeat": progress.heartbeat,
    });
    write(settings, "progress", &fields);
}

fn services(snapshot: &Snapshot, names: &Names, goal: Goal, is_own: bool) -> Vec<Value> {
    let services = snapshot.services.iter();
    let service = |service: &ServiceSnapshot| {
        json!({
            "id": service.service.id,
            "kind": service.service.kind,
            "name": names.get(service.service.id),
            "phase": match is_own {
                true => snapshot.service_phase(service, goal),
                false => Phase::Queued,
            },
            "state": service.state,
            "stage_id": service.stage,
            "steps": service.steps.iter().filter(|_| is_own).map(step).collect::<Vec<_>>(),
        })
    };
    services.map(service).collect()
}

fn step(step: &StepSnapshot) -> Value {
    json!({
        "name": step.name,
        "status": step.status,
        "seconds": step.duration.map(|time| time.as_secs_f64()),
    })
}

pub(super) fn log(settings: &Settings, line: &LogLine) {
    write(settings, "log", &json!({"entry": line.entry}));
}

pub(super) fn reached(settings: &Settings, reached: &Reached) {
    let fields = json!({
        "goal": reached.goal,
        "state": reached.snapshot.as_ref().map(|snapshot| &snapshot.state),
        "is_gone": reached.is_gone(),
        "had_nothing_to_do": reached.had_nothing_to_do(),
        "evidence": reached.evidence(),
        "polls": reached.polls,
        "elapsed_seconds": reached.elapsed.as_secs_f64(),
        "token": reached.token.to_string(),
        "exit_code": reached.exit_code(),
    });
    write(settings, "reached", &fields);
}

pub(super) fn failed(settings: &Settings, error: &WaitError) {
    let message = error.to_string();
    let fields = json!({
        "message": message.lines().next(),
        "report": error.report(),
        "evidence": error.evidence(),
        "cause": error.api_error().map(|cause| with_causes(cause)),
        "was_canceled_on_server": error.was_canceled_on_server(),
        "superseded_by": error.superseded_by(),
        "polls": error.polls(),
        "elapsed_seconds": error.elapsed().as_secs_f64(),
        "token": error.token().to_string(),
        "exit_code": error.exit_code(),
    });
    write(settings, kind(error.kind()), &fields);
}

pub(super) fn interrupted(settings: &Settings, token: Option<&OperationToken>) {
    let fields = json!({
        "token": token.map(ToString::to_string),
        "exit_code": codes::INTERRUPTED,
    });
    write(settings, "interrupted", &fields);
}

fn kind(kind: WaitErrorKind) -> &'static str {
    match kind {
        WaitErrorKind::Failed => "failed",
        WaitErrorKind::Canceled => "canceled",
        WaitErrorKind::Superseded => "superseded",
        WaitErrorKind::DeadlinePassed => "deadline_passed",
        WaitErrorKind::LostContact => "lost_contact",
        WaitErrorKind::Refused => "refused",
    }
}
