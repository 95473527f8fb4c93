//! An access token and its scheme.
//!
//! `qovery-ext` reads tokens from the environment and from files.

use std::fmt;

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};

use super::BuildError;

/// The scheme of the `Authorization` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthScheme {
    /// `Token`: API tokens.
    Token,
    /// `Bearer`: JSON web tokens.
    Bearer,
}

impl AuthScheme {
    /// Returns the scheme as in the header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "Token",
            Self::Bearer => "Bearer",
        }
    }
}

impl fmt::Display for AuthScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// An access token. It is never printed: neither `Debug` nor an error shows it.
///
/// Its memory is overwritten when the last clone is dropped.
///
/// ```
/// use qovery_api::{AccessToken, AuthScheme};
///
/// let token = AccessToken::new("qov_0123456789")?;
/// assert_eq!(token.scheme(), AuthScheme::Token);
/// assert!(!format!("{token:?}").contains("0123456789"));
/// # Ok::<(), qovery_api::BuildError>(())
/// ```
#[derive(Clone)]
pub struct AccessToken {
    secret: SecretString,
    scheme: AuthScheme,
}

impl AccessToken {
    /// Creates a token. The form of the token determines the scheme: a JSON web token (it starts with `eyJ` and
    /// contains two dots) is sent as `Bearer`, any other token as `Token`.
    ///
    /// # Errors
    /// Returns an error if the text is empty, or contains a space or a character that a header cannot hold. The error
    /// does not show the token.
    pub fn new(token: impl Into<String>) -> Result<Self, BuildError> {
        let token = Zeroizing::new(token.into());
        let problem = if token.trim().is_empty() {
            Some("it is empty")
        } else if token.chars().any(char::is_control) {
            Some("it contains a control character, perhaps a line break")
        } else if token.chars().any(char::is_whitespace) {
            Some("it contains a space: pass the token without the scheme before it")
        } else if !token.is_ascii() {
            Some("it contains a character that is not ASCII")
        } else {
            None
        };
        if let Some(problem) = problem {
            return Err(BuildError::token(problem));
        }
        let is_json_web_token = token.starts_with("eyJ") && token.matches('.').count() == 2;
        let scheme = if is_json_web_token {
            AuthScheme::Bearer
        } else {
            AuthScheme::Token
        };
        Ok(Self {
            secret: SecretString::from(token.as_str()),
            scheme,
        })
    }

    /// Returns this token with another scheme.
    #[must_use]
    pub fn with_scheme(mut self, scheme: AuthScheme) -> Self {
        self.scheme = scheme;
        self
    }

    /// Returns the scheme of the token.
    pub fn scheme(&self) -> AuthScheme {
        self.scheme
    }

    /// Returns the text of the token. Do not log it.
    pub fn expose(&self) -> &str {
        self.secret.expose_secret()
    }

    /// Returns the value of the `Authorization` header, marked as sensitive.
    ///
    /// # Errors
    /// Never for a token that [`AccessToken::new`] accepted.
    pub fn header_value(&self) -> Result<HeaderValue, BuildError> {
        let text = Zeroizing::new(format!("{} {}", self.scheme, self.expose()));
        let mut value = HeaderValue::from_str(&text)
            .map_err(|_| BuildError::token("it has a character that is not allowed in headers"))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("secret", &format_args!("[redacted]"))
            .field("scheme", &self.scheme)
            .finish()
    }
}

impl TryFrom<String> for AccessToken {
    type Error = BuildError;

    fn try_from(token: String) -> Result<Self, BuildError> {
        Self::new(token)
    }
}

impl TryFrom<&str> for AccessToken {
    type Error = BuildError;

    fn try_from(token: &str) -> Result<Self, BuildError> {
        Self::new(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_follows_the_form_of_the_token() {
        let scheme = |text: &str| AccessToken::new(text).unwrap().scheme();
        assert_eq!(scheme("qov_abc"), AuthScheme::Token);
        assert_eq!(scheme("sk-qov-01-abc"), AuthScheme::Token);
        assert_eq!(scheme("eyJhbGciOi.eyJzdWIi.c2ln"), AuthScheme::Bearer);
        assert_eq!(scheme("eyJhbGciOi.eyJzdWIi"), AuthScheme::Token);
        assert_eq!(scheme("a.b.c"), AuthScheme::Token);
    }

    #[test]
    fn the_scheme_can_be_set() {
        let token = AccessToken::new("abc").unwrap();
        let token = token.with_scheme(AuthScheme::Bearer);
        assert_eq!(token.header_value().unwrap(), "Bearer abc");
    }

    #[test]
    fn a_malformed_token_is_refused_without_showing_it() {
        for text in [
            "",
            "  ",
            "s3cret\n",
            "s3cret\u{0}",
            "Token s3cret",
            "s3crét",
            "s3cret\u{7f}",
        ] {
            let error = AccessToken::new(text).unwrap_err();
            assert!(error.is_token(), "{text:?}");
            assert!(!format!("{error} {error:?}").contains("s3cr"), "{error}");
        }
    }

    #[test]
    fn debug_shows_neither_the_token_nor_its_header() {
        let token = AccessToken::new("s3cret").unwrap();
        let shown = format!("{token:?} {:?}", token.header_value().unwrap());
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
