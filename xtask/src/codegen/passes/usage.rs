//! Which operations reach a model, and through which areas.
//!
//! `split` uses this to choose the files.

use std::collections::{BTreeMap, BTreeSet};

use crate::codegen::{
    areas::{self, Area},
    doc::{Doc, Line},
    model::{Normalized, OperationModel, Remark, TypeModel},
};
use crate::problem::Problem;

use super::{names, reserved};

/// The places of use of each model.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    models: BTreeMap<String, Places>,
}

#[derive(Debug, Default)]
struct Places {
    request: bool,
    response: bool,
    /// Methods that take it as their body.
    sent_by: Vec<String>,
    /// Methods that return it.
    returned_by: Vec<String>,
    /// Methods that take it as a parameter.
    parameter_of: Vec<String>,
    /// Models that hold it.
    part_of: Vec<String>,
    areas: BTreeSet<&'static Area>,
}

/// The area of each operation, in the order of the operations, and a remark for each operation whose tags
/// belong to no area.
///
/// # Errors
/// Returns an error if neither a tag nor the path determines the area of an operation. In the `own` contract,
/// also if its tags belong to no area; another contract may use unknown tags.
pub(crate) fn operation_areas(
    operations: &[OperationModel],
    own: bool,
) -> Result<(Vec<&'static Area>, Vec<Remark>), Problem> {
    let mut remarks = Vec::new();
    let mut found = Vec::new();
    for operation in operations {
        let known = areas::area_of_part(&operation.path).or_else(|| {
            let mut tags = operation.tags.iter();
            tags.find_map(|tag| areas::area_of_tag(tag))
        });
        let area = match (known, operation.tags.as_slice()) {
            (Some(area), _) => area,
            (None, []) => areas::area_of_path(&operation.path).ok_or_else(|| {
                let what = "the tags and the path belong to no area of the client";
                unknown(operation, what).with_help(
                    "give the operation a tag in the overlay, such as `update: {tags: [Clusters]}`, or \
                     add the path to an area in xtask/src/codegen/areas.rs",
                )
            })?,
            (None, tags) => {
                let tags: Vec<String> = tags.iter().map(|tag| format!("`{tag}`")).collect();
                let what = match tags.as_slice() {
                    [tag] => format!("the tag {tag} belongs to no area of the client"),
                    tags => format!("the tags {} belong to no area of the client", tags.join(", ")),
                };
                if own {
                    return Err(unknown(operation, &what).with_help(
                        "add the tag to an area in xtask/src/codegen/areas.rs",
                    ));
                }
                let (area, place) = match areas::area_of_path(&operation.path) {
                    Some(area) => (area, format!("belongs to `{area}` by its path")),
                    None => (&areas::OTHER, "is available with every feature".to_owned()),
                };
                remarks.push(Remark {
                    pointer: operation.pointer.clone(),
                    text: format!("{what}: `{}` {place}", operation.id),
                });
                area
            }
        };
        found.push(area);
    }
    Ok((found, remarks))
}

fn unknown(operation: &OperationModel, what: &str) -> Problem {
    Problem::new(format!("{what}: `{}`", operation.id)).with_pointer(operation.pointer.clone())
}

impl Usage {
    /// Follows every operation to every model.
    pub(crate) fn of(normalized: &Normalized, areas: &[&'static Area]) -> Self {
        let mut usage = Self::default();
        for (operation, area) in normalized.operations.iter().zip(areas) {
            let method = names::apart(&operation.method_name, &reserved::CLIENT).to_string();
            if let Some(name) = operation.body.as_ref().and_then(|body| body.ty.names()) {
                usage.place(name).sent_by.push(method.clone());
            }
            if let Some(name) = operation.success.ty.as_ref().and_then(TypeModel::names) {
                usage.place(name).returned_by.push(method.clone());
            }
            for name in operation
                .parameters
                .iter()
                .filter_map(|parameter| parameter.ty.names())
            {
                usage.place(name).parameter_of.push(method.clone());
            }
            usage.spread(normalized, operation, area);
        }
        for (name, schema) in &normalized.schemas {
            let places = usage.place(name);
            places.request = schema.usage.request;
            places.response = schema.usage.response;
            for part in &schema.uses {
                usage.place(part).part_of.push(name.clone());
            }
        }
        usage
    }

    fn spread(&mut self, normalized: &Normalized, operation: &OperationModel, area: &'static Area) {
        let mut open: Vec<&str> = operation.models().collect();
        while let Some(name) = open.pop() {
            if !self.place(name).areas.insert(area) {
                continue;
            }
            if let Some(schema) = normalized.schemas.get(name) {
                open.extend(schema.uses.iter().map(String::as_str));
            }
        }
    }

    fn place(&mut self, name: &str) -> &mut Places {
        self.models.entry(name.to_owned()).or_default()
    }

    /// Whether the model is sent.
    pub(crate) fn is_request(&self, name: &str) -> bool {
        self.models.get(name).is_some_and(|places| places.request)
    }

    /// Whether the model is received.
    pub(crate) fn is_response(&self, name: &str) -> bool {
        self.models.get(name).is_some_and(|places| places.response)
    }

    /// The areas that reach the model.
    pub(crate) fn areas(&self, name: &str) -> BTreeSet<&'static Area> {
        self.models
            .get(name)
            .map(|places| places.areas.clone())
            .unwrap_or_default()
    }

    /// The documentation of a model: the contract's description, then its uses and its features.
    pub(crate) fn describe(&self, name: &str, text: &str) -> Doc {
        let mut text = Doc::sentence(text).paragraph(self.sentence(name));
        if text.is_empty() {
            text = Line::new("The schema ")
                .code(name)
                .text(" of the contract.")
                .into();
        }
        text.paragraph(areas::availability(&self.areas(name)))
    }

    fn sentence(&self, name: &str) -> Line {
        let Some(places) = self.models.get(name) else {
            return Line::default();
        };
        let direct = [
            ("Sent by ", &places.sent_by),
            ("Returned by ", &places.returned_by),
            ("A parameter of ", &places.parameter_of),
        ];
        // The requests of the websocket side are no methods, and its models have another module.
        let is_stream = places.areas.contains(&areas::STREAM);
        let named = |words: &str, module: &str, names: &[String]| {
            let line = Line::new(words).each(names, " and ", |line, name| match is_stream {
                true => line.code(name),
                false => line.item(&[module, name]),
            });
            line.text(".")
        };
        let direct = direct
            .iter()
            .filter(|(_, methods)| !methods.is_empty())
            .map(|(words, methods)| named(words, "Client", methods))
            .reduce(|all, next| all.text(" ").then(next));
        match direct {
            Some(direct) => direct,
            None if places.part_of.is_empty() => Line::default(),
            None => named("A part of ", "types", &places.part_of),
        }
    }
}

/// The name of every model.
pub(crate) fn names(normalized: &Normalized) -> BTreeSet<String> {
    normalized.schemas.keys().cloned().collect()
}
