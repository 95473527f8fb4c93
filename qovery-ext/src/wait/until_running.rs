//! Whether deployed services run: their pods stay ready, or the reason why a pod cannot run.
//!
//! A service counts as running only while frames of an open connection show it. A connection may stay open
//! without frames, so the end of the window is confirmed by the first frame of another connection.

use std::{collections::BTreeMap, error, fmt, future::IntoFuture, time::Duration};

use qovery_api::{BoxFuture, Client, Printable, stream::types};
use tokio::{
    task::unconstrained,
    time::{Instant, sleep_until, timeout},
};
use uuid::Uuid;

use super::{Action, Goal, Reached, ServiceKind, State, Subject, WaitError};
use crate::clock::after;
use crate::stream::{Event, LiveExt as _, Reconnect, StreamError, StreamErrorKind};

/// How long a service may be in error, if the reason is not final, before this counts.
const PATIENCE: Duration = Duration::from_secs(60);
/// The number of log lines in a report on a pod.
const LINES: u32 = 20;
/// The interval of pings, and how long the connection may be silent. A lost connection is noticed within most
/// windows.
const PING: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(25);
/// How long the confirmation at the end of the window may take, if the limit passes before.
const CONFIRMATION: Duration = Duration::from_secs(10);
/// The delay after a connection that the server closed normally, and after a failed lookup.
const PAUSE: Duration = Duration::from_secs(5);

/// An action, and the wait after it until all long-running services have been running for a given time.
///
/// Available on crate feature `stream` only.
///
/// Created by [`Action::until_running`]. Applications, containers, databases, Helm charts and agentic
/// workflows are long-running; jobs and Terraform services are not. It waits only for services that are
/// deployed after the deployment.
///
/// Dropping the future has the same effect as for the action: the server continues.
#[must_use = "nothing happens until it is awaited"]
#[derive(Debug)]
pub struct UntilRunning {
    client: Option<Client>,
    is_supported: bool,
    action: Action,
    subject: Subject,
    window: Duration,
    limit: Duration,
}

/// All services have been running for the given time.
///
/// Available on crate feature `stream` only.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Running {
    /// The end of the deployment.
    pub reached: Reached,
    /// The services that were watched. Empty if the deployment has no long-running services.
    pub services: Vec<Uuid>,
}

/// The reason why services do not run.
///
/// Available on crate feature `stream` only.
#[derive(Debug)]
#[non_exhaustive]
pub enum NotRunning {
    /// The deployment did not reach its goal.
    NotDeployed(WaitError),
    /// A pod cannot run.
    Pod(Box<PodProblem>),
    /// The limit passed before all services were running for long enough. Has the ids of the other
    /// services.
    TimedOut(Vec<Uuid>),
    /// The running state cannot be read. If the address of the websocket API is not known, nothing was
    /// sent.
    Unknown(StreamError),
    /// Nothing was sent: a cluster has no such running state, and services do not run after an action
    /// that stops, deletes, uninstalls or cancels.
    Unsupported,
}

/// A pod that cannot run.
///
/// Available on crate feature `stream` only.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PodProblem {
    /// The kind of the problem.
    pub kind: PodProblemKind,
    /// The service.
    pub service: Uuid,
    /// The name of the pod.
    pub pod: String,
    /// The container, if the problem is that of a container.
    pub container: Option<String>,
    /// The reason as one word, from Kubernetes.
    pub reason: String,
    /// The message, unescaped.
    pub message: String,
    /// The exit code of the last run of the container.
    pub exit_code: Option<i32>,
    /// The last lines of the pod's log, unescaped.
    pub last_lines: Vec<String>,
}

/// The kind of a problem of a pod.
///
/// Available on crate feature `stream` only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PodProblemKind {
    /// The container ends repeatedly.
    CrashLoop,
    /// The image cannot be pulled.
    ImagePull,
    /// A probe fails.
    Probe,
    /// Another error.
    Other,
}

