//! The right outcome of a wait, derived from the end of its request in the fake.
//!
//! An outcome that is not the right one is a miss, unless a trait of the API explains it: then it
//! is tolerated, under the name of that trait.

use std::{fmt, time::Duration};

use qovery_fake::{
    AfterDeletion, CanceledInQueue, FakeDeployment, History, QueueRows, Replicas, RequestState,
    ResponseBody, ResponseId, StatusRequest, Trigger,
};
use uuid::Uuid;

use super::{
    scene::{End, Scene, Wait, Waited},
    story::{Family, LEAD, Story, Way},
};
use crate::{
    oracle::Outcome,
    story::{Asked, Target},
};

/// The difference of an outcome from the correct one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Miss {
    /// A success of an operation that never succeeded.
    FalseSuccess,
    /// A success before the operation succeeded.
    PrematureSuccess,
    /// A failure or a cancellation of an operation that was not one.
    FalseFailure,
    /// A failure reported as a cancellation, or the reverse.
    WrongKind,
    /// "Superseded" although facts decide.
    TooCareful,
    /// The deadline, although the operation had ended.
    NeverEnded,
    /// "Lost contact" or "refused", although the status can be read.
    GaveUp,
    /// Correct, but much later.
    Late,
    /// A cancel affected another request.
    HitAnother,
    /// An action was executed twice.
    ActedTwice,
}

impl Miss {
    pub(crate) const ALL: [Self; 10] = [
        Self::FalseSuccess,
        Self::PrematureSuccess,
        Self::FalseFailure,
        Self::WrongKind,
        Self::TooCareful,
        Self::NeverEnded,
        Self::GaveUp,
        Self::Late,
        Self::HitAnother,
        Self::ActedTwice,
    ];
}

/// The explanation of an outcome that is not the correct one. Each follows from traits of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Excuse {
    /// No request status shows the end, and a request of the same user, channel, action and services at about
    /// the same time ended in another way.
    SameSignature,
    /// No response names the request, and it was canceled in the queue before a reading of the queue could show
    /// it; another request with the same signature ended in this way.
    NeverShown,
    /// Neither a request status nor the history shows the end, and a later run overwrote the status.
    Overwritten,
    /// Canceled in the queue without an entry in the history, and no request status shows it.
    NoTraceOfCancel,
    /// Our deletion was overtaken by another request's deletion: no readable fact remains.
    GoneAnyway,
    /// Deleted by an external actor before its end could be read, and its requests with it.
    GoneBeforeRead,
    /// The request status names no environment, and the request is watched by its id alone.
    NoEnvironment,
    /// The response was lost, and neither the history nor the queue shows the request.
    NoTraceOfLostRequest,
}

impl Excuse {
    pub(crate) const ALL: [Self; 8] = [
        Self::GoneAnyway,
        Self::NeverShown,
        Self::NoEnvironment,
        Self::SameSignature,
        Self::Overwritten,
        Self::NoTraceOfCancel,
        Self::GoneBeforeRead,
        Self::NoTraceOfLostRequest,
    ];
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judgement {
    Right,
    Tolerated(Excuse),
    Missed(Miss),
}

/// The end of the request of a wait in the fake.
#[derive(Debug, Clone)]
pub(crate) struct Truth {
    pub(crate) end: End,
    pub(crate) ours: Option<FakeDeployment>,
    others: Vec<FakeDeployment>,
    calls: usize,
}

impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.end)?;
        let Some(ours) = &self.ours else {
            return Ok(());
        };
        write!(
            f,
            " accepted {:?} started {:?} ended {:?} as {}",
            ours.accepted_at, ours.started_at, ours.ended_at, ours.state
        )
    }
}

