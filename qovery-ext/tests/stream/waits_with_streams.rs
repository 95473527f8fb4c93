//! A stream changes the times of the polls of a wait, but not its outcome.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use qovery_ext::wait::{PollSchedule, WaitError, WaitExt};
use qovery_fake::{FakeEnvironment, FakeQovery, SocketFault, Step, Workload};

const BUILD: Duration = Duration::from_secs(247);

/// A fake whose next deployment takes minutes. It fails if requested.
fn story(fails: bool) -> (FakeQovery, FakeEnvironment) {
    let fake = FakeQovery::new();
    let environment = fake.environment("preview");
    let api = environment.service(Workload::Application, "api");
    let api = api
        .takes(Step::Build, BUILD)
        .takes(Step::Deployment, Duration::from_secs(63));
    let web = environment
        .service(Workload::Container, "web")
        .in_stage("later");
    let _web = web.takes(Step::Deployment, Duration::from_secs(41));
    if fails {
        environment
            .next_deployment()
            .fails_at(&api, Step::Build)
            .because("no space");
    }
    (fake, environment)
}

struct Told {
    /// The outcome as text.
    outcome: String,
    /// The time from the end on the server to the outcome.
    delay: Duration,
    requests: usize,
}

async fn wait(fails: bool, with_stream: bool, faults: Vec<SocketFault>, seed: u64) -> Told {
    let (fake, environment) = story(fails);
    let id = environment.id();
    for fault in faults {
        fake.inject_socket(fault);
    }
    let client = fake.client();
    let schedule = PollSchedule::default().seed(seed);
    let action = client.environment(id).deploy().schedule(schedule);
    let action = if with_stream {
        action.with_stream()
    } else {
        action
    };
    let outcome: Result<_, WaitError> = action.await;
    let told = fake.elapsed();
    let deployment = environment.deployments().remove(0);
    Told {
        outcome: match outcome {
            Ok(reached) => format!("reached {}", reached.snapshot.unwrap().state),
            Err(error) => format!("{:?}", error.kind()),
        },
        delay: told.saturating_sub(deployment.ended_at.unwrap()),
        requests: fake.requests().len(),
    }
}

#[tokio::test(start_paused = true)]
async fn with_a_healthy_stream_the_end_is_reported_within_two_seconds_with_half_the_requests() {
    let (mut without, mut with) = (0, 0);
    for fails in [false, true] {
        let mut delays = Vec::new();
        for seed in 0..7 {
            let plain = wait(fails, false, Vec::new(), seed).await;
            let pushed = wait(fails, true, Vec::new(), seed).await;
            assert_eq!(pushed.outcome, plain.outcome);
            without += plain.requests;
            with += pushed.requests;
            delays.push(pushed.delay);
        }
        delays.sort_unstable();
        assert!(delays[3] <= Duration::from_secs(2), "{delays:?}");
        assert!(delays[6] <= Duration::from_millis(2500), "{delays:?}");
    }
    println!("{with} requests in place of {without}");
    assert!(with * 2 <= without, "{with} of {without}");
}

