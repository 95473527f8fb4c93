//! Every operation of the websocket contract, against a server that answers as the contract declares.

use std::time::Duration;

use futures_util::StreamExt;
use qovery_api::{
    Request, Upgrade,
    stream::{
        StreamRequest,
        requests::{self, *},
        types::{DebugFlavor, ServiceType},
    },
};
use qovery_ext::stream::{Event, LiveExt, StreamErrorKind};
use qovery_fake::FakeQovery;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::world;

async fn first_frame<R>(fake: &FakeQovery, request: R)
where
    R: StreamRequest<Frame: DeserializeOwned>,
{
    let path = R::PATH;
    let event = fake.client().frames(request).next().await;
    let event = event.unwrap_or_else(|| panic!("{path}: no frame"));
    let event = event.unwrap_or_else(|error| panic!("{path}: {error}"));
    assert!(
        matches!(event, Event::Item(_)),
        "{path}: not as the contract declares"
    );
}

async fn opens<R: StreamRequest>(fake: &FakeQovery, request: R) {
    let client = fake.client();
    let url = request.url(client.stream_url().unwrap());
    let upgrade = client.transport().upgrade(Request::new(R::INFO, url)).await;
    assert!(
        matches!(upgrade, Ok(Upgrade::Switched(_))),
        "{}: {upgrade:?}",
        R::PATH
    );
}

#[tokio::test(start_paused = true)]
async fn every_operation_opens_and_its_frames_have_their_types() {
    let (fake, environment, service) = world();
    let service = service.prints("line");
    let client = fake.client();
    client.environment_deployed(environment.id()).await;
    let (organization, project) = (environment.organization_id(), environment.project_id());
    let (cluster, environment, service) =
        (environment.cluster_id(), environment.id(), service.id());
    let id = Uuid::from_u128(7);
    first_frame(&fake, BlueprintPreview::new(organization, cluster, id)).await;
    first_frame(
        &fake,
        BlueprintServiceCreated::new(organization, project, environment),
    )
    .await;
    first_frame(&fake, ClusterMetrics::new(organization, cluster)).await;
    first_frame(&fake, ClusterNode::new(organization, cluster)).await;
    first_frame(&fake, ClusterNodes::new(organization, cluster)).await;
    first_frame(&fake, requests::ClusterStatus::new(organization, cluster)).await;
    first_frame(
        &fake,
        DeploymentLogs::new(organization, project, environment),
    )
    .await;
    let status = DeploymentStatus::new(organization, project);
    first_frame(&fake, status.environment(environment)).await;
    first_frame(&fake, InfraLogs::new(organization, cluster, "NGINX")).await;
    let logs = ServiceLogs::new(organization, cluster, project, environment, service);
    first_frame(&fake, logs).await;
    let kind = ServiceType::Application;
    let metrics = ServiceMetrics::new(
        organization,
        cluster,
        project,
        environment,
        service,
        kind.clone(),
    );
    first_frame(&fake, metrics).await;
    let pods = ServicePods::new(organization, cluster, project, environment, service);
    first_frame(&fake, pods).await;
    first_frame(&fake, ServiceStatus::new(organization, cluster)).await;
    opens(
        &fake,
        ShellDebug::new(organization, cluster, DebugFlavor::RegularPrivilege, 80, 24),
    )
    .await;
    let command = || vec!["sh".to_owned()];
    opens(
        &fake,
        ShellExec::new(
            organization,
            cluster,
            project,
            environment,
            service,
            command(),
            80,
            24,
        ),
    )
    .await;
    opens(
        &fake,
        ShellEphemeral::new(
            organization,
            cluster,
            project,
            environment,
            service,
            command(),
            0,
            0,
        ),
    )
    .await;
    opens(
        &fake,
        ShellPortforward::new(
            organization,
            cluster,
            project,
            environment,
            service,
            kind,
            80,
        ),
    )
    .await;
    let mut paths: Vec<String> = fake
        .socket_requests()
        .into_iter()
        .map(|one| one.path)
        .collect();
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(paths.len(), qovery_api::stream::contract::OPERATIONS);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_the_contract_does_not_allow_is_refused() {
    let (fake, environment, _) = world();
    let (organization, cluster) = (environment.organization_id(), environment.cluster_id());
    let no_command = ShellExec::new(
        organization,
        cluster,
        organization,
        environment.id(),
        cluster,
        Vec::new(),
        0,
        0,
    );
    let client = fake.client();
    let url = no_command.url(client.stream_url().unwrap());
    let upgrade = client
        .transport()
        .upgrade(Request::new(ShellExec::INFO, url))
        .await;
    assert!(matches!(upgrade, Ok(Upgrade::Refused(response)) if response.status == 400));
    let unknown = ServiceType::from("SOMETHING_NEW");
    let metrics = ServiceMetrics::new(
        organization,
        cluster,
        organization,
        organization,
        cluster,
        unknown,
    );
    let error = client.frames(metrics).next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), StreamErrorKind::Permanent);
}

