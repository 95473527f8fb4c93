//! Calling any operation with values that are known at run time.
//!
//! The table of all operations is generated. It does not contain the expected requests and results, so
//! that the tests can compare it with the contract.

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};
use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;

use qovery_api::{Binary, Call, Client, Error, Operation, ResponseFormat};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// How one operation is called, and the types of its bodies.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// `operationId` of the contract.
    pub id: &'static str,
    /// Calls the method of the operation.
    pub call: fn(&Client, &Given) -> Result<Pending, String>,
    /// The type of the body of the request, if it is JSON.
    pub body: Option<Model>,
    /// The type of the body of the response, if it is JSON.
    pub output: Option<Model>,
}

/// A call that was started.
pub type Pending = Pin<Box<dyn Future<Output = Result<Response, Error>> + Send>>;

/// The result of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The decoded body, encoded again.
    pub body: Value,
}

/// The values for a call.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// The values of parameters by location and name, such as `query startId`.
    pub values: BTreeMap<String, Value>,
    /// The body of the request.
    pub body: Value,
}

impl Given {
    /// The value of a parameter.
    ///
    /// # Errors
    /// Returns an error if there is no value, or none of this type.
    pub fn value<T: DeserializeOwned>(&self, name: &str) -> Result<T, String> {
        let value = self
            .values
            .get(name)
            .ok_or_else(|| format!("no value for {name}"))?;
        T::deserialize(value).map_err(|error| format!("{name} does not take {value}: {error}"))
    }

    /// The body of the request, decoded as strictly as the type says.
    ///
    /// # Errors
    /// Returns an error if it is not of this type.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, String> {
        T::deserialize(&self.body).map_err(|error| format!("the body does not fit: {error}"))
    }

    /// The body of the request as text.
    ///
    /// # Errors
    /// Returns an error if it is not text.
    pub fn body_text(&self) -> Result<String, String> {
        self.body
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| "the body is not text".to_owned())
    }
}

/// Called when a call has decoded its response, before the response is encoded again.
pub static ON_DECODED: OnceLock<fn()> = OnceLock::new();

fn note_decoded() {
    if let Some(note) = ON_DECODED.get() {
        note();
    }
}

/// Sends a call.
pub fn sent<O>(call: Call<O>) -> Pending
where
    O: Operation<Output: Serialize>,
{
    Box::pin(async move {
        let response = call.response().await?;
        note_decoded();
        let status = response.status.as_u16();
        let body = serde_json::to_value(response.body).expect("models can be encoded");
        Ok(Response { status, body })
    })
}

/// Sends a call that yields bytes.
pub fn sent_bytes<O>(call: Call<O>) -> Pending
where
    O: Operation<Output: AsRef<[u8]>, Format = Binary>,
    Binary: ResponseFormat<O::Output>,
{
    Box::pin(async move {
        let response = call.response().await?;
        note_decoded();
        let status = response.status.as_u16();
        let text = String::from_utf8_lossy(response.body.as_ref()).into_owned();
        Ok(Response {
            status,
            body: Value::from(text),
        })
    })
}

/// A type of the client that is read from JSON or written as JSON.
#[derive(Debug, Clone, Copy)]
pub struct Model {
    /// The name of the type.
    pub name: fn() -> &'static str,
    /// Decodes like the client decodes a response, encodes again, and formats with `Debug`.
    pub read: fn(&[u8]) -> Result<Reading, qovery_api::DecodeError>,
    /// The same, as a client with strict decoding.
    pub read_strictly: fn(&[u8]) -> Result<Reading, qovery_api::DecodeError>,
}

/// The result of decoding a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The value, encoded again.
    pub json: Value,
    /// The encoded value as text.
    pub text: String,
    /// The output of `Debug`.
    pub debug: String,
}

impl Model {
    /// The model of a type.
    pub const fn of<T: DeserializeOwned + Serialize + Debug>() -> Self {
        Self {
            name: std::any::type_name::<T>,
            read: |body| qovery_api::decode(body).map(reading::<T>),
            read_strictly: |body| qovery_api::decode_strictly(body).map(reading::<T>),
        }
    }
}

fn reading<T: Serialize + Debug>(value: T) -> Reading {
    let text = serde_json::to_string(&value).expect("models can be encoded");
    Reading {
        json: qovery_api::decode(text.as_bytes()).expect("it was just encoded"),
        text,
        debug: format!("{value:?}"),
    }
}

/// A conversion from a response to the request that replaces the object.
#[derive(Debug, Clone, Copy)]
pub struct Edit {
    /// The name of the response's type.
    pub from: &'static str,
    /// The name of the request's type.
    pub to: &'static str,
    /// The full name of the response's type, as [`Model::name`] gives it.
    pub source: fn() -> &'static str,
    /// The full name of the request's type.
    pub target: fn() -> &'static str,
    /// Decodes a response, converts it, and encodes the request.
    pub convert: fn(&[u8]) -> Result<String, String>,
}

impl Edit {
    /// The conversion between two types.
    pub const fn between<F, T>(from: &'static str, to: &'static str) -> Self
    where
        F: DeserializeOwned,
        T: TryFrom<F, Error: Display> + Serialize,
    {
        Self {
            from,
            to,
            source: std::any::type_name::<F>,
            target: std::any::type_name::<T>,
            convert: convert::<F, T>,
        }
    }
}

fn convert<F, T>(body: &[u8]) -> Result<String, String>
where
    F: DeserializeOwned,
    T: TryFrom<F, Error: Display> + Serialize,
{
    let response: F = qovery_api::decode(body).map_err(|error| error.to_string())?;
    let request = T::try_from(response).map_err(|error| error.to_string())?;
    Ok(serde_json::to_string(&request).expect("models can be encoded"))
}
