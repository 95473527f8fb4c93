//! The types of recipes and of the display, filled by the fake and its faults.

use std::{convert::Infallible, fs, time::Duration};

use qovery_ext::{
    display::{Display, ShowExt},
    qovery_api::Client,
    recipes::{
        Bulk, FindExt, Found, PreviewEnvironment, Promotion, Variable, VariableOwner, history,
        parse_dotenv, plan_terraform, plan_variables, promote, roll_back, set_image, set_variable,
    },
    wait::{ServiceKind, ServiceRef, ServiceVersion, WaitExt},
};
use qovery_fake::{FakeQovery, Fault, Origin, Step, Workload};
use serde_json::{Value, json};

use super::Printed;

/// A refusal with this text.
fn refusal(text: &str) -> Fault {
    let body = json!({"status": 403, "detail": text, "message": text, "error": text});
    Fault::response(403, "application/json", body.to_string())
}

/// Replaces the texts of these fields in the whole document.
fn replace(value: &mut Value, fields: &[&str], text: &str) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                match value {
                    Value::String(old) if fields.contains(&name.as_str()) => {
                        text.clone_into(old);
                    }
                    value => replace(value, fields, text),
                }
            }
        }
        Value::Array(values) => {
            for value in values {
                replace(value, fields, text);
            }
        }
        _ => {}
    }
}

pub(super) async fn all(text: &str, printed: &mut Printed) {
    found(text, printed).await;
    bulk(text, printed).await;
    past(text, printed).await;
    versions(text, printed).await;
    promotion(text, printed).await;
    terraform(text, printed).await;
    variables(text, printed).await;
    preview(text, printed).await;
    display(text, printed).await;
}

async fn found(text: &str, printed: &mut Printed) {
    let fake = FakeQovery::new();
    let organization = fake.organization(text);
    let environment = organization.project(text).environment(text);
    let service = environment.service(Workload::Container, text);
    environment.service(Workload::Helm, &format!("{text}Web"));
    environment.service(Workload::Application, &format!("{text}wEB"));
    let cluster = organization.cluster(text);
    let client = fake.client();
    let ids = [
        organization.id(),
        environment.project_id(),
        environment.id(),
        service.id(),
        cluster.id(),
    ];
    for id in ids {
        let found = client.find(id.to_string()).await.unwrap();
        printed.display("ext Found Display", &found);
        let name = match &found {
            Found::Organization(found) => {
                printed.display("ext $type Display", found);
                &found.organization
            }
            Found::Project(found) => {
                printed.display("ext $type Display", found);
                &found.project
            }
            Found::Environment(found) => {
                printed.display("ext $type Display", found);
                &found.environment
            }
            Found::Cluster(found) => {
                printed.display("ext $type Display", found);
                &found.cluster
            }
            Found::Service(found) => {
                printed.display("ext FoundService Display", found);
                &found.service
            }
            _ => panic!("{found:?}"),
        };
        printed.display("ext Named Display", name);
        assert_eq!(name.name, text, "the raw text stays");
    }

    printed.debug("ext Find Debug", &client.find(text));
    let project = client.organization(organization.id().to_string());
    let project = project.project(environment.project_id().to_string());
    let services = project.clone().environment(environment.id().to_string());
    let other = client.find(environment.id().to_string()).service().await;
    let mut errors = vec![
        client.find(text).service().await.err(),
        client.find(format!("a/{text}")).await.err(),
        client.organization("\u{1b}another").await.err(),
        project.environment("\u{1b}another").await.err(),
        services.clone().service("\u{1b}another").await.err(),
        services.service(&format!("{text}web")).await.err(),
        other.err(),
    ];
    fake.inject(refusal(text).on("listProject"));
    client.forget_names();
    let organization = client.find(organization.id().to_string()).await.unwrap();
    if let Found::Organization(organization) = organization {
        errors.push(organization.projects().await.err());
    }
    assert!(errors.iter().flatten().any(|error| error.is_ambiguous()));
    for error in errors.into_iter().flatten() {
        printed.causes("ext FindError Display", &error);
        for candidate in error.candidates().iter().chain(error.closest()) {
            printed.display("ext Named Display", candidate);
        }
    }
}

async fn bulk(text: &str, printed: &mut Printed) {
    let fake = FakeQovery::new();
    let project = fake.organization(text).project(text);
    let environment = project.environment(text);
    let service = environment.service(Workload::Container, text);
    let client = fake.client();
    let all = || Bulk::new(&client);
    let named = all().organization(text).project(text).journal(text);
    printed.debug("ext Bulk Debug", &named);
    let refused = all().journal(format!("/nowhere/{text}"));
    for error in [
        all().organization("\u{1b}another").select().await.err(),
        all().project("\u{1b}another").select().await.err(),
        refused.run(|one| one.stop()).await.err(),
    ] {
        printed.causes("ext BulkError Display", &error.unwrap());
    }

    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal.ndjson");
    let note = json!({"environment": environment.id(), "name": text, "event": "starting", "goal": "deployed"});
    fs::write(&journal, format!("{note}\n")).unwrap();
    let noted = all().journal(journal);
    let uncertain = noted.run(|one| one.deploy()).await.unwrap();
    assert!(uncertain.to_string().starts_with('?'), "{uncertain}");
    printed.display("ext BulkSummary Display", &uncertain);
    let script = environment.next_deployment();
    script
        .fails_at(&service, Step::Deployment)
        .because(text)
        .after_logging([text]);
    let failed = all().run(|one| one.deploy()).await.unwrap();
    assert!(!failed.all_reached(), "{failed}");
    printed.display("ext BulkSummary Display", &failed);
    fake.inject(refusal(text).on("stopEnvironment"));
    let refused = all().run(|one| one.stop()).await.unwrap();
    assert!(!refused.all_reached(), "{refused}");
    printed.display("ext BulkSummary Display", &refused);
}

