//! Date-times in the formats of the API: with or without fractions and offsets.
//!
//! For generated fields of type `DateTime<Utc>`, alone or inside any combination of `Option`, `Vec`,
//! `BTreeMap<String, _>` and [`Patch`]:
//!
//! ```text
//! #[serde(with = "crate::runtime::date_time")]
//! created_at: DateTime<Utc>,
//! // `with` makes a missing field an error, so an optional field also has `default`.
//! #[serde(default, with = "crate::runtime::date_time", skip_serializing_if = "Option::is_none")]
//! updated_at: Option<DateTime<Utc>>,
//! ```
//!
//! These formats are accepted:
//!
//! - RFC 3339;
//! - RFC 3339 with one or several of these differences: a space instead of the `T` or before the offset, lower case, a
//!   decimal comma, no seconds, no colon in the offset, no offset (which means UTC), `UTC` or `GMT` as the offset, the
//!   name of a zone in brackets after the offset (which is ignored);
//! - a date alone (midnight UTC);
//! - a number: milliseconds since 1970 if it is large, otherwise seconds.
//!
//! Date-times are written in RFC 3339 and UTC, with as many digits as the time has. A request with a year
//! outside of 0 to 9999 fails before it is sent. Dates without a time are
//! read by chrono.

use std::{collections::BTreeMap, fmt};

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Visitor},
};

use super::Patch;

/// Writes a field.
pub(crate) fn serialize<T: Field, S: Serializer>(
    field: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    field.write(serializer)
}

/// Reads a field.
pub(crate) fn deserialize<'de, T: Field, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    T::read(deserializer)
}

/// The types that a field can have.
pub(crate) trait Field: Sized {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// A field inside another value.
struct Inner<T>(T);

impl<'de, T: Field> Deserialize<'de> for Inner<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(Self)
    }
}

/// A reference to a field inside another value.
struct InnerRef<'a, T>(&'a T);

impl<T: Field> Serialize for InnerRef<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

impl Field for DateTime<Utc> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // As chrono writes its own types, so that `sendable` recognizes a year outside of RFC 3339.
        serializer.collect_str(&self.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DateTimeVisitor)
    }
}

impl<T: Field> Field for Option<T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_ref().map(InnerRef).serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<Inner<T>>::deserialize(deserializer)?.map(|inner| inner.0))
    }
}

impl<T: Field> Field for Patch<T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_ref().map(InnerRef).serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::read(deserializer).map(Self::value_or_null)
    }
}

impl<T: Field> Field for Vec<T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(InnerRef))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let items = Vec::<Inner<T>>::deserialize(deserializer)?;
        Ok(items.into_iter().map(|inner| inner.0).collect())
    }
}

impl<T: Field> Field for BTreeMap<String, T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(name, value)| (name, InnerRef(value))))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let items = BTreeMap::<String, Inner<T>>::deserialize(deserializer)?;
        Ok(items
            .into_iter()
            .map(|(name, inner)| (name, inner.0))
            .collect())
    }
}

struct DateTimeVisitor;

impl DateTimeVisitor {
    fn from_epoch<E: de::Error>(number: i64) -> Result<DateTime<Utc>, E> {
        // In seconds, this is the year 5138; in milliseconds, a day in 1973.
        const FIRST_MILLISECONDS: u64 = 100_000_000_000;
        if number.unsigned_abs() < FIRST_MILLISECONDS {
            DateTime::from_timestamp(number, 0)
        } else {
            DateTime::from_timestamp_millis(number)
        }
        .ok_or_else(|| E::custom("the number is too large for a date-time"))
    }
}

impl Visitor<'_> for DateTimeVisitor {
    type Value = DateTime<Utc>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a date-time such as 2026-01-31T12:00:00Z")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        parse(text.trim()).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        Self::from_epoch(number)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Self::from_epoch(i64::try_from(number).unwrap_or(i64::MAX))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        #[allow(
            clippy::cast_possible_truncation,
            reason = "fractions of a second do not matter, and the cast saturates"
        )]
        let whole = number as i64;
        Self::from_epoch(whole)
    }
}

fn parse(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let text = tidied(text);
    for format in ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z"] {
        if let Ok(time) = DateTime::parse_from_str(&text, format) {
            return Some(time.to_utc());
        }
    }
    let text = text.strip_suffix('Z').unwrap_or(&text);
    for format in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"] {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, format) {
            return Some(time.and_utc());
        }
    }
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(date.and_time(chrono::NaiveTime::MIN).and_utc())
}

