//! News from a stream, which move the polls of a wait.
//!
//! A frame is never evidence: a wait learns everything from polls. The stream only moves them.
//!
//! | the stream | polls |
//! |---|---|
//! | shows no frame, or other states than the last poll | as without a stream |
//! | shows the states of the last poll | at the longest interval of the schedule |
//! | has announced a change before a poll found it, and the run is under way | three times as far apart |
//! | announces a change | about a second later |
//! | shows a change later than a poll, or announces changes that polls do not find | it is given up |
//!
//! A stream that is late by more than the longest interval is overtaken by a poll before it is trusted. Only
//! one that was in time, and then stays open without a frame, delays an end further: once, by two such
//! intervals.

use std::{
    collections::{VecDeque, hash_map::DefaultHasher},
    fmt,
    hash::{Hash as _, Hasher as _},
    time::Duration,
};

use futures_core::stream::BoxStream;
use futures_util::{StreamExt as _, stream};
use qovery_api::Client;
use tokio::time::Instant;
use uuid::Uuid;

use super::{Snapshot, State, Subject, api::states, clock::after};
use crate::stream::{DeploymentLine, Event, LiveExt as _, Reconnect};

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
pub(super) enum Heard {
    /// A frame that shows these states.
    Shows(Digest),
    /// The connection is lost.
    Lost,
}

/// Why a stream wakes a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Woken {
    /// A poll is due because of the news.
    Due,
    /// The stream shows the states of the last poll, and did not before: the next one can wait until then.
    Agrees(Instant),
}

/// The states of a subject: the whole, and its services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digest(u64);

/// What a wait needs to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// That the run begins.
    Waiting,
    /// Another state of the subject, which a stream shows.
    Moving,
    /// A fact that a stream does not show: all states are final, and the outcome is not decided.
    Deciding,
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
    heard: Option<BoxStream<'static, Heard>>,
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
    /// When a poll found a change that the stream had not shown.
    overtaken_at: Option<Instant>,
}

impl Push {
    /// Listens to the statuses of the environment that a subject is or belongs to; `None` if it is a
    /// cluster.
    pub(super) fn of(client: &Client, subject: &Subject) -> Option<Self> {
        let environments = environment(client, subject)?;
        let (client, viewed) = (client.clone(), subject.clone());
        let heard = environments.flat_map(move |environment| {
            let patient = Reconnect::default().attempts(u32::MAX);
            let statuses = client.deployment_status(environment).reconnect(patient);
            let statuses = statuses.ping_every(PING).silence_limit(SILENCE);
            let viewed = viewed.clone();
            let heard = statuses.filter_map(move |event| {
                let heard = match event {
                    Ok(Event::Item(frame)) => states(environment, &frame)
                        .and_then(|(whole, services)| Digest::of(&viewed, &whole, services))
                        .map(Heard::Shows),
                    Ok(Event::Reconnecting(_)) | Err(_) => Some(Heard::Lost),
                    Ok(_) => None,
                };
                std::future::ready(heard)
            });
            heard.boxed()
        });
        Some(Self::new(subject.clone(), heard.boxed()))
    }

    fn new(subject: Subject, heard: BoxStream<'static, Heard>) -> Self {
        Self {
            subject,
            heard: Some(heard),
            trust: Trust::None,
            shown: VecDeque::new(),
            polled: None,
            polled_at: Instant::now(),
            has_news: false,
            is_ahead: false,
            burst_since: None,
            due: None,
            false_alarms: 0,
            overtaken_at: None,
        }
    }

