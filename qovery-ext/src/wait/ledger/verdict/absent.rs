//! A subject that is not found.
//!
//! One response is no proof: a proxy also answers 404, and the API answers 403 in many other cases. The
//! second proof is another response of the same kind a settle period later (without finding the subject in
//! between), the list of the parent, or the status of the request.

use std::time::Duration;

use super::super::{
    Fact, Goal, LATE, Ledger, Poll, Stamp, State,
    claim::is_older,
    millis,
    rule::{Judging, Step, table},
    run::{Fate, Run},
    verdict::{says, waits},
};
use crate::wait::{
    Decision, Endpoint, Evidence, Phase, Statement,
    decision::{Cause, Proof, Verdict},
};

pub(in super::super) const RULES: &[Judging] = table! {
    was_never_found: "a subject that was just made may not be shown yet",
    request_says_deleted: "the status of a request is that of its run",
    had_ended: "a deletion does not undo the end of an earlier run",
    is_unconfirmed: "one answer can be that of a proxy",
    deletion_in_history: "the history of an environment outlives its services",
    deleted_by_another: "queue and history name the origin and the user of a deletion",
    ended_unseen: "an environment runs one deployment at a time, so a deletion follows the end of the run before it",
    is_gone: "the API says so twice",
};

fn was_never_found(ledger: &Ledger, _: &Poll) -> Step {
    if ledger.was_found() {
        return Ok(None);
    }
    waits(Phase::NotStarted)
}

fn request_says_deleted(ledger: &Ledger, poll: &Poll) -> Step {
    let Some(request) = ledger.request else {
        return Ok(None);
    };
    ledger.need(Fact::Request(request), poll)?;
    if repeats_the_environment(ledger) {
        return Ok(None);
    }
    match ledger.own_request().and_then(|run| run.end()?.state()) {
        // The request status may repeat the state of the environment, which another request has deleted.
        Some(State::Deleted) if ledger.other_deletions().is_empty() => {
            let mut evidence = missing(ledger);
            let said = ledger.own_request().and_then(|run| ledger.end_of(run));
            evidence.extend(said);
            says(Verdict::Decided(ledger.gone(), evidence))
        }
        _ => Ok(None),
    }
}

/// Whether the request status can only be the state of the environment.
fn repeats_the_environment(ledger: &Ledger) -> bool {
    ledger
        .own_request()
        .is_some_and(|run| ledger.is_mirror(run))
}

fn had_ended(ledger: &Ledger, poll: &Poll) -> Step {
    if ledger.goal_is_gone() || !ledger.follows_a_request() {
        return Ok(None);
    }
    let said = ledger.own_request();
    // The run of a request that waits is still to come.
    if said.is_some_and(|own| own.fate == Fate::Queued) {
        return Ok(None);
    }
    let said = said
        .filter(|_| !repeats_the_environment(ledger))
        .into_iter();
    let runs = said.chain(ledger.candidate_executions());
    // The run of a request behind a deletion need not include the services.
    let counts = |run: &&Run| {
        run.end().is_some() && (!ledger.is_deleted_first() || ledger.end_of_services(run).is_some())
    };
    let ended: Vec<&Run> = runs.filter(counts).collect();
    Ok(ledger.shared_end(&ended, poll))
}

fn is_unconfirmed(ledger: &Ledger, poll: &Poll) -> Step {
    let missing = ledger.missing();
    if missing.is_some_and(|span| span.last - span.first >= millis(poll.settle)) {
        return Ok(None);
    }
    waits(Phase::Running)
}

fn deletion_in_history(ledger: &Ledger, poll: &Poll) -> Step {
    if !ledger.is_about_services() || !ledger.has_acted() || !ledger.goal_is_gone() {
        return Ok(None);
    }
    ledger.need(Fact::History, poll)?;
    match ledger.shared_end(&ledger.candidate_executions(), poll) {
        Some(Verdict::Decided(Decision::Reached(_), facts)) => {
            says(Verdict::Decided(ledger.gone(), facts))
        }
        _ => Ok(None),
    }
}

fn deleted_by_another(ledger: &Ledger, _: &Poll) -> Step {
    let others = ledger.other_deletions();
    if ledger.has_acted() && (!others.is_empty() || ledger.is_still_queued()) {
        return says(ledger.superseded(&others));
    }
    Ok(None)
}

/// A run that can be ours was at work, and the subject was deleted before its end was seen.
fn ended_unseen(ledger: &Ledger, _: &Poll) -> Step {
    let mut runs = ledger.candidate_executions();
    runs.retain(|run| run.fate.has_begun());
    if ledger.goal_is_gone() || !ledger.follows_a_request() || runs.is_empty() {
        return Ok(None);
    }
    let mut verdict = ledger.superseded(&runs);
    if let Verdict::Decided(_, evidence) = &mut verdict {
        evidence.extend(missing(ledger));
    }
    says(verdict)
}

fn is_gone(ledger: &Ledger, _: &Poll) -> Step {
    says(Verdict::Decided(ledger.gone(), missing(ledger)))
}

