//! The command `cargo xtask`.
#![forbid(unsafe_code)]

use mimalloc::MiMalloc;

/// Generating allocates tokens by the million, on several threads: this takes a quarter of its time away.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> std::process::ExitCode {
    xtask::main()
}
