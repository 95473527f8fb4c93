//! Actions and states of clusters.

use std::time::Duration;

use http::Method;
use serde_json::Value;

use super::Setup;
use crate::Gone;

#[test]
fn a_cluster_goes_through_its_states() {
    let setup = Setup::new();
    let cluster = setup.fake.cluster("eu").takes(Duration::from_secs(20));
    let path = format!(
        "/organization/{}/cluster/{}",
        cluster.organization_id(),
        cluster.id()
    );
    let status = || setup.get(&format!("{path}/status"));
    for (action, states) in [
        ("stop", ["STOP_QUEUED", "STOPPING", "STOPPED"]),
        ("deploy", ["DEPLOYMENT_QUEUED", "DEPLOYING", "DEPLOYED"]),
        ("update", ["DEPLOYMENT_QUEUED", "DEPLOYING", "DEPLOYED"]),
    ] {
        let response = setup.post(&format!("{path}/{action}"));
        assert_eq!(response["status"], states[0]);
        setup.seconds(2);
        assert_eq!(status()["status"], states[1]);
        setup.seconds(20);
        assert_eq!(status()["status"], states[2]);
        assert_eq!(status()["is_deployed"], action != "stop");
    }
    let id = status()["last_execution_id"].as_str().unwrap().to_owned();
    assert!(id.starts_with(&format!("{}-17672", cluster.id())), "{id}");
    let all = setup.get(&format!(
        "/organization/{}/cluster/status",
        cluster.organization_id()
    ));
    assert_eq!(all["results"][0], status());
}

#[test]
fn a_dry_run_changes_nothing_and_a_failure_is_shown() {
    let setup = Setup::new();
    let cluster = setup.fake.cluster("eu").in_state("STOPPED");
    let path = format!(
        "/organization/{}/cluster/{}",
        cluster.organization_id(),
        cluster.id()
    );
    setup.post(&format!("{path}/deploy?dry_run=true"));
    setup.seconds(2);
    assert_eq!(cluster.state().unwrap(), "DRY_RUN");
    setup.seconds(60);
    assert_eq!(cluster.state().unwrap(), "STOPPED");
    let cluster = cluster.next_action_ends_as("INVALID_CREDENTIALS");
    setup.post(&format!("{path}/deploy"));
    setup.seconds(60);
    assert_eq!(cluster.state().unwrap(), "INVALID_CREDENTIALS");
    setup.post(&format!("{path}/deploy"));
    setup.seconds(60);
    assert_eq!(cluster.state().unwrap(), "DEPLOYED");
}

#[test]
fn reads_of_a_deleted_cluster_have_the_chosen_response() {
    for (gone, expected) in [(Gone::NotFound, 404), (Gone::BadRequest, 400)] {
        let setup = Setup::new();
        let cluster = setup.fake.cluster("eu").gone_as(gone);
        let path = format!(
            "/organization/{}/cluster/{}",
            cluster.organization_id(),
            cluster.id()
        );
        assert_eq!(setup.call(Method::DELETE, &path, &Value::Null).0, 204);
        setup.seconds(5);
        assert_eq!(setup.get(&format!("{path}/status"))["status"], "DELETING");
        setup.seconds(60);
        let path = format!("{path}/status");
        assert_eq!(setup.call(Method::GET, &path, &Value::Null).0, expected);
    }
}
