//! A contract that uses every identifier of the generated code as the name of everything.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use serde_json::{Map, Value, json};
use syn::visit::{self, Visit};

/// Keywords: strict, reserved and weak ones, and path prefixes.
const KEYWORDS: &str = "_ abstract as async auto await become box break const continue crate default do \
    dyn else enum extern false final fn for gen if impl in let loop macro macro_rules match mod move mut \
    override priv pub raw ref return safe Self self static struct super trait true try type typeof union \
    unsafe unsized use virtual where while yield";

/// Primitive types.
const PRIMITIVES: &str =
    "bool char f16 f32 f64 f128 i8 i16 i32 i64 i128 isize never str u8 u16 u32 u64 u128 usize";

/// The prelude of the standard library of the edition of 2024: types, traits, variants, functions, derives,
/// attributes and macros.
const PRELUDE: &str = "AsyncFn AsyncFnMut AsyncFnOnce AsMut AsRef Box Clone Copy Default \
    DoubleEndedIterator Drop Eq Err ExactSizeIterator Extend Fn FnMut FnOnce From FromIterator Future Hash \
    Into IntoFuture IntoIterator Iterator None Ok Option Ord PartialEq PartialOrd Result Send Sized Some \
    String Sync ToOwned ToString TryFrom TryInto Unpin Vec align_of align_of_val drop size_of size_of_val \
    Debug allow cfg cfg_attr derive doc deprecated inline must_use non_exhaustive test warn deny forbid \
    assert assert_eq assert_ne column compile_error concat dbg debug_assert env eprint eprintln file format \
    format_args include include_bytes include_str line matches module_path option_env panic print println \
    stringify thread_local todo unimplemented unreachable vec write writeln";

/// Methods that every value or many values have.
const METHODS: &str = "clone clone_from clone_into to_owned to_string into try_into borrow borrow_mut as_ref \
    as_mut type_id eq ne cmp partial_cmp fmt hash drop poll await_ into_iter next map and_then unwrap collect \
    flatten as_str is_known known_values new from try_from default serialize deserialize mock when then \
    configure value values body page item size member error";

/// Other names of the standard library and of the language.
const OTHERS: &str = "std core alloc proc_macro Error Ordering Infallible Display Formatter Hasher FromStr Err \
    ExtraFields Unknown LiteralUnknown Other Empty Item Items Output Format INFO KNOWN ALIASES NAME FIELDS O D S V H T";

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All Rust files below a path.
pub(crate) fn sources(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).expect("a directory");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    let paths = paths.iter().flat_map(|path| sources(path));
    paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .collect()
}

/// Every identifier outside function bodies: items, their parts, their imports, and
/// the functions of macros.
struct Words(BTreeSet<String>);

