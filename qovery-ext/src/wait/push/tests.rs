use super::*;
use crate::wait::{ServiceKind, ServiceRef, State};

const A: Digest = Digest(1);
const B: Digest = Digest(2);
const C: Digest = Digest(3);
const SECOND: Duration = Duration::from_secs(1);
const OF_SCHEDULE: Duration = Duration::from_secs(15);
const WITH_STREAM: Duration = Duration::from_secs(60);
const LONGEST: Longest = Longest {
    of_schedule: OF_SCHEDULE,
    with_stream: WITH_STREAM,
};

fn push(messages: impl futures_core::Stream<Item = Message> + Send + 'static) -> Push {
    Push::new(Subject::environment(Uuid::nil()), messages.boxed())
}

/// A stream that agrees with the first poll.
fn agreeing() -> Push {
    let mut push = push(stream::pending());
    push.show(A);
    push.found(A);
    push
}

fn interval(push: &Push) -> Duration {
    push.wait(SECOND, LONGEST, Need::Change)
}

#[tokio::test(start_paused = true)]
async fn polls_are_as_without_a_stream_until_it_shows_the_states_of_a_poll() {
    let mut push = push(stream::pending());
    assert_eq!(interval(&push), SECOND);
    push.found(A);
    assert_eq!(interval(&push), SECOND, "no frame");
    push.show(B);
    assert_eq!(interval(&push), SECOND, "another state");
    push.show(A);
    assert_eq!(interval(&push), OF_SCHEDULE);
    assert_eq!(interval(&agreeing()), OF_SCHEDULE);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_has_shown_a_change_in_time_allows_longer_intervals() {
    let mut frozen = push(stream::pending());
    frozen.found(A);
    frozen.show(B);
    frozen.found(B);
    assert_eq!(
        interval(&frozen),
        OF_SCHEDULE,
        "it has shown one state only"
    );
    let mut first = agreeing();
    first.show(B);
    first.found(B);
    assert_eq!(interval(&first), WITH_STREAM);
    let mut overtaken = agreeing();
    overtaken.found(C);
    assert_eq!(interval(&overtaken), SECOND, "it does not show the change");
    tokio::time::advance(GRACE).await;
    overtaken.show(C);
    assert_eq!(interval(&overtaken), WITH_STREAM);
    let mut reordered = agreeing();
    reordered.show(C);
    reordered.show(B);
    reordered.found(B);
    assert_eq!(interval(&reordered), OF_SCHEDULE, "no poll has found C");
    for mut push in [first, overtaken] {
        push.lose();
        let polled = push.polled.unwrap();
        assert_eq!(interval(&push), SECOND, "a lost connection");
        push.show(polled);
        assert_eq!(interval(&push), OF_SCHEDULE, "a new connection");
    }
}

#[tokio::test(start_paused = true)]
async fn no_record_of_a_stream_delays_a_poll_beyond_the_longest_interval() {
    let mut push = agreeing();
    for n in 0..100 {
        // Each change is announced in time.
        let digest = Digest(1000 + n);
        push.show(digest);
        push.found(digest);
        tokio::time::advance(WITH_STREAM).await;
        for (need, scheduled, wait) in [
            (Need::Start, SECOND, 2 * SECOND),
            (Need::Start, OF_SCHEDULE - SECOND, OF_SCHEDULE),
            (Need::Start, OF_SCHEDULE + SECOND, OF_SCHEDULE + SECOND),
            (Need::Change, SECOND, WITH_STREAM),
            (Need::Change, WITH_STREAM + SECOND, WITH_STREAM + SECOND),
            (Need::Decision, SECOND, SECOND),
        ] {
            assert_eq!(push.wait(scheduled, LONGEST, need), wait, "{need:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_later_than_a_poll_is_closed() {
    for shows_it_late in [true, false] {
        let mut push = agreeing();
        push.found(C);
        tokio::time::advance(GRACE + SECOND).await;
        if shows_it_late {
            push.show(C);
        } else {
            push.found(C);
        }
        assert!(push.messages.is_none());
        assert_eq!(interval(&push), SECOND);
    }
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_is_behind_the_stream_is_no_fault_of_the_stream() {
    let mut push = agreeing();
    push.show(C);
    push.show(A);
    assert!(push.found(C), "more is expected");
    tokio::time::advance(GRACE + SECOND).await;
    push.found(A);
    assert!(push.messages.is_some());
    assert_eq!(interval(&push), WITH_STREAM);
}

#[tokio::test(start_paused = true)]
async fn a_stream_whose_changes_no_poll_finds_is_closed() {
    let mut push = agreeing();
    for n in 0..FALSE_ALARMS {
        assert!(push.messages.is_some());
        push.show(Digest(100 + u64::from(n)));
        push.found(A);
    }
    assert!(push.messages.is_none());
    let woken = tokio::time::timeout(WITH_STREAM, push.listen()).await;
    assert!(woken.is_err(), "it never wakes the wait again");
}

#[tokio::test(start_paused = true)]
async fn several_changes_cause_one_poll_within_two_seconds() {
    let after = |seconds, digest| async move {
        tokio::time::sleep(seconds).await;
        Message::Shows(digest)
    };
    for (gap, woken) in [
        (Duration::from_millis(100), Duration::from_millis(1300)),
        (Duration::from_millis(900), LONGEST_DELAY),
        (OF_SCHEDULE, QUIET),
    ] {
        let frames = stream::iter([B, C, Digest(4), B]).then(move |digest| after(gap, digest));
        let mut push = push(frames);
        push.found(A);
        let started = Instant::now() + gap;
        push.listen().await;
        assert_eq!(Instant::now() - started, woken, "{gap:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn reconnects_do_not_delay_a_poll_without_limit() {
    let flapping = stream::iter([Message::Shows(A), Message::Lost]).cycle();
    let mut push = push(flapping.then(|messages| async move {
        tokio::time::sleep(SECOND).await;
        messages
    }));
    push.found(A);
    let polled = Instant::now();
    for _ in 0..20 {
        assert_eq!(push.listen().await, Wake::Agrees(polled));
        assert_eq!(push.listen().await, Wake::Fails(polled));
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_seen_after_a_reconnect_causes_a_poll() {
    let mut push = agreeing();
    push.lose();
    push.show(B);
    let now = Instant::now();
    let announced = News::Announced {
        since: now,
        due: now + QUIET,
    };
    assert_eq!(push.news, announced);
}

#[test]
fn a_change_of_another_service_causes_no_poll() {
    let [one, other] = [Uuid::from_u128(1), Uuid::from_u128(2)];
    let service = ServiceRef::new(ServiceKind::Job, one);
    let of = |subject: &Subject, states: [State; 2]| {
        let [a, b] = states;
        Digest::of(subject, &State::Deploying, [(other, b), (one, a)])
    };
    let alone = Subject::Service {
        service,
        environment: None,
    };
    let before = of(&alone, [State::Deploying, State::Queued]);
    assert_eq!(before, of(&alone, [State::Deploying, State::Deployed]));
    assert_ne!(before, of(&alone, [State::Deployed, State::Queued]));
    let whole = Subject::environment(Uuid::nil());
    let before = of(&whole, [State::Deploying, State::Queued]);
    assert_ne!(before, of(&whole, [State::Deploying, State::Deployed]));
    let unknown = Subject::Service {
        service: ServiceRef::new(ServiceKind::Job, Uuid::nil()),
        environment: None,
    };
    assert_eq!(of(&unknown, [State::Deployed, State::Deployed]), None);
}
