//! Default limits on times and sizes.

use std::time::Duration;

/// The default limit on making a connection.
pub(crate) const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The default limit on a whole request.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
/// The default limit on the body of a response, in bytes.
pub(crate) const DEFAULT_BODY_LIMIT: usize = 64 * 1024 * 1024;
/// The part of the body of a response that an error keeps, in bytes.
pub(super) const ERROR_BODY_LIMIT: usize = 8 * 1024;
