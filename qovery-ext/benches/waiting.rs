//! The cost and the correctness of waiting, counted on paused time.
//!
//! Prints four tables: outcomes of the same stories under our rules and those of other clients;
//! requests and delay of the report against polling at a fixed interval; requests of groups of up to a thousand
//! environments; requests of one deployment by operation. Deterministic, and takes seconds:
//! `cargo bench -p qovery-ext --bench waiting`. Only some of the tables: `-- rules`, `-- schedules`, `-- groups`,
//! `-- operations`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    dead_code,
    reason = "a benchmark uses the random deployments of the tests"
)]

#[path = "../tests/wait_stories/oracle.rs"]
mod oracle;
#[path = "../tests/wait_stories/others.rs"]
mod others;
#[path = "../tests/wait_stories/story.rs"]
mod story;
#[path = "../tests/wait_stories/stream_faults.rs"]
mod stream_faults;

use std::time::Duration;

use oracle::{End, Outcome};
use others::Verdict;
use qovery_ext::wait::{Group, WaitExt};
use qovery_fake::{FakeEnvironment, FakeQovery, Step, Workload};
use story::{Story, Target};
use tokio::time::{self, Instant};

fn main() {
    let named: Vec<String> = std::env::args()
        .skip(1)
        .filter(|name| name != "--bench")
        .collect();
    let wanted = |name: &str| named.is_empty() || named.iter().any(|other| other == name);
    if wanted("rules") {
        compare_rules(2000);
    }
    if wanted("schedules") {
        compare_schedules(100);
    }
    if wanted("groups") {
        count_shared_polls();
    }
    if wanted("operations") {
        count_operations();
    }
}

/// Prints the requests of one deployment that takes a minute, by operation.
fn count_operations() {
    println!("\none deployment of 1 min: requests by operation");
    let counts = on_paused_time(async {
        let fake = FakeQovery::new();
        deploy_one(&fake, Duration::from_secs(60), 0).await;
        let mut counts = std::collections::BTreeMap::new();
        for request in fake.requests() {
            *counts
                .entry(request.operation.unwrap_or_default())
                .or_insert(0_u32) += 1;
        }
        counts
    });
    for (operation, count) in counts {
        println!("| {operation:<42} | {count:>3} |");
    }
}

fn on_paused_time<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(future)
}

#[derive(Default)]
struct Tally {
    right: u32,
    false_success: u32,
    false_failure: u32,
    never: u32,
    crash: u32,
}

impl Tally {
    fn add(&mut self, verdict: Verdict, end: End) {
        match (verdict, end) {
            (Verdict::Success, End::Reached) => self.right += 1,
            (Verdict::Success, _) => self.false_success += 1,
            (Verdict::Failure, End::Reached) => self.false_failure += 1,
            (Verdict::Failure, _) => self.right += 1,
            (Verdict::Never, _) => self.never += 1,
            (Verdict::Crash, _) => self.crash += 1,
        }
    }

    fn print(&self, name: &str) {
        println!(
            "| {name:<20} | {:>6} | {:>13} | {:>13} | {:>5} | {:>5} |",
            self.right, self.false_success, self.false_failure, self.never, self.crash
        );
    }
}

/// Plays each story three times from the start, once for each set of rules.
fn compare_rules(count: usize) {
    let stories: Vec<_> = (0..)
        .map(Story::new)
        .filter(|story| story.target == Target::Environment)
        .take(count)
        .collect();
    let (mut ours, mut tool, mut provider) = (Tally::default(), Tally::default(), Tally::default());
    for story in &stories {
        let (outcome, end) = on_paused_time(async {
            let scene = story.set_up().await;
            let outcome = match story.action(&scene).start().await {
                Ok(operation) => {
                    story.begin_trouble(&scene);
                    Outcome::of(&operation.await)
                }
                Err(error) => Outcome::of(&Err(error)),
            };
            (outcome, oracle::truth(story, &scene).await.end)
        });
        let verdict = if outcome == Outcome::Reached {
            Verdict::Success
        } else {
            Verdict::Failure
        };
        // An unknown outcome is the correct report. An outage or an unknown request status is no failure.
        let honest = matches!(
            outcome,
            Outcome::LostContact | Outcome::Superseded | Outcome::DeadlinePassed
        );
        if honest {
            ours.right += 1;
        } else {
            ours.add(verdict, end);
        }
        tool.add(
            on_paused_time(async {
                let scene = story.set_up().await;
                others::command_line_tool(story, &scene).await
            }),
            end,
        );
        provider.add(
            on_paused_time(async {
                let scene = story.set_up().await;
                others::terraform_provider(story, &scene).await
            }),
            end,
        );
    }
    println!(
        "\n{} deployments of an environment, judged by the rules of",
        stories.len()
    );
    println!("|                      |  right | false success | false failure | never | crash |");
    println!("|----------------------|--------|---------------|---------------|-------|-------|");
    ours.print("this library");
    tool.print("command-line tool");
    provider.print("Terraform provider");
}

