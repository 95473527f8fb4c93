//! What the user sees: bars in a terminal, lines elsewhere, JSON for programs.

mod bars;
mod json;
mod lines;
mod quiet_keys;
mod row;
mod text;

use console::Term;
use indicatif::ProgressDrawTarget;
use qovery_api::types::DeploymentHistoryEnvironment;
use qovery_ext::wait::{OperationToken, Progress, Reached, WaitError};

use crate::{ending::Problem, follow::Task};

/// Shows what happens. Nothing here fails: a pipe that was closed is no reason to stop waiting.
pub(crate) trait View {
    /// The tour begins, on a fake that listens at this URL.
    fn welcome(&mut self, url: &str, speed: f64);
    /// A part of the tour begins.
    fn chapter(&mut self, number: u32, title: &str, text: &str);
    /// Something is about to be asked for and waited for.
    fn begin(&mut self, task: Task);
    /// There is news of it.
    fn progress(&mut self, progress: &Progress);
    /// It has reached its goal.
    fn reached(&mut self, reached: &Reached);
    /// It has ended without its goal, or the wait has.
    fn missed(&mut self, error: &WaitError);
    /// The user has stopped the program. Without a token, nothing was accepted yet.
    fn interrupted(&mut self, token: Option<&OperationToken>);
    /// A past deployment: its place in the list and its page, both counted from 1.
    fn deployment(&mut self, place: u64, page: u64, deployment: &DeploymentHistoryEnvironment);
    /// All that was asked for was listed; there is more where `is_cut`.
    fn end_of_history(&mut self, count: u64, pages: u64, is_cut: bool);
    /// The tour is over.
    fn farewell(&mut self);
    /// The program cannot go on.
    fn problem(&mut self, problem: &Problem);
}

/// The view that fits where the output goes.
pub(crate) fn choose(json: bool) -> Box<dyn View> {
    if json {
        return Box::new(json::Json::default());
    }
    let is_dumb = std::env::var_os("TERM").is_some_and(|kind| kind == "dumb");
    if Term::stdout().is_term() && !is_dumb {
        let width = || Term::stdout().size().1.into();
        let bars = bars::Bars::new(ProgressDrawTarget::stdout, width);
        return Box::new(text::Text::new(Box::new(bars)));
    }
    Box::new(text::Text::new(Box::new(lines::Lines::default())))
}

/// How to go on waiting for what a token names.
fn resume_command(token: &OperationToken) -> String {
    format!("cargo demo --resume {token}")
}
