//! Progress in a terminal: a bar for each stage, a line for each service, redrawn in place.
//!
//! What is drawn vanishes at the end. The last rows are then printed like any other text, so that
//! they stay in the scroll-back as they were.

use std::time::Duration;

use console::style;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use qovery_ext::wait::Phase;

use super::{
    quiet_keys::QuietKeys,
    row::{self, Columns, Rows, ServiceRow, StageRow, colour, sign, span},
    text::{Live, News},
};
use crate::follow::Task;

const TICK: Duration = Duration::from_millis(100);
const SPINNER: &str = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ";

/// Bars and lines that are redrawn.
pub(super) struct Bars {
    target: Box<dyn Fn() -> ProgressDrawTarget>,
    width: fn() -> usize,
    drawn: MultiProgress,
    summary: ProgressBar,
    /// One for each stage, and one for each of its services below it.
    lines: Vec<Line>,
    speed: f64,
    keys: Option<QuietKeys>,
}

struct Line {
    bar: ProgressBar,
    /// What it was drawn for: a change of style restarts the spinner.
    phase: Option<Phase>,
}

impl Bars {
    /// Draws on what `target` makes, which is as wide as `width` says at the time.
    pub(super) fn new(
        target: impl Fn() -> ProgressDrawTarget + 'static,
        width: fn() -> usize,
    ) -> Self {
        Self {
            target: Box::new(target),
            width,
            drawn: MultiProgress::with_draw_target(ProgressDrawTarget::hidden()),
            summary: ProgressBar::hidden(),
            lines: Vec::new(),
            speed: 1.0,
            keys: None,
        }
    }

    /// As many lines as there are rows.
    fn fit(&mut self, count: usize) {
        for line in self.lines.drain(count.min(self.lines.len())..) {
            self.drawn.remove(&line.bar);
        }
        while self.lines.len() < count {
            let bar = self.drawn.insert_before(&self.summary, ProgressBar::new(0));
            self.lines.push(Line { bar, phase: None });
        }
    }
}

impl Live for Bars {
    fn begin(&mut self, task: &Task) {
        self.speed = task.speed;
        self.keys = Some(QuietKeys::new());
        self.lines.clear();
        self.drawn = MultiProgress::with_draw_target((self.target)());
        self.summary = self.drawn.add(ProgressBar::new_spinner());
        let speed = self.speed;
        let clock = move |state: &ProgressState, text: &mut dyn std::fmt::Write| {
            // A place in a line of text: there is nobody to tell where it cannot be written.
            let _unwritable = write!(text, "{}", span(state.elapsed().mul_f64(speed)));
        };
        self.summary
            .set_style(styled("  {spinner:.cyan} {clock:.dim}  {msg}").with_key("clock", clock));
        self.summary.set_message(task.headline());
        self.summary.enable_steady_tick(TICK);
    }

    fn show(&mut self, rows: &Rows, news: &News<'_>) {
        let columns = rows.columns();
        self.fit(rows.stages.len() + rows.services.len());
        let bar_width = row::bar_width((self.width)());
        let mut lines = self.lines.iter_mut();
        for stage in &rows.stages {
            let Some(line) = lines.next() else { return };
            line.show_stage(stage, columns, bar_width);
            for (service, line) in rows.of_stage(stage).zip(lines.by_ref()) {
                line.show_service(service, columns);
            }
        }
        self.summary.set_message(summary(rows, news));
    }

    fn end(&mut self) -> bool {
        self.lines.clear();
        self.summary.disable_steady_tick();
        // What cannot be cleared cannot be printed to either.
        let _unwritable = self.drawn.clear();
        self.keys = None;
        true
    }
}

impl Line {
    fn show_stage(&mut self, stage: &StageRow, columns: Columns, bar_width: usize) {
        let bar = &self.bar;
        let template =
            format!("  {{prefix}}  {{bar:{bar_width}.green/black.bright}}  {{wide_msg}}");
        let template = match bar_width {
            0 => "  {prefix}  {wide_msg}",
            _ => &template,
        };
        bar.set_style(styled(template).progress_chars("━╸─"));
        bar.set_prefix(columns.stage(stage));
        let (position, length) = stage.position();
        bar.set_length(to_u64(length));
        bar.set_position(to_u64(position));
        bar.set_message(stage.tally());
        self.phase = None;
    }

    fn show_service(&mut self, service: &ServiceRow, columns: Columns) {
        let bar = &self.bar;
        if self.phase != Some(service.phase) {
            self.phase = Some(service.phase);
            if service.phase == Phase::Running {
                bar.set_style(styled("    {spinner:.cyan} {wide_msg}"));
                bar.enable_steady_tick(TICK);
            } else {
                bar.disable_steady_tick();
                bar.set_style(styled("    {prefix} {wide_msg}"));
                let sign = colour(service.phase).apply_to(sign(service.phase));
                bar.set_prefix(sign.to_string());
            }
        }
        bar.set_message(columns.service(service));
    }
}

