//! Streams whose items replace each other: statuses, health, measurements, and the frames of any request.
//!
//! The first item after a reconnect is left out if it equals the last one. A change that was reverted in
//! between is not visible. Therefore these streams report no gaps.

use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hash, Hasher},
    mem,
};

use qovery_api::{
    BoxFuture, Client,
    bytes::Bytes,
    stream::{StreamRequest, requests},
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{
    engine::{Event, Feed},
    fault::Fault,
    location,
};

/// Creates the request for a connection.
type Make<R> = Box<dyn for<'a> Fn(&'a Client) -> BoxFuture<'a, Result<R, Fault>> + Send + Sync>;

/// A stream of snapshots.
pub(super) struct SnapshotFeed<R> {
    make: Make<R>,
    is_one_frame: bool,
    /// Whether a snapshot that is repeated after a reconnect is also an item.
    repeats: bool,
    last: Option<u64>,
    is_first: bool,
}

impl<R> SnapshotFeed<R> {
    pub(super) fn new(
        make: impl for<'a> Fn(&'a Client) -> BoxFuture<'a, Result<R, Fault>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            make: Box::new(make),
            is_one_frame: false,
            repeats: false,
            last: None,
            is_first: false,
        }
    }

    /// Ends the stream after its first frame.
    pub(super) fn one_frame(mut self) -> Self {
        self.is_one_frame = true;
        self
    }

    /// Sets whether repeated snapshots are items.
    pub(super) fn repeating(mut self, repeats: bool) -> Self {
        self.repeats = repeats;
        self
    }
}

impl<R: StreamRequest<Frame: DeserializeOwned>> Feed for SnapshotFeed<R> {
    type Request = R;
    type Frame = R::Frame;
    type Item = R::Frame;

    async fn request(&mut self, client: &Client, _: bool) -> Result<R, Fault> {
        (self.make)(client).await
    }

    fn reconnected(&mut self) {
        self.is_first = true;
    }

    fn is_one_frame(&self) -> bool {
        self.is_one_frame
    }

    fn take(&mut self, frame: R::Frame, raw: &Bytes, events: &mut VecDeque<Event<R::Frame>>) {
        let mut hasher = DefaultHasher::new();
        raw.hash(&mut hasher);
        let frame_hash = Some(hasher.finish());
        let is_first = mem::take(&mut self.is_first);
        let is_repeated = is_first && mem::replace(&mut self.last, frame_hash) == frame_hash;
        self.last = frame_hash;
        if !is_repeated || self.repeats {
            events.push_back(Event::Item(frame));
        }
    }
}

/// The statuses of a deployment.
pub(super) async fn deployment_status(
    client: &Client,
    id: Uuid,
) -> Result<requests::DeploymentStatus, Fault> {
    let location = location::of_environment(client, id).await?;
    let request = requests::DeploymentStatus::new(location.organization, location.project);
    Ok(request.cluster(location.cluster).environment(id))
}

/// The running state of the services of an environment.
pub(super) async fn running_state(
    client: &Client,
    id: Uuid,
) -> Result<requests::ServiceStatus, Fault> {
    let location = location::of_environment(client, id).await?;
    let request = requests::ServiceStatus::new(location.organization, location.cluster);
    Ok(request.project(location.project).environment(id))
}

/// The pods of a service.
pub(super) async fn pods(client: &Client, id: Uuid) -> Result<requests::ServicePods, Fault> {
    let location = location::of_service(client, id).await?;
    let (organization, cluster) = (location.organization, location.cluster);
    let (project, environment) = (location.project, location.environment);
    Ok(requests::ServicePods::new(
        organization,
        cluster,
        project,
        environment,
        id,
    ))
}

/// The measurements of a service.
pub(super) async fn service_metrics(
    client: &Client,
    id: Uuid,
) -> Result<requests::ServiceMetrics, Fault> {
    let location = location::of_service(client, id).await?;
    let kind = location::kind_of_service(client, location, id).await?;
    let (organization, cluster) = (location.organization, location.cluster);
    let (project, environment) = (location.project, location.environment);
    Ok(requests::ServiceMetrics::new(
        organization,
        cluster,
        project,
        environment,
        id,
        kind,
    ))
}

/// The health of a cluster.
pub(super) async fn cluster_status(
    client: &Client,
    id: Uuid,
) -> Result<requests::ClusterStatus, Fault> {
    let organization = location::of_cluster(client, id).await?;
    Ok(requests::ClusterStatus::new(organization, id))
}
