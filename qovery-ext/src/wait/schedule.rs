//! The schedule of polls, and the pace that follows it.
//!
//! Deadlines are in [`super::Deadline`].

use std::time::Duration;

#[cfg(feature = "stream")]
use super::push::Longest;

/// The intervals between polls: the first poll at once, the next one after `first`, then growing intervals up
/// to `longest`.
///
/// After a transition the interval is reset to `first`, because transitions often follow each other quickly.
/// Jitter prevents many programs from polling at the same time.
#[derive(Debug, Clone, PartialEq)]
pub struct PollSchedule {
    first: Duration,
    longest: Duration,
    growth: f64,
    jitter: f64,
    seed: Option<u64>,
    #[cfg(feature = "stream")]
    longest_with_stream: Option<Duration>,
}

impl Default for PollSchedule {
    /// 1 s growing by a half each time up to 15 s, jitter ±10 %.
    fn default() -> Self {
        Self::ramp(Duration::from_secs(1), Duration::from_secs(15))
    }
}

impl PollSchedule {
    /// The shortest allowed interval, 100 ms.
    pub const SHORTEST: Duration = Duration::from_millis(100);

    /// Creates intervals that grow from `first` to `longest` by a half each time, with a jitter of
    /// ±10 %.
    ///
    /// An interval below [`PollSchedule::SHORTEST`] is raised to it. A `longest` below `first`
    /// counts as `first`.
    pub fn ramp(first: Duration, longest: Duration) -> Self {
        let first = first.max(Self::SHORTEST);
        Self {
            first,
            longest: longest.max(first),
            growth: 1.5,
            jitter: 0.1,
            seed: None,
            #[cfg(feature = "stream")]
            longest_with_stream: None,
        }
    }

    /// Creates a constant interval without jitter.
    pub fn every(interval: Duration) -> Self {
        Self {
            growth: 1.0,
            jitter: 0.0,
            ..Self::ramp(interval, interval)
        }
    }

    /// Sets the growth factor of the intervals. Default: 1.5. Values below 1.0 and values that are
    /// not numbers count as 1.0.
    #[must_use]
    pub fn growth(mut self, factor: f64) -> Self {
        let factor = Some(factor).filter(|factor| factor.is_finite());
        self.growth = factor.map_or(1.0, |factor| factor.max(1.0));
        self
    }

    /// Sets the jitter: the largest deviation of an interval in both directions, as a share of it,
    /// from 0.0 to 0.5. Default: 0.1.
    #[must_use]
    pub fn jitter_share(mut self, share: f64) -> Self {
        let share = Some(share).filter(|share| share.is_finite());
        self.jitter = share.map_or(0.0, |share| share.clamp(0.0, 0.5));
        self
    }

    /// Sets the seed of the jitter, for repeatable tests.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Sets the longest interval while a [stream](super::Action::with_stream) shows the states of the last
    /// poll. Default: `longest`. A shorter interval counts as `longest`.
    ///
    /// Available on crate feature `stream` only.
    ///
    /// A longer interval saves requests during long builds: with 60 s, a deployment of several minutes takes about
    /// half of the requests. After the connection has shown a change before a poll found it, or at most 2 s later, the
    /// longer interval applies during the deployment, while stream and polls agree. If a stream shows no changes,
    /// shows them late or out of order, or loses its connection, `longest` applies, and the end is not delayed.
    ///
    /// One fault has no sign: a connection that has shown a change in time, then shows no more changes, and still
    /// answers pings. With this fault the end is reported late, by up to this interval.
    #[cfg(feature = "stream")]
    #[must_use]
    pub fn longest_with_stream(mut self, interval: Duration) -> Self {
        self.longest_with_stream = Some(interval);
        self
    }

    pub(crate) fn pace(&self) -> Pace {
        Pace {
            interval: self.first,
            random: match self.seed {
                Some(seed) => fastrand::Rng::with_seed(seed),
                None => fastrand::Rng::new(),
            },
            schedule: self.clone(),
        }
    }
}

/// The position of a wait on its schedule.
#[derive(Debug)]
pub(crate) struct Pace {
    schedule: PollSchedule,
    interval: Duration,
    random: fastrand::Rng,
}

