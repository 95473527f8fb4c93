//! The verdict on an operation: a fold over the runs that can be its own.
//!
//! Nothing here is stored and nothing is read: the same ledger gives the same verdict.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    super::{
        Decision, Endpoint, Evidence, Goal, Phase, RunId, Says, State,
        decision::{Cancellation, Proof},
        mark::Mark,
    },
    Beginning, Ledger, Response, Scope, decide, millis,
    run::{Fate, Run, Stamp},
};

/// A fact that can be read beside the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Fact {
    /// The status of one request.
    Request(Uuid),
    Queue,
    History,
}

/// One poll: facts are fresh if they were read since it began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Poll {
    pub(crate) since: Stamp,
    pub(crate) now: Stamp,
    pub(crate) settle: Duration,
    /// Whether many operations share the polls, so that this one reads only what decides.
    pub(crate) shares: bool,
}

/// The state of the operation according to the ledger.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    /// Another fact is needed.
    Need(Fact),
    Pending {
        phase: Phase,
        /// The place in the queue, counted from 1.
        position: Option<usize>,
    },
    Decided(Decision, Vec<Evidence>),
    /// The response to the action was lost, and nothing shows that the action was executed.
    NoTrace,
}

/// How often the history is read for services that may have ended before their run, in milliseconds.
const HISTORY_EVERY: Stamp = 30_000;

/// After how many settle periods a request that has left the queue without a run has vanished: its run
/// may start late, and be shown late.
const VANISHED: Stamp = 2;

/// A step of the verdict: `Err` ends it.
type Step<T = ()> = Result<T, Verdict>;

fn pending(phase: Phase) -> Verdict {
    Verdict::Pending {
        phase,
        position: None,
    }
}

impl Ledger {
    /// How the operation stands.
    pub(crate) fn verdict(&self, poll: &Poll) -> Verdict {
        let verdict = self.judge(poll);
        match verdict {
            Ok(verdict) | Err(verdict) => verdict,
        }
    }

    fn judge(&self, poll: &Poll) -> Step<Verdict> {
        if let Some(verdict) = self.absent(poll)? {
            return Ok(verdict);
        }
        let Some(shown) = &self.shown else {
            return Ok(pending(Phase::NotStarted));
        };
        let Some(state) = shown.state() else {
            return Ok(pending(Phase::Running));
        };
        if self.goal == Goal::Canceled && self.has_acted() {
            return self.judge_cancel(poll, state);
        }
        match self.request {
            Some(request) => self.judge_named(request, poll, state),
            None if self.has_acted() => self.judge_by_signature(poll, state),
            None => self.judge_watched(poll),
        }
    }

    /// The server or the user has named the request.
    fn judge_named(&self, request: Uuid, poll: &Poll, state: &State) -> Step<Verdict> {
        let own = self.own_state(state);
        let is_running = self
            .run(&RunId::Request(request))
            .is_some_and(|run| run.fate == Fate::Running);
        if own.is_active() && is_running && self.shows_candidate() && !self.may_have_ended(request)
        {
            return Ok(pending(own.phase(self.goal)));
        }
        let is_seen_to_end = match &self.scope {
            Scope::Services(_) => own.is_terminal(),
            _ => self.candidate_executions().len() > 1,
        };
        if poll.shares && state.is_active() && !(is_seen_to_end && self.may_have_ended(request)) {
            return Ok(pending(Phase::Queued));
        }
        self.need(Fact::Request(request), poll)?;
        let run = self.run(&RunId::Request(request));
        if self.is_unavailable(Fact::Request(request)) {
            return self.judge_by_signature(poll, state);
        }
        match run.map(|run| &run.fate) {
            Some(Fate::Ended(end)) => match end.state() {
                Some(said) => self.judge_request_status(request, said, poll, state),
                // A request ends once: an endpoint that says two ends speaks of something else.
                None => self.judge_by_signature(poll, state),
            },
            Some(Fate::Running) => self.judge_running(own, poll),
            _ => {
                self.need(Fact::Queue, poll)?;
                let listed = run.is_some_and(|run| self.is_queued(run));
                if state.is_terminal() && !listed {
                    // Some servers call a request queued until its first service starts, also if it
                    // has nothing to start.
                    return self.judge_by_signature(poll, state);
                }
                Ok(Verdict::Pending {
                    phase: Phase::Queued,
                    position: self.position(request),
                })
            }
        }
    }

