//! New resources, with the environments, services, stages and past deployments that they imply.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    World,
    audit::Actor,
    cluster::Cluster,
    environment::{Environment, EnvironmentBefore, Service, ServiceBefore, Stage},
    execution::Execution,
    request::{DeploymentRequest, RequestStage},
    resources::{Resource, parent_facts},
    script::Script,
};
use crate::{Trigger, Workload, contract::Contract};

/// The default stage of services.
pub(crate) const DEFAULT_STAGE: &str = "DEFAULT";

const STAGE_TEMPLATE: &str = "/deploymentStage/{deploymentStageId}";

/// Adds a resource, together with the resources that its kind implies.
pub(crate) fn create(
    world: &mut World,
    contract: &Contract,
    template: &str,
    mut parents: BTreeMap<String, String>,
    body: Map<String, Value>,
    kind: Option<Workload>,
) -> Uuid {
    let id = world.time.new_id();
    for (name, value) in &body {
        // A body may name the parent of the resource, such as `organization_id` or `cluster`.
        let owner = match name.as_str() {
            "cluster" => Some("cluster"),
            name => name.strip_suffix("_id"),
        };
        if let (Some(owner), Some(value)) = (owner, value.as_str()) {
            let parameter = format!("{}Id", camel_case(owner));
            if contract.names_an_item(&parameter) && world.resources.get(value).is_some() {
                parents.entry(parameter).or_insert_with(|| value.to_owned());
            }
        }
    }
    let outer: Vec<_> = parents
        .values()
        .filter_map(|id| world.resources.get(id))
        .collect();
    let outer: Vec<_> = outer.into_iter().flat_map(|r| r.parents.clone()).collect();
    for (name, id) in outer {
        parents.entry(name).or_insert(id);
    }
    let mut server = parent_facts(&parents);
    let date = world.time.date(world.time.now());
    server.insert("id".to_owned(), json!(id));
    server.insert("created_at".to_owned(), json!(date));
    server.insert("updated_at".to_owned(), json!(date));
    if let Some(scope) = scope_of(template) {
        server.insert("scope".to_owned(), json!(scope));
        server.insert("variable_type".to_owned(), json!("VALUE"));
    }
    let resource = Resource {
        template: template.to_owned(),
        id: id.to_string(),
        parents,
        server,
        body,
    };
    let copy = resource.clone();
    world.resources.insert(resource);
    register(world, contract, id, &copy, kind);
    id
}

/// Gives environments, services, clusters and stages their behavior.
fn register(
    world: &mut World,
    contract: &Contract,
    id: Uuid,
    resource: &Resource,
    kind: Option<Workload>,
) {
    let facts = resource.facts();
    let name = facts
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let parent = |name: &str| {
        let id = resource.parents.get(name);
        id.and_then(|id| Uuid::parse_str(id).ok())
            .unwrap_or_default()
    };
    match resource.parameter() {
        "environmentId" => {
            let project = parent("projectId");
            let organization = parent("organizationId");
            let cluster = resource.parents.get("clusterId").cloned();
            let cluster = cluster.and_then(|id| Uuid::parse_str(&id).ok());
            let known = || {
                let mut clusters = world.clusters.values();
                clusters.find(|c| c.organization == organization)
            };
            let cluster = cluster
                .or_else(|| known().map(|c| c.id))
                .unwrap_or_default();
            add_environment(world, id, name, organization, project, cluster);
            let template = "/environment/{environmentId}/deploymentRule/{deploymentRuleId}";
            let parents = BTreeMap::from([("environmentId".to_owned(), id.to_string())]);
            create(world, contract, template, parents, Map::new(), None);
        }
        "clusterId" => {
            let cluster = Cluster::new(id, parent("organizationId"), name);
            world.clusters.insert(id, cluster);
        }
        _ => {
            let Some(mut found) = Workload::from_segment(resource.segment()) else {
                return;
            };
            if resource.template.matches('/').count() != 2 {
                return;
            }
            if facts.pointer("/schedule/cronjob").is_none() && found == Workload::CronJob {
                found = Workload::LifecycleJob;
            }
            let kind = kind.unwrap_or(found);
            add_service(world, contract, id, kind, name, parent("environmentId"));
        }
    }
}

