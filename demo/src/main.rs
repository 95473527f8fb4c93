//! Shows what the helpers do: `cargo demo` plays on a fake, with `--environment` it acts on the API.
//!
//! Not a tool to depend on: copy from here what you need. Interrupting it stops the waiting and
//! nothing else; what was asked of the API goes on there.
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
            // Where it can be printed nowhere, the exit code still says it.
            let _unprintable = error.print();
            let is_answer = !error.use_stderr();
            return ExitCode::from(if is_answer { 0 } else { ending::USAGE });
        }
    };
    let display = Display::detect()
        .ndjson(arguments.json)
        .resume_hint(|token| format!("cargo demo --resume {token}"));
    let result = run(arguments, &display).await;
    ExitCode::from(result.unwrap_or_else(|problem| {
        problem.print(&display);
        problem.exit_code
    }))
}

async fn run(arguments: Arguments, display: &Display) -> Result<u8, Problem> {
    let (limit, speed, logs) = (arguments.timeout, arguments.speed, arguments.logs);
    match arguments.task() {
        Task::Tour => tour::play(speed, limit, logs, display).await,
        Task::Resume(token) => commands::resume(token, limit, logs, display).await,
        Task::Act(environment, command) => {
            commands::act(environment, &command, limit, logs, display).await
        }
    }
}
