//! All texts for people except the progress, which a [`Renderer`] draws.

use std::time::Duration;

use console::measure_text_width;
use qovery_api::Printable;

use super::{
    interruption::Interruption,
    log::LogLine,
    row::{Rows, count, span, step},
    settings::Settings,
    style::sign,
    task::{Task, capitalized},
};
use crate::causes::with_causes;
use crate::wait::{
    FailedService, FailureReport, Goal, Names, OperationToken, Phase, Progress, Reached, Snapshot,
    Subject, WaitError, WaitErrorKind,
};

/// Shows progress.
pub(super) trait Renderer: Send {
    /// Called before a request.
    fn begin(&mut self, task: &Task);
    /// Shows an update.
    fn show(&mut self, rows: &Rows, update: &Update<'_>);
    /// Shows a line above the progress.
    fn above(&mut self, line: &str);
    /// Called at the end. Returns whether the last rows have to be printed.
    fn end(&mut self) -> bool;
}

/// The facts of an update in addition to the rows.
pub(super) struct Update<'a> {
    /// The time since the operation was started.
    pub(super) elapsed: Duration,
    /// The reported progress; `None` at the end.
    pub(super) progress: Option<&'a Progress>,
}

/// A wait that is shown as text.
pub(super) struct Text {
    settings: Settings,
    renderer: Box<dyn Renderer>,
    task: Task,
    names: Names,
    rows: Rows,
    phase: Phase,
}

impl Text {
    pub(super) fn begin(settings: Settings, mut renderer: Box<dyn Renderer>, task: Task) -> Self {
        renderer.begin(&task);
        Self {
            settings,
            renderer,
            names: task.names.clone(),
            task,
            rows: Rows::default(),
            phase: Phase::NotStarted,
        }
    }

    fn end(&mut self) {
        if !self.renderer.end() {
            return;
        }
        let (settings, palette) = (&self.settings, self.settings.palette);
        let width = settings.width();
        let columns = self.rows.columns(width);
        for stage in &self.rows.stages {
            let bar = match columns.bar() {
                0 => String::new(),
                width => stage.bar(width, palette) + "  ",
            };
            let name = columns.stage(stage, palette);
            settings.line(&format!("  {name}  {bar}{}", columns.tally(stage, palette)));
            for service in self.rows.of_stage(stage) {
                let sign = palette.phase(service.phase, sign(service.phase));
                settings.line(&format!("    {sign} {}", columns.service(service, palette)));
            }
        }
    }

    pub(super) fn progress(&mut self, progress: &Progress) {
        let goal = progress.goal.unwrap_or(Goal::Deployed);
        let update = Update {
            elapsed: progress.elapsed,
            progress: Some(progress),
        };
        self.names = progress.names.clone();
        self.show(&progress.snapshot, goal, progress.phase, &update);
    }

    pub(super) fn log(&mut self, line: &LogLine) {
        let palette = self.settings.palette;
        for line in self.settings.wrapped(&format!("  {}", line.text), 4) {
            self.renderer.above(&palette.dim(line));
        }
    }

    fn show(&mut self, snapshot: &Snapshot, goal: Goal, phase: Phase, update: &Update<'_>) {
        self.phase = phase;
        self.rows = Rows::of(snapshot, goal, phase, &self.names);
        self.renderer.show(&self.rows, update);
    }

    pub(super) fn reached(&mut self, reached: &Reached) {
        self.end();
        let took = span(reached.elapsed.mul_f64(self.settings.time_factor));
        let what = match (&reached.snapshot, reached.is_gone()) {
            (Some(snapshot), false) if !snapshot.services.is_empty() => {
                count(to_u64(snapshot.services.len()), "service")
            }
            _ => match reached.token.subject() {
                Subject::Environment { .. } => "the environment".to_owned(),
                Subject::Service { service, .. } => format!("the {}", service.kind),
                Subject::Services { services, .. } => count(to_u64(services.len()), "service"),
                Subject::Cluster { .. } => "the cluster".to_owned(),
            },
        };
        let detail = if reached.had_nothing_to_do() {
            "there was nothing to do".to_owned()
        } else {
            format!("{what} in {took}, {}", count(reached.polls.into(), "poll"))
        };
        let goal = match reached.goal {
            Some(goal) => capitalized(&goal.to_string()),
            None => "Met".to_owned(),
        };
        let title = format!("✔ {goal}:");
        let styled = self.settings.palette.phase(Phase::Reached, &title);
        self.settings
            .signed(&format!("  {title} {detail}"), &title, &styled);
    }

    pub(super) fn failed(&mut self, error: &WaitError) {
        let may_continue = error.may_continue();
        // A refused action has no status of its own.
        let last = error.last().filter(|_| !error.is_refused() || may_continue);
        if let Some(last) = last {
            let goal = error.token().goal().unwrap_or(Goal::Deployed);
            let phase = match error.kind() {
                WaitErrorKind::Failed => Phase::Failed,
                WaitErrorKind::Canceled => Phase::Canceled,
                _ => self.phase,
            };
            let update = Update {
                elapsed: error.elapsed(),
                progress: None,
            };
            self.show(last, goal, phase, &update);
        }
        self.end();
        let message = error.to_string();
        let message = message.lines().next().unwrap_or_default();
        let sign = self.settings.palette.phase(Phase::Failed, "✘");
        self.settings.signed(&format!("  ✘ {message}"), "✘", &sign);
        if let Some(report) = error.report() {
            self.report(report);
        }
        if let Some(problem) = error.api_error() {
            self.cause(message, problem);
        }
        if may_continue {
            let server = if error.was_canceled_on_server() {
                "The server cancels it"
            } else if error.was_accepted() {
                "The server continues"
            } else {
                "The server may have begun"
            };
            self.print_resume_hint(server, error.token());
        }
        self.fact("exit code", &error.exit_code().to_string());
    }

