//! The endpoints: the visible world as JSON.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat, TimeDelta};
use qovery_api::uuid::Uuid;
use serde_json::{Value, json};

use crate::lagging_view::{Run, View, status_of};
use crate::undocumented_behavior::{
    Gone, Histories, RequestStatus, ResponseBody, ResponseId, Rows, StatusId, Trace,
};
use crate::world::{Call, Demand, Ms, START, Service, Verb, World};

/// A response before it is written.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: Option<&'static str>,
    pub(crate) body: String,
    /// Whether the request changed something.
    pub(crate) executed: bool,
}

impl Reply {
    fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            content_type: Some("application/json"),
            body: body.to_string(),
            executed: false,
        }
    }

    fn ok(body: &Value) -> Self {
        Self::json(200, body)
    }

    fn empty(status: u16) -> Self {
        Self {
            status,
            content_type: None,
            body: String::new(),
            executed: false,
        }
    }

    fn done(mut self) -> Self {
        self.executed = true;
        self
    }

    pub(crate) fn page(status: u16, content_type: &'static str, body: &str) -> Self {
        Self {
            status,
            content_type: Some(content_type),
            body: body.to_owned(),
            executed: false,
        }
    }
}

pub(crate) fn refusal(status: u16, detail: &str) -> Reply {
    let error = match status {
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        409 => "Conflict",
        _ => "Internal Server Error",
    };
    let body = json!({
        "status": status, "error": error, "detail": detail,
        "timestamp": "2026-05-04T08:00:00.000+00:00", "path": "/",
    });
    Reply::json(status, &body)
}

/// One request as it is read from the wire.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) body: &'a [u8],
}

const KINDS: [&str; 7] = [
    "application",
    "container",
    "database",
    "job",
    "helm",
    "terraform",
    "agenticWorkflow",
];

impl World {
    pub(crate) fn wall(&self, at: Ms) -> String {
        let base = DateTime::from_timestamp_millis(1_777_800_000_000).unwrap_or_default();
        let ahead = TimeDelta::milliseconds(at as i64 + self.behavior.clock_ahead);
        (base + ahead).to_rfc3339_opts(SecondsFormat::Micros, true)
    }

    pub(crate) fn http_date(&self) -> String {
        let base = DateTime::from_timestamp_millis(1_777_800_000_000).unwrap_or_default();
        let ahead = TimeDelta::milliseconds(self.now as i64 + self.behavior.clock_ahead);
        (base + ahead)
            .format("%a, %d %b %Y %H:%M:%S GMT")
            .to_string()
    }

    pub(crate) fn respond(&mut self, asked: &Asked<'_>) -> Reply {
        self.responses += 1;
        let reply = self.route(asked);
        self.calls.push(Call {
            at: self.now - START,
            method: asked.method.to_owned(),
            path: asked.path.to_owned(),
            status: reply.status,
            executed: reply.executed,
        });
        reply
    }

    /// The lag of the replica that answers this request.
    fn replica(&self) -> Ms {
        if self.responses.is_multiple_of(2) {
            self.behavior.replica
        } else {
            0
        }
    }

    fn route(&mut self, asked: &Asked<'_>) -> Reply {
        let parts: Vec<&str> = asked.path.trim_matches('/').split('/').collect();
        let id = |text: &str| Uuid::parse_str(text).ok();
        match (asked.method, parts.as_slice()) {
            ("GET", ["environment", "deploymentStatus"]) => {
                let wanted = asked
                    .query
                    .split('&')
                    .find_map(|pair| pair.strip_prefix("deploymentRequestId=").and_then(id));
                wanted.map_or_else(
                    || refusal(400, "deploymentRequestId is missing"),
                    |wanted| self.request_status(wanted),
                )
            }
            ("POST", ["deploymentQueue", request, "cancelDeployment"]) => {
                let dropped = id(request).is_some_and(|request| self.drop_waiting(request));
                if dropped {
                    Reply::empty(202).done()
                } else {
                    refusal(409, "the deployment request is not in the queue")
                }
            }
            ("GET", ["service", service, "deploymentQueue"]) => self
                .service(id(service))
                .map_or_else(|gone| gone, |service| self.service_queue(&service)),
            ("GET", ["project", project, rest @ ..]) => self.project(id(project), rest),
            ("GET" | "POST" | "DELETE", ["organization", _, rest @ ..]) => {
                self.organization(asked.method, rest)
            }
            ("POST", ["cluster", cluster, "upgrade"]) => {
                self.cluster_call("POST", id(cluster), &["upgrade"])
            }
            (_, ["environment", environment, rest @ ..]) => match self.living(id(environment)) {
                Ok(environment) => self.environment_call(asked, environment, rest),
                Err(gone) => gone,
            },
            (_, [kind, service, rest @ ..]) if KINDS.contains(kind) => {
                match self.service(id(service)) {
                    Ok(service) => self.service_call(asked.method, &service, rest),
                    Err(gone) => gone,
                }
            }
            _ => refusal(
                404,
                &format!("no handler for {} {}", asked.method, asked.path),
            ),
        }
    }

