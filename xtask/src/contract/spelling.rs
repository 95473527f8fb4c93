//! Gives scalars the type that the contract wants: texts keep their spelling, and numbers must be read alike by
//! every reader.
//!
//! YAML reads `1.30` as the number 1.3 and `0x1F` as 31, whatever the schema of the value is. If the contract
//! wants a text, the text of the file counts. Null stays null, in any spelling: in an enum of texts it allows
//! null. If the contract wants a number or a boolean, a value that readers of YAML 1.1 read differently is
//! refused, and `1.0` is the integer 1.

use std::cell::Cell;
use std::path::Path;

use serde_json::Value;

use super::ambiguous;
use super::pointer::{escape, steps};
use super::references::pointer_of;
use super::scalar::untagged;
use crate::problem::Problem;

/// Keys whose value is a text at every location.
const TEXTS: [&str; 10] = [
    "version",
    "title",
    "summary",
    "description",
    "operationId",
    "name",
    "propertyName",
    "pattern",
    "format",
    "x-rust-name",
];

/// Keys whose value is a number.
pub(crate) const NUMBERS: [&str; 9] = [
    "maximum",
    "minimum",
    "multipleOf",
    "maxLength",
    "minLength",
    "maxItems",
    "minItems",
    "maxProperties",
    "minProperties",
];

/// Keys whose value is true or false.
pub(crate) const FLAGS: [&str; 8] = [
    "nullable",
    "deprecated",
    "readOnly",
    "writeOnly",
    "uniqueItems",
    "explode",
    "allowReserved",
    "allowEmptyValue",
];

/// Other keys whose value is a number or a boolean, unless it is a schema.
const VALUES: [&str; 6] = [
    "additionalProperties",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maxContains",
    "minContains",
    "unevaluatedProperties",
];

/// Keys whose value is a list of texts if it is a list, and a boolean otherwise.
const LISTS: [&str; 2] = ["required", "tags"];

/// Keys whose value has the type of the schema.
const DATA: [&str; 3] = ["default", "const", "example"];

/// Keys whose members are named by the contract.
const NAMED: [&str; 17] = [
    "callbacks",
    "encoding",
    "links",
    "securitySchemes",
    "webhooks",
    "responses",
    "parameters",
    "headers",
    "requestBodies",
    "pathItems",
    "mapping",
    "properties",
    "patternProperties",
    "schemas",
    "dependentSchemas",
    "$defs",
    "definitions",
];

/// The spelling of the plain values of a tree that are not texts.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Spelling {
    /// The tree contains none.
    None,
    Of(String),
    Items(Vec<Spelling>),
    /// The spellings of the members that have some.
    Members(Vec<(String, Spelling)>),
}

impl Spelling {
    pub(super) fn of_items(items: Vec<Self>) -> Self {
        if items.iter().all(|item| *item == Self::None) {
            Self::None
        } else {
            Self::Items(items)
        }
    }

    pub(super) fn of_members(members: Vec<(String, Self)>) -> Self {
        if members.is_empty() {
            Self::None
        } else {
            Self::Members(members)
        }
    }

    /// The spellings in the member or the item at this step.
    pub(super) fn step(&self, step: &str) -> &Self {
        match self {
            Self::Members(members) => {
                let found = members.iter().find(|(key, _)| key == step);
                found.map_or(&Self::None, |(_, inner)| inner)
            }
            Self::Items(items) => {
                let found = step.parse().ok().and_then(|index: usize| items.get(index));
                found.unwrap_or(&Self::None)
            }
            Self::None | Self::Of(_) => &Self::None,
        }
    }

    /// The same, to change them. The spelling of another kind of value is dropped.
    pub(super) fn member_mut(&mut self, key: &str) -> Option<&mut Self> {
        if !matches!(self, Self::Members(_)) {
            *self = Self::Members(Vec::new());
        }
        let Self::Members(members) = self else {
            return None;
        };
        let index = members.iter().position(|(known, _)| known == key);
        let index = index.unwrap_or_else(|| {
            members.push((key.to_owned(), Self::None));
            members.len() - 1
        });
        members.get_mut(index).map(|(_, inner)| inner)
    }

