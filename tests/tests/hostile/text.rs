//! Prints all values of the libraries that a program can print, with hostile text in every field.

mod recipe_types;
mod stream_types;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{Debug, Display},
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use integration_tests::hostile::{faults, texts};
use qovery_api::{
    AccessToken, ApiError, BoxFuture, Call, Client, HttpTransport, ModelExt, Printable,
    TransportError, decode, types, uuid::Uuid,
};
use qovery_ext::{
    connect::{Connect, RetryPolicy, TokenSource, TokenSourceError},
    page::{PagedCall, ResumeCursor},
    recipes::{self, Variable, VariableOwner, find_service, set_variable},
    wait::{
        OperationToken, RunId, ServiceKind, ServiceRef, ServiceVersion, Snapshot, StageSnapshot,
        State, Subject, Successor, WaitExt,
    },
};
use qovery_fake::{FakeQovery, Step, Workload};
use regex_lite::Regex;
use serde_json::json;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::stub::{GetNote, Stub, response, with_header};

/// Implementations that print no text from outside, or that no program can reach, with the reason.
const OTHERS: &[(&str, &str)] = &[
    ("api AccessToken Debug", "redacted"),
    ("api AuthScheme Display", "a fixed word"),
    (
        "fake RecordedRequest Debug",
        "the request of a test, with the texts as `Debug` escapes them",
    ),
    ("api Call Debug", "the id of the operation"),
    ("api CallFuture Debug", "the id of the operation"),
    (
        "api Client Debug",
        "the address, which the URL parser escapes",
    ),
    ("api ConversionError Display", "names of the contract"),
    ("api HttpTransport Debug", "settings that are numbers"),
    ("api Kind Display", "private: kinds of values"),
    ("api RawResponse Debug", "numbers"),
    ("api Request Debug", "the operation and numbers"),
    ("api Response Debug", "the body, as it prints itself"),
    ("api ResponseFuture Debug", "the id of the operation"),
    ("api Secret Debug", "redacted"),
    (
        "api Upgraded Debug",
        "the name of the type and nothing else",
    ),
    ("api SecretText Debug", "redacted"),
    ("api Fault Display", "private: shown by DecodeError"),
    (
        "api Cause Display",
        "private: shown as a source of TransportError",
    ),
    (
        "api Cause Debug",
        "private: shown as a source of TransportError",
    ),
    ("ext Action Debug", "ids and settings"),
    ("ext Canceler Debug", "ids"),
    ("ext CliContext Debug", "private"),
    (
        "ext CollectError Debug",
        "counts, an operation id of the contract, and the error of a page",
    ),
    (
        "ext CollectError Display",
        "counts, and an operation id of the contract",
    ),
    ("ext ConnectedTransport Debug", "private"),
    ("ext DeploymentRequestHandle Debug", "ids"),
    (
        "ext Fault Display",
        "private: shown as a source of WaitError",
    ),
    ("ext Endpoint Display", "a fixed word"),
    ("ext Goal Display", "a fixed word"),
    ("ext Group Debug", "counts"),
    ("ext GroupStart Debug", "counts"),
    ("ext $type Debug", "handles: ids"),
    ("ext Interrupt Debug", "a flag"),
    ("fake Kind Debug", "private"),
    ("ext Known Debug", "counts"),
    ("ext NotCanceled Display", "fixed words and ids"),
    ("ext NotUnicode Display", "private: fixed words"),
    (
        "ext Unreadable Debug",
        "the length of the frame, and its cause as an escaped text",
    ),
    (
        "ext NoToken Display",
        "private: shown as a source of TransportError",
    ),
    (
        "ext NoToken Debug",
        "private: shown as a source of TransportError",
    ),
    ("ext $stream Debug", "the id of the operation and counts"),
    (
        "ext Pager Debug",
        "derived from the cursor, which the standard library escapes",
    ),
    ("ext Phase Display", "a fixed word"),
    ("ext PortForward Debug", "the local address"),
    ("ext ProgressStream Debug", "a flag"),
    ("ext Push Debug", "private: a flag"),
    ("ext ServiceKind Display", "a fixed word"),
    ("ext ServiceRef Display", "a fixed word and an id"),
    ("ext Subject Display", "fixed words and ids"),
    ("ext Tokens Debug", "private"),
    ("ext VersionField Display", "a fixed word"),
    (
        "fake Violation Display",
        "private: the body of a response of the fake",
    ),
    ("ext Window Debug", "the id of the operation and numbers"),
];

