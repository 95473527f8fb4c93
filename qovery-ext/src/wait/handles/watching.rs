//! What every handle can do: wait without acting.

macro_rules! watching {
    ($type:ident) => {
        impl $type {
            /// Waits for what somebody else does, without acting.
            ///
            /// Done at once where the goal is reached already and nothing waits in the queue.
            pub fn wait_for(&self, goal: Goal) -> Action {
                Action::watch(Arc::clone(&self.source), self.subject.clone(), goal)
            }

            /// Waits until a condition holds, without acting.
            pub fn wait_until(&self, condition: impl Condition + 'static) -> Action {
                Action::until(
                    Arc::clone(&self.source),
                    self.subject.clone(),
                    Box::new(condition),
                )
            }

            fn act(&self, act: Act) -> Action {
                Action::act(Arc::clone(&self.source), self.subject.clone(), act)
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
