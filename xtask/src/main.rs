//! Brings the published contract in and regenerates the client from it.
#![forbid(unsafe_code)]

fn main() {}
