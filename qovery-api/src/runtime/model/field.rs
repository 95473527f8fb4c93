//! The operations that every type of a field has: a placeholder before it is read, and removal of the extra
//! fields of the models in it.

use std::{collections::BTreeMap, net, num};

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::runtime::{ExtraFields, Patch, Secret, SecretText};

/// A type that a field can have.
pub(crate) trait Field: Sized {
    /// A placeholder that is created without allocating.
    ///
    /// It is not a default value: the reader replaces the placeholder of each required field.
    fn placeholder() -> Self;

    /// Removes the extra fields of all models in it.
    fn drop_extra(&mut self) {}
}

/// Creates the placeholder of a type.
pub(crate) fn placeholder<T: Field>() -> T {
    T::placeholder()
}

macro_rules! placeholder {
    ($($type:ty => $value:expr,)*) => {
        $(impl Field for $type {
            fn placeholder() -> Self {
                $value
            }
        })*
    };
}

placeholder! {
    String => Self::new(),
    SecretText => Self::new(String::new()),
    bool => false,
    f32 => 0.0,
    f64 => 0.0,
    i8 => 0,
    i16 => 0,
    i32 => 0,
    i64 => 0,
    u8 => 0,
    u16 => 0,
    u32 => 0,
    u64 => 0,
    num::NonZeroU8 => Self::MIN,
    num::NonZeroU16 => Self::MIN,
    num::NonZeroU32 => Self::MIN,
    num::NonZeroU64 => Self::MIN,
    Uuid => Self::nil(),
    DateTime<Utc> => Self::UNIX_EPOCH,
    NaiveDate => Self::default(),
    net::IpAddr => Self::V4(net::Ipv4Addr::UNSPECIFIED),
    net::Ipv4Addr => Self::UNSPECIFIED,
    net::Ipv6Addr => Self::UNSPECIFIED,
    Value => Self::Null,
    Map<String, Value> => Self::new(),
    ExtraFields => Self::default(),
}

impl<T: Field> Field for Option<T> {
    fn placeholder() -> Self {
        None
    }

    fn drop_extra(&mut self) {
        self.iter_mut().for_each(Field::drop_extra);
    }
}

impl<T: Field> Field for Patch<T> {
    fn placeholder() -> Self {
        Self::Absent
    }

    fn drop_extra(&mut self) {
        if let Self::Value(value) = self {
            value.drop_extra();
        }
    }
}

impl<T: Field> Field for Vec<T> {
    fn placeholder() -> Self {
        Self::new()
    }

    fn drop_extra(&mut self) {
        self.iter_mut().for_each(Field::drop_extra);
    }
}

impl<T: Field> Field for BTreeMap<String, T> {
    fn placeholder() -> Self {
        Self::new()
    }

    fn drop_extra(&mut self) {
        self.values_mut().for_each(Field::drop_extra);
    }
}

impl<T: Field> Field for Secret<T> {
    fn placeholder() -> Self {
        Self::new(T::placeholder())
    }

    fn drop_extra(&mut self) {
        self.expose_mut().drop_extra();
    }
}

impl<T: Field> Field for Box<T> {
    fn placeholder() -> Self {
        Self::new(T::placeholder())
    }

    fn drop_extra(&mut self) {
        (**self).drop_extra();
    }
}
