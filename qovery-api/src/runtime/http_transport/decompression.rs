//! Detects whether reqwest decompresses bodies itself, which any crate of the program may have enabled.
//!
//! This transport turns decompression off. But if the feature is on, reqwest still passes each body through its
//! decompressor, and such a body does not report whether it ended properly.

use reqwest::ClientBuilder;

/// The settings that reqwest has only with the features that decompress. An inherent method takes precedence over one
/// of a trait, so a call returns [`Missing`] only if the feature is off.
#[allow(dead_code, reason = "not called if reqwest has the method itself")]
trait Settings: Sized {
    fn gzip(self, _: bool) -> Missing {
        Missing
    }
    fn brotli(self, _: bool) -> Missing {
        Missing
    }
    fn zstd(self, _: bool) -> Missing {
        Missing
    }
    fn deflate(self, _: bool) -> Missing {
        Missing
    }
}

impl Settings for ClientBuilder {}

struct Missing;

/// The decoder that a setting selects.
trait Given {
    const IS_MISSING: bool;
}

impl Given for Missing {
    const IS_MISSING: bool = true;
}

impl Given for ClientBuilder {
    const IS_MISSING: bool = false;
}

fn is_missing<G: Given>(_: impl FnOnce(ClientBuilder) -> G) -> bool {
    G::IS_MISSING
}

/// Whether all features of reqwest that decompress are off.
pub(super) fn reqwest_decompresses_nothing() -> bool {
    is_missing(|settings| settings.gzip(false))
        && is_missing(|settings| settings.brotli(false))
        && is_missing(|settings| settings.zstd(false))
        && is_missing(|settings| settings.deflate(false))
}
