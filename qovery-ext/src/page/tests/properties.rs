//! Compares the items of a stream with the items of the model, for lists and servers of any kind.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{
    model::{ListRecent, Missing},
    *,
};

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(future)
}

#[derive(Debug, Clone)]
struct Setup {
    count: u64,
    read_ahead: bool,
    by_token: bool,
    behavior: Behavior,
}

fn changes(count: u64) -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        (1..30_u64).prop_map(Change::InsertAtHead),
        (1..=count.max(1)).prop_map(Change::Delete),
    ];
    prop::collection::vec(change, 0..4)
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(Fault::Status(500)),
        Just(Fault::Status(429)),
        Just(Fault::Disconnected),
        Just(Fault::Unreadable),
    ]
}

fn setups() -> impl Strategy<Value = Setup> {
    let flags = prop::array::uniform6(any::<bool>());
    (0..130_u64, 2..25_u64, flags).prop_flat_map(|(count, page_size, flags)| {
        let [
            inclusive,
            read_ahead,
            by_token,
            declares_size,
            empty_pages,
            short_pages,
        ] = flags;
        let faults = prop::collection::btree_map(0..20_usize, fault(), 0..5);
        let changes = prop::collection::btree_map(0..20_usize, changes(count), 0..6);
        (faults, changes).prop_map(move |(faults, changes)| Setup {
            count,
            read_ahead,
            by_token,
            behavior: Behavior {
                page_size,
                inclusive,
                declares_size,
                empty_pages,
                short_pages,
                faults,
                changes,
                ..Behavior::default()
            },
        })
    })
}

/// The items that a walk over a changing list must yield, and the items that it may yield.
struct Expected {
    /// In the list from beginning to end.
    always: Vec<u64>,
    /// In the list at some time.
    ever: BTreeSet<u64>,
}

fn expected(count: u64, changes: &BTreeMap<usize, Vec<Change>>) -> Expected {
    let deleted: BTreeSet<_> = changes
        .values()
        .flatten()
        .filter_map(|change| match change {
            Change::Delete(number) => Some(*number),
            Change::InsertAtHead(_) => None,
        })
        .collect();
    let inserted = 30 * 4 * 6;
    Expected {
        always: down_from(count)
            .into_iter()
            .filter(|number| !deleted.contains(number))
            .collect(),
        ever: (1..=count)
            .chain(1_000_000_001..=1_000_000_001 + inserted)
            .collect(),
    }
}

impl Expected {
    fn check(&self, yielded: &[u64]) -> Result<(), TestCaseError> {
        let once: BTreeSet<_> = yielded.iter().copied().collect();
        prop_assert_eq!(
            once.len(),
            yielded.len(),
            "an item came twice: {:?}",
            yielded
        );
        prop_assert!(once.is_subset(&self.ever));
        let always: Vec<_> = yielded
            .iter()
            .copied()
            .filter(|n| self.always.contains(n))
            .collect();
        prop_assert_eq!(&always, &self.always, "an item is missing or out of order");
        Ok(())
    }
}

/// Reads a list; after each error continues with the same stream, or resumes a new one from the cursor.
async fn read_with_errors<O: PagedOperation<Item = Note>>(
    model: &Model,
    setup: &Setup,
    resumes: bool,
) -> Vec<u64> {
    let pager = || match setup.read_ahead {
        true => model.call::<O>().paged().read_ahead(),
        false => model.call::<O>().paged(),
    };
    let mut items = pager().items();
    let mut numbers = Vec::new();
    loop {
        let (more, error) = read(&mut items).await;
        numbers.extend(more);
        let Some(error) = error else { return numbers };
        assert!(error.api_error().is_some(), "{error:?}");
        if resumes {
            let text = serde_json::to_string(error.resume_cursor()).unwrap();
            items = pager().resume(serde_json::from_str(&text).unwrap()).items();
        } else {
            items.retry();
        }
    }
}

