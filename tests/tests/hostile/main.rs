//! Malformed and malicious input: bodies, texts that a terminal or a CI runner would interpret, encoded tokens, values
//! of paths, special files, and servers that violate HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot continue has failed"
)]

mod bodies;
mod decoding;
mod files;
mod paths;
mod redaction;
mod stub;
mod text;
mod traces;
mod transport;
