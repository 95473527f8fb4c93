//! Rule: schemas that no operation reaches are dropped; for the others the use is determined.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::Draft;
use super::schema::{Components, Kind, Schema};
use crate::codegen::model::Usage;

/// Drops unreachable schemas, so that they take no names.
pub(crate) fn retain_reachable(draft: &mut Draft) {
    let mut open: Vec<&Schema> = Vec::new();
    for operation in &draft.operations {
        open.extend(operation.parameters.iter().map(|one| &one.schema));
        open.extend(operation.body.as_ref().map(|body| &body.schema));
        open.extend(&operation.success.schema);
    }
    let mut reached: BTreeSet<String> = BTreeSet::new();
    while let Some(schema) = open.pop() {
        open.extend(schema.children());
        let names: Vec<&String> = match &schema.kind {
            Kind::Ref(name) => vec![name],
            Kind::Union(union) => {
                let discriminator = union.discriminator.iter();
                discriminator.flat_map(|one| one.mapping.values()).collect()
            }
            _ => Vec::new(),
        };
        for name in names {
            if reached.insert(name.clone()) {
                open.extend(draft.components.get(name));
            }
        }
    }
    draft.components.retain(|name, _| reached.contains(name));
}

/// Drops unreachable schemas and returns the use of the others.
pub(crate) fn apply(draft: &mut Draft) -> BTreeMap<String, Usage> {
    let mut usage: BTreeMap<String, Usage> = BTreeMap::new();
    for operation in &draft.operations {
        let sent = operation
            .parameters
            .iter()
            .map(|parameter| &parameter.schema)
            .chain(operation.body.as_ref().map(|body| &body.schema));
        let request = Usage {
            request: true,
            response: false,
        };
        let response = Usage {
            request: false,
            response: true,
        };
        let uses = sent.map(|schema| (schema, request)).chain(
            operation
                .success
                .schema
                .as_ref()
                .map(|schema| (schema, response)),
        );
        for (schema, how) in uses {
            spread(&draft.components, schema, how, &mut usage);
        }
    }
    draft.components.retain(|name, _| usage.contains_key(name));
    usage
}

fn spread(
    components: &Components,
    schema: &Schema,
    how: Usage,
    usage: &mut BTreeMap<String, Usage>,
) {
    for name in schema.references() {
        let known = usage.entry(name.to_owned()).or_default();
        let new = (how.request && !known.request) || (how.response && !known.response);
        known.request |= how.request;
        known.response |= how.response;
        if let Some(component) = components.get(name).filter(|_| new) {
            spread(components, component, how, usage);
        }
    }
}
