//! Commands on the API: one action on one environment, or a resumed wait.
//!
//! Dropping a future of this module only stops the wait: the API continues the accepted request.

use std::time::Duration;

use qovery_api::{Client, uuid::Uuid};
use qovery_ext::{
    connect::Connect,
    display::{Display, ShowExt as _},
    wait::{Action, OperationToken, WaitExt},
};

use crate::{arguments::Command, ending::Problem, history};

/// The `User-Agent` of the requests.
pub(crate) const USER_AGENT: &str = concat!("qovery-demo/", env!("CARGO_PKG_VERSION"));

/// Acts on an environment of the API. Returns the exit code.
pub(crate) async fn act(
    environment: Uuid,
    command: &Command,
    limit: Option<Duration>,
    logs: bool,
    display: &Display,
) -> Result<u8, Problem> {
    let client = connect()?;
    let handle = client.environment(environment);
    let action = match command {
        Command::Deploy => handle.deploy(),
        Command::Redeploy => handle.redeploy(),
        Command::Stop => handle.stop(),
        Command::Cancel => handle.cancel(),
        Command::Wait { goal } => handle.wait_for((*goal).into()),
        Command::History { limit } => {
            return history::show(&client, environment, Some(*limit), None, display).await;
        }
    };
    Ok(show(within(action, limit), logs, display).await)
}

/// Resumes the wait of an earlier run with its token. Returns the exit code.
pub(crate) async fn resume(
    token: OperationToken,
    limit: Option<Duration>,
    logs: bool,
    display: &Display,
) -> Result<u8, Problem> {
    let action = connect()?.resume(token)?;
    Ok(show(within(action, limit), logs, display).await)
}

async fn show(action: Action, logs: bool, display: &Display) -> u8 {
    match action.show_on(display.clone()).logs(logs).await {
        Ok(reached) => reached.exit_code(),
        Err(error) => error.exit_code(),
    }
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
