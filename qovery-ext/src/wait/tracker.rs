//! All the things that one operation is about, and the verdict on the operation as a whole.
//!
//! Pure, like [`super::track`].

mod search;

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    Goal, Phase, Snapshot, Subject,
    clock::after,
    mark::Mark,
    source::Receipt,
    track::{Ask, Cause, Context, Decision, Facts, Proof, Standing, Track, settle_period},
};

/// What one operation knows about whose status it reads. Part of the token to resume with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Tracker {
    goal: Goal,
    acted: bool,
    request: Option<Uuid>,
    answered_idle: bool,
    /// The requests that waited before the action; `None` where nobody looked.
    waited_before: Option<Vec<Uuid>>,
    calm: bool,
    tracks: Vec<Entry>,
    /// The requests that waited before the action or soon after it. Where the request is not known,
    /// it is one of them, was taken in by one of them, or no longer waits.
    #[serde(default)]
    candidates: Vec<Uuid>,
    /// When the server was asked to act, in seconds since 1970 by this machine's clock.
    #[serde(default)]
    acted_at: u64,
    /// The last deployment before the action, where the status of the whole was read.
    #[serde(default)]
    whole_before: Option<String>,
    /// Whether a new request in the queue can be this operation's: not where it is long ago.
    #[serde(default)]
    adopts: bool,
    /// Whether the server has told of the request before.
    #[serde(default)]
    had_word: bool,
    /// Whether two requests came at about the time of the action, and nothing tells which is ours.
    #[serde(default)]
    doubtful: bool,
    /// Whether the server has named the request.
    #[serde(default)]
    is_named: bool,
    /// Whether the queue was searched for the request and did not hold it.
    #[serde(default)]
    missed: bool,
    /// Whether the request was found beside those that waited before it.
    #[serde(default)]
    is_apart: bool,
    /// Whether searching the queue for the request is over.
    #[serde(default)]
    looked: bool,
    /// Since when the queue is searched for the request.
    #[serde(skip)]
    looking_since: Option<Instant>,
    /// How many polls have been judged.
    #[serde(skip)]
    looks: u32,
    #[serde(skip)]
    frugal: bool,
}

/// How many polls look for the request at least, however long they take.
const LOOKS: u32 = 2;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    track: Track,
    decided: Option<Decision>,
}

/// The verdict of one poll.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    /// Another fact is needed.
    Ask(Ask),
    Pending {
        phase: Phase,
        position: Option<usize>,
    },
    Ended(Decision),
}

impl Tracker {
    /// Knows nothing yet.
    fn new(goal: Goal, tracks: impl Iterator<Item = Track>) -> Self {
        let entry = |track| Entry {
            track,
            decided: None,
        };
        Self {
            goal,
            acted: false,
            request: None,
            answered_idle: false,
            waited_before: None,
            candidates: Vec::new(),
            calm: false,
            tracks: tracks.map(entry).collect(),
            whole_before: None,
            adopts: false,
            acted_at: 0,
            had_word: false,
            doubtful: false,
            is_named: false,
            missed: false,
            is_apart: false,
            looked: false,
            looking_since: None,
            looks: 0,
            frugal: false,
        }
    }

    /// Watches something that this operation has not started.
    pub(crate) fn watching(subject: &Subject, goal: Goal, request: Option<Uuid>) -> Self {
        let services = services_of(subject).into_iter();
        Self {
            request,
            looked: true,
            ..Self::new(goal, services.map(|service| Track::new(service, None)))
        }
    }

