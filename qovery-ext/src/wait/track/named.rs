//! Requests that the server named and says nothing of: what shows that one is carried out, or lost.
//!
//! Pure, like its parent.

use super::{
    super::{Goal, Phase, mark::Mark},
    Context, Facts, Track, came_after, names_later,
};

impl Track {
    /// Whether something was seen that can only be the request itself, carried out.
    pub(super) fn has_begun(&self, mark: &Mark) -> bool {
        self.deployment.is_some() || (self.ran && mark.deployment.is_none())
    }

    /// Notes whether the request was ever seen by its own id, and whether a later one was seen
    /// before it could be.
    pub(super) fn note_requests(&mut self, mark: &Mark, context: &Context, facts: &Facts) {
        let Some(ours) = context.request else { return };
        self.sighted |= self.waits_in(context, facts) || mark.request == Some(ours);
        if !context.looked {
            let queue = facts.queue.iter().flatten().flatten();
            let mut named = queue.map(|w| w.request).chain(mark.request);
            self.overtaken |= named.any(|named| came_after(named, ours));
        }
    }

    /// Whether the request has left the queue without being run: what runs is what ran before, or
    /// is said to be another request's.
    pub(super) fn is_missing(&self, mark: &Mark, context: &Context, facts: &Facts) -> bool {
        let Some(Some(queue)) = &facts.queue else {
            return false;
        };
        if context.request.is_none() || context.goal == Goal::Canceled || !mark.state.is_active() {
            return false;
        }
        let same = mark.deployment.is_some() && !self.has_another_deployment(mark);
        let before = self.baseline.as_ref().and_then(|b| b.request);
        let later = names_later(mark, context.request) && mark.request != before;
        let anothers = later && queue.iter().all(|w| Some(w.request) != mark.request);
        // Where another's request waits and nothing runs, ours neither waits nor runs.
        let only_another_waits = later
            && mark.state.phase(Goal::Canceled) == Phase::Queued
            && !self.has_another_deployment(mark);
        let begun = self.has_begun(mark);
        // That the status names what runs, and this came later, is stronger than what was thought.
        let taken = self.deployment.is_none() || self.deployment == mark.deployment;
        (!begun && self.waited && same)
            || (taken && anothers && self.has_another_deployment(mark))
            || (!begun && only_another_waits)
    }

    /// Whether the request, which the server named and says nothing of, was never seen, while a later
    /// one was: that one may have taken its place.
    pub(super) fn is_lost(&self, context: &Context) -> bool {
        context.request.is_some() && self.overtaken && !self.sighted
    }
}
