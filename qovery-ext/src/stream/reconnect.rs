//! When a stream connects again.

use std::time::Duration;

/// When a stream connects again after it lost its connection.
///
/// Available on crate feature `stream` only.
///
/// The delay is 5 s, doubles with each connection in a row that brings no frame, and is at most 100 s: as
/// the console does it. Default: at most 10 such connections in a row, which is 10 to 12 minutes.
///
/// ```
/// use qovery_ext::stream::Reconnect;
///
/// let patient = Reconnect::default().attempts(1000);
/// let never = Reconnect::never();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Reconnect {
    first: Duration,
    longest: Duration,
    attempts: u32,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(5),
            longest: Duration::from_secs(100),
            attempts: 10,
        }
    }
}

impl Reconnect {
    /// Never: a stream that loses its connection ends.
    pub fn never() -> Self {
        Self::default().attempts(0)
    }

    /// How often in a row to connect again without a frame in between. Default: 10.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// The first delay. Default: 5 s.
    pub fn first_delay(mut self, delay: Duration) -> Self {
        self.first = delay;
        self
    }

    /// The longest delay. Default: 100 s.
    pub fn longest_delay(mut self, delay: Duration) -> Self {
        self.longest = delay;
        self
    }

    /// The delay after this many failures before the last one; `None` if it was the last attempt.
    pub(super) fn delay(&self, failures: u32) -> Option<Duration> {
        if failures >= self.attempts {
            return None;
        }
        let factor = 2_u32.checked_pow(failures).unwrap_or(u32::MAX);
        Some(self.first.saturating_mul(factor).min(self.longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_doubles_up_to_its_limit_as_in_the_console() {
        let delays = (0..7).map(|failures| Reconnect::default().delay(failures));
        let seconds: Vec<u64> = delays.map(|delay| delay.unwrap().as_secs()).collect();
        assert_eq!(seconds, [5, 10, 20, 40, 80, 100, 100]);
        assert_eq!(Reconnect::default().delay(10), None);
        assert_eq!(Reconnect::never().delay(0), None);
    }
}
