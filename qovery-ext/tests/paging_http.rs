//! Each operation that pages, as it was generated, once over HTTP.
//!
//! The server answers with whole bodies of the contract, so that the tests cover the way from the
//! query to the items. Timing is tested on paused time, without sockets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot continue has failed"
)]

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream::FusedStream;
use httpmock::{HttpMockRequest, HttpMockResponse, Method::GET, MockServer};
use qovery_api::{
    Call, Client, PagedOperation, WindowOperation,
    types::{Commit, OrganizationEventResponse},
    uuid::Uuid,
};
use qovery_ext::page::{Ending, PagedCall, Window, WindowCall};
use serde_json::{Value, json};

const PARENT: Uuid = Uuid::from_u128(0x5d0a_9a6e_6a53_4a4b_8e0b_0d4b_1b0e_6b1f);
const CREATED: &str = "2026-08-10T14:55:21.382762Z";

/// Returns the item with a number.
type Item = fn(u64) -> Value;

fn uuid_of(number: u64) -> String {
    Uuid::from_u128(u128::from(number)).to_string()
}

fn sha_of(number: u64) -> String {
    format!("{number:040x}")
}

fn with_id(number: u64) -> Value {
    json!({"id": uuid_of(number), "created_at": CREATED, "name": "n", "message": "m"})
}

fn commit(number: u64) -> Value {
    json!({
        "git_commit_id": sha_of(number), "created_at": CREATED, "tag": "", "message": "m",
        "author_name": "a",
    })
}

fn deployment(number: u64) -> Value {
    json!({
        "identifier": {
            "execution_id": format!("{PARENT}-{number}"), "environment_id": PARENT,
            "name": "n", "service_id": PARENT, "service_type": "CONTAINER",
        },
        "auditing_data": {
            "created_at": CREATED, "updated_at": CREATED, "triggered_by": "t", "origin": "API",
        },
        "status": "DEPLOYED", "trigger_action": "DEPLOY", "action_status": "SUCCESS",
        "total_duration": "PT16.503S", "stages": [], "icon_uri": "i",
        "status_details": {"action": "DEPLOY", "status": "SUCCESS", "sub_action": "NONE"},
        "details": {"commit": null, "build_pod_name": "b"},
    })
}

/// A list on a server, the newest (largest number) first.
struct List {
    server: MockServer,
    queries: Arc<Mutex<Vec<String>>>,
}

impl List {
    /// Answers requests for this path by their query, and refuses all others.
    async fn start(
        path: &str,
        response: impl Fn(&[(String, String)]) -> Value + Send + Sync + 'static,
    ) -> Self {
        let server = MockServer::start_async().await;
        let queries = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&queries);
        let path = path.to_owned();
        server
            .mock_async(|when, then| {
                when.method(GET).path(path);
                then.respond_with(move |request: &HttpMockRequest| {
                    let query = request.uri().query().unwrap_or_default().to_owned();
                    seen.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(query);
                    HttpMockResponse::builder()
                        .status(200)
                        .header("content-type", "application/json")
                        .body(response(&request.query_params()).to_string())
                        .build()
                });
            })
            .await;
        Self { server, queries }
    }

    fn client(&self) -> Client {
        let client = Client::builder().base_url(self.server.base_url()).build();
        client.unwrap_or_else(|error| unreachable!("{error}"))
    }

    fn queries(&self) -> Vec<String> {
        let queries = self.queries.lock().unwrap_or_else(PoisonError::into_inner);
        queries.clone()
    }
}

fn value<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let (_, value) = query.iter().find(|(known, _)| known == name)?;
    Some(value)
}

/// The numbers of a page that begins at `first` and goes down.
fn numbers(first: u64, size: u64) -> Vec<u64> {
    (1..=first)
        .rev()
        .take(usize::try_from(size).unwrap())
        .collect()
}

/// 45 items in pages of 20, by the id of an item.
async fn by_item(path: &str, item: Item, id: fn(u64) -> String, inclusive: bool) -> List {
    List::start(path, move |query| {
        let first = match value(query, "startId") {
            None => 45,
            Some(start) => {
                let place = (1..=45).find(|number| id(*number) == start);
                place.expect("an id of the list") - u64::from(!inclusive)
            }
        };
        let results: Vec<_> = numbers(first, 20).into_iter().map(item).collect();
        json!({"page": 1, "page_size": 20, "results": results})
    })
    .await
}

/// Reads all 45 items through the generated operation, from a server of either kind.
async fn pages_by_item<O: PagedOperation>(
    path: &str,
    item: Item,
    id: fn(u64) -> String,
    call: impl Fn(&Client) -> Call<O>,
) {
    for inclusive in [false, true] {
        let list = by_item(path, item, id, inclusive).await;
        let mut items = call(&list.client()).items();
        let mut found = Vec::new();
        while let Some(item) = items.next().await {
            found.extend(O::item_id(&item.unwrap()));
        }
        let expected: Vec<_> = numbers(45, 45).into_iter().map(id).collect();
        assert_eq!(found, expected, "{path}, inclusive: {inclusive}");
        assert_eq!(items.ending(), Some(Ending::Complete));
        let queries = list.queries();
        assert_eq!(queries[0], "");
        assert_eq!(queries[1], format!("startId={}", id(26)), "{path}");
        // An empty page ends the list after one more request.
        assert_eq!(queries.len(), 4 + usize::from(!inclusive), "{path}");
    }
}

