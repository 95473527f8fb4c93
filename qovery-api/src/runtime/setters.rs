//! The setters of an operation's call.

/// Makes the setters methods of the operation's [`Call`](super::Call). The documentation shows them at the
/// operation: at the call, those of all operations would stand one below the other.
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