    pub(super) fn item_mut(&mut self, index: usize) -> Option<&mut Self> {
        if !matches!(self, Self::Items(_)) {
            *self = Self::Items(Vec::new());
        }
        let Self::Items(items) = self else {
            return None;
        };
        if items.len() <= index {
            items.resize(index + 1, Self::None);
        }
        items.get_mut(index)
    }

    /// The spellings in the part of a document at this place.
    pub(super) fn at_mut(&mut self, place: &str, document: &Value) -> Option<&mut Self> {
        let mut here = Some(document);
        steps(place).try_fold(self, |spelling, step| match here {
            Some(Value::Array(items)) => {
                let index = step.parse().ok()?;
                here = items.get(index);
                spelling.item_mut(index)
            }
            value => {
                here = value.and_then(|value| value.get(&step));
                spelling.member_mut(&step)
            }
        })
    }

    /// Removes the spellings of a part that is removed from the document.
    pub(super) fn remove(&mut self, step: &str) {
        match self {
            Self::Members(members) => members.retain(|(key, _)| key != step),
            Self::Items(items) => {
                if let Some(index) = step.parse().ok().filter(|index| *index < items.len()) {
                    items.remove(index);
                }
            }
            Self::None | Self::Of(_) => {}
        }
    }
}

/// A value that readers of YAML disagree on, although a number or a boolean is expected.
#[derive(Debug)]
pub(super) struct Ambiguous {
    pub(super) pointer: String,
    text: String,
    /// The spelling that they agree on.
    fix: String,
}

impl Ambiguous {
    /// The refusal of a file, without the line.
    pub(super) fn problem(self, path: &Path) -> Problem {
        let Self { pointer, text, fix } = self;
        let what = format!("readers of YAML 1.1 and of YAML 1.2 read `{text}` differently");
        Problem::in_file(path, what)
            .with_pointer(pointer)
            .with_help(format!("write {fix}, or in quotes if it is a text"))
    }
}

/// Replaces every number and boolean that must be a text by its spelling in the file.
///
/// # Errors
/// Returns an error if readers of YAML disagree on a number or a boolean. All others are replaced.
pub(super) fn keep(document: &mut Value, spelling: &Spelling) -> Result<(), Ambiguous> {
    keep_at(document, "", spelling)
}

/// The same for the part of a document at this place, whose spelling is given.
///
/// # Errors
/// Returns an error if readers of YAML disagree on a number or a boolean.
pub(super) fn keep_at(
    document: &mut Value,
    place: &str,
    spelling: &Spelling,
) -> Result<(), Ambiguous> {
    let root: &Value = document;
    let (mut role, mut here) = (Role::Structure, root);
    for step in steps(place) {
        let (inner, next) = match here {
            Value::Array(items) => (
                step.parse().ok().and_then(|index: usize| items.get(index)),
                role.of_item(root),
            ),
            _ => (here.get(&step), role.of_member(&step, here, root)),
        };
        let Some(inner) = inner else { return Ok(()) };
        (role, here) = (next, inner);
    }
    let mut changes = Changes::default();
    changes.find(spelling, role, (here, root), &mut place.to_owned());
    for (pointer, value) in changes.values {
        if let Some(known) = document.pointer_mut(&pointer) {
            *known = value;
        }
    }
    changes.ambiguous.map_or(Ok(()), Err)
}

/// The values of a document that must change.
#[derive(Default)]
struct Changes {
    values: Vec<(String, Value)>,
    /// The first value that readers of YAML disagree on. It stays as it is.
    ambiguous: Option<Ambiguous>,
}

