//! The rules of other clients' waits, as their sources describe them, over the same stories.
//!
//! Only the rules are theirs; the requests go through this library's client.

use std::time::Duration;

use qovery_api::{Client, types};
use tokio::time::{self, Instant};
use uuid::Uuid;

use crate::story::{Asked, Scene, Story};

/// The outcome of another client's wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Exit code 0, no error.
    Success,
    /// An error.
    Failure,
    /// Still waiting after a day.
    Never,
    /// The program crashes.
    Crash,
}

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn ask(client: &Client, environment: Uuid, asked: Asked) -> Result<(), qovery_api::Error> {
    match asked {
        Asked::Deploy => client.deploy_environment(environment).await.map(drop),
        Asked::Redeploy => client.redeploy_environment(environment).await.map(drop),
        Asked::Stop => client.stop_environment(environment).await.map(drop),
        Asked::Delete => client.delete_environment(environment).await.map(drop),
        Asked::Uninstall => client.uninstall_environment(environment).await.map(drop),
        Asked::Restart => {
            let statuses = client.get_environment_statuses(environment).await?;
            let ids = |list: &[types::Status]| list.iter().map(|s| s.id).collect::<Vec<_>>();
            let body = types::RebootServicesRequest::new()
                .application_ids(ids(&statuses.applications))
                .container_ids(ids(&statuses.containers))
                .database_ids(ids(&statuses.databases));
            client.reboot_services(environment, &body).await.map(drop)
        }
    }
}

/// The command-line tool: sleep 3 s, then poll every 3 s; any of five states is a success, whatever
/// was asked for, and so is an error of the API.
pub(crate) async fn command_line_tool(story: &Story, scene: &Scene) -> Verdict {
    let (client, id) = (scene.fake.client(), scene.environment.id());
    if ask(&client, id, story.asked).await.is_err() {
        return Verdict::Failure;
    }
    story.begin_trouble(scene);
    time::sleep(Duration::from_secs(3)).await;
    let started = Instant::now();
    while started.elapsed() < DAY {
        let Ok(status) = client.get_environment_status(id).await else {
            return Verdict::Success;
        };
        let state = status.last_deployment_state;
        match state.as_ref().map_or("", |state| state.as_str()) {
            "DEPLOYED" | "RESTARTED" | "DELETED" | "STOPPED" | "CANCELED" => {
                return Verdict::Success;
            }
            error if error.ends_with("ERROR") => return Verdict::Failure,
            _ => time::sleep(Duration::from_secs(3)).await,
        }
    }
    Verdict::Never
}

/// The Terraform provider: sleep 5 s, then poll every 10 s for four hours; the state of the whole
/// environment is judged; any of five states is a success; so is the end of the four hours.
pub(crate) async fn terraform_provider(story: &Story, scene: &Scene) -> Verdict {
    let (client, id) = (scene.fake.client(), scene.environment.id());
    if ask(&client, id, story.asked).await.is_err() {
        return Verdict::Failure;
    }
    story.begin_trouble(scene);
    time::sleep(Duration::from_secs(5)).await;
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(4 * 3600) {
        match client.get_environment_status(id).await {
            Ok(status) => match status.state.as_str() {
                "STOPPED" | "DEPLOYED" | "DELETED" | "RESTARTED" | "CANCELED" => {
                    return Verdict::Success;
                }
                "READY" | "BUILDING" | "CANCELING" | "DELETE_QUEUED" | "DELETING" | "DEPLOYING"
                | "STOPPING" | "STOP_QUEUED" | "RESTART_QUEUED" | "RESTARTING"
                | "DEPLOYMENT_QUEUED" | "QUEUED" => {}
                // Errors, and every state that is not in its list.
                _ => return Verdict::Failure,
            },
            Err(error) if error.is_not_found() && story.asked == Asked::Delete => {
                return Verdict::Success;
            }
            // It reads the status of a missing response.
            Err(error) if error.is_transport() => return Verdict::Crash,
            Err(_) => return Verdict::Failure,
        }
        time::sleep(Duration::from_secs(10)).await;
    }
    Verdict::Success
}
