//! Each error: `{}` prints its message, `{:#}` adds its causes, `Debug` prints the same, and the exit codes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot continue fails, also in its helpers"
)]

use std::{collections::BTreeSet, error::Error, fs, path::Path, time::Duration};

use qovery_ext::{
    connect::Connect,
    display::{Display, ShowExt},
    exit_code,
    page::PagedCall,
    qovery_api::{TransportError, decode, uuid::Uuid},
    recipes::{
        Bulk, FindExt, PreviewEnvironment, Variable, VariableOwner, parse_dotenv, plan_terraform,
        plan_variables, set_image, set_variable,
    },
    stream::{LiveExt, Reconnect},
    wait::{OperationToken, ServiceKind, ServiceRef, ServiceVersion, WaitExt},
    with_causes,
};
use qovery_fake::{FakeEnvironment, FakeQovery, Fault, SocketFault, Workload as Kind};

/// The type of an error and the error.
type Errors = Vec<(&'static str, Box<dyn Error>)>;

fn scene() -> (FakeQovery, FakeEnvironment) {
    let fake = FakeQovery::new();
    let staging = fake
        .organization("my-org")
        .project("shop")
        .environment("staging");
    staging.service(Kind::Container, "web");
    (fake, staging)
}

/// One error of each type, each of a call that fails with this status, if a call can be its cause.
async fn errors(status: u16) -> Errors {
    let mut errors: Errors = Vec::new();
    macro_rules! failed {
        ($name:literal, $operation:literal, |$fake:ident, $staging:ident| $work:expr) => {{
            let ($fake, $staging) = scene();
            $fake.inject(Fault::status(status).on($operation).times(100));
            let error = $work.await.err().expect($name);
            errors.push(($name, Box::new(error)));
        }};
    }
    failed!("FindError", "listOrganization", |fake, _staging| fake
        .client()
        .find("my-org/shop")
        .project());
    failed!("BulkError", "listOrganization", |fake, _staging| {
        let bulk = Bulk::new(&fake.client());
        async move { bulk.run(|environment| environment.stop()).await }
    });
    failed!("VersionError", "getContainer", |fake, staging| {
        let web = ServiceRef::new(ServiceKind::Container, staging.services()[0].id());
        async move { set_image(&fake.client(), web, "2").await }
    });
    failed!(
        "TerraformError",
        "listTerraformDeploymentHistoryV2",
        |fake, staging| {
            let infra = staging.service(Kind::Terraform, "infra").id();
            async move { plan_terraform(&fake.client(), infra, Some("4f1c2d9")).await }
        }
    );
    failed!("SetVariableError", "createVariable", |fake, staging| {
        let owner = VariableOwner::Environment(staging.id());
        async move { set_variable(&fake.client(), owner, &Variable::new("A", "b")).await }
    });
    failed!("ApplyVariablesError", "createVariable", |fake, staging| {
        let owner = VariableOwner::Environment(staging.id());
        async move {
            let plan = plan_variables(&fake.client(), owner, [Variable::new("A", "b")]).await;
            plan.unwrap().apply().await
        }
    });
    failed!("PreviewError", "cloneEnvironment", |fake, _staging| {
        let preview = PreviewEnvironment::named("pr-1").from("my-org/shop/staging");
        async move { preview.deploy(&fake.client()).await }
    });
    failed!("RunPreviewError", "cloneEnvironment", |fake, _staging| {
        let preview = PreviewEnvironment::named("pr-1").from("my-org/shop/staging");
        async move {
            let client = fake.client();
            preview
                .run(&client, async |_| Ok::<_, std::io::Error>(()))
                .await
        }
    });
    failed!(
        "PageError",
        "listEnvironmentDeploymentHistory",
        |fake, staging| {
            let client = fake.client();
            let mut pages = client
                .list_environment_deployment_history(staging.id())
                .paged()
                .pages();
            async move { pages.next().await.unwrap() }
        }
    );
    failed!(
        "CollectError",
        "listEnvironmentDeploymentHistory",
        |fake, staging| {
            let client = fake.client();
            let history = client.list_environment_deployment_history(staging.id());
            async move { history.items().collect_all(5).await }
        }
    );
    failed!("WaitError", "deployEnvironment", |fake, staging| fake
        .client()
        .environment(staging.id())
        .deploy());
    failed!("ShowError", "deployEnvironment", |fake, staging| {
        let deploy = fake.client().environment(staging.id()).deploy();
        deploy.show_on(Display::detect().write_to(std::io::sink()))
    });
    failed!("NotRunning", "deployEnvironment", |fake, staging| fake
        .client()
        .environment(staging.id())
        .deploy()
        .until_running(Duration::ZERO));
    failed!("StreamError", "getEnvironment", |fake, staging| {
        let client = fake.client();
        let mut statuses = client.deployment_status(staging.id()).items();
        async move { statuses.next().await.expect("an error").map(drop) }
    });
    errors.push((
        "ConnectError",
        Box::new(
            Connect::new()
                .environment(|_| None)
                .cli_context_file("/nowhere/at/all")
                .build()
                .unwrap_err(),
        ),
    ));
    let token = "qovery-op-6-xyz".parse::<OperationToken>().unwrap_err();
    errors.push(("TokenError", Box::new(token)));
    errors.push(("DotenvError", Box::new(parse_dotenv("=x").unwrap_err())));
    let database = ServiceRef::new(ServiceKind::Database, Uuid::nil());
    let unsupported = ServiceVersion::image_tag("1").check(database).unwrap_err();
    errors.push(("UnsupportedVersion", Box::new(unsupported)));
    errors
}

/// The types of errors in the sources. Other errors are their sources.
fn types() -> BTreeSet<String> {
    let private = ["Fault", "NoToken"];
    let mut found = BTreeSet::new();
    let mut directories = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap();
            for line in text.lines().filter(|line| line.starts_with("impl")) {
                let Some((before, after)) = line.split_once("Error for ") else {
                    continue;
                };
                // `Error`, `error::Error`, `std::error::Error` or `StdError`.
                assert!(before.ends_with([' ', ':', 'd']), "{line}");
                let name = after.split(['<', ' ']).next().unwrap();
                found.insert(name.to_owned());
            }
        }
    }
    found.retain(|name| !private.contains(&name.as_str()));
    found
}