    fn gone(&self, kind: &str, id: Option<Uuid>) -> Reply {
        let id = id.map(|id| id.to_string()).unwrap_or_default();
        match self.behavior.gone {
            Gone::NotFound => refusal(404, &format!("{kind} {id} is not found")),
            Gone::Forbidden => refusal(403, "Forbidden"),
            Gone::DoesNotExist => refusal(400, &format!("{kind} {id} does not exist")),
        }
    }

    /// The environment, if it exists in the data of the statuses.
    fn living(&self, id: Option<Uuid>) -> Result<Uuid, Reply> {
        let known = id.filter(|id| self.environments.contains_key(id));
        let lag = self.behavior.lags.status + self.replica();
        match known {
            Some(id) if !View::of(self, id, lag).is_gone => Ok(id),
            _ => Err(self.gone("environment", id)),
        }
    }

    fn service(&self, id: Option<Uuid>) -> Result<Service, Reply> {
        let known = id.and_then(|id| self.services.get(&id)).cloned();
        let lag = self.behavior.lags.services + self.replica();
        match known {
            Some(service)
                if !View::of(self, service.environment, lag)
                    .gone_services
                    .contains(&service.id) =>
            {
                Ok(service)
            }
            _ => Err(self.gone("service", id)),
        }
    }

    // --- lists ---

    fn project(&self, project: Option<Uuid>, rest: &[&str]) -> Reply {
        let project = project.unwrap_or_default();
        let of_project = self.environments.iter().filter(|(_, of)| **of == project);
        match rest {
            [] => Reply::ok(&json!({
                "id": project, "created_at": self.wall(START), "name": "project",
                "organization": {"id": self.organization},
            })),
            ["environment"] => {
                let lag = self.behavior.lags.lists + self.replica();
                let living = of_project.filter(|(id, _)| !View::of(self, **id, lag).is_gone);
                let all: Vec<Value> = living.map(|(id, _)| self.environment_json(*id)).collect();
                Reply::ok(&json!({"results": all}))
            }
            ["environment", "status"] => {
                let lag = self.behavior.lags.status + self.replica();
                let views = of_project.map(|(id, _)| (*id, View::of(self, *id, lag)));
                let living = views.filter(|(_, view)| !view.is_gone);
                let all: Vec<Value> = living
                    .map(|(id, view)| self.environment_status(id, &view))
                    .collect();
                Reply::ok(&json!({"results": all}))
            }
            _ => refusal(404, "no handler in project"),
        }
    }

    fn organization(&mut self, method: &str, rest: &[&str]) -> Reply {
        match (method, rest) {
            ("GET", []) => Reply::ok(&json!({
                "id": self.organization, "created_at": self.wall(START), "name": "organization",
                "plan": "TEAM",
            })),
            ("GET", ["cluster"]) => {
                let all: Vec<Value> = self
                    .clusters
                    .values()
                    .filter(|cluster| {
                        cluster
                            .gone
                            .is_none_or(|at| at + self.behavior.lags.lists > self.now)
                    })
                    .map(|cluster| {
                        json!({
                            "id": cluster.id, "created_at": self.wall(START - 9), "name": "cluster",
                            "organization": {"id": cluster.organization}, "region": "eu-west-3",
                            "cloud_provider": "AWS",
                        })
                    })
                    .collect();
                Reply::ok(&json!({"results": all}))
            }
            ("GET", ["cluster", "status"]) => {
                let all: Vec<Value> = self
                    .clusters
                    .keys()
                    .filter_map(|id| self.cluster_status(*id))
                    .collect();
                Reply::ok(&json!({"results": all}))
            }
            ("GET", ["environments" | "services"]) => Reply::ok(&json!({"results": []})),
            (method, ["cluster", cluster, rest @ ..]) => {
                let cluster = Uuid::parse_str(cluster).ok();
                self.cluster_call(method, cluster, rest)
            }
            _ => refusal(404, "no handler in organization"),
        }
    }

