//! The requests of waits: unsupported versions, and the number and paths of the requests.

use qovery_ext::wait::{ServiceKind, ServiceSelection, ServiceVersion, WaitExt};

use crate::undocumented_behavior::Behavior;
use crate::world::{ANNA, Fate, Plan, Verb};
use crate::{Case, Ended};

#[tokio::test(start_paused = true)]
async fn a_version_that_the_kind_does_not_take_is_refused_and_nothing_is_sent() {
    let case = Case::new(Behavior::default());
    let tag = ServiceVersion::image_tag("1.2");
    let chart = ServiceVersion::chart("1.2");
    let commit = ServiceVersion::commit("4f1c2d9");
    let wrong = [
        (ServiceKind::Application, tag.clone()),
        (ServiceKind::Application, chart.clone()),
        (ServiceKind::Container, commit.clone()),
        (ServiceKind::Container, chart.clone()),
        (ServiceKind::Database, tag.clone()),
        (ServiceKind::Database, commit),
        (ServiceKind::Job, chart.clone()),
        (ServiceKind::Helm, tag.clone()),
        (ServiceKind::Terraform, tag),
        (ServiceKind::Terraform, chart),
    ];
    for (kind, version) in wrong {
        let chosen = ServiceSelection::new().with_version(kind, case.application, version.clone());
        let action = case
            .client
            .environment(case.environment)
            .deploy_services(chosen);
        let report = case.report(action).await;
        report.is(Ended::Refused);
        let error = report.error();
        assert!(error.unsupported_version().is_some(), "{kind:?}: {error}");
        assert!(!error.may_have_been_executed());
    }
    assert!(case.server.with(|world| world.ours.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn the_evidence_of_a_success_names_our_request() {
    let case = Case::new(Behavior::default());
    let report = case.environment(|it| it.deploy()).await;
    report.reached_by(&case.ours(0));
    let id = case.ours(0).id.to_string();
    let reached = report.result.as_ref().expect("a success");
    assert!(report.text.contains(&id), "{}", report.text);
    assert!(!reached.evidence().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_evidence_of_a_failure_does_not_name_the_run_of_another_user() {
    let case = Case::new(Behavior::default());
    case.someone(40, ANNA, Verb::Deploy, &[], Plan::of(3000));
    case.plan(Plan::of(3000).failing(case.container, "DEPLOYMENT_ERROR"));
    let report = case.environment(|it| it.deploy()).await;
    report.is(Ended::Failed);
    let theirs = case.server.with(|world| {
        let theirs = world.demands.values().filter(|demand| demand.by == ANNA);
        theirs
            .map(|demand| demand.id.to_string())
            .next_back()
            .expect("theirs")
    });
    assert!(
        report.text.contains(&case.ours(0).id.to_string()),
        "{}",
        report.text
    );
    assert!(!report.text.contains(&theirs), "{}", report.text);
}

#[tokio::test(start_paused = true)]
async fn the_library_sends_only_requests_that_the_server_knows() {
    let case = Case::new(Behavior::default());
    case.plan(Plan::of(3000).failing(case.container, "DEPLOYMENT_ERROR"));
    let environment = case.client.environment(case.environment);
    case.report(environment.deploy()).await.is(Ended::Failed);
    case.report(case.client.database(case.database).delete())
        .await
        .is(Ended::Reached);
    case.report(environment.delete()).await.is(Ended::Reached);
    assert_eq!(case.ours(2).fate, Fate::Ended("DELETED"));
    let unknown = case.server.with(|world| {
        let calls = world.calls.iter().filter(|call| call.status == 404);
        calls
            .map(|call| format!("{} {} at {}", call.method, call.path, call.at))
            .collect::<Vec<_>>()
    });
    let unexpected = unknown.iter().filter(|call| {
        // After a deletion, the response is 404.
        !call.contains("status") && !call.contains("deploymentQueue") && !call.contains("History")
    });
    assert_eq!(unexpected.collect::<Vec<_>>(), Vec::<&String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_deployment_without_others_reads_its_request_three_times_and_the_queue_once() {
    let case = Case::new(Behavior::default());
    case.plan(Plan::of(28_000));
    let report = case.report(case.client.environment(case.environment).deploy());
    report.await.reached_by(&case.ours(0));
    let asked = |end| case.sent("GET", end);
    assert!(
        asked("/deploymentStatus") <= 3,
        "{}",
        asked("/deploymentStatus")
    );
    assert!(
        asked("/deploymentQueue") <= 1,
        "{}",
        asked("/deploymentQueue")
    );
    assert_eq!(
        asked("/deploymentHistoryV2") + asked("/deploymentHistory"),
        0
    );
}