fn missing(ledger: &Ledger) -> Vec<Evidence> {
    let last = ledger.missing().map_or(0, |missing| missing.last);
    vec![absence(Endpoint::Status, last)]
}

fn absence(endpoint: Endpoint, at: Stamp) -> Evidence {
    Evidence {
        run: None,
        endpoint,
        says: Statement::Missing,
        after: Duration::from_millis(at),
    }
}

impl Ledger {
    fn gone(&self) -> Decision {
        if self.goal_is_gone() {
            Decision::Reached(Proof::Gone)
        } else {
            Decision::Failed(Cause::Gone)
        }
    }

    /// Whether the request was last seen in the queue, behind a deletion that was seen before.
    fn is_still_queued(&self) -> bool {
        let own = self.request();
        let own = own.and_then(|id| self.run(&super::RunId::Request(id)));
        let own = own.filter(|run| run.fate == Fate::Queued);
        let Some(queued) = own.and_then(|run| run.queued) else {
            return false;
        };
        // The queue can list a request for some time after its run has begun.
        let is_earlier = |run: &Run| run.seen.first.saturating_add(millis(LATE)) < queued.last;
        let executions = self.runs.iter().filter(|run| run.execution().is_some());
        let mut earlier = executions.filter(|run| is_earlier(run));
        earlier.any(|run| self.is_deletion(run))
    }

    fn is_deletion(&self, run: &Run) -> bool {
        let action = run.action.as_deref();
        self.goal_is_gone() && action.is_some_and(|action| self.goal.is_of(action))
    }

    /// Whether the operation is that of one request, and not a wait for a state.
    fn follows_a_request(&self) -> bool {
        self.has_acted() || self.request.is_some()
    }

    /// The runs that delete the subject, and that the operation did not ask for.
    fn deletions(&self) -> impl Iterator<Item = &Run> {
        let runs = self.runs.iter().filter(|_| !self.goal_is_gone());
        runs.filter(|run| {
            let action = run.action.as_deref();
            action.is_some_and(|action| Goal::Deleted.is_of(action)) && self.covers(run)
        })
    }

    /// Whether a deletion of the subject was seen that the operation did not ask for.
    pub(crate) fn is_deleted_by_others(&self) -> bool {
        self.shows_deletion() || self.deletions().next().is_some()
    }

    /// Whether the status shows a deletion that the operation did not ask for.
    pub(super) fn shows_deletion(&self) -> bool {
        use State::{DeleteQueued, Deleting, WaitingDeleting};
        let own = self.own_state();
        !self.goal_is_gone()
            && own.is_some_and(|own| matches!(own, DeleteQueued | Deleting | WaitingDeleting))
    }

    /// Whether a deletion of the services was accepted before the request: then the request may succeed without
    /// them.
    pub(super) fn is_deleted_first(&self) -> bool {
        let is_first = |run: &Run| match run.request().zip(self.request) {
            Some((id, ours)) => is_older(id, ours),
            None => run.execution().is_some() && self.began_before_ours(run),
        };
        let shows_first = self.shows_before() || self.shown_run().is_some_and(is_first);
        self.is_about_services()
            && (self.shows_deletion() && shows_first || self.deletions().any(is_first))
    }

    /// Whether a run that never waited in the queue began before the action: it is shown a settle period after the
    /// action at the latest, and before ours.
    fn began_before_ours(&self, run: &Run) -> bool {
        let said = self.own_request().and_then(Run::end);
        let ended = said.map(|end| end.at);
        let own = self.candidate_executions().into_iter();
        let began = own.map(|own| own.seen.first).chain(ended).min();
        let is_early = run.seen.first <= self.late_at();
        is_early && began.is_none_or(|began| run.seen.first < began)
    }

    /// The deletions of the subject that cannot be this operation's and were not queued behind it.
    fn other_deletions(&self) -> Vec<&Run> {
        let is_behind = |run: &Run| {
            let ids = self.request.zip(run.request());
            ids.is_some_and(|(ours, id)| is_older(ours, id)) && !self.was_queued_before(run)
        };
        let runs = self.runs.iter().filter(|run| self.is_deletion(run));
        runs.filter(|run| self.covers(run) && !self.acts_alike(run) && !is_behind(run))
            .collect()
    }

    /// The verdict on a subject that is not found and that its parent does not list either.
    pub(crate) fn gone_from_parent(&self, poll: &Poll) -> Verdict {
        let parent = absence(Endpoint::Parent, poll.now);
        let rules = [had_ended, deleted_by_another, ended_unseen, is_gone];
        let verdict = rules
            .iter()
            .find_map(|rule| rule(self, poll).ok().flatten());
        match verdict {
            Some(Verdict::Decided(decision, mut evidence)) => {
                evidence.push(parent);
                Verdict::Decided(decision, evidence)
            }
            other => other.unwrap_or(Verdict::pending(Phase::Running)),
        }
    }
}