async fn past(text: &str, printed: &mut Printed) {
    let fake = FakeQovery::new();
    let environment = fake.environment(text);
    environment.service(Workload::Container, text);
    environment
        .external_actor()
        .through(Origin::Git)
        .by(text)
        .deploys();
    let client = fake.client();
    tokio::time::sleep(Duration::from_secs(600)).await;
    for fields in [
        &["name", "triggered_by"][..],
        &["name", "triggered_by", "origin", "trigger_action", "action"],
    ] {
        let change = {
            let text = text.to_owned();
            Fault::rewrite(move |value| replace(value, fields, &text))
        };
        fake.inject(change.on("listEnvironmentDeploymentHistoryV2"));
        let rows = history(&client, environment.id(), 10).await.unwrap();
        assert!(!rows.is_empty());
        for row in &rows {
            assert_eq!(row.triggered_by, text, "the raw text stays");
            printed.display("ext DeploymentRow Display", row);
            printed.display("ext DeploymentOutcome Display", &row.outcome);
            for service in &row.services {
                printed.display("ext ServiceRow Display", service);
            }
        }
    }
}

async fn versions(text: &str, printed: &mut Printed) {
    let fake = FakeQovery::new();
    let environment = fake.environment(text);
    let web = environment
        .service(Workload::Container, text)
        .with("tag", json!(text));
    let client = fake.client();
    let service = ServiceRef::new(ServiceKind::Container, web.id());
    for tag in ["next".to_owned(), format!("1{text}")] {
        let change = set_image(&client, service, &tag).await.unwrap();
        printed.display("ext VersionChange Display", &change);
        let same = set_image(&client, service, &tag).await.unwrap();
        printed.display("ext VersionChange Display", &same);
    }
    let error = set_image(&client, service, " ").await.unwrap_err();
    printed.causes("ext VersionError Display", &error);
    for operation in ["getContainer", "editContainer"] {
        fake.inject(refusal(text).on(operation));
        let error = set_image(&client, service, "other").await.unwrap_err();
        printed.causes("ext VersionError Display", &error);
    }
    let error = roll_back(&client, service).await.unwrap_err();
    printed.causes("ext VersionError Display", &error);

    let tag = |number: u8| ServiceVersion::image_tag(format!("{number}{text}x"));
    printed.display("ext ServiceVersion Display", &tag(1));
    let parts = ServiceVersion::commit(text).values_commit(text);
    printed.display("ext ServiceVersion Display", &parts);
    let deploy = |number| client.container(web.id()).deploy(tag(number));
    deploy(1).await.unwrap();
    let script = environment.next_deployment();
    script.fails_at(&web, Step::Deployment).because(text);
    deploy(2).await.unwrap_err();
    let back = roll_back(&client, service).await.unwrap();
    assert_eq!(back.version, tag(1), "the raw text stays");
    printed.display("ext RollBack Display", &back);
}

async fn promotion(text: &str, printed: &mut Printed) {
    let fake = FakeQovery::new();
    let project = fake.project(text);
    let (from, to) = (project.environment(text), project.environment("to"));
    let service = |name: &str| format!("{name}{text}");
    let mut first = None;
    for environment in [&from, &to] {
        let same = environment.service(Workload::Container, &service("same"));
        let same = same
            .with("image_name", json!("acme/web"))
            .with("tag", json!("1"));
        first.get_or_insert(same);
        let other = environment.service(Workload::Container, &service("other"));
        let image = format!("{}/{text}", environment.id());
        other
            .with("image_name", json!(image))
            .with("tag", json!("1"));
    }
    from.service(Workload::Container, &service("missing"))
        .with("tag", json!(text));
    let client = fake.client();
    client.environment(from.id()).deploy().await.unwrap();
    let version = ServiceVersion::image_tag(format!("2{text}"));
    let deploy = client.container(first.unwrap().id()).deploy(version);
    deploy.await.unwrap();
    let plan = promote(&client, from.id(), to.id()).await.unwrap();
    let has = |is: fn(&Promotion) -> bool| plan.services.iter().any(|one| is(&one.promotion));
    assert!(has(|one| matches!(one, Promotion::Change { .. })));
    assert!(has(|one| matches!(one, Promotion::Different(_))));
    assert!(has(|one| matches!(one, Promotion::Missing)));
    printed.display("ext PromotionPlan Display", &plan);
}

