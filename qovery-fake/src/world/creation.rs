//! Environments and services come into being.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    World,
    audit::Actor,
    environment::{Environment, EnvironmentBefore, Service, ServiceBefore, Stage},
    execution::Execution,
    request::{DeploymentRequest, RequestStage},
    script::Script,
};
use crate::{Trigger, Workload, contract::Contract, operations};

/// The stage of services that no stage was chosen for.
pub(crate) const DEFAULT_STAGE: &str = "DEFAULT";

const STAGE_TEMPLATE: &str = "/deploymentStage/{deploymentStageId}";

impl World {
    pub(crate) fn add_environment(
        &mut self,
        id: Uuid,
        name: String,
        organization: Uuid,
        project: Uuid,
        cluster: Uuid,
    ) {
        let environment = Environment {
            id,
            name,
            organization,
            project,
            cluster,
            stages: Vec::new(),
            services: Vec::new(),
            state: "READY".to_owned(),
            last_deployment_state: "READY".to_owned(),
            last_execution: None,
            last_deployment_at: None,
            origin: None,
            triggered_by: None,
            running: None,
            queue: VecDeque::new(),
            executions: Vec::new(),
            scripts: VecDeque::new(),
            settings: self.defaults.clone(),
            stale: None,
            masked: None,
            before: EnvironmentBefore::default(),
        };
        self.environments.insert(id, environment);
        if let Some(resource) = self.resources.get_mut(&id.to_string()) {
            resource
                .server
                .insert("cluster_id".to_owned(), json!(cluster));
            resource
                .parents
                .insert("clusterId".to_owned(), cluster.to_string());
            resource.body.entry("mode").or_insert(json!("DEVELOPMENT"));
        }
    }

    pub(crate) fn add_service(
        &mut self,
        contract: &Contract,
        id: Uuid,
        kind: Workload,
        name: String,
        environment: Uuid,
    ) {
        let stage = self.stage_named(contract, environment, DEFAULT_STAGE);
        let service = Service {
            id,
            kind,
            is_skipped: false,
            name,
            environment,
            stage,
            state: "READY".to_owned(),
            resting_state: "READY".to_owned(),
            details: ("UNKNOWN", "NEVER"),
            steps: Vec::new(),
            part_of_last: false,
            last_execution: None,
            last_deployment_at: None,
            deployment_status: "NEVER_DEPLOYED",
            durations: Vec::new(),
            asked: super::version::Asked::new(),
            is_plan: false,
            logs: Vec::new(),
            pod_problem: None,
            masked: None,
            request: None,
            before: ServiceBefore::default(),
        };
        self.services.insert(id, service);
        if let Some(environment) = self.environments.get_mut(&environment) {
            environment.services.push(id);
        }
        if let Some(resource) = self.resources.get_mut(&id.to_string()) {
            let server = &mut resource.server;
            server.insert("service_type".to_owned(), json!(kind.service_type()));
            match kind {
                Workload::CronJob => server.insert("job_type".to_owned(), json!("CRON")),
                Workload::LifecycleJob => server.insert("job_type".to_owned(), json!("LIFECYCLE")),
                _ => None,
            };
        }
    }

    /// Returns the stage of an environment with this name; appends it if it does not exist.
    pub(crate) fn stage_named(
        &mut self,
        contract: &Contract,
        environment: Uuid,
        name: &str,
    ) -> Uuid {
        let stages = self
            .environments
            .get(&environment)
            .map(|e| e.stages.as_slice());
        let mut stages = stages.unwrap_or_default().iter();
        if let Some(stage) = stages.find(|stage| stage.name == name) {
            return stage.id;
        }
        let body = json!({"name": name, "description": ""});
        let body = body.as_object().cloned().unwrap_or_default();
        let parents = BTreeMap::from([("environmentId".to_owned(), environment.to_string())]);
        let id = operations::create(self, contract, STAGE_TEMPLATE, parents, body, None);
        if let Some(environment) = self.environments.get_mut(&environment) {
            environment.stages.push(Stage {
                id,
                name: name.to_owned(),
                description: String::new(),
                status: None,
                duration: Duration::ZERO,
            });
        }
        id
    }

