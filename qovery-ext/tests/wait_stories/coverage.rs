//! The events of a story: they show the test which situations it has covered.
//!
//! Taken from the readings of the wait and the record of the fake, not from the plan of the story.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use qovery_ext::wait::{Phase, Progress};

use crate::{
    Judged, Played,
    oracle::{End, Outcome, Truth},
    story::{Asked, Fate, Scene, Story, Target, Trouble},
};

/// A known behavior of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    WaitedInQueue,
    Merged,
    StaleFinalState,
    NeighborFailed,
    CanceledElsewhere,
    Superseded,
    FollowedByAnother,
    GoneAs404,
    GoneAs403,
    GoneAs400,
    TooManyRequests,
    BurstOfServerErrors,
    LostConnection,
    EmptyBody,
    Garbage,
    UnknownState,
    CalendarJumped,
    NoRequestIdInResponse,
    EmptyResponseToAction,
    RequestUnknownToServer,
    NothingToDo,
    Resumed,
    Hung,
    Outage,
}

impl Kind {
    pub(crate) const ALL: [Kind; 24] = [
        Kind::WaitedInQueue,
        Kind::Merged,
        Kind::StaleFinalState,
        Kind::NeighborFailed,
        Kind::CanceledElsewhere,
        Kind::Superseded,
        Kind::FollowedByAnother,
        Kind::GoneAs404,
        Kind::GoneAs403,
        Kind::GoneAs400,
        Kind::TooManyRequests,
        Kind::BurstOfServerErrors,
        Kind::LostConnection,
        Kind::EmptyBody,
        Kind::Garbage,
        Kind::UnknownState,
        Kind::CalendarJumped,
        Kind::NoRequestIdInResponse,
        Kind::EmptyResponseToAction,
        Kind::RequestUnknownToServer,
        Kind::NothingToDo,
        Kind::Resumed,
        Kind::Hung,
        Kind::Outage,
    ];
}

/// The readings of the wait.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watcher(Arc<Mutex<Shown>>);

#[derive(Debug, Default)]
struct Shown {
    in_queue: bool,
    stale_final_state: bool,
    unknown_state: bool,
}

impl Watcher {
    pub(crate) fn note(&self, progress: &Progress) {
        let mut shown = self.0.lock().expect("no watcher panics");
        shown.in_queue |= progress.queue_position.is_some();
        shown.stale_final_state |= progress.snapshot.state.is_terminal()
            && matches!(progress.phase, Phase::NotStarted | Phase::Queued);
        shown.unknown_state |= !progress.snapshot.state.is_known()
            || progress
                .snapshot
                .services
                .iter()
                .any(|s| !s.state.is_known());
    }
}

/// All events of a story.
pub(crate) fn kinds(story: &Story, played: &Played, truth: &Truth) -> Vec<Kind> {
    let shown = played.watcher.0.lock().expect("no watcher panics");
    let scene = &played.scene;
    let requests = scene.fake.requests();
    let polls = || requests.iter().filter(|r| !r.is_write());
    let answered = |status: u16| {
        polls()
            .filter(|r| r.status.is_some_and(|s| s.as_u16() == status))
            .count()
    };
    // The rest of a fault that was not applied.
    let struck = scene.fake.pending_faults().is_empty();
    let planned = |is: fn(&Trouble) -> bool| struck && story.trouble.iter().any(is);
    let deleted = story.asked == Asked::Delete && played.outcome == Outcome::Reached;
    let ours = scene.ours();
    let merged = ours.as_ref().is_some_and(|ours| {
        ours.execution_id.is_some()
            && scene.environment.deployments().iter().any(|other| {
                other.request_id != ours.request_id && other.execution_id == ours.execution_id
            })
    });
    let canceled = truth.end == End::Canceled;
    let happened = |kind| match kind {
        Kind::WaitedInQueue => shown.in_queue,
        Kind::Merged => merged,
        Kind::StaleFinalState => shown.stale_final_state && !story.stale.is_zero(),
        Kind::NeighborFailed => {
            story.target != Target::Environment
                && played.outcome == Outcome::Reached
                && neighbor_failed(story, scene)
        }
        Kind::CanceledElsewhere => matches!(story.fate, Fate::CanceledElsewhere(_)) && canceled,
        Kind::Superseded => matches!(story.fate, Fate::Superseded(_)) && canceled,
        Kind::FollowedByAnother => story.foreign_after.is_some() && truth.replaced,
        Kind::GoneAs404 => deleted && answered(404) > 0,
        Kind::GoneAs403 => deleted && answered(403) > 0,
        Kind::GoneAs400 => deleted && answered(400) > 0,
        Kind::TooManyRequests => answered(429) > 0,
        Kind::BurstOfServerErrors => answered(503) > 1,
        Kind::LostConnection => {
            polls().any(|r| r.status.is_none())
                && planned(|t| matches!(t, Trouble::LostConnections { .. }))
        }
        Kind::EmptyBody => planned(|t| matches!(t, Trouble::EmptyBody { .. })),
        Kind::Garbage => planned(|t| matches!(t, Trouble::Garbage { .. })),
        Kind::UnknownState => shown.unknown_state,
        Kind::CalendarJumped => story.calendar_jump != 0,
        Kind::NoRequestIdInResponse => !story.names_request(),
        Kind::EmptyResponseToAction => story.response == qovery_fake::ActionResponse::Empty,
        Kind::RequestUnknownToServer => story.names_request() && !story.shows_request_ends(),
        Kind::NothingToDo => ours
            .as_ref()
            .is_some_and(|d| d.execution_id.is_none() && d.is_over && truth.end == End::Reached),
        Kind::Resumed => story.resumed,
        Kind::Hung => matches!(story.fate, Fate::Hangs { .. }) && truth.end == End::StillGoing,
        Kind::Outage => played.outcome == Outcome::LostContact,
    };
    Kind::ALL
        .into_iter()
        .filter(|kind| happened(*kind))
        .collect()
}

fn neighbor_failed(story: &Story, scene: &Scene) -> bool {
    let neighbors = scene.services.iter().enumerate();
    neighbors
        .filter(|(i, _)| !story.is_about(*i))
        .any(|(_, service)| service.state().is_some_and(|s| s.ends_with("_ERROR")))
}

/// The number of stories with each event, and their outcomes.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) kinds: BTreeMap<Kind, u32>,
    pub(crate) outcomes: BTreeMap<Outcome, u32>,
    pub(crate) excused: u32,
    pub(crate) doubtful: u32,
}

impl Tally {
    pub(crate) fn add(&mut self, judged: Judged) {
        *self.outcomes.entry(judged.outcome).or_default() += 1;
        self.excused += u32::from(judged.is_excused);
        self.doubtful += u32::from(judged.is_doubtful);
        for kind in judged.kinds {
            *self.kinds.entry(kind).or_default() += 1;
        }
    }

    pub(crate) fn merge(&mut self, other: Tally) {
        for (outcome, count) in other.outcomes {
            *self.outcomes.entry(outcome).or_default() += count;
        }
        for (kind, count) in other.kinds {
            *self.kinds.entry(kind).or_default() += count;
        }
        self.excused += other.excused;
        self.doubtful += other.doubtful;
    }
}
