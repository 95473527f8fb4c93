//! The typed mocks match the requests that the calls of every style send over HTTP.

#![allow(clippy::unwrap_used, reason = "a test fails if its setup fails")]

use wire_client::httpmock::MockServer;
use wire_client::mock::MockServerExt as _;
use wire_client::{AccessToken, Client, types};

async fn setting() -> (MockServer, Client) {
    let server = MockServer::start_async().await;
    let client = Client::builder()
        .base_url(server.base_url())
        .token(AccessToken::new("qov_test").unwrap())
        .build()
        .unwrap();
    (server, client)
}

fn at() -> wire_client::chrono::DateTime<wire_client::chrono::Utc> {
    "2026-08-20T10:20:30Z".parse().unwrap()
}

#[tokio::test]
async fn parameters_of_every_style_arrive_and_are_matched() {
    let (server, client) = setting().await;
    let (words, range) = (
        ["a b".to_owned(), "c|d".to_owned()],
        types::Range::new(1).to(2),
    );
    let mock = server.query_styles(|when, then| {
        when.pipes(&words)
            .commas(&words)
            .filter(None)
            .range(&range)
            .at(at())
            .blanks(&[]);
        then.no_content();
    });
    let call = || client.query_styles().pipes(&words).commas(&words).at(at());
    call().range(&range).await.unwrap();
    assert!(call().await.unwrap_err().is_not_found());
    assert!(
        call()
            .range(&range)
            .blanks(&[1])
            .await
            .unwrap_err()
            .is_not_found()
    );
    mock.assert_async().await;

    let mock = server.with_headers(|when, then| {
        when.x_dry_run(true)
            .x_since(at())
            .x_tags(&words)
            .theme("dark")
            .ids(&[1, 2])
            .seen(None);
        then.no_content();
    });
    let call = || {
        client
            .with_headers(true)
            .x_since(at())
            .x_tags(&words)
            .ids(&[1, 2])
    };
    call().theme("dark").await.unwrap();
    assert!(call().theme("light").await.unwrap_err().is_not_found());
    assert!(
        call()
            .theme("dark")
            .seen(at())
            .await
            .unwrap_err()
            .is_not_found()
    );
    mock.assert_async().await;

    let mock = server.styled_path(|when, then| {
        when.list(&words).label(&[3, 4]).matrix(at()).range(&range);
        then.no_content();
    });
    client
        .styled_path(&words, &[3, 4], at(), &range)
        .await
        .unwrap();
    assert!(
        client
            .styled_path(&words, &[3], at(), &range)
            .await
            .is_err()
    );
    mock.assert_async().await;
}

#[tokio::test]
async fn odd_paths_bodies_of_get_and_answers_to_head_work_over_http() {
    let (server, client) = setting().await;
    let mock = server.space_in_path(|when, then| {
        when.id("x y");
        then.no_content();
    });
    client.space_in_path("x y").await.unwrap();
    mock.assert_async().await;

    let mock = server.query_in_path(|_, then| {
        then.no_content();
    });
    client.query_in_path("7").await.unwrap();
    assert!(
        client
            .fragment_in_path("7")
            .await
            .unwrap_err()
            .is_not_found()
    );
    mock.assert_async().await;

    let thing = types::Thing::new().n(7);
    let mock = server.search_with_body(|when, then| {
        when.body(&thing)
            .into_inner()
            .header("content-type", "application/json");
        then.ok("picture");
    });
    assert_eq!(client.search_with_body(&thing).await.unwrap(), "picture");
    mock.assert_async().await;

    let mock = server.head_thing(|when, then| {
        when.id(1);
        then.into_inner().status(200).header("etag", "e1");
    });
    let response = client.head_thing(1).response().await.unwrap();
    assert_eq!(response.headers["etag"], "e1");
    mock.assert_async().await;

    let mock = server.send_form(|when, then| {
        when.body("name=a%20b")
            .into_inner()
            .header("content-type", "application/x-www-form-urlencoded");
        then.no_content();
    });
    client.send_form(&types::Form::new("a b")).await.unwrap();
    mock.assert_async().await;
}
