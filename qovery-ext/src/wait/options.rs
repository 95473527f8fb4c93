//! The settings of a wait: deadline, schedule, tolerance.

use std::time::Duration;

use super::PollSchedule;

/// The end of a wait, regardless of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Deadline {
    /// This time after the start of the operation.
    After(Duration),
    /// No deadline.
    None,
}

impl Default for Deadline {
    /// One hour.
    fn default() -> Self {
        Deadline::After(Duration::from_secs(3600))
    }
}

impl Deadline {
    pub(super) fn limit(self) -> Option<Duration> {
        match self {
            Deadline::After(limit) => Some(limit),
            Deadline::None => None,
        }
    }
}

/// The settings of a wait. The defaults suit a CI job.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct WaitOptions {
    /// The deadline. Default: one hour after the start.
    pub deadline: Deadline,
    /// The schedule of the polls. Default: at once, then after 1 s, growing to 15 s. The shared polls of a
    /// [`Group`](super::Group) follow the schedule of the group.
    pub schedule: PollSchedule,
    /// The time limit for one poll; a poll beyond it counts as failed. Default: 60 s. The shared polls of a
    /// [`Group`](super::Group) always have 60 s.
    pub poll_timeout: Duration,
    /// How many failed polls in a row are tolerated. Default: 5; the sixth ends the wait. An error of the token
    /// source is not tolerated: it ends the wait at once, as [`WaitErrorKind::Refused`](super::WaitErrorKind::Refused).
    pub tolerated_failures: u32,
    /// For how long the goal must hold without interruption before it counts. Default: 0 s.
    pub stable_for: Duration,
    /// The settle period: how long the endpoints of the API may lag behind an action. If no fact shows an effect of
    /// the action, a state that met the goal before the action counts only after it has lasted for this period.
    /// Default: 15 s.
    pub settle: Duration,
    /// The interval of reports if nothing changes. Default: 30 s.
    pub heartbeat: Duration,
    /// The longest delay between two polls that a response can demand (`Retry-After`, `X-RateLimit-Reset`). A
    /// longer demanded delay is shortened to it. Default: 60 s. The retries of a single request are limited by
    /// the budget of the [client](crate::connect::RetryPolicy::budget).
    pub longest_retry_after: Duration,
    /// Whether to cancel on the server when the deadline passes, if the operation is known to be queued or
    /// running: see [`cancel_at_deadline`](super::Action::cancel_at_deadline). Default: no.
    pub cancel_at_deadline: bool,
    /// How many lines of the deployment log to fetch for each service that failed. Default: 20;
    /// 0 fetches no log.
    pub log_lines: usize,
}

impl Default for WaitOptions {
    fn default() -> Self {
        Self {
            deadline: Deadline::default(),
            schedule: PollSchedule::default(),
            poll_timeout: Duration::from_secs(60),
            tolerated_failures: 5,
            stable_for: Duration::ZERO,
            settle: Duration::from_secs(15),
            heartbeat: Duration::from_secs(30),
            longest_retry_after: Duration::from_secs(60),
            cancel_at_deadline: false,
            log_lines: 20,
        }
    }
}

impl WaitOptions {
    /// The time limit for one request for a secondary fact.
    pub(crate) fn fact_timeout(&self) -> Duration {
        self.poll_timeout / 4
    }

    /// The time limit for the last poll at the deadline.
    pub(crate) const LAST_POLL: Duration = Duration::from_secs(5);
    /// The time limit for fetching the report on a failure.
    pub(crate) const REPORT: Duration = Duration::from_secs(10);
}