    /// The request is being executed. Its services may have ended before it.
    fn judge_running(&self, own: &State, poll: &Poll) -> Step<Verdict> {
        if !self.is_about_services() || !own.is_terminal() {
            return Ok(pending(Phase::Running));
        }
        let read = self.read_at(Fact::History);
        if read.is_none_or(|at| poll.now >= at.saturating_add(HISTORY_EVERY)) {
            self.need(Fact::History, poll)?;
        }
        match self.candidate_executions().as_slice() {
            [run] if run.end().is_none() => Ok(match self.of_services(run) {
                Some((decision, fact)) => Verdict::Decided(decision, vec![fact]),
                None => pending(Phase::Running),
            }),
            _ => Ok(pending(Phase::Running)),
        }
    }

    /// The state of the services that the operation is about; that of the whole if they are not read.
    fn own_state<'a>(&'a self, whole: &'a State) -> &'a State {
        let Some(shown) = self.shown.as_ref().filter(|_| self.is_about_services()) else {
            return whole;
        };
        let mut own = shown.own.iter().flatten().map(|mark| &mark.state);
        own.clone()
            .find(|state| state.is_active())
            .or(own.next())
            .unwrap_or(whole)
    }

    pub(super) fn is_about_services(&self) -> bool {
        matches!(self.scope, Scope::Services(_))
    }

    /// Whether something has changed since the request status was last read, so that the request may
    /// have ended.
    fn may_have_ended(&self, request: Uuid) -> bool {
        let asked = self.read_at(Fact::Request(request));
        let shown = self.shown.as_ref().map(|shown| self.execution_of(shown));
        let run = shown.and_then(|id| self.run(&RunId::Execution(id)));
        run.is_some_and(|run| asked.is_none_or(|asked| run.seen.first >= asked))
    }

    /// The request status says that the request has ended. It decides, unless it only repeats the
    /// state that the environment shows of another run, or the history contradicts it.
    fn judge_request_status(
        &self,
        request: Uuid,
        said: &State,
        poll: &Poll,
        state: &State,
    ) -> Step<Verdict> {
        let Some(decision) = decide(said, self.goal) else {
            return self.judge_by_signature(poll, state);
        };
        // Only one run at a time: as long as one from before the action, or one that can be ours, is at
        // work, either the status is behind, or the request status repeats another one. A request from
        // the queue can be canceled meanwhile.
        let is_canceled = matches!(decision, Decision::Canceled(_));
        let contradicts = self.shows_candidate() || (self.shows_before() && !is_canceled);
        if state.is_active() && contradicts {
            self.need(Fact::History, poll)?;
            if !self.agrees(&decision) {
                return Ok(pending(Phase::Running));
            }
        }
        let repeats_status = said == state;
        if !repeats_status || (self.shows_candidate() && self.agrees(&decision)) {
            return self.by_request_status(request, decision, poll);
        }
        self.need(Fact::Queue, poll)?;
        if self
            .run(&RunId::Request(request))
            .is_some_and(|run| self.is_queued(run))
        {
            return Ok(Verdict::Pending {
                phase: Phase::Queued,
                position: self.position(request),
            });
        }
        self.need(Fact::History, poll)?;
        if self.agrees(&decision) {
            return self.by_request_status(request, decision, poll);
        }
        let runs = self.candidate_executions();
        if runs.iter().any(|run| matches!(run.fate, Fate::Ended(_))) {
            return self.fold(&runs, poll);
        }
        // Nothing else shows a run of ours: there was nothing to do, or the endpoints are late.
        let said_at = self.end_stamp(request).unwrap_or(poll.now);
        let since = said_at.max(self.asked_at());
        if poll.now < since.saturating_add(millis(poll.settle)) {
            return Ok(pending(Phase::Running));
        }
        if matches!(decision, Decision::Reached(_))
            && self.has_acted()
            && !self.may_be_done()
            && !self.is_unavailable(Fact::History)
        {
            // A deployment leaves an entry in the history: without one, the request status only
            // repeats the state from before.
            if poll.now < since.saturating_add(self.settle_period(poll.settle)) {
                return Ok(pending(Phase::Running));
            }
            let own: Vec<&Run> = self.run(&RunId::Request(request)).into_iter().collect();
            return Ok(self.superseded(&own, &[]));
        }
        let decision = match decision {
            Decision::Reached(_) if self.has_acted() && self.held_before() => {
                Decision::Reached(Proof::Settled)
            }
            other => other,
        };
        self.by_request_status(request, decision, poll)
    }

