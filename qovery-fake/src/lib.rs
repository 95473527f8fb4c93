//! A fake of the Qovery API for testing your own automation.
//!
//! [`FakeQovery`] holds organizations, projects, environments, services and clusters. A deployment takes them through
//! their states. A test can script failures: of a step, in the queue, cancellations, 429, lost connections. The fake
//! checks every request against the contract, and refuses a request that does not fit.
//!
//! There are two front ends. [`FakeQovery::client`] needs no socket and uses Tokio's time, so that a test on
//! a paused clock is exact and takes no time. [`FakeQovery::serve`] listens on a port, for separate programs
//! and other languages. Do not combine sockets with a paused clock: while a socket waits, the clock advances
//! at once.
//!
//! ```
//! use std::time::Duration;
//! use qovery_fake::{FakeQovery, Step, Workload};
//!
//! let fake = FakeQovery::new();
//! let environment = fake.environment("preview");
//! let api = environment.service(Workload::Application, "api").takes(
//!     Step::Build,
//!     Duration::from_secs(90),
//! );
//! environment
//!     .next_deployment()
//!     .fails_at(&api, Step::Build)
//!     .because("the compiler found an error");
//!
//! let client = fake.client(); // a `qovery_api::Client` like any other
//! # let _ = client;
//! ```
//!
//! Some behavior of the API is undocumented or varies between servers: whether a response names its request,
//! how far a status lags behind, which histories exist. [`ApiTraits`] has one dimension for each,
//! [`FakeQovery::api`] sets them, and [`ApiTraits::random`] draws them.
//!
//! With the feature `stream`, both front ends open websockets. Logs, statuses and running states have the same data as
//! the other endpoints, a command echoes its input, and `SocketFault` scripts failures of a socket.
//!
//! The fake does not model prices, permissions, quotas or the behavior of cloud providers. Operations that it
//! does not model return a response that matches their declared schema.
//!
//! # Dropping
//! The fake exists as long as one of its handles, clients or servers. Dropping a [`FakeServer`] stops it and abandons
//! the requests in progress. As with the API, a request that is dropped may have been executed:
//! [`FakeQovery::executions`] lists the executed requests.
#![forbid(unsafe_code)]

mod call;
mod clock;
mod contract;
mod core;
mod engine;
mod exchange;
mod fault;
mod handles;
mod json;
#[cfg(feature = "stream")]
mod live;
mod operations;
mod record;
mod server;
mod settings;
#[cfg(feature = "stream")]
mod sockets;
mod traits;
mod transport;
mod vocabulary;
mod world;

#[cfg(test)]
mod tests;

pub use clock::Clock;
pub use fault::{Fault, RetryAfter};
pub use handles::{
    DeploymentScript, ExternalActor, FakeCluster, FakeDeployment, FakeEnvironment,
    FakeOrganization, FakeProject, FakeQovery, FakeService, InvalidProperty,
};
pub use qovery_api;
pub use record::RecordedRequest;
pub use server::FakeServer;
pub use settings::{ActionResponse, ConfiguredVersion, Gone, RequestStatus, StartId};
#[cfg(feature = "stream")]
pub use sockets::{RecordedSocket, SocketFault};
pub use traits::{
    AfterDeletion, ApiTraits, CanceledInQueue, History, Lags, Merging, QueueRows, Replicas,
    RequestState, ResponseBody, ResponseId, StatusRequest, Unreached,
};
pub use transport::FakeTransport;
pub use vocabulary::{Origin, Step, Trigger, Workload};
