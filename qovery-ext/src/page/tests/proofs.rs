//! What does not compile, proven by documentation tests. Not for use, and not part of the docs.
//!
//! Each proof stands next to the same lines with the one change that makes them compile, so that it
//! fails for no other reason than the one it names.

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

/// What pages by item does not page backward:
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

/// A stream that nobody reads is a warning, and here an error:
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
