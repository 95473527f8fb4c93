//! The crate `typify` without its macro, for progenitor, which uses only the library.
//!
//! The macro makes up a tenth of the time that the generator takes to build: it compiles the library and
//! its dependencies a second time, for the compiler.
#![forbid(unsafe_code)]

pub use typify_impl::*;
