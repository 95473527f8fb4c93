//! The effects of faults on requests, as the core decides them.

use std::time::Duration;

use http::{Method, header};
use serde_json::{Value, json};

use super::Setup;
use crate::{
    Fault, RetryAfter, Workload,
    exchange::{Delivery, Outcome},
};

fn organizations(setup: &Setup) -> Delivery {
    setup.delivery(Method::GET, "/organization", &Value::Null)
}

fn status(delivery: &Delivery) -> Option<u16> {
    delivery
        .outcome
        .response()
        .map(|response| response.status.as_u16())
}

fn body(delivery: &Delivery) -> Vec<u8> {
    delivery.outcome.response().unwrap().body.to_vec()
}

#[test]
fn a_fault_affects_only_the_selected_requests() {
    let setup = Setup::new();
    setup
        .fake
        .inject(Fault::status(503).on("listOrganization").after(1).times(2));
    let project = setup.fake.project("project");
    let other = format!("/project/{}", project.id());
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(status(&organizations(&setup)).unwrap());
        assert_eq!(setup.call(Method::GET, &other, &Value::Null).0, 200);
    }
    assert_eq!(seen, [200, 503, 503, 200]);
    assert!(setup.fake.pending_faults().is_empty());
}

#[test]
fn a_burst_lasts_until_its_time_is_over() {
    let setup = Setup::new();
    setup
        .fake
        .inject(Fault::status(502).until(Duration::from_secs(10)));
    for expected in [502, 502, 200] {
        assert_eq!(status(&organizations(&setup)), Some(expected));
        setup.seconds(5);
    }
    setup.fake.inject(Fault::status(500).always());
    assert_eq!(status(&organizations(&setup)), Some(500));
    setup.fake.clear_faults();
    assert_eq!(status(&organizations(&setup)), Some(200));
}

#[test]
fn a_429_has_its_delay_in_every_form() {
    for (retry_after, expected) in [
        (RetryAfter::Absent, None),
        (RetryAfter::Seconds(7), Some("7")),
        (RetryAfter::Seconds(u64::MAX), Some("18446744073709551615")),
        (
            RetryAfter::Date("Thu, 01 Jan 2026 00:01:00 GMT".to_owned()),
            Some("Thu, 01 Jan 2026 00:01:00 GMT"),
        ),
        (RetryAfter::Text("soon".to_owned()), Some("soon")),
    ] {
        let setup = Setup::new();
        let fault = Fault::too_many_requests(retry_after);
        let limit = header::HeaderName::from_static("x-ratelimit-remaining");
        setup.fake.inject(fault.header(limit.clone(), "0"));
        let delivery = organizations(&setup);
        let response = delivery.outcome.response().unwrap();
        assert_eq!(response.status, 429);
        assert_eq!(response.headers[limit], "0");
        let got = response
            .headers
            .get(header::RETRY_AFTER)
            .map(|v| v.to_str().unwrap());
        assert_eq!(got, expected);
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(body["error"], "Too Many Requests");
    }
}

#[test]
fn executed_requests_are_distinguished_from_sent_ones() {
    for (fault, executed) in [
        (Fault::connection_refused(), false),
        (Fault::connection_lost_before_execution(), false),
        (Fault::connection_lost_after_execution(), true),
        (Fault::status(503), false),
        (Fault::half_body(), true),
        (Fault::garbage(), true),
        (Fault::empty_body(), true),
        (Fault::slow_response(Duration::from_secs(90)), true),
    ] {
        let setup = Setup::new();
        let environment = setup.fake.environment("preview");
        environment.service(Workload::Container, "web");
        let name = format!("{fault:?}");
        setup.fake.inject(fault);
        let path = format!("/environment/{}/deploy", environment.id());
        setup.delivery(Method::POST, &path, &Value::Null);
        assert_eq!(
            setup.fake.executions().len(),
            usize::from(executed),
            "{name}"
        );
        let state = environment.state().unwrap();
        assert_eq!(state == "DEPLOYMENT_QUEUED", executed, "{name}");
    }
}

