//! Drops streams and their futures at every await point.

use std::{
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::time::timeout;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_future_that_is_dropped_while_it_waits_loses_nothing() {
    for read_ahead in [false, true] {
        let model = server(70, |server| server.latency = Duration::from_millis(10));
        let pager = model.call::<ListNotes>().paged();
        let mut items = if read_ahead {
            pager.read_ahead().items()
        } else {
            pager.items()
        };
        let mut numbers = Vec::new();
        let mut drops = 0;
        loop {
            // Shorter than any response takes.
            match timeout(Duration::from_millis(3), items.next()).await {
                Ok(Some(item)) => numbers.push(item.unwrap().number),
                Ok(None) => break,
                Err(_) => drops += 1,
            }
        }
        assert_eq!(numbers, down_from(70));
        assert_eq!(model.sent(), 6, "no request is sent twice");
        assert!(drops >= 10, "{drops}");
    }
}

/// Drops the stream after `polls` polls, and returns the delivered items.
async fn read_for(items: &mut Items<impl PagedOperation<Item = Note>>, polls: usize) -> Vec<u64> {
    let mut numbers = Vec::new();
    for _ in 0..polls {
        let mut context = Context::from_waker(Waker::noop());
        match items.poll_next_unpin(&mut context) {
            Poll::Ready(Some(item)) => numbers.push(item.unwrap().number),
            Poll::Ready(None) => break,
            Poll::Pending => tokio::time::advance(Duration::from_millis(4)).await,
        }
    }
    numbers
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_dropped_anywhere_leaves_no_request_and_can_be_resumed() {
    for read_ahead in [false, true] {
        for polls in 0..80 {
            let model = server(45, |server| server.latency = Duration::from_millis(10));
            let pager = model.call::<ListEvents>().paged();
            let mut items = match read_ahead {
                true => pager.clone().read_ahead().items(),
                false => pager.clone().items(),
            };
            let mut numbers = read_for(&mut items, polls).await;
            let cursor = items.resume_cursor();
            drop(items);
            tokio::task::yield_now().await;
            assert_eq!(model.open(), 0, "after {polls} polls");
            let Some(cursor) = cursor else {
                assert_eq!(numbers, down_from(45));
                continue;
            };
            let sent = model.sent();
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert_eq!(model.sent(), sent, "nothing goes on in the background");
            numbers.extend(read(&mut pager.resume(cursor).items()).await.0);
            assert_eq!(numbers, down_from(45), "after {polls} polls");
        }
    }
}
