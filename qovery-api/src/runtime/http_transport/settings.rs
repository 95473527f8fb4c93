//! The reqwest settings that a transport always overwrites.

use std::{sync::Arc, time::Duration};

use http::HeaderValue;
use reqwest::{redirect, retry};

/// Creates the same settings of reqwest each time.
pub(crate) type MakeHttp = Arc<dyn Fn() -> reqwest::ClientBuilder + Send + Sync>;

/// The settings that every HTTP client of a transport has.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) user_agent: HeaderValue,
    pub(super) connect_timeout: Duration,
}

impl Settings {
    pub(super) fn apply(&self, http: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        http.user_agent(self.user_agent.clone())
            .connect_timeout(self.connect_timeout)
            .redirect(redirect::Policy::none())
            // Bodies are decompressed by the transport, which counts their bytes first. Another crate of
            // the program may have switched these on.
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            // The logged bytes contain the token.
            .connection_verbose(false)
            .retry(retry::never())
    }
}
