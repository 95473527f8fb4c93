//! Decompresses a body that is compressed with gzip.

use std::io::Write;

use flate2::write::MultiGzDecoder;

use super::{Collected, Wire};
use crate::runtime::http_transport::Fault;

/// How many bytes are decompressed at once. They become up to a thousand times as many bytes.
const STEP: usize = 512;
/// After this many bytes, compressed and decompressed, the task yields, so that other tasks run and deadlines are
/// checked.
const YIELD_AFTER: usize = 1024 * 1024;

/// How many compressed bytes are read beyond twice the limit on decompressed bytes. Members without content would
/// otherwise be read without an end.
const EXTRA_COMPRESSED: usize = 64 * 1024;

/// Reads a body up to its end, which must also be the end of the compression.
pub(super) async fn read(mut wire: Wire, collected: &mut Collected) -> Result<(), Fault> {
    let mut decoder = None;
    let mut since_yield = 0;
    let mut room = collected
        .limit
        .saturating_mul(2)
        .saturating_add(EXTRA_COMPRESSED);
    while let Some(chunk) = wire.next().await? {
        room = room.checked_sub(chunk.len()).ok_or(Fault::TooLarge)?;
        let decoder = decoder.get_or_insert_with(|| MultiGzDecoder::new(Vec::new()));
        for step in chunk.chunks(STEP) {
            decoder.write_all(step).map_err(Fault::Decompression)?;
            since_yield += step.len() + pass_on(decoder.get_mut(), collected)?;
            if since_yield >= YIELD_AFTER {
                since_yield = 0;
                tokio::task::yield_now().await;
            }
        }
    }
    wire.finish()?;
    // An empty body is not a compressed body.
    if let Some(mut decoder) = decoder {
        decoder.try_finish().map_err(Fault::Decompression)?;
        pass_on(decoder.get_mut(), collected)?;
    }
    Ok(())
}

fn pass_on(decompressed: &mut Vec<u8>, collected: &mut Collected) -> Result<usize, Fault> {
    let length = decompressed.len();
    collected.add_copy(decompressed)?;
    decompressed.clear();
    Ok(length)
}