/// The line below the rows: how much is done.
fn summary(rows: &Rows, news: &News<'_>) -> String {
    let (done, all) = (rows.count(Phase::Reached), rows.services.len());
    let mut text = match news.progress.and_then(|progress| progress.queue_position) {
        Some(place) => format!("number {place} in the queue"),
        None => format!("{done} of {all} services done"),
    };
    let failed = rows.count(Phase::Failed);
    if failed > 0 {
        text.push_str(&format!(", {failed} failed"));
    }
    let trouble = news.progress.map_or(0, |progress| progress.failed_polls);
    if trouble > 0 {
        let trouble = format!(", {trouble} requests failed in a row");
        text.push_str(&style(trouble).yellow().to_string());
    }
    text
}

fn styled(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template);
    style
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .tick_chars(SPINNER)
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use indicatif::{InMemoryTerm, TermLike as _};
    use qovery_api::uuid::Uuid;

    use super::*;

    const STAGE: Option<Uuid> = Some(Uuid::from_u128(1));

    fn service(number: u128, name: &str, phase: Phase, state: &str, steps: &str) -> ServiceRow {
        ServiceRow {
            id: Uuid::from_u128(number),
            stage: STAGE,
            name: name.to_owned(),
            kind: "application".to_owned(),
            phase,
            state: state.to_owned(),
            steps: steps.to_owned(),
        }
    }

    fn rows(phase: Phase) -> Rows {
        let state = if phase == Phase::Running {
            "BUILDING"
        } else {
            "DEPLOYED"
        };
        Rows {
            stages: vec![StageRow {
                id: STAGE,
                name: "code".to_owned(),
                phase,
                services: 2,
                reached: if phase == Phase::Running { 1 } else { 2 },
                running: usize::from(phase == Phase::Running),
                duration: Some(Duration::from_secs(64)),
            }],
            services: vec![
                service(2, "api", phase, state, "git clone 4s, build 1m 2s"),
                service(
                    3,
                    "storefront",
                    Phase::Reached,
                    "DEPLOYED",
                    "deployment 20s",
                ),
            ],
        }
    }

    /// What a terminal of this width shows after these rows were drawn one after the other.
    fn screen(width: u16, updates: &[Rows]) -> (Bars, InMemoryTerm) {
        let terminal = InMemoryTerm::new(20, width);
        let target = terminal.clone();
        let target = move || ProgressDrawTarget::term_like_with_hz(Box::new(target.clone()), 255);
        let widths: fn() -> usize = match width {
            80 => || 80,
            120 => || 120,
            _ => || 36,
        };
        let mut bars = Bars::new(target, widths);
        bars.begin(&Task {
            title: "Deploying".to_owned(),
            environment: Some("production".to_owned()),
            services: Vec::new(),
            speed: 1.0,
        });
        for rows in updates {
            let news = News {
                elapsed: Duration::ZERO,
                progress: None,
            };
            bars.show(rows, &news);
        }
        bars.summary.tick();
        (bars, terminal)
    }

    #[test]
    fn every_row_takes_one_line_at_any_width() {
        for width in [36, 80, 120] {
            let (_bars, terminal) = screen(width, &[rows(Phase::Running), rows(Phase::Running)]);
            let shown = terminal.contents();
            let lines: Vec<_> = shown.lines().collect();
            assert_eq!(lines.len(), 4, "at {width} columns:\n{shown}");
            assert!(
                lines[0].contains("code") && lines[0].contains("1/2"),
                "{shown}"
            );
            assert!(
                lines[1].contains("api") && lines[2].contains("storefront"),
                "{shown}"
            );
            assert!(lines[3].contains("1 of 2 services done"), "{shown}");
        }
    }

    #[test]
    fn a_narrow_terminal_has_no_bars_and_a_wide_one_shows_every_step() {
        let (_bars, narrow) = screen(36, &[rows(Phase::Running)]);
        assert!(!narrow.contents().contains('━'), "{}", narrow.contents());
        let (_bars, wide) = screen(120, &[rows(Phase::Running)]);
        assert!(wide.contents().contains('━'), "{}", wide.contents());
        assert!(wide.contents().contains("git clone 4s, build 1m 2s"));
    }

    #[test]
    fn what_was_drawn_is_gone_at_the_end() {
        let (mut bars, terminal) = screen(80, &[rows(Phase::Running), rows(Phase::Reached)]);
        assert!(bars.end(), "the last rows are to be printed");
        assert_eq!(terminal.contents(), "");
        assert_eq!(terminal.width(), 80);
    }
}
