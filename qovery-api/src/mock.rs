//! Typed mocks: one matcher and one responder for each operation, on an [`httpmock`] server.
//!
//! [`MockServerExt`] gives `MockServer` a method for each operation, named like that of [`Client`](crate::Client). The
//! compiler checks the request and the response of a mock against the contract: the names and types of parameters, and
//! the models of bodies.
//!
//! ```
//! use qovery_api::httpmock::MockServer;
//! use qovery_api::mock::{MockServerExt as _, model};
//! use qovery_api::serde_json::json;
//! use qovery_api::{AccessToken, Client, uuid::Uuid};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = MockServer::start_async().await;
//! let environment = Uuid::from_u128(1);
//! let mock = server.get_environment_status(|when, then| {
//!     when.environment_id(environment);
//!     then.ok(&model(json!({
//!         "id": environment,
//!         "state": "DEPLOYED",
//!         "last_deployment_state": "DEPLOYED",
//!     })));
//! });
//!
//! let client = Client::builder()
//!     .base_url(server.base_url())
//!     .token(AccessToken::new("qov_test")?)
//!     .build()?;
//! let status = client.get_environment_status(environment).await?;
//!
//! assert_eq!(status.state, qovery_api::types::StateEnum::Deployed);
//! mock.assert_async().await;
//! # Ok(()) }
//! ```
//!
//! # Matching
//! A matcher matches requests with the operation's method and path. Each method of [`When`] requires one value
//! of a path parameter, of a query parameter, of a header or of the body. Other parts may have any value.
//! `None`, or an empty list, for an optional parameter matches requests without it.
//!
//! # Responding
//! [`Then`] has a method for each success that the contract declares, which takes the model of the response.
//! [`model`] creates a model from JSON, and panics with the field that does not fit. [`Then::error`] answers
//! with an error status.
//!
//! # Outside of the contract
//! The types cannot express a response that is not in the contract, or a request that the client cannot send. For these,
//! `into_inner` returns httpmock's own [`When`](httpmock::When) and [`Then`](httpmock::Then), with the settings so far:
//!
//! ```
//! # use qovery_api::{httpmock::MockServer, mock::MockServerExt as _};
//! # fn mocks(server: &MockServer) {
//! server.list_organization(|when, then| {
//!     when.into_inner().header_exists("authorization");
//!     then.into_inner().status(502).body("<html>Bad gateway</html>");
//! });
//! # }
//! ```
//!
//! A mock has no state: its response does not depend on earlier requests. `qovery-fake` simulates deployments.
#![allow(clippy::panic, reason = "a mock that cannot be set up fails its test")]

use std::fmt;
use std::marker::PhantomData;

use httpmock::{Mock, MockServer};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::runtime::parameter::{Place, Style, Texts, in_cookie, in_header, in_query, list};
use crate::runtime::path::{in_path, literal};
use crate::{ApiError, Operation, QueryValue};

pub use crate::generated::mock::MockServerExt;

/// The conditions on a request of one operation.
///
/// The methods of an operation are named like the parameters of its call; see the [module](self).
pub struct When<O> {
    inner: httpmock::When,
    operation: PhantomData<fn() -> O>,
}

/// The response to a request of one operation.
///
/// The methods of an operation are named like the successes that the contract declares; see the
/// [module](self).
pub struct Then<O> {
    inner: httpmock::Then,
    operation: PhantomData<fn() -> O>,
}

impl<O: Operation> fmt::Debug for When<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("When").field(&O::INFO.id).finish()
    }
}

impl<O: Operation> fmt::Debug for Then<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Then").field(&O::INFO.id).finish()
    }
}

/// Creates a model from JSON, as the client would read it in a response.
///
/// ```
/// use qovery_api::{mock::model, serde_json::json, types};
///
/// let list: types::EnvironmentResponseList = model(json!({"results": []}));
/// assert!(list.results.is_empty());
/// ```
///
/// # Panics
/// Panics if the JSON does not fit the model; the message names the field.
pub fn model<T: DeserializeOwned>(json: Value) -> T {
    crate::decode(json.to_string().as_bytes()).unwrap_or_else(|error| {
        panic!(
            "the JSON does not fit {}: {error}",
            std::any::type_name::<T>()
        )
    })
}

