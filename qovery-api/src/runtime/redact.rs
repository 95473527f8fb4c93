//! Removes the token of a request from all text that a program prints about its outcome.
//!
//! Some proxies and debugging servers repeat a request in their headers or in an error page, and HTTP/2 transfers a
//! text when a connection ends. An error would show the token. Encoders may have written it in another form, which a
//! decoder turns into the token again. Therefore all these forms are searched, and the text is searched again after
//! each decoder. The body of a success is data and is not changed. If an error contains such a body, the token is
//! removed from it.

mod spelling;

use std::{error, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::zeroize::Zeroizing;
use serde_json::{Map, Value};

use super::Printable;
use spelling::Form;

const REPLACEMENT: &[u8] = b"[redacted]";
/// The replacement in a list of numbers, so that the document stays valid.
const NUMBER_REPLACEMENT: &[u8] = b"\"[redacted]\"";
/// A text may have been cut off within the token. A beginning of this length counts as the token.
const BEGINNING: usize = 12;
/// A token shorter than this may be a part of any number or date. The client reads numbers and dates in headers,
/// so such a token is not replaced there.
const SHORT: usize = 6;

/// The token of an `Authorization` header, of any length.
pub(crate) struct Token {
    patterns: Vec<Pattern>,
    is_short: bool,
    /// The characters that a pattern can begin with.
    firsts: [bool; 256],
}

/// A text that represents the token.
struct Pattern {
    text: Zeroizing<Vec<u8>>,
    /// How many of its first characters are enough for a match.
    needed: usize,
    form: Form,
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
        let is_short = token.len() < SHORT;
        let mut patterns = Vec::new();
        if is_short {
            patterns.push(Pattern::new(token.to_vec(), BEGINNING, Form::Exact));
        } else {
            // Names of headers, for example, are written in lower case.
            let folded = token.to_ascii_lowercase();
            patterns.push(Pattern::new(folded, BEGINNING, Form::AnyCase));
            patterns.extend(in_base64(token));
            let dump = token
                .iter()
                .flat_map(|byte| format!("{byte:02x}").into_bytes())
                .collect();
            patterns.push(Pattern::new(dump, 2 * BEGINNING, Form::Dump));
            let list = listed(token, |byte| format!("0x{byte:02x}"));
            patterns.push(Pattern::new(list, 5 * BEGINNING, Form::List));
            let list = listed(token, |byte| byte.to_string());
            patterns.push(Pattern::new(list, 4 * BEGINNING, Form::List));
        }
        let mut firsts = [false; 256];
        for byte in patterns.iter().filter_map(|pattern| pattern.text.first()) {
            for byte in [*byte, byte.to_ascii_uppercase()] {
                if let Some(first) = firsts.get_mut(usize::from(byte)) {
                    *first = true;
                }
            }
        }
        Some(Self {
            patterns,
            is_short,
            firsts,
        })
    }

    /// The text with each occurrence replaced, or `None` if there is none.
    fn replaced(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut found = self.find(text, 0)?;
        let mut clean = Vec::with_capacity(text.len());
        let mut copied = 0;
        loop {
            clean.extend_from_slice(text.get(copied..found.at).unwrap_or_default());
            clean.extend_from_slice(found.replacement());
            copied = found.end;
            match self.find(text, found.end) {
                Some(next) => found = next,
                None => break,
            }
        }
        clean.extend_from_slice(text.get(copied..).unwrap_or_default());
        Some(clean)
    }

    /// The next occurrence of the token.
    fn find(&self, text: &[u8], from: usize) -> Option<Found> {
        let mut candidates = text.iter().enumerate().skip(from);
        candidates.find_map(|(at, byte)| {
            if !self.may_begin(text, at, *byte) {
                return None;
            }
            let found = self.patterns.iter().filter_map(|pattern| {
                let end = pattern.end_in(text, at)?;
                let form = pattern.form;
                Some(Found { at, end, form })
            });
            found.max_by_key(|found| found.end)
        })
    }

    /// Whether the character at `at`, perhaps written as an escape, begins a pattern. Checks all patterns at once,
    /// because reading an escape takes time.
    fn may_begin(&self, text: &[u8], at: usize, byte: u8) -> bool {
        let is_first = |byte: u8| self.firsts.get(usize::from(byte)) == Some(&true);
        is_first(byte)
            || spelling::INTRODUCERS.contains(&byte)
                && spelling::characters(text, at).any(|c| u8::try_from(c).is_ok_and(is_first))
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

    /// Removes the token from every text of a document, names included.
    pub(crate) fn clean_json(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.clean_text(text),
            // The bytes of the token.
            Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_number) => {
                if self
                    .cleaned(&Value::Array(items.clone()).to_string())
                    .is_some()
                {
                    *items = vec![Value::from("[redacted]")];
                }
            }
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
        let names = headers.keys();
        let shown = names.filter(|name| !self.is_short && self.replaced(name.as_ref()).is_some());
        let shown: Vec<HeaderName> = shown.cloned().collect();
        for name in shown {
            headers.remove(name);
            let name = HeaderName::from_static("x-redacted");
            headers.append(name, HeaderValue::from_static("[redacted]"));
        }
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

    /// The same cause, or its innermost text without the token if any part of it contains the token.
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

/// An occurrence of the token in a text.
struct Found {
    at: usize,
    end: usize,
    form: Form,
}

impl Found {
    /// The text that replaces it.
    fn replacement(&self) -> &'static [u8] {
        match self.form {
            Form::List => NUMBER_REPLACEMENT,
            Form::Exact | Form::AnyCase | Form::Dump => REPLACEMENT,
        }
    }
}

impl Pattern {
    fn new(text: Vec<u8>, beginning: usize, form: Form) -> Self {
        let needed = text.len().min(beginning);
        let text = Zeroizing::new(text);
        Self { text, needed, form }
    }

    /// The end of the occurrence that begins at `at`, if there is one.
    fn end_in(&self, text: &[u8], at: usize) -> Option<usize> {
        spelling::matched(text, at, &self.text, self.needed, self.form)
    }
}

/// The bytes of the token as a list of numbers, without spaces.
fn listed(token: &[u8], number: fn(u8) -> String) -> Vec<u8> {
    let numbers: Vec<String> = token.iter().map(|byte| number(*byte)).collect();
    numbers.join(",").into_bytes()
}

/// The characters of base64 that depend only on the token, for any text before and after it.
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
            patterns.push(Pattern::new(for_urls, beginning, Form::Exact));
        }
        patterns.push(Pattern::new(text.to_vec(), beginning, Form::Exact));
    }
    patterns
}

