//! Every kind of service with every version: accepted versions are sent, others are refused.

use qovery_api::http::Method;
use qovery_ext::wait::{
    Action, ServiceKind, ServiceSelection, ServiceVersion, VersionField, WaitErrorKind, WaitExt,
};
use qovery_fake::Workload as FakeKind;
use serde_json::{Value, json};

use crate::{KINDS, World};

const FIELDS: [VersionField; 4] = [
    VersionField::GitCommit,
    VersionField::ImageTag,
    VersionField::ChartVersion,
    VersionField::ValuesCommit,
];

/// The versions that each kind accepts according to the contract: the operation of its own deployment, its field in a
/// deployment of several services, and the versions in both.
fn contract(
    kind: ServiceKind,
) -> (
    Option<&'static str>,
    Option<&'static str>,
    &'static [VersionField],
) {
    use VersionField::{ChartVersion, GitCommit, ImageTag, ValuesCommit};
    match kind {
        ServiceKind::Application => (
            Some("deployApplication"),
            Some("applications"),
            &[GitCommit],
        ),
        ServiceKind::Container => (Some("deployContainer"), Some("containers"), &[ImageTag]),
        ServiceKind::Database => (Some("deployDatabase"), Some("databases"), &[]),
        ServiceKind::Job => (Some("deployJob"), Some("jobs"), &[GitCommit, ImageTag]),
        ServiceKind::Helm => (
            Some("deployHelm"),
            Some("helms"),
            &[GitCommit, ChartVersion, ValuesCommit],
        ),
        ServiceKind::Terraform => (Some("deployTerraform"), Some("terraforms"), &[GitCommit]),
        ServiceKind::AgenticWorkflow => (None, None, &[]),
        other => panic!("a kind without a row: {other}"),
    }
}

fn version(fields: &[VersionField]) -> ServiceVersion {
    let mut version = ServiceVersion::configured();
    for field in fields {
        *slot(&mut version, *field) = Some(format!("v-{field}"));
    }
    version
}

fn slot(version: &mut ServiceVersion, field: VersionField) -> &mut Option<String> {
    match field {
        VersionField::GitCommit => &mut version.git_commit_id,
        VersionField::ImageTag => &mut version.image_tag,
        VersionField::ChartVersion => &mut version.chart_version,
        VersionField::ValuesCommit => &mut version.values_override_git_commit_id,
        other => panic!("a field without a place: {other}"),
    }
}

