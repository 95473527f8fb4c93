//! Histories, commits and the audit log, page by page.

use serde_json::{Value, json};
use uuid::Uuid;

use super::Setup;
use crate::{StartId, Workload};
use http::Method;

fn ids(page: &Value) -> Vec<String> {
    let results = page["results"].as_array().unwrap();
    let id = |item: &Value| item["id"].as_str().unwrap().to_owned();
    results.iter().map(id).collect()
}

/// Reads pages as an exclusive cursor asks for, until one is empty.
fn read_all(setup: &Setup, path: &str) -> Vec<String> {
    let mut all = ids(&setup.get(path));
    while let Some(last) = all.last() {
        let page = ids(&setup.get(&format!("{path}?startId={last}")));
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    all
}

#[test]
fn a_history_has_each_deployment_once_newest_first() {
    for count in [0, 1, 19, 20, 21, 40, 1_000] {
        let setup = Setup::new();
        let environment = setup.fake.environment("preview").history(count);
        let path = format!("/environment/{}/deploymentHistory", environment.id());
        let all = read_all(&setup, &path);
        assert_eq!(all.len(), usize::try_from(count).unwrap());
        let mut sorted = all.clone();
        sorted.sort_by(|a, b| b.cmp(a));
        assert_eq!(all, sorted);
        let first = setup.get(&path);
        assert_eq!(first["page_size"], 20);
        assert!(first["results"].as_array().unwrap().len() <= 20);
    }
}

#[test]
fn an_inclusive_start_repeats_the_item_and_an_ignored_one_the_page() {
    let setup = Setup::new();
    let environment = setup.fake.environment("preview").history(30);
    let path = format!("/environment/{}/deploymentHistory", environment.id());
    let first = ids(&setup.get(&path));
    let next = format!("{path}?startId={}", first[19]);
    assert_eq!(ids(&setup.get(&next)).len(), 10);
    setup.fake.start_id(StartId::Inclusive);
    let page = ids(&setup.get(&next));
    assert_eq!((page.len(), &page[0]), (11, &first[19]));
    setup.fake.start_id(StartId::Ignored);
    assert_eq!(ids(&setup.get(&next)), first);
    setup.fake.page_size(3);
    assert_eq!(ids(&setup.get(&path)).len(), 3);
    let unknown = format!("{path}?startId={}", Uuid::from_u128(1));
    setup.fake.start_id(StartId::Exclusive);
    assert_eq!(setup.call(Method::GET, &unknown, &Value::Null).0, 400);
}

#[test]
fn a_window_shows_the_newest_and_grows_with_its_size() {
    let setup = Setup::new();
    let environment = setup.fake.environment("preview").history(30);
    let path = format!("/environment/{}/deploymentHistoryV2", environment.id());
    let page = setup.get(&path);
    assert_eq!(page["results"].as_array().unwrap().len(), 20);
    let newest = format!("{}-30", environment.id());
    assert_eq!(page["results"][0]["identifier"]["execution_id"], newest);
    let page = setup.get(&format!("{path}?pageSize=100"));
    assert_eq!(page["results"].as_array().unwrap().len(), 30);
}

#[test]
fn deployments_appear_in_the_histories_of_their_environment_and_services() {
    let setup = Setup::new();
    let environment = setup.fake.environment("preview");
    let api = environment.service(Workload::Application, "api");
    let db = environment.service(Workload::Database, "db");
    setup.post(&format!("/application/{}/redeploy", api.id()));
    setup.seconds(5);
    let path = format!("/environment/{}/deploymentHistoryV2", environment.id());
    assert_eq!(setup.get(&path)["results"][0]["action_status"], "ONGOING");
    setup.seconds(60);
    let entry = setup.get(&path)["results"][0].clone();
    assert_eq!(entry["action_status"], "SUCCESS");
    assert_eq!(entry["trigger_action"], "DEPLOY");
    assert_eq!(entry["total_duration"], "PT16S");
    assert_eq!(
        entry["stages"][0]["services"][0]["identifier"]["name"],
        "api"
    );
    let v1 = setup.get(&format!(
        "/environment/{}/deploymentHistory",
        environment.id()
    ));
    assert_eq!(v1["results"][0]["applications"][0]["status"], "DEPLOYED");
    let of = |kind: &str, id: Uuid, version: &str| {
        setup.get(&format!("/{kind}/{id}/deploymentHistory{version}"))["results"].clone()
    };
    assert_eq!(of("application", api.id(), "")[0]["status"], "SUCCESS");
    assert_eq!(of("application", api.id(), "V2")[0]["status"], "DEPLOYED");
    assert_eq!(of("database", db.id(), ""), json!([]));
    assert_eq!(of("database", db.id(), "V2"), json!([]));
}

#[test]
fn commits_are_paged_by_their_hash() {
    let setup = Setup::new();
    let environment = setup.fake.environment("preview");
    let api = environment
        .service(Workload::Application, "api")
        .commits(45);
    let path = format!("/application/{}/commit", api.id());
    let hashes = |page: &Value| -> Vec<String> {
        let commits = page["results"].as_array().unwrap();
        let hash = |commit: &Value| commit["git_commit_id"].as_str().unwrap().to_owned();
        commits.iter().map(hash).collect()
    };
    let mut all = hashes(&setup.get(&path));
    assert_eq!(all.len(), 20);
    assert_eq!(all[0].len(), 40);
    for expected in [20, 5, 0] {
        let last = all.last().unwrap();
        let page = hashes(&setup.get(&format!("{path}?startId={last}")));
        assert_eq!(page.len(), expected);
        all.extend(page);
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 45);
}

#[test]
fn backups_that_are_added_are_paged_newest_first() {
    let setup = Setup::new();
    let environment = setup.fake.environment("preview");
    let database = environment.service(Workload::Database, "db");
    let path = format!("/database/{}/backup", database.id());
    let mut added = Vec::new();
    for number in 0..23 {
        let body = json!({"name": format!("{number}"), "message": ""});
        let (status, backup) = setup.call(Method::POST, &path, &body);
        assert_eq!(status, 201, "{backup}");
        added.push(backup["id"].as_str().unwrap().to_owned());
    }
    added.reverse();
    assert_eq!(read_all(&setup, &path), added);
}

#[test]
fn the_audit_log_is_read_forwards_and_backwards_by_the_tokens_in_its_links() {
    let setup = Setup::new();
    let organization = setup.fake.organization("first").audit_log(25);
    let path = format!("/organization/{}/events", organization.id());
    let event_ids = |page: &Value| -> Vec<String> {
        let events = page["events"].as_array().unwrap();
        events
            .iter()
            .map(|event| event["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let query_of = |link: &Value| {
        let link = link.as_str().unwrap();
        assert!(link.starts_with("/organization/0/events?"), "{link}");
        link.split_once('?').unwrap().1.to_owned()
    };
    let first = setup.get(&path);
    assert!(first["links"].get("previous").is_none());
    let second = setup.get(&format!("{path}?{}", query_of(&first["links"]["next"])));
    let third = setup.get(&format!("{path}?{}", query_of(&second["links"]["next"])));
    assert!(third["links"].get("next").is_none());
    let mut all = [event_ids(&first), event_ids(&second), event_ids(&third)].concat();
    assert_eq!(all.len(), 25);
    let back = setup.get(&format!("{path}?{}", query_of(&third["links"]["previous"])));
    assert_eq!(event_ids(&back), event_ids(&second));
    let back = setup.get(&format!(
        "{path}?{}",
        query_of(&second["links"]["previous"])
    ));
    assert_eq!(event_ids(&back), event_ids(&first));
    all.dedup();
    assert_eq!(all.len(), 25);
    let wide = setup.get(&format!("{path}?pageSize=100"));
    assert_eq!(event_ids(&wide), all);
}

#[test]
fn the_audit_log_can_be_filtered() {
    let setup = Setup::new();
    let environment = setup.fake.environment("preview");
    let cluster = setup.fake.cluster("cluster");
    setup.post(&format!("/environment/{}/deploy", environment.id()));
    setup.seconds(60);
    setup.post(&format!(
        "/organization/{}/cluster/{}/stop",
        cluster.organization_id(),
        cluster.id()
    ));
    let path = format!("/organization/{}/events", environment.organization_id());
    let types = |query: &str| -> Vec<String> {
        let page = setup.get(&format!("{path}?{query}"));
        let events = page["events"].as_array().unwrap().clone();
        events
            .iter()
            .map(|e| e["event_type"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(types(""), ["TRIGGER_STOP", "DEPLOYED", "TRIGGER_DEPLOY"]);
    assert_eq!(types("targetType=CLUSTER"), ["TRIGGER_STOP"]);
    assert_eq!(types("eventType=DEPLOYED"), ["DEPLOYED"]);
    let id = environment.id();
    assert_eq!(
        types(&format!("targetId={id}")),
        ["DEPLOYED", "TRIGGER_DEPLOY"]
    );
    let half = setup.fake.date().timestamp() - 30;
    assert_eq!(types(&format!("fromTimestamp={half}")), ["TRIGGER_STOP"]);
    assert_eq!(types(&format!("toTimestamp={half}000000000")).len(), 2);
}
