//! The memory of streaming 1,000,000 items, beyond that of the in-memory server.
//!
//! Fails if it exceeds the bound that the documentation of paging names. Run as a test, it
//! streams fewer items.

#[allow(dead_code, reason = "only the tests use the rest of the server")]
#[path = "../src/page/tests/model.rs"]
mod model;

use std::{process::ExitCode, time::Instant};

use model::{Behavior, ListEvents, ListNotes, Model, Note};
use peak_alloc::PeakAlloc;
use qovery_api::PagedOperation;
use qovery_ext::page::PagedCall;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// The seen cursors (2 MiB), the larger of their tables while it grows, and the pages in flight.
const BOUND: usize = 4 * 1024 * 1024;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let count = if is_bench { 1_000_000 } else { 100_000 };
    let mut is_within = true;
    for page_size in [20, 100] {
        for inclusive in [false, true] {
            let behavior = Behavior {
                page_size,
                inclusive,
                keeps_urls: false,
                ..Behavior::default()
            };
            is_within &= stream::<ListNotes>(count, behavior).await;
        }
        let behavior = Behavior {
            page_size,
            keeps_urls: false,
            ..Behavior::default()
        };
        is_within &= stream::<ListEvents>(count, behavior).await;
    }
    if is_within {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn stream<O: PagedOperation<Item = Note>>(count: u64, behavior: Behavior) -> bool {
    let (page_size, inclusive) = (behavior.page_size, behavior.inclusive);
    let model = Model::new(count, behavior);
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let start = Instant::now();
    let mut items = model.call::<O>().paged().read_ahead().items();
    let mut expected = count;
    while let Some(item) = items.next().await {
        match item {
            Ok(note) if note.number == expected => expected -= 1,
            Ok(note) => {
                println!("{} came where {expected} was next", note.number);
                return false;
            }
            Err(error) => {
                println!("{error:?}");
                return false;
            }
        }
    }
    let peak = MEMORY.peak_usage().saturating_sub(before);
    println!(
        "{}, {count} items by {page_size}{}: {:.2} MiB at most, {:.2} s",
        O::INFO.id,
        if inclusive { ", inclusive" } else { "" },
        peak as f64 / 1024.0 / 1024.0,
        start.elapsed().as_secs_f64(),
    );
    expected == 0 && peak <= BOUND
}
