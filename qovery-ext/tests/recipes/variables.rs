//! Many variables at once, files of variables, aliases.

use qovery_ext::{
    qovery_api::{
        Client,
        types::{ApiVariableScopeEnum as Scope, VariableResponse},
        uuid::Uuid,
    },
    recipes::{
        PlannedChange, Variable, VariableChange, VariableOwner, export_dotenv, parse_dotenv,
        plan_variables, remove_variable, set_alias, set_variable,
    },
    wait::{ServiceKind, ServiceRef, WaitExt as _},
};
use qovery_fake::{FakeEnvironment, FakeQovery, Fault, Workload as Kind};
use serde_json::json;

fn scene() -> (FakeQovery, FakeEnvironment, Client) {
    let fake = FakeQovery::new();
    let environment = fake.environment("staging");
    let client = fake.client();
    (fake, environment, client)
}

async fn listed(client: &Client, id: Uuid) -> Vec<VariableResponse> {
    client
        .list_variables(id, Scope::Environment)
        .await
        .unwrap()
        .results
}

#[tokio::test(start_paused = true)]
async fn a_plan_lists_added_changed_unchanged_and_conflicting_variables_without_values() {
    let (fake, environment, client) = scene();
    let owner = VariableOwner::Environment(environment.id());
    for variable in [
        Variable::new("SAME", "hunter1"),
        Variable::new("OTHER", "hunter2"),
        Variable::new("TOKEN", "hunter3").secret(),
    ] {
        set_variable(&client, owner, &variable).await.unwrap();
    }
    fake.clear_requests();
    let mut wanted = parse_dotenv("SAME=hunter1\nOTHER=x\nOTHER='hunter 4'\nNEW=hunter5").unwrap();
    wanted.push(Variable::new("SECRET", "hunter6").secret());
    let plan = plan_variables(&client, owner, wanted.clone())
        .await
        .unwrap();
    assert_eq!(
        plan.to_string(),
        "= SAME\n~ OTHER\n+ NEW\n+ SECRET (secret)"
    );
    assert!(fake.executions().is_empty() && fake.requests().len() == 1);
    assert!(!plan.is_empty() && !plan.has_conflicts());
    assert!(!format!("{plan:?}").contains("hunter"), "{plan:?}");
    let done = plan.apply().await.unwrap();
    let (unchanged, created) = (VariableChange::Unchanged, VariableChange::Created);
    assert_eq!(done, [unchanged, VariableChange::Edited, created, created]);
    let other = listed(&client, environment.id()).await;
    let other = other.iter().find(|one| one.key == "OTHER").unwrap();
    assert_eq!(
        other.value.as_deref(),
        Some("hunter 4"),
        "the last one of a file"
    );

    let plain: Vec<_> = wanted
        .into_iter()
        .filter(|one| one.key() != "SECRET")
        .collect();
    let again = plan_variables(&client, owner, plain).await.unwrap();
    assert!(again.is_empty(), "{again}");

    fake.clear_requests();
    let wanted = [
        Variable::new("A", "hunter7"),
        Variable::new("TOKEN", "hunter8"),
    ];
    let plan = plan_variables(&client, owner, wanted).await.unwrap();
    assert!(plan.has_conflicts());
    assert!(matches!(
        plan.variables[1].change,
        PlannedChange::Conflicting(_)
    ));
    let error = plan.apply().await.unwrap_err();
    assert!(error.done().is_empty() && error.cause().is_conflict());
    assert!(
        fake.executions().is_empty(),
        "all or nothing is known before"
    );
    assert!(!format!("{plan} {plan:?} {error} {error:?}").contains("hunter"));
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_fails_lists_the_variables_that_were_set_and_continues_at_the_second_run() {
    let (fake, environment, client) = scene();
    let owner = VariableOwner::Environment(environment.id());
    let wanted = || ["A", "B", "C"].map(|key| Variable::new(key, "hunter"));
    let plan = plan_variables(&client, owner, wanted()).await.unwrap();
    fake.inject(Fault::status(403).on("listVariables"));
    let error = plan.apply().await.unwrap_err();
    assert!(error.cause().api_error().unwrap().is_forbidden() && error.done().is_empty());

    fake.inject(Fault::status(400).on("createVariable").after(1));
    let error = plan.apply().await.unwrap_err();
    assert_eq!(error.done(), [("A".to_owned(), VariableChange::Created)]);
    assert!(
        error
            .to_string()
            .contains("1 variable was set before the error: "),
        "{error}"
    );
    assert!(!format!("{error} {error:?}").contains("hunter"));
    let done = plan.apply().await.unwrap();
    let (unchanged, created) = (VariableChange::Unchanged, VariableChange::Created);
    assert_eq!(done, [unchanged, created, created]);
}

#[tokio::test(start_paused = true)]
async fn an_export_is_read_back_and_has_no_secret() {
    let (_fake, environment, client) = scene();
    let owner = VariableOwner::Environment(environment.id());
    let wanted = parse_dotenv("A=1\nB=\"two\\nlines\"\nC='pa$$word'\nD=\n").unwrap();
    plan_variables(&client, owner, wanted.clone())
        .await
        .unwrap()
        .apply()
        .await
        .unwrap();
    let secret = Variable::new("TOKEN", "hunter2").secret();
    set_variable(&client, owner, &secret).await.unwrap();
    let export = export_dotenv(&client, owner).await.unwrap();
    assert_eq!(
        (export.exported, export.secrets.as_slice()),
        (4, ["TOKEN".to_owned()].as_slice())
    );
    assert!(!format!("{export:?}").contains("pa$$word"));
    let text = export.text.expose();
    assert!(
        !text.contains("hunter2") && text.contains("# TOKEN="),
        "{text}"
    );
    assert_eq!(parse_dotenv(text).unwrap(), wanted);
}

#[tokio::test(start_paused = true)]
async fn an_alias_stands_for_a_variable_and_is_set_once() {
    let (fake, environment, client) = scene();
    let owner = VariableOwner::Environment(environment.id());
    for key in ["HOST", "OTHER"] {
        set_variable(&client, owner, &Variable::new(key, "db"))
            .await
            .unwrap();
    }
    let alias = |of| set_alias(&client, owner, "DATABASE_HOST", of);
    assert_eq!(alias("HOST").await.unwrap(), VariableChange::Created);
    fake.clear_requests();
    assert_eq!(alias("HOST").await.unwrap(), VariableChange::Unchanged);
    let api = environment.service(Kind::Application, "api");
    let api = VariableOwner::Service(ServiceRef::new(ServiceKind::Application, api.id()));
    for (owner, alias, of, why) in [
        (
            owner,
            "DATABASE_HOST",
            "OTHER",
            "this name is an alias of variable HOST: remove it first",
        ),
        (
            owner,
            "OTHER",
            "HOST",
            "a variable has this name: remove it first",
        ),
        (
            owner,
            "X",
            "MISSING",
            "no variable MISSING applies to this owner: check its key",
        ),
        (
            api,
            "DATABASE_HOST",
            "OTHER",
            "this name is an alias of variable HOST (of the environment): choose another alias",
        ),
        (
            api,
            "OTHER",
            "HOST",
            "a variable has this name (of the environment): choose another alias",
        ),
    ] {
        let error = set_alias(&client, owner, alias, of).await.unwrap_err();
        assert!(error.is_conflict(), "{error}");
        let expected = format!(": alias {alias} was not set: {why}");
        assert!(error.to_string().ends_with(&expected), "{error}");
    }
    assert!(fake.executions().is_empty());
    let seen = listed(&client, environment.id()).await;
    let seen = seen.iter().find(|one| one.key == "DATABASE_HOST").unwrap();
    assert_eq!(seen.aliased_variable.as_ref().unwrap().key, "HOST");

    assert!(
        remove_variable(&client, owner, "DATABASE_HOST")
            .await
            .unwrap()
    );
    assert!(
        !remove_variable(&client, owner, "DATABASE_HOST")
            .await
            .unwrap()
    );
    fake.inject(Fault::status(403).on("deleteVariable"));
    let error = remove_variable(&client, owner, "HOST").await.unwrap_err();
    assert!(error.api_error().unwrap().is_forbidden());
    fake.inject(Fault::status(403).on("createVariableAlias"));
    let error = set_alias(&client, owner, "Y", "HOST").await.unwrap_err();
    assert!(error.api_error().unwrap().is_forbidden());
}

#[tokio::test(start_paused = true)]
async fn a_database_has_no_variables_and_nothing_is_sent() {
    let (fake, environment, client) = scene();
    let orders = environment.service(Kind::Database, "orders");
    let owner = VariableOwner::Service(ServiceRef::new(ServiceKind::Database, orders.id()));
    assert!(
        plan_variables(&client, owner, [])
            .await
            .unwrap_err()
            .is_conflict()
    );
    assert!(
        export_dotenv(&client, owner)
            .await
            .unwrap_err()
            .is_conflict()
    );
    assert!(
        remove_variable(&client, owner, "A")
            .await
            .unwrap_err()
            .is_conflict()
    );
    assert!(fake.requests().is_empty());
}

/// Two values of a variable that a service sees, the one of the wider scope first.
fn seen_twice(fake: &FakeQovery) -> Fault {
    let variable = |id: u128, scope: &str, kind: &str, value: &str| {
        json!({
            "id": Uuid::from_u128(id), "created_at": "2026-01-01T00:00:00Z", "key": "LEVEL",
            "value": value, "scope": scope, "variable_type": kind, "is_secret": false,
        })
    };
    let all = json!({"results": [
        variable(1, "BUILT_IN", "BUILT_IN", "built in"),
        variable(2, "PROJECT", "VALUE", "of the project"),
        variable(3, "ENVIRONMENT", "OVERRIDE", "of the environment"),
    ]});
    fake.clear_requests();
    Fault::body(all.to_string()).on("listVariables")
}

#[tokio::test(start_paused = true)]
async fn of_several_wider_scopes_the_narrowest_one_applies() {
    let (fake, environment, client) = scene();
    let web = environment.service(Kind::Container, "web");
    let owner = VariableOwner::Service(ServiceRef::new(ServiceKind::Container, web.id()));
    fake.inject(seen_twice(&fake));
    let export = export_dotenv(&client, owner).await.unwrap();
    assert_eq!(export.text.expose(), "LEVEL='of the environment'\n");
    fake.inject(seen_twice(&fake));
    // The fake does not know the variable: only the path matters.
    let _unknown = set_variable(&client, owner, &Variable::new("LEVEL", "own")).await;
    let sent = fake.requests().pop().unwrap();
    let expected = format!("/variable/{}/override", Uuid::from_u128(3));
    assert!(sent.path.ends_with(&expected), "{}", sent.path);
}

#[tokio::test(start_paused = true)]
async fn an_export_that_is_imported_again_changes_nothing() {
    let (fake, environment, client) = scene();
    let owner = VariableOwner::Environment(environment.id());
    for variable in [
        Variable::new("PLAIN", "it's `a`\n\"b\" $c \\ !d\r\ne\u{a0}"),
        Variable::new("EMPTY", ""),
        Variable::new("FILE", "a license").mounted_at("/etc/license"),
        Variable::new("TOKEN", "hunter2").secret(),
        Variable::new("SECRET_FILE", "hunter3")
            .secret()
            .mounted_at("/etc/key"),
    ] {
        set_variable(&client, owner, &variable).await.unwrap();
    }
    set_alias(&client, owner, "ALIAS", "PLAIN").await.unwrap();
    let export = export_dotenv(&client, owner).await.unwrap();
    assert_eq!(export.exported, 3);
    assert_eq!(export.files, ["FILE"]);
    assert_eq!(export.secrets, ["SECRET_FILE", "TOKEN"]);
    let text = export.text.expose();
    assert!(
        !text.contains("a license") && !text.contains("hunter"),
        "{text}"
    );
    fake.clear_requests();
    let plan = plan_variables(&client, owner, parse_dotenv(text).unwrap()).await;
    let plan = plan.unwrap();
    assert!(plan.is_empty(), "{plan}");
    plan.apply().await.unwrap();
    assert!(fake.executions().is_empty());
    // An alias with another value is still none that can be set.
    let other = [Variable::new("ALIAS", "x")];
    let plan = plan_variables(&client, owner, other).await.unwrap();
    assert!(plan.has_conflicts(), "{plan}");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_a_file_cannot_contain_becomes_a_comment_in_one_line() {
    let (_fake, environment, client) = scene();
    let owner = VariableOwner::Environment(environment.id());
    let keys = ["A\nB=injected", "$(rm -rf .)", "Ä", "A B"];
    for key in keys {
        let variable = Variable::new(key, "value");
        set_variable(&client, owner, &variable).await.unwrap();
    }
    let export = export_dotenv(&client, owner).await.unwrap();
    assert_eq!((export.exported, export.unwritable.len()), (0, 4));
    let text = export.text.expose();
    assert!(text.lines().count() == 4, "{text}");
    assert!(text.lines().all(|line| line.starts_with("# ")), "{text}");
    assert!(parse_dotenv(text).unwrap().is_empty());
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn a_shell_reads_the_exported_values_and_runs_no_command_in_them() {
    let (_fake, environment, client) = scene();
    let owner = VariableOwner::Environment(environment.id());
    let folder = tempfile::tempdir().unwrap();
    let trap = folder.path().join("trap");
    let command = format!("`touch {0}` $(touch {0})", trap.display());
    let values = [
        "plain".to_owned(),
        "two\nlines, it's \"quoted\" \\ $HOME ${HOME}".to_owned(),
        format!("it's {command}"),
        command,
        "a;b|c&d>e *?[x] ~ #f".to_owned(),
        "it's\n\ttabs, \\n and é".to_owned(),
    ];
    for (number, value) in values.iter().enumerate() {
        let variable = Variable::new(format!("K{number}"), value.as_str());
        set_variable(&client, owner, &variable).await.unwrap();
    }
    let export = export_dotenv(&client, owner).await.unwrap();
    let file = folder.path().join("exported.env");
    std::fs::write(&file, export.text.expose()).unwrap();
    for (number, value) in values.iter().enumerate() {
        let script = format!(". \"$1\"; printf %s \"$K{number}\"");
        let mut shell = std::process::Command::new("sh");
        let shell = shell.args(["-c", &script, "sh"]).arg(&file);
        let output = shell.output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), *value);
    }
    assert!(!trap.exists(), "a command in a value was run");
}

#[tokio::test(start_paused = true)]
async fn a_response_that_repeats_a_secret_is_not_shown() {
    let (fake, environment, client) = scene();
    let owner = VariableOwner::Environment(environment.id());
    for (secret, repeated) in [
        ("hunter2", "value hunter2 is too simple"),
        ("hunter2", "value \\\"hunter2\\\" is too simple"),
        ("hun\"ter\\2\nhunter", "value hun\\\"ter\\\\2\\nhunter"),
        ("é1", "é1"),
        ("==", "a == b"),
    ] {
        let body =
            format!("{{\"status\": 400, \"error\": \"Bad Request\", \"message\": \"{repeated}\"}}");
        let echo = || Fault::response(400, "application/json", body.clone());
        fake.clear_faults();
        for operation in ["createVariable", "editVariable"] {
            fake.inject(echo().on(operation).times(2));
        }
        for key in ["NEW", "TOKEN"] {
            let _gone = remove_variable(&client, owner, key).await.unwrap();
        }
        let wanted = Variable::new("NEW", secret).secret();
        let one = set_variable(&client, owner, &wanted).await.unwrap_err();
        let plan = plan_variables(&client, owner, [wanted]).await.unwrap();
        let many = plan.apply().await.unwrap_err();
        let chain: [&dyn std::error::Error; 2] = [&one, &many];
        for error in chain {
            assert!(error.source().is_none(), "{error}");
            let text = format!("{error} {error:?} {error:#?}");
            assert!(!text.contains(secret) && !text.contains(repeated), "{text}");
            assert!(!text.contains("hunter"), "{text}");
            assert!(text.contains("NEW") && text.contains("400"), "{text}");
        }
        assert!(one.api_error().unwrap().is_bad_request());
        assert!(many.api_error().unwrap().is_bad_request());
    }
    // Another message is shown, and so is that for a plain variable.
    fake.clear_faults();
    for (variable, message) in [
        (
            Variable::new("NEW", "hunter2").secret(),
            "the key is reserved",
        ),
        (Variable::new("NEW", "hunter2"), "hunter2 is reserved"),
    ] {
        let body = format!("{{\"status\": 400, \"error\": \"x\", \"message\": \"{message}\"}}");
        fake.inject(Fault::response(400, "application/json", body).on("createVariable"));
        let error = set_variable(&client, owner, &variable).await.unwrap_err();
        let owner = format!("environment {}", environment.id());
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains(message), "{cause}");
        assert_eq!(
            error.to_string(),
            format!("{owner}: variable NEW was not set: {cause}")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_response_was_lost_is_not_reported_as_not_done() {
    let (fake, environment, client) = scene();
    let owner = VariableOwner::Environment(environment.id());
    let set = |value: &'static str| {
        let (client, variable) = (client.clone(), Variable::new("FLAGS", value));
        async move { set_variable(&client, owner, &variable).await }
    };
    for (operation, value) in [("createVariable", "a"), ("editVariable", "b")] {
        fake.inject(Fault::connection_lost_after_execution().on(operation));
        let error = set(value).await.unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains(": variable FLAGS may have been set"),
            "{text}"
        );
        let now = listed(&client, environment.id()).await;
        assert_eq!(now[0].value.as_deref(), Some(value), "it was set");
    }
    fake.inject(Fault::connection_lost_after_execution().on("deleteVariable"));
    let error = remove_variable(&client, owner, "FLAGS").await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains(": variable FLAGS may have been removed"),
        "{text}"
    );
    assert!(listed(&client, environment.id()).await.is_empty());
    fake.inject(Fault::status(403).on("createVariable"));
    let text = set("c").await.unwrap_err().to_string();
    assert!(text.contains(": variable FLAGS was not set"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_service_sees_the_variables_of_its_environment_and_of_its_project() {
    let (_fake, environment, client) = scene();
    let web = environment.service(Kind::Container, "web");
    let service = VariableOwner::Service(ServiceRef::new(ServiceKind::Container, web.id()));
    let wider = VariableOwner::Environment(environment.id());
    let project = VariableOwner::Project(environment.project_id());
    for (owner, key) in [(wider, "LOG_LEVEL"), (project, "REGION")] {
        let variable = Variable::new(key, "wide");
        set_variable(&client, owner, &variable).await.unwrap();
    }
    for key in ["LOG_LEVEL", "REGION"] {
        let alias = format!("{key}_ALIAS");
        set_alias(&client, service, &alias, key).await.unwrap();
        let variable = Variable::new(key, "narrow");
        let change = set_variable(&client, service, &variable).await.unwrap();
        assert_eq!(change, VariableChange::Overridden, "{key}");
    }
    let export = export_dotenv(&client, service).await.unwrap();
    let text = export.text.expose();
    assert!(
        text.contains("LOG_LEVEL=\"narrow\"")
            || text.contains("LOG_LEVEL='narrow'")
            || text.contains("LOG_LEVEL=narrow"),
        "{text}"
    );
    let export = export_dotenv(&client, project).await.unwrap();
    assert_eq!(
        export.exported, 1,
        "a project does not see those of its environments"
    );
}

#[tokio::test(start_paused = true)]
async fn errors_name_the_owner_of_a_variable_with_its_id_and_its_known_name() {
    let (fake, environment, client) = scene();
    let orders = environment.service(Kind::Database, "orders");
    let web = environment.service(Kind::Container, "web");
    let project = environment.project_id();
    let database = ServiceRef::new(ServiceKind::Database, orders.id());
    let container = ServiceRef::new(ServiceKind::Container, web.id());
    let variable = Variable::new("A", "1");
    for is_known in [false, true] {
        if is_known {
            qovery_ext::recipes::services(&client, environment.id())
                .await
                .unwrap();
            client.remember_name(environment.id(), "sta\u{1b}ging");
            client.remember_name(project, "shop");
        }
        for (owner, kind, name, id) in [
            (
                VariableOwner::Environment(environment.id()),
                "environment",
                "sta\\u{1b}ging",
                environment.id(),
            ),
            (VariableOwner::Project(project), "project", "shop", project),
            (
                VariableOwner::Service(container),
                "container",
                "web",
                web.id(),
            ),
            (
                VariableOwner::Service(database),
                "database",
                "orders",
                orders.id(),
            ),
        ] {
            let start = match is_known {
                true => format!("{kind} {name} ({id}): "),
                false => format!("{kind} {id}: "),
            };
            fake.inject(Fault::status(403).on("listVariables").times(4));
            let texts = [
                set_variable(&client, owner, &variable)
                    .await
                    .unwrap_err()
                    .to_string(),
                plan_variables(&client, owner, [variable.clone()])
                    .await
                    .unwrap_err()
                    .to_string(),
                set_alias(&client, owner, "B", "A")
                    .await
                    .unwrap_err()
                    .to_string(),
                export_dotenv(&client, owner).await.unwrap_err().to_string(),
            ];
            fake.clear_faults();
            for text in texts {
                assert!(text.starts_with(&start), "{start}{text}");
            }
        }
    }
    let owner = VariableOwner::Environment(environment.id());
    let plan = plan_variables(&client, owner, [variable.clone()]).await;
    let plan = plan.unwrap();
    fake.inject(Fault::status(403).on("createVariable"));
    let text = plan.apply().await.unwrap_err().to_string();
    let start = format!(
        "no variable was set before the error: environment sta\\u{{1b}}ging ({}): variable A was not set",
        environment.id()
    );
    assert!(text.starts_with(&start), "{text}");
}
