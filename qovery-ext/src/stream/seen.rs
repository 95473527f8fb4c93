//! The delivered lines: after a reconnect no line comes twice, and a gap is reported if lines may be missing.
//!
//! A line has no id: it is identified by its content and its time. Equal lines of the same millisecond are
//! distinguished by their number. Two equal lines on one connection are two lines.
//!
//! A server may date a line in the future. The time of such a line counts as the current time: otherwise, the
//! lines up to its time would not be requested after a reconnect, or would be taken for repeated ones.

use std::{
    collections::{HashMap, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
};

use qovery_api::chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

/// A period during which lines may be missing.
///
/// Available on crate feature `stream` only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// The time of the last line before the gap; `None` if there was no line before.
    pub from: Option<DateTime<Utc>>,
    /// The time of the first line after the gap.
    pub to: DateTime<Utc>,
}

/// Whether a line is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    New,
    /// New, and lines may be missing before it.
    After(Gap),
    Repeated,
}

/// The last lines that were delivered.
#[derive(Debug)]
pub(super) struct Seen {
    capacity: usize,
    lines: VecDeque<(DateTime<Utc>, u64)>,
    /// The latest time of a line that is not in the future.
    last: Option<DateTime<Utc>>,
    /// Whether older lines than those in `lines` were delivered.
    forgot: bool,
    repeat: Option<Repeat>,
    clock: Clock,
}

/// The present: the later time of the system's clock, which may be set back, and of Tokio's, which may be
/// paused.
#[derive(Debug, Clone, Copy)]
struct Clock {
    started: (Instant, DateTime<Utc>),
}

impl Clock {
    fn start() -> Self {
        Self {
            started: (Instant::now(), Utc::now()),
        }
    }

    fn now(self) -> DateTime<Utc> {
        let (instant, time) = self.started;
        let elapsed = TimeDelta::from_std(instant.elapsed()).unwrap_or_default();
        let now = time.checked_add_signed(elapsed).unwrap_or(time);
        now.max(Utc::now())
    }
}

/// The state after a reconnect, until the first line that is later than all earlier lines.
#[derive(Debug)]
struct Repeat {
    /// How many times each line may be repeated.
    expected: HashMap<u64, u32>,
    /// Lines before this time were delivered and are forgotten.
    before: Option<DateTime<Utc>>,
    last: Option<DateTime<Utc>>,
    /// Whether a line was repeated: then the server continued at or before the last line.
    overlaps: bool,
    is_settled: bool,
}

impl Seen {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            lines: VecDeque::new(),
            last: None,
            forgot: false,
            repeat: None,
            clock: Clock::start(),
        }
    }

    /// The time of the last line, at the latest the time at which it was received.
    pub(super) fn last(&self) -> Option<DateTime<Utc>> {
        self.last
    }

    /// Called when the following lines come from another connection.
    pub(super) fn reconnected(&mut self) {
        let mut expected = HashMap::new();
        for (_, line) in &self.lines {
            *expected.entry(*line).or_insert(0) += 1;
        }
        let oldest = self.lines.iter().map(|(time, _)| *time).min();
        self.repeat = Some(Repeat {
            expected,
            before: oldest.filter(|_| self.forgot),
            last: self.last,
            overlaps: false,
            is_settled: false,
        });
    }

    /// Forgets all lines, because the next ones belong to another log.
    pub(super) fn reset(&mut self) {
        *self = Self::new(self.capacity);
    }

    /// Decides about a line, and stores it if it is new.
    pub(super) fn judge(&mut self, time: DateTime<Utc>, line: &impl Hash) -> Verdict {
        let mut hasher = DefaultHasher::new();
        (time, line).hash(&mut hasher);
        let line = hasher.finish();
        let mut verdict = Verdict::New;
        if let Some(repeat) = &mut self.repeat {
            if let Some(count) = repeat.expected.get_mut(&line)
                && *count > 0
            {
                *count -= 1;
                repeat.overlaps = true;
                return Verdict::Repeated;
            }
            if repeat.before.is_some_and(|before| time < before) {
                repeat.overlaps = true;
                return Verdict::Repeated;
            }
            if !repeat.is_settled && repeat.last.is_none_or(|last| time > last) {
                repeat.is_settled = true;
                if !repeat.overlaps {
                    verdict = Verdict::After(Gap {
                        from: repeat.last,
                        to: time,
                    });
                }
            }
        }
        self.keep(time.min(self.clock.now()), line);
        verdict
    }

    fn keep(&mut self, time: DateTime<Utc>, line: u64) {
        if self.lines.len() >= self.capacity {
            self.lines.pop_front();
            self.forgot = true;
        }
        self.lines.push_back((time, line));
        self.last = self.last.max(Some(time));
    }
}

