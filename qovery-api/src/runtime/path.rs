//! Encodes path parameters, so that no value can reach another endpoint.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;
use percent_encoding::{AsciiSet, percent_decode_str, utf8_percent_encode};
use reqwest::Url;

use super::{
    parameter::{Style, Texts, expand},
    percent::RESERVED,
    printable::is_invisible,
};

/// How many times a value may be encoded: several proxies and servers may each decode it once.
const DECODINGS: usize = 8;

/// Characters that servers treat as a separator of segments, or convert into one.
const SEPARATORS: [char; 11] = [
    '/', '\\', '\u{2044}', '\u{2215}', '\u{2216}', '\u{29f8}', '\u{29f9}',
    // Characters that take the place of the backslash in another character set, or look like it.
    '\u{a5}', '\u{20a9}', '\u{20e5}', '\u{29f5}',
];

/// Characters that end the name of a segment for some servers: `;` if the server supports path parameters, `?` and `#`
/// if it decodes the path before it searches for the query.
const ENDS: [char; 3] = [';', '?', '#'];

/// The characters that the text of a template may contain unchanged: those of a path, and encoded text.
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

/// The text of a template between parameters, with spaces and non-ASCII letters encoded.
pub(crate) fn literal(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, LITERAL).into()
}

/// Fills a path template such as `/environment/{environmentId}` with values, in order. A parameter that occurs twice
/// has the same value in both places.
///
/// # Errors
/// Returns an error if a value is refused, or if the number of values is not that of the parameters.
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
    // Each value is one segment. Together, or with the fixed text around them, they may form another one. A
    // segment that begins with a `;` is declared by the contract: values are encoded.
    for segment in path.split('/') {
        if !segment.is_empty() && !segment.starts_with(';') && !is_plain(segment) {
            let read = percent_decode_str(segment).decode_utf8_lossy();
            check(&read).map_err(|problem| format!("a segment of the path {problem}"))?;
        }
    }
    Ok(path)
}

/// The encoded parameter of a path.
///
/// # Errors
/// Returns an error if a text could lead to another path.
pub(crate) fn in_path(name: &str, style: Style, texts: &Texts) -> Result<String, String> {
    if texts.is_empty() {
        return Err("is empty".to_owned());
    }
    // A dot cannot be escaped, because many servers decode it before they read the path.
    let dots_separate = style == Style::Label { explode: true } && !matches!(texts, Texts::One(_));
    if dots_separate && texts.any(|text| text.contains('.')) {
        return Err("contains a dot, which separates the values".to_owned());
    }
    let name = utf8_percent_encode(name, RESERVED).to_string();
    Ok(expand(&name, style, &texts.try_map(segment)?))
}

/// A value that is one segment of a path, or a part of one, encoded.
///
/// # Errors
/// Returns an error if the value may lead to another path.
fn segment(value: &str) -> Result<String, String> {
    // Most values, such as ids, stay as they are.
    if is_plain(value) {
        return Ok(value.to_owned());
    }
    check(value)?;
    Ok(utf8_percent_encode(value, RESERVED).to_string())
}

/// The text before and after the first of these ASCII characters.
fn split(text: &str, mark: u8) -> Option<(&str, &str)> {
    let at = memchr::memchr(mark, text.as_bytes())?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Whether a value, such as an id, is one segment for every server, and needs no encoding.
fn is_plain(value: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !value.is_empty() && value.bytes().all(is_plain)
}

/// Refuses a value that a server, or a proxy before it, may read as another path: after any number of decodings, it has
/// a segment that is empty or means the same or the parent directory.
///
/// | who | reads as |
/// |---|---|
/// | proxies that decode, and decode again | `%2e`, `%252e`, `%2f`, `%5c`, `%u002e` as `.`, `/`, `\\` |
/// | Tomcat, Jetty, Undertow, Spring | `..;`, `..;a=b` as `..`, and `;a=b` as nothing |
/// | IIS and other servers on Windows | `\\` as `/`, and `.. ` or `...` without the last dots and spaces |
/// | servers that normalize Unicode | `．．`, `‥`, `／`, `％２ｅ` as `..`, `/`, `%2e`; invisible characters as nothing |
/// | old decoders | `%c0%ae` as `.`, and ignore the text after a NUL |
///
/// Other text is sent escaped, and so is a `/` between two names.
fn check(value: &str) -> Result<(), &'static str> {
    let mut read = value.to_owned();
    for _ in 0..=DECODINGS {
        if read.is_empty() {
            return Err("is empty");
        }
        if read.chars().any(char::is_control) {
            return Err("contains a control character");
        }
        if read.split(SEPARATORS).any(leads_to_another_path) {
            return Err("contains an empty segment or a dot segment, which leads to another path");
        }
        let next = decode(&read).ok_or("contains percent escapes that are not UTF-8")?;
        if next == read {
            return Ok(());
        }
        read = next;
    }
    Err("is percent-encoded too many times")
}

