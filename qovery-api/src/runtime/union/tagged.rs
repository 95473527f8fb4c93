//! Writes a member of a union, and adds the tag if the member does not write it.

use serde::{
    Serialize, Serializer,
    ser::{Error as _, SerializeMap, SerializeStruct},
};

use crate::runtime::raw_json;

/// Writes a member, and the tag if the member does not.
pub(crate) fn serialize_tagged<T: Serialize + ?Sized, S: Serializer>(
    member: &T,
    tag: &'static str,
    text: &'static str,
    to: S,
) -> Result<S::Ok, S::Error> {
    member.serialize(Tagged { tag, text, to })
}

/// Adds the tag to an object. Other values are written unchanged.
struct Tagged<S> {
    tag: &'static str,
    text: &'static str,
    to: S,
}

/// An object that is being written.
struct Fields<M> {
    tag: &'static str,
    text: &'static str,
    has_tag: bool,
    to: M,
}

impl<M> Fields<M> {
    /// Whether to write the field; a tag that is null is not written.
    fn takes<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> bool {
        if name != self.tag {
            return true;
        }
        let is_null = serde_json::to_value(value).is_ok_and(|value| value.is_null());
        self.has_tag |= !is_null;
        !is_null
    }
}

impl<M: SerializeMap> SerializeMap for Fields<M> {
    type Ok = M::Ok;
    type Error = M::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), M::Error> {
        let name = serde_json::to_value(key).map_err(M::Error::custom)?;
        self.has_tag |= name == self.tag;
        self.to.serialize_key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), M::Error> {
        self.to.serialize_value(value)
    }

    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<(), M::Error> {
        let name = serde_json::to_value(key).map_err(M::Error::custom)?;
        if self.takes(name.as_str().unwrap_or_default(), value) {
            self.to.serialize_entry(key, value)?;
        }
        Ok(())
    }

    fn end(mut self) -> Result<M::Ok, M::Error> {
        if !self.has_tag {
            self.to.serialize_entry(self.tag, self.text)?;
        }
        self.to.end()
    }
}

/// A struct that is being written: an object, or the struct that stands for raw JSON in serde_json.
enum Struct<S: Serializer> {
    Object(Fields<S::SerializeMap>),
    RawJson(S::SerializeStruct),
}

impl<S: Serializer> SerializeStruct for Struct<S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), S::Error> {
        match self {
            Self::Object(fields) => fields.serialize_entry(name, value),
            Self::RawJson(raw) => raw.serialize_field(name, value),
        }
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        match self {
            Self::Object(fields) => fields.end(),
            Self::RawJson(raw) => raw.end(),
        }
    }
}

impl<S: Serializer> Tagged<S> {
    fn fields(self) -> Result<Fields<S::SerializeMap>, S::Error> {
        Ok(Fields {
            tag: self.tag,
            text: self.text,
            has_tag: false,
            // With the tag, there may be one more field than the member declares.
            to: self.to.serialize_map(None)?,
        })
    }
}

macro_rules! as_it_is {
    ($($method:ident($($name:ident: $type:ty),*) -> $ok:ident;)*) => {
        $(fn $method(self, $($name: $type),*) -> Result<Self::$ok, S::Error> {
            self.to.$method($($name),*)
        })*
    };
}

impl<S: Serializer> Serializer for Tagged<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = S::SerializeSeq;
    type SerializeTuple = S::SerializeTuple;
    type SerializeTupleStruct = S::SerializeTupleStruct;
    type SerializeTupleVariant = S::SerializeTupleVariant;
    type SerializeMap = Fields<S::SerializeMap>;
    type SerializeStruct = Struct<S>;
    type SerializeStructVariant = S::SerializeStructVariant;

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        self.fields()
    }

    fn serialize_struct(
        self,
        name: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        if name == raw_json::TOKEN {
            self.to.serialize_struct(name, length).map(Struct::RawJson)
        } else {
            self.fields().map(Struct::Object)
        }
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.to
            .serialize_newtype_variant(name, index, variant, value)
    }

    as_it_is! {
        serialize_bool(value: bool) -> Ok;
        serialize_i8(value: i8) -> Ok;
        serialize_i16(value: i16) -> Ok;
        serialize_i32(value: i32) -> Ok;
        serialize_i64(value: i64) -> Ok;
        serialize_i128(value: i128) -> Ok;
        serialize_u8(value: u8) -> Ok;
        serialize_u16(value: u16) -> Ok;
        serialize_u32(value: u32) -> Ok;
        serialize_u64(value: u64) -> Ok;
        serialize_u128(value: u128) -> Ok;
        serialize_f32(value: f32) -> Ok;
        serialize_f64(value: f64) -> Ok;
        serialize_char(value: char) -> Ok;
        serialize_str(value: &str) -> Ok;
        serialize_bytes(value: &[u8]) -> Ok;
        serialize_none() -> Ok;
        serialize_unit() -> Ok;
        serialize_unit_struct(name: &'static str) -> Ok;
        serialize_unit_variant(name: &'static str, index: u32, variant: &'static str) -> Ok;
        serialize_seq(length: Option<usize>) -> SerializeSeq;
        serialize_tuple(length: usize) -> SerializeTuple;
        serialize_tuple_struct(name: &'static str, length: usize) -> SerializeTupleStruct;
        serialize_tuple_variant(
            name: &'static str,
            index: u32,
            variant: &'static str,
            length: usize
        ) -> SerializeTupleVariant;
        serialize_struct_variant(
            name: &'static str,
            index: u32,
            variant: &'static str,
            length: usize
        ) -> SerializeStructVariant;
    }
}
