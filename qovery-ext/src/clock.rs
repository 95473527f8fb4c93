//! Adds periods to points in time. The result is within the range of the clock, however long the period is.
//!
//! The time is Tokio's, so that tests can pause it.

use std::time::Duration;

use tokio::time::Instant;

/// Longer than any wait, and within the range of Tokio's timers.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

/// The time after `start`. A period that means "never" is limited to decades.
pub(crate) fn after(start: Instant, period: Duration) -> Instant {
    start.checked_add(period.min(FAR)).unwrap_or(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_that_means_never_is_decades_ahead() {
        let now = Instant::now();
        assert_eq!(
            after(now, Duration::from_secs(1)),
            now + Duration::from_secs(1)
        );
        assert_eq!(after(now, Duration::MAX), now + FAR);
    }
}
