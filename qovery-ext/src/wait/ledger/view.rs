//! The ledger for one verdict: the claim on each run is decided at most once.

use std::{cell::OnceCell, ops::Deref};

use uuid::Uuid;

use super::{LATE, Ledger, Response, RunId, Stamp, millis, run::Run};

/// Whether a run can be this operation's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    Ours,
    Possible,
    /// The rule that excludes it.
    Excluded(&'static str),
}

impl Claim {
    pub(crate) fn is_excluded(self) -> bool {
        matches!(self, Claim::Excluded(_))
    }
}

/// A ledger that does not change, with the claims on its runs.
pub(crate) struct View<'a> {
    ledger: &'a Ledger,
    /// One for each run, decided when it is first needed.
    claims: Vec<OnceCell<Claim>>,
    /// The places of the executions that can be this operation's.
    executions: OnceCell<Vec<usize>>,
}

impl Deref for View<'_> {
    type Target = Ledger;

    fn deref(&self) -> &Ledger {
        self.ledger
    }
}

impl<'a> View<'a> {
    pub(super) fn of(ledger: &'a Ledger) -> Self {
        let claims = ledger.runs.iter().map(|_| OnceCell::new()).collect();
        Self {
            ledger,
            claims,
            executions: OnceCell::new(),
        }
    }

    /// The claim on a run of the ledger, or that of this function if it was not decided yet.
    pub(super) fn decided(&self, run: &Run, decide: impl FnOnce() -> Claim) -> Claim {
        match self.place_of(run).and_then(|place| self.claims.get(place)) {
            Some(claim) => *claim.get_or_init(decide),
            None => decide(),
        }
    }

    /// The executions that can be this operation's, or the result of this function if they were not found yet.
    pub(super) fn executions_found<'b>(
        &'b self,
        find: impl FnOnce() -> Vec<&'b Run>,
    ) -> Vec<&'b Run> {
        let find = || {
            find()
                .into_iter()
                .filter_map(|run| self.place_of(run))
                .collect()
        };
        let places = self.executions.get_or_init(find).iter();
        places.filter_map(|place| self.runs.get(*place)).collect()
    }

    fn place_of(&self, run: &Run) -> Option<usize> {
        self.runs.iter().position(|known| std::ptr::eq(known, run))
    }

    /// The request that is this operation's: named by the server, or the only one in the queue that
    /// can be.
    pub(super) fn request(&self) -> Option<Uuid> {
        self.request.or_else(|| self.candidates().only_request())
    }

    /// The readings of that request.
    pub(super) fn request_run(&self) -> Option<&Run> {
        self.run(&RunId::Request(self.request()?))
    }

    /// Whether the action can have had nothing to do: the goal holds, and it held before, or the response shows
    /// that nothing is queued and nothing runs. Without a response, the action may not have been executed.
    pub(super) fn may_be_done(&self) -> bool {
        let held = match self.response() {
            Some(Response::Idle) => true,
            Some(Response::Lost) => false,
            Some(Response::Accepted) | None => self.before.held,
        };
        self.goal.may_have_nothing_to_do() && held && self.status().holds()
    }

    /// The time since which our request is over: the API knew it, and no longer knows it.
    pub(super) fn over_since(&self) -> Option<Stamp> {
        self.request_run()?.answered?;
        self.unknown_since(self.request()?)
    }

    /// Whether the API knew our request, and did not know it when it was last asked.
    pub(super) fn has_forgotten_ours(&self) -> bool {
        let request = self.request();
        let known = self.request_run().and_then(|own| own.answered);
        let unknown = request.and_then(|id| self.unknown.get(&id)?.last());
        known
            .zip(unknown)
            .is_some_and(|(known, unknown)| known < *unknown)
    }

    /// The time since which the API does not know a request, according to two responses a settle period apart.
    /// A replica that is behind does not know a new request yet.
    pub(super) fn unknown_since(&self, request: Uuid) -> Option<Stamp> {
        let run = self.run(&RunId::Request(request));
        let known = run.and_then(|run| run.answered);
        let unknown = self.unknown.get(&request)?.iter().copied();
        let mut since_known = unknown.filter(|at| known.is_none_or(|known| *at > known));
        let (first, last) = (
            since_known.clone().next()?,
            since_known.clone().next_back()?,
        );
        let is_lasting = last >= first.saturating_add(millis(LATE));
        let late = self.queue().late_at();
        since_known.find(|at| is_lasting && *at >= late)
    }
}
