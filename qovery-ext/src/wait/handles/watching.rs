//! The waits of every handle that send no action.

macro_rules! watching {
    ($type:ident) => {
        impl $type {
            /// Returns the id of the subject.
            pub fn id(&self) -> uuid::Uuid {
                self.subject.id()
            }

            /// Waits until the subject reaches the goal by an action of an external actor. Sends no action.
            ///
            /// Returns at once if the goal is already reached and the queue is empty.
            pub fn wait_for(&self, goal: Goal) -> Action {
                Action::watch(Arc::clone(&self.source), self.subject.clone(), goal)
            }

            /// Waits until a condition holds. Sends no action.
            pub fn wait_until(&self, condition: impl Condition + 'static) -> Action {
                Action::until(
                    Arc::clone(&self.source),
                    self.subject.clone(),
                    Box::new(condition),
                )
            }

            fn action(&self, request: ActionRequest) -> Action {
                Action::requesting(Arc::clone(&self.source), self.subject.clone(), request)
            }
        }

        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($type))
                    .field(&self.subject)
                    .finish()
            }
        }
    };
}
