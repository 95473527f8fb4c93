//! The memory that a response of any shape takes: at most ten times the limit on its body.
//!
//! The bodies are smaller than the limit. At the limit, almost all of them are refused, and the largest ones that are
//! not refused take the most memory. There is only one test, because the peak is that of the whole process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails if one of its assumptions is wrong"
)]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use integration_tests::OPERATIONS;
use integration_tests::calls::ON_DECODED;
use integration_tests::document;
use integration_tests::expected::plans;
use integration_tests::samples::{Builder, Variation};
use peak_alloc::PeakAlloc;
use qovery_api::bytes::Bytes;
use qovery_api::http::{HeaderMap, StatusCode};
use qovery_api::{
    BoxFuture, Client, ClientBuilder, RawResponse, Request, Transport, TransportError,
};
use serde_json::Value;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// The limit on the size of a body.
const LIMIT: usize = 32 * 1024;
/// The sizes of the bodies of responses. A body that is refused at one size is decoded at a smaller one.
const SIZES: [usize; 2] = [LIMIT / 3, LIMIT / 16];
/// The memory that a response may take, as a multiple of the limit, including its body.
const TIMES: usize = 10;

/// The peak until a response was decoded, or 0.
static PEAK: AtomicUsize = AtomicUsize::new(0);

#[derive(Clone, Default)]
struct Answering(Arc<Mutex<Bytes>>);

impl Transport for Answering {
    fn send(&self, _: Request) -> BoxFuture<'_, Result<RawResponse, TransportError>> {
        let body = self.0.lock().unwrap().clone();
        let response = RawResponse::new(StatusCode::OK, HeaderMap::new(), body);
        Box::pin(async move { Ok(response) })
    }
}

/// A placeholder for the items of a list until they are written.
const ITEMS: &str = "the items";

/// The paths of the lists in a document.
fn lists(value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            found.push(place.to_owned());
            if let Some(first) = items.first() {
                lists(first, &format!("{place}/0"), found);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                lists(field, &format!("{place}/{name}"), found);
            }
        }
        _ => {}
    }
}

/// Repeats the item as often as it fits.
fn repeated(item: &str, room: usize) -> String {
    let count = (room / (item.len() + 1)).max(1);
    vec![item; count].join(",")
}

/// Documents of the maximum size of a body, with a list of the instance full of items.
fn blown_up(instance: &Value, size: usize) -> Vec<String> {
    let mut places = Vec::new();
    lists(instance, "", &mut places);
    let mut documents = Vec::new();
    for place in places {
        let list = instance.pointer(&place).unwrap();
        let item = list.get(0).map(ToString::to_string);
        let items = item
            .into_iter()
            .chain(["{}".to_owned(), "[]".to_owned(), "\"\"".to_owned()]);
        for item in items {
            let mut document = instance.clone();
            *document.pointer_mut(&place).unwrap() = Value::from(vec![ITEMS]);
            let text = document.to_string();
            let room = size.saturating_sub(text.len());
            documents.push(text.replacen(&format!("\"{ITEMS}\""), &repeated(&item, room), 1));
        }
    }
    // The outer lists come first, because they contain most of a response.
    documents.truncate(6);
    if let Value::Object(fields) = instance {
        // A list of an unknown kind, and a map of an unknown kind.
        for unknown in [
            format!("[{}]", repeated("{\"a\":[]}", size / 2)),
            many_keys("{\"a\":0}", size / 2),
        ] {
            let mut fields = fields.clone();
            fields.insert("next_year".to_owned(), Value::from(ITEMS));
            let text = Value::Object(fields).to_string();
            documents.push(text.replacen(&format!("\"{ITEMS}\""), &unknown, 1));
        }
    }
    documents
}

fn many_keys(value: &str, room: usize) -> String {
    let count = room / (value.len() + 8);
    let fields: Vec<_> = (0..count).map(|n| format!("\"{n:x}\":{value}")).collect();
    format!("{{{}}}", fields.join(","))
}

