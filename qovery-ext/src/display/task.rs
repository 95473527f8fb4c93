//! The headline of a display.

use qovery_api::Printable;

use crate::wait::{Action, Goal, Names, Operation, Subject};

#[derive(Debug, Clone)]
pub(super) struct Task {
    /// The goal and the subject, with names and ids, printable.
    pub(super) headline: String,
    pub(super) goal: Option<Goal>,
    pub(super) subject: Subject,
    pub(super) names: Names,
}

impl Task {
    /// Reads the names of the subject of an action.
    pub(super) fn of_action(
        action: &Action,
        title: Option<String>,
    ) -> impl Future<Output = Self> + Send + use<> {
        let (subject, goal) = (action.subject().clone(), action.goal());
        let names = action.look_up_names();
        async move { Self::new(&subject, goal, names.await, title) }
    }

    pub(super) fn of_operation(
        operation: &Operation,
        title: Option<String>,
    ) -> impl Future<Output = Self> + Send + use<> {
        let (subject, goal) = (operation.subject().clone(), operation.goal());
        let names = operation.look_up_names();
        async move { Self::new(&subject, goal, names.await, title) }
    }

    fn new(subject: &Subject, goal: Option<Goal>, names: Names, title: Option<String>) -> Self {
        let named = subject.named(&names).to_string();
        let headline = match (title, goal) {
            (Some(title), _) => Printable::new(&title).to_string(),
            (None, Some(goal)) => capitalized(&format!("{} {named}", goal.activity())),
            (None, None) => format!("Waiting for {named}"),
        };
        Self {
            headline,
            goal,
            subject: subject.clone(),
            names,
        }
    }
}

pub(super) fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}
