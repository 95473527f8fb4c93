//! See `qovery_fuzz::targets::decode`.

#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use qovery_fuzz::targets::decode;

fuzz_target!(|input: &[u8]| decode::check_input(input));
