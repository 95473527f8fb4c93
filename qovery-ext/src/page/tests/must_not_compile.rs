//! Code that must not compile, checked by documentation tests. Not part of the public documentation.
//!
//! Next to each proof are the same lines with the one change that makes them compile. This shows that
//! the proof fails for the stated reason.

/// A window has no stream:
///
/// ```compile_fail,E0599
/// use qovery_api::{Client, uuid::Uuid};
/// use qovery_ext::page::{PagedCall, WindowCall};
///
/// fn read(client: &Client) {
///     let call = client.list_environment_deployment_history_v2(Uuid::nil());
///     let _ = call.items();
/// }
/// ```
///
/// ```compile_fail,E0599
/// use qovery_api::{Client, uuid::Uuid};
/// use qovery_ext::page::{PagedCall, WindowCall};
///
/// fn read(client: &Client) {
///     let call = client.list_environment_deployment_history_v2(Uuid::nil());
///     let _ = call.paged();
/// }
/// ```
///
/// ```
/// use qovery_api::{Client, uuid::Uuid};
/// use qovery_ext::page::{PagedCall, WindowCall};
///
/// fn read(client: &Client) {
///     let call = client.list_environment_deployment_history_v2(Uuid::nil());
///     let _ = call.window(20);
/// }
/// ```
struct WindowsHaveNoStream;

/// An operation that pages by item does not page backward:
///
/// ```compile_fail,E0277
/// use qovery_api::{Client, uuid::Uuid};
/// use qovery_ext::page::PagedCall;
///
/// fn read(client: &Client) {
///     let call = client.list_environment_deployment_history(Uuid::nil());
///     let _ = call.paged().backward();
/// }
/// ```
///
/// ```
/// use qovery_api::{Client, uuid::Uuid};
/// use qovery_ext::page::PagedCall;
///
/// fn read(client: &Client) {
///     let call = client.list_environment_deployment_history(Uuid::nil());
///     let _ = call.paged().read_ahead();
/// }
/// ```
struct ItemsHaveNoWayBack;

/// An unused stream is a warning, and here an error:
///
/// ```compile_fail
/// #![deny(unused_must_use)]
/// use qovery_api::{Client, uuid::Uuid};
/// use qovery_ext::page::PagedCall;
///
/// fn read(client: &Client) {
///     client.list_environment_deployment_history(Uuid::nil()).items();
/// }
/// ```
///
/// ```compile_fail
/// #![deny(unused_must_use)]
/// use qovery_api::{Client, uuid::Uuid};
/// use qovery_ext::page::PagedCall;
///
/// fn read(client: &Client) {
///     client.list_environment_deployment_history(Uuid::nil()).pages();
/// }
/// ```
///
/// ```compile_fail
/// #![deny(unused_must_use)]
/// use qovery_api::{Client, uuid::Uuid};
/// use qovery_ext::page::PagedCall;
///
/// fn read(client: &Client) {
///     client.list_environment_deployment_history(Uuid::nil()).paged();
/// }
/// ```
///
/// ```
/// #![deny(unused_must_use)]
/// use qovery_api::{Client, uuid::Uuid};
/// use qovery_ext::page::PagedCall;
///
/// fn read(client: &Client) {
///     let _items = client.list_environment_deployment_history(Uuid::nil()).items();
///     let _pages = client.list_environment_deployment_history(Uuid::nil()).pages();
///     let _pager = client.list_environment_deployment_history(Uuid::nil()).paged();
/// }
/// ```
struct StreamsMustBeUsed;
