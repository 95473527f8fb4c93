//! Runs each example as a user would: as a program, with a token and an address in its environment.
//!
//! The example about testing has tests of its own, which run with it.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot continue fails, also in its helpers"
)]

use std::{
    path::PathBuf,
    process::{Command, Output},
};

use qovery_fake::{Clock, FakeEnvironment, FakeQovery, FakeServer, SocketFault, Step, Workload};
use serde_json::json;

/// Hostile texts of the corpus, and the checks of an output.
#[allow(
    unreachable_pub,
    reason = "items that are private here are public in the tests of the workspace"
)]
#[path = "../../../tests/src/hostile.rs"]
mod hostile;

struct Scene {
    fake: FakeQovery,
    server: FakeServer,
    environment: FakeEnvironment,
}

impl Scene {
    /// An environment with a database and a container.
    async fn set() -> Self {
        let fake = FakeQovery::with_clock(Clock::fast(1000.0));
        let environment = fake.environment("staging");
        environment
            .service(Workload::Database, "orders")
            .in_stage("data");
        let web = environment
            .service(Workload::Container, "web")
            .in_stage("code");
        let _web = web.url("https://web.example.com");
        Self {
            server: fake.serve().await.unwrap(),
            fake,
            environment,
        }
    }

    fn run(&self, example: &str, arguments: &[&str]) -> Run {
        let mut command = Command::new(program(example));
        command.args(arguments);
        command.env("QOVERY_API_TOKEN", self.fake.token());
        command.env("QOVERY_API_URL", self.server.url());
        command.env("QOVERY_WS_URL", self.server.stream_url());
        command.output().unwrap().into()
    }

    fn id(&self) -> String {
        self.environment.id().to_string()
    }

    fn asked(&self) -> Vec<String> {
        let executions = self.fake.executions();
        executions
            .into_iter()
            .filter_map(|request| request.operation)
            .collect()
    }
}

