//! A preview environment: a copy of another one, with variables of its own, for as long as it takes
//! to test it.
//!
//! ```sh
//! export QOVERY_API_TOKEN=…
//! cargo run --example preview_environment -- ENVIRONMENT_ID pr-17 ./end-to-end-tests.sh
//! ```
//!
//! The command gets the URLs as its arguments. The copy is deleted at the end, whatever has happened
//! in between; the exit code is that of the command.

use std::{
    process::{Command, ExitCode},
    time::Duration,
};

use anyhow::Context as _;
use qovery_ext::{
    connect,
    qovery_api::{
        Client, Printable,
        types::{CloneEnvironmentRequest, EnvironmentModeEnum},
        uuid::Uuid,
    },
    recipes::{Variable, VariableOwner, set_variable, urls},
    wait::WaitExt,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let original: Uuid = arguments.next().context("which environment?")?.parse()?;
    let name = arguments.next().context("what is the copy to be named?")?;
    let command = arguments.next().context("which command is to test it?")?;
    let client = connect::from_env()?;

    let request = CloneEnvironmentRequest::new(name).mode(EnvironmentModeEnum::Preview);
    let preview = client.clone_environment(original, &request).await?;
    // Names come from the server: they are text to show, and no control of the terminal.
    let shown = Printable::new(&preview.name);
    println!("{shown} is {}", preview.id);

    // Not returned at once: what was made has to go, also where the tests could not be run.
    let tested = test(&client, preview.id, &preview.name, &command).await;

    let deletion = client.environment(preview.id).delete();
    deletion.within(Duration::from_secs(20 * 60)).await?;
    println!("{shown} is gone");
    tested
}

async fn test(
    client: &Client,
    preview: Uuid,
    name: &str,
    command: &str,
) -> anyhow::Result<ExitCode> {
    let owner = VariableOwner::Environment(preview);
    for variable in [
        Variable::new("PREVIEW_NAME", name),
        Variable::new("LOG_LEVEL", "debug"),
        Variable::new("PAYMENT_TOKEN", "sandbox").secret(),
    ] {
        set_variable(client, owner, &variable).await?;
    }

    client
        .environment(preview)
        .deploy()
        .within(Duration::from_secs(30 * 60))
        .on_progress(|progress| println!("{progress}"))
        .await?;

    let mut tests = Command::new(command);
    for link in urls(client, preview).await? {
        let service = Printable::new(&link.service.name);
        println!("{service}: {}", Printable::new(&link.url));
        tests.arg(link.url);
    }
    let status = tests.status()?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}
