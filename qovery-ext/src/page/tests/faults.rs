//! Servers with inconsistent pages: resuming, ignored cursors, deleted items, heads that grow and pages that
//! overlap.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{
    model::{Missing, Repeats},
    *,
};

fn stored(cursor: &ResumeCursor) -> ResumeCursor {
    serde_json::from_str(&serde_json::to_string(cursor).unwrap()).unwrap()
}

fn assert_once(numbers: &[u64], context: &str) {
    let once: BTreeSet<_> = numbers.iter().collect();
    assert_eq!(once.len(), numbers.len(), "an item came twice: {context}");
}

/// Reads `count` items, resumes with a stored cursor, and reads the rest.
async fn read_in_two<O: PagedOperation<Item = Note>>(
    model: &Model,
    count: usize,
    between: impl FnOnce(&Model),
) -> (Vec<u64>, Option<PageError>) {
    let mut items = model.call::<O>().items();
    let mut numbers = Vec::new();
    while numbers.len() < count {
        match items.next().await {
            Some(item) => numbers.push(item.unwrap().number),
            None => return (numbers, None),
        }
    }
    let Some(cursor) = items.resume_cursor() else {
        return (numbers, None);
    };
    drop(items);
    between(model);
    let mut rest = model.call::<O>().paged().resume(stored(&cursor)).items();
    let (more, error) = read(&mut rest).await;
    numbers.extend(more);
    (numbers, error)
}

#[tokio::test]
async fn resuming_at_any_item_repeats_none_wherever_the_server_starts_its_pages() {
    for inclusive in [false, true] {
        for overlap in [0, 1, 3] {
            for count in 0..=65 {
                let context = format!("inclusive {inclusive}, overlap {overlap}, count {count}");
                let model = server(65, |server| {
                    server.inclusive = inclusive;
                    server.overlap = overlap;
                });
                let (numbers, error) = read_in_two::<ListNotes>(&model, count, |_| {}).await;
                assert!(error.is_none(), "{context}: {error:?}");
                assert_eq!(numbers, down_from(65), "{context}");
                let (numbers, error) = read_in_two::<ListEvents>(&model, count, |_| {}).await;
                assert!(error.is_none(), "{context}: {error:?}");
                assert_eq!(numbers, down_from(65), "{context}");
            }
        }
    }
}

#[tokio::test]
async fn a_server_that_ignores_its_cursor_after_a_resume_repeats_no_item() {
    for grows in [0, 1, 3, 19, 20, 50] {
        for count in [1, 5, 19, 20, 21, 40, 59, 60, 61, 100] {
            let context = format!("grows {grows}, count {count}");
            let ignore = |model: &Model| {
                model.behave(|server| {
                    server.ignores_cursor = true;
                    server.grows = grows;
                });
            };
            let model = server(200, |_| {});
            let (numbers, error) = read_in_two::<ListNotes>(&model, count, ignore).await;
            assert_once(&numbers, &context);
            assert!(error.unwrap().is_repetition(), "{context}");
            assert!(model.sent() < 60, "{context}: {}", model.sent());
            let old: Vec<_> = numbers
                .iter()
                .filter(|number| **number <= 200)
                .copied()
                .collect();
            assert_eq!(old, down_from(200)[..old.len()], "{context}");
        }
    }
}

#[tokio::test]
async fn a_list_that_was_read_to_more_than_a_cursor_holds_repeats_no_item_either() {
    let model = server(5_000, |server| server.page_size = 100);
    let ignore = |model: &Model| model.behave(|server| server.ignores_cursor = true);
    let (numbers, error) = read_in_two::<ListNotes>(&model, 4_321, ignore).await;
    assert_eq!(numbers, down_from(5_000)[..4_321]);
    assert!(error.unwrap().is_repetition());

    let model = server(5_000, |server| server.page_size = 100);
    let (numbers, error) = read_in_two::<ListNotes>(&model, 4_321, |_| {}).await;
    assert!(error.is_none());
    assert_eq!(numbers, down_from(5_000));
}

#[tokio::test]
async fn pages_of_more_items_than_a_cursor_holds_repeat_none_after_a_resume() {
    // The stream requests the end of the 16th page again, to see whether the server respects its cursor.
    for count in [15_999, 16_000, 16_001, 16_400] {
        let model = server(18_000, |server| server.page_size = 1_000);
        let (numbers, error) = read_in_two::<ListNotes>(&model, count, |_| {}).await;
        assert!(error.is_none(), "{count}: {error:?}");
        assert_eq!(numbers, down_from(18_000), "{count}");
    }
}