/// The implementations of `Display` and `Debug` in the sources, without tests.
fn implementations() -> BTreeSet<String> {
    let pattern =
        Regex::new(r"impl(?:<[^{]*?>)?\s+(?:::)?(?:\w+::)*(Display|Debug)\s+for\s+(\$?\w+)")
            .unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = BTreeSet::new();
    for (name, place) in [
        ("api", "qovery-api/src/runtime"),
        ("ext", "qovery-ext/src"),
        ("fake", "qovery-fake/src"),
    ] {
        let mut directories = vec![root.join(place)];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    directories.push(path);
                    continue;
                }
                let shown = path.to_string_lossy().into_owned();
                if !shown.ends_with(".rs") || shown.contains("tests") {
                    continue;
                }
                let text = fs::read_to_string(&path).unwrap();
                let text = text.split("\nmod tests {").next().unwrap();
                for found_here in pattern.captures_iter(text) {
                    found.insert(format!("{name} {} {}", &found_here[2], &found_here[1]));
                }
            }
        }
    }
    assert!(found.len() > 50, "{found:?}");
    found
}

/// The printed text, by the implementation that printed it.
#[derive(Default)]
struct Printed(Vec<(&'static str, String)>);

impl Printed {
    fn display(&mut self, name: &'static str, value: &dyn Display) {
        self.0.push((name, value.to_string()));
        self.0.push((name, format!("{value:#}")));
    }

    fn debug(&mut self, name: &'static str, value: &dyn Debug) {
        self.0.push((name, format!("{value:?}")));
        self.0.push((name, format!("{value:#?}")));
    }

    /// A value that prints derived values, which the standard library escapes.
    fn derived(&mut self, name: &'static str, value: &dyn Debug) {
        for output in [format!("{value:?}"), format!("{value:#?}")] {
            assert_derived(name, &output);
        }
        self.0.push((name, String::new()));
    }

    /// An error with its causes.
    fn error(&mut self, names: [&'static str; 2], error: &(dyn std::error::Error + 'static)) {
        self.causes(names[0], error);
        self.debug(names[1], &error);
    }

    /// The same for an error of `qovery-ext`, whose `Debug` is that of all its errors.
    fn causes(&mut self, name: &'static str, error: &(dyn std::error::Error + 'static)) {
        self.display(name, &error);
        self.debug("ext $error Debug", &error);
        let mut cause = error.source();
        while let Some(error) = cause {
            self.0.push((name, error.to_string()));
            cause = error.source();
        }
    }
}

struct Failing(String);

impl TokenSource for Failing {
    fn current(&self) -> BoxFuture<'_, Result<AccessToken, TokenSourceError>> {
        let problem = self.0.clone();
        Box::pin(async move { Err(problem.into()) })
    }
}

