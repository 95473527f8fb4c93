//! Shows what the helpers do: `cargo demo` plays on a fake, with `--environment` it acts on the API.
//!
//! Not a tool to depend on: copy from here what you need. Interrupting it stops the waiting and
//! nothing else; what was asked of the API goes on there.
#![forbid(unsafe_code)]

mod arguments;
mod commands;
mod ending;
mod follow;
mod history;
mod interrupt;
mod tour;
mod view;
mod world;

use std::process::ExitCode;

use arguments::{Arguments, Task};
use ending::Problem;
use interrupt::Interrupt;

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
    let mut view = view::choose(arguments.json);
    let result = run(arguments, view.as_mut()).await;
    ExitCode::from(result.unwrap_or_else(|problem| {
        view.problem(&problem);
        problem.exit_code
    }))
}

async fn run(arguments: Arguments, view: &mut dyn view::View) -> Result<u8, Problem> {
    let mut interrupt = Interrupt::listen()?;
    let (limit, speed) = (arguments.timeout, arguments.speed);
    match arguments.task() {
        Task::Tour => tour::play(speed, limit, view, &mut interrupt).await,
        Task::Resume(token) => commands::resume(token, limit, view, &mut interrupt).await,
        Task::Act(environment, command) => {
            commands::act(environment, &command, limit, view, &mut interrupt).await
        }
    }
}
