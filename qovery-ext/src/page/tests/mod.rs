//! Streams against a list on a server in memory: see [`model`].

mod adversary;
mod cursors;
mod dropping;
mod faults;
mod links;
mod memory_bounds;
mod model;
mod page_requests;
mod properties;
mod read_ahead;
mod repeated_pages;
mod resume;
mod windows;

use futures_core::stream::FusedStream;
use futures_util::StreamExt;
use proptest::prelude::ProptestConfig;
use qovery_api::PagedOperation;

use super::*;
use model::{Behavior, Change, Fault, ListEvents, ListNotes, Model, Note, id_of};

fn server(count: u64, behavior: impl FnOnce(&mut Behavior)) -> Model {
    let mut chosen = Behavior::default();
    behavior(&mut chosen);
    Model::new(count, chosen)
}

/// Reads to the end or to the first error.
async fn read<O: PagedOperation<Item = Note>>(
    items: &mut Items<O>,
) -> (Vec<u64>, Option<PageError>) {
    let mut numbers = Vec::new();
    while let Some(item) = items.next().await {
        match item {
            Ok(note) => numbers.push(note.number),
            Err(error) => return (numbers, Some(error)),
        }
    }
    (numbers, None)
}

/// The settings of property tests. The variable `PROPTEST_CASES` replaces the number of cases.
fn property_tests(cases: u32) -> ProptestConfig {
    let mut config = ProptestConfig::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    config.failure_persistence = None;
    config.max_shrink_iters = 300;
    config
}

fn down_from(count: u64) -> Vec<u64> {
    (1..=count).rev().collect()
}

#[tokio::test]
async fn every_item_comes_once_and_in_order_whatever_the_length_and_the_start_of_a_page() {
    for inclusive in [false, true] {
        for count in [0, 1, 2, 19, 20, 21, 39, 40, 41, 10_000] {
            let model = server(count, |server| server.inclusive = inclusive);
            let mut items = model.call::<ListNotes>().items();
            let (numbers, error) = read(&mut items).await;
            assert!(error.is_none(), "{error:?}");
            assert_eq!(numbers, down_from(count), "inclusive: {inclusive}");
            assert_eq!(items.ending(), Some(Ending::Complete));
            assert_eq!(items.resume_cursor(), None);
            assert_eq!(items.items_delivered(), count);

            let model = server(count, |_| {});
            let (numbers, error) = read(&mut model.call::<ListEvents>().items()).await;
            assert!(error.is_none(), "{error:?}");
            assert_eq!(numbers, down_from(count));
            let pages = usize::try_from(count.div_ceil(20).max(1)).unwrap();
            assert_eq!(
                model.sent(),
                pages,
                "nothing is asked for after the last link"
            );
        }
    }
}

#[tokio::test]
async fn a_commit_is_named_by_its_sha() {
    let model = server(25, |_| {});
    read(&mut model.call::<ListNotes>().items()).await;
    let urls = model.urls();
    assert_eq!(urls[0], "https://api.test/v1/list/notes");
    assert_eq!(
        urls[1],
        format!("https://api.test/v1/list/notes?startId={}", id_of(6))
    );
}

#[tokio::test]
async fn a_short_page_is_not_the_end() {
    let model = server(100, |server| server.short_pages = true);
    let (numbers, _) = read(&mut model.call::<ListNotes>().items()).await;
    assert_eq!(numbers, down_from(100));
}

#[tokio::test]
async fn an_empty_page_in_the_middle_of_links_does_not_end_them() {
    let model = server(70, |server| server.empty_pages = true);
    let (numbers, error) = read(&mut model.call::<ListEvents>().items()).await;
    assert_eq!((numbers, model.sent()), (down_from(70), 7));
    assert!(error.is_none());

    let mut pages = model.call::<ListEvents>().pages();
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await {
        sizes.push(page.unwrap().items.len());
    }
    assert_eq!(sizes, [20, 20, 20, 10], "an empty page is not delivered");
}

