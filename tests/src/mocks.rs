//! Mocking any operation with values that are known at run time.
//!
//! The table of all mocks is generated. It does not contain the expected requests and responses.

use httpmock::{Mock, MockServer};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::calls::Given;

/// How one operation is mocked.
#[derive(Debug, Clone, Copy)]
pub struct MockEntry {
    /// `operationId` of the contract.
    pub id: &'static str,
    /// Mocks the operation with every parameter and the body as given, and answers with the given value.
    pub mock: for<'a> fn(&'a MockServer, &Given, &Value) -> Result<Mock<'a>, String>,
}

/// A value for a response.
///
/// # Errors
/// Returns an error if the type does not take it.
pub fn decoded<T: DeserializeOwned>(response: &Value) -> Result<T, String> {
    qovery_api::decode(response.to_string().as_bytes())
        .map_err(|error| format!("the response does not fit: {error}"))
}
