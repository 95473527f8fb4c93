//! Pushed statuses, which change the time of polls.
//!
//! A frame is never evidence: a wait learns facts only from polls.
//!
//! | the stream | polls |
//! |---|---|
//! | shows no frame, or other states than the last poll | as without a stream |
//! | shows the states of the last poll | twice as far apart until the run begins, then at the longest interval of the schedule |
//! | has announced a change before a poll found it, and only the status says how the run goes | three times as far apart |
//! | is not the only thing that says how the run goes | as without a stream |
//! | announces a change | about a second later |
//! | shows a change later than a poll, or announces changes that polls do not find | the stream is closed |
//!
//! If a stream is late by more than the longest interval, a poll finds the change before the stream is
//! trusted. Only a stream that was in time, and then stays open without a frame, delays the end further:
//! once, by two such intervals.

mod digest;
mod log;

use std::{collections::VecDeque, fmt, time::Duration};

use futures_core::stream::BoxStream;
use futures_util::{StreamExt as _, stream};
use qovery_api::Client;
use tokio::{task::unconstrained, time::Instant};
use uuid::Uuid;

use self::digest::Digest;
pub(super) use self::log::{LogFollower, OnLine};
use super::{Snapshot, Subject, api::states};
use crate::clock::after;
use crate::stream::{Event, LiveExt as _, Reconnect};

/// How long to wait for further news before a poll: changes come in bursts.
const QUIET: Duration = Duration::from_secs(1);
/// The longest delay of a poll that news ask for.
const LONGEST_DELAY: Duration = Duration::from_secs(2);
/// How much later than a poll a frame may show the same change.
const GRACE: Duration = Duration::from_secs(2);
/// How many times in a row a poll may not find the news.
const FALSE_ALARMS: u32 = 3;
/// How many states of a stream are remembered.
const REMEMBERED: usize = 32;
/// How often a ping asks whether the connection is alive.
const PING: Duration = Duration::from_secs(5);
/// How long a connection may be silent, pings unanswered too. Shorter than the longest interval between
/// two polls, so that a connection that died costs no more than a poll of the schedule.
const SILENCE: Duration = Duration::from_secs(12);

/// A message of a stream to a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Message {
    /// A frame that shows these states.
    Shows(Digest),
    /// The connection is lost.
    Lost,
}

/// How a stream moves the next poll of a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wake {
    /// A poll is due because of the news.
    Due,
    /// The stream shows the states of the last poll, which took place then, and did not before: the next one can
    /// wait.
    Agrees(Instant),
}

/// The next fact that a wait needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// The start of the run.
    Start,
    /// Another state of the subject, which a stream shows.
    Change,
    /// A fact that a stream does not show: another endpoint than the status says how the run goes, or all
    /// states are final, and the outcome is not decided.
    Decision,
}

/// How far a stream can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Trust {
    /// Not connected, or it shows other states than the last poll.
    None,
    /// It shows the states of the last poll.
    Agrees,
    /// And it has announced a change that a poll then found.
    Proven,
}

/// A stream that is listened to during a wait.
pub(super) struct Push {
    subject: Subject,
    /// `None` after its end.
    messages: Option<BoxStream<'static, Message>>,
    trust: Trust,
    /// The states that this connection has shown, the last one at the end.
    shown: VecDeque<Digest>,
    polled: Option<Digest>,
    polled_at: Instant,
    /// Whether news came since the last poll.
    has_news: bool,
    /// Whether news came that no poll has found yet.
    is_ahead: bool,
    /// When news came that have not asked for a poll yet: the first time.
    burst_since: Option<Instant>,
    /// When to poll because of the news.
    due: Option<Instant>,
    /// How many polls in a row did not find the news.
    false_alarms: u32,
    /// When a poll found a change that the stream had not shown, and the trust in it before.
    overtaken: Option<(Instant, Trust)>,
}

