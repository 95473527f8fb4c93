//! Commands in a container of a service.
//!
//! The wire carries bytes of the command's input and output, and nothing else: no exit status, no message
//! to resize a terminal, and no difference between standard output and standard error was seen. Not for
//! terminals: putting one into raw mode is up to the program.

use std::{collections::VecDeque, fmt};

use qovery_api::{
    Client,
    bytes::Bytes,
    stream::{StreamRequest as _, requests},
};
use uuid::Uuid;

use super::{
    error::{StreamError, StreamErrorKind},
    fault::{Fault, Meaning},
    location,
    socket::{Limits, Socket},
};

/// The byte that ends the standard input.
const END_OF_INPUT: &[u8] = b"\x04";

/// A command to run in a container of a service. Nothing happens before it is started.
///
/// Available on crate feature `stream` only.
///
/// ```no_run
/// # async fn example(client: qovery_api::Client, service: uuid::Uuid) -> Result<(), Box<dyn std::error::Error>> {
/// use qovery_ext::stream::LiveExt;
///
/// let mut exec = client.exec(service, ["cat"]).start().await?;
/// exec.write("hello\n").await?;
/// exec.end_input().await?;
/// while let Some(output) = exec.read().await? {
///     print!("{}", String::from_utf8_lossy(&output));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing happens before the command is started"]
pub struct ExecRequest {
    client: Client,
    service: Uuid,
    command: Vec<String>,
    pod: Option<String>,
    container: Option<String>,
    terminal: (u16, u16),
    limits: Limits,
}

impl ExecRequest {
    pub(super) fn new(client: &Client, service: Uuid, command: Vec<String>) -> Self {
        Self {
            client: client.clone(),
            service,
            command,
            pod: None,
            container: None,
            terminal: (0, 0),
            limits: Limits::default(),
        }
    }

    /// In this pod. Default: any pod of the service.
    pub fn pod(mut self, name: impl Into<String>) -> Self {
        self.pod = Some(name.into());
        self
    }

    /// In this container of the pod. Default: the first one.
    pub fn container(mut self, name: impl Into<String>) -> Self {
        self.container = Some(name.into());
        self
    }

    /// With a terminal of this many columns and rows. Default: without a terminal.
    ///
    /// The size is sent when the command starts; the API has no message that changes it later.
    pub fn terminal(mut self, columns: u16, rows: u16) -> Self {
        self.terminal = (columns, rows);
        self
    }

    /// The largest message, in bytes. Default: 16 MiB.
    pub fn message_limit(mut self, bytes: usize) -> Self {
        self.limits.message = bytes;
        self
    }

    /// Starts the command.
    ///
    /// # Errors
    /// Returns an error if no websocket can be opened. Whether the command exists shows later, when the
    /// server closes. A command is never started a second time by itself.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it open whether the command was started.
    pub async fn start(self) -> Result<Exec, StreamError> {
        let opened = self.open().await;
        let socket = opened.map_err(refused)?;
        Ok(Exec {
            socket: Some(socket),
            read_ahead: VecDeque::new(),
            limit: self.limits.message,
            ended: None,
        })
    }

    async fn open(&self) -> Result<Socket, Fault> {
        let client = &self.client;
        let location = location::of_service(client, self.service).await?;
        let (columns, rows) = self.terminal;
        let mut request = requests::ShellExec::new(
            location.organization,
            location.cluster,
            location.project,
            location.environment,
            self.service,
            self.command.clone(),
            u32::from(columns),
            u32::from(rows),
        );
        request.pod_name.clone_from(&self.pod);
        request.container_name.clone_from(&self.container);
        let base = client.stream_url().ok_or(Fault::NoAddress)?;
        let url = request.url(base);
        Socket::open(client, requests::ShellExec::INFO, url, self.limits).await
    }
}

/// A command that runs.
///
/// Available on crate feature `stream` only.
///
/// Dropping it closes the connection; whether the server then ends the command is not known.
pub struct Exec {
    socket: Option<Socket>,
    /// Output that came while input was sent.
    read_ahead: VecDeque<Bytes>,
    /// How many bytes of output are kept while input is sent.
    limit: usize,
    /// The end that came while input was sent.
    ended: Option<Fault>,
}

impl Exec {
    /// Returns the next bytes of the output; `None` when the server has closed normally. The command has
    /// then ended; its exit status is unknown, because the API does not send it.
    ///
    /// # Errors
    /// Returns an error if the connection ended in another way, by its close code or without one; see
    /// [`StreamErrorKind`]. The output is then incomplete.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn read(&mut self) -> Result<Option<Bytes>, StreamError> {
        if let Some(bytes) = self.read_ahead.pop_front() {
            return Ok(Some(bytes));
        }
        let fault = match (self.ended.take(), &mut self.socket) {
            (Some(fault), _) => fault,
            (None, None) => return Ok(None),
            (None, Some(socket)) => match socket.next().await {
                Ok(received) => return Ok(Some(received.into_bytes())),
                Err(fault) => fault,
            },
        };
        self.socket = None;
        match fault.meaning() {
            Meaning::Done => Ok(None),
            _ => Err(refused(fault)),
        }
    }

    /// Sends bytes to the standard input. The byte 0x04 in them ends it, as the API has no other sign for
    /// that.
    ///
    /// Output that comes meanwhile is kept for [`read`](Self::read), up to the
    /// [`message_limit`](ExecRequest::message_limit). A command that writes more before it reads all of the
    /// input has to be read in between: send the input in pieces.
    ///
    /// # Errors
    /// Returns an error if the connection is lost or was closed. [`read`](Self::read) then says how.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it open how much was sent.
    pub async fn write(&mut self, input: impl Into<Bytes>) -> Result<(), StreamError> {
        let ended = || Err(refused(Fault::Lost("the command has ended".to_owned())));
        let Some(socket) = self.socket.as_mut().filter(|_| self.ended.is_none()) else {
            return ended();
        };
        // What a dropped future has left.
        let mut input = Some(input.into());
        loop {
            if !socket.is_sending() {
                match input.take() {
                    Some(bytes) => socket.queue(bytes).await.map_err(refused)?,
                    None => return Ok(()),
                }
            }
            let held: usize = self.read_ahead.iter().map(Bytes::len).sum();
            if held >= self.limit {
                socket.flush().await.map_err(refused)?;
                continue;
            }
            match socket.progress().await {
                Ok(None) => {}
                Ok(Some(received)) => self.read_ahead.push_back(received.into_bytes()),
                Err(fault) => {
                    self.ended = Some(fault);
                    return ended();
                }
            }
        }
    }

    /// Ends the standard input. Output may follow.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    ///
    /// # Cancel safety
    /// As [`write`](Self::write).
    pub async fn end_input(&mut self) -> Result<(), StreamError> {
        self.write(END_OF_INPUT).await
    }

    /// Closes the connection.
    ///
    /// # Cancel safety
    /// Dropping the future closes it as well.
    pub async fn close(mut self) {
        if let Some(socket) = self.socket.take() {
            socket.close().await;
        }
    }
}

impl fmt::Debug for Exec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exec")
            .field("is_open", &self.socket.is_some())
            .finish()
    }
}

/// The end of a connection that is not made again.
pub(super) fn refused(fault: Fault) -> StreamError {
    let kind = match fault.meaning() {
        Meaning::Permanent => StreamErrorKind::Permanent,
        Meaning::NoAgent => StreamErrorKind::NoAgent,
        Meaning::Unauthorized => StreamErrorKind::Unauthorized,
        Meaning::Done | Meaning::Transient => StreamErrorKind::Exhausted,
    };
    StreamError::new(kind, 1, fault)
}
