//! Streams of lines: service logs and deployment logs.

use std::{collections::VecDeque, fmt, mem};

use qovery_api::{
    Client, Printable, QueryValue,
    bytes::Bytes,
    chrono::{DateTime, SecondsFormat, Utc},
    stream::{StreamRequest as _, requests, types},
    types::EnvironmentLogs,
};
use uuid::Uuid;

use super::{
    engine::{Event, Feed},
    fault::Fault,
    live::Live,
    location,
    seen::{Seen, Verdict},
};

/// How many lines of a service are stored, to recognize them after a reconnect.
const SERVICE_LINES: usize = 2_048;
/// How many lines of a deployment are stored: each connection begins with all of them.
const DEPLOYMENT_LINES: usize = 65_536;

/// The options of a service log.
///
/// Available on crate feature `stream` only.
#[derive(Debug, Clone)]
pub struct ServiceLogOptions {
    service: Uuid,
    query: Option<String>,
    limit: Option<u32>,
    since: Option<DateTime<Utc>>,
    pod: Option<String>,
}

impl ServiceLogOptions {
    pub(super) fn new(service: Uuid) -> Self {
        Self {
            service,
            query: None,
            limit: None,
            since: None,
            pod: None,
        }
    }

    /// Sets the options of a request, without the ids and the start time.
    fn apply(&self, request: &mut requests::ServiceLogs) {
        request.query.clone_from(&self.query);
        request.limit = self.limit;
        request.pod_name.clone_from(&self.pod);
    }

    fn check(&self) -> Result<(), Fault> {
        let id = self.service;
        let mut request = requests::ServiceLogs::new(id, id, id, id, id);
        self.apply(&mut request);
        request.check().map_err(Fault::Invalid)?;
        match self.since.as_ref().and_then(QueryValue::refusal) {
            Some(problem) => Err(Fault::Invalid(format!("the start time {problem}"))),
            None => Ok(()),
        }
    }
}

impl Live<ServiceLine, ServiceLogOptions> {
    /// Selects lines with a LogQL query. Default: all lines of the service. An empty query is
    /// refused.
    pub fn query(self, query: impl Into<String>) -> Self {
        self.option(|options| options.query = Some(query.into()))
    }

    /// Sets the largest number of earlier lines to begin with. Default: that of the server.
    pub fn limit(self, lines: u32) -> Self {
        self.option(|options| options.limit = Some(lines))
    }

    /// Begins with the lines from this time on.
    ///
    /// The API does not document the format of a time. The client sends RFC 3339. A time outside of the
    /// years 0 to 9999 is refused.
    pub fn since(self, time: DateTime<Utc>) -> Self {
        self.option(|options| options.since = Some(time))
    }

    /// Selects the lines of this pod.
    pub fn pod(self, name: impl Into<String>) -> Self {
        self.option(|options| options.pod = Some(name.into()))
    }
}

/// A line of a service log.
///
/// Available on crate feature `stream` only.
///
/// `Display` prints time, pod and text, with control characters escaped. [`line`](Self::line) has the
/// unescaped text.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ServiceLine {
    /// The time of the line, with a precision of milliseconds.
    pub time: DateTime<Utc>,
    /// The line as the API sent it.
    pub line: types::ServiceLogResponseDto,
}

impl fmt::Display for ServiceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.time.to_rfc3339_opts(SecondsFormat::Millis, true);
        let (pod, text) = (&self.line.pod_name, &self.line.message);
        write!(f, "{time} {} {}", Printable::new(pod), Printable::new(text))
    }
}

/// An entry of the log of a deployment.
///
/// Available on crate feature `stream` only.
///
/// `Display` prints time, subject and text, with control characters escaped.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DeploymentLine {
    /// The entry as the API sent it.
    pub entry: EnvironmentLogs,
}

impl DeploymentLine {
    /// Returns the unescaped text of the entry, or that of its error.
    pub fn text(&self) -> Option<&str> {
        let error = self.entry.error.as_ref();
        let error = error.and_then(|error| error.user_log_message.as_deref());
        let message = self.entry.message.as_ref();
        error.or_else(|| message.and_then(|message| message.safe_message.as_deref()))
    }

    /// Returns whether the entry reports an error.
    pub fn is_error(&self) -> bool {
        self.entry.error.is_some()
    }
}

impl fmt::Display for DeploymentLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.entry.timestamp;
        let time = time.to_rfc3339_opts(SecondsFormat::Millis, true);
        let about = self.entry.details.transmitter.as_ref();
        let about = about.and_then(|about| about.name.as_deref());
        let (about, text) = (about.unwrap_or_default(), self.text().unwrap_or_default());
        write!(
            f,
            "{time} {} {}",
            Printable::new(about),
            Printable::new(text)
        )
    }
}

/// The lines of a service.
pub(super) struct ServiceFeed {
    options: ServiceLogOptions,
    seen: Seen,
}

impl ServiceFeed {
    pub(super) fn new(options: ServiceLogOptions) -> Self {
        Self {
            options,
            seen: Seen::new(SERVICE_LINES),
        }
    }
}

impl Feed for ServiceFeed {
    type Request = requests::ServiceLogs;
    type Frame = types::ServiceLogResponseDto;
    type Item = ServiceLine;

