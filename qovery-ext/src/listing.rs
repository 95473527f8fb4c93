//! Lists of the API, decoded only as far as a caller needs: an item whose configuration this version cannot
//! read still has a name.

use std::marker::PhantomData;

use qovery_api::{Json, Operation, OperationInfo};
use serde::{Deserialize, de::DeserializeOwned};

/// The operation `O`, with `T` for its list: a `Vec` of the items, or an `Option` of it, which is `None` for a response
/// without a list.
pub(crate) struct ListOf<O, T>(PhantomData<fn() -> (O, T)>);

impl<O: Operation, T: DeserializeOwned + Default + Send + 'static> Operation for ListOf<O, T> {
    type Output = Listed<T>;
    type Format = Json;
    const INFO: &'static OperationInfo = O::INFO;
}

/// The items of a list.
#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned + Default")]
pub(crate) struct Listed<T> {
    #[serde(default)]
    pub(crate) results: T,
}
