//! One side of a comparison: a contract, its facts, and the client that is generated from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::surface::Surface;
use crate::codegen;
use crate::codegen::model::{Normalized, OperationModel, SchemaModel, TypeModel};
use crate::codegen::normalize::former::whole;
use crate::contract::pointer::escape;
use crate::contract::references::{pointer_of, schema_name};
use crate::contract::{self, Document};
use crate::files::{CONTRACT, OVERLAY};
use crate::problem::Problem;

/// The source of a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    File(PathBuf),
    /// A revision of this repository.
    Revision(String),
}

impl Origin {
    /// Reads an argument: `git:REV`, or else the name of a file.
    ///
    /// # Errors
    /// Returns an error if the revision is not safe to pass to git.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let Some(revision) = text.strip_prefix("git:") else {
            return Ok(Self::File(PathBuf::from(text)));
        };
        // It is an argument of git, which must not take it for an option or for a path.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/~^@{}".contains(c);
        if revision.is_empty() || revision.starts_with('-') || !revision.chars().all(is_plain) {
            return Err(
                Problem::new(format!("`{text}` names no revision of this repository"))
                    .with_help("write git:HEAD, git:TAG or git:COMMIT"),
            );
        }
        Ok(Self::Revision(revision.to_owned()))
    }

    pub(crate) fn label(&self) -> String {
        match self {
            Self::File(path) => path.to_string_lossy().into_owned(),
            Self::Revision(revision) => format!("git:{revision}"),
        }
    }
}

/// The files of a side, on disk for as long as this lives.
pub(crate) struct Files {
    pub(crate) label: String,
    pub(crate) contract: PathBuf,
    pub(crate) overlay: Option<PathBuf>,
    /// The manifest of the workspace at that revision.
    pub(crate) manifest: Option<String>,
    _home: Option<tempfile::TempDir>,
}

impl Files {
    /// Writes the text of a contract to disk.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub(crate) fn of_text(label: &str, text: &str) -> Result<Self, Problem> {
        let home = directory()?;
        let contract = home.path().join("openapi.yaml");
        fs::write(&contract, text).map_err(|error| Problem::of_io(&contract, "written", &error))?;
        Ok(Self {
            label: label.to_owned(),
            contract,
            overlay: None,
            manifest: None,
            _home: Some(home),
        })
    }

    /// Writes the files of a side to disk.
    ///
    /// # Errors
    /// Returns an error if the revision or its contract does not exist.
    pub(crate) fn of(origin: &Origin, root: &Path) -> Result<Self, Problem> {
        let label = origin.label();
        match origin {
            Origin::File(path) => {
                let own = root.join(CONTRACT);
                let is_own =
                    matches!((path.canonicalize(), own.canonicalize()), (Ok(a), Ok(b)) if a == b);
                let overlay = Some(root.join(OVERLAY)).filter(|overlay| is_own && overlay.exists());
                Ok(Self {
                    label,
                    contract: path.clone(),
                    overlay,
                    manifest: None,
                    _home: None,
                })
            }
            Origin::Revision(revision) => {
                let home = directory()?;
                let take = |file: &str, name: &str| -> Result<Option<PathBuf>, Problem> {
                    let Some(text) = show(root, revision, file)? else {
                        return Ok(None);
                    };
                    let path = home.path().join(name);
                    fs::write(&path, text)
                        .map_err(|error| Problem::of_io(&path, "written", &error))?;
                    Ok(Some(path))
                };
                let contract = take(CONTRACT, "openapi.yaml")?.ok_or_else(|| {
                    Problem::new(format!("the revision `{revision}` has no {CONTRACT}")).with_help(
                        "name a revision of this repository: `git log -- openapi.yaml` lists them",
                    )
                })?;
                let overlay = take(OVERLAY, "overlay.yaml")?;
                let manifest = show(root, revision, "Cargo.toml")?;
                let manifest = manifest.map(|text| String::from_utf8_lossy(&text).into_owned());
                Ok(Self {
                    label,
                    contract,
                    overlay,
                    manifest,
                    _home: Some(home),
                })
            }
        }
    }
}

