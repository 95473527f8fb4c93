//! The commands on the API. A fake takes the place of the API, and the program reaches it over HTTP.

use std::time::Duration;

use qovery_fake::{Clock, FakeEnvironment, FakeQovery, FakeServer, Fault, Step, Trigger, Workload};

use crate::program::{Run, Running, program_on, run};

struct Scene {
    fake: FakeQovery,
    server: FakeServer,
    environment: FakeEnvironment,
}

impl Scene {
    /// An environment with two services.
    async fn set(clock: Clock) -> Self {
        let fake = FakeQovery::with_clock(clock);
        let environment = fake.environment("preview");
        environment
            .service(Workload::Database, "orders")
            .in_stage("data");
        environment
            .service(Workload::Application, "api")
            .in_stage("code");
        Self {
            server: fake.serve().await.unwrap(),
            fake,
            environment,
        }
    }

    async fn fast() -> Self {
        Self::set(Clock::fast(1000.0)).await
    }

    fn run(&self, line: &str) -> Run {
        let line = format!("--environment {} --json {line}", self.environment.id());
        run(program_on(&self.fake, &self.server, &line))
    }

    /// Returns the changes that the program requested from the API.
    fn asked(&self) -> Vec<String> {
        let executions = self.fake.executions();
        executions
            .into_iter()
            .filter_map(|request| request.operation)
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deploying_ends_with_0_once_everything_is_deployed() {
    let scene = Scene::fast().await;
    let run = scene.run("deploy");
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(run.last()["event"], "reached");
    assert_eq!(scene.environment.state().as_deref(), Some("DEPLOYED"));
    assert_eq!(scene.asked(), ["deployEnvironment"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn redeploying_and_stopping_act_on_the_environment() {
    let scene = Scene::fast().await;
    for (command, operation, state) in [
        ("redeploy", "redeployEnvironment", "DEPLOYED"),
        ("stop", "stopEnvironment", "STOPPED"),
    ] {
        scene.fake.clear_requests();
        let run = scene.run(command);
        assert_eq!(run.code, 0, "{command}: {}{}", run.out, run.err);
        assert_eq!(scene.environment.state().as_deref(), Some(state));
        assert_eq!(scene.asked(), [operation]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn canceling_ends_the_running_deployment() {
    let scene = Scene::set(Clock::fast(10.0)).await;
    let orders = &scene.environment.services()[0];
    let hour = Duration::from_secs(3600);
    scene
        .environment
        .external_actor()
        .takes(orders, Step::Deployment, hour)
        .deploys();
    let run = scene.run("cancel");
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(run.last()["state"], "CANCELED");
    assert_eq!(scene.environment.state().as_deref(), Some("CANCELED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn wait_follows_the_deployment_of_another_user() {
    let scene = Scene::set(Clock::fast(100.0)).await;
    scene.environment.external_actor().asks_for(Trigger::Deploy);
    let run = scene.run("wait --for deployed");
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(scene.fake.executions().is_empty(), "it has only watched");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_or_canceled_deployment_ends_with_1_and_names_the_service() {
    let scene = Scene::fast().await;
    let api = &scene.environment.services()[1];
    let script = scene.environment.next_deployment();
    script
        .fails_at(api, Step::Build)
        .because("the compiler found an error");
    let line = format!("--environment {} deploy", scene.environment.id());
    let failed = run(program_on(&scene.fake, &scene.server, &line));
    assert_eq!(failed.code, 1, "{}{}", failed.out, failed.err);
    for text in [
        "environment preview",
        "stage code",
        "step build",
        "the compiler found an error",
    ] {
        assert!(failed.out.contains(text), "{text} in {}", failed.out);
    }

    scene
        .environment
        .next_deployment()
        .canceled_after(Duration::from_secs(3));
    let canceled = scene.run("deploy");
    assert_eq!(canceled.code, 1, "{}", canceled.out);
    assert_eq!(canceled.last()["event"], "canceled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_ends_with_2_and_leaves_the_deployment_alone() {
    let scene = Scene::set(Clock::manual()).await;
    let passed = scene.run("deploy --timeout 300ms");
    assert_eq!(passed.code, 2, "{}{}", passed.out, passed.err);
    assert_eq!(passed.last()["event"], "deadline_passed");
    assert_eq!(scene.asked(), ["deployEnvironment"], "it was not canceled");

    let line = format!(
        "--environment {} --timeout 300ms wait",
        scene.environment.id()
    );
    let told = run(program_on(&scene.fake, &scene.server, &line));
    assert_eq!(told.code, 2, "{}{}", told.out, told.err);
    assert!(told.out.contains("To continue the wait:"), "{}", told.out);
    assert!(
        told.out.contains("cargo demo --resume qovery-op-"),
        "{}",
        told.out
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_ends_with_3() {
    let scene = Scene::fast().await;
    scene
        .fake
        .inject(Fault::status(403).on("deployEnvironment"));
    let refused = scene.run("deploy");
    assert_eq!(refused.code, 3, "{}{}", refused.out, refused.err);
    assert_eq!(refused.last()["event"], "refused");

    scene.fake.accept_only("qov_another");
    let mut command = program_on(&scene.fake, &scene.server, "");
    command.env("QOVERY_API_TOKEN", "qov_wrong");
    let id = scene.environment.id().to_string();
    command.args(["--environment", &id, "deploy"]);
    let unauthorized = run(command);
    assert_eq!(unauthorized.code, 3, "{}", unauthorized.err);
    let printed = format!("{}{}", unauthorized.out, unauthorized.err);
    assert!(printed.contains("401"), "{printed}");
    assert!(!printed.contains("qov_wrong"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_is_read_across_pages_up_to_its_limit() {
    let scene = Scene::fast().await;
    let _environment = scene.environment.clone().history(45);
    let all = scene.run("history --limit 100");
    assert_eq!(all.code, 0, "{}{}", all.out, all.err);
    assert_eq!(all.last()["deployments"], 45);
    assert_eq!(all.last()["pages"], 3);
    assert_eq!(all.last()["is_cut"], false);
    let some = scene.run("history --limit 25");
    assert_eq!(some.last()["deployments"], 25);
    assert_eq!(some.last()["is_cut"], true);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_leaves_the_deployment_running_and_prints_how_to_continue() {
    for signal in ["INT", "TERM"] {
        let scene = Scene::set(Clock::manual()).await;
        let line = format!("--environment {} --json deploy", scene.environment.id());
        let mut running = Running::start(program_on(&scene.fake, &scene.server, &line));
        running.until(|event| event["event"] == "progress");
        running.signal(signal);
        let interrupted = running.until(|event| event["event"] == "interrupted");
        assert_eq!(interrupted["exit_code"], 130);
        assert_eq!(running.end(), 130, "{signal}");
        assert_eq!(scene.asked(), ["deployEnvironment"], "it was not canceled");

        scene.fake.advance(Duration::from_secs(3600));
        let token = interrupted["token"].as_str().unwrap();
        for command in ["wait --for stopped", "wait", "deploy"] {
            let line = format!("--resume {token} {command}");
            let refused = run(program_on(&scene.fake, &scene.server, &line));
            assert_eq!(refused.code, 64, "{command}: {}", refused.out);
            assert!(
                refused.err.contains("remove the command"),
                "{}",
                refused.err
            );
        }
        let line = format!("--json --resume {token}");
        let resumed = run(program_on(&scene.fake, &scene.server, &line));
        assert_eq!(resumed.code, 0, "{}{}", resumed.out, resumed.err);
        assert_eq!(resumed.last()["event"], "reached");
        assert_eq!(
            scene.asked(),
            ["deployEnvironment"],
            "it was not asked for again"
        );
    }
}
