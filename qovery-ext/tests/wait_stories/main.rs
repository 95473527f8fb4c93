//! Thousands of random deployment stories, and an oracle that knows how each of them ended.
//!
//! Everything runs on paused time against the fake's socket-free transport. A story that fails
//! prints its seed: `QOVERY_STORY=seed cargo test --test wait_stories -- one_story --nocapture`
//! plays it alone. `QOVERY_STORIES=100000` plays more of them.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot continue has failed"
)]

mod coverage;
mod matrix;
mod oracle;
mod story;
mod stream_faults;
mod streams;
mod trace;

use std::{thread, time::Duration};

use coverage::{Kind, Tally, Watcher};
use oracle::{
    End, Outcome, end_so_far, is_indistinguishable, last_end_of_alike, right, shows_end, truth,
    was_stopped_already,
};
use qovery_ext::wait::{OperationToken, WaitExt};
use story::{Scene, Story};
use stream_faults::Stream;

/// How many stories a test run plays, unless `QOVERY_STORIES` says otherwise.
const STORIES: u64 = 3000;

/// The maximum delay of the report after the end of a deployment: the longest interval with its jitter, and the
/// delays of faults and latency.
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
    if story.merges {
        // An absorbed request has no run: the end state must persist for two settle periods.
        patience += Duration::from_secs(32);
    }
    if !shows_end(story) {
        // A state that held before is accepted only after a settle period.
        patience += Duration::from_secs(76);
    }
    patience
}

struct Played {
    scene: Scene,
    outcome: Outcome,
    at: Duration,
    /// The real state when the wait ended.
    then: End,
    text: String,
    watcher: Watcher,
}

async fn play(story: &Story) -> Played {
    let scene = story.set_up().await;
    let watcher = Watcher::default();
    let aloud = std::env::var_os("QOVERY_STORY").is_some();
    let watch = |watcher: &Watcher| {
        let watcher = watcher.clone();
        move |p: &qovery_ext::wait::Progress| {
            watcher.note(p);
            if aloud {
                trace::progress(p);
            }
        }
    };
    let action = story.action(&scene).on_progress(watch(&watcher));
    let result = match action.start().await {
        Ok(mut operation) => {
            story.begin_trouble(&scene);
            if story.resumed {
                // A first poll, then another process that has only the text of the token.
                let first = operation.poll_once().await.map(|_| operation.token());
                let token: Result<OperationToken, _> = first.map(|token| {
                    let text = token.to_string();
                    text.parse().expect("a token can be read back")
                });
                match token {
                    Ok(token) if operation.last().is_some() => {
                        drop(operation);
                        let resumed = scene.fake.client().resume(token).expect("a goal");
                        story.follow(resumed).on_progress(watch(&watcher)).await
                    }
                    Ok(_) => operation.await,
                    Err(error) => Err(error),
                }
            } else {
                operation.await
            }
        }
        Err(error) => Err(error),
    };
    Played {
        outcome: Outcome::of(&result),
        at: scene.fake.elapsed(),
        then: end_so_far(story, &scene),
        text: match result {
            Ok(reached) => format!("reached after {} polls", reached.polls),
            Err(error) => error.to_string(),
        },
        scene,
        watcher,
    }
}

/// The coverage of a story that ended as the oracle expects.
struct Judged {
    outcome: Outcome,
    kinds: Vec<Kind>,
    /// Reported as a success, because no readable fact shows that it was none.
    is_excused: bool,
    /// "Superseded" is a correct outcome: another request replaced it or cannot be distinguished.
    is_doubtful: bool,
}

/// Plays a story and returns its coverage, or the fault in the outcome.
async fn judge(seed: u64) -> Result<Judged, String> {
    judge_with(seed, None).await
}