    /// Decides as the request status says. The services of a run that failed may have ended well: the
    /// history says so.
    fn by_request_status(&self, request: Uuid, decision: Decision, poll: &Poll) -> Step<Verdict> {
        let run = self.run(&RunId::Request(request));
        let mut evidence: Vec<Evidence> =
            run.and_then(|run| self.end_of(run)).into_iter().collect();
        if matches!(decision, Decision::Reached(_)) || !self.is_about_services() {
            return Ok(Verdict::Decided(decision, evidence));
        }
        if matches!(decision, Decision::Canceled(_)) && self.candidate_executions().is_empty() {
            // It was canceled before it ran: the history has nothing to add.
            return Ok(Verdict::Decided(decision, evidence));
        }
        self.need(Fact::History, poll)?;
        let said_at = self.end_stamp(request).unwrap_or(poll.now);
        let is_settled = poll.now >= said_at.saturating_add(millis(poll.settle));
        // Last those of other users, because one of their requests may have absorbed ours, and only
        // once the history would show ours.
        let others = self.runs.iter().filter(|run| run.execution().is_some());
        let others = others.filter(|_| is_settled);
        let runs = self.candidate_executions().into_iter().chain(others);
        let agreeing = runs.into_iter().find_map(|run| {
            let state = run.end()?.state()?;
            let whole = decide(state, self.goal)?;
            whole
                .agrees_with(&decision)
                .then(|| self.of_services(run))?
        });
        if let Some((own, fact)) = agreeing {
            evidence.push(fact);
            return Ok(Verdict::Decided(own, evidence));
        }
        // The history may be late.
        if !self.is_unavailable(Fact::History) && !is_settled {
            return Ok(pending(Phase::Running));
        }
        if matches!(decision, Decision::Failed(_)) && self.own_parts_reached() {
            // The run failed as a whole, perhaps because of a service of another request.
            let own: Vec<&Run> = run.into_iter().collect();
            return Ok(self.superseded(&own, &[]));
        }
        Ok(Verdict::Decided(decision, evidence))
    }

    /// Whether every service that the operation is about shows a state of the goal, from a run that can
    /// be ours.
    fn own_parts_reached(&self) -> bool {
        let before = &self.before.executions;
        let is_since = |mark: &Mark| {
            let id = mark.execution();
            let is_foreign = |run: &Run| self.claim(run).is_excluded();
            !before.contains(&id) && !self.run(&RunId::Execution(id)).is_some_and(is_foreign)
        };
        let own = self.shown.iter().flat_map(|shown| &shown.own);
        self.is_about_services() && self.holds() && own.flatten().all(is_since)
    }

    /// How the services that the operation is about have ended in a run, if the history says so.
    fn of_services(&self, run: &Run) -> Option<(Decision, Evidence)> {
        let Scope::Services(ours) = &self.scope else {
            return None;
        };
        if run.ended.is_empty() {
            return None;
        }
        // Only an entry of the history that has ended lists all services with their ends.
        let whole = run.end().filter(|_| run.finished.is_some());
        let whole = whole.and_then(|end| end.state());
        let mut worst: Option<(&State, Decision)> = None;
        for id in ours {
            let own = run.ended.binary_search_by_key(id, |(id, _)| *id).ok();
            let own = own
                .and_then(|place| run.ended.get(place))
                .map(|(_, state)| state);
            // A service that its run did not come to ends as the run does.
            let state = own.or(whole)?;
            let decision = decide(state, self.goal)?;
            let decision = match decision {
                Decision::Reached(_) if own.is_none() => return None,
                other => other,
            };
            let is_worse = worst
                .as_ref()
                .is_none_or(|(_, known)| severity(&decision) > severity(known));
            if is_worse {
                worst = Some((state, decision));
            }
        }
        let (state, decision) = worst?;
        let at = run.end().map_or(run.seen.last, |end| end.at);
        Some((
            decision,
            self.fact(Some(&run.id), Endpoint::History, state, at),
        ))
    }

