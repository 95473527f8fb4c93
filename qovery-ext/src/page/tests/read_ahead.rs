//! Reading one page ahead, on paused time.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::*;

const LATENCY: Duration = Duration::from_millis(100);

/// Works on each page of 10 items for `work`, and returns the total time.
async fn time_taken(read_ahead: bool, work: Duration) -> (Duration, Model) {
    let model = server(100, |server| {
        server.page_size = 10;
        server.latency = LATENCY;
    });
    let pager = model.call::<ListEvents>().paged();
    let mut pages = if read_ahead {
        pager.read_ahead().pages()
    } else {
        pager.pages()
    };
    let start = Instant::now();
    let mut count = 0;
    while let Some(page) = pages.next().await {
        count += page.unwrap().items.len();
        sleep(work).await;
    }
    assert_eq!(count, 100);
    (start.elapsed(), model)
}

#[tokio::test(start_paused = true)]
async fn reading_ahead_takes_the_longer_of_network_and_work_and_not_their_sum() {
    for work in [20, 100, 250].map(Duration::from_millis) {
        let (plain, _) = time_taken(false, work).await;
        assert_eq!(plain, (LATENCY + work) * 10);
        let (ahead, model) = time_taken(true, work).await;
        assert_eq!(ahead, LATENCY + LATENCY.max(work) * 9 + work);
        assert_eq!(model.sent(), 10, "and sends no more requests");
    }
}

#[tokio::test(start_paused = true)]
async fn one_page_is_read_ahead_and_not_two() {
    let model = server(200, |server| server.latency = LATENCY);
    let mut items = model.call::<ListNotes>().paged().read_ahead().items();
    assert_eq!(model.sent(), 0);
    for taken in 1..=100 {
        items.next().await.unwrap().unwrap();
        sleep(LATENCY * 3).await;
        assert_eq!(model.sent(), (taken - 1) / 20 + 2, "{taken} items taken");
    }
}

#[tokio::test(start_paused = true)]
async fn no_page_is_read_ahead_that_a_limit_excludes() {
    let model = server(100, |_| {});
    let pager = || model.call::<ListNotes>().paged().read_ahead();
    for limited in [pager().at_most_items(20), pager().at_most_pages(1)] {
        let before = model.sent();
        let mut items = limited.clone().items();
        items.next().await.unwrap().unwrap();
        let mut pages = limited.pages();
        pages.next().await.unwrap().unwrap();
        sleep(LATENCY).await;
        assert_eq!(model.sent() - before, 2, "one page each");
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_of_a_page_read_ahead_follows_the_items_before_it() {
    let model = server(50, |server| server.fail(1, Fault::Disconnected));
    let mut items = model.call::<ListNotes>().paged().read_ahead().items();
    items.next().await.unwrap().unwrap();
    sleep(LATENCY).await;
    assert_eq!(model.sent(), 2, "it has happened already");
    let (mut numbers, error) = read(&mut items).await;
    assert_eq!(numbers.len(), 19);
    assert!(error.unwrap().api_error().is_some());
    items.retry();
    numbers.extend(read(&mut items).await.0);
    assert_eq!(numbers, down_from(49));
}

#[test]
fn without_a_runtime_reading_ahead_still_reads() {
    let model = server(50, |_| {});
    let items = model.call::<ListNotes>().paged().read_ahead().items();
    let read = poll_to_the_end(items.collect_all(50));
    assert_eq!(read.unwrap().len(), 50);
}

/// Polls without a Tokio runtime around.
fn poll_to_the_end<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}
