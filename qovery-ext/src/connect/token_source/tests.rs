use std::{
    sync::{Mutex as SyncMutex, atomic::AtomicUsize},
    time::Duration,
};

use std::error::Error as _;

use tokio::time::sleep;

use super::*;
use crate::connect::{
    Connect,
    test_support::{GET, POST, Script, Step, request, seconds, send},
};

/// Returns `token-0`, and the next number after each refusal.
struct Counting {
    number: AtomicUsize,
    asked: AtomicUsize,
    refused_tokens: SyncMutex<Vec<String>>,
    behavior: Behavior,
}

#[derive(Clone, Copy, PartialEq)]
enum Behavior {
    Renews,
    HasNoOther,
    Fails,
    Panics,
}

impl Counting {
    fn new(behavior: Behavior) -> Arc<Self> {
        Arc::new(Self {
            number: AtomicUsize::new(0),
            asked: AtomicUsize::new(0),
            refused_tokens: SyncMutex::default(),
            behavior,
        })
    }

    fn refusals(&self) -> Vec<String> {
        self.refused_tokens.lock().unwrap().clone()
    }
}

impl TokenSource for Counting {
    fn current(&self) -> BoxFuture<'_, Result<AccessToken, TokenSourceError>> {
        Box::pin(async {
            self.asked.fetch_add(1, Ordering::SeqCst);
            sleep(seconds(1)).await;
            let number = self.number.load(Ordering::SeqCst);
            Ok(AccessToken::new(format!("token-{number}"))?)
        })
    }

    fn refused<'a>(
        &'a self,
        token: &'a AccessToken,
    ) -> BoxFuture<'a, Result<(), TokenSourceError>> {
        self.refused_tokens
            .lock()
            .unwrap()
            .push(token.expose().to_owned());
        Box::pin(async {
            sleep(seconds(2)).await;
            match self.behavior {
                Behavior::Renews => {
                    self.number.fetch_add(1, Ordering::SeqCst);
                    Ok(())
                }
                Behavior::HasNoOther => Ok(()),
                Behavior::Fails => Err("the login server is down".into()),
                Behavior::Panics => panic!("a defect of the source"),
            }
        })
    }
}

/// A server that accepts `token-1` only.
fn accepts_one() -> Script {
    Script::answering(|request| {
        let accepted = request.authorization.as_deref() == Some("Token token-1");
        Step::status(if accepted { 200 } else { 401 }, &[]).after(seconds(1))
    })
}

async fn a_hundred(client: &qovery_api::Client) -> Vec<Result<u16, String>> {
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..100 {
        let client = client.clone();
        tasks.spawn(async move {
            // Some calls begin during the renewal of the token.
            sleep(Duration::from_millis(number * 30)).await;
            let outcome = send(&client, POST).await;
            outcome
                .map(|response| response.status.as_u16())
                .map_err(|error| {
                    assert!(error.is_refused() && !error.may_have_been_executed());
                    error.to_string()
                })
        });
    }
    tasks.join_all().await
}

#[tokio::test(start_paused = true)]
async fn a_hundred_calls_with_an_expired_token_renew_it_once() {
    let source = Counting::new(Behavior::Renews);
    let script = accepts_one();
    let client = script.client(Connect::new().token_source(source.clone()));
    let outcomes = a_hundred(&client).await;
    assert!(
        outcomes.iter().all(|outcome| *outcome == Ok(200)),
        "{outcomes:?}"
    );
    assert_eq!(source.refusals(), ["token-0"]);
    // No token was sent more than twice, and each was accepted once.
    assert!(script.count() <= 200);
    let accepted = script.seen();
    let accepted = accepted
        .iter()
        .filter(|seen| seen.authorization.as_deref() == Some("Token token-1"));
    assert_eq!(accepted.count(), 100);
}

