//! The websocket API: a request for each endpoint, and the models of its frames.
//!
//! Generated from a separate contract ([`contract`]). Each request has a path, a query and the type of its frames.
//! `qovery_ext::stream` opens the socket and reads the frames.
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
    /// The operation in the form that a transport needs.
    const INFO: &'static OperationInfo = &OperationInfo::new(Self::ID, Method::GET, Self::PATH);

    /// Returns the query. It contains no token.
    fn to_query(&self) -> StreamQuery;

    /// Checks that the request can be sent.
    ///
    /// # Errors
    /// Returns an error that names the parameter if a value cannot be sent or honored: a date outside of the
    /// years 0 to 9999, a number that is not finite, an empty text, a text with a NUL, an empty list.
    fn check(&self) -> Result<(), String> {
        self.to_query().problem.map_or(Ok(()), Err)
    }

    /// Returns the URL of the request, below this URL of the websocket API. Does not check the values: see
    /// [`check`](Self::check).
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
pub struct StreamQuery {
    pairs: Vec<(String, String)>,
    /// Why the query must not be sent: the first problem of a parameter.
    problem: Option<String>,
}

impl StreamQuery {
    /// Adds a single value.
    pub fn one(&mut self, name: &str, value: impl QueryValue) {
        let text = value.to_query();
        if text.is_empty() {
            self.refuse(name, "is empty");
        }
        self.add(name, &value, text);
    }

    /// Adds a list: each item under its index, such as `command[0]`.
    pub fn list<T: QueryValue>(&mut self, name: &str, values: &[T]) {
        if values.is_empty() {
            self.refuse(name, "is an empty list");
        }
        for (index, value) in values.iter().enumerate() {
            self.add(&format!("{name}[{index}]"), value, value.to_query());
        }
    }

    fn add(&mut self, name: &str, value: &impl QueryValue, text: String) {
        if let Some(problem) = value.refusal() {
            self.refuse(name, problem);
        }
        if text.contains('\0') {
            self.refuse(name, "contains a NUL");
        }
        self.pairs.push((name.to_owned(), text));
    }

    fn refuse(&mut self, name: &str, problem: &str) {
        let problem = || format!("the parameter `{name}` {problem}");
        self.problem.get_or_insert_with(problem);
    }

    /// Returns the names and values, not encoded.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// Returns the query, encoded as in a URL, without the question mark.
    pub fn encode(&self) -> String {
        let encode = |text| utf8_percent_encode(text, RESERVED);
        let pairs = self.pairs.iter();
        // The brackets of an index are not encoded.
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
    fn a_value_that_cannot_be_sent_is_found_and_named() {
        let id = Uuid::nil();
        let shell = |command: &[&str]| {
            let command = command
                .iter()
                .map(|text| (*text).to_owned())
                .collect::<Vec<_>>();
            requests::ShellExec::new(id, id, id, id, id, command, 0, 0)
        };
        let logs = || requests::ServiceLogs::new(id, id, id, id, id);
        assert_eq!(logs().query("{}").limit(0).check(), Ok(()));
        assert_eq!(
            shell(&["echo", "", "\n"]).check(),
            Ok(()),
            "an empty argument"
        );
        for (checked, named) in [
            (logs().query("").check(), "`query` is empty"),
            (logs().pod_name("a\0b").check(), "`pod_name` contains a NUL"),
            (shell(&[]).check(), "`command` is an empty list"),
            (
                shell(&["echo", "\0"]).check(),
                "`command[1]` contains a NUL",
            ),
        ] {
            let problem = checked.unwrap_err();
            assert!(problem.contains(named), "{problem}");
        }
        let mut query = StreamQuery::default();
        query.one("ratio", f64::NAN);
        let problem = query.problem.unwrap();
        assert!(problem.contains("`ratio` is NaN"), "{problem}");
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
