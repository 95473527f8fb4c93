//! A fault of a connection neither loses nor repeats a line that frames identify.

use std::time::Duration;

use qovery_ext::stream::{Event, LiveExt};
use qovery_fake::SocketFault;

use crate::{until_quiet, word, world};

/// The events for six lines if the first connection has this fault.
async fn lines_with(fault: SocketFault) -> Vec<String> {
    let (fake, _, service) = world();
    let mut service = service;
    for n in 0..3 {
        service = service.prints(&format!("{n}"));
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    fake.inject_socket(fault);
    let mut lines = fake
        .client()
        .service_logs(service.id())
        .message_limit(64 * 1024);
    let reading = until_quiet(&mut lines, Duration::from_secs(200));
    let printing = async {
        for n in 3..6 {
            tokio::time::sleep(Duration::from_secs(20)).await;
            service.clone().prints(&format!("{n}"));
        }
    };
    let (events, ()) = tokio::join!(reading, printing);
    events.iter().map(word).collect()
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_in_any_way_loses_and_repeats_nothing() {
    let after = |fault: SocketFault| fault.after_frames(2);
    for fault in [
        after(SocketFault::lost()),
        after(SocketFault::cut_in_frame()),
        after(SocketFault::close(1001, "going away")),
        after(SocketFault::close(1011, "Retry budget exhausted")),
        after(SocketFault::close(1012, "")),
        after(SocketFault::giant_frame(1024 * 1024)),
        after(SocketFault::invalid_text()),
        after(SocketFault::compressed()),
        after(SocketFault::silent()),
    ] {
        let shown = format!("{fault:?}");
        let words = lines_with(fault).await;
        let expected = ["0", "1", "(reconnecting)", "2", "3", "4", "5"];
        assert_eq!(words, expected, "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_lost_between_lines_continues_after_the_last_one() {
    for seconds in [1, 21, 30, 41, 59] {
        let fault = SocketFault::lost().after(Duration::from_secs(seconds));
        let words = lines_with(fault).await;
        let lines: Vec<_> = words.iter().filter(|word| !word.starts_with('(')).collect();
        assert_eq!(lines, ["0", "1", "2", "3", "4", "5"], "{seconds}");
        assert!(!words.contains(&"(gap)".to_owned()), "{seconds}: {words:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn lines_in_another_order_are_all_delivered() {
    let words = lines_with(SocketFault::reorder().after_frames(1)).await;
    assert_eq!(words, ["0", "2", "1", "3", "4", "5"]);
}

#[tokio::test(start_paused = true)]
async fn a_line_that_is_sent_twice_on_one_connection_counts_as_two_lines() {
    let words = lines_with(SocketFault::duplicate().after_frames(1)).await;
    assert_eq!(words, ["0", "1", "1", "2", "3", "4", "5"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_sends_slowly_is_waited_for() {
    let words = lines_with(SocketFault::slow(Duration::from_secs(30))).await;
    assert_eq!(words, ["0", "1", "2", "3", "4", "5"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_lost_earlier_lines_is_reported_as_a_gap() {
    let (fake, _, service) = world();
    let service = service.prints("0");
    // Each connection starts at the current line, and a start time is refused.
    fake.inject_socket(SocketFault::lost().after_frames(1));
    let mut lines = fake.client().service_logs(service.id()).limit(0);
    let printing = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        service.clone().prints("1");
        tokio::time::sleep(Duration::from_millis(2500)).await;
        fake.inject_socket(SocketFault::refused(400));
        service.clone().prints("2");
        tokio::time::sleep(Duration::from_secs(60)).await;
        service.clone().prints("3");
    };
    let (events, ()) = tokio::join!(until_quiet(&mut lines, Duration::from_secs(100)), printing);
    let words: Vec<_> = events.iter().map(word).collect();
    let expected = ["1", "(reconnecting)", "(reconnecting)", "(gap)", "3"];
    assert_eq!(words, expected);
    let gap = events.iter().find_map(|event| match event {
        Ok(Event::Gap(gap)) => Some(*gap),
        _ => None,
    });
    let gap = gap.unwrap();
    let length = (gap.to - gap.from.unwrap()).num_seconds();
    assert!((62..=63).contains(&length), "{length}");
}

#[tokio::test(start_paused = true)]
async fn the_log_of_a_deployment_survives_any_loss() {
    use qovery_ext::wait::WaitExt;

    let mut alone: Option<Vec<String>> = None;
    for drops in [0, 40] {
        let (fake, environment, service) = world();
        let _service = service.takes(qovery_fake::Step::Build, Duration::from_secs(300));
        if drops > 0 {
            let fault = SocketFault::lost().on("/deployment/logs");
            fake.inject_socket(fault.after(Duration::from_secs(7)).times(drops));
        }
        let client = fake.client();
        let mut lines = client.deployment_logs(environment.id());
        let deploying = async { client.environment(environment.id()).deploy().await.unwrap() };
        let reading = until_quiet(&mut lines, Duration::from_secs(400));
        let (_, events) = tokio::join!(deploying, reading);
        let texts = events.iter().filter_map(|event| match event {
            Ok(Event::Item(line)) => line.text().map(str::to_owned),
            Ok(Event::Gap(gap)) => panic!("{gap:?}"),
            _ => None,
        });
        let texts: Vec<String> = texts.collect();
        assert!(texts.len() > 2, "{texts:?}");
        assert_eq!(alone.get_or_insert_with(|| texts.clone()), &texts);
    }
}

#[tokio::test(start_paused = true)]
async fn a_status_that_comes_again_after_a_reconnect_is_left_out() {
    let (fake, environment, service) = world();
    let service = service.in_state("DEPLOYED");
    let fault = SocketFault::lost().on("/service/status");
    fake.inject_socket(fault.after(Duration::from_secs(3)).times(3));
    let mut states = fake.client().running_state(environment.id());
    let changing = async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        let _changed = service.in_state("STOPPED");
    };
    let (events, ()) = tokio::join!(until_quiet(&mut states, Duration::from_secs(100)), changing);
    let items = events.iter();
    let items = items
        .filter(|event| matches!(event, Ok(Event::Item(_))))
        .count();
    assert_eq!(items, 2);
}
