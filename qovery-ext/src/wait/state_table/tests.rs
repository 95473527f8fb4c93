use std::collections::BTreeSet;

use super::*;

/// The values of one enumeration of the contract.
fn contract_values(contract: &yaml_serde::Value, schema: &str) -> BTreeSet<String> {
    let values = contract["components"]["schemas"][schema]["enum"].as_sequence();
    let values = values.unwrap_or_else(|| panic!("{schema} is not an enumeration of the contract"));
    values
        .iter()
        .map(|value| value.as_str().expect("a word").to_owned())
        .collect()
}

fn contract() -> yaml_serde::Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi.yaml");
    let text = std::fs::read_to_string(path).expect("the contract is next to the crates");
    yaml_serde::from_str(&text).expect("the contract is YAML")
}

/// The function that defines the meaning of a value.
const DECIDED_IN: &str = "qovery-ext/src/wait/state_table.rs";

/// The missing decisions, one line for each value that differs, by its name.
fn undecided(what: &str, known: &BTreeSet<String>, contract: &BTreeSet<String>) -> Vec<String> {
    let new = contract.difference(known);
    let new =
        new.map(|value| format!("{value} ({what}) has no meaning yet; decide in {DECIDED_IN}"));
    let gone = known.difference(contract);
    let gone = gone.map(|value| {
        format!("{value} ({what}) is not in the contract; remove it from {DECIDED_IN}, or import it again")
    });
    new.chain(gone).collect()
}

#[test]
fn every_state_of_the_contract_is_in_the_table() {
    let contract = contract();
    let mut all = contract_values(&contract, "StateEnum");
    all.extend(contract_values(&contract, "ClusterStateEnum"));
    let known: BTreeSet<_> = State::ALL.iter().map(|s| s.as_str().to_owned()).collect();
    let undecided = undecided("StateEnum or ClusterStateEnum", &known, &all);
    assert!(undecided.is_empty(), "{}", undecided.join("\n"));
}

#[test]
fn a_new_state_fails_with_its_name_alone() {
    let values = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    let found = undecided(
        "StateEnum",
        &values(&["READY", "OLD"]),
        &values(&["READY", "FREEZING"]),
    );
    assert_eq!(
        found,
        [
            "FREEZING (StateEnum) has no meaning yet; decide in qovery-ext/src/wait/state_table.rs",
            "OLD (StateEnum) is not in the contract; remove it from qovery-ext/src/wait/state_table.rs, or import it again",
        ]
    );
}

