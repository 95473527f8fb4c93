//! Waits until services are healthy, not only deployed.

use std::{future::IntoFuture, time::Duration};

use qovery_ext::wait::{Goal, NotRunning, PodProblemKind, ServiceVersion, WaitErrorKind, WaitExt};
use qovery_fake::{Fault, SocketFault, Step, Workload};

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
async fn the_services_of_a_deployment_request_run_in_the_environment_that_was_looked_up() {
    let (fake, environment, service) = world();
    let client = fake.client();
    let deploy = client.environment(environment.id()).deploy();
    let operation = deploy.start().await.unwrap();
    let request = operation.token().deployment_request_id().unwrap();
    let request = client.deployment_request(request);
    let running = request.wait_for(Goal::Deployed).until_running(WINDOW).await;
    assert_eq!(running.unwrap().services, [service.id()]);
}

#[tokio::test(start_paused = true)]
async fn the_error_of_a_failed_lookup_is_that_of_the_call() {
    let (fake, _, service) = world();
    let running = fake
        .client()
        .application(service.id())
        .deploy(ServiceVersion::configured())
        .until_running(WINDOW);
    // The lookup of the environment, after the deployment.
    fake.inject(Fault::status(403).on("getServiceDeploymentStage").always());
    let error = running.await.unwrap_err();
    assert!(
        error.api_error().is_some_and(|error| error.is_forbidden()),
        "{error:?}"
    );
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
        let error = running.await.unwrap_err();
        assert_eq!(error.exit_code(), 1);
        let NotRunning::Pod(problem) = &error else {
            panic!("{reason}: {error:?}");
        };
        let deployed = environment.deployments().remove(0).ended_at.unwrap();
        let delay = fake.elapsed() - deployed;
        // A poll of the deployment, the minute that a probe may fail, and the lines of the pod.
        assert!(delay < Duration::from_secs(90), "{reason}: {delay:?}");
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
        matches!(&error, NotRunning::TimedOut { services, .. } if *services == [service.id()]),
        "{error:?}"
    );
    assert_eq!(
        error.to_string(),
        format!(
            "some services did not run for 30s without interruption within 10m after the deployment, check their \
             logs or raise `running_within`: {}",
            service.id()
        )
    );
    assert_eq!(error.exit_code(), 2);

    let (fake, environment, _) = world();
    fake.inject_socket(SocketFault::refused(403).on("/service/status"));
    let running = fake
        .client()
        .environment(environment.id())
        .deploy()
        .until_running(WINDOW);
    let error = running.await.unwrap_err();
    assert!(matches!(error, NotRunning::Unknown(_)));
    assert_eq!(error.exit_code(), 3, "it was refused");
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

