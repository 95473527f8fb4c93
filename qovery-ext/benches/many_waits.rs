//! Measures the memory, CPU and requests of many waits in one process, over real HTTP and real time.
//!
//! Serves a fake in a child process, waits for the given number of environments with one client, and prints a
//! line of figures: `cargo bench -p qovery-ext --bench many_waits -- 10000`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark"
)]

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use qovery_ext::{
    connect::Connect,
    qovery_api::uuid::Uuid,
    wait::{Goal, Group, WaitExt},
};
use qovery_fake::{Clock, FakeQovery, Workload};

/// The number of environments of a project.
const IN_PROJECT: usize = 100;
/// The duration of the measurement.
const OBSERVED: Duration = Duration::from_secs(60);

#[tokio::main]
async fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<usize>().ok());
    let waits = numbers.next_back().unwrap_or(1000);
    if std::env::var_os("SERVE").is_some() {
        return serve(waits).await;
    }
    let mut server = Command::new(std::env::current_exe().unwrap())
        .arg(waits.to_string())
        .env("SERVE", "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let url = lines.next().unwrap().unwrap();
    let ids: Vec<(Uuid, Uuid)> = lines
        .by_ref()
        .take(waits)
        .map(|line| {
            let line = line.unwrap();
            let (project, environment) = line.split_once(' ').unwrap();
            (project.parse().unwrap(), environment.parse().unwrap())
        })
        .collect();
    let client = Connect::new()
        .base_url(url)
        .token("qov_fake_token")
        .build()
        .unwrap();
    let (before, started) = (usage(), Instant::now());
    let actions = ids.iter().map(|(project, id)| {
        let environment = client.environment(*id).in_project(*project);
        environment.wait_for(Goal::Deleted).without_deadline()
    });
    let group = Group::start(actions).await;
    let begun = started.elapsed();
    let _still_waiting = tokio::time::timeout(OBSERVED, group.wait()).await;
    let after = usage();
    println!(
        "{waits} waits: started in {:.1} s; {:.1} MiB more memory; {:.2} s of CPU in {} s",
        begun.as_secs_f64(),
        (after.memory - before.memory) / 1024.0,
        after.cpu - before.cpu,
        started.elapsed().as_secs(),
    );
    server.kill().unwrap();
    server.wait().unwrap();
}

async fn serve(waits: usize) {
    let fake = FakeQovery::with_clock(Clock::manual());
    let organization = fake.organization("acme");
    let mut lines = Vec::new();
    for number in 0..waits {
        let project = organization.project(&format!("project-{}", number / IN_PROJECT));
        let environment = project.environment(&format!("environment-{number}"));
        environment.service(Workload::Container, "web");
        let environment = environment.in_state("DEPLOYED");
        lines.push(format!("{} {}", project.id(), environment.id()));
    }
    let server = fake.serve().await.unwrap();
    println!("{}", server.url());
    lines.iter().for_each(|line| println!("{line}"));
    let mut seen = 0;
    loop {
        tokio::time::sleep(Duration::from_secs(10)).await;
        let requests = fake.requests().len();
        eprintln!("{:.1} requests a second", (requests - seen) as f64 / 10.0);
        seen = requests;
    }
}

struct Usage {
    /// Resident memory, in KiB.
    memory: f64,
    /// CPU time, in seconds.
    cpu: f64,
}

/// Memory and CPU of this process, from the kernel.
fn usage() -> Usage {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    let memory = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    Usage {
        memory,
        cpu: ticks / 100.0,
    }
}