    /// No endpoint speaks of the request by its id: what does the same as ours decides.
    fn judge_by_signature(&self, poll: &Poll, state: &State) -> Step<Verdict> {
        if poll.shares && state.is_active() {
            // Many operations share the polls: each reads the rest only if its own part rests.
            let rests = self.is_about_services() && self.own_state(state).is_terminal();
            let read = self.read_at(Fact::History);
            let is_recent = read.is_some_and(|at| poll.now < at.saturating_add(HISTORY_EVERY));
            if !rests || is_recent {
                return Ok(pending(if self.shows_candidate() {
                    state.phase(self.goal)
                } else {
                    Phase::Queued
                }));
            }
        }
        self.need(Fact::Queue, poll)?;
        let requests = self.candidate_requests();
        if let Some(queued) = requests.iter().find(|run| self.is_queued(run)) {
            let running = state.is_active() && self.shows_candidate();
            return Ok(Verdict::Pending {
                phase: if running {
                    Phase::Running
                } else {
                    Phase::Queued
                },
                position: queued.request().and_then(|id| self.position(id)),
            });
        }
        if !state.is_active() && !state.is_terminal() {
            return Ok(pending(Phase::Running));
        }
        let runs = self.candidate_executions();
        if state.is_active() && !runs.is_empty() && runs.iter().all(|run| self.shows(run)) {
            return Ok(pending(state.phase(self.goal)));
        }
        self.need(Fact::History, poll)?;
        for run in &requests {
            if run.end().is_none()
                && let Some(id) = run.request()
            {
                self.need(Fact::Request(id), poll)?;
            }
        }
        let runs = self.candidate_executions();
        if state.is_active()
            && let [run] = runs.as_slice()
            && run.end().is_none()
            && let Some((decision, fact)) = self.of_services(run)
        {
            // The run goes on, and our services have ended in it.
            return Ok(Verdict::Decided(decision, vec![fact]));
        }
        if state.is_active() && runs.iter().any(|run| self.shows(run)) {
            return Ok(pending(state.phase(self.goal)));
        }
        let left: Vec<&Run> = requests
            .iter()
            .copied()
            .filter(|run| run.queued.is_some() && run.end().is_none())
            .collect();
        if runs.is_empty() && requests.iter().all(|run| run.end().is_none()) {
            return self.judge_nothing(&left, poll, state);
        }
        // Ours may still be behind the runs that have ended.
        let settle = millis(poll.settle);
        let ended = requests.iter().copied().filter(|run| run.end().is_some());
        let all: Vec<&Run> = runs.iter().copied().chain(ended).collect();
        if poll.now < self.ended_since(&all).saturating_add(settle) {
            return Ok(pending(Phase::Running));
        }
        let before = self.before.requests.as_deref().unwrap_or_default();
        if !before.is_empty() && runs.iter().any(|run| !run.is_described()) {
            // Another request was queued, and nothing says which of them a run has executed.
            return Ok(self.superseded(&runs, &[]));
        }
        let rivals = match self.request {
            Some(ours) => self
                .rivals(ours)
                .filter(|run| !self.was_queued_before(run) && !self.is_queued(run))
                .collect(),
            None => Vec::new(),
        };
        if self.request.is_some() && runs.len() < rivals.len() + 1 {
            // One of the requests was never executed, and no endpoint says which.
            return Ok(self.superseded(&runs, &rivals));
        }
        if self.request.is_none() && left.len() > runs.len() {
            if !left.iter().all(|run| self.has_left_queue(run, settle)) {
                return Ok(pending(Phase::Running));
            }
            return Ok(self.superseded(&left, &runs));
        }
        self.fold(&all, poll)
    }

    /// Since when the runs that can be ours are over, and nothing hides another one. A queue that has
    /// listed requests would list ours; if it never has, the subject has to be idle.
    fn ended_since(&self, runs: &[&Run]) -> Stamp {
        if self.runs.iter().all(|run| run.queued.is_none()) {
            return self.quiet_since();
        }
        let ends = runs.iter().filter_map(|run| run.end());
        let last = ends.map(|end| end.at).max();
        last.unwrap_or_else(|| self.quiet_since())
            .max(self.asked_at())
    }