#[tokio::test]
async fn a_search_for_the_end_that_fails_repeats_no_item_after_a_resume() {
    for failing in 0..8 {
        let model = server(5_000, |server| {
            server.page_size = 100;
            server.missing = Missing::Empty;
        });
        let mut items = model.call::<ListNotes>().items();
        let mut numbers = Vec::new();
        while numbers.len() < 2_000 {
            numbers.push(items.next().await.unwrap().unwrap().number);
        }
        // The stream asks from further and further back, until it meets an item that is there.
        (3_001..=3_100).for_each(|number| model.change(&Change::Delete(number)));
        model.behave(|server| server.fail(21 + failing, Fault::Status(503)));
        let (more, error) = read(&mut items).await;
        numbers.extend(more);
        let error = error.unwrap();
        assert!(error.api_error().is_some(), "{failing}: {error:?}");
        let cursor = stored(error.resume_cursor());
        let mut rest = model.call::<ListNotes>().paged().resume(cursor).items();
        let (more, error) = read(&mut rest).await;
        numbers.extend(more);
        assert_once(&numbers, &format!("{failing}"));
        match error {
            Some(error) => assert!(error.is_place_lost(), "{failing}: {error}"),
            None => assert_eq!(numbers, down_from(5_000), "{failing}"),
        }
    }
}

#[tokio::test]
async fn a_list_whose_head_grows_while_the_cursor_is_ignored_ends_with_an_error() {
    let repeats = [Repeats::None, Repeats::Each, Repeats::First];
    for (grows, repeats) in [1, 2, 7, 10, 15, 19, 20, 21, 100]
        .into_iter()
        .flat_map(|grows| repeats.map(|repeats| (grows, repeats)))
    {
        for page_size in [2, 20] {
            let ignoring = |server: &mut Behavior| {
                server.page_size = page_size;
                server.ignores_cursor = true;
                server.grows = grows;
                server.repeats = repeats;
            };
            let model = server(50, ignoring);
            let (numbers, error) = read(&mut model.call::<ListNotes>().items()).await;
            assert_once(&numbers, &format!("grows {grows}"));
            assert!(error.unwrap().is_repetition(), "grows {grows}");
            assert!(model.sent() <= 40, "grows {grows}: {}", model.sent());
        }
        let model = server(50, |server| {
            server.ignores_cursor = true;
            server.grows = grows;
            server.repeats = repeats;
        });
        let (numbers, error) = read(&mut model.call::<ListEvents>().items()).await;
        assert_once(&numbers, &format!("tokens, grows {grows}"));
        assert!(error.unwrap().is_repetition(), "tokens, grows {grows}");
    }
}

#[tokio::test]
async fn a_head_that_grows_while_the_cursor_is_respected_ends_no_list_early() {
    for grows in [1, 20, 50] {
        for inclusive in [false, true] {
            let model = server(2_000, |server| {
                server.grows = grows;
                server.inclusive = inclusive;
            });
            let (numbers, error) = read(&mut model.call::<ListNotes>().items()).await;
            assert!(error.is_none(), "{error:?}");
            assert_eq!(numbers.len() as u64, 2_000 + grows, "with the first growth");
            assert_once(&numbers, "");
        }
    }
}

/// Deletes items just before a request, on a server that answers with an empty page then.
async fn with_deleted<O: PagedOperation<Item = Note>>(
    request: usize,
    deleted: impl IntoIterator<Item = u64> + Clone,
) -> (Vec<u64>, Option<PageError>, Option<Ending>, usize) {
    let model = server(60, |server| {
        server.missing = Missing::Empty;
        let deleted = deleted.clone().into_iter().map(Change::Delete).collect();
        server.changes = [(request, deleted)].into();
    });
    let mut items = model.call::<O>().items();
    let (numbers, error) = read(&mut items).await;
    (numbers, error, items.ending(), model.sent())
}

