//! Resuming another stream from a stored cursor.

use super::*;

fn stored(cursor: &ResumeCursor) -> ResumeCursor {
    serde_json::from_str(&serde_json::to_string(cursor).unwrap()).unwrap()
}

async fn take<O: PagedOperation<Item = Note>>(items: &mut Items<O>, count: usize) -> Vec<u64> {
    let mut numbers = Vec::new();
    while numbers.len() < count {
        match items.next().await {
            Some(item) => numbers.push(item.unwrap().number),
            None => break,
        }
    }
    numbers
}

async fn resume_after_each_item<O: PagedOperation<Item = Note>>(inclusive: bool, insert: u64) {
    for count in 0..=45 {
        let model = server(45, |server| server.inclusive = inclusive);
        let mut items = model.call::<O>().items();
        let mut numbers = take(&mut items, count).await;
        let Some(cursor) = items.resume_cursor() else {
            assert_eq!(count, 45, "there is more to read");
            continue;
        };
        drop(items);
        model.change(&Change::InsertAtHead(insert));
        let mut rest = model.call::<O>().paged().resume(stored(&cursor)).items();
        numbers.extend(take(&mut rest, 100).await);
        let (new, old): (Vec<u64>, Vec<u64>) = numbers.into_iter().partition(|number| *number > 45);
        assert_eq!(old, down_from(45), "after {count}");
        let once: std::collections::BTreeSet<_> = new.iter().collect();
        assert_eq!(once.len(), new.len(), "after {count}");
    }
}

#[tokio::test]
async fn the_cursor_of_an_item_neither_skips_nor_repeats() {
    for inclusive in [false, true] {
        resume_after_each_item::<ListNotes>(inclusive, 0).await;
        resume_after_each_item::<ListNotes>(inclusive, 3).await;
    }
    resume_after_each_item::<ListEvents>(false, 0).await;
    // More than a page: the delivered items move to the page after the resumed one.
    for insert in [3, 19, 20, 21, 50] {
        resume_after_each_item::<ListEvents>(false, insert).await;
    }
}

#[tokio::test]
async fn a_stream_can_be_resumed_again_and_again() {
    for insert in [0, 1, 30] {
        let model = server(60, |_| {});
        let mut cursor = None;
        let mut numbers = Vec::new();
        loop {
            let pager = model.call::<ListEvents>().paged();
            let mut items = match cursor.take() {
                Some(cursor) => pager.resume(cursor).items(),
                None => pager.items(),
            };
            numbers.extend(take(&mut items, 7).await);
            match items.resume_cursor() {
                Some(next) => cursor = Some(stored(&next)),
                None => break,
            }
            if numbers.len() < 20 {
                model.change(&Change::InsertAtHead(insert));
            }
        }
        let mut once = numbers.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), numbers.len(), "nothing twice");
        let old: Vec<_> = numbers.into_iter().filter(|number| *number <= 60).collect();
        assert_eq!(old, down_from(60), "nothing skipped");
    }
}

#[tokio::test]
async fn the_cursor_of_a_page_skips_nothing_and_repeats_at_most_that_page() {
    for count in 0..45 {
        let model = server(45, |server| server.inclusive = count % 2 == 0);
        let mut items = model.call::<ListNotes>().items();
        let before = take(&mut items, count).await;
        let cursor = items.page_cursor().unwrap();
        let rest = take(
            &mut model
                .call::<ListNotes>()
                .paged()
                .resume(stored(&cursor))
                .items(),
            100,
        )
        .await;
        assert_eq!(
            rest,
            down_from(45)[45 - rest.len()..],
            "in order, to the end"
        );
        let repeated = before.len() + rest.len() - 45;
        assert!(repeated < 20, "{repeated}");
    }
}

