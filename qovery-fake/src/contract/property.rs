//! Checks a property that a script sets on a resource.

use serde_json::Value;

use super::{Contract, Direction};

impl Contract {
    /// Returns the problem of a property of the resource of a template, whose other properties are `facts`; `None` if
    /// it fits. It may lack properties: responses complete it.
    pub(crate) fn problem_of_property(
        &self,
        template: &str,
        facts: &Value,
        name: &str,
        value: &Value,
    ) -> Option<String> {
        let mut operations = self.operations.iter();
        let read = operations.find(|operation| {
            operation.method == http::Method::GET && operation.template == template
        });
        let (_, schema) = read?.success.content.as_ref()?;
        let places = [(schema, facts)];
        self.problem(&places, name, value)
    }

    /// The problem of a property of objects of these schemas, with their other properties.
    fn problem(&self, objects: &[(&Value, &Value)], name: &str, value: &Value) -> Option<String> {
        let mut schemas = Vec::new();
        let mut names = Vec::new();
        let mut is_open = false;
        for (object, facts) in objects {
            self.declared(object, facts, name, &mut schemas, &mut names, &mut is_open);
        }
        if schemas.is_empty() {
            if is_open {
                return None;
            }
            let likest = closest(name, &names);
            let hint = likest.map(|likest| format!(": did you mean \"{likest}\"?"));
            let hint = hint.unwrap_or_default();
            return Some(format!("\"{name}\" is unknown{hint}"));
        }
        let fits = |schema: &&Value| {
            let wrong = self.violations(schema, value, Direction::Response);
            wrong.into_iter().find(|wrong| !wrong.is_missing())
        };
        let mut wrong = None;
        let mut fitting = Vec::new();
        for schema in &schemas {
            match fits(schema) {
                Some(violation) => wrong = wrong.or(Some(violation)),
                None => fitting.push((*schema, value)),
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
            .find_map(|(inner, value)| self.problem(&fitting, inner, value).map(below))
    }

    /// Collects the schemas of a property, in all members that an object may have, and the names of its properties.
    fn declared<'a>(
        &'a self,
        schema: &'a Value,
        facts: &Value,
        name: &str,
        schemas: &mut Vec<&'a Value>,
        names: &mut Vec<&'a str>,
        is_open: &mut bool,
    ) {
        let shape = self.shape(schema);
        schemas.extend(shape.properties.get(name).copied());
        names.extend(shape.properties.keys());
        if let Some(additional) = shape.additional {
            schemas.push(additional);
        }
        let Some(alternatives) = shape.alternatives else {
            *is_open |= shape.properties.is_empty();
            return;
        };
        let chosen = alternatives
            .discriminator
            .and_then(|discriminator| facts.get(discriminator)?.as_str())
            .and_then(|value| alternatives.named(self, value));
        match chosen {
            Some(member) => self.declared(member, facts, name, schemas, names, is_open),
            None => {
                for member in alternatives.members {
                    self.declared(member, facts, name, schemas, names, is_open);
                }
            }
        }
    }
}

/// The name that a misspelled one is most like.
fn closest<'a>(name: &str, names: &[&'a str]) -> Option<&'a str> {
    let likeness = |other: &str| strsim::normalized_damerau_levenshtein(name, other);
    let likest = names.iter().map(|other| (likeness(other), *other));
    let likest = likest.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (likest.0 >= 0.5).then_some(likest.1)
}
