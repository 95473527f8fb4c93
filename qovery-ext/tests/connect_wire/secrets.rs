//! The token appears in no output that a program can print.

use std::{
    cell::RefCell,
    fmt::Debug,
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, Once},
    time::Duration,
};

use qovery_api::{AccessToken, BoxFuture, Client, RawResponse, TransportError, http::Method};
use qovery_ext::connect::{TokenSource, TokenSourceError};
use tracing_subscriber::{Layer, fmt::MakeWriter, layer::SubscriberExt};

use super::{
    TOKEN, connect, request,
    server::{Response, Server, response},
};

/// All printed output.
#[derive(Clone, Default)]
pub(crate) struct Printed(Arc<Mutex<Vec<u8>>>);

impl Printed {
    fn add(&self, text: impl AsRef<[u8]>) {
        self.0.lock().unwrap().extend_from_slice(text.as_ref());
    }

    pub(crate) fn debug(&self, value: &dyn Debug) {
        self.add(format!("{value:?} {value:#?}\n"));
    }

    pub(crate) fn error(&self, error: &impl std::error::Error) {
        self.add(format!("{error} {error:#}\n"));
        self.debug(error);
        let mut source = error.source();
        while let Some(cause) = source {
            self.add(format!("{cause} {cause:?} {cause:#?}\n"));
            source = cause.source();
        }
    }

