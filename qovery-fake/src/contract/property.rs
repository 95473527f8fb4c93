//! Checks a property that a script sets on a resource.

use serde_json::Value;

use super::{Direction, check::violations, schema::Schemas};

/// Returns the problem of a property of objects of these schemas, each with the other properties of its object;
/// `None` if it fits. The value may lack properties: responses complete it.
pub(super) fn problem(
    schemas: &Schemas,
    objects: &[(&Value, &Value)],
    name: &str,
    value: &Value,
) -> Option<String> {
    let mut declared = Declarations::new(schemas, name);
    for (object, facts) in objects {
        declared.collect(object, facts);
    }
    if declared.found.is_empty() {
        if declared.is_open {
            return None;
        }
        let likest = closest(name, &declared.names);
        let hint = likest.map(|likest| format!(": did you mean \"{likest}\"?"));
        let hint = hint.unwrap_or_default();
        return Some(format!("\"{name}\" is unknown{hint}"));
    }
    let mismatch = |schema: &Value| {
        let found = violations(schemas, schema, value, Direction::Response);
        found.into_iter().find(|violation| !violation.is_missing())
    };
    let mut wrong = None;
    let mut fitting = Vec::new();
    for schema in declared.found {
        match mismatch(schema) {
            Some(violation) => wrong = wrong.or(Some(violation)),
            None => fitting.push((schema, value)),
        }
    }
    if fitting.is_empty() {
        let wrong = wrong?;
        let place = match wrong.path.as_str() {
            "" => format!("\"{name}\""),
            path if path.starts_with('[') => format!("\"{name}{path}\""),
            path => format!("\"{name}.{path}\""),
        };
        return Some(format!("{place} {}", wrong.what));
    }
    let below = |problem: String| problem.replacen('"', &format!("\"{name}."), 1);
    let inner = value.as_object()?;
    inner
        .iter()
        .find_map(|(inner, value)| problem(schemas, &fitting, inner, value).map(below))
}

/// The declarations of a property, in all members that an object may have.
struct Declarations<'a> {
    schemas: &'a Schemas,
    name: &'a str,
    /// The schemas of the property.
    found: Vec<&'a Value>,
    /// The names of all properties.
    names: Vec<&'a str>,
    /// Whether an object declares no properties.
    is_open: bool,
}

impl<'a> Declarations<'a> {
    fn new(schemas: &'a Schemas, name: &'a str) -> Self {
        Self {
            schemas,
            name,
            found: Vec::new(),
            names: Vec::new(),
            is_open: false,
        }
    }

    /// Adds those of an object of this schema, whose other properties are `facts`.
    fn collect(&mut self, schema: &'a Value, facts: &Value) {
        let shape = self.schemas.shape(schema);
        self.found.extend(shape.properties.get(self.name).copied());
        self.names.extend(shape.properties.keys());
        self.found.extend(shape.additional);
        let Some(alternatives) = shape.alternatives else {
            self.is_open |= shape.properties.is_empty();
            return;
        };
        let chosen = alternatives
            .discriminator
            .and_then(|discriminator| facts.get(discriminator)?.as_str())
            .and_then(|value| alternatives.named(self.schemas, value));
        match chosen {
            Some(member) => self.collect(member, facts),
            None => {
                for member in alternatives.members {
                    self.collect(member, facts);
                }
            }
        }
    }
}

/// The known name that is most similar to a misspelled one.
fn closest<'a>(name: &str, names: &[&'a str]) -> Option<&'a str> {
    let likeness = |other: &str| strsim::normalized_damerau_levenshtein(name, other);
    let likest = names.iter().map(|other| (likeness(other), *other));
    let likest = likest.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (likest.0 >= 0.5).then_some(likest.1)
}
