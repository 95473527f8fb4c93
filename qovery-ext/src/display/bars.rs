//! Progress on a terminal: a bar for each stage, a line for each service, redrawn in place.
//!
//! The drawing is removed at the end. The last rows are then printed like any other text, so that they stay
//! in the scroll-back.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::{
    lines::failures,
    no_echo::NoEcho,
    row::{Columns, Rows, ServiceRow, StageRow, span},
    settings::Settings,
    style::{Palette, sign},
    task::Task,
    terminal,
    text::{Renderer, Update},
    wrap::first_that_fit,
};
use crate::wait::Phase;

const TICK: Duration = Duration::from_millis(100);
const SPINNER: &str = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ";
/// The width of the spinner and the time before the message of the last line.
const BESIDE_SUMMARY: usize = 16;

/// Bars and lines that are redrawn.
pub(super) struct Bars {
    settings: Settings,
    drawn: MultiProgress,
    summary: ProgressBar,
    /// One for each stage, and one for each of its services below it.
    lines: Vec<Line>,
    keys: Option<NoEcho>,
    /// The number of lines of the terminal.
    height: fn() -> usize,
    /// The number of lines of the headline.
    headline: usize,
}

struct Line {
    bar: ProgressBar,
    /// The shown phase. A change of the style restarts the spinner.
    phase: Option<Phase>,
}

impl Bars {
    pub(super) fn on_stdout(settings: &Settings) -> Self {
        Self::on(settings, ProgressDrawTarget::stdout(), terminal::rows)
    }

    fn on(settings: &Settings, target: ProgressDrawTarget, height: fn() -> usize) -> Self {
        Self {
            settings: settings.clone(),
            drawn: MultiProgress::with_draw_target(target),
            summary: ProgressBar::hidden(),
            lines: Vec::new(),
            keys: None,
            height,
            headline: 1,
        }
    }

    /// Creates or removes lines until there is one for each row.
    fn fit(&mut self, count: usize) {
        for line in self.lines.drain(count.min(self.lines.len())..) {
            self.drawn.remove(&line.bar);
        }
        while self.lines.len() < count {
            let bar = self.drawn.insert_before(&self.summary, ProgressBar::new(0));
            self.lines.push(Line { bar, phase: None });
        }
    }

    fn styled(&self, template: &str) -> ProgressStyle {
        styled(template, self.settings.palette)
    }
}

impl Renderer for Bars {
    fn begin(&mut self, task: &Task) {
        let headline = self.settings.wrapped(&format!("  {}", task.headline), 4);
        headline.iter().for_each(|line| self.settings.line(line));
        self.headline = headline.len();
        self.keys = Some(NoEcho::new());
        self.summary = self.drawn.add(ProgressBar::new_spinner());
        let factor = self.settings.time_factor;
        let clock = move |state: &ProgressState, text: &mut dyn std::fmt::Write| {
            // Writing to a text never fails.
            let _infallible = write!(text, "{}", span(state.elapsed().mul_f64(factor)));
        };
        let style = self.styled("  {spinner:.cyan} {clock:.dim}  {wide_msg}");
        self.summary.set_style(style.with_key("clock", clock));
        self.summary.enable_steady_tick(TICK);
    }

    fn show(&mut self, rows: &Rows, update: &Update<'_>) {
        let width = self.settings.width();
        let columns = rows.columns(width);
        // The headline stays in view, and the summary needs one line.
        let beside = self.headline + 1;
        let (fitted, hidden) = rows.fitted((self.height)().saturating_sub(beside));
        self.fit(fitted.stages.len() + fitted.services.len());
        let palette = self.settings.palette;
        let mut lines = self.lines.iter_mut();
        for stage in &fitted.stages {
            let Some(line) = lines.next() else { return };
            line.show_stage(stage, columns, palette);
            for (service, line) in fitted.of_stage(stage).zip(lines.by_ref()) {
                line.show_service(service, columns, palette);
            }
        }
        let room = width.map(|width| width.saturating_sub(BESIDE_SUMMARY));
        let parts = summary(rows, hidden, update);
        let text = first_that_fit(&parts, room);
        self.summary.set_message(match update.progress {
            Some(progress) if progress.failed_polls > 0 => palette.yellow(text),
            _ => text,
        });
    }

    fn above(&mut self, line: &str) {
        // If a line cannot be printed, the rest of the output is lost too.
        let _unwritable = self.drawn.println(line);
    }

    fn end(&mut self) -> bool {
        self.lines.clear();
        self.summary.disable_steady_tick();
        // If the terminal cannot be cleared, nothing can be printed either.
        let _unwritable = self.drawn.clear();
        self.keys = None;
        true
    }
}