impl Push {
    /// Listens to the statuses of the environment that a subject is or belongs to; `None` if it is a
    /// cluster.
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
            trust: Trust::None,
            shown: VecDeque::new(),
            polled: None,
            polled_at: Instant::now(),
            has_news: false,
            is_ahead: false,
            burst_since: None,
            due: None,
            false_alarms: 0,
            overtaken: None,
        }
    }

    /// Listens until the next poll has another time. Dropping the future loses nothing.
    pub(super) async fn listen(&mut self) -> Wake {
        loop {
            let due = self.due;
            let due = async {
                match due {
                    Some(due) => unconstrained(tokio::time::sleep_until(due)).await,
                    None => std::future::pending().await,
                }
            };
            let trust = self.trust;
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
                    // Once: a poll that fails is made again by the schedule.
                    (self.due, self.burst_since) = (None, None);
                    return Wake::Due;
                }
            }
            if trust == Trust::None && self.trust != Trust::None {
                return Wake::Agrees(self.polled_at);
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
            (self.has_news, self.is_ahead) = (true, true);
            let since = *self.burst_since.get_or_insert_with(Instant::now);
            self.due = Some(after(Instant::now(), QUIET).min(after(since, LONGEST_DELAY)));
        }
    }

    /// The connection is lost. A poll that was put off because of it takes place now.
    fn lose(&mut self) {
        self.shown.clear();
        self.overtaken = None;
        self.is_ahead = false;
        if std::mem::replace(&mut self.trust, Trust::None) == Trust::Proven {
            self.due = Some(Instant::now());
        }
    }

    /// The stream and the last poll show the same states.
    fn agree(&mut self) {
        // A moment later is in time, and costs no trust.
        let trust = match self.overtaken.take() {
            Some((at, _)) if at.elapsed() > GRACE => return self.give_up(),
            Some((_, before)) => before,
            None => self.trust,
        };
        self.trust = trust.max(Trust::Agrees);
    }

    /// A stream that was wrong once is not listened to any more.
    fn give_up(&mut self) {
        tracing::debug!(subject = %self.subject, "the stream contradicts the API, and is closed");
        self.messages = None;
        self.trust = Trust::None;
        self.due = None;
    }

    /// Notes the states that a poll has found. Returns whether the stream announced others that the poll did not find.
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
        let announced = std::mem::take(&mut self.has_news);
        (self.due, self.burst_since) = (None, None);
        if self.messages.is_none() {
            return false;
        }
        if self.shown.back() == Some(&digest) {
            let is_ahead = std::mem::take(&mut self.is_ahead);
            self.agree();
            if changed {
                self.false_alarms = 0;
            }
            if changed && is_ahead && self.trust == Trust::Agrees {
                self.trust = Trust::Proven;
            }
            return false;
        }
        let trust = std::mem::replace(&mut self.trust, Trust::None);
        if let Some((at, _)) = self.overtaken {
            if at.elapsed() > GRACE {
                self.give_up();
            }
        } else if changed && !self.shown.is_empty() && !self.shown.contains(&digest) {
            self.overtaken = Some((Instant::now(), trust));
        }
        if announced && !changed {
            self.false_alarms += 1;
            if self.false_alarms >= FALSE_ALARMS {
                self.give_up();
            }
        }
        announced
    }

    /// The time until the next poll, if the schedule would wait this long, and at most `longest`.
    pub(super) fn wait(&self, scheduled: Duration, longest: Duration, need: Need) -> Duration {
        match (self.trust, need) {
            (Trust::None, _) | (_, Need::Decision) => scheduled,
            (Trust::Proven, Need::Change) => scheduled.max(longest.saturating_mul(3)),
            (Trust::Agrees, Need::Change) => scheduled.max(longest),
            // The queue and the request, which a stream does not show, may end it before it begins.
            (_, Need::Start) => scheduled.max(longest.min(scheduled.saturating_mul(2))),
        }
    }
}

impl fmt::Debug for Push {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Push")
            .field("trust", &self.trust)
            .finish_non_exhaustive()
    }
}

/// The environment of a subject, looked up if need be.
fn environment(client: &Client, subject: &Subject) -> Option<BoxStream<'static, Uuid>> {
    if let Some(id) = subject.environment_id() {
        return Some(stream::iter([id]).boxed());
    }
    let Subject::Service { service, .. } = subject else {
        return None;
    };
    let (client, service) = (client.clone(), service.id);
    let found = async move { crate::stream::environment_of(&client, service).await };
    Some(stream::once(found).filter_map(std::future::ready).boxed())
}

#[cfg(test)]
mod tests;
