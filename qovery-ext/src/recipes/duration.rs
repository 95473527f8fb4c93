//! Durations, which the API writes as texts.

use std::time::Duration;

use qovery_api::types::{
    DeploymentHistoryEnvironmentV2, DeploymentHistoryService, DeploymentHistoryStage,
};

/// Reads the duration of an entry of the history, which the API returns as a text.
///
/// ```
/// # fn example(entry: &qovery_api::types::DeploymentHistoryEnvironmentV2) {
/// use qovery_ext::recipes::TypedDuration;
///
/// let took: Option<std::time::Duration> = entry.duration();
/// # }
/// ```
pub trait TypedDuration {
    /// Returns the duration so far; `None` if the entry has none, or a text that is not a duration.
    fn duration(&self) -> Option<Duration>;
}

impl TypedDuration for DeploymentHistoryEnvironmentV2 {
    fn duration(&self) -> Option<Duration> {
        parse_duration(&self.total_duration)
    }
}

impl TypedDuration for DeploymentHistoryService {
    fn duration(&self) -> Option<Duration> {
        parse_duration(self.total_duration.as_deref()?)
    }
}

impl TypedDuration for DeploymentHistoryStage {
    fn duration(&self) -> Option<Duration> {
        parse_duration(&self.duration)
    }
}

/// Parses an ISO 8601 duration such as `PT16.503S` or `P1DT2H`. Returns `None` for any other text, for a
/// negative duration, and for years and months, which have no fixed length.
///
/// ```
/// use std::time::Duration;
/// use qovery_ext::recipes::parse_duration;
///
/// assert_eq!(parse_duration("PT16.503S"), Some(Duration::from_millis(16_503)));
/// assert_eq!(parse_duration("PT1H2M"), Some(Duration::from_secs(3720)));
/// assert_eq!(parse_duration("16 s"), None);
/// ```
pub fn parse_duration(text: &str) -> Option<Duration> {
    let rest = text.trim().strip_prefix(['P', 'p'])?;
    let (days, time) = match rest.split_once(['T', 't']) {
        Some((_, "")) => return None,
        Some((days, time)) => (days, time),
        None if rest.is_empty() => return None,
        None => (rest, ""),
    };
    let days = sum(days, &[('W', 604_800), ('D', 86_400)])?;
    days.checked_add(sum(time, &[('H', 3600), ('M', 60), ('S', 1)])?)
}

/// The sum of numbers with units, each unit at most once and in this order. Only the last number may have
/// a fraction.
fn sum(mut text: &str, mut units: &[(char, u64)]) -> Option<Duration> {
    let mut total = Duration::ZERO;
    while !text.is_empty() {
        let end = text.find(|c: char| c.is_ascii_alphabetic())?;
        let (number, rest) = text.split_at(end);
        let mut letters = rest.chars();
        let letter = letters.next()?.to_ascii_uppercase();
        text = letters.as_str();
        let place = units.iter().position(|(unit, _)| *unit == letter)?;
        let (_, seconds) = *units.get(place)?;
        units = units.get(place + 1..)?;
        let (whole, fraction) = match number.split_once(['.', ',']) {
            Some((whole, fraction)) if text.is_empty() && !fraction.is_empty() => (whole, fraction),
            Some(_) => return None,
            None => (number, ""),
        };
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let whole = whole.parse::<u64>().ok()?.checked_mul(seconds)?;
        // Nanoseconds: finer digits are cut off.
        let digits = format!("{:0<9}", fraction.get(..9).unwrap_or(fraction));
        let nanos = digits.parse::<u64>().ok()?.checked_mul(seconds)?;
        total = total.checked_add(Duration::from_secs(whole))?;
        total = total.checked_add(Duration::from_nanos(nanos))?;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_iso_8601_are_read() {
        for (text, milliseconds) in [
            ("PT16.503S", 16_503),
            ("PT0S", 0),
            ("PT1M4S", 64_000),
            ("PT8H6M12.345S", 29_172_345),
            ("P1D", 86_400_000),
            ("P1DT1S", 86_401_000),
            ("P2W", 1_209_600_000),
            ("pt1,5s", 1_500),
            (" PT1.5M ", 90_000),
            ("PT0.0000000001S", 0),
        ] {
            let expected = Some(Duration::from_millis(milliseconds));
            assert_eq!(parse_duration(text), expected, "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_duration() {
        for text in [
            "",
            "P",
            "PT",
            "16",
            "16s",
            "PT-1S",
            "-PT1S",
            "PT1",
            "PTS",
            "P1Y",
            "P1M",
            "PT1S1M",
            "PT1S1S",
            "PT1.5M1S",
            "PT1.S",
            "PT.5S",
            "P1DT",
            "PT1X",
            "PT99999999999999999999S",
            "PT18446744073709551615H",
            "PT1\u{661}S",
            "PTé",
        ] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