#[tokio::test]
async fn pages_resume_after_the_last_one_and_can_be_read_again() {
    let model = server(50, |server| server.inclusive = true);
    let mut pages = model.call::<ListNotes>().pages();
    assert!(pages.resume_cursor().is_some(), "from the beginning");
    pages.next().await.unwrap().unwrap();
    let second = pages.next().await.unwrap().unwrap();
    assert_eq!(second.declared_size, Some(20));
    assert_eq!(second.items[0].number, 30);
    assert_eq!(second.next, pages.resume_cursor());
    let again = model
        .call::<ListNotes>()
        .paged()
        .resume(stored(&second.cursor))
        .pages()
        .next()
        .await;
    assert_eq!(again.unwrap().unwrap().items, second.items);
    let rest = model
        .call::<ListNotes>()
        .paged()
        .resume(pages.resume_cursor().unwrap())
        .pages()
        .next()
        .await;
    assert_eq!(rest.unwrap().unwrap().items[0].number, 11);
}

#[tokio::test]
async fn a_backward_stream_resumes_backward() {
    let model = server(60, |_| {});
    let call = model.call::<ListEvents>().query("stepBackToken", "s=10");
    let mut items = call.clone().paged().backward().items();
    let mut numbers = take(&mut items, 25).await;
    let cursor = items.resume_cursor().unwrap();
    assert!(cursor.is_backward());
    numbers.extend(take(&mut call.paged().resume(stored(&cursor)).items(), 100).await);
    numbers.sort_unstable();
    assert_eq!(numbers, (11..=60).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_cursor_of_another_operation_or_direction_is_refused_and_nothing_sent() {
    let model = server(60, |_| {});
    let mut pages = model.call::<ListEvents>().pages();
    let cursor = pages.next().await.unwrap().unwrap().next.unwrap();
    let sent = model.sent();
    let mut items = model.call::<ListNotes>().paged().resume(cursor).items();
    for _ in 0..2 {
        let error = items.next().await.unwrap().unwrap_err();
        assert!(
            error.is_wrong_cursor() && error.to_string().contains("listEvents"),
            "{error}"
        );
        assert_eq!(crate::exit_code(&error), 3);
        items.retry();
    }
    let backward = r#"{"version":1,"operation":"listNotes","direction":"backward","at":"a"}"#;
    let backward = serde_json::from_str(backward).unwrap();
    let mut items = model.call::<ListNotes>().paged().resume(backward).items();
    assert!(items.next().await.unwrap().unwrap_err().is_wrong_cursor());
    assert_eq!(model.sent(), sent);
}

#[tokio::test]
async fn items_without_an_id_are_repeated_rather_than_skipped() {
    let model = server(45, |server| server.without_ids = true);
    let mut items = model.call::<ListEvents>().items();
    assert_eq!(take(&mut items, 25).await.len(), 25);
    let cursor = items.resume_cursor().unwrap();
    let rest = take(
        &mut model.call::<ListEvents>().paged().resume(cursor).items(),
        100,
    )
    .await;
    assert_eq!(rest, down_from(25));
}

#[tokio::test]
async fn a_page_that_did_not_lead_on_is_resumed_without_its_items() {
    let model = server(50, |server| server.without_tokens = true);
    let (mut numbers, error) = read(&mut model.call::<ListEvents>().items()).await;
    let cursor = stored(error.unwrap().resume_cursor());
    model.behave(|server| server.without_tokens = false);
    numbers.extend(
        read(&mut model.call::<ListEvents>().paged().resume(cursor).items())
            .await
            .0,
    );
    assert_eq!(numbers, down_from(50));

    let model = server(100, |server| server.detour(61, 101));
    let (mut numbers, error) = read(&mut model.call::<ListEvents>().items()).await;
    let cursor = stored(error.unwrap().resume_cursor());
    model.behave(|server| server.detours.clear());
    numbers.extend(
        read(&mut model.call::<ListEvents>().paged().resume(cursor).items())
            .await
            .0,
    );
    assert_eq!(numbers, down_from(100));
}
