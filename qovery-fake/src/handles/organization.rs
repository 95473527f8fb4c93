//! Organizations and projects.

use uuid::Uuid;

use super::{CLUSTER, ENVIRONMENT, FakeCluster, FakeEnvironment, FakeQovery, PROJECT};
use crate::world::audit::{Actor, AuditEvent};

/// An organization of a fake.
#[derive(Debug, Clone)]
pub struct FakeOrganization {
    fake: FakeQovery,
    id: Uuid,
}

impl FakeOrganization {
    pub(super) fn new(fake: FakeQovery, id: Uuid) -> Self {
        Self { fake, id }
    }

    /// Returns its id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Returns the project with this name; creates it if it does not exist.
    pub fn project(&self, name: &str) -> FakeProject {
        let fake = &self.fake;
        let parents = [("organizationId", self.id)];
        let id = fake.named(PROJECT, Some(self.id), name);
        let id = id.unwrap_or_else(|| fake.create(PROJECT, &parents, name));
        FakeProject::new(fake.clone(), id)
    }

    /// Returns the cluster with this name; creates and deploys it if it does not exist.
    pub fn cluster(&self, name: &str) -> FakeCluster {
        let fake = &self.fake;
        let parents = [("organizationId", self.id)];
        let id = fake.named(CLUSTER, Some(self.id), name);
        let id = id.unwrap_or_else(|| fake.create(CLUSTER, &parents, name));
        FakeCluster::new(fake.clone(), id)
    }

    /// Adds this many entries to the audit log.
    pub fn audit_log(self, entries: u32) -> Self {
        self.fake.with(|core| {
            for _ in 0..entries {
                let event = AuditEvent {
                    id: Uuid::nil(),
                    at: core.world.time.now(),
                    cursor: 0,
                    event_type: "UPDATE".to_owned(),
                    target_type: "ORGANIZATION".to_owned(),
                    target: self.id,
                    target_name: "organization".to_owned(),
                    origin: "API".to_owned(),
                    triggered_by: Actor::caller().name,
                    project: None,
                    environment: None,
                };
                core.world
                    .audit
                    .record(&mut core.world.time, self.id, event);
            }
        });
        self.clone()
    }
}

/// A project of a fake.
#[derive(Debug, Clone)]
pub struct FakeProject {
    fake: FakeQovery,
    id: Uuid,
}

impl FakeProject {
    pub(super) fn new(fake: FakeQovery, id: Uuid) -> Self {
        Self { fake, id }
    }

    /// Returns its id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Returns the id of its organization; the nil id once the project is deleted.
    pub fn organization_id(&self) -> Uuid {
        self.fake.with(|core| {
            let project = core.world.resources.get(&self.id.to_string());
            let id = project.and_then(|project| project.parents.get("organizationId"));
            id.and_then(|id| Uuid::parse_str(id).ok())
                .unwrap_or_default()
        })
    }

    /// Returns the environment with this name; if it does not exist, creates it on the first cluster of
    /// the organization.
    pub fn environment(&self, name: &str) -> FakeEnvironment {
        let fake = &self.fake;
        if let Some(id) = fake.named(ENVIRONMENT, Some(self.id), name) {
            return FakeEnvironment::new(fake.clone(), id);
        }
        let id = self.organization_id();
        if !id.is_nil()
            && fake.with(|core| core.world.clusters.values().all(|c| c.organization != id))
        {
            fake.create(CLUSTER, &[("organizationId", id)], "cluster");
        }
        let id = fake.create(ENVIRONMENT, &[("projectId", self.id)], name);
        FakeEnvironment::new(fake.clone(), id)
    }
}
