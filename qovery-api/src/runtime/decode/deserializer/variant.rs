//! Enums in the form of serde: a text, or an object with one field.
//!
//! Unions of the API use [`union!`](crate::runtime::union).

use std::borrow::Cow;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, VariantAccess, Visitor, value::StrDeserializer,
};

use super::TextDeserializer;
use crate::runtime::decode::Fault;

/// The name of a variant and its content.
pub(super) struct VariantDeserializer<'de, 'c> {
    name: Cow<'de, str>,
    content: Option<TextDeserializer<'de, 'c>>,
}

impl<'de, 'c> VariantDeserializer<'de, 'c> {
    pub(super) fn new(name: Cow<'de, str>, content: Option<TextDeserializer<'de, 'c>>) -> Self {
        Self { name, content }
    }

    fn content(&self) -> Result<TextDeserializer<'de, 'c>, Fault> {
        self.content
            .ok_or_else(|| Fault::new("expected an object with one field, found a text"))
    }
}

impl<'de> EnumAccess<'de> for VariantDeserializer<'de, '_> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Fault> {
        let value = seed.deserialize(StrDeserializer::new(&self.name))?;
        Ok((value, self))
    }
}

impl<'de> VariantAccess<'de> for VariantDeserializer<'de, '_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        match self.content {
            Some(content) if !content.is_null() => {
                Err(Fault::new("expected a text, found an object"))
            }
            _ => Ok(()),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Fault> {
        seed.deserialize(self.content()?)
            .map_err(|fault| fault.in_field(&self.name))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.content()?
            .deserialize_seq(visitor)
            .map_err(|fault| fault.in_field(&self.name))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.content()?
            .deserialize_struct("", fields, visitor)
            .map_err(|fault| fault.in_field(&self.name))
    }
}