    fn cluster_status(&self, id: Uuid) -> Option<Value> {
        let cluster = self.clusters.get(&id)?;
        let until = self
            .now
            .saturating_sub(self.behavior.lags.status + self.replica());
        if cluster.gone.is_some_and(|at| at <= until) {
            return None;
        }
        let (_, state, number) = cluster.log.iter().rfind(|(at, ..)| *at <= until)?;
        Some(json!({
            "cluster_id": id, "status": state, "is_deployed": *state == "DEPLOYED",
            "reason": "UNSPECIFIED", "last_execution_id": format!("{id}-{number}"),
        }))
    }

    fn cluster_call(&mut self, method: &str, id: Option<Uuid>, rest: &[&str]) -> Reply {
        let status = id.and_then(|id| self.cluster_status(id));
        let (Some(id), Some(_)) = (id, status.as_ref()) else {
            return self.gone("cluster", id);
        };
        let verb = match (method, rest) {
            ("GET", ["status"]) => return Reply::ok(&status.unwrap_or_default()),
            ("POST", ["deploy" | "update" | "upgrade"]) => Verb::Deploy,
            ("POST", ["stop"]) => Verb::Stop,
            ("DELETE", []) => Verb::Delete,
            _ => return refusal(404, "no handler in cluster"),
        };
        self.act_on_cluster(id, verb, 30_000);
        if verb == Verb::Delete {
            return Reply::empty(204).done();
        }
        let status = self.cluster_status(id).unwrap_or_default();
        Reply::json(201, &status).done()
    }

    // --- environments ---

    fn environment_call(&mut self, asked: &Asked<'_>, id: Uuid, rest: &[&str]) -> Reply {
        let lags = self.behavior.lags;
        let replica = self.replica();
        match (asked.method, rest) {
            ("GET", []) => Reply::ok(&self.environment_json(id)),
            ("GET", ["status"]) => {
                let view = View::of(self, id, lags.status + replica);
                Reply::ok(&self.environment_status(id, &view))
            }
            ("GET", ["statuses"]) => Reply::ok(&self.statuses(id, lags.services + replica)),
            ("GET", ["statusesWithStages"]) => {
                Reply::ok(&self.statuses_with_stages(id, lags.services + replica))
            }
            ("GET", ["deploymentQueue"]) => {
                let view = View::of(self, id, lags.queue + replica);
                let rows = self.rows(&view);
                let all: Vec<Value> = rows.iter().map(|demand| self.row(demand)).collect();
                Reply::ok(&json!({"results": all}))
            }
            ("GET", ["deploymentHistoryV2"]) => self.history_new(id, lags.history + replica),
            ("GET", ["deploymentHistory"]) => self.history_old(id, lags.history + replica),
            ("GET", ["logs"]) => Reply::ok(&json!([])),
            ("GET", ["link" | "services"]) => {
                let all = self.list_of(id, None);
                Reply::ok(&json!({"results": all}))
            }
            ("GET", [kind]) if KINDS.contains(kind) => {
                let all = self.list_of(id, Some(kind));
                Reply::ok(&json!({"results": all}))
            }
            ("POST", [kind, "status"]) if KINDS.contains(kind) => refusal(404, "no handler"),
            ("POST", ["cancelDeployment"]) => {
                self.cancel_running(id);
                let view = View::of(self, id, 0);
                Reply::json(202, &self.environment_status(id, &view)).done()
            }
            ("POST", ["deploy"]) => self.act(id, Verb::Deploy, None, Shape::Service),
            ("POST", ["redeploy"]) => self.act(id, Verb::Deploy, None, Shape::Environment),
            ("POST", ["restart"]) => self.act(id, Verb::Restart, None, Shape::Service),
            ("POST", ["stop"]) => self.act(id, Verb::Stop, None, Shape::Environment),
            ("POST", ["uninstall"]) => self.act(id, Verb::Uninstall, None, Shape::Object),
            ("DELETE", []) => self.act(id, Verb::Delete, None, Shape::Nothing(204)),
            ("POST", ["service", action]) => {
                let chosen = chosen(asked.body);
                let (verb, shape) = match *action {
                    "deploy" => (Verb::Deploy, Shape::Environment),
                    "restart-service" => (Verb::Restart, Shape::Service),
                    "stop" => (Verb::Stop, Shape::Nothing(200)),
                    "uninstall" => (Verb::Uninstall, Shape::Nothing(200)),
                    "delete" => (Verb::Delete, Shape::Nothing(200)),
                    _ => return refusal(404, "no handler for services"),
                };
                self.act(id, verb, Some(chosen), shape)
            }
            _ => refusal(
                404,
                &format!("no handler for {} {}", asked.method, asked.path),
            ),
        }
    }

