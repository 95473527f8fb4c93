//! Path parameters, encoded so that a value can never reach another endpoint.
//!
//! Not for queries: see [`query`](super::query).

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use reqwest::Url;

use super::parameter::{Style, Texts, in_path};

/// Everything but the unreserved characters of RFC 3986.
pub(crate) const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// How often a value is decoded in search of a dot segment: proxies and servers in a row may each
/// decode once.
const DECODINGS: usize = 3;

/// What may stand in the text of a template as it is: the characters of a path, and what is encoded
/// already.
const LITERAL: &AsciiSet = &RESERVED
    .remove(b'/')
    .remove(b'%')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// The text of a template between parameters, encoded: blanks and letters beyond ASCII.
pub(crate) fn literal(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, LITERAL).into()
}

/// Fills a path template such as `/environment/{environmentId}` with values, in order. A parameter
/// that stands in it again has the value that it had.
///
/// # Errors
/// Returns an error if a value is refused, or if there are not as many values as parameters.
pub(crate) fn fill(
    template: &str,
    values: impl IntoIterator<Item = (Style, Result<Texts, String>)>,
) -> Result<String, String> {
    let mut path = String::with_capacity(template.len() + 40);
    let mut values = values.into_iter();
    let mut filled: Vec<(&str, String)> = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = split(rest, b'{') {
        let Some((name, after)) = split(after, b'}') else {
            return Err(format!("the path template {template} is malformed"));
        };
        path.push_str(&literal(before));
        match filled.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => path.push_str(text),
            None => {
                let Some((style, texts)) = values.next() else {
                    return Err(format!("no value for the path parameter {name}"));
                };
                let text = texts
                    .and_then(|texts| in_path(name, style, &texts))
                    .map_err(|problem| format!("the path parameter {name} {problem}"))?;
                path.push_str(&text);
                filled.push((name, text));
            }
        }
        rest = after;
    }
    if values.next().is_some() {
        return Err(format!("more values than path parameters in {template}"));
    }
    path.push_str(&literal(rest));
    Ok(path)
}

/// A value that is one segment of a path, or a part of one, encoded.
///
/// # Errors
/// Returns an error if the value may lead to another path.
pub(crate) fn segment(value: &str) -> Result<String, String> {
    // Most values, such as ids, stay as they are.
    if is_plain(value) {
        return Ok(value.to_owned());
    }
    check(value)?;
    Ok(utf8_percent_encode(value, RESERVED).to_string())
}

