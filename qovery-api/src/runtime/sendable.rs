//! Finds values of a request that JSON or RFC 3339 cannot represent.
//!
//! serde_json writes `null` for NaN and for infinities, and chrono writes a sign before a year with more than
//! four digits. The API would receive another value, or refuse the whole request.

use std::fmt::{self, Display, Write as _};

use serde::{
    Serialize, Serializer,
    ser::{
        self, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
        SerializeTupleStruct, SerializeTupleVariant,
    },
};

use super::text::one_line;

/// The end of an error message for a number that JSON cannot represent.
pub(crate) const NO_NUMBER: &str = "is NaN or infinite: give a finite number";
/// The end of an error message for a date that RFC 3339 cannot represent.
pub(crate) const NO_DATE: &str =
    "is a date outside of the years 0 to 9999, which RFC 3339 does not have";

/// Checks all values that a body or parameter writes.
///
/// # Errors
/// Returns an error that names the field if a number is not finite, if a date has a year outside of 0 to 9999, or if
/// the value cannot be written at all.
pub(crate) fn check<T: Serialize + ?Sized>(value: &T) -> Result<(), String> {
    value.serialize(Check).map_err(|fault| {
        let Fault { path, problem } = fault;
        if path.is_empty() {
            format!("the value {problem}")
        } else {
            format!("the field `{path}` {problem}")
        }
    })
}

/// A value that cannot be sent, and the path to it.
#[derive(Debug)]
struct Fault {
    path: String,
    problem: String,
}

impl Fault {
    fn new(problem: &str) -> Self {
        Self {
            path: String::new(),
            problem: problem.to_owned(),
        }
    }