impl Drop for Bars {
    /// Clears the drawing at the end of the wait, also if the wait is dropped.
    fn drop(&mut self) {
        self.end();
    }
}

impl Line {
    fn show_stage(&mut self, stage: &StageRow, columns: Columns, palette: Palette) {
        let bar = &self.bar;
        let bar_width = columns.bar();
        let template =
            format!("  {{prefix}}  {{bar:{bar_width}.green/black.bright}}  {{wide_msg}}");
        let template = match bar_width {
            0 => "  {prefix}  {wide_msg}",
            _ => &template,
        };
        bar.set_style(styled(template, palette).progress_chars("━╸─"));
        bar.set_prefix(columns.stage(stage, palette));
        let (position, length) = stage.position();
        bar.set_length(to_u64(length));
        bar.set_position(to_u64(position));
        bar.set_message(columns.tally(stage, palette));
        self.phase = None;
    }

    fn show_service(&mut self, service: &ServiceRow, columns: Columns, palette: Palette) {
        let bar = &self.bar;
        if self.phase != Some(service.phase) {
            self.phase = Some(service.phase);
            if service.phase == Phase::Running {
                bar.set_style(styled("    {spinner:.cyan} {wide_msg}", palette));
                bar.enable_steady_tick(TICK);
            } else {
                bar.disable_steady_tick();
                bar.set_style(styled("    {prefix} {wide_msg}", palette));
                bar.set_prefix(palette.phase(service.phase, sign(service.phase)));
            }
        }
        bar.set_message(columns.service(service, palette));
    }
}

/// The line below the rows: the number of finished services.
fn summary(rows: &Rows, hidden: usize, update: &Update<'_>) -> Vec<String> {
    let (done, all) = (rows.count(Phase::Reached), rows.services.len());
    let mut parts = vec![
        match update.progress.and_then(|progress| progress.queue_position) {
            Some(place) => format!("number {place} in the queue"),
            None => format!("{done} of {all} services done"),
        },
    ];
    let failed = rows.count(Phase::Failed);
    if failed > 0 {
        parts.push(format!("{failed} failed"));
    }
    let trouble = update.progress.map_or(0, |progress| progress.failed_polls);
    if trouble > 0 {
        parts.push(failures(trouble));
    }
    if hidden > 0 {
        parts.push(format!("{hidden} not shown"));
    }
    parts
}

