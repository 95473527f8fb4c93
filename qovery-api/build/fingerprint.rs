//! A fingerprint of the files that the client is generated from.
//!
//! The regenerator records it in the generated code. The build script computes it again and compares the two: both
//! programs include this file. It detects edits, is fast even without optimizations, and needs no library. Unlike the
//! SHA-256 that is recorded with it, it does not protect against forgery.

/// Computes FNV-1a in steps of eight bytes over the length and the bytes of each input.
pub(crate) fn fingerprint(inputs: &[Vec<u8>]) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for input in inputs {
        hash = mix(hash, input.len() as u64);
        let (words, rest) = input.as_chunks::<8>();
        for word in words {
            hash = mix(hash, u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        hash = mix(hash, u64::from_le_bytes(last));
    }
    format!("{hash:016x}")
}

fn mix(hash: u64, word: u64) -> u64 {
    // The rotation moves the bits that the multiplication raised back to the low end.
    (hash ^ word)
        .wrapping_mul(0x0000_0100_0000_01b3)
        .rotate_left(23)
}
