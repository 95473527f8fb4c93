//! The workflow survives a kill of the worker and of the server, with the real server of Restate.
//!
//! On demand: `npm install @restatedev/restate-server`, then
//! `RESTATE_SERVER=…/restate-server cargo test --manifest-path durable/Cargo.toml`. Without the variable,
//! the test says so and checks nothing.

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use qovery_fake::{Clock, FakeQovery, Step, Workload};
use serde_json::{Value, json};

struct Killed(Child);

impl Killed {
    fn kill(&mut self) {
        self.0.kill().expect("it runs"); // SIGKILL
        self.0.wait().expect("it ends");
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

struct Ports {
    ingress: u16,
    admin: u16,
    node: u16,
    worker: u16,
}

fn server(program: &str, folder: &Path, ports: &Ports) -> Killed {
    let log = std::fs::File::create(folder.join("server.log")).expect("a log");
    let child = Command::new(program)
        .args(["--no-logo", "--node-name", "test", "--base-dir"])
        .arg(folder)
        .env(
            "RESTATE_INGRESS__BIND_ADDRESS",
            format!("127.0.0.1:{}", ports.ingress),
        )
        .env(
            "RESTATE_ADMIN__BIND_ADDRESS",
            format!("127.0.0.1:{}", ports.admin),
        )
        .env("RESTATE_BIND_ADDRESS", format!("127.0.0.1:{}", ports.node))
        .env(
            "RESTATE_ADVERTISED_ADDRESS",
            format!("http://127.0.0.1:{}", ports.node),
        )
        .env("DO_NOT_TRACK", "1")
        .stdout(log.try_clone().expect("a log"))
        .stderr(log)
        .spawn();
    Killed(child.expect("the server of Restate"))
}

fn worker(fake: &FakeQovery, url: &str, port: u16) -> Killed {
    let child = Command::new(env!("CARGO_BIN_EXE_durable"))
        .env("QOVERY_API_TOKEN", fake.token())
        .env("QOVERY_API_URL", url)
        .env("PORT", port.to_string())
        .stdout(Stdio::null())
        .spawn();
    Killed(child.expect("the worker"))
}

async fn until<T>(what: &str, mut check: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(found) = check().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("never: {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_survives_kills_of_the_worker_and_of_the_server_and_is_asked_for_once() {
    let Ok(program) = std::env::var("RESTATE_SERVER") else {
        eprintln!("RESTATE_SERVER is not set: nothing was checked");
        return;
    };
    let fake = FakeQovery::with_clock(Clock::manual());
    let environment = fake.environment("staging");
    let api = environment.service(Workload::Application, "api");
    let _api = api.takes(Step::Build, Duration::from_secs(90));
    let served = fake.serve().await.expect("a port");
    let folder = tempfile::tempdir().expect("a folder");
    let ports = Ports {
        ingress: free_port(),
        admin: free_port(),
        node: free_port(),
        worker: free_port(),
    };
    let mut restate = server(&program, folder.path(), &ports);
    let mut working = worker(&fake, &served.url(), ports.worker);
    let http = reqwest::Client::new();

    let register =
        json!({"uri": format!("http://127.0.0.1:{}", ports.worker), "use_http_11": false});
    until("the worker is registered", async || {
        let url = format!("http://127.0.0.1:{}/deployments", ports.admin);
        let answer = http.post(url).json(&register).send().await.ok()?;
        answer.status().is_success().then_some(())
    })
    .await;

    let workflow = format!("http://127.0.0.1:{}/Deploy/release-42", ports.ingress);
    let id = json!(environment.id());
    let sent = http
        .post(format!("{workflow}/run/send"))
        .json(&id)
        .send()
        .await
        .expect("accepted");
    assert!(sent.status().is_success(), "{}", sent.status());
    let token = async || {
        let answer = http.post(format!("{workflow}/token")).send().await.ok()?;
        let token: String = answer.json().await.ok()?;
        token.starts_with("qovery-op-").then_some(token)
    };
    until("the token is in the state", token).await;

    working.kill();
    fake.advance(Duration::from_secs(30));
    let _working = worker(&fake, &served.url(), ports.worker);
    restate.kill();
    let _restate = server(&program, folder.path(), &ports);
    until("the state has survived", token).await;

    fake.advance(Duration::from_secs(600));
    let result = until("the workflow ends", async || {
        let url = format!("{workflow}/attach").replace("/Deploy/", "/restate/workflow/Deploy/");
        let answer = http.get(url).send().await.ok()?;
        answer.status().is_success().then_some(())?;
        answer.json::<Value>().await.ok()
    })
    .await;
    assert!(
        result
            .as_str()
            .is_some_and(|text| text.contains("is deployed")),
        "{result}"
    );
    let executions = fake.executions();
    let asked: Vec<_> = executions
        .iter()
        .filter_map(|one| one.operation.as_deref())
        .collect();
    assert_eq!(asked, ["deployEnvironment"], "it was asked for once");
}
