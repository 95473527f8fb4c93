//! Names of the contract that are names of the language, of the runtime or of generated code.

#![allow(clippy::unwrap_used, reason = "a test fails if its setup fails")]

use wire_client::http::{HeaderMap, Method, StatusCode};
use wire_client::httpmock::MockServer;
use wire_client::mock::{MockServerExt as _, model};
use wire_client::serde_json::json;
use wire_client::{
    AccessToken, BoxFuture, Call, Client, Operation as _, RawResponse, Request, Transport,
    TransportError, decode, operations, types,
};

/// Answers with an empty response.
struct Nothing;

impl Transport for Nothing {
    fn send(&self, _: Request) -> BoxFuture<'_, Result<RawResponse, TransportError>> {
        let response = RawResponse::new(StatusCode::NO_CONTENT, HeaderMap::new(), "");
        Box::pin(async move { Ok(response) })
    }
}

#[test]
fn hand_written_methods_keep_their_names_and_operations_of_that_name_get_an_underscore() {
    let client = Client::with_transport("https://h.test/v1", Nothing).unwrap();
    let copy: Client = client.clone();
    assert_eq!(copy.base_url().as_str(), "https://h.test/v1");
    let body = types::Everything::new();
    let call: Call<operations::New> = copy
        .new_("a", "b", &body)
        .without_query_("c")
        .without_query("self");
    assert_eq!(call.operation().id, "new");
    let _: Call<operations::Clone> = copy.clone_("a", "b", &body).response_(types::Result::Err);
    let _: Call<operations::Client> = copy.client("a", "b", &body).clone();
    assert_eq!(operations::Bytes::INFO.method, Method::PUT);
}

#[test]
fn models_called_like_types_of_the_language_are_models() {
    let option: types::Option = decode(br#"{"String":"a","Vec":["b"]}"#).unwrap();
    assert_eq!(
        (option.string.as_str(), option.vec.as_deref()),
        ("a", Some(&["b".to_owned()][..]))
    );
    let everything = types::Everything::new()
        .option(option.clone())
        .clone_("c")
        .a_b("first")
        .a_b2("second");
    let json = serde_json(&everything);
    assert_eq!(
        json,
        json!({"Option": {"String": "a", "Vec": ["b"]}, "clone": "c", "aB": "first", "a_b": "second"})
    );
    assert_eq!(everything.option, Some(option));
    let values = types::Result::known_values()
        .iter()
        .map(|value| format!("{value:?}"));
    assert_eq!(values.collect::<Vec<_>>(), ["A", "B", "C", "UNKNOWN"]);
    assert_eq!(types::Result::from("A"), types::Result::Same);
    assert!(matches!(
        types::Result::from("?"),
        types::Result::Unknown(_)
    ));
}

fn serde_json(model: &types::Everything) -> wire_client::serde_json::Value {
    wire_client::serde_json::to_value(model).unwrap()
}

#[test]
fn a_parent_with_a_discriminator_is_the_union_of_the_schemas_that_extend_it() {
    let json = json!([
        {"kind": "cat", "name": "Tom", "lives": 9},
        {"kind": "dog", "bark": true},
        {"kind": "fish", "fins": 2},
    ]);
    let pets: Vec<types::Pet> = decode(json.to_string().as_bytes()).unwrap();
    assert!(
        matches!(&pets[..], [types::Pet::Cat(cat), types::Pet::Dog(dog), types::Pet::Unknown(_)]
        if cat.lives == Some(9) && cat.name.as_deref() == Some("Tom") && dog.bark == Some(true))
    );
    assert_eq!(wire_client::serde_json::to_value(&pets).unwrap(), json);
    let client = Client::with_transport("https://h.test/v1", Nothing).unwrap();
    let _: Call<operations::AddPet> =
        client.add_pet(&types::Pet::from(types::Cat::new("cat").lives(3)));
}

#[tokio::test]
async fn an_operation_called_like_a_method_of_the_server_has_a_mock() {
    let server = MockServer::start_async().await;
    let mock = server.mock_(|when, then| {
        when.without_query("c").self_query("b");
        then.ok(&model(json!("Some")));
    });
    let client = Client::builder()
        .base_url(server.base_url())
        .token(AccessToken::new("qov_test").unwrap())
        .build()
        .unwrap();
    let body = types::Everything::new();
    let response = client.mock("a", "b", &body).without_query_("c").await;
    assert_eq!(response.unwrap().as_str(), "Some");
    mock.assert_async().await;
}
