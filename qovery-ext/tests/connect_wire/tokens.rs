//! Tokens that expire, over sockets.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use qovery_api::{AccessToken, BoxFuture, RetryMode, http::Method};
use qovery_ext::connect::{Connect, TokenSource, TokenSourceError};
use tokio::sync::watch;

use super::{
    METHODS, connect, request,
    server::{Response, Seen, Server, response},
};

/// Provides an expired token, and a valid one after the server has refused this many calls.
struct Renewing {
    token: Mutex<&'static str>,
    renewals: AtomicUsize,
    calls: usize,
    seen: watch::Receiver<Seen>,
}

impl Renewing {
    fn new(server: &Server, calls: usize) -> Arc<Self> {
        Arc::new(Self {
            token: Mutex::new("expired-token"),
            renewals: AtomicUsize::new(0),
            calls,
            seen: server.watch(),
        })
    }
}

impl TokenSource for Renewing {
    fn current(&self) -> BoxFuture<'_, Result<AccessToken, TokenSourceError>> {
        let token = AccessToken::new(*self.token.lock().unwrap());
        Box::pin(async move { Ok(token?) })
    }

    fn refused<'a>(
        &'a self,
        token: &'a AccessToken,
    ) -> BoxFuture<'a, Result<(), TokenSourceError>> {
        assert_eq!(token.expose(), "expired-token");
        self.renewals.fetch_add(1, Ordering::SeqCst);
        Box::pin(async {
            let mut seen = self.seen.clone();
            seen.wait_for(|seen| seen.requests.len() >= self.calls)
                .await?;
            *self.token.lock().unwrap() = "fresh-token";
            Ok(())
        })
    }
}

/// A server that refuses the expired token and accepts the valid one.
async fn server() -> Server {
    Server::answering(|_, text| {
        let fresh = text.contains("authorization: Token fresh-token\r\n");
        Response::Kept(response(if fresh { 200 } else { 401 }, "", "{}"))
    })
    .await
}

fn settings(server: &Server, source: &Arc<Renewing>) -> Connect {
    connect(&server.url()).token_source(Arc::clone(source))
}

#[tokio::test]
async fn a_hundred_concurrent_calls_with_an_expired_token_renew_it_once() {
    for method in METHODS {
        let server = server().await;
        let source = Renewing::new(&server, 100);
        let client = settings(&server, &source).build().unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let (client, method) = (client.clone(), method.clone());
            tasks.spawn(async move { super::send(&client, &method).await.unwrap() });
        }
        for response in tasks.join_all().await {
            assert_eq!(response.status.as_u16(), 200);
            assert!(response.attempts == 2 && !response.executed_before);
        }
        assert_eq!(source.renewals.load(Ordering::SeqCst), 1, "{method}");
        let requests = server.seen().requests;
        let fresh = requests
            .iter()
            .filter(|text| text.contains("fresh-token"))
            .count();
        assert_eq!(fresh, 100, "{method}");
        assert_eq!(requests.len(), 200, "{method}");
    }
}

#[tokio::test]
async fn a_call_that_forbids_retries_is_still_sent_with_the_new_token() {
    let server = server().await;
    let source = Renewing::new(&server, 1);
    let client = settings(&server, &source).build().unwrap();
    let mut request = request(&client, &Method::POST);
    request.retry = RetryMode::Never;
    let response = client.transport().send(request).await.unwrap();
    assert_eq!((response.status.as_u16(), response.attempts), (200, 2));
}

#[tokio::test]
async fn a_token_that_stays_the_same_is_refused_once() {
    let server = server().await;
    let client = connect(&server.url())
        .token("expired-token")
        .build()
        .unwrap();
    let response = super::send(&client, &Method::POST).await.unwrap();
    assert_eq!((response.status.as_u16(), server.executions()), (401, 1));
}
