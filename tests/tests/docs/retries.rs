//! The retries of a connected client, counted for each method and each kind of fault.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use qovery_ext::connect::Connect;
use qovery_ext::qovery_api::http::{HeaderMap, Method, StatusCode};
use qovery_ext::qovery_api::{
    BoxFuture, Call, NoContent, Operation, OperationInfo, RawResponse, Request, Transport,
    TransportError,
};

use crate::page::Page;

/// The outcome of every request.
type Outcome = fn() -> Result<RawResponse, TransportError>;

struct Always {
    outcome: Outcome,
    requests: Arc<AtomicU32>,
}

impl Transport for Always {
    fn send(&self, _: Request) -> BoxFuture<'_, Result<RawResponse, TransportError>> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { (self.outcome)() })
    }
}

fn status(code: u16) -> Result<RawResponse, TransportError> {
    let code = StatusCode::from_u16(code).expect("a status");
    Ok(RawResponse::new(code, HeaderMap::new(), ""))
}

macro_rules! operations {
    ($($name:ident $method:ident)+) => {
        $(
            struct $name;

            impl Operation for $name {
                type Output = ();
                type Format = NoContent;
                const INFO: &'static OperationInfo = &OperationInfo::new("touch", Method::$method, "/thing");
            }
        )+
    };
}
operations! { Get GET Head HEAD Put PUT Delete DELETE Post POST Patch PATCH }

/// Whether a request with this outcome is sent again.
async fn again<O: Operation>(outcome: Outcome) -> bool {
    let requests = Arc::new(AtomicU32::new(0));
    let transport = Always {
        outcome,
        requests: Arc::clone(&requests),
    };
    let client = Connect::new()
        .token("qov_0123456789")
        .transport(transport)
        .build()
        .expect("a client");
    let _ = Call::<O>::new(&client, &[]).await;
    requests.load(Ordering::Relaxed) > 1
}

/// The meaning of the columns of the table; the methods of a column have to agree.
async fn cells(outcomes: &[Outcome]) -> [&'static str; 2] {
    let mut cells = [None; 2];
    for outcome in outcomes {
        let reading = [
            again::<Get>(*outcome).await,
            again::<Head>(*outcome).await,
            again::<Put>(*outcome).await,
            again::<Delete>(*outcome).await,
        ];
        let writing = [
            again::<Post>(*outcome).await,
            again::<Patch>(*outcome).await,
        ];
        for (cell, observed) in cells.iter_mut().zip([&reading[..], &writing[..]]) {
            for again in observed {
                assert_eq!(
                    cell.get_or_insert(*again),
                    again,
                    "the methods of a column differ"
                );
            }
        }
    }
    cells.map(|cell| if cell == Some(true) { "again" } else { "no" })
}

#[tokio::test(start_paused = true)]
async fn the_table_of_retries_agrees_with_the_client() {
    let rows: [(&str, &[Outcome]); 7] = [
        (
            "no connection could be made",
            &[
                || Err(TransportError::connect("refused")),
                || Err(TransportError::connect_timeout("slow")),
            ],
        ),
        ("429", &[|| status(429)]),
        (
            "502, 503, 504",
            &[|| status(502), || status(503), || status(504)],
        ),
        (
            "the connection was lost",
            &[|| Err(TransportError::interrupted("reset"))],
        ),
        (
            "the response was cut off",
            &[|| Err(TransportError::body("the end"))],
        ),
        (
            "no complete response in time",
            &[|| Err(TransportError::timeout(Duration::from_secs(60)))],
        ),
        (
            "any other response",
            &[
                || status(200),
                || status(400),
                || status(401),
                || status(409),
                || status(500),
                || status(501),
            ],
        ),
    ];
    let mut expected = Vec::new();
    for (what, outcomes) in rows {
        let [reading, writing] = cells(outcomes).await;
        expected.push(format!("| {what} | {reading} | {writing} |"));
    }
    assert_eq!(Page::read("docs/connecting.md").table("retries"), expected);
}
