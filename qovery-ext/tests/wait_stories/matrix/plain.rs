//! A plain client, to compare with: it reads the status, the queue and the history, with the
//! services and the channel of each entry, every five seconds.
//!
//! It knows no request ids, keeps only the entries from before the action, and judges the oldest
//! run since then that is for the same action and services and came through the API.

use std::{collections::BTreeSet, time::Duration};

use qovery_api::{Client, Error};
use qovery_ext::wait::{Action, WaitErrorKind};
use tokio::time;
use uuid::Uuid;

use super::{
    scene::{Scene, Wait},
    story::{Story, Way},
};
use crate::{
    oracle::Outcome,
    story::{Asked, Target},
};

/// The interval between two rounds of readings.
const INTERVAL: Duration = Duration::from_secs(5);

/// How long the client searches a request that neither the queue nor the history shows.
const LOOKS_FOR: Duration = Duration::from_secs(40);

/// The relevant fields of a run or a queued request.
struct Entry {
    id: String,
    action: String,
    origin: String,
    state: String,
    services: Vec<(Uuid, String)>,
}

struct PlainClient<'a> {
    client: Client,
    environment: Uuid,
    services: Vec<Uuid>,
    whole: bool,
    story: &'a Story,
}

/// Sends the action, if there is one, and waits.
pub(crate) async fn wait(
    story: &Story,
    scene: &Scene,
    wait: Wait,
    action: Option<Action>,
) -> Outcome {
    let this = PlainClient {
        client: scene.fake.client(),
        environment: scene.environments[wait.environment].0.id(),
        services: scene.ids(wait),
        whole: wait.target == Target::Environment,
        story,
    };
    if let Some(outcome) = this.look_up_environment(scene.watched).await {
        return outcome;
    }
    let history = this.history().await.unwrap_or_default();
    let queue = this.queue().await.unwrap_or_default();
    let known: BTreeSet<String> = history
        .into_iter()
        .flatten()
        .chain(queue)
        .map(|entry| entry.id)
        .collect();
    let before = this.status().await.unwrap_or_default();
    if let Some(action) = action
        && let Err(error) = action.start().await
        && error.kind() == WaitErrorKind::Refused
    {
        return Outcome::Refused;
    }
    this.follow(&known, &before).await
}

