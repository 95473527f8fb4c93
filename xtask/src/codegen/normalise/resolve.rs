//! Following references.
//!
//! Not for deciding what becomes of a reference: schemas keep theirs where they name a component;
//! everything else is read as if it stood where the reference stands.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::contract::Document;
use crate::problem::Problem;

/// Where references begin that name a component schema.
const SCHEMAS: &str = "/components/schemas/";

/// Looks up references in one document.
pub(crate) struct Resolver<'a> {
    pub(crate) document: &'a Document,
}

impl<'a> Resolver<'a> {
    /// What a value is after following its references, with the pointer of where it really stands.
    ///
    /// # Errors
    /// Where a reference leads nowhere, out of the document, or back to itself.
    pub(crate) fn follow(
        &self,
        mut value: &'a Value,
        pointer: &str,
    ) -> Result<(&'a Value, String), Problem> {
        let mut seen = vec![pointer.to_owned()];
        let mut place = pointer.to_owned();
        while let Some(reference) = value.get("$ref") {
            let target = self.pointer_of(reference, &place)?;
            if seen.contains(&target) {
                return Err(self
                    .problem(
                        &place,
                        format!("the reference `#{target}` leads back to itself"),
                    )
                    .with_help("define the thing in one place"));
            }
            value = self.lookup(&target, &place)?;
            seen.push(target.clone());
            place = target;
        }
        Ok((value, place))
    }

    /// The decoded JSON pointer of a `$ref`.
    pub(crate) fn pointer_of(&self, reference: &Value, at: &str) -> Result<String, Problem> {
        let Some(text) = reference.as_str() else {
            return Err(self.problem(at, "`$ref` is not a text"));
        };
        let Some(fragment) = text
            .strip_prefix('#')
            .filter(|rest| rest.is_empty() || rest.starts_with('/'))
        else {
            let what = format!("the reference `{text}` leads out of the document");
            return Err(self
                .problem(at, what)
                .with_help("bring what it names into this document and refer to it with `#/…`"));
        };
        let decoded = percent_decode_str(fragment).decode_utf8();
        decoded
            .map(|text| text.into_owned())
            .map_err(|_| self.problem(at, format!("the reference `{text}` is not UTF-8")))
    }

    /// What stands at a pointer.
    pub(crate) fn lookup(&self, target: &str, at: &str) -> Result<&'a Value, Problem> {
        self.document.value.pointer(target).ok_or_else(|| {
            self.problem(at, format!("the reference `#{target}` leads nowhere"))
                .with_help("define what it names, or correct the reference")
        })
    }

    pub(crate) fn problem(&self, pointer: &str, what: impl Into<String>) -> Problem {
        Problem::at(self.document, pointer, what)
    }
}

/// The component schema that a pointer names, where it names one and not a part of it.
pub(crate) fn component_name(pointer: &str) -> Option<String> {
    let rest = pointer.strip_prefix(SCHEMAS)?;
    (!rest.is_empty() && !rest.contains('/')).then(|| rest.replace("~1", "/").replace("~0", "~"))
}

/// A key as a step of a JSON pointer.
pub(crate) fn step(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
