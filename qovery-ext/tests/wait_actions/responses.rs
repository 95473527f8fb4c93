//! A response that is not the API's is no evidence, for each status, type, body and endpoint.

use std::time::Duration;

use qovery_api::http::Method;
use qovery_ext::wait::{Action, Operation, WaitErrorKind};

use crate::{
    World,
    actions::{Act, all, removals},
    intermediary::{Instead, Intermediary, Passed, is_action},
};

const STATUSES: [u16; 13] = [
    200, 302, 400, 401, 403, 404, 407, 410, 418, 499, 500, 502, 503,
];

/// Media types and bodies that the API does not send.
const FOREIGN: [(&str, &str); 11] = [
    ("text/html", "<html><title>Sign in</title></html>"),
    ("text/html; charset=utf-8", ""),
    (
        "text/html",
        r#"{"status":404,"detail":"environment does not exist"}"#,
    ),
    ("text/plain", "default backend - 404"),
    ("text/plain", "environment does not exist"),
    ("", "404 page not found"),
    (
        "application/json",
        r#"{"message":"no Route matched with those values"}"#,
    ),
    ("application/json", r#""service does not exist""#),
    ("application/json", "[not json"),
    (
        "application/xml",
        "<Error><Code>AccessDenied</Code></Error>",
    ),
    ("", "<!doctype html>"),
];

/// Refusals of the API about other objects.
const UNRELATED: [&str; 4] = [
    r#"{"status":400,"detail":"upstream not found, try later"}"#,
    r#"{"status":400,"detail":"service does not exist in load balancer"}"#,
    r#"{"status":400,"detail":"organization does not exist"}"#,
    r#"{"status":400,"detail":"environment 00000000-0000-0000-0000-000000000063 does not exist"}"#,
];

/// Responses to a read that are no evidence about the subject.
fn worthless() -> Vec<Instead> {
    let foreign = STATUSES.iter().flat_map(|status| {
        // A success of another form is a response of the API. A scalar or a page is not.
        FOREIGN
            .iter()
            .filter(move |(media, body)| {
                *status != 200 || media.is_empty() || !body.starts_with('[')
            })
            .map(move |(media, body)| Instead::Response(*status, media, body))
    });
    let unrelated = UNRELATED
        .iter()
        .map(|body| Instead::Response(400, "application/json", body));
    foreign
        .chain(unrelated)
        .chain([Instead::Lost, Instead::BrokenOff])
        .collect()
}

fn patient(action: Action) -> Action {
    action.within(Duration::from_secs(1800)).log_lines(0)
}

/// Whether a requested action is still pending.
fn is_busy(world: &World) -> bool {
    let cluster = world.cluster.state();
    let is_settled = matches!(cluster.as_deref(), None | Some("DEPLOYED" | "STOPPED"));
    !is_settled || world.environment.deployments().iter().any(|d| !d.is_over)
}

/// A removal after its first poll, behind an intermediary.
async fn under_way(removal: &Act) -> (World, Intermediary, Operation) {
    let world = World::new();
    let intermediary = Intermediary::new(&world.fake);
    let action = patient((removal.make)(&intermediary.client(), &world));
    let mut operation = action.start().await.expect(&removal.what);
    operation.poll_once().await.expect("under way");
    (world, intermediary, operation)
}

#[tokio::test(start_paused = true)]
async fn a_removal_ends_with_what_the_api_says_whatever_else_answers_in_between() {
    // Each removal with a ninth of the responses, and each response with every ninth removal.
    for (index, removal) in removals().into_iter().enumerate() {
        for instead in worthless().into_iter().skip(index % 9).step_by(9) {
            let (world, intermediary, operation) = under_way(&removal).await;
            // Three requests of the following polls, to any endpoint.
            intermediary.respond(3, instead, Passed::Not, |r| {
                r.operation.method == Method::GET
            });
            let reached = operation.await;
            let what = format!("{} {instead:?}", removal.what);
            reached.expect(&what);
            assert!(!is_busy(&world), "{what}: reached before its end");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_without_a_response_of_the_api_has_lost_contact() {
    let endings = worthless();
    for (index, action) in all().into_iter().enumerate() {
        // Each action with some of the responses, and all responses with some action.
        for instead in endings.iter().skip(index % 13).step_by(13) {
            let world = World::new();
            let intermediary = Intermediary::new(&world.fake);
            let started = patient((action.make)(&intermediary.client(), &world))
                .start()
                .await;
            let Ok(operation) = started else {
                continue; // a cancel of nothing
            };
            intermediary.respond(u32::MAX, *instead, Passed::Not, |r| {
                r.operation.method == Method::GET
            });
            let error = operation.await.expect_err("nothing was heard of it");
            let what = format!("{} {instead:?}: {error}", action.what);
            assert_eq!(error.kind(), WaitErrorKind::LostContact, "{what}");
            assert_eq!(error.exit_code(), 2, "{what}");
            let foreign = matches!(instead, Instead::Response(300..=399 | 401..=499, ..));
            assert!(!foreign || error.is_not_the_api(), "{what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_action_that_another_system_answers_fails_at_once_and_may_have_been_executed() {
    let responses = STATUSES
        .iter()
        .filter(|status| **status < 500)
        .flat_map(|status| {
            FOREIGN
                .iter()
                .filter(|(media, body)| media.starts_with("text/html") || body.starts_with('<'))
                .map(|(media, body)| (*status, *media, *body))
        });
    let responses: Vec<_> = responses.collect();
    for (index, action) in all().into_iter().enumerate() {
        for (status, media, body) in responses.iter().skip(index % 11).step_by(11) {
            for passed in [Passed::On, Passed::Not] {
                let world = World::new();
                let intermediary = Intermediary::new(&world.fake);
                let instead = Instead::Response(*status, media, body);
                intermediary.respond(1, instead, passed, is_action);
                let started = tokio::time::Instant::now();
                let error = (action.make)(&intermediary.client(), &world)
                    .start()
                    .await
                    .expect_err("the API has not answered");
                let what = format!("{} {instead:?}: {error}", action.what);
                assert!(started.elapsed() < Duration::from_secs(1), "{what}");
                assert!(error.is_not_the_api(), "{what}");
                assert_eq!(error.kind(), WaitErrorKind::LostContact, "{what}");
                assert!(error.may_have_been_executed(), "{what}");
                assert!(error.to_string().contains("instead of the API's"), "{what}");
                assert!(error.to_string().contains("may have executed"), "{what}");
                assert_eq!(intermediary.acts().len(), 1, "{what}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_action_that_is_accepted_without_a_readable_document_is_accepted() {
    for action in all()
        .iter()
        .filter(|action| !action.what.ends_with("cancel"))
    {
        for (status, media, body) in [
            (200, "", ""),
            (202, "application/json", ""),
            (204, "", ""),
            (200, "application/json", "{}"),
            (200, "application/json", r#"{"of":"next year"}"#),
        ] {
            let world = World::new();
            let intermediary = Intermediary::new(&world.fake);
            let instead = Instead::Response(status, media, body);
            intermediary.respond(1, instead, Passed::On, is_action);
            let started = (action.make)(&intermediary.client(), &world).start().await;
            let _ = started.unwrap_or_else(|error| panic!("{} {instead:?}: {error}", action.what));
            assert_eq!(intermediary.acts().len(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_the_api_is_a_refusal() {
    for action in all() {
        for (status, body) in [
            (400, r#"{"status":400,"detail":"the stage is locked"}"#),
            (401, ""),
            (403, r#"{"status":403,"error":"Forbidden","message":"no"}"#),
            (
                404,
                r#"{"status":404,"detail":"Cannot get last commit on main"}"#,
            ),
            (409, r#"{"detail":"locked"}"#),
        ] {
            let world = World::new();
            let intermediary = Intermediary::new(&world.fake);
            let instead = Instead::Response(status, "application/json", body);
            intermediary.respond(1, instead, Passed::Not, is_action);
            let error = (action.make)(&intermediary.client(), &world)
                .start()
                .await
                .expect_err("refused");
            assert_eq!(
                error.kind(),
                WaitErrorKind::Refused,
                "{} {error}",
                action.what
            );
            assert!(!error.may_have_been_executed() && !error.is_not_the_api());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_subject_that_its_parent_still_lists_is_not_gone() {
    let responses = [
        (
            404,
            r#"{"status":404,"error":"Not Found","detail":"no such thing"}"#,
        ),
        (
            403,
            r#"{"status":403,"detail":"access to this resource is denied"}"#,
        ),
        (410, ""),
        (404, ""),
        (
            400,
            r#"{"status":400,"detail":"environment does not exist"}"#,
        ),
        (400, r#"{"status":400,"detail":"service does not exist"}"#),
        (400, r#"{"status":400,"detail":"cluster does not exist"}"#),
        (400, ""),
    ];
    for removal in removals() {
        for (status, body) in responses {
            let (world, intermediary, operation) = under_way(&removal).await;
            // A replica that lags, or a route that is being changed: all endpoints except the lists.
            let instead = Instead::Response(status, "application/json", body);
            intermediary.respond(4, instead, Passed::Not, |r| {
                r.operation.method == Method::GET && !r.operation.id.starts_with("list")
            });
            let what = format!("{} {instead:?}", removal.what);
            operation
                .await
                .unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(!is_busy(&world), "{what}: reached before its end");
        }
    }
}
