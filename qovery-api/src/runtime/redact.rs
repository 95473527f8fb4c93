//! Keeps the token of a request out of what a program prints of its outcome.
//!
//! Some proxies and debugging servers repeat a request in their headers or their error page, and
//! HTTP/2 carries a text when a connection ends: an error would show it. Not for bodies of
//! successes, which are data and stay as they are; only an error that keeps one keeps it redacted.

use std::{error, fmt};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use memchr::memchr_iter;

const INSTEAD: &[u8] = b"[redacted]";
/// Shorter tokens are none, and would be found in any text.
const SHORTEST: usize = 6;
/// A text may have been cut within the token. A beginning of this length is a token.
const BEGINNING: usize = 12;

/// The token of an `Authorization` header.
pub(crate) struct Token<'a>(&'a [u8]);

impl<'a> Token<'a> {
    /// `None` where the header holds nothing that could be told from other text.
    pub(crate) fn of(authorization: &'a HeaderValue) -> Option<Self> {
        let bytes = authorization.as_bytes();
        let blank = memchr::memchr(b' ', bytes);
        let token = bytes.get(blank.map_or(0, |blank| blank + 1)..)?;
        (token.len() >= SHORTEST).then_some(Self(token))
    }

    /// The text with each occurrence replaced, or `None` where there is none.
    fn replaced(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut at = self.find(text)?;
        let mut clean = Vec::with_capacity(text.len());
        let mut rest = text;
        loop {
            let (before, found) = rest.split_at(at);
            clean.extend_from_slice(before);
            clean.extend_from_slice(INSTEAD);
            let length = found.iter().zip(self.0).take_while(|(a, b)| a == b).count();
            rest = found.get(length..).unwrap_or_default();
            match self.find(rest) {
                Some(next) => at = next,
                None => break,
            }
        }
        clean.extend_from_slice(rest);
        Some(clean)
    }

    /// Where the token begins. A searcher for it would cost more to set up than short texts, such as
    /// headers, take to be looked through.
    fn find(&self, text: &[u8]) -> Option<usize> {
        let beginning = self.0.get(..BEGINNING).unwrap_or(self.0);
        let mut candidates = memchr_iter(*beginning.first()?, text);
        candidates.find(|at| {
            text.get(*at..)
                .is_some_and(|rest| rest.starts_with(beginning))
        })
    }

    pub(crate) fn clean_text(&self, text: &mut String) {
        if let Some(clean) = self.replaced(text.as_bytes()) {
            *text = String::from_utf8_lossy(&clean).into_owned();
        }
    }

    pub(crate) fn clean_body(&self, body: &mut Bytes) {
        if let Some(clean) = self.replaced(body) {
            *body = clean.into();
        }
    }

    pub(crate) fn clean_headers(&self, headers: &mut HeaderMap) {
        for value in headers.values_mut() {
            if let Some(clean) = self.replaced(value.as_bytes()) {
                *value = HeaderValue::from_bytes(&clean)
                    .unwrap_or(HeaderValue::from_static("[redacted]"));
            }
        }
    }

    /// The same cause, or its innermost text without the token where any part of it shows it.
    pub(crate) fn clean_cause(
        &self,
        cause: Box<dyn error::Error + Send + Sync>,
    ) -> Box<dyn error::Error + Send + Sync> {
        let mut shown = String::new();
        let mut innermost = String::new();
        let mut next: Option<&(dyn error::Error + 'static)> = Some(&*cause);
        while let Some(error) = next {
            innermost = error.to_string();
            shown.push_str(&format!("{error} {error:?} "));
            next = error.source();
        }
        if self.replaced(shown.as_bytes()).is_none() {
            return cause;
        }
        self.clean_text(&mut innermost);
        Box::new(Cause(innermost))
    }
}

/// What is left of a cause that showed the token.
struct Cause(String);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl error::Error for Cause {}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: &str, authorization: &'static str) -> String {
        let authorization = HeaderValue::from_static(authorization);
        let mut text = text.to_owned();
        if let Some(token) = Token::of(&authorization) {
            token.clean_text(&mut text);
        }
        text
    }

    #[test]
    fn each_occurrence_is_replaced_and_nothing_else() {
        for (text, clean) in [
            ("qov_s3cret", "[redacted]"),
            ("no token qov_s3cret.", "no token [redacted]."),
            (
                "qov_s3cretqov_s3cret!qov_s3cre",
                "[redacted][redacted]!qov_s3cre",
            ),
            ("nothing of the kind", "nothing of the kind"),
            ("", ""),
        ] {
            assert_eq!(cleaned(text, "Token qov_s3cret"), clean);
        }
        assert_eq!(cleaned("qov_s3cret", "qov_s3cret"), "[redacted]");
    }

    #[test]
    fn a_token_that_was_cut_is_replaced_as_far_as_it_goes() {
        let authorization = "Bearer eyJhbGciOi.eyJzdWIi.c2ln";
        assert_eq!(
            cleaned("said eyJhbGciOi.eyJz…", authorization),
            "said [redacted]…"
        );
        assert_eq!(cleaned("eyJhbGciOi.e", authorization), "[redacted]");
        assert_eq!(cleaned("eyJhbGciOi.", authorization), "eyJhbGciOi.");
    }

    #[test]
    fn a_word_that_is_no_token_is_left_alone() {
        assert_eq!(cleaned("a bad request", "Token a"), "a bad request");
        assert_eq!(cleaned("a bad request", "Token "), "a bad request");
        assert_eq!(cleaned("a bad request", ""), "a bad request");
    }

    #[test]
    fn a_cause_that_shows_the_token_keeps_its_innermost_text() {
        let authorization = HeaderValue::from_static("Token qov_s3cret");
        let token = Token::of(&authorization).unwrap();
        let kept = token.clean_cause("reset".into());
        assert_eq!(kept.to_string(), "reset");
        let clean = token.clean_cause("went away: qov_s3cret".into());
        assert_eq!(
            format!("{clean} {clean:?}"),
            "went away: [redacted] went away: [redacted]"
        );
    }
}