    fn inside(mut self, name: &str) -> Self {
        let is_joined = self.path.is_empty() || self.path.starts_with('[');
        let point = if is_joined { "" } else { "." };
        self.path = format!("{}{point}{}", one_line(name, 80), self.path);
        self
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

impl std::error::Error for Fault {}

impl ser::Error for Fault {
    fn custom<T: Display>(problem: T) -> Self {
        Self::new(&format!("cannot be written: {problem}"))
    }
}

struct Check;

/// The items or fields read so far.
struct Inside {
    next: usize,
    key: String,
}

impl Inside {
    const NEW: Self = Self {
        next: 0,
        key: String::new(),
    };

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fault> {
        let index = self.next;
        self.next += 1;
        let checked = value.serialize(Check);
        checked.map_err(|fault| fault.inside(&format!("[{index}]")))
    }

    fn field<T: Serialize + ?Sized>(name: &str, value: &T) -> Result<(), Fault> {
        value.serialize(Check).map_err(|fault| fault.inside(name))
    }
}

/// Whether a text is a date as chrono writes it with a year that RFC 3339 does not have: `+10000-01-01`.
///
/// Only texts of types that write themselves with `collect_str` are checked, because any other text may be
/// anything.
fn has_long_year(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(['+', '-']) else {
        return false;
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let month = rest.get(digits..).unwrap_or_default();
    digits >= 4 && month.starts_with('-')
}

/// Methods for values that can always be sent, and for values with other values inside.
macro_rules! methods {
    ($($method:ident($($type:ty),*) -> $out:ty = $result:expr;)*) => {
        $(fn $method(self, $(_: $type),*) -> Result<$out, Fault> {
            Ok($result)
        })*
    };
}

impl Serializer for Check {
    type Ok = ();
    type Error = Fault;
    type SerializeSeq = Inside;
    type SerializeTuple = Inside;
    type SerializeTupleStruct = Inside;
    type SerializeTupleVariant = Inside;
    type SerializeMap = Inside;
    type SerializeStruct = Inside;
    type SerializeStructVariant = Inside;

    methods! {
        serialize_bool(bool) -> () = ();
        serialize_i8(i8) -> () = ();
        serialize_i16(i16) -> () = ();
        serialize_i32(i32) -> () = ();
        serialize_i64(i64) -> () = ();
        serialize_i128(i128) -> () = ();
        serialize_u8(u8) -> () = ();
        serialize_u16(u16) -> () = ();
        serialize_u32(u32) -> () = ();
        serialize_u64(u64) -> () = ();
        serialize_u128(u128) -> () = ();
        serialize_char(char) -> () = ();
        serialize_str(&str) -> () = ();
        serialize_bytes(&[u8]) -> () = ();
        serialize_none() -> () = ();
        serialize_unit() -> () = ();
        serialize_unit_struct(&'static str) -> () = ();
        serialize_unit_variant(&'static str, u32, &'static str) -> () = ();
        serialize_seq(Option<usize>) -> Inside = Inside::NEW;
        serialize_tuple(usize) -> Inside = Inside::NEW;
        serialize_tuple_struct(&'static str, usize) -> Inside = Inside::NEW;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Inside = Inside::NEW;
        serialize_map(Option<usize>) -> Inside = Inside::NEW;
        serialize_struct(&'static str, usize) -> Inside = Inside::NEW;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Inside = Inside::NEW;
    }

    fn serialize_f32(self, value: f32) -> Result<(), Fault> {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Fault> {
        if value.is_finite() {
            Ok(())
        } else {
            Err(Fault::new(NO_NUMBER))
        }
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), Fault> {
        let mut text = String::new();
        write!(text, "{value}").map_err(ser::Error::custom)?;
        if has_long_year(&text) {
            Err(Fault::new(NO_DATE))
        } else {
            Ok(())
        }
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Fault> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Fault> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Fault> {
        Inside::field(variant, value)
    }
}

macro_rules! items {
    ($($part:ident::$method:ident),*) => {
        $(impl $part for Inside {
            type Ok = ();
            type Error = Fault;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fault> {
                self.item(value)
            }

            fn end(self) -> Result<(), Fault> {
                Ok(())
            }
        })*
    };
}

items!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

macro_rules! fields {
    ($($part:ident),*) => {
        $(impl $part for Inside {
            type Ok = ();
            type Error = Fault;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Fault> {
                Self::field(name, value)
            }

            fn end(self) -> Result<(), Fault> {
                Ok(())
            }
        })*
    };
}

fields!(SerializeStruct, SerializeStructVariant);

impl SerializeMap for Inside {
    type Ok = ();
    type Error = Fault;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Fault> {
        key.serialize(Check)?;
        // Numbers and dates as keys are texts in JSON.
        self.key = match serde_json::to_value(key).map_err(ser::Error::custom)? {
            serde_json::Value::String(name) => name,
            other => other.to_string(),
        };
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fault> {
        Self::field(&self.key, value)
    }

    fn end(self) -> Result<(), Fault> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::{DateTime, NaiveDate, Utc};

    use super::*;

    #[derive(Serialize)]
    enum Choice {
        Number(f64),
        Named { at: f32 },
    }

    #[derive(Serialize)]
    struct Body {
        plain: f64,
        maybe: Option<f32>,
        list: Vec<Option<f64>>,
        map: BTreeMap<String, Vec<f64>>,
        choice: Choice,
        day: NaiveDate,
        #[serde(with = "crate::runtime::date_time")]
        times: Vec<DateTime<Utc>>,
        text: String,
    }

    fn body() -> Body {
        Body {
            plain: f64::MAX,
            maybe: None,
            list: vec![None, Some(-0.0)],
            map: BTreeMap::from([("k".to_owned(), vec![f64::MIN_POSITIVE])]),
            choice: Choice::Number(1.0),
            day: NaiveDate::from_ymd_opt(9999, 12, 31).unwrap(),
            times: vec![day(0).and_time(chrono::NaiveTime::MIN).and_utc()],
            text: "+10000-01-01 NaN".to_owned(),
        }
    }

    fn day(year: i32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, 1, 1).unwrap()
    }

    #[test]
    fn a_number_that_is_not_finite_is_refused_with_its_path() {
        assert_eq!(check(&body()), Ok(()));
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            #[allow(clippy::cast_possible_truncation, reason = "it is not finite")]
            let short = bad as f32;
            let cases: [(&str, Body); 6] = [
                (
                    "plain",
                    Body {
                        plain: bad,
                        ..body()
                    },
                ),
                (
                    "maybe",
                    Body {
                        maybe: Some(short),
                        ..body()
                    },
                ),
                (
                    "list[1]",
                    Body {
                        list: vec![None, Some(bad)],
                        ..body()
                    },
                ),
                (
                    "map.a\\n[1]",
                    Body {
                        map: BTreeMap::from([("a\n".to_owned(), vec![1.0, bad])]),
                        ..body()
                    },
                ),
                (
                    "choice.Number",
                    Body {
                        choice: Choice::Number(bad),
                        ..body()
                    },
                ),
                (
                    "choice.at",
                    Body {
                        choice: Choice::Named { at: short },
                        ..body()
                    },
                ),
            ];
            for (path, body) in cases {
                let error = check(&body).unwrap_err();
                let path = path.replace("\\n", &one_line("\n", 80));
                assert_eq!(error, format!("the field `{path}` {NO_NUMBER}"));
            }
            assert_eq!(check(&bad), Err(format!("the value {NO_NUMBER}")));
            assert!(check(&[vec![bad]]).unwrap_err().contains("`[0][0]`"));
        }
    }

    #[test]
    fn a_date_with_another_number_of_digits_is_refused_with_its_path() {
        for year in [10_000, -1, -9999, 262_142] {
            let bad = Body {
                day: day(year),
                ..body()
            };
            assert_eq!(check(&bad), Err(format!("the field `day` {NO_DATE}")));
            let times = vec![day(year).and_time(chrono::NaiveTime::MIN).and_utc()];
            let bad = Body { times, ..body() };
            assert_eq!(check(&bad), Err(format!("the field `times[0]` {NO_DATE}")));
            assert!(check(&day(year).and_time(chrono::NaiveTime::MIN).and_utc()).is_err());
            assert!(check(&BTreeMap::from([(day(year), 1)])).is_err());
        }
    }
}
