//! Modes of environments that a caller names.

use std::collections::BTreeSet;

use qovery_api::types::EnvironmentModeEnum;

use super::find_error::closest;

/// Whether two modes are the same. A mode that was made of a text may be in lower case.
pub(super) fn is_same(own: &str, mode: &EnvironmentModeEnum) -> bool {
    own.eq_ignore_ascii_case(mode.as_str().trim())
}

/// Refuses a mode that neither the client knows nor any listed environment has, with the known ones and the closest: a
/// typing error must not decide which environments are changed.
pub(super) fn check<'a>(
    mode: &EnvironmentModeEnum,
    listed: impl IntoIterator<Item = &'a EnvironmentModeEnum>,
) -> Result<(), String> {
    let known = EnvironmentModeEnum::known_values().iter().chain(listed);
    let known: BTreeSet<&str> = known.map(|known| known.as_str()).collect();
    if known.iter().any(|known| is_same(known, mode)) {
        return Ok(());
    }
    let known: Vec<&str> = known.into_iter().collect();
    let mode = mode.as_str();
    let likest = closest(mode, known.iter().copied());
    let hint = likest
        .and_then(|place| known.get(place))
        .map(|likest| format!("did you mean {likest}? "))
        .unwrap_or_default();
    Err(format!(
        "no environment has the mode \"{mode}\": {hint}known modes: {}",
        known.join(", ")
    ))
}
