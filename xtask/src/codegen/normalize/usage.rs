//! Rule: schemas that no operation reaches are dropped; for the others the use is determined.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{Draft, DraftOperation};
use super::schema::{Components, Kind, Schema};
use crate::codegen::model::Usage;

/// Drops unreachable schemas, so that they take no names.
pub(crate) fn retain_reachable(draft: &mut Draft) {
    let operations = draft.operations.iter();
    let mut open: Vec<&Schema> = operations.flat_map(DraftOperation::schemas).collect();
    let mut reached: BTreeSet<String> = BTreeSet::new();
    while let Some(schema) = open.pop() {
        open.extend(schema.kind.children());
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
        let received = operation.success.as_ref();
        for schema in operation.schemas() {
            let response = received.is_some_and(|received| std::ptr::eq(received, schema));
            let how = Usage {
                request: !response,
                response,
            };
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
