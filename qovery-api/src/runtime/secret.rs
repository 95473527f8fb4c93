//! Fields that hold secrets: they are sent and decoded, and never printed.
//!
//! The token of the client is an [`AccessToken`](super::AccessToken).

use std::{borrow::Cow, fmt};

use secrecy::zeroize::Zeroize;
use serde::{Deserialize, Serialize};

/// A secret text in a request or a response.
///
/// It is sent and decoded unchanged, and prints as `[redacted]`. Its memory is overwritten when it is
/// dropped.
///
/// ```
/// use qovery_api::SecretText;
///
/// let password = SecretText::from("hunter2");
/// assert_eq!(format!("{password:?}"), "[redacted]");
/// assert_eq!(password.expose(), "hunter2");
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretText(String);

impl SecretText {
    /// Creates a secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// Returns the secret. Do not log it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns the secret as a plain text, which prints like any other.
    pub fn into_exposed(mut self) -> String {
        std::mem::take(&mut self.0)
    }
}

impl Drop for SecretText {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl From<String> for SecretText {
    fn from(secret: String) -> Self {
        Self(secret)
    }
}

impl From<&str> for SecretText {
    fn from(secret: &str) -> Self {
        Self(secret.to_owned())
    }
}

impl From<&String> for SecretText {
    fn from(secret: &String) -> Self {
        Self(secret.clone())
    }
}

impl From<Box<str>> for SecretText {
    fn from(secret: Box<str>) -> Self {
        Self(secret.into())
    }
}

impl From<Cow<'_, str>> for SecretText {
    fn from(secret: Cow<'_, str>) -> Self {
        Self(secret.into_owned())
    }
}

/// A secret of another type, such as a map of variables.
///
/// It is sent and decoded unchanged, and prints as `[redacted]`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Creates a secret.
    pub const fn new(secret: T) -> Self {
        Self(secret)
    }

    /// Returns the secret. Do not log it.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Returns the secret for changes.
    pub const fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }

    /// Returns the secret as a plain value, which prints like any other.
    pub fn into_exposed(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<T> From<T> for Secret<T> {
    fn from(secret: T) -> Self {
        Self(secret)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::decode;

    #[test]
    fn a_secret_is_created_from_every_type_that_a_string_is_created_from() {
        let text = String::from("s3cret");
        let secrets = [
            SecretText::from(&text),
            SecretText::from(text.as_str()),
            SecretText::from(Cow::Borrowed(text.as_str())),
            SecretText::from(text.clone().into_boxed_str()),
            SecretText::from(text.clone()),
        ];
        assert!(secrets.iter().all(|secret| secret.expose() == text));
    }

    #[test]
    fn a_secret_is_sent_and_decoded_and_never_printed() {
        let text: SecretText = decode(br#""s3cret""#).unwrap();
        assert_eq!(text, "s3cret".into());
        assert_eq!(serde_json::to_string(&text).unwrap(), r#""s3cret""#);
        let map: Secret<BTreeMap<String, String>> = decode(br#"{"a":"s3cret"}"#).unwrap();
        assert_eq!(map.expose()["a"], "s3cret");
        let shown = format!("{text:?} {map:?} {:#?}", Some(&text));
        assert!(!shown.contains("s3cret"), "{shown}");
        assert_eq!(text.into_exposed(), "s3cret");
        assert_eq!(map.into_exposed().len(), 1);
    }
}
