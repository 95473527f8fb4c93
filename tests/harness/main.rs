//! Decodes responses with a client that was generated for a test.
//!
//! Reads one JSON list `[operation, body]` per line. The operation is `METHOD /path` without the names of its
//! parameters, or `EDIT Response Request` for the conversion between two models. For each line, writes a line:
//! `{"Ok": text}` with the resulting request, if any, or `{"Err": text}` with the error. A test copies this file into
//! the package of such a client, and builds it there.

use std::collections::HashMap;
use std::io::{BufRead, Write};

use bytes::Bytes;
use qovery_api::{Operation, ResponseFormat, operations, serde_json, types};

type Read = fn(&Bytes) -> Result<String, String>;

fn read<O: Operation>(body: &Bytes) -> Result<String, String> {
    let decoded = <O::Format as ResponseFormat<O::Output>>::decode(body);
    decoded.map(|_| String::new()).map_err(|error| error.to_string())
}

fn edit<F, T>(body: &Bytes) -> Result<String, String>
where
    F: serde::de::DeserializeOwned,
    T: TryFrom<F, Error: std::fmt::Display> + serde::Serialize,
{
    let response: F = qovery_api::decode(body).map_err(|error| error.to_string())?;
    let request = T::try_from(response).map_err(|error| error.to_string())?;
    serde_json::to_string(&request).map_err(|error| error.to_string())
}

fn entry<O: Operation>() -> (String, Read) {
    let mut parts = O::INFO.path.split('{');
    let mut key = format!("{} {}", O::INFO.method, parts.next().unwrap_or_default());
    for part in parts {
        key.push_str("{}");
        key.push_str(part.split_once('}').map_or(part, |(_, rest)| rest));
    }
    (key, read::<O>)
}

fn main() {
    let mut table: HashMap<String, Read> = include!("table.rs").into_iter().collect();
    let edits: Vec<(&str, Read)> = include!("edits.rs");
    table.extend(edits.into_iter().map(|(key, read)| (key.to_owned(), read)));
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line");
        let (operation, body): (String, Option<serde_json::Value>) =
            serde_json::from_str(&line).expect("a list of operation and body");
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let outcome = match table.get(&operation) {
            Some(read) => read(&Bytes::from(body)),
            None => Err("NO SUCH OPERATION".to_owned()),
        };
        writeln!(out, "{}", serde_json::json!(outcome)).expect("written");
    }
}
