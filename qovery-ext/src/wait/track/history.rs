//! What the history tells: how a past deployment ended, and which of several is the operation's.
//!
//! Pure, like its parent.

use std::mem::discriminant;

use super::{
    super::{Phase, State, mark::Mark, source::Past},
    Ask, Cause, Context, Decision, Facts, Standing, Track, decide, passed_over, superseded_by,
};

impl Track {
    /// A final state is shown, and all that is known says that it is this operation's.
    pub(super) fn judge_final(
        &mut self,
        mark: &Mark,
        context: &Context,
        facts: &Facts,
    ) -> Standing {
        let shown = if self.service.is_none() || self.is_own_result(mark) {
            let Some(decision) = decide(&mark.state, context.goal) else {
                return Standing::Pending(Phase::NotStarted);
            };
            decision
        } else if let Some(ours) = self.deployment.clone().filter(|_| self.certain) {
            return self.judge_from_history(ours, None, mark, context, facts);
        } else if let Some(decision) = passed_over(mark) {
            decision
        } else if let Some(ours) = self.canceled_before(mark, context) {
            return self.judge_from_history(ours, None, mark, context, facts);
        } else if self.active && mark.action == Some(Phase::NotStarted) {
            return Standing::Decided(match &mark.state {
                State::Canceled => Decision::Canceled,
                _ => Decision::Failed(Cause::NotRun),
            });
        } else {
            return self.judge_unmoved(mark, context, facts);
        };
        // The same state may be the end of something else that was asked for.
        let Some(history) = &facts.history else {
            return Standing::Ask(Ask::History);
        };
        let mut history = history.iter().flatten();
        let past = history.find(|past| Some(&past.deployment) == mark.deployment.as_ref());
        let foreign = past.is_some_and(|past| context.goal.is_not_of(&past.action));
        let reached = matches!(shown, Decision::Reached(_));
        if reached && (foreign || self.is_lost(context)) {
            return Standing::Decided(superseded_by(mark));
        }
        let ended = past.and_then(|past| self.state_in(past));
        match ended.and_then(|state| decide(state, context.goal)) {
            // What is shown is the end of something that was asked for later and never ran.
            Some(ended @ Decision::Reached(_)) if !foreign && mark.deployment != self.before => {
                Standing::Decided(ended)
            }
            _ => Standing::Decided(shown),
        }
    }

    /// The deployment that ended before it came to the service, which shows that it was canceled: in
    /// this deployment or at some time before.
    fn canceled_before(&self, mark: &Mark, context: &Context) -> Option<String> {
        let no_longer_waits = context.request.is_some() && self.has_another_deployment(mark);
        let ended = mark.state == State::Canceled
            && mark.action == Some(Phase::NotStarted)
            && (self.active || no_longer_waits);
        mark.deployment.clone().filter(|_| ended)
    }

    /// The first deployment since the baseline, from a history that goes back that far.
    pub(super) fn first_since_baseline(
        &self,
        context: &Context,
        history: Option<&[Past]>,
    ) -> Option<String> {
        // The API lists at most so many; a shorter list goes back to the beginning.
        const PAGE: usize = 20;
        let baseline = self.baseline.as_ref()?;
        let history = history?;
        let own = baseline.deployment.as_ref();
        let before = match context.whole_before.as_ref() {
            // It was seen waiting behind what the baseline shows by now.
            Some(_) if self.waited && own.is_some() => own,
            Some(whole) => Some(whole),
            None => own,
        };
        let end = match before {
            Some(before) => history.iter().position(|past| past.deployment == *before)?,
            None if baseline.state == State::Ready && history.len() < PAGE => history.len(),
            None => return None,
        };
        let mut since = history
            .iter()
            .take(end)
            .rev()
            .filter(|past| !context.goal.is_not_of(&past.action))
            .filter(|past| self.state_in(past).is_some());
        since.next().map(|past| past.deployment.clone())
    }

    pub(super) fn judge_from_history(
        &mut self,
        ours: String,
        whole: Option<Decision>,
        mark: &Mark,
        context: &Context,
        facts: &Facts,
    ) -> Standing {
        let Some(history) = &facts.history else {
            return Standing::Ask(Ask::History);
        };
        let past = history.iter().flatten().find(|p| p.deployment == ours);
        if context.acted && past.is_some_and(|past| context.goal.is_not_of(&past.action)) {
            // What was taken for ours does something else: it came in its place.
            return Standing::Decided(superseded_by(mark));
        }
        let state = past.and_then(|past| self.state_in(past));
        let decision = match state.and_then(|s| decide(s, context.goal)) {
            Some(Decision::Reached(_)) if self.is_lost(context) => superseded_by(mark),
            Some(decision) => decision,
            // It took part and did not get to an end of its own: what ended the whole ended it.
            None => match (
                whole,
                past.and_then(|past| decide(&past.state, context.goal)),
            ) {
                (Some(whole), _) if context.acted => whole,
                (_, Some(Decision::Failed(_))) if self.service.is_some() => {
                    Decision::Failed(Cause::NotRun)
                }
                (_, Some(Decision::Canceled)) => Decision::Canceled,
                _ => superseded_by(mark),
            },
        };
        Standing::Decided(decision)
    }

    /// What was decided, where all deployments that can be the one in question ended in the same way;
    /// else nothing tells how that one ended. Pending while one of them has not ended, unless that is
    /// `known` to have ended.
    pub(in super::super) fn agreed(
        &self,
        decision: Decision,
        mark: Option<&Mark>,
        context: &Context,
        known: bool,
        facts: &Facts,
    ) -> Standing {
        let Some(history) = &facts.history else {
            return Standing::Ask(Ask::History);
        };
        let goal = context.goal;
        let before = context.whole_before.as_ref().or(self.origin.as_ref());
        let history = history.as_deref().unwrap_or_default();
        // What came after it is another's.
        let last = self.deployment.as_ref().filter(|_| known);
        let last = history
            .iter()
            .position(|past| Some(&past.deployment) == last);
        let since = history
            .iter()
            .skip(last.unwrap_or(0))
            .take_while(|past| Some(&past.deployment) != before);
        let mut alike = true;
        let is_another =
            |past: &Past| goal.is_not_of(&past.action) || (known && past.state.is_active());
        for past in since.filter(|past| !is_another(past)) {
            if past.state.is_active() {
                return Standing::Pending(Phase::Running);
            }
            let end = self.state_in(past).map(|state| decide(state, goal));
            alike &= end.is_none_or(|end| {
                end.is_some_and(|end| discriminant(&end) == discriminant(&decision))
            });
        }
        match mark {
            Some(mark) if !alike => Standing::Decided(superseded_by(mark)),
            _ => Standing::Decided(decision),
        }
    }

    /// How a past deployment left this behind, where it took part.
    fn state_in<'a>(&self, past: &'a Past) -> Option<&'a State> {
        match self.service {
            None => Some(&past.state),
            Some(own) => past
                .services
                .iter()
                .find(|(id, _)| *id == own)
                .map(|(_, state)| state),
        }
    }
}
