//! The textual form of single values in a request, and the query: a list without repeated names.
//!
//! Not for lists and objects: see [`parameter`](super::parameter).

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeZone};
use percent_encoding::utf8_percent_encode;
use uuid::Uuid;

use super::{
    parameter::{Style, Texts, in_query},
    path::RESERVED,
};

/// A value that a parameter can carry, in the query, the path, a header or a cookie alike.
///
/// Numbers that are whole print without a fraction, date-times in RFC 3339 with as many digits as
/// they have.
pub trait QueryValue {
    /// The value as text, not yet percent-encoded.
    fn to_query(&self) -> String;
}

impl<T: QueryValue + ?Sized> QueryValue for &T {
    fn to_query(&self) -> String {
        (**self).to_query()
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
    NaiveDate,
    std::num::NonZeroU32,
    std::num::NonZeroU64,
    // Rust prints a whole float without its fraction, and never with an exponent.
    f32,
    f64
);

impl<Z: TimeZone> QueryValue for DateTime<Z> {
    fn to_query(&self) -> String {
        self.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }
}

/// Query parameters in the order of their first setting.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Sets one value and replaces earlier values of the name.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        let text = format!(
            "{}={}",
            utf8_percent_encode(name, RESERVED),
            utf8_percent_encode(value, RESERVED)
        );
        self.put(name, Some(text));
    }

    /// Sets a value of several texts and replaces earlier values of the name. An empty one removes the name.
    ///
    /// # Errors
    /// Returns an error if a text holds the delimiter of the style.
    pub(crate) fn set_styled(
        &mut self,
        name: &str,
        style: Style,
        texts: &Texts,
    ) -> Result<(), String> {
        self.put(name, in_query(name, style, texts)?);
        Ok(())
    }

    /// Removes a name with all its values.
    pub(crate) fn remove(&mut self, name: &str) {
        self.put(name, None);
    }

    fn put(&mut self, name: &str, text: Option<String>) {
        let Some(text) = text else {
            self.0.retain(|(known, _)| known != name);
            return;
        };
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = text,
            None => self.0.push((name.to_owned(), text)),
        }
    }

    /// The encoded query, or nothing if no parameter is set.
    pub(crate) fn encode(&self) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let parts: Vec<&str> = self.0.iter().map(|(_, text)| text.as_str()).collect();
        Some(parts.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use reqwest::Url;

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

    #[test]
    fn setting_a_name_again_replaces_it_in_place() {
        let mut query = Query::default();
        query.set("a", "1");
        query.set("b", "2");
        query.set("a", "3");
        assert_eq!(query.encode().unwrap(), "a=3&b=2");
        query.remove("a");
        assert_eq!(query.encode().unwrap(), "b=2");
        let (style, none) = (Style::Form { explode: false }, Texts::List(Vec::new()));
        query.set_styled("b", style, &none).unwrap();
        assert_eq!(query.encode(), None);
    }

    #[test]
    fn any_text_survives_the_url() {
        let mut query = Query::default();
        let text = "a b+c&d=e#f?g/h%20é\n";
        query.set("n[0]", text);
        let mut url = Url::parse("https://h.test/").unwrap();
        url.set_query(query.encode().as_deref());
        let pairs: Vec<_> = url.query_pairs().collect();
        assert_eq!(pairs, [("n[0]".into(), text.into())]);
        assert_eq!(url.fragment(), None);
    }
}