#[tokio::test(start_paused = true)]
async fn calls_that_begin_together_share_one_token_request() {
    let source = Counting::new(Behavior::Renews);
    let script = Script::new([Step::status(200, &[])]);
    let client = script.client(Connect::new().token_source(source.clone()));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let client = client.clone();
        tasks.spawn(async move { send(&client, GET).await.unwrap() });
    }
    tasks.join_all().await;
    assert_eq!(source.asked.load(Ordering::SeqCst), 1);
    send(&client, GET).await.unwrap();
    assert_eq!(source.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn without_another_token_the_refusal_is_the_response() {
    let source = Counting::new(Behavior::HasNoOther);
    let script = accepts_one();
    let client = script.client(Connect::new().token_source(source.clone()));
    let response = send(&client, GET).await.unwrap();
    assert_eq!(response.status.as_u16(), 401);
    assert_eq!(response.attempts, 1);
    // The next call reports the refusal again, because the source may have another token by then.
    send(&client, GET).await.unwrap();
    assert_eq!(source.refusals().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_new_token_that_is_refused_too_ends_the_call() {
    let source = Counting::new(Behavior::Renews);
    let script = Script::new([Step::status(401, &[])]);
    let client = script.client(Connect::new().token_source(source.clone()));
    let response = send(&client, POST).await.unwrap();
    assert_eq!(response.status.as_u16(), 401);
    assert_eq!(response.attempts, 2);
    assert!(!response.executed_before);
    assert_eq!(source.refusals(), ["token-0"]);
}

#[tokio::test(start_paused = true)]
async fn a_call_renews_its_token_once_for_any_number_of_retries() {
    let source = Counting::new(Behavior::Renews);
    let script = Script::new([
        Step::status(401, &[]),
        Step::status(503, &[]),
        Step::status(401, &[]),
    ]);
    let client = script.client(Connect::new().token_source(source.clone()));
    let response = send(&client, GET).await.unwrap();
    assert_eq!((response.status.as_u16(), response.attempts), (401, 3));
    assert_eq!(source.refusals(), ["token-0"]);
}

#[tokio::test(start_paused = true)]
async fn the_error_of_a_failed_renewal_does_not_show_a_token_in_it() {
    struct LeakySource;

    impl TokenSource for LeakySource {
        fn current(&self) -> BoxFuture<'_, Result<AccessToken, TokenSourceError>> {
            Box::pin(async { Ok(AccessToken::new("qov_s3cret-0123456789")?) })
        }

        fn refused<'a>(
            &'a self,
            token: &'a AccessToken,
        ) -> BoxFuture<'a, Result<(), TokenSourceError>> {
            Box::pin(async { Err(format!("cannot renew {}", token.expose()).into()) })
        }
    }

    let script = Script::new([Step::status(401, &[])]);
    let client = script.client(Connect::new().token_source(LeakySource));
    let error = send(&client, GET).await.unwrap_err();
    let shown = format!("{error} {error:?} {:?}", error.source());
    assert!(shown.contains("cannot renew [redacted]"), "{shown}");
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_is_the_error_of_all_that_wait_for_it() {
    for (behavior, text) in [
        (Behavior::Fails, "the login server is down"),
        (Behavior::Panics, "panicked"),
    ] {
        let source = Counting::new(behavior);
        let script = accepts_one();
        let client = script.client(Connect::new().token_source(source.clone()));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let client = client.clone();
            tasks.spawn(async move { send(&client, GET).await.unwrap_err() });
        }
        for error in tasks.join_all().await {
            assert!(error.is_refused() && !error.may_have_been_executed());
            assert!(error.to_string().contains(text), "{error}");
            assert_eq!(error.attempts(), 1);
        }
        assert_eq!(source.refusals().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_continues_after_its_call_was_dropped() {
    let source = Counting::new(Behavior::Renews);
    let script = accepts_one();
    let client = script.client(Connect::new().token_source(source.clone()));
    // The token takes 1 s, the refusal 1 s, the renewal 2 s.
    let dropped = tokio::time::timeout(seconds(3), send(&client, GET)).await;
    assert!(dropped.is_err());
    let response = send(&client, GET).await.unwrap();
    assert_eq!(response.status.as_u16(), 200);
    assert_eq!(source.refusals(), ["token-0"]);
}

#[tokio::test(start_paused = true)]
async fn a_call_does_not_wait_for_a_token_beyond_its_limit() {
    struct Never;

    impl TokenSource for Never {
        fn current(&self) -> BoxFuture<'_, Result<AccessToken, TokenSourceError>> {
            Box::pin(std::future::pending())
        }
    }

    let script = Script::new([Step::status(200, &[])]);
    let client = script.client(Connect::new().token_source(Never));
    let mut request = request(&client, POST);
    request.timeout = Some(seconds(5));
    let error = client.transport().send(request).await.unwrap_err();
    assert!(error.is_timeout() && !error.may_have_been_executed());
    assert_eq!((error.attempts(), error.elapsed()), (0, seconds(5)));
    assert_eq!(script.count(), 0);
}

#[test]
fn a_failure_prints_only_its_message() {
    let failure = NoToken::from(TokenSourceError::from("down"));
    assert_eq!(format!("{failure:?}"), "NoToken(down)");
}

#[tokio::test(start_paused = true)]
async fn a_401_of_a_proxy_does_not_repeat_a_request_that_must_not_run_twice() {
    use qovery_api::RetryMode;

    // Its body has no field of the API's errors.
    for (mode, attempts) in [(RetryMode::Policy, 2), (RetryMode::UnlessExecuted, 1)] {
        let script = accepts_one();
        let client = script.client(Connect::new().token_source(Counting::new(Behavior::Renews)));
        let mut request = request(&client, POST);
        request.retry = mode;
        let response = client.transport().send(request).await.unwrap();
        assert_eq!(response.attempts, attempts, "{mode:?}");
        assert_eq!(script.count(), attempts as usize, "{mode:?}");
    }
}