#[test]
fn every_status_of_a_part_of_a_deployment_is_in_the_table() {
    let contract = contract();
    let mut all = Vec::new();
    for (function, schema) in [
        ("stage_phase", "StageStatusEnum"),
        ("action_phase", "ServiceActionStatusEnum"),
        ("step_phase", "StepMetricStatusEnum"),
        ("history_phase", "DeploymentHistoryActionStatus"),
    ] {
        let (_, known) = PARTS
            .iter()
            .find(|(name, _)| *name == function)
            .expect("the table has the function");
        let known: BTreeSet<_> = known.iter().map(|v| (*v).to_owned()).collect();
        let what = format!("{schema}, read by `{function}`");
        all.extend(undecided(
            &what,
            &known,
            &contract_values(&contract, schema),
        ));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

// Repeated by hand, goal by goal, so that an error in the table is found.
#[test]
fn every_cell_of_the_table_matches_the_goal() {
    let errors = [
        "BUILD_ERROR",
        "DELETE_ERROR",
        "DEPLOYMENT_ERROR",
        "INVALID_CREDENTIALS",
        "RESTART_ERROR",
        "STOP_ERROR",
    ];
    let queued = [
        "DELETE_QUEUED",
        "DEPLOYMENT_QUEUED",
        "QUEUED",
        "RESTART_QUEUED",
        "STOP_QUEUED",
        "WAITING_DELETING",
        "WAITING_RESTARTING",
        "WAITING_RUNNING",
        "WAITING_STOPPING",
    ];
    let running = [
        "BUILDING",
        "CANCELING",
        "DELETING",
        "DEPLOYING",
        "DRY_RUN",
        "EXECUTING",
        "RECAP",
        "RESTARTING",
        "STOPPING",
        "UNAVAILABLE",
    ];
    let reached = |goal| match goal {
        Goal::Deployed | Goal::Planned | Goal::Restarted => vec!["DEPLOYED", "RESTARTED"],
        Goal::Stopped => vec!["STOPPED", "READY"],
        Goal::Deleted => vec!["DELETED"],
        Goal::Uninstalled => vec!["DELETED", "READY", "STOPPED"],
        Goal::Canceled => vec![
            "CANCELED",
            "DELETED",
            "DEPLOYED",
            "READY",
            "RESTARTED",
            "STOPPED",
        ],
    };
    let other_end = |goal| match goal {
        Goal::Deployed | Goal::Planned | Goal::Restarted => vec!["DELETED", "STOPPED"],
        Goal::Stopped => vec!["DELETED"],
        Goal::Deleted | Goal::Uninstalled | Goal::Canceled => vec![],
    };
    for goal in Goal::ALL {
        for state in State::ALL {
            let text = state.as_str();
            let expected = if queued.contains(&text) {
                Phase::Queued
            } else if running.contains(&text) {
                Phase::Running
            } else if reached(goal).contains(&text) {
                Phase::Reached
            } else if errors.contains(&text) {
                if goal == Goal::Canceled {
                    Phase::Reached
                } else {
                    Phase::Failed
                }
            } else if text == "CANCELED" {
                Phase::Canceled
            } else if other_end(goal).contains(&text) {
                Phase::Failed
            } else {
                Phase::NotStarted
            };
            assert_eq!(state.phase(goal), expected, "{text} for {goal}");
        }
    }
}

#[test]
fn never_deployed_is_never_a_deployment() {
    assert_eq!(State::Ready.phase(Goal::Deployed), Phase::NotStarted);
    assert_eq!(State::Ready.phase(Goal::Restarted), Phase::NotStarted);
}

// States that the CLI and the Terraform provider interpret differently, and the meaning here.
#[test]
fn the_wait_continues_in_states_that_other_clients_disagree_on() {
    for text in [
        "QUEUED",
        "EXECUTING",
        "RECAP",
        "UNAVAILABLE",
        "WAITING_DELETING",
        "WAITING_RESTARTING",
        "WAITING_RUNNING",
        "WAITING_STOPPING",
        "DRY_RUN",
    ] {
        let state = State::from(text);
        assert!(!state.is_terminal() && !state.is_error(), "{text}");
    }
    assert!(State::Canceled.is_terminal());
    assert!(State::InvalidCredentials.is_terminal() && State::InvalidCredentials.is_error());
    assert!(State::Restarted.is_terminal());
}

#[test]
fn an_unknown_state_keeps_its_text_and_counts_as_running() {
    let state = State::from("DEPLOYED_WITH_STYLE");
    assert_eq!(state.as_str(), "DEPLOYED_WITH_STYLE");
    assert!(!state.is_known() && !state.is_terminal() && !state.is_error() && !state.is_active());
    for goal in Goal::ALL {
        assert_eq!(state.phase(goal), Phase::Running);
    }
    let text = serde_json::to_string(&state).expect("a state is a word");
    assert_eq!(
        serde_json::from_str::<State>(&text).expect("the same word"),
        state
    );
    assert_eq!(step_phase("NOVELTY"), Phase::Running);
}

#[test]
fn only_errors_are_errors() {
    for state in State::ALL {
        let named = state.as_str().ends_with("ERROR") || *state == State::InvalidCredentials;
        assert_eq!(state.is_error(), named, "{state}");
    }
}
