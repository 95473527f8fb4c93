//! Pushed statuses, which change the time of polls.
//!
//! A frame is never evidence: a wait learns facts only from polls.
//!
//! | the stream | polls |
//! |---|---|
//! | shows no frame, or no new one and other states than the last poll | as without a stream |
//! | shows the states of the last poll | twice as far apart until the run begins, then at the longest interval |
//! | has also shown a change promptly | during the run at the longest interval with a stream |
//! | does not show the endpoint that decides | as without a stream |
//! | shows new states, other than those of the last poll | 1 to 2 s later |
//! | shows a change later than a poll, or announces changes that polls do not find | the stream is closed |
//!
//! No poll is later than the longest interval after the one before. A stream that was right so far may be wrong
//! or silent from now on, without a sign, so it must not delay a poll further. Therefore this interval is that of
//! the schedule, unless the program sets a longer one with a stream. A longer one applies only on a connection that
//! has shown a change promptly, so that a stream which shows none, or shows them late, delays nothing.

mod digest;
mod log;

use std::{collections::VecDeque, fmt, time::Duration};

use futures_core::stream::BoxStream;
use futures_util::{StreamExt as _, stream};
use qovery_api::Client;
use tokio::{
    task::unconstrained,
    time::{Instant, sleep_until},
};
use uuid::Uuid;

use self::digest::Digest;
pub(super) use self::log::{LogFollower, OnLine};
use super::{Snapshot, Subject, api::states};
use crate::clock::after;
use crate::stream::{Event, LiveExt as _, Reconnect};

/// The delay from a change in a frame to a poll, because several changes often follow each other.
const QUIET: Duration = Duration::from_secs(1);
/// The longest delay of a poll after a change in a frame.
const LONGEST_DELAY: Duration = Duration::from_secs(2);
/// How much later than a poll a frame may show the same change.
const GRACE: Duration = Duration::from_secs(2);
/// How many times in a row a poll may not find the change of a frame.
const FALSE_ALARMS: u32 = 3;
/// How many states of a stream are stored.
const REMEMBERED: usize = 32;
/// The interval of pings.
const PING: Duration = Duration::from_secs(5);
/// How long a connection may be silent, including answers to pings. It is shorter than the longest interval
/// between two polls, so that a lost connection delays no more than one poll of the schedule.
const SILENCE: Duration = Duration::from_secs(12);

/// A message of a stream to a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Message {
    /// A frame that shows these states.
    Shows(Digest),
    /// The connection is lost.
    Lost,
}

/// The effect of a stream on the next poll of a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wake {
    /// A poll is due because of a change in a frame.
    Due,
    /// The stream shows the states of the last poll, which was made at this time. It did not show them before.
    /// The next poll can be later.
    Agrees(Instant),
    /// The stream no longer shows the states of the last poll, which was made at this time. The next poll is due
    /// by the schedule.
    Fails(Instant),
}

/// The next fact that a wait needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// The start of the run.
    Start,
    /// Another state of the subject, which a stream shows.
    Change,
    /// A fact that a stream does not show: another endpoint than the status shows the progress of the run, or
    /// all states are final and the outcome is undecided.
    Decision,
}

/// A change that frames have shown since the last poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    None,
    /// Changes since this time. The poll that they cause is due at the other time.
    Announced {
        since: Instant,
        due: Instant,
    },
    /// A change has caused a poll that has not ended yet. Only once: the schedule retries a failed poll.
    Polled,
}

/// The longest intervals between polls, without jitter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Longest {
    pub(crate) of_schedule: Duration,
    /// The interval while a stream shows the states of the last poll, if it has shown a change promptly.
    pub(crate) with_stream: Duration,
}

