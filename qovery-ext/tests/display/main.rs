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
    wait::{Goal, WaitErrorKind, WaitExt},
};
use qovery_fake::{FakeEnvironment, FakeQovery, Fault, Step, Trigger, Workload as Kind};
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
async fn only_a_poll_that_is_refused_after_the_action_says_that_the_server_continues() {
    for after_the_action in [true, false] {
        let (fake, staging) = staging();
        let deploy = fake.client().environment(staging.id()).deploy();
        let deploy = if after_the_action {
            let fake = fake.clone();
            deploy.on_progress(move |_| fake.accept_only("qov_other_token"))
        } else {
            fake.inject(Fault::status(403).on("deployEnvironment"));
            deploy
        };
        let paper = Paper::default();
        let display = paper.display().resume_hint(|_| "resume it".to_owned());
        let error = deploy.show_on(display).await.unwrap_err();
        assert_eq!(error.exit_code(), 3);
        let text = paper.text();
        for part in [
            "the server may continue: check the API token",
            "The server continues: Deploying environment staging",
            "resume it",
        ] {
            assert_eq!(text.contains(part), after_the_action, "{part} in\n{text}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_deployment_request_is_named_by_its_id_until_its_environment_is_known() {
    let (fake, staging) = staging();
    let client = fake.client();
    for ndjson in [false, true] {
        let deploy = client.environment(staging.id()).deploy();
        let operation = deploy.start().await.unwrap();
        let id = operation.token().deployment_request_id().unwrap();
        let paper = Paper::default();
        let wait = client.deployment_request(id).wait_for(Goal::Deployed);
        assert!(wait.look_up_names().await.is_empty());
        wait.show_on(paper.display().ndjson(ndjson)).await.unwrap();
        let text = paper.text();
        let first = text.lines().next().unwrap();
        let title = format!("Waiting for deployment request {id}");
        assert!(first.contains(&title), "{text}");
        if ndjson {
            let begin: Value = serde_json::from_str(first).unwrap();
            assert!(begin["subject"].is_null(), "{begin}");
        }
    }
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

/// The text of a deployment that does not end before its deadline.
async fn shown(fake: &FakeQovery, staging: &FakeEnvironment, cancels: bool) -> String {
    let paper = Paper::default();
    let deploy = fake.client().environment(staging.id()).deploy();
    let deploy = deploy.within(Duration::from_secs(60));
    let deploy = if cancels {
        deploy.cancel_at_deadline()
    } else {
        deploy
    };
    let error = deploy.show_on(paper.display()).await.unwrap_err();
    assert_eq!(error.exit_code(), 2);
    paper.text()
}

#[tokio::test(start_paused = true)]
async fn the_message_at_the_deadline_names_the_state_of_the_server_and_has_no_code_or_token() {
    for cancels in [false, true] {
        let (fake, staging) = staging();
        let _slow = staging
            .services()
            .remove(1)
            .takes(Step::Build, Duration::from_secs(900));
        let text = shown(&fake, &staging, cancels).await;
        assert_eq!(
            text.contains("a cancel was sent and accepted"),
            cancels,
            "{text}"
        );
        assert_eq!(text.contains("The server cancels it: "), cancels, "{text}");
        assert_eq!(text.contains("The server continues: "), !cancels, "{text}");
        assert_eq!(text.contains("the server continues"), !cancels, "{text}");
        assert!(text.contains("the deadline of 1m passed"), "{text}");
        assert!(
            !text.contains("qovery-op-") && !text.contains("client."),
            "{text}"
        );
        assert!(!text.contains("To continue"), "{text}");
    }
    let (fake, staging) = staging();
    let lost = Fault::connection_lost_before_execution();
    fake.inject(lost.on("deployEnvironment"));
    let text = shown(&fake, &staging, false).await;
    assert!(text.contains("The server may have begun: "), "{text}");
    assert!(!text.contains("The server continues"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_cause_that_the_message_has_is_not_printed_again() {
    let (fake, _staging) = staging();
    let paper = Paper::default();
    let deploy = fake.client().environment(Uuid::from_u128(9)).deploy();
    deploy.show_on(paper.display()).await.unwrap_err();
    let text = paper.text();
    assert_eq!(text.matches("404").count(), 1, "{text}");
    assert!(!text.contains("cause"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_subject_without_services_is_named_at_the_end() {
    let (fake, staging) = staging();
    let (organization, cluster) = (staging.organization_id(), staging.cluster_id());
    let client = fake.client();
    let paper = Paper::default();
    let deploy = client.cluster(organization, cluster).deploy();
    deploy.show_on(paper.display()).await.unwrap();
    assert!(
        paper.text().contains("✔ Deployed: the cluster in "),
        "{}",
        paper.text()
    );
    let paper = Paper::default();
    let delete = client.environment(staging.id()).delete();
    delete.show_on(paper.display()).await.unwrap();
    assert!(paper.text().contains("✔ Deleted: "), "{}", paper.text());
    assert!(!paper.text().contains(": it in"), "{}", paper.text());
}

/// A deployed environment whose next deployment waits 100 s in the queue.
async fn queued() -> (FakeQovery, FakeEnvironment) {
    let (fake, staging) = staging();
    let deploy = fake.client().environment(staging.id()).deploy();
    deploy.await.unwrap();
    let next = staging.next_deployment();
    next.queued_for(Duration::from_secs(100));
    (fake, staging)
}

#[tokio::test(start_paused = true)]
async fn a_position_in_the_queue_is_printed_once_and_with_each_heartbeat() {
    let (fake, staging) = queued().await;
    let paper = Paper::default();
    let deploy = fake.client().environment(staging.id()).deploy();
    deploy.show_on(paper.display()).await.unwrap();
    let text = paper.text();
    let queued = text.lines().filter(|line| line.contains("queued")).count();
    // At first, and every 30 s.
    assert_eq!(queued, 4, "{text}");
}

#[tokio::test(start_paused = true)]
async fn events_of_a_queued_deployment_show_nothing_of_the_one_before() {
    let (fake, staging) = queued().await;
    let paper = Paper::default();
    let deploy = fake.client().environment(staging.id()).deploy();
    deploy.show_on(paper.display().ndjson(true)).await.unwrap();
    let text = paper.text();
    let events: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let progress = || events.iter().filter(|event| event["event"] == "progress");
    let is_early =
        |event: &&Value| ["queued", "not_started"].contains(&event["phase"].as_str().unwrap());
    assert!(progress().filter(is_early).count() > 0, "{text}");
    for event in progress().filter(is_early) {
        assert!(event["deployment_id"].is_null(), "{event}");
        assert_eq!(event["services_reached"], 0, "{event}");
        assert_eq!(event["services_failed"], 0, "{event}");
        for part in ["services", "stages"] {
            let parts = event[part].as_array().unwrap();
            assert!(
                !parts.is_empty() && parts.iter().all(|one| one["phase"] == "queued"),
                "{event}"
            );
        }
    }
    let last = progress().next_back().unwrap();
    assert!(last["deployment_id"].is_string(), "{last}");
    assert_eq!(last["services_reached"], 2, "{last}");
    let end = events.last().unwrap();
    assert_eq!(last["elapsed_seconds"], end["elapsed_seconds"]);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_a_stop_of_another_user_ends_names_the_stop() {
    let (fake, staging) = staging();
    let script = staging.next_deployment();
    script.superseded_after(Duration::from_secs(20), Trigger::Stop);
    let error = fake.client().environment(staging.id()).deploy().await;
    let error = error.unwrap_err();
    assert!(error.is_canceled(), "{error:#}");
    let text = error.to_string();
    let successor = error.superseded_by().expect("the stop");
    assert!(
        text.contains(&format!("since then {successor} (")),
        "{text}"
    );
    assert!(text.contains("STOP"), "{text}");

    // A cancel alone has no successor.
    let (fake, staging) = self::staging();
    staging
        .next_deployment()
        .canceled_after(Duration::from_secs(20));
    let error = fake.client().environment(staging.id()).deploy().await;
    let error = error.unwrap_err();
    assert!(
        error.is_canceled() && error.superseded_by().is_none(),
        "{error:#}"
    );
    assert!(!error.to_string().contains("since then"), "{error}");
}

/// The tables of the documentation of the module name each event and each of its fields.
#[tokio::test(start_paused = true)]
async fn each_event_and_field_of_ndjson_is_documented() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("src/display/mod.rs")).unwrap();
    let row = |event: &str| {
        let named = format!("`{event}`");
        let rows = page.lines().filter(|line| line.starts_with("//! | `"));
        let mut rows = rows.filter(|line| line.split('|').nth(1).unwrap().contains(&named));
        rows.next()
            .unwrap_or_else(|| panic!("the event {event}"))
            .to_owned()
    };
    for fault in [None, Some("deployEnvironment")] {
        let (fake, staging) = staging();
        if let Some(name) = fault {
            fake.inject(Fault::status(403).on(name));
        }
        let paper = Paper::default();
        let deploy = fake.client().environment(staging.id()).deploy();
        let shown = deploy.show_on(paper.display().ndjson(true)).await;
        assert_eq!(shown.is_err(), fault.is_some());
        for line in paper.text().lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            let row = row(event["event"].as_str().unwrap());
            let fields = event.as_object().unwrap().keys();
            for field in fields.filter(|field| *field != "event") {
                assert!(row.contains(&format!("`{field}`")), "{field} in {row}");
            }
        }
    }
}

/// The pictures of the docs can be read: the contrast of texts to the background is at least 4.5:1.
#[test]
fn the_texts_of_the_pictures_can_be_read() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    for picture in ["demo.svg", "demo-failure.svg"] {
        let svg = std::fs::read_to_string(root.join(picture)).unwrap();
        let color = |class: &str| {
            let rule = svg.split(&format!(".{class} {{")).nth(1)?;
            let rule = rule.split('}').next()?;
            let hex = rule.split("fill: #").nth(1)?;
            Some(hex[..6].to_owned())
        };
        let background = luminance(&color("bg").unwrap());
        let rules = svg.split("fill: #").skip(1);
        let mut colors: Vec<&str> = rules.map(|rule| &rule[..6]).collect();
        colors.retain(|hex| luminance(hex) != background);
        assert!(colors.len() >= 4, "{picture}: {colors:?}");
        for color in colors {
            let contrast = (luminance(color) + 0.05) / (background + 0.05);
            assert!(contrast >= 4.5, "{picture}: {color} has {contrast:.1}:1");
        }
        assert!(
            !svg.contains("opacity"),
            "{picture}: what is transparent cannot be judged"
        );
    }
}

/// The relative luminance of a color, as WCAG 2 defines it.
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