async fn terraform(text: &str, printed: &mut Printed) {
    let fake = FakeQovery::new();
    let environment = fake.environment(text);
    let infra = environment.service(Workload::Terraform, text);
    let client = fake.client();
    let plan = || plan_terraform(&client, infra.id(), Some("4f1c2d9"));
    let lines = [text, "Plan: 1 to add, 0 to change, 2 to destroy.", text];
    environment.next_deployment().logs(&infra, lines);
    let planned = plan().await.unwrap();
    printed.display("ext TerraformPlan Display", &planned);
    printed.display("ext PlanCounts Display", &planned.counts.unwrap());
    for operation in ["deployTerraform", "listEnvironmentLogs"] {
        fake.inject(refusal(text).on(operation));
        let error = plan().await.unwrap_err();
        printed.causes("ext TerraformError Display", &error);
    }
    let script = environment.next_deployment();
    script
        .fails_at(&infra, Step::Deployment)
        .because(text)
        .after_logging([text]);
    let error = plan().await.unwrap_err();
    printed.causes("ext TerraformError Display", &error);
    let stale = planned.apply().await.unwrap_err();
    printed.causes("ext TerraformError Display", &stale);
}

async fn variables(text: &str, printed: &mut Printed) {
    for error in [text.to_owned(), format!("A=1\n={text}")] {
        if let Err(error) = parse_dotenv(&error) {
            printed.causes("ext DotenvError Display", &error);
        }
    }
    let fake = FakeQovery::new();
    let environment = fake.environment(text);
    let client = fake.client();
    let owner = VariableOwner::Environment(environment.id());
    let key = format!("A{text}");
    let secret = Variable::new(key.as_str(), "x").secret();
    if let Err(error) = set_variable(&client, owner, &secret).await {
        printed.causes("ext SetVariableError Display", &error);
    }
    let new = format!("B{text}");
    for wanted in [
        vec![Variable::new(text, "y")],
        vec![Variable::new(key.as_str(), "y")],
        vec![
            Variable::new(new.as_str(), "y"),
            Variable::new(format!("C{text}"), "y").secret(),
        ],
    ] {
        let plan = plan_variables(&client, owner, wanted).await.unwrap();
        printed.display("ext VariablesPlan Display", &plan);
        fake.inject(refusal(text).on("createVariable"));
        if let Err(error) = plan.apply().await {
            printed.causes("ext ApplyVariablesError Display", &error);
        }
        fake.clear_faults();
    }
}

async fn preview(text: &str, printed: &mut Printed) {
    let fake = FakeQovery::new();
    let environment = fake.environment(text);
    environment
        .service(Workload::Container, text)
        .with("tag", json!(text));
    let client = fake.client();
    let wanted = || {
        let name = format!("x{text}");
        PreviewEnvironment::named(name).from(environment.id().to_string())
    };
    for preview in [
        wanted().from("\u{1b}another"),
        wanted().from(text),
        wanted().image(format!("no{text}"), "x"),
        wanted().branch(text, "x"),
        wanted().image(text, " "),
        wanted().commit(text, text),
        wanted().cluster(format!("no{text}")),
        wanted().variable(Variable::new(text, "x")),
        wanted().dotenv(text),
    ] {
        if let Err(error) = preview.deploy(&client).await {
            printed.causes("ext PreviewError Display", &error);
        }
    }
    let run = async |client: &Client| {
        let wanted = wanted();
        let run = wanted.run(client, async |_| Ok::<_, Infallible>(()));
        run.await.unwrap_err()
    };
    for operation in [
        "deployEnvironment",
        "deleteEnvironment",
        "listEnvironment",
        "listServicesByEnvironmentId",
    ] {
        fake.inject(refusal(text).on(operation));
        client.forget_names();
        let error = run(&client).await;
        printed.causes("ext RunPreviewError Display", &error);
        printed.derived("ext RunPreviewError Debug", &error);
        for error in error.preview_error().into_iter().chain(error.not_deleted()) {
            printed.causes("ext PreviewError Display", error);
        }
        fake.clear_faults();
    }
}

async fn display(text: &str, printed: &mut Printed) {
    let fake = FakeQovery::new();
    let environment = fake.environment(text);
    let service = environment.service(Workload::Container, text);
    let script = environment.next_deployment();
    script
        .fails_at(&service, Step::Deployment)
        .because(text)
        .after_logging([text]);
    let display = Display::detect()
        .lines()
        .write_to(std::io::sink())
        .ignore_signals()
        .resume_hint({
            let text = text.to_owned();
            move |_| text.clone()
        });
    printed.debug("ext Display Debug", &display);
    let deploy = fake.client().environment(environment.id()).deploy();
    let show = deploy.show_on(display).title(text);
    printed.debug("ext Show Debug", &show);
    let error = show.await.unwrap_err();
    printed.causes("ext ShowError Display", &error);
}
