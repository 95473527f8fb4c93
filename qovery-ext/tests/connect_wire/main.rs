//! A connected client against servers of raw sockets that misbehave.
//!
//! Other tests check timing, on paused time: here waits are a millisecond and limits are short.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot continue has failed"
)]

mod bodies;
mod calls;
mod compression;
mod faults;
mod http2;
mod secrets;
mod server;
mod statuses;
mod tokens;
mod traces;

use std::time::Duration;

use qovery_api::{
    Client, OperationInfo, RawResponse, Request, TransportError, bytes::Bytes, http::Method,
    reqwest,
};
use qovery_ext::connect::{Connect, RetryPolicy};
use server::Server;

const TOKEN: &str = "qov_s3cret-0123456789";

const METHODS: [Method; 6] = [
    Method::GET,
    Method::HEAD,
    Method::PUT,
    Method::DELETE,
    Method::POST,
    Method::PATCH,
];

fn operation(method: &Method) -> &'static OperationInfo {
    static GET: OperationInfo = OperationInfo::new("getThing", Method::GET, "/thing/{id}");
    static HEAD: OperationInfo = OperationInfo::new("headThing", Method::HEAD, "/thing/{id}");
    static PUT: OperationInfo = OperationInfo::new("editThing", Method::PUT, "/thing/{id}");
    static DELETE: OperationInfo = OperationInfo::new("deleteThing", Method::DELETE, "/thing/{id}");
    static POST: OperationInfo = OperationInfo::new("createThing", Method::POST, "/thing/{id}");
    static PATCH: OperationInfo = OperationInfo::new("patchThing", Method::PATCH, "/thing/{id}");
    match *method {
        Method::GET => &GET,
        Method::HEAD => &HEAD,
        Method::PUT => &PUT,
        Method::DELETE => &DELETE,
        Method::POST => &POST,
        _ => &PATCH,
    }
}

fn is_safe(method: &Method) -> bool {
    !matches!(*method, Method::POST | Method::PATCH)
}

fn impatient() -> RetryPolicy {
    RetryPolicy::new().first_delay(Duration::from_millis(1))
}

fn connect(url: &str) -> Connect {
    // Reading the certificates of the system would take most of the time of these tests.
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    Connect::new()
        .token(TOKEN)
        .base_url(url)
        .reqwest(http)
        .retry(impatient())
        .request_timeout(Duration::from_secs(20))
}

fn client(server: &Server) -> Client {
    connect(&server.url()).build().unwrap()
}

fn request(client: &Client, method: &Method) -> Request {
    let url = client.base_url().join("thing/7?filter=qu3ry").unwrap();
    let mut request = Request::new(operation(method), url);
    if matches!(*method, Method::PUT | Method::POST | Method::PATCH) {
        request.body = Some(Bytes::from_static(br#"{"name": "b0dy"}"#));
    }
    request
}

async fn send(client: &Client, method: &Method) -> Result<RawResponse, TransportError> {
    client.transport().send(request(client, method)).await
}
