//! The stories again, with a stream that is healthy or fails in one way: it may move polls, and no outcome.
//!
//! ```sh
//! QOVERY_STREAM_STORIES=20000 cargo test -p qovery-ext --test wait_stories -- --ignored every_stream_fault --nocapture
//! ```
//!
//! An outcome that differs although the stream is not to blame exists: some stories end in one way or the
//! other with the times of the polls. So each difference is compared with waits without a stream whose polls
//! have other times.

use std::{thread, time::Duration};

use crate::{
    matrix::{self, Ended},
    stream_faults::streams,
};

/// How many stories of each kind a test run plays with each stream.
const STORIES: u64 = 200;
/// How much later than without a stream a wait may end with a healthy one: the longest interval of the
/// schedule, with its jitter. The polls have other times, so that one may just miss the end.
const LATER: Duration = Duration::from_millis(16_600);
/// How much later with any fault: three such intervals. No poll is more than one interval late, but some outcomes
/// need several polls one after the other.
const LATER_WITH_A_FAULT: Duration = Duration::from_millis(3 * 16_600);

/// How many waits without a stream, with other times of the polls, can explain a difference.
const OTHERS: u64 = 12;

/// The waits of stories with one stream, compared with the same waits without.
#[derive(Debug, Default)]
struct Compared {
    waits: u32,
    /// The number of waits with another outcome.
    different: u32,
    /// The number of waits with an outcome that never occurs without a stream, for any times of the polls.
    unexplained: u32,
    /// The number of wrong waits that were correct without a stream.
    worse: u32,
    better: u32,
    /// The delay relative to waits without a stream, for any times of the polls.
    later: Vec<Duration>,
    earlier: u32,
    /// The time from each end on the server to the outcome.
    delays: Vec<Duration>,
    /// The requests of the same waits, without and with the stream.
    requests: (usize, usize),
    examples: Vec<String>,
}

impl Compared {
    /// `others` are the same waits without a stream, with other times of the polls.
    fn add(
        &mut self,
        seed: u64,
        name: &str,
        without: &[Ended],
        others: &[Vec<Ended>],
        with: &[Ended],
    ) {
        for (n, (without, with)) in without.iter().zip(with).enumerate() {
            self.waits += 1;
            self.delays.extend(with.delay);
            self.requests.0 += without.requests;
            self.requests.1 += with.requests;
            let others = others.iter().filter_map(|waits| waits.get(n));
            let is_worse =
                with.is_wrong && !without.is_wrong && others.clone().all(|other| !other.is_wrong);
            self.worse += u32::from(is_worse);
            self.better += u32::from(!with.is_wrong && without.is_wrong);
            let latest = others.clone().map(|other| other.at).max();
            let latest = latest.unwrap_or_default().max(without.at);
            if with.at > latest + LATER || is_worse {
                self.examples
                    .push(format!("{name}, seed {seed}: {without:?}, then {with:?}"));
            }
            if with.outcome == without.outcome {
                self.later.push(with.at.saturating_sub(latest));
                self.earlier += u32::from(with.at < without.at);
            } else {
                self.different += 1;
                let is_explained = others.clone().any(|other| other.outcome == with.outcome);
                self.unexplained += u32::from(!is_explained);
                self.examples
                    .push(format!("{name}, seed {seed}: {without:?}, then {with:?}"));
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.waits += other.waits;
        self.different += other.different;
        self.unexplained += other.unexplained;
        self.worse += other.worse;
        self.better += other.better;
        self.later.extend(other.later);
        self.earlier += other.earlier;
        self.delays.extend(other.delays);
        self.requests.0 += other.requests.0;
        self.requests.1 += other.requests.1;
        self.examples.extend(other.examples);
    }
}

type Row = (&'static str, Compared);

/// Plays stories without a stream, with other times of the polls, and with `each` of the streams.
fn compare(first: u64, count: u64, each: usize) -> Vec<Row> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let play = |thread: u64| {
        let mut control = ("other polls", Compared::default());
        let mut rows: Vec<Row> = streams()
            .iter()
            .map(|one| (one.name, Compared::default()))
            .collect();
        for seed in (first + thread..first + count).step_by(threads) {
            let without = matrix::ends(seed, seed, None);
            let mut others = vec![matrix::ends(seed, !seed, None)];
            let (name, row) = &mut control;
            row.add(seed, name, &without, &others, &others[0]);
            let all = streams();
            for n in 0..each {
                let index = (seed as usize * each + n) % all.len();
                let with = matrix::ends(seed, seed, Some(all[index].clone()));
                let differs = |(without, with): (&Ended, &Ended)| {
                    with.outcome != without.outcome
                        || with.is_wrong != without.is_wrong
                        || with.at > without.at + LATER
                };
                if others.len() == 1 && without.iter().zip(&with).any(differs) {
                    let polls = (1..=OTHERS).map(|n| seed ^ n << 32);
                    others.extend(polls.map(|polls| matrix::ends(seed, polls, None)));
                }
                let (name, row) = &mut rows[index];
                row.add(seed, name, &without, &others, &with);
            }
        }
        rows.push(control);
        rows
    };
    let mut sum: Vec<Row> = Vec::new();
    thread::scope(|scope| {
        let players: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || play(thread as u64)))
            .collect();
        for player in players {
            let rows = player.join().expect("no player panics");
            if sum.is_empty() {
                sum = rows;
                continue;
            }
            for ((_, sum), (_, row)) in sum.iter_mut().zip(rows) {
                sum.merge(row);
            }
        }
    });
    for (name, row) in &mut sum {
        row.later.sort_unstable();
        row.delays.sort_unstable();
        println!(
            "{name}: {} waits, {} end otherwise ({} unexplained), {} worse, {} better, {} earlier, latest {:?} later, {} requests in place of {}, median delay {:?}",
            row.waits,
            row.different,
            row.unexplained,
            row.worse,
            row.better,
            row.earlier,
            row.later.last(),
            row.requests.1,
            row.requests.0,
            row.delays.get(row.delays.len() / 2),
        );
        for example in row.examples.iter().take(5) {
            println!("  {example}");
        }
    }
    sum
}

