//! The origin of a response: the API, or a system between it and the client.
//!
//! Proxies, firewalls, load balancers and login pages can answer instead of the API, with any status. Their
//! responses are no evidence about the resource. Only this module decides about the origin.

use http::{HeaderMap, StatusCode};

use super::{ApiError, headers};

/// The system that answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The API, according to the response.
    Api,
    /// Another system, with a web page. No operation of the API sends one.
    WebPage,
    /// Another system.
    Other,
}

impl Origin {
    /// The origin of a response that is not a success. The API sends a JSON document with the fields of its errors, or
    /// an empty body with a status that it uses.
    pub(crate) fn of_refusal(
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        parsed: Option<&ApiError>,
    ) -> Self {
        let media = Media::of(headers);
        if is_api_refusal(status, media, body, parsed) {
            Self::Api
        } else if is_page(media, body) || content(body).starts_with(b"<") {
            Self::WebPage
        } else {
            Self::Other
        }
    }

    /// The origin of a success whose body does not fit the contract. The API sends a JSON document of another
    /// shape, a document that was cut off, or an empty body.
    pub(crate) fn of_unreadable(headers: &HeaderMap, body: &[u8]) -> Self {
        let media = Media::of(headers);
        let is_api = match content(body).first() {
            _ if media == Media::Html => false,
            None | Some(b'{' | b'[') => true,
            // A compressed body cannot be inspected.
            Some(_) => media == Media::Json && headers::compression(headers).is_some(),
        };
        if is_api {
            Self::Api
        } else if is_page(media, body) {
            Self::WebPage
        } else {
            Self::Other
        }
    }

    /// The origin of a success whose body fits the contract. If the operation
    /// [ignores](super::ResponseFormat::IGNORES_BODY) the body, the API sends a document or an empty body.
    pub(crate) fn of_success(headers: &HeaderMap, body: &[u8], ignores_body: bool) -> Self {
        let media = Media::of(headers);
        if is_page(media, body) {
            return Self::WebPage;
        }
        let is_api = match (media, content(body).first()) {
            (Media::Html, _) => false,
            (Media::Json, _) | (_, None) => true,
            (Media::Absent, Some(first)) => !ignores_body || matches!(first, b'{' | b'['),
            (Media::Other, Some(_)) => !ignores_body,
        };
        if is_api { Self::Api } else { Self::Other }
    }
}

fn is_api_refusal(
    status: StatusCode,
    media: Media,
    body: &[u8],
    parsed: Option<&ApiError>,
) -> bool {
    // A proxy sends 3xx, 407 and 499, by their definition.
    if !(status.is_client_error() || status.is_server_error())
        || matches!(status.as_u16(), 407 | 499)
    {
        return false;
    }
    if body.trim_ascii().is_empty() {
        // Certain load balancers send statuses above 431.
        return media != Media::Html && (status.is_server_error() || status.as_u16() <= 431);
    }
    matches!(media, Media::Json | Media::Absent)
        && parsed.is_some_and(|error| error.looks_like_api_error(status))
}

/// Whether the body is a web page: according to its beginning, or to its declared type unless it is empty or
/// looks like JSON.
fn is_page(media: Media, body: &[u8]) -> bool {
    let begins_like_json = || matches!(content(body).first(), None | Some(b'{' | b'[' | b'"'));
    is_body_of_page(body) || media == Media::Html && !begins_like_json()
}

/// The body without a byte order mark and leading white space.
fn content(body: &[u8]) -> &[u8] {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    body.trim_ascii_start()
}

