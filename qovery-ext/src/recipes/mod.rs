//! What takes several calls, or one call and some care: finding services, their URLs, variables.
//!
//! Each recipe is a function of a [`Client`](qovery_api::Client). Not for single operations, and not for waiting: see [`crate::wait`].
//!
//! # Dropping
//! Dropping a future of this module abandons the request in flight. The recipes that only read lose
//! nothing; those that write document their effects.

#[cfg(feature = "bulk")]
mod bulk;
#[cfg(feature = "find")]
mod find;
mod history;
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
#[cfg(feature = "find")]
pub use find::{
    Candidate, EnvironmentPath, Find, FindError, FindExt, Found, FoundCluster, FoundEnvironment,
    FoundOrganization, FoundProject, FoundService, Named, OrganizationPath, ProjectPath,
};
pub use history::{
    DeploymentOutcome, DeploymentRow, ServiceRow, Timestamp, TypedDuration, history,
    parse_duration, service_history,
};
#[cfg(feature = "preview")]
pub use preview::{
    Preview, PreviewEnvironment, PreviewError, RunPreviewError, delete_expired_previews,
};
pub use promote::{PromotedService, Promotion, PromotionPlan, promote};
pub use services::{EnvironmentService, FindServiceError, find_service, services};
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
