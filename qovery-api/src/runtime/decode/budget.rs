//! The memory limit of a decoded document.
//!
//! A few bytes of JSON can become a kilobyte of Rust: `{}` stands for a struct with all its fields absent. Therefore a
//! limit on the body is not enough. The budget covers two sizes. The size of the values of the document is estimated
//! before it is read, as if each of them became a [`Value`]. The size of the structs is counted when they are created.
//! Both are upper bounds and include the growth of lists.
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
const MIN_LIMIT: usize = 64 * 1024;

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
    static REMAINING: Cell<Remaining> = const { Cell::new(Remaining::Unlimited) };
}

/// The remaining part of the limit.
#[derive(Clone, Copy)]
pub(crate) enum Remaining {
    Unlimited,
    Bytes(usize),
    /// More was requested than remained.
    Exceeded,
}

/// The default of the limit, in bytes, for this limit on bodies.
pub(crate) fn for_bodies_of(body_limit: usize) -> usize {
    body_limit.saturating_mul(PER_BODY_BYTE).max(MIN_LIMIT)
}

/// Decodes within a limit in bytes.
pub(crate) fn with_limit<T>(limit: usize, decode: impl FnOnce() -> T) -> T {
    let _previous = PreviousLimit(LIMIT.replace(Some(limit)));
    decode()
}

struct PreviousLimit(Option<usize>);

impl Drop for PreviousLimit {
    fn drop(&mut self) {
        LIMIT.set(self.0);
    }
}

/// The limit for the document that is decoded next.
pub(super) fn limit() -> usize {
    let default = || for_bodies_of(crate::runtime::limits::DEFAULT_BODY_LIMIT);
    LIMIT.get().unwrap_or_else(default)
}

/// Counts the size of values against a budget until it is dropped.
pub(super) struct BudgetGuard(Remaining);

impl BudgetGuard {
    pub(super) fn new(bytes: usize) -> Self {
        Self(REMAINING.replace(Remaining::Bytes(bytes)))
    }

    /// Whether the budget was exceeded.
    pub(super) fn is_exceeded(&self) -> bool {
        matches!(REMAINING.get(), Remaining::Exceeded)
    }
}

impl Drop for BudgetGuard {
    fn drop(&mut self) {
        REMAINING.set(self.0);
    }
}

/// The remaining budget now.
pub(crate) fn remaining() -> Remaining {
    REMAINING.get()
}

/// Restores the remaining budget from before an attempt whose result was not kept.
pub(crate) fn restore(before: Remaining) {
    if !matches!(REMAINING.get(), Remaining::Exceeded) {
        REMAINING.set(before);
    }
}

/// Takes this many bytes from the budget.
///
/// # Errors
/// Returns an error if less remains.
pub(crate) fn take<E: de::Error>(bytes: usize) -> Result<(), E> {
    let left = match REMAINING.get() {
        Remaining::Unlimited => return Ok(()),
        Remaining::Bytes(left) => left.checked_sub(bytes),
        Remaining::Exceeded => None,
    };
    match left {
        Some(left) => {
            REMAINING.set(Remaining::Bytes(left));
            Ok(())
        }
        None => {
            REMAINING.set(Remaining::Exceeded);
            Err(E::custom("the document becomes too large"))
        }
    }
}

/// Takes the size of a struct from the budget.
pub(crate) fn take_struct<T, E: de::Error>() -> Result<(), E> {
    take(size_of::<T>() * GROWTH)
}

/// Returns the size that the values of a document may reach, or `None` if it exceeds the limit.
///
/// First counts all bytes, including those inside texts: this is fast and never too low. Only if this count exceeds the
/// limit, texts are left out.
pub(super) fn estimate(body: &[u8], limit: usize) -> Option<usize> {
    let mut count = Count::default();
    count.add(body);
    if count.size() > limit {
        count = Count::outside_texts(body);
    }
    (count.size() <= limit).then(|| count.size())
}

#[derive(Default)]
struct Count {
    containers: usize,
    commas: usize,
}

impl Count {
    fn size(&self) -> usize {
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
        assert_eq!(estimate(body.as_bytes(), 10_000), Some(CONTAINER + MEMBER));
        let body = format!("[{}]", vec!["[]"; 100].join(","));
        assert_eq!(estimate(body.as_bytes(), 10_000), None);
    }

    #[test]
    fn a_failed_attempt_returns_its_budget_unless_the_limit_was_exceeded() {
        type E = serde::de::value::Error;
        let guard = BudgetGuard::new(GROWTH * 8);
        let before = remaining();
        take_struct::<u64, E>().unwrap();
        restore(before);
        take_struct::<u64, E>().unwrap();
        let before = remaining();
        take_struct::<u8, E>().unwrap_err();
        restore(before);
        assert!(guard.is_exceeded());
        drop(guard);
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