/// Prints the requests and the delay of the report, for deployments of three lengths.
fn compare_schedules(runs: u64) {
    println!("\nmean of {runs} deployments: requests for the wait, and delay of the report");
    println!("| length |     this library |       every 3 s |      every 10 s |");
    println!("|--------|------------------|-----------------|-----------------|");
    for (name, seconds) in [("1 min", 60), ("10 min", 600), ("1 h", 3600)] {
        let mut cells = Vec::new();
        for way in [Way::Ours, Way::Fixed(3), Way::Fixed(10)] {
            let (mut requests, mut delay) = (0, Duration::ZERO);
            for run in 0..runs {
                let length = Duration::from_millis(seconds * 1000 + run * 137);
                let (r, d) = on_paused_time(measure(way, length, run));
                requests += r;
                delay += d;
            }
            let (requests, delay) = (
                requests as f64 / runs as f64,
                delay.as_secs_f64() / runs as f64,
            );
            cells.push(format!("{requests:>7.1} {delay:>6.2} s"));
        }
        println!(
            "| {name:<6} | {:>16} | {:>15} | {:>15} |",
            cells[0], cells[1], cells[2]
        );
    }
}

#[derive(Clone, Copy)]
enum Way {
    Ours,
    Fixed(u64),
}

async fn measure(way: Way, length: Duration, seed: u64) -> (usize, Duration) {
    let fake = FakeQovery::new();
    let environment = match way {
        Way::Ours => deploy_one(&fake, length, seed).await,
        Way::Fixed(seconds) => {
            let environment = quiet_environment(&fake, length);
            let (client, id) = (fake.client(), environment.id());
            client.deploy_environment(id).await.unwrap();
            loop {
                time::sleep(Duration::from_secs(seconds)).await;
                let status = client.get_environment_status(id).await.unwrap();
                let state = status.last_deployment_state;
                if state.is_some_and(|state| state.as_str() == "DEPLOYED") {
                    break;
                }
            }
            environment
        }
    };
    let reported = fake.elapsed();
    let ended = environment.deployments()[0].ended_at.unwrap();
    (fake.requests().len() - 1, reported - ended)
}

fn quiet_environment(fake: &FakeQovery, length: Duration) -> FakeEnvironment {
    let environment = fake.environment("measured");
    environment
        .service(Workload::Database, "orders")
        .takes(Step::Deployment, length);
    environment
}

async fn deploy_one(fake: &FakeQovery, length: Duration, seed: u64) -> FakeEnvironment {
    let environment = quiet_environment(fake, length);
    let schedule = qovery_ext::wait::PollSchedule::default().seed(seed);
    let action = fake.client().environment(environment.id()).deploy();
    action
        .schedule(schedule)
        .within(Duration::from_secs(7200))
        .await
        .unwrap();
    environment
}

/// Prints the requests of a thousand environments in ten projects that are deployed and waited for together.
fn count_shared_polls() {
    println!("\n1,000 environments in 10 projects, 10 minutes each: requests");
    println!("|                                   | status | per operation |  total |");
    println!("|-----------------------------------|--------|---------------|--------|");
    for (name, count, projects) in [
        ("100 environments in 10 projects", 100, 10),
        ("1,000 environments in 10 projects", 1000, 10),
    ] {
        let (status, own, took) = on_paused_time(deploy_many(count, projects));
        println!(
            "| {name:<33} | {status:>6} | {own:>13} | {:>6} |  ({} s)",
            status + own,
            took.as_secs()
        );
    }
    // Separately: one status for each environment at each of the same polls.
    let polls = on_paused_time(async {
        let (requests, _) = measure(Way::Ours, Duration::from_secs(600), 0).await;
        requests
    });
    println!(
        "| one by one, 1,000 environments    | {:>6} |          1000 | {:>6} |",
        polls * 1000,
        polls * 1000 + 1000
    );
}

async fn deploy_many(count: usize, projects: usize) -> (usize, usize, Duration) {
    let fake = FakeQovery::new();
    let organization = fake.organization("many");
    let mut ids = Vec::new();
    for p in 0..projects {
        let project = organization.project(&format!("project-{p}"));
        for e in 0..count / projects {
            let environment = project.environment(&format!("environment-{e}"));
            environment
                .service(Workload::Database, "orders")
                .takes(Step::Deployment, Duration::from_secs(600));
            ids.push(environment.id());
        }
    }
    let client = fake.client();
    fake.clear_requests();
    let started = Instant::now();
    let group = Group::start(ids.into_iter().map(|id| client.environment(id).deploy())).await;
    let outcome = group.wait().await;
    assert!(outcome.all_reached(), "{:?}", outcome.errors().next());
    let took = started.elapsed();
    let requests = fake.requests();
    let status = requests
        .iter()
        .filter(|r| r.operation.as_deref() == Some("getProjectEnvironmentsStatus"))
        .count();
    (status, requests.len() - status, took)
}
