//! Durations, which the API writes as texts.

use std::time::Duration;

use qovery_api::types::{
    DeploymentHistoryEnvironmentV2, DeploymentHistoryService, DeploymentHistoryStage,
};

/// Reads the duration of an entry of the history, which the API returns as a text.
///
/// Available on crate feature `history` only.
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

/// Parses an ISO 8601 duration such as `PT16.503S` or `P1DT2H`.
///
/// Available on crate feature `history` only.
///
/// Weeks can be combined with days, letters may be lower case, and the last number may have a fraction, with a
/// point or a comma; digits below nanoseconds are cut off. White space around the text is ignored. Returns
/// `None` for any other text, for a negative duration, for one that is too long for a [`Duration`], and for
/// years and months other than zero, which have no fixed length.
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
    let (date, time) = match rest.split_once(['T', 't']) {
        Some((_, "")) => return None,
        Some((date, time)) => (date, Some(time)),
        None if rest.is_empty() => return None,
        None => (rest, None),
    };
    let date = numbers(date, &DATE)?;
    let time = numbers(time.unwrap_or_default(), &TIME)?;
    let last = date.len() + time.len();
    let mut total = Duration::ZERO;
    for (place, (number, unit)) in (1..).zip(date.into_iter().chain(time)) {
        total = total.checked_add(length(number, unit, place == last)?)?;
    }
    Some(total)
}

/// The length of a unit in seconds; `None` if it is not fixed.
type Unit = Option<u64>;

/// The units before the letter T, in their order.
const DATE: [(char, Unit); 4] = [
    ('Y', None),
    ('M', None),
    ('W', Some(604_800)),
    ('D', Some(86_400)),
];

/// The units after the letter T, in their order.
const TIME: [(char, Unit); 3] = [('H', Some(3600)), ('M', Some(60)), ('S', Some(1))];

/// The numbers of a text with their units, each unit at most once and in this order.
fn numbers<'a>(mut text: &'a str, mut units: &[(char, Unit)]) -> Option<Vec<(&'a str, Unit)>> {
    let mut numbers = Vec::new();
    while !text.is_empty() {
        let end = text.find(|c: char| c.is_ascii_alphabetic())?;
        let (number, rest) = text.split_at(end);
        let mut letters = rest.chars();
        let letter = letters.next()?.to_ascii_uppercase();
        text = letters.as_str();
        let place = units.iter().position(|(name, _)| *name == letter)?;
        numbers.push((number, units.get(place)?.1));
        units = units.get(place + 1..)?;
    }
    Some(numbers)
}

/// The length of a number of units. Only the last number of a duration may have a fraction.
fn length(number: &str, unit: Unit, is_last: bool) -> Option<Duration> {
    let (whole, fraction) = match number.split_once(['.', ',']) {
        Some((whole, fraction)) if is_last && !fraction.is_empty() => (whole, fraction),
        Some(_) => return None,
        None => (number, ""),
    };
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let Some(seconds) = unit else {
        let is_zero = number.bytes().all(|byte| !(b'1'..=b'9').contains(&byte));
        return is_zero.then_some(Duration::ZERO);
    };
    let whole = whole.parse::<u64>().ok()?.checked_mul(seconds)?;
    // Nanoseconds: finer digits are cut off.
    let digits = format!("{:0<9}", fraction.get(..9).unwrap_or(fraction));
    let nanos = digits.parse::<u64>().ok()?.checked_mul(seconds)?;
    Duration::from_secs(whole).checked_add(Duration::from_nanos(nanos))
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
            ("P1DT2H", 93_600_000),
            ("PT0.5S", 500),
            ("PT0,25H", 900_000),
            ("P1.5D", 129_600_000),
            ("P0.5W", 302_400_000),
            ("P1W1DT1H1M1.001S", 694_861_001),
            ("P0Y0M1DT0H0M16.503S", 86_416_503),
            ("P0Y", 0),
            ("P00M", 0),
            ("PT007S", 7_000),
            ("PT00000000000000000000000001S", 1_000),
            ("p1dt2h", 93_600_000),
            ("PT36H", 129_600_000),
            ("PT90M", 5_400_000),
            ("\tPT1S\r\n", 1_000),
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
            "P1.5DT2H",
            "PT1.5H1M",
            "P1,5WT1S",
            "P1D2W",
            "PT2H1D",
            "P2H",
            "PT1D",
            "PT1W",
            "P1",
            "P1T",
            "PTT1S",
            "PT1ST",
            "P1DT2H3",
            "PP1D",
            "+PT1S",
            "P-1D",
            "P-0D",
            "PT-0S",
            "PT+1S",
            "PT\u{2212}1S",
            "PT1..5S",
            "PT1.5.5S",
            "PT1.,5S",
            "PT0.5",
            "PT0x1S",
            "PT1e3S",
            "PT 1S",
            "PT1 S",
            "PT1_000S",
            "PTNaNS",
            "PTinfS",
            "P1Y2M3D",
            "P0Y1M",
            "P0.5Y",
            "P1M1D",
            "P0001-00-00T00:00:00",
            "00:16:40",
            "PT18446744073709551616S",
            "P30500568904944W",
            "PT18446744073709551615S1",
            "P213503982334601DT7H0M16S",
            "PT1\u{2c9}S",
            "ＰＴ１Ｓ",
            "PT1.\u{e9}S",
            "PT1S PT1S",
            "PTé",
        ] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn the_longest_duration_that_fits_is_read_exactly() {
        let longest = Duration::new(u64::MAX, 999_999_999);
        for text in [
            "PT18446744073709551615.999999999S",
            "PT18446744073709551615.9999999999S",
            "P213503982334601DT7H0M15.999999999S",
        ] {
            assert_eq!(parse_duration(text), Some(longest), "{text}");
        }
    }
}