    /// Listens until the next poll has another time. `longest` is the longest interval of the schedule.
    /// Dropping the future loses nothing.
    async fn listen(&mut self, longest: Duration) -> Woken {
        loop {
            let due = self.due;
            let due = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            let trust = self.trust;
            let heard = async {
                match &mut self.heard {
                    Some(heard) => heard.next().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                heard = heard => self.hear(heard),
                () = due => {
                    // Once: a poll that fails is made again by the schedule.
                    (self.due, self.burst_since) = (None, None);
                    return Woken::Due;
                }
            }
            if trust == Trust::None && self.trust != Trust::None {
                return Woken::Agrees(after(self.polled_at, longest));
            }
        }
    }

    fn hear(&mut self, heard: Option<Heard>) {
        match heard {
            Some(Heard::Shows(digest)) => self.show(digest),
            Some(Heard::Lost) => self.lose(),
            None => {
                self.heard = None;
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
        self.overtaken_at = None;
        self.is_ahead = false;
        if std::mem::replace(&mut self.trust, Trust::None) == Trust::Proven {
            self.due = Some(Instant::now());
        }
    }

    /// The stream and the last poll show the same states.
    fn agree(&mut self) {
        let overtaken_at = self.overtaken_at.take();
        if overtaken_at.is_some_and(|at| at.elapsed() > GRACE) {
            return self.give_up();
        }
        self.trust = self.trust.max(Trust::Agrees);
    }

    /// A stream that was wrong once is not listened to any more.
    fn give_up(&mut self) {
        tracing::debug!(subject = %self.subject, "the stream contradicts the API, and is given up");
        self.heard = None;
        self.trust = Trust::None;
        self.due = None;
    }

    /// Notes what a poll has found. Returns whether it has not found yet what the stream announced.
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
        if self.heard.is_none() {
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
        self.trust = Trust::None;
        if let Some(at) = self.overtaken_at {
            if at.elapsed() > GRACE {
                self.give_up();
            }
        } else if changed && !self.shown.is_empty() && !self.shown.contains(&digest) {
            self.overtaken_at = Some(Instant::now());
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
    pub(super) fn wait(&self, scheduled: Duration, longest: Duration, stage: Stage) -> Duration {
        match (self.trust, stage) {
            (Trust::None, _) | (_, Stage::Deciding) => scheduled,
            (Trust::Proven, Stage::Moving) => scheduled.max(longest.saturating_mul(3)),
            (Trust::Agrees, Stage::Moving) | (_, Stage::Waiting) => scheduled.max(longest),
        }
    }
}

impl Digest {
    /// `None` if a service of the subject is not there.
    fn of(
        subject: &Subject,
        whole: &State,
        services: impl IntoIterator<Item = (Uuid, State)>,
    ) -> Option<Self> {
        let mut services: Vec<_> = services.into_iter().collect();
        services.sort_by_key(|(id, _)| *id);
        let of = |wanted: Uuid| services.iter().find(|(id, _)| *id == wanted);
        let mut hasher = DefaultHasher::new();
        match subject {
            Subject::Service { service, .. } => of(service.id)?.hash(&mut hasher),
            Subject::Services { services, .. } => {
                whole.hash(&mut hasher);
                for service in services {
                    of(service.id)?.hash(&mut hasher);
                }
            }
            Subject::Environment { .. } | Subject::Cluster { .. } => {
                (whole, &services).hash(&mut hasher);
            }
        }
        Some(Self(hasher.finish()))
    }
}

impl fmt::Debug for Push {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Push")
            .field("trust", &self.trust)
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

/// Waits until `wake`, or until a stream says that the next poll has another time; hands on log lines
/// meanwhile.
pub(super) async fn sleep(
    wake: Instant,
    longest: Duration,
    push: Option<&mut Push>,
    follow: Option<&mut Follow>,
) -> Option<Woken> {
    let listening = async {
        match push {
            Some(push) => push.listen(longest).await,
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
        woken = listening => Some(woken),
        () = following => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Digest = Digest(1);
    const B: Digest = Digest(2);
    const C: Digest = Digest(3);
    const SECOND: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_secs(15);

    fn push(heard: impl futures_core::Stream<Item = Heard> + Send + 'static) -> Push {
        Push::new(Subject::environment(Uuid::nil()), heard.boxed())
    }

    /// A stream that agrees with the first poll.
    fn agreeing() -> Push {
        let mut push = push(stream::pending());
        push.show(A);
        push.found(A);
        push
    }

    /// A stream that has announced a change in time.
    fn proven() -> Push {
        let mut push = agreeing();
        push.show(B);
        push.found(B);
        push
    }

    fn interval(push: &Push) -> Duration {
        push.wait(SECOND, LONGEST, Stage::Moving)
    }

    #[tokio::test(start_paused = true)]
    async fn polls_are_as_without_a_stream_until_it_shows_the_states_of_a_poll() {
        let mut push = push(stream::pending());
        assert_eq!(interval(&push), SECOND);
        push.found(A);
        assert_eq!(interval(&push), SECOND, "no frame");
        push.show(B);
        assert_eq!(interval(&push), SECOND, "another state");
        push.show(A);
        assert_eq!(interval(&push), LONGEST);
        assert_eq!(interval(&agreeing()), LONGEST);
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_change_that_was_announced_proves_a_stream() {
        assert_eq!(interval(&proven()), 3 * LONGEST);
        for (stage, interval) in [(Stage::Waiting, LONGEST), (Stage::Deciding, SECOND)] {
            assert_eq!(proven().wait(SECOND, LONGEST, stage), interval, "{stage:?}");
        }
        let mut push = agreeing();
        push.found(B);
        assert_eq!(interval(&push), SECOND, "found by a poll");
        push.show(B);
        assert_eq!(interval(&push), LONGEST, "a moment later is in time");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_that_a_poll_overtakes_is_given_up() {
        for shows_it_late in [true, false] {
            let mut push = proven();
            push.found(C);
            tokio::time::advance(GRACE + SECOND).await;
            if shows_it_late {
                push.show(C);
            } else {
                push.found(C);
            }
            assert!(push.heard.is_none());
            assert_eq!(interval(&push), SECOND);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_poll_that_is_behind_the_stream_is_no_fault_of_the_stream() {
        let mut push = proven();
        push.show(C);
        push.show(A);
        assert!(push.found(C), "more is expected");
        tokio::time::advance(GRACE + SECOND).await;
        push.found(A);
        assert!(push.heard.is_some());
        assert_eq!(interval(&push), 3 * LONGEST);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_whose_news_are_not_found_is_given_up() {
        let mut push = agreeing();
        for n in 0..FALSE_ALARMS {
            assert!(push.heard.is_some());
            push.show(Digest(100 + u64::from(n)));
            push.found(A);
        }
        assert!(push.heard.is_none());
        let woken = tokio::time::timeout(LONGEST, push.listen(LONGEST)).await;
        assert!(woken.is_err(), "it never wakes the wait again");
    }

    #[tokio::test(start_paused = true)]
    async fn news_in_a_burst_ask_for_one_poll_within_two_seconds() {
        let after = |seconds, digest| async move {
            tokio::time::sleep(seconds).await;
            Heard::Shows(digest)
        };
        for (gap, woken) in [
            (Duration::from_millis(100), Duration::from_millis(1300)),
            (Duration::from_millis(900), LONGEST_DELAY),
            (LONGEST, QUIET),
        ] {
            let frames = stream::iter([B, C, Digest(4), B]).then(move |digest| after(gap, digest));
            let mut push = push(frames);
            push.found(A);
            let started = Instant::now() + gap;
            push.listen(LONGEST).await;
            assert_eq!(Instant::now() - started, woken, "{gap:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_loss_of_a_proven_stream_asks_for_a_poll_and_of_another_does_not() {
        for (mut push, is_proven) in [(proven(), true), (agreeing(), false)] {
            push.heard = Some(stream::iter([Heard::Lost]).boxed());
            let woken = tokio::time::timeout(SECOND, push.listen(LONGEST)).await;
            assert_eq!(woken.is_ok(), is_proven);
            assert_eq!(interval(&push), SECOND);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn reconnects_do_not_put_a_poll_off_for_ever() {
        let flapping = stream::iter([Heard::Shows(A), Heard::Lost]).cycle();
        let mut push = push(flapping.then(|heard| async move {
            tokio::time::sleep(SECOND).await;
            heard
        }));
        push.found(A);
        let limit = Instant::now() + LONGEST;
        for _ in 0..40 {
            assert_eq!(push.listen(LONGEST).await, Woken::Agrees(limit));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_that_is_seen_after_a_reconnect_is_news() {
        let mut push = agreeing();
        push.lose();
        push.show(B);
        assert_eq!(push.due, Some(Instant::now() + QUIET));
    }

    #[test]
    fn other_services_than_those_of_the_subject_are_no_news() {
        let [one, other] = [Uuid::from_u128(1), Uuid::from_u128(2)];
        let service = super::super::ServiceRef::new(super::super::ServiceKind::Job, one);
        let of = |subject: &Subject, states: [State; 2]| {
            let [a, b] = states;
            Digest::of(subject, &State::Deploying, [(other, b), (one, a)])
        };
        let alone = Subject::Service {
            service,
            environment: None,
        };
        let before = of(&alone, [State::Deploying, State::Queued]);
        assert_eq!(before, of(&alone, [State::Deploying, State::Deployed]));
        assert_ne!(before, of(&alone, [State::Deployed, State::Queued]));
        let whole = Subject::environment(Uuid::nil());
        let before = of(&whole, [State::Deploying, State::Queued]);
        assert_ne!(before, of(&whole, [State::Deploying, State::Deployed]));
        let unknown = Subject::Service {
            service: super::super::ServiceRef::new(super::super::ServiceKind::Job, Uuid::nil()),
            environment: None,
        };
        assert_eq!(of(&unknown, [State::Deployed, State::Deployed]), None);
    }
}
