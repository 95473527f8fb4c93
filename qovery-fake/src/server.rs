//! The front end over HTTP, for programs under test, other languages and demonstrations.
//!
//! Built on hyper, which the client already depends on. A mock server such as httpmock cannot drop a
//! connection, and cannot end in the middle of a body. Dropping a [`FakeServer`] stops it, and abandons the
//! requests in progress.

use std::{convert::Infallible, io, net::SocketAddr, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, Limited, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Request, Response,
    body::{Frame, Incoming as IncomingBody},
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use super::{
    engine::Engine,
    exchange::{Incoming, Outcome},
};
#[cfg(feature = "stream")]
use {super::live, std::sync::PoisonError};

/// The largest request body that is read.
const BODY_LIMIT: usize = 16 << 20;

/// A [`FakeQovery`](super::FakeQovery) that listens on a port of this machine.
#[derive(Debug)]
#[must_use = "the server stops when this is dropped"]
pub struct FakeServer {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl FakeServer {
    pub(crate) async fn start(fake: Engine, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(accept(fake, listener));
        Ok(Self { address, task })
    }

    /// Returns the base URL, such as `http://127.0.0.1:49152`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the base URL of its websockets, such as `ws://127.0.0.1:49152`.
    ///
    /// Available on crate feature `stream` only.
    #[cfg(feature = "stream")]
    pub fn stream_url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Returns the address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The websockets of a server, which end with it.
#[cfg(feature = "stream")]
type Sockets = std::sync::Arc<std::sync::Mutex<JoinSet<()>>>;

async fn accept(fake: Engine, listener: TcpListener) {
    #[cfg(feature = "stream")]
    let sockets = Sockets::default();
    // The set ends its connections with this task.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(
                        fake.clone(),
                        stream,
                        #[cfg(feature = "stream")]
                        sockets.clone(),
                    ));
                }
                // For example, no file descriptor is free. Waiting helps, because other connections will be closed.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(fake: Engine, stream: TcpStream, #[cfg(feature = "stream")] sockets: Sockets) {
    let service = service_fn(|request| {
        let fake = fake.clone();
        #[cfg(feature = "stream")]
        let sockets = sockets.clone();
        async move {
            #[cfg(feature = "stream")]
            if live::is_socket(request.headers()) {
                return Ok(open_socket(&fake, request, &sockets));
            }
            respond(&fake, request).await
        }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        // The `Date` header comes from the fake's calendar.
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    // An error means that a script or the client has broken the connection.
    let _broken: Result<(), hyper::Error> = connection.await;
}

/// An error closes the connection without a response.
async fn respond(
    fake: &Engine,
    request: Request<IncomingBody>,
) -> io::Result<Response<UnsyncBoxBody<Bytes, io::Error>>> {
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let body = Limited::new(body, BODY_LIMIT)
        .collect()
        .await
        .map_err(|error| io::Error::other(error.to_string()))?
        .to_bytes();
    let incoming = Incoming::new(head.method, path, head.headers, body);
    let delivery = fake.handle(&incoming);
    fake.clock().wait(delivery.before).await;
    let (response, body_over, cut_after) = match delivery.outcome {
        // A socket is already connected. Closing it is the most similar fault.
        Outcome::NotConnected | Outcome::Lost => {
            return Err(io::Error::from(io::ErrorKind::ConnectionReset));
        }
        Outcome::Response {
            response,
            body_over,
            cut_after,
        } => (response, body_over, cut_after),
    };
    let (length, bytes) = (response.body.len(), response.body.clone());
    let body = if body_over.is_zero() && cut_after.is_none() {
        http_body_util::Full::new(bytes)
            .map_err(never)
            .boxed_unsync()
    } else {
        broken_body(fake.clone(), bytes, body_over, cut_after)
    };
    let mut response = response.with_body(body);
    response
        .headers_mut()
        .insert(http::header::CONTENT_LENGTH, length.into());
    Ok(response)
}

/// Answers the handshake of a websocket, and plays it once the connection is switched.
#[cfg(feature = "stream")]
fn open_socket(
    fake: &Engine,
    mut request: Request<IncomingBody>,
    sockets: &Sockets,
) -> Response<UnsyncBoxBody<Bytes, io::Error>> {
    let upgrade = hyper::upgrade::on(&mut request);
    let (head, _) = request.into_parts();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let incoming = Incoming::new(head.method, path, head.headers, Bytes::new());
    let whole = |body: Bytes| {
        http_body_util::Full::new(body)
            .map_err(never)
            .boxed_unsync()
    };
    match live::accept(fake, &incoming) {
        Ok(accepted) => {
            let response = accepted.response(whole(Bytes::new()));
            let fake = fake.clone();
            let mut sockets = sockets.lock().unwrap_or_else(PoisonError::into_inner);
            // Connections that have ended are dropped.
            while sockets.try_join_next().is_some() {}
            sockets.spawn(async move {
                if let Ok(upgraded) = upgrade.await {
                    live::run(fake, accepted, TokioIo::new(upgraded)).await;
                }
            });
            response
        }
        Err(response) => {
            let body = whole(response.body.clone());
            response.with_body(body)
        }
    }
}

fn never(never: Infallible) -> io::Error {
    match never {}
}

/// A body whose second half comes later, or not at all.
fn broken_body(
    fake: Engine,
    body: Bytes,
    body_over: Duration,
    cut_after: Option<usize>,
) -> UnsyncBoxBody<Bytes, io::Error> {
    let half = cut_after.unwrap_or(body.len() / 2).min(body.len());
    let (first, second) = (body.slice(..half), body.slice(half..));
    let late = stream::once(async move {
        // Yields once, so that the first half is sent before this part.
        tokio::task::yield_now().await;
        fake.clock().wait(body_over).await;
        match cut_after {
            Some(_) => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
            None => Ok(second),
        }
    });
    let frames = stream::once(async move { Ok(first) }).chain(late);
    let frames = frames.map(|part| part.map(Frame::data));
    StreamBody::new(frames).boxed_unsync()
}
