//! The program prints the names of services and stages, and lines of a log, as text that controls no terminal.

use std::time::Duration;

use qovery_fake::{Clock, FakeEnvironment, FakeQovery, FakeServer, Step, Workload};
use serde_json::Value;

use crate::program::{Run, Running, program_on, run};

#[allow(
    unreachable_pub,
    reason = "items that are private here are public in the tests of the workspace"
)]
#[path = "../../../tests/src/hostile.rs"]
mod corpus;

/// An environment with a service, a stage and a line of the log for each text, whose next deployment
/// fails.
async fn scene(texts: &[String], clock: Clock) -> (FakeQovery, FakeServer, FakeEnvironment) {
    let fake = FakeQovery::with_clock(clock);
    let environment = fake.environment(texts.first().expect("a text"));
    for text in texts {
        environment
            .service(Workload::Application, text)
            .in_stage(&format!("{text} "));
    }
    let broken = environment.services().pop().expect("a service");
    let reason = texts.last().expect("a text");
    environment
        .next_deployment()
        .fails_at(&broken, Step::Build)
        .because(reason)
        .after_logging(texts.iter().map(String::as_str));
    let server = fake.serve().await.unwrap();
    (fake, server, environment)
}

async fn runs(texts: &[String]) -> Vec<Run> {
    let mut runs = Vec::new();
    for options in ["", "--json"] {
        let (fake, server, environment) = scene(texts, Clock::fast(1000.0)).await;
        let environment = environment.history(3);
        for command in [
            "deploy",
            "history",
            "deploy --timeout 1ms",
            "wait --timeout 1ms",
        ] {
            let line = format!("--environment {} {options} {command}", environment.id());
            runs.push(run(program_on(&fake, &server, &line)));
        }
        fake.accept_only("qov_another");
        let line = format!("--environment {} {options} stop", environment.id());
        runs.push(run(program_on(&fake, &server, &line)));
    }
    runs
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_of_the_api_controls_the_terminal_or_a_runner() {
    let texts: Vec<String> = corpus::texts().into_iter().map(|(_, text)| text).collect();
    let mut shown = 0;
    for texts in texts.chunks(8) {
        for run in runs(texts).await {
            assert_eq!(corpus::faults(&run.out), [""; 0], "{}", run.out);
            assert_eq!(corpus::faults(&run.err), [""; 0], "{}", run.err);
            shown += usize::from(run.out.contains("\\u"));
        }
    }
    assert!(shown > 10, "hostile texts were shown in {shown} runs");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_events_for_programs_contain_the_texts_unescaped() {
    let text = "a\u{1b}[2J\u{202e}b ##vso[x]\u{200b}";
    // The deployment does not continue until the program has shown it.
    let (fake, server, environment) = scene(&[text.to_owned()], Clock::manual()).await;
    let line = format!("--environment {} --json deploy", environment.id());
    let mut running = Running::start(program_on(&fake, &server, &line));
    let begin = running.until(|event| event["event"] == "begin");
    assert_eq!(begin["name"], Value::from(text));
    let progress = running.until(|event| event["event"] == "progress");
    assert_eq!(progress["services"][0]["name"], Value::from(text));
    fake.advance(Duration::from_secs(3600));
    let failed = running.until(|event| event["event"] == "failed");
    assert_eq!(failed["report"]["services"][0]["name"], Value::from(text));
    running.end();
}