/// Continues the story until the request has ended, and returns its end.
pub(crate) async fn truth(story: &Story, scene: &Scene, wait: Wait) -> Truth {
    for _ in 0..200 {
        let is_over = match story.family {
            Family::Cluster => end_of_cluster(story, scene) != End::StillGoing,
            _ => scene.ours(wait).is_none_or(|d| d.is_over),
        };
        if is_over {
            break;
        }
        tokio::time::sleep(Duration::from_secs(30)).await;
        scene.fake.elapsed();
    }
    let ours = scene.ours(wait);
    let mut others = scene.deployments(wait);
    let carrier = ours.as_ref().and_then(|ours| ours.merged_into);
    others.retain(|other| {
        ours.as_ref()
            .is_none_or(|ours| other.request_id != ours.request_id)
            && Some(other.request_id) != carrier
    });
    let calls = others
        .iter()
        .filter(|d| d.is_callers && d.accepted_at >= LEAD);
    Truth {
        end: end_so_far(story, scene, wait),
        calls: calls.count() + usize::from(ours.is_some()),
        ours,
        others,
    }
}

/// Its current state.
pub(crate) fn end_so_far(story: &Story, scene: &Scene, wait: Wait) -> End {
    if story.family == Family::Cluster {
        return end_of_cluster(story, scene);
    }
    let Some(ours) = scene.ours(wait) else {
        return End::StillGoing;
    };
    let whole = wait.target == Target::Environment;
    end_of(story, &ours, &scene.ids(wait), whole)
}

/// A cluster has no requests: its action is the only one.
pub(crate) fn end_of_cluster(story: &Story, scene: &Scene) -> End {
    let state = scene.cluster.state();
    match (state.as_deref(), story.asked) {
        (None, Asked::Delete) | (Some("DELETED"), Asked::Delete) => End::Reached,
        (Some("STOPPED"), Asked::Stop) => End::Reached,
        (Some("DEPLOYED"), Asked::Deploy) if scene.fake.elapsed() > LEAD => {
            let acted = scene.fake.executions();
            let since = acted.last().map(|request| request.at);
            // A second in the queue, then a minute of work.
            match since {
                Some(at) if scene.fake.elapsed() >= at + Duration::from_secs(61) => End::Reached,
                _ => End::StillGoing,
            }
        }
        (Some(state), _) if state.ends_with("_ERROR") => End::Failed,
        _ => End::StillGoing,
    }
}

fn end_of(story: &Story, request: &FakeDeployment, services: &[Uuid], whole: bool) -> End {
    let asked = story.asked;
    if request.is_idle {
        return End::Reached;
    }
    if request.execution_id.is_none() {
        return if request.is_over {
            End::Canceled
        } else {
            End::StillGoing
        };
    }
    if whole {
        return match request.state.as_str() {
            _ if !request.is_over => End::StillGoing,
            "CANCELED" => End::Canceled,
            state if is_goal(asked, state) => End::Reached,
            _ => End::Failed,
        };
    }
    let state_of = |id: &Uuid| {
        let own = request.services.iter().find(|(service, _)| service == id);
        own.map_or("", |(_, state)| state.as_str())
    };
    let states: Vec<&str> = services.iter().map(state_of).collect();
    if states.iter().all(|state| is_goal(asked, state)) {
        End::Reached
    } else if states.iter().any(|state| state.ends_with("_ERROR")) {
        End::Failed
    } else if states.contains(&"CANCELED") {
        End::Canceled
    } else if !request.is_over {
        End::StillGoing
    } else if request.state == "CANCELED" {
        End::Canceled
    } else {
        // The deployment ended before it reached the service.
        End::Failed
    }
}

fn is_goal(asked: Asked, state: &str) -> bool {
    match asked {
        Asked::Deploy | Asked::Redeploy => state == "DEPLOYED",
        Asked::Restart => matches!(state, "RESTARTED" | "DEPLOYED"),
        Asked::Stop => matches!(state, "STOPPED" | "READY"),
        Asked::Delete | Asked::Uninstall => state == "DELETED",
    }
}

/// Checks the outcome of a wait.
pub(crate) fn judge(story: &Story, scene: &Scene, waited: &Waited, truth: &Truth) -> Judgement {
    if truth.calls > 1 && story.way != Way::Group {
        return Judgement::Missed(Miss::ActedTwice);
    }
    if matches!(story.way, Way::Cancels(_) | Way::CancelsAtDeadline(_)) {
        let own = truth.ours.as_ref().map(|ours| ours.request_id);
        // If our request absorbed another one, that one ends with ours.
        let canceled = |other: &&FakeDeployment| {
            other.state == "CANCELED" && (own.is_none() || other.merged_into != own)
        };
        if truth.others.iter().any(|other| canceled(&other)) {
            return Judgement::Missed(Miss::HitAnother);
        }
    }
    let Some(miss) = miss(story, scene, waited, truth) else {
        return Judgement::Right;
    };
    match excuse(story, scene, waited, truth, miss) {
        Some(excuse) => Judgement::Tolerated(excuse),
        None => Judgement::Missed(miss),
    }
}

