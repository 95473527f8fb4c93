//! Reads types from the text of a JSON value, with the leniency of a [`DecodeMode`], and reports the path of an error.
//!
//! It is slow. It is used only if fast decoding has failed, and for the members of unions. Each level is split into the
//! texts of its parts, so that kept values do not change and only one path into the document is in memory.

mod variant;

use std::{borrow::Cow, cell::Cell};

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Unexpected,
    Visitor,
    value::{BorrowedStrDeserializer, CowStrDeserializer, U64Deserializer},
};
use serde_json::value::RawValue;

use super::{DecodeMode, Fault, Subject, outline, text};
use crate::runtime::raw_json;
use variant::VariantDeserializer;

/// The name of the newtype struct that tells this deserializer that it reads a model. A model receives the values that
/// it can hold only in part a second time, as JSON text.
pub(crate) const MODEL: &str = "$qovery_api::model";
/// The name of the newtype struct that asks this deserializer for the text and the mode: see [`union_subject`].
pub(crate) const UNION: &str = "$qovery_api::union";

/// The maximum nesting of a document, as in serde_json.
const DEPTH_LIMIT: u8 = 128;

/// Reads from the text of a valid JSON value.
#[derive(Clone, Copy)]
pub(super) struct TextDeserializer<'de, 'c> {
    /// Without surrounding white space.
    text: &'de str,
    mode: DecodeMode,
    depth: u8,
    /// Whether it is the value of a field: there, null can mean an empty object.
    is_field: bool,
    /// Whether it belongs to a model.
    is_model: bool,
    /// Set if a number or a text fits only in part.
    partial: Option<&'c Cell<bool>>,
}

/// Decodes a value.
pub(crate) fn decode_subject<T: DeserializeOwned>(subject: Subject<'_>) -> Result<T, Fault> {
    let from = TextDeserializer::within(subject.text(), subject.mode(), subject.depth());
    T::deserialize(from)
}

impl<'de, 'c> TextDeserializer<'de, 'c> {
    pub(super) fn new(text: &'de str, mode: DecodeMode) -> Self {
        Self::within(text, mode, 0)
    }

    pub(super) fn within(text: &'de str, mode: DecodeMode, depth: u8) -> Self {
        Self {
            text,
            mode,
            depth,
            is_field: false,
            is_model: false,
            partial: None,
        }
    }

    pub(super) fn is_null(self) -> bool {
        self.text == "null"
    }

    fn first(self) -> u8 {
        self.text.as_bytes().first().copied().unwrap_or(b'n')
    }

    fn accepts_other_spellings(self) -> bool {
        self.mode >= DecodeMode::Strict
    }

    fn is_lenient(self) -> bool {
        self.mode >= DecodeMode::Lenient
    }

    /// A deserializer for an inner value, with the same mode.
    fn part(self, text: &'de str) -> Result<Self, Fault> {
        if self.depth >= DEPTH_LIMIT {
            return Err(Fault::new("the document is nested too deeply"));
        }
        Ok(Self {
            text,
            depth: self.depth + 1,
            is_field: false,
            is_model: false,
            ..self
        })
    }

