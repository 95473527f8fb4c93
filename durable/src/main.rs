//! A worker whose deployments survive a kill of the worker and of the Restate server.
//!
//! ```sh
//! npx @restatedev/restate-server &
//! QOVERY_API_TOKEN=… cargo run --manifest-path durable/Cargo.toml &
//! curl localhost:9070/deployments --json '{"uri": "http://localhost:9080"}'
//! curl localhost:8080/Deploy/release-42/run --json '"ENVIRONMENT_ID"'
//! ```
//!
//! The key of the workflow (`release-42`) identifies its run: a second request with the same key starts nothing.
#![forbid(unsafe_code)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use qovery_ext::{
    connect,
    qovery_api::{Client, uuid::Uuid},
    wait::{Goal, OperationToken, WaitError, WaitExt},
};
use restate_sdk::prelude::*;

/// The duration of one step. After a crash of the worker, at most this time is repeated.
const SLICE: Duration = Duration::from_secs(30);

/// The prefix of the ids of requests, to distinguish them from those of deployments.
const REQUEST: &str = "request:";

struct Deploy {
    client: Client,
}

#[restate_sdk::workflow]
impl Deploy {
    /// Deploys an environment and waits for the end, even if the worker or the server is killed in between.
    #[handler]
    async fn run(
        &self,
        ctx: WorkflowContext<'_>,
        environment: String,
    ) -> Result<String, HandlerError> {
        let id: Uuid = environment
            .trim()
            .parse()
            .map_err(|_| terminal("the id of the environment is not a UUID"))?;
        // Reads the queue and the status before the action is sent. Restate never repeats a finished step. If this step
        // runs now, the next one has never run.
        let is_first = Arc::new(AtomicBool::new(false));
        let looked = Arc::clone(&is_first);
        let before = ctx
            .run(move || async move {
                let known = self.known(id).await?;
                looked.store(true, Ordering::Relaxed);
                Ok(known.join(" "))
            })
            .name("look")
            .await?;
        let is_first = is_first.load(Ordering::Relaxed);
        let mut token = ctx
            .run(move || self.start(id, before, is_first))
            .name("start")
            .await?;
        loop {
            ctx.set("token", token.clone());
            let now = token.clone();
            let step = ctx.run(move || self.wait(now)).name("wait").await?;
            match step.split_once(' ') {
                Some(("waiting", next)) => token = next.to_owned(),
                Some(("failed", why)) => return Err(terminal(why)),
                _ => return Ok(step),
            }
        }
    }

    /// The token of the deployment. Any other program can also wait with it.
    #[handler]
    async fn token(&self, ctx: SharedWorkflowContext<'_>) -> Result<String, HandlerError> {
        Ok(ctx.get::<String>("token").await?.unwrap_or_default())
    }
}

impl Deploy {
    /// The ids of the queued requests, and of the last deployment. In this order, because a request leaves the queue
    /// when its deployment starts.
    async fn known(&self, id: Uuid) -> Result<Vec<String>, HandlerError> {
        let queue = self.client.list_deployment_request_by_environment_id(id);
        let queue = queue.await?.results.into_iter();
        let requests =
            queue.map(|one| format!("{REQUEST}{}", one.identifier.deployment_request_id));
        let mut known: Vec<String> = requests.collect();
        let status = self.client.get_environment_status(id).await?;
        known.extend(status.last_deployment_id);
        Ok(known)
    }

    /// Starts the deployment. Returns its token.
    ///
    /// If the worker is killed after the request was sent, and before Restate has stored the end of this step, the step
    /// runs again. A request that may have been executed is not sent again: the step takes the request or the
    /// deployment that is new since the first step. If another user has requested a deployment in the meantime, the two
    /// cannot be distinguished.
    async fn start(
        &self,
        id: Uuid,
        before: String,
        is_first: bool,
    ) -> Result<String, HandlerError> {
        let environment = self.client.environment(id);
        let new = match is_first {
            true => None,
            false => {
                let is_old = |one: &String| before.split(' ').any(|old| old == one);
                self.known(id).await?.into_iter().find(|one| !is_old(one))
            }
        };
        let action = match new.as_deref().map(|new| new.strip_prefix(REQUEST)) {
            Some(Some(request)) => {
                let request = self.client.deployment_request(request.parse()?);
                request.in_environment(id).wait_for(Goal::Deployed)
            }
            Some(None) => environment.wait_for(Goal::Deployed),
            None => environment.deploy(),
        };
        let operation = action.start().await.map_err(retry_or_give_up)?;
        Ok(operation.token().to_string())
    }

    /// Waits for the duration of one step. Returns `waiting TOKEN`, `failed REASON` or the outcome.
    async fn wait(&self, token: String) -> Result<String, HandlerError> {
        let token: OperationToken = token.parse()?;
        match self.client.resume(token)?.within(SLICE).await {
            Ok(reached) => Ok(reached.to_string()),
            Err(error) if error.is_deadline_passed() => Ok(format!("waiting {}", error.token())),
            // Restate runs the step again, after increasing delays.
            Err(error) if error.is_lost_contact() => Err(error.into()),
            Err(error) => Ok(format!("failed {error}")),
        }
    }
}

fn terminal(why: &str) -> HandlerError {
    TerminalError::new(why).into()
}

/// A refusal of the API is not retried.
fn retry_or_give_up(error: WaitError) -> HandlerError {
    match error.is_refused() {
        true => terminal(&error.to_string()),
        false => error.into(),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = connect::from_env()?;
    let port: u16 = std::env::var("PORT")
        .ok()
        .and_then(|port| port.parse().ok())
        .unwrap_or(9080);
    let endpoint = Endpoint::builder().bind(Deploy { client }).build();
    HttpServer::new(endpoint)
        .listen_and_serve(([127, 0, 0, 1], port).into())
        .await;
    Ok(())
}