#[tokio::test(start_paused = true)]
async fn no_fault_of_a_stream_changes_the_outcome_or_delays_it_beyond_the_schedule() {
    let status = |fault: SocketFault| fault.on("/deployment/status");
    let lie = r#"{"environment": {"id": "00000000-0000-0000-0000-000000000000", "state": "DEPLOYED", "last_deployment_state": "DEPLOYED"}, "stages": []}"#;
    for fails in [false, true] {
        let without = wait(fails, false, Vec::new(), 1).await;
        for fault in [
            SocketFault::silent(),
            SocketFault::silent().after_frames(2),
            SocketFault::lost().times(1000),
            SocketFault::lost()
                .after(Duration::from_secs(20))
                .times(1000),
            SocketFault::close(1000, "").after_frames(2),
            SocketFault::close(1008, "no").times(1000),
            SocketFault::close(1011, "status: NotFound").times(1000),
            SocketFault::refused(401).times(1000),
            SocketFault::refused(503).times(1000),
            SocketFault::cut_in_frame().after_frames(1).times(3),
            SocketFault::invalid_text().after_frames(1).times(1000),
            SocketFault::compressed().after_frames(1).times(1000),
            SocketFault::giant_frame(32 << 20).after_frames(1),
            SocketFault::duplicate().after_frames(1),
            SocketFault::duplicate().every_frame(),
            SocketFault::reorder().after_frames(1),
            SocketFault::reorder().every_frame().times(1000),
            SocketFault::mute(),
            SocketFault::mute().after_frames(1),
            SocketFault::late(Duration::from_secs(5)),
            SocketFault::late(Duration::from_secs(14)),
            SocketFault::late(Duration::from_secs(30)),
            SocketFault::late(Duration::from_secs(300)),
            SocketFault::rewrites("DEPLOYED\"", "DEPLOYING\""),
            SocketFault::rewrites("BUILDING\"", "DEPLOYED\""),
            SocketFault::rewrites("ING\"", "ED\"").after_frames(2),
            SocketFault::slow(Duration::from_secs(100)),
            SocketFault::text(lie).after_frames(1),
            SocketFault::text("not json").after_frames(1),
            SocketFault::invalidation("environments").after_frames(1),
        ] {
            let shown = format!("{fault:?}");
            let with = wait(fails, true, vec![status(fault)], 1).await;
            assert_eq!(with.outcome, without.outcome, "{shown}");
            // The longest interval of the schedule, with its jitter.
            assert!(
                with.delay <= Duration::from_millis(16_600),
                "{shown}: {:?}",
                with.delay
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_was_in_time_and_then_sends_no_frames_delays_the_end_by_three_intervals_at_most()
 {
    for frames in 2..7 {
        let mute = SocketFault::mute().after_frames(frames);
        let mute = mute.on("/deployment/status").times(1000);
        let told = wait(false, true, vec![mute], 1).await;
        assert_eq!(told.outcome, "reached DEPLOYED");
        assert!(told.delay <= Duration::from_secs(46), "{:?}", told.delay);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_floods_the_wait_with_false_changes_is_closed() {
    let (fake, environment) = story(false);
    for n in 0..100 {
        let state = if n % 2 == 0 { "DEPLOYED" } else { "BUILDING" };
        let id = environment.id();
        let lie = format!(
            r#"{{"environment": {{"id": "{id}", "state": "{state}", "last_deployment_state": "{state}"}}, "stages": []}}"#
        );
        fake.inject_socket(SocketFault::text(lie).on("/deployment/status"));
    }
    let without = wait(false, false, Vec::new(), 1).await;
    let client = fake.client();
    let action = client.environment(environment.id()).deploy().with_stream();
    let schedule = PollSchedule::default().seed(1);
    action.schedule(schedule).await.unwrap();
    let requests = fake.requests().len();
    assert!(requests <= without.requests + 15, "{requests}");
}

#[tokio::test(start_paused = true)]
async fn log_lines_are_passed_on_during_the_wait_without_earlier_ones() {
    let (fake, environment) = story(false);
    let id = environment.id();
    let client = fake.client();
    client.environment(id).deploy().await.unwrap();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&lines);
    let reached = client
        .environment(id)
        .deploy()
        .follow_logs(move |line| kept.lock().unwrap().push(line.clone()))
        .await
        .unwrap();
    let lines = lines.lock().unwrap();
    assert!(lines.len() > 3, "{lines:?}");
    let execution = reached.snapshot.unwrap().deployment_id;
    let others = lines.iter();
    let others = others.filter(|line| line.entry.details.execution_id != execution);
    assert_eq!(others.count(), 0);
    assert!(
        lines
            .iter()
            .any(|line| line.text() == Some("web: DEPLOYMENT starts")),
        "{lines:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_log_that_cannot_be_read_does_not_affect_the_wait() {
    let (fake, environment) = story(false);
    let id = environment.id();
    fake.inject_socket(SocketFault::refused(403).times(100));
    let reached = fake
        .client()
        .environment(id)
        .deploy()
        .follow_logs(|_| {})
        .await;
    assert!(reached.is_ok());
}
