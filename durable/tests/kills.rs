//! The workflow survives kills of the worker and of the server, with the real server of Restate.
//!
//! ```sh
//! npm install @restatedev/restate-server
//! RESTATE_SERVER=$PWD/node_modules/@restatedev/restate-server-linux-x64/bin/restate-server \
//!   cargo test --manifest-path durable/Cargo.toml -- --ignored
//! ```

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use qovery_fake::{
    Clock, FakeEnvironment, FakeQovery, FakeServer, FakeService, Fault, Step, Trigger, Workload,
};
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

/// A fake of the API, a server of Restate and a worker, each a process that can be killed.
struct Scene {
    fake: FakeQovery,
    served: FakeServer,
    environment: FakeEnvironment,
    api: FakeService,
    ports: Ports,
    program: String,
    folder: tempfile::TempDir,
    restate: Killed,
    working: Killed,
    http: reqwest::Client,
    /// The tests run one after the other: the server needs a core for itself.
    _turn: tokio::sync::MutexGuard<'static, ()>,
}

static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

impl Scene {
    async fn set() -> Self {
        let turn = TURN.lock().await;
        let program =
            std::env::var("RESTATE_SERVER").expect("RESTATE_SERVER, the path of the server");
        let fake = FakeQovery::with_clock(Clock::manual());
        let environment = fake.environment("staging");
        let api = environment.service(Workload::Application, "api");
        let api = api.takes(Step::Build, Duration::from_secs(90));
        let served = fake.serve().await.expect("a port");
        let folder = tempfile::tempdir().expect("a folder");
        let ports = Ports {
            ingress: free_port(),
            admin: free_port(),
            node: free_port(),
            worker: free_port(),
        };
        let scene = Self {
            restate: server(&program, folder.path(), &ports),
            working: worker(&fake, &served.url(), ports.worker),
            http: reqwest::Client::new(),
            _turn: turn,
            fake,
            served,
            environment,
            api,
            ports,
            program,
            folder,
        };
        let register = json!({"uri": format!("http://127.0.0.1:{}", scene.ports.worker)});
        until("the worker is registered", async || {
            let url = format!("http://127.0.0.1:{}/deployments", scene.ports.admin);
            let response = scene.http.post(url).json(&register).send().await.ok()?;
            response.status().is_success().then_some(())
        })
        .await;
        scene
    }

    fn workflow(&self) -> String {
        format!("http://127.0.0.1:{}/Deploy/release-42", self.ports.ingress)
    }

    /// Requests the workflow, and does not wait for it.
    async fn send(&self) {
        let sent = self.http.post(format!("{}/run/send", self.workflow()));
        let sent = sent.json(&json!(self.environment.id())).send().await;
        let status = sent.expect("a response").status();
        assert!(status.is_success(), "{status}");
    }

    /// The token in the state of the workflow.
    async fn token(&self) -> String {
        until("the token is in the state", async || {
            let response = self.http.post(format!("{}/token", self.workflow())).send();
            let token: String = response.await.ok()?.json().await.ok()?;
            token.starts_with("qovery-op-").then_some(token)
        })
        .await
    }

    /// The end of the workflow. The clock of the fake goes on.
    async fn end(&self) -> Value {
        until("the workflow ends", async || {
            self.fake.advance(Duration::from_secs(5));
            let url = self
                .workflow()
                .replace("/Deploy/", "/restate/workflow/Deploy/");
            let response = self.http.get(format!("{url}/output")).send().await.ok()?;
            response.status().is_success().then_some(())?;
            response.json().await.ok()
        })
        .await
    }

    fn kill_worker(&mut self) {
        self.working.kill();
        self.working = worker(&self.fake, &self.served.url(), self.ports.worker);
    }

    fn kill_server(&mut self) {
        self.restate.kill();
        self.restate = server(&self.program, self.folder.path(), &self.ports);
    }

    /// The actions that the API has executed.
    fn executed(&self) -> Vec<String> {
        let executions = self.fake.executions().into_iter();
        executions.filter_map(|one| one.operation).collect()
    }
}

fn is_deployed(end: &Value) -> bool {
    end.as_str()
        .is_some_and(|text| text.contains("is deployed"))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the server of Restate: see the top of this file"]
async fn a_deployment_survives_kills_of_the_worker_and_of_the_server_and_is_requested_once() {
    let mut scene = Scene::set().await;
    scene.send().await;
    let first = scene.token().await;
    scene.kill_worker();
    scene.fake.advance(Duration::from_secs(30));
    scene.kill_server();
    scene.token().await;
    scene.kill_worker();
    scene.kill_server();
    let again = scene.token().await;
    let end = scene.end().await;
    assert!(is_deployed(&end), "{end}");
    assert_eq!(scene.executed(), ["deployEnvironment"]);
    // Any other program can wait with the token.
    for token in [first, again] {
        let token: qovery_ext::wait::OperationToken = token.parse().expect("a token");
        assert_eq!(
            token.subject().environment_id(),
            Some(scene.environment.id())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the server of Restate: see the top of this file"]
async fn a_worker_that_is_killed_before_the_response_arrives_sends_no_second_request() {
    for is_running in [false, true] {
        let mut scene = Scene::set().await;
        if is_running {
            // Another deployment runs, and ours is queued behind it.
            scene.environment.external_actor().deploys();
            scene.fake.advance(Duration::from_secs(10));
        }
        let slow = Fault::slow_response(Duration::from_secs(3600));
        scene.fake.inject(slow.on("deployEnvironment"));
        scene.send().await;
        until("the request is executed", async || {
            (!scene.fake.executions().is_empty()).then_some(())
        })
        .await;
        scene.kill_worker();
        scene.token().await;
        let end = scene.end().await;
        assert!(is_deployed(&end), "{end}");
        assert_eq!(scene.executed(), ["deployEnvironment"], "{is_running}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the server of Restate: see the top of this file"]
async fn a_queued_request_of_another_user_is_not_taken_for_its_own() {
    let scene = Scene::set().await;
    let _slow = scene
        .api
        .clone()
        .takes(Step::Build, Duration::from_secs(600));
    scene.environment.external_actor().deploys();
    scene.fake.advance(Duration::from_secs(10));
    scene.environment.external_actor().asks_for(Trigger::Stop);
    scene.send().await;
    scene.token().await;
    assert_eq!(scene.executed(), ["deployEnvironment"]);
    let end = scene.end().await;
    assert!(is_deployed(&end), "{end}");
    assert_eq!(scene.environment.state().as_deref(), Some("DEPLOYED"));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the server of Restate: see the top of this file"]
async fn a_deployment_that_fails_ends_the_workflow_with_the_reason() {
    let mut scene = Scene::set().await;
    let script = scene.environment.next_deployment();
    script
        .fails_at(&scene.api, Step::Build)
        .because("no such file");
    scene.send().await;
    scene.token().await;
    scene.kill_worker();
    let url =
        format!("{}/attach", scene.workflow()).replace("/Deploy/", "/restate/workflow/Deploy/");
    let text = until("the workflow fails", async || {
        scene.fake.advance(Duration::from_secs(5));
        let wait = Duration::from_secs(2);
        let response = scene.http.get(&url).timeout(wait).send().await.ok()?;
        let text = response.text().await.ok()?;
        text.contains("BUILD_ERROR").then_some(text)
    })
    .await;
    assert!(text.contains("it failed"), "{text}");
    assert_eq!(scene.executed(), ["deployEnvironment"]);
}
