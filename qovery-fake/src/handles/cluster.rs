//! Clusters.

use std::time::Duration;

use uuid::Uuid;

use super::FakeQovery;
use crate::{Gone, world::cluster::Cluster};

/// A cluster of a fake.
#[derive(Debug, Clone)]
pub struct FakeCluster {
    fake: FakeQovery,
    id: Uuid,
}

impl FakeCluster {
    pub(super) fn new(fake: FakeQovery, id: Uuid) -> Self {
        Self { fake, id }
    }

    /// Returns its id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Returns the id of its organization; the nil id once the cluster is deleted.
    pub fn organization_id(&self) -> Uuid {
        self.with_cluster(|cluster| cluster.organization)
            .unwrap_or_default()
    }

    /// Returns its exact current state; `None` once it is deleted.
    pub fn state(&self) -> Option<String> {
        self.with_cluster(|cluster| cluster.state.clone())
    }

    /// Sets the current state, known to the API or not.
    pub fn in_state(self, state: &str) -> Self {
        self.with_cluster(|cluster| state.clone_into(&mut cluster.state));
        self
    }

    /// Sets the duration of an action. Default: 30 s.
    pub fn takes(self, time: Duration) -> Self {
        self.with_cluster(|cluster| cluster.takes = time);
        self
    }

    /// Makes the next action end in this state, such as `DEPLOYMENT_ERROR`.
    pub fn next_action_ends_as(self, state: &str) -> Self {
        self.with_cluster(|cluster| cluster.ends_as = Some(state.to_owned()));
        self
    }

    /// Sets the response to reads of the cluster after its deletion. Default: 404.
    pub fn gone_as(self, gone: Gone) -> Self {
        self.with_cluster(|cluster| cluster.gone = gone);
        self
    }

    fn with_cluster<T>(&self, work: impl FnOnce(&mut Cluster) -> T) -> Option<T> {
        self.fake
            .with(|core| core.world.clusters.get_mut(&self.id).map(work))
    }
}