#[tokio::test]
async fn a_deleted_cursor_that_is_answered_with_an_empty_page_does_not_end_the_list() {
    // The last one, the last ones, the whole page, and everything that was read.
    for deleted in [21..=21, 21..=24, 21..=40, 21..=60] {
        let context = format!("{deleted:?}");
        let (numbers, error, ending, _) = with_deleted::<ListNotes>(2, deleted.clone()).await;
        assert!(error.is_none(), "{context}: {error:?}");
        assert_eq!(ending, Some(Ending::Complete), "{context}");
        assert_eq!(numbers, down_from(60), "{context}");
        let (numbers, error, ..) = with_deleted::<ListEvents>(2, deleted).await;
        match error {
            Some(error) => assert!(error.is_place_lost(), "{context}: {error}"),
            None => assert_eq!(numbers, down_from(60), "{context}"),
        }
    }
}

#[tokio::test]
async fn an_empty_page_is_the_end_if_the_item_before_it_is_still_there() {
    let model = server(60, |server| server.missing = Missing::Empty);
    let mut items = model.call::<ListNotes>().items();
    assert_eq!(read(&mut items).await.0, down_from(60));
    assert_eq!(items.ending(), Some(Ending::Complete));
    assert_eq!(model.sent(), 5, "one request more than pages");
    // The last item of the list is deleted: nothing is behind it.
    let (numbers, error, ending, sent) = with_deleted::<ListNotes>(3, [1]).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!((numbers, ending), (down_from(60), Some(Ending::Complete)));
    assert!(sent <= 8, "{sent}");
    // All items are deleted.
    let (numbers, error, ending, _) = with_deleted::<ListNotes>(3, 1..=60).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!((numbers, ending), (down_from(60), Some(Ending::Complete)));
}

#[tokio::test]
async fn a_deleted_cursor_does_not_end_a_list_that_is_resumed() {
    for count in [1_usize, 20, 33, 40] {
        let model = server(60, |server| server.missing = Missing::Empty);
        let delete = |model: &Model| {
            let cursor = down_from(60)[count - 1];
            model.change(&Change::Delete(cursor));
        };
        let (numbers, error) = read_in_two::<ListNotes>(&model, count, delete).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(numbers, down_from(60), "after {count}");
    }
}

#[tokio::test]
async fn a_list_too_long_to_remember_reports_that_it_may_be_incomplete() {
    let last = 30_000 - 15_000 + 1;
    let model = server(30_000, |server| {
        server.page_size = 1_000;
        server.missing = Missing::Empty;
        let delete = |number| Change::Delete(number);
        server.changes = [(15, (last..last + 6_000).map(delete).collect())].into();
    });
    let mut items = model.call::<ListNotes>().items();
    let (numbers, error) = read(&mut items).await;
    let error = error.unwrap();
    assert!(error.is_place_lost() && !error.is_repetition(), "{error}");
    assert!(error.to_string().contains("incomplete"), "{error}");
    assert_eq!(numbers, down_from(30_000)[..15_000]);
    assert_eq!(items.ending(), None);
}

#[tokio::test]
async fn pages_that_overlap_are_no_repetition_however_long_the_list_is() {
    for overlap in [1, 5, 19] {
        for declares_size in [false, true] {
            for count in [5, 21, 200] {
                let context = format!("overlap {overlap}, {declares_size}, {count}");
                let model = server(count, |server| {
                    server.overlap = overlap;
                    server.declares_size = declares_size;
                });
                let (numbers, error) = read(&mut model.call::<ListNotes>().items()).await;
                assert_eq!(numbers, down_from(count), "{context}");
                // Without a size, a short list with a long overlap looks like an ignored cursor.
                let is_ambiguous = !declares_size && count == 5 && overlap >= 4;
                assert_eq!(error.is_some(), is_ambiguous, "{context}: {error:?}");
            }
        }
    }
    let model = server(30_000, |server| {
        server.page_size = 100;
        server.overlap = 7;
    });
    let (numbers, error) = read(&mut model.call::<ListNotes>().items()).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(numbers, down_from(30_000));
}

#[tokio::test]
async fn pages_without_anything_new_end_with_an_error_that_can_be_retried() {
    let model = server(100, |server| server.empty_pages = true);
    assert_eq!(
        read(&mut model.call::<ListEvents>().items()).await.0,
        down_from(100)
    );
    let model = EndlesslyEmpty;
    let client = qovery_api::Client::with_transport("https://api.test", model).unwrap();
    let mut items = qovery_api::Call::<ListEvents>::new(&client, &[]).items();
    let (numbers, error) = read(&mut items).await;
    let error = error.unwrap();
    assert!(numbers.is_empty() && error.is_dead_end(), "{error}");
    assert_eq!(error.pages_read(), 1_000);
    items.retry();
    assert_eq!(read(&mut items).await.1.unwrap().pages_read(), 2_000);
}

