//! See `qovery_fuzz::targets::display`.

#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;
use qovery_fuzz::targets::display;

fuzz_target!(|input: &[u8]| display::check_input(input));