impl Words {
    fn in_macro(&mut self, tokens: TokenStream) {
        let mut before = String::new();
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    let name = name.to_string();
                    if ["fn", "const", "type", "impl"].contains(&before.as_str()) {
                        self.0.insert(name.clone());
                    }
                    before = name;
                }
                TokenTree::Group(group) => self.in_macro(group.stream()),
                _ => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Words {
    fn visit_ident(&mut self, name: &'ast syn::Ident) {
        self.0
            .insert(name.to_string().trim_start_matches("r#").to_owned());
    }

    fn visit_block(&mut self, _: &'ast syn::Block) {}

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.ident != "tests" {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        visit::visit_item_macro(self, item);
        self.in_macro(item.mac.tokens.clone());
    }
}

/// Every identifier of the runtime and of the mock support.
pub(crate) fn of_runtime() -> BTreeSet<String> {
    let api = root().join("qovery-api/src");
    let mut found = Words(BTreeSet::new());
    for place in ["runtime", "mock.rs", "lib.rs"] {
        for path in sources(&api.join(place)) {
            if path.ends_with("tests.rs") || path.ends_with("test_support.rs") {
                continue;
            }
            let text = fs::read_to_string(&path).expect("readable");
            found.visit_file(&syn::parse_file(&text).expect("it is Rust"));
        }
    }
    assert!(found.0.len() > 500, "{}", found.0.len());
    found.0
}

/// The modules that are generated, the areas, and the crates that the client depends on.
pub(crate) fn of_modules() -> BTreeSet<String> {
    let api = root().join("qovery-api");
    let mut found = BTreeSet::new();
    for path in sources(&api.join("src/generated")) {
        let path = path.strip_prefix(api.join("src/generated")).expect("below");
        for step in path.with_extension("").components() {
            found.insert(step.as_os_str().to_string_lossy().into_owned());
        }
    }
    let manifest = fs::read_to_string(api.join("Cargo.toml")).expect("the manifest");
    for line in manifest.lines() {
        let name: String = line
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
            .collect();
        found.extend(
            [name.replace('-', "_"), name]
                .into_iter()
                .filter(|name| !name.is_empty()),
        );
    }
    found.extend(
        [
            "types",
            "operations",
            "qovery_api",
            "generated",
            "runtime",
            "other",
        ]
        .map(str::to_owned),
    );
    found
}

/// The identifiers to test: all of them, but only every `step`-th identifier of the runtime.
pub(crate) fn words(step: usize) -> BTreeSet<String> {
    let mut found: BTreeSet<String> = of_runtime().into_iter().step_by(step).collect();
    found.extend(of_modules());
    for list in [KEYWORDS, PRIMITIVES, PRELUDE, METHODS, OTHERS] {
        found.extend(list.split_whitespace().map(str::to_owned));
    }
    found
}

/// Some of the words in other cases, to produce names that differ only by case or punctuation.
pub(crate) fn variants() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let some = [
        KEYWORDS,
        PRIMITIVES,
        "Option Vec Client Call Mock When Then Unknown withTransport base-url",
    ];
    for name in some.iter().flat_map(|list| list.split_whitespace()) {
        found.extend([
            name.to_lowercase(),
            name.to_uppercase(),
            format!("{name}_"),
            format!("_{name}"),
        ]);
    }
    found
}

/// The contract that uses each of these names as a schema, an operation id, a property, a parameter of every
/// place, a value of an enum, the name of one, a member of a union and a tag.
pub(crate) fn contract(words: &BTreeSet<String>, variants: &BTreeSet<String>) -> Value {
    let names: BTreeSet<String> = words | variants;
    let names = &names;
    let mut schemas = Map::new();
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    for (index, name) in names.iter().enumerate() {
        let schema = match index % 4 {
            0 => json!({"type": "string", "enum": [name, "A"]}),
            1 => json!({
                "type": "object",
                "additionalProperties": {"type": "string"},
                "properties": {(name): {"type": "string"}, "extra": {"type": "integer"}},
            }),
            2 => json!({
                "type": "object",
                "required": [name],
                "properties": {
                    (name): {"type": "string", "format": "date-time", "nullable": true},
                    "new": {"type": "array", "items": {"type": "string", "format": "uuid"}},
                    "null": {"type": "string", "nullable": true},
                },
            }),
            _ => json!({
                "oneOf": [
                    {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string", "enum": [name]}, "a": {"type": "string"}}},
                    {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string", "enum": [format!("{name}-b")]}, "b": {}}},
                ],
            }),
        };
        schemas.insert(name.clone(), schema);
    }
    let pascal: Vec<&String> = names
        .iter()
        .filter(|name| {
            name.starts_with(|c: char| c.is_ascii_uppercase())
                && name.chars().all(|c| c.is_ascii_alphanumeric())
                && *name != "Self"
        })
        .collect();
    schemas.insert(
        "every name".to_owned(),
        json!({"type": "string", "enum": names, "x-enumDescriptions": {}}),
    );
    schemas.insert(
        "EveryVariant".to_owned(),
        json!({
            "type": "string",
            "enum": pascal.iter().enumerate().map(|(index, _)| format!("v{index}")).collect::<Vec<_>>(),
            "x-enum-varnames": pascal,
        }),
    );
    let objects = names.iter().skip(1).step_by(4);
    let mapping: Map<String, Value> = objects
        .clone()
        .map(|name| (name.clone(), json!(format!("#/components/schemas/{name}"))))
        .collect();
    schemas.insert(
        "EveryMember".to_owned(),
        json!({
            "oneOf": objects.map(|name| reference(name)).collect::<Vec<_>>(),
            "discriminator": {"propertyName": "extra", "mapping": mapping},
        }),
    );
    let properties: Map<String, Value> = names
        .iter()
        .map(|name| (name.clone(), reference(name)))
        .collect();
    schemas.insert(
        "Every property".to_owned(),
        json!({"type": "object", "properties": properties}),
    );
    let few: Vec<&String> = names.iter().step_by(names.len() / 40 + 1).collect();
    let properties: Map<String, Value> = few
        .iter()
        .map(|name| ((*name).clone(), json!({"type": "string"})))
        .collect();
    schemas.insert(
        "Some required".to_owned(),
        json!({"type": "object", "required": few, "properties": properties}),
    );

    let mut paths = Map::new();
    let parameter = |name: &str, place: &str| json!({"name": name, "in": place, "required": place == "path", "schema": {"type": "string"}});
    for (index, name) in words.iter().chain(variants.iter().take(40)).enumerate() {
        let mut parameters = vec![parameter(name, "path"), parameter(name, "query")];
        if !name.eq_ignore_ascii_case("accept") && !name.eq_ignore_ascii_case("authorization") {
            parameters.extend([parameter(name, "header"), parameter(name, "cookie")]);
        }
        let tags = match index % 3 {
            0 => vec![name.as_str()],
            1 => vec!["Environment", name.as_str()],
            _ => vec![name.as_str(), "Clusters"],
        };
        let ok = json!({"description": "", "content": {"application/json": {"schema": reference(name)}}});
        paths.insert(
            format!("/things/{index}/{{{name}}}"),
            json!({
                "post": {
                    "operationId": name,
                    "tags": tags,
                    "parameters": parameters,
                    "requestBody": {"content": {"application/json": {"schema": reference(name)}, "text/plain": {}}},
                    "responses": {"200": ok, "204": {"description": ""}},
                },
            }),
        );
    }
    let queries: Vec<Value> = names.iter().map(|name| parameter(name, "query")).collect();
    let mut queries = queries.chunks(300);
    let content = |name: &str| json!({"application/json": {"schema": reference(name)}});
    let every = |name: &str| json!({"required": true, "content": {"application/json": {"schema": reference(name)}}});
    let operation = |id: &str, body: &str, parameters: &[Value]| {
        json!({
            "operationId": id,
            "tags": ["Environment"],
            "parameters": parameters,
            "requestBody": every(body),
            "responses": {"200": {"description": "", "content": content(body)}},
        })
    };
    let first = queries.next().unwrap_or_default();
    for (index, rest) in queries.enumerate() {
        let rest = operation(&format!("every-query-{index}"), "every name", rest);
        paths.insert(format!("/every/query/{index}"), json!({"put": rest}));
    }
    paths.insert(
        "/every/one".to_owned(),
        json!({
            "put": operation("every-property", "Every property", first),
            "post": operation("some-required", "Some required", &[]),
        }),
    );
    paths.insert(
        "/every/two".to_owned(),
        json!({
            "put": operation("every-name", "every name", &[]),
            "post": operation("every-variant", "EveryVariant", &[]),
            "patch": operation("every-member", "EveryMember", &[]),
        }),
    );
    json!({
        "openapi": "3.0.3",
        "info": {"title": "Names", "version": "1"},
        "tags": names.iter().map(|name| json!({"name": name})).collect::<Vec<_>>(),
        "paths": paths,
        "components": {"schemas": schemas},
    })
}