#[cfg(test)]
mod tests {
    use qovery_api::chrono::TimeDelta;

    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    #[test]
    fn lines_that_are_repeated_after_a_reconnect_are_dropped_and_prove_that_none_is_missing() {
        let mut seen = Seen::new(100);
        for second in 0..5 {
            assert_eq!(seen.judge(at(second), &"line"), Verdict::New);
        }
        seen.reconnected();
        assert_eq!(seen.judge(at(3), &"line"), Verdict::Repeated);
        assert_eq!(seen.judge(at(4), &"line"), Verdict::Repeated);
        assert_eq!(seen.judge(at(5), &"line"), Verdict::New);
    }

    #[test]
    fn without_an_overlap_lines_may_be_missing() {
        let mut seen = Seen::new(100);
        seen.judge(at(1), &"a");
        seen.reconnected();
        let gap = Gap {
            from: Some(at(1)),
            to: at(9),
        };
        assert_eq!(seen.judge(at(9), &"b"), Verdict::After(gap));
        assert_eq!(seen.judge(at(10), &"c"), Verdict::New);
        let mut seen = Seen::new(100);
        seen.reconnected();
        let gap = Gap {
            from: None,
            to: at(9),
        };
        assert_eq!(seen.judge(at(9), &"b"), Verdict::After(gap));
    }

    #[test]
    fn equal_lines_of_one_millisecond_are_distinguished_by_their_number() {
        let mut seen = Seen::new(100);
        assert_eq!(seen.judge(at(1), &"a"), Verdict::New);
        assert_eq!(seen.judge(at(1), &"a"), Verdict::New);
        seen.reconnected();
        assert_eq!(seen.judge(at(1), &"a"), Verdict::Repeated);
        assert_eq!(seen.judge(at(1), &"a"), Verdict::Repeated);
        assert_eq!(seen.judge(at(1), &"a"), Verdict::New);
    }

    #[test]
    fn a_line_that_was_late_is_delivered_after_a_reconnect_too() {
        let mut seen = Seen::new(100);
        seen.judge(at(1), &"a");
        seen.judge(at(3), &"c");
        seen.reconnected();
        assert_eq!(seen.judge(at(1), &"a"), Verdict::Repeated);
        assert_eq!(seen.judge(at(2), &"b"), Verdict::New);
        assert_eq!(seen.judge(at(3), &"c"), Verdict::Repeated);
        assert_eq!(seen.judge(at(4), &"d"), Verdict::New);
    }

    #[test]
    fn lines_that_are_too_old_to_be_remembered_are_not_delivered_again() {
        let mut seen = Seen::new(2);
        for second in 0..5 {
            seen.judge(at(second), &"line");
        }
        seen.reconnected();
        for second in 0..5 {
            assert_eq!(
                seen.judge(at(second), &"line"),
                Verdict::Repeated,
                "{second}"
            );
        }
        assert_eq!(seen.judge(at(5), &"line"), Verdict::New);
    }

    #[test]
    fn lines_that_are_dated_in_the_future_neither_move_the_mark_nor_hide_later_lines() {
        for ahead in [TimeDelta::minutes(10), TimeDelta::days(1_000_000)] {
            let mut seen = Seen::new(100);
            seen.judge(at(1), &"line");
            let begun = Utc::now();
            // More than are stored.
            for number in 0..200 {
                seen.judge(begun + ahead, &number);
            }
            let mark = seen.last().unwrap();
            assert!((begun..=Utc::now()).contains(&mark), "{mark}");
            seen.reconnected();
            assert_eq!(seen.judge(begun + ahead, &199), Verdict::Repeated);
            let later = Utc::now() + TimeDelta::milliseconds(1);
            assert_eq!(seen.judge(later, &"next"), Verdict::New);
        }
        let mut seen = Seen::new(100);
        seen.judge(DateTime::<Utc>::MAX_UTC, &"line");
        seen.reconnected();
        let later = Utc::now() + TimeDelta::seconds(1);
        assert!(matches!(seen.judge(later, &"next"), Verdict::After(gap) if gap.to == later));
    }
}