    fn service_call(&mut self, method: &str, service: &Service, rest: &[&str]) -> Reply {
        let only = Some(BTreeSet::from([service.id]));
        let environment = service.environment;
        let lags = self.behavior.lags;
        let replica = self.replica();
        match (method, rest) {
            ("GET", []) => Reply::ok(&self.service_json(service)),
            ("GET", ["status"]) => {
                let view = View::of(self, environment, lags.services + replica);
                Reply::ok(&self.service_status(service.id, &view))
            }
            ("GET", ["deploymentHistoryV2"]) => {
                self.service_history(service, lags.history + replica, true)
            }
            ("GET", ["deploymentHistory"]) => {
                self.service_history(service, lags.history + replica, false)
            }
            ("GET", ["link" | "logs" | "log"]) => Reply::ok(&json!({"results": []})),
            ("POST", ["deploy" | "redeploy"]) => self.act(
                environment,
                Verb::Deploy,
                only,
                Shape::OneService(service.id),
            ),
            ("POST", ["restart" | "restart-service"]) => self.act(
                environment,
                Verb::Restart,
                only,
                Shape::OneService(service.id),
            ),
            ("POST", ["stop"]) => {
                self.act(environment, Verb::Stop, only, Shape::OneService(service.id))
            }
            ("POST", ["uninstall"]) => self.act(
                environment,
                Verb::Uninstall,
                only,
                Shape::OneService(service.id),
            ),
            ("DELETE", []) => self.act(environment, Verb::Delete, only, Shape::Nothing(204)),
            ("POST", ["cancelDeployment"]) => {
                self.cancel_running(environment);
                Reply::empty(202).done()
            }
            _ => refusal(404, "no handler for a service"),
        }
    }

    fn act(
        &mut self,
        environment: Uuid,
        verb: Verb,
        scope: Option<BTreeSet<Uuid>>,
        shape: Shape,
    ) -> Reply {
        let id = self.accept_ours(environment, verb, scope);
        let named = match self.behavior.response_id {
            ResponseId::Always => true,
            ResponseId::IfItWaits => self.running(environment).is_some(),
            ResponseId::Never => false,
        };
        let named = named.then_some(id);
        let view = View::of(self, environment, 0);
        let mut of_environment = self.environment_status(environment, &view);
        let some = self
            .demands
            .get(&id)
            .and_then(|demand| demand.services.first().copied());
        let one = match shape {
            Shape::OneService(service) => Some(service),
            _ => some,
        };
        let mut of_service = one.map_or_else(
            || of_environment.clone(),
            |service| self.service_status(service, &view),
        );
        if shape == Shape::Service {
            of_service["id"] = json!(environment);
        }
        of_environment["deployment_request_id"] = json!(named);
        of_service["deployment_request_id"] = json!(named);
        let reply = match (shape, self.behavior.response_body) {
            (Shape::Nothing(status), _) => Reply::empty(status),
            (_, ResponseBody::NoContent) => Reply::empty(204),
            (_, ResponseBody::Empty) => Reply::empty(202),
            (_, ResponseBody::OfTheEnvironment) => Reply::json(202, &of_environment),
            (_, ResponseBody::OfAService) => Reply::json(202, &of_service),
            (Shape::Object, ResponseBody::Declared) => Reply::json(202, &json!({})),
            (Shape::Environment, ResponseBody::Declared) => Reply::json(202, &of_environment),
            (_, ResponseBody::Declared) => Reply::json(202, &of_service),
        };
        reply.done()
    }

    // --- statuses ---

    fn named_by_status(&self, view: &View, of: Option<Uuid>) -> Option<Uuid> {
        let concerns = |id: &Uuid| {
            of.is_none_or(|service| {
                self.demands
                    .get(id)
                    .is_some_and(|demand| demand.services.contains(&service))
            })
        };
        match self.behavior.status_id {
            StatusId::Null => None,
            StatusId::NextWaiting => view.waiting.iter().copied().find(concerns),
            StatusId::LastAsked => view.last_asked.filter(concerns),
            StatusId::Shown => match (view.running(), view.waiting.first(), view.last()) {
                (None, Some(next), _) if concerns(next) => Some(*next),
                (_, _, Some(_)) => view.runs.iter().rev().map(|run| run.request).find(concerns),
                _ => None,
            },
        }
    }