impl Changes {
    /// Adds the changes of `here`, the part of the document `root` at the pointer.
    fn find<'r>(
        &mut self,
        spelling: &Spelling,
        role: Role<'r>,
        (here, root): (&'r Value, &'r Value),
        pointer: &mut String,
    ) {
        let outer = pointer.len();
        match (here, spelling) {
            (Value::Object(map), Spelling::Members(members)) => {
                for (key, spelling) in members {
                    if let Some(inner) = map.get(key) {
                        pointer.push('/');
                        pointer.push_str(&escape(key));
                        let role = role.of_member(key, here, root);
                        self.find(spelling, role, (inner, root), pointer);
                        pointer.truncate(outer);
                    }
                }
            }
            (Value::Array(items), Spelling::Items(spellings)) => {
                for (index, (inner, spelling)) in items.iter().zip(spellings).enumerate() {
                    pointer.push_str(&format!("/{index}"));
                    self.find(spelling, role.of_item(root), (inner, root), pointer);
                    pointer.truncate(outer);
                }
            }
            (value, Spelling::Of(text)) => {
                // In a document that an overlay changes, an earlier type may have made it a text.
                let read = match value {
                    Value::String(_) => untagged(text).unwrap_or_else(|_| value.clone()),
                    value => value.clone(),
                };
                let wanted = match role.expects(root) {
                    Expected::Text => Value::from(text.as_str()),
                    Expected::Anything => read,
                    // A text is the only type that the value can have.
                    Expected::Value(types) if types.text && !types.allows(&read, text) => {
                        Value::from(text.as_str())
                    }
                    expected => {
                        if let Some(fix) = ambiguous::fix(text) {
                            let (pointer, text) = (pointer.clone(), text.clone());
                            let found = Ambiguous { pointer, text, fix };
                            self.ambiguous.get_or_insert(found);
                        }
                        let whole = whole(&read).filter(|_| expected == Expected::Integer);
                        whole.unwrap_or(read)
                    }
                };
                if wanted != *value {
                    self.values.push((pointer.clone(), wanted));
                }
            }
            _ => {}
        }
    }
}

/// The integer that a number such as `1.0` is.
fn whole(value: &Value) -> Option<Value> {
    let number = value.as_f64().filter(|_| value.is_f64())?;
    // Beyond these bounds a number stands for several integers.
    let is_exact = number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0;
    is_exact.then(|| Value::from(number as i64))
}

/// Whether the document has values to correct. JSON does not keep spellings, and such documents are rare.
pub(super) fn is_wanted(value: &Value) -> bool {
    wants(value, Role::Structure, value)
}

/// The kind of scalar that a contract wants at a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Anything,
    Text,
    /// A number or a boolean, or a text if the schema allows one.
    Value(Types),
    Integer,
}

