//! The id of an operation that the contract does not name, or does not name alone.

use heck::{ToLowerCamelCase, ToPascalCase};

/// `GET /project/{projectId}/secret` becomes `getProjectByProjectIdSecret`.
pub(crate) fn operation_id(method: &str, path: &str) -> String {
    let steps = path.split('/').filter(|part| !part.is_empty()).map(|part| {
        match part
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
        {
            Some(parameter) => format!("By{}", parameter.to_pascal_case()),
            None => part.to_pascal_case(),
        }
    });
    format!("{method}{}", steps.collect::<String>()).to_lower_camel_case()
}
