//! The display of actions, over paused time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot continue fails, also in its helpers"
)]

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use qovery_ext::{
    display::{Display, ShowError, ShowExt},
    qovery_api::uuid::Uuid,
    wait::{WaitErrorKind, WaitExt},
};
use qovery_fake::{FakeEnvironment, FakeQovery, Fault, Step, Workload as Kind};
use serde_json::Value;

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn display(&self) -> Display {
        Display::detect().write_to(self.clone())
    }
}

fn staging() -> (FakeQovery, FakeEnvironment) {
    let fake = FakeQovery::new();
    let staging = fake.project("shop").environment("staging");
    staging.service(Kind::Database, "orders").in_stage("data");
    staging.service(Kind::Application, "api").in_stage("code");
    (fake, staging)
}

#[tokio::test(start_paused = true)]
async fn a_deployment_is_shown_as_lines_with_names() {
    let (fake, staging) = staging();
    let paper = Paper::default();
    let deploy = fake.client().environment(staging.id()).deploy();
    let reached = deploy.show_on(paper.display()).await.unwrap();
    assert!(reached.polls > 1);
    let text = paper.text();
    let id = staging.id();
    for part in [
        &format!("Deploying environment staging ({id})"),
        "✔ stage data: reached",
        "✔ orders",
        "DEPLOYED",
        "✔ Deployed: 2 services in",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_shown_with_its_report_and_fits_the_width() {
    for width in (40..=70).chain([80, 120, 200]) {
        let (fake, staging) = staging();
        let api = staging.services().remove(1);
        let script = staging.next_deployment();
        script
            .fails_at(&api, Step::Build)
            .because("the compiler found an error in the sources");
        let paper = Paper::default();
        let deploy = fake.client().environment(staging.id()).deploy();
        let error = deploy
            .show_on(paper.display().width(width))
            .await
            .unwrap_err();
        assert_eq!(error.wait_error().unwrap().kind(), WaitErrorKind::Failed);
        assert_eq!(error.exit_code(), 1);
        let text = paper.text();
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [
            "api (application) BUILD_ERROR stage code, step build",
            "exit code 1",
            &format!("service {}", api.id()),
            "): it failed (BUILD_ERROR)",
        ] {
            assert!(words.contains(part), "{width}: {part} in\n{text}");
        }
        let reason = "the compiler found an error in the sources";
        assert!(words.replace(" │", "").contains(reason), "{width}: {text}");
        for line in text.lines() {
            // A URL stays whole.
            let is_url = line.contains("https://");
            assert!(line.chars().count() <= width || is_url, "{width}: {line}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn events_are_json_lines_that_end_with_the_outcome() {
    let (fake, staging) = staging();
    for (fault, last) in [(None, "reached"), (Some(403), "refused")] {
        if let Some(status) = fault {
            fake.inject(Fault::status(status).on("deployEnvironment"));
        }
        let paper = Paper::default();
        let deploy = fake.client().environment(staging.id()).deploy();
        let shown = deploy.show_on(paper.display().ndjson(true)).await;
        let text = paper.text();
        let events: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(events[0]["event"], "begin");
        assert_eq!(events[0]["name"], "staging");
        let end = events.last().unwrap();
        assert_eq!(end["event"], last, "{text}");
        let code = shown.map_or_else(|error| error.exit_code(), |reached| reached.exit_code());
        assert_eq!(end["exit_code"], code);
        assert!(end["token"].as_str().unwrap().starts_with("qovery-op-"));
        if last == "reached" {
            let fact = &end["evidence"][0];
            assert!(fact["run"]["request"].is_string(), "{text}");
            assert_eq!(fact["endpoint"], "request_status");
            assert_eq!(fact["says"]["state"], "DEPLOYED");
            assert!(fact["after"]["secs"].is_u64(), "{text}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn names_that_cannot_be_read_are_left_out_and_nothing_fails() {
    let (fake, staging) = staging();
    fake.inject(Fault::status(403).on("getEnvironment").times(100));
    fake.inject(
        Fault::status(500)
            .on("listServicesByEnvironmentId")
            .times(100),
    );
    let paper = Paper::default();
    let deploy = fake.client().environment(staging.id()).deploy();
    deploy.show_on(paper.display()).await.unwrap();
    let text = paper.text();
    assert!(
        text.contains(&format!("Deploying environment {}", staging.id())),
        "{text}"
    );
    let api = staging.services().remove(1);
    assert!(text.contains(&api.id().to_string()), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_prints_how_to_continue_and_a_resumed_operation_is_shown_too() {
    let (fake, staging) = staging();
    let api = staging.services().remove(1);
    let _slow = api.takes(Step::Build, Duration::from_secs(900));
    let client = fake.client();
    let paper = Paper::default();
    let deploy = client
        .environment(staging.id())
        .deploy()
        .within(Duration::from_secs(60));
    let display = paper
        .display()
        .resume_hint(|token| format!("resume {token}"));
    let error = deploy.show_on(display).await.unwrap_err();
    assert_eq!(error.exit_code(), 2);
    let text = paper.text();
    assert!(text.contains("To continue the wait:"), "{text}");
    let token = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("resume "))
        .unwrap();
    assert_eq!(token, error.token().unwrap().to_string());

    let paper = Paper::default();
    let operation = client
        .resume(token.parse().unwrap())
        .unwrap()
        .start()
        .await
        .unwrap();
    operation
        .show_on(paper.display())
        .title("Again")
        .await
        .unwrap();
    assert!(paper.text().contains("Again"), "{}", paper.text());
    assert_eq!(fake.executions().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_subject_that_does_not_exist_is_an_error_that_was_printed() {
    let (fake, _staging) = staging();
    let paper = Paper::default();
    let deploy = fake.client().environment(Uuid::from_u128(9)).deploy();
    let error = deploy.show_on(paper.display()).await.unwrap_err();
    assert!(matches!(error, ShowError::Missed(_)));
    assert_eq!(error.exit_code(), 3);
    assert!(paper.text().contains("exit code   3"), "{}", paper.text());
}

/// The pictures of the docs can be read: the contrast of texts to the background is at least 4.5:1.
#[test]
fn the_texts_of_the_pictures_can_be_read() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    for picture in ["demo.svg", "demo-failure.svg"] {
        let svg = std::fs::read_to_string(root.join(picture)).unwrap();
        let colour = |class: &str| {
            let rule = svg.split(&format!(".{class} {{")).nth(1)?;
            let rule = rule.split('}').next()?;
            let hex = rule.split("fill: #").nth(1)?;
            Some(hex[..6].to_owned())
        };
        let background = luminance(&colour("bg").unwrap());
        let rules = svg.split("fill: #").skip(1);
        let mut colours: Vec<&str> = rules.map(|rule| &rule[..6]).collect();
        colours.retain(|hex| luminance(hex) != background);
        assert!(colours.len() >= 4, "{picture}: {colours:?}");
        for colour in colours {
            let contrast = (luminance(colour) + 0.05) / (background + 0.05);
            assert!(contrast >= 4.5, "{picture}: {colour} has {contrast:.1}:1");
        }
        assert!(
            !svg.contains("opacity"),
            "{picture}: what is transparent cannot be judged"
        );
    }
}

/// The relative luminance of a colour, as WCAG 2 defines it.
fn luminance(hex: &str) -> f64 {
    let channel = |at: usize| {
        let value = u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}
