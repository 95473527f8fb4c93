//! Reads request ids and delays from response headers.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::{HeaderMap, header};

use super::text::one_line;

/// The first value of a header, if it is text.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let value = headers.get(name)?.to_str().ok()?.trim();
    (!value.is_empty()).then_some(value)
}

/// The id that the server gave the request.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    text(headers, "x-qovery-request-id").or_else(|| text(headers, "x-request-id"))
}

/// The error text for a compressed body, which no request asks for.
///
/// A transport that decompresses removes the header.
pub(crate) fn compression(headers: &HeaderMap) -> Option<String> {
    let encoding = text(headers, header::CONTENT_ENCODING.as_str())?;
    let is_compressed = !encoding.eq_ignore_ascii_case("identity");
    is_compressed.then(|| {
        let encoding = one_line(encoding, 40);
        format!("the body is compressed ({encoding}), and the request did not ask for compression")
    })
}

/// The delay before the next request, as the server demands it at `now`.
///
/// The delay is that of `Retry-After`, in seconds or as a date. Without this header it is that of `X-RateLimit-Reset`,
/// if `limited` is set or the headers report that the limit is used up: seconds, a time in seconds or milliseconds
/// since 1970, or a date. A time in the past is a delay of zero.
pub(crate) fn retry_after(
    headers: &HeaderMap,
    limited: bool,
    now: DateTime<Utc>,
) -> Option<Duration> {
    if headers.contains_key(header::RETRY_AFTER) {
        return longest_retry_after(headers, now);
    }
    let remaining = text(headers, "x-ratelimit-remaining").and_then(seconds);
    if !limited && remaining != Some(0) {
        return None;
    }
    let value = text(headers, "x-ratelimit-reset")?;
    match seconds(value) {
        Some(number) => match moment(number) {
            Some(moment) => Some(until(moment, headers, now)),
            None => Some(Duration::from_secs(number)),
        },
        None => Some(until(date(value)?, headers, now)),
    }
}

/// The longest of the demanded delays: each proxy may have added one, as a header or behind a comma. Values
/// that cannot be read are ignored.
fn longest_retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let values = headers.get_all(header::RETRY_AFTER).iter();
    let texts = values.filter_map(|value| value.to_str().ok().map(str::trim));
    let times = texts.filter_map(|text| {
        if let Some(moment) = date(text) {
            return Some(until(moment, headers, now));
        }
        let numbers = text.split(',').filter_map(|part| seconds(part.trim()));
        numbers.max().map(Duration::from_secs)
    });
    times.max()
}

/// The point in time, if the number is too large for a delay.
fn moment(number: u64) -> Option<DateTime<Utc>> {
    // As a delay, this is thirty years, longer than any limit. As a time since 1970, it is a day in 2001.
    const LONGEST_WAIT: u64 = 1_000_000_000;
    // In seconds, this is the year 5138; in milliseconds, a day in 1973.
    const FIRST_MILLISECONDS: u64 = 100_000_000_000;
    let signed = i64::try_from(number).ok()?;
    if number <= LONGEST_WAIT {
        None
    } else if number < FIRST_MILLISECONDS {
        DateTime::from_timestamp(signed, 0)
    } else {
        DateTime::from_timestamp_millis(signed)
    }
}

fn date(text: &str) -> Option<DateTime<Utc>> {
    httpdate::parse_http_date(text).ok().map(DateTime::from)
}

