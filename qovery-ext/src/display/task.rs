//! The headline of a display.

use qovery_api::Printable;
use uuid::Uuid;

use crate::wait::{Action, Goal, Names, Operation, Subject};

#[derive(Debug, Clone)]
pub(super) struct Task {
    /// The goal and the subject, with names and ids, printable.
    pub(super) headline: String,
    pub(super) goal: Option<Goal>,
    /// `None` if it is looked up when the action starts.
    pub(super) subject: Option<Subject>,
    pub(super) names: Names,
}

impl Task {
    /// Reads the names of the subject of an action.
    pub(super) fn of_action(
        action: &Action,
        title: Option<String>,
    ) -> impl Future<Output = Self> + Send + use<> {
        let (subject, goal) = (action.subject().clone(), action.goal());
        let request = action.looked_up_request();
        let names = action.look_up_names();
        async move {
            match request {
                Some(request) => Self::of_request(request, goal, title),
                None => Self::new(subject, goal, names.await, title),
            }
        }
    }

    pub(super) fn of_operation(
        operation: &Operation,
        title: Option<String>,
    ) -> impl Future<Output = Self> + Send + use<> {
        let (subject, goal) = (operation.subject().clone(), operation.goal());
        let names = operation.look_up_names();
        async move { Self::new(subject, goal, names.await, title) }
    }

    /// A deployment request whose environment is not known yet.
    fn of_request(request: Uuid, goal: Option<Goal>, title: Option<String>) -> Self {
        let headline = match title {
            Some(title) => Printable::new(&title).to_string(),
            None => format!("Waiting for deployment request {request}"),
        };
        Self {
            headline,
            goal,
            subject: None,
            names: Names::default(),
        }
    }

    fn new(subject: Subject, goal: Option<Goal>, names: Names, title: Option<String>) -> Self {
        let named = subject.named(&names).to_string();
        let headline = match (title, goal) {
            (Some(title), _) => Printable::new(&title).to_string(),
            (None, Some(goal)) => capitalized(&format!("{} {named}", goal.activity())),
            (None, None) => format!("Waiting for {named}"),
        };
        Self {
            headline,
            goal,
            subject: Some(subject),
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
