//! An intermediary between the client and the fake that answers in place of the API: a proxy, a firewall, a
//! login page.

use std::sync::{Arc, Mutex};

use qovery_api::{
    BoxFuture, Client, RawResponse, Request, Transport, TransportError,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use qovery_ext::connect::Connect;
use qovery_fake::{FakeQovery, FakeTransport};

/// The response in place of the API's.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Instead {
    /// Status, media type (none if blank), body.
    Response(u16, &'static str, &'static str),
    /// The connection is lost.
    Lost,
    /// The body is cut off.
    BrokenOff,
    /// No response arrives in time.
    Silence,
    /// No connection is made.
    NotConnected,
}

/// Whether the API has executed the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passed {
    On,
    Not,
}

struct Rule {
    fits: Box<dyn Fn(&Request) -> bool + Send>,
    instead: Instead,
    passed: Passed,
    left: u32,
}

#[derive(Clone)]
pub(crate) struct Intermediary {
    api: FakeTransport,
    rules: Arc<Mutex<Vec<Rule>>>,
    sent: Arc<Mutex<Vec<String>>>,
}

impl Intermediary {
    pub(crate) fn new(fake: &FakeQovery) -> Self {
        Self {
            api: fake.transport(),
            rules: Arc::default(),
            sent: Arc::default(),
        }
    }

    /// A client that retries with the default policy.
    pub(crate) fn client(&self) -> Client {
        Connect::new()
            .token("qov_fake_token")
            .transport(self.clone())
            .build()
            .expect("the settings hold")
    }

    /// Answers this many matching requests.
    pub(crate) fn respond(
        &self,
        times: u32,
        instead: Instead,
        passed: Passed,
        fits: impl Fn(&Request) -> bool + Send + 'static,
    ) {
        self.rules.lock().expect("no panic").push(Rule {
            fits: Box::new(fits),
            instead,
            passed,
            left: times,
        });
    }

    /// The requests other than reads, as operations.
    pub(crate) fn acts(&self) -> Vec<String> {
        self.sent.lock().expect("no panic").clone()
    }

    fn rule(&self, request: &Request) -> Option<(Instead, Passed)> {
        let mut rules = self.rules.lock().expect("no panic");
        let rule = rules
            .iter_mut()
            .find(|rule| rule.left > 0 && (rule.fits)(request))?;
        rule.left -= 1;
        Some((rule.instead, rule.passed))
    }
}

pub(crate) fn is_action(request: &Request) -> bool {
    request.operation.method != qovery_api::http::Method::GET
}

impl Transport for Intermediary {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<RawResponse, TransportError>> {
        Box::pin(async move {
            if is_action(&request) {
                let mut sent = self.sent.lock().expect("no panic");
                sent.push(request.operation.id.to_owned());
            }
            let Some((instead, passed)) = self.rule(&request) else {
                return self.api.send(request).await;
            };
            if passed == Passed::On {
                let _ = self.api.send(request).await;
            }
            match instead {
                Instead::Response(status, media, body) => {
                    let mut headers = HeaderMap::new();
                    if !media.is_empty() {
                        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
                    }
                    headers.insert(header::CONTENT_LENGTH, body.len().into());
                    let status = StatusCode::from_u16(status).expect("a status");
                    Ok(RawResponse::new(status, headers, body))
                }
                Instead::Lost => Err(TransportError::interrupted("connection reset")),
                Instead::BrokenOff => Err(TransportError::body("unexpected end")),
                Instead::Silence => std::future::pending().await,
                Instead::NotConnected => Err(TransportError::connect("refused")),
            }
        })
    }
}
