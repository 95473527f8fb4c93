//! The latest status, read for the operation.

use uuid::Uuid;

use super::{
    super::{Phase, RunId, State, part_status::PartStatus},
    Scope, View,
    run::Run,
};

/// The latest status of the subject.
#[derive(Clone, Copy)]
pub(crate) struct Status<'a> {
    pub(super) view: &'a View<'a>,
}

impl View<'_> {
    /// The latest status.
    pub(super) fn status(&self) -> Status<'_> {
        Status { view: self }
    }
}

impl<'a> Status<'a> {
    /// The state that says whether something runs.
    pub(super) fn state(self) -> Option<&'a State> {
        self.view.shown.as_ref()?.state()
    }

    /// Whether something runs.
    pub(super) fn is_at_work(self) -> bool {
        self.state().is_some_and(State::is_active)
    }

    /// Whether nothing runs and nothing is queued as far as the state shows.
    pub(super) fn rests(self) -> bool {
        self.state().is_some_and(State::is_terminal)
    }

    /// The services that the operation is about, each with its latest status.
    pub(super) fn parts(self) -> impl Iterator<Item = (Uuid, &'a PartStatus)> + Clone {
        let ids = match &self.view.scope {
            Scope::Services(ids) => ids.as_slice(),
            Scope::Environment | Scope::Cluster => &[],
        };
        let parts = self.view.shown.iter().flat_map(|shown| &shown.own);
        let both = ids.iter().zip(parts);
        both.filter_map(|(id, part)| Some((*id, part.as_ref()?)))
    }

    /// The state of the services that the operation is about; that of the whole if they are not read.
    pub(super) fn own_state(self) -> Option<&'a State> {
        let mut own = self.parts().map(|(_, part)| &part.state);
        let active = own.clone().find(|state| state.is_active());
        active.or(own.next()).or(self.state())
    }

    /// Whether the status shows a run.
    pub(super) fn shows(self, run: &Run) -> bool {
        let shown = self.view.shown.as_ref();
        shown.is_some_and(|shown| Some(self.view.execution_of(shown).as_str()) == run.execution())
    }

    /// The run that the status shows, if it is not from before the action.
    pub(super) fn run(self) -> Option<&'a Run> {
        let shown = self.view.shown.as_ref()?;
        self.view
            .run(&RunId::Execution(self.view.execution_of(shown)))
    }

    /// Whether the status shows a run that can be ours.
    pub(super) fn shows_candidate(self) -> bool {
        let runs = self.view.candidates().executions();
        runs.iter().any(|run| self.shows(run))
    }

    /// Whether the status shows a run from before the action.
    pub(super) fn shows_before(self) -> bool {
        let shown = self
            .view
            .shown
            .as_ref()
            .map(|shown| self.view.execution_of(shown));
        self.view.has_acted() && shown.is_some_and(|id| self.view.before.shows(&id))
    }

    /// Whether requests are queued as far as the status shows.
    pub(super) fn counts_waiting(self) -> bool {
        let shown = self.view.shown.as_ref();
        shown.is_some_and(|shown| shown.waiting > 0)
    }

    /// Whether the goal holds as far as the status shows.
    pub(super) fn holds(self) -> bool {
        let reached = |state: &State| state.phase(self.view.goal) == Phase::Reached;
        match (&self.view.scope, &self.view.shown) {
            (Scope::Services(_), Some(shown)) => shown
                .own
                .iter()
                .all(|part| part.as_ref().is_some_and(|part| reached(&part.state))),
            _ => self.state().is_some_and(reached),
        }
    }

    /// Whether the status shows a deletion that the operation did not ask for.
    pub(super) fn shows_deletion(self) -> bool {
        let own = self.own_state();
        !self.view.goal.is_reached_when_gone() && own.is_some_and(is_deletion)
    }
}

/// Whether a state is that of a queued or running deletion.
pub(super) fn is_deletion(state: &State) -> bool {
    use State::{DeleteQueued, Deleting, WaitingDeleting};
    matches!(state, DeleteQueued | Deleting | WaitingDeleting)
}
