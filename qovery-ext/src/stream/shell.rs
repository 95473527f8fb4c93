//! Commands in a container of a service.
//!
//! The protocol transfers only the bytes of input and output. It has no known frames for the exit status or
//! for changes of the terminal size, and does not separate standard error from standard output. A program
//! that uses a terminal sets it to raw mode itself.

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
    location::{self, Location},
    socket::{Limits, Socket},
};

/// The byte that ends the standard input.
const END_OF_INPUT: &[u8] = b"\x04";

/// A command to run in a container of a service. Nothing is sent before it is started.
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

    /// Sets the pod. Default: any pod of the service.
    pub fn pod(mut self, name: impl Into<String>) -> Self {
        self.pod = Some(name.into());
        self
    }

    /// Sets the container of the pod. Default: the first one.
    pub fn container(mut self, name: impl Into<String>) -> Self {
        self.container = Some(name.into());
        self
    }

    /// Runs the command in a terminal of this many columns and rows. Default: without a terminal.
    ///
    /// The size is sent when the command starts. The API has no message to change it later.
    pub fn terminal(mut self, columns: u16, rows: u16) -> Self {
        self.terminal = (columns, rows);
        self
    }

    /// Sets the largest message, in bytes. Default: 16 MiB.
    pub fn message_limit(mut self, bytes: usize) -> Self {
        self.limits.message = bytes;
        self
    }

    /// The request for this location, if it can be sent.
    fn request(&self, location: Location) -> Result<requests::ShellExec, Fault> {
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
        request.check().map_err(Fault::Invalid)?;
        let invalid = |what: &str| Err(Fault::Invalid(what.to_owned()));
        if self.command.first().is_some_and(String::is_empty) {
            return invalid("the command is empty: give at least the program to run");
        }
        if (columns == 0) != (rows == 0) {
            return invalid("a terminal needs at least one column and one row");
        }
        Ok(request)
    }

    /// Starts the command.
    ///
    /// # Errors
    /// Returns an error if no websocket can be opened. Nothing is sent if the command is empty, if a value
    /// cannot be sent (the command, a name, the size of the terminal), or if the address of the websocket API
    /// is not known. A command that does not exist is reported when the server closes the connection. A command
    /// is never started a second time automatically.
    ///
    /// # Cancel safety
    /// If the future is dropped, the command may or may not have been started.
    pub async fn start(self) -> Result<Exec, StreamError> {
        let opened = self.open().await;
        let socket = opened.map_err(refused)?;
        Ok(Exec {
            socket: Some(socket),
            read_ahead: VecDeque::new(),
            held: 0,
            limit: self.limits.message,
            ended: None,
        })
    }

    async fn open(&self) -> Result<Socket, Fault> {
        let client = &self.client;
        let base = client.stream_url().ok_or(Fault::NoAddress)?;
        // Checked before the location is looked up.
        self.request(Location::default())?;
        let location = location::of_service(client, self.service).await?;
        let url = self.request(location)?.url(base);
        Socket::open(client, requests::ShellExec::INFO, url, self.limits).await
    }
}

/// A running command.
///
/// Available on crate feature `stream` only.
///
/// Dropping it closes the connection. It is not known whether the server then ends the command.
#[must_use = "the connection to the command is closed when this is dropped"]
pub struct Exec {
    socket: Option<Socket>,
    /// Output that was received while input was sent.
    read_ahead: VecDeque<Bytes>,
    /// The memory of this output, in bytes.
    held: usize,
    /// The limit on its memory while input is sent.
    limit: usize,
    /// The end that was received while input was sent.
    ended: Option<Fault>,
}

impl Exec {
    /// Returns the next bytes of the output; `None` if the server has closed the connection
    /// normally. The command has then ended. Its exit status is unknown, because the API does not
    /// send it.
    ///
    /// # Errors
    /// Returns an error if the connection ended in another way, with or without a close code: see
    /// [`StreamErrorKind`]. The output is then incomplete. After an error, the method returns `None`.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn read(&mut self) -> Result<Option<Bytes>, StreamError> {
        if let Some(bytes) = self.read_ahead.pop_front() {
            self.held = self.held.saturating_sub(memory_of(&bytes));
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

    /// Sends bytes to the standard input. A byte 0x04 in them ends the input: the API has no other
    /// way to end it.
    ///
    /// Output that arrives in the meantime is kept for [`read`](Self::read), up to the
    /// [`message_limit`](ExecRequest::message_limit). If a command writes more than that before it
    /// has read its input, send the input in pieces and read in between.
    ///
    /// # Errors
    /// Returns an error if the connection was lost or closed. [`read`](Self::read) then returns the
    /// cause.
    ///
    /// # Cancel safety
    /// If the future is dropped, an unknown part of the input was sent.
    pub async fn write(&mut self, input: impl Into<Bytes>) -> Result<(), StreamError> {
        let ended = || Err(refused(Fault::CommandEnded));
        let Some(socket) = self.socket.as_mut().filter(|_| self.ended.is_none()) else {
            return ended();
        };
        // The rest that a dropped future did not send.
        let mut input = Some(input.into());
        loop {
            if !socket.is_sending() {
                match input.take() {
                    Some(bytes) => socket.queue(bytes).await.map_err(refused)?,
                    None => return Ok(()),
                }
            }
            if self.held >= self.limit {
                socket.flush().await.map_err(refused)?;
                continue;
            }
            match socket.progress().await {
                Ok(None) => {}
                Ok(Some(received)) => {
                    let bytes = received.into_bytes();
                    self.held = self.held.saturating_add(memory_of(&bytes));
                    self.read_ahead.push_back(bytes);
                }
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
    /// The same as [`write`](Self::write).
    ///
    /// # Cancel safety
    /// The same as [`write`](Self::write).
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

/// The memory of a message. An empty one takes memory too, and their number is unlimited.
fn memory_of(message: &Bytes) -> usize {
    const ENTRY: usize = 128;
    message.len().saturating_add(ENTRY)
}

/// The end of a connection without a reconnect.
pub(super) fn refused(fault: Fault) -> StreamError {
    let kind = match fault.meaning() {
        Meaning::Permanent => StreamErrorKind::Permanent,
        Meaning::NoAgent => StreamErrorKind::NoAgent,
        Meaning::Unauthorized => StreamErrorKind::Unauthorized,
        Meaning::Done | Meaning::Transient => StreamErrorKind::Exhausted,
    };
    StreamError::new(kind, 1, fault)
}
