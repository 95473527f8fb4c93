//! The times of the polls of one wait.

use std::time::Duration;

use tokio::time::Instant;

use super::{PollSchedule, schedule::Pace};
use crate::clock::after;

/// The time of the next poll.
pub(super) struct Timetable {
    /// The position on the schedule.
    pub(super) pace: Pace,
    pub(super) next_poll: Instant,
    /// No request is sent before this time, because the server demands it.
    forbidden_until: Option<Instant>,
}

impl Timetable {
    /// Polls at once, then by the schedule.
    pub(super) fn new(schedule: &PollSchedule) -> Self {
        Self {
            pace: schedule.pace(),
            next_poll: Instant::now(),
            forbidden_until: None,
        }
    }

    /// Sends no request before the delay that the server demands is over. Without a delay, requests are allowed
    /// again.
    pub(super) fn keep_away(&mut self, asked: Option<Duration>, longest: Duration) {
        self.forbidden_until = asked.map(|pause| after(Instant::now(), pause.min(longest)));
    }

    /// Whether the server demands a delay at this time.
    pub(super) fn is_forbidden(&self) -> bool {
        self.forbidden_until
            .is_some_and(|until| until > Instant::now())
    }

    /// Polls after this time, or earlier if a fact is due before.
    pub(super) fn schedule(&mut self, wait: Duration, due: Option<Instant>) {
        let next = after(Instant::now(), wait);
        let next = due.map_or(next, |due| next.min(due));
        self.next_poll = self.not_forbidden(next);
    }

    /// Polls at this time, or at once if it is past, unless the server demands a delay.
    pub(super) fn bring_forward(&mut self, due: Instant) {
        let due = self.not_forbidden(due.max(Instant::now()));
        self.next_poll = self.next_poll.min(due);
    }

    /// Polls not before this time.
    #[cfg(feature = "stream")]
    pub(super) fn put_off(&mut self, until: Instant) {
        self.next_poll = self.next_poll.max(until);
    }

    fn not_forbidden(&self, wanted: Instant) -> Instant {
        self.forbidden_until
            .map_or(wanted, |until| until.max(wanted))
    }
}
