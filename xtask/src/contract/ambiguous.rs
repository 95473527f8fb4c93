//! Plain values that YAML 1.1 and YAML 1.2 read differently.
//!
//! The contract is read by the core schema of YAML 1.2. Many tools read YAML 1.1, where `010` is 8 and `yes` is true.
//! Such a value is refused if a number or a boolean is expected at its location.

/// Returns a spelling that all readers read as the same value; `None` if all readers agree on `text`.
///
/// `1e3` is accepted. By the grammar of YAML 1.1 it would be a text, because it has no dot, but JSON and most
/// readers read it as a number.
pub(super) fn fix(text: &str) -> Option<String> {
    if let Some(truth) = truth(text) {
        return Some(format!("`{truth}`"));
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let plain = digits.replace('_', "");
    let is_signed = digits.len() < text.len();
    let signed = |number: &str| Some(format!("`{sign}{number}`"));
    let is_all = |text: &str, of: &str| !text.is_empty() && text.chars().all(|c| of.contains(c));
    for (prefix, radix, digits) in [
        ("0x", 16, "0123456789abcdefABCDEF"),
        ("0o", 8, "01234567"),
        ("0b", 2, "01"),
    ] {
        if let Some(rest) = plain.strip_prefix(prefix) {
            let differs = is_signed || prefix != "0x" || plain.len() < text.len();
            let value = u128::from_str_radix(rest, radix).ok();
            return value
                .filter(|_| differs && is_all(rest, digits))
                .and_then(|value| signed(&value.to_string()));
        }
    }
    if digits.contains(':') {
        return sexagesimal(&plain).and_then(|seconds| signed(&seconds));
    }
    if is_all(&plain, "0123456789") {
        let number = plain.trim_start_matches('0');
        let number = if number.is_empty() { "0" } else { number };
        let octal = u128::from_str_radix(&plain, 8).ok();
        let octal = octal.map(|value| value.to_string());
        return match octal
            .filter(|octal| plain.len() > 1 && plain.starts_with('0') && octal != number)
        {
            Some(octal) => Some(format!(
                "`{sign}{number}`, or `{sign}{octal}` if it is octal"
            )),
            None if number != digits => signed(number),
            None => None,
        };
    }
    let is_number = plain.parse::<f64>().is_ok() && plain.len() < digits.len();
    is_number.then(|| signed(&plain)).flatten()
}

/// The boolean that readers of YAML 1.1 take a text for, and readers of YAML 1.2 do not.
pub(super) fn truth(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// The seconds of `1:30`, or of `1:30.5`.
fn sexagesimal(text: &str) -> Option<String> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, format!(".{fraction}")),
        None => (text, String::new()),
    };
    let mut seconds: u128 = 0;
    for part in whole.split(':') {
        let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let part: u128 = part.parse().ok().filter(|_| is_number)?;
        seconds = seconds.checked_mul(60)?.checked_add(part)?;
    }
    let is_fraction = fraction.bytes().skip(1).all(|byte| byte.is_ascii_digit());
    is_fraction.then(|| format!("{seconds}{}", fraction.trim_end_matches('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_readers_disagree_on_has_a_spelling_that_they_agree_on() {
        for (text, wanted) in [
            ("yes", "`true`"),
            ("Off", "`false`"),
            ("n", "`false`"),
            ("1_000", "`1000`"),
            ("-1_0.5_0", "`-10.50`"),
            ("010", "`10`, or `8` if it is octal"),
            ("-0_17", "`-17`, or `-15` if it is octal"),
            ("08", "`8`"),
            ("00", "`0`"),
            ("0o17", "`15`"),
            ("-0x1F", "`-31`"),
            ("+0x1f", "`31`"),
            ("0x1_F", "`31`"),
            ("0b101", "`5`"),
            ("1:30", "`90`"),
            ("-1:30:00.5", "`-5400.5`"),
        ] {
            assert_eq!(fix(text).as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn every_reader_agrees_on_other_values() {
        for text in [
            "",
            "~",
            "true",
            "null",
            "0",
            "-0",
            "+1",
            "7",
            "0x1F",
            "1.0",
            ".5",
            "1.",
            "-1.5e+3",
            "1e3",
            "1e400",
            "abc",
            "_1",
            "0x",
            "0xG",
            "0o8",
            "0b2",
            "1:",
            ":1",
            "1:a",
            "2001-12-14",
            "2001-12-14T01:02:03Z",
            "yes please",
            "0.1.2",
            "+",
            "-",
            ".",
            "1_000 m",
        ] {
            assert_eq!(fix(text), None, "{text}");
        }
    }
}
