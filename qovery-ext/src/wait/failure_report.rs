//! The report on a failed deployment, fetched once and limited in size.

use std::fmt;

use qovery_api::Printable;
use serde::Serialize;
use uuid::Uuid;

use super::{Goal, Names, Phase, ServiceRef, Snapshot, StageSnapshot, State, StepSnapshot};

/// The facts that a person needs to fix a failure.
///
/// `Display` prints each text through [`Printable`], so that the output of a build can neither control a
/// terminal nor contain a command of a CI runner. The fields hold the texts unescaped.
///
/// The report is limited to 20 stages, 20 services, the configured number of lines for each service, and
/// 1,000 characters per line. An error while it is fetched never replaces the failure:
/// [`FailureReport::incomplete`] names the parts that could not be fetched.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FailureReport {
    /// The id of the deployment.
    pub deployment_id: Option<String>,
    /// The id of its request.
    pub deployment_request_id: Option<Uuid>,
    /// The page of the deployment in the web console.
    pub console_url: Option<String>,
    /// The stages that failed or were canceled.
    pub stages: Vec<StageSnapshot>,
    /// The services that failed or were canceled.
    pub services: Vec<FailedService>,
    /// The last lines of the log that belong to none of these services.
    pub lines: Vec<LogLine>,
    /// The parts that could not be fetched, and the reason.
    pub incomplete: Option<String>,
}

/// A service that failed or was canceled.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FailedService {
    /// The service.
    pub service: ServiceRef,
    /// Its name, if the log or the client has it.
    pub name: Option<String>,
    /// Its state.
    pub state: State,
    /// The name of its stage.
    pub stage: Option<String>,
    /// The first step that failed or was canceled; if there is none, the last step.
    pub step: Option<StepSnapshot>,
    /// The last lines of the deployment log about it.
    pub lines: Vec<LogLine>,
}

/// The log of one deployment.
#[derive(Debug, Clone, Default)]
pub(crate) struct DeploymentLog {
    pub(crate) lines: Vec<LogLine>,
    pub(crate) console: Option<String>,
    /// The environment with all its services, if the reading of the wait did not have them.
    pub(crate) whole: Option<Snapshot>,
}

/// A line of the deployment log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LogLine {
    /// The time of the line, as the server reports it.
    pub at: Option<String>,
    /// The id of the service or environment that the line is about.
    pub about: Option<Uuid>,
    /// The name of that service or environment.
    pub name: Option<String>,
    /// The step during which it was written.
    pub step: Option<String>,
    /// Whether it reports an error.
    pub is_error: bool,
    /// The text.
    pub text: String,
    /// The advice of the server.
    pub hint: Option<String>,
}

const STAGES: usize = 20;
const SERVICES: usize = 20;
const LINE: usize = 1000;

impl FailureReport {
    /// The facts of the last status only.
    pub(crate) fn of(snapshot: &Snapshot, goal: Goal, request: Option<Uuid>) -> Self {
        let failed = |phase| matches!(phase, Phase::Failed | Phase::Canceled);
        let mut services: Vec<_> = snapshot
            .services
            .iter()
            .filter(|s| failed(snapshot.service_phase(s, goal)))
            .collect();
        // Failed services come before services that were canceled because of them.
        services.sort_by_key(|s| s.state == State::Canceled);
        Self {
            deployment_id: snapshot.deployment_id.clone(),
            deployment_request_id: request.or(snapshot.deployment_request_id),
            console_url: None,
            stages: snapshot
                .stages
                .iter()
                .filter(|s| failed(s.phase()))
                .take(STAGES)
                .cloned()
                .collect(),
            services: services
                .into_iter()
                .take(SERVICES)
                .map(|s| FailedService {
                    service: s.service,
                    name: None,
                    state: s.state.clone(),
                    stage: snapshot
                        .stages
                        .iter()
                        .find(|stage| Some(stage.id) == s.stage)
                        .map(|stage| stage.name.clone()),
                    step: s.decisive_step().cloned(),
                    lines: Vec::new(),
                })
                .collect(),
            lines: Vec::new(),
            incomplete: None,
        }
    }

    /// Names the services that the log did not name.
    pub(crate) fn add_names(&mut self, names: &Names) {
        for failed in &mut self.services {
            if failed.name.is_none() {
                failed.name = names.get(failed.service.id).map(str::to_owned);
            }
        }
    }

    /// Adds the last lines of the log.
    pub(crate) fn add_log(&mut self, log: DeploymentLog, lines: usize) {
        self.console_url = log.console;
        for mut line in log.lines.into_iter().rev() {
            shorten(&mut line.text);
            if let Some(hint) = &mut line.hint {
                shorten(hint);
            }
            let own = self
                .services
                .iter_mut()
                .find(|s| Some(s.service.id) == line.about);
            let (name, place) = match own {
                Some(service) => (Some(&mut service.name), &mut service.lines),
                None => (None, &mut self.lines),
            };
            if let Some(name) = name
                && name.is_none()
            {
                name.clone_from(&line.name);
            }
            if place.len() < lines {
                place.push(line);
            }
        }
        self.lines.reverse();
        for service in &mut self.services {
            service.lines.reverse();
        }
    }
}

fn shorten(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(LINE) {
        text.truncate(end);
        text.push('…');
    }
}

impl fmt::Display for FailureReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for service in &self.services {
            match &service.name {
                Some(name) => write!(f, "  {} ({})", Printable::new(name), service.service)?,
                None => write!(f, "  {}", service.service)?,
            }
            write!(f, ": {}", service.state)?;
            if let Some(stage) = &service.stage {
                write!(f, ", stage {}", Printable::new(stage))?;
            }
            if let Some(step) = &service.step {
                write!(f, ", step {}", Printable::new(&step.name))?;
            }
            writeln!(f)?;
            for line in &service.lines {
                writeln!(f, "    {line}")?;
            }
        }
        for line in &self.lines {
            writeln!(f, "  {line}")?;
        }
        if let Some(id) = &self.deployment_id {
            writeln!(f, "  deployment {}", Printable::new(id))?;
        }
        if let Some(url) = &self.console_url {
            writeln!(f, "  {}", Printable::new(url))?;
        }
        if let Some(why) = &self.incomplete {
            writeln!(f, "  this report is incomplete: {}", Printable::new(why))?;
        }
        Ok(())
    }
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Printable::new(self.text.trim_end()))?;
        match &self.hint {
            Some(hint) => write!(f, " ({})", Printable::new(hint.trim_end())),
            None => Ok(()),
        }
    }
}
