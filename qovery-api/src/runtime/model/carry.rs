//! Copies the extra fields of a response into the request that is made from it.

use serde_json::value::RawValue;

use super::{Model, write::is_written};
use crate::runtime::{ExtraFields, decode::SingleField};

/// Moves extra fields of the response that the request declares to the fields of the request, and returns the request.
///
/// A newer server may return fields that were write-only before. An extra field stays extra if the request's field
/// is already set or cannot hold the value.
pub(crate) fn carried<M: Model>(mut request: M) -> M {
    if !request.extra().is_empty() {
        adopt(&mut request);
    }
    request
}

fn adopt<M: Model>(request: &mut M) {
    let mut extra: ExtraFields = std::mem::take(request.extra_mut());
    extra.retain(|name, value| !adopts(request, name, value));
    *request.extra_mut() = extra;
}

/// Whether the extra field became a field of the request.
fn adopts<M: Model>(request: &mut M, name: &str, value: &RawValue) -> bool {
    let Some(field) = M::FIELDS.iter().position(|field| *field == name) else {
        return false;
    };
    !is_written(request, name)
        && request
            .read(field, &mut SingleField::new(value.get()))
            .is_ok()
        && is_written(request, name)
}
