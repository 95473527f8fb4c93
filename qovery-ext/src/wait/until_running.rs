//! Whether deployed services run: their pods stay ready, or the reason why a pod cannot run.
//!
//! A service counts as running only while frames of an open connection show it. A connection may stay open
//! without frames, so the end of the window is confirmed by the first frame of another connection.

mod not_running;
mod pod_problem;
mod watched;

use std::{future::IntoFuture, time::Duration};

use qovery_api::{BoxFuture, Client};
use tokio::{
    task::unconstrained,
    time::{Instant, sleep_until},
};
use uuid::Uuid;

pub use not_running::NotRunning;
pub use pod_problem::{PodProblem, PodProblemKind};

use pod_problem::with_lines;
use watched::{Step, Watched};

use super::{Action, Goal, Reached, ServiceKind, State, Subject};
use crate::clock::after;
use crate::stream::{Event, LiveExt as _, Reconnect, StreamError, StreamErrorKind};

/// The interval of pings, and how long the connection may be silent. A lost connection is noticed within most
/// windows.
const PING: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(25);
/// The delay after a connection that the server closed normally, and after a failed lookup.
const PAUSE: Duration = Duration::from_secs(5);

/// An action, and the wait after it until all long-running services have been running for a given time.
///
/// Available on crate feature `stream` only.
///
/// Created by [`Action::until_running`]. Applications, containers, databases, Helm charts and agentic workflows
/// are long-running; jobs and Terraform services are not. It watches the services whose state is `DEPLOYED` or
/// `RESTARTED` after the deployment.
///
/// Dropping the future cancels nothing on the server, as with the action.
#[must_use = "nothing happens until it is awaited"]
#[derive(Debug)]
pub struct UntilRunning {
    client: Client,
    /// The error before anything is sent.
    refusal: Option<NotRunning>,
    action: Action,
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
        let runs = |goal: &Goal| matches!(goal, Goal::Deployed | Goal::Restarted);
        let goal = self.goal().filter(|goal| !runs(goal));
        let is_cluster = matches!(self.subject(), Subject::Cluster { .. });
        UntilRunning {
            client: self.source().client.clone(),
            refusal: match is_cluster {
                true => Some(NotRunning::Unsupported { goal: None }),
                false => goal.map(|goal| NotRunning::Unsupported { goal: Some(goal) }),
            },
            action: self,
            window,
            limit: Duration::from_secs(600),
        }
    }
}

impl UntilRunning {
    /// Sets the time limit for the services, counted from the end of the deployment. The confirmation at the
    /// end of the window may take up to 10 s beyond it. Default: 10 minutes.
    pub fn running_within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    async fn run(self) -> Result<Running, NotRunning> {
        if let Some(refusal) = self.refusal {
            return Err(refusal);
        }
        let client = self.client;
        if client.stream_url().is_none() {
            return Err(NotRunning::Unknown(StreamError::no_address()));
        }
        let reached = self.action.await.map_err(NotRunning::NotDeployed)?;
        // The action of a deployment request does not know its environment before it is started.
        let subject = reached.token.subject();
        let services = long_running(subject, &reached);
        if !services.is_empty() {
            let until = after(Instant::now(), self.limit);
            let environment = environment(&client, subject, until).await?;
            let (window, limit) = (self.window, self.limit);
            let late = watch(&client, environment, &services, window, until).await?;
            if let Some(services) = late {
                return Err(NotRunning::TimedOut {
                    services,
                    window,
                    limit,
                });
            }
        }
        Ok(Running { reached, services })
    }
}

/// The environment of a subject. A lookup that fails is retried until the time is over.
async fn environment(
    client: &Client,
    subject: &Subject,
    until: Instant,
) -> Result<Uuid, NotRunning> {
    if let Some(environment) = subject.environment_id() {
        return Ok(environment);
    }
    let Subject::Service { service, .. } = subject else {
        return Err(NotRunning::Unsupported { goal: None });
    };
    loop {
        match crate::stream::environment_of(client, service.id).await {
            Ok(environment) => return Ok(environment),
            Err(error) if error.kind() == StreamErrorKind::Exhausted && Instant::now() < until => {
                sleep_until(until.min(after(Instant::now(), PAUSE))).await;
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

/// The long-running services that are in a deployed state after the deployment.
fn long_running(subject: &Subject, reached: &Reached) -> Vec<Uuid> {
    let is_long = |kind: ServiceKind| !matches!(kind, ServiceKind::Job | ServiceKind::Terraform);
    if let Subject::Service { service, .. } = subject {
        let long = Some(service.id).filter(|_| is_long(service.kind));
        return long.into_iter().collect();
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

/// Watches until all services have been running for the window. Returns the services that have not, if the time
/// is over.
async fn watch(
    client: &Client,
    environment: Uuid,
    services: &[Uuid],
    window: Duration,
    until: Instant,
) -> Result<Option<Vec<Uuid>>, NotRunning> {
    let patient = Reconnect::default().attempts(u32::MAX);
    // The first state after a reconnect is delivered too, even if it has not changed. It starts the window
    // again.
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
        let step = tokio::select! {
            biased;
            event = shown.next(), if !is_over => match event {
                Some(Ok(Event::Item(status))) => watched.take(&status, environment),
                Some(Ok(Event::Reconnecting(_))) => watched.lose(),
                // The server has closed the connection normally, or a frame that cannot be read may have shown
                // anything. This is no evidence about the services.
                Some(Ok(_)) | None => {
                    watched.lose();
                    sleep_until(until.min(after(Instant::now(), PAUSE))).await;
                    Step::Connect
                }
                Some(Err(error)) => return Err(NotRunning::Unknown(error)),
            },
            () = unconstrained(sleep_until(wake)) => watched.due(),
        };
        match step {
            Step::Wait => {}
            Step::Connect => shown = connect(),
            Step::Complete => return Ok(None),
            Step::Failure(problem) => {
                let problem = with_lines(client, *problem).await;
                return Err(NotRunning::Pod(Box::new(problem)));
            }
            Step::TimedOut(waiting) => return Ok(Some(waiting)),
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
                matches!(&watched, Ok(Some(late)) if *late == [id]),
                "{frame}: {watched:?}"
            );
            let took = begun.elapsed();
            assert!(took < Duration::from_secs(20), "{frame}: {took:?}");
        }
    }
}
