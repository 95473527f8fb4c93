//! The placeholder of a field before it is read.
//!
//! It is not a default: the placeholder of a required field never leaves the reader.

use std::{collections::BTreeMap, net, num};

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::runtime::{ExtraFields, Patch, Secret, SecretText};

/// A type that a field can have.
pub(crate) trait Blank: Sized {
    /// A placeholder that is created without allocating.
    fn blank() -> Self;
}

/// The placeholder.
pub(crate) fn blank<T: Blank>() -> T {
    T::blank()
}

macro_rules! blank {
    ($($type:ty => $value:expr,)*) => {
        $(impl Blank for $type {
            fn blank() -> Self {
                $value
            }
        })*
    };
}

blank! {
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

impl<T> Blank for Option<T> {
    fn blank() -> Self {
        None
    }
}

impl<T> Blank for Patch<T> {
    fn blank() -> Self {
        Self::Absent
    }
}

impl<T> Blank for Vec<T> {
    fn blank() -> Self {
        Self::new()
    }
}

impl<T> Blank for BTreeMap<String, T> {
    fn blank() -> Self {
        Self::new()
    }
}

impl<T: Blank> Blank for Secret<T> {
    fn blank() -> Self {
        Self::new(T::blank())
    }
}

impl<T: Blank> Blank for Box<T> {
    fn blank() -> Self {
        Self::new(T::blank())
    }
}
