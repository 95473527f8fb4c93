//! Waits until services are healthy, not only deployed.

use std::{future::IntoFuture, time::Duration};

use qovery_ext::wait::{NotRunning, PodProblemKind, WaitErrorKind, WaitExt};
use qovery_fake::{SocketFault, Step, Workload};

use crate::world;

const WINDOW: Duration = Duration::from_secs(30);

#[tokio::test(start_paused = true)]
async fn services_have_to_run_for_the_whole_window() {
    let (fake, environment, service) = world();
    let _job = environment.service(Workload::CronJob, "job");
    let client = fake.client();
    let started = tokio::time::Instant::now();
    let running = client
        .environment(environment.id())
        .deploy()
        .until_running(WINDOW);
    let running = running.await.unwrap();
    assert_eq!(running.services, [service.id()]);
    assert!(started.elapsed() >= running.reached.elapsed + WINDOW);
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_cannot_run_is_a_typed_outcome_with_its_last_lines() {
    for (reason, code, kind) in [
        ("CrashLoopBackOff", Some(137), PodProblemKind::CrashLoop),
        ("ImagePullBackOff", None, PodProblemKind::ImagePull),
        ("ErrImagePull", None, PodProblemKind::ImagePull),
        ("Unhealthy", None, PodProblemKind::Probe),
        ("OOMKilled", Some(137), PodProblemKind::Other),
    ] {
        let (fake, environment, service) = world();
        let service = service.prints("starting").prints("bad\u{1b}[2Jthings");
        let service = service.pod_fails(reason, code);
        let running = fake
            .client()
            .environment(environment.id())
            .deploy()
            .until_running(WINDOW);
        let error = running
            .running_within(Duration::from_secs(120))
            .await
            .unwrap_err();
        let NotRunning::Pod(problem) = &error else {
            panic!("{reason}: {error:?}");
        };
        assert_eq!(problem.kind, kind, "{reason}");
        assert_eq!((problem.service, problem.exit_code), (service.id(), code));
        assert_eq!(problem.reason, reason);
        assert_eq!(problem.last_lines, ["starting", "bad\u{1b}[2Jthings"]);
        assert!(!error.to_string().contains('\u{1b}'), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_fails_only_at_the_beginning_is_no_problem() {
    let (fake, environment, service) = world();
    let service = service.pod_fails("Unhealthy", None);
    let client = fake.client();
    let running = client
        .environment(environment.id())
        .deploy()
        .until_running(WINDOW);
    let recovering = async {
        let status = client
            .environment(environment.id())
            .wait_for(qovery_ext::wait::Goal::Deployed);
        status.await.unwrap();
        tokio::time::sleep(Duration::from_secs(40)).await;
        service.pod_recovers();
    };
    let (running, _) = tokio::join!(running.into_future(), recovering);
    assert!(running.is_ok(), "{running:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_begins_the_window_again_and_proves_nothing() {
    let (fake, environment, _) = world();
    let client = fake.client();
    let fault = SocketFault::lost()
        .on("/service/status")
        .after(Duration::from_secs(25));
    fake.inject_socket(fault.times(3));
    let running = client
        .environment(environment.id())
        .deploy()
        .until_running(WINDOW);
    let running = running.await.unwrap();
    let lasted = fake.elapsed() - running.reached.elapsed;
    assert!(lasted > Duration::from_secs(3 * 25 + 30), "{lasted:?}");

    let (fake, environment, service) = world();
    fake.inject_socket(SocketFault::silent().on("/service/status").times(1000));
    let running = fake
        .client()
        .environment(environment.id())
        .deploy()
        .until_running(WINDOW);
    let error = running.await.unwrap_err();
    assert!(
        matches!(&error, NotRunning::TimedOut(ids) if *ids == [service.id()]),
        "{error:?}"
    );

    let (fake, environment, _) = world();
    fake.inject_socket(SocketFault::refused(403).on("/service/status"));
    let running = fake
        .client()
        .environment(environment.id())
        .deploy()
        .until_running(WINDOW);
    assert!(matches!(running.await, Err(NotRunning::Unknown(_))));
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_failed_is_not_watched() {
    let (fake, environment, service) = world();
    environment
        .next_deployment()
        .fails_at(&service, Step::Build);
    let running = fake
        .client()
        .environment(environment.id())
        .deploy()
        .until_running(WINDOW);
    let error = running.await.unwrap_err();
    let NotRunning::NotDeployed(error) = error else {
        panic!("{error:?}");
    };
    assert_eq!(error.kind(), WaitErrorKind::Failed);
    assert!(fake.socket_requests().is_empty());
}
