//! Plays a story: sets up the fake, lets external actors act, and waits according to the story.

use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use qovery_ext::{
    connect::Connect,
    wait::{
        Action, Goal, Group, OperationToken, Phase, PollSchedule, Progress, Reached, WaitError,
        WaitExt,
    },
};
use qovery_fake::{Fault, Origin, Step};
use tokio::time::{self, Instant};
use uuid::Uuid;

use super::{
    oracle, plain,
    scene::{Scene, Wait, Waited},
    story::{Fate, LEAD, Story, Way},
};
use crate::{
    oracle::Outcome,
    story::{Asked, Target},
    trace,
};

/// The client that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Waiter {
    Library,
    Plain,
}

fn waits(story: &Story) -> Vec<Wait> {
    let wait = |environment, target| Wait {
        environment,
        target,
    };
    if story.way != Way::Group {
        return vec![wait(0, story.target)];
    }
    if story.environments > 1 {
        return (0..story.environments)
            .map(|i| wait(i, Target::Environment))
            .collect();
    }
    (0..story.services.len())
        .map(|i| wait(0, Target::ServiceOfEnvironment(i)))
        .collect()
}

/// Plays a story; its time is that of the paused clock.
pub(crate) async fn play(story: &Story, waiter: Waiter) -> (Scene, Vec<Waited>) {
    let mut scene = Scene::new(story);
    time::sleep_until(Instant::now() + LEAD).await;
    let waited = match (waiter, story.family) {
        (_, super::story::Family::Cluster) => {
            let wait = waits(story)[0];
            let result = cluster_action(story, &scene).await;
            vec![ended_on_cluster(story, &scene, wait, &result)]
        }
        (Waiter::Library, _) => match story.way {
            Way::Group => play_group(story, &scene).await,
            Way::ById {
                age,
                with_environment,
            } => {
                scene.watched = ask_elsewhere(story, &scene);
                time::sleep(age).await;
                let result = watch(story, &scene, with_environment).await;
                vec![ended(story, &scene, waits(story)[0], &result)]
            }
            _ => {
                let wait = waits(story)[0];
                let result = play_one(story, &scene, wait).await;
                vec![ended(story, &scene, wait, &result)]
            }
        },
        (Waiter::Plain, _) => {
            if let Way::ById { .. } = story.way {
                scene.watched = ask_elsewhere(story, &scene);
            }
            let scene = &scene;
            let all = waits(story).into_iter().map(|wait| async move {
                let action = scene.watched.is_none().then(|| {
                    lose_response(story, scene);
                    follow(story, scene.action(story, &scene.fake.client(), wait))
                });
                let outcome = plain::wait(story, scene, wait, action).await;
                finished(story, scene, wait, outcome, String::new())
            });
            join_all(all).await
        }
    };
    (scene, waited)
}

fn prepared(story: &Story, scene: &Scene, wait: Wait) -> Action {
    let client = match story.way {
        Way::ResponseLost { .. } => {
            lose_response(story, scene);
            // As in production: with retries.
            Connect::new()
                .token(scene.fake.token())
                .transport(scene.fake.transport())
                .build()
                .expect("a client")
        }
        _ => scene.fake.client(),
    };
    let action = scene.action(story, &client, wait);
    follow(story, action)
}

/// Loses the response to the next request for a change, if the story requires it.
fn lose_response(story: &Story, scene: &Scene) {
    if let Way::ResponseLost { by_gateway } = story.way {
        let fault = if by_gateway {
            Fault::response(502, "text/html", "<html>502 Bad Gateway</html>").after_execution()
        } else {
            Fault::connection_lost_after_execution()
        };
        scene.fake.inject(fault.on_writes());
    }
}

fn follow(story: &Story, action: Action) -> Action {
    let aloud = std::env::var_os("QOVERY_MATRIX_STORY").is_some();
    let schedule = PollSchedule::default().seed(story.schedule);
    let action = action.schedule(schedule).within(story.deadline);
    let action = match story.stream {
        Some(_) => action.with_stream(),
        None => action,
    };
    action.on_progress(move |progress: &Progress| {
        if aloud {
            trace::progress(progress);
        }
    })
}

