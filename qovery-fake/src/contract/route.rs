//! From a method and a path to the operation, and from a template to its parts.

use std::collections::HashMap;

use http::Method;
use percent_encoding::percent_decode_str;

use super::Operation;

/// The result of looking up a method and a path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Matched {
    /// An operation, by its index, with the decoded values of its path parameters in path order.
    Operation(usize, Vec<(String, String)>),
    /// The path exists, but not with this method.
    OtherMethod,
    /// The path does not exist.
    Nothing,
}

/// Operations by the number of their path segments, and by their first segment if it is fixed.
#[derive(Debug)]
pub(crate) struct Routes {
    by_shape: HashMap<(usize, String), Vec<usize>>,
}

/// Stands for a first segment that is a parameter. It differs from all others, because no segment is empty.
const ANY: &str = "";

impl Routes {
    pub(super) fn new(operations: &[Operation]) -> Self {
        let mut by_shape: HashMap<_, Vec<usize>> = HashMap::new();
        for (index, operation) in operations.iter().enumerate() {
            let length = segments(&operation.template).count();
            let first = segments(&operation.template).next().unwrap_or_default();
            let fixed = parameter_of(first).map_or(first, |_| ANY);
            by_shape
                .entry((length, fixed.to_owned()))
                .or_default()
                .push(index);
        }
        Self { by_shape }
    }

    pub(super) fn find(&self, operations: &[Operation], method: &Method, path: &str) -> Matched {
        let path: Vec<&str> = segments(path).collect();
        let first = path.first().copied().unwrap_or_default();
        let mut fitting: Vec<(usize, &Operation)> = [first, ANY]
            .into_iter()
            .filter_map(|first| self.by_shape.get(&(path.len(), first.to_owned())))
            .flatten()
            .filter_map(|index| Some((*index, operations.get(*index)?)))
            .filter(|(_, operation)| fits(&operation.template, &path))
            .collect();
        if fitting.is_empty() {
            return Matched::Nothing;
        }
        // `/application/{id}/…` wins over `/{serviceType}/{id}/…`.
        fitting.sort_by_key(|(_, operation)| {
            segments(&operation.template)
                .map(|segment| parameter_of(segment).is_some())
                .collect::<Vec<bool>>()
        });
        match fitting.iter().find(|(_, o)| o.method == *method) {
            Some((index, operation)) => {
                Matched::Operation(*index, values(&operation.template, &path))
            }
            None => Matched::OtherMethod,
        }
    }
}

/// The non-empty segments of a path or a template.
pub(crate) fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

/// The name in `{name}`.
pub(crate) fn parameter_of(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// Returns the last parameter of a template, if the template ends with the id of a resource.
pub(crate) fn item_parameter(template: &str) -> Option<&str> {
    let parameter = parameter_of(template.rsplit('/').next()?)?;
    parameter.ends_with("Id").then_some(parameter)
}

/// A template without its last segment.
pub(crate) fn parent(template: &str) -> Option<&str> {
    template.rsplit_once('/').map(|(parent, _)| parent)
}

fn fits(template: &str, path: &[&str]) -> bool {
    segments(template)
        .zip(path)
        .all(|(expected, actual)| parameter_of(expected).is_some() || expected == *actual)
}

fn values(template: &str, path: &[&str]) -> Vec<(String, String)> {
    segments(template)
        .zip(path)
        .filter_map(|(expected, actual)| {
            let decoded = percent_decode_str(actual).decode_utf8_lossy().into_owned();
            Some((parameter_of(expected)?.to_owned(), decoded))
        })
        .collect()
}
