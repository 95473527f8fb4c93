//! Automation with its tests: a nightly deployment with one retry, tested with a fake.
//!
//! ```sh
//! cargo test --example testing    # no account, no network, no waiting
//! cargo run --example testing -- ENVIRONMENT_ID
//! ```
//!
//! The tested function takes a `Client`. The tests pass the client of the fake, on a paused clock, so
//! that a deployment takes no real time.

use std::time::Duration;

use anyhow::Context as _;
use qovery_ext::{
    connect,
    qovery_api::{Client, uuid::Uuid},
    wait::{Reached, WaitError, WaitExt},
};

/// Deploys an environment, and once more if the deployment failed. A canceled deployment is not retried,
/// because a person decided to cancel it. There is no retry after a deadline either, because the deployment
/// continues.
async fn deploy_with_one_retry(client: &Client, environment: Uuid) -> Result<Reached, WaitError> {
    let deploy = || {
        let action = client.environment(environment).deploy();
        action.within(Duration::from_secs(30 * 60))
    };
    match deploy().await {
        Err(error) if error.is_failed() => {
            eprintln!("{error}\ndeploying once more");
            deploy().await
        }
        result => result,
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let id = std::env::args().nth(1).context("usage: ENVIRONMENT_ID")?;
    let environment: Uuid = id
        .parse()
        .with_context(|| format!("{id:?} is not the id of an environment, which is a UUID"))?;
    let reached = deploy_with_one_retry(&connect::from_env()?, environment).await?;
    println!("deployed after {} s", reached.elapsed.as_secs());
    Ok(())
}

#[cfg(test)]
mod tests {
    use qovery_fake::{FakeEnvironment, FakeQovery, FakeService, Step, Workload};

    use super::*;

    /// An environment whose build takes ten minutes.
    fn scene() -> (FakeQovery, FakeEnvironment, FakeService) {
        let fake = FakeQovery::new();
        let environment = fake.environment("staging");
        let api = environment.service(Workload::Application, "api");
        let api = api.takes(Step::Build, Duration::from_secs(600));
        (fake, environment, api)
    }

    #[tokio::test(start_paused = true)]
    async fn a_single_failure_is_retried() {
        let (fake, environment, api) = scene();
        environment.next_deployment().fails_at(&api, Step::Build);

        let result = deploy_with_one_retry(&fake.client(), environment.id()).await;

        assert!(result.is_ok());
        let deployments = environment.deployments();
        let states: Vec<_> = deployments.iter().map(|d| d.state.as_str()).collect();
        assert_eq!(states, ["BUILD_ERROR", "DEPLOYED"]);
    }

    #[tokio::test(start_paused = true)]
    async fn two_failures_are_reported() {
        let (fake, environment, api) = scene();
        for number in 0..2 {
            let deployment = environment.nth_deployment(number);
            deployment
                .fails_at(&api, Step::Build)
                .because("out of memory");
        }

        let error = deploy_with_one_retry(&fake.client(), environment.id())
            .await
            .unwrap_err();

        assert!(error.is_failed());
        assert!(error.to_string().contains("out of memory"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancel_is_not_retried() {
        let (fake, environment, _) = scene();
        environment
            .next_deployment()
            .canceled_after(Duration::from_secs(60));

        let error = deploy_with_one_retry(&fake.client(), environment.id())
            .await
            .unwrap_err();

        assert!(error.is_canceled());
        assert_eq!(environment.deployments().len(), 1);
    }
}
