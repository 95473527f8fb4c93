//! See `qovery_fuzz::targets::tokens`.

#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use qovery_fuzz::targets::tokens;

fuzz_target!(|input: &[u8]| tokens::check_input(input));