impl Pace {
    /// The time until the next poll.
    pub(crate) fn advance(&mut self) -> Duration {
        let current = self.interval;
        self.interval = times(current, self.schedule.growth).min(self.schedule.longest);
        if self.schedule.jitter == 0.0 {
            return current;
        }
        let factor = 1.0 + self.schedule.jitter * (self.random.f64() * 2.0 - 1.0);
        times(current, factor).max(PollSchedule::SHORTEST)
    }

    /// The longest intervals.
    #[cfg(feature = "stream")]
    pub(crate) fn longest(&self) -> Longest {
        let of_schedule = self.schedule.longest;
        let set = self.schedule.longest_with_stream;
        Longest {
            of_schedule,
            with_stream: set.map_or(of_schedule, |set| set.max(of_schedule)),
        }
    }

    /// Resets the interval to the first one.
    pub(crate) fn restart(&mut self) {
        self.interval = self.schedule.first;
    }
}

/// Multiplies without an overflow.
fn times(interval: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(interval.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intervals(schedule: &PollSchedule, count: usize) -> Vec<f64> {
        let mut pace = schedule.pace();
        (0..count).map(|_| pace.advance().as_secs_f64()).collect()
    }

    #[test]
    fn intervals_grow_from_one_second_to_fifteen_and_stay_there() {
        let schedule = PollSchedule::default().jitter_share(0.0);
        assert_eq!(
            intervals(&schedule, 9),
            [
                1.0, 1.5, 2.25, 3.375, 5.0625, 7.59375, 11.390625, 15.0, 15.0
            ]
        );
    }

    #[test]
    fn jitter_stays_within_its_share_in_both_directions() {
        let schedule = PollSchedule::every(Duration::from_secs(10))
            .jitter_share(0.1)
            .seed(7);
        let all = intervals(&schedule, 1000);
        assert!(all.iter().all(|i| (9.0..=11.0).contains(i)));
        assert!(all.iter().any(|i| *i < 9.5) && all.iter().any(|i| *i > 10.5));
    }

    #[test]
    fn a_transition_resets_the_interval() {
        let schedule = PollSchedule::default().jitter_share(0.0);
        let mut pace = schedule.pace();
        for _ in 0..6 {
            pace.advance();
        }
        pace.restart();
        assert_eq!(pace.advance(), Duration::from_secs(1));
    }

    #[cfg(feature = "stream")]
    #[test]
    fn the_longest_interval_with_a_stream_is_that_of_the_schedule_unless_a_longer_one_is_set() {
        let seconds = Duration::from_secs;
        let schedule = PollSchedule::default();
        for (set, expected) in [(None, 15), (Some(60), 60), (Some(3), 15)] {
            let schedule = match set {
                Some(set) => schedule.clone().longest_with_stream(seconds(set)),
                None => schedule.clone(),
            };
            let longest = schedule.pace().longest();
            assert_eq!(longest.of_schedule, seconds(15));
            assert_eq!(longest.with_stream, seconds(expected));
        }
    }

    // Azure's poller panics below one second, and Terraform's ignores 180 s and more.
    #[test]
    fn every_interval_is_accepted_and_respected() {
        for seconds in [0.5, 1.0, 179.0, 180.0, 3600.0] {
            let schedule = PollSchedule::every(Duration::from_secs_f64(seconds));
            assert_eq!(intervals(&schedule, 3), [seconds; 3]);
        }
        let nothing = PollSchedule::every(Duration::ZERO);
        assert_eq!(intervals(&nothing, 2), [0.1; 2], "never without a pause");
    }

    #[test]
    fn invalid_settings_are_limited_instead_of_panicking() {
        let schedule = PollSchedule::ramp(Duration::from_secs(5), Duration::from_secs(1))
            .growth(f64::NAN)
            .jitter_share(f64::INFINITY);
        assert_eq!(intervals(&schedule, 3), [5.0; 3]);
        let huge = PollSchedule::ramp(Duration::from_secs(1), Duration::MAX)
            .growth(1.0e9)
            .jitter_share(0.0);
        assert_eq!(intervals(&huge, 100).len(), 100);
        let never = PollSchedule::every(Duration::MAX)
            .jitter_share(0.5)
            .growth(2.0);
        assert_eq!(intervals(&never, 10).len(), 10);
    }
}
