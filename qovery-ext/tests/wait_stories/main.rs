//! Thousands of random deployment stories, and an oracle that knows how each of them ended.
//!
//! Everything runs on paused time against the fake's socket-free transport. A story that fails
//! prints its seed: `QOVERY_STORY=seed cargo test --test wait_stories -- one_story --nocapture`
//! plays it alone.

mod oracle;
mod story;

use std::time::Duration;

use oracle::{Outcome, right, truth};
use story::{Scene, Story};

/// How many stories a test run plays, unless `QOVERY_STORIES` says otherwise.
const STORIES: u64 = 4000;

/// How long after its end a deployment may be reported, at most: the longest interval with its
/// jitter, and what trouble and latency add.
fn patience(story: &Story) -> Duration {
    let mut patience = Duration::from_millis(16_600) + story.latency * 8 + story.stale;
    for trouble in &story.trouble {
        patience += match *trouble {
            story::Trouble::ServerErrors { times, .. }
            | story::Trouble::LostConnections { times, .. } => {
                Duration::from_secs(17) * (times + 1)
            }
            story::Trouble::TooMany { seconds, .. } => Duration::from_secs(seconds + 17),
            _ => Duration::from_secs(17),
        };
    }
    // A state that held before is believed only after a while.
    patience + Duration::from_secs(76)
}

struct Played {
    scene: Scene,
    outcome: Outcome,
    at: Duration,
    text: String,
}

async fn play(story: &Story) -> Played {
    let scene = story.set_up().await;
    let mut action = story.action(&scene);
    if std::env::var_os("QOVERY_STORY").is_some() {
        action = action.on_progress(|p| {
            let at = (&p.snapshot.deployment_id, p.snapshot.deployment_request_id);
            let services: Vec<_> = p
                .snapshot
                .services
                .iter()
                .map(|s| (s.state.as_str(), &s.deployment_id))
                .collect();
            println!("{p} {at:?} {services:?}");
        });
    }
    let result = match action.start().await {
        Ok(operation) => {
            story.begin_trouble(&scene);
            operation.await
        }
        Err(error) => Err(error),
    };
    Played {
        outcome: Outcome::of(&result),
        at: scene.fake.elapsed(),
        text: match result {
            Ok(reached) => format!("reached after {} polls", reached.polls),
            Err(error) => error.to_string(),
        },
        scene,
    }
}

/// Plays a story and says what is wrong with the outcome, if anything.
async fn judge(seed: u64) -> Result<Outcome, String> {
    let story = Story::new(seed);
    let played = play(&story).await;
    let truth = truth(&story, &played.scene).await;
    let right = right(&story, &truth);
    let describe = |what: &str| {
        format!(
            "seed {seed}: {what}\n  outcome {:?} at {:?}: {}\n  truth {truth:?}, right {right:?}\n  {story:?}",
            played.outcome, played.at, played.text
        )
    };
    if !right.contains(&played.outcome) {
        return Err(describe("the outcome is wrong"));
    }
    if let Some(end) = truth.at {
        if played.outcome == Outcome::Reached && truth.is_whole && played.at < end {
            return Err(describe("reported before it was so"));
        }
        if matches!(
            played.outcome,
            Outcome::Reached | Outcome::Failed | Outcome::Canceled
        ) && played.at > end + patience(&story)
        {
            return Err(describe("reported late"));
        }
    }
    Ok(played.outcome)
}

#[test]
fn the_outcome_of_every_story_is_the_right_one() {
    let stories = std::env::var("QOVERY_STORIES")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(STORIES);
    let mut wrong = Vec::new();
    let mut seen = std::collections::BTreeMap::new();
    for seed in 0..stories {
        match on_paused_time(judge(seed)) {
            Ok(outcome) => *seen.entry(outcome).or_insert(0_u32) += 1,
            Err(text) => wrong.push(text),
        }
    }
    println!("{seen:?}");
    assert!(
        wrong.is_empty(),
        "{} of {stories} stories ended wrongly; the first ones:\n{}",
        wrong.len(),
        wrong.iter().take(5).cloned().collect::<Vec<_>>().join("\n")
    );
    if stories < STORIES {
        return;
    }
    // A generator that no longer makes some kind of story would make this test prove less.
    for outcome in [
        Outcome::Reached,
        Outcome::Failed,
        Outcome::Canceled,
        Outcome::DeadlinePassed,
        Outcome::LostContact,
    ] {
        assert!(
            seen.get(&outcome).is_some_and(|n| *n > 20),
            "too few stories end as {outcome:?}: {seen:?}"
        );
    }
}

#[test]
fn one_story() {
    let seed = std::env::var("QOVERY_STORY")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(1);
    if let Err(text) = on_paused_time(judge(seed)) {
        panic!("{text}");
    }
}

fn on_paused_time<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime")
        .block_on(future)
}
