//! Removes the token of a request from all text that a program prints about its outcome.
//!
//! Some proxies and debugging servers repeat a request in their headers or in an error page, and HTTP/2
//! transfers a text when a connection ends. An error would show the token. Encoders may have written it in
//! another form, which a decoder turns into the token again. Therefore the token is searched for in all these
//! forms, and once more after each decoder. The body of a success is data and does not change; an error that
//! holds such a body holds it without the token.

mod spelling;

use std::{error, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use secrecy::zeroize::Zeroizing;
use serde_json::{Map, Value};

use super::Printable;

const INSTEAD: &[u8] = b"[redacted]";
/// A text may have been cut within the token. A beginning of this length is a token.
const BEGINNING: usize = 12;
/// Shorter ones are found in any number and any date, which the client reads.
const SHORT: usize = 6;

/// The token of an `Authorization` header, of any length.
pub(crate) struct Token {
    patterns: Vec<Pattern>,
    is_short: bool,
    /// The bytes that can begin a spelling.
    begins: [bool; 256],
}

/// A text that stands for the token.
struct Pattern {
    text: Zeroizing<Vec<u8>>,
    /// How much of it is enough.
    needed: usize,
}

impl Token {
    /// `None` if the header holds no token.
    pub(crate) fn of(authorization: &HeaderValue) -> Option<Self> {
        let bytes = authorization.as_bytes();
        let blank = memchr::memchr(b' ', bytes);
        let token = bytes
            .get(blank.map_or(0, |blank| blank + 1)..)?
            .trim_ascii();
        if token.is_empty() {
            return None;
        }
        let mut patterns = vec![Pattern::new(token.to_vec(), BEGINNING)];
        if token.len() >= SHORT {
            patterns.extend(in_base64(token));
            for text in [in_hexadecimal(token, false), in_hexadecimal(token, true)] {
                patterns.push(Pattern::new(text, 2 * BEGINNING));
            }
        }
        let mut begins = [false; 256];
        let firsts = patterns.iter().filter_map(|pattern| pattern.text.first());
        for byte in firsts.chain(&spelling::INTRODUCERS) {
            if let Some(begins) = begins.get_mut(usize::from(*byte)) {
                *begins = true;
            }
        }
        Some(Self {
            patterns,
            is_short: token.len() < SHORT,
            begins,
        })
    }

    /// The text with each occurrence replaced, or `None` if there is none.
    fn replaced(&self, text: &[u8]) -> Option<Vec<u8>> {
        let (mut at, mut end) = self.find(text, 0)?;
        let mut clean = Vec::with_capacity(text.len());
        let mut copied = 0;
        loop {
            clean.extend_from_slice(text.get(copied..at).unwrap_or_default());
            clean.extend_from_slice(INSTEAD);
            copied = end;
            match self.find(text, end) {
                Some(next) => (at, end) = next,
                None => break,
            }
        }
        clean.extend_from_slice(text.get(copied..).unwrap_or_default());
        Some(clean)
    }

    /// Where the next spelling of the token begins and ends.
    fn find(&self, text: &[u8], from: usize) -> Option<(usize, usize)> {
        let candidates = text.iter().enumerate().skip(from).filter(|(_, byte)| {
            let begins = self.begins.get(usize::from(**byte));
            begins.copied().unwrap_or_default()
        });
        candidates
            .filter_map(|(at, _)| {
                let ends = self
                    .patterns
                    .iter()
                    .filter_map(|pattern| pattern.end_in(text, at));
                Some((at, ends.max()?))
            })
            .next()
    }

    fn cleaned(&self, text: &str) -> Option<String> {
        let clean = self.replaced(text.as_bytes())?;
        Some(String::from_utf8_lossy(&clean).into_owned())
    }

    pub(crate) fn clean_text(&self, text: &mut String) {
        if let Some(clean) = self.cleaned(text) {
            *text = clean;
        }
    }

    /// Cleans every text of a document, names included.
    pub(crate) fn clean_json(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.clean_text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.clean_json(item)),
            Value::Object(fields) => self.clean_fields(fields),
            Value::Number(number) => {
                if let Some(clean) = self.cleaned(&number.to_string()) {
                    *value = Value::String(clean);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    pub(crate) fn clean_fields(&self, fields: &mut Map<String, Value>) {
        let shown: Vec<String> = fields
            .keys()
            .filter(|name| self.cleaned(name).is_some())
            .cloned()
            .collect();
        for mut name in shown {
            if let Some(value) = fields.remove(&name) {
                self.clean_text(&mut name);
                fields.insert(name, value);
            }
        }
        fields.values_mut().for_each(|value| self.clean_json(value));
    }

    pub(crate) fn clean_body(&self, body: &mut Bytes) {
        if let Some(clean) = self.replaced(body) {
            *body = clean.into();
        }
    }

    pub(crate) fn clean_headers(&self, headers: &mut HeaderMap) {
        for value in headers.values_mut() {
            if self.is_short && is_number_or_date(value) {
                continue;
            }
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

impl Pattern {
    fn new(text: Vec<u8>, beginning: usize) -> Self {
        let needed = text.len().min(beginning);
        let text = Zeroizing::new(text);
        Self { text, needed }
    }

    /// The end of the spelling that begins at `at`, if one does.
    fn end_in(&self, text: &[u8], at: usize) -> Option<usize> {
        spelling::matched(text, at, &self.text, self.needed)
    }
}

/// The characters that base64 makes of the token alone, whatever stands before and behind it.
fn in_base64(token: &[u8]) -> Vec<Pattern> {
    let mut patterns = Vec::new();
    for before in 0..3 {
        let mut bytes = Zeroizing::new(vec![0; before]);
        bytes.extend_from_slice(token);
        let text = Zeroizing::new(STANDARD_NO_PAD.encode(&*bytes));
        let own = (before * 8).div_ceil(6)..bytes.len() * 8 / 6;
        let Some(text) = text.as_bytes().get(own) else {
            continue;
        };
        let for_urls: Vec<u8> = text
            .iter()
            .map(|byte| match byte {
                b'+' => b'-',
                b'/' => b'_',
                other => *other,
            })
            .collect();
        let beginning = BEGINNING * 8 / 6;
        if for_urls != text {
            patterns.push(Pattern::new(for_urls, beginning));
        }
        patterns.push(Pattern::new(text.to_vec(), beginning));
    }
    patterns
}

fn in_hexadecimal(token: &[u8], is_upper: bool) -> Vec<u8> {
    let digit = |half: u8| {
        let letters = if is_upper { b'A' } else { b'a' };
        let is_letter = half > 9;
        if is_letter {
            letters + half - 10
        } else {
            b'0' + half
        }
    };
    token
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)])
        .collect()
}

/// The same cause, or its innermost text in printable form if any text of it acts on a terminal.
pub(crate) fn printable_cause(
    cause: Box<dyn error::Error + Send + Sync>,
) -> Box<dyn error::Error + Send + Sync> {
    let mut innermost = String::new();
    let mut is_printable = true;
    let mut next: Option<&(dyn error::Error + 'static)> = Some(&*cause);
    while let Some(error) = next {
        innermost = error.to_string();
        is_printable &= Printable::new(&innermost).to_cow() == innermost;
        next = error.source();
    }
    if is_printable {
        return cause;
    }
    Box::new(Cause(innermost))
}

/// Whether a header holds nothing but a number or a date.
fn is_number_or_date(value: &HeaderValue) -> bool {
    value.to_str().is_ok_and(|text| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
            || httpdate::parse_http_date(text).is_ok()
    })
}

/// The replacement for a cause that showed the token.
struct Cause(String);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Printable::new(&self.0), f)
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Printable::new(&self.0), f)
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
    fn a_token_of_any_length_is_replaced() {
        assert_eq!(cleaned("ab bad", "Token ab"), "[redacted] bad");
        assert_eq!(cleaned("saw abc12!", "Token abc12"), "saw [redacted]!");
        assert_eq!(cleaned("a bad request", "Token "), "a bad request");
        assert_eq!(cleaned("a bad request", ""), "a bad request");
    }

    #[test]
    fn a_token_is_found_in_every_spelling() {
        const TOKEN: &str = "a/b=c&d'e<f+g%3d\\h\"i";
        let header = format!("Token {TOKEN}");
        let header = HeaderValue::from_str(&header).unwrap();
        let token = Token::of(&header).unwrap();
        let per_byte = |write: fn(u8) -> String| TOKEN.bytes().map(write).collect::<String>();
        let entities = TOKEN
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('"', "&quot;");
        let json = serde_json::to_string(TOKEN).unwrap();
        let json = json.trim_matches('"').to_owned();
        let percent =
            percent_encoding::utf8_percent_encode(TOKEN, crate::runtime::percent::RESERVED);
        let percent = percent.to_string();
        let twice =
            percent_encoding::utf8_percent_encode(&percent, crate::runtime::percent::RESERVED);
        let mut spellings = vec![
            TOKEN.to_owned(),
            json.clone(),
            json.replace('/', "\\/"),
            json.replace('/', "\\u002F").replace('<', "\\u003c"),
            serde_json::to_string(&json).unwrap(),
            percent.to_lowercase(),
            twice.to_string(),
            percent.clone(),
            entities.replace('\'', "&apos;").replace('/', "&sol;"),
            entities.replace('\'', "&#39;").replace('/', "&#x2F;"),
            entities.replace('&', "&amp;"),
            serde_json::to_string(&entities).unwrap(),
            per_byte(|byte| format!("%{byte:02x}")),
            per_byte(|byte| format!("\\u{byte:04x}")),
            per_byte(|byte| format!("\\u{byte:04X}")),
            per_byte(|byte| format!("\\\\u{byte:04x}")),
            per_byte(|byte| format!("\\u{{{byte:x}}}")),
            per_byte(|byte| format!("\\x{byte:02x}")),
            per_byte(|byte| format!("\\{byte:03o}")),
            per_byte(|byte| format!("&#{byte};")),
            per_byte(|byte| format!("&#x{byte:04X};")),
            per_byte(|byte| format!("={byte:02X}")),
            per_byte(|byte| format!("{byte:02x}")),
            per_byte(|byte| format!("{byte:02X}")),
            per_byte(|byte| format!("%25{byte:02x}")),
            per_byte(|byte| format!("%u{byte:04x}")),
            per_byte(|byte| format!("{}\0", char::from(byte))),
            per_byte(|byte| format!("{}\u{200b}", char::from(byte))),
            TOKEN.replace('c', "c=\r\n"),
            TOKEN.replace('c', "c\n"),
            format!("{TOKEN:?}"),
        ];
        for before in ["", "T", "Token ", "user:"] {
            let text = STANDARD_NO_PAD.encode(format!("{before}{TOKEN}"));
            let for_urls = text.replace('+', "-").replace('/', "_");
            spellings.extend([text, for_urls]);
        }
        for spelling in spellings {
            let clean = token.cleaned(&format!("it was {spelling} indeed"));
            let clean = clean.unwrap_or_else(|| panic!("{spelling} is not found"));
            assert!(
                clean.starts_with("it was ") && clean.contains("[redacted]"),
                "{clean}"
            );
            let left: usize = clean.len() - "it was [redacted] indeed".len();
            assert!(
                left < 18 && clean.ends_with("indeed"),
                "{spelling}: {clean}"
            );
        }
    }

    #[test]
    fn what_only_looks_like_an_escape_is_left_alone() {
        let authorization = "Token qov_0123456789";
        for text in [
            "100%",
            "%%%2",
            "\\",
            "&amp &; &#; &#x;",
            "==",
            "\\u00",
            "%25%25%25",
        ] {
            assert_eq!(cleaned(text, authorization), text);
        }
    }

    #[test]
    fn a_number_and_a_date_of_a_header_outlast_a_short_token() {
        let token = Token::of(&HeaderValue::from_static("Token 1")).unwrap();
        let mut headers = HeaderMap::new();
        let date = "Tue, 14 Nov 2023 21:13:20 GMT";
        headers.insert("retry-after", HeaderValue::from_static("17"));
        headers.insert("date", HeaderValue::from_static(date));
        headers.insert("x-echo", HeaderValue::from_static("Token 1"));
        token.clean_headers(&mut headers);
        assert_eq!(headers["retry-after"], "17");
        assert_eq!(headers["date"], date);
        assert_eq!(headers["x-echo"], "Token [redacted]");
    }

    #[test]
    fn a_cause_that_acts_on_a_terminal_is_shown_in_printable_form() {
        let kept = printable_cause(Box::new(std::io::Error::other("reset")));
        assert!(kept.downcast_ref::<std::io::Error>().is_some());
        for text in ["a\u{1b}[2Jb", "a\n::error::b", "\u{7f}"] {
            let shown = printable_cause(text.into()).to_string();
            assert_eq!(shown, Printable::new(text).to_string());
        }
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
