//! Input of an attacker: everything that comes from outside and is malformed or malicious, each kind with
//! its corpus: bodies, texts that a terminal or a CI runner would obey, tokens in disguise, values of
//! paths, files in place of others.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod bodies;
mod files;
mod paths;
mod redaction;
mod stub;
mod text;
