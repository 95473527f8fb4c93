//! Pushed statuses, which move the polls.

use tokio::time::Instant;

use super::{Poller, Until};
use crate::clock::after;
use crate::wait::{
    Phase,
    decision::Verdict,
    ledger::Poll,
    push::{Need, Push, Wake},
};

impl Poller {
    /// Lets the statuses that the API pushes move the polls.
    pub(in crate::wait) fn listen_to_stream(&mut self) {
        if let Some(client) = self.source.client() {
            self.push = Push::of(client, &self.subject);
        }
    }

    /// Listens to the stream until it has moved the next poll. Dropping the future loses nothing.
    pub(in crate::wait) async fn listen(&mut self) {
        let Some(push) = &mut self.push else {
            return std::future::pending().await;
        };
        let wake = push.listen().await;
        // While polls fail, the schedule alone says how often they may.
        if self.failures > 0 {
            return;
        }
        match wake {
            Wake::Due => self.timetable.bring_forward(Instant::now()),
            Wake::Fails(polled) => {
                let due = after(polled, self.timetable.longest());
                self.timetable.bring_forward(due);
            }
            Wake::Agrees(polled) => {
                let Some(push) = &self.push else { return };
                let scheduled = self.timetable.next_poll();
                let scheduled = scheduled.saturating_duration_since(polled);
                let wait = push.wait(scheduled, self.timetable.longest_with_stream(), self.need());
                let until = after(polled, wait);
                let decides = self.settles_or_holds_at().unwrap_or(until);
                self.timetable.put_off(until.min(decides));
            }
        }
    }

    /// The next fact that the wait needs.
    pub(super) fn need(&self) -> Need {
        let Some(last) = self.last.as_ref().filter(|_| self.phase == Phase::Running) else {
            return Need::Start;
        };
        let parts = last.part_statuses();
        let mut known = parts.iter().flatten();
        match known.any(|part| !part.state.is_terminal()) && self.needs_only_the_status() {
            true => Need::Change,
            false => Need::Decision,
        }
    }

    /// Whether the polls of the next minute read the status alone, as long as it does not change.
    fn needs_only_the_status(&self) -> bool {
        let later = self.stamp().saturating_add(60_000);
        let Until::Goal(ledger) = &self.until else {
            return false;
        };
        let poll = Poll {
            now: later,
            ..self.poll_since(later)
        };
        matches!(ledger.verdict(&poll), Ok(Verdict::Pending { .. }))
    }
}
