//! A second server that was written independently of the fake, from the guide and the known facts about the API. It has
//! its own model of events. The tests try to make the waits of the library report a false or premature success, or a
//! false failure.
//!
//! Each test is one situation. `random` combines situations at random: `SECOND_SERVER_RUNS=5000` runs more of them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails if one of its assumptions is wrong"
)]

mod api;
mod cancels;
mod clusters;
mod concurrent_deployments;
mod deletions;
mod groups;
mod http_server;
mod lagging_view;
mod random;
mod requests;
mod responses;
mod resumed;
mod stops_and_restarts;
mod undocumented_behavior;
mod world;

use std::future::IntoFuture;

use qovery_api::Client;
use qovery_api::uuid::Uuid;
use qovery_ext::wait::{Action, EnvironmentHandle, Reached, WaitError, WaitErrorKind, WaitExt};

use http_server::Server;
use undocumented_behavior::Behavior;
use world::{Actor, Demand, Ms, Plan, START, Verb, World};

/// The outcome of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Reached,
    Failed,
    Canceled,
    Superseded,
    Deadline,
    LostContact,
    Refused,
}

/// The outcome that the library reports, and its time.
#[derive(Debug)]
struct Report {
    how: Ended,
    at: Ms,
    text: String,
    result: Result<Reached, WaitError>,
}

impl Report {
    fn of(server: &Server, result: Result<Reached, WaitError>) -> Self {
        let how = match &result {
            Ok(_) => Ended::Reached,
            Err(error) => match error.kind() {
                WaitErrorKind::Failed => Ended::Failed,
                WaitErrorKind::Canceled => Ended::Canceled,
                WaitErrorKind::Superseded => Ended::Superseded,
                WaitErrorKind::DeadlinePassed => Ended::Deadline,
                WaitErrorKind::LostContact => Ended::LostContact,
                WaitErrorKind::Refused => Ended::Refused,
                _ => panic!("a kind that the guide does not name: {error}"),
            },
        };
        let text = match &result {
            Ok(reached) => format!("{reached:#}"),
            Err(error) => format!("{error:#}"),
        };
        Self {
            how,
            at: server.elapsed(),
            text,
            result,
        }
    }

    #[track_caller]
    fn is(&self, how: Ended) -> &Self {
        assert_eq!(self.how, how, "after {} ms: {}", self.at, self.text);
        self
    }

    #[track_caller]
    fn is_one_of(&self, hows: &[Ended]) -> &Self {
        assert!(
            hows.contains(&self.how),
            "{:?} after {} ms: {}",
            self.how,
            self.at,
            self.text
        );
        self
    }

    /// Checks that the outcome is the success of this request, and was not reported before its end.
    #[track_caller]
    fn reached_by(&self, demand: &Demand) -> &Self {
        self.is(Ended::Reached);
        let Some(at) = demand.succeeded_at() else {
            panic!(
                "reached, but the request is {:?}: {}",
                demand.fate, self.text
            );
        };
        let (report, at) = (self.at, at - START);
        assert!(
            report >= at,
            "reached at {report} ms, before its end at {at}: {}",
            self.text
        );
        self
    }

    #[track_caller]
    fn within(&self, limit: Ms) -> &Self {
        assert!(self.at <= limit, "only after {} ms: {}", self.at, self.text);
        self
    }

    #[track_caller]
    fn error(&self) -> &WaitError {
        self.result.as_ref().expect_err("an error")
    }
}

/// An environment of three services on a server: an application in stage 0, a container and a database
/// in stage 1. They were deployed an hour ago.
struct Case {
    server: Server,
    client: Client,
    environment: Uuid,
    application: Uuid,
    container: Uuid,
    database: Uuid,
}

const THREE: [(&str, usize); 3] = [("application", 0), ("container", 1), ("database", 1)];

impl Case {
    fn new(behavior: Behavior) -> Self {
        let server = Server::new(behavior);
        let (environment, services) = server.with(|world| {
            let environment = world.environment(&THREE, true);
            (environment, world.services_of(environment))
        });
        Self {
            client: server.client(),
            server,
            environment,
            application: services[0],
            container: services[1],
            database: services[2],
        }
    }

    /// Sets the course of the next action of the library.
    fn plan(&self, plan: Plan) -> &Self {
        self.server.with(|world| world.plans.push(plan));
        self
    }

    /// Another user acts at a time after the start.
    fn someone(&self, at: Ms, by: Actor, verb: Verb, only: &[Uuid], plan: Plan) -> &Self {
        let scope = (!only.is_empty()).then(|| only.iter().copied().collect());
        let environment = self.environment;
        self.server.with(|world| {
            world.at(at, move |world| {
                world.accept(environment, verb, scope, by, plan);
            });
        });
        self
    }

    /// Another user acts right before the request of the library is accepted.
    fn before_ours(&self, by: Actor, verb: Verb, only: &[Uuid], plan: Plan) -> &Self {
        let scope = (!only.is_empty()).then(|| only.iter().copied().collect());
        let environment = self.environment;
        self.server.with(|world| {
            world.before_ours(move |world| {
                world.accept(environment, verb, scope, by, plan);
            });
        });
        self
    }

    /// Another user acts this long after the request of the library was accepted.
    fn after_ours(&self, delay: Ms, by: Actor, verb: Verb, only: &[Uuid], plan: Plan) -> &Self {
        let scope = (!only.is_empty()).then(|| only.iter().copied().collect());
        let environment = self.environment;
        self.server.with(|world| {
            world.after_ours(delay, move |world| {
                world.accept(environment, verb, scope, by, plan);
            });
        });
        self
    }

    fn at(&self, at: Ms, job: impl FnOnce(&mut World) + Send + 'static) -> &Self {
        self.server.with(|world| world.at(at, job));
        self
    }

    /// Acts on the environment, and waits.
    async fn environment(&self, act: impl FnOnce(&EnvironmentHandle) -> Action) -> Report {
        let handle = self.client.environment(self.environment);
        self.report(act(&handle)).await
    }

    async fn report(&self, action: impl IntoFuture<Output = Result<Reached, WaitError>>) -> Report {
        Report::of(&self.server, action.await)
    }

    /// The request of the library with this number.
    fn ours(&self, number: usize) -> Demand {
        self.server
            .with(|world| world.demands[&world.ours[number]].clone())
    }

    /// How many requests with this method and this end of the path were executed.
    fn executed(&self, method: &str, path: &str) -> usize {
        self.server.with(|world| {
            let calls = world.calls.iter();
            calls
                .filter(|call| call.executed && call.method == method && call.path.ends_with(path))
                .count()
        })
    }

    /// How many requests with this method and this end of the path were received, with any outcome.
    fn sent(&self, method: &str, path: &str) -> usize {
        self.server.with(|world| {
            let calls = world.calls.iter();
            calls
                .filter(|call| call.method == method && call.path.ends_with(path))
                .count()
        })
    }
}
