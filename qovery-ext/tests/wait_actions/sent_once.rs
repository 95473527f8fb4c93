//! No action is sent a second time if the first one may have been executed.

use std::time::Duration;

use qovery_ext::wait::WaitErrorKind;

use crate::{
    World,
    actions::all,
    intermediary::{Instead, Intermediary, Passed, is_action},
};

#[tokio::test(start_paused = true)]
async fn an_action_that_may_have_been_executed_is_sent_once_whatever_its_method() {
    let outcomes = [
        Instead::Response(502, "text/html", "<html>502 Bad Gateway</html>"),
        Instead::Response(503, "application/json", r#"{"status":503,"detail":"busy"}"#),
        Instead::Response(504, "", ""),
        Instead::Lost,
        Instead::BrokenOff,
        Instead::Silence,
    ];
    for action in all() {
        for instead in outcomes {
            for passed in [Passed::On, Passed::Not] {
                let world = World::new();
                let intermediary = Intermediary::new(&world.fake);
                intermediary.respond(1, instead, passed, is_action);
                let started = (action.make)(&intermediary.client(), &world)
                    .within(Duration::from_secs(900))
                    .start()
                    .await;
                let acts = intermediary.acts();
                assert_eq!(acts.len(), 1, "{} {instead:?}: {acts:?}", action.what);
                if let Err(error) = started {
                    assert!(error.may_have_been_executed(), "{}", action.what);
                    assert_ne!(error.kind(), WaitErrorKind::Refused, "{}", action.what);
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_action_that_was_certainly_not_executed_is_sent_again() {
    // A cancel without a running deployment is refused.
    for action in all()
        .iter()
        .filter(|action| !action.what.ends_with("cancel"))
    {
        for instead in [
            Instead::NotConnected,
            Instead::Response(429, "application/json", r#"{"status":429,"detail":"busy"}"#),
        ] {
            let world = World::new();
            let intermediary = Intermediary::new(&world.fake);
            intermediary.respond(2, instead, Passed::Not, is_action);
            let started = (action.make)(&intermediary.client(), &world).start().await;
            let _ = started.expect(&action.what);
            let acts = intermediary.acts();
            assert_eq!(acts.len(), 3, "{} {instead:?}", action.what);
            assert!(acts.iter().all(|operation| *operation == acts[0]));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_plain_delete_that_is_retried_reports_that_the_first_one_may_have_been_executed() {
    for (status, media, body) in [
        (
            404,
            "application/json",
            r#"{"status":404,"detail":"no such environment"}"#,
        ),
        (
            403,
            "application/json",
            r#"{"status":403,"detail":"denied"}"#,
        ),
        (410, "", ""),
        (404, "text/html", "<html>not found</html>"),
    ] {
        for first in [Instead::Response(502, "", ""), Instead::Lost] {
            let world = World::new();
            let intermediary = Intermediary::new(&world.fake);
            intermediary.respond(1, first, Passed::On, is_action);
            intermediary.respond(
                1,
                Instead::Response(status, media, body),
                Passed::Not,
                is_action,
            );
            let call = intermediary
                .client()
                .delete_environment(world.environment.id());
            let error = call.await.expect_err("the second response");
            assert_eq!(intermediary.acts().len(), 2);
            assert!(error.may_already_be_deleted() && error.may_have_been_executed());
            let text = error.to_string();
            assert!(
                text.contains("an earlier attempt may have deleted it"),
                "{text}"
            );
        }
        // The only attempt.
        let world = World::new();
        let intermediary = Intermediary::new(&world.fake);
        intermediary.respond(
            1,
            Instead::Response(status, media, body),
            Passed::Not,
            is_action,
        );
        let call = intermediary
            .client()
            .delete_environment(world.environment.id());
        let error = call.await.expect_err("refused");
        assert!(!error.may_already_be_deleted(), "{error}");
    }
}