fn miss(story: &Story, scene: &Scene, waited: &Waited, truth: &Truth) -> Option<Miss> {
    if truth.ours.is_none() && story.family != Family::Cluster {
        // The subject was deleted before the action could be accepted.
        return match waited.outcome {
            Outcome::Refused | Outcome::Failed => None,
            Outcome::Reached => Some(Miss::FalseSuccess),
            _ => Some(Miss::WrongKind),
        };
    }
    match waited.outcome {
        Outcome::Reached if truth.end != End::Reached => Some(Miss::FalseSuccess),
        Outcome::Reached if waited.then != End::Reached => Some(Miss::PrematureSuccess),
        Outcome::Failed if is_gone(story, scene, waited, truth) => None,
        Outcome::Failed | Outcome::Canceled => match (waited.outcome, truth.end) {
            (Outcome::Failed, End::Failed) | (Outcome::Canceled, End::Canceled) => {
                late(story, waited, truth)
            }
            (_, End::Failed | End::Canceled) => Some(Miss::WrongKind),
            _ => Some(Miss::FalseFailure),
        },
        Outcome::Reached => late(story, waited, truth),
        Outcome::Superseded => Some(Miss::TooCareful),
        Outcome::DeadlinePassed if waited.then == End::StillGoing => None,
        Outcome::DeadlinePassed if is_canceled_at_deadline(story, truth) => None,
        // The deadline passed before the end had to be reported.
        Outcome::DeadlinePassed
            if matches!(story.way, Way::CancelsAtDeadline(_))
                && late(story, waited, truth).is_none() =>
        {
            None
        }
        Outcome::DeadlinePassed => Some(Miss::NeverEnded),
        Outcome::LostContact | Outcome::Refused => Some(Miss::GaveUp),
    }
}

/// The cancel at the deadline ended it.
fn is_canceled_at_deadline(story: &Story, truth: &Truth) -> bool {
    let Way::CancelsAtDeadline(limit) = story.way else {
        return false;
    };
    let ours = truth.ours.as_ref();
    let ended = ours.and_then(|ours| ours.over_at);
    truth.end == End::Canceled && ended.is_none_or(|end| end >= LEAD + limit)
}

/// An external actor deleted its subject: "failed" is correct, unless it had succeeded.
fn is_gone(story: &Story, scene: &Scene, waited: &Waited, truth: &Truth) -> bool {
    story.family == Family::DeletedByOthers
        && truth.end == End::Canceled
        && deleted_at(scene, waited.wait, truth).is_some()
}

/// The end of a deletion of the subject by an external actor.
fn deleted_at(scene: &Scene, wait: Wait, truth: &Truth) -> Option<Duration> {
    let services = scene.ids(wait);
    let deletions = truth.others.iter().filter(|other| {
        let all = services.is_empty() || services.iter().any(|id| other.requested.contains(id));
        other.action == Trigger::Delete && other.state == "DELETED" && all
    });
    deletions.filter_map(|other| other.ended_at).min()
}

/// Whether an outcome is reported later than readable facts prove it.
fn late(story: &Story, waited: &Waited, truth: &Truth) -> Option<Miss> {
    let end = truth.ours.as_ref()?.over_at?;
    let is_timed = story.way != Way::Group;
    (is_timed && waited.at > end + patience(story, waited)).then_some(Miss::Late)
}

/// How long after its end an outcome may be reported.
fn patience(story: &Story, waited: &Waited) -> Duration {
    // The longest interval with its jitter, twice because a fact may need a second reading, the
    // settle period, and the lag of the readings.
    let mut patience = Duration::from_secs(2 * 17 + 15) + story.latency * 20 + behind(story);
    if let Way::Resumed(after, pause) = story.way {
        patience += after + pause;
    }
    if let Way::ById { age, .. } = story.way {
        patience += age;
    }
    if story.asked == Asked::Delete {
        patience += Duration::from_secs(32);
    }
    if waited.outcome == Outcome::Canceled {
        patience += Duration::from_secs(32);
    }
    patience
}