    fn items(self) -> Result<Vec<&'de RawValue>, Fault> {
        serde_json::from_str(self.text).map_err(|_| Fault::new("the list cannot be read"))
    }

    fn fields(self) -> Result<Fields<'de, 'c>, Fault> {
        let entries = outline::entries(self.text)?;
        Ok(Fields::new(self, entries))
    }

    /// The error of the visitor for this kind of value.
    fn refuse<V: Visitor<'de>>(self, visitor: &V) -> Fault {
        let unexpected = match self.first() {
            b'n' => Unexpected::Unit,
            b't' => Unexpected::Bool(true),
            b'f' => Unexpected::Bool(false),
            b'"' => Unexpected::Str(""),
            b'[' => Unexpected::Seq,
            b'{' => Unexpected::Map,
            _ => match self.number() {
                Number::Unsigned(number) => Unexpected::Unsigned(number),
                Number::Signed(number) => Unexpected::Signed(number),
                Number::Float(number) if number.is_finite() => Unexpected::Float(number),
                Number::Float(_) => Unexpected::Other("a number"),
            },
        };
        Fault::invalid_type(unexpected, visitor)
    }

    fn is_number(self) -> bool {
        matches!(self.first(), b'-' | b'0'..=b'9')
    }

    fn number(self) -> Number {
        // An integer cannot hold the sign of a zero.
        if self.text != "-0" {
            if let Ok(number) = self.text.parse() {
                return Number::Unsigned(number);
            }
            if let Ok(number) = self.text.parse() {
                return Number::Signed(number);
            }
        }
        Number::Float(self.text.parse().unwrap_or(f64::NAN))
    }

    fn visit_number<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.number() {
            Number::Unsigned(number) => visitor.visit_u64(number),
            Number::Signed(number) => visitor.visit_i64(number),
            Number::Float(number) if number.is_finite() => visitor.visit_f64(number),
            Number::Float(number) if self.is_lenient() => {
                self.mark_partial();
                visitor.visit_f64(number.clamp(f64::MIN, f64::MAX))
            }
            Number::Float(_) => Err(Fault::new("the number is too large")),
        }
    }

    fn mark_partial(self) {
        if let Some(partial) = self.partial {
            partial.set(true);
        }
    }

    /// An integer of a type with the range from `least` to `most`.
    fn integer<V: Visitor<'de>>(
        self,
        visitor: V,
        least: i128,
        most: i128,
    ) -> Result<V::Value, Fault> {
        if !self.is_number() {
            return Err(self.refuse(&visitor));
        }
        let mut whole = match self.text.parse::<i128>() {
            Ok(whole) => whole,
            Err(_) => {
                let float = self.text.parse().unwrap_or(f64::NAN);
                match whole_of(float) {
                    Some(whole) if self.accepts_other_spellings() => whole,
                    None if self.is_lenient() && !float.is_nan() => {
                        self.mark_partial();
                        saturated(float)
                    }
                    _ => return self.visit_number(visitor),
                }
            }
        };
        if self.is_lenient() && !(least..=most).contains(&whole) {
            self.mark_partial();
            whole = whole.clamp(least, most);
        }
        match (u64::try_from(whole), i64::try_from(whole)) {
            (Ok(whole), _) => visitor.visit_u64(whole),
            (_, Ok(whole)) => visitor.visit_i64(whole),
            _ => visitor.visit_i128(whole),
        }
    }

    fn list<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.first() {
            b'[' => visitor.visit_seq(Items::new(self, self.items()?)),
            b'n' if self.accepts_other_spellings() => {
                visitor.visit_seq(Items::new(self, Vec::new()))
            }
            _ => Err(self.refuse(&visitor)),
        }
    }

    fn text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.first() {
            b'"' => match text::unescaped(self.text, self.mode)? {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => {
                    if text.contains(char::REPLACEMENT_CHARACTER) && !text::is_unicode(self.text) {
                        self.mark_partial();
                    }
                    visitor.visit_string(text)
                }
            },
            _ => Err(self.refuse(&visitor)),
        }
    }
}

enum Number {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

/// The integer of a float without a fraction.
fn whole_of(float: f64) -> Option<i128> {
    // Larger values fit no integer type of a model.
    const LIMIT: f64 = 1e30;
    (float.fract() == 0.0 && float.abs() <= LIMIT).then(|| saturated(float))
}

fn saturated(float: f64) -> i128 {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the cast cuts off the fraction, and saturates"
    )]
    let whole = float as i128;
    whole
}

macro_rules! integers {
    ($($method:ident: $type:ty,)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.integer(visitor, i128::from(<$type>::MIN), i128::from(<$type>::MAX))
        })*
    };
}

impl<'de> Deserializer<'de> for TextDeserializer<'de, '_> {
    type Error = Fault;