    /// Every run that can be ours has to agree.
    fn fold(&self, runs: &[&Run], poll: &Poll) -> Step<Verdict> {
        let mut decided: Option<Decision> = None;
        let mut evidence = Vec::new();
        for run in runs {
            let own = self.of_services(run);
            let Some((decision, fact)) = own.or_else(|| self.end_as_shown(run, poll)) else {
                if run.end().is_some() || self.is_replaced(run) {
                    return Ok(self.superseded(runs, &[]));
                }
                return Ok(pending(Phase::Running));
            };
            evidence.push(fact);
            match &decided {
                Some(known) if !known.agrees_with(&decision) => {
                    return Ok(self.superseded(runs, &[]));
                }
                Some(_) => {}
                None => decided = Some(decision),
            }
        }
        Ok(match decided {
            Some(decision) => Verdict::Decided(decision, evidence),
            None => pending(Phase::Running),
        })
    }

    /// How a run has ended, and who says so.
    pub(super) fn end_as_shown(&self, run: &Run, poll: &Poll) -> Option<(Decision, Evidence)> {
        if let Some(end) = run.end() {
            let decision = decide(end.state()?, self.goal)?;
            let is_failure = matches!(decision, Decision::Failed(_));
            // The run may have failed because of a service of another request.
            let is_unclear = is_failure && self.own_parts_reached();
            return Some((decision, self.end_of(run)?)).filter(|_| !is_unclear);
        }
        // Without a history, a service that was seen to be at work and rests has ended.
        let shown = self.shown.as_ref()?;
        let state = shown.state()?;
        let rests = self.is_unavailable(Fact::History)
            && run.fate == Fate::Running
            && self.shows(run)
            && state.is_terminal()
            && poll.now >= self.quiet_since().saturating_add(millis(poll.settle));
        let decision = decide(state, self.goal).filter(|_| rests)?;
        Some((
            decision,
            self.fact(Some(&run.id), Endpoint::Status, state, shown.at),
        ))
    }

    /// No run can be ours.
    fn judge_nothing(&self, gone: &[&Run], poll: &Poll, state: &State) -> Step<Verdict> {
        let settle = millis(poll.settle);
        let own = match self.request {
            Some(request) => self.run(&RunId::Request(request)),
            None => gone.first().copied().filter(|_| gone.len() == 1),
        };
        if let Some(run) = own
            && self.has_left_queue(run, settle.saturating_mul(VANISHED))
            && let Some(id) = run.request()
        {
            let evidence = Evidence {
                says: Says::LeftQueue,
                ..self.fact(Some(&run.id), Endpoint::Queue, state, poll.now)
            };
            return Ok(Verdict::Decided(
                Decision::Canceled(Cancellation::LeftQueue(id)),
                vec![evidence],
            ));
        }
        let period = settle.saturating_mul(VANISHED);
        if gone.iter().any(|run| !self.has_left_queue(run, period)) {
            return Ok(pending(Phase::Queued));
        }
        let quiet = self.quiet_since();
        if self.holds() && self.may_be_done() {
            let due = quiet.saturating_add(self.settle_period(poll.settle));
            if poll.now >= due {
                let fact = self.fact(None, Endpoint::Status, state, poll.now);
                let decision = Decision::Reached(Proof::Settled);
                return Ok(Verdict::Decided(decision, vec![fact]));
            }
            return Ok(pending(Phase::NotStarted));
        }
        let lost = matches!(
            self.beginning,
            Beginning::Asked {
                response: Response::Lost,
                ..
            }
        );
        let patience = if state.is_active() { 4 } else { 2 };
        if lost
            && poll.now
                >= self
                    .asked_at()
                    .saturating_add(settle.saturating_mul(patience))
        {
            return Ok(Verdict::NoTrace);
        }
        let foreign = self.foreign_since();
        if !foreign.is_empty() && poll.now >= quiet.saturating_add(settle.saturating_mul(4)) {
            return Ok(self.superseded(&[], &foreign));
        }
        Ok(pending(if state.is_active() {
            Phase::Queued
        } else {
            Phase::NotStarted
        }))
    }

