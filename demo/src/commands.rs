//! What is done on the API: one action on one environment, or a wait that is gone on with.
//!
//! Dropping a future of this module stops the waiting; the API goes on with what it has accepted.

use std::time::Duration;

use qovery_api::{Client, uuid::Uuid};
use qovery_ext::{
    connect::Connect,
    wait::{Action, OperationToken, WaitExt},
};

use crate::{
    arguments::Command,
    ending::Problem,
    follow::{Task, follow},
    history,
    interrupt::Interrupt,
    view::View,
};

/// Who is calling.
pub(crate) const USER_AGENT: &str = concat!("qovery-demo/", env!("CARGO_PKG_VERSION"));

/// Acts on an environment of the API. Returns the exit code.
pub(crate) async fn act(
    environment: Uuid,
    command: &Command,
    limit: Option<Duration>,
    view: &mut dyn View,
    interrupt: &mut Interrupt,
) -> Result<u8, Problem> {
    let client = connect()?;
    let handle = client.environment(environment);
    let (title, action) = match command {
        Command::Deploy => ("Deploying", handle.deploy()),
        Command::Redeploy => ("Redeploying", handle.redeploy()),
        Command::Stop => ("Stopping", handle.stop()),
        Command::Cancel => ("Canceling", handle.cancel()),
        Command::Wait { goal } => ("Waiting for", handle.wait_for((*goal).into())),
        Command::History { limit } => {
            return history::show(&client, environment, Some(*limit), view, interrupt).await;
        }
    };
    let task = Task::new(&client, Some(environment), title).await?;
    let ending = follow(within(action, limit), task, view, interrupt).await;
    Ok(ending.exit_code())
}

/// Goes on waiting with the token of an earlier run. Returns the exit code.
pub(crate) async fn resume(
    token: OperationToken,
    limit: Option<Duration>,
    view: &mut dyn View,
    interrupt: &mut Interrupt,
) -> Result<u8, Problem> {
    let client = connect()?;
    let environment = token.subject().environment_id();
    let action = client.resume(token)?;
    let task = Task::new(&client, environment, "Waiting on for").await?;
    let ending = follow(within(action, limit), task, view, interrupt).await;
    Ok(ending.exit_code())
}

pub(crate) fn within(action: Action, limit: Option<Duration>) -> Action {
    match limit {
        Some(limit) => action.within(limit),
        None => action,
    }
}

fn connect() -> Result<Client, Problem> {
    Ok(Connect::new().user_agent(USER_AGENT).build()?)
}