    fn environment_status(&self, id: Uuid, view: &View) -> Value {
        let last = view.last();
        let by = last
            .and_then(|run| self.demands.get(&run.request))
            .map(|demand| demand.by);
        json!({
            "id": id,
            "state": view.environment_state(self),
            "last_deployment_state": view.deployment_state(self),
            "last_deployment_date": last.map(|run| self.wall(run.started)),
            "last_deployment_id": last.map(|run| run.execution.clone()),
            "total_deployment_duration_in_seconds": null,
            "origin": by.map(|by| by.origin),
            "triggered_by": by.map(|by| by.user),
            "deployment_status": if last.is_some() { "UP_TO_DATE" } else { "NEVER_DEPLOYED" },
            "deployment_request_id": self.named_by_status(view, None),
        })
    }

    fn service_status(&self, id: Uuid, view: &View) -> Value {
        let Some(shown) = view.services.get(&id) else {
            return json!({"id": id});
        };
        let request = shown.request.and_then(|request| self.demands.get(&request));
        let waits = view.waiting.iter().filter_map(|id| self.demands.get(id));
        let waits = waits.filter(|demand| demand.services.contains(&id)).count();
        json!({
            "id": id,
            "state": shown.state,
            "service_deployment_status": if shown.execution.is_some() { "UP_TO_DATE" } else { "NEVER_DEPLOYED" },
            "is_part_last_deployment": shown.is_part,
            "execution_id": shown.execution,
            "status_details": {
                "action": request.map_or("UNKNOWN", |demand| action_of(demand.verb)),
                "status": shown.status, "sub_action": "NONE",
            },
            "deployment_request_id": self.named_by_status(view, Some(id)),
            "deployment_requests_count": waits,
        })
    }

    fn by_kind(&self, view: &View, stage: Option<usize>) -> BTreeMap<String, Vec<Value>> {
        let mut lists: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for kind in KINDS {
            let name = if kind == "agenticWorkflow" {
                "agentic_workflow"
            } else {
                kind
            };
            lists.insert(format!("{name}s"), Vec::new());
        }
        for id in view.services.keys() {
            let Some(service) = self.services.get(id) else {
                continue;
            };
            if stage.is_none_or(|stage| stage == service.stage) {
                let list = lists.entry(format!("{}s", service.kind)).or_default();
                list.push(self.service_status(*id, view));
            }
        }
        lists
    }

    fn statuses(&self, id: Uuid, lag: Ms) -> Value {
        let view = View::of(self, id, lag);
        let mut body = json!(self.by_kind(&view, None));
        body["environment"] = self.environment_status(id, &view);
        body
    }

    fn statuses_with_stages(&self, id: Uuid, lag: Ms) -> Value {
        let view = View::of(self, id, lag);
        let stages: BTreeSet<usize> = view
            .services
            .keys()
            .filter_map(|id| Some(self.services.get(id)?.stage))
            .collect();
        let stages: Vec<Value> = stages
            .into_iter()
            .map(|stage| {
                let mut body = json!(self.by_kind(&view, Some(stage)));
                body["stage"] = json!({
                    "id": Uuid::from_u128(0x57a6e << 64 | stage as u128),
                    "name": format!("stage {stage}"), "description": "",
                });
                body
            })
            .collect();
        json!({"environment": self.environment_status(id, &view), "stages": stages})
    }

