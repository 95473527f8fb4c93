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

/// Writes the mocks of an area that is not enabled, as methods of a trait. The closure of a call takes parts
/// of a type without values, so that its body causes no second error.
#[cfg(feature = "httpmock")]
macro_rules! absent_mocks {
    ($is_enabled:path: $($method:ident)*) => {
        $(
            #[doc(hidden)]
            fn $method<'a>(
                &'a self,
                configure: impl FnOnce(
                    <&'a Self as $is_enabled>::Part,
                    <&'a Self as $is_enabled>::Part,
                ),
            ) -> ::httpmock::Mock<'a>
            where
                &'a Self: $is_enabled,
            {
                let _ = configure;
                <&'a Self as $is_enabled>::absent(self)
            }
        )*
    };
}
#[cfg(feature = "httpmock")]
pub(crate) use absent_mocks;
