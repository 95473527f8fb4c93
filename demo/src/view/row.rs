//! One service or one stage as a row of words, the same in every view for people.
//!
//! Rows hold printable text: what the server wrote is escaped where a row is made.

use std::time::Duration;

use console::{Alignment, Style, pad_str};
use qovery_api::{Printable, uuid::Uuid};
use qovery_ext::wait::{Goal, Phase, ServiceSnapshot, Snapshot, StageSnapshot, StepSnapshot};

use crate::follow::Task;

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServiceRow {
    pub(super) id: Uuid,
    pub(super) stage: Option<Uuid>,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) phase: Phase,
    pub(super) state: String,
    pub(super) steps: String,
}

/// A stage with how far its services are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StageRow {
    pub(super) id: Option<Uuid>,
    pub(super) name: String,
    pub(super) phase: Phase,
    pub(super) services: usize,
    pub(super) reached: usize,
    pub(super) running: usize,
    pub(super) duration: Option<Duration>,
}

/// What there is to see at one time.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) stages: Vec<StageRow>,
    pub(super) services: Vec<ServiceRow>,
}

impl Rows {
    /// What a status shows of an operation that is in this phase.
    pub(super) fn of(snapshot: &Snapshot, goal: Goal, phase: Phase, task: &Task) -> Self {
        // What the status shows before the operation has begun is of an earlier deployment.
        let is_own = !matches!(phase, Phase::NotStarted | Phase::Queued);
        let mut services: Vec<_> = snapshot
            .services
            .iter()
            .map(|service| ServiceRow::of(service, snapshot, goal, is_own, task))
            .collect();
        for stage in snapshot
            .stages
            .iter()
            .filter(|stage| is_own && is_skipped(stage))
        {
            let own = services
                .iter_mut()
                .filter(|row| row.stage == Some(stage.id));
            own.for_each(ServiceRow::skip);
        }
        let mut stages: Vec<_> = snapshot
            .stages
            .iter()
            .map(|stage| StageRow::of(stage, &services, is_own))
            .filter(|stage| stage.services > 0)
            .collect();
        let staged = |service: &ServiceRow| stages.iter().any(|stage| stage.id == service.stage);
        if !services.iter().all(staged) {
            stages.clear();
        }
        if stages.is_empty() && !services.is_empty() {
            stages.push(StageRow::without_stages(&services, phase));
        }
        Self { stages, services }
    }

    /// The services of a stage.
    pub(super) fn of_stage(&self, stage: &StageRow) -> impl Iterator<Item = &ServiceRow> {
        let id = stage.id;
        let mut services = self.services.iter();
        std::iter::from_fn(move || services.find(|service| id.is_none() || service.stage == id))
    }

    /// How many services are in a phase.
    pub(super) fn count(&self, phase: Phase) -> usize {
        self.services
            .iter()
            .filter(|row| row.phase == phase)
            .count()
    }

    /// The widths of the columns of names and kinds.
    pub(super) fn columns(&self) -> Columns {
        let widest = |texts: &mut dyn Iterator<Item = &String>| {
            let widths = texts.map(|text| console::measure_text_width(text));
            widths.max().unwrap_or(0)
        };
        Columns {
            stage: widest(&mut self.stages.iter().map(|row| &row.name)).clamp(8, 24),
            name: widest(&mut self.services.iter().map(|row| &row.name)).clamp(8, 24),
            kind: widest(&mut self.services.iter().map(|row| &row.kind)),
        }
    }
}

impl ServiceRow {
    fn of(
        service: &ServiceSnapshot,
        snapshot: &Snapshot,
        goal: Goal,
        is_own: bool,
        task: &Task,
    ) -> Self {
        let id = service.service.id;
        let phase = match snapshot.service_phase(service, goal) {
            _ if !is_own => Phase::Queued,
            phase => phase,
        };
        let waits = matches!(phase, Phase::NotStarted | Phase::Queued);
        let name = match task.service(id) {
            Some(listed) => Printable::new(&listed.name).to_string(),
            None => id.to_string(),
        };
        Self {
            id,
            stage: service.stage,
            name,
            kind: service.service.kind.to_string(),
            phase,
            state: if waits {
                "waiting".to_owned()
            } else {
                service.state.to_string()
            },
            steps: if waits {
                String::new()
            } else {
                steps(&service.steps, phase)
            },
        }
    }

