//! Cursors that are stored.

use std::sync::Arc;

use serde_json::json;

use super::super::{
    ResumeCursor,
    cursor::Direction,
    seen::{Delivered, Known},
};

#[test]
fn a_cursor_survives_being_stored() {
    let known = Known {
        ids: vec!["a".into(), "b".into()],
        forgotten: 7,
        is_reordered: true,
    };
    let cursor = ResumeCursor::new("listX", Direction::Backward, None, known);
    let text = serde_json::to_string(&cursor).unwrap();
    assert_eq!(serde_json::from_str::<ResumeCursor>(&text).unwrap(), cursor);
}

#[test]
fn another_version_is_refused_by_name() {
    let error = serde_json::from_str::<ResumeCursor>(r#"{"version":2,"place":7}"#).unwrap_err();
    assert!(error.to_string().contains("version 2"), "{error}");
}

#[test]
fn an_incomplete_cursor_is_refused() {
    for text in [
        r#"{"version":1}"#,
        r#"{"version":1,"operation":"x"}"#,
        r#"{}"#,
        "7",
    ] {
        assert!(
            serde_json::from_str::<ResumeCursor>(text).is_err(),
            "{text}"
        );
    }
}

#[test]
fn a_forged_cursor_is_refused_or_can_be_resumed_from() {
    let ids = |count: usize| -> Vec<String> { (0..count).map(|id| id.to_string()).collect() };
    for (delivered, forgotten, at, is_read) in [
        (ids(0), 0, "x".to_owned(), true),
        (ids(1000), 7, "x".to_owned(), true),
        (ids(1001), 0, "x".to_owned(), false),
        (ids(1_000_000), 0, "x".to_owned(), false),
        (ids(3), u64::MAX, "x".to_owned(), false),
        (ids(3), 1 << 48, "x".to_owned(), true),
        (vec!["x".repeat(100_000)], 0, "x".to_owned(), false),
        (ids(3), 0, "x".repeat(1_000_000), false),
        (vec!["x".to_owned(); 900], 3, String::new(), true),
    ] {
        let form = json!({
            "version": 1, "operation": "x", "direction": "forward", "at": at,
            "delivered": delivered, "forgotten": forgotten,
        });
        let read = serde_json::from_value::<ResumeCursor>(form);
        assert_eq!(read.is_ok(), is_read, "{} {forgotten}", delivered.len());
        if let Ok(cursor) = read {
            let mut known = Delivered::from_known(cursor.known());
            for number in 0..20_000 {
                known.insert(&Arc::from(format!("new {number}").as_str()));
            }
            assert!(known.count() > forgotten);
        }
    }
}
