//! Calls send method, path, query, headers and body as the contract declares them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails if its setup fails"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use wire_client::chrono::{DateTime, NaiveDate, Utc};
use wire_client::http::{HeaderMap, StatusCode};
use wire_client::uuid::Uuid;
use wire_client::{
    BoxFuture, Call, Client, Error, Operation, Patch, RawResponse, Request, Transport,
    TransportError, types,
};

/// Records the request, and answers with an empty response.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Request>>>);

impl Transport for Recorder {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<RawResponse, TransportError>> {
        self.0.lock().unwrap().push(request);
        let response = RawResponse::new(StatusCode::NO_CONTENT, HeaderMap::new(), "");
        Box::pin(async move { Ok(response) })
    }
}

/// The one request of a call.
async fn sent<O: Operation>(call: impl FnOnce(&Client) -> Call<O>) -> Request {
    let recorder = Recorder::default();
    let client = Client::with_transport("https://h.test/v1", recorder.clone()).unwrap();
    // Some operations declare a body, but the response has none.
    let _ = call(&client).await;
    let mut requests = recorder.0.lock().unwrap().clone();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

/// Returns the reason why a call was not sent.
async fn refused<O: Operation>(call: impl FnOnce(&Client) -> Call<O>) -> Error
where
    O::Output: std::fmt::Debug,
{
    let recorder = Recorder::default();
    let client = Client::with_transport("https://h.test/v1", recorder.clone()).unwrap();
    let error = call(&client).await.unwrap_err();
    assert!(error.is_invalid_request(), "{error}");
    assert!(recorder.0.lock().unwrap().is_empty());
    error
}

/// Path and query as they were sent.
fn target(request: &Request) -> String {
    let url = &request.url;
    let query = url.query().map(|query| format!("?{query}"));
    format!("{}{}", url.path(), query.unwrap_or_default())
}

fn header<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    request
        .headers
        .get(name)
        .map(|value| value.to_str().unwrap())
}

/// The media type of the body, and the body.
fn body(request: &Request) -> (&str, &str) {
    let body = request.body.as_deref().unwrap();
    (
        header(request, "content-type").unwrap(),
        std::str::from_utf8(body).unwrap(),
    )
}

fn thing() -> types::Thing {
    types::Thing::new().a(Patch::Null).n(7)
}

fn at() -> DateTime<Utc> {
    "2026-08-20T12:20:30.5+02:00".parse().unwrap()
}

