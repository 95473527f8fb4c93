//! The right outcome of a story, from the events on the fake's side.

use std::time::Duration;

use qovery_ext::wait::{Reached, WaitError, WaitErrorKind};
use qovery_fake::FakeDeployment;

use crate::story::{Asked, Fate, Scene, Story, Target};

/// How long the wait searches its request after the action, if the response does not name it.
const SETTLE: Duration = Duration::from_secs(15);

/// An outcome of any client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Outcome {
    Reached,
    Failed,
    Canceled,
    Superseded,
    DeadlinePassed,
    LostContact,
    Refused,
}

impl Outcome {
    pub(crate) fn of(result: &Result<Reached, WaitError>) -> Self {
        match result {
            Ok(_) => Outcome::Reached,
            Err(error) => match error.kind() {
                WaitErrorKind::Failed => Outcome::Failed,
                WaitErrorKind::Canceled => Outcome::Canceled,
                WaitErrorKind::Superseded => Outcome::Superseded,
                WaitErrorKind::DeadlinePassed => Outcome::DeadlinePassed,
                WaitErrorKind::LostContact => Outcome::LostContact,
                WaitErrorKind::Refused => Outcome::Refused,
                other => panic!("an outcome that the oracle does not know: {other:?}"),
            },
        }
    }
}

/// The real outcome of the operation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Truth {
    pub(crate) end: End,
    /// The time of the end, on the fake's clock; `None` if it has not ended or nothing ran.
    pub(crate) at: Option<Duration>,
    /// Whether another deployment replaced it.
    pub(crate) replaced: bool,
    /// Whether another request that cannot be distinguished from it ended, or may end, in another way.
    pub(crate) is_in_doubt: bool,
    /// Whether it is for the whole environment, so that its end is the end of the request.
    pub(crate) is_whole: bool,
    /// Whether every requested service is stopped or was never deployed.
    pub(crate) is_stopped: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Reached,
    Failed,
    Canceled,
    StillGoing,
}

/// Plays the story until our request can no longer change, and returns its outcome.
pub(crate) async fn truth(story: &Story, scene: &Scene) -> Truth {
    for _ in 0..200 {
        if scene.ours().is_none_or(|d| d.is_over) {
            break;
        }
        tokio::time::sleep(Duration::from_secs(30)).await;
        scene.fake.elapsed();
    }
    let ours = scene.ours().expect("the action was accepted");
    let all = scene.environment.deployments();
    let later = all
        .iter()
        .any(|d| !d.is_callers && d.accepted_at >= ours.accepted_at);
    let end = |deployment: &FakeDeployment| {
        let states = states_of_target(story, scene, deployment);
        end_of(story, deployment, &states)
    };
    let alike = alike(story, scene, &ours);
    Truth {
        end: end(&ours),
        is_in_doubt: alike.iter().any(|other| end(other) != end(&ours)),
        at: ours.ended_at,
        is_whole: story.target == Target::Environment,
        is_stopped: scene.services.iter().enumerate().all(|(i, service)| {
            let state = service.state();
            !story.is_about(i) || state.is_none_or(|s| s == "READY" || s == "STOPPED")
        }),
        replaced: later || matches!(story.fate, Fate::Superseded(_)),
    }
}

/// The end of the last request that cannot be distinguished from ours, if none is named: those at about the
/// same time.
pub(crate) fn last_end_of_alike(story: &Story, scene: &Scene) -> Option<Duration> {
    let ours = scene.ours()?;
    let alike = alike(story, scene, &ours);
    let ends = alike.iter().filter_map(|d| d.ended_at);
    ends.chain(ours.ended_at).max()
}

/// The requests of others that cannot be distinguished from ours, because no response has named it.
fn alike(story: &Story, scene: &Scene, ours: &FakeDeployment) -> Vec<FakeDeployment> {
    if story.names_request() {
        return Vec::new();
    }
    let unseen = story.latency * 4 + story.stale + story.blind_for();
    let at_that_time =
        |other: &FakeDeployment| other.accepted_at.abs_diff(ours.accepted_at) <= SETTLE + unseen;
    // A queued request may have absorbed ours, if the queue showed ours late.
    let waited = |other: &FakeDeployment| {
        !unseen.is_zero()
            && other.accepted_at <= ours.accepted_at
            && other.ended_at.is_none_or(|end| end > ours.accepted_at)
    };
    let mut alike = scene.environment.deployments();
    alike.retain(|other| {
        other.request_id != ours.request_id
            && other.action == ours.action
            && (at_that_time(other) || waited(other))
    });
    alike
}

/// The current state of the request.
pub(crate) fn end_so_far(story: &Story, scene: &Scene) -> End {
    let ours = scene.ours().expect("the action was accepted");
    end_of(story, &ours, &states_of_target(story, scene, &ours))
}