/// The role of a value in a document.
#[derive(Debug, Clone, Copy)]
enum Role<'r> {
    /// Any value.
    Structure,
    /// A text.
    Text,
    /// A number or a boolean, or another structure.
    Value,
    /// A list of texts, or a boolean.
    List,
    /// A mapping from names to variables of an address, whose values are texts.
    Variables,
    Variable,
    /// A mapping from names to examples of this schema.
    Examples(&'r Value),
    /// An example of this schema, with its description.
    Example(&'r Value),
    /// A mapping whose keys are not keywords.
    Names,
    /// A value of each of these schemas; none if nothing describes it.
    Data(Option<&'r Value>),
    /// A part of an overlay, which the document that it changes describes.
    Update,
    /// A list of values of this schema.
    Values(&'r Value),
}

impl<'r> Role<'r> {
    /// The role of a member of the mapping `here`.
    fn of_member(self, key: &str, here: &'r Value, root: &'r Value) -> Self {
        match self {
            Self::Names => Self::Structure,
            Self::Data(schema) => Self::Data(schema.and_then(|schema| {
                inside(schema, root, &|schema| {
                    let property = schema.get("properties").and_then(|all| all.get(key));
                    property.or_else(|| schema.get("additionalProperties"))
                })
            })),
            Self::Values(_) => Self::Data(None),
            Self::Update => Self::Update,
            // No keyword of a contract has this name.
            Self::Structure if key == "update" => Self::Update,
            Self::Variables => Self::Variable,
            Self::Variable if matches!(key, "default" | "enum") => Self::Text,
            Self::Examples(schema) => Self::Example(schema),
            Self::Example(schema) if key == "value" => Self::Data(Some(schema)),
            _ if key == "enum" => Self::Values(here),
            _ if key == "variables" => Self::Variables,
            _ if key == "examples" => match here.get(key) {
                Some(Value::Array(_)) => Self::Values(here),
                _ => Self::Examples(here),
            },
            _ if [&NUMBERS[..], &FLAGS, &VALUES]
                .iter()
                .any(|keys| keys.contains(&key)) =>
            {
                Self::Value
            }
            _ if DATA.contains(&key) => Self::Data(Some(here)),
            _ if TEXTS.contains(&key) => Self::Text,
            _ if LISTS.contains(&key) => Self::List,
            _ if NAMED.contains(&key) => Self::Names,
            _ => Self::Structure,
        }
    }

    /// The role of an item of a list.
    fn of_item(self, root: &'r Value) -> Self {
        match self {
            Self::Text | Self::List => Self::Text,
            Self::Update => Self::Update,
            Self::Values(schema) => Self::Data(Some(schema)),
            Self::Data(schema) => Self::Data(
                schema.and_then(|schema| inside(schema, root, &|schema| schema.get("items"))),
            ),
            _ => Self::Structure,
        }
    }

    fn expects(self, root: &Value) -> Expected {
        let is = |schema, most, of: fn(&Value) -> bool| {
            search(schema, root, most, &|schema| of(schema).then_some(schema)).is_some()
        };
        match self {
            Self::Text => Expected::Text,
            Self::Value | Self::List => Expected::Value(Types::default()),
            Self::Data(Some(schema)) if is(schema, 1, of_texts) => Expected::Text,
            Self::Data(Some(schema)) if is(schema, 1, of_integers) => Expected::Integer,
            // A value is also ambiguous if only one member of a choice wants a number or a boolean.
            Self::Data(Some(schema)) if is(schema, DEEPEST, of_values) => {
                Expected::Value(Types::of(schema, root))
            }
            _ => Expected::Anything,
        }
    }
}

/// The types that a schema allows for a scalar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Types {
    text: bool,
    number: bool,
    truth: bool,
}

impl Types {
    /// The types that a schema and its parts allow. A schema without a type allows every type.
    fn of(schema: &Value, root: &Value) -> Self {
        let all = Cell::new(Self::default());
        let looked_at = Cell::new(0);
        search(schema, root, DEEPEST, &|schema| {
            looked_at.set(looked_at.get() + 1);
            let mut types = all.get();
            let mut add = |kind: &str| match kind {
                "string" => types.text = true,
                "integer" | "number" => types.number = true,
                "boolean" => types.truth = true,
                _ => {}
            };
            let composed = ["$ref", "allOf", "oneOf", "anyOf", "schema"];
            match schema.get("type") {
                Some(Value::String(kind)) => add(kind),
                Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).for_each(add),
                _ if composed
                    .iter()
                    .any(|keyword| schema.get(*keyword).is_some()) => {}
                _ => ["string", "number", "boolean"].into_iter().for_each(add),
            }
            all.set(types);
            None
        });
        if looked_at.get() >= DEEPEST {
            return Self::default();
        }
        all.get()
    }

    /// Whether a reader of YAML may take a spelling for one of the types other than a text.
    fn allows(self, value: &Value, spelling: &str) -> bool {
        match value {
            Value::Bool(_) => self.truth,
            _ if ambiguous::truth(spelling).is_some() => self.truth,
            _ => self.number,
        }
    }
}

/// How many schemas are looked at to find the type of a value.
const DEEPEST: usize = 32;

/// Returns the first result of `find` for a schema, the target of its reference, a part of it, or its only member
/// beside null.
fn inside<'r>(
    schema: &'r Value,
    root: &'r Value,
    find: &impl Fn(&'r Value) -> Option<&'r Value>,
) -> Option<&'r Value> {
    search(schema, root, 1, find)
}

