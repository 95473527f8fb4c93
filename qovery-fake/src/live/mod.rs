//! The websocket side of a fake: the same world, sent as frames.
//!
//! Both front ends open sockets here. The frames of a socket follow from the world at the time; a
//! [`SocketFault`] scripts its failures.

mod feed;
mod serve;

use std::sync::{Arc, OnceLock};

use http::{HeaderMap, HeaderValue, StatusCode, header};
use qovery_api::{RawResponse, Upgrade, Upgraded};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{
    contract::{Amount, Contract, Direction},
    engine::Engine,
    exchange::{Incoming, Refusal, Response},
    sockets::{RecordedSocket, SocketFault},
};
use feed::Feed;

/// The websocket contract as JSON, with the fixes of its overlay.
const CONTRACT: &str = include_str!("../generated/contract-ws.json");

/// The buffer size in bytes between a client and a fake in the same process.
const PIPE: usize = 16 * 1024;

/// A socket that may be opened.
pub(crate) struct Accepted {
    headers: HeaderMap,
    feed: Feed,
    fault: Option<SocketFault>,
    /// Its index in the record.
    index: usize,
}

fn contract() -> &'static Arc<Contract> {
    static SHARED: OnceLock<Arc<Contract>> = OnceLock::new();
    SHARED.get_or_init(|| {
        let document = serde_json::from_str(CONTRACT).unwrap_or(Value::Null);
        Arc::new(Contract::new(document))
    })
}

/// Whether a request asks for a websocket.
pub(crate) fn is_socket(headers: &HeaderMap) -> bool {
    let upgrade = headers.get(header::UPGRADE);
    upgrade.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Accepts or refuses a request for a websocket.
pub(crate) fn accept(fake: &Engine, incoming: &Incoming) -> Result<Accepted, Box<Response>> {
    let judged = judge(fake, incoming);
    let status = match &judged {
        Ok(_) => 101,
        Err(response) => response.status.as_u16(),
    };
    let at = fake.elapsed();
    let index = fake.sockets(|sockets| {
        sockets.record.push(RecordedSocket {
            at,
            path: incoming.path.clone(),
            query: incoming.query.clone(),
            status,
            frames: 0,
            is_open: status == 101,
        });
        sockets.record.len() - 1
    });
    judged.map(|(headers, feed, fault)| Accepted {
        headers,
        feed,
        fault,
        index,
    })
}

#[allow(
    clippy::type_complexity,
    reason = "the parts of a socket, used in one place"
)]
fn judge(
    fake: &Engine,
    incoming: &Incoming,
) -> Result<(HeaderMap, Feed, Option<SocketFault>), Box<Response>> {
    let fault = fake.sockets(|sockets| SocketFault::take(&mut sockets.faults, &incoming.path));
    if let Some(status) = fault.as_ref().and_then(SocketFault::refusal) {
        return Err(refused(
            &Refusal::new(status, "injected by a script"),
            incoming,
        ));
    }
    let checked = fake.read(|core| core.check_token(incoming));
    let checked = checked.and_then(|()| check_query(incoming));
    checked.map_err(|refusal| refused(&refusal, incoming))?;
    let mut headers = HeaderMap::new();
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    let id = HeaderValue::from_static("fake-socket");
    headers.insert("x-qovery-request-id", id);
    let key = incoming.headers.get(header::SEC_WEBSOCKET_KEY);
    let accept = key.map(|key| derive_accept_key(key.as_bytes()));
    if let Some(Ok(accept)) = accept.map(|accept| HeaderValue::from_str(&accept)) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    Ok((headers, Feed::new(incoming), fault))
}

/// Opens a socket to a client in the same process.
pub(crate) fn open(fake: &Engine, incoming: &Incoming) -> Upgrade {
    match accept(fake, incoming) {
        Err(response) => {
            let (status, headers) = (response.status, response.headers);
            Upgrade::Refused(RawResponse::new(status, headers, response.body))
        }
        Ok(accepted) => {
            let (ours, theirs) = tokio::io::duplex(PIPE);
            let headers = accepted.headers.clone();
            tokio::spawn(run(fake.clone(), accepted, ours));
            Upgrade::Switched(Upgraded::new(headers, theirs))
        }
    }
}

/// Plays an accepted socket to its end.
pub(crate) async fn run(
    fake: Engine,
    accepted: Accepted,
    io: impl AsyncRead + AsyncWrite + Unpin + Send,
) {
    let index = accepted.index;
    serve::serve(&fake, accepted, io).await;
    fake.sockets(|sockets| {
        if let Some(record) = sockets.record.get_mut(index) {
            record.is_open = false;
        }
    });
}

impl Accepted {
    /// The response that switches protocols.
    pub(crate) fn response<B>(&self, body: B) -> http::Response<B> {
        let mut response = http::Response::new(body);
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        *response.headers_mut() = self.headers.clone();
        response
    }
}

