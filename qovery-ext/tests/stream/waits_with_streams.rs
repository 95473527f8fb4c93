//! A stream changes the times of the polls of a wait, but not its outcome.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use qovery_ext::wait::{PollSchedule, WaitError, WaitExt};
use qovery_fake::{FakeEnvironment, FakeQovery, SocketFault, Step, Workload};

/// A deployment to play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Story {
    /// A long build, and another service after it.
    LongBuild { fails: bool },
    /// One service.
    OneService,
    /// Several services, whose steps take less than a minute.
    ShortSteps,
}

impl Story {
    const ALL: [Self; 4] = [
        Self::LongBuild { fails: false },
        Self::LongBuild { fails: true },
        Self::OneService,
        Self::ShortSteps,
    ];

    /// A fake with an environment whose next deployment is this one.
    fn set_up(self) -> (FakeQovery, FakeEnvironment) {
        let fake = FakeQovery::new();
        let environment = fake.environment("preview");
        let seconds = Duration::from_secs;
        let api = environment.service(Workload::Application, "api");
        match self {
            Self::LongBuild { fails } => {
                let api = api.takes(Step::Build, seconds(247));
                let api = api.takes(Step::Deployment, seconds(63));
                let web = environment.service(Workload::Container, "web");
                web.in_stage("later").takes(Step::Deployment, seconds(41));
                if fails {
                    let next = environment.next_deployment();
                    next.fails_at(&api, Step::Build).because("no space");
                }
            }
            Self::OneService => {
                let api = api.takes(Step::Build, seconds(75));
                api.takes(Step::Deployment, seconds(91));
            }
            Self::ShortSteps => {
                let api = api.takes(Step::Build, seconds(38));
                api.takes(Step::Deployment, seconds(26));
                let worker = environment.service(Workload::Application, "worker");
                let worker = worker.takes(Step::Build, seconds(21));
                worker.takes(Step::Deployment, seconds(31));
                for (n, name) in ["web", "mail", "search"].into_iter().enumerate() {
                    let service = environment.service(Workload::Container, name);
                    let service = service.in_stage("later");
                    let _ = service.takes(Step::Deployment, seconds(17 + 13 * n as u64));
                }
            }
        }
        (fake, environment)
    }
}

struct Reported {
    /// The outcome as text.
    outcome: String,
    /// The time from the end on the server to the outcome.
    delay: Duration,
    requests: usize,
}

async fn wait(story: Story, with_stream: bool, faults: Vec<SocketFault>, seed: u64) -> Reported {
    wait_by(PollSchedule::default(), story, with_stream, faults, seed).await
}

async fn wait_by(
    schedule: PollSchedule,
    story: Story,
    with_stream: bool,
    faults: Vec<SocketFault>,
    seed: u64,
) -> Reported {
    let (fake, environment) = story.set_up();
    let id = environment.id();
    for fault in faults {
        fake.inject_socket(fault);
    }
    let client = fake.client();
    let action = client.environment(id).deploy();
    let action = action.schedule(schedule.seed(seed));
    let action = if with_stream {
        action.with_stream()
    } else {
        action
    };
    let outcome: Result<_, WaitError> = action.await;
    let reported = fake.elapsed();
    let deployment = environment.deployments().remove(0);
    Reported {
        outcome: match outcome {
            Ok(reached) => format!("reached {}", reached.snapshot.unwrap().state),
            Err(error) => format!("{:?}", error.kind()),
        },
        delay: reported.saturating_sub(deployment.ended_at.unwrap()),
        requests: fake.requests().len(),
    }
}

/// The delays and the requests of waits with a healthy stream, in percent of those without by the default schedule.
async fn healthy(schedule: PollSchedule, story: Story) -> (Vec<Duration>, usize) {
    let mut delays = Vec::new();
    let (mut without, mut with) = (0, 0);
    for seed in 0..7 {
        let plain = wait(story, false, Vec::new(), seed).await;
        let pushed = wait_by(schedule.clone(), story, true, Vec::new(), seed).await;
        assert_eq!(pushed.outcome, plain.outcome);
        without += plain.requests;
        with += pushed.requests;
        delays.push(pushed.delay);
    }
    delays.sort_unstable();
    let percent = (with * 100).div_ceil(without);
    println!("{story:?}: {percent} % of {without} requests, delays {delays:?}");
    (delays, percent)
}

#[tokio::test(start_paused = true)]
async fn with_a_healthy_stream_the_end_is_reported_within_two_seconds_with_fewer_requests() {
    // The polls during a long step cannot be saved: none may be later than without a stream.
    is_prompt_and_saves(PollSchedule::default(), [85, 85]).await;
}

#[tokio::test(start_paused = true)]
async fn with_a_healthy_stream_and_a_longer_interval_half_the_requests_are_enough() {
    let schedule = PollSchedule::default().longest_with_stream(MINUTE);
    is_prompt_and_saves(schedule, [50, 65]).await;
}

