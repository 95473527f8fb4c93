//! What takes several calls, or one call and some care: finding services, their URLs, variables.
//!
//! Each recipe is a function of a [`Client`](qovery_api::Client). Not for what one operation does
//! by itself, and not for waiting: see [`crate::wait`].
//!
//! # Dropping
//! Dropping a future of this module abandons the request in flight. The recipes that only read lose
//! nothing; those that write say what may have been done.

mod services;
mod urls;
#[cfg(feature = "variables")]
mod variables;

pub use services::{EnvironmentService, FindServiceError, find_service, services};
pub use urls::{ServiceUrl, urls};
#[cfg(feature = "variables")]
pub use variables::{SetVariableError, Variable, VariableChange, VariableOwner, set_variable};
