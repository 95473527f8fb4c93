//! See `qovery_fuzz::targets::encode`.

#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use qovery_fuzz::targets::encode;

fuzz_target!(|input: &[u8]| encode::check_input(input));