/// Mocks one operation.
pub(crate) fn mock<O: Operation>(
    server: &MockServer,
    configure: impl FnOnce(When<O>, Then<O>),
) -> Mock<'_> {
    server.mock(|when, then| {
        let when = When {
            inner: when
                .method(O::INFO.method.as_str())
                .path_matches(pattern(O::INFO.path, None).as_str()),
            operation: PhantomData,
        };
        let then = Then {
            inner: then,
            operation: PhantomData,
        };
        configure(when, then);
    })
}

/// The paths that a template stands for, or only those with this encoded value of one parameter.
fn pattern(template: &str, only: Option<(&str, &str)>) -> String {
    let mut pattern = String::from("^");
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        escape(&literal(before), &mut pattern);
        match only {
            Some((known, encoded)) if known == name => escape(encoded, &mut pattern),
            _ => pattern.push_str("[^/]+"),
        }
        rest = after;
    }
    escape(&literal(rest), &mut pattern);
    pattern.push('$');
    pattern
}

/// Appends text, escaped for a regular expression.
fn escape(text: &str, pattern: &mut String) {
    for character in text.chars() {
        if character.is_ascii_punctuation() && !matches!(character, '<' | '>') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
}

/// Returns the value, if a call can send it.
fn sendable<T>(name: &str, value: Result<T, String>) -> T {
    value.unwrap_or_else(|problem| panic!("the parameter `{name}` of a mock {problem}"))
}

/// `name=value` of a query, decoded.
fn decoded_pair(text: &str) -> (String, String) {
    let decode = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    (decode(name), decode(value))
}

fn encoded<T: Serialize + ?Sized>(value: &T, id: &str) -> Value {
    let value = serde_json::to_vec(value).and_then(|bytes| serde_json::from_slice(&bytes));
    value.unwrap_or_else(|error| panic!("the mock of {id} has a body that is not JSON: {error}"))
}

impl<O: Operation> When<O> {
    /// Returns httpmock's own matcher with the conditions so far, for requests that the contract does not describe.
    pub fn into_inner(self) -> httpmock::When {
        self.inner
    }

    pub(crate) fn path_value(self, name: &str, value: &dyn QueryValue) -> Self {
        let style = Style::Simple { explode: false };
        self.path_styled(name, style, Ok(Texts::One(value.to_query())))
    }

    pub(crate) fn path_styled(
        self,
        name: &str,
        style: Style,
        value: Result<Texts, String>,
    ) -> Self {
        let encoded = value.and_then(|texts| in_path(name, style, &texts));
        let encoded = sendable(name, encoded);
        let pattern = pattern(O::INFO.path, Some((name, &encoded)));
        self.map(|when| when.path_matches(pattern.as_str()))
    }

    pub(crate) fn query_value<T: QueryValue>(self, name: &str, value: Option<T>) -> Self {
        let value = value.map(|value| Ok(Texts::One(value.to_query())));
        self.parameter(Place::Query, name, Style::Form { explode: true }, value)
    }

    pub(crate) fn query_repeated<T: QueryValue>(self, name: &str, values: &[T]) -> Self {
        let style = Style::Form { explode: true };
        self.parameter(Place::Query, name, style, Some(list(values)))
    }

    pub(crate) fn query_joined<T: QueryValue>(self, name: &str, values: &[T]) -> Self {
        let style = Style::Form { explode: false };
        self.parameter(Place::Query, name, style, Some(list(values)))
    }

    /// The parameter has this value, in the style of the contract, or is missing.
    pub(crate) fn parameter(
        self,
        place: Place,
        name: &str,
        style: Style,
        value: Option<Result<Texts, String>>,
    ) -> Self {
        let value = value.map(|value| sendable(name, value));
        match place {
            Place::Query => {
                let text = value.and_then(|texts| sendable(name, in_query(name, style, &texts)));
                self.query_text(name, text.as_deref())
            }
            Place::Header => {
                let text = value.and_then(|texts| sendable(name, in_header(style, &texts)));
                self.header_value(name, text)
            }
            Place::Cookie => {
                let text = value.and_then(|texts| in_cookie(name, style, &texts));
                self.cookie_text(name, text)
            }
        }
    }

    /// Requires that the query has exactly the pairs of this text, among its pairs with the names in the text. Without a
    /// text, requires that the query has no parameter of this name.
    fn query_text(self, name: &str, text: Option<&str>) -> Self {
        let Some(text) = text else {
            return self.map(|when| when.query_param_missing(name));
        };
        let pairs: Vec<(String, String)> = text.split('&').map(decoded_pair).collect();
        let mut when = self;
        for (name, value) in &pairs {
            // The description that httpmock prints if no mock matches.
            when = when.map(|when| when.query_param(name, value));
        }
        when.map(|when| {
            when.is_true(move |request| {
                let sent = request.query_params();
                pairs.iter().all(|(name, _)| {
                    let of_name = |pair: &&(String, String)| pair.0 == *name;
                    sent.iter().filter(of_name).eq(pairs.iter().filter(of_name))
                })
            })
        })
    }

    fn cookie_text(self, name: &str, text: Option<String>) -> Self {
        let prefix = format!("{name}=");
        self.map(|when| {
            when.is_true(move |request| {
                let headers = request.headers_vec();
                let cookies = headers
                    .iter()
                    .filter(|(name, _)| name.eq_ignore_ascii_case("cookie"));
                let cookies = cookies.flat_map(|(_, value)| value.split("; "));
                let mut sent = cookies.filter(|cookie| cookie.starts_with(&prefix));
                sent.next() == text.as_deref()
            })
        })
    }

    pub(crate) fn header_value(self, name: &str, value: Option<String>) -> Self {
        self.map(|when| match value {
            Some(value) => when.header(name, value),
            None => when.header_missing(name),
        })
    }

    pub(crate) fn json_body<T: Serialize + ?Sized>(self, body: Option<&T>) -> Self {
        match body {
            Some(body) => self.map(|when| when.json_body(encoded(body, O::INFO.id))),
            None => self.raw_body(None),
        }
    }

    pub(crate) fn raw_body(self, body: Option<&[u8]>) -> Self {
        let body = body.unwrap_or_default().to_owned();
        self.map(|when| when.is_true(move |request| request.body_ref() == body))
    }

    fn map(self, more: impl FnOnce(httpmock::When) -> httpmock::When) -> Self {
        Self {
            inner: more(self.inner),
            operation: PhantomData,
        }
    }
}

impl<O: Operation> Then<O> {
    /// Returns httpmock's own responder with the response so far, for responses that the contract does not describe.
    pub fn into_inner(self) -> httpmock::Then {
        self.inner
    }

    /// Answers with an error of the API: this status, and a body with this message in the form that the API uses.
    ///
    /// # Panics
    /// Panics if the status is not between 400 and 599.
    pub fn error(self, status: u16, message: &str) -> Self {
        let body = ApiError {
            status: Some(status),
            message: Some(message.to_owned()),
            ..ApiError::default()
        };
        assert!(
            (400..600).contains(&status),
            "the mock of {} has the status {status}, which is not an error",
            O::INFO.id
        );
        self.json(status, &body)
    }

    pub(crate) fn json<T: Serialize + ?Sized>(self, status: u16, body: &T) -> Self {
        let body = encoded(body, O::INFO.id);
        self.map(|then| {
            then.status(status)
                .header("content-type", "application/json")
                .json_body(body)
        })
    }

    pub(crate) fn json_or_empty<T: Serialize + ?Sized>(
        self,
        status: u16,
        body: Option<&T>,
    ) -> Self {
        match body {
            Some(body) => self.json(status, body),
            None => self.empty(status),
        }
    }

    pub(crate) fn raw(self, status: u16, content_type: &str, body: impl AsRef<[u8]>) -> Self {
        self.map(|then| {
            then.status(status)
                .header("content-type", content_type)
                .body(body)
        })
    }

    pub(crate) fn empty(self, status: u16) -> Self {
        self.map(|then| then.status(status))
    }

    /// Returns the status, if it is a success.
    pub(crate) fn success_status(status: u16) -> u16 {
        assert!(
            (200..300).contains(&status),
            "the mock of {} has the status {status}, which is not a success",
            O::INFO.id
        );
        status
    }

    fn map(self, more: impl FnOnce(httpmock::Then) -> httpmock::Then) -> Self {
        Self {
            inner: more(self.inner),
            operation: PhantomData,
        }
    }
}

#[cfg(test)]
mod tests;
