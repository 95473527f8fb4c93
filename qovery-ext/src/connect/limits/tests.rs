use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use qovery_api::http::HeaderValue;
use tokio::time::sleep;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn no_interval_has_more_starts_than_allowed() {
    let limits = Arc::new(Limits::new(None, Some((3, SECOND * 10))));
    let started = Instant::now();
    let mut moments = Vec::new();
    // Two requests start late in the first interval: a bucket that refills would allow three more right after
    // it.
    for pause in [0, 8, 0, 3, 0, 0, 0, 0, 25, 0, 0, 0] {
        sleep(SECOND * pause).await;
        limits.enter(|| true).await;
        moments.push(started.elapsed());
    }
    for four in moments.windows(4) {
        assert!(four[3] - four[0] >= SECOND * 10, "{moments:?}");
    }
    // And it does not wait longer than necessary.
    assert_eq!(moments[..5], [0, 8, 8, 11, 18].map(|at| SECOND * at));
}

#[tokio::test(start_paused = true)]
async fn queued_requests_are_sent_in_order() {
    let limits = Arc::new(Limits::new(None, Some((1, SECOND))));
    let order = Arc::new(SyncMutex::new(Vec::new()));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..5 {
        let (limits, order) = (limits.clone(), order.clone());
        tasks.spawn(async move {
            limits.enter(|| true).await;
            order.lock().unwrap().push(number);
        });
    }
    let started = Instant::now();
    while tasks.join_next().await.is_some() {}
    assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4]);
    assert_eq!(started.elapsed(), SECOND * 4);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_dropped_in_the_queue_does_not_count() {
    let limits = Limits::new(Some(1), Some((1, SECOND)));
    drop(limits.enter(|| true).await);
    let started = Instant::now();
    let gave_up = tokio::time::timeout(SECOND / 2, limits.enter(|| true)).await;
    assert!(gave_up.is_err());
    limits.enter(|| true).await;
    assert_eq!(started.elapsed(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn no_more_than_allowed_are_in_flight() {
    let limits = Arc::new(Limits::new(Some(3), None));
    let now = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (limits, now, most) = (limits.clone(), now.clone(), most.clone());
        tasks.spawn(async move {
            let _leave = limits.enter(|| true).await;
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(SECOND).await;
            now.fetch_sub(1, Ordering::SeqCst);
        });
    }
    let started = Instant::now();
    while tasks.join_next().await.is_some() {}
    assert_eq!(most.load(Ordering::SeqCst), 3);
    assert_eq!(started.elapsed(), SECOND * 7);
}

#[tokio::test(start_paused = true)]
async fn extreme_limits_apply_without_a_panic() {
    let limits = Limits::new(Some(usize::MAX), Some((1, Duration::MAX)));
    limits.enter(|| true).await;
    let waits = tokio::time::timeout(SECOND * 1_000_000, limits.enter(|| true)).await;
    assert!(waits.is_err());
}

fn response(status: u16, headers: &[(&'static str, &'static str)]) -> RawResponse {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, HeaderValue::from_static(value));
    }
    RawResponse::new(StatusCode::from_u16(status).unwrap(), map, "")
}

#[tokio::test(start_paused = true)]
async fn only_a_used_up_limit_holds_all_requests() {
    let held = |status, headers: &[(&'static str, &'static str)]| {
        let hold = Hold::default();
        hold.observe(&response(status, headers));
        hold.until().map(|moment| moment - Instant::now())
    };
    assert_eq!(held(429, &[("retry-after", "7")]), Some(SECOND * 7));
    assert_eq!(held(429, &[("x-ratelimit-reset", "9")]), Some(SECOND * 9));
    let nothing_left = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "9")];
    assert_eq!(held(200, &nothing_left), Some(SECOND * 9));
    let one_left = [("x-ratelimit-remaining", "1"), ("x-ratelimit-reset", "9")];
    assert_eq!(held(200, &one_left), None);
    assert_eq!(held(503, &[("retry-after", "7")]), None);
    assert_eq!(held(429, &[]), None);
    assert_eq!(
        held(429, &[("retry-after", "99999999999999999999999")]),
        None
    );
}

#[tokio::test(start_paused = true)]
async fn a_hold_is_not_shortened_and_ends() {
    let hold = Hold::default();
    hold.observe(&response(429, &[("retry-after", "7")]));
    hold.observe(&response(429, &[("retry-after", "2")]));
    assert_eq!(hold.until(), Some(Instant::now() + SECOND * 7));
    sleep(SECOND * 7).await;
    assert_eq!(hold.until(), None);
}