trait Deployed {
    async fn environment_deployed(&self, id: Uuid);
}

impl Deployed for qovery_api::Client {
    async fn environment_deployed(&self, id: Uuid) {
        use qovery_ext::wait::WaitExt;

        self.environment(id).deploy().await.unwrap();
    }
}

/// The packages that a program with these features of the crate depends on.
fn packages(features: &str) -> Vec<String> {
    let mut cargo = std::process::Command::new(env!("CARGO"));
    cargo.args([
        "tree",
        "-p",
        "qovery-ext",
        "-e",
        "normal",
        "--prefix",
        "none",
    ]);
    cargo.args(["--offline", "--locked", "--features", features]);
    let output = cargo
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let tree = String::from_utf8(output.stdout).unwrap();
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    names.map(str::to_owned).collect()
}

#[test]
fn a_program_without_streams_depends_on_no_websocket_library() {
    let is_websocket = |name: &String| name.contains("tungstenite");
    let without = packages("");
    assert!(without.contains(&"qovery-api".to_owned()), "{without:?}");
    assert!(!without.iter().any(is_websocket), "{without:?}");
    assert!(packages("stream").iter().any(is_websocket));
}

/// Figures for the guide: `cargo test --test stream -- --ignored --nocapture thousand`.
#[tokio::test]
#[ignore = "prints figures of this machine"]
async fn a_thousand_streams_at_once() {
    const STREAMS: usize = 1000;
    const LINES: usize = 100;
    let (fake, _, service) = world();
    let client = fake.client();
    let before = usage();
    let mut streams = Vec::new();
    for _ in 0..STREAMS {
        streams.push(client.service_logs(service.id()));
    }
    let service = service.prints("first");
    let mut ready = futures_util::stream::select_all(streams);
    for _ in 0..STREAMS {
        ready.next().await.unwrap().unwrap();
    }
    let open = usage();
    for n in 0..LINES {
        service.clone().prints(&format!("line {n}"));
        for _ in 0..STREAMS {
            ready.next().await.unwrap().unwrap();
        }
    }
    let after = usage();
    println!(
        "{STREAMS} streams and the fake's side of them: {} KiB each",
        (open.0 - before.0) / STREAMS
    );
    let micros = (after.1 - open.1).as_micros() / u128::try_from(STREAMS * LINES).unwrap();
    println!("a line, written, sent and read: {micros} us of CPU");
}

/// Resident memory in KiB, and CPU time of this process.
fn usage() -> (usize, Duration) {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = statm.split(' ').nth(1).unwrap().parse().unwrap();
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    (pages * 4, Duration::from_millis(ticks * 10))
}

/// An independent client reads the fake's server:
///
/// ```sh
/// npm install wscat
/// WSCAT=$PWD/node_modules/.bin/wscat cargo test -p qovery-ext --test stream -- --ignored independent
/// ```
#[tokio::test]
#[ignore = "needs the program that the variable WSCAT names"]
async fn an_independent_client_reads_the_frames_of_the_fake() {
    let wscat = std::env::var("WSCAT").expect("WSCAT names a program such as wscat");
    let (fake, environment, service) = world();
    let service = service.prints("first line").prints("second line");
    let server = fake.serve().await.unwrap();
    let logs = ServiceLogs::new(
        environment.organization_id(),
        environment.cluster_id(),
        environment.project_id(),
        environment.id(),
        service.id(),
    );
    let base = qovery_api::reqwest::Url::parse(&server.stream_url()).unwrap();
    let mut command = tokio::process::Command::new(wscat);
    command.args(["-c", logs.url(&base).as_str(), "-x", "hello", "-w", "3"]);
    command.args(["-H", &format!("Authorization: Token {}", fake.token())]);
    let piped = std::process::Stdio::piped;
    command.stdin(piped()).stdout(piped()).stderr(piped());
    let mut child = command.spawn().unwrap();
    // It closes the connection when its standard input ends.
    let _input = child.stdin.take();
    let output = tokio::time::timeout(Duration::from_secs(60), child.wait_with_output()).await;
    let output = output.unwrap().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let messages: Vec<_> = lines.iter().map(|line| &line["message"]).collect();
    assert_eq!(messages, ["first line", "second line"], "{text}");
    assert!(output.status.success());
    assert_eq!(output.stderr, b"");
}
