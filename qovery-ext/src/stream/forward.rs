//! Forwards a local port to a port of a service.
//!
//! The endpoint is not in the published specification: path and parameters are those of the command-line
//! tool.

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use qovery_api::{
    Client,
    bytes::{Bytes, BytesMut},
    stream::{StreamRequest as _, requests, types::ServiceType},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
    time::{Instant, sleep_until},
};
use uuid::Uuid;

use super::{
    error::StreamError,
    fault::{Fault, Meaning},
    location::{self, Location},
    shell::refused,
    socket::{Limits, Socket},
};

/// How many bytes are read from a connection at a time.
const CHUNK: usize = 16 * 1024;
/// How long to wait for more of the response after the end of the local input. A program that has closed both
/// directions looks the same until data is written to it.
const LINGER: Duration = Duration::from_secs(10);

/// A port of a service to forward. Nothing is sent before it is started.
///
/// Available on crate feature `stream` only.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before it is started"]
pub struct ForwardRequest {
    client: Client,
    service: Uuid,
    local: u16,
    remote: u16,
    pod: Option<String>,
}

impl ForwardRequest {
    pub(super) fn new(client: &Client, service: Uuid, local: u16, remote: u16) -> Self {
        Self {
            client: client.clone(),
            service,
            local,
            remote,
            pod: None,
        }
    }

    /// Sets the pod. Default: any pod of the service.
    pub fn pod(mut self, name: impl Into<String>) -> Self {
        self.pod = Some(name.into());
        self
    }

    /// Listens on `127.0.0.1`. Each accepted connection opens its own websocket.
    ///
    /// A program that closes its sending side of a connection still receives the response, until nothing has
    /// arrived for 10 s. The service does not notice this, because the API has no message for it.
    ///
    /// # Errors
    /// Returns an error if the local port cannot be opened. Returns
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if the remote port is 0, the name of the pod cannot be
    /// sent, or the address of the websocket API is not known. The first connection shows whether the service
    /// can be reached: see [`PortForward::last_error`].
    ///
    /// # Cancel safety
    /// If the future is dropped, no port stays open.
    pub async fn start(self) -> io::Result<PortForward> {
        self.check()
            .map_err(|fault| io::Error::new(io::ErrorKind::InvalidInput, refused(fault)))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.local)).await?;
        let address = listener.local_addr()?;
        let last_error = Arc::new(Mutex::new(None));
        let task = tokio::spawn(accept(self, listener, Arc::clone(&last_error)));
        Ok(PortForward {
            address,
            task,
            last_error,
        })
    }

    /// Checks the settings before anything is sent.
    fn check(&self) -> Result<(), Fault> {
        if self.remote == 0 {
            return Err(Fault::Invalid(
                "the remote port is 0: give the port that the service listens on".to_owned(),
            ));
        }
        self.client.stream_url().ok_or(Fault::NoAddress)?;
        let kind = ServiceType::Application;
        let request = self.request(Location::default(), kind);
        request.check().map_err(Fault::Invalid)
    }

    fn request(&self, location: Location, kind: ServiceType) -> requests::ShellPortforward {
        let mut request = requests::ShellPortforward::new(
            location.organization,
            location.cluster,
            location.project,
            location.environment,
            self.service,
            kind,
            u32::from(self.remote),
        );
        request.pod_name.clone_from(&self.pod);
        request
    }

    async fn open(&self) -> Result<Socket, Fault> {
        let client = &self.client;
        let base = client.stream_url().ok_or(Fault::NoAddress)?;
        let location = location::of_service(client, self.service).await?;
        let kind = location::kind_of_service(client, location, self.service).await?;
        let request = self.request(location, kind);
        request.check().map_err(Fault::Invalid)?;
        let url = request.url(base);
        Socket::open(
            client,
            requests::ShellPortforward::INFO,
            url,
            Limits::default(),
        )
        .await
    }
}

/// A forwarded port. Dropping it closes the port and its connections.
///
/// Available on crate feature `stream` only.
#[must_use = "the port is closed when this is dropped"]
pub struct PortForward {
    address: SocketAddr,
    task: JoinHandle<()>,
    last_error: Arc<Mutex<Option<StreamError>>>,
}

impl PortForward {
    /// Returns the local address that the forward listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes the error of the last failed connection, if a connection failed since the last call.
    pub fn last_error(&self) -> Option<StreamError> {
        let mut last = self
            .last_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        last.take()
    }
}

impl Drop for PortForward {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for PortForward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortForward")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

async fn accept(
    request: ForwardRequest,
    listener: TcpListener,
    last_error: Arc<Mutex<Option<StreamError>>>,
) {
    // The set ends its connections with this task.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let (request, last_error) = (request.clone(), Arc::clone(&last_error));
                    connections.spawn(async move {
                        let ended = carry(&request, stream).await;
                        if let Err(fault) = ended {
                            let (service, remote) = (request.service, request.remote);
                            tracing::warn!(%service, remote, %fault, "a forwarded connection ended");
                            let mut last = last_error.lock().unwrap_or_else(PoisonError::into_inner);
                            *last = Some(refused(fault));
                        }
                    });
                }
                // For example, no file descriptor is free. Other connections will be closed soon.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Copies bytes in both directions until one side ends. A websocket cannot be half closed. After the end of the
/// local input, the response of the service is still copied.
async fn carry(request: &ForwardRequest, local: TcpStream) -> Result<(), Fault> {
    let mut socket = request.open().await?;
    let (mut reader, mut writer) = local.into_split();
    let mut buffer = BytesMut::with_capacity(CHUNK);
    // The time at which the connection ends after the end of the local input.
    let mut ends_at: Option<Instant> = None;
    loop {
        buffer.reserve(CHUNK);
        let ends = async {
            match ends_at {
                Some(ends_at) => sleep_until(ends_at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            received = socket.progress() => match received {
                Ok(None) => {}
                Ok(Some(received)) => {
                    ends_at = ends_at.map(|_| Instant::now() + LINGER);
                    let bytes = received.into_bytes();
                    if writer.write_all(&bytes).await.is_err() {
                        break;
                    }
                }
                Err(fault) if fault.meaning() == Meaning::Done => return Ok(()),
                Err(fault) => return Err(fault),
            },
            // One message at a time, so that a slow server slows down the local side.
            read = reader.read_buf(&mut buffer), if ends_at.is_none() && !socket.is_sending() => match read {
                Ok(0) => ends_at = Some(Instant::now() + LINGER),
                Err(_) => break,
                Ok(_) => {
                    let bytes: Bytes = buffer.split().freeze();
                    socket.queue(bytes).await?;
                }
            },
            () = ends => break,
        }
    }
    socket.close().await;
    Ok(())
}
