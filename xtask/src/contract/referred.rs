//! Checks that every reference of a document has a target of its kind.
//!
//! `import` and `generate` follow only the references that they need. This check covers all others too, also
//! those of components that no operation uses.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::Document;
use super::references::{dangling, target};
use super::things::Thing;
use crate::problem::Problem;

/// Checks the references of a document.
///
/// # Errors
/// Returns an error if a reference leaves the file, has no target, refers to a thing of another kind, is
/// circular, or replaces a thing that must be written out.
pub(crate) fn check(document: &Document) -> Result<(), Problem> {
    let mut walk = Walk {
        document,
        kinds: HashMap::new(),
        references: Vec::new(),
    };
    walk.visit(&document.value, &mut String::new(), Thing::Contract)?;
    let mut targets = HashMap::new();
    let mut next = 0;
    while let Some(reference) = walk.references.get(next) {
        let (place, text, kind) = (reference.place.clone(), reference.text, reference.kind);
        let is_all = reference.is_all;
        let found = walk.found(&place, text, kind)?;
        if is_all {
            targets.insert(place, found);
        }
        next += 1;
    }
    for reference in &walk.references {
        let mut passed = BTreeSet::new();
        let mut at = &reference.place;
        while let Some(next) = targets.get(at).filter(|next| passed.insert(*next)) {
            at = next;
        }
        // Only references inside of a cycle are refused, not those that lead to one.
        if passed.contains(&reference.place) {
            let text = reference.text;
            let what = match reference.kind {
                Thing::Schema => "the schema contains itself and is not an object: ",
                _ => "",
            };
            let what = format!("{what}the reference `{text}` refers to itself");
            return Err(Problem::at(document, &reference.place, what)
                .with_help("replace one of the references by a definition"));
        }
    }
    Ok(())
}

/// Whether a keyword of a schema says nothing of its values.
fn describes(keyword: &str) -> bool {
    let texts = [
        "$ref",
        "$anchor",
        "$comment",
        "$defs",
        "$dynamicAnchor",
        "$id",
        "$schema",
        "definitions",
        "externalDocs",
        "xml",
        "description",
        "summary",
        "title",
        "deprecated",
        "example",
        "examples",
    ];
    texts.contains(&keyword) || keyword.starts_with("x-")
}

struct Reference<'a> {
    /// The location of the thing that the reference stands for.
    place: String,
    text: &'a str,
    kind: Thing,
    /// Whether the thing has no other keyword, apart from texts.
    is_all: bool,
}

struct Walk<'a> {
    document: &'a Document,
    /// The kinds of the things found so far, by location.
    kinds: HashMap<String, Thing>,
    references: Vec<Reference<'a>>,
}

impl<'a> Walk<'a> {
    /// Finds the references in a thing.
    fn visit(&mut self, value: &'a Value, place: &mut String, kind: Thing) -> Result<(), Problem> {
        let known = self.kinds.insert(place.clone(), kind);
        let Some(map) = value.as_object().filter(|_| known.is_none()) else {
            return Ok(());
        };
        if let Some(reference) = map.get("$ref") {
            if kind == Thing::Several && !reference.is_string() {
                // The mapping has a member with the name `$ref`.
                return Ok(());
            }
            if kind.names().is_none() {
                return Err(self.misplaced(place));
            }
            let Some(text) = reference.as_str() else {
                let place = format!("{place}/$ref");
                return Err(
                    Problem::at(self.document, &place, "a reference has to be a text")
                        .with_help("write the location, such as `'#/components/schemas/NAME'`"),
                );
            };
            self.references.push(Reference {
                place: place.clone(),
                text,
                kind,
                is_all: kind != Thing::Schema || map.keys().all(|key| describes(key)),
            });
            // Only schemas and path items can have members beside a reference.
            if !matches!(kind, Thing::Schema | Thing::PathItem) {
                return Ok(());
            }
        }
        let length = place.len();
        for (_, kind, steps, inner) in kind.inner(value) {
            place.push_str(&steps);
            self.visit(inner, place, kind)?;
            place.truncate(length);
        }
        Ok(())
    }

