//! A call of an operation, and the responses that the contract declares for the operation.

use serde_json::Value;

use super::{
    contract::{Amount, Contract, Operation},
    exchange::{Incoming, Response},
};

/// A request that the contract allows, with the values of its path parameters.
pub(crate) struct Call<'a> {
    pub(crate) operation: &'a Operation,
    /// Decoded path parameters, in path order.
    pub(crate) path: &'a [(String, String)],
    pub(crate) incoming: &'a Incoming,
    /// The decoded body; null if the request has none.
    pub(crate) body: &'a Value,
    pub(crate) contract: &'a Contract,
    pub(crate) amount: Amount,
}

impl Call<'_> {
    /// Returns a path parameter by name; an empty string if the path does not have it.
    pub(crate) fn id(&self, name: &str) -> &str {
        let mut path = self.path.iter();
        path.find(|(parameter, _)| parameter == name)
            .map_or("", |(_, value)| value)
    }

    /// The last path parameter.
    pub(crate) fn last_id(&self) -> &str {
        self.path.last().map_or("", |(_, value)| value)
    }

    /// Returns the declared successful response. It has the facts, and the other properties that the contract requires.
    pub(crate) fn success(&self, facts: &Value) -> Response {
        self.declared(facts, Amount::Minimal)
    }

    /// Returns a body that already matches the declared schema. It is not completed, because statuses are read so often
    /// that this would dominate the run time.
    pub(crate) fn exact(&self, body: &Value) -> Response {
        Response::json(self.operation.success.status, body)
    }

    /// Returns the declared successful response of an operation that the fake does not model.
    pub(crate) fn example(&self, facts: &Value) -> Response {
        self.declared(facts, self.amount)
    }

    /// Whether the operation is paged by the id of an item.
    pub(crate) fn takes_start_id(&self) -> bool {
        let mut parameters = self.operation.parameters.iter();
        parameters.any(|parameter| parameter.name == "startId")
    }

    /// The form of a list in the declared successful response.
    pub(crate) fn declared_list(&self) -> DeclaredList {
        let Some((_, schema)) = &self.operation.success.content else {
            return DeclaredList::None;
        };
        let facts = serde_json::json!({"results": []});
        let probe = self.contract.build(schema, &facts, Amount::Minimal);
        match probe.get("results") {
            _ if probe.is_array() => DeclaredList::Bare,
            Some(_) => DeclaredList::Results,
            None => DeclaredList::None,
        }
    }

    fn declared(&self, facts: &Value, amount: Amount) -> Response {
        let declared = &self.operation.success;
        let Some((media, schema)) = &declared.content else {
            return Response::empty(declared.status);
        };
        let body = self.contract.build(schema, facts, amount);
        if media == "application/json" {
            return Response::json(declared.status, &body);
        }
        let text = body
            .as_str()
            .map_or_else(|| body.to_string(), str::to_owned);
        Response::text(declared.status, media, text)
    }
}

/// The form of a list in a successful response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeclaredList {
    /// In `results`.
    Results,
    /// As the whole body.
    Bare,
    /// It contains no list.
    None,
}
