//! Events for programs: one JSON object a line, each with its `event`.
//!
//! Times are seconds, as the server's clock counts them only where the API says so.

use std::io::Write as _;

use qovery_api::{Printable, types::DeploymentHistoryEnvironment};
use qovery_ext::wait::{
    Goal, OperationToken, Progress, Reached, ServiceSnapshot, Snapshot, StepSnapshot, WaitError,
    WaitErrorKind,
};
use serde_json::{Value, json};

use super::View;
use crate::{
    ending::{INTERRUPTED, Problem},
    follow::Task,
};

/// Prints each event as it comes.
#[derive(Debug, Default)]
pub(super) struct Json {
    task: Option<Task>,
}

impl Json {
    fn name(&self, service: &ServiceSnapshot) -> Option<&str> {
        let task = self.task.as_ref()?;
        let listed = task.service(service.service.id)?;
        Some(listed.name.as_str())
    }

    fn services(&self, snapshot: &Snapshot, goal: Goal) -> Vec<Value> {
        let services = snapshot.services.iter();
        let service = |service: &ServiceSnapshot| {
            json!({
                "id": service.service.id,
                "kind": service.service.kind,
                "name": self.name(service),
                "phase": snapshot.service_phase(service, goal),
                "state": service.state,
                "stage_id": service.stage,
                "steps": service.steps.iter().map(step).collect::<Vec<_>>(),
            })
        };
        services.map(service).collect()
    }
}

impl View for Json {
    fn welcome(&mut self, url: &str, speed: f64) {
        print(&json!({"event": "welcome", "url": url, "speed": speed}));
    }

    fn chapter(&mut self, number: u32, title: &str, _: &str) {
        print(&json!({"event": "chapter", "number": number, "title": title}));
    }

    fn begin(&mut self, task: Task) {
        print(&json!({
            "event": "begin",
            "title": task.title,
            "environment": task.environment,
            "services": task.services,
        }));
        self.task = Some(task);
    }

    fn progress(&mut self, progress: &Progress) {
        let snapshot = &progress.snapshot;
        let goal = progress.goal.unwrap_or(Goal::Deployed);
        let stages = snapshot.stages.iter();
        let stages = stages.map(|stage| {
            json!({
                "id": stage.id,
                "name": stage.name,
                "phase": stage.phase(),
                "status": stage.status,
                "seconds": stage.duration.map(|time| time.as_secs_f64()),
            })
        });
        print(&json!({
            "event": "progress",
            "goal": progress.goal,
            "phase": progress.phase,
            "state": snapshot.state,
            "deployment_id": snapshot.deployment_id,
            "deployment_request_id": snapshot.deployment_request_id,
            "queue_position": progress.queue_position,
            "stages": stages.collect::<Vec<_>>(),
            "services": self.services(snapshot, goal),
            "services_reached": progress.services.reached,
            "services_failed": progress.services.failed,
            "services_total": progress.services.total,
            "polls": progress.polls,
            "failed_polls": progress.failed_polls,
            "elapsed_seconds": progress.elapsed.as_secs_f64(),
            "heartbeat": progress.heartbeat,
        }));
    }

    fn reached(&mut self, reached: &Reached) {
        print(&json!({
            "event": "reached",
            "goal": reached.goal,
            "state": reached.snapshot.as_ref().map(|snapshot| &snapshot.state),
            "is_gone": reached.is_gone(),
            "had_nothing_to_do": reached.had_nothing_to_do(),
            "evidence": reached.evidence(),
            "polls": reached.polls,
            "elapsed_seconds": reached.elapsed.as_secs_f64(),
            "token": reached.token.to_string(),
            "exit_code": reached.exit_code(),
        }));
    }

    fn missed(&mut self, error: &WaitError) {
        let message = error.to_string();
        print(&json!({
            "event": kind(error.kind()),
            "message": message.lines().next(),
            "report": error.report(),
            "evidence": error.evidence(),
            "cause": error.api_error().map(|cause| crate::ending::with_causes(cause)),
            "polls": error.polls(),
            "elapsed_seconds": error.elapsed().as_secs_f64(),
            "token": error.token().to_string(),
            "exit_code": error.exit_code(),
        }));
    }

    fn interrupted(&mut self, token: Option<&OperationToken>) {
        print(&json!({
            "event": "interrupted",
            "token": token.map(ToString::to_string),
            "exit_code": INTERRUPTED,
        }));
    }

    fn deployment(&mut self, place: u64, page: u64, deployment: &DeploymentHistoryEnvironment) {
        print(&json!({
            "event": "deployment",
            "place": place,
            "page": page,
            "id": deployment.id,
            "created_at": deployment.created_at,
            "status": deployment.status,
            "origin": deployment.origin,
            "triggered_by": deployment.triggered_by,
        }));
    }

    fn end_of_history(&mut self, count: u64, pages: u64, is_cut: bool) {
        print(&json!({
            "event": "history",
            "deployments": count,
            "pages": pages,
            "is_cut": is_cut,
        }));
    }

    fn farewell(&mut self) {}

    fn problem(&mut self, problem: &Problem) {
        print(&json!({
            "event": "problem",
            "message": problem.message,
            "hint": problem.hint,
            "exit_code": problem.exit_code,
        }));
    }
}

fn step(step: &StepSnapshot) -> Value {
    json!({
        "name": step.name,
        "status": step.status,
        "seconds": step.duration.map(|time| time.as_secs_f64()),
    })
}

fn kind(kind: WaitErrorKind) -> &'static str {
    match kind {
        WaitErrorKind::Failed => "failed",
        WaitErrorKind::Canceled => "canceled",
        WaitErrorKind::Superseded => "superseded",
        WaitErrorKind::DeadlinePassed => "deadline_passed",
        WaitErrorKind::LostContact => "lost_contact",
        WaitErrorKind::Refused => "refused",
        _ => "ended",
    }
}

/// A reader that has gone away is no reason to stop waiting.
fn print(event: &Value) {
    let event = event.to_string();
    let _unwritable = writeln!(std::io::stdout(), "{}", Printable::json(&event));
}