/// How far a reading can be behind.
fn behind(story: &Story) -> Duration {
    let traits = &story.traits;
    let rows = match traits.queue_rows {
        QueueRows::After(delay) => delay,
        _ => Duration::ZERO,
    };
    let replica = match traits.replicas {
        Replicas::SecondIsBehind(behind) => behind,
        _ => Duration::ZERO,
    };
    traits.lags.longest() + replica + rows
}

/// The evidence of the end of our request.
struct ShownBy {
    /// The request status shows the end.
    by_status: bool,
    /// The history has an entry that shows the end.
    by_history: bool,
}

fn shown_by(story: &Story, scene: &Scene, waited: &Waited, truth: &Truth) -> ShownBy {
    let traits = &story.traits;
    let is_exact = matches!(
        traits.request_state,
        RequestState::Exact | RequestState::QueuedUntilFirstService
    );
    let is_kept = traits.after_deletion == AfterDeletion::RequestStatusKnown
        || deleted_at(scene, waited.wait, truth).is_none();
    // The history of an environment is deleted with it.
    let has_history = scene.environments[waited.wait.environment]
        .0
        .state()
        .is_some();
    let ours = truth.ours.as_ref();
    let has_entry = ours.is_some_and(|ours| ours.execution_id.is_some())
        || traits.canceled_in_queue == CanceledInQueue::HistoryEntry;
    ShownBy {
        by_status: is_exact && is_kept && names_request(story, truth),
        by_history: traits.history != History::Missing && has_history && has_entry,
    }
}

/// Whether the caller learns the id of the request.
fn names_request(story: &Story, truth: &Truth) -> bool {
    let traits = &story.traits;
    let declared = match (story.way, story.asked) {
        (Way::ById { .. }, _) => return true,
        (Way::ResponseLost { .. }, _) => return false,
        (_, Asked::Delete | Asked::Uninstall) => false,
        (_, Asked::Stop) => !matches!(story.target, Target::Services(..)),
        _ => true,
    };
    let has_body = !matches!(
        traits.response_body,
        ResponseBody::Empty | ResponseBody::NoContent
    );
    let named = match traits.response_id {
        ResponseId::Always => true,
        ResponseId::IfQueued => has_to_wait(truth),
        _ => false,
    };
    declared && has_body && named
}

/// Whether the subject of a wait is gone.
fn is_left_nothing(scene: &Scene, waited: &Waited) -> bool {
    let (environment, services) = &scene.environments[waited.wait.environment];
    let ids = scene.ids(waited.wait);
    let mut own = services
        .iter()
        .filter(|service| ids.contains(&service.id()));
    environment.state().is_none()
        || waited.wait.target != Target::Environment && own.all(|service| service.state().is_none())
}

/// Whether the request was canceled in the queue before it could be read there, without a trace.
fn is_never_shown(story: &Story, truth: &Truth, shown_by: &ShownBy) -> bool {
    let Some(ours) = &truth.ours else {
        return false;
    };
    let Some(over) = ours.over_at.filter(|_| ours.execution_id.is_none()) else {
        return false;
    };
    let shown_from = match story.traits.queue_rows {
        QueueRows::After(delay) => ours.accepted_at + delay,
        QueueRows::IfItHasToWait if !has_to_wait(truth) => over,
        _ => ours.accepted_at,
    };
    // The readings of the first half minute are at most 8 s apart.
    let shown_for = over.saturating_sub(shown_from);
    let is_readable = shown_for > Duration::from_secs(8) + story.latency * 10;
    truth.end == End::Canceled
        && !names_request(story, truth)
        && !shown_by.by_history
        && !is_readable
}

/// Whether another request ran or was queued when ours was accepted.
fn has_to_wait(truth: &Truth) -> bool {
    truth.ours.as_ref().is_some_and(|ours| {
        truth.others.iter().any(|other| {
            other.accepted_at <= ours.accepted_at
                && other.over_at.is_none_or(|end| end > ours.accepted_at)
        })
    })
}

