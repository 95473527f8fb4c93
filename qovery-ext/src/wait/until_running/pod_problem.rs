//! A pod that cannot run, and the reason.

use std::{fmt, time::Duration};

use qovery_api::{Client, Printable, stream::types};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::stream::{LiveExt as _, Reconnect};

/// The number of log lines in a report on a pod.
const LINES: u32 = 20;

/// A pod that cannot run.
///
/// Available on crate feature `stream` only.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PodProblem {
    /// The kind of the problem.
    pub kind: PodProblemKind,
    /// The service.
    pub service: Uuid,
    /// The name of the pod.
    pub pod: String,
    /// The container, if the problem is that of a container.
    pub container: Option<String>,
    /// The reason as one word, from Kubernetes.
    pub reason: String,
    /// The message, unescaped.
    pub message: String,
    /// The exit code of the last run of the container.
    pub exit_code: Option<i32>,
    /// The last lines of the pod's log, unescaped.
    pub last_lines: Vec<String>,
}

/// The kind of a problem of a pod.
///
/// Available on crate feature `stream` only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PodProblemKind {
    /// The container ends repeatedly.
    CrashLoop,
    /// The image cannot be pulled.
    ImagePull,
    /// A probe fails.
    Probe,
    /// Another error.
    Other,
}

/// The problem of a pod, if it has one.
pub(super) fn problem(service: Uuid, pod: &types::PodStatusDto) -> Option<PodProblem> {
    let failing = pod.containers.iter().find_map(|container| {
        let state = container.current_state.as_ref()?;
        let reason = state
            .state_reason
            .as_deref()
            .filter(|reason| !reason.is_empty())?;
        let is_failing = kind_of(reason) != PodProblemKind::Other
            || state.state == types::ServiceStateDto::Error;
        is_failing.then_some((container, reason, state.state_message.as_deref()))
    });
    let ended = |container: &types::ContainerStatusDto| {
        container
            .last_terminated_state
            .as_ref()
            .map(|end| end.exit_code)
    };
    let probe = pod
        .last_events
        .iter()
        .rev()
        .find(|event| event.reason == "Unhealthy");
    let probe = probe.filter(|_| pod.state != types::ServiceStateDto::Running);
    let found = match (failing, probe) {
        (Some((container, reason, message)), _) => (
            kind_of(reason),
            Some(container),
            reason,
            message.unwrap_or_default(),
        ),
        (None, _) if kind_of(&pod.state_reason) != PodProblemKind::Other => (
            kind_of(&pod.state_reason),
            None,
            pod.state_reason.as_str(),
            pod.state_message.as_str(),
        ),
        (None, Some(event)) => (
            PodProblemKind::Probe,
            None,
            event.reason.as_str(),
            event.message.as_str(),
        ),
        (None, None) if pod.state == types::ServiceStateDto::Error => (
            PodProblemKind::Other,
            None,
            pod.state_reason.as_str(),
            pod.state_message.as_str(),
        ),
        (None, None) => return None,
    };
    let (kind, container, reason, message) = found;
    let exit_code = match container {
        Some(container) => ended(container),
        None => pod.containers.iter().find_map(ended),
    };
    Some(PodProblem {
        kind,
        service,
        pod: pod.name.clone(),
        container: container.map(|container| container.name.clone()),
        reason: reason.to_owned(),
        message: message.to_owned(),
        exit_code: exit_code.and_then(|code| i32::try_from(code).ok()),
        last_lines: Vec::new(),
    })
}

fn kind_of(reason: &str) -> PodProblemKind {
    match reason {
        "CrashLoopBackOff" => PodProblemKind::CrashLoop,
        "ImagePullBackOff"
        | "ErrImagePull"
        | "ErrImageNeverPull"
        | "InvalidImageName"
        | "RegistryUnavailable" => PodProblemKind::ImagePull,
        "Unhealthy" => PodProblemKind::Probe,
        _ => PodProblemKind::Other,
    }
}

/// Adds the last lines of the pod, if they can be read within a short time.
pub(super) async fn with_lines(client: &Client, mut problem: PodProblem) -> PodProblem {
    let lines = client
        .service_logs(problem.service)
        .pod(problem.pod.clone())
        .limit(LINES);
    let mut lines = lines.reconnect(Reconnect::never()).items();
    let until = Instant::now() + Duration::from_secs(5);
    while Instant::now() < until
        && problem.last_lines.len() < usize::try_from(LINES).unwrap_or(usize::MAX)
        && let Ok(Some(Ok(line))) = timeout(Duration::from_secs(1), lines.next()).await
    {
        problem.last_lines.push(line.line.message);
    }
    problem
}

impl fmt::Display for PodProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "pod {} of service {}",
            Printable::new(&self.pod),
            self.service
        )?;
        if let Some(container) = &self.container {
            write!(f, ", container {}", Printable::new(container))?;
        }
        write!(f, ": {}", Printable::new(&self.reason))?;
        if let Some(code) = self.exit_code {
            write!(f, ", exit code {code}")?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", Printable::new(&self.message))?;
        }
        for line in &self.last_lines {
            write!(f, "\n  {}", Printable::new(line))?;
        }
        Ok(())
    }
}
