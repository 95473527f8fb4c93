//! The characters that URLs encode.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

/// All characters except the unreserved characters of RFC 3986.
pub(crate) const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
