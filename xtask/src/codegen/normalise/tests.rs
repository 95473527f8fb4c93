//! The whole pipeline, on documents of one thing each.

use super::*;