/// The same cause, or its innermost text in printable form if any text of it could control a terminal.
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

/// Whether a header contains only a number or a date.
fn is_number_or_date(value: &HeaderValue) -> bool {
    value.to_str().is_ok_and(|text| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
            || httpdate::parse_http_date(text).is_ok()
    })
}

/// The replacement for a cause that contained the token.
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
    fn the_rest_of_a_token_that_was_cut_off_is_replaced() {
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
    fn a_token_is_found_in_every_encoding() {
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
            TOKEN.replace('c', "c\r\n    "),
            TOKEN.replace('c', "c\\n  "),
            TOKEN.replace('c', "c<wbr>").replace("&", "<BR />&"),
            TOKEN.replace('c', "c&shy;").replace("&", "&amp;"),
            TOKEN.to_uppercase(),
            percent.to_uppercase(),
            format!("{TOKEN:?}"),
            format!("{:?}", TOKEN.as_bytes()),
            format!("{:#?}", TOKEN.as_bytes()),
            serde_json::to_string(TOKEN.as_bytes()).unwrap(),
            format!("{:#04x?}", TOKEN.as_bytes()),
            per_byte(|byte| format!("{byte:02x} ")),
            per_byte(|byte| format!("{byte:02X}:")),
            per_byte(|byte| format!("{byte:02x}-")),
            per_byte(|byte| format!("0x{byte:02X}, ")),
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
    fn a_text_made_for_slow_matching_is_searched_quickly() {
        const LENGTH: usize = 10_000;
        let token = Token::of(&HeaderValue::from_static("Token qov_0123456789")).unwrap();
        for atom in [
            "%",
            "%25",
            "%25%32%35",
            "&",
            "&amp;",
            "&amp;amp;amp;",
            "&#x26;",
            "&#38;#38;",
            "\\",
            "\\u005c",
            "\\u{5c}",
            "=",
            "=3D",
            "=3d3D",
            "%u0025",
            "q",
            "qo",
            "q%0a",
            "q\u{200b}",
            "q<br>",
            "q=\n",
            "71 ",
            "113, ",
            "0x71, ",
            "7",
            "1",
            "cW92",
            "q&#10;",
            "\\n",
            "&zwnj;",
        ] {
            for first in ["", "q", "qov_", "71", "113"] {
                let text = first.to_owned() + &atom.repeat(LENGTH / atom.len());
                let begun = std::time::Instant::now();
                let _clean = token.cleaned(&text);
                // Linear matching takes far less time than this, and quadratic matching far more.
                let took = begun.elapsed();
                assert!(took.as_secs() < 10, "{first}{atom}: {took:?}");
            }
        }
    }

    #[test]
    fn a_document_that_lists_the_bytes_of_the_token_stays_valid() {
        let token = Token::of(&HeaderValue::from_static("Token qov_0123456789")).unwrap();
        let bytes = serde_json::json!({"detail": "d", "data": b"qov_0123456789", "n": [113, 111]});
        let clean = token.cleaned(&bytes.to_string()).unwrap();
        let wanted = serde_json::json!({"detail": "d", "data": ["[redacted]"], "n": [113, 111]});
        assert_eq!(serde_json::from_str::<Value>(&clean).unwrap(), wanted);
        let mut value = bytes;
        token.clean_json(&mut value);
        assert_eq!(value, wanted);
    }

    #[test]
    fn the_name_of_a_header_does_not_show_the_token() {
        let token = Token::of(&HeaderValue::from_static("Token Qov_0123456789")).unwrap();
        let mut headers = HeaderMap::new();
        headers.append("x-qov_0123456789-a", HeaderValue::from_static("1"));
        headers.append("qov_0123456789", HeaderValue::from_static("2"));
        headers.append("x-other", HeaderValue::from_static("3"));
        token.clean_headers(&mut headers);
        assert!(
            !format!("{headers:?}").contains("0123456789"),
            "{headers:?}"
        );
        assert_eq!(headers.get_all("x-redacted").iter().count(), 2);
        assert_eq!(headers["x-other"], "3");
    }

    #[test]
    fn text_that_only_looks_like_an_escape_is_unchanged() {
        let authorization = "Token qov_0123456789";
        for text in [
            "100%",
            "%%%2",
            "\\",
            "&amp &; &#; &#x;",
            "==",
            "\\u00",
            "%25%25%25",
            "[113, 111, 118, 95, 48]",
            "71:6f:76:5f:30 qov_01 <br> 2345",
            "QOV_0123456",
        ] {
            assert_eq!(cleaned(text, authorization), text);
        }
    }

    #[test]
    fn a_short_token_does_not_damage_numbers_and_dates_of_headers() {
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