#[tokio::test]
async fn only_the_token_of_a_link_is_used() {
    let model = server(45, |_| {});
    read(&mut model.call::<ListEvents>().query("origin", "CLI").items()).await;
    assert_eq!(
        model.urls(),
        [
            "https://api.test/v1/list/events?origin=CLI",
            "https://api.test/v1/list/events?origin=CLI&continueToken=t%3D26",
            "https://api.test/v1/list/events?origin=CLI&continueToken=t%3D6",
        ]
    );
}

#[tokio::test]
async fn events_page_backward_from_any_page() {
    let model = server(100, |_| {});
    let mut pages = model.call::<ListEvents>().pages();
    let mut third = None;
    for _ in 0..3 {
        third = pages.next().await;
    }
    let third = third.unwrap().unwrap();
    assert_eq!(third.items[0].number, 60);
    let previous = third.previous.unwrap();
    assert!(previous.is_backward());

    let call = model.call::<ListEvents>().query("continueToken", "t=41");
    let mut pages = call.paged().resume(previous).pages();
    let mut numbers = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        numbers.push(
            page.items
                .iter()
                .map(|note| note.number)
                .collect::<Vec<_>>(),
        );
        assert_eq!(page.previous.is_some(), numbers.len() < 2);
    }
    let down = |from: u64| (from - 19..=from).rev().collect::<Vec<_>>();
    assert_eq!(numbers, [down(80), down(100)]);
    assert_eq!(pages.ending(), Some(Ending::Complete));
    assert!(
        model.urls()[3..]
            .iter()
            .all(|url| !url.contains("continueToken")),
        "{:?}",
        model.urls()
    );
}

#[tokio::test]
async fn a_backward_walk_can_begin_with_the_call_and_turn_around() {
    let model = server(60, |_| {});
    let call = model.call::<ListEvents>().query("stepBackToken", "s=20");
    let mut pages = call.clone().paged().backward().pages();
    let first = pages.next().await.unwrap().unwrap();
    assert_eq!(first.items[0].number, 40);
    let (numbers, _) = read(&mut call.paged().resume(first.next.unwrap()).items()).await;
    assert_eq!(numbers, down_from(20));
}

#[tokio::test]
async fn nothing_is_sent_before_an_item_is_asked_for_and_no_page_before_its_turn() {
    let model = server(50, |_| {});
    let mut items = model.call::<ListNotes>().items();
    assert_eq!(model.sent(), 0);
    for expected in [1; 20] {
        items.next().await.unwrap().unwrap();
        assert_eq!(model.sent(), expected);
    }
    items.next().await.unwrap().unwrap();
    assert_eq!(model.sent(), 2);
}

#[tokio::test]
async fn a_limit_ends_a_stream_and_is_its_ending() {
    let model = server(50, |_| {});
    let pager = model.call::<ListNotes>().paged();
    for (limit, requests) in [(0, 0), (1, 1), (20, 1), (21, 2), (40, 2)] {
        let before = model.sent();
        let mut items = pager.clone().at_most_items(limit).read_ahead().items();
        let (numbers, _) = read(&mut items).await;
        assert_eq!(numbers, down_from(50)[..usize::try_from(limit).unwrap()]);
        assert_eq!(items.ending(), Some(Ending::ItemLimit));
        assert!(items.is_terminated());
        tokio::task::yield_now().await;
        assert_eq!(
            model.sent() - before,
            requests,
            "no page is read that is not wanted"
        );
        let rest = items.resume_cursor().unwrap();
        let (numbers, _) = read(&mut pager.clone().resume(rest).items()).await;
        assert_eq!(numbers, down_from(50)[usize::try_from(limit).unwrap()..]);
    }
    let mut items = pager.clone().at_most_pages(2).read_ahead().items();
    assert_eq!(read(&mut items).await.0, down_from(50)[..40]);
    assert_eq!(items.ending(), Some(Ending::PageLimit));
    let (numbers, _) =
        read(&mut pager.clone().resume(items.resume_cursor().unwrap()).items()).await;
    assert_eq!(numbers, down_from(10));

    let events = server(50, |_| {}).call::<ListEvents>();
    let mut items = events.paged().at_most_items(50).items();
    read(&mut items).await;
    assert_eq!(
        items.ending(),
        Some(Ending::Complete),
        "the limit cut nothing"
    );
}