/// Creates a temporary directory.
///
/// # Errors
/// Returns an error if the system has no room for temporary files.
fn directory() -> Result<tempfile::TempDir, Problem> {
    tempfile::tempdir().map_err(|error| Problem::no_temporary_directory(&error))
}

/// A file of a revision; nothing if the revision lacks it.
fn show(root: &Path, revision: &str, file: &str) -> Result<Option<Vec<u8>>, Problem> {
    let root = if root.as_os_str().is_empty() {
        Path::new(".")
    } else {
        root
    };
    let git = |arguments: &[&str]| {
        Command::new("git")
            .current_dir(root)
            .args(arguments)
            .output()
            .map_err(|error| {
                Problem::new(format!("git cannot be run: {error}"))
                    .with_help("install git, or give the two contracts as files")
            })
    };
    let commit = format!("{revision}^{{commit}}");
    if !git(&["rev-parse", "--verify", "--quiet", &commit])?
        .status
        .success()
    {
        return Err(
            Problem::new(format!("git knows no revision `{revision}` here"))
                .with_help("`git log --oneline` lists the revisions"),
        );
    }
    // Seen from this directory, which need not be the top of the working tree.
    let output = git(&["show", &format!("{revision}:./{file}")])?;
    Ok(output.status.success().then_some(output.stdout))
}

/// Keywords that restrict values without a change of their type.
const LIMITS: [&str; 14] = [
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "uniqueItems",
];

/// A contract, its facts and the API of its client.
pub(crate) struct Side {
    pub(super) label: String,
    pub(crate) document: Document,
    pub(crate) normalized: Normalized,
    pub(super) surface: Surface,
    lines: BTreeMap<String, usize>,
    /// The direct users of each type.
    users: BTreeMap<String, Vec<String>>,
}

impl Side {
    /// Reads and generates a side.
    ///
    /// # Errors
    /// Returns an error if the contract has a mistake, or cannot be generated from.
    pub(crate) fn read(label: &str, spec: &Path, overlay: Option<&Path>) -> Result<Self, Problem> {
        Self::of(label, contract::load_with(spec, overlay)?)
    }

    /// Generates a side that was read.
    ///
    /// # Errors
    /// Returns an error if the contract has a mistake, or cannot be generated from.
    pub(crate) fn of(label: &str, document: Document) -> Result<Self, Problem> {
        let normalized = codegen::normalize(&document)?;
        let surface = Surface::read(codegen::sources(&document, &normalized)?)?;
        let lines = document.lines();
        let users = users(&surface, &normalized);
        Ok(Self {
            label: label.to_owned(),
            document,
            normalized,
            surface,
            lines,
            users,
        })
    }

    /// The line of a place, or of the nearest thing around it.
    pub(super) fn line(&self, pointer: &str) -> Option<usize> {
        let mut pointer = pointer;
        loop {
            if let Some(line) = self.lines.get(pointer) {
                return Some(*line);
            }
            pointer = pointer.get(..pointer.rfind('/')?)?;
        }
    }

    pub(super) fn at(&self, pointer: &str) -> Option<&Value> {
        self.document.value.pointer(pointer)
    }

    /// The operation of a method, also if the method is one of its former names.
    pub(super) fn operation(&self, method: &str) -> Option<&OperationModel> {
        let operations = &self.normalized.operations;
        let own = operations
            .iter()
            .find(|operation| operation.method_name == method);
        own.or_else(|| {
            let marker = &self.surface.methods.get(method)?.marker;
            operations
                .iter()
                .find(|operation| operation.type_name == *marker)
        })
    }

    pub(super) fn schema(&self, name: &str) -> Option<&SchemaModel> {
        self.normalized.schemas.get(name)
    }