fn excuse(
    story: &Story,
    scene: &Scene,
    waited: &Waited,
    truth: &Truth,
    miss: Miss,
) -> Option<Excuse> {
    let ours = truth.ours.as_ref()?;
    let shown_by = shown_by(story, scene, waited, truth);
    if story.asked == Asked::Delete
        && miss == Miss::FalseSuccess
        && is_left_nothing(scene, waited)
        && deleted_at(scene, waited.wait, truth).is_some_and(|gone| gone <= waited.at)
    {
        return Some(Excuse::GoneAnyway);
    }
    if miss == Miss::GaveUp
        && matches!(story.way, Way::ResponseLost { .. })
        && story.traits.history == History::Missing
        && story.traits.queue_rows == QueueRows::IfItHasToWait
    {
        return Some(Excuse::NoTraceOfLostRequest);
    }
    if let Way::ById {
        with_environment: false,
        age,
    } = story.way
        && miss == Miss::GaveUp
    {
        let is_known = match story.traits.request_state {
            RequestState::ServerError | RequestState::Forbidden => false,
            RequestState::NotFoundAfterEnd => ours
                .ended_at
                .is_none_or(|end| end > LEAD + age + behind(story)),
            _ => true,
        };
        if !is_known {
            return Some(Excuse::NoEnvironment);
        }
    }
    if matches!(miss, Miss::TooCareful | Miss::FalseFailure | Miss::GaveUp)
        && !shown_by.by_status
        && let Some(gone) = deleted_at(scene, waited.wait, truth)
        && ours
            .ended_at
            .is_none_or(|end| gone <= end + Duration::from_secs(20) + behind(story))
    {
        return Some(Excuse::GoneBeforeRead);
    }
    let services = scene.ids(waited.wait);
    let whole = waited.wait.target == Target::Environment;
    let has_same_signature = |other: &&FakeDeployment| {
        other.origin == ours.origin
            && other.triggered_by == ours.triggered_by
            && other.action == ours.action
            && services.iter().any(|id| other.requested.contains(id))
    };
    let twins: Vec<&FakeDeployment> = truth.others.iter().filter(has_same_signature).collect();
    if is_never_shown(story, truth, &shown_by) {
        let ended_so = |twin: &&&FakeDeployment| {
            let end = end_of(story, twin, &services, whole);
            matches!(
                (waited.outcome, end),
                (Outcome::Reached, End::Reached)
                    | (Outcome::Failed, End::Failed)
                    | (Outcome::Canceled, End::Canceled)
            )
        };
        // No endpoint has shown it, and the outcome reports this.
        let is_open = matches!(waited.outcome, Outcome::Superseded | Outcome::LostContact);
        if is_open || twins.iter().any(|twin| ended_so(&twin)) {
            return Some(Excuse::NeverShown);
        }
    }
    if miss != Miss::TooCareful || shown_by.by_status {
        return None;
    }
    let window = Duration::from_secs(15) + behind(story) + story.latency * 10;
    // A status that names the run that it shows links the id with the execution.
    let joined = story.traits.status_request == StatusRequest::RunShown
        && names_request(story, truth)
        && shown_by.by_history;
    let is_in_doubt = twins.iter().any(|twin| {
        twin.accepted_at.abs_diff(ours.accepted_at) <= window
            && end_of(story, twin, &services, whole) != truth.end
    });
    if !joined && is_in_doubt {
        return Some(Excuse::SameSignature);
    }
    let ended = ours.over_at;
    // A run that starts later than the longest interval after the end does not hide it.
    let a_later_run = |end: Duration| {
        let mut others = truth.others.iter();
        let hides = end..=end + Duration::from_secs(17) + behind(story) + story.latency * 10;
        others.any(|other| {
            other.started_at.is_some_and(|start| hides.contains(&start))
                && services.iter().any(|id| other.requested.contains(id))
        })
    };
    if ours.execution_id.is_none() && truth.end == End::Canceled && !shown_by.by_history {
        return Some(Excuse::NoTraceOfCancel);
    }
    if !shown_by.by_history && ended.is_some_and(a_later_run) {
        return Some(Excuse::Overwritten);
    }
    None
}
