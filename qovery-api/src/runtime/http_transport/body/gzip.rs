//! Unpacks a body that is compressed with gzip.

use std::io::Write;

use flate2::write::MultiGzDecoder;

use super::{Collected, Wire};
use crate::runtime::http_transport::Fault;

/// How many bytes are unpacked at once. They become up to a thousand times as many bytes.
const STEP: usize = 512;
/// After how many bytes, packed and unpacked, other tasks run, and deadlines are checked.
const TURN: usize = 1024 * 1024;

/// How many packed bytes are read beyond twice the limit on unpacked bytes. Members without content would
/// otherwise be read without an end.
const PACKED: usize = 64 * 1024;

/// Reads a body up to its end, which must also be the end of the compression.
pub(super) async fn read(mut wire: Wire, collected: &mut Collected) -> Result<(), Fault> {
    let mut decoder = None;
    let mut since_turn = 0;
    let mut room = collected.limit.saturating_mul(2).saturating_add(PACKED);
    while let Some(chunk) = wire.next().await? {
        room = room.checked_sub(chunk.len()).ok_or(Fault::TooLarge)?;
        let decoder = decoder.get_or_insert_with(|| MultiGzDecoder::new(Vec::new()));
        for step in chunk.chunks(STEP) {
            decoder.write_all(step).map_err(Fault::Unpacking)?;
            since_turn += step.len() + hand_over(decoder.get_mut(), collected)?;
            if since_turn >= TURN {
                since_turn = 0;
                tokio::task::yield_now().await;
            }
        }
    }
    wire.finish()?;
    // An empty body is not a compressed body.
    if let Some(mut decoder) = decoder {
        decoder.try_finish().map_err(Fault::Unpacking)?;
        hand_over(decoder.get_mut(), collected)?;
    }
    Ok(())
}

fn hand_over(unpacked: &mut Vec<u8>, collected: &mut Collected) -> Result<usize, Fault> {
    let length = unpacked.len();
    collected.add_copy(unpacked)?;
    unpacked.clear();
    Ok(length)
}