/// Like [`inside`], but also searches the members of a choice that has at most `most` members beside null.
fn search<'r>(
    schema: &'r Value,
    root: &'r Value,
    most: usize,
    find: &impl Fn(&'r Value) -> Option<&'r Value>,
) -> Option<&'r Value> {
    let mut open = vec![schema];
    let mut looked_at = 0;
    while let Some(schema) = open.pop() {
        looked_at += 1;
        if looked_at > DEEPEST {
            return None;
        }
        if let Some(found) = find(schema) {
            return Some(found);
        }
        let list = |keyword: &str| schema.get(keyword).and_then(Value::as_array);
        let reference = schema.get("$ref").and_then(Value::as_str);
        let target = reference.and_then(pointer_of);
        open.extend(target.and_then(|target| root.pointer(&target)));
        open.extend(list("allOf").into_iter().flatten());
        // The schema of a parameter, a header or a media type.
        open.extend(schema.get("schema"));
        let is_null = |member: &&Value| member.get("type").is_some_and(|kind| kind == "null");
        let members = list("oneOf")
            .or_else(|| list("anyOf"))
            .into_iter()
            .flatten();
        let members: Vec<&Value> = members.filter(|member| !is_null(member)).collect();
        if members.len() <= most {
            open.extend(members);
        }
    }
    None
}

/// The only values of a schema.
fn values(schema: &Value) -> &[Value] {
    match (schema.get("const"), schema.get("enum")) {
        (Some(only), _) => std::slice::from_ref(only),
        (None, Some(Value::Array(values))) => values,
        (None, _) => &[],
    }
}

/// The type of a schema that has one, beside null.
fn only_type(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(kind) => Some(kind),
        Value::Array(kinds) => {
            let mut kinds = kinds.iter().filter(|kind| *kind != "null");
            let only = kinds.next().and_then(Value::as_str);
            only.filter(|_| kinds.next().is_none())
        }
        _ => None,
    }
}

fn of_integers(schema: &Value) -> bool {
    only_type(schema) == Some("integer")
}

/// Whether a schema allows numbers or booleans, which other keywords determine if there is no `type`.
fn of_values(schema: &Value) -> bool {
    let is_value = |kind: &Value| matches!(kind.as_str(), Some("integer" | "number" | "boolean"));
    let limits = [
        "minimum",
        "maximum",
        "multipleOf",
        "exclusiveMinimum",
        "exclusiveMaximum",
    ];
    match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(is_value),
        Some(kind) => is_value(kind),
        None => {
            values(schema).iter().any(is_scalar)
                || limits.iter().any(|limit| schema.get(*limit).is_some())
        }
    }
}

/// Whether the type of a schema is that of texts, which other keywords determine if there is no `type`.
fn of_texts(schema: &Value) -> bool {
    let values = values(schema);
    if !values.is_empty() && values.iter().all(Value::is_null) {
        return false;
    }
    let mut values = values.iter().filter(|value| !value.is_null()).peekable();
    let are_texts = values.peek().is_some() && values.all(Value::is_string);
    let limits = ["pattern", "minLength", "maxLength"];
    match only_type(schema) {
        Some(kind) => kind == "string",
        None if schema.get("type").is_some_and(Value::is_array) => false,
        None => are_texts || limits.iter().any(|limit| schema.get(*limit).is_some()),
    }
}

fn is_scalar(value: &Value) -> bool {
    matches!(value, Value::Number(_) | Value::Bool(_))
}