proptest! {
    #![proptest_config(property_tests(192))]

    #[test]
    fn a_stream_yields_the_items_of_the_list_for_any_changes_and_faults(setup in setups(), resumes: bool) {
        let model = Model::new(setup.count, setup.behavior.clone());
        let yielded = block_on(async {
            match setup.by_token {
                true => read_with_errors::<ListEvents>(&model, &setup, resumes).await,
                false => read_with_errors::<ListNotes>(&model, &setup, resumes).await,
            }
        });
        expected(setup.count, &setup.behavior.changes).check(&yielded)?;
    }

    #[test]
    fn a_list_at_rest_is_read_exactly(count in 0..200_u64, page_size in 2..30_u64, inclusive: bool, short_pages: bool) {
        let model = server(count, |server| {
            server.page_size = page_size;
            server.inclusive = inclusive;
            server.short_pages = short_pages;
        });
        let (numbers, error) = block_on(async { read(&mut model.call::<ListNotes>().items()).await });
        prop_assert!(error.is_none());
        prop_assert_eq!(numbers, model.numbers());
    }

    #[test]
    fn pages_have_the_same_items_as_the_stream_of_items(setup in setups()) {
        let model = Model::new(setup.count, Behavior { faults: BTreeMap::new(), ..setup.behavior.clone() });
        let yielded = block_on(async {
            let mut pages = model.call::<ListNotes>().pages();
            let mut numbers = Vec::new();
            while let Some(page) = pages.next().await {
                let page = page.unwrap();
                assert!(!page.items.is_empty());
                numbers.extend(page.items.iter().map(|note| note.number));
            }
            numbers
        });
        expected(setup.count, &setup.behavior.changes).check(&yielded)?;
    }

    #[test]
    fn resuming_anywhere_any_number_of_times_neither_skips_nor_repeats(
        setup in setups(), steps in prop::collection::vec(0..40_usize, 1..8), by_token: bool,
    ) {
        let behavior = Behavior { changes: BTreeMap::new(), faults: BTreeMap::new(), ..setup.behavior };
        let model = Model::new(setup.count, behavior);
        let yielded = block_on(async {
            match by_token {
                true => read_in_steps::<ListEvents>(&model, &steps).await,
                false => read_in_steps::<ListNotes>(&model, &steps).await,
            }
        });
        prop_assert_eq!(yielded, down_from(setup.count));
    }

    #[test]
    fn a_detour_ends_in_an_error_or_at_the_end_and_never_repeats_an_item(
        count in 1..150_u64, page_size in 2..20_u64, inclusive: bool, by_token: bool,
        from in 1..150_u64, back in 1..150_u64,
    ) {
        let to = from.saturating_add(back).min(count);
        let model = server(count, |server| {
            server.page_size = page_size;
            server.inclusive = inclusive;
            if to > from {
                server.detour(from, to);
            }
        });
        let (numbers, error) = block_on(async {
            match by_token {
                true => read(&mut model.call::<ListEvents>().items()).await,
                false => read(&mut model.call::<ListNotes>().items()).await,
            }
        });
        prop_assert_eq!(&numbers, &down_from(count)[..numbers.len()]);
        match error {
            Some(error) => prop_assert!(error.is_repetition()),
            None => prop_assert_eq!(numbers, down_from(count)),
        }
    }

    #[test]
    fn a_server_that_starts_over_is_read_to_the_end(
        count in 0..120_u64, page_size in 2..20_u64, inclusive: bool,
        deleted in prop::collection::btree_map(1..12_usize, 0..120_usize, 0..4),
    ) {
        let changes: BTreeMap<_, _> = deleted
            .into_iter()
            .filter_map(|(at, place)| Some((at, vec![Change::Delete(*down_from(count).get(place)?)])))
            .collect();
        let model = server(count, |server| {
            server.page_size = page_size;
            server.inclusive = inclusive;
            server.missing = Missing::FromHead;
            server.changes = changes.clone();
        });
        let (numbers, error) = block_on(async { read(&mut model.call::<ListNotes>().items()).await });
        match error {
            Some(error) => prop_assert!(error.is_repetition()),
            None => expected(count, &changes).check(&numbers)?,
        }
    }

    #[test]
    fn limits_cut_at_their_counts_and_the_rest_can_be_resumed(
        setup in setups(), items in 0..150_u64, pages in 0..12_u64,
    ) {
        let behavior = Behavior { changes: BTreeMap::new(), faults: BTreeMap::new(), ..setup.behavior };
        let model = Model::new(setup.count, behavior);
        let read_all = async |by_token: bool| match by_token {
            true => read_limited::<ListEvents>(&model, setup.read_ahead, items, pages).await,
            false => read_limited::<ListNotes>(&model, setup.read_ahead, items, pages).await,
        };
        let (mut numbers, sent, ending, rest) = block_on(read_all(setup.by_token));
        prop_assert!(numbers.len() as u64 <= items && sent as u64 <= pages);
        match ending {
            Ending::ItemLimit => prop_assert_eq!(numbers.len() as u64, items),
            Ending::PageLimit => prop_assert_eq!(sent as u64, pages),
            _ => prop_assert_eq!(numbers.len() as u64, setup.count),
        }
        numbers.extend(rest);
        prop_assert_eq!(numbers, down_from(setup.count));
    }

    #[test]
    fn going_backward_yields_each_item_above_the_start_once(
        count in 0..150_u64, page_size in 1..25_u64, start in 0..150_u64, read_ahead: bool,
    ) {
        let model = server(count, |server| server.page_size = page_size);
        let start = start.min(count);
        let pages = block_on(async {
            let call = model.call::<ListEvents>().query("stepBackToken", format!("s={start}"));
            let pager = call.paged().backward();
            let mut stream = if read_ahead { pager.read_ahead().pages() } else { pager.pages() };
            let mut pages = Vec::new();
            while let Some(page) = stream.next().await {
                pages.push(page.unwrap());
            }
            assert_eq!(stream.ending(), Some(Ending::Complete));
            pages
        });
        let blocks = pages.iter().rev().flat_map(|page| &page.items);
        let numbers: Vec<_> = blocks.map(|note| note.number).collect();
        prop_assert_eq!(numbers, (start + 1..=count).rev().collect::<Vec<_>>());
    }

    #[test]
    fn dropping_futures_and_streams_anywhere_loses_and_repeats_nothing(
        setup in setups(), patience in prop::collection::vec((0..25_u64, any::<bool>()), 1..40),
    ) {
        let behavior = Behavior {
            changes: BTreeMap::new(),
            faults: BTreeMap::new(),
            latency: std::time::Duration::from_millis(10),
            ..setup.behavior
        };
        let model = Model::new(setup.count, behavior);
        let numbers = block_on(async {
            match setup.by_token {
                true => read_impatiently::<ListEvents>(&model, setup.read_ahead, &patience).await,
                false => read_impatiently::<ListNotes>(&model, setup.read_ahead, &patience).await,
            }
        });
        prop_assert_eq!(numbers, down_from(setup.count));
        prop_assert_eq!(model.open(), 0);
    }

    #[test]
    fn a_window_that_is_not_cut_shows_the_whole_list(
        count in 0..220_u64, asked in 0..220_u32, page_size in 1..150_u64, declares_size: bool,
    ) {
        let model = server(count, |server| {
            server.page_size = page_size;
            server.declares_size = declares_size;
        });
        let window = block_on(model.call::<ListRecent>().window(asked)).unwrap();
        let shown = window.items().len() as u64;
        prop_assert!(window.is_cut() || shown == count, "{:?} of {}", window, count);
        let wider = block_on(window.widen(u32::MAX)).unwrap();
        prop_assert!(wider.items().len() as u64 >= shown);
    }
}