impl Action {
    /// Waits after the deployment until every long-running service has had its pods ready for `window`,
    /// without a restart. The end of the window is confirmed with a new connection. A pod that cannot run
    /// is a typed outcome: see [`NotRunning`].
    ///
    /// Nothing is sent if the subject is a cluster, if services do not run after this action, or if the
    /// address of the websocket API is not known: see [`NotRunning::Unsupported`] and
    /// [`NotRunning::Unknown`].
    ///
    /// Available on crate feature `stream` only.
    pub fn until_running(self, window: Duration) -> UntilRunning {
        let runs = |goal| matches!(goal, Goal::Deployed | Goal::Restarted);
        UntilRunning {
            client: self.source().client().cloned(),
            is_supported: self.goal().is_none_or(runs)
                && !matches!(self.subject(), Subject::Cluster { .. }),
            subject: self.subject().clone(),
            action: self,
            window,
            limit: Duration::from_secs(600),
        }
    }
}

impl UntilRunning {
    /// Sets the time limit for the services, counted from the end of the deployment. Default: 10
    /// minutes.
    pub fn running_within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    async fn run(self) -> Result<Running, NotRunning> {
        let Some(client) = self.client.filter(|_| self.is_supported) else {
            return Err(NotRunning::Unsupported);
        };
        if client.stream_url().is_none() {
            return Err(NotRunning::Unknown(StreamError::no_address()));
        }
        let reached = self.action.await.map_err(NotRunning::NotDeployed)?;
        let services = long_running(&self.subject, &reached);
        if !services.is_empty() {
            let until = after(Instant::now(), self.limit);
            let environment = environment(&client, &self.subject, until).await?;
            watch(&client, environment, &services, self.window, until).await?;
        }
        Ok(Running { reached, services })
    }
}

/// The environment of a subject. A lookup that fails is repeated until the time is over.
async fn environment(
    client: &Client,
    subject: &Subject,
    until: Instant,
) -> Result<Uuid, NotRunning> {
    if let Some(environment) = subject.environment_id() {
        return Ok(environment);
    }
    let Subject::Service { service, .. } = subject else {
        return Err(NotRunning::Unsupported);
    };
    loop {
        match crate::stream::environment_of(client, service.id).await {
            Ok(environment) => return Ok(environment),
            Err(error) if error.kind() == StreamErrorKind::Exhausted && Instant::now() < until => {
                tokio::time::sleep_until(until.min(after(Instant::now(), PAUSE))).await;
            }
            Err(error) => return Err(NotRunning::Unknown(error)),
        }
    }
}