fn states_of_target(story: &Story, scene: &Scene, ours: &FakeDeployment) -> Vec<String> {
    let state = |i: usize| {
        let id = scene.services[i].id();
        let own = ours.services.iter().find(|(service, _)| *service == id);
        own.map_or_else(|| "NOT_PART".to_owned(), |(_, state)| state.clone())
    };
    match story.target {
        Target::Environment => vec![ours.state.clone()],
        Target::Service(i) | Target::ServiceOfEnvironment(i) => vec![state(i)],
        Target::Services(a, b) => vec![state(a), state(b)],
    }
}

fn end_of(story: &Story, ours: &FakeDeployment, states: &[String]) -> End {
    if ours.execution_id.is_none() && ours.is_over {
        // It ended in the queue, or there was nothing to do.
        return match ours.state.as_str() {
            "CANCELED" => End::Canceled,
            state if is_goal(story.asked, state) => End::Reached,
            state if state.ends_with("_ERROR") => End::Failed,
            _ => End::StillGoing,
        };
    }
    let ended_well = |state: &String| is_goal(story.asked, state);
    if states.iter().all(ended_well) {
        return if ours.is_over || story.target != Target::Environment {
            End::Reached
        } else {
            End::StillGoing
        };
    }
    if states.iter().any(|s| s.ends_with("_ERROR")) {
        return End::Failed;
    }
    if states.iter().any(|s| s == "CANCELED") {
        return End::Canceled;
    }
    if !ours.is_over {
        return End::StillGoing;
    }
    // The deployment ended before it reached the service.
    if ours.state == "CANCELED" {
        End::Canceled
    } else {
        End::Failed
    }
}

fn is_goal(asked: Asked, state: &str) -> bool {
    match asked {
        Asked::Deploy | Asked::Redeploy => state == "DEPLOYED",
        Asked::Restart => matches!(state, "RESTARTED" | "DEPLOYED"),
        Asked::Stop => matches!(state, "STOPPED" | "READY"),
        Asked::Delete => state == "DELETED",
        Asked::Uninstall => matches!(state, "DELETED" | "READY" | "STOPPED"),
    }
}

/// The correct outcomes.
pub(crate) fn right(story: &Story, truth: &Truth) -> Vec<Outcome> {
    let mut right = Vec::new();
    match truth.end {
        End::Reached => right.push(Outcome::Reached),
        End::Failed => right.push(Outcome::Failed),
        End::Canceled => right.push(Outcome::Canceled),
        End::StillGoing => right.push(Outcome::DeadlinePassed),
    }
    if truth.end == End::Canceled && truth.replaced {
        // Both are true: it was canceled, and another deployment replaced it.
        right.push(Outcome::Superseded);
    }
    let shown_by = shows_end(story);
    if truth.replaced && !shown_by {
        // No endpoint shows how it ended. Reporting this is correct, and guessing is not.
        right.push(Outcome::Superseded);
    }
    if truth.is_in_doubt {
        // Reporting that no fact decides is also correct here.
        right.push(Outcome::Superseded);
    }
    if !shown_by && story.foreign_before.is_some() {
        // No endpoint shows which of the requests a run has executed.
        right.push(Outcome::Superseded);
    }
    if truth.at.is_none() && !shown_by {
        // It ended in the queue, without a trace in any endpoint. While others run, it may still be queued.
        right.push(Outcome::LostContact);
        right.push(Outcome::DeadlinePassed);
    }
    if is_indistinguishable(story, truth) {
        right.push(Outcome::Reached);
    }
    if was_stopped_already(story, truth) {
        // The server answers with the state of the environment, and the service is stopped anyway.
        right.push(Outcome::Reached);
    }
    if story.has_outage() {
        right.push(Outcome::LostContact);
    }
    right
}

/// A service that was never deployed, or was stopped before, had nothing to do.
pub(crate) fn was_stopped_already(story: &Story, truth: &Truth) -> bool {
    story.asked == Asked::Stop
        && story.target != Target::Environment
        && truth.at.is_none()
        && truth.is_stopped
}

/// The server named no request, removed ours from its queue, and ran another actor's request of the same kind:
/// no readable fact distinguishes the two.
pub(crate) fn is_indistinguishable(story: &Story, truth: &Truth) -> bool {
    let same = matches!(story.asked, Asked::Deploy | Asked::Redeploy);
    truth.end == End::Canceled
        && truth.at.is_none()
        && truth.replaced
        && same
        && !story.names_request()
}

/// Whether the server shows the end of exactly this request.
pub(crate) fn shows_end(story: &Story) -> bool {
    story.shows_request_ends() && story.names_request()
}
