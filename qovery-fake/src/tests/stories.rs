//! Random stories: responses always match the contract, and every deployment ends.

use http::Method;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;

use super::Setup;
use crate::{
    ActionResponse, FakeEnvironment, FakeService, Step, Trigger, Workload,
    contract::{Contract, Direction, Matched},
    vocabulary::is_terminal,
};

/// One event of a story.
#[derive(Debug, Clone)]
enum Turn {
    Seconds(u64),
    Act(&'static str),
    ActOnService(usize, &'static str),
    ExternalActor(Trigger, u64),
    CancelElsewhere(u64),
    CancelWaiting,
    Fail(usize, bool),
    Queue(u64),
    CanceledAfter(u64),
    SupersededAfter(u64),
    Mask,
    Merge(bool),
    Stale(u64),
    Response(ActionResponse),
}

fn turn() -> impl Strategy<Value = Turn> {
    let verbs = || {
        prop_oneof![
            Just("deploy"),
            Just("redeploy"),
            Just("stop"),
            Just("uninstall"),
            Just("cancelDeployment"),
        ]
    };
    let action = prop_oneof![
        Just(Trigger::Deploy),
        Just(Trigger::Stop),
        Just(Trigger::Restart)
    ];
    let response = prop_oneof![
        Just(ActionResponse::Declared),
        Just(ActionResponse::WithoutRequestId),
        Just(ActionResponse::Stale),
    ];
    prop_oneof![
        6 => (0_u64..20).prop_map(Turn::Seconds),
        4 => verbs().prop_map(Turn::Act),
        3 => (0..SERVICES, prop_oneof![Just("redeploy"), Just("stop"), Just("uninstall")])
            .prop_map(|(service, verb)| Turn::ActOnService(service, verb)),
        1 => (action, 0_u64..20).prop_map(|(action, after)| Turn::ExternalActor(action, after)),
        1 => (0_u64..20).prop_map(Turn::CancelElsewhere),
        1 => Just(Turn::CancelWaiting),
        2 => (0..SERVICES, any::<bool>()).prop_map(|(s, build)| Turn::Fail(s, build)),
        1 => (0_u64..30).prop_map(Turn::Queue),
        1 => (0_u64..30).prop_map(Turn::CanceledAfter),
        1 => (0_u64..30).prop_map(Turn::SupersededAfter),
        1 => Just(Turn::Mask),
        1 => any::<bool>().prop_map(Turn::Merge),
        1 => (0_u64..10).prop_map(Turn::Stale),
        1 => response.prop_map(Turn::Response),
    ]
}

/// All kinds that can be stopped separately.
const KINDS: [Workload; 5] = [
    Workload::Application,
    Workload::Container,
    Workload::Database,
    Workload::LifecycleJob,
    Workload::Helm,
];
const SERVICES: usize = KINDS.len();

struct Story {
    setup: Setup,
    environment: FakeEnvironment,
    services: Vec<FakeService>,
    requests: Vec<String>,
    path: String,
}

impl Story {
    fn new() -> Self {
        let setup = Setup::new();
        let environment = setup.fake.environment("preview");
        let stages = ["one", "one", "two", "three", "three"];
        let services = KINDS
            .iter()
            .zip(stages)
            .map(|(kind, stage)| environment.service(*kind, "service").in_stage(stage))
            .collect();
        let path = format!("/environment/{}", environment.id());
        Self {
            setup,
            environment,
            services,
            requests: Vec::new(),
            path,
        }
    }

    fn write(&mut self, path: &str) {
        let (status, body) = self.setup.call(Method::POST, path, &Value::Null);
        assert!((200..300).contains(&status), "{path}: {body}");
        if let Some(id) = body.get("deployment_request_id").and_then(Value::as_str) {
            self.requests.push(id.to_owned());
        }
    }

    fn take(&mut self, turn: &Turn) {
        let seconds = Duration::from_secs;
        match turn {
            Turn::Seconds(time) => self.setup.seconds(*time),
            Turn::Act(verb) => self.write(&format!("{}/{verb}", self.path)),
            Turn::ActOnService(service, verb) => {
                let service = &self.services[*service];
                let path = format!("/{}/{}/{verb}", service.workload().segment(), service.id());
                self.write(&path);
            }
            Turn::ExternalActor(action, after) => {
                self.environment
                    .external_actor()
                    .after(seconds(*after))
                    .asks_for(*action);
            }
            Turn::CancelElsewhere(after) => {
                self.environment
                    .external_actor()
                    .after(seconds(*after))
                    .cancels();
            }
            Turn::CancelWaiting => {
                let Some(id) = self.requests.last() else {
                    return;
                };
                let path = format!("/deploymentQueue/{id}/cancelDeployment");
                let (status, _) = self.setup.call(Method::POST, &path, &Value::Null);
                assert!([202, 409].contains(&status));
            }
            Turn::Fail(service, build) => {
                let step = if *build {
                    Step::Build
                } else {
                    Step::Deployment
                };
                self.environment
                    .next_deployment()
                    .fails_at(&self.services[*service], step);
            }
            Turn::Queue(time) => {
                self.environment
                    .next_deployment()
                    .queued_for(seconds(*time));
            }
            Turn::CanceledAfter(time) => {
                self.environment
                    .next_deployment()
                    .canceled_after(seconds(*time));
            }
            Turn::SupersededAfter(time) => {
                let script = self.environment.next_deployment();
                script.superseded_after(seconds(*time), Trigger::Deploy);
            }
            Turn::Mask => {
                let script = self.environment.next_deployment();
                script.shows("QUEUED", seconds(1), seconds(3));
            }
            Turn::Merge(merge) => {
                self.environment.clone().merges_requests(*merge);
            }
            Turn::Stale(time) => {
                self.environment.clone().stale_for(seconds(*time));
            }
            Turn::Response(response) => {
                self.environment.clone().action_response(*response);
            }
        }
    }

    /// Every response that a client can read now matches the contract.
    fn check(&self) {
        let contract = Contract::shared();
        let mut paths: Vec<String> = [
            "status",
            "statuses",
            "statusesWithStages",
            "deploymentQueue",
            "deploymentHistory",
            "deploymentHistoryV2",
            "deploymentStage",
            "services",
            "logs",
            "log",
        ]
        .iter()
        .map(|rest| format!("{}/{rest}", self.path))
        .collect();
        for service in &self.services {
            let path = format!("/{}/{}", service.workload().segment(), service.id());
            paths.push(format!("{path}/status"));
            paths.push(format!("{path}/deploymentHistoryV2"));
            paths.push(format!("/service/{}/deploymentQueue", service.id()));
        }
        for request in &self.requests {
            paths.push(format!(
                "/environment/deploymentStatus?deploymentRequestId={request}"
            ));
        }
        for path in paths {
            let plain = path.split('?').next().unwrap();
            let Matched::Operation(index, _) = contract.route(&Method::GET, plain) else {
                panic!("{path}")
            };
            let operation = contract.operation(index).unwrap();
            let (_, schema) = operation.success.content.as_ref().unwrap();
            let body = self.setup.get(&path);
            let found = contract.violations(schema, &body, Direction::Response);
            assert!(found.is_empty(), "{path}: {found:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn in_random_stories_responses_match_the_contract_and_every_deployment_ends(
        turns in prop::collection::vec(turn(), 1..40),
    ) {
        let mut story = Story::new();
        for (index, turn) in turns.iter().enumerate() {
            story.take(turn);
            if index % 5 == 0 {
                story.check();
            }
        }
        story.setup.seconds(100_000);
        story.check();
        prop_assert_eq!(story.setup.fake.next_due(), None);
        let state = story.environment.state().unwrap();
        prop_assert!(is_terminal(&state), "{}", state);
        for service in &story.services {
            let state = service.state().unwrap();
            prop_assert!(is_terminal(&state), "{}", state);
        }
        for request in &story.requests {
            let path = format!("/environment/deploymentStatus?deploymentRequestId={request}");
            let status = story.setup.get(&path);
            prop_assert!(is_terminal(status["status"].as_str().unwrap()), "{}", status);
        }
        let queue = story.setup.get(&format!("{}/deploymentQueue", story.path));
        prop_assert_eq!(&queue["results"], &json!([]));
    }
}
