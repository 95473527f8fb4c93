//! Whether a response is the API's own, or that of something between it and the client.
//!
//! Proxies, firewalls, load balancers and login pages answer in the API's place, with any status.
//! Their answers say nothing about the resource that was asked for.

use http::{HeaderMap, StatusCode};

use super::{ApiError, headers};

/// Whether a response that is no success is the API's: a JSON document with the fields of the API's
/// errors, or nothing at all with a status that the API uses.
pub(crate) fn is_api_refusal(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    parsed: Option<&ApiError>,
) -> bool {
    // 3xx, 407 and 499 are a proxy's by their meaning.
    if !(status.is_client_error() || status.is_server_error())
        || matches!(status.as_u16(), 407 | 499)
    {
        return false;
    }
    let media = Media::of(headers);
    if body.trim_ascii().is_empty() {
        // Statuses above 431 belong to certain load balancers.
        return media != Media::Html && (status.is_server_error() || status.as_u16() <= 431);
    }
    matches!(media, Media::Json | Media::Absent)
        && parsed.is_some_and(|error| error.is_of_the_api(status))
}

/// Whether a success whose body does not fit the contract is the API's all the same: a JSON document
/// of another shape, one that was cut off, or no body.
pub(crate) fn is_api_success(headers: &HeaderMap, body: &[u8]) -> bool {
    let media = Media::of(headers);
    if media == Media::Html {
        return false;
    }
    match body.trim_ascii_start().first() {
        None | Some(b'{' | b'[') => true,
        // A compressed body cannot be looked at.
        Some(_) => media == Media::Json && headers::compression(headers).is_some(),
    }
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
        is_api_refusal(status, &of(media), body.as_bytes(), parsed.as_ref())
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
    fn an_unreadable_success_is_the_apis_where_it_is_json_or_nothing() {
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
                is_api_success(&of(media), body.as_bytes()),
                own,
                "{media} {body}"
            );
        }
        let mut compressed = of("application/json");
        compressed.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert!(is_api_success(&compressed, b"\x1f\x8b"));
    }
}