async fn api(text: &str, printed: &mut Printed) {
    let state = types::StateEnum::from(text);
    printed.display("api $name Display", &state);
    printed.debug("api $name Debug", &state);
    if let types::StateEnum::Unknown(value) = &state {
        printed.display("api UnknownValue Display", value);
        printed.debug("api UnknownValue Debug", value);
        assert_eq!(value.as_str(), text, "the raw text stays");
    }
    let member = json!({"mode": "of next year", text: text}).to_string();
    let member: types::AutoscalingPolicyResponse = decode(member.as_bytes()).unwrap();
    printed.debug("api $name Debug", &member);
    if let types::AutoscalingPolicyResponse::Unknown(member) = &member {
        printed.debug("api UnknownMember Debug", member);
    }
    let model = json!({"id": "5d1b9bbc-6f9c-4a9c-9b5e-0e6b0c1d2e3f", text: text}).to_string();
    if let Ok(model) = decode::<types::ReferenceObject>(model.as_bytes()) {
        printed.debug("api ExtraFields Debug", model.extra());
        printed.debug("api $name Debug", &model);
    }
    printed.display("api Printable Display", &Printable::new(text));
    printed.debug("api Printable Debug", &Printable::new(text));

    let problems = [
        Client::builder().base_url(text).build().err(),
        Client::builder()
            .base_url(format!("https://{text}"))
            .build()
            .err(),
        Client::builder().user_agent(text).build().err(),
        AccessToken::new(text).err(),
    ];
    for problem in problems.into_iter().flatten() {
        printed.error(["api BuildError Display", "api BuildError Debug"], &problem);
    }
    let builder = Client::builder().user_agent(text);
    printed.debug("api ClientBuilder Debug", &builder);
    let builder = HttpTransport::builder().user_agent(text);
    printed.debug("api HttpTransportBuilder Debug", &builder);

    let fields = json!({text: "x"}).to_string();
    let error = decode::<BTreeMap<String, u8>>(fields.as_bytes()).unwrap_err();
    printed.error(["api DecodeError Display", "api DecodeError Debug"], &error);
    let tag = json!({"mode": text, "rules": 1}).to_string();
    if let Err(error) = decode::<types::AutoscalingPolicyResponse>(tag.as_bytes()) {
        printed.error(["api DecodeError Display", "api DecodeError Debug"], &error);
    }

    let names = ["api Error Display", "api Error Debug"];
    for body in [
        json!({"detail": text}).to_string(),
        json!({"message": text, "error": text}).to_string(),
        json!({"title": text}).to_string(),
        text.to_owned(),
        format!("<html><title>{text}</title>"),
        format!("{{{text}"),
    ] {
        for status in [200, 302, 401, 429, 500] {
            let body = body.clone();
            let id = text.to_owned();
            let stub = Stub::new(move |_| {
                let response = with_header(response(status, &body), "x-request-id", &id);
                let response = with_header(response, "content-encoding", &id);
                Ok(with_header(response, "location", &id))
            });
            if let Err(error) = Call::<GetNote>::new(&stub.client(), &[&"x"]).await {
                printed.error(names, &error);
            }
        }
    }
    let client = Stub::responding(200, "{}").client();
    if let Err(error) = Call::<GetNote>::new(&client, &[&text]).await {
        printed.error(names, &error);
    }
    let call = Call::<GetNote>::new(&client, &[&"x"]).header(text, text);
    if let Err(error) = call.await {
        printed.error(names, &error);
    }
    let names = ["api TransportError Display", "api TransportError Debug"];
    let source = || text.to_owned();
    for error in [
        TransportError::refused(source()),
        TransportError::interrupted(source()),
        TransportError::connect(source()),
        TransportError::body(source()),
    ] {
        printed.display(names[0], &error);
        printed.debug(names[1], &error);
    }
    let error: ApiError = serde_json::from_value(json!({"detail": text, text: [text]})).unwrap();
    assert_eq!(
        error.detail.as_deref().unwrap_or_default().trim(),
        text.trim()
    );
}

async fn recipes_and_pages(text: &str, printed: &mut Printed) {
    let id = Uuid::from_u128(7);
    let service = json!({"id": id, "name": text, "service_type": text});
    let list = |services: serde_json::Value| {
        Stub::responding(200, json!({ "results": services }).to_string()).client()
    };
    let names = ["ext FindError Display", "ext $error Debug"];
    let one = list(json!([service]));
    for service in recipes::services(&one, id).await.unwrap() {
        printed.display("ext EnvironmentService Display", &service);
        assert_eq!(service.name, text, "the raw text stays");
    }
    let error = find_service(&one, id, "\u{1b}another").await.unwrap_err();
    printed.display(names[0], &error);
    let error = find_service(&list(json!([service, service])), id, text).await;
    printed.display(names[0], &error.unwrap_err());

    let variable = json!({
        "id": id, "created_at": "2026-01-01T00:00:00Z", "key": text, "value": "x",
        "scope": "ENVIRONMENT", "variable_type": "ALIAS", "is_secret": false, "description": text,
    });
    let owner = VariableOwner::Environment(id);
    let set = set_variable(&list(json!([variable])), owner, &Variable::new(text, "y")).await;
    let error = set.unwrap_err();
    printed.display("ext SetVariableError Display", &error);
    printed.debug("ext $error Debug", &error);

    let cursor =
        json!({"version": 1, "operation": format!("{text}x"), "direction": "forward", "at": text});
    let cursor: ResumeCursor = serde_json::from_value(cursor).unwrap();
    let history = one
        .list_environment_deployment_history(id)
        .paged()
        .resume(cursor);
    let error = history.pages().next().await.unwrap().unwrap_err();
    printed.display("ext PageError Display", &error);
    let failing = Stub::responding(500, json!({"detail": text}).to_string()).client();
    let mut pages = failing
        .list_environment_deployment_history(id)
        .paged()
        .pages();
    let error = pages.next().await.unwrap().unwrap_err();
    printed.error(["ext PageError Display", "ext $error Debug"], &error);
}

