use super::*;
use crate::wait::{ServiceKind, ServiceRef, State};

const A: Digest = Digest(1);
const B: Digest = Digest(2);
const C: Digest = Digest(3);
const SECOND: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(15);

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
    assert_eq!(interval(&push), LONGEST);
    assert_eq!(interval(&agreeing()), LONGEST);
    push.show(B);
    push.found(C);
    assert_eq!(interval(&push), SECOND, "it was overtaken");
    push.show(C);
    assert_eq!(interval(&push), LONGEST, "a moment later is in time");
    push.lose();
    assert_eq!(interval(&push), SECOND, "a lost connection");
}

#[tokio::test(start_paused = true)]
async fn no_record_of_a_stream_delays_a_poll_beyond_the_longest_interval() {
    let mut push = agreeing();
    for n in 0..100 {
        // Each change is announced in time.
        let digest = Digest(1000 + n);
        push.show(digest);
        push.found(digest);
        tokio::time::advance(LONGEST).await;
        for (need, scheduled, wait) in [
            (Need::Start, SECOND, 2 * SECOND),
            (Need::Start, LONGEST - SECOND, LONGEST),
            (Need::Start, LONGEST + SECOND, LONGEST + SECOND),
            (Need::Change, SECOND, LONGEST),
            (Need::Change, LONGEST + SECOND, LONGEST + SECOND),
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
    assert_eq!(interval(&push), LONGEST);
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
    let woken = tokio::time::timeout(LONGEST, push.listen()).await;
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
        (LONGEST, QUIET),
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
    assert_eq!(push.due, Some(Instant::now() + QUIET));
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
