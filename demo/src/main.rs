//! Shows the helpers in use: `cargo demo` runs on a fake; with `--environment` it acts on the API.
//!
//! It is an example to copy from, not a tool to depend on. Ctrl-C only stops the wait: the API continues the accepted
//! request.
#![forbid(unsafe_code)]

mod arguments;
mod commands;
mod ending;
mod history;
mod tour;
mod world;

use std::process::ExitCode;

use arguments::{Arguments, Task};
use ending::Problem;
use qovery_ext::display::Display;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::read() {
        Ok(arguments) => arguments,
        Err(error) => {
            // If the message cannot be printed, the exit code still reports the error.
            let _unprintable = error.print();
            let was_asked_for = !error.use_stderr();
            return ExitCode::from(if was_asked_for { 0 } else { ending::USAGE });
        }
    };
    let display = Display::detect().ndjson(arguments.json);
    let result = run(arguments, &display).await;
    ExitCode::from(result.unwrap_or_else(|problem| {
        problem.print(&display);
        problem.exit_code
    }))
}

async fn run(arguments: Arguments, display: &Display) -> Result<u8, Problem> {
    let (limit, speed, logs) = (arguments.timeout, arguments.speed, arguments.logs);
    // The fake of the tour ends with this program: its deployment cannot be resumed.
    let resumable = || {
        let display = display.clone();
        display.resume_hint(|token| format!("cargo demo --resume {token}"))
    };
    match arguments.task() {
        Task::Tour => tour::play(speed, limit, logs, display).await,
        Task::Resume(token) => commands::resume(token, limit, logs, &resumable()).await,
        Task::Act(environment, command) => {
            commands::act(environment, &command, limit, logs, &resumable()).await
        }
    }
}