    fn skip(&mut self) {
        self.phase = Phase::NotStarted;
        "skipped".clone_into(&mut self.state);
        self.steps.clear();
    }
}

/// Whether nothing was done in a stage, such as after a failure in an earlier one. What its
/// services show is of an earlier deployment then.
fn is_skipped(stage: &StageSnapshot) -> bool {
    stage.status.as_deref() == Some("SKIPPED")
}

impl StageRow {
    fn of(stage: &StageSnapshot, services: &[ServiceRow], is_own: bool) -> Self {
        let own: Vec<_> = services
            .iter()
            .filter(|row| row.stage == Some(stage.id))
            .collect();
        let count = |phase| own.iter().filter(|row| row.phase == phase).count();
        Self {
            id: Some(stage.id),
            name: Printable::new(&stage.name).to_string(),
            phase: match stage.phase() {
                _ if !is_own => Phase::Queued,
                _ if is_skipped(stage) => Phase::NotStarted,
                phase => phase,
            },
            services: own.len(),
            reached: count(Phase::Reached),
            running: count(Phase::Running),
            duration: stage.duration.filter(|time| is_own && !time.is_zero()),
        }
    }

    /// The services of what has no stages: of a selection, for example.
    fn without_stages(services: &[ServiceRow], phase: Phase) -> Self {
        let count = |phase| services.iter().filter(|row| row.phase == phase).count();
        Self {
            id: None,
            name: "services".to_owned(),
            phase,
            services: services.len(),
            reached: count(Phase::Reached),
            running: count(Phase::Running),
            duration: None,
        }
    }
}

/// The widths of the columns.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Columns {
    stage: usize,
    name: usize,
    kind: usize,
}

impl Columns {
    /// A service in columns, with colours where they are wanted.
    pub(super) fn service(self, row: &ServiceRow) -> String {
        let state = colour(row.phase).apply_to(pad(&row.state, STATE));
        let kind = Style::new().dim().apply_to(pad(&row.kind, self.kind));
        let steps = Style::new().dim().apply_to(&row.steps);
        format!("{}  {kind}  {state}  {steps}", pad(&row.name, self.name))
    }

    /// The sign and the name of a stage.
    pub(super) fn stage(self, row: &StageRow) -> String {
        let sign = colour(row.phase).apply_to(sign(row.phase));
        format!("{sign} {}", self.name_of(row))
    }

    fn name_of(self, row: &StageRow) -> String {
        let name = pad(&row.name, self.stage);
        match row.phase {
            Phase::NotStarted | Phase::Queued => Style::new().dim().apply_to(name).to_string(),
            Phase::Failed | Phase::Canceled => colour(row.phase).apply_to(name).to_string(),
            _ => Style::new().bold().apply_to(name).to_string(),
        }
    }
}

impl StageRow {
    /// How far it is, and what the whole would be. What is under way counts half.
    pub(super) fn position(&self) -> (usize, usize) {
        (2 * self.reached + self.running, 2 * self.services)
    }

    /// Its bar, where it is not drawn by something that moves.
    pub(super) fn bar(&self, width: usize) -> String {
        let (position, length) = self.position();
        let filled = (width * position).checked_div(length).unwrap_or(0);
        let (done, left) = ("━".repeat(filled), "─".repeat(width.saturating_sub(filled)));
        let (done, left) = (
            Style::new().green().apply_to(done),
            Style::new().black().bright().apply_to(left),
        );
        format!("{done}{left}")
    }

    /// How much of it is done, and how long it took: `2/3  1m 4s`.
    pub(super) fn tally(&self) -> String {
        let mut text = format!("{}/{}", self.reached, self.services);
        if let Some(time) = self.duration {
            text = format!("{text}  {}", span(time));
        }
        match self.phase {
            Phase::NotStarted | Phase::Queued => Style::new().dim().apply_to(text).to_string(),
            Phase::Failed | Phase::Canceled => {
                let text = format!("{text}  {}", self.phase);
                colour(self.phase).apply_to(text).to_string()
            }
            _ => text,
        }
    }
}