/// Whether the body begins with an element of a web page, after comments and declarations.
pub(crate) fn is_body_of_page(body: &[u8]) -> bool {
    let mut text = content(body);
    loop {
        let prolog: &[u8] = match text {
            [b'<', b'!', b'-', b'-', ..] => b"-->",
            [b'<', b'?', ..] => b"?>",
            _ => break,
        };
        match memchr::memmem::find(text, prolog) {
            Some(end) => {
                let rest = text.get(end + prolog.len()..).unwrap_or_default();
                text = rest.trim_ascii_start();
            }
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Media {
    Absent,
    Json,
    Html,
    Other,
}

impl Media {
    fn of(headers: &HeaderMap) -> Self {
        let Some(text) = headers::text(headers, "content-type") else {
            return Self::Absent;
        };
        let essence = text.split(';').next().unwrap_or(text).trim();
        let essence = essence.to_ascii_lowercase();
        match essence.as_str() {
            "application/json" | "text/json" => Self::Json,
            "text/html" | "application/xhtml+xml" => Self::Html,
            other if other.starts_with("application/") && other.ends_with("+json") => Self::Json,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, header};

    use super::*;

    fn of(media: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if !media.is_empty() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(media).unwrap());
        }
        headers
    }

    fn is_refusal(status: u16, media: &str, body: &str) -> bool {
        let parsed = ApiError::parse(body.as_bytes(), None);
        let status = StatusCode::from_u16(status).unwrap();
        Origin::of_refusal(status, &of(media), body.as_bytes(), parsed.as_ref()) == Origin::Api
    }

    #[test]
    fn a_refusal_of_the_api_is_json_with_its_fields_or_nothing() {
        for status in [400, 401, 403, 404, 409, 410, 422] {
            let own = [
                format!(r#"{{"status":{status},"detail":"d"}}"#),
                format!(r#"{{"status":"{status}"}}"#),
                r#"{"detail":"organization does not exist"}"#.to_owned(),
                r#"{"error":"Not Found","message":"m"}"#.to_owned(),
                r#"{"timestamp":"t","path":"/p"}"#.to_owned(),
            ];
            for body in &own {
                for media in [
                    "",
                    "application/json",
                    "Application/JSON; charset=utf-8",
                    "application/problem+json",
                ] {
                    assert!(is_refusal(status, media, body), "{status} {media} {body}");
                }
                for media in ["text/html", "text/plain", "text/html; charset=utf-8"] {
                    assert!(!is_refusal(status, media, body), "{status} {media} {body}");
                }
            }
            for media in ["", "application/json", "text/plain"] {
                assert!(is_refusal(status, media, " \n"), "{status} {media}");
            }
            assert!(!is_refusal(status, "text/html; charset=utf-8", ""));
        }
    }

    #[test]
    fn a_page_a_text_and_the_json_of_a_gateway_are_not_the_apis() {
        for status in [400, 401, 403, 404, 409, 410, 422] {
            for body in [
                "<html>Access denied</html>",
                "default backend - 404",
                "404 page not found",
                "null",
                "[]",
                "\"not found\"",
                "{}",
                r#"{"message":"Forbidden"}"#,
                r#"{"message":"no Route matched with those values","request_id":"1"}"#,
                r#"{"success":false,"errors":[]}"#,
                r#"{"error":{"code":404,"status":"NOT_FOUND"}}"#,
            ] {
                for media in ["", "text/html", "text/plain", "application/json"] {
                    assert!(!is_refusal(status, media, body), "{status} {media} {body}");
                }
            }
        }
        for status in [301, 302, 307, 407, 499] {
            assert!(!is_refusal(status, "", ""), "{status}");
            let body = format!(r#"{{"status":{status},"detail":"d"}}"#);
            assert!(!is_refusal(status, "application/json", &body), "{status}");
        }
        assert!(!is_refusal(460, "", ""), "a load balancer's");
    }

    #[test]
    fn an_unreadable_success_is_the_apis_if_it_is_json_or_empty() {
        for (media, body, own) in [
            ("application/json", r#"{"id":7}"#, true),
            ("", r#"{"id":"#, true),
            ("text/plain", "[]", true),
            ("", "", true),
            ("text/html", "", false),
            ("text/html", r#"{"id":7}"#, false),
            ("", "<html>Sign in", false),
            ("application/json", "<!doctype html>", false),
            ("text/plain", "OK", false),
            ("", "\u{1f}\u{8b}", false),
        ] {
            assert_eq!(
                Origin::of_unreadable(&of(media), body.as_bytes()) == Origin::Api,
                own,
                "{media} {body}"
            );
        }
        let mut compressed = of("application/json");
        compressed.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        let origin = Origin::of_unreadable(&compressed, b"\x1f\x8b");
        assert_eq!(origin, Origin::Api);
    }

    fn is_web_page(media: &str, body: &str) -> bool {
        let origins =
            [true, false].map(|ignores| Origin::of_success(&of(media), body.as_bytes(), ignores));
        assert_eq!(origins[0] == Origin::WebPage, origins[1] == Origin::WebPage);
        origins[0] == Origin::WebPage
    }

    #[test]
    fn a_web_page_is_recognized_by_its_beginning_whatever_its_type() {
        for page in [
            "<html>log in",
            "\n<!DOCTYPE html><p>",
            "<HTML lang=en>",
            "\u{feff}<!doctype HTML>",
            "<!-- served by a proxy --><html>",
            "<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC \"\">",
            "<head><title>x</title>",
        ] {
            assert!(is_web_page("", page), "{page}");
            assert!(is_web_page("application/json", page));
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
            assert!(!is_web_page("", body), "{body}");
        }
    }

    #[test]
    fn a_web_page_is_recognized_by_its_type_unless_it_is_empty_or_json() {
        for media_type in [
            "text/html",
            "Text/HTML; charset=utf-8",
            "application/xhtml+xml",
        ] {
            assert!(is_web_page(media_type, "Please log in"));
            assert!(is_web_page(media_type, "<p>hello"));
            for body in ["", "\r\n", " {}", "[1]", "\"text\""] {
                assert!(!is_web_page(media_type, body), "{body}");
            }
        }
        assert!(!is_web_page("text/plain", "Please log in"));
    }

    #[test]
    fn a_success_that_fits_is_the_apis_unless_its_type_or_an_ignored_body_says_otherwise() {
        for (media, body, if_read, if_ignored) in [
            ("application/json", "{}", true, true),
            ("application/json", "true", true, true),
            ("application/json", "", true, true),
            ("text/plain", "", true, true),
            ("", "", true, true),
            ("", " [1]", true, true),
            ("", "OK", true, false),
            ("text/plain", "OK", true, false),
            ("application/x-yaml", "a: b", true, false),
            ("text/html", "", false, false),
            ("text/html; charset=utf-8", "{}", false, false),
        ] {
            for (ignores, own) in [(false, if_read), (true, if_ignored)] {
                let origin = Origin::of_success(&of(media), body.as_bytes(), ignores);
                let expected = if own { Origin::Api } else { Origin::Other };
                assert_eq!(origin, expected, "{media} {body} {ignores}");
            }
        }
    }

    #[test]
    fn a_refusal_with_markup_is_a_web_page() {
        let of_refusal = |status, media: &str, body: &str| {
            let parsed = ApiError::parse(body.as_bytes(), None);
            let status = StatusCode::from_u16(status).unwrap();
            Origin::of_refusal(status, &of(media), body.as_bytes(), parsed.as_ref())
        };
        for status in [302, 403, 404, 407, 502] {
            for (media, body) in [
                ("", "<html>"),
                (
                    "application/xml",
                    "<Error><Code>AccessDenied</Code></Error>",
                ),
                ("text/html", "denied"),
                ("application/json", "\u{feff} <!doctype html>"),
            ] {
                assert_eq!(
                    of_refusal(status, media, body),
                    Origin::WebPage,
                    "{status} {body}"
                );
            }
            assert_eq!(of_refusal(status, "text/plain", "denied"), Origin::Other);
            assert_eq!(of_refusal(status, "text/html", ""), Origin::Other);
        }
    }
}
