//! Every action, from its handle over the client to what the API is asked for and back.
//!
//! On paused time, against the fake's socket-free transport.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod outcomes;
mod sent;

use qovery_ext::{
    fake::{FakeEnvironment, FakeQovery, FakeService, FakeServiceKind as FakeKind},
    wait::ServiceKind,
};

/// An environment with one service of each kind, all of them deployed.
struct World {
    fake: FakeQovery,
    environment: FakeEnvironment,
    services: Vec<FakeService>,
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
        fake.clear_requests();
        Self {
            fake,
            environment,
            services,
        }
    }

    fn service(&self, kind: FakeKind) -> &FakeService {
        let mut services = self.services.iter();
        services.find(|s| s.kind() == kind).expect("one of each")
    }

    /// What was asked of the API besides reading, as operations.
    fn asked(&self) -> Vec<String> {
        let executions = self.fake.executions().into_iter();
        executions.filter_map(|r| r.operation).collect()
    }
}
