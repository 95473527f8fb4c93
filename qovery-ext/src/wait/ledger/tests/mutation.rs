//! Removes one rule of `claim` at a time: a scenario has to notice it.

use std::cell::Cell;

use super::{super::claim::RULES, rules::scenarios};

thread_local! {
    static REMOVED: Cell<Option<usize>> = const { Cell::new(None) };
}

/// The rule that is removed at present, by its place in `RULES`.
pub(in super::super) fn removed() -> Option<usize> {
    REMOVED.get()
}

/// Runs something without one rule, on this thread.
pub(super) fn without_rule<T>(rule: usize, run: impl FnOnce() -> T) -> T {
    REMOVED.set(Some(rule));
    let result = run();
    REMOVED.set(None);
    result
}

#[test]
fn each_removed_rule_of_the_claim_is_noticed() {
    let scenarios = scenarios();
    for rule in 0..RULES.len() {
        let noticed = scenarios.iter().filter(|scenario| {
            let claim = without_rule(rule, || scenario.claim_in(&scenario.ledger));
            claim != scenario.claim
        });
        assert!(noticed.count() > 0, "no scenario needs rule {rule}");
    }
}

#[test]
fn each_rule_of_the_claim_has_its_own_scenario() {
    let scenarios = scenarios();
    let rules: Vec<usize> = scenarios.iter().map(|scenario| scenario.rule).collect();
    let all: Vec<usize> = (0..RULES.len()).collect();
    assert_eq!(rules, all);
}
