//! The final reading of an operation shows how it ended, also if the end falls between two requests.
//!
//! Each request takes a second here, and the deployment about as long, so that its end falls on many
//! moments of the first polls: between reading the status and asking for the request, too.

use std::time::Duration;

use qovery_ext::wait::{Phase, ServiceKind as Kind, State, WaitExt};
use qovery_fake::{FakeEnvironment, FakeQovery, FakeService, Step, Workload};

/// The number of different times of the end, and the interval between them.
const MOMENTS: u32 = 40;
const BETWEEN: Duration = Duration::from_millis(200);

fn scene(moment: u32) -> (FakeQovery, FakeEnvironment, FakeService) {
    let fake = FakeQovery::new();
    let environment = fake.environment("staging").starts_after(Duration::ZERO);
    let orders = environment.service(Workload::Database, "orders");
    let orders = orders.takes(Step::Deployment, BETWEEN * moment);
    fake.latency(Duration::from_secs(1));
    (fake, environment, orders)
}

#[tokio::test(start_paused = true)]
async fn a_success_ends_with_a_status_that_shows_it() {
    for moment in 0..MOMENTS {
        let (fake, environment, _orders) = scene(moment);
        let client = fake.client();
        let reached = client.environment(environment.id()).deploy().await.unwrap();
        let last = reached.snapshot.unwrap();
        assert_eq!(last.state, State::Deployed, "moment {moment}");
        assert_eq!(last.services[0].state, State::Deployed, "moment {moment}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_progress_of_an_operation_is_read_with_next_alone_and_ends_after_the_goal() {
    let (fake, environment, _orders) = scene(3);
    let client = fake.client();
    let action = client.environment(environment.id()).deploy();
    let mut progress = action.progress().await.unwrap();
    let mut phases = Vec::new();
    loop {
        // A future that is dropped loses nothing.
        let step = tokio::time::timeout(Duration::from_millis(300), progress.next()).await;
        match step {
            Err(_) => {}
            Ok(None) => break,
            Ok(Some(step)) => phases.push(step.unwrap().phase),
        }
    }
    assert_eq!(phases.last(), Some(&Phase::Reached));
    assert_eq!(
        phases
            .iter()
            .filter(|phase| **phase == Phase::Reached)
            .count(),
        1
    );
    assert!(progress.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_reported_with_the_services_that_have_failed() {
    for moment in 0..MOMENTS {
        let (fake, environment, orders) = scene(moment);
        let script = environment.next_deployment();
        script
            .fails_at(&orders, Step::Deployment)
            .because("no volume could be attached");
        let client = fake.client();
        let error = client.environment(environment.id()).deploy().await;
        let error = error.unwrap_err();
        assert!(error.is_failed(), "moment {moment}: {error}");
        let last = error.last().unwrap();
        assert_eq!(last.state, State::DeploymentError, "moment {moment}");
        let report = error.report().unwrap();
        assert_eq!(report.services.len(), 1, "moment {moment}: {error}");
        let lines = &report.services[0].lines;
        assert!(lines.iter().any(|line| line.text.contains("no volume")));
    }
}

#[tokio::test(start_paused = true)]
async fn one_service_alone_ends_with_its_own_status() {
    for moment in 0..MOMENTS {
        let (fake, _environment, orders) = scene(moment);
        let client = fake.client();
        let service = client.service(Kind::Database, orders.id());
        let reached = service.redeploy().await.unwrap();
        let last = reached.snapshot.unwrap();
        assert_eq!(last.state, State::Deployed, "moment {moment}");
    }
}
