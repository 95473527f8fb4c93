//! The setters of an operation's call.

/// Writes the setters as methods of the operation's [`Call`](super::Call). They are documented at the
/// operation, because the page of `Call` would list the setters of all operations together.
macro_rules! setters {
    (impl $operation:ty { $($setters:tt)* }) => {
        #[cfg(not(doc))]
        impl $crate::runtime::Call<$operation> {
            $($setters)*
        }

        #[cfg(doc)]
        impl $operation {
            $($setters)*
        }
    };
}
pub(crate) use setters;
