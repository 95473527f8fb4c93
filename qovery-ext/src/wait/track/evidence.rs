//! What the status itself tells, where the server has no word on the request.
//!
//! Pure, like its parent.

use super::{
    super::{Goal, Phase, clock::after, mark::Mark},
    Ask, Cause, Context, Decision, Facts, Proof, Standing, Track, came_after, decide, names_later,
    passed_over, settle_period, superseded_by,
};

impl Track {
    /// The server has no word on the request, or there is no request to ask about.
    pub(super) fn judge_by_evidence(
        &mut self,
        mark: &Mark,
        context: &Context,
        facts: &Facts,
    ) -> Standing {
        if !context.acted && context.request.is_none() {
            return self.judge_watched(mark, context, facts);
        }
        let named_later = names_later(mark, context.request);
        let unclear = !self.has_begun(mark) || named_later;
        if context.request.is_some() && unclear && facts.queue.is_none() {
            return Standing::Ask(Ask::Queue);
        }
        self.note_requests(mark, context, facts);
        if self.waits_in(context, facts) {
            self.start_over_from(mark);
            self.waited = true;
            self.missing = 0;
            return Standing::Pending(Phase::Queued);
        }
        if self.sighted
            && let (Some(ours), Some(named)) = (context.request, mark.request)
            && named != ours
            && !came_after(named, ours)
        {
            // It waited by itself, so what came before it has not taken it in.
            self.start_over_from(mark);
            return Standing::Pending(Phase::Queued);
        }
        if self.is_missing(mark, context, facts) {
            // A status is read before the queue: only twice in a row is it no coincidence.
            self.missing = self.missing.saturating_add(1);
            if self.missing > 1 {
                return Standing::Decided(superseded_by(mark));
            }
            return Standing::Pending(Phase::Queued);
        }
        self.missing = 0;
        if let Some(standing) = self.judge_cancel(mark, context) {
            return standing;
        }
        let named = !context.acted && mark.request.is_some() && mark.request == context.request;
        self.moved |= self.is_newer(mark, context) || named;
        let baseline_ran = self
            .baseline
            .as_ref()
            .is_some_and(|b| !b.state.is_terminal());
        if !self.moved && baseline_ran && mark.state.is_terminal() {
            // What ran before us has ended: from here on, another state is ours. A request that the
            // status names by now may wait behind us.
            self.calmed = true;
            let request = self.baseline.as_ref().and_then(|b| b.request);
            self.baseline = Some(Mark {
                request,
                ..mark.clone()
            });
        }
        if context.calm
            && self.moved
            && self.deployment.is_none()
            && self.has_another_deployment(mark)
        {
            let Some(history) = &facts.history else {
                return Standing::Ask(Ask::History);
            };
            // Nothing waited before us: the first deployment since then is ours.
            self.deployment = self.first_since_baseline(context, history.as_deref());
        }
        if context.request.is_none() && !context.calm && !self.certain {
            if context.may_wait.is_none() && facts.queue.is_none() {
                return Standing::Ask(Ask::Queue);
            }
            self.find_last_of_all(mark, context);
        }
        if self.deployment.is_some()
            && mark.state.is_active()
            && mark.request.is_some()
            && mark.request == context.request
        {
            // The name of the request is stronger than what was thought.
            self.deployment.clone_from(&mark.deployment);
        }
        if let Some(ours) = self.deployment.clone()
            && mark.deployment.as_ref().is_some_and(|id| *id != ours)
        {
            if context.calm || self.certain || context.request.is_some() {
                return self.judge_from_history(ours, None, mark, context, facts);
            }
            // What waited before us may have gone first: follow on to what came after it.
            self.deployment.clone_from(&mark.deployment);
        }
        if self.moved {
            self.bind(mark);
            self.note_activity(mark);
        }
        if !mark.state.is_terminal() {
            let phase = mark.state.phase(context.goal);
            return Standing::Pending(if self.moved { phase } else { Phase::Queued });
        }
        if !self.moved {
            return self.judge_unmoved(mark, context, facts);
        }
        if facts.queue.is_none() {
            return Standing::Ask(Ask::Queue);
        }
        let baseline = self.baseline.as_ref();
        if named_later && baseline.is_none_or(|b| b.request != mark.request) {
            return Standing::Decided(superseded_by(mark));
        }
        if self.someone_waits(context, facts) {
            return Standing::Pending(Phase::Queued);
        }
        self.judge_final(mark, context, facts)
    }

