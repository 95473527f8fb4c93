//! The HTTP server: HTTP/1.1 over a stream in memory, so that it works with a paused clock.

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use qovery_api::{BoxFuture, Client, RawResponse, Request, Transport, TransportError};
use tokio::io::DuplexStream;
use tokio::time::{self, Instant};

use crate::api::{Asked, Reply};
use crate::undocumented_behavior::Behavior;
use crate::world::{Ms, START, World};

/// A fault of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// Another system answers, and nothing is executed.
    Page(u16, &'static str, &'static str),
    /// The API executes the request, and another system answers.
    ExecutedThenPage(u16, &'static str, &'static str),
    /// The connection is lost before the request is executed.
    LostBefore,
    /// The connection is lost after the request was executed.
    LostAfter,
    /// The response ends in the middle of its body.
    Broken,
    /// The response takes this much longer.
    Slow(Ms),
}

/// The requests that a fault affects.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    method: &'static str,
    path: &'static str,
    skip: u32,
    times: u32,
    from: Ms,
    until: Ms,
    fault: Fault,
}

impl Rule {
    /// Requests of this method whose path has this end; all of them if `path` is empty.
    pub(crate) fn on(method: &'static str, path: &'static str, fault: Fault) -> Self {
        Self {
            method,
            path,
            skip: 0,
            times: u32::MAX,
            from: 0,
            until: Ms::MAX,
            fault,
        }
    }

    pub(crate) fn once(mut self) -> Self {
        self.times = 1;
        self
    }

    pub(crate) fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    pub(crate) fn after(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    pub(crate) fn between(mut self, from: Ms, until: Ms) -> Self {
        (self.from, self.until) = (from, until);
        self
    }

    fn meets(&mut self, method: &str, path: &str, now: Ms) -> bool {
        let is_other = !self.method.is_empty() && self.method != method;
        if is_other || !path.ends_with(self.path) || now < self.from || now >= self.until {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        let meets = self.times > 0;
        self.times = self.times.saturating_sub(1);
        meets
    }
}

type Body = UnsyncBoxBody<Bytes, io::Error>;
type Sender = SendRequest<Full<Bytes>>;

/// A server and the time it runs on.
#[derive(Clone)]
pub(crate) struct Server {
    world: Arc<Mutex<World>>,
    rules: Arc<Mutex<Vec<Rule>>>,
    connections: Arc<Mutex<Vec<Sender>>>,
    began: Instant,
}

impl Server {
    pub(crate) fn new(behavior: Behavior) -> Self {
        Self {
            world: Arc::new(Mutex::new(World::new(behavior))),
            rules: Arc::default(),
            connections: Arc::default(),
            began: Instant::now(),
        }
    }

    pub(crate) fn elapsed(&self) -> Ms {
        self.began.elapsed().as_millis() as Ms
    }

    /// Reads or changes the world, after all due events.
    pub(crate) fn with<R>(&self, look: impl FnOnce(&mut World) -> R) -> R {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.catch_up(START + self.elapsed());
        look(&mut world)
    }

    pub(crate) fn fault(&self, rule: Rule) {
        self.rules
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(rule);
    }

    pub(crate) fn client(&self) -> Client {
        Client::with_transport("http://second-server.example.com", self.clone())
            .expect("an address")
    }

    async fn serve(self, stream: DuplexStream) {
        let service = hyper::service::service_fn(|request| self.respond(request));
        // An error is a connection that was closed on purpose.
        let _ = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }

    async fn respond(
        &self,
        request: hyper::Request<Incoming>,
    ) -> Result<hyper::Response<Body>, io::Error> {
        let lost = || io::Error::other("the connection is lost");
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let latency = self.with(|world| world.behavior.latency);
        time::sleep(Duration::from_millis(latency)).await;
        let (method, path) = (parts.method.as_str(), parts.uri.path());
        let asked = Asked {
            method,
            path,
            query: parts.uri.query().unwrap_or_default(),
            body: &body,
        };
        let now = self.elapsed();
        let fault = {
            let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
            rules
                .iter_mut()
                .find_map(|rule| rule.meets(method, path, now).then_some(rule.fault))
        };
        let reply = match fault {
            Some(Fault::Page(status, kind, text)) => Reply::page(status, kind, text),
            Some(Fault::LostBefore) => return Err(lost()),
            _ => self.with(|world| world.respond(&asked)),
        };
        time::sleep(Duration::from_millis(latency)).await;
        let reply = match fault {
            Some(Fault::LostAfter) => return Err(lost()),
            Some(Fault::ExecutedThenPage(status, kind, text)) => Reply::page(status, kind, text),
            Some(Fault::Slow(time)) => {
                time::sleep(Duration::from_millis(time)).await;
                reply
            }
            _ => reply,
        };
        let mut response = hyper::Response::builder().status(reply.status);
        if let Some(kind) = reply.content_type {
            response = response.header("content-type", kind);
        }
        if let Some(date) = self.with(|world| world.behavior.date_header.then(|| world.http_date()))
        {
            response = response.header("date", date);
        } else {
            // Otherwise hyper adds its own.
            response = response.header("date", "");
        }
        let body = Bytes::from(reply.body);
        let body = if matches!(fault, Some(Fault::Broken)) {
            let half = body.slice(..body.len() / 2);
            let parts = [Ok(Frame::data(half)), Err(lost())];
            StreamBody::new(futures_util::stream::iter(parts)).boxed_unsync()
        } else {
            Full::new(body)
                .map_err(|never: Infallible| match never {})
                .boxed_unsync()
        };
        response.body(body).map_err(io::Error::other)
    }

    async fn connection(&self) -> Result<Sender, TransportError> {
        loop {
            let pooled = {
                let mut all = self
                    .connections
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                all.pop()
            };
            let Some(mut sender) = pooled else {
                break;
            };
            if sender.ready().await.is_ok() {
                return Ok(sender);
            }
        }
        let (near, far) = tokio::io::duplex(1 << 16);
        tokio::spawn(self.clone().serve(far));
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(near))
            .await
            .map_err(TransportError::connect)?;
        tokio::spawn(connection);
        Ok(sender)
    }

    async fn exchange(&self, request: Request) -> Result<RawResponse, TransportError> {
        let mut sender = self.connection().await?;
        let target = match request.url.query() {
            Some(query) => format!("{}?{query}", request.url.path()),
            None => request.url.path().to_owned(),
        };
        let mut message = hyper::Request::builder()
            .method(request.operation.method.clone())
            .uri(target)
            .header("host", "second-server.example.com")
            .header("user-agent", "qovery-api/0.1.0");
        for (name, value) in &request.headers {
            message = message.header(name, value);
        }
        let message = message
            .body(Full::new(request.body.unwrap_or_default()))
            .map_err(|error| TransportError::refused(error.to_string()))?;
        let response = sender
            .send_request(message)
            .await
            .map_err(TransportError::interrupted)?;
        let (parts, body) = response.into_parts();
        let body = body
            .collect()
            .await
            .map_err(TransportError::body)?
            .to_bytes();
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(sender);
        Ok(RawResponse::new(parts.status, parts.headers, body))
    }
}

impl Transport for Server {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<RawResponse, TransportError>> {
        let limit = request.timeout.unwrap_or(Duration::from_secs(60));
        Box::pin(async move {
            let exchange = self.exchange(request);
            match time::timeout(limit, exchange).await {
                Ok(response) => response,
                Err(_) => Err(TransportError::timeout(limit)),
            }
        })
    }
}