    // Exact, for types that keep the value unchanged.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.first() {
            b'n' => visitor.visit_unit(),
            b't' => visitor.visit_bool(true),
            b'f' => visitor.visit_bool(false),
            b'"' => self.text(visitor),
            b'[' => visitor.visit_seq(Items::new(self, self.items()?)),
            b'{' => visitor.visit_map(self.fields()?),
            _ => self.visit_number(visitor),
        }
    }

    integers! {
        deserialize_i8: i8, deserialize_i16: i16, deserialize_i32: i32, deserialize_i64: i64,
        deserialize_i128: i128, deserialize_u8: u8, deserialize_u16: u16, deserialize_u32: u32,
        deserialize_u64: u64,
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.text.parse() {
            Ok(number) => visitor.visit_u128(number),
            Err(_) => self.integer(visitor, 0, i128::MAX),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match name {
            raw_json::TOKEN => visitor.visit_map(KeyedText {
                key: BorrowedStrDeserializer::new(raw_json::TOKEN),
                text: Some(self.text),
            }),
            UNION => visitor.visit_map(KeyedText {
                key: U64Deserializer::new(encoded(self.mode, self.depth)),
                text: Some(self.text),
            }),
            MODEL => visitor.visit_newtype_struct(Self {
                is_model: true,
                ..self
            }),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.list(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.first() {
            b'{' => visitor.visit_map(self.fields()?),
            b'n' if self.accepts_other_spellings() => {
                visitor.visit_map(Fields::new(self, Vec::new()))
            }
            _ => Err(self.refuse(&visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.first() {
            b'{' => visitor.visit_map(self.fields()?),
            // An object whose fields may all be absent. If another object is absent, the error names the object
            // and not its fields.
            b'n' if self.accepts_other_spellings() && self.is_field => {
                let refused = self.refuse(&visitor);
                visitor
                    .visit_map(Fields::new(self, Vec::new()))
                    .map_err(|_| refused)
            }
            b'[' if self.accepts_other_spellings() => match self.items()?.as_slice() {
                [only] if only.get().starts_with('{') => {
                    let is_model = self.is_model;
                    let only = Self {
                        is_model,
                        ..self.part(only.get())?
                    };
                    visitor
                        .visit_map(only.fields()?)
                        .map_err(|fault| fault.in_item(0))
                }
                _ => Err(self.refuse(&visitor)),
            },
            _ => Err(self.refuse(&visitor)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let (name, content) = match self.first() {
            b'"' => (text::unescaped(self.text, self.mode)?, None),
            b'{' => match outline::entries(self.text)?.as_slice() {
                [(name, content)] => (text::unescaped(name, self.mode)?, Some(self.part(content)?)),
                _ => return Err(Fault::new("expected an object with one field")),
            },
            _ => return Err(self.refuse(&visitor)),
        };
        visitor.visit_enum(VariantDeserializer::new(name, content))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.text(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.text(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct
    }
}

struct Items<'de, 'c> {
    list: TextDeserializer<'de, 'c>,
    items: std::iter::Enumerate<std::vec::IntoIter<&'de RawValue>>,
}

impl<'de, 'c> Items<'de, 'c> {
    fn new(list: TextDeserializer<'de, 'c>, items: Vec<&'de RawValue>) -> Self {
        Self {
            list,
            items: items.into_iter().enumerate(),
        }
    }
}

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        let Some((index, item)) = self.items.next() else {
            return Ok(None);
        };
        self.list
            .part(item.get())
            .and_then(|item| seed.deserialize(item))
            .map(Some)
            .map_err(|fault| fault.in_item(index))
    }

    // Without a size hint: with one, serde would reserve up to a mebibyte before an item is counted.
}

struct Fields<'de, 'c> {
    mode: DecodeMode,
    depth: u8,
    is_model: bool,
    entries: std::vec::IntoIter<(&'de str, &'de str)>,
    current: Option<(Cow<'de, str>, &'de str)>,
    /// A field that the model holds only in part, to be passed again as its JSON text.
    partial: Option<(Cow<'de, str>, &'de str)>,
    /// For a map that is not a model: the flag of the whole map.
    of_whole: Option<&'c Cell<bool>>,
}

impl<'de, 'c> Fields<'de, 'c> {
    fn new(of: TextDeserializer<'de, 'c>, entries: Vec<(&'de str, &'de str)>) -> Self {
        Self {
            mode: of.mode,
            depth: of.depth,
            is_model: of.is_model,
            entries: entries.into_iter(),
            current: None,
            partial: None,
            of_whole: of.partial,
        }
    }
}

impl<'de> MapAccess<'de> for Fields<'de, '_> {
    type Error = Fault;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        if let Some((name, value)) = self.partial.take() {
            let key = seed.deserialize(PartialFieldName(&name));
            self.current = Some((name, value));
            return key.map(Some);
        }
        let Some((name, value)) = self.entries.next() else {
            return Ok(None);
        };
        let name = text::unescaped(name, self.mode)?;
        let key = seed
            .deserialize(KeyDeserializer(name.clone()))
            .map_err(|fault| fault.in_field(&name))?;
        self.current = Some((name, value));
        Ok(Some(key))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        let Some((name, text)) = self.current.take() else {
            return Err(Fault::new("a value was asked for before its key"));
        };
        let partial = Cell::new(false);
        let field = TextDeserializer {
            partial: Some(&partial),
            ..TextDeserializer::within(text, self.mode, self.depth)
        };
        let value = field.part(text).and_then(|field| {
            seed.deserialize(TextDeserializer {
                is_field: true,
                ..field
            })
        });
        let value = value.map_err(|fault| fault.in_field(&name))?;
        if partial.get() {
            if self.is_model {
                self.partial = Some((name, text));
            } else if let Some(of_whole) = self.of_whole {
                of_whole.set(true);
            }
        }
        Ok(value)
    }
}

/// The name of a field that the model holds only in part. It is passed as bytes, so that the model can
/// recognize it.
struct PartialFieldName<'a>(&'a str);

impl<'de> Deserializer<'de> for PartialFieldName<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_bytes(self.0.as_bytes())
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The key of a map: text, or a number written as text.
struct KeyDeserializer<'de>(Cow<'de, str>);

impl<'de> KeyDeserializer<'de> {
    fn text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0 {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }
}

macro_rules! number_keys {
    ($($method:ident => $visit:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            match self.0.parse() {
                Ok(number) => visitor.$visit(number),
                Err(_) => self.text(visitor),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for KeyDeserializer<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.text(visitor)
    }

    number_keys! {
        deserialize_i8 => visit_i64 deserialize_i16 => visit_i64 deserialize_i32 => visit_i64
        deserialize_i64 => visit_i64 deserialize_u8 => visit_u64 deserialize_u16 => visit_u64
        deserialize_u32 => visit_u64 deserialize_u64 => visit_u64 deserialize_bool => visit_bool
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_enum(VariantDeserializer::new(self.0, None))
    }

    serde::forward_to_deserialize_any! {
        i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct
        map struct identifier ignored_any
    }
}

/// A map of one entry: the text of a value, under a key that states its meaning.
struct KeyedText<'de, K> {
    key: K,
    text: Option<&'de str>,
}

impl<'de, K: Deserializer<'de, Error = Fault> + Clone> MapAccess<'de> for KeyedText<'de, K> {
    type Error = Fault;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        self.text
            .map(|_| seed.deserialize(self.key.clone()))
            .transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        match self.text.take() {
            Some(text) => seed.deserialize(BorrowedStrDeserializer::new(text)),
            None => Err(Fault::new("a value was asked for twice")),
        }
    }
}

/// Encodes mode and depth as one number.
fn encoded(mode: DecodeMode, depth: u8) -> u64 {
    let mode = match mode {
        DecodeMode::Exact => 0,
        DecodeMode::Strict => 1,
        DecodeMode::Lenient => 2,
    };
    mode << 8 | u64::from(depth)
}

/// The value that this module passed to a union; see [`UNION`].
pub(crate) fn union_subject<'de, A: MapAccess<'de>>(mut from: A) -> Result<Subject<'de>, A::Error> {
    let encoded: u64 = from
        .next_key()?
        .ok_or_else(|| A::Error::custom("the value of a union is missing"))?;
    let mode = match encoded >> 8 {
        0 => DecodeMode::Exact,
        1 => DecodeMode::Strict,
        _ => DecodeMode::Lenient,
    };
    let depth = u8::try_from(encoded & 0xff).unwrap_or(DEPTH_LIMIT);
    Ok(Subject::within(from.next_value()?, mode, depth))
}

/// A map of one field, whose value a model reads by the index of the field.
pub(crate) struct SingleField<'de>(Option<&'de str>);

impl<'de> SingleField<'de> {
    pub(crate) fn new(text: &'de str) -> Self {
        Self(Some(text))
    }
}

impl<'de> MapAccess<'de> for SingleField<'de> {
    type Error = Fault;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        seed.deserialize(CowStrDeserializer::new(Cow::Borrowed("")))
            .map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        match self.0.take() {
            Some(text) => seed.deserialize(TextDeserializer {
                is_field: true,
                ..TextDeserializer::new(text, DecodeMode::Strict)
            }),
            None => Err(Fault::new("a value was asked for twice")),
        }
    }
}
