//! The memory limit of a decoded document.
//!
//! A few bytes of JSON can become a kilobyte of Rust: `{}` stands for a struct with all its fields absent.
//! Therefore a limit on the body is not enough. Two sizes are limited: that of the values of the document, counted
//! before it is read as if each became a [`Value`], and that of the structs, counted when they are created. Both
//! are upper bounds and include the growth of lists.
//!
//! The limit belongs to the thread while it decodes, because serde has no way to pass it to the types.
//! Without a limit nothing is counted.

use std::{cell::Cell, mem::size_of};

use memchr::{memchr, memchr2};
use serde::de;
use serde_json::Value;

/// How many bytes a decoded document may take for each byte of the limit on its body.
pub(crate) const PER_BODY_BYTE: usize = 7;
/// A limit that is derived from the limit on bodies is at least this large.
const LEAST: usize = 64 * 1024;

/// The size of an object or a list without its members: the first node of a map, or the first four items of a
/// list.
const CONTAINER: usize = 640;
/// The size of a member of an object or a list: its value with the spare memory of a growing list, and its
/// share of the nodes of a map or of the allocator.
const MEMBER: usize = 4 * size_of::<Value>() + 32;
/// A list of structs holds up to three times their size while it grows, and reserves four items at first.
const GROWTH: usize = 4;

thread_local! {
    /// The limit that the client sets.
    static LIMIT: Cell<Option<usize>> = const { Cell::new(None) };
    static LEFT: Cell<Left> = const { Cell::new(Left::Unlimited) };
}

/// The remaining part of the limit.
#[derive(Clone, Copy)]
enum Left {
    Unlimited,
    Bytes(usize),
    /// More was requested than was left.
    Overdrawn,
}

/// The default of the limit, in bytes, for this limit on bodies.
pub(crate) fn for_bodies_of(body_limit: usize) -> usize {
    body_limit.saturating_mul(PER_BODY_BYTE).max(LEAST)
}

/// Decodes within a limit in bytes.
pub(crate) fn with_limit<T>(limit: usize, decode: impl FnOnce() -> T) -> T {
    let _before = Before(LIMIT.replace(Some(limit)));
    decode()
}

struct Before(Option<usize>);

impl Drop for Before {
    fn drop(&mut self) {
        LIMIT.set(self.0);
    }
}

/// The limit for the document that is decoded next.
pub(super) fn limit() -> usize {
    let default = || for_bodies_of(crate::runtime::limits::DEFAULT_BODY_LIMIT);
    LIMIT.get().unwrap_or_else(default)
}

/// Counts the size of values until it is dropped.
pub(super) struct Account(Left);

impl Account {
    pub(super) fn open(bytes: usize) -> Self {
        Self(LEFT.replace(Left::Bytes(bytes)))
    }

    /// Whether the budget was exceeded.
    pub(super) fn is_overdrawn(&self) -> bool {
        matches!(LEFT.get(), Left::Overdrawn)
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        LEFT.set(self.0);
    }
}

/// The remaining budget before an attempt.
#[derive(Clone, Copy)]
pub(crate) struct Balance(Left);

/// The remaining budget now.
pub(crate) fn balance() -> Balance {
    Balance(LEFT.get())
}

/// Restores the budget of the attempt, because nothing of it was kept.
pub(crate) fn restore(balance: Balance) {
    if !matches!(LEFT.get(), Left::Overdrawn) {
        LEFT.set(balance.0);
    }
}

/// Takes this many bytes from the budget.
///
/// # Errors
/// Returns an error if less is left.
pub(crate) fn take<E: de::Error>(bytes: usize) -> Result<(), E> {
    let left = match LEFT.get() {
        Left::Unlimited => return Ok(()),
        Left::Bytes(left) => left.checked_sub(bytes),
        Left::Overdrawn => None,
    };
    match left {
        Some(left) => {
            LEFT.set(Left::Bytes(left));
            Ok(())
        }
        None => {
            LEFT.set(Left::Overdrawn);
            Err(E::custom("the document becomes too large"))
        }
    }
}

/// Takes the size of a struct from the budget.
pub(crate) fn take_struct<T, E: de::Error>() -> Result<(), E> {
    take(size_of::<T>() * GROWTH)
}

