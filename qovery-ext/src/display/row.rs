//! Formats a service or a stage as a row of text. Bars and lines use the same rows.
//!
//! Rows hold printable text: text of the server is escaped when a row is made.

use std::{collections::HashSet, time::Duration};

use console::{Alignment, Style, measure_text_width, pad_str};
use qovery_api::Printable;
use uuid::Uuid;

use super::{
    style::{Palette, sign},
    wrap::last_that_fit,
};
use crate::wait::{Goal, Names, Phase, ServiceSnapshot, Snapshot, StageSnapshot, StepSnapshot};

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServiceRow {
    pub(super) id: Uuid,
    pub(super) stage: Option<Uuid>,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) phase: Phase,
    pub(super) state: String,
    pub(super) steps: Vec<String>,
}

/// A stage with the progress of its services.
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

/// The rows that are shown at one time.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) stages: Vec<StageRow>,
    pub(super) services: Vec<ServiceRow>,
}

impl Rows {
    /// Creates the rows of a status, for an operation in this phase.
    pub(super) fn of(snapshot: &Snapshot, goal: Goal, phase: Phase, names: &Names) -> Self {
        // Before the operation has begun, the status is of an earlier deployment.
        let is_own = !matches!(phase, Phase::NotStarted | Phase::Queued);
        let mut services: Vec<_> = snapshot
            .services
            .iter()
            .map(|service| ServiceRow::of(service, snapshot, goal, is_own, names))
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

    /// Returns at most `lines` rows, and the number of services that are left out. Finished services are left
    /// out first, then waiting ones, the last one first. The rows of stages are always shown.
    pub(super) fn fitted(&self, lines: usize) -> (Self, usize) {
        let all = self.stages.len() + self.services.len();
        let hidden = all.saturating_sub(lines).min(self.services.len());
        let stage_of = |service: &ServiceRow| {
            let mut stages = self.stages.iter();
            stages.position(|stage| stage.id == service.stage)
        };
        let mut order: Vec<_> = self.services.iter().collect();
        // The order of the display: that of the stages.
        order.sort_by_key(|service| stage_of(service));
        let mut order: Vec<_> = order.into_iter().enumerate().collect();
        order.sort_by_key(|(place, service)| match service.phase {
            Phase::Reached => (0, *place),
            // The services that start next are kept.
            Phase::NotStarted | Phase::Queued => (1, usize::MAX - place),
            Phase::Canceled => (2, *place),
            Phase::Failed => (4, *place),
            _ => (3, *place),
        });
        let left_out = order.iter().take(hidden).map(|(_, row)| row.id);
        let left_out: HashSet<Uuid> = left_out.collect();
        let mut fitted = self.clone();
        fitted.services.retain(|row| !left_out.contains(&row.id));
        (fitted, hidden)
    }

    /// The number of services in a phase.
    pub(super) fn count(&self, phase: Phase) -> usize {
        self.services
            .iter()
            .filter(|row| row.phase == phase)
            .count()
    }

    /// The widths of the columns for a terminal of this width; without a terminal they are unlimited.
    pub(super) fn columns(&self, width: Option<usize>) -> Columns {
        let widest = |texts: &mut dyn Iterator<Item = &String>| {
            let widths = texts.map(|text| measure_text_width(text));
            widths.max().unwrap_or(0)
        };
        let room = |beside| width.map_or(usize::MAX, |width| width.saturating_sub(beside));
        let state = widest(&mut self.services.iter().map(|row| &row.state));
        let state = state.clamp(STATE, room(BESIDE_NAME + LEAST).max(STATE));
        let beside_name = BESIDE_NAME + state;
        // Without a terminal, every text is whole.
        let limit = |least: usize, part| {
            room(0)
                .checked_div(part)
                .map_or(least, |own| own.max(least))
        };
        let room = room(beside_name).max(LEAST);
        let name_limit = limit(NAME, 2).min(room);
        let name = widest(&mut self.services.iter().map(|row| &row.name)).clamp(LEAST, name_limit);
        let kind = widest(&mut self.services.iter().map(|row| &row.kind));
        let stage = widest(&mut self.stages.iter().map(|row| &row.name));
        let stage = stage.clamp(LEAST, limit(STAGE, 3).min(room));
        let tally = self.stages.iter().map(|row| row.tally_parts().join("  "));
        let tally = tally
            .map(|text| measure_text_width(&text))
            .max()
            .unwrap_or(0);
        let bar = width.map_or(0, |width| {
            width.saturating_sub(BESIDE_STAGE + stage + 2 + tally)
        });
        let bar = if bar < 8 { 0 } else { bar.min(40) };
        let has_kind = width.is_none_or(|width| beside_name + name + 2 + kind <= width);
        Columns {
            stage,
            bar,
            name,
            kind: has_kind.then_some(kind),
            state,
            width,
        }
    }
}

/// The minimum width of the columns of stages and names.
const LEAST: usize = 8;
/// The maximum width of the column of stages, unless the terminal is wide.
const STAGE: usize = 24;
/// The other parts of the row of a stage, without name, bar and tally: the indentation, the sign, two spaces.
const BESIDE_STAGE: usize = 6;
/// The maximum width of the column of names, unless the terminal is wide. Services without a name have ids.
const NAME: usize = 36;
/// The indentation, the sign, and the spaces before the state in the row of a service.
const BESIDE_NAME: usize = 6 + 2;

impl ServiceRow {
    fn of(
        service: &ServiceSnapshot,
        snapshot: &Snapshot,
        goal: Goal,
        is_own: bool,
        names: &Names,
    ) -> Self {
        let id = service.service.id;
        let phase = match snapshot.service_phase(service, goal) {
            _ if !is_own => Phase::Queued,
            phase => phase,
        };
        let waits = matches!(phase, Phase::NotStarted | Phase::Queued);
        let name = match names.get(id) {
            Some(name) => Printable::new(name).to_string(),
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
                Vec::new()
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

/// Whether nothing was done in a stage, such as after a failure in an earlier one. In this case, the statuses of
/// its services are those of an earlier deployment.
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

    /// The services of a subject without stages, such as a selection.
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
    bar: usize,
    name: usize,
    /// `None` if it does not fit.
    kind: Option<usize>,
    state: usize,
    /// The width of the terminal.
    width: Option<usize>,
}

impl Columns {
    /// A service in columns, after the indentation and the sign.
    pub(super) fn service(self, row: &ServiceRow, palette: Palette) -> String {
        let mut text = pad(&row.name, self.name);
        let mut used = BESIDE_NAME + self.state + self.name;
        if let Some(kind) = self.kind {
            text = format!("{text}  {}", palette.dim(pad(&row.kind, kind)));
            used += 2 + kind;
        }
        let room = self.width.map(|width| width.saturating_sub(used + 2));
        let steps = last_that_fit(&row.steps, room);
        let state = match steps.is_empty() {
            true => cut(&row.state, self.state),
            false => pad(&row.state, self.state),
        };
        text = format!("{text}  {}", palette.phase(row.phase, state));
        if !steps.is_empty() {
            text = format!("{text}  {}", palette.dim(steps));
        }
        text
    }

    /// The width of the bar of a stage; 0 if it does not fit.
    pub(super) fn bar(self) -> usize {
        self.bar
    }

    /// The progress of a stage, if it fits.
    pub(super) fn tally(self, row: &StageRow, palette: Palette) -> String {
        let beside = match self.bar {
            0 => BESIDE_STAGE + self.stage,
            bar => BESIDE_STAGE + self.stage + bar + 2,
        };
        let mut text = String::new();
        for part in row.tally_parts() {
            let gap = if text.is_empty() { "" } else { "  " };
            let longer = format!("{text}{gap}{part}");
            let width = beside + measure_text_width(&longer);
            if self.width.is_some_and(|most| width > most) {
                break;
            }
            text = longer;
        }
        match row.phase {
            Phase::Running | Phase::Reached => text,
            phase => palette.phase(phase, text),
        }
    }

    /// The sign and the name of a stage.
    pub(super) fn stage(self, row: &StageRow, palette: Palette) -> String {
        let name = pad(&row.name, self.stage);
        let name = match row.phase {
            Phase::Running | Phase::Reached => palette.bold(name),
            phase => palette.phase(phase, name),
        };
        format!("{} {name}", palette.phase(row.phase, sign(row.phase)))
    }
}

impl StageRow {
    /// The finished part and the total. A running service counts as a half.
    pub(super) fn position(&self) -> (usize, usize) {
        (2 * self.reached + self.running, 2 * self.services)
    }

    /// The bar as text, for output without animated bars.
    pub(super) fn bar(&self, width: usize, palette: Palette) -> String {
        let (position, length) = self.position();
        let filled = (width * position).checked_div(length).unwrap_or(0);
        let (done, left) = ("━".repeat(filled), "─".repeat(width.saturating_sub(filled)));
        let done = palette.phase(Phase::Reached, done);
        let left = palette.apply(&Style::new().black().bright(), left);
        format!("{done}{left}")
    }

    /// The number of finished services and the time: `2/3  1m 4s`.
    fn tally_parts(&self) -> Vec<String> {
        let mut parts = vec![format!("{}/{}", self.reached, self.services)];
        parts.extend(self.duration.map(span));
        if matches!(self.phase, Phase::Failed | Phase::Canceled) {
            parts.push(self.phase.to_string());
        }
        parts
    }
}

/// Cuts a text to this width. The cut is after a whole word if a word ends in the second half of the width.
fn cut(text: &str, width: usize) -> String {
    if measure_text_width(text) <= width {
        return text.to_owned();
    }
    let begin = console::truncate_str(text, width.saturating_sub(1), "");
    let is_separator = |c: char| !c.is_alphanumeric();
    let rest = text.strip_prefix(&*begin).unwrap_or_default();
    let whole = match rest.starts_with(is_separator) {
        true => &*begin,
        false => begin
            .rsplit_once(is_separator)
            .map_or("", |(whole, _)| whole),
    };
    let is_enough = 2 * measure_text_width(whole) >= width;
    format!("{}…", if is_enough { whole } else { &begin })
}

fn pad(text: &str, width: usize) -> String {
    pad_str(&cut(text, width), width, Alignment::Left, None).into_owned()
}

/// The minimum width of the column of states.
const STATE: usize = 16;

/// The steps so far: `git clone 4s, build 62s, deployment`.
fn steps(steps: &[StepSnapshot], phase: Phase) -> Vec<String> {
    steps
        .iter()
        .filter(|step| phase == Phase::Running || step.status.is_some())
        .map(step)
        .collect()
}

/// A step with its duration, if it has one.
pub(super) fn step(step: &StepSnapshot) -> String {
    let name = step.name.to_lowercase().replace('_', " ");
    let name = Printable::new(&name).to_string();
    match step.duration.filter(|time| !time.is_zero()) {
        Some(time) => format!("{name} {}", span(time)),
        None => name,
    }
}

/// A duration in whole seconds: `1m 4s`.
pub(super) fn span(time: Duration) -> String {
    crate::span::span(Duration::from_secs(time.as_secs()))
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
    use super::*;
    use crate::wait::{ServiceKind, ServiceRef, State, Subject};

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
        let rows = Rows::of(
            &snapshot("SKIPPED"),
            Goal::Deployed,
            Phase::Failed,
            &Names::default(),
        );
        assert_eq!(rows.services[0].state, "skipped");
        assert_eq!(rows.stages[0].reached, 0);
        assert_eq!(rows.stages[0].phase, Phase::NotStarted);
        let rows = Rows::of(
            &snapshot("DONE"),
            Goal::Deployed,
            Phase::Failed,
            &Names::default(),
        );
        assert_eq!(rows.services[0].state, "DEPLOYED");
    }

    #[test]
    fn states_of_an_earlier_deployment_are_not_shown_as_done() {
        let rows = Rows::of(
            &snapshot("DONE"),
            Goal::Deployed,
            Phase::Queued,
            &Names::default(),
        );
        assert_eq!(rows.services[0].state, "waiting");
        assert_eq!(rows.count(Phase::Reached), 0);
    }

    #[test]
    fn rows_fit_any_width_from_40_on_and_leave_out_whole_steps() {
        let snapshot = snapshot("DONE");
        let mut rows = Rows::of(&snapshot, Goal::Deployed, Phase::Running, &Names::default());
        let row = &mut rows.services[0];
        row.steps = ["git clone 4s", "build 1m 2s", "deployment 24s"]
            .map(str::to_owned)
            .to_vec();
        row.state = "DEPLOYMENT_ERROR".to_owned();
        for name in ["api", "a-very-long-name-of-a-service-that-goes-on"] {
            rows.services[0].name = name.to_owned();
            rows.stages[0].name = name.to_owned();
            for width in 40..=200 {
                let columns = rows.columns(Some(width));
                let palette = Palette::new(width % 2 == 0);
                let service = columns.service(&rows.services[0], palette);
                assert!(
                    6 + measure_text_width(&service) <= width,
                    "{width}: {service}"
                );
                assert!(service.contains("DEPLOYMENT_ERROR"), "{service}");
                for word in ["git", "clone", "build", "deployment"] {
                    let plain = console::strip_ansi_codes(&service);
                    let part = plain.contains(&word[..3]);
                    assert_eq!(part, plain.contains(word), "{width}: {plain}");
                }
                let stage = columns.stage(&rows.stages[0], palette);
                let tally = columns.tally(&rows.stages[0], palette);
                let whole = match columns.bar() {
                    0 => format!("  {stage}  {tally}"),
                    bar => format!("  {stage}  {}  {tally}", rows.stages[0].bar(bar, palette)),
                };
                assert!(measure_text_width(&whole) <= width, "{width}: {whole}");
            }
        }
        let all = rows
            .columns(None)
            .service(&rows.services[0], Palette::new(false));
        assert!(
            all.contains("git clone 4s, build 1m 2s, deployment 24s"),
            "{all}"
        );
    }

    #[test]
    fn a_state_is_whole_at_any_width_and_without_a_terminal_a_name_is_too() {
        let snapshot = snapshot("DONE");
        let mut rows = Rows::of(&snapshot, Goal::Deployed, Phase::Running, &Names::default());
        let name = "storefront-frontend-of-the-second-generation-in-europe";
        rows.services[0].name = name.to_owned();
        rows.stages[0].name = name.to_owned();
        for state in [
            "DEPLOYMENT_QUEUED",
            "WAITING_RESTARTING",
            "INVALID_CREDENTIALS",
        ] {
            rows.services[0].state = state.to_owned();
            for width in (40..=200).map(Some).chain([None]) {
                let columns = rows.columns(width);
                let service = columns.service(&rows.services[0], Palette::new(false));
                assert!(service.contains(state), "{width:?}: {service}");
                let wide = 6 + measure_text_width(&service);
                assert!(
                    width.is_none_or(|width| wide <= width),
                    "{width:?}: {service}"
                );
                let stage = columns.stage(&rows.stages[0], Palette::new(false));
                for row in [&service, &stage] {
                    let is_whole = row.contains(name);
                    assert!(is_whole || row.contains('…'), "{width:?}: {row}");
                    assert!(
                        is_whole || width.is_some_and(|width| width < 162),
                        "{width:?}: {row}"
                    );
                    // The rest are whole words.
                    let words = row.trim_start_matches(|c: char| !c.is_alphanumeric());
                    let words = words.split(['…', ' ']).next().unwrap();
                    let rest = name.strip_prefix(words).unwrap();
                    assert!(rest.is_empty() || rest.starts_with('-'), "{width:?}: {row}");
                }
            }
        }
    }

    #[test]
    fn a_text_without_a_word_that_fits_is_cut_anywhere() {
        for (text, width, expected) in [
            ("api", 8, "api"),
            ("storefront", 8, "storefr…"),
            ("a-storefront", 8, "a-store…"),
            ("store-front", 8, "store…"),
            ("storefr-ont", 8, "storefr…"),
            ("bürogebäude-süd", 12, "bürogebäude…"),
            ("店铺店铺店铺", 8, "店铺店…"),
        ] {
            assert_eq!(cut(text, width), expected, "{text}");
        }
    }

    #[test]
    fn a_service_without_a_stage_is_still_shown() {
        let mut snapshot = snapshot("DONE");
        snapshot.services[0].stage = None;
        let rows = Rows::of(&snapshot, Goal::Deployed, Phase::Running, &Names::default());
        assert_eq!(rows.of_stage(&rows.stages[0]).count(), 1);
    }
}
