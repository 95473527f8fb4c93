//! Helpers on top of [`qovery_api`], a client of the Qovery API: connecting, paging, actions and waits,
//! and recipes of several calls.
//!
//! ```no_run
//! use qovery_ext::{connect, qovery_api::uuid::Uuid, wait::WaitExt};
//!
//! # async fn example(environment: Uuid) -> Result<(), Box<dyn std::error::Error>> {
//! let client = connect::from_env()?; // reads the token from QOVERY_API_TOKEN
//! let reached = client
//!     .environment(environment)
//!     .deploy()
//!     .on_progress(|progress| println!("{progress}"))
//!     .await?;
//! println!("deployed in {} s", reached.elapsed.as_secs());
//! # Ok(())
//! # }
//! ```
//!
//! The helpers return and take the same [`Client`](qovery_api::Client), which is re-exported with its crate.
//! Operations that need no help are called directly on the client.
//!
//! # Modules
//!
//! | module | purpose | begin with |
//! |---|---|---|
//! | [`connect`] | builds a client that finds its token, retries if that is safe, and can limit its requests | [`connect::from_env`], [`connect::Connect`] |
//! | [`wait`] | deploys, stops, deletes… and reports the outcome | [`wait::WaitExt`], [`wait::WaitError`] |
//! | [`page`] | reads paged lists as streams | [`page::PagedCall`], [`page::WindowCall`] |
//! | `display` | prints the progress as bars, lines or NDJSON | `display::ShowExt` |
//! | [`recipes`] | combines several calls: names in place of ids, URLs, variables | `recipes::FindExt`, `recipes::urls` |
//! | `stream` | reads logs, statuses and health in real time, by websocket | `stream::LiveExt` |
//!
//! # Features
//!
//! | feature | default | effect |
//! |---|---|---|
//! | `rustls` | yes | TLS with rustls |
//! | `native-tls` | no | TLS with the system's library |
//! | `gzip` | no | asks for compressed responses; the limit on a body applies to its decompressed size |
//! | `services` | no | `recipes::services`, `recipes::find_service`, `recipes::urls`: the services and URLs of an environment |
//! | `find` | no | `recipes::FindExt`: names, paths and console URLs in place of ids; enables the areas `organizations` and `projects`; enables the feature `services` |
//! | `history` | no | `recipes::history`: past deployments as rows with typed durations; enables the feature `services` |
//! | `versions` | no | `recipes::set_image`, `recipes::roll_back`, `recipes::promote`; enables the feature `history` |
//! | `terraform` | no | `recipes::plan_terraform`: computes and applies plans; enables the feature `history` |
//! | `display` | no | the module `display`: `action.show().await` |
//! | `preview` | no | `recipes::PreviewEnvironment`: an environment for each pull request; enables the features `find`, `variables` and `versions` |
//! | `bulk` | no | `recipes::Bulk`: one action on many environments, with a journal; enables the feature `find` |
//! | `variables` | no | `recipes::set_variable`, plans, `.env` files; enables the area `variables` |
//! | `stream` | no | the module `stream`: websockets; enables the area `organizations` |
//!
//! The areas of [`qovery_api`] that [`wait`] uses are always enabled: `environments`, `applications`,
//! `containers`, `databases`, `jobs`, `helms`, `terraforms`, `agents` and `clusters`. To call operations of
//! other areas, also depend on `qovery-api` and enable their features. If the area of an operation is disabled, the
//! compiler error names its feature.
//!
//! # Guarantees
//!
//! - **Only observed facts count.** A wait reports a success only if it has observed it, and a list does not end early
//!   without an error.
//! - **A request that may have been executed is not retried**, unless a second execution has no further
//!   effect, or the caller allows it.
//! - **Dropping is safe.** Each module documents the effect of dropping one of its futures; none
//!   cancels anything on the server.
//! - **A token is never shown**, whether in `Debug`, errors, traces or panics.
//! - **Time is Tokio's**, so that programs can be tested on a paused clock. The helpers need a Tokio
//!   runtime with its time enabled; `display` and `preview` also need its I/O driver.
//! - **Errors stay compatible**: each part has its own error types, opaque or non-exhaustive enums, with
//!   predicates, accessors and a message that names the next step. If a call failed, `api_error` returns its
//!   error.
#![forbid(unsafe_code)]

mod causes;
mod clock;
mod codes;
pub mod connect;
#[cfg(feature = "display")]
pub mod display;
mod exit;
#[cfg(any(feature = "display", feature = "preview"))]
mod interrupt;
mod listing;
pub mod page;
pub mod recipes;
mod regular_file;
mod span;
#[cfg(feature = "stream")]
pub mod stream;
mod sync;
pub mod wait;

pub use causes::with_causes;
pub use exit::{exit_code, exit_with};
#[cfg(any(feature = "display", feature = "preview"))]
pub use interrupt::Interrupt;

// With its pages, because `cargo doc` of this crate alone creates no others to link to. On docs.rs these exist.
#[cfg_attr(not(docsrs), doc(inline))]
pub use qovery_api;