    /// Where many waited and the request is not known: one deployment runs at a time, so what is
    /// shown while none of them waits any more is the last of them, or came later. Two polls have to
    /// see it, because a status is read before the queue.
    fn find_last_of_all(&mut self, mark: &Mark, context: &Context) {
        let none_waits = context.looked && context.may_wait == Some(false);
        let another = mark.deployment != self.before;
        let now = mark.deployment.clone();
        let now = now.filter(|_| none_waits && another);
        if now.is_some() && now == self.last_of_all {
            self.deployment.clone_from(&now);
            self.moved = true;
            self.certain = true;
        }
        self.last_of_all = now;
    }

    /// A cancel is about what ran or waited before it, not about anything newer.
    pub(super) fn judge_cancel(&self, mark: &Mark, context: &Context) -> Option<Standing> {
        if context.goal != Goal::Canceled || !context.acted {
            return None;
        }
        let over = match context.request {
            // The server no longer knows the request and no longer lists it.
            Some(ours) => !(mark.state.is_active() && mark.request == Some(ours)),
            None => {
                let baseline = self.baseline.as_ref().filter(|b| !b.state.is_terminal())?;
                mark.state.is_terminal()
                    || (mark.deployment.is_some()
                        && baseline.deployment.is_some()
                        && mark.deployment != baseline.deployment)
            }
        };
        over.then_some(Standing::Decided(Decision::Reached(Proof::Seen)))
    }

    /// Nothing shows that the action did anything: right where there was nothing to do.
    pub(super) fn judge_unmoved(
        &mut self,
        mark: &Mark,
        context: &Context,
        facts: &Facts,
    ) -> Standing {
        let before = self.baseline.as_ref().and_then(|b| b.action);
        if let Some(decision) = passed_over(mark)
            && mark.action != before
            && context.acted
        {
            return Standing::Decided(decision);
        }
        if self.waited {
            // It had something to do, and no longer waits to do it.
            return Standing::Pending(Phase::NotStarted);
        }
        let may_be_done = context.goal.may_have_nothing_to_do() || context.answered_idle;
        // Where the server does not count what waits, its queue is asked before this counts.
        let holds = mark.state.phase(context.goal) == Phase::Reached
            && mark.waiting.is_none_or(|count| count == 0);
        if !may_be_done || !holds {
            self.settling = None;
            return Standing::Pending(Phase::NotStarted);
        }
        let since = *self.settling.get_or_insert(context.now);
        if context.now < after(since, settle_period(context.goal, context.settle)) {
            return Standing::Pending(Phase::NotStarted);
        }
        if facts.queue.is_none() {
            return Standing::Ask(Ask::Queue);
        }
        if self.someone_waits(context, facts) {
            self.settling = None;
            return Standing::Pending(Phase::Queued);
        }
        Standing::Decided(Decision::Reached(Proof::Settled))
    }

    /// Nobody acted through this operation: the state itself is what is waited for.
    pub(super) fn judge_watched(
        &mut self,
        mark: &Mark,
        context: &Context,
        facts: &Facts,
    ) -> Standing {
        if !mark.state.is_terminal() {
            self.deployment.clone_from(&mark.deployment);
            return Standing::Pending(mark.state.phase(context.goal));
        }
        let decision = match decide(&mark.state, context.goal) {
            // A stopped environment has not failed to be deployed: nobody has deployed it yet.
            None | Some(Decision::Failed(Cause::OtherState)) => {
                return Standing::Pending(Phase::NotStarted);
            }
            Some(decision) => decision,
        };
        if facts.queue.is_none() {
            return Standing::Ask(Ask::Queue);
        }
        if self.someone_waits(context, facts) {
            return Standing::Pending(Phase::Queued);
        }
        Standing::Decided(decision)
    }

    pub(super) fn waits_in(&self, context: &Context, facts: &Facts) -> bool {
        let queue = facts.queue.iter().flatten().flatten();
        context
            .request
            .is_some_and(|ours| queue.into_iter().any(|w| w.request == ours))
    }

    /// Whether the queue forbids to take the present state for the last word.
    pub(super) fn someone_waits(&self, context: &Context, facts: &Facts) -> bool {
        // With an id of our own, what waits behind us is none of our business; nor is what came
        // into the queue long after us.
        context.request.is_none()
            && !self.certain
            && context
                .may_wait
                .unwrap_or_else(|| facts.queue.iter().flatten().any(|queue| !queue.is_empty()))
    }
}