/// A stream during a wait.
pub(super) struct Push {
    subject: Subject,
    /// `None` after its end.
    messages: Option<BoxStream<'static, Message>>,
    /// Whether the stream shows the states of the last poll.
    agrees: bool,
    /// Whether this connection has shown a change before a poll found it, or shortly after.
    has_shown_a_change: bool,
    /// The states that this connection has shown, the last one at the end.
    shown: VecDeque<Digest>,
    polled: Option<Digest>,
    /// The states that polls found before the last change.
    polled_before: Option<Digest>,
    polled_at: Instant,
    news: News,
    /// How many polls in a row did not find the announced change.
    false_alarms: u32,
    /// The time at which a poll found a change that the stream had not shown.
    overtaken: Option<Instant>,
}

impl Push {
    /// Follows the statuses of the environment that a subject is or belongs to; `None` if it is a cluster.
    pub(super) fn of(client: &Client, subject: &Subject) -> Option<Self> {
        let environments = environment(client, subject)?;
        let (client, viewed) = (client.clone(), subject.clone());
        let messages = environments.flat_map(move |environment| {
            let patient = Reconnect::default().attempts(u32::MAX);
            let statuses = client.deployment_status(environment).reconnect(patient);
            let statuses = statuses.ping_every(PING).silence_limit(SILENCE);
            let viewed = viewed.clone();
            let messages = statuses.filter_map(move |event| {
                let message = match event {
                    Ok(Event::Item(frame)) => states(environment, &frame)
                        .and_then(|(whole, services)| Digest::of(&viewed, &whole, services))
                        .map(Message::Shows),
                    Ok(Event::Reconnecting(_)) | Err(_) => Some(Message::Lost),
                    Ok(_) => None,
                };
                std::future::ready(message)
            });
            messages.boxed()
        });
        Some(Self::new(subject.clone(), messages.boxed()))
    }

    fn new(subject: Subject, messages: BoxStream<'static, Message>) -> Self {
        Self {
            subject,
            messages: Some(messages),
            agrees: false,
            has_shown_a_change: false,
            shown: VecDeque::new(),
            polled: None,
            polled_before: None,
            polled_at: Instant::now(),
            news: News::None,
            false_alarms: 0,
            overtaken: None,
        }
    }