    /// Returns the pointer of a property, in the schema itself or in one of its parts.
    pub(super) fn property(&self, schema: &SchemaModel, name: &str) -> String {
        let found = self.declared(&schema.pointer, name, &mut BTreeSet::new());
        found.unwrap_or_else(|| schema.pointer.clone())
    }

    fn declared(&self, pointer: &str, name: &str, open: &mut BTreeSet<String>) -> Option<String> {
        if !open.insert(pointer.to_owned()) {
            return None;
        }
        let value = self.at(pointer)?;
        if value
            .get("properties")
            .is_some_and(|all| all.get(name).is_some())
        {
            return Some(format!("{pointer}/properties/{}", escape(name)));
        }
        if let Some(target) = value
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(schema_name)
        {
            return self.declared(
                &format!("/components/schemas/{}", escape(&target)),
                name,
                open,
            );
        }
        for keyword in ["allOf", "oneOf", "anyOf"] {
            let parts = value
                .get(keyword)
                .and_then(Value::as_array)
                .map_or(0, Vec::len);
            for index in 0..parts {
                if let Some(found) =
                    self.declared(&format!("{pointer}/{keyword}/{index}"), name, open)
                {
                    return Some(found);
                }
            }
        }
        None
    }

    /// Returns the pointer of a value of an enum.
    pub(super) fn value(&self, schema: &SchemaModel, text: &str) -> String {
        let listed = self
            .at(&schema.pointer)
            .and_then(|schema| schema.get("enum")?.as_array());
        let index = listed.into_iter().flatten().position(|value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
                == text
        });
        match index {
            Some(index) => format!("{}/enum/{index}", schema.pointer),
            None => schema.pointer.clone(),
        }
    }

    /// Returns the pointer of a parameter, with the operation or with its path.
    pub(super) fn parameter(
        &self,
        operation: &OperationModel,
        location: &str,
        name: &str,
    ) -> String {
        let path = operation
            .pointer
            .rsplit_once('/')
            .map_or("", |(path, _)| path);
        for owner in [operation.pointer.as_str(), path] {
            let listed = self
                .at(owner)
                .and_then(|owner| owner.get("parameters")?.as_array());
            let found = listed.into_iter().flatten().position(|parameter| {
                let parameter = match parameter.get("$ref").and_then(Value::as_str) {
                    Some(reference) => pointer_of(reference)
                        .and_then(|target| self.at(&target))
                        .unwrap_or(parameter),
                    None => parameter,
                };
                parameter.get("name").is_some_and(|known| known == name)
                    && parameter.get("in").is_some_and(|known| known == location)
            });
            if let Some(index) = found {
                return format!("{owner}/parameters/{index}");
            }
        }
        operation.pointer.clone()
    }

    /// Follows the references of a place.
    fn resolved(&self, pointer: &str) -> String {
        let mut pointer = pointer.to_owned();
        let mut seen = BTreeSet::new();
        while seen.insert(pointer.clone()) {
            let reference = self
                .at(&pointer)
                .and_then(|value| value.get("$ref")?.as_str());
            let target = reference.and_then(pointer_of);
            match target.filter(|target| self.at(target).is_some()) {
                Some(target) => pointer = target,
                None => break,
            }
        }
        pointer
    }

    /// The schema of a parameter, given the pointer of the parameter.
    pub(super) fn schema_of(&self, parameter: &str) -> String {
        format!("{}/schema", self.resolved(parameter))
    }

    /// The default of a schema.
    pub(super) fn default(&self, schema: &str) -> Option<&Value> {
        self.at(&self.resolved(schema))?.get("default")
    }

    /// The limits on the values of a schema, of its items and of the values of a map, which the client does not
    /// check. An object with properties is a type of its own, with [`limits_of_type`](Self::limits_of_type).
    pub(super) fn limits(&self, schema: &str) -> BTreeMap<String, String> {
        let mut limits = BTreeMap::new();
        let mut open = vec![(self.resolved(schema), String::new())];
        let mut seen = BTreeSet::new();
        while let Some((pointer, prefix)) = open.pop() {
            let Some(schema) = self.at(&pointer) else {
                continue;
            };
            if schema.get("properties").is_some() || !seen.insert(pointer.clone()) {
                continue;
            }
            add_limits(&mut limits, &prefix, schema);
            for (key, name) in [("items", "items."), ("additionalProperties", "values.")] {
                let inner = self.resolved(&format!("{pointer}/{key}"));
                open.push((inner, format!("{prefix}{name}")));
            }
        }
        limits
    }

    /// The limits on a body of this media type, given the pointer of the body.
    pub(super) fn limits_of_body(&self, body: &str, media: &str) -> BTreeMap<String, String> {
        let content = format!("{}/content/{}", self.resolved(body), escape(media));
        self.limits(&format!("{content}/schema"))
    }

    /// The limits on the properties of an object as a whole.
    pub(super) fn limits_of_type(&self, schema: &str) -> BTreeMap<String, String> {
        let mut limits = BTreeMap::new();
        if let Some(schema) = self.at(&self.resolved(schema)) {
            add_limits(&mut limits, "", schema);
        }
        limits
    }

    /// Whether an extension of the schema lists the text.
    pub(super) fn lists(&self, schema: &SchemaModel, extension: &str, text: &str) -> bool {
        let listed = self
            .at(whole(&schema.pointer))
            .and_then(|schema| schema.get(extension)?.as_array());
        listed
            .into_iter()
            .flatten()
            .any(|known| known.as_str().is_some_and(|known| known == text))
    }

    /// Returns the direct users of a type: fields of other types, and operations.
    pub(super) fn users(&self, name: &str) -> &[String] {
        self.users.get(name).map(Vec::as_slice).unwrap_or_default()
    }
}

