//! Live logs, statuses and health over websockets.
//!
//! ```no_run
//! # async fn example(service: uuid::Uuid) -> Result<(), Box<dyn std::error::Error>> {
//! use qovery_ext::{connect, stream::LiveExt};
//!
//! let client = connect::from_env()?; // QOVERY_API_TOKEN, QOVERY_WS_URL
//! let mut lines = client.service_logs(service).limit(100).items();
//! while let Some(line) = lines.next().await {
//!     println!("{}", line?);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! | stream | its items |
//! |---|---|
//! | [`deployment_logs`](LiveExt::deployment_logs) | entries of the log of a deployment |
//! | [`service_logs`](LiveExt::service_logs) | lines that a service writes |
//! | [`deployment_status`](LiveExt::deployment_status) | statuses of an environment and its services |
//! | [`running_state`](LiveExt::running_state) | whether services run, with their pods |
//! | [`pods`](LiveExt::pods) | the pods of a service, once |
//! | [`service_metrics`](LiveExt::service_metrics) | CPU, memory and storage of each pod |
//! | [`cluster_status`](LiveExt::cluster_status) | health of a cluster |
//!
//! [`exec`](LiveExt::exec) runs a command in a container. [`port_forward`](LiveExt::port_forward) forwards a
//! local port to a port of a service.
//!
//! A stream looks up the organization, project and cluster of its id, once for a client and its clones.
//! [`Live`] documents the settings, the memory for a slow consumer, and cancel safety.
//!
//! # Connections
//! A websocket is opened over the client's own transport, with the same proxies, certificates, token and
//! token renewal as calls. The token is sent only as a header. The address is that of
//! [`Connect::stream_url`](crate::connect::Connect::stream_url). If it is not set, and the token comes from the
//! environment or from the command-line tool, the address is the value of `QOVERY_WS_URL`. Otherwise it is
//! `wss://ws.qovery.com`.
//!
//! Streams are refused if the API is at another address than its default and no websocket address is set, and if
//! settings of reqwest were set with [`Connect::reqwest`](crate::connect::Connect::reqwest): use
//! [`Connect::reqwest_with`](crate::connect::Connect::reqwest_with).
//!
//! After a lost connection, the stream reconnects according to [`Reconnect`], with the client's current
//! token. It recognizes repeated lines by their time and content, and leaves them out. [`Event::Gap`] reports
//! that lines may be missing.
//!
//! A frame can be missing or outdated: to learn how a deployment ended, use [`wait`](crate::wait).

mod engine;
mod error;
mod fair;
mod fault;
mod forward;
mod live;
mod location;
mod logs;
mod reconnect;
mod seen;
mod shell;
mod snapshots;
mod socket;

