//! Tells a web page from an answer of the API.
//!
//! No operation of the API sends one, whatever the status says: a proxy, a portal or the console has
//! answered, and the API may have seen nothing of the request.

use http::{HeaderMap, header};

use super::headers;

/// Whether the body is a web page: by its beginning, or by its declared type unless it looks like
/// JSON.
pub(crate) fn is_web_page(headers: &HeaderMap, body: &[u8]) -> bool {
    let looks_like_json = || match without_mark(body).trim_ascii_start() {
        [first, ..] => matches!(first, b'{' | b'[' | b'"'),
        // Nothing came, of whatever type.
        [] => true,
    };
    is_body_of_one(body) || is_declared(headers) && !looks_like_json()
}

fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body)
}

fn is_declared(headers: &HeaderMap) -> bool {
    let Some(declared) = headers::text(headers, header::CONTENT_TYPE.as_str()) else {
        return false;
    };
    let media_type = declared.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("text/html")
        || media_type.eq_ignore_ascii_case("application/xhtml+xml")
}

/// Whether the first element of the body is that of a web page, after what may stand before it.
pub(crate) fn is_body_of_one(body: &[u8]) -> bool {
    let mut text = without_mark(body);
    loop {
        text = text.trim_ascii_start();
        let prolog: &[u8] = match text {
            [b'<', b'!', b'-', b'-', ..] => b"-->",
            [b'<', b'?', ..] => b"?>",
            _ => break,
        };
        match memchr::memmem::find(text, prolog) {
            Some(end) => text = text.get(end + prolog.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    ["<!doctype html", "<html", "<head", "<body"]
        .iter()
        .any(|start| {
            let begins = text.get(..start.len());
            begins.is_some_and(|text| text.eq_ignore_ascii_case(start.as_bytes()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(media_type: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, media_type.parse().unwrap());
        headers
    }

    #[test]
    fn a_page_is_told_by_its_beginning_whatever_its_type() {
        for page in [
            "<html>log in",
            "\n<!DOCTYPE html><p>",
            "<HTML lang=en>",
            "\u{feff}<!doctype HTML>",
            "<!-- served by a proxy --><html>",
            "<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC \"\">",
            "<head><title>x</title>",
        ] {
            assert!(is_web_page(&HeaderMap::new(), page.as_bytes()), "{page}");
            assert!(is_web_page(&declared("application/json"), page.as_bytes()));
        }
        for body in [
            "",
            " ",
            "{}",
            "<chart>",
            "<?xml version=\"1.0\"?><chart/>",
            "<!-- ",
            "html",
            "<ht",
        ] {
            assert!(!is_web_page(&HeaderMap::new(), body.as_bytes()), "{body}");
        }
    }

    #[test]
    fn a_page_is_told_by_its_type_unless_it_is_empty_or_json() {
        for media_type in [
            "text/html",
            "Text/HTML; charset=utf-8",
            "application/xhtml+xml",
        ] {
            assert!(is_web_page(&declared(media_type), b"Please log in"));
            assert!(is_web_page(&declared(media_type), b"<p>hello"));
            for body in ["", "\r\n", " {}", "[1]", "\"text\""] {
                assert!(
                    !is_web_page(&declared(media_type), body.as_bytes()),
                    "{body}"
                );
            }
        }
        assert!(!is_web_page(&declared("text/plain"), b"Please log in"));
    }
}
