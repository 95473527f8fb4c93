//! An access token and the scheme it is sent with.

use secrecy::SecretString;

/// The word before the token in the `Authorization` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthScheme {
    /// `Token`: API tokens.
    Token,
    /// `Bearer`: JSON web tokens.
    Bearer,
}

/// A token that never shows itself.
#[derive(Debug, Clone)]
pub struct AccessToken {
    _secret: SecretString,
    _scheme: AuthScheme,
}
