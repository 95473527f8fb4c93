//! The conversion of the body of a successful response into a value.

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::{DecodeError, SecretText, decode, decode_strictly, origin};

/// Converts the body of a 2xx response into a value.
pub trait ResponseFormat<T> {
    /// The value of the `Accept` header.
    const ACCEPT: &'static str;
    /// Whether the body is ignored. Default: false.
    const IGNORES_BODY: bool = false;
    /// Decodes a whole body.
    ///
    /// # Errors
    /// Returns an error if the body is not in the format that the contract declares.
    fn decode(body: &Bytes) -> Result<T, DecodeError>;
    /// Decodes a whole body for a client with
    /// [`strict_decoding`](super::Client::strict_decoding). Default: like [`Self::decode`].
    ///
    /// # Errors
    /// Returns an error if the body is not in the format that the contract declares.
    fn decode_strictly(body: &Bytes) -> Result<T, DecodeError> {
        Self::decode(body)
    }
}

/// A JSON document.
#[derive(Debug)]
pub struct Json;
/// A JSON document, or an empty body.
#[derive(Debug)]
pub struct JsonOrEmpty;
/// Text, unchanged. A web page is an error.
#[derive(Debug)]
pub struct Text;
/// Bytes, unchanged.
#[derive(Debug)]
pub struct Binary;
/// No body. Any body is ignored, except a web page, which is an error: it comes from a proxy or another
/// server, and the API has not received the request.
#[derive(Debug)]
pub struct NoContent;

impl<T: DeserializeOwned> ResponseFormat<T> for Json {
    const ACCEPT: &'static str = "application/json";
    fn decode(body: &Bytes) -> Result<T, DecodeError> {
        decode(body)
    }
    fn decode_strictly(body: &Bytes) -> Result<T, DecodeError> {
        decode_strictly(body)
    }
}

impl<T: DeserializeOwned> ResponseFormat<Option<T>> for JsonOrEmpty {
    const ACCEPT: &'static str = "application/json";
    fn decode(body: &Bytes) -> Result<Option<T>, DecodeError> {
        if body.trim_ascii().is_empty() {
            return Ok(None);
        }
        // A `null` in place of an optional document means that there is no document.
        decode(body)
    }
    fn decode_strictly(body: &Bytes) -> Result<Option<T>, DecodeError> {
        if body.trim_ascii().is_empty() {
            return Ok(None);
        }
        decode_strictly(body)
    }
}

impl ResponseFormat<String> for Text {
    const ACCEPT: &'static str = "*/*";
    fn decode(body: &Bytes) -> Result<String, DecodeError> {
        refuse_web_page(body)?;
        match std::str::from_utf8(body) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => Err(DecodeError::not_text(error)),
        }
    }
}

impl ResponseFormat<SecretText> for Text {
    const ACCEPT: &'static str = <Self as ResponseFormat<String>>::ACCEPT;
    fn decode(body: &Bytes) -> Result<SecretText, DecodeError> {
        <Self as ResponseFormat<String>>::decode(body).map(SecretText::from)
    }
}

impl ResponseFormat<Bytes> for Binary {
    const ACCEPT: &'static str = "*/*";
    fn decode(body: &Bytes) -> Result<Bytes, DecodeError> {
        Ok(body.clone())
    }
}

impl ResponseFormat<()> for NoContent {
    const ACCEPT: &'static str = "*/*";
    const IGNORES_BODY: bool = true;
    fn decode(body: &Bytes) -> Result<(), DecodeError> {
        refuse_web_page(body)
    }
}

/// No operation of the API sends a web page, with any status.
fn refuse_web_page(body: &[u8]) -> Result<(), DecodeError> {
    if origin::is_body_of_page(body) {
        return Err(DecodeError::web_page());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<F: ResponseFormat<T>, T>(body: &'static str) -> Result<T, DecodeError> {
        F::decode(&Bytes::from_static(body.as_bytes()))
    }

    #[test]
    fn an_empty_body_is_none_only_if_it_may_be_missing() {
        assert_eq!(with::<JsonOrEmpty, Option<u8>>(" \n").unwrap(), None);
        assert_eq!(with::<JsonOrEmpty, Option<u8>>("null").unwrap(), None);
        assert_eq!(with::<JsonOrEmpty, Option<u8>>("7").unwrap(), Some(7));
        let error = with::<Json, u8>(" ").unwrap_err();
        assert!(error.to_string().contains("empty"), "{error}");
    }

    #[test]
    fn text_and_bytes_are_returned_unchanged() {
        assert_eq!(with::<Text, String>(" a: b\n").unwrap(), " a: b\n");
        assert_eq!(with::<Binary, Bytes>("x").unwrap(), "x");
        let not_text = Bytes::from_static(&[0xff]);
        assert!(<Text as ResponseFormat<String>>::decode(&not_text).is_err());
        assert!(<Text as ResponseFormat<SecretText>>::decode(&not_text).is_err());
        with::<NoContent, ()>("whatever").unwrap();
        with::<NoContent, ()>("").unwrap();
    }

    #[test]
    fn a_web_page_is_not_a_response_of_the_api() {
        for page in ["<html>log in", "\n<!DOCTYPE html><p>", "<HTML >"] {
            assert!(with::<NoContent, ()>(page).unwrap_err().is_syntax());
            assert!(with::<Text, String>(page).unwrap_err().is_syntax());
            assert!(
                with::<JsonOrEmpty, Option<u8>>(page)
                    .unwrap_err()
                    .is_syntax()
            );
        }
        with::<Text, String>("<chart>").unwrap();
    }
}