#[test]
#[ignore = "plays as many stories as QOVERY_STREAM_STORIES says, with every stream"]
fn every_stream_fault_on_many_stories() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let count = number("QOVERY_STREAM_STORIES").unwrap_or(1000);
    let first = number("QOVERY_STREAM_SEED").unwrap_or(0);
    compare(first, count, streams().len());
}

#[test]
fn no_stream_changes_the_outcome_of_a_story_or_makes_it_late() {
    for (name, row) in compare(0, STORIES, 2) {
        assert!(row.waits >= 20, "{name}: {} waits", row.waits);
        assert_eq!(row.unexplained, 0, "{name}: {:?}", row.examples);
        assert_eq!(row.worse, 0, "{name}: {:?}", row.examples);
        let limit = match name {
            "healthy" => LATER,
            _ => LATER_WITH_A_FAULT,
        };
        let latest = row.later.last().copied().unwrap_or_default();
        assert!(
            latest <= limit,
            "{name}: {latest:?} later: {:?}",
            row.examples
        );
    }
}

/// Plays the older stories, whose oracle also limits the time of the outcome, with `each` of the streams.
/// Returns the faults.
fn older(first: u64, count: u64, each: usize) -> Vec<String> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let play = |thread: u64| {
        let mut faults = Vec::new();
        for seed in (first + thread..first + count).step_by(threads) {
            // A story whose outcome depends on the times of the polls proves nothing.
            let Ok(without) = crate::on_paused_time(crate::judge(seed)) else {
                continue;
            };
            let all = streams();
            for n in 0..each {
                let stream = all[(seed as usize * each + n) % all.len()].clone();
                let name = stream.name;
                let judged = crate::on_paused_time(crate::judge_with(seed, Some(stream)));
                match judged {
                    Err(text) => faults.push(format!("{name}: {text}")),
                    Ok(with) if with.outcome != without.outcome && !without.is_doubtful => {
                        let (with, without) = (with.outcome, without.outcome);
                        faults.push(format!("{name}, seed {seed}: {without:?}, then {with:?}"));
                    }
                    Ok(_) => {}
                }
            }
        }
        faults
    };
    thread::scope(|scope| {
        let players: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || play(thread as u64)))
            .collect();
        let played = players.into_iter();
        played
            .flat_map(|player| player.join().expect("no player panics"))
            .collect()
    })
}

#[test]
#[ignore = "plays as many older stories as QOVERY_STREAM_STORIES says, with every stream"]
fn every_stream_fault_on_many_older_stories() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let count = number("QOVERY_STREAM_STORIES").unwrap_or(300);
    let first = number("QOVERY_STREAM_SEED").unwrap_or(0);
    let faults = older(first, count, streams().len());
    println!("{} faults in {count} stories", faults.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
