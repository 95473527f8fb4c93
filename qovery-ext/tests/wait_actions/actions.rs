//! All actions of all kinds, as a table.

use qovery_api::Client;
use qovery_ext::wait::{Action, ServiceSelection, ServiceVersion, WaitExt};

use crate::{KINDS, World};

type Make = dyn Fn(&Client, &World) -> Action;

/// One action, created for a client.
pub(crate) struct Act {
    pub(crate) what: String,
    pub(crate) make: Box<Make>,
}

pub(crate) fn act(
    what: impl Into<String>,
    make: impl Fn(&Client, &World) -> Action + 'static,
) -> Act {
    Act {
        what: what.into(),
        make: Box::new(make),
    }
}

/// Every action of the API, except those that need a running deployment.
pub(crate) fn all() -> Vec<Act> {
    let mut acts = vec![
        act("environment deploy", |c, w| {
            c.environment(w.environment.id()).deploy()
        }),
        act("environment redeploy", |c, w| {
            c.environment(w.environment.id()).redeploy()
        }),
        act("environment stop", |c, w| {
            c.environment(w.environment.id()).stop()
        }),
        act("environment restart", |c, w| {
            c.environment(w.environment.id()).restart()
        }),
        act("environment cancel", |c, w| {
            c.environment(w.environment.id()).cancel()
        }),
    ];
    for (fake_kind, kind) in KINDS {
        let service = move |c: &Client, w: &World| c.service(kind, w.service(fake_kind).id());
        if !kind.versions().is_empty() || kind.to_string() == "database" {
            acts.push(act(format!("{fake_kind:?} deploy"), move |c, w| {
                service(c, w).deploy(ServiceVersion::configured())
            }));
            acts.push(act(format!("{fake_kind:?} redeploy"), move |c, w| {
                service(c, w).redeploy()
            }));
            acts.push(act(format!("{fake_kind:?} stop"), move |c, w| {
                service(c, w).stop()
            }));
        }
        if ["application", "container", "database"].contains(&kind.to_string().as_str()) {
            acts.push(act(format!("{fake_kind:?} restart"), move |c, w| {
                service(c, w).restart()
            }));
        }
    }
    let selection = |w: &World| {
        KINDS[..3]
            .iter()
            .fold(ServiceSelection::new(), |selection, (fake_kind, kind)| {
                selection.with(*kind, w.service(*fake_kind).id())
            })
    };
    acts.push(act("selection deploy", move |c, w| {
        c.environment(w.environment.id())
            .deploy_services(selection(w))
    }));
    acts.push(act("selection stop", move |c, w| {
        c.environment(w.environment.id())
            .stop_services(selection(w))
    }));
    acts.push(act("selection restart", move |c, w| {
        c.environment(w.environment.id())
            .restart_services(selection(w))
    }));
    acts.push(act("cluster deploy", |c, w| {
        let cluster = &w.cluster;
        c.cluster(cluster.organization_id(), cluster.id()).deploy()
    }));
    acts.push(act("cluster stop", |c, w| {
        let cluster = &w.cluster;
        c.cluster(cluster.organization_id(), cluster.id()).stop()
    }));
    acts.push(act("cluster upgrade", |c, w| {
        let cluster = &w.cluster;
        c.cluster(cluster.organization_id(), cluster.id()).upgrade()
    }));
    acts.extend(removals());
    acts
}

/// The actions after which the subject may no longer be found.
pub(crate) fn removals() -> Vec<Act> {
    let mut acts = vec![
        act("environment delete", |c, w| {
            c.environment(w.environment.id()).delete()
        }),
        act("environment uninstall", |c, w| {
            c.environment(w.environment.id()).uninstall()
        }),
    ];
    for (fake_kind, kind) in KINDS {
        let service = move |c: &Client, w: &World| c.service(kind, w.service(fake_kind).id());
        acts.push(act(format!("{fake_kind:?} delete"), move |c, w| {
            service(c, w).delete()
        }));
        let in_environment = move |c: &Client, w: &World| {
            let environment = c.environment(w.environment.id());
            environment.service(kind, w.service(fake_kind).id())
        };
        acts.push(act(
            format!("{fake_kind:?} of the environment, delete"),
            move |c, w| in_environment(c, w).delete(),
        ));
        if kind.to_string() != "agentic workflow" {
            acts.push(act(format!("{fake_kind:?} uninstall"), move |c, w| {
                service(c, w).uninstall()
            }));
        }
    }
    acts.push(act("selection delete", |c, w| {
        let (fake_kind, kind) = KINDS[1];
        let selection = ServiceSelection::new().with(kind, w.service(fake_kind).id());
        c.environment(w.environment.id()).delete_services(selection)
    }));
    acts.push(act("cluster delete", |c, w| {
        let cluster = &w.cluster;
        c.cluster(cluster.organization_id(), cluster.id()).delete()
    }));
    acts
}
