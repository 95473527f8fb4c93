//! Fields that a model does not know: kept unchanged and in order, and sent back.
//!
//! Unknown values of enums and unknown members of unions are kept in their place.

use std::{borrow::Cow, cell::RefCell, fmt};

use serde::de::{DeserializeOwned, MapAccess};
use serde_json::value::RawValue;
use thin_vec::ThinVec;

use super::{
    DecodeError, Printable, decode,
    raw_json::{self, RawJson},
    text,
};

/// The fields of a response that its model does not know, in the order of the response.
///
/// Their values are JSON text: long decimals, large integers and escapes stay as they are. A request that is
/// made from a response sends them back to the API, so that an edit does not reset settings of a newer server.
/// `Debug` shows the names only, because a value may be a secret.
///
/// The value of a known field is kept here too if the model holds it only in part: a fraction of an
/// integer field, a number that is too large, or a text with half of a surrogate pair. It is sent back unless
/// the field was changed.
///
/// ```
/// use qovery_api::{ModelExt, decode, types::ReferenceObject};
///
/// let body = br#"{"id": "5d1b9bbc-6f9c-4a9c-9b5e-0e6b0c1d2e3f", "weight": 1.50}"#;
/// let reference: ReferenceObject = decode(body)?;
/// assert_eq!(reference.extra().names().collect::<Vec<_>>(), ["weight"]);
/// assert_eq!(reference.extra().get("weight").map(|raw| raw.get()), Some("1.50"));
/// assert_eq!(reference.extra().decode::<f64>("weight").transpose()?, Some(1.5));
/// assert!(reference.without_extra().extra().is_empty());
/// # Ok::<(), qovery_api::DecodeError>(())
/// ```
// The UTF-8 text of all fields: names and values in turn, each followed by a space. Without extra fields, this takes
// one pointer, which is never null, so that an `Option` of a model takes no more. With extra fields, it takes little
// more memory than their text.
#[derive(Clone, Default)]
pub struct ExtraFields(ThinVec<u8>);

/// Up to this size in bytes, the text of extra fields has no spare memory.
const EXACT: usize = 4096;

impl ExtraFields {
    /// Returns whether there are no extra fields.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of extra fields.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Returns the names, in the order of the response.
    pub fn names(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.iter().map(|(name, _)| name)
    }

    /// Returns the names, and the values as JSON text, in the order of the response.
    pub fn iter(&self) -> impl Iterator<Item = (Cow<'_, str>, &RawValue)> {
        let mut values = serde_json::Deserializer::from_slice(&self.0)
            .into_iter::<&RawValue>()
            .map_while(Result::ok);
        std::iter::from_fn(move || {
            let (name, value) = (values.next()?, values.next()?);
            let name = serde_json::from_str(name.get()).map(|raw_json::Text(name)| name);
            Some((name.unwrap_or_default(), value))
        })
    }

    /// Returns the value of a field as JSON text. If the name occurs twice, this is the value of the last field.
    pub fn get(&self, name: &str) -> Option<&RawValue> {
        let found = self.iter().filter(|(other, _)| other == name).last();
        found.map(|(_, value)| value)
    }

    /// Returns the value of a field, decoded like a response.
    ///
    /// # Errors
    /// Returns an error if the value does not fit the type.
    pub fn decode<T: DeserializeOwned>(&self, name: &str) -> Option<Result<T, DecodeError>> {
        let value = self.get(name)?;
        Some(decode(value.get().as_bytes()).map_err(|error| error.in_field(name)))
    }

    /// Appends a field.
    pub(crate) fn push(&mut self, name: &str, value: &str) {
        let Ok(name) = serde_json::to_string(name) else {
            return;
        };
        let text = &mut self.0;
        let more = name.len() + value.len() + 2;
        // A short text has no spare memory. A long one has, because otherwise each further field would copy all of
        // them.
        if text.len() < EXACT {
            text.reserve_exact(more);
        } else {
            text.reserve(more);
        }
        text.extend_from_slice(name.as_bytes());
        text.push(b' ');
        text.extend_from_slice(value.as_bytes());
        text.push(b' ');
    }

    /// Reads the value of a field, and adds it.
    pub(crate) fn read<'de, D: MapAccess<'de>>(
        &mut self,
        name: &str,
        from: &mut D,
    ) -> Result<(), D::Error> {
        let RawJson(value) = from.next_value()?;
        self.push(name, &value);
        Ok(())
    }

    /// Drops every field that `keep` refuses.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&str, &RawValue) -> bool) {
        let mut kept = Self::default();
        for (name, value) in self.iter() {
            if keep(&name, value) {
                kept.push(&name, value.get());
            }
        }
        *self = kept;
    }
}

