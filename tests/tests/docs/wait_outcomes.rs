//! Every outcome of a wait, simulated with the fake, and its exit code.

use std::collections::BTreeMap;
use std::time::Duration;

use qovery_ext::qovery_api::uuid::Uuid;
use qovery_ext::wait::{Action, Reached, WaitError, WaitExt};
use qovery_fake::{FakeEnvironment, FakeQovery, Fault, RequestStatus, Step, Trigger, Workload};

use crate::page::Page;

/// A fake with one service, the initial state for each outcome.
fn world() -> (FakeQovery, FakeEnvironment) {
    let fake = FakeQovery::new();
    let environment = fake.environment("preview");
    environment
        .service(Workload::Container, "web")
        .takes(Step::Deployment, Duration::from_secs(300));
    (fake, environment)
}

fn deployment(fake: &FakeQovery, environment: Uuid) -> Action {
    fake.client().environment(environment).deploy()
}

async fn failed() -> Result<Reached, WaitError> {
    let (fake, environment) = world();
    let services = environment.services();
    environment
        .next_deployment()
        .fails_at(&services[0], Step::Deployment);
    deployment(&fake, environment.id()).await
}

async fn canceled() -> Result<Reached, WaitError> {
    let (fake, environment) = world();
    environment
        .next_deployment()
        .canceled_after(Duration::from_secs(10));
    deployment(&fake, environment.id()).await
}

async fn superseded() -> Result<Reached, WaitError> {
    let (fake, environment) = world();
    let environment = environment.request_status(RequestStatus::NotFound);
    environment
        .next_deployment()
        .superseded_after(Duration::from_secs(10), Trigger::Stop);
    // No endpoint shows how the first deployment ended: neither its request nor the history.
    fake.inject(
        Fault::status(404)
            .on("listEnvironmentDeploymentHistoryV2")
            .always(),
    );
    fake.inject(
        Fault::status(404)
            .on("listEnvironmentDeploymentHistory")
            .always(),
    );
    deployment(&fake, environment.id()).await
}

async fn deadline_passed() -> Result<Reached, WaitError> {
    let (fake, environment) = world();
    let services = environment.services();
    environment
        .next_deployment()
        .hangs_at(&services[0], Step::Deployment);
    deployment(&fake, environment.id())
        .within(Duration::from_secs(60))
        .await
}

async fn lost_contact() -> Result<Reached, WaitError> {
    let (fake, environment) = world();
    let operation = deployment(&fake, environment.id()).start().await?;
    fake.inject(Fault::status(503).always());
    operation.await
}

async fn refused() -> Result<Reached, WaitError> {
    deployment(&world().0, Uuid::nil()).await
}

#[tokio::test(start_paused = true)]
async fn the_exit_codes_are_those_of_the_endings() {
    let (fake, environment) = world();
    let reached = deployment(&fake, environment.id())
        .await
        .expect("it is deployed");
    let mut codes = BTreeMap::from([(reached.exit_code(), vec!["`Reached`".to_owned()])]);
    for ending in [
        failed().await,
        canceled().await,
        superseded().await,
        deadline_passed().await,
        lost_contact().await,
        refused().await,
    ] {
        let error = ending.expect_err("only the first one is deployed");
        codes
            .entry(error.exit_code())
            .or_default()
            .push(format!("`{:?}`", error.kind()));
    }
    let rows: Vec<_> = codes
        .iter()
        .map(|(code, kinds)| format!("| {code} | {} |", kinds.join(", ")))
        .collect();
    assert_eq!(Page::read("docs/waiting.md").table("exit-codes"), rows);
}