    fn request_status(&self, id: Uuid) -> Reply {
        let missing = || refusal(404, &format!("deployment request {id} is not found"));
        let kind = self.behavior.request_status;
        match kind {
            RequestStatus::ServerError => return refusal(500, "unexpected"),
            RequestStatus::Forbidden => return refusal(403, "Forbidden"),
            RequestStatus::NotFound => return missing(),
            _ => {}
        }
        let Some(demand) = self.demands.get(&id) else {
            return missing();
        };
        let view = View::of(
            self,
            demand.environment,
            self.behavior.lags.request + self.replica(),
        );
        let run = view.runs.iter().find(|run| run.request == id);
        let dropped = view.dropped.iter().any(|(other, _)| *other == id);
        let state = if let Some(run) = run {
            let unseen = run.services.is_empty();
            if kind == RequestStatus::QueuedUntilFirstService && unseen && run.ended.is_none() {
                demand.verb.queued()
            } else {
                run.state(self)
            }
        } else if dropped {
            if self.behavior.trace == Trace::Nothing {
                return missing();
            }
            "CANCELED"
        } else if view.waiting.contains(&id) {
            demand.verb.queued()
        } else {
            return missing();
        };
        let state = match kind {
            RequestStatus::OfTheEnvironment => view.deployment_state(self),
            RequestStatus::NotFoundAfterEnd
                if dropped || run.is_some_and(|run| run.ended.is_some()) =>
            {
                return missing();
            }
            _ => state,
        };
        Reply::ok(&json!({
            "deployment_request_id": id, "environment_id": demand.environment, "status": state,
        }))
    }

    // --- queue ---

    fn rows(&self, view: &View) -> Vec<Demand> {
        let waiting = view.waiting.iter().filter_map(|id| self.demands.get(id));
        let is_busy = view.running().is_some();
        let mut rows: Vec<Demand> = match self.behavior.rows {
            Rows::Never => Vec::new(),
            Rows::AtOnce => waiting.cloned().collect(),
            Rows::After(time) => waiting
                .filter(|demand| demand.asked + time <= view.at)
                .cloned()
                .collect(),
            Rows::OnlyBehindOthers => {
                let first = usize::from(!is_busy);
                waiting.skip(first).cloned().collect()
            }
            Rows::WithTheRunningOne => waiting.cloned().collect(),
        };
        if self.behavior.rows == Rows::WithTheRunningOne
            && let Some(running) = view
                .running()
                .and_then(|run| self.demands.get(&run.request))
        {
            rows.insert(0, running.clone());
        }
        rows
    }

    fn row(&self, demand: &Demand) -> Value {
        let mut stages: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
        for id in &demand.services {
            if let Some(service) = self.services.get(id) {
                let entry = json!({"identifier": identifier(service), "status": "QUEUED"});
                stages.entry(service.stage).or_default().push(entry);
            }
        }
        let stages: Vec<Value> = stages
            .into_iter()
            .map(|(number, services)| {
                json!({"name": format!("stage {number}"), "status": "QUEUED", "services": services})
            })
            .collect();
        json!({
            "identifier": {
                "deployment_request_id": demand.id, "environment_id": demand.environment,
            },
            "auditing_data": {"triggered_by": demand.by.user, "origin": demand.by.origin},
            "trigger_action": demand.verb.name(),
            "stages": stages,
        })
    }

    fn service_queue(&self, service: &Service) -> Reply {
        let lag = self.behavior.lags.queue + self.replica();
        let view = View::of(self, service.environment, lag);
        let rows = self.rows(&view);
        let rows = rows
            .iter()
            .filter(|demand| demand.services.contains(&service.id));
        let all: Vec<Value> = rows
            .map(|demand| {
                let mut identifier = identifier(service);
                identifier["deployment_request_id"] = json!(demand.id);
                json!({
                    "identifier": identifier,
                    "auditing_data": {
                        "triggered_by": demand.by.user, "origin": demand.by.origin,
                    },
                    "status_details": {
                        "action": action_of(demand.verb), "status": "QUEUED", "sub_action": "NONE",
                    },
                    "icon_uri": "app://qovery-console/service",
                })
            })
            .collect();
        Reply::ok(&json!({"results": all}))
    }

    // --- histories ---

    fn limited<T>(&self, entries: Vec<T>) -> Vec<T> {
        let limit = match self.behavior.histories {
            Histories::Last(limit) => limit,
            Histories::Empty => 0,
            _ => 20,
        };
        entries.into_iter().take(limit).collect()
    }

    fn audit(&self, demand: &Demand, started: Ms, changed: Ms) -> Value {
        let created = if self.behavior.dated_by_request {
            demand.asked
        } else {
            started
        };
        json!({
            "created_at": self.wall(created), "updated_at": self.wall(changed),
            "triggered_by": demand.by.user, "origin": demand.by.origin,
        })
    }

