//! Progress in a terminal: a bar for each stage, a line for each service, redrawn in place.
//!
//! What is drawn vanishes at the end. The last rows are then printed like any other text, so that
//! they stay in the scroll-back as they were.

use std::time::Duration;

use console::style;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use qovery_ext::wait::{Phase, Progress};

use super::{
    row::{Columns, Rows, ServiceRow, StageRow, colour, sign, span},
    text::Live,
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

    /// How wide the bar of a stage is; nothing where there is no room for one.
    fn bar_width(&self) -> usize {
        match (self.width)() {
            ..48 => 0,
            width => (width - 44).min(40),
        }
    }
}

impl Live for Bars {
    fn begin(&mut self, task: &Task) {
        self.speed = task.speed;
        self.lines.clear();
        self.drawn = MultiProgress::with_draw_target((self.target)());
        self.summary = self.drawn.add(ProgressBar::new_spinner());
        let speed = self.speed;
        let clock = move |state: &ProgressState, text: &mut dyn std::fmt::Write| {
            // A place in a line of text: there is nobody to tell where it cannot be written.
            let _unwritable = write!(text, "{}", span(state.elapsed().mul_f64(speed)));
        };
        self.summary.set_style(
            styled("  {spinner:.cyan} {clock:.dim}  {wide_msg}").with_key("clock", clock),
        );
        self.summary.set_message(task.headline());
        self.summary.enable_steady_tick(TICK);
    }

    fn show(&mut self, rows: &Rows, progress: &Progress) {
        let columns = rows.columns();
        self.fit(rows.stages.len() + rows.services.len());
        let bar_width = self.bar_width();
        let mut lines = self.lines.iter_mut();
        for stage in &rows.stages {
            let Some(line) = lines.next() else { return };
            line.show_stage(stage, columns, bar_width);
            for (service, line) in rows.of_stage(stage).zip(lines.by_ref()) {
                line.show_service(service, columns);
            }
        }
        self.summary.set_message(summary(progress));
    }

    fn end(&mut self) -> bool {
        self.lines.clear();
        self.summary.disable_steady_tick();
        // What cannot be cleared cannot be printed to either.
        let _unwritable = self.drawn.clear();
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
        // What is under way counts half.
        bar.set_length(2 * to_u64(stage.services));
        bar.set_position(2 * to_u64(stage.reached) + to_u64(stage.running));
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
fn summary(progress: &Progress) -> String {
    let counts = progress.services;
    let mut text = format!("{} of {} services done", counts.reached, counts.total);
    if let Some(place) = progress.queue_position {
        text = format!("number {place} in the queue");
    }
    if counts.failed > 0 {
        text = format!("{text}, {} failed", counts.failed);
    }
    if progress.failed_polls > 0 {
        let trouble = format!(", {} requests failed in a row", progress.failed_polls);
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
