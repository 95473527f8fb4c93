//! What response headers say beyond their text: request ids and when to come back.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::{HeaderMap, header};

/// The first value of a header, where it is text.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let value = headers.get(name)?.to_str().ok()?.trim();
    (!value.is_empty()).then_some(value)
}

/// The id that the server gave the request.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    text(headers, "x-qovery-request-id").or_else(|| text(headers, "x-request-id"))
}

/// How long to wait before asking again, as the server wants it at `now`.
///
/// `Retry-After` in seconds or as a date; without it `X-RateLimit-Reset`, as seconds or as seconds
/// since 1970, where the headers say that nothing is left of the limit or where `limited` is set. A
/// moment that has passed is no wait at all.
pub(crate) fn retry_after(
    headers: &HeaderMap,
    limited: bool,
    now: DateTime<Utc>,
) -> Option<Duration> {
    if let Some(value) = text(headers, header::RETRY_AFTER.as_str()) {
        return seconds(value).or_else(|| {
            let date = httpdate::parse_http_date(value).ok()?;
            // The server's own clock, where it says what it reads: ours may be wrong by hours.
            let now = text(headers, header::DATE.as_str())
                .and_then(|date| httpdate::parse_http_date(date).ok())
                .unwrap_or_else(|| now.into());
            Some(date.duration_since(now).unwrap_or_default())
        });
    }
    let remaining = text(headers, "x-ratelimit-remaining").and_then(seconds);
    if !limited && remaining != Some(Duration::ZERO) {
        return None;
    }
    let reset = seconds(text(headers, "x-ratelimit-reset")?)?;
    // No limit lasts thirty years: a number as large as that is a moment.
    const FIRST_MOMENT: Duration = Duration::from_secs(1_000_000_000);
    if reset > FIRST_MOMENT {
        let now = Duration::from_secs(u64::try_from(now.timestamp()).unwrap_or(0));
        return Some(reset.saturating_sub(now));
    }
    Some(reset)
}

/// A number of seconds, with or without a fraction, as large as it may be.
fn seconds(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    // Only an overflow is left to fail.
    let whole = whole.parse().unwrap_or(u64::MAX);
    let rounded_up = u64::from(fraction.bytes().any(|digit| digit != b'0'));
    Some(Duration::from_secs(whole.saturating_add(rounded_up)))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_str(value).unwrap(),
                )
            })
            .collect()
    }

    fn wait(pairs: &[(&'static str, &str)]) -> Option<u64> {
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        retry_after(&headers(pairs), true, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn the_request_id_is_found_under_either_name() {
        let both = headers(&[("x-request-id", "b"), ("x-qovery-request-id", "a")]);
        assert_eq!(request_id(&both), Some("a"));
        assert_eq!(request_id(&headers(&[("x-request-id", "b")])), Some("b"));
        assert_eq!(request_id(&headers(&[("x-request-id", "")])), None);
    }

    #[test]
    fn retry_after_is_read_in_seconds_and_as_a_date() {
        assert_eq!(wait(&[("retry-after", "17")]), Some(17));
        assert_eq!(wait(&[("retry-after", "1.2")]), Some(2));
        let date = ("retry-after", "Tue, 14 Nov 2023 22:15:20 GMT");
        assert_eq!(wait(&[date]), Some(120));
        let clock = ("date", "Tue, 14 Nov 2023 22:15:00 GMT");
        assert_eq!(wait(&[date, clock]), Some(20));
        assert_eq!(
            wait(&[("retry-after", "Tue, 14 Nov 2000 22:15:20 GMT")]),
            Some(0)
        );
    }

    #[test]
    fn absurd_values_are_neither_a_panic_nor_a_short_wait() {
        let huge = "9".repeat(60);
        assert_eq!(wait(&[("retry-after", &huge)]), Some(u64::MAX));
        for value in ["-1", "soon", "", "1e9", "0x10", "99999-01-01"] {
            assert_eq!(wait(&[("retry-after", value)]), None, "{value}");
        }
    }

    #[test]
    fn the_reset_of_the_rate_limit_is_a_moment_or_seconds() {
        assert_eq!(wait(&[("x-ratelimit-reset", "30")]), Some(30));
        assert_eq!(wait(&[("x-ratelimit-reset", "1700000045")]), Some(45));
        assert_eq!(wait(&[("x-ratelimit-reset", "1600000000")]), Some(0));
        assert_eq!(
            wait(&[("x-ratelimit-reset", "30"), ("retry-after", "5")]),
            Some(5)
        );
    }

    #[test]
    fn the_reset_says_nothing_while_requests_are_left() {
        let now = Utc::now();
        let left = headers(&[("x-ratelimit-reset", "30"), ("x-ratelimit-remaining", "7")]);
        assert_eq!(retry_after(&left, false, now), None);
        let none = headers(&[("x-ratelimit-reset", "30"), ("x-ratelimit-remaining", "0")]);
        assert_eq!(
            retry_after(&none, false, now),
            Some(Duration::from_secs(30))
        );
    }
}