fn add_limits(limits: &mut BTreeMap<String, String>, prefix: &str, schema: &Value) {
    for keyword in LIMITS {
        if let Some(value) = schema.get(keyword) {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            limits.insert(format!("{prefix}{keyword}"), value);
        }
    }
    // A text with listed values is a type of its own.
    let kind = schema.get("type").and_then(Value::as_str);
    let listed = schema
        .get("enum")
        .filter(|_| kind.is_some_and(|kind| kind != "string"));
    if let Some(listed) = listed {
        limits.insert(format!("{prefix}enum"), listed.to_string());
    }
    if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
        limits.insert(
            format!("{prefix}additionalProperties"),
            "refused".to_owned(),
        );
    }
}

/// The direct users of each type that has one.
fn users(surface: &Surface, normalized: &Normalized) -> BTreeMap<String, Vec<String>> {
    use super::surface::Kind;
    let mut users: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut add = |name: &str, user: &str| {
        let known = users.entry(name.to_owned()).or_default();
        if known.last().is_none_or(|last| last != user) {
            known.push(user.to_owned());
        }
    };
    for (owner, item) in &surface.types {
        let parts: Vec<(&String, &String)> = match &item.kind {
            Kind::Struct(item) => item.fields.iter().map(|(field, ty)| (field, ty)).collect(),
            Kind::Union(union) => {
                let members = union.members.iter();
                members.map(|member| (&member.name, &member.ty)).collect()
            }
            Kind::Enum(_) => Vec::new(),
        };
        for (part, ty) in parts {
            let words = ty.split(|c: char| !c.is_alphanumeric() && c != '_');
            for word in words.filter(|word| surface.types.contains_key(*word)) {
                add(word, &format!("{owner}::{part}"));
            }
        }
    }
    for operation in &normalized.operations {
        let body = operation.body.iter().map(|body| &body.ty);
        let parameters = operation.parameters.iter().map(|parameter| &parameter.ty);
        let used = body.chain(parameters).chain(&operation.success.ty);
        for name in used.filter_map(TypeModel::names) {
            add(name, &format!("Client::{}", operation.method_name));
        }
    }
    users
}