impl IntoFuture for UntilRunning {
    type Output = Result<Running, NotRunning>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// The long-running services that are deployed after the deployment.
fn long_running(subject: &Subject, reached: &Reached) -> Vec<Uuid> {
    let is_long = |kind: ServiceKind| !matches!(kind, ServiceKind::Job | ServiceKind::Terraform);
    if let Subject::Service { service, .. } = subject {
        return is_long(service.kind)
            .then_some(service.id)
            .into_iter()
            .collect();
    }
    let snapshot = reached.snapshot.iter();
    let services = snapshot.flat_map(|snapshot| &snapshot.services);
    let services = services.filter(|service| {
        let is_meant = match subject {
            Subject::Services { services, .. } => {
                services.iter().any(|one| one.id == service.service.id)
            }
            _ => true,
        };
        is_meant
            && is_long(service.service.kind)
            && matches!(service.state, State::Deployed | State::Restarted)
    });
    services.map(|service| service.service.id).collect()
}

/// Watches until all services have been running for the window.
async fn watch(
    client: &Client,
    environment: Uuid,
    services: &[Uuid],
    window: Duration,
    until: Instant,
) -> Result<(), NotRunning> {
    let patient = Reconnect::default().attempts(u32::MAX);
    // Also the first state after a reconnect, if it has not changed. It starts the window again.
    let connect = || {
        let states = client.running_state(environment).reconnect(patient);
        let states = states.ping_every(PING).silence_limit(SILENCE);
        states.with_repeated_items()
    };
    let mut shown = connect();
    let mut watched = Watched::new(services, window, until);
    loop {
        let wake = watched.wake();
        // Continuous frames must not hide that the time is over.
        let is_over = Instant::now() > wake;
        let event = tokio::select! {
            biased;
            event = shown.next(), if !is_over => event,
            () = unconstrained(sleep_until(wake)) => {
                match watched.due() {
                    Due::Nothing => {}
                    Due::Confirmation => shown = connect(),
                    Due::Failure(problem) => {
                        return Err(NotRunning::Pod(Box::new(with_lines(client, *problem).await)));
                    }
                    Due::TimedOut(waiting) => return Err(NotRunning::TimedOut(waiting)),
                }
                continue;
            }
        };
        match event {
            Some(Ok(Event::Item(status))) => match watched.take(&status, environment) {
                Taken::Pending => {}
                Taken::Complete => return Ok(()),
                Taken::Failure(problem) => {
                    return Err(NotRunning::Pod(Box::new(
                        with_lines(client, *problem).await,
                    )));
                }
            },
            Some(Ok(Event::Reconnecting(_))) => watched.lose(),
            // The server has closed the connection normally, or a frame that cannot be read may have shown
            // anything. This is no evidence about the services.
            Some(Ok(_)) | None => {
                watched.lose();
                tokio::time::sleep_until(until.min(after(Instant::now(), PAUSE))).await;
                shown = connect();
            }
            Some(Err(error)) => return Err(NotRunning::Unknown(error)),
        }
    }
}

/// The next step when the time of [`Watched::wake`] has come.
enum Due {
    Nothing,
    /// The window is over: another connection has to show that all services still run.
    Confirmation,
    Failure(Box<PodProblem>),
    TimedOut(Vec<Uuid>),
}

/// The meaning of a frame.
enum Taken {
    Pending,
    /// All services have been running for the window.
    Complete,
    Failure(Box<PodProblem>),
}

/// The state of the services, by the frames.
struct Watched<'a> {
    services: &'a [Uuid],
    window: Duration,
    until: Instant,
    /// Since when all services run.
    running_since: Option<Instant>,
    /// Until when the end of the window has to be confirmed.
    confirms_until: Option<Instant>,
    /// The services that do not run.
    waiting: Vec<Uuid>,
    /// The problem of each pod, and since when it has one.
    failing: BTreeMap<String, (Instant, PodProblem)>,
    last_problem: Option<PodProblem>,
    /// How many times each pod was restarted.
    restarts: BTreeMap<String, i64>,
}

impl<'a> Watched<'a> {
    fn new(services: &'a [Uuid], window: Duration, until: Instant) -> Self {
        Self {
            services,
            window,
            until,
            running_since: None,
            confirms_until: None,
            waiting: services.to_vec(),
            failing: BTreeMap::new(),
            last_problem: None,
            restarts: BTreeMap::new(),
        }
    }

    /// When the window is over.
    fn complete_at(&self) -> Option<Instant> {
        self.running_since.map(|since| after(since, self.window))
    }

    /// The time of the next step, if no frame arrives.
    fn wake(&self) -> Instant {
        if let Some(until) = self.confirms_until {
            return until;
        }
        let patience = self
            .failing
            .values()
            .map(|(since, _)| after(*since, PATIENCE));
        let times = patience.chain(self.complete_at());
        times.fold(self.until, Instant::min)
    }

    fn due(&mut self) -> Due {
        let now = Instant::now();
        if self.confirms_until.is_none() {
            if self.complete_at().is_some_and(|complete| complete <= now) {
                self.confirms_until = Some(self.until.max(after(now, CONFIRMATION)));
                return Due::Confirmation;
            }
            let failed = self.failing.values();
            let mut failed = failed.filter(|(since, _)| after(*since, PATIENCE) <= now);
            if let Some((_, problem)) = failed.next() {
                return Due::Failure(Box::new(problem.clone()));
            }
            if now < self.until {
                return Due::Nothing;
            }
        }
        match self.last_problem.take() {
            Some(problem) => Due::Failure(Box::new(problem)),
            None if self.waiting.is_empty() => Due::TimedOut(self.services.to_vec()),
            None => Due::TimedOut(std::mem::take(&mut self.waiting)),
        }
    }