    fn check(&self) -> Result<(), Fault> {
        self.options.check()
    }

    async fn request(&mut self, client: &Client, resumes: bool) -> Result<Self::Request, Fault> {
        let service = self.options.service;
        let location = location::of_service(client, service).await?;
        let mut request = requests::ServiceLogs::new(
            location.organization,
            location.cluster,
            location.project,
            location.environment,
            service,
        );
        self.options.apply(&mut request);
        let last = self.seen.last();
        let start = last.filter(|_| resumes).or(self.options.since);
        request.start = start.map(|time| time.to_rfc3339_opts(SecondsFormat::Millis, true));
        if last.is_some() && resumes {
            // The limit applies to the first lines, not to missed lines.
            request.limit = None;
        }
        Ok(request)
    }

    fn reconnected(&mut self) {
        self.seen.reconnected();
    }

    fn has_position(&self) -> bool {
        self.seen.last().is_some()
    }

    fn take(&mut self, line: Self::Frame, _: &Bytes, events: &mut VecDeque<Event<ServiceLine>>) {
        let time = DateTime::from_timestamp_millis(line.created_at).unwrap_or_default();
        let key = (
            &line.pod_name,
            &line.container_name,
            &line.version,
            &line.message,
            &line.severity_text,
        );
        let verdict = self.seen.judge(time, &key);
        push(events, verdict, ServiceLine { time, line });
    }
}

/// The options of a deployment log.
///
/// Available on crate feature `stream` only.
#[derive(Debug, Clone)]
pub struct DeploymentLogOptions {
    environment: Uuid,
    execution: Option<String>,
}

impl DeploymentLogOptions {
    pub(super) fn new(environment: Uuid) -> Self {
        Self {
            environment,
            execution: None,
        }
    }
}

impl Live<DeploymentLine, DeploymentLogOptions> {
    /// Reads the log of this execution as it is now, and ends. To follow a running deployment, leave it out: by
    /// default, the stream follows the current deployment and those after it. An empty id and `latest` are refused.
    pub fn execution(self, id: impl Into<String>) -> Self {
        self.option(|options| options.execution = Some(id.into()))
    }
}

/// The entries of the log of a deployment.
pub(super) struct DeploymentFeed {
    options: DeploymentLogOptions,
    seen: Seen,
    execution: Option<String>,
}

impl DeploymentFeed {
    pub(super) fn new(options: DeploymentLogOptions) -> Self {
        Self {
            options,
            seen: Seen::new(DEPLOYMENT_LINES),
            execution: None,
        }
    }

    /// Forgets the entries of another execution, because they are not sent again.
    fn enter(&mut self, entry: &EnvironmentLogs) {
        let execution = entry.details.execution_id.as_ref();
        if execution.is_some() && execution != self.execution.as_ref() {
            let before = mem::replace(&mut self.execution, execution.cloned());
            if before.is_some() {
                self.seen.reset();
            }
        }
    }
}

impl Feed for DeploymentFeed {
    type Request = requests::DeploymentLogs;
    type Frame = Vec<EnvironmentLogs>;
    type Item = DeploymentLine;

    fn check(&self) -> Result<(), Fault> {
        // For these values, the API follows the current deployment.
        match self.options.execution.as_deref() {
            Some(id) if id.is_empty() || id.contains('\0') || id == "latest" => {
                Err(Fault::Invalid(format!(
                    "{id:?} is not the id of an execution: leave out `execution` to follow the current deployment"
                )))
            }
            _ => Ok(()),
        }
    }

    async fn request(&mut self, client: &Client, _: bool) -> Result<Self::Request, Fault> {
        let location = location::of_environment(client, self.options.environment).await?;
        let mut request = requests::DeploymentLogs::new(
            location.organization,
            location.project,
            location.environment,
        )
        .cluster(location.cluster);
        request.version.clone_from(&self.options.execution);
        Ok(request)
    }

    fn reconnected(&mut self) {
        self.seen.reconnected();
    }

    fn is_one_frame(&self) -> bool {
        self.options.execution.is_some()
    }

    fn take(
        &mut self,
        entries: Self::Frame,
        _: &Bytes,
        events: &mut VecDeque<Event<DeploymentLine>>,
    ) {
        for entry in entries {
            self.enter(&entry);
            let line = DeploymentLine { entry };
            let (details, error) = (&line.entry.details, &line.entry.error);
            let transmitter = details.transmitter.as_ref().and_then(|one| one.id);
            let step = details
                .stage
                .as_ref()
                .and_then(|stage| stage.step.as_deref());
            let tag = error.as_ref().and_then(|error| error.tag.as_deref());
            let key = (transmitter, step, tag, line.text());
            let verdict = self.seen.judge(line.entry.timestamp, &key);
            push(events, verdict, line);
        }
    }
}

fn push<T>(events: &mut VecDeque<Event<T>>, verdict: Verdict, line: T) {
    match verdict {
        Verdict::Repeated => return,
        Verdict::After(gap) => events.push_back(Event::Gap(gap)),
        Verdict::New => {}
    }
    events.push_back(Event::Item(line));
}
