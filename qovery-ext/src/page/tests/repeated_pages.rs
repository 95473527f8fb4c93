//! Servers that link back to a page that was already read.

use super::{model::Missing, *};

async fn cycle(inclusive: bool, from: u64, to: u64) {
    let model = server(200, |server| {
        server.inclusive = inclusive;
        server.detour(from, to);
    });
    let mut items = model.call::<ListNotes>().items();
    let (mut numbers, error) = read(&mut items).await;
    assert!(error.unwrap().is_repetition(), "from {from} to {to}");
    assert_eq!(numbers, down_from(200)[..numbers.len()]);
    assert!(numbers.len() >= usize::try_from(200 - from).unwrap());
    assert!(model.sent() <= 23, "{}", model.sent());

    items.retry();
    assert!(
        read(&mut items).await.1.unwrap().is_repetition(),
        "and again"
    );
    model.behave(|server| server.detours.clear());
    items.retry();
    numbers.extend(read(&mut items).await.0);
    assert_eq!(
        numbers,
        down_from(200),
        "once the server is well, nothing is missing"
    );
}

#[tokio::test]
async fn a_cycle_of_cursors_is_an_error_and_repeats_no_item() {
    for (from, to) in [
        (181, 201),
        (161, 181),
        (161, 201),
        (21, 41),
        (21, 201),
        (1, 201),
    ] {
        cycle(false, from, to).await;
    }
    for (from, to) in [(181, 200), (162, 181), (162, 200), (29, 48), (29, 200)] {
        cycle(true, from, to).await;
    }
}

#[tokio::test]
async fn a_cycle_of_tokens_is_an_error_at_any_distance() {
    for to in [41, 61, 181, 381, 401] {
        let model = server(400, |server| server.detour(21, to));
        let (numbers, error) = read(&mut model.call::<ListEvents>().items()).await;
        assert!(error.unwrap().is_repetition(), "back to {to}");
        assert_eq!(numbers, down_from(400)[..380]);
        assert!(model.sent() <= 40);
    }
}

#[tokio::test]
async fn a_server_that_goes_back_and_then_continues_repeats_nothing() {
    for (from, to) in [(181, 190), (101, 154), (21, 200)] {
        let model = server(200, |server| server.detour(from, to));
        let (numbers, error) = read(&mut model.call::<ListNotes>().items()).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(numbers, down_from(200));
        assert!(model.sent() > 11, "it went back");
    }
}

#[tokio::test]
async fn a_server_that_ignores_the_cursor_is_detected_after_one_page() {
    let model = server(50, |server| server.ignores_cursor = true);
    let (numbers, error) = read(&mut model.call::<ListNotes>().items()).await;
    let error = error.unwrap();
    assert_eq!(numbers, down_from(50)[..20]);
    assert!(error.is_repetition(), "{error}");
    // The list has more items, but nothing was refused.
    assert_eq!((error.exit_code(), crate::exit_code(&error)), (2, 2));
    assert!(
        error.to_string().starts_with("listNotes, after 2 pages: "),
        "{error}"
    );
    assert_eq!(model.sent(), 2);
}

#[tokio::test]
async fn pages_that_have_room_for_their_cursor_only_are_no_end() {
    let model = server(5, |server| {
        server.page_size = 1;
        server.inclusive = true;
    });
    let (numbers, error) = read(&mut model.call::<ListNotes>().items()).await;
    assert_eq!((numbers, error.unwrap().is_repetition()), (vec![5], true));
    let model = server(5, |server| server.page_size = 1);
    let (numbers, error) = read(&mut model.call::<ListNotes>().items()).await;
    assert_eq!((numbers, error.is_none()), (down_from(5), true));
}

#[tokio::test]
async fn a_server_that_starts_over_when_the_cursor_is_gone_repeats_nothing() {
    for inclusive in [false, true] {
        let model = server(100, |server| {
            server.inclusive = inclusive;
            server.missing = Missing::FromHead;
            // The last item of the second page, just before the request for the third.
            server.changes = [(
                2,
                vec![
                    Change::Delete(down_from(100)[39 - usize::from(inclusive)]),
                    Change::InsertAtHead(3),
                ],
            )]
            .into();
        });
        let (numbers, error) = read(&mut model.call::<ListNotes>().items()).await;
        assert!(error.is_none(), "{error:?}");
        let (new, old): (Vec<_>, Vec<_>) = numbers.into_iter().partition(|number| *number > 100);
        assert_eq!(new.len(), 3);
        assert_eq!(old, down_from(100));
    }
}

#[tokio::test]
async fn a_cursor_that_the_server_refuses_is_the_failure_of_the_call() {
    let model = server(100, |server| {
        server.missing = Missing::Refused;
        server.changes = [(2, vec![Change::Delete(61)])].into();
    });
    let (numbers, error) = read(&mut model.call::<ListNotes>().items()).await;
    assert_eq!(numbers.len(), 40);
    assert!(error.unwrap().api_error().is_some());
}

#[tokio::test]
async fn reading_ahead_does_not_hide_a_cycle() {
    let model = server(200, |server| server.detour(101, 161));
    let mut items = model.call::<ListNotes>().paged().read_ahead().items();
    let (numbers, error) = read(&mut items).await;
    assert!(error.unwrap().is_repetition());
    assert_eq!(numbers, down_from(200)[..100]);
}