struct Run {
    code: i32,
    out: String,
    err: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("an exit code"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The program of an example. Cargo builds it with the tests, but not if only one test is selected.
fn program(example: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let target = tests.parent().and_then(|deps| deps.parent()).unwrap();
    let program = target.join("examples").join(example);
    let source = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let source = source.join("examples").join(example).with_extension("rs");
    let age = |path: &PathBuf| path.metadata().and_then(|data| data.modified());
    let is_current = age(&program).is_ok_and(|built| age(&source).unwrap() <= built);
    let how =
        "cargo build -p qovery-ext --features bulk,display,preview,stream,versions --examples";
    assert!(is_current, "the example {example} is not built: {how}");
    program
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_argument_of_an_example_is_named_with_its_value() {
    let scene = Scene::set().await;
    let id = scene.id();
    let is_no_id = "\"shop\" is not the id of an environment, which is a UUID";
    for (example, arguments, why, code) in [
        ("ci_gate", vec!["shop"], is_no_id, 3),
        ("ci_gate", vec![], "usage: ENVIRONMENT_ID", 3),
        ("wait_for_many", vec![id.as_str(), "shop"], is_no_id, 3),
        ("history_csv", vec!["shop"], is_no_id, 1),
        ("history_csv", vec![], "usage: ENVIRONMENT_ID", 1),
        ("update_image", vec!["shop", "web", "1.0"], is_no_id, 1),
        ("deploy_with_logs", vec!["shop"], is_no_id, 1),
        (
            "deploy_with_logs",
            vec![id.as_str(), "soon"],
            "SECONDS is a whole number, not \"soon\"",
            1,
        ),
        (
            "tail_logs",
            vec!["shop"],
            "\"shop\" is not the id of a service, which is a UUID",
            1,
        ),
    ] {
        let run = scene.run(example, &arguments);
        assert_eq!(run.code, code, "{example}: {}", run.err);
        assert!(run.err.contains(why), "{example}: {}", run.err);
    }
    assert!(scene.fake.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ci_gate_exits_with_the_code_of_the_deployment() {
    let scene = Scene::set().await;
    let passed = scene.run("ci_gate", &[&scene.id()]);
    assert_eq!(passed.code, 0, "{}{}", passed.out, passed.err);
    assert!(
        passed.out.contains("2 of 2 services deployed"),
        "{}",
        passed.out
    );

    let web = &scene.environment.services()[1];
    let script = scene.environment.next_deployment();
    script
        .fails_at(web, Step::Deployment)
        .because("the probe never answered");
    let failed = scene.run("ci_gate", &[&scene.id(), "--json"]);
    assert_eq!(failed.code, 1, "{}{}", failed.out, failed.err);
    assert!(
        failed.err.contains("the probe never answered"),
        "{}",
        failed.err
    );
    for line in failed.out.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(event["goal"], "deployed");
    }

    scene.fake.accept_only("qov_another");
    let command = scene.run("ci_gate", &["00000000-0000-0000-0000-000000000009"]);
    assert_eq!(command.code, 3, "{}", command.err);
}

/// A scene whose names are hostile, and whose next deployment fails with hostile lines in its log.
async fn hostile_scene(texts: &[String]) -> Scene {
    let fake = FakeQovery::with_clock(Clock::fast(1000.0));
    let environment = fake.environment(&texts[0]);
    for text in texts {
        let service = environment.service(Workload::Container, text);
        let _service = service
            .in_stage(&format!("{text} "))
            .with("tag", json!(text));
    }
    let broken = environment.services().pop().unwrap();
    environment
        .next_deployment()
        .fails_at(&broken, Step::Deployment)
        .because(texts.last().unwrap())
        .after_logging(texts.iter().map(String::as_str));
    Scene {
        server: fake.serve().await.unwrap(),
        fake,
        environment,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_of_the_api_gives_a_command_to_a_runner() {
    let texts: Vec<String> = hostile::texts().into_iter().map(|(_, text)| text).collect();
    for texts in texts.chunks(16) {
        let scene = hostile_scene(texts).await;
        let _environment = scene.environment.clone().history(3);
        let id = scene.id();
        let first = texts[0].replace('\0', "");
        for (example, arguments) in [
            ("ci_gate", vec![id.as_str()]),
            ("ci_gate", vec![id.as_str(), "--json"]),
            ("wait_for_many", vec![id.as_str()]),
            ("deploy_with_logs", vec![id.as_str(), "0"]),
            ("history_csv", vec![id.as_str()]),
            ("update_image", vec![id.as_str(), first.as_str(), "2.0"]),
            (
                "preview_environment",
                vec![id.as_str(), first.as_str(), "true"],
            ),
        ] {
            let run = scene.run(example, &arguments);
            let printed = format!("{}\n{}", run.out, run.err);
            assert_eq!(hostile::faults(&printed), [""; 0], "{example}: {printed}");
        }
        let failed = scene.run("ci_gate", &[&id]);
        assert!(!failed.out.is_empty() && !failed.err.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_prints_lines_that_cannot_control_the_terminal() {
    let scene = Scene::set().await;
    let web = scene.environment.services()[1].clone();
    let web = web.prints("first line").prints("\u{1b}[2Jsecond line");
    scene
        .fake
        .inject_socket(SocketFault::close(1000, "").after_frames(2));
    let run = scene.run("tail_logs", &[&web.id().to_string()]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(run.out.lines().count(), 2, "{}", run.out);
    assert!(run.out.contains("first line") && run.out.contains("second line"));
    assert!(!run.out.contains('\u{1b}'), "{}", run.out);
    scene.fake.inject_socket(SocketFault::close(1008, "denied"));
    let run = scene.run("tail_logs", &[&web.id().to_string(), "{} |= `x`"]);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("denied"), "{}", run.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_shows_its_log_and_ends_when_its_services_run() {
    let scene = Scene::set().await;
    let run = scene.run("deploy_with_logs", &[&scene.id(), "1"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("DEPLOYMENT starts"), "{}", run.out);
    assert!(run.out.contains("2 services run"), "{}", run.out);
    let web = scene.environment.services()[1].clone();
    let _web = web
        .prints("out of memory")
        .pod_fails("CrashLoopBackOff", Some(137));
    let run = scene.run("deploy_with_logs", &[&scene.id(), "1"]);
    assert_eq!(run.code, 1);
    for part in ["CrashLoopBackOff", "exit code 137", "out of memory"] {
        assert!(run.err.contains(part), "{part}: {}", run.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_is_deleted_after_its_tests_and_exits_with_their_code() {
    let scene = Scene::set().await;
    for (command, code) in [("true", 0), ("false", 1)] {
        scene.fake.clear_requests();
        let run = scene.run("preview_environment", &[&scene.id(), "pr-17", command]);
        assert_eq!(run.code, code, "{}{}", run.out, run.err);
        assert!(
            run.out.contains("web: https://z") && run.out.contains("-web.example.com"),
            "{}",
            run.out
        );
        assert!(run.out.contains("environment pr-17 ("), "{}", run.out);
        let asked = [
            "cloneEnvironment",
            // The mark, and with it the name.
            "createVariable",
            "editEnvironment",
            "createVariable",
            "createVariable",
            "createVariable",
            "deployEnvironment",
            "deleteEnvironment",
        ];
        assert_eq!(scene.asked(), asked);
    }
    let state = scene.environment.state();
    assert_eq!(
        state.as_deref(),
        Some("READY"),
        "the original was left alone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_that_cannot_be_deployed_is_deleted_too() {
    let scene = Scene::set().await;
    let fault = qovery_fake::Fault::status(409).on("deployEnvironment");
    scene.fake.inject(fault);
    let run = scene.run("preview_environment", &[&scene.id(), "pr-18", "true"]);
    assert_eq!(run.code, 3, "{}{}", run.out, run.err);
    assert!(run.err.contains("409"), "{}", run.err);
    let last = scene.asked().pop();
    assert_eq!(last.as_deref(), Some("deleteEnvironment"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_image_tag_changes_the_tag_and_nothing_else() {
    let scene = Scene::set().await;
    let web = scene.environment.services()[1].clone();
    let properties = [
        ("tag", json!("1.0")),
        ("min_running_instances", json!(3)),
        ("max_running_instances", json!(7)),
        ("auto_deploy", json!(false)),
        ("arguments", json!(["--port", "80"])),
        ("description", json!("the shop")),
    ];
    let mut web = web;
    for (name, value) in &properties {
        web = web.with(name, value.clone());
    }
    let run = scene.run("update_image", &[&scene.id(), "WEB", "2.0"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(web.property("tag"), Some(json!("2.0")));
    for (name, value) in &properties[1..] {
        assert_eq!(web.property(name).as_ref(), Some(value), "{name}");
    }
    assert_eq!(scene.asked(), ["editContainer", "deployContainer"]);
    let orders = &scene.environment.services()[0];
    assert_eq!(
        orders.state().as_deref(),
        Some("READY"),
        "its neighbor was left alone"
    );

    let other = scene.run("update_image", &[&scene.id(), "orders", "2.0"]);
    assert_eq!(other.code, 1);
    assert!(other.err.contains("is not a container"), "{}", other.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_environments_are_waited_for_together() {
    let scene = Scene::set().await;
    let project = scene.fake.project("project");
    let others = ["blue", "green"].map(|name| project.environment(name));
    let services = others
        .clone()
        .map(|e| e.service(Workload::Application, "api"));
    others[1]
        .next_deployment()
        .fails_at(&services[1], Step::Build);
    let ids = [
        scene.id(),
        others[0].id().to_string(),
        others[1].id().to_string(),
    ];
    let ids = ids.each_ref().map(String::as_str);
    let run = scene.run("wait_for_many", &ids);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(run.out.contains("2 of 3 deployed"), "{}", run.out);
    assert!(run.out.contains("BUILD_ERROR"), "{}", run.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_history_becomes_a_table() {
    let scene = Scene::set().await;
    let _environment = scene.environment.clone().history(45);
    let run = scene.run("history_csv", &[&scene.id()]);
    assert_eq!(run.code, 0, "{}", run.err);
    let mut table = csv::Reader::from_reader(run.out.as_bytes());
    let rows: Vec<_> = table.records().map(|row| row.unwrap()).collect();
    assert_eq!(rows.len(), 45);
    assert!(
        rows.iter()
            .all(|row| row.len() == 6 && &row[3] == "DEPLOYED")
    );
    let ids: std::collections::BTreeSet<_> = rows.iter().map(|row| row[0].to_owned()).collect();
    assert_eq!(ids.len(), 45, "each deployment once");
    assert!(run.err.contains("45 deployments"), "{}", run.err);
}

/// The path of the environment of a scene.
const STAGING: &str = "organization/project/staging";

#[tokio::test(flavor = "multi_thread")]
async fn the_ci_programs_deploy_by_name_and_exit_with_the_code_of_the_deployment() {
    let scene = Scene::set().await;
    let run = scene.run("ci_deploy", &[STAGING]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("environment staging ("), "{}", run.out);
    assert!(run.out.contains("✔ Deployed: 2 services"), "{}", run.out);
    let run = scene.run("ci_deploy", &["organization/project/stagin"]);
    assert_eq!(run.code, 3);
    assert!(run.err.contains("did you mean staging"), "{}", run.err);

    let web = &scene.environment.services()[1];
    scene
        .environment
        .next_deployment()
        .fails_at(web, Step::Deployment);
    let run = scene.run("ci_deploy_many", &[STAGING, "web=1.8.2"]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(run.out.contains("DEPLOYMENT_ERROR"), "{}", run.out);
    let run = scene.run("ci_deploy_many", &[STAGING, "web=1.8.2"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(web.property("tag"), Some(json!("1.8.2")));
    let run = scene.run("ci_deploy_many", &[STAGING, "orders=4f1c2d9"]);
    assert_eq!(run.code, 3, "{}{}", run.out, run.err);
    assert!(
        run.out.contains("a database takes no version"),
        "{}",
        run.out
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_before_the_wait_has_its_exit_code_and_is_one_line_with_its_cause() {
    let programs = [
        ("ci_deploy", vec![STAGING]),
        ("ci_deploy_many", vec![STAGING, "web=1.8.2"]),
        ("ci_preview", vec![STAGING, "pr-17", "web", "feature"]),
        ("ci_preview_delete", vec![STAGING, "pr-17"]),
        ("ci_promote", vec![STAGING, STAGING]),
        ("stop_all_non_production", vec!["organization"]),
        ("preview_environment", vec![STAGING, "pr-17", "true"]),
    ];
    for (program, arguments) in programs {
        let scene = Scene::set().await;
        let check = |run: Run, code: i32, part: &str| {
            assert_eq!(run.code, code, "{program}: {}{}", run.out, run.err);
            let lines: Vec<_> = run.err.lines().collect();
            // A second line says why the preview was not deleted.
            let is_run = program == "preview_environment" && code == 3 && part != "usage";
            assert!(lines.len() == 1 || is_run, "{program}: {}", run.err);
            assert!(lines[0].starts_with("error: "), "{program}: {}", run.err);
            assert!(lines[0].contains(part), "{program}: {part} in {}", run.err);
        };
        check(scene.run(program, &[]), 3, "usage");
        let fault = qovery_fake::Fault::status(403).on("listOrganization");
        scene.fake.inject(fault);
        check(scene.run(program, &arguments), 3, "403");
        let expired = qovery_fake::Fault::status(401).on("listOrganization");
        scene.fake.inject(expired.times(10));
        check(scene.run(program, &arguments), 3, "401");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ci_programs_make_update_and_delete_a_preview() {
    let scene = Scene::set().await;
    let git =
        json!({"url": "https://github.com/acme/shop", "branch": "main", "provider": "GITHUB"});
    let api = scene.environment.service(Workload::Application, "api");
    let _api = api.with("git_repository", git);
    for _ in 0..2 {
        let run = scene.run("ci_preview", &[STAGING, "pr-17", "api", "feature"]);
        assert_eq!(run.code, 0, "{}{}", run.out, run.err);
        assert!(
            run.out.contains("web (container): https://z") && run.out.contains("-web.example.com"),
            "{}",
            run.out
        );
    }
    let asked = scene.asked();
    let count = |name: &str| asked.iter().filter(|asked| *asked == name).count();
    assert_eq!(
        (count("cloneEnvironment"), count("editApplication")),
        (1, 1)
    );
    for expected in ["is gone", "there is no preview"] {
        let run = scene.run("ci_preview_delete", &[STAGING, "pr-17"]);
        assert_eq!(run.code, 0, "{}{}", run.out, run.err);
        assert!(run.out.contains(expected), "{}", run.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ci_program_promotes_the_running_versions() {
    let scene = Scene::set().await;
    let production = scene.fake.project("project").environment("production");
    let web = production.service(Workload::Container, "web");
    for service in [&web, &scene.environment.services()[1]] {
        let _service = service.clone().with("image_name", json!("acme/web"));
    }
    let run = scene.run("ci_deploy_many", &[STAGING, "web=2.0"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let to = "organization/project/production";
    let run = scene.run("ci_promote", &[STAGING, to]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(
        run.out.contains("~ web (container): image tag 2.0"),
        "{}",
        run.out
    );
    assert_eq!(web.property("tag"), Some(json!("2.0")));
    let run = scene.run("ci_promote", &[STAGING, to]);
    assert!(
        run.out.contains("there is nothing to do"),
        "{}{}",
        run.out,
        run.err
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_environments_except_production_are_stopped() {
    let scene = Scene::set().await;
    let production = scene.fake.project("project").environment("production");
    let production = production.in_mode("PRODUCTION").in_state("DEPLOYED");
    scene.environment.clone().in_state("DEPLOYED");
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(program("stop_all_non_production"));
    command.current_dir(folder.path()).arg("organization");
    command.env("QOVERY_API_TOKEN", scene.fake.token());
    command.env("QOVERY_API_URL", scene.server.url());
    let run: Run = command.output().unwrap().into();
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("1 of 1 environment done"), "{}", run.out);
    assert_eq!(scene.environment.state().as_deref(), Some("STOPPED"));
    assert_eq!(production.state().as_deref(), Some("DEPLOYED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_stops_waiting_and_leaves_the_deployment_alone() {
    for signal in ["INT", "TERM"] {
        let fake = FakeQovery::with_clock(Clock::manual());
        let environment = fake.environment("staging");
        environment.service(Workload::Container, "web");
        let server = fake.serve().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(program("ci_deploy"));
        command.current_dir(folder.path());
        command.arg(STAGING).stdout(std::process::Stdio::piped());
        command.env("QOVERY_API_TOKEN", fake.token());
        command.env("QOVERY_API_URL", server.url());
        let child = command.spawn().unwrap();
        while fake.executions().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let mut kill = Command::new("kill");
        kill.arg(format!("-{signal}")).arg(child.id().to_string());
        assert!(kill.status().unwrap().success());
        let run: Run = child.wait_with_output().unwrap().into();
        assert_eq!(run.code, 130, "{signal}: {}", run.out);
        assert!(run.out.contains("Interrupted"), "{}", run.out);
        assert!(run.out.contains("in the file deploy.token"), "{}", run.out);
        let token = std::fs::read_to_string(folder.path().join("deploy.token")).unwrap();
        assert!(token.starts_with("qovery-op-"), "how to go on: {token}");
        assert_eq!(fake.executions().len(), 1, "nothing was canceled");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_remains_of_a_program_that_is_killed_at_any_request_are_continued_and_deleted() {
    let preview = [STAGING, "pr-17", "api", "feature"];
    let set = async || {
        let scene = Scene::set().await;
        let api = scene.environment.service(Workload::Application, "api");
        let _api = api.with(
            "git_repository",
            json!({"url": "https://github.com/acme/shop", "branch": "main", "provider": "GITHUB"}),
        );
        scene
    };
    let whole = set().await;
    assert_eq!(whole.run("ci_preview", &preview).code, 0);
    // The polls of the deployment are similar.
    let is_poll = |name: &str| name.contains("Status") || name.contains("Log");
    let requests = whole.fake.requests();
    let names: Vec<_> = requests
        .iter()
        .map(|one| one.operation.clone().unwrap())
        .collect();
    let steps: Vec<usize> = (0..names.len())
        .filter(|at| !is_poll(&names[*at]))
        .collect();
    assert!(steps.len() > 15, "{names:?}");
    for (number, at) in steps.into_iter().enumerate() {
        let what = format!("killed in {}, request {at}", names[at]);
        let scene = set().await;
        let never =
            qovery_fake::Fault::slow_response(std::time::Duration::from_secs(1_000_000_000));
        scene.fake.inject(never.after(u32::try_from(at).unwrap()));
        let mut command = Command::new(program("ci_preview"));
        command.args(preview).stdout(std::process::Stdio::null());
        command.env("QOVERY_API_TOKEN", scene.fake.token());
        command.env("QOVERY_API_URL", scene.server.url());
        let mut child = command.spawn().unwrap();
        while !scene.fake.pending_faults().is_empty() {
            assert!(child.try_wait().unwrap().is_none(), "{what}: it has ended");
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        let copies = async || {
            let client = scene.fake.client();
            let project = scene.environment.project_id();
            client
                .list_environment(project)
                .await
                .unwrap()
                .results
                .len()
                - 1
        };
        let left = copies().await;
        assert!(left <= 1, "{what}");
        let run = match number % 2 {
            0 => scene.run("ci_preview", &preview),
            _ => scene.run("ci_preview_delete", &preview[..2]),
        };
        assert_eq!(run.code, 0, "{what}: {}{}", run.out, run.err);
        assert_eq!(copies().await, (number + 1) % 2, "{what}");
        let run = scene.run("ci_preview_delete", &preview[..2]);
        assert_eq!(run.code, 0, "{what}: {}{}", run.out, run.err);
        assert_eq!(copies().await, 0, "{what}");
    }
}