fn styled(template: &str, palette: Palette) -> ProgressStyle {
    // Colors in the template would ignore the setting of the display.
    let plain = ["{spinner:.cyan}", "{clock:.dim}", ".green/black.bright"]
        .iter()
        .zip(["{spinner}", "{clock}", ""])
        .fold(template.to_owned(), |text, (color, plain)| {
            text.replace(color, plain)
        });
    let template = match palette.has_colors() {
        true => template,
        false => &plain,
    };
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
    use indicatif::InMemoryTerm;
    use uuid::Uuid;

    use super::*;
    use crate::{
        display::Display,
        wait::{Goal, Names, Subject},
    };

    const STAGE: Option<Uuid> = Some(Uuid::from_u128(1));

    fn service(number: u128, name: &str, phase: Phase, state: &str, steps: &[&str]) -> ServiceRow {
        ServiceRow {
            id: Uuid::from_u128(number),
            stage: STAGE,
            name: name.to_owned(),
            kind: "application".to_owned(),
            phase,
            state: state.to_owned(),
            steps: steps.iter().map(|step| (*step).to_owned()).collect(),
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
                service(2, "api", phase, state, &["git clone 4s", "build 1m 2s"]),
                service(
                    3,
                    "storefront",
                    Phase::Reached,
                    "DEPLOYED",
                    &["deployment 20s"],
                ),
            ],
        }
    }

    /// The screen of a terminal of this width after these rows were drawn one after the other.
    fn screen(width: u16, updates: &[Rows]) -> (Bars, InMemoryTerm) {
        titled("Deploying", width, updates)
    }

    fn titled(headline: &str, width: u16, updates: &[Rows]) -> (Bars, InMemoryTerm) {
        const HEIGHT: u16 = 20;
        let terminal = InMemoryTerm::new(HEIGHT, width);
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(terminal.clone()), 255);
        let display = Display::detect()
            .write_to(std::io::sink())
            .width(width.into());
        let mut bars = Bars::on(display.settings(), target, || usize::from(HEIGHT));
        bars.begin(&Task {
            headline: headline.to_owned(),
            goal: Some(Goal::Deployed),
            subject: Some(Subject::environment(Uuid::nil())),
            names: Names::default(),
        });
        for rows in updates {
            let update = Update {
                elapsed: Duration::ZERO,
                progress: None,
            };
            bars.show(rows, &update);
        }
        // A tick would draw while the test reads the terminal.
        let rows = bars.lines.iter().map(|line| &line.bar);
        rows.chain([&bars.summary])
            .for_each(ProgressBar::disable_steady_tick);
        // The library skips drawings within 4 ms of the previous one, by the clock of the machine. After a
        // pause it draws everything.
        bars.drawn.suspend(|| ());
        (bars, terminal)
    }

    #[test]
    fn every_row_takes_one_line_at_any_width_and_no_word_is_broken() {
        for width in 40..=200 {
            let (_bars, terminal) = screen(width, &[rows(Phase::Running), rows(Phase::Running)]);
            let shown = terminal.contents();
            let lines: Vec<_> = shown.lines().collect();
            assert_eq!(lines.len(), 4, "at {width} columns:\n{shown}");
            assert!(
                lines[0].contains("code") && lines[0].contains("1/2  1m 4s"),
                "{shown}"
            );
            assert!(
                lines[1].contains("api") && lines[2].contains("storefront"),
                "{shown}"
            );
            assert!(lines[3].contains("1 of 2 services done"), "{shown}");
            assert!(
                !shown.contains("deploym…") && !shown.contains("applicat…"),
                "{shown}"
            );
        }
    }

    #[test]
    fn a_wide_terminal_shows_every_step_and_a_narrow_one_leaves_out_kinds() {
        let (_bars, narrow) = screen(40, &[rows(Phase::Running)]);
        assert!(
            !narrow.contents().contains("application"),
            "{}",
            narrow.contents()
        );
        let (_bars, wide) = screen(120, &[rows(Phase::Running)]);
        assert!(wide.contents().contains('━'), "{}", wide.contents());
        assert!(wide.contents().contains("git clone 4s, build 1m 2s"));
    }

    #[test]
    fn if_there_are_more_services_than_lines_finished_ones_are_left_out_first() {
        let mut many = rows(Phase::Running);
        many.services.clear();
        for number in 0..60_u128 {
            let (phase, state) = match number {
                40 => (Phase::Failed, "BUILD_ERROR"),
                50..53 => (Phase::Running, "BUILDING"),
                number if number % 2 == 0 => (Phase::Reached, "DEPLOYED"),
                _ => (Phase::Queued, "QUEUED"),
            };
            let name = format!("service-{number}");
            many.services
                .push(service(100 + number, &name, phase, state, &[]));
        }
        let (mut bars, terminal) = screen(80, &[rows(Phase::Running), many.clone(), many]);
        let shown = terminal.contents();
        assert!(shown.lines().count() < 20, "{shown}");
        assert!(
            shown.contains("60 services done, 1 failed, 43 not shown"),
            "{shown}"
        );
        for name in ["service-40", "service-50", "service-51", "service-52"] {
            assert!(shown.contains(name), "{name}: {shown}");
        }
        assert!(!shown.contains("DEPLOYED"), "{shown}");
        // Of those that wait, the next ones are shown.
        assert!(
            shown.contains("service-1 ") && shown.contains("service-3 "),
            "{shown}"
        );
        assert!(
            !shown.contains("service-49 ") && !shown.contains("service-59"),
            "{shown}"
        );
        bars.end();
        assert_eq!(terminal.contents(), "");
    }

    #[test]
    fn a_headline_of_several_lines_leaves_fewer_lines_for_services() {
        let mut many = rows(Phase::Running);
        many.services.clear();
        for number in 0..60_u128 {
            let name = format!("service-{number}");
            many.services
                .push(service(100 + number, &name, Phase::Queued, "QUEUED", &[]));
        }
        for lines in 1..=3 {
            let title = "word ".repeat(7 * lines);
            let (_bars, terminal) = titled(title.trim(), 40, &[many.clone(), many.clone()]);
            let shown = terminal.contents();
            assert_eq!(shown.lines().count(), 20 - lines, "{shown}");
        }
    }

    #[test]
    fn the_drawing_is_cleared_at_the_end_and_if_the_wait_is_dropped() {
        let (mut bars, terminal) = screen(80, &[rows(Phase::Running), rows(Phase::Reached)]);
        assert!(bars.end(), "the last rows are to be printed");
        assert_eq!(terminal.contents(), "");
        let (bars, terminal) = screen(80, &[rows(Phase::Running)]);
        assert_ne!(terminal.contents(), "");
        drop(bars);
        assert_eq!(terminal.contents(), "");
    }
}
