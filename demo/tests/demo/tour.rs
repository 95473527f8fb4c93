//! The tour on the fake, without an account.

use crate::program::{program, run};

#[test]
fn without_a_terminal_the_tour_prints_plain_lines() {
    let run = run(program("--speed 100"));
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let in_order = [
        "no account, no network",
        "1. A deployment",
        "Deploying environment production",
        "stage data: ",
        "Deployed: 7 services in",
        "2. Its history",
        "and 14 on page 1, 20 on page 2, 7 on page 3",
        "47 deployments on 3 pages",
        "3. A failure",
        "stage services: failed",
        "deploying environment production (",
        "): it failed (BUILD_ERROR)",
        "api (application)  BUILD_ERROR  stage services, step build",
        "--> src/checkout.rs:42:17",
        "ended with exit code 101",
        "service     ",
        "deployment  ",
        "request     ",
        "console     https://console.qovery.com/organization/",
        "exit code   1",
        "export QOVERY_API_TOKEN=",
    ];
    let mut rest = run.out.as_str();
    for text in in_order {
        let at = rest.find(text);
        let at = at.unwrap_or_else(|| panic!("{text:?} is missing, or too early, in\n{}", run.out));
        rest = &rest[at + text.len()..];
    }
    assert!(!run.out.contains('\x1b'), "no colors without a terminal");
    assert_eq!(run.err, "");
}

#[test]
fn the_log_of_the_deployment_is_shown_if_asked() {
    let without = run(program("--speed 100"));
    assert!(
        !without.out.contains("orders: DEPLOYMENT starts"),
        "{}",
        without.out
    );
    let with = run(program("--speed 100 --logs"));
    assert_eq!(with.code, 0, "{}{}", with.out, with.err);
    assert!(
        with.out.contains("orders orders: DEPLOYMENT starts"),
        "{}",
        with.out
    );
    let events = run(program("--speed 100 --logs --json"));
    let log = events.event("log");
    assert!(log["entry"]["timestamp"].is_string(), "{log}");
}

#[test]
fn the_tour_is_a_stream_of_events_for_programs() {
    let run = run(program("--speed 100 --json"));
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(run.event("begin")["name"], "production");
    let reached = run.event("reached");
    assert_eq!(reached["goal"], "deployed");
    assert_eq!(reached["exit_code"], 0);
    let history = run.event("history");
    assert_eq!(
        (&history["deployments"], &history["pages"]),
        (&47.into(), &3.into())
    );
    let listed = run.events();
    let listed = listed.iter().filter(|event| event["event"] == "deployment");
    assert_eq!(listed.count(), 47);
    let failed = run.event("failed");
    assert_eq!(failed["exit_code"], 1);
    let service = &failed["report"]["services"][0];
    assert_eq!(service["name"], "api");
    assert_eq!(service["stage"], "services");
    assert_eq!(service["step"]["name"], "BUILD");
    assert!(failed["report"]["deployment_id"].is_string());
    assert!(failed["report"]["console_url"].is_string());
    let progress = run.event("progress");
    assert_eq!(progress["stages"].as_array().unwrap().len(), 3);
    assert_eq!(progress["services"].as_array().unwrap().len(), 7);
}

#[test]
fn a_deadline_ends_the_tour_with_its_code_and_the_token() {
    let run = run(program("--speed 1 --timeout 300ms --json"));
    assert_eq!(run.code, 2, "{}{}", run.out, run.err);
    let last = run.last();
    assert_eq!(last["event"], "deadline_passed");
    assert!(last["token"].as_str().unwrap().starts_with("qovery-op-"));
}

#[test]
fn the_tour_prints_no_command_to_continue_because_its_fake_ends_with_it() {
    let run = run(program("--speed 1 --timeout 300ms"));
    assert_eq!(run.code, 2, "{}{}", run.out, run.err);
    assert!(
        run.out.contains("the deadline of 300ms passed"),
        "{}",
        run.out
    );
    for hint in ["To continue the wait", "--resume"] {
        assert!(!run.out.contains(hint), "{}", run.out);
    }
    assert!(
        run.out.contains("The fake has ended with this program"),
        "{}",
        run.out
    );
}

#[test]
fn a_missing_argument_is_reported() {
    let id = "6f1d7b3e-58a2-4cf0-9d53-0d6f3f0f9a11";
    for (line, expected) in [
        ("deploy", "--environment ID"),
        (&format!("--environment {id}"), "deploy, redeploy, stop"),
        (&format!("deploy --environment {id}"), "QOVERY_API_TOKEN"),
        ("--environment shop deploy", "invalid value"),
        ("--resume something", "qovery-op-"),
        ("--timeout soon", "invalid value"),
    ] {
        let run = run(program(line));
        assert_eq!(run.code, 64, "{line}: {}", run.err);
        assert!(run.err.contains(expected), "{line}: {}", run.err);
        assert_eq!(run.out, "", "{line}");
    }
    let help = run(program("--help"));
    assert_eq!(help.code, 0);
    assert!(help.out.contains("Exit codes: 0 reached"), "{}", help.out);
}