    fn take(&mut self, status: &types::ServiceStatusDto, environment: Uuid) -> Taken {
        let judged = judge(status, environment, self.services);
        let now = Instant::now();
        let has_restarted = judged.restarts.iter().any(|(pod, count)| {
            let before = self.restarts.get(pod);
            before.is_some_and(|before| before < count)
        });
        self.restarts = judged.restarts;
        self.waiting = judged.waiting;
        self.last_problem = judged.problems.first().cloned();
        self.failing
            .retain(|pod, _| judged.problems.iter().any(|one| one.pod == *pod));
        for problem in judged.problems {
            let is_final = matches!(
                problem.kind,
                PodProblemKind::CrashLoop | PodProblemKind::ImagePull
            );
            let since = self.failing.get(&problem.pod);
            let since = since.map_or(now, |(since, _)| *since);
            if is_final || after(since, PATIENCE) <= now {
                return Taken::Failure(Box::new(problem));
            }
            self.failing.insert(problem.pod.clone(), (since, problem));
        }
        if !self.waiting.is_empty() {
            self.begin_again();
            return Taken::Pending;
        }
        if has_restarted {
            self.begin_again();
        }
        self.confirms_until = None;
        let since = *self.running_since.get_or_insert(now);
        match after(since, self.window) <= now {
            true => Taken::Complete,
            false => Taken::Pending,
        }
    }

    /// The window starts again with the next frame.
    fn begin_again(&mut self) {
        self.running_since = None;
        self.confirms_until = None;
    }

    /// The state is unknown while there is no connection.
    fn lose(&mut self) {
        self.begin_again();
        self.failing.clear();
    }
}

struct Judged {
    /// The services that do not run.
    waiting: Vec<Uuid>,
    problems: Vec<PodProblem>,
    /// How many times each pod was restarted.
    restarts: BTreeMap<String, i64>,
}

/// Updates the services from a frame.
fn judge(status: &types::ServiceStatusDto, environment: Uuid, services: &[Uuid]) -> Judged {
    let environments = status.environments.iter();
    let environments =
        environments.filter(|one| Uuid::parse_str(&one.id).is_ok_and(|id| id == environment));
    let mut known: BTreeMap<Uuid, (bool, &[types::PodStatusDto])> = BTreeMap::new();
    for one in environments {
        let services = [
            &one.applications,
            &one.containers,
            &one.helms,
            &one.agentic_workflows,
        ];
        let services = services.into_iter().flatten();
        let services = services.map(|one| (&one.id, &one.state, &one.pods));
        let databases = one.databases.iter();
        let databases = databases.map(|one| (&one.id, &one.state, &one.pods));
        for (id, state, pods) in services.chain(databases) {
            if let Ok(id) = Uuid::parse_str(id) {
                known.insert(id, (*state == types::ServiceStateDto::Running, pods));
            }
        }
    }
    let mut judged = Judged {
        waiting: Vec::new(),
        problems: Vec::new(),
        restarts: BTreeMap::new(),
    };
    for id in services {
        let (runs, pods) = known.get(id).copied().unwrap_or((false, &[]));
        let ready = |pod: &types::PodStatusDto| pod.state == types::ServiceStateDto::Running;
        if !runs || !pods.iter().all(ready) {
            judged.waiting.push(*id);
        }
        for pod in pods {
            judged.restarts.insert(pod.name.clone(), restarts(pod));
            judged.problems.extend(problem(*id, pod));
        }
    }
    judged
}

/// How many times a pod was restarted: by itself, or by its containers.
fn restarts(pod: &types::PodStatusDto) -> i64 {
    let containers = pod.containers.iter();
    let containers = containers.map(|container| container.restart_count);
    let sum = containers.fold(0, i64::saturating_add);
    sum.max(pod.restart_count)
}

