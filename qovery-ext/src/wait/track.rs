//! Whose status is it? The rules that tie the status of one thing to one operation.
//!
//! Pure: readings and the time go in, a standing comes out. Not for fetching anything: where a
//! standing needs more facts it says which, and is asked again with them.
//!
//! The rules, in the order of their force:
//!
//! 1. The server's word on the request itself.
//! 2. Ids: a deployment id that differs from the one before the action.
//! 3. Activity, or another state, since the action, where nothing was under way before it.
//! 4. A state that held before and holds for the settle period, for actions that can have had
//!    nothing to do.

mod evidence;
mod history;
mod meaning;
mod named;
mod standing;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

pub(crate) use meaning::settle_period;
use meaning::{came_after, decide, names_later, passed_over, superseded_by};
pub(crate) use standing::{Ask, Cause, Context, Decision, Facts, Proof, Standing};

use super::{Goal, Phase, State, clock::after, mark::Mark};

enum View {
    NoWord,
    Waiting,
    Running,
    Ended(State),
}

/// What is known of one environment, one service or one cluster.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Track {
    /// The service, where this is one of several things that a request is about; `None` for an
    /// environment or a cluster, which ends when its request ends.
    service: Option<Uuid>,
    baseline: Option<Mark>,
    /// The deployment that was shown before the action.
    #[serde(default)]
    origin: Option<String>,
    /// The deployment that was shown before the action, or when the request was last seen waiting.
    #[serde(default)]
    before: Option<String>,
    seen: bool,
    /// Something newer than the baseline was seen.
    moved: bool,
    /// It was seen waiting or under way.
    active: bool,
    /// It was seen under way.
    ran: bool,
    /// What ran at the baseline was seen to have ended.
    calmed: bool,
    /// The deployment that is this operation's.
    deployment: Option<String>,
    /// Whether that is certain, although others waited before this operation.
    #[serde(default)]
    certain: bool,
    /// The deployment that the last poll showed, where no candidate waited any more.
    #[serde(skip)]
    last_of_all: Option<String>,
    /// The request was seen waiting.
    waited: bool,
    /// The request was seen by its id, waiting or named by a status.
    #[serde(default)]
    sighted: bool,
    /// A later request was seen soon after the action.
    #[serde(default)]
    overtaken: bool,
    /// How many polls in a row showed that the request no longer waits and does not run either.
    missing: u8,
    #[serde(skip)]
    running_confirmed: bool,
    /// How many polls have found the request ended.
    #[serde(skip)]
    ended: u32,
    #[serde(skip)]
    unchecked: u32,
    #[serde(skip)]
    settling: Option<Instant>,
}

impl Track {
    pub(crate) fn new(service: Option<Uuid>, baseline: Option<Mark>) -> Self {
        Self {
            service,
            seen: baseline.is_some(),
            origin: baseline.as_ref().and_then(|b| b.deployment.clone()),
            before: baseline.as_ref().and_then(|b| b.deployment.clone()),
            baseline,
            moved: false,
            active: false,
            ran: false,
            calmed: false,
            deployment: None,
            certain: false,
            last_of_all: None,
            waited: false,
            sighted: false,
            overtaken: false,
            missing: 0,
            running_confirmed: false,
            ended: 0,
            unchecked: 0,
            settling: None,
        }
    }

    pub(crate) fn was_seen(&self) -> bool {
        self.seen
    }

    pub(crate) fn deployment(&self) -> Option<&str> {
        self.deployment.as_deref()
    }

    /// Whether the status names another deployment than the one from before the action.
    pub(crate) fn has_another_deployment(&self, mark: &Mark) -> bool {
        let before = self.baseline.as_ref().and_then(|b| b.deployment.as_ref());
        mark.deployment.is_some() && mark.deployment.as_ref() != before
    }

    /// Whether a reading that is newer than the server's word on the request would decide.
    pub(crate) fn wants_newer_reading(&self) -> bool {
        self.ended == 1
    }

    /// When a settling state is due, so that a poll can be made just then.
    pub(crate) fn settles_at(&self, period: Duration) -> Option<Instant> {
        self.settling.map(|since| after(since, period))
    }

    /// Called once for each poll, before judging.
    pub(crate) fn begin_poll(&mut self) {
        self.unchecked = self.unchecked.saturating_add(1);
    }