#[tokio::test]
async fn deployment_histories_page_by_the_id_of_their_last_item() {
    let path = |kind: &str| format!("/{kind}/{PARENT}/deploymentHistory");
    pages_by_item(&path("environment"), with_id, uuid_of, |client| {
        client.list_environment_deployment_history(PARENT)
    })
    .await;
    pages_by_item(&path("application"), with_id, uuid_of, |client| {
        client.list_application_deployment_history(PARENT)
    })
    .await;
    pages_by_item(&path("database"), with_id, uuid_of, |client| {
        client.list_database_deployment_history(PARENT)
    })
    .await;
}

#[expect(
    deprecated,
    reason = "only the 1.0.3 reference has the events of services"
)]
#[tokio::test]
async fn backups_and_events_of_services_page_by_the_id_of_their_last_item() {
    let path = |place: &str| place.replace("ID", &PARENT.to_string());
    pages_by_item(&path("/database/ID/backup"), with_id, uuid_of, |client| {
        client.list_database_backup(PARENT)
    })
    .await;
    pages_by_item(&path("/database/ID/event"), with_id, uuid_of, |client| {
        client.list_database_event(PARENT)
    })
    .await;
    pages_by_item(&path("/application/ID/event"), with_id, uuid_of, |client| {
        client.list_application_event(PARENT)
    })
    .await;
}

#[tokio::test]
async fn commits_page_by_the_sha_of_the_last_one() {
    pages_by_item(
        &format!("/application/{PARENT}/commit"),
        commit,
        sha_of,
        |client| client.list_application_commit(PARENT),
    )
    .await;
    pages_by_item(&format!("/job/{PARENT}/commit"), commit, sha_of, |client| {
        client.list_job_commit(PARENT)
    })
    .await;

    // The parameters of the call are sent with each page, and the stream begins at the offset of the call.
    let list = by_item(
        &format!("/application/{PARENT}/commit"),
        commit,
        sha_of,
        false,
    )
    .await;
    let call = list.client().list_application_commit(PARENT);
    let call = call.git_commit_id("abc").start_id(&sha_of(21));
    let commits: Vec<Commit> = call.items().collect_all(20).await.unwrap();
    assert_eq!(commits.len(), 20);
    let queries = list.queries();
    assert!(
        queries
            .iter()
            .all(|query| query.contains("gitCommitId=abc")),
        "{queries:?}"
    );
}

/// 45 events in pages of 20, by tokens in links whose host and path must not be used.
async fn events() -> List {
    List::start(&format!("/organization/{PARENT}/events"), |query| {
        let (first, size) = match (value(query, "continueToken"), value(query, "stepBackToken")) {
            (Some(token), None) => (token.trim_start_matches("t+").parse().unwrap(), 20),
            (None, Some(token)) => {
                let last: u64 = token.trim_start_matches("s+").parse().unwrap();
                (45.min(last + 20), 45.min(last + 20) - last)
            }
            (None, None) => (45, 20),
            both => unreachable!("{both:?}"),
        };
        let page = numbers(first, size);
        let oldest = first - size.min(first);
        let mut links = json!({});
        if oldest > 0 {
            links["next"] = json!(format!(
                "https://elsewhere.test/organization/0/events?x=1&continueToken=t%2B{oldest}"
            ));
        }
        if first < 45 {
            links["previous"] =
                json!(format!("/organization/0/events?stepBackToken=s%2B{first}"));
        }
        let events: Vec<_> = page
            .into_iter()
            .map(|number| json!({"id": uuid_of(number), "timestamp": CREATED, "event_type": "UPDATE"}))
            .collect();
        json!({"links": links, "organization_max_limit_reached": oldest == 0, "events": events})
    })
    .await
}

fn ids(events: &[OrganizationEventResponse]) -> Vec<String> {
    let id = |event: &OrganizationEventResponse| event.id.map(|id| id.to_string());
    events.iter().filter_map(id).collect()
}

fn uuids(first: u64, size: u64) -> Vec<String> {
    numbers(first, size).into_iter().map(uuid_of).collect()
}

#[tokio::test]
async fn events_of_an_organization_page_by_the_tokens_of_links_forward_and_backward() {
    let list = events().await;
    let call = list.client().get_organization_events(PARENT);
    let call = call.origin("CLI".into());
    let mut pages = call.clone().paged().read_ahead().pages();
    let mut last = None;
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        found.extend(ids(&page.items));
        last = Some(page);
    }
    assert_eq!(found, uuids(45, 45));
    assert_eq!(pages.ending(), Some(Ending::HeldBack), "the plan's limit");
    assert_eq!(
        list.queries(),
        [
            "origin=CLI",
            "origin=CLI&continueToken=t%2B25",
            "origin=CLI&continueToken=t%2B5",
        ]
    );

    let back = call.paged().resume(last.unwrap().previous.unwrap());
    let mut pages = back.pages();
    assert_eq!(
        ids(&pages.next().await.unwrap().unwrap().items),
        uuids(25, 20)
    );
    assert_eq!(
        ids(&pages.next().await.unwrap().unwrap().items),
        uuids(45, 20)
    );
    assert!(pages.next().await.is_none());
    assert_eq!(
        list.queries()[3..],
        [
            "origin=CLI&stepBackToken=s%2B5",
            "origin=CLI&stepBackToken=s%2B25"
        ]
    );
}

