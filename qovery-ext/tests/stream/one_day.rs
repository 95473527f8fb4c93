//! A day of fake time.

use std::time::Duration;

use qovery_ext::stream::{Event, LiveExt};
use qovery_fake::SocketFault;

use crate::world;

#[tokio::test(start_paused = true)]
async fn a_day_with_a_drop_every_minute_loses_and_repeats_no_line() {
    const LINES: u32 = 24 * 60 * 6;
    let (fake, _, service) = world();
    let fault = SocketFault::lost().after(Duration::from_secs(60));
    fake.inject_socket(fault.times(2000));
    let mut lines = fake.client().service_logs(service.id());
    let printing = async {
        for n in 0..LINES {
            tokio::time::sleep(Duration::from_secs(10)).await;
            service.clone().prints(&n.to_string());
        }
    };
    let reading = async {
        let mut expected = 0;
        let mut losses = 0;
        while expected < LINES {
            match lines.next().await.unwrap().unwrap() {
                Event::Item(line) => {
                    assert_eq!(line.line.message, expected.to_string());
                    expected += 1;
                }
                Event::Reconnecting(_) => losses += 1,
                other => panic!("{other:?}"),
            }
        }
        losses
    };
    let (losses, ()) = tokio::join!(reading, printing);
    assert!(losses > 1200, "{losses}");
}
