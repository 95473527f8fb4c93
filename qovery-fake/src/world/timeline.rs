//! The time of a fake, its calendar and its ids.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use uuid::Uuid;

/// 2026-01-01T00:00:00Z, the start of the fake's calendar.
const EPOCH_MILLISECONDS: i64 = 1_767_225_600_000;

/// A time that only increases, the calendar that the server shows for it, and ids that sort by it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timeline {
    now: Duration,
    /// The difference between the server's calendar and the correct one.
    shift: TimeDelta,
    ids: u64,
}

impl Timeline {
    /// The time since the fake was created.
    pub(crate) fn now(&self) -> Duration {
        self.now
    }

    /// Advances the time. An earlier time has no effect.
    pub(super) fn advance_to(&mut self, time: Duration) {
        self.now = self.now.max(time);
    }

    /// Shifts the calendar.
    pub(crate) fn shift_calendar(&mut self, by: TimeDelta) {
        self.shift = self.shift.checked_add(&by).unwrap_or(self.shift);
    }

    /// Returns a new id, which sorts after all earlier ones and is the same in each run.
    pub(crate) fn new_id(&mut self) -> Uuid {
        self.ids += 1;
        let elapsed = u64::try_from(self.now.as_millis()).unwrap_or(u64::MAX);
        let milliseconds = EPOCH_MILLISECONDS.unsigned_abs().saturating_add(elapsed);
        Uuid::from_u128(
            (u128::from(milliseconds) << 80) | (0x7 << 76) | (0x8 << 60) | u128::from(self.ids),
        )
    }

    /// Returns the server's calendar at a point in time.
    pub(crate) fn calendar(&self, at: Duration) -> DateTime<Utc> {
        let elapsed = TimeDelta::from_std(at).unwrap_or(TimeDelta::MAX);
        DateTime::from_timestamp_millis(EPOCH_MILLISECONDS)
            .and_then(|epoch| epoch.checked_add_signed(elapsed))
            .and_then(|date| date.checked_add_signed(self.shift))
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// Returns a date as the API writes it, with microseconds.
    pub(crate) fn date(&self, at: Duration) -> String {
        self.calendar(at)
            .to_rfc3339_opts(SecondsFormat::Micros, true)
    }
}