impl PlainClient<'_> {
    /// A request that is followed only by its id must name its environment first. Returns an outcome if it does
    /// not.
    async fn look_up_environment(&self, watched: Option<Uuid>) -> Option<Outcome> {
        let Way::ById {
            with_environment: false,
            ..
        } = self.story.way
        else {
            return None;
        };
        for _ in 0..5 {
            let status = self
                .client
                .get_deployment_status_by_deployment_request_id(watched?);
            if status.await.is_ok_and(|s| s.environment_id.is_some()) {
                return None;
            }
            time::sleep(INTERVAL).await;
        }
        Some(Outcome::LostContact)
    }

    async fn follow(&self, known: &BTreeSet<String>, before: &(String, String)) -> Outcome {
        let begun = time::Instant::now();
        let (mut failures, mut gone, mut was_queued) = (0, 0, false);
        let mut unseen_since = begun;
        while begun.elapsed() < self.story.deadline {
            time::sleep(INTERVAL).await;
            let status = match self.status().await {
                Ok(status) => status,
                Err(error) if is_refusal(&error) => {
                    gone += 1;
                    if gone < 3 {
                        continue;
                    }
                    return match self.story.asked {
                        Asked::Delete | Asked::Uninstall => Outcome::Reached,
                        _ => Outcome::Failed,
                    };
                }
                Err(_) => {
                    failures += 1;
                    if failures > 5 {
                        return Outcome::LostContact;
                    }
                    continue;
                }
            };
            (failures, gone) = (0, 0);
            let queue = self.queue().await.unwrap_or_default();
            let is_queued = queue.iter().any(|entry| self.fits(entry, known));
            was_queued |= is_queued;
            let history = self.history().await.unwrap_or_default();
            let Some(history) = history else {
                // Only the status can be read.
                if !is_queued
                    && status != *before
                    && let Some(end) = self.end(&status.1, None)
                {
                    return end;
                }
                continue;
            };
            let own = history.iter().rev().find(|entry| self.fits(entry, known));
            if let Some(own) = own {
                if let Some(end) = self.end(&own.state, Some(own)) {
                    return end;
                }
                unseen_since = time::Instant::now();
            } else if is_queued {
                unseen_since = time::Instant::now();
            } else if unseen_since.elapsed() > LOOKS_FOR {
                let goal_holds = self.is_goal(&status.1);
                return match self.story.asked {
                    Asked::Stop if goal_holds => Outcome::Reached,
                    _ if was_queued => Outcome::Canceled,
                    _ => Outcome::Superseded,
                };
            }
        }
        Outcome::DeadlinePassed
    }

    /// Whether an entry can be ours.
    fn fits(&self, entry: &Entry, known: &BTreeSet<String>) -> bool {
        let action = match self.story.asked {
            Asked::Deploy | Asked::Redeploy => "DEPLOY",
            Asked::Stop => "STOP",
            Asked::Restart => "RESTART",
            Asked::Delete => "DELETE",
            Asked::Uninstall => "UNINSTALL",
        };
        let has = |id: &Uuid| entry.services.iter().any(|(service, _)| service == id);
        let has_services = if self.story.asked == Asked::Restart && self.whole {
            self.services.iter().any(has)
        } else {
            self.services.iter().all(has)
        };
        let is_new = !known.contains(&entry.id);
        is_new && entry.action == action && entry.origin == "API" && has_services
    }

    /// The outcome of a run, if it has ended: according to its services, otherwise to the whole.
    fn end(&self, state: &str, run: Option<&Entry>) -> Option<Outcome> {
        let states: Vec<&str> = match run {
            Some(run) if !self.whole => run
                .services
                .iter()
                .filter(|(id, _)| self.services.contains(id))
                .map(|(_, state)| state.as_str())
                .collect(),
            _ => vec![state],
        };
        if states.iter().all(|state| self.is_goal(state)) {
            return Some(Outcome::Reached);
        }
        if states.iter().any(|state| state.ends_with("_ERROR")) {
            return Some(Outcome::Failed);
        }
        if states.contains(&"CANCELED") || state == "CANCELED" {
            return Some(Outcome::Canceled);
        }
        // The run ended before it reached the service.
        state.ends_with("_ERROR").then_some(Outcome::Failed)
    }

    fn is_goal(&self, state: &str) -> bool {
        match self.story.asked {
            Asked::Deploy | Asked::Redeploy => state == "DEPLOYED",
            Asked::Restart => matches!(state, "RESTARTED" | "DEPLOYED"),
            Asked::Stop => matches!(state, "STOPPED" | "READY"),
            Asked::Delete | Asked::Uninstall => state == "DELETED",
        }
    }

    /// The id and the state of the shown deployment.
    async fn status(&self) -> Result<(String, String), Error> {
        let statuses = self
            .client
            .get_environment_statuses_with_stages(self.environment)
            .await?;
        let environment = statuses.environment.as_ref();
        let id = environment.and_then(|status| status.last_deployment_id.clone());
        let mut state = environment.and_then(|status| {
            let state = status.last_deployment_state.as_ref()?;
            Some(state.as_str().to_owned())
        });
        if let (false, Some(service)) = (self.whole, self.services.first()) {
            state = statuses
                .stages
                .iter()
                .flat_map(|stage| {
                    stage
                        .applications
                        .iter()
                        .chain(&stage.containers)
                        .chain(&stage.databases)
                        .chain(&stage.jobs)
                        .chain(&stage.helms)
                        .chain(&stage.terraforms)
                })
                .find(|status| status.id == *service)
                .map(|status| status.state.as_str().to_owned())
                .or(Some("DELETED".to_owned()));
        }
        Ok((id.unwrap_or_default(), state.unwrap_or_default()))
    }

    async fn queue(&self) -> Result<Vec<Entry>, Error> {
        let queue = self
            .client
            .list_deployment_request_by_environment_id(self.environment)
            .await?;
        let rows = queue.results.iter().map(|row| Entry {
            id: row.identifier.deployment_request_id.to_string(),
            action: row.trigger_action.as_str().to_owned(),
            origin: row
                .auditing_data
                .origin
                .as_ref()
                .map_or_else(String::new, |origin| origin.as_str().to_owned()),
            state: "QUEUED".to_owned(),
            services: row
                .stages
                .iter()
                .flat_map(|stage| &stage.services)
                .map(|service| (service.identifier.service_id, "QUEUED".to_owned()))
                .collect(),
        });
        Ok(rows.collect())
    }

    /// The history, newest first; `None` if there is none.
    async fn history(&self) -> Result<Option<Vec<Entry>>, Error> {
        let history = match self
            .client
            .list_environment_deployment_history_v2(self.environment)
            .await
        {
            Ok(history) => history,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        let entries = history.results.iter().map(|entry| Entry {
            id: entry.identifier.execution_id.clone(),
            action: entry.trigger_action.as_str().to_owned(),
            origin: entry
                .auditing_data
                .origin
                .as_ref()
                .map_or_else(String::new, |origin| origin.as_str().to_owned()),
            state: entry.status.as_str().to_owned(),
            services: entry
                .stages
                .iter()
                .flat_map(|stage| &stage.services)
                .map(|service| {
                    let state = service.status.as_str().to_owned();
                    (service.identifier.service_id, state)
                })
                .collect(),
        });
        Ok(Some(entries.collect()))
    }
}

/// Whether the API reports that the environment is gone.
fn is_refusal(error: &Error) -> bool {
    let status = error.status().map(|status| status.as_u16());
    matches!(status, Some(400 | 403 | 404))
}
