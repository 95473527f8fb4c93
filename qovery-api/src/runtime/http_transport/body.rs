//! Reads the body of a response, within the limit and up to its announced length.
//!
//! Over HTTP/2, hyper treats a stream that is reset with `NO_ERROR` as the end of the body. Neither hyper nor
//! reqwest compares the received length with the announced one. A compressed body is decompressed here instead of
//! in reqwest, because the announced length is that of the compressed bytes.

#[cfg(feature = "gzip")]
mod gzip;

use std::mem;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode, Version, header};
use http_body::Body as _;

use super::{Fault, decompression::reqwest_decompresses_nothing};
use crate::runtime::{RawResponse, limits::ERROR_BODY_LIMIT};

/// How many bytes are read of a body whose status is not a success: twice the part that an error keeps, so that a token
/// that begins in the kept part is recognized.
pub(super) const FAILURE_LIMIT: usize = 2 * ERROR_BODY_LIMIT;

/// Reads the body of a response to a request of this method.
///
/// If the status is not a success, only the beginning of the body is read, and a fault in it is ignored, so that the
/// status is not lost.
pub(super) async fn read(
    mut response: reqwest::Response,
    method: &Method,
    limit: usize,
) -> Result<RawResponse, Fault> {
    let status = response.status();
    let mut headers = mem::take(response.headers_mut());
    let has_body = has_body(method, status);
    let announced = has_body.then(|| announced_length(&headers)).flatten();
    let is_failure = !status.is_success();
    let mut collected = Collected::new(if is_failure {
        limit.min(FAILURE_LIMIT)
    } else {
        limit
    });
    let compression = compression(&mut headers);
    let wire = Wire {
        response,
        announced,
        has_body,
        received: 0,
    };
    let outcome = match compression {
        Compression::None => read_plain(wire, is_failure, &mut collected).await,
        #[cfg(feature = "gzip")]
        Compression::Gzip => gzip::read(wire, &mut collected).await,
    };
    match outcome {
        Err(fault) if !is_failure => Err(fault),
        _ => Ok(RawResponse::new(status, headers, collected.finish())),
    }
}

/// The bytes of a body as they are received.
pub(super) struct Wire {
    response: reqwest::Response,
    announced: Option<u64>,
    has_body: bool,
    received: u64,
}

impl Wire {
    /// `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        let chunk = self.response.chunk().await.map_err(Fault::Reading)?;
        if let Some(chunk) = &chunk {
            let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
            self.received = self.received.saturating_add(length);
        }
        Ok(chunk)
    }

    /// Fails if the body ended early. Call it once, after [`Self::next`] returned `None`.
    pub(super) fn finish(self) -> Result<(), Fault> {
        let received = self.received;
        if self.announced.is_some_and(|announced| received < announced) {
            return Err(Fault::Short {
                received,
                announced: self.announced,
            });
        }
        let says_its_end =
            self.response.version() == Version::HTTP_2 && reqwest_decompresses_nothing();
        if self.has_body && says_its_end && !reqwest::Body::from(self.response).is_end_stream() {
            return Err(Fault::Short {
                received,
                announced: None,
            });
        }
        Ok(())
    }
}

async fn read_plain(
    mut wire: Wire,
    is_failure: bool,
    collected: &mut Collected,
) -> Result<(), Fault> {
    let length = wire.announced;
    let length = length.map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    if !is_failure && length.is_some_and(|length| length > collected.limit) {
        return Err(Fault::TooLarge);
    }
    collected.expected = length.unwrap_or(0);
    while let Some(chunk) = wire.next().await? {
        collected.add(chunk)?;
    }
    wire.finish()
}

/// The bytes read so far, within a limit.
pub(super) struct Collected {
    limit: usize,
    /// How many bytes are expected; 0 if this is unknown.
    expected: usize,
    /// The only chunk of a body is not copied.
    first: Bytes,
    rest: BytesMut,
}