/// The time until a point in time, by the server's clock if the response has a `Date`, because the local clock
/// may be wrong by hours. Fractions of a second are rounded up.
fn until(moment: DateTime<Utc>, headers: &HeaderMap, now: DateTime<Utc>) -> Duration {
    let now = text(headers, header::DATE.as_str())
        .and_then(date)
        .unwrap_or(now);
    let wait = (moment - now).to_std().unwrap_or_default();
    Duration::from_secs(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
}

/// A number of seconds of any size. A fraction is rounded up.
fn seconds(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    // The only remaining error is an overflow.
    let whole: u64 = whole.parse().unwrap_or(u64::MAX);
    let rounded_up = u64::from(fraction.bytes().any(|digit| digit != b'0'));
    Some(whole.saturating_add(rounded_up))
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
    fn of_several_times_the_longest_counts() {
        for (values, wanted) in [
            (&["5", "17"][..], Some(17)),
            (&["17", "5"], Some(17)),
            (&["5, 17"], Some(17)),
            (&["5,", "soon"], Some(5)),
            (&["soon", "5"], Some(5)),
            (&["5", "Tue, 14 Nov 2023 22:15:20 GMT"], Some(120)),
            (&["", "-1"], None),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("retry-after", HeaderValue::from_str(value).unwrap());
            }
            let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
            let wait = retry_after(&headers, true, now).map(|wait| wait.as_secs());
            assert_eq!(wait, wanted, "{values:?}");
        }
    }

    #[test]
    fn extreme_values_cause_neither_a_panic_nor_a_short_delay() {
        let huge = "9".repeat(60);
        assert_eq!(wait(&[("retry-after", &huge)]), Some(u64::MAX));
        for value in ["-1", "soon", "", "1e9", "0x10", "99999-01-01"] {
            assert_eq!(wait(&[("retry-after", value)]), None, "{value}");
        }
    }

    #[test]
    fn the_reset_of_the_rate_limit_is_a_delay_or_a_point_in_time() {
        for (reset, wanted) in [
            // A delay in seconds, of any length.
            ("0", 0),
            ("30", 30),
            ("0.2", 1),
            ("3600", 3600),
            ("60000", 60_000),
            ("2592000", 2_592_000),
            ("1000000000", 1_000_000_000),
            // A point in time, in seconds.
            ("1000000001", 0),
            ("1600000000", 0),
            ("1700000000", 0),
            ("1700000045", 45),
            ("1700000045.5", 46),
            ("99999999999", 98_299_999_999),
            // A point in time, in milliseconds.
            ("100000000000", 0),
            ("1600000000000", 0),
            ("1700000045000", 45),
            ("1700000045001", 46),
            ("1700003600000", 3600),
            // A point in time, as a date.
            ("Tue, 14 Nov 2023 22:15:20 GMT", 120),
            ("Tue, 14 Nov 2000 22:15:20 GMT", 0),
        ] {
            assert_eq!(
                wait(&[("x-ratelimit-reset", reset)]),
                Some(wanted),
                "{reset}"
            );
        }
        assert_eq!(
            wait(&[("x-ratelimit-reset", "30"), ("retry-after", "5")]),
            Some(5)
        );
    }

    #[test]
    fn an_unreadable_reset_is_ignored_and_an_extreme_one_is_not_a_short_delay() {
        for reset in ["", "-1", "soon", "1.7e9", "2023-11-14T22:15:20Z"] {
            assert_eq!(wait(&[("x-ratelimit-reset", reset)]), None, "{reset}");
        }
        for reset in ["9999999999999999", "9".repeat(18).as_str(), &"9".repeat(60)] {
            let long = wait(&[("x-ratelimit-reset", reset)]).unwrap();
            assert!(long > 1_000_000_000, "{reset}: {long}");
        }
    }

    #[test]
    fn a_point_in_time_is_compared_with_the_clock_of_the_server() {
        let an_hour_behind = ("date", "Tue, 14 Nov 2023 21:13:20 GMT");
        for reset in ["1699996445", "1699996445000"] {
            let reset = ("x-ratelimit-reset", reset);
            assert_eq!(wait(&[reset]), Some(0), "{reset:?}");
            assert_eq!(wait(&[reset, an_hour_behind]), Some(45), "{reset:?}");
        }
        let span = ("x-ratelimit-reset", "45");
        assert_eq!(wait(&[span, an_hour_behind]), Some(45));
    }

    #[test]
    fn the_reset_is_ignored_while_requests_are_left() {
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
