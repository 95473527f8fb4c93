//! The statements of the documentation of `qovery-api` about the crate are true.

#![allow(clippy::expect_used, reason = "a test fails if its setup fails")]

use std::collections::BTreeMap;
use std::fs;

use integration_tests::document::workspace;

/// The rows of a table in the documentation, by their first cell.
fn rows(page: &str, heading: &str) -> BTreeMap<String, String> {
    let lines = page
        .lines()
        .skip_while(|line| *line != format!("//! # {heading}"));
    let rows = lines
        .skip(1)
        .take_while(|line| !line.starts_with("//! # "))
        .filter_map(|line| line.strip_prefix("//! | `")?.strip_suffix(" |"));
    rows.filter_map(|row| row.split_once("` | "))
        .map(|(name, about)| (name.to_owned(), about.to_owned()))
        .collect()
}

#[test]
fn the_landing_page_lists_every_area_with_its_contents() {
    let home = workspace().join("qovery-api");
    let page = fs::read_to_string(home.join("src/lib.rs")).expect("the landing page");
    let mut areas = BTreeMap::new();
    for entry in fs::read_dir(home.join("src/generated")).expect("the client") {
        let directory = entry.expect("an entry").path();
        let name = directory.file_name().expect("a name").to_string_lossy();
        if name == "shared" || name == "absent" || !directory.is_dir() {
            continue;
        }
        let module = fs::read_to_string(directory.join("mod.rs")).expect("a module");
        let about = module.lines().find_map(|line| line.strip_prefix("//! "));
        areas.insert(name.into_owned(), about.expect("a purpose").to_owned());
    }
    assert!(areas.len() > 10, "{areas:?}");
    assert_eq!(rows(&page, "Areas"), areas);
}

#[test]
fn the_landing_page_lists_every_feature() {
    let home = workspace().join("qovery-api");
    let page = fs::read_to_string(home.join("src/lib.rs")).expect("the landing page");
    let manifest = fs::read_to_string(home.join("Cargo.toml")).expect("the manifest");
    let features = manifest
        .lines()
        .skip_while(|line| *line != "[features]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once(" = "));
    for (feature, _) in features.filter(|(feature, _)| !feature.starts_with('#')) {
        assert!(
            page.contains(&format!("`{feature}`")) || feature == "default",
            "{feature}"
        );
    }
}

#[test]
fn every_error_of_a_call_is_reached_by_the_same_name() {
    use qovery_ext::{display, page, recipes, wait};
    type ApiError<E> = fn(&E) -> Option<&qovery_api::Error>;
    type ExitCode<E> = fn(&E) -> u8;
    let _: ApiError<page::PageError> = page::PageError::api_error;
    let _: ApiError<page::CollectError<()>> = page::CollectError::api_error;
    let _: ApiError<wait::WaitError> = wait::WaitError::api_error;
    let _: ApiError<wait::NotRunning> = wait::NotRunning::api_error;
    let _: ApiError<display::ShowError> = display::ShowError::api_error;
    let _: ApiError<recipes::ApplyVariablesError> = recipes::ApplyVariablesError::api_error;
    let _: ApiError<recipes::BulkError> = recipes::BulkError::api_error;
    let _: ApiError<recipes::FindError> = recipes::FindError::api_error;
    let _: ApiError<recipes::PreviewError> = recipes::PreviewError::api_error;
    let _: ApiError<recipes::SetVariableError> = recipes::SetVariableError::api_error;
    let _: ApiError<recipes::TerraformError> = recipes::TerraformError::api_error;
    let _: ApiError<recipes::VersionError> = recipes::VersionError::api_error;
    let _: ExitCode<wait::WaitError> = wait::WaitError::exit_code;
    let _: ExitCode<wait::NotRunning> = wait::NotRunning::exit_code;
    let _: ExitCode<display::ShowError> = display::ShowError::exit_code;
    let _: ExitCode<recipes::PreviewError> = recipes::PreviewError::exit_code;
    let _: ExitCode<recipes::TerraformError> = recipes::TerraformError::exit_code;
}

#[test]
fn names_and_handles_take_the_same_arguments_and_have_the_same_traits() {
    use std::hash::Hash;

    use qovery_ext::recipes::FindExt as _;
    use qovery_ext::{qovery_api::uuid::Uuid, recipes, stream, wait, wait::WaitExt as _};
    fn is_clone<T: Clone>() {}
    fn is_comparable<T: PartialEq>() {}
    fn is_hash<T: Hash>() {}
    is_clone::<wait::Running>();
    is_comparable::<stream::Event<stream::ServiceLine>>();
    is_hash::<wait::ServiceVersion>();
    is_hash::<qovery_fake::Gone>();
    is_hash::<qovery_fake::StartId>();
    let fake = qovery_fake::FakeQovery::new();
    let project = fake.organization("acme").project("shop");
    assert_eq!(project.organization_id(), fake.organization("acme").id());
    let client = fake.client();
    let service = client.service(wait::ServiceKind::Job, Uuid::nil());
    let _handle = service.in_environment(Uuid::nil());
    let names: [String; 2] = ["acme".to_owned(), "api".to_owned()];
    let [organization, service] = &names;
    // Each level takes an owned or a borrowed text.
    let _path = client.organization(organization).cluster(service);
    let path = client
        .organization("acme")
        .project("shop")
        .environment("staging");
    let _path = path.service(service.clone());
    let _: stream::Reconnect = stream::Reconnect::new();
    let _: Option<recipes::Timestamp> = None;
}

#[test]
fn every_error_can_be_boxed_and_sent_to_another_thread() {
    fn check<E: std::error::Error + Send + Sync + 'static>() {}
    use qovery_ext::{connect, display, page, recipes, stream, wait};
    check::<qovery_api::Error>();
    check::<qovery_api::BuildError>();
    check::<qovery_api::DecodeError>();
    check::<qovery_api::TransportError>();
    check::<connect::ConnectError>();
    check::<page::PageError>();
    check::<page::CollectError<qovery_api::types::Event>>();
    check::<wait::WaitError>();
    check::<wait::TokenError>();
    check::<wait::UnsupportedVersion>();
    check::<display::ShowError>();
    check::<stream::StreamError>();
    check::<wait::NotRunning>();
    check::<recipes::ApplyVariablesError>();
    check::<recipes::BulkError>();
    check::<recipes::DotenvError>();
    check::<recipes::FindError>();
    check::<recipes::PreviewError>();
    check::<recipes::RunPreviewError<std::io::Error>>();
    check::<recipes::SetVariableError>();
    check::<recipes::TerraformError>();
    check::<recipes::VersionError>();
}
