//! Decodes answers with a client that was generated for a test.
//!
//! Reads one JSON list `[operation, body]` a line, where the operation is `METHOD /path` without the
//! names of its parameters, and writes for each a line: `null`, or the text of what went wrong. Copied
//! beside such a client, and built there.

use std::collections::HashMap;
use std::io::{BufRead, Write};

use bytes::Bytes;
use qovery_api::{Operation, ResponseFormat, operations};

type Read = fn(&Bytes) -> Result<(), String>;

fn read<O: Operation>(body: &Bytes) -> Result<(), String> {
    let decoded = <O::Format as ResponseFormat<O::Output>>::decode(body);
    decoded.map(drop).map_err(|error| error.to_string())
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
    let table: HashMap<String, Read> = include!("table.rs").into_iter().collect();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line");
        let (operation, body): (String, Option<serde_json::Value>) =
            serde_json::from_str(&line).expect("a list of operation and body");
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let outcome = match table.get(&operation) {
            Some(read) => read(&Bytes::from(body)).err(),
            None => Some("NO SUCH OPERATION".to_owned()),
        };
        writeln!(out, "{}", serde_json::json!(outcome)).expect("written");
    }
}
