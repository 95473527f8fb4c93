//! Each way of paging once over HTTP, with the transport of a bare client.
//!
//! Not for timing: that is tested on paused time, without sockets.

#[allow(
    dead_code,
    reason = "of the server in memory only its operations are used"
)]
#[path = "../src/page/tests/model.rs"]
mod model;

use httpmock::{Method::GET, Mock, MockServer};
use model::{ListEvents, ListNotes, ListRecent, Note, id_of};
use qovery_api::{Call, Client, Operation};
use qovery_ext::page::{Ending, PagedCall, WindowCall};
use serde_json::{Value, json};

fn call<O: Operation>(server: &MockServer) -> Call<O> {
    let client = Client::builder().base_url(server.base_url()).build();
    Call::new(&client.unwrap_or_else(|error| unreachable!("{error}")), &[])
}

fn page(newest: u64, oldest: u64) -> Value {
    let results: Vec<_> = (oldest..=newest)
        .rev()
        .map(|number| json!({"id": id_of(number), "number": number}))
        .collect();
    json!({"page_size": 20, "results": results, "held_back": false})
}

/// Answers where the query is this one parameter, or none.
async fn answer<'a>(
    server: &'a MockServer,
    path: &str,
    parameter: Option<(&str, &str)>,
    body: Value,
) -> Mock<'a> {
    server
        .mock_async(|when, then| {
            let when = when.method(GET).path(path);
            match parameter {
                Some((name, value)) => when.query_param(name, value),
                None => when.is_true(|request| request.query_params().is_empty()),
            };
            then.status(200).json_body(body);
        })
        .await
}

fn numbers(notes: &[Note]) -> Vec<u64> {
    notes.iter().map(|note| note.number).collect()
}

fn down_from(count: u64) -> Vec<u64> {
    (1..=count).rev().collect()
}

#[tokio::test]
async fn a_list_pages_by_the_id_of_its_last_item() {
    // The first page after the beginning starts at its cursor, the second one after it.
    let server = MockServer::start_async().await;
    let pages = [
        answer(&server, "/list/notes", None, page(45, 26)).await,
        answer(
            &server,
            "/list/notes",
            Some(("startId", &id_of(26))),
            page(26, 7),
        )
        .await,
        answer(
            &server,
            "/list/notes",
            Some(("startId", &id_of(7))),
            page(6, 1),
        )
        .await,
        answer(
            &server,
            "/list/notes",
            Some(("startId", &id_of(1))),
            page(0, 1),
        )
        .await,
    ];
    let read = call::<ListNotes>(&server).items().collect_all(100).await;
    assert_eq!(numbers(&read.unwrap()), down_from(45));
    for page in pages {
        page.assert_async().await;
    }
}

#[tokio::test]
async fn events_page_by_the_tokens_of_links_forward_and_backward() {
    let server = MockServer::start_async().await;
    let mut first = page(30, 11);
    first["next"] = json!("https://elsewhere.test/organization/0/events?continueToken=a%2Bb");
    let mut second = page(10, 1);
    second["previous"] = json!("/organization/0/events?stepBackToken=c");
    let first = answer(&server, "/list/events", None, first).await;
    let second = answer(
        &server,
        "/list/events",
        Some(("continueToken", "a+b")),
        second,
    )
    .await;
    let before = answer(
        &server,
        "/list/events",
        Some(("stepBackToken", "c")),
        page(30, 11),
    )
    .await;

    let mut pages = call::<ListEvents>(&server).paged().read_ahead().pages();
    let newest = pages.next().await.unwrap().unwrap();
    let oldest = pages.next().await.unwrap().unwrap();
    assert!(pages.next().await.is_none());
    assert_eq!(pages.ending(), Some(Ending::Complete));
    assert_eq!(numbers(&oldest.items), down_from(10));

    let back = call::<ListEvents>(&server)
        .paged()
        .resume(oldest.previous.unwrap());
    assert_eq!(back.items().collect_all(20).await.unwrap(), newest.items);
    first.assert_async().await;
    second.assert_async().await;
    before.assert_async().await;
}

#[tokio::test]
async fn a_failed_page_can_be_asked_for_again() {
    let server = MockServer::start_async().await;
    answer(&server, "/list/notes", None, page(25, 6)).await;
    let id = id_of(6);
    let failure = server
        .mock_async(|when, then| {
            when.path("/list/notes").query_param("startId", &id);
            then.status(503).body("try later");
        })
        .await;
    let error = call::<ListNotes>(&server)
        .items()
        .collect_all(100)
        .await
        .unwrap_err();
    assert_eq!(error.items().len(), 20);
    failure.delete_async().await;

    answer(&server, "/list/notes", Some(("startId", &id)), page(5, 1)).await;
    answer(
        &server,
        "/list/notes",
        Some(("startId", &id_of(1))),
        page(0, 1),
    )
    .await;
    let cursor = error.resume_cursor().unwrap().clone();
    let rest = call::<ListNotes>(&server).paged().resume(cursor).items();
    assert_eq!(numbers(&rest.collect_all(100).await.unwrap()), down_from(5));
}

#[tokio::test]
async fn a_window_is_widened_by_its_size() {
    let server = MockServer::start_async().await;
    answer(
        &server,
        "/list/recent",
        Some(("pageSize", "20")),
        page(30, 11),
    )
    .await;
    let mut all = page(30, 1);
    all["page_size"] = json!(50);
    answer(&server, "/list/recent", Some(("pageSize", "50")), all).await;
    let window = call::<ListRecent>(&server).window(20).await.unwrap();
    assert!(window.is_cut());
    let wider = window.widen(50).await.unwrap();
    assert!(!wider.is_cut());
    assert_eq!(numbers(wider.items()), down_from(30));
}
