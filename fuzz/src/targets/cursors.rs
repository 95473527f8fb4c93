//! Reads resume cursors, and resumes lists with them on a server that answers with the rest of the input.
//!
//! A cursor that can be read is written as the same cursor. Every list ends, for every response.

use super::{assert_harmless, assert_no_control, client, run};
use futures_util::StreamExt as _;
use qovery_api::{
    RawResponse,
    http::{HeaderMap, StatusCode},
    uuid::Uuid,
};
use qovery_ext::page::{PagedCall as _, ResumeCursor};

/// Runs the target with one input; panics if a property does not hold.
pub fn check_input(input: &[u8]) {
    // The input is a line with the cursor, and a body.
    let end = input.iter().position(|byte| *byte == b'\n');
    let (first, body) = input.split_at(end.unwrap_or(input.len()));
    // The message of the error comes from serde_json.
    let Ok(cursor) = serde_json::from_slice::<ResumeCursor>(first) else {
        return;
    };
    assert_no_control(&format!("{cursor:?}"));
    let form = serde_json::to_string(&cursor).expect("a cursor can be written");
    let again: ResumeCursor = serde_json::from_str(&form).expect("what was written can be read");
    assert_eq!(again, cursor);

    let body = body.to_vec();
    let client = client(move |_| {
        Ok(RawResponse::new(
            StatusCode::OK,
            HeaderMap::new(),
            body.clone(),
        ))
    });
    let call = client.list_database_backup(Uuid::nil());
    let mut pages = Box::pin(call.paged().resume(cursor).at_most_pages(20).pages());
    run(async {
        let mut count = 0;
        while let Some(page) = pages.next().await {
            count += 1;
            assert!(count <= 21, "reading pages does not end");
            if let Err(error) = page {
                assert_harmless(&error.to_string());
                assert_no_control(&format!("{error:?}"));
                break;
            }
        }
    });
}
