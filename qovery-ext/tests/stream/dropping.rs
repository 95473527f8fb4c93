//! Dropping the future of the next event, at any time, loses nothing.

use std::time::Duration;

use futures_util::FutureExt;
use qovery_ext::stream::{Event, LiveExt};
use qovery_fake::SocketFault;

use crate::world;

#[tokio::test(start_paused = true)]
async fn a_future_that_is_dropped_at_any_time_loses_and_repeats_nothing() {
    for pause in [1_u64, 3, 70, 450, 1999, 5001, 12_000] {
        let (fake, _, service) = world();
        let fault = SocketFault::lost().after(Duration::from_secs(6));
        fake.inject_socket(fault.times(5));
        fake.inject_socket(SocketFault::cut_in_frame().after_frames(4));
        let mut lines = fake.client().service_logs(service.id());
        let printing = async {
            for n in 0..30 {
                tokio::time::sleep(Duration::from_secs(2)).await;
                service.clone().prints(&n.to_string());
            }
        };
        let reading = async {
            let mut read = Vec::new();
            while read.len() < 30 {
                // Polled once, and dropped after a short time.
                let next = lines.next().now_or_never();
                let next = match next {
                    Some(next) => Some(next),
                    None => tokio::time::timeout(Duration::from_millis(pause), lines.next())
                        .await
                        .ok(),
                };
                if let Some(Some(Ok(Event::Item(line)))) = next {
                    read.push(line.line.message);
                }
            }
            read
        };
        let (read, ()) = tokio::join!(reading, printing);
        let expected: Vec<String> = (0..30).map(|n| n.to_string()).collect();
        assert_eq!(read, expected, "{pause}");
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_a_stream_closes_its_connection() {
    let (fake, _, service) = world();
    let service = service.prints("a");
    let mut lines = fake.client().service_logs(service.id());
    crate::item(&mut lines).await;
    assert!(fake.socket_requests()[0].is_open);
    drop(lines);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(!fake.socket_requests()[0].is_open);
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_is_away_for_an_hour_finds_its_connection_if_the_server_kept_it() {
    let (fake, _, service) = world();
    let service = service.prints("a");
    let mut lines = fake.client().service_logs(service.id());
    crate::item(&mut lines).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let printing = async {
        tokio::time::sleep(Duration::from_secs(100)).await;
        service.clone().prints("b");
    };
    let (line, ()) = tokio::join!(crate::item(&mut lines), printing);
    assert_eq!(line.line.message, "b");
    assert_eq!(fake.socket_requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_does_not_read_holds_the_server_back() {
    let (fake, _, service) = world();
    let text = "x".repeat(1000);
    let service = (0..1000).fold(service, |service, n| service.prints(&format!("{n} {text}")));
    let mut lines = fake.client().service_logs(service.id());
    crate::item(&mut lines).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let sent = fake.socket_requests()[0].frames;
    assert!(sent < 60, "{sent} frames were sent ahead");
    for n in 1..1000 {
        let line = crate::item(&mut lines).await.line.message;
        assert!(line.starts_with(&format!("{n} ")), "{n}: {}", &line[..9]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_wait_for_a_consumer_makes_it_lose_and_repeat_nothing() {
    let (fake, _, service) = world();
    let text = "x".repeat(1000);
    let service = (0..300).fold(service, |service, n| service.prints(&format!("{n} {text}")));
    fake.inject_socket(SocketFault::impatient(Duration::from_secs(20)).times(2));
    let mut lines = fake.client().service_logs(service.id());
    let mut losses = 0;
    for n in 0..300 {
        // The server gives up during each pause of the first two connections.
        if n % 100 == 1 {
            tokio::time::sleep(Duration::from_secs(30)).await;
        }
        loop {
            match lines.next().await.unwrap().unwrap() {
                Event::Item(line) => {
                    let message = line.line.message;
                    assert!(
                        message.starts_with(&format!("{n} ")),
                        "{n}: {}",
                        &message[..9]
                    );
                    break;
                }
                Event::Reconnecting(_) => losses += 1,
                other => panic!("{n}: {other:?}"),
            }
        }
    }
    assert_eq!(losses, 2);
    assert_eq!(fake.socket_requests().len(), 3);
}