    /// The operation has not acted: the state itself is waited for.
    fn judge_watched(&self, poll: &Poll) -> Step<Verdict> {
        let Some(shown) = &self.shown else {
            return Ok(pending(Phase::NotStarted));
        };
        let states: Vec<&State> = match &self.scope {
            Scope::Services(_) => shown.own.iter().flatten().map(|mark| &mark.state).collect(),
            _ => shown.state().into_iter().collect(),
        };
        let phases = states.iter().map(|state| state.phase(self.goal));
        if let Some(phase) = phases.clone().filter(|phase| !phase.is_terminal()).max() {
            return Ok(pending(phase));
        }
        // A stopped environment has not failed to be deployed: nothing has deployed it yet.
        let waits = |state: &&State| state.phase(self.goal) == Phase::Failed && !state.is_error();
        if states.iter().any(waits) {
            return Ok(pending(Phase::NotStarted));
        }
        self.need(Fact::Queue, poll)?;
        if self.runs.iter().any(|run| self.is_queued(run)) {
            return Ok(pending(Phase::Queued));
        }
        let worst = states.iter().max_by_key(|state| state.phase(self.goal));
        let decision = worst.and_then(|state| Some((decide(state, self.goal)?, *state)));
        Ok(match decision {
            Some((decision, state)) => {
                let fact = self.fact(None, Endpoint::Status, state, shown.at);
                Verdict::Decided(decision, vec![fact])
            }
            None => pending(Phase::NotStarted),
        })
    }

    /// A cancel ends with the run that it was aimed at.
    fn judge_cancel(&self, poll: &Poll, state: &State) -> Step<Verdict> {
        if let Some(request) = self.request {
            self.need(Fact::Request(request), poll)?;
            let run = self.run(&RunId::Request(request));
            if let Some(fact) = run.and_then(|run| self.end_of(run)) {
                return Ok(Verdict::Decided(Decision::Reached(Proof::Seen), vec![fact]));
            }
            if !self.is_unavailable(Fact::Request(request)) {
                return Ok(pending(run.map_or(Phase::Queued, phase_of)));
            }
            self.need(Fact::Queue, poll)?;
            let settle = millis(poll.settle);
            let settled = poll.now >= self.quiet_since().saturating_add(settle);
            let left =
                run.is_none_or(|run| run.queued.is_none() || self.has_left_queue(run, settle));
            if left && settled && state.is_terminal() {
                let fact = self.fact(None, Endpoint::Status, state, poll.now);
                return Ok(Verdict::Decided(Decision::Reached(Proof::Seen), vec![fact]));
            }
            return Ok(pending(Phase::Running));
        }
        let shown = self.shown.as_ref();
        let is_aim = shown.is_some_and(|shown| {
            self.before.executions.is_empty() || self.before.executions.contains(&shown.execution())
        });
        // Another run is shown: the one before it is over, because only one runs at a time.
        if state.is_terminal() || !is_aim {
            let fact = self.fact(None, Endpoint::Status, state, poll.now);
            return Ok(Verdict::Decided(Decision::Reached(Proof::Seen), vec![fact]));
        }
        Ok(pending(Phase::Running))
    }

    fn need(&self, fact: Fact, poll: &Poll) -> Step {
        if self.is_fresh(fact, poll.since) {
            Ok(())
        } else {
            Err(Verdict::Need(fact))
        }
    }

    /// The place of a request in the queue, counted from 1.
    fn position(&self, request: Uuid) -> Option<usize> {
        let queued = self.runs.iter().filter(|run| self.is_queued(run));
        let mut ids: Vec<Uuid> = queued.filter_map(Run::request).collect();
        ids.sort_unstable();
        ids.iter()
            .position(|id| *id == request)
            .map(|place| place + 1)
    }

    /// Whether the status shows a run that can be ours.
    fn shows_candidate(&self) -> bool {
        self.candidate_executions()
            .iter()
            .any(|run| self.shows(run))
    }

    /// Whether the status shows a run from before the action.
    fn shows_before(&self) -> bool {
        let shown = self.shown.as_ref().map(|shown| self.execution_of(shown));
        self.has_acted() && shown.is_some_and(|id| self.before.executions.contains(&id))
    }

    fn shows(&self, run: &Run) -> bool {
        let shown = self.shown.as_ref();
        shown.is_some_and(|shown| Some(self.execution_of(shown).as_str()) == run.execution())
    }

    /// Whether a run that can be ours has ended as decided.
    fn agrees(&self, decision: &Decision) -> bool {
        let executions = self.runs.iter().filter(|run| run.execution().is_some());
        executions
            .filter(|run| !self.claim(run).is_excluded())
            .any(|run| {
                let state = run.end().and_then(|end| end.state());
                let own = state.and_then(|state| decide(state, self.goal));
                own.is_some_and(|own| own.agrees_with(decision))
            })
    }

    /// Whether another run is shown since a run was last seen.
    fn is_replaced(&self, run: &Run) -> bool {
        let shown = self.shown.as_ref().map(|shown| self.execution_of(shown));
        let later = shown.and_then(|id| self.run(&RunId::Execution(id)));
        later.is_some_and(|later| later.seen.first > run.seen.first)
    }