/// The problem of a pod, if it has one.
fn problem(service: Uuid, pod: &types::PodStatusDto) -> Option<PodProblem> {
    let failing = pod.containers.iter().find_map(|container| {
        let state = container.current_state.as_ref()?;
        let reason = state
            .state_reason
            .as_deref()
            .filter(|reason| !reason.is_empty())?;
        let is_failing = kind_of(reason) != PodProblemKind::Other
            || state.state == types::ServiceStateDto::Error;
        is_failing.then_some((container, reason, state.state_message.as_deref()))
    });
    let ended = |container: &types::ContainerStatusDto| {
        container
            .last_terminated_state
            .as_ref()
            .map(|end| end.exit_code)
    };
    let probe = pod
        .last_events
        .iter()
        .rev()
        .find(|event| event.reason == "Unhealthy");
    let probe = probe.filter(|_| pod.state != types::ServiceStateDto::Running);
    let found = match (failing, probe) {
        (Some((container, reason, message)), _) => (
            kind_of(reason),
            Some(container),
            reason,
            message.unwrap_or_default(),
        ),
        (None, _) if kind_of(&pod.state_reason) != PodProblemKind::Other => (
            kind_of(&pod.state_reason),
            None,
            pod.state_reason.as_str(),
            pod.state_message.as_str(),
        ),
        (None, Some(event)) => (
            PodProblemKind::Probe,
            None,
            event.reason.as_str(),
            event.message.as_str(),
        ),
        (None, None) if pod.state == types::ServiceStateDto::Error => (
            PodProblemKind::Other,
            None,
            pod.state_reason.as_str(),
            pod.state_message.as_str(),
        ),
        (None, None) => return None,
    };
    let (kind, container, reason, message) = found;
    let exit_code = match container {
        Some(container) => ended(container),
        None => pod.containers.iter().find_map(ended),
    };
    Some(PodProblem {
        kind,
        service,
        pod: pod.name.clone(),
        container: container.map(|container| container.name.clone()),
        reason: reason.to_owned(),
        message: message.to_owned(),
        exit_code: exit_code.and_then(|code| i32::try_from(code).ok()),
        last_lines: Vec::new(),
    })
}

fn kind_of(reason: &str) -> PodProblemKind {
    match reason {
        "CrashLoopBackOff" => PodProblemKind::CrashLoop,
        "ImagePullBackOff"
        | "ErrImagePull"
        | "ErrImageNeverPull"
        | "InvalidImageName"
        | "RegistryUnavailable" => PodProblemKind::ImagePull,
        "Unhealthy" => PodProblemKind::Probe,
        _ => PodProblemKind::Other,
    }
}

/// The same with the last lines of the pod, if they can be read within a short time.
async fn with_lines(client: &Client, mut problem: PodProblem) -> PodProblem {
    let lines = client
        .service_logs(problem.service)
        .pod(problem.pod.clone())
        .limit(LINES);
    let mut lines = lines.reconnect(Reconnect::never()).items();
    let until = Instant::now() + Duration::from_secs(5);
    while Instant::now() < until
        && problem.last_lines.len() < usize::try_from(LINES).unwrap_or(usize::MAX)
        && let Ok(Some(Ok(line))) = timeout(Duration::from_secs(1), lines.next()).await
    {
        problem.last_lines.push(line.line.message);
    }
    problem
}

impl fmt::Display for PodProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "pod {} of service {}",
            Printable::new(&self.pod),
            self.service
        )?;
        if let Some(container) = &self.container {
            write!(f, ", container {}", Printable::new(container))?;
        }
        write!(f, ": {}", Printable::new(&self.reason))?;
        if let Some(code) = self.exit_code {
            write!(f, ", exit code {code}")?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", Printable::new(&self.message))?;
        }
        for line in &self.last_lines {
            write!(f, "\n  {}", Printable::new(line))?;
        }
        Ok(())
    }
}

