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
        let by_path = areas::area_of_path(&operation.path);
        let tags: Vec<String> = operation
            .tags
            .iter()
            .map(|tag| format!("`{tag}`"))
            .collect();
        let (what, help) = match tags.as_slice() {
            [] => (
                "the tags and the path belong to no area of the client".to_owned(),
                "give the operation a tag in the overlay, such as `update: {tags: [Clusters]}`, or \
                 add the path to an area in xtask/src/codegen/areas.rs",
            ),
            tags => (
                match tags {
                    [tag] => format!("the tag {tag} belongs to no area of the client"),
                    tags => format!(
                        "the tags {} belong to no area of the client",
                        tags.join(", ")
                    ),
                },
                "add the tag to an area in xtask/src/codegen/areas.rs",
            ),
        };
        let area = match known.or(by_path.filter(|_| tags.is_empty())) {
            Some(area) => area,
            None if own || tags.is_empty() => {
                let what = format!("{what}: `{}`", operation.id);
                return Err(Problem::of(&operation.pointer, what).with_help(help));
            }
            None => {
                let place = match by_path {
                    Some(area) => format!("belongs to `{area}` by its path"),
                    None => "is available with every feature".to_owned(),
                };
                let text = format!("{what}: `{}` {place}", operation.id);
                remarks.push(Remark::new(&operation.pointer, text));
                by_path.unwrap_or(&areas::OTHER)
            }
        };
        found.push(area);
    }
    Ok((found, remarks))
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
            let parameters = operation.parameters.iter();
            for name in parameters.filter_map(|parameter| parameter.ty.names()) {
                usage.place(name).parameter_of.push(method.clone());
            }
            usage.spread(normalized, operation, area);
        }
        for (name, schema) in &normalized.schemas {
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

    /// The areas that reach the model.
    pub(crate) fn areas(&self, name: &str) -> BTreeSet<&'static Area> {
        let places = self.models.get(name);
        places.map_or_else(BTreeSet::new, |places| places.areas.clone())
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