    /// Since when nothing is seen at work.
    fn quiet_since(&self) -> Stamp {
        self.busy.unwrap_or(0).max(self.asked_at())
    }

    /// Whether the goal holds as far as the status shows.
    fn holds(&self) -> bool {
        let Some(shown) = &self.shown else {
            return false;
        };
        let reached = |state: &State| state.phase(self.goal) == Phase::Reached;
        match &self.scope {
            Scope::Services(_) => shown
                .own
                .iter()
                .all(|mark| mark.as_ref().is_some_and(|mark| reached(&mark.state))),
            _ => shown.state().is_some_and(reached),
        }
    }

    fn held_before(&self) -> bool {
        let mut before = self.before.marks.iter().flatten();
        before.any(|mark| mark.state.phase(self.goal) == Phase::Reached)
    }

    /// Whether the action can have had nothing to do.
    fn may_be_done(&self) -> bool {
        let answered_idle = matches!(
            self.beginning,
            Beginning::Asked {
                response: Response::Idle,
                ..
            }
        );
        self.goal.may_have_nothing_to_do() || answered_idle
    }

    /// The runs since the action that are not ours.
    fn foreign_since(&self) -> Vec<&Run> {
        let executions = self.runs.iter().filter(|run| run.execution().is_some());
        executions
            .filter(|run| {
                !self
                    .before
                    .executions
                    .iter()
                    .any(|id| Some(id.as_str()) == run.execution())
            })
            .filter(|run| run.end().is_some())
            .collect()
    }

    pub(super) fn superseded(&self, alike: &[&Run], others: &[&Run]) -> Verdict {
        let ids = |runs: &[&Run]| runs.iter().map(|run| run.id.clone()).collect::<Vec<_>>();
        let shown = self.shown.as_ref().map(|shown| self.execution_of(shown));
        let successor = shown.map(RunId::Execution);
        let evidence = alike.iter().chain(others).map(|run| {
            self.end_of(run).unwrap_or_else(|| Evidence {
                run: Some(run.id.clone()),
                endpoint: Endpoint::Status,
                says: Says::Replaced,
                after: Duration::from_millis(run.seen.last),
            })
        });
        let evidence = evidence.collect();
        let mut alike = ids(alike);
        alike.extend(ids(others));
        Verdict::Decided(Decision::Superseded { successor, alike }, evidence)
    }

    /// The fact that a run has ended.
    fn end_of(&self, run: &Run) -> Option<Evidence> {
        let end = run.end()?;
        let state = end.states.first()?;
        Some(self.fact(Some(&run.id), end.said_by, state, end.at))
    }

    fn end_stamp(&self, request: Uuid) -> Option<Stamp> {
        let run = self.run(&RunId::Request(request))?;
        run.end().map(|end| end.at)
    }

    fn fact(&self, run: Option<&RunId>, endpoint: Endpoint, state: &State, at: Stamp) -> Evidence {
        Evidence {
            run: run.cloned(),
            endpoint,
            says: Says::State(state.clone()),
            after: Duration::from_millis(at),
        }
    }

    /// When a poll would settle something that only time decides.
    pub(crate) fn settles_at(&self, settle: Duration) -> Option<Stamp> {
        let shown = self.shown.as_ref()?;
        if let Some(missing) = self.missing() {
            return Some(missing.first.saturating_add(millis(settle)));
        }
        if !self.has_acted() || !shown.state()?.is_terminal() {
            return None;
        }
        let nothing = self.candidate_executions().is_empty();
        let period = if nothing && self.holds() && self.may_be_done() {
            self.settle_period(settle)
        } else if nothing {
            return None;
        } else {
            millis(settle)
        };
        Some(self.quiet_since().saturating_add(period))
    }
}

/// A failure of one service outweighs a cancellation of another one, and that a success.
fn severity(decision: &Decision) -> u8 {
    match decision {
        Decision::Reached(_) => 0,
        Decision::Superseded { .. } => 1,
        Decision::Canceled(_) => 2,
        Decision::Failed(_) => 3,
    }
}

fn phase_of(run: &Run) -> Phase {
    match run.fate {
        Fate::Unknown | Fate::Queued => Phase::Queued,
        Fate::Running | Fate::Ended(_) => Phase::Running,
    }
}