/// The limits are the percentages of the requests for long and for short deployments.
async fn is_prompt_and_saves(schedule: PollSchedule, limits: [usize; 2]) {
    for story in Story::ALL {
        let (delays, percent) = healthy(schedule.clone(), story).await;
        assert!(delays[3] <= Duration::from_secs(2), "{story:?}: {delays:?}");
        assert!(
            delays[6] <= Duration::from_millis(2500),
            "{story:?}: {delays:?}"
        );
        let limit = match story {
            Story::LongBuild { .. } => limits[0],
            // The change of each service causes a poll.
            Story::OneService | Story::ShortSteps => limits[1],
        };
        assert!(percent <= limit, "{story:?}: {percent} %");
    }
}

/// An interval with a stream that is longer than that of the schedule.
const MINUTE: Duration = Duration::from_secs(60);
/// The longest interval of the default schedule, with its jitter.
const LONGEST: Duration = Duration::from_millis(16_600);

#[tokio::test(start_paused = true)]
async fn no_fault_of_a_stream_changes_the_outcome_or_delays_it_beyond_the_schedule() {
    no_fault_changes_the_outcome(PollSchedule::default(), LONGEST).await;
}

#[tokio::test(start_paused = true)]
async fn a_longer_interval_with_a_stream_changes_no_outcome_and_delays_it_only_without_a_sign() {
    let schedule = PollSchedule::default().longest_with_stream(MINUTE);
    no_fault_changes_the_outcome(schedule, MINUTE).await;
}

/// Waits with each fault. A stream that shows some changes and then no more delays the outcome by `unnoticed` at most.
async fn no_fault_changes_the_outcome(schedule: PollSchedule, unnoticed: Duration) {
    let status = |fault: SocketFault| fault.on("/deployment/status");
    let lie = r#"{"environment": {"id": "00000000-0000-0000-0000-000000000000", "state": "DEPLOYED", "last_deployment_state": "DEPLOYED"}, "stages": []}"#;
    for story in Story::ALL {
        let without = wait(story, false, Vec::new(), 1).await;
        let silent = (2..7).map(|frames| SocketFault::silent().after_frames(frames).times(1000));
        let noticed = [
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
        ];
        let others = [
            SocketFault::duplicate().after_frames(1),
            SocketFault::duplicate().every_frame(),
            SocketFault::reorder().after_frames(1),
            SocketFault::reorder().every_frame().times(1000),
            SocketFault::late(Duration::from_secs(5)),
            SocketFault::late(Duration::from_secs(14)),
            SocketFault::late(Duration::from_secs(30)),
            SocketFault::late(Duration::from_secs(300)),
            SocketFault::rewrites("BUILDING\"", "DEPLOYED\""),
            SocketFault::rewrites("ING\"", "ED\"").after_frames(2),
            SocketFault::slow(Duration::from_secs(100)),
            SocketFault::text(lie).after_frames(1),
            SocketFault::text("not json").after_frames(1),
            SocketFault::invalidation("environments").after_frames(1),
        ];
        let mute = |frames| SocketFault::mute().after_frames(frames).times(1000);
        let never = [mute(0), mute(1)];
        let hides_the_end = SocketFault::rewrites("DEPLOYED\"", "DEPLOYING\"");
        let later = (2..7).map(mute).chain([hides_the_end]);
        let later = later.map(|fault| (fault, unnoticed));
        let noticed = silent.chain(noticed).chain(others).chain(never);
        let noticed = noticed.map(|fault| (fault, LONGEST));
        for (fault, limit) in noticed.chain(later) {
            let shown = format!("{story:?}, {fault:?}");
            let faults = vec![status(fault)];
            let with = wait_by(schedule.clone(), story, true, faults, 1).await;
            assert_eq!(with.outcome, without.outcome, "{shown}");
            assert!(with.delay <= limit, "{shown}: {:?}", with.delay);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_floods_the_wait_with_false_changes_is_closed() {
    let story = Story::LongBuild { fails: false };
    let (fake, environment) = story.set_up();
    for n in 0..100 {
        let state = if n % 2 == 0 { "DEPLOYED" } else { "BUILDING" };
        let id = environment.id();
        let lie = format!(
            r#"{{"environment": {{"id": "{id}", "state": "{state}", "last_deployment_state": "{state}"}}, "stages": []}}"#
        );
        fake.inject_socket(SocketFault::text(lie).on("/deployment/status"));
    }
    let without = wait(story, false, Vec::new(), 1).await;
    let client = fake.client();
    let action = client.environment(environment.id()).deploy().with_stream();
    let schedule = PollSchedule::default().seed(1);
    action.schedule(schedule).await.unwrap();
    let requests = fake.requests().len();
    assert!(requests <= without.requests + 15, "{requests}");
}

#[tokio::test(start_paused = true)]
async fn log_lines_are_passed_on_during_the_wait_without_earlier_ones() {
    let story = Story::LongBuild { fails: false };
    let (fake, environment) = story.set_up();
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
    let story = Story::LongBuild { fails: false };
    let (fake, environment) = story.set_up();
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
