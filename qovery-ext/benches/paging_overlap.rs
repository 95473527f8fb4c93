//! Reading ahead: the time that a consumer takes with and without it, on the real clock.
//!
//! Fails if the time with reading ahead is closer to the sum of network and work than to the longer of the two.
//! Run as a test, it reads fewer pages.

#[allow(dead_code, reason = "only the tests use the rest of the server")]
#[path = "../src/page/tests/model.rs"]
mod model;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use model::{Behavior, ListEvents, Model};
use qovery_ext::page::{PageError, PagedCall};

const LATENCY: Duration = Duration::from_millis(20);

#[tokio::main]
async fn main() -> ExitCode {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let pages = if is_bench { 50 } else { 5 };
    for work in [5, 20, 40].map(Duration::from_millis) {
        let (plain, ahead) = match (
            read(pages, work, false).await,
            read(pages, work, true).await,
        ) {
            (Ok(plain), Ok(ahead)) => (plain, ahead),
            (Err(error), _) | (_, Err(error)) => {
                println!("{error:?}");
                return ExitCode::FAILURE;
            }
        };
        let longer = LATENCY.max(work) * pages;
        let sum = (LATENCY + work) * pages;
        println!(
            "{pages} pages, network {LATENCY:?}, work {work:?}: {plain:.2?} plain (sum {sum:?}), \
             {ahead:.2?} ahead (longer {longer:?})"
        );
        if is_bench && ahead > (longer + sum) / 2 {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

async fn read(pages: u32, work: Duration, read_ahead: bool) -> Result<Duration, PageError> {
    let behavior = Behavior {
        latency: LATENCY,
        ..Behavior::default()
    };
    let model = Model::new(u64::from(pages) * behavior.page_size, behavior);
    let pager = model.call::<ListEvents>().paged();
    let mut stream = if read_ahead {
        pager.read_ahead().pages()
    } else {
        pager.pages()
    };
    let start = Instant::now();
    while let Some(page) = stream.next().await {
        page?;
        tokio::time::sleep(work).await;
    }
    Ok(start.elapsed())
}
