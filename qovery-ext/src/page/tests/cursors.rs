//! Cursors that are stored.

use super::super::{ResumeCursor, cursor::Direction, seen::Known};

#[test]
fn a_cursor_survives_being_stored() {
    let cursor = ResumeCursor {
        operation: "listX".to_owned(),
        direction: Direction::Backward,
        at: None,
        known: Known {
            ids: vec!["a".into(), "b".into()],
            forgotten: 7,
            is_reordered: true,
        },
    };
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
