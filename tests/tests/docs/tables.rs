//! Tables that repeat facts of the code.

use std::time::Duration;

use heck::ToSnakeCase;
use integration_tests::document::workspace;
use qovery_ext::connect::Connect;
use qovery_ext::qovery_api::HttpTransport;
use qovery_ext::wait::{Deadline, Goal, Phase, PollSchedule, ServiceKind, State, WaitOptions};
use regex_lite::Regex;

use crate::page::Page;

#[test]
fn the_table_of_states_is_the_one_that_decides() {
    let cell = |state: &State, goal| match state.phase(goal) {
        Phase::NotStarted => "…",
        Phase::Queued => "queued",
        Phase::Running => "running",
        Phase::Reached => "**reached**",
        Phase::Failed => "failed",
        Phase::Canceled => "canceled",
        other => panic!("the table has no text for {other} yet"),
    };
    let unknown = [State::from("a new state")];
    let row = |state: &State| {
        let name = if state.is_known() {
            format!("`{state}`")
        } else {
            "any other".to_owned()
        };
        let cells = Goal::ALL.map(|goal| cell(state, goal)).join(" | ");
        format!("| {name} | {cells} |")
    };
    let rows: Vec<_> = State::ALL.iter().chain(&unknown).map(row).collect();
    let page = Page::read("docs/waiting.md");
    assert!(
        page.table("states") == rows,
        "the table in docs/waiting.md should be:\n{}",
        rows.join("\n")
    );
    let goals = Goal::ALL.map(|goal| goal.to_string()).join(" | ");
    assert!(
        page.text.contains(&format!("| state | {goals} |")),
        "the head should name: {goals}"
    );
}

#[test]
fn the_defaults_of_waiting_are_those_of_the_options() {
    let options = WaitOptions::default();
    let Deadline::After(deadline) = options.deadline else {
        panic!("there is a deadline unless none is asked for");
    };
    let (first, longest) = (Duration::from_secs(1), Duration::from_secs(15));
    assert_eq!(
        options.schedule,
        PollSchedule::ramp(first, longest)
            .growth(1.5)
            .jitter_share(0.1)
    );
    assert!(!options.cancel_at_deadline);
    let expected = [
        format!(
            "| `within`, `without_deadline` | {} h after the start of the action |",
            deadline.as_secs() / 3600
        ),
        format!(
            "| `schedule` | the first poll at once, the second one after {} s; then each interval is 1.5 times the previous one, up to {} s; jitter 10 % |",
            first.as_secs(),
            longest.as_secs()
        ),
        format!(
            "| `WaitOptions::poll_timeout` | {} s for one poll |",
            options.poll_timeout.as_secs()
        ),
        format!(
            "| `tolerate` | {} failed polls in a row; the sixth ends the wait |",
            options.tolerated_failures
        ),
        format!(
            "| `stable_for` | {} s: the goal counts at once |",
            options.stable_for.as_secs()
        ),
        format!("| `settle` | {} s |", options.settle.as_secs()),
        format!(
            "| `WaitOptions::heartbeat` | {} s |",
            options.heartbeat.as_secs()
        ),
        format!(
            "| `WaitOptions::longest_retry_after` | {} s |",
            options.longest_retry_after.as_secs()
        ),
        "| `cancel_at_deadline` | off: the deployment continues |".to_owned(),
        format!(
            "| `log_lines` | {} lines for each service that failed |",
            options.log_lines
        ),
    ];
    assert_eq!(Page::read("docs/waiting.md").table("defaults"), expected);
}

#[test]
fn the_table_of_versions_agrees_with_each_kind() {
    let rows = [
        ServiceKind::Application,
        ServiceKind::Container,
        ServiceKind::Database,
        ServiceKind::Job,
        ServiceKind::Helm,
        ServiceKind::Terraform,
        ServiceKind::AgenticWorkflow,
    ]
    .map(|kind| {
        let versions = kind.versions().iter().map(|field| format!("`{field}`"));
        let versions: Vec<_> = versions.collect();
        let versions = if versions.is_empty() {
            "none".to_owned()
        } else {
            versions.join(", ")
        };
        format!("| {kind} | {versions} |")
    });
    assert_eq!(Page::read("docs/waiting.md").table("versions"), rows);
}

#[test]
fn the_limits_of_connecting_are_those_of_the_transport() {
    let shown = format!("{:?} {:?}", HttpTransport::builder(), Connect::new());
    let page = Page::read("docs/connecting.md").text;
    for (setting, row) in [
        ("connect_timeout: 10s", "| time to connect | 10 s |"),
        (
            "request_timeout: 60s",
            "| time of one request, up to the last byte of the response | 60 s |",
        ),
        (
            "body_limit: 67108864",
            "| size of the body of a response | 64 MiB |",
        ),
        ("concurrency_limit: None", "| requests in flight | none |"),
        (
            "rate_limit: None",
            "| requests that begin in an interval | none |",
        ),
    ] {
        assert!(shown.contains(setting), "{setting} is not in {shown}");
        assert!(page.contains(row), "{row}");
    }
}

#[test]
fn the_table_of_areas_is_that_of_the_crate_documentation() {
    let crate_docs = std::fs::read_to_string(workspace().join("qovery-api/src/lib.rs"));
    let crate_docs = crate_docs.expect("readable");
    let rows: Vec<_> = crate_docs
        .lines()
        .skip_while(|line| *line != "//! # Areas")
        .take_while(|line| *line != "//! # Other features")
        .filter_map(|line| line.strip_prefix("//! "))
        .filter(|line| line.starts_with("| `"))
        .collect();
    assert!(rows.len() > 10, "{rows:?}");
    assert_eq!(Page::read("docs/install.md").table("areas"), rows);
}

#[test]
fn the_paged_operations_are_those_of_the_generated_table() {
    let table = std::fs::read_to_string(workspace().join("qovery-api/src/generated/paging.rs"));
    let table = table.expect("readable");
    let implementation =
        Regex::new(r"impl crate::runtime::(PagedOperation|WindowOperation)\s+for crate::operations::(\w+) \{([^}]*)")
            .expect("a pattern");
    let mut shapes = [Vec::new(), Vec::new(), Vec::new()];
    for found in implementation.captures_iter(&table) {
        let shape = match (&found[1], found[3].contains("Paging::StartId")) {
            ("WindowOperation", _) => 2,
            (_, true) => 0,
            (_, false) => 1,
        };
        shapes[shape].push(format!("`{}`", found[2].to_snake_case()));
    }
    let rows = Page::read("docs/paging.md").table("paged");
    assert_eq!(rows.len(), shapes.len());
    for (mut shape, row) in shapes.into_iter().zip(rows) {
        shape.sort();
        let operations = shape.join(", ");
        assert!(
            row.ends_with(&format!(" | {operations} |")),
            "a row should list {operations}, not {row}"
        );
    }
}
