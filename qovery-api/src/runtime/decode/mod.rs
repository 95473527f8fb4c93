//! Decoding what the API sends, with as much patience as is safe.
//!
//! A document that fits its type is read straight from the bytes. Only one that does not is read
//! again, slowly: integers may come as `1.0`, `null` may stand for an empty list or map or an object
//! without fields, a list of one object for the object, and what is still wrong is reported with the
//! path to the field. What a document may become is [bounded](budget). Not for requests: those are
//! strict.

pub(crate) mod budget;
mod deserializer;
mod error;
mod fault;
mod variant;

pub use error::DecodeError;
pub(crate) use fault::Fault;

use serde::de::DeserializeOwned;
use serde_json::Value;

use deserializer::ValueDeserializer;

/// Decodes a JSON document the way the client decodes a response.
///
/// Unknown fields are ignored, `null` stands for an empty list or map and for an object all of whose
/// fields may be absent, a list of one object stands for the object, and an integer may be written as
/// `1.0`.
///
/// ```
/// let numbers: Vec<u32> = qovery_api::decode(b"[1, 2.0]")?;
/// assert_eq!(numbers, [1, 2]);
///
/// let error = qovery_api::decode::<Vec<u32>>(b"[1, true]").unwrap_err();
/// assert_eq!(error.path(), "[1]");
/// # Ok::<(), qovery_api::DecodeError>(())
/// ```
///
/// # Errors
/// Returns an error if the document is not JSON or does not fit the type: the error says where and
/// what. Returns an error with [`is_too_large`](DecodeError::is_too_large) if the decoded document
/// would take more than 448 MiB of memory, the default of
/// [`ClientBuilder::decoded_limit`](super::ClientBuilder::decoded_limit).
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
    let limit = budget::limit();
    let too_large = || DecodeError::too_large(limit);
    let values = budget::weigh(body, limit).ok_or_else(too_large)?;
    let account = budget::Account::open(limit - values);
    let outcome = decode_patiently(body);
    if account.is_overdrawn() {
        return Err(too_large());
    }
    outcome
}

fn decode_patiently<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
    let before = budget::balance();
    // Checking the whole body for UTF-8 at once is quicker than each text in it.
    if let Ok(text) = std::str::from_utf8(body)
        && let Ok(value) = serde_json::from_str(text)
    {
        return Ok(value);
    }
    budget::restore(before);
    let value = parse(body)?;
    from_value(&value).map_err(|fault| DecodeError::from(*fault))
}

/// Reads a document without a type. The depth that is accepted is bounded by serde_json.
fn parse(body: &[u8]) -> Result<Value, DecodeError> {
    let text = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    serde_json::from_slice(text).map_err(|error| DecodeError::syntax(body, &error))
}

/// Decodes a document that was read without a type, with patience.
pub(crate) fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, Box<Fault>> {
    T::deserialize(ValueDeserializer::lenient(value)).map_err(Box::new)
}

/// Decodes a document that was read without a type, without patience.
pub(crate) fn from_value_strictly<T: DeserializeOwned>(value: &Value) -> Result<T, Box<Fault>> {
    T::deserialize(ValueDeserializer::strict(value)).map_err(Box::new)
}

#[cfg(test)]
mod tests;
