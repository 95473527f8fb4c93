//! The Qovery API as a Rust client, generated from its contract.
//!
//! Each operation of the API is a method of [`Client`] that takes the required parameters and returns a
//! [`Call`]. Set optional parameters and options on the call, then `.await` it.
//!
//! ```no_run
//! use qovery_api::{Client, uuid::Uuid};
//! use std::time::Duration;
//!
//! # async fn example(environment: Uuid) -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::new(std::env::var("QOVERY_API_TOKEN")?)?;
//!
//! let status = client.get_environment_status(environment).await?;
//! println!("{} since {:?}", status.state, status.last_deployment_date);
//!
//! let history = client
//!     .list_environment_deployment_history(environment)
//!     .timeout(Duration::from_secs(10))
//!     .await?;
//! println!("{} deployments", history.results.len());
//! # Ok(()) }
//! ```
//!
//! A [`Client`] has a token and timeouts. Retries, limits, paging and waiting are in `qovery-ext`, which plugs into
//! [`Transport`].
//!
//! # Models
//! The parameters and results of operations are in [`types`]. Responses of later versions of the API decode: enums keep
//! unknown values, unions keep unknown members, and models keep unknown fields. A request sends them back unchanged. In
//! a request, a field that can be absent, null or a value is a [`Patch`]. A secret value is a [`Secret`], which `Debug`
//! does not show.
//!
//! # Errors
//! Every operation returns the same type of [`Error`]. It has the cause, and says whether the request may have been
//! executed:
//!
//! ```no_run
//! # use qovery_api::{Client, types, uuid::Uuid};
//! # async fn example(client: Client, service: Uuid, body: types::DatabaseEditRequest) {
//! match client.edit_database(service, &body).await {
//!     Ok(database) => println!("{} is edited", database.name),
//!     Err(error) if error.is_not_found() => println!("there is no such database"),
//!     Err(error) if error.is_rate_limited() => println!("later: {:?}", error.retry_after()),
//!     Err(error) => {
//!         let certain = if error.may_have_been_executed() { "may be" } else { "is not" };
//!         println!("the database {certain} edited: {error}");
//!     }
//! }
//! # }
//! ```
//!
//! # Areas
//! Operations, and the models that only they use, belong to areas. Each area is a Cargo feature. The feature `all` is
//! on by default and enables all areas. A program that enables only the areas it uses compiles in a fraction of the
//! time. [`areas`] lists all operations by area, and each item names its feature. If the area of a method or of a model
//! is disabled, the compiler error names the feature.
//!
//! | feature | contents |
//! |---|---|
//! | `environments` | Environments: deploying them, their statuses, history, queue, stages and logs. |
//! | `projects` | Projects and their deployment rules. |
//! | `organizations` | Organizations: members, roles, API tokens, webhooks, alerts, audit events, the account that is signed in, and the addresses of Qovery. |
//! | `applications` | Applications built from a git repository. |
//! | `containers` | Containers and the registries that they come from. |
//! | `databases` | Databases, their logical databases and backups, and the types of managed databases of each cloud provider. |
//! | `jobs` | Cron jobs and lifecycle jobs. |
//! | `helms` | Helm charts and the repositories that they come from. |
//! | `terraforms` | Terraform services. |
//! | `blueprints` | Blueprints, and the catalog that they come from. |
//! | `agents` | Agentic workflows and MCP servers. |
//! | `clusters` | Clusters, the cloud providers that they run on, the credentials for them, and Argo CD on them. |
//! | `variables` | Variables and secrets of projects, environments and services. |
//! | `git` | Git providers, their repositories, the files in them, the tokens to read them, and their webhooks. |
//! | `billing` | Plans, invoices, costs, credit cards and rewards. |
//!
//! # Other features
//! | feature | default | effect |
//! |---|---|---|
//! | `rustls` | on | TLS with rustls. |
//! | `native-tls` | off | TLS with the system's library. |
//! | `gzip` | off | Asks for compressed responses. The limit on a body applies to its decompressed size. |
//! | `httpmock` | off | Typed mocks of all operations for tests: the module `mock`. |
//! | `stream` | off | The websocket API: the module `stream`. Enables `environments`. |
//!
//! # The contract
//! The generated code is part of the crate: building it needs no generator and no network. [`contract::VERSION`] is the
//! version in the contract, [`contract::DIGEST`] identifies the contract, and [`contract::OPERATIONS`] is the number of
//! operations. [`contract::UPSTREAM_COMMIT`] and [`contract::UPSTREAM_DATE`] name the published specification from which
//! the contract was last updated. In the workspace of this crate, a build after an edit of `openapi.yaml` generates the
//! client again. If `CI` is set, or `QOVERY_REGENERATE` is `never`, the build fails instead and names the command.
#![forbid(unsafe_code)]
#![allow(
    confusable_idents,
    mixed_script_confusables,
    reason = "generated names follow the contract, in whatever script it names things"
)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(feature = "all"),
    allow(
        rustdoc::broken_intra_doc_links,
        reason = "the table of areas links to items of areas that are off"
    )
)]

// Generated code names the crate by its absolute path, so that it also compiles elsewhere.
extern crate self as qovery_api;

mod generated;
#[cfg(feature = "stream")]
mod generated_stream;
#[cfg(feature = "httpmock")]
#[allow(
    dead_code,
    reason = "what the generated code uses depends on the contract"
)]
pub mod mock;
mod runtime;
#[cfg(feature = "stream")]
pub mod stream;

pub use bytes;
pub use chrono;
#[cfg(doc)]
pub use generated::areas;
pub use generated::{contract, operations, types};
pub use http;
#[cfg(feature = "httpmock")]
pub use httpmock;
pub use reqwest;
pub use runtime::*;
pub use serde_json;
pub use uuid;
