//! The core: takes a request and the current time, returns how the response is delivered.
//!
//! The core is synchronous and has no sockets. Both front ends call [`Core::handle`] and only deliver its decision, so
//! that they cannot differ.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use chrono::SecondsFormat;
use http::{Method, header};
use serde_json::Value;

use super::{
    call::Call,
    contract::{Amount, Contract, Direction, Matched, Operation, Place},
    exchange::{Delivery, Incoming, Refusal, Response},
    fault::{Fault, FaultEffect},
    operations,
    record::RecordedRequest,
    world::World,
};

/// State, contract, faults and record of one fake.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) contract: Arc<Contract>,
    pub(crate) world: World,
    pub(crate) faults: Vec<Fault>,
    pub(crate) record: Vec<RecordedRequest>,
    /// Accepted tokens.
    pub(crate) tokens: BTreeSet<String>,
    /// Whether responses without known facts include the optional properties.
    pub(crate) amount: Amount,
    pub(crate) latency: Duration,
}

impl Core {
    pub(crate) fn new(contract: Arc<Contract>, token: &str) -> Self {
        Self {
            contract,
            world: World::new(),
            faults: Vec::new(),
            record: Vec::new(),
            tokens: BTreeSet::from([token.to_owned()]),
            amount: Amount::Full,
            latency: Duration::ZERO,
        }
    }

    /// Answers a request that arrives at `now`.
    pub(crate) fn handle(&mut self, incoming: &Incoming, now: Duration) -> Delivery {
        self.world.advance(now);
        let contract = Arc::clone(&self.contract);
        let matched = contract.route(&incoming.method, &incoming.path);
        let operation = match &matched {
            Matched::Operation(index, _) => contract.operation(*index),
            _ => None,
        };
        let id = operation.map_or("", |operation| operation.id.as_str());
        let is_write = incoming.method != Method::GET;
        let effect = FaultEffect::of_request(&mut self.faults, id, is_write, self.world.time.now());
        let replacement = effect.replacement();
        let executed = effect.reaches_the_server() && replacement.is_none();
        let response = if executed {
            Some(self.respond(&contract, incoming, &matched, operation))
        } else {
            replacement
        };
        let date = self.world.time.calendar(self.world.time.now());
        let date = date.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let response = response.map(|response| response.with_header(header::DATE, &date));
        let refused = response
            .as_ref()
            .is_some_and(|response| response.status.as_u16() >= 400);
        let delivery = effect.deliver(response, self.latency);
        self.record.push(RecordedRequest::new(
            operation,
            incoming,
            self.world.time.now(),
            &delivery,
            executed && !refused,
        ));
        delivery
    }

    /// Reads a path as a client would, if the path can be read. Records no request and applies no faults.
    #[cfg(feature = "stream")]
    pub(crate) fn read(&mut self, path: &str) -> Option<Value> {
        let contract = Arc::clone(&self.contract);
        let token = self.tokens.first()?;
        let value = http::HeaderValue::from_str(&format!("Token {token}")).ok()?;
        let headers = http::HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
        let incoming = Incoming::new(Method::GET, path, headers, bytes::Bytes::new());
        let matched = contract.route(&incoming.method, &incoming.path);
        let Matched::Operation(index, _) = &matched else {
            return None;
        };
        let operation = contract.operation(*index);
        let response = self.check_and_execute(&contract, &incoming, &matched, operation);
        serde_json::from_slice(&response.ok()?.body).ok()
    }

    fn respond(
        &mut self,
        contract: &Contract,
        incoming: &Incoming,
        matched: &Matched,
        operation: Option<&Operation>,
    ) -> Response {
        let response = self.check_and_execute(contract, incoming, matched, operation);
        let now = self.world.time.calendar(self.world.time.now());
        let timestamp = now.to_rfc3339_opts(SecondsFormat::Millis, true);
        response.unwrap_or_else(|refusal| refusal.into_response(&incoming.path, &timestamp))
    }