/// 30 deployments. The response has the requested number of them.
async fn deployments(path: &str) -> List {
    List::start(path, |query| {
        let size = value(query, "pageSize").and_then(|size| size.parse().ok());
        let size = size.unwrap_or(20);
        let results: Vec<_> = numbers(30, size).into_iter().map(deployment).collect();
        json!({"page": 1, "page_size": size, "results": results})
    })
    .await
}

async fn is_a_window<O: WindowOperation>(path: &str, call: impl Fn(&Client) -> Call<O>) {
    let list = deployments(path).await;
    let window: Window<O> = call(&list.client()).window(20).await.unwrap();
    assert_eq!(window.items().len(), 20, "{path}");
    assert!(window.is_cut(), "{path}");
    let wider = window.widen(50).await.unwrap();
    assert_eq!(wider.items().len(), 30, "{path}");
    assert!(!wider.is_cut(), "{path}");
    assert_eq!(list.queries(), ["pageSize=20", "pageSize=50"], "{path}");
}

#[tokio::test]
async fn second_deployment_histories_are_windows_that_can_be_widened() {
    let path = |kind: &str| format!("/{kind}/{PARENT}/deploymentHistoryV2");
    is_a_window(&path("environment"), |client| {
        client.list_environment_deployment_history_v2(PARENT)
    })
    .await;
    is_a_window(&path("application"), |client| {
        client.list_application_deployment_history_v2(PARENT)
    })
    .await;
    is_a_window(&path("container"), |client| {
        client.list_container_deployment_history_v2(PARENT)
    })
    .await;
    is_a_window(&path("database"), |client| {
        client.list_database_deployment_history_v2(PARENT)
    })
    .await;
    is_a_window(&path("helm"), |client| {
        client.list_helm_deployment_history_v2(PARENT)
    })
    .await;
    is_a_window(&path("job"), |client| {
        client.list_job_deployment_history_v2(PARENT)
    })
    .await;
    is_a_window(&path("terraform"), |client| {
        client.list_terraform_deployment_history_v2(PARENT)
    })
    .await;
    is_a_window(&path("agenticWorkflow"), |client| {
        client.list_agentic_workflow_deployment_history_v2(PARENT)
    })
    .await;
}

#[test]
fn streams_of_generated_operations_are_fused_and_can_be_sent_between_threads() {
    fn check<T: FusedStream + Send + Unpin + 'static>(_: &T) {}
    fn send<T: Send>(_: T) {}
    let client = Client::builder().build().unwrap();
    let history = client.list_environment_deployment_history(PARENT);
    let mut items = history.clone().items();
    check(&items);
    check(&history.pages());
    check(
        &client
            .get_organization_events(PARENT)
            .paged()
            .backward()
            .items(),
    );
    send(items.next());
    send(items.collect_all(1));
    let window = client.list_environment_deployment_history_v2(PARENT);
    send(window.window(20));
}

#[tokio::test]
async fn a_failed_page_can_be_requested_again_by_another_process() {
    let path = format!("/environment/{PARENT}/deploymentHistory");
    let broken = MockServer::start_async().await;
    let results: Vec<_> = numbers(45, 20).into_iter().map(with_id).collect();
    broken
        .mock_async(|when, then| {
            when.method(GET)
                .path(&path)
                .is_true(|request| request.query_params().is_empty());
            then.status(200)
                .json_body(json!({"page": 1, "page_size": 20, "results": results}));
        })
        .await;
    broken
        .mock_async(|when, then| {
            when.method(GET).path(&path).query_param_exists("startId");
            then.status(503).body("try later");
        })
        .await;
    let client = Client::builder().base_url(broken.base_url()).build();
    let call = client.unwrap().list_environment_deployment_history(PARENT);
    let error = call.items().collect_all(100).await.unwrap_err();
    assert_eq!(error.items().len(), 20);
    let stored = serde_json::to_string(error.resume_cursor().unwrap()).unwrap();

    for inclusive in [false, true] {
        let list = by_item(&path, with_id, uuid_of, inclusive).await;
        let call = list.client().list_environment_deployment_history(PARENT);
        let cursor = serde_json::from_str(&stored).unwrap();
        let rest = call.paged().resume(cursor).items().collect_all(25).await;
        let rest: Vec<_> = rest.unwrap().iter().map(|one| one.id.to_string()).collect();
        assert_eq!(rest, uuids(25, 25), "inclusive: {inclusive}");
    }
}