/// How wide the bar of a stage is in a terminal of this width; nothing where there is no room.
pub(super) fn bar_width(columns: usize) -> usize {
    match columns {
        ..48 => 0,
        columns => (columns - 46).min(40),
    }
}

fn pad(text: &str, width: usize) -> String {
    pad_str(text, width, Alignment::Left, Some("…")).into_owned()
}

/// Room for the longest state that is common.
const STATE: usize = 16;

/// The colour of a phase.
pub(super) fn colour(phase: Phase) -> Style {
    match phase {
        Phase::Running => Style::new().cyan(),
        Phase::Reached => Style::new().green(),
        Phase::Failed => Style::new().red().bold(),
        Phase::Canceled => Style::new().yellow(),
        _ => Style::new().dim(),
    }
}

/// The sign of a phase.
pub(super) fn sign(phase: Phase) -> &'static str {
    match phase {
        Phase::Reached => "✔",
        Phase::Failed => "✘",
        Phase::Canceled => "■",
        Phase::Running => "•",
        _ => "·",
    }
}

/// What was done so far: `git clone 4s, build 62s, deployment`.
fn steps(steps: &[StepSnapshot], phase: Phase) -> String {
    let told: Vec<_> = steps
        .iter()
        .filter(|step| phase == Phase::Running || step.status.is_some())
        .map(step)
        .collect();
    told.join(", ")
}

/// A step with its time, where it has one.
pub(super) fn step(step: &StepSnapshot) -> String {
    let name = step.name.to_lowercase().replace('_', " ");
    let name = Printable::new(&name).to_string();
    match step.duration.filter(|time| !time.is_zero()) {
        Some(time) => format!("{name} {}", span(time)),
        None => name,
    }
}

/// A time in whole seconds: `1m 4s`.
pub(super) fn span(time: Duration) -> String {
    humantime::format_duration(Duration::from_secs(time.as_secs())).to_string()
}

/// A word with a number: `1 stage`, `7 services`.
pub(super) fn count(number: u64, word: &str) -> String {
    match number {
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    }
}

#[cfg(test)]
mod tests {
    use qovery_ext::wait::{ServiceKind, ServiceRef, State, Subject};

    use super::*;

    fn task() -> Task {
        Task {
            title: "Deploying".to_owned(),
            environment: None,
            services: Vec::new(),
            speed: 1.0,
        }
    }

    fn snapshot(stage_status: &str) -> Snapshot {
        let stage = Uuid::from_u128(1);
        let subject = Subject::environment(Uuid::from_u128(2));
        let mut snapshot = Snapshot::new(subject, State::DeploymentError);
        let mut shown = StageSnapshot::new(stage, "edge");
        shown.status = Some(stage_status.to_owned());
        snapshot.stages.push(shown);
        let id = ServiceRef::new(ServiceKind::Application, Uuid::from_u128(3));
        let mut service = ServiceSnapshot::new(id, State::Deployed);
        service.stage = Some(stage);
        snapshot.services.push(service);
        snapshot
    }

    #[test]
    fn a_service_of_a_skipped_stage_is_not_shown_as_deployed() {
        let rows = Rows::of(&snapshot("SKIPPED"), Goal::Deployed, Phase::Failed, &task());
        assert_eq!(rows.services[0].state, "skipped");
        assert_eq!(rows.stages[0].reached, 0);
        assert_eq!(rows.stages[0].phase, Phase::NotStarted);
        let rows = Rows::of(&snapshot("DONE"), Goal::Deployed, Phase::Failed, &task());
        assert_eq!(rows.services[0].state, "DEPLOYED");
    }

    #[test]
    fn what_an_earlier_deployment_has_left_is_not_shown_as_done() {
        let rows = Rows::of(&snapshot("DONE"), Goal::Deployed, Phase::Queued, &task());
        assert_eq!(rows.services[0].state, "waiting");
        assert_eq!(rows.count(Phase::Reached), 0);
    }

    #[test]
    fn a_service_without_a_stage_is_still_shown() {
        let mut snapshot = snapshot("DONE");
        snapshot.services[0].stage = None;
        let rows = Rows::of(&snapshot, Goal::Deployed, Phase::Running, &task());
        assert_eq!(rows.of_stage(&rows.stages[0]).count(), 1);
    }
}
