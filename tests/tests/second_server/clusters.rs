//! Waits for clusters, which have one status and no queue.

use qovery_ext::wait::{Reached, WaitError, WaitExt};

use crate::http_server::{Fault, Rule, Server};
use crate::undocumented_behavior::{Behavior, Gone, Lags};
use crate::world::{Ms, START, Verb};
use crate::{Ended, Report};

fn over(server: &Server, cluster: qovery_api::uuid::Uuid) -> Ms {
    server.with(|world| world.clusters[&cluster].log.last().expect("a state").0) - START
}

async fn report(
    server: &Server,
    wait: impl IntoFuture<Output = Result<Reached, WaitError>>,
) -> Report {
    Report::of(server, wait.await)
}

#[tokio::test(start_paused = true)]
async fn each_action_on_a_cluster_ends_after_its_execution() {
    for lag in [0, 8000] {
        for number in 0..5 {
            for fails in [true, false] {
                let lags = Lags {
                    status: lag,
                    ..Lags::default()
                };
                let server = Server::new(Behavior {
                    lags,
                    ..Behavior::default()
                });
                let (organization, id) = server.with(|world| {
                    let id = world.cluster();
                    world.clusters.get_mut(&id).expect("it").fails = fails;
                    (world.organization, id)
                });
                let cluster = server.client().cluster(organization, id);
                let action = match number {
                    0 => cluster.deploy(),
                    1 => cluster.stop(),
                    2 => cluster.update(),
                    3 => cluster.upgrade(),
                    _ => cluster.delete(),
                };
                let report = report(&server, action).await;
                report.is(if fails { Ended::Failed } else { Ended::Reached });
                assert!(report.at >= over(&server, id), "{}", report.text);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_is_not_a_deletion_of_a_cluster() {
    for gone in [Gone::NotFound, Gone::DoesNotExist, Gone::Forbidden] {
        for (status, body) in [(404, "<html>404</html>"), (403, "<html>blocked</html>")] {
            let server = Server::new(Behavior {
                gone,
                ..Behavior::default()
            });
            let (organization, id) = server.with(|world| (world.organization, world.cluster()));
            let page = Fault::Page(status, "text/html", body);
            server.fault(Rule::on("GET", "", page).between(5000, 12_000));
            let report = report(&server, server.client().cluster(organization, id).delete()).await;
            report.is(Ended::Reached);
            assert!(report.at >= over(&server, id), "{}", report.text);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_update_of_a_cluster_does_not_hide_that_ours_failed() {
    let server = Server::new(Behavior::default());
    let (organization, id) = server.with(|world| {
        let id = world.cluster();
        world.clusters.get_mut(&id).expect("it").fails = true;
        world.at(30_050, move |world| {
            world.act_on_cluster(id, Verb::Deploy, 20_000)
        });
        (world.organization, id)
    });
    let report = report(&server, server.client().cluster(organization, id).deploy()).await;
    report.is_one_of(&[Ended::Failed, Ended::Superseded]);
}
