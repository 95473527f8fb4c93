//! How long, how often and how patiently to wait.

use std::time::Duration;

use super::PollSchedule;

/// When a wait ends whatever the server does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Deadline {
    /// So long after the operation was started.
    After(Duration),
    /// Never. Has to be asked for.
    None,
}

impl Default for Deadline {
    /// One hour.
    fn default() -> Self {
        Deadline::After(Duration::from_secs(3600))
    }
}

/// How to wait, as a value: every setting has a default that suits a CI job.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct WaitOptions {
    /// When to give up. Default: after one hour.
    pub deadline: Deadline,
    /// When to poll. Default: at once, then 1 s growing to 15 s.
    pub schedule: PollSchedule,
    /// How long one poll may take before it counts as failed. Default: 60 s.
    pub poll_timeout: Duration,
    /// How many failed polls in a row are tolerated. Default: 5; the sixth ends the wait.
    pub tolerated_failures: u32,
    /// How long the goal has to hold before it counts. Default: it counts at once.
    pub stable_for: Duration,
    /// How long a state that already held before the action has to hold after it, if no fact
    /// shows an effect of the action. Default: 15 s.
    pub settle: Duration,
    /// How often to report if nothing changes. Default: every 30 s.
    pub heartbeat: Duration,
    /// The longest pause that the server can ask for (`Retry-After`, `X-RateLimit-Reset`) between two
    /// polls: a longer one counts as this. Default: 60 s. The repeats of a single request have the
    /// budget of the [client](crate::connect::RetryPolicy::budget) in its place.
    pub longest_retry_after: Duration,
    /// Whether to cancel on the server when the deadline passes, if the running deployment is known to be the
    /// operation's. Default: no.
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
    /// How long one request for a secondary fact may take.
    pub(crate) fn fact_timeout(&self) -> Duration {
        self.poll_timeout / 4
    }

    /// The time that the last poll at the deadline may take.
    pub(crate) const LAST_POLL: Duration = Duration::from_secs(5);
    /// The time that gathering the report on a failure may take.
    pub(crate) const REPORT: Duration = Duration::from_secs(10);
}