use qovery_api::{
    Client,
    stream::{StreamRequest, requests, types},
    types::EnvironmentStatusesWithStages,
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

pub use engine::{Event, Reconnecting, Unreadable};
pub use error::{StreamError, StreamErrorKind};
pub use forward::{ForwardRequest, PortForward};
pub use live::{Items, Live};
pub use logs::{DeploymentLine, DeploymentLogOptions, ServiceLine, ServiceLogOptions};
pub use reconnect::Reconnect;
pub use seen::Gap;
pub use shell::{Exec, ExecRequest};

use logs::{DeploymentFeed, ServiceFeed};
use snapshots::SnapshotFeed;

/// Opens live streams with a [`Client`].
///
/// Available on crate feature `stream` only.
pub trait LiveExt {
    /// Follows the log of the current deployment of an environment, and of the deployments after
    /// it. With [`execution`](Live::execution), it reads the log of one deployment as it is now, and
    /// ends.
    fn deployment_logs(&self, environment: Uuid) -> Live<DeploymentLine, DeploymentLogOptions>;

    /// Follows the log of a service of any kind.
    fn service_logs(&self, service: Uuid) -> Live<ServiceLine, ServiceLogOptions>;

    /// Follows the deployment status of an environment and its services.
    fn deployment_status(&self, environment: Uuid) -> Live<EnvironmentStatusesWithStages, Id>;

    /// Follows the running state of the services of an environment, with their pods.
    fn running_state(&self, environment: Uuid) -> Live<types::ServiceStatusDto, Id>;

    /// Reads the pods of a service: the stream has one item.
    fn pods(&self, service: Uuid) -> Live<types::ServiceListPodsResponseDto, Id>;

    /// Follows the measurements of a service, one for each pod.
    fn service_metrics(&self, service: Uuid) -> Live<Vec<types::ServiceMetricsDto>, Id>;

    /// Follows the health of a cluster.
    fn cluster_status(&self, cluster: Uuid) -> Live<types::ClusterStatusDto, Id>;

    /// Follows the frames of any typed request of [`qovery_api::stream::requests`], for endpoints
    /// without their own stream, such as the nodes and measurements of a cluster. The caller
    /// provides all ids.
    fn frames<R: StreamRequest<Frame: DeserializeOwned>>(&self, request: R) -> Live<R::Frame, R>;

    /// Runs a command in a container of a service, with its input and output.
    fn exec<S: Into<String>>(
        &self,
        service: Uuid,
        command: impl IntoIterator<Item = S>,
    ) -> ExecRequest;

    /// Forwards a local port to a port of a service. If the local port is 0, the system selects a
    /// free one. The endpoint is not in the published specification of the API.
    fn port_forward(&self, service: Uuid, local: u16, remote: u16) -> ForwardRequest;
}

/// The only option of most streams: the id of the resource to follow.
///
/// Available on crate feature `stream` only.
#[derive(Debug, Clone, Copy)]
pub struct Id {
    id: Uuid,
    /// Whether an item that is repeated after a reconnect is delivered again.
    repeats: bool,
}

impl Id {
    fn new(id: Uuid) -> Self {
        Self { id, repeats: false }
    }
}

impl<T> Live<T, Id> {
    /// Delivers an item that is repeated after a reconnect again.
    pub(crate) fn with_repeated_items(self) -> Self {
        self.option(|options| options.repeats = true)
    }
}

impl LiveExt for Client {
    fn deployment_logs(&self, environment: Uuid) -> Live<DeploymentLine, DeploymentLogOptions> {
        let options = DeploymentLogOptions::new(environment);
        Live::new::<requests::DeploymentLogs>(self, options, |client, settings, options| {
            live::run(client, settings, DeploymentFeed::new(options))
        })
    }

    fn service_logs(&self, service: Uuid) -> Live<ServiceLine, ServiceLogOptions> {
        let options = ServiceLogOptions::new(service);
        Live::new::<requests::ServiceLogs>(self, options, |client, settings, options| {
            live::run(client, settings, ServiceFeed::new(options))
        })
    }

    fn deployment_status(&self, environment: Uuid) -> Live<EnvironmentStatusesWithStages, Id> {
        Live::new::<requests::DeploymentStatus>(
            self,
            Id::new(environment),
            |client, settings, id| {
                let feed = SnapshotFeed::new(move |client| {
                    Box::pin(snapshots::deployment_status(client, id.id))
                });
                live::run(client, settings, feed.repeating(id.repeats))
            },
        )
    }

    fn running_state(&self, environment: Uuid) -> Live<types::ServiceStatusDto, Id> {
        Live::new::<requests::ServiceStatus>(self, Id::new(environment), |client, settings, id| {
            let feed =
                SnapshotFeed::new(move |client| Box::pin(snapshots::running_state(client, id.id)));
            live::run(client, settings, feed.repeating(id.repeats))
        })
    }

    fn pods(&self, service: Uuid) -> Live<types::ServiceListPodsResponseDto, Id> {
        Live::new::<requests::ServicePods>(self, Id::new(service), |client, settings, id| {
            let feed = SnapshotFeed::new(move |client| Box::pin(snapshots::pods(client, id.id)));
            live::run(client, settings, feed.one_frame().repeating(id.repeats))
        })
    }

    fn service_metrics(&self, service: Uuid) -> Live<Vec<types::ServiceMetricsDto>, Id> {
        Live::new::<requests::ServiceMetrics>(self, Id::new(service), |client, settings, id| {
            let feed = SnapshotFeed::new(move |client| {
                Box::pin(snapshots::service_metrics(client, id.id))
            });
            live::run(client, settings, feed.repeating(id.repeats))
        })
    }

    fn cluster_status(&self, cluster: Uuid) -> Live<types::ClusterStatusDto, Id> {
        Live::new::<requests::ClusterStatus>(self, Id::new(cluster), |client, settings, id| {
            let feed =
                SnapshotFeed::new(move |client| Box::pin(snapshots::cluster_status(client, id.id)));
            live::run(client, settings, feed.repeating(id.repeats))
        })
    }

    fn frames<R: StreamRequest<Frame: DeserializeOwned>>(&self, request: R) -> Live<R::Frame, R> {
        Live::new::<R>(self, request, |client, settings, request| {
            let feed = SnapshotFeed::new(move |_| {
                let request = request.clone();
                Box::pin(async move { Ok(request) })
            });
            live::run(client, settings, feed)
        })
    }

    fn exec<S: Into<String>>(
        &self,
        service: Uuid,
        command: impl IntoIterator<Item = S>,
    ) -> ExecRequest {
        let command = command.into_iter().map(Into::into).collect();
        ExecRequest::new(self, service, command)
    }

    fn port_forward(&self, service: Uuid, local: u16, remote: u16) -> ForwardRequest {
        ForwardRequest::new(self, service, local, remote)
    }
}

/// The environment of a service.
///
/// # Errors
/// Returns an error if the lookup fails. Its kind is `Exhausted` if another lookup may help.
pub(crate) async fn environment_of(client: &Client, service: Uuid) -> Result<Uuid, StreamError> {
    let location = location::of_service(client, service).await;
    let location = location.map_err(shell::refused)?;
    Ok(location.environment)
}
