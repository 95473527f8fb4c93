//! Decodes the responses of the API, as leniently as is safe.
//!
//! A document that fits its type is read directly from the bytes. A document that does not fit is read a
//! second time, more slowly, from its text, as leniently as the [`DecodeMode`] allows. The error has the path to
//! the field that still does not fit. The decoded size of a document is [limited](budget). Requests are
//! decoded strictly.

pub(crate) mod budget;
mod deserializer;
mod error;
mod fault;
mod outline;
mod reserved;
pub(crate) mod text;

use std::borrow::Cow;

pub(crate) use deserializer::{MODEL, SingleField, UNION, decode_subject, union_subject};
pub use error::DecodeError;
pub(crate) use fault::Fault;
pub(crate) use outline::{Outline, Subject, entries};

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use deserializer::TextDeserializer;

/// How a document is decoded, from the least to the most lenient mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DecodeMode {
    /// Exactly as the type requires.
    Exact,
    /// Other spellings of the same value are accepted.
    Strict,
    /// If possible, a part that does not fit is kept unchanged, so that the rest of the document decodes.
    Lenient,
}

/// Decodes a JSON document like a response.
///
/// Unknown fields are kept. `null` is accepted for an empty list or map, and for an object whose fields may
/// all be absent. A list of one object is accepted for the object, and `1.0` for an integer. Other values
/// that do not fit do not fail the document:
///
/// - A fraction for an integer is cut off. A number that is too large becomes the largest of its type. The
///   unchanged number is kept in the extra fields of the model.
/// - A member of a union that does not fit becomes the unknown member of the union, with its JSON and the
///   reason.
/// - Half of a surrogate pair, or a byte that is not UTF-8, becomes U+FFFD in a text. The unchanged text with half
///   of a pair is kept in the extra fields of the model.
///
/// ```
/// let numbers: Vec<u32> = qovery_api::decode(b"[1, 2.0, 3.5]")?;
/// assert_eq!(numbers, [1, 2, 3]);
///
/// let error = qovery_api::decode::<Vec<u32>>(b"[1, true]").unwrap_err();
/// assert_eq!(error.path(), "[1]");
/// # Ok::<(), qovery_api::DecodeError>(())
/// ```
///
/// # Errors
/// Returns an error with the path if the document is not JSON or does not fit the type. Returns an error
/// with [`is_too_large`](DecodeError::is_too_large) if the decoded document would take more than 448 MiB
/// of memory, the default of [`ClientBuilder::decoded_limit`](super::ClientBuilder::decoded_limit). Returns an
/// error if an object has a key that begins with `$serde_json::private::`, which serde_json would not read as a
/// key.
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
    decode_in(body, DecodeMode::Lenient)
}

/// Decodes a JSON document like a response, with [`strict_decoding`](crate::ClientBuilder::strict_decoding).
///
/// Like [`decode`], but a value that does not fit, and that `decode` cuts off, replaces or keeps as an unknown member,
/// is an error. Unknown values of enums and unknown members of unions are accepted.
///
/// ```
/// let numbers: Vec<u32> = qovery_api::decode_strictly(b"[1, 2.0]")?;
/// assert_eq!(numbers, [1, 2]);
/// assert!(qovery_api::decode_strictly::<Vec<u32>>(b"[3.5]").is_err());
/// # Ok::<(), qovery_api::DecodeError>(())
/// ```
///
/// # Errors
/// Returns an error with the path if the document is not JSON or does not fit the type. Returns an error with
/// [`is_too_large`](DecodeError::is_too_large) under the same condition as [`decode`].
pub fn decode_strictly<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
    decode_in(body, DecodeMode::Strict)
}

fn decode_in<T: DeserializeOwned>(body: &[u8], mode: DecodeMode) -> Result<T, DecodeError> {
    if reserved::has_reserved_key(body) {
        return Err(DecodeError::reserved_key());
    }
    let limit = budget::limit();
    let too_large = || DecodeError::too_large(limit);
    let values = budget::estimate(body, limit).ok_or_else(too_large)?;
    let guard = budget::BudgetGuard::new(limit - values);
    let outcome = decode_within(body, mode);
    if guard.is_exceeded() {
        return Err(too_large());
    }
    outcome
}

/// Decodes within the current budget.
fn decode_within<T: DeserializeOwned>(body: &[u8], mode: DecodeMode) -> Result<T, DecodeError> {
    let before = budget::remaining();
    // Checking the whole body for UTF-8 at once is faster than checking each text.
    if let Ok(text) = std::str::from_utf8(body)
        && let Ok(value) = serde_json::from_str(text)
    {
        return Ok(value);
    }
    budget::restore(before);
    let text = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let text = match std::str::from_utf8(text) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) if mode == DecodeMode::Lenient => String::from_utf8_lossy(text),
        Err(error) => return Err(DecodeError::not_text(error)),
    };
    let raw: &RawValue =
        serde_json::from_str(&text).map_err(|error| DecodeError::syntax(body, &error))?;
    T::deserialize(TextDeserializer::new(raw.get(), mode)).map_err(DecodeError::from)
}

#[cfg(test)]
mod tests;
