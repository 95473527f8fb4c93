//! Windows, over the transport.

use super::{model::ListRecent, *};

pub(super) fn window_future(
    model: &Model,
) -> impl Future<Output = Result<Window<ListRecent>, qovery_api::Error>> + use<> {
    model.call::<ListRecent>().window(20)
}

#[tokio::test]
async fn a_window_reports_that_it_is_cut_and_can_be_widened() {
    let model = server(50, |_| {});
    let window = window_future(&model).await.unwrap();
    assert_eq!(window.items().len(), 20);
    assert!(window.is_cut());
    assert_eq!((window.extent(), window.size()), (WindowExtent::Full, 20));

    model.behave(|server| server.page_size = 100);
    let wider = window.widen(60).await.unwrap();
    assert_eq!(wider.extent(), WindowExtent::Complete);
    assert!(!wider.is_cut());
    let numbers: Vec<_> = wider.into_items().iter().map(|note| note.number).collect();
    assert_eq!(numbers, down_from(50));
    assert_eq!(
        window.widen(5).await.unwrap().size(),
        20,
        "widening never narrows"
    );
    let urls = model.urls();
    assert_eq!(urls[0], "https://api.test/v1/list/recent?pageSize=20");
    assert_eq!(urls[1], "https://api.test/v1/list/recent?pageSize=60");
}

#[tokio::test]
async fn a_window_that_the_server_limits_is_cut() {
    let model = server(500, |server| server.page_size = 100);
    let window = model.call::<ListRecent>().window(400).await.unwrap();
    assert_eq!(window.items().len(), 100);
    assert_eq!(window.extent(), WindowExtent::Limited);
    assert!(window.is_cut());
}

#[tokio::test]
async fn a_window_keeps_what_it_has_when_widening_fails() {
    let model = server(50, |server| server.fail(1, Fault::Status(500)));
    let window = model.call::<ListRecent>().window(0).await.unwrap();
    assert!(window.widen(30).await.is_err());
    assert_eq!((window.items().len(), window.size()), (1, 1));
    assert!(!format!("{window:?}").contains("number"));
}

#[test]
fn a_window_is_complete_only_if_that_is_certain() {
    use super::super::WindowExtent::{Complete, Full, Limited};
    for (count, asked, declared, held_back, expected) in [
        (0, 20, Some(20), false, Complete),
        (19, 20, Some(20), false, Complete),
        (19, 20, None, false, Complete),
        (20, 20, Some(20), false, Full),
        (20, 5, Some(20), false, Full),
        (5, 5, None, false, Full),
        (20, 100, Some(20), false, Limited),
        (20, 100, None, false, Limited),
        (20, 100, Some(0), false, Limited),
        (50, 100, None, false, Limited),
        (7, 100, None, false, Complete),
        (20, 100, Some(100), false, Complete),
        (50, 100, Some(50), false, Limited),
        (49, 100, Some(50), false, Complete),
        (3, 100, Some(100), true, Limited),
        (0, 100, Some(100), true, Limited),
    ] {
        let extent = super::super::WindowExtent::of(count, asked, 20, declared, held_back);
        assert_eq!(
            extent, expected,
            "{count} of {asked}, declared {declared:?}"
        );
    }
}
