//! Methods that replace those of a disabled area.

/// Writes methods that cannot be called, because the client does not implement `$is_enabled`. A call of such a method
/// gives only the error that the trait declares, because the method accepts any arguments and returns any type.
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

/// Writes the mocks of an area that is not enabled, as methods of a trait. The parameters of the closure have an
/// uninhabited type, so that the body of the closure causes no second error.
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
