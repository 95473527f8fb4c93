//! One row of a table of rules.

use super::{Fact, Ledger, Poll};
use crate::wait::decision::Verdict;

/// A rule, and the fact about the API that it follows from.
pub(super) struct Rule<F: 'static> {
    pub(super) name: &'static str,
    pub(super) fact: &'static str,
    pub(super) says: F,
}

/// `Ok(None)`: the rule says nothing. `Err`: it needs a fact.
pub(super) type Step = Result<Option<Verdict>, Fact>;

/// A rule for a verdict.
pub(super) type Judging = Rule<fn(&Ledger, &Poll) -> Step>;

/// The rules of a table. A test can remove one of them.
pub(super) fn rules<F>(table: &'static [Rule<F>]) -> impl Iterator<Item = &'static Rule<F>> {
    table.iter().filter(|rule| is_kept(rule.name))
}

#[cfg(not(test))]
fn is_kept(_: &str) -> bool {
    true
}

#[cfg(test)]
fn is_kept(name: &str) -> bool {
    super::tests::mutation::removed() != Some(name)
}