fn wants<'r>(value: &'r Value, role: Role<'r>, root: &'r Value) -> bool {
    match value {
        Value::Object(map) => map
            .iter()
            .any(|(key, inner)| wants(inner, role.of_member(key, value, root), root)),
        Value::Array(list) => list
            .iter()
            .any(|inner| wants(inner, role.of_item(root), root)),
        scalar if is_scalar(scalar) => match role.expects(root) {
            Expected::Text => true,
            Expected::Integer => whole(scalar).is_some(),
            Expected::Value(types) => types.text && !types.allows(scalar, &scalar.to_string()),
            Expected::Anything => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Value, json};

    use crate::contract::source::parse;

    fn read(text: &str) -> Value {
        parse(Path::new("a.yaml"), text.to_owned())
            .expect("readable")
            .value
    }

    #[test]
    fn the_values_of_a_text_keep_their_spelling() {
        let scalars = [
            "on",
            "NO",
            "Yes",
            "y",
            "true",
            "True",
            "1.10",
            "1.30",
            "0755",
            "0x1F",
            "0o17",
            "1e3",
            "1_000",
            "12:30",
            "2024-01-01",
            ".5",
            "5.",
            "-0",
            "1.0",
            "1",
            "+1",
            "007",
            "18446744073709551616",
            "-170141183460469231731687303715884105729",
        ];
        let list: String = scalars
            .iter()
            .map(|scalar| format!("- {scalar}\n"))
            .collect();
        let value = read(&format!("type: string\nenum:\n{list}"));
        assert_eq!(value["enum"], json!(scalars));
        for scalar in scalars {
            let value = read(&format!(
                "{{default: {scalar}, const: {scalar}, type: [string, 'null']}}"
            ));
            assert_eq!(value["default"], json!(scalar));
            assert_eq!(value["const"], json!(scalar));
        }
    }

    #[test]
    fn null_is_no_text_in_any_spelling() {
        let value = read("{type: string, enum: [A, null, ~, 1.0], default: ~}");
        assert_eq!(
            value,
            json!({"type": "string", "enum": ["A", null, null, "1.0"], "default": null})
        );
    }

    #[test]
    fn values_of_other_types_keep_their_type() {
        for kind in ["number", "integer", "boolean", "array"] {
            let value = read(&format!(
                "{{type: {kind}, enum: [1.30, true, 0x10], default: 1.50}}"
            ));
            assert_eq!(value["enum"], json!([1.3, true, 16]), "{kind}");
            assert_eq!(value["default"], json!(1.5), "{kind}");
        }
        assert_eq!(read("{enum: [1.30]}"), json!({"enum": [1.3]}));
        // Length bounds of a text are numbers.
        let text = "{type: string, minLength: 1, nullable: true, enum: ['1', 2]}";
        let wanted =
            json!({"type": "string", "minLength": 1, "nullable": true, "enum": ["1", "2"]});
        assert_eq!(read(text), wanted);
    }

    #[test]
    fn a_number_is_the_one_that_every_reader_takes_it_for() {
        let schema = |kind: &str, value: &str| {
            read(&format!(
                "{{type: {kind}, enum: [{value}], default: {value}, example: {value}}}"
            ))
        };
        for (value, integer, number) in [
            ("+1", json!(1), json!(1)),
            ("0x1F", json!(31), json!(31)),
            ("1.0", json!(1), json!(1.0)),
            ("1.", json!(1), json!(1.0)),
            ("1e3", json!(1000), json!(1000.0)),
            ("-0", json!(0), json!(0)),
            (".5", json!(0.5), json!(0.5)),
            ("~", json!(null), json!(null)),
        ] {
            for (kind, wanted) in [
                ("integer", &integer),
                ("[integer, 'null']", &integer),
                ("number", &number),
                ("[integer, string]", &number),
            ] {
                let read = schema(kind, value);
                for found in [&read["enum"][0], &read["default"], &read["example"]] {
                    assert_eq!(found, wanted, "{value} of {kind}");
                }
            }
            let json = format!("{{\"type\": \"integer\", \"enum\": [{value}]}}");
            assert_eq!(read(&json)["enum"][0], integer, "{value} in JSON");
        }
    }

    #[test]
    fn a_value_that_readers_disagree_on_is_refused_with_a_spelling_that_is_accepted() {
        let places = [
            ("type: integer, enum: [7, @]", "/a/enum/1"),
            ("type: number, enum: [@]", "/a/enum/0"),
            ("enum: [7, @]", "/a/enum/1"),
            ("minimum: 1, default: @", "/a/default"),
            ("type: [string, integer, boolean], enum: [@]", "/a/enum/0"),
            ("type: [boolean, 'null'], const: @", "/a/const"),
            ("type: integer, examples: [@]", "/a/examples/0"),
            (
                "type: array, items: {type: integer}, default: [@]",
                "/a/default/0",
            ),
            (
                "oneOf: [{type: [string, boolean]}, {$ref: '#/i'}], default: @",
                "/a/default",
            ),
            ("schema: {type: integer}, example: @", "/a/example"),
            (
                "schema: {$ref: '#/i'}, examples: {one: {value: @}}",
                "/a/examples/one/value",
            ),
            ("minimum: @", "/a/minimum"),
            ("type: string, maxLength: @", "/a/maxLength"),
            ("nullable: @", "/a/nullable"),
            ("name: x, in: query, required: @", "/a/required"),
            (
                "properties: {default: {additionalProperties: @}}",
                "/a/properties/default/additionalProperties",
            ),
        ];
        for text in [
            "1_000", "010", "08", "0o17", "0b1", "-0x1F", "1:30", "yes", "OFF", "n",
        ] {
            for (place, pointer) in places {
                let document = |value: &str| {
                    let text = format!(
                        "i: {{type: integer}}\nb: 1\na: {{{}}}\n",
                        place.replace('@', value)
                    );
                    parse(Path::new("a.yaml"), text)
                };
                let message = match document(text) {
                    Ok(read) => panic!("{text} is accepted in {place}: {}", read.value),
                    Err(problem) => problem.to_string(),
                };
                let begin = format!("a.yaml:3: {pointer}: readers of YAML");
                assert!(message.starts_with(&begin), "{message}");
                let help = message.split("help: write ").nth(1).unwrap_or_default();
                let fixed = help
                    .strip_prefix('`')
                    .and_then(|help| help.split('`').next());
                let fixed = fixed.expect("the help begins with the value");
                assert!(document(fixed).is_ok(), "{fixed} in {place}");
                assert!(document(&format!("'{text}'")).is_ok(), "{text} in {place}");
            }
            let found = read(&format!(
                "{{x-a: {text}, default: {{b: {text}}}, title: {text}}}"
            ));
            assert_eq!(found["title"], json!(text));
        }
    }

    #[test]
    fn a_value_is_a_text_if_a_schema_of_several_types_allows_no_other_for_it() {
        for (schema, text, value) in [
            ("type: [string, integer]", "yes", json!("yes")),
            ("type: [string, integer]", "true", json!("true")),
            ("type: [string, integer]", "1.30", json!(1.3)),
            ("type: [string, integer]", "7", json!(7)),
            ("type: [string, number]", "off", json!("off")),
            ("type: [string, number]", "1.30", json!(1.3)),
            ("type: [string, boolean]", "1.30", json!("1.30")),
            ("type: [string, boolean]", "010", json!("010")),
            ("type: [string, boolean]", "1_000", json!("1_000")),
            ("type: [string, boolean]", "true", json!(true)),
            ("oneOf: [{$ref: '#/i'}, {type: string}]", "no", json!("no")),
            ("oneOf: [{$ref: '#/i'}, {type: string}]", "0x1F", json!(31)),
            (
                "oneOf: [{$ref: '#/i'}, {minLength: 2}]",
                "true",
                json!(true),
            ),
        ] {
            let found = read(&format!(
                "i: {{type: integer}}\na: {{{schema}, default: {text}}}"
            ));
            assert_eq!(found["a"]["default"], value, "{text} of {schema}");
        }
    }

    #[test]
    fn defaults_and_examples_keep_their_types_and_names_of_properties_are_no_keywords() {
        let text = "{default: {title: 1, tags: [1]}, example: {version: 1.50}, operationId: 1, \
                     properties: {default: {type: string, default: 1.50}, name: {type: string, enum: [1.0]}}}";
        let properties = json!({"default": {"type": "string", "default": "1.50"}, "name": {"type": "string", "enum": ["1.0"]}});
        assert_eq!(
            read(text),
            json!({"default": {"title": 1, "tags": [1]}, "example": {"version": 1.5}, "operationId": "1", "properties": properties})
        );
    }

    #[test]
    fn the_variables_of_an_address_are_texts() {
        let value =
            read("servers: [{url: a, variables: {v: {default: 010, enum: [010, 8443, on]}}}]");
        let v = &value["servers"][0]["variables"]["v"];
        assert_eq!(*v, json!({"default": "010", "enum": ["010", "8443", "on"]}));
    }

    #[test]
    fn names_and_versions_keep_their_spelling() {
        let text = "info: {title: 1.0, version: 1.10}\n\
                    a: &a {operationId: 1e3, tags: [1.0, on], required: true}\n\
                    b: {required: [1.10, true], properties: {1.10: {type: string}, true: {}}}\n\
                    c: *a\n";
        let a = json!({"operationId": "1e3", "tags": ["1.0", "on"], "required": true});
        let b = json!({"required": ["1.10", "true"], "properties": {"1.10": {"type": "string"}, "true": {}}});
        let info = json!({"title": "1.0", "version": "1.10"});
        assert_eq!(read(text), json!({"info": info, "a": a, "b": b, "c": a}));
    }

    #[test]
    fn a_value_inside_a_default_has_the_type_that_the_schema_gives_it() {
        let schemas = "V: {type: string}\nL: {type: array, items: {$ref: '#/V'}}\nO: {properties: {v: {$ref: '#/V'}, n: {type: number}}, additionalProperties: {type: [string, 'null']}}\nX: {$ref: '#/X'}\n";
        for (schema, value, wanted) in [
            (
                "type: array, items: {type: string}",
                "[1.10, 0x2]",
                json!(["1.10", "0x2"]),
            ),
            (
                "type: array, items: {type: number}",
                "[1.10, 0x2]",
                json!([1.1, 2]),
            ),
            ("$ref: '#/V'", "1.10", json!("1.10")),
            (
                "allOf: [{$ref: '#/V'}], nullable: true",
                "1.10",
                json!("1.10"),
            ),
            (
                "anyOf: [{$ref: '#/V'}, {type: 'null'}]",
                "1e3",
                json!("1e3"),
            ),
            (
                "anyOf: [{$ref: '#/V'}, {type: number}]",
                "1e3",
                json!(1000.0),
            ),
            ("$ref: '#/L'", "[on, 1.0]", json!(["on", "1.0"])),
            (
                "$ref: '#/O'",
                "{v: 1.0, n: 1.0, z: true, y: ~}",
                json!({"v": "1.0", "n": 1.0, "z": "true", "y": null}),
            ),
            (
                "type: array, items: {$ref: '#/O'}",
                "[{v: 1.0, n: 2}]",
                json!([{"v": "1.0", "n": 2}]),
            ),
            ("enum: [a, b]", "1.10", json!("1.10")),
            ("pattern: '^1'", "1.10", json!("1.10")),
            ("schema: {$ref: '#/V'}", "1.10", json!("1.10")),
            ("enum: [a, 1]", "1.10", json!(1.1)),
            ("type: string, enum: [null]", "1.10", json!(1.1)),
            ("$ref: '#/X'", "1.10", json!(1.1)),
            ("$ref: '#/gone'", "1.10", json!(1.1)),
        ] {
            let found = read(&format!("{schemas}a: {{{schema}, default: {value}}}"));
            assert_eq!(found["a"]["default"], wanted, "{schema}");
        }
    }

    #[test]
    fn a_default_response_is_read_like_any_other() {
        let schema = "schema: {type: string, enum: [1.10]}";
        let value = read(&format!(
            "responses: {{default: {{{schema}}}}}\nheaders: {{example: {{{schema}}}}}"
        ));
        for pointer in ["/responses/default", "/headers/example"] {
            let found = value.pointer(&format!("{pointer}/schema/enum/0"));
            assert_eq!(found, Some(&json!("1.10")), "{pointer}");
        }
    }

    #[test]
    fn json_keeps_its_spelling_as_well() {
        let value = read("{\"type\": \"string\", \"enum\": [1.30, 1.0, \"\\u00e9\"]}");
        assert_eq!(value["enum"], json!(["1.30", "1.0", "é"]));
    }
}