impl Collected {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            expected: 0,
            first: Bytes::new(),
            rest: BytesMut::new(),
        }
    }

    fn room(&self) -> usize {
        self.limit - self.first.len() - self.rest.len()
    }

    /// Adds the bytes that fit, and fails if some do not.
    fn add(&mut self, mut chunk: Bytes) -> Result<(), Fault> {
        let room = self.room();
        let fits = chunk.len() <= room;
        chunk.truncate(room);
        if self.first.is_empty() && self.rest.is_empty() {
            self.first = chunk;
        } else {
            self.extend(&chunk);
        }
        if fits { Ok(()) } else { Err(Fault::TooLarge) }
    }

    /// Like [`Self::add`], for borrowed bytes.
    #[cfg(feature = "gzip")]
    pub(super) fn add_copy(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let room = self.room();
        self.extend(bytes.get(..room).unwrap_or(bytes));
        if bytes.len() <= room {
            Ok(())
        } else {
            Err(Fault::TooLarge)
        }
    }

    fn extend(&mut self, bytes: &[u8]) {
        if self.rest.is_empty() {
            // Reserves the announced length at once, because growing would copy the bytes several times.
            let length = self.first.len() + bytes.len();
            self.rest.reserve(self.expected.min(self.limit).max(length));
            self.rest.extend_from_slice(&mem::take(&mut self.first));
        }
        self.rest.extend_from_slice(bytes);
    }

    fn finish(self) -> Bytes {
        if self.rest.is_empty() {
            self.first
        } else {
            self.rest.freeze()
        }
    }
}

/// The compression of a body, if this client can decompress it.
enum Compression {
    None,
    #[cfg(feature = "gzip")]
    Gzip,
}

/// Finds the compression. The headers of a decompressed body describe the decompressed bytes.
#[cfg(feature = "gzip")]
fn compression(headers: &mut HeaderMap) -> Compression {
    let encoding = headers.get(header::CONTENT_ENCODING);
    let is_gzip = encoding.is_some_and(|value| {
        let value = value.as_bytes().trim_ascii();
        value.eq_ignore_ascii_case(b"gzip") || value.eq_ignore_ascii_case(b"x-gzip")
    });
    if !is_gzip || headers.get_all(header::CONTENT_ENCODING).iter().count() > 1 {
        return Compression::None;
    }
    headers.remove(header::CONTENT_ENCODING);
    headers.remove(header::CONTENT_LENGTH);
    Compression::Gzip
}

#[cfg(not(feature = "gzip"))]
fn compression(_: &mut HeaderMap) -> Compression {
    Compression::None
}

/// Whether a body follows: some responses announce a length but have no body, RFC 9110, 8.6.
fn has_body(method: &Method, status: StatusCode) -> bool {
    method != Method::HEAD && !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

/// How many bytes of the body follow, if the response announces it.
fn announced_length(headers: &HeaderMap) -> Option<u64> {
    // Chunks announce the end of the body themselves, and a length beside them is ignored.
    if headers.contains_key(header::TRANSFER_ENCODING) {
        return None;
    }
    let value = headers.get(header::CONTENT_LENGTH)?;
    value.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_announced_by_its_header_unless_chunks_come() {
        let mut headers = HeaderMap::new();
        assert_eq!(announced_length(&headers), None);
        headers.insert(header::CONTENT_LENGTH, "17".parse().unwrap());
        assert_eq!(announced_length(&headers), Some(17));
        headers.insert(header::TRANSFER_ENCODING, "chunked".parse().unwrap());
        assert_eq!(announced_length(&headers), None);
        headers.remove(header::TRANSFER_ENCODING);
        for odd in ["", "-1", "1e3", "99999999999999999999999"] {
            headers.insert(header::CONTENT_LENGTH, odd.parse().unwrap());
            assert_eq!(announced_length(&headers), None, "{odd}");
        }
    }

    #[test]
    fn no_body_follows_a_response_to_head_or_a_status_without_one() {
        for (method, status, follows) in [
            (Method::GET, 200, true),
            (Method::POST, 404, true),
            (Method::HEAD, 200, false),
            (Method::GET, 204, false),
            (Method::GET, 304, false),
        ] {
            let code = StatusCode::from_u16(status).unwrap();
            assert_eq!(has_body(&method, code), follows, "{method} {status}");
        }
    }

    #[test]
    fn the_bytes_up_to_the_limit_are_kept() {
        for chunks in [
            vec!["abcdefgh"],
            vec!["abc", "defgh"],
            vec!["abcde", "fg", "h"],
        ] {
            let mut collected = Collected::new(5);
            let outcome = chunks
                .iter()
                .try_for_each(|chunk| collected.add(Bytes::from_static(chunk.as_bytes())));
            assert!(matches!(outcome, Err(Fault::TooLarge)));
            assert_eq!(collected.finish(), "abcde");
        }
    }
}
