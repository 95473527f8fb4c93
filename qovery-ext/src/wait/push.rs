//! News from a stream, which make a wait poll earlier.
//!
//! A frame is never evidence: a wait learns everything from the same polls as without a stream. The
//! stream only moves them: news bring the next poll forward, and while a stream is trusted, the polls in
//! between are as far apart as heartbeats. Trust is earned by announcing a change that a poll then
//! finds, and lost with the connection or with a change that was not announced.

use std::{fmt, time::Duration};

use futures_core::stream::BoxStream;
use futures_util::{StreamExt as _, stream};
use qovery_api::Client;
use tokio::time::Instant;
use uuid::Uuid;

use super::{Subject, clock::after};
use crate::stream::{DeploymentLine, Event, LiveExt as _, Reconnect};

/// How far two polls are apart that news ask for.
const SHORTEST: Duration = Duration::from_secs(1);
/// How often a ping asks whether the connection is alive.
const PING: Duration = Duration::from_secs(5);
/// How long a connection may be silent, pings unanswered too. Shorter than the longest interval between
/// two polls, so that a connection that died costs no more than a poll of the schedule.
const SILENCE: Duration = Duration::from_secs(12);

/// A message of a stream to a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// The status has changed, as far as the stream can be believed.
    News,
    /// The connection is lost.
    Lost,
}

/// A stream that is listened to during a wait.
pub(super) struct Push {
    heard: BoxStream<'static, Heard>,
    has_ended: bool,
    /// Whether the last message came over a connection that was not lost since.
    is_connected: bool,
    /// Whether news came since the last poll.
    has_news: bool,
    is_trusted: bool,
    last_poll: Option<Instant>,
}

impl Push {
    /// Listens to the statuses of the environment that a subject is or belongs to; `None` if it is a
    /// cluster.
    pub(super) fn of(client: &Client, subject: &Subject) -> Option<Self> {
        let statuses = environment(client, subject)?;
        let client = client.clone();
        let heard = statuses.flat_map(move |environment| {
            let patient = Reconnect::default().attempts(u32::MAX);
            let statuses = client.deployment_status(environment).reconnect(patient);
            let statuses = statuses.ping_every(PING).silence_limit(SILENCE);
            let mut last = None;
            let heard = statuses.filter_map(move |event| {
                let heard = match event {
                    // The same status again is no news.
                    Ok(Event::Item(status)) => {
                        let is_news = last.as_ref().is_some_and(|last| *last != status);
                        last = Some(status);
                        is_news.then_some(Heard::News)
                    }
                    Ok(Event::Reconnecting(_)) | Err(_) => Some(Heard::Lost),
                    Ok(_) => None,
                };
                std::future::ready(heard)
            });
            heard.boxed()
        });
        Some(Self::new(heard.boxed()))
    }

    fn new(heard: BoxStream<'static, Heard>) -> Self {
        Self {
            heard,
            has_ended: false,
            is_connected: false,
            has_news: false,
            is_trusted: false,
            last_poll: None,
        }
    }

    /// Waits for news, or for the loss of a stream that is trusted: both ask for a poll. Waits for ever if
    /// the stream has ended. Dropping the future loses nothing.
    async fn listen(&mut self) {
        loop {
            if self.has_ended {
                return std::future::pending().await;
            }
            match self.heard.next().await {
                Some(Heard::News) => {
                    self.is_connected = true;
                    self.has_news = true;
                    return;
                }
                Some(Heard::Lost) => {}
                None => self.has_ended = true,
            }
            self.is_connected = false;
            if std::mem::take(&mut self.is_trusted) {
                return;
            }
        }
    }

    /// When to poll because of the news.
    pub(super) fn due(&self) -> Instant {
        let now = Instant::now();
        self.last_poll
            .map_or(now, |last| after(last, SHORTEST).max(now))
    }

    /// A poll has found a change, or none.
    pub(super) fn polled(&mut self, changed: bool) {
        let announced = std::mem::take(&mut self.has_news);
        let is_first = self.last_poll.replace(Instant::now()).is_none();
        match (changed, announced) {
            (true, true) => self.is_trusted = self.is_connected,
            (true, false) if !is_first => self.is_trusted = false,
            _ => {}
        }
    }

    /// The time until the next poll, if the schedule would wait this long: while the stream is trusted, that
    /// of a heartbeat.
    pub(super) fn wait(&self, scheduled: Duration, heartbeat: Duration) -> Duration {
        if self.is_trusted {
            scheduled.max(heartbeat)
        } else {
            scheduled
        }
    }
}

impl fmt::Debug for Push {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Push")
            .field("is_trusted", &self.is_trusted)
            .finish_non_exhaustive()
    }
}

/// A callback for lines of a log.
pub(super) type Follower = Box<dyn FnMut(&DeploymentLine) + Send>;

