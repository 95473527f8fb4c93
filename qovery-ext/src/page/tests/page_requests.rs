//! Requests in flight.

use std::sync::Arc;

use futures_util::FutureExt as _;

use super::super::page_request::in_background;

#[tokio::test]
async fn dropping_a_page_request_ends_its_request_in_the_background() {
    let held = Arc::new(());
    let inside = Arc::clone(&held);
    let request = in_background(async move {
        std::future::pending::<()>().await;
        drop(inside);
    });
    tokio::task::yield_now().await;
    assert_eq!(Arc::strong_count(&held), 2);
    drop(request);
    tokio::task::yield_now().await;
    assert_eq!(Arc::strong_count(&held), 1);
}

#[tokio::test]
#[should_panic(expected = "from inside")]
async fn a_panic_in_the_background_is_not_lost() {
    let request = in_background(async { panic!("from inside") });
    request.await.unwrap_or(());
}

#[test]
fn a_page_request_whose_runtime_is_gone_returns_an_error() {
    let first = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let request = {
        let _inside = first.enter();
        in_background(async { 1 })
    };
    drop(first);
    let second = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let result = second.block_on(request);
    assert_eq!(result, None);
}

#[test]
fn without_a_runtime_the_request_is_made_in_place() {
    let request = in_background(async { 1 });
    assert_eq!(request.now_or_never(), Some(Some(1)));
}