/// The text in the canonical form: without the name of a zone, with `T`, `Z` and `.`, and without spaces.
fn tidied(text: &str) -> String {
    // Java writes the name of the zone behind the offset. Only the offset is used.
    let text = match text.split_once('[') {
        Some((before, zone)) if zone.ends_with(']') => before,
        _ => text,
    };
    let text = text.trim().to_ascii_uppercase().replace(',', ".");
    let text = match text
        .strip_suffix("UTC")
        .or_else(|| text.strip_suffix("GMT"))
    {
        Some(before) => format!("{}Z", before.trim_end()),
        None => text,
    };
    let mut parts = text.split_ascii_whitespace();
    match (parts.next(), parts.next()) {
        (Some(date), Some(time)) if !date.contains('T') => {
            let rest: String = parts.collect();
            format!("{date}T{time}{rest}")
        }
        (Some(time), Some(offset)) => format!("{time}{offset}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::decode;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Times {
        #[serde(with = "crate::runtime::date_time")]
        at: DateTime<Utc>,
        #[serde(
            default,
            with = "crate::runtime::date_time",
            skip_serializing_if = "Option::is_none"
        )]
        maybe: Option<DateTime<Utc>>,
        #[serde(
            default,
            with = "crate::runtime::date_time",
            skip_serializing_if = "Patch::is_absent"
        )]
        patch: Patch<DateTime<Utc>>,
        #[serde(default, with = "crate::runtime::date_time")]
        list: Vec<DateTime<Utc>>,
        #[serde(default, with = "crate::runtime::date_time")]
        map: BTreeMap<String, Option<DateTime<Utc>>>,
    }

    fn times(value: Value) -> Times {
        decode(value.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn fractions_offsets_and_their_absence_are_accepted() {
        for (text, wanted) in [
            (
                json!("2022-08-10T14:55:21.382762Z"),
                "2022-08-10T14:55:21.382762Z",
            ),
            (json!("2022-08-10T14:55:21Z"), "2022-08-10T14:55:21Z"),
            (json!("2022-08-10T14:55:21.5"), "2022-08-10T14:55:21.500Z"),
            (json!("2022-08-10T14:55:21"), "2022-08-10T14:55:21Z"),
            (json!("2022-08-10T14:55"), "2022-08-10T14:55:00Z"),
            (json!("2022-08-10 14:55:21Z"), "2022-08-10T14:55:21Z"),
            (json!("2022-08-10T16:55:21+02:00"), "2022-08-10T14:55:21Z"),
            (
                json!("2022-08-10T16:55:21.25+0200"),
                "2022-08-10T14:55:21.250Z",
            ),
            (json!("2022-08-10 16:55:21+02"), "2022-08-10T14:55:21Z"),
            (json!(" 2022-08-10 "), "2022-08-10T00:00:00Z"),
            (json!("2022-08-10T14:55:21Z[UTC]"), "2022-08-10T14:55:21Z"),
            (
                json!("2022-08-10T16:55:21.5+02:00[Europe/Paris]"),
                "2022-08-10T14:55:21.500Z",
            ),
            (json!("2022-08-10T14:55[UTC]"), "2022-08-10T14:55:00Z"),
            (json!("2022-08-10T00:00+02:00"), "2022-08-09T22:00:00Z"),
            (json!("2022-08-10 00:00+0200"), "2022-08-09T22:00:00Z"),
            (json!("2022-08-10T14:55Z"), "2022-08-10T14:55:00Z"),
            (json!("2022-08-10t14:55:21z"), "2022-08-10T14:55:21Z"),
            (json!("2022-08-10 16:55:21 +02:00"), "2022-08-10T14:55:21Z"),
            (json!("2022-08-10 14:55:21 UTC"), "2022-08-10T14:55:21Z"),
            (
                json!("2022-08-10T14:55:21,25 GMT"),
                "2022-08-10T14:55:21.250Z",
            ),
            (json!(1_660_143_321), "2022-08-10T14:55:21Z"),
            (json!(1_660_143_321_500_i64), "2022-08-10T14:55:21.500Z"),
            (json!(1_660_143_321.0), "2022-08-10T14:55:21Z"),
        ] {
            let written = serde_json::to_value(times(json!({"at": text}))).unwrap();
            assert_eq!(written["at"], wanted, "{text}");
        }
    }

    #[test]
    fn a_text_that_is_not_a_time_is_refused_with_its_path() {
        for value in [
            json!("soon"),
            json!(""),
            json!("2022-13-01T00:00:00Z"),
            json!("[UTC]"),
            json!("2022-08-10T14:55:21Z[UTC"),
            json!("2022-08-10T14:55:21 soon"),
            json!(true),
            json!(null),
            json!(1e300),
        ] {
            let text = json!({"at": value}).to_string();
            let error = decode::<Times>(text.as_bytes()).unwrap_err();
            assert_eq!(error.path(), "at", "{error}");
        }
        let text = json!({"at": 0, "map": {"a": null, "b": "s3cret"}}).to_string();
        let error = decode::<Times>(text.as_bytes()).unwrap_err();
        assert_eq!(error.path(), "map.b");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }

    #[test]
    fn absent_null_and_nested_times_are_read_and_written() {
        let full = json!({
            "at": "2022-08-10T14:55:21Z",
            "maybe": "2022-08-10T14:55:21Z",
            "patch": null,
            "list": ["2022-08-10T14:55:21Z"],
            "map": {"a": null, "b": "2022-08-10T14:55:21Z"},
        });
        let read = times(full.clone());
        assert_eq!(read.patch, Patch::Null);
        assert_eq!(serde_json::to_value(&read).unwrap(), full);
        let least = times(json!({"at": "2022-08-10T14:55:21Z", "maybe": null, "list": null}));
        assert_eq!((least.maybe, least.patch), (None, Patch::Absent));
        assert!(least.list.is_empty());
    }
}