#[test]
fn lost_and_refused_connections_have_no_response() {
    let setup = Setup::new();
    setup.fake.inject(Fault::connection_refused());
    assert!(matches!(
        organizations(&setup).outcome,
        Outcome::NotConnected
    ));
    for fault in [
        Fault::connection_lost_before_execution(),
        Fault::connection_lost_after_execution(),
    ] {
        setup.fake.inject(fault);
        assert!(matches!(organizations(&setup).outcome, Outcome::Lost));
    }
    assert!(
        setup
            .fake
            .requests()
            .iter()
            .all(|request| request.status.is_none())
    );
}

#[test]
fn bodies_can_be_late_halved_broken_or_empty() {
    let setup = Setup::new();
    setup.fake.organization("first");
    let whole = body(&organizations(&setup));
    setup.fake.inject(Fault::half_body());
    let delivery = organizations(&setup);
    let Outcome::Response { cut_after, .. } = delivery.outcome else {
        panic!("no response")
    };
    assert_eq!(cut_after, Some(whole.len() / 2));
    setup.fake.inject(Fault::garbage());
    assert!(serde_json::from_slice::<Value>(&body(&organizations(&setup))).is_err());
    setup.fake.inject(Fault::empty_body());
    assert!(body(&organizations(&setup)).is_empty());
    setup.fake.inject(Fault::body("[]"));
    assert_eq!(body(&organizations(&setup)), b"[]");
    setup.fake.latency(Duration::from_millis(20));
    setup
        .fake
        .inject(Fault::slow_response(Duration::from_secs(3)));
    setup.fake.inject(Fault::slow_body(Duration::from_secs(4)));
    let delivery = organizations(&setup);
    assert_eq!(delivery.before, Duration::from_millis(3_020));
    let Outcome::Response { body_over, .. } = delivery.outcome else {
        panic!("no response")
    };
    assert_eq!(body_over, Duration::from_secs(4));
}

#[test]
fn bodies_can_have_unknown_fields_and_values() {
    let setup = Setup::new();
    let environment = setup.fake.environment("preview");
    let path = format!("/environment/{}/status", environment.id());
    setup
        .fake
        .inject(Fault::replace("/state", json!("TELEPORTING")));
    assert_eq!(setup.get(&path)["state"], "TELEPORTING");
    setup.fake.inject(Fault::unknown_fields());
    assert!(setup.get(&path)["added_next_year"].is_object());
    setup.fake.inject(Fault::extra_nulls());
    let status = setup.get(&path);
    assert_eq!(status["deployment_status"], Value::Null);
    assert_eq!(status["state"], "READY");
    setup
        .fake
        .inject(Fault::rewrite(|body| *body = json!([body.clone()])));
    assert_eq!(setup.get(&path)[0]["state"], "READY");
    assert_eq!(setup.get(&path)["state"], "READY");
}

#[test]
fn the_debug_output_of_a_fault_has_its_effect_and_not_its_body() {
    let fault = Fault::rewrite(|_| ()).on("listProject").always();
    let shown = format!("{fault:?}");
    assert!(
        shown.contains("listProject") && shown.contains("Rewrite"),
        "{shown}"
    );
}

#[test]
fn a_gateway_can_lose_the_response_to_a_request_that_was_executed() {
    let setup = Setup::new();
    let environment = setup.fake.environment("preview");
    environment.service(Workload::Database, "orders");
    let page = "<html>502 Bad Gateway</html>";
    setup.fake.inject(
        Fault::response(502, "text/html", page)
            .after_execution()
            .on_writes(),
    );
    let path = format!("/environment/{}", environment.id());
    let status = format!("{path}/status");
    assert_eq!(setup.call(Method::GET, &status, &Value::Null).0, 200);
    let lost = setup.respond(Method::DELETE, &path, &Value::Null);
    assert_eq!(
        (lost.status.as_u16(), &lost.body[..]),
        (502, page.as_bytes())
    );
    assert_eq!(setup.fake.executions().len(), 1);
    assert_eq!(environment.deployments().len(), 1);
    let again = setup.respond(Method::DELETE, &path, &Value::Null);
    assert_eq!(again.status.as_u16(), 204);
}
