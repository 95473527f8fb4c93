use serde_json::json;

use super::*;
use crate::runtime::test_support::{CreateThing, GetThing, Recorder, response};

fn setup() -> (Client, Recorder) {
    Recorder::client("https://h.test/v1/")
}

#[tokio::test]
async fn awaiting_a_call_sends_it_and_gives_the_decoded_body() {
    let (client, recorder) = setup();
    recorder.respond_with(Ok(response(200, r#"{"a":1}"#)));
    let value = client.get_thing("x y").query("n", 1.0).await.unwrap();
    assert_eq!(value, json!({"a": 1}));
    let sent = recorder.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].operation, GetThing::INFO);
    assert_eq!(
        sent[0].url.as_str(),
        "https://h.test/v1/thing/x%20y/status?n=1"
    );
    assert_eq!(sent[0].headers["accept"], "application/json");
    assert!(sent[0].body.is_none());
}

#[tokio::test]
async fn nothing_is_sent_before_the_call_is_awaited() {
    let (client, recorder) = setup();
    let call = client.get_thing("x");
    let future = call.clone().into_future();
    drop((call, future));
    assert!(recorder.sent().is_empty());
}

#[tokio::test]
async fn a_response_carries_status_headers_and_body() {
    let (client, recorder) = setup();
    let mut raw = response(201, "");
    raw.headers
        .insert("x-request-id", HeaderValue::from_static("r1"));
    recorder.respond_with(Ok(raw));
    let response = client
        .create_thing(&json!({"n": null}))
        .response()
        .await
        .unwrap();
    assert_eq!(response.status, 201);
    assert_eq!(response.request_id(), Some("r1"));
    assert!(response.map(|body| body.is_none()).into_inner());
    let sent = recorder.sent();
    assert_eq!(sent[0].headers["content-type"], "application/json");
    assert_eq!(sent[0].body.as_deref(), Some(&br#"{"n":null}"#[..]));
}

#[tokio::test]
async fn the_settings_of_a_call_reach_the_transport() {
    let (client, recorder) = setup();
    client
        .get_thing("x")
        .timeout(Duration::from_secs(3))
        .retry(RetryMode::Never)
        .header("X-Trace", "t1")
        .header("x-trace", "t2")
        .header("authorization", "Token s3cret")
        .header("accept", "text/plain")
        .extension(7_u8)
        .query("a", "1")
        .query("a", String::from("2"))
        .await
        .unwrap();
    let sent = &recorder.sent()[0];
    assert_eq!(sent.timeout, Some(Duration::from_secs(3)));
    assert_eq!(sent.retry, RetryMode::Never);
    assert_eq!(sent.headers["x-trace"], "t2");
    assert_eq!(sent.headers["accept"], "text/plain");
    assert!(sent.headers["authorization"].is_sensitive());
    assert_eq!(sent.extensions.get::<u8>(), Some(&7));
    assert_eq!(sent.url.query(), Some("a=2"));
    assert!(!format!("{sent:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_parameter_that_cannot_be_sent_is_an_error_when_the_call_is_awaited() {
    let (client, recorder) = setup();
    let bad_json = std::collections::BTreeMap::from([((1, 2), 3)]);
    for call in [
        client.get_thing(".."),
        client.get_thing("a/%2e%2E/b"),
        client.get_thing(""),
        client.get_thing("x").header("a\n", "b"),
        client.get_thing("x").header("a", "b\nc"),
        client.get_thing("x").json(&bad_json),
    ] {
        let error = call.await.unwrap_err();
        assert!(error.is_invalid_request(), "{error}");
        assert!(
            error.to_string().starts_with("getThing: not sent: "),
            "{error}"
        );
        assert!(!error.may_have_been_executed());
        assert_eq!(error.attempts(), 0);
    }
    assert!(recorder.sent().is_empty());
}

#[tokio::test]
async fn of_several_wrong_parameters_the_first_is_reported() {
    let (client, _) = setup();
    let error = client.get_thing("..").header("a\n", "b").await.unwrap_err();
    assert!(error.to_string().contains("thingId"), "{error}");
}

#[tokio::test]
async fn any_success_status_is_a_success_and_any_other_is_not() {
    let (client, recorder) = setup();
    for status in [200, 201, 202, 204, 299] {
        recorder.respond_with(Ok(response(status, "")));
        assert_eq!(client.create_thing(&json!(1)).await.unwrap(), None);
    }
    for status in [100, 302, 304, 400, 404, 500, 599] {
        recorder.respond_with(Ok(response(status, "null")));
        let error = client.create_thing(&json!(1)).await.unwrap_err();
        assert_eq!(error.status().unwrap(), status);
        assert!(error.is_api());
    }
}

#[tokio::test]
async fn lists_and_other_bodies_are_sent_as_they_are_declared() {
    let (client, recorder) = setup();
    client
        .get_thing("x")
        .query_repeated("r", &["a", "b"])
        .query_joined("j", &[1, 2])
        .text("application/x-yaml", "a: 1")
        .await
        .unwrap();
    let sent = &recorder.sent()[0];
    assert_eq!(sent.url.query(), Some("r=a&r=b&j=1,2"));
    assert_eq!(sent.headers["content-type"], "application/x-yaml");
    assert_eq!(sent.body.as_deref(), Some(&b"a: 1"[..]));
}

#[tokio::test]
async fn a_body_has_the_media_type_that_it_was_given_unless_a_header_says_another() {
    let (client, recorder) = setup();
    let call = || client.create_thing(&json!(null));
    let patch = "application/merge-patch+json";
    call().json_as(patch, &json!({"a": null})).await.unwrap();
    let form = "application/x-www-form-urlencoded";
    call()
        .form(form, &[], &json!({"a": ["b", "c"]}))
        .await
        .unwrap();
    call()
        .bytes("application/octet-stream", vec![0_u8, 1])
        .await
        .unwrap();
    let vendor = "application/vnd.things.v2+json";
    call()
        .header("content-type", vendor)
        .json(&json!(1))
        .await
        .unwrap();
    call().header("Content-Type", vendor).await.unwrap();
    let sent = recorder.sent();
    let sent: Vec<(&str, &[u8])> = sent
        .iter()
        .map(|request| {
            let media = request.headers["content-type"].to_str().unwrap();
            (media, request.body.as_deref().unwrap())
        })
        .collect();
    assert_eq!(
        sent,
        [
            (patch, &br#"{"a":null}"#[..]),
            (form, b"a=b&a=c"),
            ("application/octet-stream", b"\0\x01"),
            (vendor, b"1"),
            (vendor, b"null"),
        ]
    );
    let no_object = call().form(form, &[], &json!([1]));
    assert!(no_object.await.unwrap_err().is_invalid_request());
}

#[tokio::test]
async fn parameters_are_sent_in_headers_and_cookies() {
    let (client, recorder) = setup();
    let (simple, form) = (
        Style::Simple { explode: false },
        Style::Form { explode: false },
    );
    client
        .get_thing("x")
        .parameter(Place::Header, "X-Ids", simple, parameter::list(&[1, 2]))
        .parameter(Place::Cookie, "theme", form, parameter::one("dark;"))
        .header("cookie", "own=1")
        .parameter(Place::Cookie, "ids", form, parameter::list(&[1]))
        .parameter(Place::Cookie, "ids", form, parameter::list(&[3, 4]))
        .await
        .unwrap();
    let sent = &recorder.sent()[0];
    assert_eq!(sent.headers["x-ids"], "1,2");
    assert_eq!(sent.headers["cookie"], "own=1; theme=dark%3B; ids=3,4");
    assert!(sent.headers["cookie"].is_sensitive());
    let bad = |value: &'static str| {
        let list = parameter::list(&[value, "b"]);
        client
            .get_thing("x")
            .parameter(Place::Header, "X-Ids", simple, list)
    };
    for value in ["a,b", "a\nb"] {
        let error = bad(value).await.unwrap_err();
        assert!(error.is_invalid_request(), "{error}");
        assert!(
            error.to_string().to_lowercase().contains("x-ids"),
            "{error}"
        );
    }
    assert_eq!(recorder.sent().len(), 1);
}

#[tokio::test]
async fn a_path_of_another_style_is_filled_as_declared() {
    let (client, recorder) = setup();
    let matrix = Style::Matrix { explode: true };
    Call::<GetThing>::styled(&client, [(matrix, parameter::list(&["a", "b c"]))])
        .await
        .unwrap();
    let path = "/v1/thing/;thingId=a;thingId=b%20c/status";
    assert_eq!(recorder.sent()[0].url.path(), path);
    let day: chrono::DateTime<chrono::Utc> = "2026-08-20T10:20:30Z".parse().unwrap();
    Call::<GetThing>::new(&client, &[&day]).await.unwrap();
    let path = "/v1/thing/2026-08-20T10%3A20%3A30Z/status";
    assert_eq!(recorder.sent()[1].url.path(), path);
}

#[tokio::test]
async fn a_removed_query_parameter_is_not_sent() {
    let (client, recorder) = setup();
    client
        .get_thing("x")
        .query("a", "1")
        .query("b", "2")
        .query_repeated("a", &["3", "4"])
        .without_query("a")
        .without_query("c")
        .await
        .unwrap();
    assert_eq!(recorder.sent()[0].url.query(), Some("b=2"));
}

#[test]
fn calls_and_futures_can_be_sent_between_threads_and_show_no_parameter() {
    fn check<T: Send + 'static + fmt::Debug>(value: &T) -> String {
        format!("{value:?}")
    }
    let (client, _) = setup();
    let call = client.get_thing("s3cret").query("token", "s3cret");
    let shown = check(&call) + &check(&call.clone().into_future()) + &check(&call.response());
    assert!(
        shown.contains("getThing") && !shown.contains("s3cret"),
        "{shown}"
    );
    assert_eq!(CreateThing::INFO.id, "createThing");
}

#[tokio::test]
async fn the_error_of_an_invalid_header_name_does_not_show_it() {
    let (client, recorder) = setup();
    let call = client
        .get_thing("x")
        .header("Authorization: Token s3cret", "");
    let error = call.await.unwrap_err();
    assert!(error.is_invalid_request());
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
    let call = client
        .get_thing("x")
        .header("Authorization", "Token s3cret\n");
    let error = call.await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(
        shown.contains("authorization") && !shown.contains("s3cret"),
        "{shown}"
    );
    assert!(recorder.sent().is_empty());
}

#[tokio::test]
async fn a_response_is_decoded_leniently_unless_the_client_is_strict() {
    let (client, recorder) = setup();
    let body = r#"{"results":[{"count":1.5}]}"#;
    recorder.respond_with(Ok(response(200, body)));
    assert_eq!(client.count_things().await.unwrap().results[0].count, 1);
    recorder.respond_with(Ok(response(200, body)));
    let strict = client.clone().strict_decoding(true);
    let error = strict.count_things().await.unwrap_err();
    assert_eq!(error.decode_path(), Some("results[0].count"));
    recorder.respond_with(Ok(response(200, body)));
    let lenient = strict.strict_decoding(false);
    assert!(lenient.count_things().await.is_ok());
}

#[tokio::test]
async fn a_refusal_names_the_extra_fields_of_the_request() {
    /// A body as a model writes it.
    struct Body;
    impl Serialize for Body {
        fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            extra::note("ThingRequest", "next_years_field");
            to.serialize_unit()
        }
    }
    let (client, recorder) = setup();
    let send = |status| {
        recorder.respond_with(Ok(response(status, r#"{"detail":"no"}"#)));
        Call::<crate::runtime::test_support::CreateThing>::new(&client, &[]).json(&Body)
    };
    for status in [400, 422] {
        let error = send(status).await.unwrap_err();
        assert_eq!(error.extra_fields(), ["ThingRequest.next_years_field"]);
        let text = error.to_string();
        assert!(text.contains("ThingRequest.next_years_field"), "{text}");
        assert!(text.contains("`ModelExt::without_extra()`"), "{text}");
    }
    let error = send(404).await.unwrap_err();
    assert!(error.extra_fields().is_empty());
    assert!(!error.to_string().contains("without_extra"), "{error}");
    let refused = response(400, r#"{"detail":"no"}"#);
    recorder.respond_with(Ok(refused));
    let error = client.create_thing(&json!({})).await.unwrap_err();
    assert!(!error.to_string().contains("without_extra"), "{error}");
}

#[tokio::test]
async fn a_number_or_date_that_cannot_be_sent_is_refused_with_its_name() {
    let (client, recorder) = setup();
    let long = chrono::NaiveDate::from_ymd_opt(10_000, 1, 1).unwrap();
    let style = Style::Form { explode: false };
    let map = std::collections::BTreeMap::from([("rate", f64::NAN)]);
    let get = || client.get_thing("x");
    let lists = parameter::list(&[1.0, f64::NEG_INFINITY]);
    let calls = [
        (get().query("n", f64::NAN), "`n`"),
        (get().query("n", f32::INFINITY), "`n`"),
        (get().query("n", long), "`n`"),
        (
            get().query("n", long.and_time(chrono::NaiveTime::MIN).and_utc()),
            "`n`",
        ),
        (get().query("n", 1.0).query("n", f64::NAN), "`n`"),
        (get().query_joined("n", &[f64::NAN]), "`n`"),
        (get().query_repeated("n", &[1.0, f64::INFINITY]), "`n`"),
        (
            get().parameter(Place::Header, "x-n", style, parameter::one(f64::NAN)),
            "`x-n`",
        ),
        (
            get().parameter(Place::Header, "x-n", style, lists.clone()),
            "`x-n`",
        ),
        (get().parameter(Place::Cookie, "n", style, lists), "`n`"),
        (
            get().parameter(Place::Query, "n", style, parameter::object(&map)),
            "`rate`",
        ),
        (
            get().parameter(Place::Query, "n", style, parameter::document(&map)),
            "`rate`",
        ),
        (Call::new(&client, &[&f64::NAN]), "thing"),
        (get().json(&map), "`rate`"),
        (get().json(&[Some(f32::NAN)]), "`[0]`"),
        (
            get().form("application/x-www-form-urlencoded", &[], &map),
            "`rate`",
        ),
    ];
    for (call, name) in calls {
        let error = call.await.unwrap_err();
        assert!(error.is_invalid_request(), "{error}");
        assert!(error.to_string().contains(name), "{name}: {error}");
    }
    assert!(recorder.sent().is_empty());
}

#[tokio::test]
async fn an_object_with_the_key_of_another_parameter_is_refused() {
    let (client, recorder) = setup();
    let object = || parameter::object(&json!({"page": 2}));
    let style = Style::Form { explode: true };
    let call = client
        .get_thing("x")
        .parameter(Place::Query, "filter", style, object());
    let error = call.query("page", 1).await.unwrap_err();
    assert!(
        error.is_invalid_request() && error.to_string().contains("`page`"),
        "{error}"
    );
    assert!(recorder.sent().is_empty());
}

#[tokio::test]
async fn a_header_that_frames_or_routes_the_request_is_refused_in_any_case() {
    let (client, recorder) = setup();
    for name in FRAMING.iter().chain(&ROUTING) {
        for name in [(*name).to_owned(), name.to_uppercase()] {
            let error = client.get_thing("x").header(&name, "a").await.unwrap_err();
            assert!(error.is_invalid_request(), "{name} {error}");
        }
    }
    for name in [":authority", ":path", ":method", "host ", " host", "ho\tst"] {
        let error = client.get_thing("x").header(name, "a").await.unwrap_err();
        assert!(error.is_invalid_request(), "{name} {error}");
    }
    assert!(recorder.sent().is_empty());
}