/// Reads within limits; also returns the requests, the reason for the end, and the remaining items.
async fn read_limited<O: PagedOperation<Item = Note>>(
    model: &Model,
    read_ahead: bool,
    items: u64,
    pages: u64,
) -> (Vec<u64>, usize, Ending, Vec<u64>) {
    let pager = model.call::<O>().paged();
    let limited = pager.clone().at_most_items(items).at_most_pages(pages);
    let mut stream = match read_ahead {
        true => limited.read_ahead().items(),
        false => limited.items(),
    };
    let (numbers, error) = read(&mut stream).await;
    assert!(error.is_none(), "{error:?}");
    let sent = model.sent();
    let rest = match stream.resume_cursor() {
        Some(cursor) => read(&mut pager.resume(cursor).items()).await.0,
        None => Vec::new(),
    };
    (numbers, sent, stream.ending().unwrap(), rest)
}

/// Waits a limited number of milliseconds for each item, then drops the future, or drops the stream and
/// resumes a new one.
async fn read_impatiently<O: PagedOperation<Item = Note>>(
    model: &Model,
    read_ahead: bool,
    patience: &[(u64, bool)],
) -> Vec<u64> {
    let pager = || match read_ahead {
        true => model.call::<O>().paged().read_ahead(),
        false => model.call::<O>().paged(),
    };
    let mut items = pager().items();
    let mut numbers = Vec::new();
    for (milliseconds, drops_stream) in patience.iter().chain(&[(u64::MAX, false); 300]) {
        let limit = std::time::Duration::from_millis(*milliseconds);
        match tokio::time::timeout(limit, items.next()).await {
            Ok(Some(item)) => numbers.push(item.unwrap().number),
            Ok(None) => break,
            Err(_) => {}
        }
        if *drops_stream {
            match items.resume_cursor() {
                Some(cursor) => items = pager().resume(cursor).items(),
                None => break,
            }
        }
    }
    drop(items);
    tokio::task::yield_now().await;
    numbers
}

async fn read_in_steps<O: PagedOperation<Item = Note>>(model: &Model, steps: &[usize]) -> Vec<u64> {
    let mut numbers = Vec::new();
    let mut cursor: Option<ResumeCursor> = None;
    for step in steps.iter().copied().map(Some).chain([None]) {
        let pager = model.call::<O>().paged();
        let mut items = match cursor.take() {
            Some(cursor) => pager.resume(cursor).items(),
            None => pager.items(),
        };
        let mut left = step.unwrap_or(usize::MAX);
        while left > 0 {
            match items.next().await {
                Some(item) => numbers.push(item.unwrap().number),
                None => return numbers,
            }
            left -= 1;
        }
        match items.resume_cursor() {
            Some(next) => cursor = Some(next),
            None => return numbers,
        }
    }
    numbers
}

#[test]
fn a_head_that_grows_twice_while_the_end_is_looked_for_is_no_error() {
    for (first, second) in [(10, 10), (1, 1), (3, 25), (25, 3)] {
        for read_ahead in [false, true] {
            let changes = [(1, first), (3, second)];
            let changes = changes.map(|(at, count)| (at, vec![Change::InsertAtHead(count)]));
            let setup = Setup {
                count: 1,
                read_ahead,
                by_token: false,
                behavior: Behavior {
                    page_size: 10,
                    short_pages: true,
                    changes: changes.into(),
                    ..Behavior::default()
                },
            };
            let model = Model::new(setup.count, setup.behavior.clone());
            let yielded = block_on(read_with_errors::<ListNotes>(&model, &setup, false));
            let expected = expected(setup.count, &setup.behavior.changes);
            expected.check(&yielded).expect("each item once");
        }
    }
}
