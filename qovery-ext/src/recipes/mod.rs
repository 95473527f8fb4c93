//! Recipes for tasks that take several calls.
//!
//! | task | recipe | feature |
//! |---|---|---|
//! | finding an object by name, path, console URL or id | `FindExt` | `find` |
//! | the services and the URLs of an environment | `services`, `find_service`, `urls` | `services` |
//! | past deployments as rows | `history`, `service_history`, `TypedDuration` | `history` |
//! | setting a version, rolling back, promoting | `set_image`, `set_branch`, `roll_back`, `promote` | `versions` |
//! | planning and applying Terraform | `plan_terraform` | `terraform` |
//! | variables, `.env` files, aliases | `set_variable`, `plan_variables`, `parse_dotenv`, `set_alias` | `variables` |
//! | an environment for each pull request | `PreviewEnvironment` | `preview` |
//! | one action on many environments | `Bulk` | `bulk` |
//!
//! Each recipe is behind a feature, and all are off by default. If a feature is off, the compiler error for one
//! of its items names the feature. `find`, `history` and `bulk` enable `services`; `versions` and `terraform`
//! enable `history`; `bulk` and `preview` enable `find`; `preview` also enables `variables` and `versions`.
//!
//! To call a single operation, use the [`Client`](qovery_api::Client). To wait for an action, see
//! [`crate::wait`].
//!
//! # Dropping
//! Dropping a future of this module abandons the request in flight, and cancels nothing on the server. If a recipe
//! only reads, nothing is lost. For recipes that write:
//!
//! | recipe | after dropping |
//! |---|---|
//! | `set_variable`, `set_alias`, `remove_variable` | the change was made or not: call it again |
//! | `VariablesPlan::apply` | the variables before the request in flight are set: apply the plan again |
//! | `set_image`, `set_branch`, `set_chart_version` | the edit was received or not: call it again |
//! | `plan_terraform` | the computation of the plan continues: plan again |
//! | `Bulk::run` | started actions continue, and the next run with the same journal waits for them. Without a journal, their tokens are lost |
//! | `PreviewEnvironment`, `delete_expired_previews` | the preview may be in any intermediate state: the next run continues. No other environment is affected |

#[cfg(feature = "bulk")]
mod bulk;
#[cfg(feature = "history")]
mod duration;
#[cfg(feature = "find")]
mod find;
#[cfg(feature = "services")]
mod find_error;
#[cfg(any(feature = "bulk", feature = "preview"))]
mod gone;
#[cfg(feature = "history")]
mod history;
#[cfg(any(feature = "services", feature = "variables"))]
mod known;
#[cfg(feature = "services")]
mod lookup;
#[cfg(any(feature = "bulk", feature = "preview"))]
mod modes;
#[cfg(feature = "services")]
mod naming;
#[cfg(feature = "preview")]
mod preview;
#[cfg(feature = "versions")]
mod promote;
#[cfg(feature = "services")]
mod services;
#[cfg(feature = "versions")]
mod source;
#[cfg(feature = "terraform")]
mod terraform;
#[cfg(feature = "services")]
mod urls;
#[cfg(feature = "variables")]
mod variables;
#[cfg(feature = "versions")]
mod versions;

#[cfg(feature = "bulk")]
pub use bulk::{Bulk, BulkError, BulkOutcome, BulkResult, BulkSummary};
#[cfg(feature = "history")]
pub use duration::{TypedDuration, parse_duration};
#[cfg(feature = "find")]
pub use find::{
    EnvironmentPath, Find, FindExt, Found, FoundCluster, FoundEnvironment, FoundOrganization,
    FoundProject, FoundService, OrganizationPath, ProjectPath,
};
#[cfg(feature = "services")]
pub use find_error::FindError;
#[cfg(feature = "history")]
pub use history::{
    DeploymentOutcome, DeploymentRow, ServiceRow, Timestamp, history, service_history,
};
#[cfg(feature = "services")]
pub use naming::Named;
#[cfg(feature = "preview")]
pub use preview::{
    Preview, PreviewEnvironment, PreviewError, RunPreviewError, delete_expired_previews,
};
#[cfg(feature = "versions")]
pub use promote::{PromotedService, Promotion, PromotionPlan, promote};
#[cfg(feature = "services")]
pub use services::{EnvironmentService, find_service, services};
#[cfg(feature = "terraform")]
pub use terraform::{
    PlanCounts, TerraformError, TerraformPlan, plan_terraform, read_terraform_plan,
};
#[cfg(feature = "services")]
pub use urls::{ServiceUrl, urls};
#[cfg(feature = "variables")]
pub use variables::{
    ApplyVariablesError, DotenvError, DotenvExport, PlannedChange, PlannedVariable,
    SetVariableError, Variable, VariableChange, VariableOwner, VariablesPlan, export_dotenv,
    parse_dotenv, plan_variables, remove_variable, set_alias, set_variable,
};
#[cfg(feature = "versions")]
pub use versions::{
    RollBack, VersionChange, VersionError, roll_back, set_branch, set_chart_version, set_image,
    version_for,
};
