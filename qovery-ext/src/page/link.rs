//! Links to other pages, of which only the query counts.
//!
//! The API links to pages by relative URLs whose path is not always right, and a link must not lead
//! a client with a token to another host. So a link is never followed: its token is taken out and
//! sent with the call as it was made.

use url::form_urlencoded;

/// What a link says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Link {
    /// There is no page in this direction.
    Absent,
    /// The token of the page.
    Token(String),
    /// There is a link, and no token in it.
    WithoutToken,
}

/// Takes the token out of a link.
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
