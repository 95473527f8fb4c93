//! Durations in texts.

use std::time::Duration;

/// A duration in whole seconds, such as `1h 2m 4s`. Below one second: `250ms`.
pub(crate) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds == 0 {
        return match time.subsec_millis() {
            0 => "0s".to_owned(),
            millis => format!("{millis}ms"),
        };
    }
    let (minutes, hours, days) = (seconds / 60 % 60, seconds / 3600 % 24, seconds / 86_400);
    let parts = [
        (days, 'd'),
        (hours, 'h'),
        (minutes, 'm'),
        (seconds % 60, 's'),
    ];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts
        .map(|(number, unit)| format!("{number}{unit}"))
        .collect();
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_its_units_and_no_zeros() {
        for (millis, text) in [
            (0, "0s"),
            (250, "250ms"),
            (1_999, "1s"),
            (39_000, "39s"),
            (66_000, "1m 6s"),
            (200_000, "3m 20s"),
            (3_600_000, "1h"),
            (4_028_000, "1h 7m 8s"),
            (90_061_000, "1d 1h 1m 1s"),
        ] {
            assert_eq!(span(Duration::from_millis(millis)), text);
        }
    }
}
