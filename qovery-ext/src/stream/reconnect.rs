//! The reconnects of a stream.

use std::time::Duration;

/// The delays between reconnects, and their number.
///
/// Available on crate feature `stream` only.
///
/// The first delay is 5 s. It doubles with each connection in a row that receives no frame, up to 100 s, as in
/// the web console. If 10 reconnects in a row receive no frame, the stream ends, about 11 minutes after the
/// connection was lost.
///
/// ```
/// use qovery_ext::stream::Reconnect;
///
/// let patient = Reconnect::new().attempts(1000);
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
    /// Creates the default policy.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a policy without reconnects: a stream that loses its connection ends.
    pub fn never() -> Self {
        Self::default().attempts(0)
    }

    /// Sets the number of reconnects in a row that may receive no frame before the stream ends. Default: 10.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Sets the first delay. Default: 5 s.
    pub fn first_delay(mut self, delay: Duration) -> Self {
        self.first = delay;
        self
    }

    /// Sets the longest delay. Default: 100 s.
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