/// Links from one empty page to another.
struct EndlesslyEmpty;

impl qovery_api::Transport for EndlesslyEmpty {
    fn send(
        &self,
        request: qovery_api::Request,
    ) -> qovery_api::BoxFuture<'_, Result<qovery_api::RawResponse, qovery_api::TransportError>>
    {
        let mut pairs = request.url.query_pairs();
        let token = pairs.find(|(name, _)| name == "continueToken");
        let token: u64 = token.map_or(0, |(_, token)| token.parse().unwrap());
        let next = format!("?continueToken={}", token + 1);
        let body = serde_json::json!({"results": [], "next": next, "held_back": false});
        let (ok, headers) = (http::StatusCode::OK, http::HeaderMap::new());
        let response = qovery_api::RawResponse::new(ok, headers, body.to_string());
        Box::pin(async move { Ok(response) })
    }
}

#[tokio::test]
async fn an_item_that_comes_more_than_once_on_a_page_is_delivered_once() {
    for repeats in [Repeats::Each, Repeats::First] {
        for inclusive in [false, true] {
            for count in [1, 2, 20, 21, 65] {
                let context = format!("{repeats:?}, {inclusive}, {count}");
                let model = server(count, |server| {
                    server.repeats = repeats;
                    server.inclusive = inclusive;
                });
                let (numbers, error) = read(&mut model.call::<ListNotes>().items()).await;
                // A page that ends with its first item may lead to no new item, which is reported.
                let is_reported = error.is_some_and(|error| error.is_repetition());
                assert!(!is_reported || repeats == Repeats::First, "{context}");
                assert_eq!(numbers, down_from(count)[..numbers.len()], "{context}");
                assert!(is_reported || numbers.len() as u64 == count, "{context}");
                let (numbers, error) = read(&mut model.call::<ListEvents>().items()).await;
                assert!(error.is_none(), "{context}: {error:?}");
                assert_eq!(numbers, down_from(count), "{context}");
            }
        }
    }
}

#[tokio::test]
async fn a_server_that_leads_toward_a_head_that_grows_is_an_error() {
    for (page_size, overlap) in [(2, 1), (5, 2), (20, 3), (20, 19)] {
        let model = server(30, |server| {
            server.page_size = page_size;
            server.inclusive = true;
            server.overlap = overlap;
            server.grows = overlap as u64;
            server.repeats = Repeats::First;
        });
        let (numbers, error) = read(&mut model.call::<ListNotes>().items()).await;
        assert_once(&numbers, &format!("{page_size}, {overlap}"));
        assert!(error.unwrap().is_repetition(), "{page_size}, {overlap}");
        assert!(model.sent() < 60, "{}", model.sent());
    }
}

#[tokio::test]
async fn a_response_that_is_empty_once_does_not_end_a_list() {
    for page_size in [1, 2, 20] {
        for declares_size in [false, true] {
            for request in 1..=3 {
                let context = format!("{page_size}, {declares_size}, {request}");
                let model = server(60, |server| {
                    server.page_size = page_size;
                    server.declares_size = declares_size;
                    server.fail(request, Fault::Blank);
                });
                let (numbers, error) = read(&mut model.call::<ListNotes>().items()).await;
                assert!(error.is_none(), "{context}: {error:?}");
                assert_eq!(numbers, down_from(60), "{context}");
                let (numbers, error) = read(&mut model.call::<ListEvents>().items()).await;
                assert!(error.is_none(), "{context}: {error:?}");
                assert_eq!(numbers, down_from(60), "{context}");
            }
        }
    }
}

#[tokio::test]
async fn a_page_that_leads_to_itself_after_an_empty_response_ends_the_list() {
    for page_size in [1, 2] {
        for request in 0..=4 {
            let context = format!("page size {page_size}, request {request}");
            let model = server(20, |server| {
                // A page of one item is the item of its own cursor.
                server.inclusive = true;
                server.page_size = page_size;
                server.fail(request, Fault::Blank);
            });
            for numbers in [
                read(&mut model.call::<ListNotes>().items()).await.0,
                read(&mut model.call::<ListEvents>().items()).await.0,
            ] {
                assert_once(&numbers, &context);
            }
            assert!(model.sent() < 120, "{context}: {}", model.sent());
        }
    }
}

