//! The scripting interface: handles to the resources of the fake.
//!
//! Handles are cheap to clone and refer to the same fake. Settings take effect immediately.

mod cluster;
mod environment;
mod organization;

use std::{io, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use qovery_api::{Client, ClientBuilder};
use serde_json::{Map, Value};
use uuid::Uuid;

pub use cluster::FakeCluster;
pub use environment::{
    DeploymentScript, ExternalActor, FakeDeployment, FakeEnvironment, FakeService, InvalidProperty,
};
pub use organization::{FakeOrganization, FakeProject};

use super::{
    ApiTraits, Clock, ConfiguredVersion, FakeServer, FakeTransport, Fault, RecordedRequest,
    StartId,
    contract::Amount,
    core::Core,
    engine::Engine,
    world::{
        creation,
        resources::{Resource, parent_facts},
    },
};

/// The token that a fake accepts by default. Not a secret.
const TOKEN: &str = "qov_fake_token";

/// The base URL of a client without sockets.
const BASE_URL: &str = "https://fake.qovery.test";

/// The base URL of the websocket API of a client without sockets.
#[cfg(feature = "stream")]
const STREAM_URL: &str = "wss://ws.fake.qovery.test";

const ORGANIZATION: &str = "/organization/{organizationId}";
const PROJECT: &str = "/project/{projectId}";
const ENVIRONMENT: &str = "/environment/{environmentId}";
const CLUSTER: &str = "/organization/{organizationId}/cluster/{clusterId}";

/// A fake of the Qovery API. See the [module](super).
#[derive(Debug, Clone)]
pub struct FakeQovery {
    engine: Engine,
}

impl Default for FakeQovery {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeQovery {
    /// Creates an empty fake on Tokio's clock.
    ///
    /// Its time starts now: in a test on a paused clock, create it inside the test.
    pub fn new() -> Self {
        Self::with_clock(Clock::tokio())
    }

    /// Creates an empty fake on this clock.
    pub fn with_clock(clock: Clock) -> Self {
        Self {
            engine: Engine::new(clock, TOKEN),
        }
    }

    /// Returns the organization with this name; creates it if it does not exist.
    pub fn organization(&self, name: &str) -> FakeOrganization {
        let id = self.named(ORGANIZATION, None, name);
        let id = id.unwrap_or_else(|| self.create(ORGANIZATION, &[], name));
        FakeOrganization::new(self.clone(), id)
    }

    /// Returns the project with this name in the first organization; creates them if needed.
    pub fn project(&self, name: &str) -> FakeProject {
        self.first_organization().project(name)
    }

    /// Returns the environment with this name in the first project; creates them if needed.
    pub fn environment(&self, name: &str) -> FakeEnvironment {
        let project = self
            .first(PROJECT)
            .map(|id| FakeProject::new(self.clone(), id));
        project
            .unwrap_or_else(|| self.project("project"))
            .environment(name)
    }

    /// Returns the cluster with this name in the first organization; creates them if needed.
    pub fn cluster(&self, name: &str) -> FakeCluster {
        self.first_organization().cluster(name)
    }

    /// Returns a client with an accepted token. Its requests go to this fake without a socket.
    pub fn client(&self) -> Client {
        #[allow(
            clippy::expect_used,
            reason = "the base URL is a constant, and a test builds this client"
        )]
        self.client_builder()
            .build()
            .expect("a constant URL is well-formed")
    }

    fn client_builder(&self) -> ClientBuilder {
        let client = Client::builder().base_url(BASE_URL);
        #[cfg(feature = "stream")]
        let client = client.stream_url(STREAM_URL);
        client.transport(self.transport())
    }

    /// Returns the transport of [`FakeQovery::client`], for example to wrap it in layers.
    pub fn transport(&self) -> FakeTransport {
        FakeTransport::new(self.engine.clone())
    }

    /// Listens on a free port of this machine, until the server is dropped.
    ///
    /// # Errors
    /// Returns an error if no port can be opened.
    ///
    /// # Cancel safety
    /// Dropping the future opens no port, or closes it again.
    pub async fn serve(&self) -> io::Result<FakeServer> {
        self.serve_on(0).await
    }

    /// Listens on this port of this machine, until the server is dropped.
    ///
    /// # Errors
    /// Returns an error if the port cannot be opened, for example because it is in use.
    ///
    /// # Cancel safety
    /// See [`FakeQovery::serve`].
    pub async fn serve_on(&self, port: u16) -> io::Result<FakeServer> {
        FakeServer::start(self.engine.clone(), port).await
    }

    /// Returns the token that the fake accepts.
    pub fn token(&self) -> String {
        self.engine.token()
    }

    /// Accepts this token and no other.
    pub fn accept_only(&self, token: impl Into<String>) {
        self.with(|core| core.tokens = [token.into()].into());
    }

    /// Adds a fault. Faults apply in the order of the calls to `inject`.
    pub fn inject(&self, fault: Fault) {
        self.with(|core| core.faults.push(fault));
    }

    /// Returns the faults that have not yet applied to all their requests. If a fault never applies, its
    /// operation id may be wrong.
    pub fn pending_faults(&self) -> Vec<Fault> {
        self.with(|core| core.faults.clone())
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.with(|core| core.faults.clear());
    }

    /// Sets the duration of each request. Default: 0 s.
    pub fn latency(&self, time: Duration) {
        self.with(|core| core.latency = time);
    }

    /// Returns the requests that arrived, in order, including those affected by a fault.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.with(|core| core.record.clone())
    }

    /// Returns the executed write requests, including those whose callers received an error or no response.
    pub fn executions(&self) -> Vec<RecordedRequest> {
        self.with(|core| {
            let writes = core.record.iter().filter(|r| r.executed && r.is_write());
            writes.cloned().collect()
        })
    }

    /// Forgets the requests seen so far.
    pub fn clear_requests(&self) {
        self.with(|core| core.record.clear());
    }

    /// Adds a fault for a websocket. Faults apply in the order of the calls to `inject_socket`.
    ///
    /// Available on crate feature `stream` only.
    #[cfg(feature = "stream")]
    pub fn inject_socket(&self, fault: crate::SocketFault) {
        self.engine.sockets(|sockets| sockets.faults.push(fault));
    }

    /// Returns the requests for websockets that arrived, in order.
    ///
    /// Available on crate feature `stream` only.
    #[cfg(feature = "stream")]
    pub fn socket_requests(&self) -> Vec<crate::RecordedSocket> {
        self.engine.sockets(|sockets| sockets.record.clone())
    }

    /// Returns the time since the fake was created.
    pub fn elapsed(&self) -> Duration {
        self.engine.elapsed()
    }

    /// Returns the date on the server's calendar. The calendar begins on 2026-01-01.
    pub fn date(&self) -> DateTime<Utc> {
        self.with(|core| core.world.time.calendar(core.world.time.now()))
    }

    /// Advances the fake's time and applies the events that fall due. In a test on a paused clock, use
    /// `tokio::time::advance` instead: it also advances the program under test.
    pub fn advance(&self, by: Duration) {
        self.engine.clock().advance(by);
        self.with(|_| ());
    }

    /// Returns the time of the next scheduled event; `None` if no event is scheduled.
    pub fn next_due(&self) -> Option<Duration> {
        self.with(|core| core.world.events.next_due())
    }

    /// Shifts the dates in responses, as when the server's clock is set.
    pub fn shift_calendar(&self, by: TimeDelta) {
        self.with(|core| {
            core.world.time.shift_calendar(by);
        });
    }

    /// Sets the behavior of the API for clients that follow a deployment. Lagging reads never go back
    /// beyond the time of this call.
    pub fn api(&self, traits: ApiTraits) {
        self.with(|core| core.world.set_traits(traits));
    }

    /// Returns the behavior of the API, as set by [`FakeQovery::api`].
    pub fn traits(&self) -> ApiTraits {
        self.with(|core| core.world.traits)
    }

    /// Sets the meaning of the `startId` parameter. By default the page starts after that item.
    pub fn start_id(&self, meaning: StartId) {
        self.with(|core| core.world.start_id = meaning);
    }

    /// Sets the effect of a deployment of an image tag or a chart version on the configuration. By default it becomes
    /// the configured one. A Git commit becomes the deployed commit of the repository in any case.
    pub fn configured_version(&self, effect: ConfiguredVersion) {
        self.with(|core| core.world.configured_version = effect);
    }

    /// Sets the number of items on a page. Default: 20; at least 1.
    pub fn page_size(&self, items: usize) {
        self.with(|core| core.world.page_size = items.max(1));
    }

    /// Sets whether responses of operations that the fake does not model have all optional properties. Default: true.
    pub fn full_examples(&self, full: bool) {
        self.with(|core| core.amount = if full { Amount::Full } else { Amount::Minimal });
    }

    /// Puts a resource or a document at a path, such as
    /// `/organization/{id}/webhook/{id}` or `/organization/{id}/billingInfo`.
    ///
    /// A read returns the given properties, completed with the properties that the contract requires; lists
    /// include the resource too. Returns whether the contract has such a path.
    pub fn put(&self, path: &str, document: Value) -> bool {
        self.with(|core| {
            let contract = Arc::clone(&core.contract);
            let Some((template, parameters)) = contract.template_of(path) else {
                return false;
            };
            let item = parameters
                .last()
                .filter(|(name, _)| contract.names_an_item(name) && template.ends_with('}'));
            let Some((_, id)) = item.cloned() else {
                core.world.resources.set_single(path, document);
                return true;
            };
            let mut parents: std::collections::BTreeMap<_, _> = parameters.into_iter().collect();
            parents.retain(|_, value| *value != id);
            let mut server = parent_facts(&parents);
            server.insert("id".to_owned(), Value::String(id.clone()));
            let date = core.world.time.date(core.world.time.now());
            for name in ["created_at", "updated_at"] {
                server.insert(name.to_owned(), Value::String(date.clone()));
            }
            core.world.resources.insert(Resource {
                template: template.to_owned(),
                id,
                parents,
                server,
                body: document.as_object().cloned().unwrap_or_default(),
            });
            true
        })
    }

    /// Works on the core as it is at this moment.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Core) -> T) -> T {
        self.engine.with(work)
    }

    /// Answers a request that arrives now.
    #[cfg(test)]
    pub(crate) fn handle(&self, incoming: &crate::exchange::Incoming) -> crate::exchange::Delivery {
        self.engine.handle(incoming)
    }

    fn first_organization(&self) -> FakeOrganization {
        match self.first(ORGANIZATION) {
            Some(id) => FakeOrganization::new(self.clone(), id),
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

    /// Adds a resource with a name below others.
    fn create(&self, template: &str, parents: &[(&str, Uuid)], name: &str) -> Uuid {
        let mut body = Map::new();
        body.insert("name".to_owned(), Value::String(name.to_owned()));
        let parents = parents.iter();
        let parents = parents
            .map(|(name, id)| ((*name).to_owned(), id.to_string()))
            .collect();
        self.with(|core| {
            let contract = Arc::clone(&core.contract);
            creation::create(&mut core.world, &contract, template, parents, body, None)
        })
    }
}
