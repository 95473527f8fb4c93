//! Visits the models inside a model, to remove their extra fields.

use std::{collections::BTreeMap, net, num};

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Model;
use crate::runtime::{ExtraFields, Patch, Secret, SecretText};

/// A value that contains models.
pub(crate) trait Parts {
    /// Removes the extra fields of all models in it.
    fn drop_extra(&mut self);
}

/// Removes the extra fields of a model and of all models in it.
pub(crate) fn drop_extra<M: Model>(model: &mut M) {
    *model.extra_mut() = ExtraFields::default();
    model.drop_extra_within();
}

impl<T: Parts> Parts for Option<T> {
    fn drop_extra(&mut self) {
        self.iter_mut().for_each(Parts::drop_extra);
    }
}

impl<T: Parts> Parts for Patch<T> {
    fn drop_extra(&mut self) {
        if let Self::Value(value) = self {
            value.drop_extra();
        }
    }
}

impl<T: Parts> Parts for Vec<T> {
    fn drop_extra(&mut self) {
        self.iter_mut().for_each(Parts::drop_extra);
    }
}

impl<T: Parts> Parts for BTreeMap<String, T> {
    fn drop_extra(&mut self) {
        self.values_mut().for_each(Parts::drop_extra);
    }
}

impl<T: Parts> Parts for Box<T> {
    fn drop_extra(&mut self) {
        (**self).drop_extra();
    }
}

macro_rules! without_models {
    ($($type:ty),* $(,)?) => {
        $(impl Parts for $type {
            fn drop_extra(&mut self) {}
        })*
    };
}

// The other types that a member of a union can have.
without_models! {
    String, SecretText, bool, f32, f64, i8, i16, i32, i64, u8, u16, u32, u64, num::NonZeroU8,
    num::NonZeroU16, num::NonZeroU32, num::NonZeroU64, Uuid, DateTime<Utc>, NaiveDate, net::IpAddr,
    net::Ipv4Addr, net::Ipv6Addr, Value, Map<String, Value>,
}

impl<T: Parts> Parts for Secret<T> {
    fn drop_extra(&mut self) {
        self.expose_mut().drop_extra();
    }
}
