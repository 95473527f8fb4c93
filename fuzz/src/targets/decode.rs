//! Decodes bytes as the five largest types of responses.
//!
//! Nothing panics. A decoded value can be encoded, and decodes to the same value again. An error names the location and
//! the reason in one line of limited length. The transport is not covered: each body is complete.

use qovery_api::{decode, types};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// Runs the target with one input; panics if a property does not hold.
pub fn check_input(input: &[u8]) {
    let Some((kind, body)) = input.split_first() else {
        return;
    };
    match kind % 5 {
        0 => check::<types::ListServicesByEnvironmentIdResponse>(body),
        1 => check::<types::ClusterResponseList>(body),
        2 => check::<types::JobResponseList>(body),
        3 => check::<types::ApplicationResponseList>(body),
        _ => check::<types::ClusterFeatureResponseList>(body),
    }
}

fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(body: &[u8]) {
    match decode::<T>(body) {
        Ok(value) => {
            let encoded = serde_json::to_vec(&value).expect("a model can be encoded");
            let again = decode::<T>(&encoded);
            let again = again.unwrap_or_else(|error| panic!("{error}: {encoded:?}"));
            assert_eq!(value, again);
        }
        Err(error) => {
            let text = error.to_string();
            assert!(!text.contains('\n'), "{text:?}");
            assert!(text.len() < 100_000, "{}", text.len());
        }
    }
}
