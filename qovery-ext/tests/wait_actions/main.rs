//! Every action, from its handle through the client to the request, and back.
//!
//! On paused time, against the fake's socket-free transport.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot continue has failed"
)]

mod actions;
mod cancels;
mod final_status;
mod intermediary;
mod outcomes;
mod requests;
mod requests_in_flight;
mod responses;
mod sent_once;
mod versions;

use qovery_ext::wait::ServiceKind;
use qovery_fake::{FakeCluster, FakeEnvironment, FakeQovery, FakeService, Workload as FakeKind};

/// An environment with one service of each kind, all of them deployed, and a cluster.
struct World {
    fake: FakeQovery,
    environment: FakeEnvironment,
    services: Vec<FakeService>,
    cluster: FakeCluster,
}

const KINDS: [(FakeKind, ServiceKind); 8] = [
    (FakeKind::Application, ServiceKind::Application),
    (FakeKind::Container, ServiceKind::Container),
    (FakeKind::Database, ServiceKind::Database),
    (FakeKind::CronJob, ServiceKind::Job),
    (FakeKind::LifecycleJob, ServiceKind::Job),
    (FakeKind::Helm, ServiceKind::Helm),
    (FakeKind::Terraform, ServiceKind::Terraform),
    (FakeKind::AgenticWorkflow, ServiceKind::AgenticWorkflow),
];

impl World {
    fn new() -> Self {
        let fake = FakeQovery::new();
        let environment = fake.environment("preview");
        let services = KINDS
            .iter()
            .map(|(kind, _)| environment.service(*kind, &format!("{kind:?}")))
            .collect();
        let environment = environment.history(1).in_state("DEPLOYED");
        let cluster = fake.cluster("production");
        fake.clear_requests();
        Self {
            cluster,
            fake,
            environment,
            services,
        }
    }

    fn service(&self, kind: FakeKind) -> &FakeService {
        let mut services = self.services.iter();
        services
            .find(|s| s.workload() == kind)
            .expect("one of each")
    }

    /// The requests to the API other than reads, as operations.
    fn asked(&self) -> Vec<String> {
        let executions = self.fake.executions().into_iter();
        executions.filter_map(|r| r.operation).collect()
    }
}
