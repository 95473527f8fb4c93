//! Jobs that take several calls.
//!
//! | job | recipe | feature |
//! |---|---|---|
//! | finding an object by name, path, console URL or id | `FindExt` | `find` |
//! | the services and the URLs of an environment | [`services`], [`find_service`], [`urls`] | |
//! | past deployments as rows | [`history`], [`service_history`], [`TypedDuration`] | |
//! | setting a version, rolling back, promoting | [`set_image`], [`set_branch`], [`roll_back`], [`promote`] | |
//! | planning and applying Terraform | [`plan_terraform`] | |
//! | variables, `.env` files, aliases | `set_variable`, `plan_variables`, `parse_dotenv`, `set_alias` | `variables` |
//! | an environment for each pull request | `PreviewEnvironment` | `preview` |
//! | one action on many environments | `Bulk` | `bulk` |
//!
//! To call a single operation, use the [`Client`](qovery_api::Client). To wait for an action, see
//! [`crate::wait`].
//!
//! # Dropping
//! Dropping a future of this module abandons the request in flight. If a recipe only reads, nothing is lost.
//! Recipes that write document their effects.

#[cfg(feature = "bulk")]
mod bulk;
mod duration;
#[cfg(feature = "find")]
mod find;
mod find_error;
mod history;
mod lookup;
mod naming;
#[cfg(feature = "preview")]
mod preview;
mod promote;
mod services;
mod source;
mod terraform;
mod urls;
#[cfg(feature = "variables")]
mod variables;
mod versions;

#[cfg(feature = "bulk")]
pub use bulk::{Bulk, BulkError, BulkOutcome, BulkResult, BulkSummary};
pub use duration::{TypedDuration, parse_duration};
#[cfg(feature = "find")]
pub use find::{
    EnvironmentPath, Find, FindExt, Found, FoundCluster, FoundEnvironment, FoundOrganization,
    FoundProject, FoundService, OrganizationPath, ProjectPath,
};
pub use find_error::FindError;
pub use history::{
    DeploymentOutcome, DeploymentRow, ServiceRow, Timestamp, history, service_history,
};
pub use naming::Named;
#[cfg(feature = "preview")]
pub use preview::{
    Preview, PreviewEnvironment, PreviewError, RunPreviewError, delete_expired_previews,
};
pub use promote::{PromotedService, Promotion, PromotionPlan, promote};
pub use services::{EnvironmentService, find_service, services};
pub use terraform::{
    PlanCounts, TerraformError, TerraformPlan, plan_terraform, read_terraform_plan,
};
pub use urls::{ServiceUrl, urls};
#[cfg(feature = "variables")]
pub use variables::{
    ApplyVariablesError, DotenvError, DotenvExport, PlannedChange, PlannedVariable,
    SetVariableError, Variable, VariableChange, VariableOwner, VariablesPlan, export_dotenv,
    parse_dotenv, plan_variables, remove_variable, set_alias, set_variable,
};
pub use versions::{
    RollBack, VersionChange, VersionError, roll_back, set_branch, set_chart_version, set_image,
};