#[tokio::test]
async fn a_first_page_that_is_empty_once_does_not_end_a_list_that_is_resumed() {
    for page_size in [2, 20] {
        let model = || {
            server(60, |server| {
                server.page_size = page_size;
                server.fail(1, Fault::Blank);
            })
        };
        let (numbers, error) = read_in_two::<ListNotes>(&model(), 1, |_| ()).await;
        assert!(error.is_none(), "{page_size}: {error:?}");
        assert_eq!(numbers, down_from(60), "{page_size}");
        let (numbers, error) = read_in_two::<ListEvents>(&model(), 1, |_| ()).await;
        assert!(error.is_none(), "{page_size}: {error:?}");
        assert_eq!(numbers, down_from(60), "{page_size}");
    }
}

#[tokio::test]
async fn a_list_whose_order_changes_does_not_end_as_complete_if_an_item_is_missing() {
    let mut is_seen = false;
    for count in [5, 20, 60, 150] {
        for inclusive in [false, true] {
            let model = server(count, |server| {
                server.shuffles = true;
                server.inclusive = inclusive;
            });
            let mut items = model.call::<ListNotes>().items();
            let (numbers, error) = read(&mut items).await;
            assert_once(&numbers, "shuffled");
            if items.ending() == Some(Ending::Complete) {
                assert_eq!(numbers.len() as u64, count);
            }
            is_seen |= items.ending() == Some(Ending::Reordered) || error.is_some();
        }
    }
    assert!(is_seen, "it is noticed");
}

#[tokio::test]
async fn a_change_of_the_order_is_remembered_by_a_cursor() {
    let model = server(60, |server| server.overlap = 5);
    let mut items = model.call::<ListNotes>().items();
    for _ in 0..20 {
        items.next().await.unwrap().unwrap();
    }
    model.behave(|server| server.shuffles_pages = true);
    items.next().await.unwrap().unwrap();
    model.behave(|server| server.shuffles_pages = false);
    let cursor = stored(&items.resume_cursor().unwrap());
    let mut rest = model.call::<ListNotes>().paged().resume(cursor).items();
    assert!(read(&mut rest).await.1.is_none());
    assert_eq!(rest.ending(), Some(Ending::Reordered));
}

#[derive(Debug, Clone)]
struct Unruly {
    count: u64,
    by_token: bool,
    behavior: Behavior,
    read_ahead: bool,
    /// After how many items the stream is resumed with a stored cursor.
    resumed_after: Vec<usize>,
    ignores_from: Option<usize>,
}

fn unruly() -> impl Strategy<Value = Unruly> {
    let missing = prop_oneof![
        Just(Missing::InPlace),
        Just(Missing::FromHead),
        Just(Missing::Empty)
    ];
    let deletions =
        prop::collection::btree_map(1..14_usize, prop::collection::vec(1..130_u64, 1..12), 0..4);
    let layout = (
        0..130_u64,
        2..25_u64,
        0..4_usize,
        prop_oneof![Just(0_u64), 0..30_u64],
    );
    let flags = prop::array::uniform4(any::<bool>());
    let steps = prop::collection::vec(0..60_usize, 0..4);
    let ignores = prop::option::weighted(0.4, 0..3_usize);
    let repeats = prop_oneof![
        3 => Just(Repeats::None),
        1 => Just(Repeats::Each),
        1 => Just(Repeats::First),
    ];
    let fault = prop_oneof![
        Just(Fault::Status(503)),
        Just(Fault::Status(429)),
        Just(Fault::Disconnected),
        Just(Fault::Unreadable),
    ];
    let oddities = (
        repeats,
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.1),
        prop::collection::btree_map(0..40_usize, fault, 0..4),
        prop::option::weighted(0.3, 1..40_usize),
    );
    (layout, flags, missing, deletions, steps, ignores, oddities).prop_map(
        |(layout, flags, missing, deletions, resumed_after, ignores_from, oddities)| {
            let (count, page_size, overlap, grows) = layout;
            let [by_token, inclusive, declares_size, read_ahead] = flags;
            let (repeats, shuffles, shuffles_pages, mut faults, blank) = oddities;
            // A list without an order that grows faster than it is read has no end.
            let grows = if shuffles || shuffles_pages { 0 } else { grows };
            // The client cannot check the first response of the list.
            let is_first = |request| (0..request).all(|earlier| faults.contains_key(&earlier));
            let blank = blank.filter(|request| !is_first(*request));
            // A failure and a deletion may both empty the page of one cursor, which looks like the end.
            let blank = blank.filter(|_| missing != Missing::Empty);
            faults.extend(blank.map(|request| (request, Fault::Blank)));
            let changes = deletions
                .into_iter()
                .map(|(at, numbers)| (at, numbers.into_iter().map(Change::Delete).collect()))
                .collect();
            Unruly {
                count,
                by_token,
                read_ahead,
                resumed_after,
                ignores_from,
                behavior: Behavior {
                    page_size,
                    overlap: overlap.min(usize::try_from(page_size).unwrap() - 1),
                    grows,
                    inclusive,
                    declares_size,
                    missing,
                    changes,
                    repeats,
                    shuffles,
                    shuffles_pages,
                    faults,
                    ..Behavior::default()
                },
            }
        },
    )
}