    /// Follows an action of this operation, from what was read before it.
    pub(crate) fn acting(
        subject: &Subject,
        goal: Goal,
        baseline: &Snapshot,
        waited_before: Option<Vec<Uuid>>,
        deployed_before: Option<String>,
    ) -> Self {
        let marks = baseline.marks();
        // What was queued a moment ago may have left the queue before the queue was read.
        let queued = marks
            .iter()
            .flatten()
            .any(|m| m.state.phase(goal) == Phase::Queued);
        let idle = marks.iter().flatten().all(Mark::is_known_idle);
        let whole_before = match subject {
            Subject::Environment { .. } | Subject::Services { .. } => {
                baseline.deployment_id.clone()
            }
            Subject::Service { .. } | Subject::Cluster { .. } => None,
        };
        let whole_before = whole_before.or(deployed_before);
        let tracks = services_of(subject).into_iter().zip(marks);
        let tracks = tracks.map(|(service, mark)| Track::new(service, mark));
        Self {
            acted: true,
            calm: waited_before.as_ref().map_or(idle, Vec::is_empty) && !queued,
            candidates: waited_before.clone().unwrap_or_default(),
            waited_before,
            whole_before,
            adopts: true,
            acted_at: unix_seconds(),
            ..Self::new(goal, tracks)
        }
    }

    /// Goes on in another process, perhaps much later: what waits by now may be anybody's.
    pub(crate) fn resume(&mut self, settle: Duration) {
        let age = unix_seconds().checked_sub(self.acted_at);
        self.adopts &= age.is_some_and(|age| age <= settle.as_secs());
    }

    /// Takes what the server answered to the action.
    pub(crate) fn accepted(&mut self, receipt: &Receipt) {
        // The answer to a cancel may name the request that is canceled or any other: of no use.
        if self.goal != Goal::Canceled {
            self.request = receipt.request;
            self.is_named = receipt.request.is_some();
        }
        self.answered_idle = receipt.idle;
    }

    /// Follows this request, whatever the action's answer says.
    pub(crate) fn follow(&mut self, request: Uuid) {
        self.request = Some(request);
        self.is_named = true;
    }

    /// Asks for less, because many operations share their polls.
    pub(crate) fn be_frugal(&mut self) {
        self.frugal = true;
    }

    /// Judges everything anew at the next reading, also what was decided.
    pub(crate) fn reconsider(&mut self) {
        for entry in &mut self.tracks {
            entry.decided = None;
        }
    }

    pub(crate) fn goal(&self) -> Goal {
        self.goal
    }

    pub(crate) fn request(&self) -> Option<Uuid> {
        self.request
    }

    /// The deployment that was found to be this operation's.
    pub(crate) fn deployment(&self) -> Option<&str> {
        self.tracks.iter().find_map(|e| e.track.deployment())
    }

    /// Whether the subject was there at some time.
    pub(crate) fn was_seen(&self) -> bool {
        self.tracks.iter().any(|e| e.track.was_seen())
    }

    pub(crate) fn has_acted(&self) -> bool {
        self.acted
    }

    pub(crate) fn had_word(&self) -> bool {
        self.had_word
    }

    /// Remembers whether the server tells of the request.
    pub(crate) fn note_word(&mut self, told: bool) {
        self.had_word |= told;
    }

    /// Whether a poll just after this one would decide something.
    pub(crate) fn wants_newer_reading(&self) -> bool {
        let mut open = self.tracks.iter().filter(|e| e.decided.is_none());
        open.any(|e| e.track.wants_newer_reading())
    }

    /// When a poll would settle something.
    pub(crate) fn settles_at(&self, settle: Duration) -> Option<Instant> {
        let period = settle_period(self.goal, settle);
        self.tracks
            .iter()
            .filter(|e| e.decided.is_none())
            .filter_map(|e| e.track.settles_at(period))
            .min()
    }

    /// Called once for each poll, before [`Tracker::judge`].
    pub(crate) fn begin_poll(&mut self) {
        self.looks = self.looks.saturating_add(1);
        for entry in &mut self.tracks {
            entry.track.begin_poll();
        }
    }

    /// The subject is not found, and the answer is one that may mean that it is gone.
    pub(crate) fn gone(&self) -> Option<Decision> {
        let known = self.was_seen() || self.acted;
        (known && self.goal.is_reached_when_gone()).then_some(Decision::Reached(Proof::Gone))
    }

