//! The crate `typify` without its macro, for progenitor, which uses only the library.
//!
//! With the macro, the generator takes a quarter longer to build: the library, its dependencies and syn
//! are compiled a second time, for the compiler.
#![forbid(unsafe_code)]

pub use typify_impl::*;
