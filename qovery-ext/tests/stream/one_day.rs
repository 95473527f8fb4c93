//! A day of fake time.

use std::time::Duration;

use qovery_ext::stream::{Event, LiveExt};
use qovery_fake::SocketFault;

use crate::world;

/// A day, in seconds.
const DAY: u64 = 24 * 60 * 60;
/// The delay before the first reconnect.
const BACKOFF: u64 = 5;

#[tokio::test(start_paused = true)]
async fn a_day_with_a_drop_every_minute_loses_and_repeats_no_line() {
    // Some lines are written while there is no connection, others at the time of a drop or of a reconnect.
    const INTERVAL: u64 = 7;
    const LINES: u64 = DAY / INTERVAL;
    const MINUTES: usize = 24 * 60;
    let (fake, _, service) = world();
    let fault = SocketFault::lost().after(Duration::from_secs(60 - BACKOFF));
    fake.inject_socket(fault.times(u32::MAX));
    let mut lines = fake.client().service_logs(service.id());
    let begun = fake.elapsed();
    let printing = async {
        for n in 0..LINES {
            tokio::time::sleep(Duration::from_secs(INTERVAL)).await;
            // Equal lines of the same millisecond.
            for _ in 0..2 {
                service.clone().prints(&n.to_string());
            }
        }
    };
    let mut drops = Vec::new();
    let reading = async {
        let mut read = 0;
        while read < 2 * LINES || drops.len() < MINUTES {
            match lines.next().await.unwrap().unwrap() {
                Event::Item(line) => {
                    assert_eq!(line.line.message, (read / 2).to_string());
                    read += 1;
                }
                Event::Reconnecting(_) => drops.push((fake.elapsed() - begun).as_secs()),
                other => panic!("{other:?}"),
            }
        }
    };
    tokio::join!(reading, printing);
    let expected: Vec<u64> = (1..=DAY / 60).map(|minute| 60 * minute - BACKOFF).collect();
    assert_eq!(drops, expected);
}
