//! A server of raw sockets that answers with a script, including faults.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// The outcome of one request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Response {
    /// These bytes, then the end of the connection.
    Bytes(Vec<u8>),
    /// These bytes, and the connection stays open for the next request.
    Kept(Vec<u8>),
    /// The connection is reset after this many bytes of the request were read.
    ResetAfterReading(usize),
    /// The connection is reset after the whole request was read and these bytes were sent.
    ResetAfter(Vec<u8>),
    /// Endless headers, as fast as the client reads them.
    EndlessHeaders,
    /// Headers that begin and never continue.
    StalledHeaders,
    /// A body that is sent byte by byte for as long as the client reads.
    EndlessBody,
    /// No response.
    Silence,
}

impl Response {
    pub(crate) fn status(status: u16, headers: &str, body: &str) -> Self {
        Self::Bytes(response(status, headers, body))
    }
}

/// The bytes of a response; `headers` are whole lines with their ends.
pub(crate) fn response(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = match status {
        204 | 304 => String::new(),
        _ => format!("content-length: {}\r\n", body.len()),
    };
    let body = if length.is_empty() { "" } else { body };
    format!("HTTP/1.1 {status} X\r\n{headers}{length}\r\n{body}").into_bytes()
}

/// The events that a server has seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// The requests that were read completely. Only these can have been executed.
    pub(crate) requests: Vec<String>,
    /// The number of connections.
    pub(crate) connections: usize,
}

type Script = dyn Fn(usize, &str) -> Response + Send + Sync;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: watch::Receiver<Seen>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Answers in order. The last response answers all further requests.
    pub(crate) async fn start(responses: impl Into<Vec<Response>>) -> Self {
        let responses = responses.into();
        Self::answering(move |number, _| responses[number.min(responses.len() - 1)].clone()).await
    }

    /// Answers according to the number and the text of the request. For the first request of a connection the
    /// text is empty, because the response is selected before the request is read.
    pub(crate) async fn answering(
        script: impl Fn(usize, &str) -> Response + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, seen) = watch::channel(Seen::default());
        let shared = (
            Arc::<Mutex<usize>>::default(),
            Arc::new(script) as Arc<Script>,
        );
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                sender.send_modify(|seen| seen.connections += 1);
                connections.spawn(serve(stream, shared.clone(), sender.clone()));
            }
        });
        Self {
            address,
            seen,
            task,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen.borrow().clone()
    }

    /// The events of the server, for tests that wait for them.
    pub(crate) fn watch(&self) -> watch::Receiver<Seen> {
        self.seen.clone()
    }

    /// The number of requests that were read completely.
    pub(crate) fn executions(&self) -> usize {
        self.seen.borrow().requests.len()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

const ENDLESS_HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

type Shared = (Arc<Mutex<usize>>, Arc<Script>);

async fn serve(mut stream: TcpStream, (number, script): Shared, seen: watch::Sender<Seen>) {
    loop {
        let mut text = Vec::new();
        // A reset may be due before anything is read, so it is checked first.
        let first = script(*number.lock().unwrap(), "");
        if let Response::ResetAfterReading(limit) = first {
            *number.lock().unwrap() += 1;
            if read_request(&mut stream, &mut text, limit).await {
                let text = String::from_utf8(text).unwrap();
                seen.send_modify(|seen| seen.requests.push(text));
            }
            let _ = stream.set_zero_linger();
            return;
        }
        if !read_request(&mut stream, &mut text, usize::MAX).await {
            return;
        }
        let text = String::from_utf8(text).unwrap();
        let response = {
            let mut number = number.lock().unwrap();
            let response = script(*number, &text);
            *number += 1;
            response
        };
        seen.send_modify(|seen| seen.requests.push(text));
        match response {
            Response::Kept(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Response::Bytes(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            Response::ResetAfter(bytes) => {
                // On loopback, written bytes have arrived and are read before the reset.
                let _ = stream.write_all(&bytes).await;
                let _ = stream.set_zero_linger();
                return;
            }
            Response::EndlessHeaders => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
                while stream
                    .write_all(b"x-more: and more and more\r\n")
                    .await
                    .is_ok()
                {}
                return;
            }
            Response::StalledHeaders => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nx-more: y\r\n").await;
                std::future::pending().await
            }
            Response::EndlessBody => {
                let _ = stream.write_all(ENDLESS_HEAD).await;
                while stream.write_all(b"1\r\n \r\n").await.is_ok() {}
                return;
            }
            Response::Silence => std::future::pending().await,
            Response::ResetAfterReading(_) => return,
        }
    }
}

/// Reads head and body, `limit` bytes at most; `false` if they are longer.
async fn read_request(stream: &mut TcpStream, text: &mut Vec<u8>, limit: usize) -> bool {
    let mut chunk = [0; 4096];
    loop {
        if let Some(end) = text.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&text[..end]).to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))
                .map_or(0, |length| length.trim().parse().unwrap());
            if text.len() >= end + 4 + length {
                return true;
            }
        }
        let room = chunk.len().min(limit - text.len());
        match stream.read(&mut chunk[..room]).await {
            Ok(0) | Err(_) => return false,
            Ok(count) => text.extend_from_slice(&chunk[..count]),
        }
    }
}
