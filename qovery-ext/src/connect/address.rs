//! Decides whether an address may be used without encryption.
//!
//! A malformed address is refused by the client.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use qovery_api::reqwest::Url;

use super::ConnectError;

/// The machine that an address refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Machine {
    /// Any address over TLS, or over plain HTTP if this was allowed.
    Any,
    /// An IP address of this machine, over plain HTTP.
    ThisByNumber,
    /// A name of this machine, over plain HTTP. It is resolved without a name server: a name server
    /// could return the address of another machine, and the token would be sent there.
    ThisByName(String),
}

impl Machine {
    /// The addresses of this machine, without a port.
    pub(super) const ADDRESSES: [SocketAddr; 2] = [
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
        SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0),
    ];
}

/// Refuses an insecure address, unless it is allowed. Returns the machine of the address.
pub(super) fn check(url: &str, origin: &str, allow: bool) -> Result<Machine, ConnectError> {
    match Url::parse(url.trim()) {
        Ok(url) if url.scheme() == "http" => match of_host(&url) {
            Machine::Any if !allow => Err(ConnectError::insecure_url(origin)),
            machine => Ok(machine),
        },
        _ => Ok(Machine::Any),
    }
}

/// The address of a websocket with an HTTP scheme, because a websocket begins as a request.
#[cfg(feature = "stream")]
pub(super) fn as_http(url: &str) -> String {
    let url = url.trim();
    let schemes = [("wss://", "https://"), ("ws://", "http://")];
    let found = schemes.into_iter().find_map(|(scheme, http)| {
        let (head, rest) = url.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme)
            .then(|| format!("{http}{rest}"))
    });
    found.unwrap_or_else(|| url.to_owned())
}

fn of_host(url: &Url) -> Machine {
    let host = url.host_str().unwrap_or_default();
    let number = host.trim_start_matches('[').trim_end_matches(']');
    match number.parse::<IpAddr>() {
        Ok(address) if address.to_canonical().is_loopback() => Machine::ThisByNumber,
        Err(_) if host == "localhost" || host.ends_with(".localhost") => {
            Machine::ThisByName(host.to_owned())
        }
        _ => Machine::Any,
    }
}
