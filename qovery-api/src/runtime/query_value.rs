//! The textual form of a single value in a request.

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, TimeZone};
use uuid::Uuid;

use super::sendable::{NO_DATE, NO_NUMBER};

/// A single value of a parameter, in the query, the path, a header or a cookie.
///
/// Whole numbers are written without a fraction, and date-times in RFC 3339 with as many digits as they have.
pub trait QueryValue {
    /// Returns the value as text, not yet percent-encoded.
    fn to_query(&self) -> String;

    /// Returns the reason why the value cannot be sent, as the end of a sentence. The call then fails before anything
    /// is sent. A float that is NaN or infinite cannot be sent, nor a date outside of the years 0 to 9999. Default:
    /// `None`.
    fn refusal(&self) -> Option<&'static str> {
        None
    }
}

/// The text of a value.
///
/// # Errors
/// Returns an error if the value cannot be sent.
pub(crate) fn text_of<T: QueryValue + ?Sized>(value: &T) -> Result<String, String> {
    match value.refusal() {
        Some(problem) => Err(problem.to_owned()),
        None => Ok(value.to_query()),
    }
}

impl<T: QueryValue + ?Sized> QueryValue for &T {
    fn to_query(&self) -> String {
        (**self).to_query()
    }

    fn refusal(&self) -> Option<&'static str> {
        (**self).refusal()
    }
}

impl QueryValue for str {
    fn to_query(&self) -> String {
        self.to_owned()
    }
}

macro_rules! query_value_by_display {
    ($($type:ty),*) => {
        $(impl QueryValue for $type {
            fn to_query(&self) -> String {
                self.to_string()
            }
        })*
    };
}

query_value_by_display!(
    String,
    bool,
    char,
    i8,
    i16,
    i32,
    i64,
    u8,
    u16,
    u32,
    u64,
    usize,
    Uuid,
    std::num::NonZeroU32,
    std::num::NonZeroU64
);

macro_rules! query_value_of_float {
    ($($type:ty),*) => {
        $(impl QueryValue for $type {
            // Rust prints a whole float without its fraction, and never with an exponent.
            fn to_query(&self) -> String {
                self.to_string()
            }

            fn refusal(&self) -> Option<&'static str> {
                (!self.is_finite()).then_some(NO_NUMBER)
            }
        })*
    };
}

query_value_of_float!(f32, f64);

/// Whether RFC 3339 has the year.
fn refusal_of_year(year: i32) -> Option<&'static str> {
    (!(0..=9999).contains(&year)).then_some(NO_DATE)
}

impl QueryValue for NaiveDate {
    fn to_query(&self) -> String {
        self.to_string()
    }

    fn refusal(&self) -> Option<&'static str> {
        refusal_of_year(self.year())
    }
}

impl<Z: TimeZone> QueryValue for DateTime<Z> {
    fn to_query(&self) -> String {
        self.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }

    fn refusal(&self) -> Option<&'static str> {
        refusal_of_year(self.to_utc().year())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_print_as_the_api_reads_them() {
        assert_eq!(1.0_f64.to_query(), "1");
        assert_eq!(0.5_f64.to_query(), "0.5");
        assert_eq!(1e20_f64.to_query(), "100000000000000000000");
        assert_eq!(true.to_query(), "true");
        assert_eq!(
            Uuid::nil().to_query(),
            "00000000-0000-0000-0000-000000000000"
        );
        let time = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_query();
        assert_eq!(time("2022-08-10T14:55:21Z"), "2022-08-10T14:55:21Z");
        assert_eq!(
            time("2022-08-10T16:55:21.382762+02:00"),
            "2022-08-10T14:55:21.382762Z"
        );
    }
}
