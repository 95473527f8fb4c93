//! The origin that the generated code records.

use std::fs;
use std::path::Path;

/// The text before the fingerprint in the generated code.
const MARK: &str = "FINGERPRINT: &str = \"";

/// The origin of the generated code.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// The contract and the overlay of the workspace, as they were with this fingerprint.
    Of(String),
    /// Other files, which a person has named. They are not compared.
    OfOtherFiles,
    /// There is no generated code, or it records no origin.
    Nothing,
}

impl Recorded {
    /// Reads the file of constants that the regenerator writes.
    pub(crate) fn in_file(constants: &Path) -> Self {
        let text = fs::read_to_string(constants).unwrap_or_default();
        let found = text
            .split_once(MARK)
            .and_then(|(_, rest)| rest.split_once('"'));
        match found {
            Some(("", _)) => Self::OfOtherFiles,
            Some((fingerprint, _)) => Self::Of(fingerprint.to_owned()),
            None => Self::Nothing,
        }
    }
}
