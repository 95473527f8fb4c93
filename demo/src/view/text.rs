//! Everything for people but the progress itself, which is drawn by what is [`Live`].

use std::{io::Write as _, time::Duration};

use console::{Style, style};
use qovery_api::{Printable, types::DeploymentHistoryEnvironment};
use qovery_ext::wait::{
    FailedService, FailureReport, Goal, OperationToken, Phase, Progress, Reached, Snapshot,
    WaitError, WaitErrorKind,
};

use super::{
    View, resume_command,
    row::{Rows, bar_width, colour, count, sign, span, step},
};
use crate::{ending::Problem, follow::Task};

/// How many past deployments the tour shows.
const SHOWN: u64 = 6;

/// Shows progress as it comes.
pub(super) trait Live {
    /// Something is about to be asked for.
    fn begin(&mut self, task: &Task);
    /// There is news.
    fn show(&mut self, rows: &Rows, news: &News<'_>);
    /// Nothing more will come. Returns whether the last rows have to be printed.
    fn end(&mut self) -> bool;
}

/// What is told besides the rows.
pub(super) struct News<'a> {
    /// The time since the operation was started.
    pub(super) elapsed: Duration,
    /// What was reported; `None` at the end.
    pub(super) progress: Option<&'a Progress>,
}

/// Text, in colours where they are wanted.
pub(super) struct Text {
    live: Box<dyn Live>,
    is_tour: bool,
    /// Whether something is being waited for.
    is_waiting: bool,
    task: Option<Task>,
    rows: Rows,
    phase: Phase,
    /// The past deployments of each page that were not shown.
    left_out: Vec<(u64, u64)>,
}

impl Text {
    pub(super) fn new(live: Box<dyn Live>) -> Self {
        Self {
            live,
            is_tour: false,
            is_waiting: false,
            task: None,
            rows: Rows::default(),
            phase: Phase::NotStarted,
            left_out: Vec::new(),
        }
    }

    fn end(&mut self) {
        let was_waiting = std::mem::replace(&mut self.is_waiting, false);
        if !was_waiting || !self.live.end() {
            return;
        }
        let columns = self.rows.columns();
        let width = bar_width(console::Term::stdout().size().1.into());
        for stage in &self.rows.stages {
            let bar = match width {
                0 => String::new(),
                width => stage.bar(width) + "  ",
            };
            say(format!(
                "  {}  {bar}{}",
                columns.stage(stage),
                stage.tally()
            ));
            for service in self.rows.of_stage(stage) {
                let sign = colour(service.phase).apply_to(sign(service.phase));
                say(cut(format!("    {sign} {}", columns.service(service))));
            }
        }
    }

    fn show(&mut self, snapshot: &Snapshot, goal: Goal, phase: Phase, news: &News<'_>) {
        let Some(task) = &self.task else { return };
        self.phase = phase;
        self.rows = Rows::of(snapshot, goal, phase, task);
        self.live.show(&self.rows, news);
    }

    fn speed(&self) -> f64 {
        self.task.as_ref().map_or(1.0, |task| task.speed)
    }

    fn say_how_to_go_on(&self, token: &OperationToken) {
        if self.is_tour {
            say("  The fake ends with this program. The API goes on, and a token is printed here");
            say("  with which any other program can go on waiting.");
            return;
        }
        let headline = self.task.as_ref().map(Task::headline);
        let headline = headline.unwrap_or_else(|| "The operation".to_owned());
        say(format!("  {headline} goes on. To wait for it again:"));
        say(format!("  {}", resume_command(token)));
    }
}

impl View for Text {
    fn welcome(&mut self, url: &str, speed: f64) {
        self.is_tour = true;
        let title = "A fake of the Qovery API: no account, no network";
        say(style(title).bold().to_string());
        say(format!(
            "at {url}, where time passes {speed} times as fast as here"
        ));
    }