fn refused(refusal: &Refusal, incoming: &Incoming) -> Box<Response> {
    let refusal = refusal.clone();
    Box::new(refusal.into_response(&incoming.path, "2026-01-01T00:00:00Z"))
}

/// Returns an error if the query does not match the websocket contract.
fn check_query(incoming: &Incoming) -> Result<(), Refusal> {
    let contract = contract();
    let found = contract.template_of(&incoming.path);
    let Some((template, _)) = found else {
        let path = &incoming.path;
        return Err(Refusal::new(404, format!("no websocket {path}")));
    };
    let operation = contract.operations().iter();
    let operation = operation.clone().find(|one| one.template == template);
    for parameter in operation.into_iter().flat_map(|one| &one.parameters) {
        let name = parameter.name.as_str();
        let is_list = parameter.schema.get("type") == Some(&Value::from("array"));
        let indexed = format!("{name}[0]");
        let sent = incoming.parameter(if is_list { &indexed } else { name });
        let Some(sent) = sent else {
            if parameter.required {
                return Err(Refusal::bad_request(format!(
                    "parameter {name} is required"
                )));
            }
            continue;
        };
        let values = [
            Some(Value::String(sent.to_owned())),
            serde_json::from_str(sent).ok(),
        ];
        let fits = |value: &Value| {
            let violations = contract.violations(&parameter.schema, value, Direction::Request);
            is_list || violations.is_empty()
        };
        if !values.iter().flatten().any(fits) {
            return Err(Refusal::bad_request(format!(
                "parameter {name} does not fit"
            )));
        }
    }
    Ok(())
}

/// A frame that the contract declares for a path, if it declares JSON.
pub(crate) fn example(path: &str, facts: &Value) -> Option<Value> {
    let contract = contract();
    let (template, _) = contract.template_of(path)?;
    let mut operations = contract.operations().iter();
    let operation = operations.find(|one| one.template == template)?;
    let (media, schema) = operation.success.content.as_ref()?;
    (media == "application/json").then(|| contract.build(schema, facts, Amount::Full))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, time::Duration};

    use bytes::Bytes;
    use http::Method;

    use super::{feed::Frame, *};
    use crate::{Clock, FakeQovery, Step, Workload};

    /// The frames that a socket of this path sends now, as JSON.
    fn frames(fake: &FakeQovery, feed: &mut Feed) -> Vec<Value> {
        let due = fake.with(|core| feed.due(core));
        let frames = due.frames.into_iter();
        let frames = frames.map(|frame| match frame {
            Frame::Text(text) => serde_json::from_str(&text).unwrap(),
            Frame::Binary(bytes) => panic!("bytes: {bytes:?}"),
        });
        frames.collect()
    }

    #[test]
    fn every_frame_fits_the_contract_in_every_state() {
        let fake = FakeQovery::with_clock(Clock::manual());
        let environment = fake.environment("preview");
        let seconds = Duration::from_secs;
        let service = environment.service(Workload::Application, "api");
        let service = service.takes(Step::Build, seconds(5)).prints("line");
        for (name, workload) in [
            ("database", Workload::Database),
            ("job", Workload::CronJob),
            ("helm", Workload::Helm),
            ("terraform", Workload::Terraform),
        ] {
            environment.service(workload, name).in_state("DEPLOYED");
        }
        let query = format!(
            "organization={}&cluster={}&project={}&environment={}&service={}&preview_id={}&infra_component_type=NGINX",
            environment.organization_id(),
            environment.cluster_id(),
            environment.project_id(),
            environment.id(),
            service.id(),
            service.id(),
        );
        let mut shown = BTreeSet::new();
        let json = contract().operations().iter().filter(|one| {
            let content = one.success.content.as_ref();
            content.is_some_and(|(media, _)| media == "application/json")
        });
        let mut feeds: Vec<_> = json
            .map(|operation| {
                let path = format!("{}?{query}", operation.template);
                let headers = HeaderMap::new();
                let incoming = Incoming::new(Method::GET, &path, headers, Bytes::new());
                (operation, Feed::new(&incoming))
            })
            .collect();
        assert!(feeds.len() >= 10, "{}", feeds.len());
        let mut service = service;
        for round in 0..30 {
            match round {
                3 => service = service.pod_fails("CrashLoopBackOff", Some(1)),
                6 => service = service.pod_fails("Unhealthy", None),
                9 => service = service.pod_recovers().pod_restarts(),
                12 => environment.external_actor().deploys(),
                _ => {}
            }
            for (operation, feed) in &mut feeds {
                let (_, schema) = operation.success.content.as_ref().unwrap();
                for frame in frames(&fake, feed) {
                    shown.insert(operation.template.clone());
                    let found = contract().violations(schema, &frame, Direction::Response);
                    assert_eq!(found, [], "{}: {frame}", operation.template);
                }
            }
            fake.advance(seconds(1));
        }
        assert_eq!(shown.len(), feeds.len(), "{shown:?}");
    }
}