// The order does not matter, because a model may write fields in a different order.
impl PartialEq for ExtraFields {
    fn eq(&self, other: &Self) -> bool {
        if self.0 == other.0 {
            return true;
        }
        fn sorted(fields: &ExtraFields) -> Vec<(Cow<'_, str>, &str)> {
            let mut sorted: Vec<_> = fields.iter().map(|(name, raw)| (name, raw.get())).collect();
            sorted.sort();
            sorted
        }
        !self.is_empty() && !other.is_empty() && sorted(self) == sorted(other)
    }
}

impl fmt::Debug for ExtraFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = f.debug_set();
        for name in self.names() {
            names.entry(&Printable::new(&name));
        }
        names.finish()
    }
}

/// How many names of extra fields an error contains.
const NAMES_LIMIT: usize = 20;

thread_local! {
    /// The extra fields that were written since [`noting`] began.
    static NOTED: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Runs `write`, and returns the extra fields that it wrote: model and name, each once, the first twenty.
pub(crate) fn noting<T>(write: impl FnOnce() -> T) -> (T, Vec<String>) {
    let before = NOTED.replace(Some(Vec::new()));
    let written = write();
    (written, NOTED.replace(before).unwrap_or_default())
}

/// Records that an extra field is written.
pub(crate) fn note(model: &str, name: &str) {
    NOTED.with_borrow_mut(|noted| {
        if let Some(noted) = noted.as_mut().filter(|noted| noted.len() < NAMES_LIMIT) {
            let name = format!("{model}.{}", text::one_line(name, 80));
            if !noted.contains(&name) {
                noted.push(name);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> ExtraFields {
        let mut fields = ExtraFields::default();
        for (name, value) in pairs {
            fields.push(name, value);
        }
        fields
    }

    #[test]
    fn extra_fields_keep_their_order_and_text() {
        let pairs = [
            ("b", "1.50"),
            ("a \"quoted\" é\n", r#"{"x": [1 , 2]}"#),
            ("", r#""\ud800""#),
            ("b", "18446744073709551616"),
        ];
        let fields = fields(&pairs);
        let read: Vec<_> = fields.iter().map(|(name, raw)| (name, raw.get())).collect();
        let wanted: Vec<_> = pairs.map(|(name, raw)| (Cow::from(name), raw)).to_vec();
        assert_eq!(read, wanted);
        assert_eq!(fields.len(), 4);
        assert_eq!(fields.get("b").unwrap().get(), "18446744073709551616");
        assert!(fields.get("c").is_none() && fields.decode::<u8>("c").is_none());
        let error = fields
            .decode::<u8>("a \"quoted\" é\n")
            .unwrap()
            .unwrap_err();
        assert!(error.path().starts_with("[\"a"), "{error}");
    }

    #[test]
    fn debug_shows_only_names_and_no_fields_take_one_pointer() {
        let shown = format!("{:?}", fields(&[("token", "\"s3cret\"")]));
        assert_eq!(shown, r#"{"token"}"#);
        assert_eq!(size_of::<ExtraFields>(), size_of::<usize>());
        assert_eq!(size_of::<Option<ExtraFields>>(), size_of::<usize>());
        assert!(ExtraFields::default().is_empty());
    }

    #[test]
    fn many_fields_are_not_copied_for_each_further_one_and_few_have_no_spare_memory() {
        for (count, most_copies) in [(10, 10), (100_000, 300)] {
            let (mut fields, mut copies, mut capacity) = (ExtraFields::default(), 0, 0);
            for number in 0..count {
                fields.push(&number.to_string(), "\"a value\"");
                copies += usize::from(fields.0.capacity() != capacity);
                capacity = fields.0.capacity();
            }
            assert!(copies <= most_copies, "{copies}");
            let spare = capacity - fields.0.len();
            assert!(spare == 0 || count > 10, "{spare}");
            assert_eq!(fields.len(), count);
        }
    }

    #[test]
    fn equality_ignores_the_order_and_compares_the_text() {
        let one = fields(&[("a", "1"), ("b", "2")]);
        assert_eq!(one, fields(&[("b", "2"), ("a", "1")]));
        for other in [vec![], vec![("a", "1")], vec![("a", "1"), ("b", "2.0")]] {
            assert_ne!(one, fields(&other));
        }
        let mut kept = one;
        kept.retain(|name, _| name == "b");
        assert_eq!(kept, fields(&[("b", "2")]));
        kept.retain(|_, _| false);
        assert!(kept.is_empty());
    }

    #[test]
    fn each_written_field_is_recorded_once_and_only_during_noting() {
        note("A", "before");
        let ((), noted) = noting(|| {
            note("A", "x");
            note("A", "x");
            note("A", "\u{1b}[2Jy");
            (0..100).for_each(|n| note("B", &n.to_string()));
        });
        assert_eq!(noted[..2], ["A.x", r"A.\u{1b}[2Jy"]);
        assert_eq!(noted.len(), NAMES_LIMIT);
        assert!(noting(|| ()).1.is_empty());
    }
}
