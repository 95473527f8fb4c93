//! The methods of an area that is not enabled.

/// Writes methods that cannot be called, because the client does not implement `$is_enabled`. The error of a
/// call is the one that the trait declares; the parameters and the result fit any call, so that there is no
/// second error.
macro_rules! absent {
    ($is_enabled:ident: $($method:ident($($argument:ident),*);)*) => {
        impl $crate::runtime::Client {
            $(
                #[doc(hidden)]
                pub fn $method<'a, T>(&'a self, $($argument: impl Sized),*) -> T
                where
                    &'a Self: $is_enabled,
                {
                    let _ = ($($argument,)*);
                    self.absent()
                }
            )*
        }
    };
}
pub(crate) use absent;
