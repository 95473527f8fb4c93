//! Code that is written only if no earlier run has formatted it.

use std::fmt::Debug;

use proc_macro2::TokenStream;

use crate::problem::Problem;

/// Code of the client.
pub(crate) trait Code {
    /// A text that is the same only for the same code.
    fn key(&self) -> String;

    /// # Errors
    /// Returns an error if the code cannot be written.
    fn tokens(self) -> Result<TokenStream, Problem>;
}

impl Code for TokenStream {
    fn key(&self) -> String {
        self.to_string()
    }

    fn tokens(self) -> Result<TokenStream, Problem> {
        Ok(self)
    }
}

/// Code that is not written if an earlier run has formatted it: everything that it depends on, and how it is written.
impl<F: Debug, W: FnOnce(&F) -> Result<TokenStream, Problem>> Code for (&str, F, W) {
    fn key(&self) -> String {
        format!("{} {:?}", self.0, self.1)
    }

    fn tokens(self) -> Result<TokenStream, Problem> {
        (self.2)(&self.1)
    }
}
