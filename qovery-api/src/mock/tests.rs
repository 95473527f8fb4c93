//! Features that no operation of the contract uses at present: lists in queries, headers, optional bodies,
//! optional responses.

use crate::{AccessToken, Call, Client, JsonOrEmpty, OperationInfo};

use super::*;

#[derive(Debug)]
struct FindNotes;

impl Operation for FindNotes {
    type Output = Option<Vec<String>>;
    type Format = JsonOrEmpty;
    const INFO: &'static OperationInfo =
        &OperationInfo::new("findNotes", http::Method::POST, "/shelf/{shelfId}/note");
}

struct Setting {
    server: MockServer,
    client: Client,
}

async fn setting() -> Setting {
    let server = MockServer::start_async().await;
    let client = Client::builder()
        .base_url(server.base_url())
        .token(AccessToken::new("qov_test").expect("a token"))
        .build()
        .expect("a client");
    Setting { server, client }
}

impl Setting {
    fn call(&self) -> Call<FindNotes> {
        Call::new(&self.client, &[&"a/b"])
    }

    /// Whether a mock with this matcher takes a call.
    async fn takes(
        &self,
        matcher: impl FnOnce(When<FindNotes>) -> When<FindNotes>,
        call: Call<FindNotes>,
    ) -> bool {
        let mock = mock::<FindNotes>(&self.server, |when, then| {
            matcher(when);
            then.json_or_empty::<[String]>(204, None);
        });
        let outcome = call.await;
        mock.delete_async().await;
        match outcome {
            Ok(found) => {
                assert_eq!(found, None);
                true
            }
            Err(error) => {
                assert!(error.is_not_found(), "{error}");
                false
            }
        }
    }
}

#[test]
fn a_pattern_stands_for_the_paths_of_its_template_only() {
    assert_eq!(pattern("/a/{x}/b", None), r"^\/a\/[^/]+\/b$");
    assert_eq!(
        pattern("/a/{x}/{y}", Some(("y", "v1.0%20%2F"))),
        r"^\/a\/[^/]+\/v1\.0\%20\%2F$"
    );
    assert_eq!(pattern("/é/{x}", None), r"^\/\%C3\%A9\/[^/]+$");
}

#[tokio::test]
async fn a_value_of_the_path_is_matched_as_it_is_sent() {
    let setting = setting().await;
    let of = |value: &'static str| move |when: When<FindNotes>| when.path_value("shelfId", &value);
    assert!(setting.takes(of("a/b"), setting.call()).await);
    assert!(!setting.takes(of("a"), setting.call()).await);
    assert!(!setting.takes(of("a.b"), setting.call()).await);
}

#[tokio::test]
async fn a_list_in_the_query_is_matched_as_a_whole() {
    let setting = setting().await;
    let repeated = |values: &'static [&'static str]| {
        move |when: When<FindNotes>| when.query_repeated("word", values)
    };
    let sent = || setting.call().query_repeated("word", &["x", "y z"]);
    assert!(setting.takes(repeated(&["x", "y z"]), sent()).await);
    assert!(!setting.takes(repeated(&["x"]), sent()).await);
    assert!(!setting.takes(repeated(&["y z", "x"]), sent()).await);
    assert!(!setting.takes(repeated(&[]), sent()).await);
    assert!(setting.takes(repeated(&[]), setting.call()).await);
    let joined = |when: When<FindNotes>| when.query_joined("word", &[1, 2]);
    let sent = setting.call().query_joined("word", &[1, 2]);
    assert!(setting.takes(joined, sent).await);
    assert!(!setting.takes(joined, setting.call()).await);
}

#[tokio::test]
async fn lists_and_objects_are_matched_in_the_style_that_they_are_sent_in() {
    let setting = setting().await;
    let object = || crate::runtime::object(&serde_json::json!({"a": "x y", "b": 2}));
    for (place, style) in [
        (Place::Query, Style::Pipe),
        (Place::Query, Style::Space),
        (Place::Query, Style::Form { explode: false }),
        (Place::Header, Style::Simple { explode: false }),
        (Place::Cookie, Style::Form { explode: false }),
    ] {
        let of = |value: &'static [&'static str]| {
            move |when: When<FindNotes>| when.parameter(place, "word", style, Some(list(value)))
        };
        let sent = || {
            let call = setting.call();
            call.parameter(place, "word", style, list(&["x", "y"]))
        };
        assert!(setting.takes(of(&["x", "y"]), sent()).await, "{style:?}");
        assert!(!setting.takes(of(&["x"]), sent()).await, "{style:?}");
        assert!(!setting.takes(of(&["x", "y"]), setting.call()).await);
        let missing = |when: When<FindNotes>| when.parameter(place, "word", style, None);
        assert!(setting.takes(missing, setting.call()).await, "{style:?}");
        assert!(!setting.takes(missing, sent()).await, "{style:?}");
    }
    for style in [Style::Deep, Style::Form { explode: true }] {
        let of = |when: When<FindNotes>| when.parameter(Place::Query, "o", style, Some(object()));
        let call = setting.call();
        let sent = call.parameter(Place::Query, "o", style, object());
        assert!(setting.takes(of, sent).await, "{style:?}");
        assert!(!setting.takes(of, setting.call()).await, "{style:?}");
    }
}

#[tokio::test]
async fn a_header_is_matched_by_its_value_or_by_its_absence() {
    let setting = setting().await;
    let of = |value: Option<&'static str>| {
        move |when: When<FindNotes>| when.header_value("x-trace", value.map(str::to_owned))
    };
    let sent = || setting.call().header("x-trace", "7");
    assert!(setting.takes(of(Some("7")), sent()).await);
    assert!(!setting.takes(of(Some("8")), sent()).await);
    assert!(!setting.takes(of(None), sent()).await);
    assert!(setting.takes(of(None), setting.call()).await);
}

#[tokio::test]
async fn a_body_that_may_be_left_out_is_matched_by_its_value_or_by_its_absence() {
    let setting = setting().await;
    let of = |body: Option<&'static [f64]>| move |when: When<FindNotes>| when.json_body(body);
    let sent = || setting.call().json(&[1.0, 2.5]);
    assert!(setting.takes(of(Some(&[1.0, 2.5])), sent()).await);
    assert!(!setting.takes(of(Some(&[1.0])), sent()).await);
    assert!(!setting.takes(of(None), sent()).await);
    assert!(setting.takes(of(None), setting.call()).await);
}

#[test]
#[should_panic(expected = "the JSON does not fit alloc::vec::Vec<u8>")]
fn json_that_is_not_the_model_says_so() {
    model::<Vec<u8>>(serde_json::json!({"a": 1}));
}

#[test]
#[should_panic(expected = "the mock of findNotes has the status 404, which is not a success")]
fn a_success_has_the_status_of_one() {
    Then::<FindNotes>::success_status(404);
}
