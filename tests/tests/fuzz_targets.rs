//! Runs the functions of the fuzz targets on random changes of the seeds. Unlike the fuzzer, it does not use code
//! coverage and needs no special compiler, so it runs with the other tests.
//!
//! `FUZZ_SECONDS` sets how long each target runs, and `FUZZ_SEED` sets the seed of the random numbers. The seeds of
//! `fuzz/corpus` are used if they were written. An input that fails is kept in `fuzz/artifacts`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails if one of its assumptions is wrong"
)]

use std::{
    fs,
    panic::{self, AssertUnwindSafe},
    time::{Duration, Instant},
};

use integration_tests::document;

#[path = "../../fuzz/src/targets/mod.rs"]
#[allow(missing_docs, unreachable_pub, reason = "shared with the fuzzer")]
mod targets;

/// The number of inputs of each target without `FUZZ_SECONDS`.
const INPUTS: u32 = 300;

/// Random numbers: xorshift, which is good enough to choose positions.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }
}

/// Texts that are useful to insert.
fn pieces() -> Vec<Vec<u8>> {
    let mut pieces: Vec<Vec<u8>> = [
        "null",
        "true",
        "{}",
        "[]",
        "\"\"",
        "0",
        "-0",
        "-1",
        "1e999",
        "1.50",
        "18446744073709551616",
        "9223372036854775808",
        "0.1e-400",
        "\\ud800",
        "\\u0000",
        "\\u001b[2J",
        ",",
        ":",
        "\"",
        "\\",
        "{",
        "}",
        "[",
        "]",
        "[[[[[[[[",
        "]]]]]]]]",
        "{\"a\":",
        "\"next_years_field\":",
        "\"id\":",
        "\"status\":404",
        "\"detail\":",
        "\"version\":1",
        "\"forgotten\":",
        "\"at\":",
        "\"delivered\":",
        "\u{feff}",
        "\u{0}",
        "qovery-op-3-",
        "2026-01-01T00:00:00Z",
        "00000000-0000-4000-8000-000000000001",
        " ",
        "\n",
        "\t",
    ]
    .map(|piece| piece.as_bytes().to_vec())
    .to_vec();
    pieces.extend([
        vec![0xff],
        vec![0xc3],
        vec![0xed, 0xa0, 0x80],
        vec![0x80; 10],
        vec![0; 16],
    ]);
    pieces
}

fn changed(seeds: &[Vec<u8>], pieces: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = seeds
        .get(random.below(seeds.len()))
        .cloned()
        .unwrap_or_default();
    for _ in 0..=random.below(6) {
        let at = random.below(input.len() + 1);
        let end = (at + random.below(17)).min(input.len());
        match random.below(8) {
            0 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
            1 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte = random.next().to_le_bytes()[0];
                }
            }
            2 => drop(input.drain(at..end)),
            3 => {
                let piece = input.get(at..end).unwrap_or_default().to_vec();
                let to = random.below(input.len() + 1);
                input.splice(to..to, piece);
            }
            4 => {
                let other = seeds
                    .get(random.below(seeds.len()))
                    .cloned()
                    .unwrap_or_default();
                let from = random.below(other.len() + 1);
                let until = (from + random.below(64)).min(other.len());
                input.splice(at..at, other.get(from..until).unwrap_or_default().to_vec());
            }
            5 => input.truncate(at),
            _ => {
                let piece = pieces
                    .get(random.below(pieces.len()))
                    .cloned()
                    .unwrap_or_default();
                let until = if random.below(2) == 0 { at } else { end };
                input.splice(at..until, piece);
            }
        }
    }
    // Without a limit, changes that double parts of an input would let it grow forever.
    input.truncate(64 * 1024);
    input
}