    /// A service that was edited is out of date until it is deployed; names follow the edit.
    pub(crate) fn note_edit(&mut self, id: Uuid) {
        let facts = self
            .resources
            .get(&id.to_string())
            .map(|resource| resource.facts());
        let text = |property: &str| Some(facts.as_ref()?.get(property)?.as_str()?.to_owned());
        let name = text("name");
        if let Some(service) = self.services.get_mut(&id) {
            if service.deployment_status == "UP_TO_DATE" {
                service.deployment_status = "OUT_OF_DATE";
            }
            service.name = name.unwrap_or_else(|| service.name.clone());
        } else if let Some(environment) = self.environments.get_mut(&id) {
            environment.name = name.unwrap_or_else(|| environment.name.clone());
        } else if let Some(cluster) = self.clusters.get_mut(&id) {
            cluster.name = name.unwrap_or_else(|| cluster.name.clone());
        } else {
            let description = text("description");
            self.environments.change_where(
                |environment| environment.stage(id).is_some(),
                |environment| {
                    let stages = environment.stages.iter_mut();
                    for stage in stages.filter(|stage| stage.id == id) {
                        stage.name = name.clone().unwrap_or_else(|| stage.name.clone());
                        stage.description = description.clone().unwrap_or_default();
                    }
                },
            );
        }
    }
}

impl World {
    /// The stage that a service was in before one was chosen goes away with its last service.
    pub(crate) fn drop_empty_default_stage(&mut self, environment: Uuid) {
        let Some(subject) = self.environments.get_mut(&environment) else {
            return;
        };
        let stages = subject.stages.iter();
        let default = stages
            .filter(|stage| stage.name == DEFAULT_STAGE)
            .map(|stage| stage.id);
        let unused = |id: &Uuid| self.services.values().all(|service| service.stage != *id);
        if let Some(unused) = default.into_iter().find(unused) {
            subject.stages.retain(|stage| stage.id != unused);
            self.resources.remove(&unused.to_string());
        }
    }

    /// Adds a successful deployment of one minute, newer than the existing deployments and older than
    /// later ones.
    pub(crate) fn add_past_execution(&mut self, environment: Uuid) {
        let (request_id, history_id) = (self.new_id(), self.new_id());
        let now = self.now;
        let Some(subject) = self.environments.get_mut(&environment) else {
            return;
        };
        let id = format!("{environment}-{}", subject.executions.len() + 1);
        let request = DeploymentRequest {
            id: request_id,
            environment,
            action: Trigger::Deploy,
            services: subject.services.clone(),
            requested: subject.services.clone(),
            whole: true,
            actor: Actor::caller(),
            accepted_at: now,
            not_before: now,
            had_to_wait: false,
            was_idle: false,
            state: "DEPLOYED".to_owned(),
            stage: RequestStage::Ended,
            ended_at: Some(now),
            merged_into: None,
            shown_as: subject.settings.request_status,
            script: Script::default(),
        };
        let mut execution = Execution::past(id.clone(), history_id, request.clone());
        execution.ended_at = Some(now);
        execution.state = "DEPLOYED".to_owned();
        subject.executions.push(id.clone());
        subject.last_execution = Some(id.clone());
        subject.last_deployment_at = Some(now);
        if subject.state == "READY" {
            subject.state = "DEPLOYED".to_owned();
            subject.last_deployment_state = "DEPLOYED".to_owned();
        }
        self.requests.insert(request_id, request);
        self.executions.insert(id, execution);
    }

    /// Adds commits to the repository of a service, newest first.
    pub(crate) fn add_commits(&mut self, service: Uuid, kind: Workload, count: u32) {
        let date = self.date(self.now);
        let commits: Vec<Value> = (0..count)
            .rev()
            .map(|number| {
                json!({
                    "git_commit_id": format!("{:032x}{number:08x}", service.as_u128()),
                    "created_at": date,
                    "author_name": "someone",
                    "message": format!("commit {number}"),
                    "tag": "",
                })
            })
            .collect();
        let path = format!("/{}/{service}/commit", kind.segment());
        self.resources.set_single(&path, Value::Array(commits));
    }
}
