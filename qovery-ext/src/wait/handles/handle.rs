//! The type of a handle: its actions, and the waits that send no action.

macro_rules! handle {
    (
        $(#[$doc:meta])*
        $type:ident
        { $($(#[$method_doc:meta])* $method:ident($($arg:ident: $arg_type:ty)?) => $request:expr;)* }
    ) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $type {
            source: Arc<ApiSource>,
            subject: Subject,
        }

        impl $type {
            pub(super) fn new(source: Arc<ApiSource>, subject: Subject) -> Self {
                Self { source, subject }
            }

            /// Returns the id of the subject.
            pub fn id(&self) -> uuid::Uuid {
                self.subject.id()
            }

            $($(#[$method_doc])* pub fn $method(&self $(, $arg: $arg_type)?) -> Action { self.action($request) })*

            /// Waits until the subject reaches the goal by an action of an external actor. Sends no action.
            ///
            /// If nothing runs or is queued, the last state decides at once, even if it is old: a state that meets
            /// the goal is a success, an error state is [`WaitErrorKind::Failed`](crate::wait::WaitErrorKind::Failed),
            /// and `CANCELED` is [`WaitErrorKind::Canceled`](crate::wait::WaitErrorKind::Canceled). In any other state
            /// the wait continues. To wait for one deployment, use the id of its request:
            /// [`WaitExt::deployment_request`](crate::wait::WaitExt::deployment_request).
            pub fn wait_for(&self, goal: Goal) -> Action {
                Action::watch(Arc::clone(&self.source), self.subject.clone(), goal)
            }

            /// Waits until a condition holds. Sends no action.
            pub fn wait_until(&self, condition: impl Condition + 'static) -> Action {
                let (source, subject) = (Arc::clone(&self.source), self.subject.clone());
                Action::until(source, subject, Box::new(condition))
            }

            fn action(&self, request: ActionRequest) -> Action {
                Action::requesting(Arc::clone(&self.source), self.subject.clone(), request)
            }
        }

        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($type)).field(&self.subject).finish()
            }
        }
    };
}