/// The ways to deploy one service in a version.
fn ways(
    world: &World,
    fake_kind: FakeKind,
    kind: ServiceKind,
    version: &ServiceVersion,
) -> Vec<Action> {
    let id = world.service(fake_kind).id();
    let client = world.fake.client();
    let environment = client.environment(world.environment.id());
    let alone = ServiceSelection::new().with_version(kind, id, version.clone());
    let database = world.service(FakeKind::Database).id();
    let with_another = ServiceSelection::new()
        .with(ServiceKind::Database, database)
        .with_version(kind, id, version.clone());
    vec![
        client.service(kind, id).deploy(version.clone()),
        environment.service(kind, id).deploy(version.clone()),
        environment.deploy_services(alone),
        environment.deploy_services(with_another),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_version_that_a_kind_cannot_take_is_refused_and_nothing_is_sent() {
    let mut refused = 0;
    for (fake_kind, kind) in KINDS {
        let (_, _, takes) = contract(kind);
        for set in 0_u8..16 {
            let fields: Vec<_> = FIELDS
                .into_iter()
                .enumerate()
                .filter_map(|(bit, field)| (set & (1 << bit) != 0).then_some(field))
                .collect();
            let Some(odd) = fields.iter().find(|field| !takes.contains(field)) else {
                continue;
            };
            let version = version(&fields);
            for way in 0..4 {
                let world = World::new();
                let action = ways(&world, fake_kind, kind, &version).remove(way);
                let error = action.await.expect_err("it cannot take this");
                assert_eq!(
                    (error.kind(), error.exit_code()),
                    (WaitErrorKind::Refused, 3)
                );
                assert!(!error.may_have_been_executed());
                assert!(
                    world.fake.requests().is_empty(),
                    "{kind} {fields:?}: nothing is sent"
                );
                let unsupported = error.unsupported_version().expect("a typed error");
                assert_eq!(unsupported.service().kind, kind);
                assert!(!takes.contains(&unsupported.field()), "{kind} {odd}");
                let text = error.to_string();
                assert!(text.contains(&kind.to_string()), "{text}");
                assert!(text.contains(unsupported.value()), "{text}");
                for field in takes {
                    assert!(text.contains(&field.to_string()), "{text}");
                }
                refused += 1;
            }
        }
    }
    assert!(refused > 300, "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_version_that_a_kind_accepts_is_sent_completely() {
    for (fake_kind, kind) in KINDS {
        let (operation, list, takes) = contract(kind);
        let mut sorted = (takes.to_vec(), kind.versions().to_vec());
        sorted.0.sort_unstable();
        sorted.1.sort_unstable();
        assert_eq!(sorted.0, sorted.1, "{kind}");
        let (Some(operation), Some(list)) = (operation, list) else {
            continue;
        };
        let mut sets: Vec<Vec<VersionField>> = vec![Vec::new()];
        sets.extend(takes.iter().map(|field| vec![*field]));
        if kind == ServiceKind::Helm {
            sets.push(vec![VersionField::ChartVersion, VersionField::ValuesCommit]);
            sets.push(vec![VersionField::GitCommit, VersionField::ValuesCommit]);
        }
        for fields in sets {
            for way in 0..4 {
                let world = World::new();
                let action = ways(&world, fake_kind, kind, &version(&fields)).remove(way);
                action.await.expect("deployed");
                let sent = world.fake.executions().pop().expect("a request");
                let through_environment = sent.operation.as_deref() == Some("deployAllServices");
                assert!(
                    through_environment || sent.operation.as_deref() == Some(operation),
                    "{kind}: {sent:?}"
                );
                assert_eq!(sent.method, Method::POST);
                let body = sent.body.unwrap_or(Value::Null);
                let entry = if through_environment {
                    body[list].as_array().and_then(|list| list.last()).cloned()
                } else {
                    Some(body)
                };
                let entry = entry.expect("an entry of the kind");
                for field in FIELDS {
                    let expected = fields.contains(&field).then(|| json!(format!("v-{field}")));
                    let found = entry.get(field.to_string()).filter(|v| !v.is_null());
                    assert_eq!(found, expected.as_ref(), "{kind} {field}: {entry}");
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn parts_that_exclude_each_other_and_blank_parts_are_refused() {
    for (fake_kind, kind, version) in [
        (
            FakeKind::CronJob,
            ServiceKind::Job,
            version(&[VersionField::ImageTag, VersionField::GitCommit]),
        ),
        (
            FakeKind::Helm,
            ServiceKind::Helm,
            version(&[VersionField::ChartVersion, VersionField::GitCommit]),
        ),
        (
            FakeKind::Container,
            ServiceKind::Container,
            ServiceVersion::image_tag(" "),
        ),
        (
            FakeKind::Application,
            ServiceKind::Application,
            ServiceVersion::commit(""),
        ),
    ] {
        for way in 0..4 {
            let world = World::new();
            let action = ways(&world, fake_kind, kind, &version).remove(way);
            let error = action.await.expect_err("refused");
            assert!(error.unsupported_version().is_some(), "{error}");
            assert!(world.fake.requests().is_empty());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_selection_with_versions_can_be_deployed_and_stopped() {
    let world = World::new();
    let id = world.service(FakeKind::Container).id();
    let version = ServiceVersion::image_tag("1.8.2");
    let selection = ServiceSelection::new().with_version(ServiceKind::Container, id, version);
    let environment = world.fake.client().environment(world.environment.id());
    environment
        .deploy_services(selection.clone())
        .await
        .expect("deployed");
    environment.stop_services(selection).await.expect("stopped");
    assert_eq!(world.asked(), ["deployAllServices", "stopSelectedServices"]);
}

#[tokio::test(start_paused = true)]
async fn a_version_that_is_refused_names_the_service_if_its_name_is_known() {
    let world = World::new();
    let id = world.service(FakeKind::Database).id();
    let client = world.fake.client();
    client.remember_name(id, "orders");
    let environment = client.environment(world.environment.id());
    let version = ServiceVersion::image_tag("2");
    let selection =
        || ServiceSelection::new().with_version(ServiceKind::Database, id, version.clone());
    for action in [
        client
            .service(ServiceKind::Database, id)
            .deploy(version.clone()),
        environment.deploy_services(selection()),
    ] {
        let error = action.await.unwrap_err();
        let text = format!("{error:#}");
        let wanted = format!("database orders ({id}) cannot be deployed with image_tag");
        assert!(text.contains(&wanted), "{text}");
        assert_eq!(error.kind(), WaitErrorKind::Refused, "{text}");
    }
}