#[tokio::test]
async fn a_page_that_the_limit_cuts_can_be_resumed_within() {
    for inclusive in [false, true] {
        let model = server(50, |server| server.inclusive = inclusive);
        let pager = model.call::<ListNotes>().paged();
        let mut pages = pager.clone().at_most_items(25).pages();
        let mut numbers = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.unwrap();
            numbers.extend(page.items.iter().map(|note| note.number));
            assert_eq!(page.next, pages.resume_cursor(), "nothing cut is skipped");
        }
        assert_eq!(pages.ending(), Some(Ending::ItemLimit));
        let rest = pager.resume(pages.resume_cursor().unwrap()).items();
        numbers.extend(
            rest.collect_all(50)
                .await
                .unwrap()
                .iter()
                .map(|note| note.number),
        );
        assert_eq!(numbers, down_from(50));
    }
}

#[tokio::test]
async fn a_list_with_items_that_the_server_withholds_does_not_end_as_complete() {
    let model = server(5, |server| server.held_back = true);
    let mut items = model.call::<ListEvents>().items();
    read(&mut items).await;
    assert_eq!(items.ending(), Some(Ending::HeldBack));
    assert_eq!(items.resume_cursor(), None);
}

#[tokio::test]
async fn collecting_more_than_the_bound_is_an_error_that_holds_what_was_read() {
    let model = server(45, |_| {});
    let call = model.call::<ListNotes>();
    assert_eq!(
        call.clone().items().collect_all(45).await.unwrap().len(),
        45
    );
    let error = call.clone().items().collect_all(44).await.unwrap_err();
    assert!(error.is_too_many() && error.page_error().is_none());
    assert_eq!(error.items().len(), 44);
    assert_eq!(
        error.to_string(),
        "listNotes: the list has more than 44 items: raise the bound, or read the list as a stream"
    );
    let rest = call
        .clone()
        .paged()
        .resume(error.resume_cursor().unwrap().clone())
        .items();
    let rest = rest.collect_all(1).await.unwrap();
    assert_eq!(rest[0].number, 1);

    let limited = call.paged().at_most_items(3).items().collect_all(3).await;
    assert_eq!(
        limited.unwrap().len(),
        3,
        "a limit that was asked for is no error"
    );
}

#[tokio::test]
async fn an_error_keeps_what_was_read_and_can_be_tried_again() {
    for fault in [Fault::Status(503), Fault::Disconnected, Fault::Unreadable] {
        let model = server(50, |server| server.fail(1, fault));
        let mut items = model.call::<ListNotes>().items();
        let (mut numbers, error) = read(&mut items).await;
        let error = error.unwrap();
        assert_eq!(numbers, down_from(50)[..20]);
        assert!(error.api_error().is_some() && !error.is_repetition() && !error.is_dead_end());
        assert_eq!(error.pages_read(), 1);
        assert_eq!(error.operation().id, "listNotes");
        assert!(std::error::Error::source(&error).is_some());
        assert!(items.is_terminated() && items.ending().is_none());
        assert!(items.next().await.is_none(), "an error ends the stream");
        assert_eq!(model.sent(), 2);

        let cursor = error.resume_cursor().clone();
        assert_eq!(items.resume_cursor(), Some(cursor.clone()));
        items.retry();
        assert!(!items.is_terminated());
        numbers.extend(read(&mut items).await.0);
        assert_eq!(numbers, down_from(50));
        let (rest, _) = read(&mut model.call::<ListNotes>().paged().resume(cursor).items()).await;
        assert_eq!(rest, down_from(30));
    }
}

