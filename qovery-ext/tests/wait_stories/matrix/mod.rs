//! Stories over the whole capability matrix: a table of how they end, for the library and for a
//! plain client.
//!
//! ```sh
//! QOVERY_MATRIX=20000 cargo test -p qovery-ext --test wait_stories -- --ignored the_table --nocapture
//! QOVERY_MATRIX_STORY=17 cargo test -p qovery-ext --test wait_stories -- one_matrix_story --nocapture
//! ```
//!
//! `QOVERY_MATRIX_SEED` is the first seed, 0 by default. `QOVERY_MATRIX_FAMILY` and
//! `QOVERY_MATRIX_CLASS` play only stories of one family or class, such as `Quiet` or `Lagging`.
//! `QOVERY_MATRIX_MISSES` prints so many misses of each kind; by default 3. `QOVERY_MATRIX_PLAIN=0`
//! leaves the plain client out.

mod oracle;
mod plain;
mod play;
mod scene;
mod story;
mod table;

use std::{collections::BTreeSet, thread, time::Duration};

use oracle::{Judgement, Miss};
use play::{Waiter, play};
use scene::End;
use story::{Class, Family, Story};
use table::Table;

use crate::{oracle::Outcome, stream_faults::Stream};

/// The default number of stories.
const STORIES: u64 = 250;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Whether the environment asks for stories of another family or class.
fn is_left_out(story: &Story) -> bool {
    let differs = |name: &str, own: String| std::env::var(name).is_ok_and(|asked| asked != own);
    differs("QOVERY_MATRIX_FAMILY", format!("{:?}", story.family))
        || differs("QOVERY_MATRIX_CLASS", format!("{:?}", story.class))
}

/// Plays one story and records the outcome of each of its waits. Returns a description of each wait, and
/// whether it was correct.
async fn add(story: &Story, waiter: Waiter, table: &mut Table) -> Vec<(bool, String)> {
    let (scene, all) = play(story, waiter).await;
    let mut ends = Vec::new();
    for waited in &all {
        let truth = oracle::truth(story, &scene, waited.wait).await;
        let judgement = oracle::judge(story, &scene, waited, &truth);
        let describe = || {
            format!(
                "seed {} {:?} {:?} {:?}: {judgement:?}\n  {:?} at {:?}: {}\n  then {:?}, truth {truth}",
                story.seed,
                story.class,
                story.family,
                waited.wait.target,
                waited.outcome,
                waited.at,
                waited.text,
                waited.then,
            )
        };
        table.add(story, waiter, judgement, describe);
        ends.push((judgement == Judgement::Right, describe()));
    }
    ends
}

fn play_all(seeds: impl Iterator<Item = u64>, with_plain: bool) -> Table {
    let mut table = Table::default();
    for seed in seeds {
        let story = Story::new(seed);
        if is_left_out(&story) {
            continue;
        }
        let ours = crate::on_paused_time(add(&story, Waiter::Library, &mut table));
        if with_plain && table::compares(story.family) {
            let plain = crate::on_paused_time(add(&story, Waiter::Plain, &mut table));
            for ((is_right, ours), (plain_is_right, _)) in ours.into_iter().zip(plain) {
                if plain_is_right && !is_right {
                    table.add_worse(&story, ours);
                }
            }
        }
    }
    table
}

fn play_on_all_cores(first: u64, count: u64, with_plain: bool) -> Table {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut table = Table::default();
    thread::scope(|scope| {
        let players: Vec<_> = (0..threads)
            .map(|thread| {
                let seeds = (first + thread as u64..first + count).step_by(threads);
                scope.spawn(move || play_all(seeds, with_plain))
            })
            .collect();
        for player in players {
            table.merge(player.join().expect("no player panics"));
        }
    });
    table
}

/// The outcome of one wait.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    pub(crate) at: Duration,
    /// Whether the oracle refuses it.
    pub(crate) is_wrong: bool,
    pub(crate) judged: String,
    /// The time from the end on the server to the outcome, if the oracle knows it.
    pub(crate) delay: Option<Duration>,
    /// The requests of the whole story, with its first wait.
    pub(crate) requests: usize,
}

/// The properties of the waits of a story that a stream must not change: the outcome of each, whether it was
/// correct, and its time.
pub(crate) fn ends(seed: u64, schedule: u64, stream: Option<Stream>) -> Vec<Ended> {
    let mut story = Story::new(seed);
    story.stream = stream;
    story.schedule = schedule;
    crate::on_paused_time(async {
        let (scene, all) = play(&story, Waiter::Library).await;
        let requests = scene.fake.requests().len();
        let mut ends = Vec::new();
        for waited in &all {
            let truth = oracle::truth(&story, &scene, waited.wait).await;
            let judgement = oracle::judge(&story, &scene, waited, &truth);
            ends.push(Ended {
                outcome: waited.outcome,
                at: waited.at,
                is_wrong: !matches!(judgement, Judgement::Right | Judgement::Tolerated(_)),
                judged: format!("{judgement:?}"),
                delay: truth
                    .ours
                    .as_ref()
                    .and_then(|ours| waited.at.checked_sub(ours.ended_at?)),
                requests: if ends.is_empty() { requests } else { 0 },
            });
        }
        ends
    })
}