    pub(super) fn interrupted(&mut self, when: &Interruption) {
        self.end();
        let text = "■ Interrupted.";
        let styled = self.settings.palette.phase(Phase::Canceled, text);
        self.settings.signed(&format!("  {text}"), text, &styled);
        if let Some(token) = when.token() {
            self.print_resume_hint("The server continues", token);
        }
        if let Some(advice) = when.advice() {
            self.settings.paragraph(&format!("  {advice}"), 2);
        }
    }

    /// Prints the part of the cause that the message does not contain.
    fn cause(&self, message: &str, problem: &qovery_api::Error) {
        let whole = with_causes(problem);
        let own = problem.to_string();
        let rest = match message.contains(&own) {
            true => whole.strip_prefix(&own).unwrap_or_default(),
            false => &whole,
        };
        let rest = rest.trim_start_matches([':', ' ']);
        if !rest.is_empty() && !message.contains(rest) {
            self.fact("cause", rest);
        }
    }

    /// Prints the activity of the server, and the instructions of the program to continue the wait.
    fn print_resume_hint(&self, server: &str, token: &OperationToken) {
        let headline = &self.task.headline;
        let text = format!("  {server}: {headline}.");
        match self.settings.resume_hint(token) {
            Some(hint) => {
                self.settings
                    .paragraph(&format!("{text} To continue the wait:"), 2);
                self.settings.line(&format!("  {hint}"));
            }
            None => self.settings.paragraph(&text, 2),
        }
    }

    fn report(&self, report: &FailureReport) {
        for failed in &report.services {
            self.failed_service(failed);
        }
        // If the failed service is known, the facts about other services are left out.
        let lines = report.lines.iter().filter(|_| report.services.is_empty());
        for line in lines {
            self.settings.paragraph(&format!("    {line}"), 4);
        }
        if let Some(id) = &report.deployment_id {
            self.fact("deployment", id);
        }
        if let Some(id) = report.deployment_request_id {
            self.fact("request", &id.to_string());
        }
        if let Some(url) = &report.console_url {
            self.fact("console", url);
        }
        if let Some(why) = &report.incomplete {
            self.fact("incomplete", why);
        }
    }

    fn failed_service(&self, failed: &FailedService) {
        let palette = self.settings.palette;
        let service = failed.service;
        let name = match &failed.name {
            Some(name) => Printable::new(name).to_string(),
            None => service.id.to_string(),
        };
        let stage = failed.stage.as_ref();
        let stage = stage.map(|stage| format!("stage {}", Printable::new(stage)));
        let place = [
            stage,
            failed.step.as_ref().map(|at| format!("step {}", step(at))),
        ];
        let place: Vec<_> = place.into_iter().flatten().collect();
        let state = failed.state.to_string();
        let text = format!(
            "    {name} ({})  {state}  {}",
            service.kind,
            place.join(", ")
        );
        let whole = self.settings.wrapped(text.trim_end(), 6);
        for line in whole {
            self.settings
                .line(&line.replacen(&state, &palette.red(&state), 1));
        }
        let bar = palette.dim("│");
        for line in &failed.lines {
            let text = line.to_string();
            let width = self.settings.width().map(|width| width - 8);
            for part in super::wrap::wrap(&text, width, 2) {
                let part = match line.is_error {
                    true => palette.red(part),
                    false => palette.dim(part),
                };
                self.settings.line(&format!("      {bar} {part}"));
            }
        }
        self.fact("service", &service.id.to_string());
    }

    /// A name and its value, in columns. A value that fits only below its name is printed there.
    fn fact(&self, name: &str, value: &str) {
        const COLUMN: usize = 16;
        let value = Printable::new(value).to_string();
        let (settings, palette) = (&self.settings, self.settings.palette);
        let width = settings.width();
        let beside = width.map(|width| width - COLUMN);
        let fits = |lines: &[String], width: Option<usize>| {
            let widest = lines.iter().map(|line| measure_text_width(line)).max();
            width.is_none_or(|width| widest.is_none_or(|widest| widest <= width))
        };
        let lines = super::wrap::wrap(&value, beside, 0);
        let below = super::wrap::wrap(&format!("    {value}"), width, 4);
        if !fits(&lines, beside) && fits(&below, width) {
            settings.line(&format!("    {}", palette.dim(name)));
            below.iter().for_each(|line| settings.line(line));
            return;
        }
        let mut label = palette.dim(format!("{name:<11}"));
        for line in lines {
            settings.line(&format!("    {label} {line}"));
            label = " ".repeat(COLUMN - 5);
        }
    }
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