#[tokio::test]
async fn collecting_keeps_what_was_read_before_an_error() {
    let model = server(50, |server| server.fail(2, Fault::Disconnected));
    let call = model.call::<ListEvents>();
    let error = call.clone().items().collect_all(100).await.unwrap_err();
    assert_eq!(error.items().len(), 40);
    let text = error.to_string();
    let cause = error.api_error().unwrap().to_string();
    assert!(
        text.starts_with("listEvents: only 40 items could be read: listEvents, after "),
        "{text}"
    );
    let advice = "(retry, or resume later with `resume_cursor`)";
    assert!(text.ends_with(&format!(": {cause} {advice}")), "{text}");
    assert!(error.page_error().unwrap().api_error().is_some());
    let cursor = error.resume_cursor().unwrap().clone();
    let rest = call
        .paged()
        .resume(cursor)
        .items()
        .collect_all(100)
        .await
        .unwrap();
    let all = error.into_items().into_iter().chain(rest);
    assert_eq!(
        all.map(|note| note.number).collect::<Vec<_>>(),
        down_from(50)
    );
}

#[tokio::test]
async fn a_page_without_a_next_page_or_an_end_is_an_error_after_its_items() {
    let model = server(50, |server| server.without_ids = true);
    let (numbers, error) = read(&mut model.call::<ListNotes>().items()).await;
    assert_eq!(numbers, down_from(50)[..20]);
    assert!(error.unwrap().is_dead_end());

    let model = server(50, |server| server.without_tokens = true);
    let mut items = model.call::<ListEvents>().items();
    let (mut numbers, error) = read(&mut items).await;
    assert_eq!(numbers, down_from(50)[..20]);
    assert!(error.unwrap().is_dead_end());
    model.behave(|server| server.without_tokens = false);
    items.retry();
    numbers.extend(read(&mut items).await.0);
    assert_eq!(numbers, down_from(50), "it leads on the next time");
}

#[tokio::test]
async fn streams_work_with_the_combinators_of_streams() {
    let model = server(50, |server| server.inclusive = true);
    let numbers: Vec<_> = model
        .call::<ListNotes>()
        .items()
        .map(|item| item.unwrap().number)
        .filter(|number| std::future::ready(number % 2 == 0))
        .collect()
        .await;
    assert_eq!(numbers.len(), 25);
    let mut pages = model.call::<ListNotes>().pages();
    let mut seen = 0;
    while !pages.is_terminated() {
        seen += pages
            .select_next_some()
            .await
            .map_or(0, |page| page.items.len());
        if seen == 50 {
            break;
        }
    }
    assert_eq!(seen, 50);
}

#[test]
fn streams_can_be_sent_between_threads() {
    fn check<T: Send + Unpin + FusedStream + std::fmt::Debug>(_: &T) {}
    let model = server(1, |_| {});
    check(&model.call::<ListNotes>().items());
    check(&model.call::<ListEvents>().paged().backward().pages());
    fn send<T: Send>(_: T) {}
    let mut items = model.call::<ListNotes>().items();
    send(items.next());
    send(items.collect_all(1));
    send(windows::window_future(&model));
}

#[tokio::test]
async fn items_that_appear_at_the_head_repeat_and_hide_nothing_further_down() {
    for inclusive in [false, true] {
        let model = server(60, |server| {
            server.inclusive = inclusive;
            server.changes = (1..9)
                .map(|at| (at, vec![Change::InsertAtHead(7)]))
                .collect();
        });
        assert_eq!(
            read(&mut model.call::<ListNotes>().items()).await.0,
            down_from(60)
        );
        let model = server(60, |server| {
            server.changes = (1..9)
                .map(|at| (at, vec![Change::InsertAtHead(7)]))
                .collect();
        });
        assert_eq!(
            read(&mut model.call::<ListEvents>().items()).await.0,
            down_from(60)
        );
    }
}