/// What stands before and after the first of these ASCII characters.
fn split(text: &str, mark: u8) -> Option<(&str, &str)> {
    let at = memchr::memchr(mark, text.as_bytes())?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Whether a value, such as an id, is one segment however it is read, and needs no encoding.
fn is_plain(value: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !value.is_empty() && value.bytes().all(is_plain)
}

/// Refuses what a server, or a proxy before it, may take for another path.
fn check(value: &str) -> Result<(), String> {
    if value.is_empty() {
        return Err("is empty".to_owned());
    }
    let mut decoded = value.to_owned();
    for _ in 0..=DECODINGS {
        if decoded.chars().any(char::is_control) {
            return Err("holds a control character".to_owned());
        }
        if decoded
            .split(['/', '\\'])
            .any(|segment| segment == "." || segment == "..")
        {
            return Err("holds a dot segment, which leads to another path".to_owned());
        }
        let next = percent_decode_str(&decoded)
            .decode_utf8_lossy()
            .into_owned();
        if next == decoded {
            break;
        }
        decoded = next;
    }
    Ok(())
}

/// Joins the base URL and a filled path, and proves that parsing did not normalise any of it away.
///
/// # Errors
/// Where the URL would not lead to exactly this path under the base URL.
pub(crate) fn join(base: &Url, path: &str) -> Result<Url, String> {
    let prefix = base.path().trim_end_matches('/');
    let wanted = match prefix {
        "" => Cow::Borrowed(path),
        prefix => Cow::Owned(format!("{prefix}{path}")),
    };
    let mut url = base.clone();
    url.set_path(&wanted);
    if url.path() == wanted {
        Ok(url)
    } else {
        Err("the path is not kept as it is when the URL is built".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::parameter::one;
    use super::*;

    const SIMPLE: Style = Style::Simple { explode: false };

    fn with(template: &str, values: &[&str]) -> Result<String, String> {
        let values = values.iter();
        fill(template, values.map(|value| (SIMPLE, one(value))))
    }

    fn only(value: &str) -> Result<String, String> {
        with("/a/{id}/b", &[value])
    }

    #[test]
    fn values_fill_the_template_in_order() {
        assert_eq!(with("/a/{x}/b/{y}", &["1", "two"]).unwrap(), "/a/1/b/two");
        assert_eq!(with("/a", &[]).unwrap(), "/a");
        assert_eq!(
            with("/{a}.{b}/{c}:go", &["1", "2", "3"]).unwrap(),
            "/1.2/3:go"
        );
    }

    #[test]
    fn one_value_fills_every_place_of_its_parameter() {
        let template = "/a/{x}/b/{y}/c/{x}";
        assert_eq!(with(template, &["1", "a b"]).unwrap(), "/a/1/b/a%20b/c/1");
        assert!(with(template, &["1", "2", "3"]).is_err());
        // Another spelling is another parameter.
        let other = "/a/{fooBar}/b/{foo_bar}";
        assert_eq!(with(other, &["1", "2"]).unwrap(), "/a/1/b/2");
    }

    #[test]
    fn blanks_and_letters_of_a_template_are_encoded_once() {
        let path = with("/sp ace/é/{id}/%20|/", &["x"]).unwrap();
        assert_eq!(path, "/sp%20ace/%C3%A9/x/%20%7C/");
        let url = join(&Url::parse("https://h.test/v1").unwrap(), &path).unwrap();
        assert_eq!(url.path(), "/v1/sp%20ace/%C3%A9/x/%20%7C/");
    }

    #[test]
    fn reserved_characters_are_escaped() {
        assert_eq!(only("a/b").unwrap(), "/a/a%2Fb/b");
        assert_eq!(only("a%b?c#d e").unwrap(), "/a/a%25b%3Fc%23d%20e/b");
        assert_eq!(only(r"a\b").unwrap(), "/a/a%5Cb/b");
        assert_eq!(only("a;b=é").unwrap(), "/a/a%3Bb%3D%C3%A9/b");
        assert_eq!(only("v1.2..3_x~y-z").unwrap(), "/a/v1.2..3_x~y-z/b");
    }

    #[test]
    fn what_may_lead_elsewhere_is_refused() {
        for value in [
            "",
            ".",
            "..",
            "%2e",
            "%2E%2e",
            ".%2e",
            "%252e%252e",
            "a/../b",
            r"..\b",
            "a%2F..%2Fb",
            "a\nb",
            "a%00b",
            "\u{0}",
        ] {
            let problem = only(value).unwrap_err();
            assert!(problem.contains("id"), "{value:?}: {problem}");
        }
    }

    #[test]
    fn a_wrong_number_of_values_is_refused() {
        assert!(with("/a/{x}", &[]).is_err());
        assert!(with("/a", &["1"]).is_err());
    }

    #[test]
    fn a_base_url_keeps_its_prefix_with_and_without_a_slash() {
        for (base, wanted) in [
            ("https://h.test", "https://h.test/a/b"),
            ("https://h.test/", "https://h.test/a/b"),
            ("https://h.test/v1/x", "https://h.test/v1/x/a/b"),
            ("https://h.test:8443/v1/x/", "https://h.test:8443/v1/x/a/b"),
        ] {
            let url = join(&Url::parse(base).unwrap(), "/a/b").unwrap();
            assert_eq!(url.as_str(), wanted);
        }
    }

    #[test]
    fn a_path_that_parsing_would_change_is_refused() {
        let base = Url::parse("https://h.test/v1").unwrap();
        for path in ["/a/../b", "/a/%2e%2E/b", "/a/./b", r"/a\b", "/a b"] {
            assert!(join(&base, path).is_err(), "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_value_is_refused_or_stays_one_segment(value in "\\PC*|[./%\\\\?# e2E]{0,8}") {
            if let Ok(path) = only(&value) {
                let url = join(&Url::parse("https://h.test/p/").unwrap(), &path).unwrap();
                let segments: Vec<_> = url.path_segments().unwrap().collect();
                prop_assert_eq!(segments.len(), 4);
                prop_assert_eq!((segments[0], segments[1], segments[3]), ("p", "a", "b"));
                let decoded = percent_decode_str(segments[2]).decode_utf8().unwrap();
                prop_assert_eq!(decoded.as_ref(), value.as_str());
                prop_assert!(url.query().is_none() && url.fragment().is_none());
            }
        }
    }
}
