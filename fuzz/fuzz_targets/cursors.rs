//! See `qovery_fuzz::targets::cursors`.

#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use qovery_fuzz::targets::cursors;

fuzz_target!(|input: &[u8]| cursors::check_input(input));
