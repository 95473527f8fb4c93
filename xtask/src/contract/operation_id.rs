//! The id of an operation that has no id in the contract, or shares it with another one.

use heck::{ToLowerCamelCase, ToPascalCase};

/// The methods of a path, in their order: of several operations with one id, the first keeps it.
pub(crate) const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

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
