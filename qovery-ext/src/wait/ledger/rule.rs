//! One row of a table of rules.

use super::{Fact, Poll, View, run::Run};
use crate::wait::decision::Verdict;

/// A rule, and the fact about the API that it follows from.
pub(super) struct Rule<F: 'static> {
    /// The path of its function.
    pub(super) name: &'static str,
    pub(super) fact: &'static str,
    pub(super) says: F,
}

/// A table of rules. The first rule with a result decides.
macro_rules! table {
    ($($says:ident: $fact:literal,)+) => {
        &[$(crate::wait::ledger::rule::Rule {
            name: concat!(module_path!(), "::", stringify!($says)),
            fact: $fact,
            says: $says,
        }),+]
    };
}
pub(super) use table;

#[cfg(test)]
impl<F> Rule<F> {
    /// Whether this is the rule of a function.
    pub(super) fn is(&self, function: &str) -> bool {
        self.name.rsplit("::").next() == Some(function)
    }
}

/// `Ok(None)`: the rule has no result. `Err`: it needs a fact.
pub(super) type Step = Result<Option<Verdict>, Fact>;

/// A rule that excludes a run. `None`: a fact that it tests is not known.
pub(super) type Claiming = Rule<fn(&View, &Run) -> Option<bool>>;

/// A rule for a verdict.
pub(super) type Judging = Rule<fn(&View, &Poll) -> Step>;

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
    super::tests::mutation::removed().is_none_or(|removed| removed != name)
}
