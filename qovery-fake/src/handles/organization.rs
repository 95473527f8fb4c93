//! Organizations and projects.

use serde_json::Value;
use uuid::Uuid;

use super::{FakeCluster, FakeEnvironment, FakeQovery};
use crate::world::{
    audit::{Actor, AuditEvent},
    resources::Resource,
};

const ORGANIZATION: &str = "/organization/{organizationId}";
const PROJECT: &str = "/project/{projectId}";
const ENVIRONMENT: &str = "/environment/{environmentId}";
const CLUSTER: &str = "/organization/{organizationId}/cluster/{clusterId}";

impl FakeQovery {
    /// Returns the organization with this name; creates it if it does not exist.
    pub fn organization(&self, name: &str) -> FakeOrganization {
        let id = self.named(ORGANIZATION, None, name);
        let id = id.unwrap_or_else(|| self.create(ORGANIZATION, &[], name));
        FakeOrganization {
            fake: self.clone(),
            id,
        }
    }

    /// Returns the project with this name in the first organization; creates them if needed.
    pub fn project(&self, name: &str) -> FakeProject {
        self.first_organization().project(name)
    }

    /// Returns the environment with this name in the first project; creates them if needed.
    pub fn environment(&self, name: &str) -> FakeEnvironment {
        let project = self.first(PROJECT).map(|id| FakeProject {
            fake: self.clone(),
            id,
        });
        project
            .unwrap_or_else(|| self.project("project"))
            .environment(name)
    }

    /// Returns the cluster with this name in the first organization; creates them if needed.
    pub fn cluster(&self, name: &str) -> FakeCluster {
        self.first_organization().cluster(name)
    }

    fn first_organization(&self) -> FakeOrganization {
        match self.first(ORGANIZATION) {
            Some(id) => FakeOrganization {
                fake: self.clone(),
                id,
            },
            None => self.organization("organization"),
        }
    }

    fn first(&self, template: &str) -> Option<Uuid> {
        self.with(|core| {
            let first = core.world.resources.of(template).next();
            first.and_then(|resource| Uuid::parse_str(&resource.id).ok())
        })
    }

    /// Returns the id of the resource with this name, below `parent` if one is given.
    fn named(&self, template: &str, parent: Option<Uuid>, name: &str) -> Option<Uuid> {
        let parent = parent.map(|id| id.to_string());
        let is_below = |resource: &Resource| {
            let mut parents = resource.parents.values();
            parent.as_ref().is_none_or(|id| parents.any(|p| p == id))
        };
        let is = |resource: &&Resource| {
            let has_name = resource.body.get("name").and_then(Value::as_str) == Some(name);
            has_name && is_below(resource)
        };
        self.with(|core| {
            let found = core.world.resources.of(template).find(is);
            found.and_then(|resource| Uuid::parse_str(&resource.id).ok())
        })
    }
}

/// An organization of a fake.
#[derive(Debug, Clone)]
pub struct FakeOrganization {
    fake: FakeQovery,
    id: Uuid,
}

impl FakeOrganization {
    /// Its id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Returns the project with this name; creates it if it does not exist.
    pub fn project(&self, name: &str) -> FakeProject {
        let fake = &self.fake;
        let parents = [("organizationId", self.id)];
        let id = fake.named(PROJECT, Some(self.id), name);
        FakeProject {
            fake: fake.clone(),
            id: id.unwrap_or_else(|| fake.create(PROJECT, &parents, name)),
        }
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
    /// Its id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The id of its organization; nil if the project was deleted.
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