/// Documents that match no schema, and documents whose schema has few constraints.
fn of_no_schema(size: usize) -> Vec<String> {
    let mut documents: Vec<String> = [
        "{}",
        "[]",
        "0",
        "1.0",
        "\"\"",
        "\"a\"",
        "{\"a\":0}",
        "[[[[0]]]]",
        "null",
    ]
    .iter()
    .flat_map(|item| {
        let items = repeated(item, size - 20);
        [format!("[{items}]"), format!("{{\"results\":[{items}]}}")]
    })
    .collect();
    documents.extend(["0", "{}", "{\"a\":0}", "[0]", "\"a\""].map(|value| many_keys(value, size)));
    let nested = |open: &str, close: &str, depth: usize| {
        format!("{}{}", open.repeat(depth), close.repeat(depth))
    };
    documents.push(nested("[", "]", 100));
    documents.push(nested("[", "]", size / 2 - 1));
    documents.push(format!(
        "{}0{}",
        "{\"a\":".repeat(size / 7),
        "}".repeat(size / 7)
    ));
    documents.push(format!("\"{}\"", "x".repeat(size - 2)));
    documents.push(format!("\"{}\"", "\\u0041".repeat(size / 7)));
    documents.push(format!("\"{}\"", "{[,".repeat(size / 3 - 1)));
    documents.push("[".repeat(size));
    documents.push("{\"a\":[".repeat(size / 6));
    documents
}

struct Growth {
    /// The largest peak so far.
    most: usize,
    of: String,
    decoded: usize,
    refused: usize,
    misfits: usize,
}

#[test]
fn no_response_takes_more_than_ten_times_the_limit_on_its_body() {
    ON_DECODED
        .set(|| {
            PEAK.fetch_max(MEMORY.peak_usage(), Ordering::Relaxed);
        })
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let answering = Answering::default();
    let client = Client::builder()
        .transport(answering.clone())
        .decoded_limit(ClientBuilder::decoded_limit_for(LIMIT))
        .build()
        .unwrap();
    let contract = document::contract();
    let operations = document::operations(&contract);
    let mut growth = Growth {
        most: 0,
        of: String::new(),
        decoded: 0,
        refused: 0,
        misfits: 0,
    };
    let mut known = BTreeSet::new();
    let mut others: Vec<String> = SIZES.into_iter().flat_map(of_no_schema).collect();
    for entry in OPERATIONS {
        let Some(model) = entry.output else { continue };
        let operation = operations.iter().find(|o| o.id == entry.id).unwrap();
        let schema = operation
            .successes
            .iter()
            .find_map(|(_, body)| body.clone());
        if !known.insert((model.name)()) {
            continue;
        }
        let mut documents = Vec::new();
        if let Some((_, schema)) = schema {
            for node in Builder::instances(&contract, &schema).iter().take(1) {
                for variation in [Variation::RequiredOnly, Variation::Full] {
                    let instance = node.render(variation);
                    documents.extend(SIZES.into_iter().flat_map(|size| blown_up(&instance, size)));
                }
            }
        }
        documents.append(&mut others.clone());
        documents.sort();
        documents.dedup();
        let plan = &plans(&contract, operation)[0];
        for text in documents {
            let length = text.len();
            let shape: String = text.chars().take(300).collect();
            *answering.0.lock().unwrap() = Bytes::from(text);
            let call = (entry.call)(&client, &plan.given).unwrap();
            PEAK.store(0, Ordering::Relaxed);
            let before = MEMORY.current_usage();
            MEMORY.reset_peak_usage();
            let outcome = runtime.block_on(call);
            let peak = match PEAK.load(Ordering::Relaxed) {
                0 => MEMORY.peak_usage(),
                peak => peak,
            };
            match &outcome {
                Err(error) if error.is_too_large() => growth.refused += 1,
                Err(_) => growth.misfits += 1,
                Ok(_) => growth.decoded += 1,
            }
            // The body was allocated before.
            let grown = peak.saturating_sub(before) + length;
            if grown > growth.most {
                growth.most = grown;
                growth.of = format!("{}: {shape}", entry.id);
            }
        }
        // Documents that match no schema take similar memory with most types. Therefore a few of each are
        // enough.
        if known.len() == 8 {
            others.truncate(2);
        }
    }
    println!(
        "{} decoded, {} refused, {} of another shape, at most {:.1} times the limit: {}",
        growth.decoded,
        growth.refused,
        growth.misfits,
        growth.most as f64 / LIMIT as f64,
        growth.of
    );
    assert!(growth.decoded > 500 && growth.refused > 500 && growth.misfits > 50);
    assert!(
        growth.most <= TIMES * LIMIT,
        "{} bytes, {} times the limit: {}",
        growth.most,
        growth.most / LIMIT,
        growth.of
    );
}