    /// Judges one reading; `None` is a thing that its environment no longer lists.
    pub(crate) fn judge(
        &mut self,
        mark: Option<&Mark>,
        context: &Context,
        facts: &Facts,
    ) -> Standing {
        let Some(mark) = mark else {
            return self.judge_absent(context);
        };
        self.seen = true;
        let view = match (context.request, &facts.request) {
            (None, _) => View::NoWord,
            (Some(_), None) if context.frugal && self.may_still_wait(mark) => {
                // Nothing ends here: that it is ours can be asked when something does.
                return Standing::Pending(Phase::Queued);
            }
            (Some(request), None) if self.wants_word(mark, request, context.frugal) => {
                return Standing::Ask(Ask::Request(request));
            }
            (Some(_), None) => View::Running,
            (Some(_), Some(None)) => View::NoWord,
            (Some(_), Some(Some(seen))) => {
                self.unchecked = 0;
                match seen.state.phase(Goal::Canceled) {
                    Phase::Queued => View::Waiting,
                    Phase::Reached => View::Ended(seen.state.clone()),
                    _ => View::Running,
                }
            }
        };
        match view {
            View::Waiting => {
                // The reading is older than the server's word: whatever it shows came before ours.
                self.start_over_from(mark);
                self.waited = true;
                if facts.queue.is_none() {
                    return Standing::Ask(Ask::Queue);
                }
                self.note_requests(mark, context, facts);
                Standing::Pending(Phase::Queued)
            }
            View::Running => self.judge_running(mark, context),
            View::Ended(state) => self.judge_ended(mark, &state, context, facts),
            View::NoWord => self.judge_by_evidence(mark, context, facts),
        }
    }

    fn judge_absent(&self, context: &Context) -> Standing {
        match (self.seen, context.goal.is_reached_when_gone()) {
            (true, true) => Standing::Decided(Decision::Reached(Proof::Gone)),
            (true, false) => Standing::Decided(Decision::Failed(Cause::Gone)),
            (false, _) => Standing::Pending(Phase::NotStarted),
        }
    }

    /// Whether the status alone does not say enough, so that the request has to be asked about.
    fn wants_word(&self, mark: &Mark, request: Uuid, frugal: bool) -> bool {
        const AT_LEAST_EVERY: u32 = 4;
        let replaced = matches!((&self.deployment, &mark.deployment), (Some(a), Some(b)) if a != b);
        let looks_like_ours = frugal && self.service.is_none() && self.has_another_deployment(mark);
        !mark.state.is_active()
            || names_later(mark, Some(request))
            || !(self.running_confirmed || looks_like_ours)
            || replaced
            || (mark.deployment.is_none() && self.unchecked >= AT_LEAST_EVERY)
    }

    /// Whether something is under way that nothing shows to be this operation's.
    fn may_still_wait(&self, mark: &Mark) -> bool {
        mark.state.is_active() && !self.running_confirmed && !self.has_another_deployment(mark)
    }

    fn start_over_from(&mut self, mark: &Mark) {
        self.baseline = Some(mark.clone());
        self.before.clone_from(&mark.deployment);
        self.moved = false;
        self.active = false;
        self.ran = false;
        self.calmed = false;
        self.deployment = None;
        self.certain = false;
        self.last_of_all = None;
        self.settling = None;
        self.running_confirmed = false;
    }

    fn is_newer(&self, mark: &Mark, context: &Context) -> bool {
        let Some(baseline) = &self.baseline else {
            return mark.state.is_active();
        };
        // After something else has run, more activity under its id is still its own.
        let same = baseline.deployment.is_some() && baseline.deployment == mark.deployment;
        if self.calmed && same && mark.state.is_active() {
            return false;
        }
        // The status names a request from before ours: what it shows is from before ours, unless
        // ours never waited, because that one took it in.
        if (self.waited || !context.looked)
            && mark.request.is_some()
            && mark.request == baseline.request
            && context.request.is_some()
            && mark.request != context.request
        {
            return false;
        }
        // A first deployment: what waited had no id, and our request no longer waits.
        let first =
            context.request.is_some() && baseline.deployment.is_none() && mark.deployment.is_some();
        first || mark.is_newer_than(baseline)
    }

    fn note_activity(&mut self, mark: &Mark) {
        self.active |= mark.state.is_active();
        self.ran |= mark.state.is_active() && mark.state.phase(Goal::Canceled) == Phase::Running;
    }