pub(crate) fn add_environment(
    world: &mut World,
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
        settings: world.defaults.clone(),
        stale: None,
        masked: None,
        before: EnvironmentBefore::default(),
    };
    world.environments.insert(id, environment);
    if let Some(resource) = world.resources.get_mut(&id.to_string()) {
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
    world: &mut World,
    contract: &Contract,
    id: Uuid,
    kind: Workload,
    name: String,
    environment: Uuid,
) {
    let stage = stage_named(world, contract, environment, DEFAULT_STAGE);
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
        asked: Map::new(),
        is_plan: false,
        logs: Vec::new(),
        pod_problem: None,
        pod_restarts: 0,
        masked: None,
        request: None,
        before: ServiceBefore::default(),
    };
    world.services.insert(id, service);
    if let Some(environment) = world.environments.get_mut(&environment) {
        environment.services.push(id);
    }
    if let Some(resource) = world.resources.get_mut(&id.to_string()) {
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
    world: &mut World,
    contract: &Contract,
    environment: Uuid,
    name: &str,
) -> Uuid {
    let stages = world
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
    let id = create(world, contract, STAGE_TEMPLATE, parents, body, None);
    if let Some(environment) = world.environments.get_mut(&environment) {
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

/// Removes the default stage of an environment if it has no services.
pub(crate) fn drop_empty_default_stage(world: &mut World, environment: Uuid) {
    let Some(subject) = world.environments.get_mut(&environment) else {
        return;
    };
    let stages = subject.stages.iter();
    let default = stages
        .filter(|stage| stage.name == DEFAULT_STAGE)
        .map(|stage| stage.id);
    let unused = |id: &Uuid| world.services.values().all(|service| service.stage != *id);
    if let Some(unused) = default.into_iter().find(unused) {
        subject.stages.retain(|stage| stage.id != unused);
        world.resources.remove(&unused.to_string());
    }
}

/// Adds a successful deployment of one minute, newer than the existing deployments and older than
/// later ones.
pub(crate) fn add_past_execution(world: &mut World, environment: Uuid) {
    let (request_id, history_id) = (world.time.new_id(), world.time.new_id());
    let now = world.time.now();
    let Some(subject) = world.environments.get_mut(&environment) else {
        return;
    };
    let id = format!("{environment}-{}", subject.executions.len() + 1);
    let request = DeploymentRequest {
        id: request_id,
        environment,
        action: Trigger::Deploy,
        services: subject.services.clone(),
        requested: subject.services.clone(),
        versions: BTreeMap::new(),
        whole: true,
        actor: Actor::caller(),
        accepted_at: now,
        not_before: now,
        had_to_wait: false,
        had_nothing_to_do: false,
        state: "DEPLOYED".to_owned(),
        stage: RequestStage::Ended,
        ended_at: Some(now),
        merged_into: None,
        shown_as: subject.settings.request_status,
        script: Script::default(),
    };
    let mut execution = Execution::entry(id.clone(), history_id, request.clone());
    execution.ended_at = Some(now);
    execution.state = "DEPLOYED".to_owned();
    subject.executions.push(id.clone());
    subject.last_execution = Some(id.clone());
    subject.last_deployment_at = Some(now);
    if subject.state == "READY" {
        subject.state = "DEPLOYED".to_owned();
        subject.last_deployment_state = "DEPLOYED".to_owned();
    }
    world.requests.insert(request_id, request);
    world.executions.insert(id, execution);
}

/// Adds commits to the repository of a service, newest first.
pub(crate) fn add_commits(world: &mut World, service: Uuid, kind: Workload, count: u32) {
    let date = world.time.date(world.time.now());
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
    world.resources.set_single(&path, Value::Array(commits));
}

/// The scope of the variables and secrets below a resource.
fn scope_of(template: &str) -> Option<String> {
    let mut segments = template.split('/').skip(1);
    let owner = segments.next()?;
    let kind = segments.nth(1)?;
    ["environmentVariable", "secret"]
        .contains(&kind)
        .then(|| owner.to_uppercase())
}

fn camel_case(snake: &str) -> String {
    let mut camel = String::new();
    let mut upper = false;
    for letter in snake.chars() {
        if letter == '_' {
            upper = true;
        } else if upper {
            camel.push(letter.to_ascii_uppercase());
            upper = false;
        } else {
            camel.push(letter);
        }
    }
    camel
}