async fn connect(text: &str, printed: &mut Printed) {
    let names = ["ext ConnectError Display", "ext $error Debug"];
    let nothing = || Connect::new().environment(|_| None);
    for settings in [
        nothing().cli_context_file(format!("/nowhere/{text}")),
        nothing().token(text).base_url(text),
        nothing().token("x").base_url(format!("https://{text}")),
        nothing().token("x").user_agent(text),
    ] {
        if let Err(error) = settings.build() {
            printed.display(names[0], &error);
            printed.debug(names[1], &error);
        }
    }
    printed.debug("ext Connect Debug", &Connect::new().user_agent(text));
    let client = Connect::new().token_source(Failing(text.to_owned()));
    let client = client
        .transport(Stub::responding(200, "{}"))
        .build()
        .unwrap();
    let error = Call::<GetNote>::new(&client, &[&"x"]).await.unwrap_err();
    printed.error(["api Error Display", "api Error Debug"], &error);

    let form = json!({"version": 1, "subject": {text: 1}, "operation": null}).to_string();
    let token = format!("qovery-op-{}", URL_SAFE_NO_PAD.encode(form));
    printed.display(
        "ext TokenError Display",
        &token.parse::<OperationToken>().unwrap_err(),
    );
}

async fn wait(text: &str, printed: &mut Printed) {
    printed.display("ext State Display", &State::from(text));
    assert_eq!(State::from(text).as_str(), text, "the raw text stays");
    let fake = FakeQovery::new();
    let invalid = fake.environment("fields").service(Workload::Database, "db");
    let invalid = invalid.try_with(text, text.into()).unwrap_err();
    printed.display("fake InvalidProperty Display", &invalid);
    let environment = fake.environment(text);
    let service = environment
        .service(Workload::Application, text)
        .in_stage(text);
    let script = environment
        .next_deployment()
        .fails_at(&service, Step::Build);
    script.because(text).after_logging([text, "and", text]);
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let progress = Arc::clone(&lines);
    let operation = fake
        .client()
        .environment(environment.id())
        .deploy()
        .start()
        .await
        .unwrap();
    printed.debug("ext Operation Debug", &operation);
    printed.display("ext OperationToken Display", &operation.token());
    let resumed = fake.client().resume(operation.token()).unwrap();
    let error = resumed
        .on_progress(move |now| progress.lock().unwrap().push(format!("{now}")))
        .await
        .unwrap_err();
    for line in lines.lock().unwrap().iter() {
        printed.display("ext Progress Display", line);
    }
    printed.error(["ext WaitError Display", "ext $error Debug"], &error);
    assert!(!error.evidence().is_empty());
    for fact in error.evidence() {
        printed.display("ext Evidence Display", fact);
    }
    let mut successor = Successor::default();
    successor.deployment_id = Some(text.to_owned());
    successor.origin = Some(text.to_owned());
    successor.triggered_by = Some(text.to_owned());
    printed.display("ext Successor Display", &successor);
    printed.display("ext RunId Display", &RunId::Execution(text.to_owned()));
    let database = ServiceRef::new(ServiceKind::Database, service.id());
    let version = ServiceVersion::image_tag(text);
    let refused = fake
        .client()
        .service(database.kind, database.id)
        .deploy(version);
    let refused = refused.await.unwrap_err();
    printed.causes("ext Shown Display", &refused);
    let unsupported = refused.unsupported_version().unwrap();
    printed.display("ext UnsupportedVersion Display", unsupported);
    let stopped = fake.client().environment(environment.id()).stop();
    let reached = stopped.await.unwrap();
    printed.display("ext Reached Display", &reached);
    let report = error.report().unwrap();
    printed.display("ext FailureReport Display", report);
    let lines = report.services.iter().flat_map(|service| &service.lines);
    for line in lines.chain(&report.lines) {
        printed.display("ext LogLine Display", line);
    }
}