    /// Whether a service's final state is the work of this operation, and not what it was before:
    /// a service that its deployment never came to shows the deployment's id all the same.
    fn is_own_result(&self, mark: &Mark) -> bool {
        let passed_over = passed_over(mark).is_some();
        let untouched =
            matches!(mark.action, Some(Phase::NotStarted | Phase::Queued)) || passed_over;
        let Some(baseline) = &self.baseline else {
            return self.ran || (!untouched && mark.action.is_some_and(Phase::is_terminal));
        };
        // What was under way before us has come to its end.
        let ran_before = !baseline.state.is_terminal();
        if ran_before && baseline.deployment.is_some() && mark.deployment == baseline.deployment {
            return false;
        }
        let changed = mark.state != baseline.state;
        let canceled = mark.state == State::Canceled && mark.action != Some(Phase::NotStarted);
        if changed && !passed_over && (mark.state.is_error() || canceled) {
            return true;
        }
        let other_deployment = mark.deployment.is_some() && mark.deployment != baseline.deployment;
        !untouched
            && (self.ran
                || changed
                || mark.is_dated_after(baseline)
                || (other_deployment && mark.action.is_some_and(Phase::is_terminal)))
    }

    fn bind(&mut self, mark: &Mark) {
        if self.deployment.is_none()
            && mark.deployment.is_some()
            && mark.deployment != self.baseline.as_ref().and_then(|b| b.deployment.clone())
        {
            self.deployment.clone_from(&mark.deployment);
        }
    }

    /// The server says that the request is under way.
    fn judge_running(&mut self, mark: &Mark, context: &Context) -> Standing {
        // A reading is older than the word, and may show what ran while ours still waited.
        if self.sighted && mark.request.is_some() && mark.request != context.request {
            return Standing::Pending(Phase::Running);
        }
        if mark.state.is_active() {
            self.running_confirmed = true;
            // One deployment at a time runs in an environment, so this activity is ours.
            self.moved = true;
            self.note_activity(mark);
            self.bind(mark);
            return Standing::Pending(mark.state.phase(context.goal));
        }
        if self.service.is_some() && mark.state.is_terminal() && self.is_own_result(mark) {
            self.bind(mark);
            if let Some(decision) = decide(&mark.state, context.goal) {
                return Standing::Decided(decision);
            }
        }
        let unclear = !mark.state.is_terminal() || self.service.is_none();
        Standing::Pending(if unclear {
            Phase::Running
        } else {
            Phase::Queued
        })
    }

    /// The server says that the request has ended.
    fn judge_ended(
        &mut self,
        mark: &Mark,
        state: &State,
        context: &Context,
        facts: &Facts,
    ) -> Standing {
        let whole = decide(state, context.goal);
        if self.service.is_none() || context.goal == Goal::Canceled {
            return match whole {
                Some(decision) => Standing::Decided(decision),
                // Such as DEPLOYED for a stop: the word is about something else.
                None => self.judge_by_evidence(mark, context, facts),
            };
        }
        self.ended = self.ended.saturating_add(1);
        let nothing_waits = mark.waiting == Some(0);
        // What is named and does not wait is what is shown.
        if nothing_waits && mark.request == context.request {
            self.bind(mark);
        }
        // A reading is older than the word on the request, the next one is not: whatever is under
        // way by then is another's.
        let another = matches!((&self.deployment, &mark.deployment), (Some(a), Some(b)) if a != b)
            || (mark.request.is_some() && mark.request != context.request && self.moved)
            || (nothing_waits && names_later(mark, context.request))
            || (mark.state.is_active() && self.ended > 1);
        if another {
            // What the service shows is no longer ours; that the whole went well includes it.
            let ours = self.deployment.clone().or(context.deployment.clone());
            return match (whole.clone(), ours) {
                (Some(decision @ Decision::Reached(_)), _) => Standing::Decided(decision),
                (Some(_), Some(ours)) => self.judge_from_history(ours, whole, mark, context, facts),
                // The request was about nothing else: the end of the whole is the end of its parts.
                (Some(decision), None) if context.acted => Standing::Decided(decision),
                (_, Some(ours)) => self.judge_from_history(ours, None, mark, context, facts),
                (_, None) => Standing::Decided(superseded_by(mark)),
            };
        }
        if !mark.state.is_terminal() {
            return Standing::Pending(Phase::Running);
        }
        let own = decide(&mark.state, context.goal);
        if self.is_own_result(mark) {
            self.bind(mark);
            if let Some(decision) = own {
                return Standing::Decided(decision);
            }
        }
        match (whole, own) {
            (Some(Decision::Reached(_)), Some(decision @ Decision::Reached(_))) => {
                Standing::Decided(decision)
            }
            // A later deployment has changed it since.
            (Some(decision @ Decision::Reached(_)), None)
                if context.acted && self.ended > 1 && self.has_another_deployment(mark) =>
            {
                Standing::Decided(decision)
            }
            (Some(Decision::Failed(_)), _) => Standing::Decided(Decision::Failed(Cause::NotRun)),
            (Some(Decision::Canceled), _) => Standing::Decided(Decision::Canceled),
            _ => Standing::Pending(Phase::NotStarted),
        }
    }
}
