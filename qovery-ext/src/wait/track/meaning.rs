//! What a mark, a state or an id means by itself, whoever asks.
//!
//! Pure, like its parent.

use std::time::Duration;

use uuid::Uuid;

use super::{
    super::{Goal, Phase, State, mark::Mark},
    Cause, Decision, Proof,
};

/// A service whose last action failed or was canceled, while its state says something else, was
/// passed over: the state is from before.
pub(super) fn passed_over(mark: &Mark) -> Option<Decision> {
    match mark.action {
        Some(Phase::Failed) if !mark.state.is_error() && mark.state != State::Canceled => {
            Some(Decision::Failed(Cause::NotRun))
        }
        Some(Phase::Canceled) if mark.state != State::Canceled => Some(Decision::Canceled),
        _ => None,
    }
}

pub(super) fn superseded_by(mark: &Mark) -> Decision {
    Decision::Superseded {
        deployment: mark.deployment.clone(),
        request: mark.request,
    }
}

/// How long a state that held before has to hold. A deployment that does nothing is rare, and a
/// server that is slow to begin is not: it takes longer to believe.
pub(crate) fn settle_period(goal: Goal, settle: Duration) -> Duration {
    if goal.may_have_nothing_to_do() {
        settle
    } else {
        settle.saturating_mul(4)
    }
}

/// Whether a request was accepted after ours, so that it cannot have taken ours in. The ids are
/// ordered by time; where they are not, another id is taken for a later one.
pub(super) fn came_after(named: Uuid, ours: Uuid) -> bool {
    const TIME_ORDERED: usize = 7;
    let ordered = [named, ours]
        .iter()
        .all(|id| id.get_version_num() == TIME_ORDERED);
    if ordered { named > ours } else { named != ours }
}

/// Whether a status names a request that was accepted after ours.
pub(super) fn names_later(mark: &Mark, ours: Option<Uuid>) -> bool {
    ours.zip(mark.request)
        .is_some_and(|(ours, named)| came_after(named, ours))
}

/// What a terminal state of this operation means, where it means anything.
pub(super) fn decide(state: &State, goal: Goal) -> Option<Decision> {
    match state.phase(goal) {
        Phase::Reached => Some(Decision::Reached(Proof::Seen)),
        Phase::Canceled => Some(Decision::Canceled),
        Phase::Failed if state.is_error() => Some(Decision::Failed(Cause::ErrorState)),
        Phase::Failed => Some(Decision::Failed(Cause::OtherState)),
        Phase::NotStarted | Phase::Queued | Phase::Running => None,
    }
}