/// Whether a server could read a segment as dots only, or as empty.
fn leads_to_another_path(segment: &str) -> bool {
    let name = segment.split(ENDS).next().unwrap_or_default();
    name.chars()
        .all(|c| matches!(c, '.' | '\u{3002}') || c.is_whitespace() || is_invisible(c))
}

/// The text after a server has decoded it once more, if the server knows only one form of a character.
fn decode(text: &str) -> Option<String> {
    let decoded = decode_utf16_escapes(text);
    let decoded = percent_decode_str(&decoded).decode_utf8().ok()?;
    if decoded.is_ascii() {
        return Some(decoded.into_owned());
    }
    let visible: String = decoded.chars().filter(|c| !is_invisible(*c)).collect();
    let normalizer = const { ComposingNormalizerBorrowed::new_nfkc() };
    Some(normalizer.normalize(&visible).into_owned())
}

/// `%u002e` and `%U002e`, as IIS decodes them.
fn decode_utf16_escapes(text: &str) -> Cow<'_, str> {
    if !text.contains("%u") && !text.contains("%U") {
        return Cow::Borrowed(text);
    }
    let text = text.replace("%U", "%u");
    let mut parts = text.split("%u");
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let character = part
            .get(..4)
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .and_then(char::from_u32);
        match character {
            Some(character) => {
                decoded.push(character);
                decoded.push_str(part.get(4..).unwrap_or_default());
            }
            None => {
                decoded.push_str("%u");
                decoded.push_str(part);
            }
        }
    }
    Cow::Owned(decoded)
}

/// Joins the base URL and a filled path, and checks that parsing has not changed the path.
///
/// # Errors
/// Returns an error if the URL would not lead to exactly this path under the base URL.
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
        Err(
            "parsing the URL would change the path: check the value of each path parameter"
                .to_owned(),
        )
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
        // Names that differ in case are different parameters.
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
    fn values_that_may_lead_to_another_path_are_refused() {
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
            "/",
            "a/",
            "a//b",
            " ",
            "..;",
            "..;a=b",
            ";a=b",
            "a/..;x/b",
            ".. ",
            "... ",
            "....",
            "a/. ./b",
            "?a",
            "..#a",
            "%2e%2e;a=b",
            "..%3Ba",
            "%25252525252e%25252525252e",
            "%2525252525252525252525252f",
            "%u002e%u002e",
            "%U002E%U002E",
            "..\u{a5}a",
            "a\u{20a9}..",
            "%c2%a5..",
            "..\u{ff65}\u{29f5}..",
            "\u{fe52}\u{fe52}",
            "\u{2024}\u{2024}\u{fe68}a",
            "\u{ff61}\u{ff61}",
            "%e0%80%ae%e0%80%ae",
            "%f0%80%80%ae",
            "%uff0e%uff0e",
            "%%32%65%%32%65",
            "..%09",
            "..%3f",
            "%c0%ae%c0%ae",
            "．．",
            "‥",
            "a／..",
            "％２ｅ％２ｅ",
            ".\u{200b}.",
            "%\u{200b}2e",
            "..\u{a0}",
        ] {
            let problem = only(value).expect_err(value);
            assert!(problem.contains("id"), "{value:?}: {problem}");
        }
    }

    #[test]
    fn values_that_together_lead_to_another_path_are_refused() {
        let two = |a: &str, b: &str| with("/x/{a}{b}/y", &[a, b]);
        assert_eq!(two("a", ".b").unwrap(), "/x/a.b/y");
        assert!(two(".a", "").is_err());
        // Each of these values alone is already refused.
        assert!(two(".", ".").is_err());
        assert!(with("/x/.{a}/y", &[";b"]).is_err());
        assert!(with("/x/%2e{a}/y", &["b"]).is_ok());
        // Declared by the contract.
        let matrix = (Style::Matrix { explode: false }, one("b"));
        assert_eq!(fill("/x/{a}/y", [matrix]).unwrap(), "/x/;a=b/y");
    }

    #[test]
    fn harmless_text_is_sent_unchanged() {
        for value in [
            "..a", "a..", "a;b", "100%", "%zz", "%u12", "a b", "日本", "a?b", "x.y/z.w",
            "5\u{a5}m", "%U12",
        ] {
            let path = only(value).unwrap();
            let sent = path
                .strip_prefix("/a/")
                .and_then(|path| path.strip_suffix("/b"));
            let read = percent_decode_str(sent.unwrap()).decode_utf8().unwrap();
            assert_eq!(read, value);
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
