use qovery_api::http::header;

use super::*;
use crate::connect::test_support::{GET, Script, Step, request};

fn with_url(url: &'static str) -> Connect {
    Connect::new().environment(move |name| match name {
        "QOVERY_API_TOKEN" => Some("qov_s3cret".into()),
        URL_VARIABLE => Some(url.into()),
        _ => None,
    })
}

/// The `Authorization` header that a client of these settings sends.
async fn sent(settings: Connect) -> String {
    let script = Script::new([Step::status(200, &[])]);
    let client = script.client(settings);
    let request = request(&client, GET);
    client.transport().send(request).await.unwrap();
    script.seen()[0].authorization.clone().unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_scheme_follows_the_token_and_can_be_set() {
    let bearer = "eyJhbGciOi.eyJzdWIi.c2ln";
    assert_eq!(sent(Connect::new().token("qov_a\n")).await, "Token qov_a");
    assert_eq!(
        sent(Connect::new().token(bearer)).await,
        format!("Bearer {bearer}")
    );
    let set = Connect::new().token("abc").scheme(AuthScheme::Bearer);
    assert_eq!(sent(set).await, "Bearer abc");
    assert_eq!(sent(with_url("")).await, "Token qov_s3cret");
}

#[tokio::test(start_paused = true)]
async fn a_header_that_the_caller_sets_is_left_alone() {
    let script = Script::new([Step::status(401, &[])]);
    let client = script.client(Connect::new().token("abc"));
    let mut request = request(&client, GET);
    let mut value = qovery_api::http::HeaderValue::from_static("Token other");
    value.set_sensitive(true);
    request.headers.insert(header::AUTHORIZATION, value);
    client.transport().send(request).await.unwrap();
    assert_eq!(
        script.seen()[0].authorization.as_deref(),
        Some("Token other")
    );
    assert_eq!(script.count(), 1);
}

#[test]
fn the_address_of_the_environment_is_used_only_with_its_token() {
    let url = |settings: Connect| settings.build().unwrap().base_url().to_string();
    let elsewhere = || with_url(" https://qovery.test/api \n");
    assert_eq!(url(elsewhere()), "https://qovery.test/api");
    assert_eq!(url(elsewhere().token("abc")), "https://api.qovery.com/");
    assert_eq!(
        url(elsewhere().base_url("https://other.test")),
        "https://other.test/"
    );
    assert_eq!(url(with_url(" ")), "https://api.qovery.com/");
}

#[test]
fn plain_http_is_accepted_for_this_machine_only_unless_allowed() {
    for url in [
        "http://localhost:8080",
        "http://api.localhost",
        "http://127.0.0.1:1/x",
        "http://127.9.9.9",
        "http://[::1]:8080",
        "http://[::ffff:127.0.0.1]",
    ] {
        assert!(with_url(url).build().is_ok(), "{url}");
    }
    for url in [
        "http://api.qovery.com",
        "HTTP://api.qovery.com",
        "http://10.0.0.1",
        "http://[::2]",
        "http://localhost.example.com",
        "http://notlocalhost",
        "http://0.0.0.0",
        " http://127.0.0.1.example.com",
    ] {
        let error = with_url(url).build().unwrap_err();
        assert!(error.is_insecure_url() && error.is_base_url(), "{url}");
        assert!(error.to_string().contains("QOVERY_API_URL"), "{error}");
        assert!(error.to_string().contains("allow_insecure_http"), "{error}");
        assert!(
            with_url(url).allow_insecure_http(true).build().is_ok(),
            "{url}"
        );
    }
}

#[test]
fn the_error_of_a_malformed_address_names_its_source_and_not_its_value() {
    for url in ["s3cret", "https://u:s3cret@h.test", "ftp://s3cret.test"] {
        let named = with_url(url).build().unwrap_err();
        assert!(named.is_base_url() && !named.is_insecure_url());
        assert!(named.to_string().contains("QOVERY_API_URL"), "{named}");
        let given = Connect::new().token("a").base_url(url).build().unwrap_err();
        assert!(given.to_string().contains("`base_url`"), "{given}");
        assert!(!format!("{named} {named:?} {given} {given:?}").contains("s3cret"));
    }
}

#[test]
fn a_malformed_token_is_refused_without_showing_it() {
    for token in ["", " ", "Token s3cret", "s3cret\u{7}x", "s3crét"] {
        let error = Connect::new().token(token).build().unwrap_err();
        assert!(error.is_malformed_token(), "{token:?}");
        assert!(!format!("{error} {error:?}").contains("s3cr"), "{error}");
    }
}

#[test]
fn a_missing_token_is_an_error_before_anything_is_sent() {
    let error = Connect::new().environment(|_| None).build().unwrap_err();
    assert!(error.is_missing_token());
    let no_home = Connect::new().environment(|_| None).cli_context().build();
    assert!(no_home.unwrap_err().is_cli_context());
}

#[test]
fn impossible_settings_are_refused_by_name() {
    let token = || Connect::new().token("a");
    let script = || Script::new([]);
    let second = Duration::from_secs(1);
    for (settings, name) in [
        (token().concurrency_limit(0), "concurrency_limit"),
        (token().rate_limit(0, second), "rate_limit"),
        (token().request_timeout(Duration::ZERO), "request_timeout"),
        (token().transport(script()).body_limit(1), "body_limit"),
        (token().transport(script()).user_agent("x"), "user_agent"),
        (
            token().transport(script()).connect_timeout(second),
            "connect_timeout",
        ),
        (
            token()
                .transport(script())
                .reqwest(reqwest::Client::builder()),
            "reqwest",
        ),
    ] {
        let error = settings.build().unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
    assert!(token().user_agent("a\nb").build().is_err());
}

#[test]
fn nothing_shows_the_token() {
    let settings = Connect::new()
        .token("s3cret")
        .base_url("https://u:s3cret@h.test");
    assert!(!format!("{settings:?}").contains("s3cret"), "{settings:?}");
    let client = Connect::new().token("s3cret").build().unwrap();
    assert!(!format!("{client:?}").contains("s3cret"), "{client:?}");
}
