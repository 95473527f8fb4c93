//! Removes one rule at a time: a test must fail without it.

use std::{cell::Cell, collections::BTreeSet};

use super::{
    super::{claim::RULES, verdict::TABLES},
    rules::scenarios,
    situations::situations,
};

thread_local! {
    static REMOVED: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// The name of the rule that is currently removed.
pub(in super::super) fn removed() -> Option<&'static str> {
    REMOVED.get()
}

/// Runs something without one rule, on this thread.
pub(super) fn without_rule<T>(rule: &'static str, run: impl FnOnce() -> T) -> T {
    REMOVED.set(Some(rule));
    let result = run();
    REMOVED.set(None);
    result
}

#[test]
fn each_removed_rule_of_the_claim_is_noticed() {
    let scenarios = scenarios();
    for rule in RULES {
        let noticed = scenarios.iter().filter(|scenario| {
            let claim = without_rule(rule.name, || scenario.claim_in(&scenario.ledger));
            claim != scenario.claim()
        });
        assert!(noticed.count() > 0, "no scenario needs rule {}", rule.name);
    }
}

#[test]
fn each_rule_of_the_claim_decides_its_scenario_alone() {
    for scenario in scenarios() {
        scenario.check();
    }
}

#[test]
fn each_rule_of_the_claim_has_its_own_scenario() {
    let scenarios = scenarios();
    assert_eq!(scenarios.len(), RULES.len());
    for (scenario, rule) in scenarios.iter().zip(RULES) {
        assert!(rule.is(scenario.rule), "{}", scenario.rule);
    }
}

#[test]
fn each_removed_rule_of_the_verdict_is_noticed() {
    let situations = situations();
    let mut unnoticed = Vec::new();
    for rule in TABLES.iter().copied().flatten() {
        let noticed = situations.iter().any(|situation| {
            let verdict = without_rule(rule.name, || situation.verdict());
            verdict != situation.expected
        });
        if !noticed {
            unnoticed.push(rule.name);
        }
    }
    assert!(unnoticed.is_empty(), "no situation needs {unnoticed:?}");
}

#[test]
fn the_rules_have_names_of_their_own_and_say_which_fact_they_follow_from() {
    let rules = TABLES.iter().copied().flatten();
    let all: Vec<(&str, &str)> = rules
        .map(|rule| (rule.name, rule.fact))
        .chain(RULES.iter().map(|rule| (rule.name, rule.fact)))
        .collect();
    let names: BTreeSet<&str> = all.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), all.len());
    assert!(all.iter().all(|(_, fact)| !fact.is_empty()));
}