impl NotRunning {
    /// Returns the error of the wait for the deployment, if the deployment did not reach its goal.
    pub fn wait_error(&self) -> Option<&WaitError> {
        match self {
            Self::NotDeployed(error) => Some(error),
            _ => None,
        }
    }

    /// Returns the error of the call, if the wait for the deployment ended because a call failed.
    pub fn api_error(&self) -> Option<&qovery_api::Error> {
        self.wait_error()?.api_error()
    }

    /// Returns the exit code of the [`WaitError`], or 3 for any other reason, for [`std::process::exit`].
    pub fn exit_code(&self) -> u8 {
        self.wait_error().map_or(3, WaitError::exit_code)
    }
}

impl fmt::Display for NotRunning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDeployed(error) => error.fmt(f),
            Self::Pod(problem) => problem.fmt(f),
            Self::TimedOut(services) => {
                f.write_str("not all services were running for long enough:")?;
                services.iter().try_for_each(|id| write!(f, " {id}"))
            }
            Self::Unknown(error) => write!(f, "the running state cannot be read: {error}"),
            Self::Unsupported => f.write_str(
                "the API shows no running services of a cluster or after this action: nothing was sent",
            ),
        }
    }
}

impl error::Error for NotRunning {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::NotDeployed(error) => Some(error),
            Self::Unknown(error) => Some(error),
            Self::Pod(_) | Self::TimedOut(_) | Self::Unsupported => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use qovery_api::{
        BoxFuture, RawResponse, Request, Transport, TransportError, Upgrade, Upgraded,
        http::{HeaderMap, HeaderValue, StatusCode, header},
    };
    use tokio::io::AsyncWriteExt as _;
    use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

    use super::*;

    /// A server that sends an endless frame over each websocket.
    struct Flood(&'static str);

    impl Transport for Flood {
        fn send(&self, _: Request) -> BoxFuture<'_, Result<RawResponse, TransportError>> {
            let id = Uuid::nil();
            let environment = serde_json::json!({
                "id": id, "created_at": "2026-01-01T00:00:00Z", "name": "n", "organization": {"id": id},
                "project": {"id": id}, "cloud_provider": {}, "mode": "PREVIEW", "cluster_id": id,
            });
            let body = environment.to_string();
            Box::pin(async { Ok(RawResponse::new(StatusCode::OK, HeaderMap::new(), body)) })
        }

        fn upgrade(&self, request: Request) -> BoxFuture<'_, Result<Upgrade, TransportError>> {
            let key = request.headers[header::SEC_WEBSOCKET_KEY].as_bytes();
            let accept = HeaderValue::from_str(&derive_accept_key(key)).unwrap();
            let mut headers = HeaderMap::new();
            headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            let length = u8::try_from(self.0.len()).unwrap();
            let frame = [&[0x81, length], self.0.as_bytes()].concat().repeat(1000);
            let (near, mut far) = tokio::io::duplex(64 * 1024);
            tokio::spawn(async move { while far.write_all(&frame).await.is_ok() {} });
            let upgraded = Upgraded::new(headers, near);
            Box::pin(async { Ok(Upgrade::Switched(upgraded)) })
        }
    }

    #[tokio::test]
    async fn endless_frames_do_not_hide_that_the_time_is_over() {
        let id = Uuid::nil();
        for frame in [
            r#"{"entity":["a"]}"#,
            r#"{"environments":[]}"#,
            "no JSON",
            "[[[[[[",
        ] {
            let client = Client::builder()
                .base_url("https://h.test")
                .stream_url("wss://h.test");
            let client = client.transport(Flood(frame)).build().unwrap();
            let begun = Instant::now();
            let until = begun + Duration::from_millis(300);
            let watched = watch(&client, id, &[id], Duration::from_secs(60), until).await;
            assert!(
                matches!(watched, Err(NotRunning::TimedOut(_))),
                "{frame}: {watched:?}"
            );
            let took = begun.elapsed();
            assert!(took < Duration::from_secs(20), "{frame}: {took:?}");
        }
    }
}
