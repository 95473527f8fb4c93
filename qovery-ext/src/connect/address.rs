//! Whether an address may be reached without encryption.
//!
//! Not for whether it is well formed: the client refuses what is not.

use std::net::IpAddr;

use qovery_api::reqwest::Url;

use super::ConnectError;

/// Refuses an insecure address, unless that is allowed, and tells whether it is plain HTTP to this
/// machine.
pub(super) fn check(url: &str, origin: &str, allow: bool) -> Result<bool, ConnectError> {
    match Url::parse(url.trim()) {
        Ok(url) if url.scheme() == "http" => {
            let is_local = is_loopback(&url);
            if !is_local && !allow {
                return Err(ConnectError::insecure_url(origin));
            }
            Ok(is_local)
        }
        _ => Ok(false),
    }
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match host.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}
