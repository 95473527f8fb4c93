//! Decoding lists of environments: the client's types against plain serde.
//!
//! `plain` has the same fields as the client's type, written by hand with serde's derives. `peer` has the shape that
//! openapi-generator gives these types: a hand-written copy, closed enums, offsets kept with each time, and the list
//! itself optional. `without_limits` reads the client's types as serde does, so that nothing is counted: compared with
//! `client`, it shows the cost of the limit on decoded memory. `cargo run --package bench` compares the client with the
//! peer's own code.

use std::hint::black_box;

use divan::{Bencher, counter::BytesCount};
use qovery_api::{decode, types};

fn main() {
    divan::main();
}

/// Types with the same fields as the client's.
mod plain {
    use qovery_api::{
        chrono::{DateTime, Utc},
        uuid::Uuid,
    };
    use serde::Deserialize;

    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only decoded")]
    pub(super) struct EnvironmentList {
        pub(super) results: Vec<Environment>,
    }

    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only decoded")]
    pub(super) struct Environment {
        id: Uuid,
        created_at: DateTime<Utc>,
        updated_at: Option<DateTime<Utc>>,
        name: String,
        organization: Option<ReferenceObject>,
        project: ReferenceObject,
        last_updated_by: Option<Uuid>,
        cloud_provider: CloudProvider,
        mode: Mode,
        cluster_id: Uuid,
        cluster_name: Option<String>,
        expires_at: Option<DateTime<Utc>>,
    }

    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only decoded")]
    struct ReferenceObject {
        id: Uuid,
    }

    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only decoded")]
    struct CloudProvider {
        provider: Option<String>,
        cluster: Option<String>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    enum Mode {
        Development,
        Preview,
        Production,
        Staging,
    }
}

/// Types of the shape that openapi-generator writes.
mod peer {
    use qovery_api::{
        chrono::{DateTime, FixedOffset},
        uuid::Uuid,
    };
    use serde::Deserialize;

    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only decoded")]
    pub(super) struct EnvironmentList {
        #[serde(rename = "results", skip_serializing_if = "Option::is_none")]
        pub(super) results: Option<Vec<Environment>>,
    }

    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only decoded")]
    pub(super) struct Environment {
        id: Uuid,
        created_at: DateTime<FixedOffset>,
        updated_at: Option<DateTime<FixedOffset>>,
        name: String,
        organization: ReferenceObject,
        project: ReferenceObject,
        last_updated_by: Option<Uuid>,
        cloud_provider: CloudProvider,
        mode: Mode,
        cluster_id: Uuid,
        cluster_name: Option<String>,
        #[serde(default)]
        expires_at: Option<Option<DateTime<FixedOffset>>>,
    }

    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only decoded")]
    struct ReferenceObject {
        id: Uuid,
    }

    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only decoded")]
    struct CloudProvider {
        provider: Option<String>,
        cluster: Option<String>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    enum Mode {
        Development,
        Preview,
        Production,
        Staging,
    }
}

/// How many environments make 10 MB.
const TEN_MEGABYTES: u32 = 18_500;

fn list(count: u32) -> String {
    let environment = |number: u32| {
        format!(
            r#"{{"id":"5d0a9a6e-6a53-4a4b-8e0b-{number:012x}","created_at":"2026-01-31T12:00:00.123Z",
"updated_at":"2026-02-28T23:59:59Z","name":"preview-{number}",
"organization":{{"id":"00000000-0000-4000-8000-000000000001"}},
"project":{{"id":"00000000-0000-4000-8000-000000000002"}},
"last_updated_by":"00000000-0000-4000-8000-000000000003",
"cloud_provider":{{"provider":"AWS","cluster":"eu-west-3"}},"mode":"PREVIEW",
"cluster_id":"00000000-0000-4000-8000-000000000004","cluster_name":"main",
"expires_at":null}}"#
        )
    };
    let items: Vec<String> = (0..count).map(environment).collect();
    format!("{{\"results\":[{}]}}", items.join(","))
}

fn measure<T>(bencher: Bencher<'_, '_>, count: u32, read: impl Fn(&[u8]) -> Option<T> + Sync) {
    let text = list(count);
    assert!(read(text.as_bytes()).is_some(), "the list decodes");
    bencher
        .counter(BytesCount::of_str(&text))
        .bench(|| read(black_box(text.as_bytes())));
}

#[divan::bench(args = [10_000, TEN_MEGABYTES])]
fn client(bencher: Bencher<'_, '_>, count: u32) {
    measure(bencher, count, |text| {
        decode::<types::EnvironmentResponseList>(text).ok()
    });
}

#[divan::bench(args = [10_000, TEN_MEGABYTES])]
fn without_limits(bencher: Bencher<'_, '_>, count: u32) {
    measure(bencher, count, |text| {
        let text = std::str::from_utf8(text).ok()?;
        serde_json::from_str::<types::EnvironmentResponseList>(text).ok()
    });
}

#[divan::bench(args = [10_000, TEN_MEGABYTES])]
fn plain_serde(bencher: Bencher<'_, '_>, count: u32) {
    measure(bencher, count, |text| {
        serde_json::from_slice::<plain::EnvironmentList>(text).ok()
    });
}

#[divan::bench(args = [10_000, TEN_MEGABYTES])]
fn shape_of_the_peer(bencher: Bencher<'_, '_>, count: u32) {
    measure(bencher, count, |text| {
        serde_json::from_slice::<peer::EnvironmentList>(text).ok()
    });
}