/// What [`until_running`](qovery_ext::wait::Action::until_running) returns if something happens to the running
/// service after some time, with the faults of the websockets for the running state.
async fn running_while(
    faults: Vec<SocketFault>,
    after: Duration,
    happens: impl FnOnce(qovery_fake::FakeService),
) -> (Result<(), NotRunning>, Duration) {
    let (fake, environment, service) = world();
    let client = fake.client();
    client.environment(environment.id()).deploy().await.unwrap();
    for fault in faults {
        fake.inject_socket(fault.on("/service/status"));
    }
    let begun = fake.elapsed();
    let running = client
        .environment(environment.id())
        .wait_for(qovery_ext::wait::Goal::Deployed)
        .until_running(WINDOW)
        .running_within(Duration::from_secs(120))
        .into_future();
    let happening = async {
        tokio::time::sleep(after).await;
        happens(service);
        tokio::time::sleep(Duration::from_secs(200)).await;
    };
    tokio::select! {
        running = running => (running.map(|_| ()), fake.elapsed() - begun),
        () = happening => panic!("it takes longer than its limit"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_stays_open_without_frames_does_not_hide_a_crash() {
    let crash =
        || |service: qovery_fake::FakeService| drop(service.pod_fails("CrashLoopBackOff", Some(1)));
    let after = Duration::from_secs(10);
    for fault in [
        SocketFault::silent().after_frames(1),
        SocketFault::mute().after_frames(1),
        SocketFault::late(Duration::from_secs(100)).after_frames(1),
        SocketFault::rewrites("ERROR\"", "RUNNING\""),
        SocketFault::lost().after(Duration::from_secs(9)),
        SocketFault::close(1000, "").after(Duration::from_secs(9)),
    ] {
        let shown = format!("{fault:?}");
        let (ended, _) = running_while(vec![fault], after, crash()).await;
        assert!(
            matches!(&ended, Err(NotRunning::Pod(problem)) if problem.kind == PodProblemKind::CrashLoop),
            "{shown}: {ended:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_runs_is_reported_whatever_its_connection_does() {
    for fault in [
        SocketFault::silent().after_frames(1),
        SocketFault::mute().after_frames(1),
        SocketFault::text("not json"),
        SocketFault::text("not json").after_frames(1),
        SocketFault::lost().after(Duration::from_secs(9)),
        SocketFault::close(1000, "").after(Duration::from_secs(9)),
        SocketFault::duplicate(),
    ] {
        let shown = format!("{fault:?}");
        let (ended, took) = running_while(vec![fault], WINDOW, |_| {}).await;
        assert!(ended.is_ok(), "{shown}: {ended:?}");
        assert!(took >= WINDOW, "{shown}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_begins_the_window_again() {
    let after = Duration::from_secs(20);
    let (ended, took) =
        running_while(Vec::new(), after, |service| drop(service.pod_restarts())).await;
    assert!(ended.is_ok(), "{ended:?}");
    assert!(took >= after + WINDOW, "{took:?}");
    // Also if no frame shows it before the end of the window.
    let mute = SocketFault::mute().after_frames(1);
    let (ended, took) =
        running_while(vec![mute], after, |service| drop(service.pod_restarts())).await;
    assert!(ended.is_ok(), "{ended:?}");
    assert!(took >= 2 * WINDOW, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn an_action_after_which_services_do_not_run_is_refused_before_anything_is_sent() {
    let (fake, environment, service) = world();
    let client = fake.client();
    let id = environment.id();
    let (organization, cluster) = (environment.organization_id(), environment.cluster_id());
    let of_goal = |goal: &str| format!("an action with the goal \"{goal}\" starts no services");
    let of_cluster = || "a cluster has no running state".to_owned();
    let actions = [
        (client.environment(id).stop(), of_goal("stopped")),
        (client.environment(id).delete(), of_goal("deleted")),
        (client.application(service.id()).stop(), of_goal("stopped")),
        (client.cluster(organization, cluster).deploy(), of_cluster()),
        (
            client
                .cluster(organization, cluster)
                .wait_for(qovery_ext::wait::Goal::Deployed),
            of_cluster(),
        ),
    ];
    for (action, why) in actions {
        let shown = format!("{action:?}");
        let ended = action.until_running(WINDOW).await;
        let error = ended.unwrap_err();
        assert!(
            matches!(error, NotRunning::Unsupported { .. }),
            "{shown}: {error:?}"
        );
        assert_eq!(
            error.to_string(),
            format!("nothing was sent: {why}, leave out `until_running`")
        );
        assert_eq!(error.exit_code(), 3);
    }
    let address = qovery_ext::connect::Connect::new().token(fake.token());
    let address = address
        .base_url("https://api.example.test")
        .transport(fake.transport());
    let elsewhere = address.build().unwrap();
    let ended = elsewhere
        .environment(id)
        .deploy()
        .until_running(WINDOW)
        .await;
    assert!(matches!(ended, Err(NotRunning::Unknown(_))), "{ended:?}");
    assert_eq!(fake.requests().len(), 0);
    assert!(fake.socket_requests().is_empty());
}