    /// The output of a program that panics with this error.
    pub(crate) fn panic<T: Debug, E: Debug>(&self, outcome: Result<T, E>) {
        let caught = catch_unwind(AssertUnwindSafe(|| outcome.unwrap()));
        if let Err(payload) = caught {
            self.add(payload.downcast_ref::<String>().unwrap());
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

thread_local! {
    /// The listener of this thread.
    static LISTENER: RefCell<Option<Printed>> = const { RefCell::new(None) };
}

/// Writes to the listener of this thread.
struct ToListener;

impl Write for ToListener {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LISTENER.with_borrow(|listener| {
            if let Some(printed) = listener {
                printed.add(bytes);
            }
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for ToListener {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

/// Records all events on this thread, at the finest level, from any crate.
pub(crate) fn listen() -> Printed {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let layer = tracing_subscriber::fmt::layer()
            .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(ToListener);
        let filter = tracing_subscriber::filter::dynamic_filter_fn(|_, _| {
            LISTENER.with_borrow(Option::is_some)
        });
        let subscriber = tracing_subscriber::registry().with(layer.with_filter(filter));
        tracing::subscriber::set_global_default(subscriber).unwrap();
        // Crates that write to `log` are captured too.
        tracing_log::LogTracer::init().unwrap();
    });
    let printed = Printed::default();
    LISTENER.set(Some(printed.clone()));
    printed
}

pub(crate) fn assert_silent(printed: &Printed, what: &dyn Debug) {
    LISTENER.set(None);
    let text = printed.text();
    // The listener has received something. Otherwise the test would prove nothing.
    assert!(text.contains("qovery_call"), "{what:?}: {text}");
    assert!(
        text.contains("hyper") || text.contains("reqwest"),
        "{what:?}: {text}"
    );
    for secret in [TOKEN, "qov_s3cret", "ov_s3cret", "qu3ry", "b0dy"] {
        assert!(!text.contains(secret), "{secret} after {what:?}: {text}");
    }
}

async fn exercise(printed: &Printed, client: &Client, method: &Method) {
    let request = request(client, method);
    printed.debug(client);
    printed.debug(&request);
    let mut short = request.clone();
    short.timeout = Some(Duration::from_millis(200));
    for request in [request, short] {
        let outcome: Result<RawResponse, TransportError> = client.transport().send(request).await;
        match &outcome {
            Ok(response) => {
                printed.debug(response);
                printed.debug(&response.headers);
                if !response.status.is_success() {
                    printed.add(&response.body);
                }
            }
            Err(error) => printed.error(error),
        }
        printed.panic(outcome);
    }
}

#[tokio::test]
async fn nothing_that_a_program_can_print_shows_the_token() {
    let echo = format!("your request said Authorization: Token {TOKEN}");
    // As encoders write it: a decoder would restore the token.
    let rest = TOKEN.strip_prefix('q').unwrap();
    let json = format!(r#"{{"detail": "\u0071{rest}"}}"#);
    let entity = format!("<title>&#x71;{rest}</title>");
    let percent = format!("x-request-id: %71{rest}\r\n");
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec();
    let responses = [
        Response::status(200, "x-qovery-request-id: abc\r\n", "{}"),
        Response::status(200, "", "garbage"),
        Response::status(401, "", &echo),
        Response::status(401, "", &json),
        Response::status(500, &percent, &entity),
        Response::status(
            403,
            "content-type: text/html\r\n",
            &format!("<title>{TOKEN}</title>"),
        ),
        Response::status(429, "Retry-After: 0\r\n", &echo),
        Response::status(500, &format!("x-request-id: {TOKEN}\r\n"), &echo),
        Response::status(200, &format!("x-qovery-request-id: {TOKEN}\r\n"), "{}"),
        Response::status(503, "", ""),
        Response::status(302, "Location: http://localhost:1/\r\n", &echo),
        Response::status(307, "Location: http://127.0.0.1:1/\r\n", ""),
        Response::ResetAfterReading(10),
        Response::ResetAfter(Vec::new()),
        Response::ResetAfter(half.clone()),
        Response::Bytes(half),
        Response::Bytes(format!("Token {TOKEN}\r\n\r\n").into_bytes()),
        Response::EndlessHeaders,
        Response::StalledHeaders,
        Response::EndlessBody,
        Response::Silence,
    ];
    for response in responses {
        for method in [Method::GET, Method::POST] {
            let server = Server::start([response.clone()]).await;
            let settings = connect(&server.url())
                .request_timeout(Duration::from_millis(200))
                .concurrency_limit(2)
                .rate_limit(100, Duration::from_secs(1));
            let printed = listen();
            printed.debug(&settings);
            let client = settings.build().unwrap();
            exercise(&printed, &client, &method).await;
            assert_silent(&printed, &(&method, &response));
        }
    }
}

#[tokio::test]
async fn a_refused_connection_and_a_proxy_do_not_show_the_token() {
    let url = Server::start([Response::Silence]).await.url();
    let proxy = Server::start([Response::status(407, "", "who are you?")]).await;
    let through = qovery_api::reqwest::Proxy::all(proxy.url()).unwrap();
    let through = qovery_api::reqwest::Client::builder()
        .proxy(through)
        .tls_certs_only([]);
    for settings in [connect(&url), connect("https://api.test").reqwest(through)] {
        let printed = listen();
        printed.debug(&settings);
        let client = settings.build().unwrap();
        exercise(&printed, &client, &Method::POST).await;
        assert_silent(&printed, &"no connection");
    }
    // Over TLS the proxy only opens a tunnel, and sees no token.
    let seen = proxy.seen().requests;
    assert!(!seen.is_empty());
    assert!(
        seen.iter()
            .all(|text| text.starts_with("CONNECT") && !text.contains(TOKEN))
    );
}

#[tokio::test]
async fn the_bytes_on_the_wire_are_not_logged_even_on_request() {
    let server = Server::start([Response::status(200, "", "{}")]).await;
    let wordy = qovery_api::reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .connection_verbose(true);
    let client = connect(&server.url()).reqwest(wordy).build().unwrap();
    let printed = listen();
    exercise(&printed, &client, &Method::POST).await;
    assert_silent(&printed, &"a wordy client");
}

#[tokio::test]
async fn a_renewal_and_its_failure_do_not_show_the_tokens() {
    struct Source(bool);

    impl TokenSource for Source {
        fn current(&self) -> BoxFuture<'_, Result<AccessToken, TokenSourceError>> {
            Box::pin(async { Ok(AccessToken::new(TOKEN)?) })
        }

        fn refused<'a>(
            &'a self,
            token: &'a AccessToken,
        ) -> BoxFuture<'a, Result<(), TokenSourceError>> {
            assert!(!format!("{token:?}").contains(TOKEN));
            Box::pin(async {
                assert!(self.0, "a defect of the source");
                Err("the login server is down".into())
            })
        }
    }

    for works in [true, false] {
        let server = Server::start([Response::Kept(response(401, "", TOKEN))]).await;
        let printed = listen();
        let client = connect(&server.url())
            .token_source(Source(works))
            .build()
            .unwrap();
        exercise(&printed, &client, &Method::POST).await;
        assert_silent(&printed, &"a renewal");
    }
}