    fn chapter(&mut self, number: u32, title: &str, text: &str) {
        say("");
        let title = style(format!("{number}. {title}")).bold().cyan();
        say(format!("{title}  {}", style(text).dim()));
    }

    fn begin(&mut self, task: Task) {
        self.rows = Rows::default();
        self.phase = Phase::NotStarted;
        self.is_waiting = true;
        self.live.begin(&task);
        self.task = Some(task);
    }

    fn progress(&mut self, progress: &Progress) {
        let goal = progress.goal.unwrap_or(Goal::Deployed);
        let news = News {
            elapsed: progress.elapsed,
            progress: Some(progress),
        };
        self.show(&progress.snapshot, goal, progress.phase, &news);
    }

    fn reached(&mut self, reached: &Reached) {
        self.end();
        let goal = reached.goal.unwrap_or(Goal::Deployed);
        let took = span(reached.elapsed.mul_f64(self.speed()));
        let what = match (&reached.snapshot, reached.is_gone()) {
            (Some(snapshot), false) => count(to_u64(snapshot.services.len()), "service"),
            _ => "it".to_owned(),
        };
        let detail = if reached.had_nothing_to_do() {
            "there was nothing to do".to_owned()
        } else {
            format!("{what} in {took}, {}", count(reached.polls.into(), "poll"))
        };
        let goal = capitalized(&goal.to_string());
        say(format!(
            "  {} {detail}",
            style(format!("✔ {goal}:")).green().bold()
        ));
    }

    fn missed(&mut self, error: &WaitError) {
        // What was refused has no status of its own.
        let last = error.last().filter(|_| !error.is_refused());
        if let Some(last) = last {
            let goal = error.token().goal().unwrap_or(Goal::Deployed);
            let phase = match error.kind() {
                WaitErrorKind::Failed => Phase::Failed,
                WaitErrorKind::Canceled => Phase::Canceled,
                _ => self.phase,
            };
            let news = News {
                elapsed: error.elapsed(),
                progress: None,
            };
            self.show(last, goal, phase, &news);
        }
        self.end();
        let message = error.to_string();
        let mut message = message.lines().next().unwrap_or_default().to_owned();
        if let Some(name) = self
            .task
            .as_ref()
            .and_then(|task| task.environment.as_ref())
        {
            let subject = error.token().subject().to_string();
            let name = format!("environment {}", Printable::new(name));
            message = message.replacen(&subject, &name, 1);
        }
        say(format!("  {} {message}", style("✘").red().bold()));
        if let Some(report) = error.report() {
            print_report(report);
        }
        if let Some(problem) = error.api_error() {
            fact("cause", &crate::ending::with_causes(problem));
        }
        if error.is_deadline_passed() || error.is_lost_contact() {
            self.say_how_to_go_on(error.token());
        }
        fact("exit code", &error.exit_code().to_string());
    }

    fn interrupted(&mut self, token: Option<&OperationToken>) {
        let was_waiting = self.is_waiting;
        self.end();
        say(format!("  {}", style("■ Interrupted.").yellow().bold()));
        match token {
            Some(token) => self.say_how_to_go_on(token),
            None if was_waiting => say("  It is not known whether the API has heard of it."),
            None => {}
        }
    }

    fn deployment(&mut self, place: u64, page: u64, deployment: &DeploymentHistoryEnvironment) {
        if self.task.is_some() && place > SHOWN {
            match self.left_out.last_mut() {
                Some((last, count)) if *last == page => *count += 1,
                _ => self.left_out.push((page, 1)),
            }
            return;
        }
        let state = deployment
            .status
            .as_ref()
            .map_or("", |state| state.as_str());
        let phase = qovery_ext::wait::State::from(state).phase(Goal::Canceled);
        let is_error = qovery_ext::wait::State::from(state).is_error();
        let colour = if is_error {
            colour(Phase::Failed)
        } else {
            colour(phase)
        };
        let origin = deployment
            .origin
            .as_ref()
            .map_or("", |origin| origin.as_str());
        let by = deployment.triggered_by.as_deref().unwrap_or_default();
        let (state, origin, by) = (
            Printable::new(state),
            Printable::new(origin),
            Printable::new(by),
        );
        let row = format!(
            "  {place:>3}  {}  {}  {}",
            deployment.created_at.format("%Y-%m-%d %H:%M"),
            colour.apply_to(format!("{state:<18}")),
            Style::new().dim().apply_to(format!("{origin} {by}")),
        );
        say(cut(row));
    }