/// The same, with a stream for the wait.
async fn judge_with(seed: u64, stream: Option<Stream>) -> Result<Judged, String> {
    let mut story = Story::new(seed);
    story.stream = stream;
    let played = play(&story).await;
    if std::env::var_os("QOVERY_STORY").is_some() {
        trace::record(&played.scene);
    }
    let truth = truth(&story, &played.scene).await;
    let right = right(&story, &truth);
    let describe = |what: &str| {
        format!(
            "seed {seed}: {what}\n  outcome {:?} at {:?}: {}\n  then {:?}, truth {truth:?}, right {right:?}\n  {story:?}",
            played.outcome, played.at, played.text, played.then
        )
    };
    if !right.contains(&played.outcome) {
        return Err(describe("the outcome is wrong"));
    }
    let early = played.outcome == Outcome::Reached && played.then != End::Reached;
    let excused = is_indistinguishable(&story, &truth) || was_stopped_already(&story, &truth);
    if early && !excused {
        return Err(describe("reported before it was so"));
    }
    // If no fact distinguishes ours from another request, all of them have to end.
    let end = truth.at.and(last_end_of_alike(&story, &played.scene));
    // If no endpoint shows the request, it may still be queued behind any following run: the wait continues
    // until nothing hides it.
    let may_be_hidden = !shows_end(&story) && (truth.replaced || truth.is_in_doubt);
    if let Some(end) = end.filter(|_| !may_be_hidden)
        && matches!(
            played.outcome,
            Outcome::Reached | Outcome::Failed | Outcome::Canceled
        )
        && played.at > end + patience(&story)
    {
        return Err(describe("reported late"));
    }
    Ok(Judged {
        outcome: played.outcome,
        kinds: coverage::kinds(&story, &played, &truth),
        is_excused: played.outcome == Outcome::Reached && truth.end != End::Reached,
        is_doubtful: right.contains(&Outcome::Superseded),
    })
}

#[test]
fn the_outcome_of_every_story_is_correct() {
    let stories = std::env::var("QOVERY_STORIES")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(STORIES);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let (mut tally, mut wrong) = (Tally::default(), Vec::new());
    thread::scope(|scope| {
        let players: Vec<_> = (0..threads)
            .map(|first| scope.spawn(move || play_all((first as u64..stories).step_by(threads))))
            .collect();
        for player in players {
            let (played, mut bad) = player.join().expect("no player panics");
            tally.merge(played);
            wrong.append(&mut bad);
        }
    });
    println!("{tally:#?}");
    assert!(
        wrong.is_empty(),
        "{} of {stories} stories ended wrongly; the first ones:\n{}",
        wrong.len(),
        wrong
            .iter()
            .take(20)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n")
    );
    if stories < STORIES {
        return;
    }
    // If the generator no longer created some kind of story, this test would prove less.
    for kind in Kind::ALL {
        let count = tally.kinds.get(&kind).copied().unwrap_or(0);
        assert!(count >= 10, "{kind:?} happened in {count} stories only");
    }
    for outcome in [
        Outcome::Reached,
        Outcome::Failed,
        Outcome::Canceled,
        Outcome::Superseded,
        Outcome::DeadlinePassed,
        Outcome::LostContact,
    ] {
        let count = tally.outcomes.get(&outcome).copied().unwrap_or(0);
        // Few of the ambiguous stories remain without a fact that decides.
        let least = if outcome == Outcome::Superseded {
            10
        } else {
            20
        };
        assert!(count >= least, "{count} stories only end as {outcome:?}");
    }
    let doubtful = tally.doubtful;
    assert!(doubtful >= 100, "{doubtful} stories only are doubtful");
}

fn play_all(seeds: impl Iterator<Item = u64>) -> (Tally, Vec<String>) {
    let (mut tally, mut wrong) = (Tally::default(), Vec::new());
    for seed in seeds {
        match on_paused_time(judge(seed)) {
            Ok(judged) => tally.add(judged),
            Err(text) => wrong.push(text),
        }
    }
    (tally, wrong)
}

/// Stories with few facts about the shown deployment, and their outcomes.
const HARD: &[(u64, Outcome)] = &[
    // No response names the request, a queued one absorbs it and is canceled, a later one succeeds.
    (134_705, Outcome::Superseded),
    (140_568, Outcome::Superseded),
    (170_839, Outcome::Superseded),
    // The same, and the first status after the action is read when the later request is already queued. In the
    // first story the history lists our run as canceled.
    (100_791, Outcome::Canceled),
    (175_680, Outcome::Superseded),
    // The request that was found succeeds between two polls, and a later one still runs.
    (63_107, Outcome::Reached),
    // A slow server shows a later request in the second reading, and never shows ours.
    (109_327, Outcome::Superseded),
    // The request has failed or was canceled, and a later one deploys the service before it is read.
    (200_339, Outcome::Failed),
    (267_346, Outcome::Canceled),
    // A service that its deployment never reached shows an earlier cancellation, and the request was absorbed by
    // one that was queued before it: no endpoint says so.
    (128_739, Outcome::Superseded),
    (266_510, Outcome::Superseded),
    (327_130, Outcome::Superseded),
];

#[test]
fn a_success_of_another_deployment_is_not_ours_even_if_few_facts_distinguish_them() {
    let outcome = |seed| {
        let judged = on_paused_time(judge(seed));
        judged.unwrap_or_else(|text| panic!("{text}")).outcome
    };
    let found: Vec<_> = HARD
        .iter()
        .map(|(seed, _)| (*seed, outcome(*seed)))
        .collect();
    assert_eq!(found, HARD);
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
