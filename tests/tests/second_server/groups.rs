//! Groups of environments and of services.

use std::time::Duration;

use qovery_api::uuid::Uuid;
use qovery_ext::wait::{Group, WaitExt};

use crate::THREE;
use crate::http_server::{Fault, Rule, Server};
use crate::undocumented_behavior::{Behavior, nameless};
use crate::world::{Fate, GIT, Ms, Plan, START, Verb};

fn project(number: u128) -> Uuid {
    Uuid::from_u128(0x0b0b_0000_0000_4000_8000_0000_0000_0000 | number)
}

async fn deploy_all(server: &Server, environments: &[Uuid]) -> Vec<(Uuid, bool, String)> {
    let client = server.client();
    let actions = environments
        .iter()
        .map(|id| client.environment(*id).deploy());
    let outcome = Group::start(actions).await.wait().await;
    assert!(outcome.unfinished.is_empty());
    outcome
        .results
        .iter()
        .zip(environments)
        .map(|(result, id)| match result {
            Some(Ok(reached)) => (*id, true, format!("{reached:#}")),
            Some(Err(error)) => (*id, false, format!("{error:#}")),
            None => panic!("no outcome of {id}"),
        })
        .collect()
}

/// Whether each outcome was reported correctly.
fn check(server: &Server, report: &[(Uuid, bool, String)]) {
    let now = server.elapsed() + START;
    for (environment, reached, text) in report {
        let ended = server.with(|world| {
            let ours = world.ours.iter().map(|id| world.demands[id].clone());
            ours.clone()
                .find(|demand| demand.environment == *environment)
                .expect("ours")
        });
        let succeeded = ended.fate == Fate::Ended("DEPLOYED");
        assert_eq!(*reached, succeeded, "{:?}: {text}", ended.fate);
        assert!(ended.over.is_some_and(|over| over <= now));
    }
}

#[tokio::test(start_paused = true)]
async fn twenty_services_of_a_quiet_environment_are_all_reached() {
    for behavior in [
        Behavior::default(),
        Behavior {
            queued_shown_after: 5000,
            ..Behavior::default()
        },
        Behavior {
            merges: true,
            ..Behavior::default()
        },
        nameless(),
    ] {
        let server = Server::new(behavior);
        let kinds: Vec<(&'static str, usize)> = (0..20).map(|n| ("container", n % 3)).collect();
        let services = server.with(|world| {
            let environment = world.environment(&kinds, true);
            world.plans = vec![Plan::of(2000); 20];
            world.services_of(environment)
        });
        let client = server.client();
        let actions = services.iter().map(|id| client.container(*id).redeploy());
        let outcome = Group::start(actions).await.wait().await;
        let first = outcome.errors().next().map(|error| format!("{error:#}"));
        assert!(outcome.all_reached(), "{first:?}");
        assert!(server.elapsed() < 300_000, "after {} ms", server.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_reports_each_environment_separately() {
    for behavior in [Behavior::default(), nameless()] {
        let server = Server::new(behavior);
        let environments: Vec<Uuid> = (0..6)
            .map(|n| server.with(|world| world.environment_in(project(n % 2), &THREE, true)))
            .collect();
        server.with(|world| {
            for (number, environment) in environments.iter().enumerate() {
                let application = world.services_of(*environment)[0];
                let plan = Plan::of(3000 * (number as Ms + 1));
                let (ours, theirs) = match number % 3 {
                    0 => (plan.clone().failing(application, "BUILD_ERROR"), plan),
                    1 => (plan.clone(), plan.failing(application, "BUILD_ERROR")),
                    _ => (plan.clone(), plan),
                };
                world.plans.push(ours);
                let environment = *environment;
                world.at(150 + number as Ms, move |world| {
                    world.accept(environment, Verb::Deploy, None, GIT, theirs);
                });
            }
        });
        let report = deploy_all(&server, &environments).await;
        check(&server, &report);
    }
}

#[tokio::test(start_paused = true)]
async fn pages_in_place_of_the_shared_status_do_not_end_a_group() {
    let server = Server::new(Behavior::default());
    let environments: Vec<Uuid> = (0..5)
        .map(|_| server.with(|world| world.environment_in(project(1), &THREE, true)))
        .collect();
    let page = Fault::Page(403, "text/html", "<html>blocked</html>");
    server.fault(Rule::on("GET", "/environment/status", page).between(4000, 15_000));
    let report = deploy_all(&server, &environments).await;
    check(&server, &report);
    assert!(report.iter().all(|(_, reached, _)| *reached));
}

#[tokio::test(start_paused = true)]
async fn an_environment_that_vanishes_from_the_shared_status_is_not_deployed() {
    let server = Server::new(Behavior::default());
    let environments: Vec<Uuid> = (0..3)
        .map(|_| server.with(|world| world.environment_in(project(1), &THREE, true)))
        .collect();
    let gone = environments[1];
    server.with(|world| {
        world.at(5, move |world| {
            world.accept(gone, Verb::Delete, None, crate::world::BEN, Plan::of(9000));
        });
    });
    let report = deploy_all(&server, &environments).await;
    check(&server, &report);
}

#[tokio::test(start_paused = true)]
async fn deletions_of_a_group_are_reached_each_after_its_end() {
    let server = Server::new(Behavior::default());
    let environments: Vec<Uuid> = (0..4)
        .map(|_| server.with(|world| world.environment_in(project(1), &THREE, true)))
        .collect();
    server.with(|world| world.plans = (1..=4).map(|n| Plan::of(n * 7000)).collect());
    let page = Fault::Page(404, "text/html", "<html>404</html>");
    server.fault(Rule::on("GET", "", page).between(9000, 13_000));
    let client = server.client();
    let actions = environments
        .iter()
        .map(|id| client.environment(*id).delete());
    let outcome = Group::start(actions).await.wait().await;
    assert!(outcome.all_reached(), "{:?}", outcome.errors().next());
    let last = server.with(|world| {
        world
            .demands
            .values()
            .filter_map(|demand| demand.over)
            .max()
    });
    assert!(server.elapsed() + START >= last.expect("an end"));
}

#[tokio::test(start_paused = true)]
async fn actions_on_services_of_one_environment_are_distinguished_by_their_services() {
    let server = Server::new(nameless());
    let (environment, services) = server.with(|world| {
        let environment = world.environment(&THREE, true);
        (environment, world.services_of(environment))
    });
    server.with(|world| {
        world.plans = vec![
            Plan::of(4000),
            Plan::of(4000).failing(services[1], "DEPLOYMENT_ERROR"),
            Plan::of(4000),
        ];
    });
    let client = server.client();
    let actions = [
        client.application(services[0]).redeploy(),
        client.container(services[1]).redeploy(),
        client.database(services[2]).redeploy(),
    ];
    let outcome = Group::start(actions).at_once(1).await.wait().await;
    let report: Vec<bool> = outcome
        .results
        .iter()
        .map(|result| matches!(result, Some(Ok(_))))
        .collect();
    assert_eq!(
        report,
        [true, false, true],
        "{environment}: {:?}",
        outcome.errors().next()
    );
    assert!(server.elapsed() < Duration::from_secs(300).as_millis() as Ms);
}