#[tokio::test(start_paused = true)]
async fn the_alternate_form_of_each_error_has_its_causes_and_debug_prints_the_same() {
    let mut seen = BTreeSet::new();
    for status in [401, 500] {
        for (name, error) in errors(status).await {
            seen.insert(name.to_owned());
            let (short, long) = (error.to_string(), format!("{error:#}"));
            let first = long.lines().next().unwrap();
            assert!(
                first.starts_with(short.lines().next().unwrap()),
                "{name}: {long}"
            );
            let mut cause = error.source();
            while let Some(error) = cause {
                let own = error.to_string();
                assert!(
                    first.contains(own.lines().next().unwrap()),
                    "{name}: {own} in {long}"
                );
                cause = error.source();
            }
            if ![
                "ConnectError",
                "TokenError",
                "DotenvError",
                "UnsupportedVersion",
            ]
            .contains(&name)
            {
                assert!(first.contains(&status.to_string()), "{name}: {long}");
            }
            let debug = format!("{error:?}");
            assert_eq!(debug, format!("{name}: {long}"));
            assert_eq!(format!("{error:#?}"), debug);
            assert!(with_causes(&*error).starts_with(first), "{name}: {long}");
        }
    }
    assert_eq!(seen, types(), "the types of errors that are tested here");
}

#[tokio::test(start_paused = true)]
async fn the_exit_code_of_an_error_says_whether_a_later_attempt_can_help() {
    for (status, code) in [
        (401, 3),
        (403, 3),
        (404, 3),
        (409, 3),
        (429, 2),
        (500, 2),
        (503, 2),
    ] {
        for (name, error) in errors(status).await {
            let code = match name {
                // Nothing was sent.
                "ConnectError" | "TokenError" | "DotenvError" | "UnsupportedVersion" => 3,
                _ => code,
            };
            assert_eq!(exit_code(&*error), code, "{name} {status}: {error:#}");
        }
    }
    let (fake, _staging) = scene();
    let unknown = fake.client().find("my-org/shp").await.unwrap_err();
    assert_eq!(exit_code(&unknown), 3);
    let usage: Box<dyn Error> = "usage: NAME".into();
    assert_eq!(exit_code(&*usage), 3);
    let (fake, staging) = scene();
    fake.inject(
        Fault::connection_refused()
            .on("listOrganization")
            .times(100),
    );
    let lost = fake.client().find("my-org").await.unwrap_err();
    assert_eq!(exit_code(&lost), 2, "{lost:#}");
    let deploy = fake.client().environment(staging.id()).deploy();
    let late = deploy.within(Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(exit_code(&late), 2);
}

#[tokio::test(start_paused = true)]
async fn the_exit_code_of_a_stream_that_was_lost_is_unknown_and_that_of_a_refused_one_is_refused() {
    for (fault, code) in [
        (SocketFault::refused(503), 2),
        (SocketFault::lost(), 2),
        (SocketFault::refused(403), 3),
        (SocketFault::close(1008, "no such environment"), 3),
    ] {
        let (fake, staging) = scene();
        let shown = format!("{fault:?}");
        fake.inject_socket(fault.on("/deployment/status").times(u32::MAX));
        let client = fake.client();
        let statuses = client.deployment_status(staging.id());
        let mut statuses = statuses.reconnect(Reconnect::default().attempts(2)).items();
        let error = loop {
            if let Err(error) = statuses.next().await.expect("an error") {
                break error;
            }
        };
        assert_eq!(exit_code(&error), code, "{shown}: {error:#}");
        assert_eq!(error.exit_code(), code);
    }
}

#[test]
fn the_exit_code_of_an_error_below_a_call_follows_the_same_table() {
    let unreadable = decode::<u8>(b"{}").unwrap_err();
    assert_eq!(exit_code(&unreadable), 2);
    let lost = TransportError::connect("reset");
    assert_eq!(exit_code(&lost), 2);
    let refused = TransportError::refused("no such proxy");
    assert_eq!(exit_code(&refused), 3);
}
