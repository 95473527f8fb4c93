//! Links to other pages. Only the query of a link is used.
//!
//! The API links to pages by relative URLs whose path is not always right, and a link must not lead
//! a client with a token to another host. So a link is never followed: its page token is extracted and
//! sent with the original call.

use url::form_urlencoded;

/// The content of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Link {
    /// There is no page in this direction.
    Absent,
    /// The token of the page.
    Token(String),
    /// There is a link without a token.
    WithoutToken,
}

/// Extracts the token from a link.
pub(super) fn read(link: Option<&str>, parameter: &str) -> Link {
    let Some(link) = link.map(str::trim).filter(|link| !link.is_empty()) else {
        return Link::Absent;
    };
    let without_fragment = link.split('#').next().unwrap_or_default();
    let query = without_fragment
        .split_once('?')
        .map_or("", |(_, query)| query);
    form_urlencoded::parse(query.as_bytes())
        .find(|(name, value)| name == parameter && !value.is_empty())
        .map_or(Link::WithoutToken, |(_, value)| {
            Link::Token(value.into_owned())
        })
}