/// A log that is followed during a wait.
pub(super) struct Follow {
    lines: BoxStream<'static, DeploymentLine>,
    has_ended: bool,
    follower: Follower,
    /// The executions from before the wait, whose lines are not of interest.
    before: Vec<String>,
}

impl Follow {
    /// Follows the log of the environment that a subject is or belongs to; `None` if it is a cluster.
    pub(super) fn of(
        client: &Client,
        subject: &Subject,
        before: Vec<String>,
        follower: Follower,
    ) -> Option<Self> {
        let environment = environment(client, subject)?;
        let client = client.clone();
        let lines = environment.flat_map(move |environment| {
            let patient = Reconnect::default().attempts(u32::MAX);
            let lines = client
                .deployment_logs(environment)
                .reconnect(patient)
                .items();
            lines
                .filter_map(|line| std::future::ready(line.ok()))
                .boxed()
        });
        Some(Self {
            lines: lines.boxed(),
            has_ended: false,
            follower,
            before,
        })
    }

    /// Hands lines on for as long as it is polled. Dropping the future loses nothing.
    async fn run(&mut self) {
        while !self.has_ended {
            match self.lines.next().await {
                Some(line) => self.hand_on(&line),
                None => self.has_ended = true,
            }
        }
        std::future::pending().await
    }

    /// Hands on the last lines of a deployment, which come with its end: until none comes for half a
    /// second, and for at most 2 s.
    pub(super) async fn finish(&mut self) {
        const QUIET: Duration = Duration::from_millis(500);
        let until = after(Instant::now(), 4 * QUIET);
        while !self.has_ended
            && let Ok(Some(line)) = tokio::time::timeout(QUIET, self.lines.next()).await
        {
            self.hand_on(&line);
            if Instant::now() >= until {
                return;
            }
        }
    }

    fn hand_on(&mut self, line: &DeploymentLine) {
        let execution = line.entry.details.execution_id.as_ref();
        if execution.is_none_or(|execution| !self.before.contains(execution)) {
            (self.follower)(line);
        }
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

/// Waits until `wake`, or until news ask for a poll; hands on log lines meanwhile. Gives the time for
/// which news ask.
pub(super) async fn sleep(
    wake: Instant,
    push: Option<&mut Push>,
    follow: Option<&mut Follow>,
) -> Option<Instant> {
    let listening = async {
        match push {
            Some(push) => {
                push.listen().await;
                push.due()
            }
            None => std::future::pending().await,
        }
    };
    let following = async {
        match follow {
            Some(follow) => follow.run().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = tokio::time::sleep_until(wake) => None,
        due = listening => Some(due),
        () = following => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push() -> Push {
        Push::new(stream::pending().boxed())
    }

    const SECOND: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_secs(15);

    #[tokio::test(start_paused = true)]
    async fn trust_is_earned_by_an_announced_change_and_lost_by_another() {
        let mut push = push();
        push.is_connected = true;
        push.polled(true);
        assert_eq!(
            push.wait(SECOND, LONGEST),
            SECOND,
            "the first poll proves nothing"
        );
        push.has_news = true;
        push.polled(false);
        assert_eq!(push.wait(SECOND, LONGEST), SECOND, "news of nothing");
        push.has_news = true;
        push.polled(true);
        assert_eq!(push.wait(SECOND, LONGEST), LONGEST);
        push.polled(false);
        assert_eq!(push.wait(SECOND, LONGEST), LONGEST);
        push.polled(true);
        assert_eq!(push.wait(SECOND, LONGEST), SECOND, "a change without news");
    }

    #[tokio::test(start_paused = true)]
    async fn trust_ends_with_the_connection_and_a_stream_that_ended_never_wakes() {
        let mut push = Push::new(stream::iter([Heard::News, Heard::Lost]).boxed());
        push.polled(true);
        push.listen().await;
        push.polled(true);
        assert_eq!(push.wait(SECOND, LONGEST), LONGEST);
        push.listen().await;
        assert_eq!(push.wait(SECOND, LONGEST), SECOND, "the connection is lost");
        let woken = tokio::time::timeout(LONGEST, push.listen()).await;
        assert!(woken.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn news_from_a_connection_that_is_lost_before_the_poll_earn_no_trust() {
        let mut push = Push::new(stream::iter([Heard::News]).boxed());
        push.polled(true);
        push.listen().await;
        let _ = tokio::time::timeout(SECOND, push.listen()).await;
        push.polled(true);
        assert_eq!(push.wait(SECOND, LONGEST), SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn polls_that_news_ask_for_are_a_second_apart() {
        let mut push = push();
        assert_eq!(push.due(), Instant::now());
        push.polled(false);
        assert_eq!(push.due(), Instant::now() + SHORTEST);
    }
}
