//! How the body of a successful response becomes a value.

use bytes::Bytes;
use serde::de::DeserializeOwned;

/// Turns the body of a 2xx response into a value.
pub trait ResponseFormat<T> {
    /// The value of the `Accept` header.
    const ACCEPT: &'static str;
    /// Decodes a whole body.
    ///
    /// # Errors
    /// Where the body is not what the contract declares: the text says where and what.
    fn decode(body: &Bytes) -> Result<T, String>;
}

/// A JSON document.
#[derive(Debug)]
pub struct Json;
/// A JSON document, or nothing.
#[derive(Debug)]
pub struct JsonOrEmpty;
/// Text as it is.
#[derive(Debug)]
pub struct Text;
/// Bytes as they are.
#[derive(Debug)]
pub struct Binary;
/// Nothing: whatever the body holds is ignored.
#[derive(Debug)]
pub struct NoContent;

impl<T: DeserializeOwned> ResponseFormat<T> for Json {
    const ACCEPT: &'static str = "application/json";
    fn decode(body: &Bytes) -> Result<T, String> {
        serde_json::from_slice(body).map_err(|e| e.to_string())
    }
}

impl<T: DeserializeOwned> ResponseFormat<Option<T>> for JsonOrEmpty {
    const ACCEPT: &'static str = "application/json";
    fn decode(body: &Bytes) -> Result<Option<T>, String> {
        if body.trim_ascii().is_empty() {
            return Ok(None);
        }
        Json::decode(body).map(Some)
    }
}

impl ResponseFormat<String> for Text {
    const ACCEPT: &'static str = "*/*";
    fn decode(body: &Bytes) -> Result<String, String> {
        String::from_utf8(body.to_vec()).map_err(|e| e.to_string())
    }
}

impl ResponseFormat<Bytes> for Binary {
    const ACCEPT: &'static str = "*/*";
    fn decode(body: &Bytes) -> Result<Bytes, String> {
        Ok(body.clone())
    }
}

impl ResponseFormat<()> for NoContent {
    const ACCEPT: &'static str = "*/*";
    fn decode(_: &Bytes) -> Result<(), String> {
        Ok(())
    }
}