async fn play_one(story: &Story, scene: &Scene, wait: Wait) -> Result<Reached, WaitError> {
    let mut action = prepared(story, scene, wait);
    if let Way::CancelsAtDeadline(limit) = story.way {
        action = action.within(limit).cancel_at_deadline();
    }
    let mut operation = action.start().await?;
    match story.way {
        Way::Resumed(after, pause) => {
            if let Ok(ended) = time::timeout(after, operation.wait()).await {
                return ended;
            }
            let token = operation.token().to_string();
            drop(operation);
            time::sleep(pause).await;
            let token: OperationToken = token.parse().expect("a token can be read back");
            let resumed = scene.fake.client().resume(token).expect("a goal");
            follow(story, resumed).await
        }
        Way::Cancels(after) => {
            if let Ok(ended) = time::timeout(after, operation.wait()).await {
                return ended;
            }
            // A refusal is no error here: the deployment continues.
            let _ = operation.cancel_on_server().await;
            operation.wait().await
        }
        _ => operation.await,
    }
}

async fn play_group(story: &Story, scene: &Scene) -> Vec<Waited> {
    let waits = waits(story);
    // A group says when all have ended: when each was reached, its progress says.
    let reached: Vec<_> = waits.iter().map(|_| Arc::new(Mutex::new(None))).collect();
    let actions = waits.iter().zip(&reached).map(|(wait, reached)| {
        let (story, scene, wait) = (story.clone(), scene.clone(), *wait);
        let reached = Arc::clone(reached);
        prepared(&story, &scene, wait).on_progress(move |progress| {
            if progress.phase == Phase::Reached {
                let then = oracle::end_so_far(&story, &scene, wait);
                let at = scene.fake.elapsed();
                reached
                    .lock()
                    .expect("no callback panics")
                    .get_or_insert((at, then));
            }
        })
    });
    let schedule = PollSchedule::default().seed(story.schedule);
    let group = Group::start(actions).await.schedule(schedule);
    let outcome = group.wait().await;
    let results = outcome.results.into_iter().zip(waits).zip(reached);
    results
        .map(|((result, wait), reached)| {
            let result = result.expect("all were waited for");
            let mut waited = ended(story, scene, wait, &result);
            if let Some((at, then)) = *reached.lock().expect("no callback panics") {
                (waited.at, waited.then) = (at, then);
            }
            waited
        })
        .collect()
}

/// A request as if another program with this library had sent it.
fn ask_elsewhere(story: &Story, scene: &Scene) -> Option<Uuid> {
    let (environment, services) = &scene.environments[0];
    let mut request = environment
        .external_actor()
        .by_the_same_user()
        .through(Origin::Api);
    if let Fate::Fails(service) = story.fate {
        request = request.fails_at(&services[service], Step::Deployment);
    }
    request.asks_for(story.action());
    environment.deployments().last().map(|d| d.request_id)
}

async fn watch(story: &Story, scene: &Scene, with_environment: bool) -> Result<Reached, WaitError> {
    let id = scene.watched.expect("a request was made");
    let mut handle = scene.fake.client().deployment_request(id);
    if with_environment {
        handle = handle.in_environment(scene.environments[0].0.id());
    }
    let goal = match story.asked {
        Asked::Deploy | Asked::Redeploy => Goal::Deployed,
        Asked::Stop => Goal::Stopped,
        Asked::Restart => Goal::Restarted,
        Asked::Delete => Goal::Deleted,
        Asked::Uninstall => Goal::Uninstalled,
    };
    follow(story, handle.wait_for(goal)).await
}

async fn cluster_action(story: &Story, scene: &Scene) -> Result<Reached, WaitError> {
    let cluster = &scene.cluster;
    let client = scene.fake.client();
    let handle = client.cluster(cluster.organization_id(), cluster.id());
    let action = match story.asked {
        Asked::Stop => handle.stop(),
        Asked::Delete => handle.delete(),
        _ => handle.deploy(),
    };
    follow(story, action).await
}

fn text(result: &Result<Reached, WaitError>) -> String {
    match result {
        Ok(reached) => format!("reached after {} polls", reached.polls),
        Err(error) => error.to_string(),
    }
}

fn ended(story: &Story, scene: &Scene, wait: Wait, result: &Result<Reached, WaitError>) -> Waited {
    finished(story, scene, wait, Outcome::of(result), text(result))
}

fn finished(story: &Story, scene: &Scene, wait: Wait, outcome: Outcome, text: String) -> Waited {
    Waited {
        wait,
        outcome,
        at: scene.fake.elapsed(),
        then: oracle::end_so_far(story, scene, wait),
        text,
    }
}

fn ended_on_cluster(
    story: &Story,
    scene: &Scene,
    wait: Wait,
    result: &Result<Reached, WaitError>,
) -> Waited {
    Waited {
        wait,
        outcome: Outcome::of(result),
        at: scene.fake.elapsed(),
        then: oracle::end_of_cluster(story, scene),
        text: text(result),
    }
}
