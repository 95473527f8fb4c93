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

/// A stream that has announced a change in time.
fn proven() -> Push {
    let mut push = agreeing();
    push.show(B);
    push.found(B);
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
}

#[tokio::test(start_paused = true)]
async fn only_a_change_that_was_announced_proves_a_stream() {
    assert_eq!(interval(&proven()), 3 * LONGEST);
    for (need, interval) in [(Need::Start, 2 * SECOND), (Need::Decision, SECOND)] {
        assert_eq!(proven().wait(SECOND, LONGEST, need), interval, "{need:?}");
    }
    let mut push = agreeing();
    push.found(B);
    assert_eq!(interval(&push), SECOND, "found by a poll");
    push.show(B);
    assert_eq!(interval(&push), LONGEST, "a moment later is in time");
    let starting = proven().wait(LONGEST - SECOND, LONGEST, Need::Start);
    assert_eq!(starting, LONGEST, "no longer than the schedule");
}

#[tokio::test(start_paused = true)]
async fn a_proven_stream_that_is_shortly_behind_a_poll_stays_proven() {
    let mut push = proven();
    push.found(C);
    assert_eq!(interval(&push), SECOND, "until it shows the same");
    tokio::time::advance(SECOND).await;
    push.show(C);
    assert_eq!(interval(&push), 3 * LONGEST);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_later_than_a_poll_is_closed() {
    for shows_it_late in [true, false] {
        let mut push = proven();
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
    let mut push = proven();
    push.show(C);
    push.show(A);
    assert!(push.found(C), "more is expected");
    tokio::time::advance(GRACE + SECOND).await;
    push.found(A);
    assert!(push.messages.is_some());
    assert_eq!(interval(&push), 3 * LONGEST);
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
async fn the_loss_of_a_proven_stream_causes_a_poll_and_of_another_does_not() {
    for (mut push, is_proven) in [(proven(), true), (agreeing(), false)] {
        push.messages = Some(stream::iter([Message::Lost]).boxed());
        let woken = tokio::time::timeout(SECOND, push.listen()).await;
        assert_eq!(woken.is_ok(), is_proven);
        assert_eq!(interval(&push), SECOND);
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
    for _ in 0..40 {
        assert_eq!(push.listen().await, Wake::Agrees(polled));
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
