//! Every stream yields the current events, and looks up the parents of its id by itself.

use std::time::Duration;

use futures_util::StreamExt;
use qovery_ext::{
    stream::{Event, LiveExt},
    wait::WaitExt,
};
use qovery_fake::{Step, Workload};

use crate::{item, until_quiet, word, world};

#[tokio::test(start_paused = true)]
async fn the_lines_of_a_service_come_as_they_are_written() {
    let (fake, _, service) = world();
    let service = service.prints("first").prints("second");
    let mut lines = fake.client().service_logs(service.id());
    assert_eq!(item(&mut lines).await.line.message, "first");
    assert_eq!(item(&mut lines).await.line.message, "second");
    let printing = async {
        tokio::time::sleep(Duration::from_secs(40)).await;
        service.clone().prints("third");
    };
    let (third, ()) = tokio::join!(item(&mut lines), printing);
    assert_eq!(third.line.message, "third");
    assert_eq!(
        third.time,
        fake.date()
            - qovery_api::chrono::TimeDelta::milliseconds(
                i64::try_from(fake.elapsed().as_millis() - 40_000).unwrap()
            )
    );
}

#[tokio::test(start_paused = true)]
async fn limit_since_query_and_pod_are_sent_to_the_server() {
    let (fake, _, service) = world();
    let service = (0..20).fold(service, |service, n| service.prints(&format!("line {n}")));
    let mut lines = fake
        .client()
        .service_logs(service.id())
        .limit(3)
        .query("{app=\"api\"} |= `x&y`")
        .pod("api-0")
        .since(fake.date());
    assert_eq!(item(&mut lines).await.line.message, "line 17");
    let request = fake.socket_requests().remove(0);
    let value = |name: &str| {
        let mut query = request.query.iter();
        query
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
    };
    assert_eq!(value("query").unwrap(), "{app=\"api\"} |= `x&y`");
    assert_eq!(value("limit").unwrap(), "3");
    assert_eq!(value("pod_name").unwrap(), "api-0");
    assert_eq!(value("start").unwrap(), "2026-01-01T00:00:00.000Z");
}

#[tokio::test(start_paused = true)]
async fn the_log_of_a_deployment_is_followed_into_the_next_one() {
    let (fake, environment, service) = world();
    let _service = service.takes(Step::Build, Duration::from_secs(60));
    let client = fake.client();
    let mut lines = client.deployment_logs(environment.id());
    let deploying = async {
        client.environment(environment.id()).deploy().await.unwrap();
        client.environment(environment.id()).deploy().await.unwrap();
    };
    let reading = async {
        let mut executions = Vec::new();
        while executions.len() < 2 {
            let line = item(&mut lines).await;
            let execution = line.entry.details.execution_id.clone().unwrap();
            if !executions.contains(&execution) {
                executions.push(execution);
            }
            assert!(line.text().is_some(), "{line}");
        }
    };
    tokio::join!(deploying, reading);
    let rest = until_quiet(&mut lines, Duration::from_secs(300)).await;
    assert!(!rest.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_log_of_one_execution_ends_the_stream() {
    let (fake, environment, _) = world();
    let client = fake.client();
    client.environment(environment.id()).deploy().await.unwrap();
    let id = format!("{}-1", environment.id());
    let lines: Vec<_> = client
        .deployment_logs(environment.id())
        .execution(id)
        .items()
        .collect()
        .await;
    assert!(lines.len() > 2);
    assert!(lines.iter().all(Result::is_ok));
}

#[tokio::test(start_paused = true)]
async fn the_status_of_a_deployment_comes_with_each_change() {
    let (fake, environment, service) = world();
    let _service = service.takes(Step::Build, Duration::from_secs(60));
    let client = fake.client();
    let mut statuses = client.deployment_status(environment.id());
    let deploying = async { client.environment(environment.id()).deploy().await.unwrap() };
    let reading = async {
        let mut seen = Vec::new();
        while seen.last().is_none_or(|state| state != "DEPLOYED") {
            let status = item(&mut statuses).await;
            let state = status.environment.unwrap().last_deployment_state;
            seen.push(state.unwrap().to_string());
        }
        seen
    };
    let (_, seen) = tokio::join!(deploying, reading);
    assert!(seen.contains(&"DEPLOYING".to_owned()), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn the_running_state_of_services_has_their_pods() {
    let (fake, environment, service) = world();
    let service = service.in_state("DEPLOYED");
    let mut states = fake.client().running_state(environment.id());
    let state = item(&mut states).await;
    let found = &state.environments[0].applications[0];
    assert_eq!(found.id, service.id().to_string());
    assert_eq!(found.state.to_string(), "RUNNING");
    assert_eq!(found.pods.len(), 1);
    let _stopped = service.in_state("DEPLOYMENT_ERROR");
    let state = item(&mut states).await;
    assert_eq!(state.environments[0].state.to_string(), "ERROR");
}

#[tokio::test(start_paused = true)]
async fn the_pods_of_a_service_come_once() {
    let (fake, _, service) = world();
    let pods: Vec<_> = fake.client().pods(service.id()).items().collect().await;
    assert_eq!(pods.len(), 1);
    assert_eq!(pods[0].as_ref().unwrap().pods.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_measurements_of_a_service_are_a_list_for_any_kind() {
    let (fake, environment, _) = world();
    for workload in [
        Workload::Container,
        Workload::Database,
        Workload::CronJob,
        Workload::Helm,
    ] {
        let service = environment.service(workload, "measured");
        let mut metrics = fake.client().service_metrics(service.id());
        assert_eq!(item(&mut metrics).await.len(), 1, "{workload:?}");
        assert_eq!(item(&mut metrics).await.len(), 1, "{workload:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_health_of_a_cluster_is_found_by_its_id_alone() {
    let (fake, environment, _) = world();
    let client = fake.client();
    let cluster = client
        .get_environment(environment.id())
        .await
        .unwrap()
        .cluster_id;
    let mut health = client.cluster_status(cluster);
    let status = item(&mut health).await;
    assert!(!status.computed_status.global_status.to_string().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_location_of_an_id_is_looked_up_once_for_a_client_and_its_clones() {
    let (fake, _, service) = world();
    let service = service.prints("x");
    let client = fake.client();
    item(&mut client.service_logs(service.id())).await;
    fake.clear_requests();
    item(&mut client.clone().service_logs(service.id())).await;
    assert_eq!(fake.requests().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn frames_for_the_console_are_skipped_and_unreadable_ones_are_delivered() {
    use qovery_fake::SocketFault;

    let (fake, _, service) = world();
    let service = service.prints("a").prints("b");
    fake.inject_socket(SocketFault::invalidation("services").after_frames(1));
    let mut lines = fake.client().service_logs(service.id());
    let events = until_quiet(&mut lines, Duration::from_secs(20)).await;
    assert_eq!(events.iter().map(word).collect::<Vec<_>>(), ["a", "b"]);

    fake.inject_socket(SocketFault::text("[not a line").after_frames(1));
    let mut lines = fake.client().service_logs(service.id());
    let events = until_quiet(&mut lines, Duration::from_secs(20)).await;
    let words: Vec<_> = events.iter().map(word).collect();
    assert_eq!(words, ["a", "(unreadable)", "b"]);
    assert!(events.iter().any(|event| matches!(
        event,
        Ok(Event::Unreadable(unreadable)) if unreadable.frame == "[not a line"
    )));
}
