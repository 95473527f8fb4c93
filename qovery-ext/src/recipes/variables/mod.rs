//! Sets variables and aliases, one or many, and reads and writes files of variables.
//!
//! Values of an external secret manager have their own operation. Dropping the future of [`set_variable`]
//! abandons the request in flight: the variable then has its old or its new value. Call the function again.

mod alias;
mod dotenv;
mod error;
mod plan;
mod set;
mod variable;

pub use alias::{remove_variable, set_alias};
pub use dotenv::{DotenvError, DotenvExport, export_dotenv, parse_dotenv};
pub use error::SetVariableError;
pub use plan::{
    ApplyVariablesError, PlannedChange, PlannedVariable, VariablesPlan, plan_variables,
};
pub use set::{VariableChange, set_variable};
pub use variable::{Variable, VariableOwner};