#[tokio::test(start_paused = true)]
async fn no_printed_value_of_the_libraries_controls_a_terminal_or_a_runner() {
    let mut names = BTreeSet::new();
    let mut problems = Vec::new();
    for (name, text) in texts() {
        let mut printed = Printed::default();
        api(&text, &mut printed).await;
        recipes_and_pages(&text, &mut printed).await;
        connect(&text, &mut printed).await;
        wait(&text, &mut printed).await;
        recipe_types::all(&text, &mut printed).await;
        stream_types::all(&text, &mut printed).await;
        for (implementation, output) in printed.0 {
            names.insert(implementation.to_owned());
            for fault in faults(&output) {
                problems.push(format!("{implementation} of {name}: {fault}"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    names.extend(OTHERS.iter().map(|(name, _)| (*name).to_owned()));
    let missing: Vec<_> = implementations().difference(&names).cloned().collect();
    assert!(
        missing.is_empty(),
        "print these here, or list them with a reason: {missing:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_report_has_the_lines_of_its_layout_and_no_others() {
    let mut counts = BTreeMap::new();
    for (name, text) in texts() {
        if text.trim().is_empty() {
            continue;
        }
        let mut printed = Printed::default();
        wait(&text, &mut printed).await;
        let output = printed
            .0
            .iter()
            .find(|(name, _)| *name == "ext FailureReport Display");
        let (_, report) = output.unwrap();
        counts
            .entry(report.lines().count())
            .or_insert_with(Vec::new)
            .push(name);
    }
    assert_eq!(counts.len(), 1, "{counts:?}");
}

#[test]
fn derived_debug_shows_no_control_and_begins_no_line_with_a_command() {
    for (name, text) in texts() {
        let mut snapshot = Snapshot::new(Subject::environment(Uuid::nil()), State::from(&*text));
        snapshot
            .stages
            .push(StageSnapshot::new(Uuid::nil(), text.as_str()));
        let error = json!({"detail": text, "title": text, text.as_str(): [text]});
        let error: ApiError = serde_json::from_value(error).unwrap();
        let reference = json!({"id": Uuid::nil(), "name": text, text.as_str(): text}).to_string();
        let reference: types::ReferenceObject = decode(reference.as_bytes()).unwrap();
        for output in [
            format!("{snapshot:?} {snapshot:#?}"),
            format!("{error:?} {error:#?}"),
            format!("{reference:?} {reference:#?}"),
        ] {
            assert_derived(&name, &output);
        }
    }
}

fn assert_derived(name: &str, output: &str) {
    for line in output.lines() {
        assert!(!line.trim_start().starts_with("::"), "{name}: {line}");
        let hidden = |c: char| {
            c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        };
        assert!(!line.contains(hidden), "{name}: {line:?}");
    }
}

/// All events and spans that were traced.
#[derive(Clone, Default)]
struct Traced(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Traced {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn no_trace_controls_a_terminal_or_a_runner() {
    let traced = Traced::default();
    let writer = traced.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::CLOSE)
        .with_writer(move || writer.clone());
    let _guard = subscriber.finish().set_default();
    for (_, text) in texts() {
        let id = text.clone();
        let responses =
            Stub::new(move |_| Ok(with_header(response(503, &id), "x-request-id", &id)));
        let lost = Stub::new(move |_| Err(TransportError::connect(text.clone())));
        for stub in [responses, lost] {
            let client = Connect::new().token("qov_0123456789").transport(stub);
            let client = client.retry(RetryPolicy::new()).build().unwrap();
            Call::<GetNote>::new(&client, &[&"x"]).await.unwrap_err();
        }
    }
    let output = String::from_utf8(traced.0.lock().unwrap().clone()).unwrap();
    assert!(
        output.contains("qovery_call") && output.contains("retrying"),
        "{output}"
    );
    assert_eq!(faults(&output), [""; 0]);
}

#[test]
fn no_problem_of_the_generator_controls_a_terminal_or_a_runner() {
    let directory = tempfile::tempdir().unwrap();
    let spec = directory.path().join("spec.json");
    let mut told = 0;
    for (name, text) in texts() {
        let operation = |responses: serde_json::Value| {
            json!({
                "openapi": "3.0.0",
                "info": {"version": "1", "title": "x"},
                "paths": {format!("/a/{text}"): {"get": {
                    "operationId": text,
                    "tags": [text],
                    "parameters": [{"name": text, "in": text, "schema": {"$ref": format!("#/components/schemas/{text}")}}],
                    "responses": responses,
                }}},
                "components": {"schemas": {text.as_str(): {"type": text, "default": text}}},
            })
        };
        for responses in [
            json!({text.as_str(): {"description": "x"}}),
            json!({}),
            json!(text),
        ] {
            fs::write(&spec, operation(responses).to_string()).unwrap();
            let out = directory.path().join("out");
            for outcome in [
                xtask::contract(&spec, None).map(drop),
                xtask::generate(&spec, None, &out),
            ] {
                if let Err(problem) = outcome {
                    told += 1;
                    assert_eq!(faults(&problem), [""; 0], "{name}");
                }
            }
            let _ = fs::remove_dir_all(&out);
        }
    }
    assert!(told > 100, "{told}");
}