    fn end_of_history(&mut self, total: u64, pages: u64, is_cut: bool) {
        if !self.left_out.is_empty() {
            let left_out = self.left_out.drain(..);
            let left_out: Vec<_> = left_out
                .map(|(page, count)| format!("{count} on page {page}"))
                .collect();
            say(format!("    …  and {}", left_out.join(", ")));
        }
        let and_more = if is_cut { ", and there are more" } else { "" };
        let total = count(total, "deployment");
        let pages = count(pages, "page");
        let sign = style("✔").green().bold();
        say(format!("  {sign} {total} on {pages}{and_more}"));
    }

    fn farewell(&mut self) {
        say("");
        say(style("The same on an environment of your own")
            .bold()
            .to_string());
        say("  export QOVERY_API_TOKEN=…");
        say("  cargo demo --environment ID deploy");
        say("  or redeploy, stop, cancel, wait, history; more with cargo demo --help");
    }

    fn problem(&mut self, problem: &Problem) {
        self.end();
        let sign = style("error:").red().bold().for_stderr();
        // Where it can be printed nowhere, the exit code still says it.
        let _unwritable = writeln!(std::io::stderr(), "{sign} {problem}");
    }
}

fn print_report(report: &FailureReport) {
    for failed in &report.services {
        print_failed(failed);
    }
    // Where it is known which service has failed, what concerns others is beside the point.
    let lines = report.lines.iter().filter(|_| report.services.is_empty());
    for line in lines {
        say(format!("    {line}"));
    }
    if let Some(id) = &report.deployment_id {
        fact("deployment", id);
    }
    if let Some(id) = report.deployment_request_id {
        fact("request", &id.to_string());
    }
    if let Some(url) = &report.console_url {
        fact("console", url);
    }
    if let Some(why) = &report.incomplete {
        fact("incomplete", why);
    }
}

fn print_failed(failed: &FailedService) {
    let service = failed.service;
    let name = failed
        .name
        .clone()
        .unwrap_or_else(|| service.id.to_string());
    let place = [
        failed
            .stage
            .as_ref()
            .map(|stage| format!("stage {}", Printable::new(stage))),
        failed.step.as_ref().map(|at| format!("step {}", step(at))),
    ];
    let place: Vec<_> = place.into_iter().flatten().collect();
    let name = style(Printable::new(&name)).bold();
    let state = style(&failed.state).red();
    say(format!(
        "    {name} ({})  {state}  {}",
        service.kind,
        place.join(", ")
    ));
    for line in &failed.lines {
        let text = line.to_string();
        let text = if line.is_error {
            style(text).red()
        } else {
            style(text).dim()
        };
        say(format!("      {} {text}", style("│").dim()));
    }
    fact("service", &service.id.to_string());
}

/// A name and what it stands for, in columns.
fn fact(name: &str, value: &str) {
    say(format!(
        "    {} {}",
        style(format!("{name:<11}")).dim(),
        Printable::new(value)
    ));
}

/// Prints a line. A reader that has gone away is no reason to stop waiting.
pub(super) fn say(line: impl AsRef<str>) {
    let _unwritable = writeln!(std::io::stdout(), "{}", line.as_ref().trim_end());
}

/// Cuts a row to the width of the terminal; elsewhere it stays whole.
fn cut(row: String) -> String {
    match console::Term::stdout().size_checked() {
        Some((_, width)) => console::truncate_str(&row, width.into(), "…").into_owned(),
        None => row,
    }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
