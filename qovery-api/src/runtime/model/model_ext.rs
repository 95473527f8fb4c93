//! The public methods of every model.

use super::{Field, Model};
use crate::runtime::ExtraFields;

/// The methods that every model has. Import the trait to call them.
///
/// ```
/// use qovery_api::{ModelExt, decode, types::ReferenceObject};
///
/// let body = br#"{"id": "5d1b9bbc-6f9c-4a9c-9b5e-0e6b0c1d2e3f", "weight": 1.50}"#;
/// let reference: ReferenceObject = decode(body)?;
/// assert_eq!(reference.extra().names().collect::<Vec<_>>(), ["weight"]);
/// assert!(reference.without_extra().extra().is_empty());
/// # Ok::<(), qovery_api::DecodeError>(())
/// ```
///
/// A union has its own method `without_extra`, which needs no import.
// One implementation for all models: two methods of each of hundreds of models would take 3 % of the time of
// compiling this crate.
pub trait ModelExt: Sized {
    /// Returns the fields of the response that this version of the library does not know. They are sent back.
    fn extra(&self) -> &ExtraFields;

    /// Removes the [extra fields](Self::extra), also from the models within.
    #[must_use = "the model without extra fields is the result"]
    fn without_extra(self) -> Self;
}

impl<M: Model> ModelExt for M {
    #[inline]
    fn extra(&self) -> &ExtraFields {
        Model::extra(self)
    }

    #[inline]
    fn without_extra(mut self) -> Self {
        self.drop_extra();
        self
    }
}