    fn history_new(&self, id: Uuid, lag: Ms) -> Reply {
        if matches!(
            self.behavior.histories,
            Histories::Missing | Histories::OnlyOld
        ) {
            return refusal(404, "no such endpoint");
        }
        let view = View::of(self, id, lag);
        let mut entries: Vec<(Ms, Value)> = Vec::new();
        for run in &view.runs {
            if let Some(demand) = self.demands.get(&run.request) {
                entries.push((run.started, self.entry(demand, run)));
            }
        }
        if self.behavior.trace == Trace::History {
            for (id, at) in &view.dropped {
                if let Some(demand) = self.demands.get(id) {
                    let services = demand.services.iter().map(|id| (*id, "CANCELED")).collect();
                    let run = Run {
                        request: *id,
                        execution: format!("{id}-0"),
                        started: *at,
                        changed: *at,
                        ended: Some("CANCELED"),
                        canceling: false,
                        services,
                    };
                    entries.push((*at, self.entry(demand, &run)));
                }
            }
        }
        entries.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        let all: Vec<Value> = self
            .limited(entries)
            .into_iter()
            .map(|(_, entry)| entry)
            .collect();
        Reply::ok(&json!({"page": 0, "page_size": 20, "results": all}))
    }

    fn entry(&self, demand: &Demand, run: &Run) -> Value {
        let state = run.state(self);
        let audit = self.audit(demand, run.started, run.changed);
        let mut stages: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
        for id in &demand.services {
            if let Some(service) = self.services.get(id) {
                let entry = self.service_entry(service, demand, run, &audit);
                stages.entry(service.stage).or_default().push(entry);
            }
        }
        let stages: Vec<Value> = stages
            .into_iter()
            .map(|(number, services)| {
                let status = if run.ended.is_some() {
                    "DONE"
                } else {
                    "ONGOING"
                };
                json!({
                    "name": format!("stage {number}"), "status": status, "duration": "PT12S",
                    "services": services,
                })
            })
            .collect();
        json!({
            "identifier": {"execution_id": run.execution, "environment_id": demand.environment},
            "auditing_data": audit,
            "status": state,
            "trigger_action": demand.verb.name(),
            "total_duration": "PT12.5S",
            "stages": stages,
            "action_status": if run.ended == Some("READY") { "SUCCESS" } else { status_of(state) },
        })
    }

    fn service_entry(&self, service: &Service, demand: &Demand, run: &Run, audit: &Value) -> Value {
        let reached = run.services.get(&service.id).copied();
        let state = reached.unwrap_or_else(|| demand.verb.queued());
        let status = match (reached, run.ended) {
            (None, Some(_)) => "NEVER",
            (Some("READY"), _) => "SUCCESS",
            _ => status_of(state),
        };
        let mut identifier = identifier(service);
        identifier["execution_id"] = json!(run.execution);
        json!({
            "identifier": identifier,
            "status": state,
            "auditing_data": audit,
            "details": {},
            "status_details": {
                "action": action_of(demand.verb), "status": status, "sub_action": "NONE",
            },
            "icon_uri": "app://qovery-console/service",
            "total_duration": "PT5S",
        })
    }

    fn history_old(&self, id: Uuid, lag: Ms) -> Reply {
        if matches!(
            self.behavior.histories,
            Histories::Missing | Histories::OnlyNew
        ) {
            return refusal(404, "no such endpoint");
        }
        let view = View::of(self, id, lag);
        let mut all = Vec::new();
        for run in view.runs.iter().rev() {
            let Some(demand) = self.demands.get(&run.request) else {
                continue;
            };
            let mut entry = json!({
                "id": old_id(run), "created_at": self.wall(run.started),
                "updated_at": self.wall(run.changed), "status": run.state(self),
                "origin": demand.by.origin, "triggered_by": demand.by.user,
                "applications": [], "containers": [], "databases": [], "jobs": [], "helms": [],
            });
            for (service, state) in &run.services {
                let Some(service) = self.services.get(service) else {
                    continue;
                };
                let item = json!({
                    "id": service.id, "created_at": self.wall(run.started), "name": service.name,
                    "status": state,
                });
                if let Some(list) = entry
                    .get_mut(format!("{}s", service.kind))
                    .and_then(Value::as_array_mut)
                {
                    list.push(item);
                }
            }
            all.push(entry);
        }
        Reply::ok(&json!({"page": 0, "page_size": 20, "results": self.limited(all)}))
    }