/// Reads in runs, each resumed from the stored cursor of the one before.
async fn read_unruly<O: PagedOperation<Item = Note>>(
    model: &Model,
    setup: &Unruly,
) -> (Vec<u64>, Option<Ending>, Option<PageError>) {
    let mut numbers = Vec::new();
    let mut cursor: Option<ResumeCursor> = None;
    let runs = setup.resumed_after.iter().copied().map(Some).chain([None]);
    for (run, count) in runs.enumerate() {
        if setup.ignores_from.is_some_and(|first| run >= first) {
            model.behave(|server| server.ignores_cursor = true);
        }
        let pager = model.call::<O>().paged();
        let pager = match setup.read_ahead {
            true => pager.read_ahead(),
            false => pager,
        };
        let mut items = match &cursor {
            Some(cursor) => pager.resume(stored(cursor)).items(),
            None => pager.items(),
        };
        let mut left = count.unwrap_or(usize::MAX);
        while left > 0 {
            assert!(model.sent() < 3_000, "the list does not end");
            match items.next().await {
                Some(Ok(note)) => numbers.push(note.number),
                // Each fault happens once.
                Some(Err(error)) if error.api_error().is_some() => items.retry(),
                Some(Err(error)) => return (numbers, None, Some(error)),
                None => return (numbers, items.ending(), None),
            }
            left -= 1;
        }
        cursor = items.resume_cursor();
        if cursor.is_none() {
            return (numbers, items.ending(), None);
        }
    }
    unreachable!("the last run reads to the end")
}

proptest! {
    #![proptest_config(property_tests(256))]

    #[test]
    fn every_list_ends_and_repeats_nothing_and_is_complete_if_its_ending_is(setup in unruly()) {
        let model = Model::new(setup.count, setup.behavior.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (numbers, ending, error) = runtime.block_on(async {
            match setup.by_token {
                true => read_unruly::<ListEvents>(&model, &setup).await,
                false => read_unruly::<ListNotes>(&model, &setup).await,
            }
        });
        assert_once(&numbers, &format!("{setup:?}"));
        let most = if setup.by_token { 1_200 } else { 600 };
        prop_assert!(model.sent() < most, "{} requests", model.sent());
        if let Some(error) = &error {
            let is_known = error.is_repetition() || error.is_place_lost() || error.is_dead_end();
            prop_assert!(is_known, "{}", error);
        }
        // A list that is resumed within a page whose order changes may never see that it changed.
        let hides_its_order = setup.behavior.shuffles
            || (setup.behavior.shuffles_pages && !setup.resumed_after.is_empty());
        if ending == Some(Ending::Complete) && !hides_its_order {
            let deleted: BTreeSet<u64> = setup.behavior.changes.values().flatten().filter_map(|change| match change {
                Change::Delete(number) => Some(*number),
                Change::InsertAtHead(_) => None,
            }).collect();
            let kept = |number: &u64| *number <= setup.count && !deleted.contains(number);
            let mut read: Vec<_> = numbers.into_iter().filter(kept).collect();
            let all: Vec<_> = down_from(setup.count).into_iter().filter(kept).collect();
            if setup.behavior.shuffles_pages {
                read.sort_unstable_by(|one, other| other.cmp(one));
            }
            prop_assert_eq!(read, all, "complete, but an item is missing or out of order");
        }
    }
}
