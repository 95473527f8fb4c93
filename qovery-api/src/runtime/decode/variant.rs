//! Enums in serde's own form: a text, or an object with one field.
//!
//! Not for unions of the API: those have [`union!`](crate::runtime::union).

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, VariantAccess, Visitor, value::StrDeserializer,
};

use super::{Fault, deserializer::ValueDeserializer};

/// The name of a variant and what it holds.
pub(super) struct VariantDeserializer<'de> {
    name: &'de str,
    content: Option<ValueDeserializer<'de>>,
}

impl<'de> VariantDeserializer<'de> {
    pub(super) fn new(name: &'de str, content: Option<ValueDeserializer<'de>>) -> Self {
        Self { name, content }
    }

    fn content(self) -> Result<ValueDeserializer<'de>, Fault> {
        self.content
            .ok_or_else(|| Fault::new("expected an object with one field, found a text"))
    }
}

impl<'de> EnumAccess<'de> for VariantDeserializer<'de> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Fault> {
        let value = seed.deserialize(StrDeserializer::new(self.name))?;
        Ok((value, self))
    }
}

impl<'de> VariantAccess<'de> for VariantDeserializer<'de> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        match self.content {
            Some(content) if !content.value().is_null() => {
                Err(Fault::new("expected a text, found an object"))
            }
            _ => Ok(()),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Fault> {
        let name = self.name;
        seed.deserialize(self.content()?)
            .map_err(|fault| fault.in_field(name))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        let name = self.name;
        self.content()?
            .deserialize_seq(visitor)
            .map_err(|fault| fault.in_field(name))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let name = self.name;
        self.content()?
            .deserialize_struct("", fields, visitor)
            .map_err(|fault| fault.in_field(name))
    }
}
