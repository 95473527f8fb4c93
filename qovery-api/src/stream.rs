//! The websocket side of the API: a request for each endpoint, and the frames it is answered with.
//!
//! Generated from a contract of its own ([`contract`]). A request knows its path, its query and the type
//! of its frames; opening a socket and reading frames is up to `qovery_ext::stream`.
//!
//! ```
//! use qovery_api::stream::{StreamRequest, requests::ServiceLogs};
//! # use qovery_api::uuid::Uuid;
//! # let id = Uuid::nil();
//! let request = ServiceLogs::new(id, id, id, id, id).query("{app=\"api\"}").limit(100);
//! assert_eq!(ServiceLogs::PATH, "/service/logs");
//! assert!(request.to_query().encode().ends_with("query=%7Bapp%3D%22api%22%7D&limit=100"));
//! ```

use std::fmt;

use http::Method;
use percent_encoding::utf8_percent_encode;
use reqwest::Url;

pub use crate::generated_stream::{contract, requests, types};
pub use crate::runtime::DEFAULT_STREAM_URL;
use crate::runtime::{OperationInfo, QueryValue, percent::RESERVED};

/// A request that opens a websocket.
pub trait StreamRequest: fmt::Debug + Clone + Send + Sync + 'static {
    /// The content of one frame: JSON of this type, or bytes.
    type Frame: Send + 'static;
    /// The name of the operation in the contract.
    const ID: &'static str;
    /// The path of the endpoint.
    const PATH: &'static str;
    /// The same for a transport.
    const INFO: &'static OperationInfo = &OperationInfo::new(Self::ID, Method::GET, Self::PATH);

    /// The query. It holds no token.
    fn to_query(&self) -> StreamQuery;

    /// The URL of the request below that of the websocket API.
    fn url(&self, base: &Url) -> Url {
        let mut url = base.clone();
        let path = format!("{}{}", base.path().trim_end_matches('/'), Self::PATH);
        url.set_path(&path);
        let query = self.to_query().encode();
        url.set_query((!query.is_empty()).then_some(query.as_str()));
        url
    }
}

/// The query of a request, in the order of the contract.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamQuery(Vec<(String, String)>);

impl StreamQuery {
    /// Adds a single value.
    pub fn one(&mut self, name: &str, value: impl QueryValue) {
        self.0.push((name.to_owned(), value.to_query()));
    }

    /// Adds a list: each item under its index, such as `command[0]`.
    pub fn list<T: QueryValue>(&mut self, name: &str, values: &[T]) {
        let items = values.iter().enumerate();
        let items = items.map(|(index, value)| (format!("{name}[{index}]"), value.to_query()));
        self.0.extend(items);
    }

    /// The names and values, not encoded.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// The query, encoded as in a URL, without the question mark.
    pub fn encode(&self) -> String {
        let encode = |text| utf8_percent_encode(text, RESERVED);
        let pairs = self.0.iter();
        // The brackets of an index stand as they are.
        let pairs = pairs.map(|(name, value)| match name.split_once('[') {
            Some((name, index)) => format!("{}[{index}={}", encode(name), encode(value)),
            None => format!("{}={}", encode(name), encode(value)),
        });
        pairs.collect::<Vec<_>>().join("&")
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_list_is_sent_by_index_and_every_value_is_encoded() {
        let id = Uuid::nil();
        let command = ["sh".to_owned(), "-c".to_owned(), "a&b=c d".to_owned()];
        let request = requests::ShellExec::new(id, id, id, id, id, command, 80, 24);
        let query = request.to_query().encode();
        let command = "command[0]=sh&command[1]=-c&command[2]=a%26b%3Dc%20d&";
        assert!(query.contains(command), "{query}");
        assert!(query.ends_with("tty_width=80&tty_height=24"), "{query}");
        assert!(!query.contains("pod_name"), "{query}");
    }

    #[test]
    fn the_url_keeps_the_path_of_the_base() {
        let base = Url::parse("https://h.test/ws/").unwrap();
        let id = Uuid::nil();
        let url = requests::ClusterStatus::new(id, id).url(&base);
        let text = url.as_str();
        assert!(text.starts_with("https://h.test/ws/cluster/status?organization="));
    }
}