/// The size that the values of a document may reach, or `None` if it is beyond the limit.
///
/// Counts at first without distinguishing texts from structure, which is quick and never too little. Only a
/// document that seems to be too large is counted with care.
pub(super) fn weigh(body: &[u8], limit: usize) -> Option<usize> {
    let mut count = Count::default();
    count.add(body);
    if count.weight() > limit {
        count = Count::outside_texts(body);
    }
    (count.weight() <= limit).then(|| count.weight())
}

#[derive(Default)]
struct Count {
    containers: usize,
    commas: usize,
}

impl Count {
    fn weight(&self) -> usize {
        // The first member of a container has no comma before it.
        let members = self.commas.saturating_add(self.containers);
        let containers = self.containers.saturating_mul(CONTAINER);
        members.saturating_mul(MEMBER).saturating_add(containers)
    }

    /// Counts in a form that compilers vectorize. Within a block, no count overflows a byte.
    fn add(&mut self, bytes: &[u8]) {
        for block in bytes.chunks(255) {
            let (mut containers, mut commas) = (0_u8, 0_u8);
            for byte in block {
                // `{` is `[` with one more bit.
                containers += u8::from(byte & !0x20 == b'[');
                commas += u8::from(*byte == b',');
            }
            self.containers += usize::from(containers);
            self.commas += usize::from(commas);
        }
    }

    fn outside_texts(mut body: &[u8]) -> Self {
        let mut count = Self::default();
        while let Some(quote) = memchr(b'"', body) {
            let (before, text) = body.split_at(quote);
            count.add(before);
            body = after_text(text.get(1..).unwrap_or_default());
        }
        count.add(body);
        count
    }
}

/// The byte after the quote that ends the text.
fn after_text(mut text: &[u8]) -> &[u8] {
    while let Some(found) = memchr2(b'"', b'\\', text) {
        let is_escape = text.get(found) == Some(&b'\\');
        text = text
            .get(found + 1 + usize::from(is_escape)..)
            .unwrap_or_default();
        if !is_escape {
            return text;
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use serde::de::IgnoredAny;

    use super::*;

    fn count(body: &str) -> (usize, usize) {
        let count = Count::outside_texts(body.as_bytes());
        (count.containers, count.commas)
    }

    #[test]
    fn brackets_and_commas_count_outside_of_texts_only() {
        assert_eq!(count(r#"{"a":[1,2,{"b":[]}]}"#), (4, 2));
        assert_eq!(count(r#"["{[,", "\",[{", "\\", {}]"#), (2, 3));
        assert_eq!(count(r#""[,"#), (0, 0));
        assert_eq!(count(r#""\"#), (0, 0));
        assert_eq!(count(""), (0, 0));
    }

    #[test]
    fn a_quick_count_is_exact_where_no_text_holds_structure() {
        for length in [0, 1, 254, 255, 256, 1000] {
            let body = "[{},".repeat(length);
            let mut quick = Count::default();
            quick.add(body.as_bytes());
            assert_eq!((quick.containers, quick.commas), (2 * length, length));
        }
    }

    #[test]
    fn texts_full_of_structure_do_not_count_against_the_limit() {
        let body = format!("[\"{}\"]", "{[,".repeat(100_000));
        assert_eq!(weigh(body.as_bytes(), 10_000), Some(CONTAINER + MEMBER));
        let body = format!("[{}]", vec!["[]"; 100].join(","));
        assert_eq!(weigh(body.as_bytes(), 10_000), None);
    }

    #[test]
    fn a_failed_attempt_returns_its_budget_unless_the_limit_was_exceeded() {
        type E = serde::de::value::Error;
        let account = Account::open(GROWTH * 8);
        let before = balance();
        take_struct::<u64, E>().unwrap();
        restore(before);
        take_struct::<u64, E>().unwrap();
        let before = balance();
        take_struct::<u8, E>().unwrap_err();
        restore(before);
        assert!(account.is_overdrawn());
        drop(account);
        take_struct::<[u64; 1024], E>().unwrap();
    }

    #[test]
    fn the_limit_applies_to_one_document_on_one_thread() {
        let decode = || crate::decode::<Vec<IgnoredAny>>(b"[[],[],[]]");
        assert!(with_limit(100, decode).unwrap_err().is_too_large());
        decode().unwrap();
        let nested = with_limit(100, || with_limit(100_000, decode));
        nested.unwrap();
    }
}