    /// Judges one reading with the facts so far.
    pub(crate) fn judge(
        &mut self,
        snapshot: &Snapshot,
        facts: &Facts,
        settle: Duration,
        now: Instant,
    ) -> Verdict {
        let marks = snapshot.marks();
        let since = *self.looking_since.get_or_insert(now);
        let enough = now >= after(since, settle) && self.looks > LOOKS;
        if let Some(ask) = self.search(&marks, facts, enough) {
            return Verdict::Ask(ask);
        }
        let context = Context {
            goal: self.goal,
            acted: self.acted,
            request: self.request,
            answered_idle: self.answered_idle,
            calm: self.calm,
            settle,
            now,
            deployment: self.deployment().map(str::to_owned),
            whole_before: self.whole_before.clone(),
            may_wait: facts.queue.as_ref().and_then(Option::as_ref).map(|queue| {
                let mut waiting = queue.iter();
                waiting.any(|w| !self.acted || self.candidates.contains(&w.request))
            }),
            looked: self.looked || (self.request.is_some() && enough),
            frugal: self.frugal,
        };
        let (doubtful, may_be_taken_in) = (self.doubtful, self.may_be_taken_in());
        let mut phases = Vec::with_capacity(self.tracks.len());
        for (entry, mark) in self.tracks.iter_mut().zip(&marks) {
            if let Some(decision) = &entry.decided {
                phases.push(phase_of(decision));
                continue;
            }
            let mut standing = entry.track.judge(mark.as_ref(), &context, facts);
            if let Standing::Decided(decision) = &standing
                && (doubtful || (may_be_taken_in && *decision == Decision::Reached(Proof::Seen)))
            {
                let (track, mark) = (&entry.track, mark.as_ref());
                standing = track.agreed(decision.clone(), mark, &context, !doubtful, facts);
            }
            match standing {
                Standing::Ask(ask) => return Verdict::Ask(ask),
                Standing::Pending(phase) => phases.push(phase),
                Standing::Decided(decision) => {
                    phases.push(phase_of(&decision));
                    entry.decided = Some(decision);
                }
            }
        }
        self.sum_up(&phases, facts)
    }

    fn sum_up(&self, phases: &[Phase], facts: &Facts) -> Verdict {
        let still_going = phases
            .iter()
            .any(|p| matches!(p, Phase::Queued | Phase::Running));
        let all_ended = phases.iter().all(|p| p.is_terminal());
        let worst = self
            .tracks
            .iter()
            .filter_map(|e| e.decided.as_ref())
            .max_by_key(|d| severity(d));
        if let Some(worst) = worst
            && (all_ended || (severity(worst) > 0 && !still_going))
        {
            return Verdict::Ended(worst.clone());
        }
        let phase = if phases.contains(&Phase::Running) {
            Phase::Running
        } else if phases.contains(&Phase::Queued) {
            Phase::Queued
        } else if phases.iter().any(|p| p.is_terminal()) {
            Phase::Running
        } else {
            Phase::NotStarted
        };
        let position = facts.queue.iter().flatten().find_map(|queue| {
            let ours = self.request?;
            queue.iter().position(|w| w.request == ours).map(|i| i + 1)
        });
        Verdict::Pending { phase, position }
    }
}

fn unix_seconds() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn services_of(subject: &Subject) -> Vec<Option<Uuid>> {
    match subject {
        Subject::Environment { .. } | Subject::Cluster { .. } => vec![None],
        Subject::Service { service, .. } => vec![Some(service.id)],
        Subject::Services { services, .. } => services.iter().map(|s| Some(s.id)).collect(),
    }
}

fn phase_of(decision: &Decision) -> Phase {
    match decision {
        Decision::Reached(_) => Phase::Reached,
        Decision::Failed(_) => Phase::Failed,
        Decision::Canceled | Decision::Superseded { .. } => Phase::Canceled,
    }
}

fn severity(decision: &Decision) -> u8 {
    match decision {
        Decision::Reached(_) => 0,
        Decision::Superseded { .. } => 1,
        // Not to be reached is what a cancel does to the services behind it.
        Decision::Failed(Cause::NotRun) => 2,
        Decision::Canceled => 3,
        Decision::Failed(_) => 4,
    }
}
