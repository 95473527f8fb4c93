//! Switches a connection to another protocol.
//!
//! HTTP/2 has no such switch, and reqwest negotiates the version for each connection. Therefore websockets
//! use a second HTTP client, which offers only HTTP/1.1. It is created when it is first needed.

use std::sync::{Arc, OnceLock};

use http::{StatusCode, header};

use super::{Fault, MakeHttp, body, settings::Settings};
use crate::runtime::{TransportError, Upgrade, Upgraded};

/// The client that opens websockets, created when it is first needed.
#[derive(Clone)]
pub(super) struct Upgrading(Arc<Inner>);

struct Inner {
    /// `None` if the settings can be built only once.
    make: Option<MakeHttp>,
    settings: Settings,
    http: OnceLock<Result<reqwest::Client, String>>,
}

impl Upgrading {
    pub(super) fn new(make: Option<MakeHttp>, settings: Settings) -> Self {
        Self(Arc::new(Inner {
            make,
            settings,
            http: OnceLock::new(),
        }))
    }

    pub(super) fn http(&self) -> Result<&reqwest::Client, TransportError> {
        let inner = &*self.0;
        let Some(make) = &inner.make else {
            return Err(TransportError::refused(
                "websockets need the settings of reqwest a second time: set them with `reqwest_with` instead of `reqwest`",
            ));
        };
        let made = inner.http.get_or_init(|| {
            let http = inner.settings.apply(make()).http1_only().build();
            http.map_err(|error| error.without_url().to_string())
        });
        made.as_ref().map_err(|error| {
            TransportError::refused("the HTTP client for websockets cannot be set up")
                .with_source(error.clone())
        })
    }
}

/// Sends a request to switch to another protocol. If the server does not switch, its response is read, up to
/// `body_limit`.
pub(super) async fn switch(
    http: &reqwest::Client,
    mut sent: reqwest::Request,
    body_limit: usize,
) -> Result<Upgrade, Fault> {
    // The following bytes are not the body of a response.
    sent.headers_mut().remove(header::ACCEPT_ENCODING);
    let method = sent.method().clone();
    let response = http.execute(sent).await.map_err(Fault::Sending)?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        let response = body::read(response, &method, body_limit).await?;
        return Ok(Upgrade::Refused(response));
    }
    let headers = response.headers().clone();
    let io = response.upgrade().await.map_err(Fault::Reading)?;
    Ok(Upgrade::Switched(Upgraded::new(headers, io)))
}
