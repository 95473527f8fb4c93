//! Reads and writes the structs of the models.
//!
//! For each struct, the generator writes only the differences: its field names, and for each field one line
//! that reads it and one that visits it. All other code exists once, here, because serde's derives for
//! hundreds of structs would be most of the compile time of this crate. Enums and unions use
//! [`open_enum!`](super::open_enum) and [`union!`](super::union).

mod carry;
mod field;
mod list;
mod model_ext;
mod read;
mod write;

use serde::de::IgnoredAny;
pub(crate) use serde::de::MapAccess;

use super::ExtraFields;

pub(crate) use carry::carried;
pub(crate) use field::{Field, placeholder};
pub(crate) use list::list;
pub use model_ext::ModelExt;
pub(crate) use read::{extra, free, read, time, value};
pub(crate) use write::{Visit, debug, write};

/// The items that the generator writes for each struct.
pub(crate) trait Model: Field {
    /// The name of the struct.
    const NAME: &'static str;
    /// The names of the fields in JSON.
    const FIELDS: &'static [&'static str];
    /// The fields that a document must have: bit `n` stands for `FIELDS[n]`.
    const REQUIRED: u128;
    /// The required fields without a bit in [`REQUIRED`](Self::REQUIRED), by
    /// their indexes in `FIELDS`.
    const REQUIRED_BEYOND: &'static [usize] = &[];
    /// Whether the contract allows properties without a name; the struct has a field for them.
    const KEEPS_EXTRA: bool = false;

    /// Returns the unknown fields.
    fn extra(&self) -> &ExtraFields;

    /// Returns the unknown fields for changes.
    fn extra_mut(&mut self) -> &mut ExtraFields;

    /// Reads the value of `FIELDS[field]`.
    fn read<'de, D: MapAccess<'de>>(&mut self, field: usize, from: &mut D) -> Result<(), D::Error> {
        let _ = field;
        from.next_value::<IgnoredAny>().map(drop)
    }

    /// Reads a property that the contract allows without a name.
    fn read_extra<'de, D: MapAccess<'de>>(
        &mut self,
        name: String,
        from: &mut D,
    ) -> Result<(), D::Error> {
        let _ = name;
        from.next_value::<IgnoredAny>().map(drop)
    }

    /// Shows every field, in order.
    fn visit<V: Visit>(&self, to: &mut V) {
        let _ = to;
    }
}

/// The index of a name among the fields, searched from `expected` on.
fn find(fields: &[&str], name: &str, expected: usize) -> Option<usize> {
    let (before, after) = fields.split_at_checked(expected).unwrap_or((fields, &[]));
    match after.iter().position(|field| *field == name) {
        Some(index) => Some(expected + index),
        None => before.iter().position(|field| *field == name),
    }
}

/// Writes the implementations that use [`Model`], and `Default` for a struct that may be empty.
///
/// Code that exists once for each struct is `#[inline]`, here and in generated code: it is compiled only in programs
/// that use the struct.
macro_rules! through_fields {
    ($name:ty, $fields:tt, $with_models:tt, Default) => {
        impl ::core::default::Default for $name {
            #[inline]
            fn default() -> Self {
                $crate::runtime::model::placeholder()
            }
        }
        $crate::runtime::model::through_fields!($name, $fields, $with_models);
    };
    ($name:ty, [$($field:ident),*], [$($with_models:ident),*]) => {
        impl $crate::runtime::model::Field for $name {
            #[inline]
            fn placeholder() -> Self {
                Self {
                    $($field: $crate::runtime::model::placeholder(),)*
                    __extra: $crate::runtime::model::placeholder(),
                }
            }
            #[inline]
            fn drop_extra(&mut self) {
                self.__extra = $crate::runtime::model::placeholder();
                $($crate::runtime::model::Field::drop_extra(&mut self.$with_models);)*
            }
        }
        impl ::core::fmt::Debug for $name {
            #[inline]
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                $crate::runtime::model::debug(self, f)
            }
        }
        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(
                &self,
                to: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::runtime::model::write(self, to)
            }
        }
        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                from: D,
            ) -> ::core::result::Result<Self, D::Error> {
                $crate::runtime::model::read(from)
            }
        }
    };
}

/// Writes the methods of [`Model`] for the extra fields of a struct.
macro_rules! extra_fields {
    () => {
        #[inline]
        fn extra(&self) -> &$crate::ExtraFields {
            &self.__extra
        }
        #[inline]
        fn extra_mut(&mut self) -> &mut $crate::ExtraFields {
            &mut self.__extra
        }
    };
}

pub(crate) use {extra_fields, through_fields};

#[cfg(test)]
mod tests;