    /// Reads frames until the time of the next poll changes. Dropping the future loses nothing.
    pub(super) async fn listen(&mut self) -> Wake {
        loop {
            let news = self.news;
            let due = async {
                match news {
                    News::Announced { due, .. } => unconstrained(sleep_until(due)).await,
                    News::None | News::Polled => std::future::pending().await,
                }
            };
            let agreed = self.agrees;
            let message = async {
                match &mut self.messages {
                    Some(messages) => messages.next().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                message = message => self.receive(message),
                () = due => {
                    self.news = News::Polled;
                    return Wake::Due;
                }
            }
            match (agreed, self.agrees) {
                (false, true) => return Wake::Agrees(self.polled_at),
                (true, false) => return Wake::Fails(self.polled_at),
                _ => {}
            }
        }
    }

    fn receive(&mut self, message: Option<Message>) {
        match message {
            Some(Message::Shows(digest)) => self.show(digest),
            Some(Message::Lost) => self.lose(),
            None => {
                self.messages = None;
                self.lose();
            }
        }
    }

    fn show(&mut self, digest: Digest) {
        let is_other = self.shown.back() != Some(&digest);
        if is_other {
            self.shown.push_back(digest);
            if self.shown.len() > REMEMBERED {
                self.shown.pop_front();
            }
        }
        if self.polled == Some(digest) {
            self.agree();
        } else if is_other && self.polled.is_some() {
            let now = Instant::now();
            let since = match self.news {
                News::Announced { since, .. } => since,
                News::None | News::Polled => now,
            };
            let due = after(now, QUIET).min(after(since, LONGEST_DELAY));
            self.news = News::Announced { since, due };
        }
    }

    /// The connection was lost.
    fn lose(&mut self) {
        self.shown.clear();
        self.overtaken = None;
        self.agrees = false;
        self.has_shown_a_change = false;
    }

    /// The stream and the last poll show the same states. A change that comes shortly after the poll is in time.
    fn agree(&mut self) {
        match self.overtaken.take() {
            Some(at) if at.elapsed() > GRACE => self.give_up(),
            overtaken => {
                self.agrees = true;
                self.has_shown_a_change |= overtaken.is_some();
            }
        }
    }

    /// A stream that was wrong once is closed.
    fn give_up(&mut self) {
        tracing::debug!(subject = %self.subject, "the stream contradicts the API, and is closed");
        self.messages = None;
        self.agrees = false;
        self.news = News::None;
    }

    /// Records the states that a poll has found. Returns whether the stream has announced other states.
    pub(super) fn polled(&mut self, snapshot: &Snapshot) -> bool {
        let services = snapshot.services.iter();
        let services = services.map(|service| (service.service.id, service.state.clone()));
        match Digest::of(&self.subject, &snapshot.state, services) {
            Some(digest) => self.found(digest),
            None => false,
        }
    }

    fn found(&mut self, digest: Digest) -> bool {
        let before = self.polled.replace(digest);
        self.polled_at = Instant::now();
        let changed = before.is_some_and(|before| before != digest);
        if changed {
            self.polled_before = before;
        }
        let announced = std::mem::replace(&mut self.news, News::None) != News::None;
        if self.messages.is_none() {
            return false;
        }
        if self.shown.back() == Some(&digest) {
            self.agree();
            if changed {
                self.false_alarms = 0;
                // A connection that always shows the same state also agrees sometimes.
                self.has_shown_a_change |= self.shown.len() > 1;
            }
            return false;
        }
        self.agrees = false;
        if let Some(at) = self.overtaken {
            if at.elapsed() > GRACE {
                self.give_up();
            }
        } else if changed && !self.shown.is_empty() && !self.shown.contains(&digest) {
            self.overtaken = Some(Instant::now());
        }
        if announced && !changed {
            self.false_alarms += 1;
            if self.false_alarms >= FALSE_ALARMS {
                self.give_up();
            }
        }
        announced
    }

    /// Whether the last change that this connection has shown is the last one that polls found. If it has shown
    /// another state in between, that state can be a later one, out of order.
    fn ends_with_the_polls(&self) -> bool {
        let mut latest = self.shown.iter().rev().copied();
        let (last, before) = (latest.next(), latest.next());
        last == self.polled && before == self.polled_before
    }

    /// The time until the next poll, if the schedule has this interval: at most the longest one, or the interval
    /// itself if that is longer because of its jitter.
    pub(super) fn wait(&self, scheduled: Duration, longest: Longest, need: Need) -> Duration {
        match need {
            _ if !self.agrees => scheduled,
            Need::Decision => scheduled,
            Need::Change if self.has_shown_a_change && self.ends_with_the_polls() => {
                scheduled.max(longest.with_stream)
            }
            Need::Change => scheduled.max(longest.of_schedule),
            // The queue and the request, which a stream does not show, may end the run before it starts.
            Need::Start => scheduled.max(longest.of_schedule.min(scheduled.saturating_mul(2))),
        }
    }
}

impl fmt::Debug for Push {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Push")
            .field("agrees", &self.agrees)
            .finish_non_exhaustive()
    }
}

/// The environment of a subject, looked up if necessary.
fn environment(client: &Client, subject: &Subject) -> Option<BoxStream<'static, Uuid>> {
    if let Some(id) = subject.environment_id() {
        return Some(stream::iter([id]).boxed());
    }
    let Subject::Service { service, .. } = subject else {
        return None;
    };
    let (client, service) = (client.clone(), service.id);
    let found = async move { crate::stream::environment_of(&client, service).await.ok() };
    Some(stream::once(found).filter_map(std::future::ready).boxed())
}

#[cfg(test)]
mod tests;