fn day() -> NaiveDate {
    "2026-08-20".parse().unwrap()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[tokio::test]
async fn a_body_is_sent_with_the_media_type_of_the_contract() {
    let thing = thing();
    let text = r#"{"a":null,"n":7}"#;
    let request = sent(|client| client.merge_thing(1, &thing)).await;
    assert_eq!(body(&request), ("application/merge-patch+json", text));
    let request = sent(|client| client.vendor_thing(1, &thing)).await;
    let vendor = "application/vnd.things.v2+json; charset=utf-8";
    assert_eq!(body(&request), (vendor, text));
    let list = [BTreeMap::from([("op".to_owned(), "remove".into())])
        .into_iter()
        .collect()];
    let request = sent(|client| client.patch_list(1, &list)).await;
    assert_eq!(
        body(&request),
        ("application/json-patch+json", r#"[{"op":"remove"}]"#)
    );
    let request = sent(|client| client.send_yaml("a: 1\n")).await;
    assert_eq!(body(&request), ("application/yaml", "a: 1\n"));
    let request = sent(|client| client.send_bytes(vec![b'x'])).await;
    assert_eq!(body(&request), ("application/octet-stream", "x"));
}

#[tokio::test]
async fn the_accept_header_lists_the_declared_media_types() {
    let thing = thing();
    let request = sent(|client| client.vendor_thing(1, &thing)).await;
    let both = "application/vnd.things.v2+json, application/json";
    assert_eq!(header(&request, "accept"), Some(both));
    let request = sent(|client| client.patch_list(1, &[])).await;
    assert_eq!(header(&request, "accept"), Some("text/csv"));
    let request = sent(|client| client.search_with_body(&thing)).await;
    assert_eq!(header(&request, "accept"), Some("image/png"));
    let request = sent(|client| client.send_yaml("")).await;
    assert_eq!(header(&request, "accept"), Some("*/*"));
    let request = sent(|client| client.patch_list(1, &[]).header("accept", "text/plain")).await;
    assert_eq!(header(&request, "accept"), Some("text/plain"));
}

#[tokio::test]
async fn a_form_states_how_lists_and_objects_are_written() {
    let range = || types::Range::new(1).to(2);
    let form = types::Form::new("a b&c")
        .at(at())
        .gone(Patch::Null)
        .list(words(&["x", "y,z"]))
        .commas(words(&["x", "y,z"]))
        .json(words(&["x"]))
        .deep(range())
        .nested(range())
        .ratio(2.0);
    let request = sent(|client| client.send_form(&form)).await;
    let (media, text) = body(&request);
    assert_eq!(media, "application/x-www-form-urlencoded");
    let mut pairs: Vec<&str> = text.split('&').collect();
    pairs.sort_unstable();
    assert_eq!(
        pairs,
        [
            "at=2026-08-20T10%3A20%3A30.500Z",
            "commas=x,y%2Cz",
            "deep%5Bfrom%5D=1",
            "deep%5Bto%5D=2",
            "gone=",
            "json=%5B%22x%22%5D",
            "list=x",
            "list=y%2Cz",
            "name=a%20b%26c",
            "nested=%7B%22from%22%3A1%2C%22to%22%3A2%7D",
            "ratio=2",
        ]
    );
}

#[tokio::test]
async fn json_is_the_default_media_type_and_setters_select_the_others() {
    let thing = thing();
    let text = r#"{"a":null,"n":7}"#;
    let request = sent(|client| client.send_several(&thing)).await;
    assert_eq!(body(&request), ("application/json", text));
    let request = sent(|client| client.send_several(&thing).body_merge_patch_json(&thing)).await;
    assert_eq!(body(&request), ("application/merge-patch+json", text));
    let request = sent(|client| client.send_several(&thing).body_form(&thing)).await;
    assert_eq!(
        body(&request),
        ("application/x-www-form-urlencoded", "a=&n=7")
    );
    let other = BTreeMap::from([("b", "x")]);
    let request = sent(|client| client.send_several(&thing).body_vnd_things_v2_json(&other)).await;
    assert_eq!(
        body(&request),
        ("application/vnd.things.v2+json", r#"{"b":"x"}"#)
    );
    let request = sent(|client| client.send_several(&thing).body_plain("text")).await;
    assert_eq!(body(&request), ("text/plain", "text"));
    let request = sent(|client| client.send_several(&thing).body_octet_stream(vec![b'y'])).await;
    assert_eq!(body(&request), ("application/octet-stream", "y"));
}

#[tokio::test]
async fn a_body_that_may_be_left_out_is_sent_by_one_of_its_setters() {
    let thing = thing();
    let request = sent(|client| client.send_several_or_none()).await;
    assert!(request.body.is_none() && header(&request, "content-type").is_none());
    let request = sent(|client| client.send_several_or_none().body_merge_patch_json(&thing)).await;
    assert_eq!(body(&request).0, "application/merge-patch+json");
    let request = sent(|client| client.send_several_or_none().body(&thing)).await;
    assert_eq!(body(&request).0, "application/json");
    // A body that no setter encodes, such as multipart, is sent as bytes.
    let media = "multipart/form-data; boundary=x";
    let request = sent(|client| client.send_bytes("--x--").header("content-type", media)).await;
    assert_eq!(body(&request), (media, "--x--"));
}

#[tokio::test]
async fn any_method_but_head_may_have_a_body() {
    let thing = thing();
    let request = sent(|client| client.search_with_body(&thing)).await;
    assert_eq!(request.operation.method, "GET");
    assert_eq!(body(&request).0, "application/json");
    let request = sent(|client| client.delete_with_body(1, &thing)).await;
    assert_eq!(body(&request).1, r#"{"a":null,"n":7}"#);
    let request = sent(|client| client.head_thing(1)).await;
    assert_eq!(
        (request.operation.method.as_str(), request.body),
        ("HEAD", None)
    );
}

#[tokio::test]
async fn a_response_to_head_is_a_success_without_a_body() {
    let client = Client::with_transport("https://h.test", Recorder::default()).unwrap();
    let response = client.head_thing(1).response().await.unwrap();
    assert_eq!(response.status, 204);
}

#[tokio::test]
async fn lists_and_objects_in_a_query_have_the_declared_style() {
    let values = words(&["a b", "c|d,e"]);
    let request = sent(|client| client.query_styles().exploded(&values)).await;
    assert_eq!(
        target(&request),
        "/v1/styles?exploded=a%20b&exploded=c%7Cd%2Ce"
    );
    let request = sent(|client| client.query_styles().commas(&values)).await;
    assert_eq!(target(&request), "/v1/styles?commas=a%20b,c%7Cd%2Ce");
    let request = sent(|client| client.query_styles().pipes(&values)).await;
    assert_eq!(target(&request), "/v1/styles?pipes=a%20b|c%7Cd%2Ce");
    let request = sent(|client| client.query_styles().blanks(&[1, 2])).await;
    assert_eq!(target(&request), "/v1/styles?blanks=1%202");
    let range = types::Range::new(1).to(2);
    let request = sent(|client| client.query_styles().range(&range)).await;
    assert_eq!(target(&request), "/v1/styles?from=1&to=2");
    let labels = BTreeMap::from([("a b".to_owned(), "x&y".to_owned())]);
    let request = sent(|client| client.query_styles().labels(&labels)).await;
    assert_eq!(target(&request), "/v1/styles?labels%5Ba%20b%5D=x%26y");
    let filter = types::QueryStylesFilter::new()
        .name("n")
        .since(at())
        .size(1.0);
    let request = sent(|client| client.query_styles().filter(&filter)).await;
    let mut pairs: Vec<_> = request.url.query_pairs().collect();
    pairs.sort();
    let wanted = [
        ("filter[name]", "n"),
        ("filter[since]", "2026-08-20T10:20:30.500Z"),
        ("filter[size]", "1"),
    ];
    assert_eq!(
        pairs,
        wanted.map(|(name, value)| (name.into(), value.into()))
    );
    let request = sent(|client| client.query_styles().document(std::slice::from_ref(&range))).await;
    let pairs: Vec<_> = request.url.query_pairs().collect();
    assert_eq!(
        pairs,
        [("document".into(), r#"[{"from":1,"to":2}]"#.into())]
    );
    let request = sent(|client| client.query_styles().pipes(&values).pipes(&[]).at(at())).await;
    assert_eq!(
        target(&request),
        "/v1/styles?at=2026-08-20T10%3A20%3A30.500Z"
    );
}

#[tokio::test]
async fn required_parameters_are_arguments_in_any_style() {
    let (pipes, range) = (words(&["a", "b"]), types::Range::new(1));
    let call = |client: &Client| client.required_styles(&pipes, &range, &[1, 2], "s 1");
    let request = sent(call).await;
    assert_eq!(target(&request), "/v1/styles?pipes=a|b&range%5Bfrom%5D=1");
    assert_eq!(header(&request, "x-ids"), Some("1,2"));
    assert_eq!(header(&request, "cookie"), Some("session=s%201"));
}

#[tokio::test]
async fn values_in_headers_and_cookies_have_the_form_that_they_have_in_a_query() {
    let (tags, range) = (words(&["a", "b"]), types::Range::new(1).to(2));
    let call = |client: &Client| {
        client
            .with_headers(true)
            .x_count(3)
            .x_ratio(2.0)
            .x_request_id(Uuid::nil())
            .x_since(at())
            .x_day(day())
            .x_mode(types::WithHeadersXMode::B)
            .x_tags(&tags)
            .x_range(&range)
            .if_match("\"e\"")
            .timeout_("5s")
            .theme("dark; blue")
            .seen(at())
            .ids(&[1, 2])
    };
    let request = sent(call).await;
    for (name, value) in [
        ("x-dry-run", "true"),
        ("x-count", "3"),
        ("x-ratio", "2"),
        ("x-request-id", "00000000-0000-0000-0000-000000000000"),
        ("x-since", "2026-08-20T10:20:30.500Z"),
        ("x-day", "2026-08-20"),
        ("x-mode", "b"),
        ("x-tags", "a,b"),
        ("x-range", "from=1,to=2"),
        ("if-match", "\"e\""),
        ("timeout", "5s"),
        (
            "cookie",
            "theme=dark%3B%20blue; seen=2026-08-20T10:20:30.500Z; ids=1,2",
        ),
    ] {
        assert_eq!(header(&request, name), Some(value), "{name}");
    }
    let request = sent(|client| client.with_headers(false)).await;
    assert_eq!(header(&request, "x-dry-run"), Some("false"));
    assert_eq!(header(&request, "cookie"), None);
    // A comma would split the value into two.
    let commas = words(&["a,b"]);
    let error = refused(|client| client.with_headers(true).x_tags(&commas)).await;
    assert!(error.to_string().contains("`X-Tags`"), "{error}");
}

#[tokio::test]
async fn values_in_a_path_have_the_form_that_they_have_in_a_query() {
    let mode = || types::TypedPathMode::from("a b");
    let request = sent(|client| client.typed_path(at(), day(), 2.0, true, mode(), -3)).await;
    let wanted = "/v1/since/2026-08-20T10%3A20%3A30.500Z/2026-08-20/2/true/a%20b/-3";
    assert_eq!(target(&request), wanted);
    for value in ["..", ""] {
        let mode = || types::TypedPathMode::from(value);
        refused(|client| client.typed_path(at(), day(), 0.5, true, mode(), 1)).await;
    }
}

#[tokio::test]
async fn lists_and_objects_in_a_path_have_the_declared_style() {
    let (list, range) = (words(&["a", "b/c"]), types::Range::new(1).to(2));
    let request = sent(|client| client.styled_path(&list, &[3, 4], at(), &range)).await;
    let wanted = "/v1/styled/a,b%2Fc/.3.4/;matrix=2026-08-20T10%3A20%3A30.500Z/;from=1;to=2";
    assert_eq!(target(&request), wanted);
    refused(|client| client.styled_path(&words(&["a", ".."]), &[3], at(), &range)).await;
    refused(|client| client.styled_path(&list, &[], at(), &range)).await;
}

#[tokio::test]
async fn every_path_that_the_generator_accepts_can_be_sent() {
    let id = Uuid::nil();
    let request = sent(|client| client.nested_path("r 1", id, "admin")).await;
    assert_eq!(
        target(&request),
        format!("/v1/realms/r%201/clients/{id}/roles/admin/clients/{id}")
    );
    let request = sent(|client| client.spelled_path("1", "2")).await;
    assert_eq!(target(&request), "/v1/x/1/y/2");
    let request = sent(|client| client.joined_path("1", "2", "3", "4", "5")).await;
    assert_eq!(target(&request), "/v1/v/1.2/3-4:5");
    let request = sent(|client| client.space_in_path("7")).await;
    assert_eq!(target(&request), "/v1/sp%20ace/%C3%A9/7/");
    let request = sent(|client| client.query_in_path("7").more("x")).await;
    assert_eq!(target(&request), "/v1/q/7?kind=a%20b&on=&more=x");
    let request = sent(|client| client.fragment_in_path("7")).await;
    assert_eq!(target(&request), "/v1/q/7");
}

#[tokio::test]
async fn a_schema_that_contains_itself_is_sent_and_decoded() {
    let inner = types::Group::new().parent(Patch::Null);
    let group = types::Group::new()
        .parent(Box::new(inner.clone()))
        .members(vec![inner]);
    let request = sent(|client| client.send_group(&group)).await;
    let text = r#"{"parent":{"parent":null},"members":[{"parent":null}]}"#;
    assert_eq!(body(&request).1, text);
    let text = r#"{"children":[{"leaf":"a","weight":1},{"children":[{"leaf":"b"}]}]}"#;
    let node: types::Node = wire_client::decode(text.as_bytes()).unwrap();
    let types::Node::ChildrenMember(node) = node else {
        panic!("{node:?}")
    };
    let types::NodeChildren::Leaf(leaf) = &node.children[0] else {
        panic!("{node:?}")
    };
    assert_eq!((leaf.leaf.as_deref(), leaf.weight), (Some("a"), Some(1)));
}

#[tokio::test]
async fn a_map_that_contains_itself_has_json_values() {
    let value = wire_client::serde_json::json!({"a": [{"b": []}, {}], "c": []});
    let tree = wire_client::serde_json::from_value(value.clone()).unwrap();
    let request = sent(|client| client.send_tree(&tree)).await;
    assert_eq!(body(&request).1, value.to_string());
    assert_eq!(tree["a"][0], wire_client::serde_json::json!({"b": []}));
}

#[tokio::test]
async fn a_response_whose_status_has_no_body_is_read_as_nothing() {
    let recorder = Recorder::default();
    let client = Client::with_transport("https://h.test/v1", recorder).unwrap();
    let () = client.read_nothing().await.unwrap();
}

#[tokio::test]
async fn a_schema_inside_another_one_is_a_type_that_may_hold_itself() {
    let inner = types::WoodBranch::new().leaf(types::WoodBranchLeaf::InDecay);
    let branch = types::WoodBranch::new()
        .leaf(types::WoodBranchLeaf::VeryGreen)
        .branches(vec![inner]);
    let request = sent(|client| client.send_branch(&branch)).await;
    let text = r#"{"leaf":"GREEN_ONE","branches":[{"leaf":"brown"}]}"#;
    assert_eq!(body(&request).1, text);
}

#[test]
fn the_client_is_the_one_that_is_generated_from_the_contract() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = tempfile::tempdir().unwrap();
    let fresh = out.path().join("generated");
    xtask::generate(&here.join("openapi.yaml"), None, &fresh).unwrap();
    let advice = "remove tests/wire/src/generated, then run: \
                  cargo xtask generate --spec tests/wire/openapi.yaml --out tests/wire/src/generated";
    assert!(
        files(&fresh) == files(&here.join("src/generated")),
        "{advice}"
    );
}

/// All files below a directory, by their path in it.
fn files(directory: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![directory.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(directory).unwrap().display().to_string();
                found.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}
