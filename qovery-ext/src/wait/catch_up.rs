//! Refreshes a final status that lags behind the request status.
//!
//! A poll reads the status first, and then the request status. If the deployment ends in between, the request
//! status shows the end while the status still shows a running deployment. Without another reading, the
//! report of a failure would lack the services that failed. The decision does not change. Dropping the future
//! loses the request in flight; the next future reads again.

use super::{
    Decision, Goal, Phase, Snapshot,
    decision::{Cancellation, Cause, Proof},
    poller::Poller,
};

/// Reads once more if the last status does not show the decided end. Keeps the reading if it shows that end.
/// Does nothing while the server demands a delay.
pub(super) async fn catch_up(poller: &mut Poller, decision: &Decision) {
    let (Some(goal), Some(last)) = (poller.context().goal(), &poller.context().last) else {
        return;
    };
    if shows(last, decision, goal) || poller.timetable().is_forbidden() {
        return;
    }
    // If the status cannot be read, the decision keeps the last status.
    poller
        .read_again(|newer| shows(newer, decision, goal))
        .await;
}

/// Whether a status shows the decided end, if a status can show it.
fn shows(snapshot: &Snapshot, decision: &Decision, goal: Goal) -> bool {
    let mut phases = snapshot.part_phases(goal);
    match decision {
        Decision::Reached(Proof::Seen) => phases.all(|phase| phase == Some(Phase::Reached)),
        Decision::Failed(Cause::State(_)) => phases.any(|phase| phase == Some(Phase::Failed)),
        Decision::Canceled(Cancellation::Seen) => {
            phases.any(|phase| phase == Some(Phase::Canceled))
        }
        _ => true,
    }
}