    /// The location that a reference names.
    fn found(&mut self, place: &str, text: &'a str, kind: Thing) -> Result<String, Problem> {
        let mut found = target(self.document, text, place)?;
        let Some(value) = self.document.value.pointer(&found) else {
            return Err(dangling(self.document, text, place));
        };
        let known = self.kinds.get(&found).copied();
        let is_thing = value.is_object() || kind == Thing::Schema && value.is_boolean();
        if is_thing && known.is_none_or(|known| known == kind) {
            // An unusual location, such as an extension, may have anything.
            self.visit(value, &mut found, kind)?;
            return Ok(found);
        }
        let (name, components) = kind.names().unwrap_or_default();
        let what = format!("the reference `{text}` refers to no {name}");
        Err(Problem::at(self.document, place, what).with_help(format!(
            "write the location of a definition, such as `#/components/{components}/NAME`"
        )))
    }

    fn misplaced(&self, place: &str) -> Problem {
        let what = "a reference is not allowed here";
        Problem::at(self.document, &format!("{place}/$ref"), what).with_help(
            "write the definition itself, or refer to the whole path item, parameter, request body \
             or response",
        )
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::contract::source;

    /// A contract with one component of each kind; each `@KIND` is a reference of that kind that nothing uses.
    const CONTRACT: &str = "\
openapi: 3.1.0
info: {title: T, version: '1'}
paths:
  /a/{id}:
    parameters: [{$ref: '#/components/parameters/P'}]
    get:
      responses:
        '200':
          description: ''
          content: {application/json: {schema: {type: object, properties: {x: {type: string}}}}}
components:
  schemas: {S: {type: string}, s: @schemas}
  responses: {R: {description: ''}, r: @responses}
  parameters: {P: {name: id, in: path, required: true, schema: {type: string}}, p: @parameters}
  headers: {H: {schema: {type: string}}, h: @headers}
  requestBodies: {B: {content: {text/plain: {}}}, b: @requestBodies}
  examples: {E: {value: 1}, e: @examples}
  links: {L: {operationId: getA}, l: @links}
  callbacks: {C: {'{$url}': {}}, c: @callbacks}
  securitySchemes: {K: {type: http, scheme: bearer}, k: @securitySchemes}
  pathItems: {I: {}, i: @pathItems}
x-shared: {a: {type: string}, 'a/b~c d': {$ref: '#/nothing'}}
";

    const KINDS: [(&str, &str); 10] = [
        ("schemas", "S"),
        ("responses", "R"),
        ("parameters", "P"),
        ("headers", "H"),
        ("requestBodies", "B"),
        ("examples", "E"),
        ("links", "L"),
        ("callbacks", "C"),
        ("securitySchemes", "K"),
        ("pathItems", "I"),
    ];

    fn document(text: &str) -> Document {
        source::parse(Path::new("a.yaml"), text.to_owned()).expect("readable")
    }

    /// The contract with this reference as the component of this kind.
    fn with(kind: &str, reference: &str) -> String {
        let mut text = CONTRACT.to_owned();
        for (other, name) in KINDS {
            let own = format!("#/components/{other}/{name}");
            let reference = if other == kind { reference } else { &own };
            text = text.replace(&format!("@{other}"), &format!("{{$ref: \"{reference}\"}}"));
        }
        text
    }

    fn message(text: &str) -> Option<String> {
        let refused = check(&document(text)).err();
        let message = refused.map(|problem| problem.to_string())?;
        assert!(message.starts_with("a.yaml:"), "{message}");
        assert!(message.contains("help: "), "{message}");
        Some(message)
    }

    #[test]
    fn a_reference_of_each_kind_needs_a_target_of_its_kind_in_the_file() {
        assert_eq!(message(&with("", "")), None);
        for (index, (kind, _)) in KINDS.into_iter().enumerate() {
            let (other, name) = KINDS[(index + 1) % KINDS.len()];
            let place = format!("/components/{kind}/");
            for (reference, what) in [
                (format!("#/components/{kind}/Gone"), "refers to nothing"),
                (format!("#/components/{other}/{name}"), "refers to no "),
                (format!("#/components/{kind}"), "refers to no "),
                ("#/components".to_owned(), "refers to no "),
                ("#/info/title".to_owned(), "refers to no "),
                ("#".to_owned(), "refers to no "),
                (String::new(), "another file"),
                ("other.yaml".to_owned(), "another file"),
                (format!("./other.yaml#/components/{kind}/A"), "another file"),
                (
                    format!("https://a.example/b.yaml#/components/{kind}/A"),
                    "another file",
                ),
                ("#Anchor".to_owned(), "names an anchor"),
                ("#/components/%2Fgone".to_owned(), "refers to nothing"),
                ("#/x-shared/a~1b~0c%20d/x".to_owned(), "refers to nothing"),
            ] {
                let message = message(&with(kind, &reference));
                let message = message.unwrap_or_else(|| panic!("{kind}: {reference}"));
                assert!(message.contains(what), "{reference}: {message}");
                assert!(message.contains(&place), "{reference}: {message}");
            }
        }
    }

    #[test]
    fn an_unusual_location_may_have_any_thing_whose_own_references_are_followed() {
        for reference in [
            "#/x-shared/a",
            "#/x-shared/%61",
            "#/paths/~1a~1%7Bid%7D/get/responses/200/content/application~1json/schema/properties/x",
        ] {
            assert_eq!(message(&with("schemas", reference)), None, "{reference}");
        }
        let message = message(&with("schemas", "#/x-shared/a~1b~0c%20d"));
        let message = message.expect("its target is none");
        assert!(
            message.contains("/x-shared/a~1b~0c d: the reference `#/nothing`"),
            "{message}"
        );
    }

    #[test]
    fn a_circle_of_references_is_refused() {
        for (kind, name) in KINDS {
            for reference in ["#/components/@/one", "#/components/@/two"] {
                let reference = reference.replace('@', kind);
                let two = format!("two: {{$ref: '#/components/{kind}/one'}}");
                let text = with("", "").replace(
                    &format!("{{{name}: "),
                    &format!("{{one: {{$ref: '{reference}'}}, {two}, {name}: "),
                );
                let message = message(&text).unwrap_or_else(|| panic!("{kind}"));
                assert!(message.contains("refers to itself"), "{message}");
            }
        }
        // Another keyword ends the cycle.
        let text = with("", "").replace(
            "{S: ",
            "{one: {$ref: '#/components/schemas/one', type: object}, S: ",
        );
        assert_eq!(message(&text), None);
    }

    #[test]
    fn a_reference_cannot_stand_for_something_else() {
        for (from, to, place) in [
            ("    get:\n", "    get:\n      $ref: '#/x'\n", "/get/$ref"),
            (
                "      responses:\n",
                "      responses:\n        $ref: '#/x'\n",
                "/responses/$ref",
            ),
            (
                "application/json: {schema",
                "application/json: {$ref: '#/x', schema",
                "application~1json/$ref",
            ),
            (
                "properties: {x",
                "properties: {$ref: '#/x', x",
                "/properties/$ref",
            ),
            (
                "components:\n",
                "components:\n  $ref: a.yaml\n",
                "/components/$ref",
            ),
        ] {
            let message = message(&with("", "").replace(from, to)).unwrap_or_default();
            assert!(
                message.contains(&format!("{place}: a reference is not allowed here")),
                "{message}"
            );
        }
        let property =
            with("", "").replace("properties: {x", "properties: {$ref: {type: string}, x");
        assert_eq!(message(&property), None);
        let number = message(&with("", "").replace("S: {type: string}", "S: {$ref: 1}"));
        assert!(number.unwrap_or_default().contains("has to be a text"));
    }

    #[test]
    fn data_and_extensions_have_no_references() {
        let data = with("", "")
            .replace("E: {value: 1}", "E: {value: {$ref: '#/gone'}}")
            .replace(
                "S: {type: string}",
                "S: {example: {$ref: 1}, default: {$ref: '#/x'}, enum: [{$ref: a}], x-a: {$ref: b}}",
            );
        assert_eq!(message(&data), None);
    }
}