    fn service_history(&self, service: &Service, lag: Ms, new: bool) -> Reply {
        let missing = match self.behavior.histories {
            Histories::Missing => true,
            Histories::OnlyOld => new,
            Histories::OnlyNew => !new,
            _ => false,
        };
        if missing {
            return refusal(404, "no such endpoint");
        }
        let view = View::of(self, service.environment, lag);
        let mut all = Vec::new();
        for run in view.runs.iter().rev() {
            let Some(demand) = self.demands.get(&run.request) else {
                continue;
            };
            if !demand.services.contains(&service.id) {
                continue;
            }
            if new {
                let audit = self.audit(demand, run.started, run.changed);
                all.push(self.service_entry(service, demand, run, &audit));
            } else {
                let state = run.services.get(&service.id).copied().unwrap_or("READY");
                let status = match service.kind {
                    "application" if state.ends_with("ERROR") => "FAILED",
                    "application" => "SUCCESS",
                    _ => state,
                };
                all.push(json!({
                    "id": old_id(run), "created_at": self.wall(run.started), "name": service.name,
                    "status": status,
                }));
            }
        }
        Reply::ok(&json!({"page": 0, "page_size": 20, "results": self.limited(all)}))
    }

    // --- objects ---

    fn environment_json(&self, id: Uuid) -> Value {
        json!({
            "id": id, "created_at": self.wall(START - 7_200_000), "name": "environment",
            "organization": {"id": self.organization},
            "project": {"id": self.environments.get(&id)},
            "cloud_provider": {"provider": "AWS", "cluster": "main"},
            "mode": "DEVELOPMENT", "cluster_id": Uuid::from_u128(77), "cluster_name": "main",
        })
    }

    fn list_of(&self, environment: Uuid, kind: Option<&str>) -> Vec<Value> {
        let view = View::of(self, environment, self.behavior.lags.lists + self.replica());
        let all = self.services.values();
        all.filter(|service| {
            service.environment == environment
                && !view.gone_services.contains(&service.id)
                && kind.is_none_or(|kind| kind == service.kind)
        })
        .map(|service| self.service_json(service))
        .collect()
    }

    fn service_json(&self, service: &Service) -> Value {
        json!({
            "id": service.id, "created_at": self.wall(START - 7_200_000), "name": service.name,
            "environment": {"id": service.environment}, "icon_uri": "app://qovery-console/service",
            "service_type": kind_name(service.kind), "healthchecks": {}, "mode": "CONTAINER",
            "type": "POSTGRESQL", "version": "16", "auto_preview": false, "cpu": 100, "gpu": 0,
            "image_name": "image", "max_running_instances": 1, "maximum_cpu": 100,
            "maximum_gpu": 0, "maximum_memory": 100, "memory": 100, "min_running_instances": 1,
            "registry": {"id": Uuid::from_u128(5), "name": "registry", "url": "https://r.example.com", "kind": "ECR"},
            "tag": "1", "allow_cluster_wide_resources": false, "arguments": [],
            "auto_deploy": false, "job_type": "CRON",
            "schedule": {"cronjob": {"scheduled_at": "* * * * *"}},
            "source": {"image": {"image_name": "image", "tag": "1", "registry_id": Uuid::from_u128(5)}},
            "values_override": {},
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// A service's status with the id of the environment.
    Service,
    OneService(Uuid),
    Environment,
    Object,
    Nothing(u16),
}

fn old_id(run: &Run) -> Uuid {
    Uuid::from_u128(0x01d0_0000_0000_4000_8000_0000_0000_0000 | u128::from(run.started))
}

fn action_of(verb: Verb) -> &'static str {
    match verb {
        Verb::Deploy => "DEPLOY",
        Verb::Restart => "RESTART",
        Verb::Stop => "STOP",
        Verb::Uninstall | Verb::Delete => "DELETE",
    }
}

fn kind_name(kind: &str) -> String {
    if kind == "agenticWorkflow" {
        "AGENTIC_WORKFLOW".to_owned()
    } else {
        kind.to_uppercase()
    }
}

fn identifier(service: &Service) -> Value {
    json!({
        "service_id": service.id, "service_type": kind_name(service.kind), "name": service.name,
    })
}

/// Every id in the body of an action on selected services.
fn chosen(body: &[u8]) -> BTreeSet<Uuid> {
    fn collect(value: &Value, into: &mut BTreeSet<Uuid>) {
        match value {
            Value::String(text) => into.extend(Uuid::parse_str(text).ok()),
            Value::Array(all) => all.iter().for_each(|one| collect(one, into)),
            Value::Object(all) => all.values().for_each(|one| collect(one, into)),
            _ => {}
        }
    }
    let mut ids = BTreeSet::new();
    collect(&serde_json::from_slice(body).unwrap_or_default(), &mut ids);
    ids
}
