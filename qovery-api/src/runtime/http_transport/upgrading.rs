//! Switches a connection to another protocol.
//!
//! HTTP/2 has no such switch, and reqwest negotiates the version for each connection. Therefore websockets
//! use a second HTTP client, which offers only HTTP/1.1. It is created when it is first needed.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use http::{HeaderValue, StatusCode, header};

use super::{Fault, HttpTransport, MakeHttp, body, outgoing, settings::Settings};
use crate::runtime::{Request, TransportError, Upgrade, Upgraded};

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

    fn http(&self) -> Result<&reqwest::Client, TransportError> {
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

impl HttpTransport {
    /// Sends a request to switch to another protocol, without consuming it. For layers of the
    /// transport: like [`Transport::upgrade`](crate::Transport::upgrade), with `authorization` and
    /// `limit` as in [`send_borrowed`](Self::send_borrowed). The limit applies to the response. The
    /// switched connection has no limit.
    ///
    /// # Errors
    /// Returns an error if no response was received. A response of any status is not an error here.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection.
    pub async fn upgrade_borrowed(
        &self,
        request: &Request,
        authorization: Option<&HeaderValue>,
        limit: Duration,
    ) -> Result<Upgrade, TransportError> {
        let started = Instant::now();
        let http = self.upgrading.http()?;
        let own = request.headers.get(header::AUTHORIZATION);
        let added = match own {
            Some(_) => None,
            None => authorization.or(self.authorization.as_ref()),
        };
        let sent = outgoing(request, request.url.clone(), added, limit);
        let outcome = self.switch(http, sent).await;
        let authorization = own.or(added);
        match outcome {
            Ok(Upgrade::Refused(mut response)) => {
                response.elapsed = started.elapsed();
                if let Some(value) = authorization {
                    response.redact(value);
                }
                Ok(Upgrade::Refused(response))
            }
            Ok(Upgrade::Switched(upgraded)) => Ok(Upgrade::Switched(match authorization {
                Some(value) => upgraded.authorized_by(value),
                None => upgraded,
            })),
            Err(fault) => {
                let error = self.explain(fault, limit);
                let error = error.with_attempts(1, started.elapsed());
                Err(match authorization {
                    Some(value) => error.redact(value),
                    None => error,
                })
            }
        }
    }

    async fn switch(
        &self,
        http: &reqwest::Client,
        mut sent: reqwest::Request,
    ) -> Result<Upgrade, Fault> {
        // The following bytes are not the body of a response.
        sent.headers_mut().remove(header::ACCEPT_ENCODING);
        let method = sent.method().clone();
        let response = http.execute(sent).await.map_err(Fault::Sending)?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            let response = body::read(response, &method, self.body_limit).await?;
            return Ok(Upgrade::Refused(response));
        }
        let headers = response.headers().clone();
        let io = response.upgrade().await.map_err(Fault::Reading)?;
        Ok(Upgrade::Switched(Upgraded::new(headers, io)))
    }
}