fn run(target: &str, own: &[&[u8]], check: fn(&[u8])) {
    let folder = document::workspace().join("fuzz");
    let mut seeds: Vec<Vec<u8>> = own.iter().map(|seed| seed.to_vec()).collect();
    let written = fs::read_dir(folder.join("corpus").join(target));
    seeds.extend(
        written
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| fs::read(entry.path()).ok()),
    );
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let seconds = number("FUZZ_SECONDS");
    let mut random = Random(number("FUZZ_SEED").unwrap_or(0x2545_f491_4f6c_dd1d).max(1));
    let pieces = pieces();
    let begun = Instant::now();
    let mut count = 0;
    for seed in &seeds {
        check(seed);
    }
    let mut failed: Vec<String> = Vec::new();
    loop {
        let goes_on = match seconds {
            Some(seconds) => begun.elapsed() < Duration::from_secs(seconds),
            None => count < INPUTS,
        };
        if !goes_on || failed.len() >= 5 {
            break;
        }
        count += 1;
        let input = changed(&seeds, &pieces, &mut random);
        let started = Instant::now();
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| check(&input)));
        let took = started.elapsed();
        if outcome.is_err() || took > Duration::from_secs(30) {
            let kept = folder.join("artifacts").join(target);
            fs::create_dir_all(&kept).unwrap();
            let kept = kept.join(format!("found-{count}"));
            fs::write(&kept, &input).unwrap();
            failed.push(format!("{} after {took:?}", kept.display()));
        }
    }
    println!(
        "{target}: {} seeds, {count} inputs in {:?}",
        seeds.len(),
        begun.elapsed()
    );
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn a_response_decodes_to_what_it_encodes_to() {
    let list = br#"_{"results":[{"id":"00000000-0000-4000-8000-000000000001","created_at":"2026-01-01T00:00:00Z","name":"n","size":1.50,"new":{"a":[1,null]}}]}"#;
    let seeds: Vec<Vec<u8>> = (0..5)
        .map(|kind| [&[kind], list.get(1..).unwrap_or_default()].concat())
        .collect();
    let seeds: Vec<&[u8]> = seeds.iter().map(Vec::as_slice).collect();
    run("decode", &seeds, targets::decode::check_input);
}

#[test]
fn an_unknown_field_is_sent_back_byte_for_byte() {
    let seeds: [&[u8]; 6] = [
        b"1.50",
        br#"{"a":[1,{"b":"\ud800"}],"a":null}"#,
        b"[18446744073709551616, -0, 1e999]",
        br#""\u0041\/""#,
        b" [ ] ",
        b"null",
    ];
    run("encode", &seeds, targets::encode::check_input);
}

#[test]
fn no_error_controls_a_terminal_or_shows_the_token() {
    let seeds: Vec<Vec<u8>> = (0..12)
        .map(|status| {
            let steps = (0..30_u8).map(|byte| byte.wrapping_mul(37).wrapping_add(status));
            [status, status, status].into_iter().chain(steps).collect()
        })
        .collect();
    let mut seeds: Vec<&[u8]> = seeds.iter().map(Vec::as_slice).collect();
    // A body that is cut off inside of the token.
    seeds.push(
        b"\x05\x05\x05\x05*O \x99\xbe-0\x91\xc1\xe6\x0b0Uz\x9f\xc4\xe9\x0e3X}\xa2\xc7\xec\x11[]6",
    );
    run("display", &seeds, targets::display::check_input);
}

#[test]
fn a_token_that_can_be_read_is_written_as_the_same_token_and_leads_to_no_success() {
    let seeds: [&[u8]; 3] = [
        b"qovery-op-3-AAAA",
        &[0; 24],
        br#"{"version":3,"made":1,"subject":{"environment":{"id":"00000000-0000-4000-8000-000000000001"}},"ledger":null}"#,
    ];
    run("tokens", &seeds, targets::tokens::check_input);
}

#[test]
fn reading_pages_from_any_cursor_ends() {
    let seeds: [&[u8]; 2] = [
        b"{\"version\":1,\"operation\":\"listDatabaseBackup\",\"direction\":\"forward\",\"at\":\"x\",\"delivered\":[\"a\"],\"forgotten\":3}\n{\"results\":[{\"id\":\"a\"},{\"id\":\"b\"}]}",
        b"{\"version\":1,\"operation\":\"listDatabaseBackup\",\"direction\":\"backward\"}\n{}",
    ];
    run("cursors", &seeds, targets::cursors::check_input);
}