#[test]
#[ignore = "plays as many stories as QOVERY_MATRIX says"]
fn the_table_of_matrix_stories() {
    let count = number("QOVERY_MATRIX").unwrap_or(1000);
    let first = number("QOVERY_MATRIX_SEED").unwrap_or(0);
    let with_plain = number("QOVERY_MATRIX_PLAIN") != Some(0);
    println!("{}", play_on_all_cores(first, count, with_plain));
}

#[test]
fn matrix_stories_have_every_class_and_every_family() {
    let stories: Vec<Story> = (0..2000).map(Story::new).collect();
    for class in Class::ALL {
        for family in Family::ALL {
            let both = |story: &&Story| story.class == class && story.family == family;
            assert!(stories.iter().any(|s| both(&s)), "{class:?} {family:?}");
        }
    }
}

/// The oracle accepts the right outcome and no other.
#[test]
fn the_oracle_accepts_only_the_correct_outcome() {
    let outcomes = [
        Outcome::Reached,
        Outcome::Failed,
        Outcome::Canceled,
        Outcome::Superseded,
        Outcome::LostContact,
    ];
    let mut ends = BTreeSet::new();
    let stories = (0..400).map(Story::new);
    let quiet = |story: &Story| {
        matches!(
            story.family,
            Family::Quiet | Family::SingleService | Family::CanceledWhileRunning
        ) && story.class == Class::Complete
    };
    for story in stories.filter(quiet) {
        crate::on_paused_time(async {
            let (scene, all) = play(&story, Waiter::Plain).await;
            for mut waited in all {
                let truth = oracle::truth(&story, &scene, waited.wait).await;
                let right = match truth.end {
                    End::Reached => Outcome::Reached,
                    End::Failed => Outcome::Failed,
                    End::Canceled => Outcome::Canceled,
                    End::StillGoing => Outcome::DeadlinePassed,
                };
                ends.insert(right);
                waited.then = truth.end;
                for outcome in outcomes.into_iter().chain([right]) {
                    waited.outcome = outcome;
                    let judgement = oracle::judge(&story, &scene, &waited, &truth);
                    let is_right = judgement == Judgement::Right;
                    assert_eq!(
                        is_right,
                        outcome == right,
                        "seed {} {outcome:?}",
                        story.seed
                    );
                    let is_false_success = judgement == Judgement::Missed(Miss::FalseSuccess);
                    let is_one = outcome == Outcome::Reached && right != Outcome::Reached;
                    assert_eq!(is_false_success, is_one, "seed {} {outcome:?}", story.seed);
                }
            }
        });
    }
    assert!(ends.len() >= 3, "{ends:?}");
}

#[test]
fn no_matrix_story_ends_in_a_false_success_and_nearly_all_outcomes_are_correct() {
    let table = play_on_all_cores(0, STORIES, false);
    println!("{table}");
    let goals = [
        (Class::Complete, 0.99),
        (Class::Lagging, 0.98),
        (Class::Missing, 0.95),
        (Class::Replicas, 0.9),
        (Class::Misleading, 0.8),
    ];
    for (class, goal) in goals {
        for miss in [
            Miss::FalseSuccess,
            Miss::PrematureSuccess,
            Miss::HitAnother,
            Miss::ActedTwice,
        ] {
            let count = table.count(Waiter::Library, class, Judgement::Missed(miss));
            let is_excused = class == Class::Misleading;
            assert!(is_excused || count == 0, "{class:?}: {count} × {miss:?}");
        }
        let right = table.share_of_right(Waiter::Library, class);
        assert!(right >= goal, "{class:?}: {right:.4} of {goal}");
    }
}

#[test]
fn one_matrix_story() {
    let seed = number("QOVERY_MATRIX_STORY").unwrap_or(1);
    let mut story = Story::new(seed);
    let stream = number("QOVERY_MATRIX_STREAM").and_then(|n| usize::try_from(n).ok());
    story.stream = stream.and_then(|n| crate::stream_faults::streams().into_iter().nth(n));
    let mut table = Table::default();
    let is_asked_for = number("QOVERY_MATRIX_STORY").is_some();
    crate::on_paused_time(async {
        if is_asked_for {
            let log = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
            let _log = tracing::subscriber::set_default(log.without_time().finish());
            println!("{story:#?}");
            let (scene, _) = play(&story, Waiter::Library).await;
            for request in scene.fake.requests() {
                println!(
                    "{:?} {:?} {:?}",
                    request.at, request.operation, request.status
                );
            }
            for (environment, _) in &scene.environments {
                for deployment in environment.deployments() {
                    println!("{deployment:#?}");
                }
            }
        }
        let _ = add(&story, Waiter::Library, &mut table).await;
    });
    println!("{table}");
}
