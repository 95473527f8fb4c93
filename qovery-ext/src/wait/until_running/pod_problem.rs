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
        let reason = state.state_reason.as_deref();
        let reason = reason.filter(|reason| !reason.is_empty())?;
        let is_failing = kind_of(reason) != PodProblemKind::Other
            || state.state == types::ServiceStateDto::Error;
        is_failing.then_some((container, reason, state.state_message.as_deref()))
    });
    let ended = |container: &types::ContainerStatusDto| {
        let end = container.last_terminated_state.as_ref();
        end.map(|end| end.exit_code)
    };
    let mut events = pod.last_events.iter().rev();
    let probe = events.find(|event| event.reason == "Unhealthy");
    let probe = probe.filter(|_| pod.state != types::ServiceStateDto::Running);
    let own = (pod.state_reason.as_str(), pod.state_message.as_str());
    let own_kind = kind_of(&pod.state_reason);
    let (kind, container, (reason, message)) = match (failing, probe) {
        (Some((container, reason, message)), _) => {
            let texts = (reason, message.unwrap_or_default());
            (kind_of(reason), Some(container), texts)
        }
        (None, _) if own_kind != PodProblemKind::Other => (own_kind, None, own),
        (None, Some(event)) => {
            let texts = (event.reason.as_str(), event.message.as_str());
            (PodProblemKind::Probe, None, texts)
        }
        (None, None) if pod.state == types::ServiceStateDto::Error => (own_kind, None, own),
        (None, None) => return None,
    };
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
        let pod = Printable::new(&self.pod);
        write!(f, "pod {pod} of service {}", self.service)?;
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
        f.write_str(match self.kind {
            PodProblemKind::CrashLoop => "; correct the program or its settings, then deploy again",
            PodProblemKind::ImagePull => "; check the image and its registry, then deploy again",
            PodProblemKind::Probe => "; check the probe and the log, then deploy again",
            PodProblemKind::Other => "; correct the cause, then deploy again",
        })?;
        for line in &self.last_lines {
            write!(f, "\n  {}", Printable::new(line))?;
        }
        Ok(())
    }
}