    fn check_and_execute(
        &mut self,
        contract: &Contract,
        incoming: &Incoming,
        matched: &Matched,
        operation: Option<&Operation>,
    ) -> Result<Response, Refusal> {
        let (Matched::Operation(_, path), Some(operation)) = (matched, operation) else {
            let (method, path) = (&incoming.method, &incoming.path);
            return Err(Refusal::new(404, format!("no operation {method} {path}")));
        };
        self.check_token(incoming)?;
        check_parameters(contract, operation, path, incoming)?;
        let body = check_body(contract, operation, incoming)?;
        let call = Call {
            operation,
            path,
            incoming,
            body: &body,
            contract,
            amount: self.amount,
        };
        let seen =
            operations::endpoint(operation).and_then(|endpoint| self.world.seen_through(endpoint));
        if let Some(mut seen) = seen {
            operations::check_ids(&seen, &call)?;
            return operations::execute(&mut seen, &call);
        }
        operations::check_ids(&self.world, &call)?;
        if incoming.method != Method::GET {
            self.world.note_change();
        }
        operations::execute(&mut self.world, &call)
    }

    pub(crate) fn check_token(&self, incoming: &Incoming) -> Result<(), Refusal> {
        let sent = incoming
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let token = sent
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| ["token", "bearer"].contains(&scheme.to_lowercase().as_str()))
            .map(|(_, token)| token.trim());
        match token {
            Some(token) if self.tokens.contains(token) => Ok(()),
            Some(_) => Err(Refusal::new(401, "the token is not valid")),
            None => Err(Refusal::new(401, "no token was sent")),
        }
    }
}

fn check_parameters(
    contract: &Contract,
    operation: &Operation,
    path: &[(String, String)],
    incoming: &Incoming,
) -> Result<(), Refusal> {
    for parameter in &operation.parameters {
        let name = parameter.name.as_str();
        let sent = match parameter.place {
            Place::Path => path
                .iter()
                .find(|(n, _)| n == name)
                .map(|(_, v)| v.as_str()),
            Place::Query => incoming.parameter(name),
            Place::Header => incoming.headers.get(name).and_then(|v| v.to_str().ok()),
        };
        let Some(sent) = sent else {
            if parameter.required {
                return Err(Refusal::bad_request(format!(
                    "parameter {name} is required"
                )));
            }
            continue;
        };
        // The id of a commit is its hash, even if the contract declares another format for the parameter.
        if ["startId", "gitCommitId"].contains(&name) {
            continue;
        }
        let fits = [
            Some(Value::String(sent.to_owned())),
            serde_json::from_str(sent).ok(),
        ];
        let mut problem = None;
        let any = fits.into_iter().flatten().any(|value| {
            let found = contract.violations(&parameter.schema, &value, Direction::Request);
            let fits = found.is_empty();
            problem = problem.take().or_else(|| found.into_iter().next());
            fits
        });
        if let (false, Some(problem)) = (any, problem) {
            let what = problem.what;
            return Err(Refusal::bad_request(format!("parameter {name} {what}")));
        }
    }
    Ok(())
}

fn check_body(
    contract: &Contract,
    operation: &Operation,
    incoming: &Incoming,
) -> Result<Value, Refusal> {
    let Some(declared) = &operation.body else {
        return Ok(Value::Null);
    };
    let Some(schema) = &declared.schema else {
        return Ok(Value::Null);
    };
    if incoming.body.is_empty() {
        // A body without required properties may be omitted, unless the contract requires the body.
        let problems = contract.violations(schema, &serde_json::json!({}), Direction::Request);
        return match problems.first() {
            Some(problem) => Err(Refusal::bad_request(format!("no body was sent: {problem}"))),
            None if declared.required => Err(Refusal::bad_request("no body was sent")),
            None => Ok(Value::Null),
        };
    }
    let body: Value = serde_json::from_slice(&incoming.body)
        .map_err(|error| Refusal::bad_request(format!("the body is not JSON: {error}")))?;
    match contract
        .violations(schema, &body, Direction::Request)
        .first()
    {
        Some(problem) => Err(Refusal::bad_request(problem.to_string())),
        None => Ok(body),
    }
}
