//! The fuzz targets, as functions of an input.

#![forbid(unsafe_code)]

pub mod targets;
