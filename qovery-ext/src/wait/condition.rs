//! Conditions over a snapshot.
//!
//! A condition does not check which deployment a status belongs to. The goals of an operation do.

use super::{Phase, Snapshot, State};

/// The result of a condition for one reading.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Check {
    /// The condition does not hold yet.
    Pending,
    /// The condition holds.
    Met,
    /// The condition can never hold, for this reason.
    Hopeless(String),
}

/// A condition to wait for.
///
/// Every closure `FnMut(&Snapshot) -> bool` is a condition. It does not hold while the subject is not found.
/// Combine conditions with [`Condition::and`], [`Condition::or`] and [`Condition::not`].
///
/// ```
/// use qovery_ext::wait::{Condition, State, conditions};
///
/// let quiet = conditions::state(State::Deployed)
///     .or(conditions::state(State::Stopped))
///     .and(|seen: &qovery_ext::wait::Snapshot| seen.services.len() == 7);
/// # let _: Box<dyn Condition> = Box::new(quiet);
/// ```
pub trait Condition: Send {
    /// Checks a reading; `None` means that the subject is not found.
    fn check(&mut self, seen: Option<&Snapshot>) -> Check;

    /// Holds if both conditions hold. Is hopeless if one of them is.
    fn and<C: Condition>(self, other: C) -> And<Self, C>
    where
        Self: Sized,
    {
        And(self, other)
    }

    /// Holds if one of the conditions holds. Is hopeless if both are.
    fn or<C: Condition>(self, other: C) -> Or<Self, C>
    where
        Self: Sized,
    {
        Or(self, other)
    }

    /// Holds if the condition does not hold.
    fn not(self) -> Not<Self>
    where
        Self: Sized,
    {
        Not(self)
    }
}

impl<F: FnMut(&Snapshot) -> bool + Send> Condition for F {
    fn check(&mut self, seen: Option<&Snapshot>) -> Check {
        if seen.is_some_and(self) {
            Check::Met
        } else {
            Check::Pending
        }
    }
}

impl Condition for Box<dyn Condition> {
    fn check(&mut self, seen: Option<&Snapshot>) -> Check {
        (**self).check(seen)
    }
}

/// See [`Condition::and`].
#[derive(Debug, Clone)]
pub struct And<A, B>(A, B);

/// See [`Condition::or`].
#[derive(Debug, Clone)]
pub struct Or<A, B>(A, B);

/// See [`Condition::not`].
#[derive(Debug, Clone)]
pub struct Not<A>(A);

impl<A: Condition, B: Condition> Condition for And<A, B> {
    fn check(&mut self, seen: Option<&Snapshot>) -> Check {
        match (self.0.check(seen), self.1.check(seen)) {
            (Check::Hopeless(why), _) | (_, Check::Hopeless(why)) => Check::Hopeless(why),
            (Check::Met, Check::Met) => Check::Met,
            _ => Check::Pending,
        }
    }
}

impl<A: Condition, B: Condition> Condition for Or<A, B> {
    fn check(&mut self, seen: Option<&Snapshot>) -> Check {
        match (self.0.check(seen), self.1.check(seen)) {
            (Check::Met, _) | (_, Check::Met) => Check::Met,
            (Check::Hopeless(one), Check::Hopeless(other)) => {
                Check::Hopeless(format!("{one}; {other}"))
            }
            _ => Check::Pending,
        }
    }
}

impl<A: Condition> Condition for Not<A> {
    fn check(&mut self, seen: Option<&Snapshot>) -> Check {
        match self.0.check(seen) {
            Check::Met => Check::Pending,
            // A condition that can never hold does not hold now either.
            Check::Pending | Check::Hopeless(_) => Check::Met,
        }
    }
}

/// Ready-made conditions.
pub mod conditions {
    use super::{Check, Condition, Phase, Snapshot, State};
    use crate::wait::Goal;

    /// Holds if the subject has this state.
    pub fn state(state: State) -> impl Condition {
        move |seen: &Snapshot| seen.state == state
    }

    /// Holds if the state is an end state, whatever the outcome was. The queue is not read.
    pub fn idle() -> impl Condition {
        |seen: &Snapshot| seen.state.is_terminal()
    }

    /// Holds if every service that takes part in the last deployment has reached the goal.
    pub fn every_service(goal: Goal) -> impl Condition {
        move |seen: &Snapshot| {
            let counts = seen.service_counts(goal);
            // A condition on all services does not hold for zero services.
            counts.total > 0 && counts.reached == counts.total
        }
    }

    /// Holds if the subject has reached the goal. Is hopeless once its state is an error.
    pub fn reached_or_failed(goal: Goal) -> impl Condition {
        ByCheck(move |seen: Option<&Snapshot>| match seen {
            Some(seen) if seen.state.phase(goal) == Phase::Reached => Check::Met,
            Some(seen) if seen.state.is_error() => {
                Check::Hopeless(format!("{} is in state {}", seen.subject, seen.state))
            }
            _ => Check::Pending,
        })
    }

    /// Holds if the subject is not found.
    pub fn gone() -> impl Condition {
        ByCheck(|seen: Option<&Snapshot>| match seen {
            Some(_) => Check::Pending,
            None => Check::Met,
        })
    }

    struct ByCheck<F>(F);

    impl<F: FnMut(Option<&Snapshot>) -> Check + Send> Condition for ByCheck<F> {
        fn check(&mut self, seen: Option<&Snapshot>) -> Check {
            (self.0)(seen)
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::wait::Subject;

    fn seen(state: State) -> Snapshot {
        Snapshot::new(Subject::environment(Uuid::nil()), state)
    }

    #[test]
    fn conditions_combine_as_their_names_say() {
        let deployed = || conditions::state(State::Deployed);
        let idle = conditions::idle;
        let snapshot = seen(State::Stopped);
        let now = Some(&snapshot);
        assert_eq!(deployed().and(idle()).check(now), Check::Pending);
        assert_eq!(deployed().or(idle()).check(now), Check::Met);
        assert_eq!(deployed().not().and(idle()).check(now), Check::Met);
        assert_eq!(conditions::gone().check(None), Check::Met);
        assert_eq!(conditions::gone().not().check(now), Check::Met);
    }

    #[test]
    fn a_closure_does_not_hold_while_the_subject_is_not_found() {
        let mut always = |_: &Snapshot| true;
        assert_eq!(Condition::check(&mut always, None), Check::Pending);
        assert_eq!(
            Condition::check(&mut always, Some(&seen(State::Ready))),
            Check::Met
        );
    }

    #[test]
    fn a_hopeless_condition_ends_a_conjunction_but_not_a_disjunction() {
        let snapshot = seen(State::BuildError);
        let reached = || conditions::reached_or_failed(crate::wait::Goal::Deployed);
        assert!(matches!(
            reached().and(conditions::gone()).check(Some(&snapshot)),
            Check::Hopeless(_)
        ));
        assert_eq!(
            reached().or(conditions::gone()).check(Some(&snapshot)),
            Check::Pending
        );
    }

    #[test]
    fn all_of_no_services_is_not_all_services() {
        let mut every = conditions::every_service(crate::wait::Goal::Deployed);
        assert_eq!(every.check(Some(&seen(State::Deployed))), Check::Pending);
    }
}
