//! Writes the conversions from responses to the requests that replace the resource.
//!
//! An edit replaces the whole resource, so it begins with everything in the response. The conversions
//! are derived from the shapes: if the request of a `PUT` and the response have fields of one name that
//! can be converted, the conversion includes them. The documentation of the conversion lists the fields
//! that cannot be converted.

mod fields;
mod unions;
mod values;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

use crate::codegen::areas::Area;
use crate::codegen::doc::Line;
use crate::codegen::model::{
    BodyKind, Normalized, OperationModel, SchemaKind, SchemaModel, UnionModel,
};
use crate::problem::Problem;

use super::{
    methods::Signatures,
    models::{Model, Struct},
    types,
    unions::Unions,
    usage::Usage,
};

/// How many pairs of models are tried, at most. Fields of other names are searched too, so that models that
/// contain each other would give an unlimited number of pairs.
const PAIRS: usize = 20_000;

/// The models that may be converted, with their uses.
pub(crate) struct Shapes<'a> {
    pub(crate) structs: &'a BTreeMap<&'a str, &'a Model>,
    pub(crate) unions: &'a Unions<'a>,
    pub(crate) normalized: &'a Normalized,
    pub(crate) usage: &'a Usage,
    /// The models all of whose fields may be absent.
    pub(crate) with_default: &'a BTreeSet<String>,
}

impl<'a> Shapes<'a> {
    /// The struct of a schema with everything that its code depends on.
    pub(super) fn structure(&self, name: &str, schema: &'a SchemaModel) -> Option<Struct<'a>> {
        let model = *self.structs.get(name)?;
        let schemas = &self.normalized.schemas;
        let is_enum = |used: &&String| {
            let used = schemas.get(used.as_str());
            used.is_some_and(|used| matches!(used.kind, SchemaKind::OpenEnum(_)))
        };
        let used = schema.uses.iter().chain([&model.name]);
        let with_default = used.filter(|used| self.with_default.contains(*used));
        Some(Struct {
            model,
            about: self.usage.describe(name, &model.text),
            is_request: self.usage.is_request(name),
            is_response: self.usage.is_response(name),
            with_default: with_default.cloned().collect(),
            enums: schema
                .uses
                .iter()
                .filter(is_enum)
                .map(String::as_str)
                .collect(),
        })
    }
}

/// The conversions.
pub(crate) struct Edits {
    pub(crate) pieces: Vec<(BTreeSet<&'static Area>, TokenStream)>,
    /// The response and the request of each resource that has one, in the order of their names.
    pub(crate) pairs: Vec<(String, String)>,
}

/// Writes the conversions for all operations that replace a resource.
///
/// # Errors
/// Returns an error if there are too many.
pub(crate) fn emit(shapes: &Shapes<'_>, signatures: &Signatures) -> Result<Edits, Problem> {
    let mut conversions = Conversions {
        shapes,
        done: BTreeMap::new(),
        open: Vec::new(),
    };
    let pairs = pairs(&shapes.normalized.operations, signatures);
    for (from, to) in &pairs {
        conversions.between(from, to);
        if conversions.done.len() > PAIRS {
            let pointer = shapes.normalized.schemas.get(to.as_str());
            let pointer = pointer.map(|schema| schema.pointer.clone());
            let what = format!(
                "the request `{to}` is made from the response `{from}`, and more than {PAIRS} pairs of \
                 models within them would have to be converted"
            );
            let problem = Problem::new(what).with_pointer(pointer.unwrap_or_default());
            return Err(problem.with_help("describe one of them with fewer models, in the overlay"));
        }
    }
    Ok(conversions.finish(pairs))
}

/// The response and the request of every resource that can be replaced.
fn pairs(operations: &[OperationModel], signatures: &Signatures) -> BTreeSet<(String, String)> {
    let model = |ty: &Type| {
        let ty = types::inside(ty, "Option").unwrap_or(ty);
        types::model_name(ty)
    };
    let output = |operation: &OperationModel| {
        let signature = signatures.get(&operation.method_name)?;
        model(signature.output.as_ref()?)
    };
    let mut pairs = BTreeSet::new();
    for operation in operations {
        let json = operation
            .body
            .as_ref()
            .is_some_and(|body| body.kind == BodyKind::Json);
        if operation.http_method != "PUT" || !json {
            continue;
        }
        let body = signatures
            .get(&operation.method_name)
            .and_then(|signature| signature.parameters.get("body"));
        let Some(to) = body.and_then(|ty| match ty {
            Type::Reference(reference) => model(&reference.elem),
            other => model(other),
        }) else {
            continue;
        };
        let read = operations
            .iter()
            .find(|other| other.http_method == "GET" && other.path == operation.path);
        for from in [Some(operation), read]
            .into_iter()
            .flatten()
            .filter_map(output)
        {
            if from != to {
                pairs.insert((from, to.clone()));
            }
        }
    }
    pairs
}

/// One conversion, worked out.
struct Conversion {
    /// The items.
    tokens: TokenStream,
    /// Whether it can fail: a part may be missing, or a member of a union not known.
    fallible: bool,
    /// How many fields of the request it fills, and how many the request has.
    filled: (usize, usize),
    /// The conversions that it uses.
    parts: BTreeSet<(String, String)>,
}

struct Conversions<'a> {
    shapes: &'a Shapes<'a>,
    /// The finished pairs; `None` if there is no conversion. A pair is entered before its parts
    /// are examined, so that recursive models terminate.
    done: BTreeMap<(String, String), Option<Conversion>>,
    /// The conversions that are being worked out, each with the parts that it used so far.
    open: Vec<BTreeSet<(String, String)>>,
}

/// The members of a union with their types.
type Members<'a> = (&'a UnionModel, BTreeMap<String, Type>);

impl Conversions<'_> {
    /// Whether there is a conversion, after working it out, and whether it can fail.
    fn between(&mut self, from: &str, to: &str) -> Option<bool> {
        let key = (from.to_owned(), to.to_owned());
        if !self.done.contains_key(&key) && self.done.len() <= PAIRS {
            let assumed = Conversion {
                tokens: TokenStream::new(),
                fallible: false,
                filled: (0, 0),
                parts: BTreeSet::new(),
            };
            self.done.insert(key.clone(), Some(assumed));
            self.open.push(BTreeSet::new());
            let mut conversion = self.work_out(from, to);
            let parts = self.open.pop().unwrap_or_default();
            if let Some(conversion) = &mut conversion {
                conversion.parts = parts;
            }
            self.done.insert(key.clone(), conversion);
        }
        let fallible = self.done.get(&key)?.as_ref()?.fallible;
        if let Some(parts) = self.open.last_mut() {
            parts.insert(key);
        }
        Some(fallible)
    }

    fn work_out(&mut self, from: &str, to: &str) -> Option<Conversion> {
        let shapes = self.shapes;
        if let (Some(source), Some(target)) = (shapes.structs.get(from), shapes.structs.get(to)) {
            return fields::structs(self, source, target);
        }
        if let (Some(source), Some(target)) = (shapes.unions.get(from), shapes.unions.get(to)) {
            return unions::unions(self, from, source, to, target);
        }
        if let (Some(source), Some(_)) = (shapes.unions.get(from), shapes.structs.get(to)) {
            return unions::members(self, from, source, to);
        }
        let is_enum = |name: &str| {
            let schema = shapes.normalized.schemas.get(name);
            schema.is_some_and(|schema| matches!(schema.kind, SchemaKind::OpenEnum(_)))
        };
        (is_enum(from) && is_enum(to)).then(|| Conversion {
            tokens: write::conversion(
                from,
                to,
                Line::new("An unknown value is kept unchanged.").into(),
                false,
                quote!(Self::from(from.as_str())),
            ),
            fallible: false,
            filled: (1, 1),
            parts: BTreeSet::new(),
        })
    }

    /// The conversions that these pairs need, each once. A conversion that fills less than half of a request
    /// is not an edit of the same resource.
    fn finish(mut self, roots: BTreeSet<(String, String)>) -> Edits {
        let usage = self.shapes.usage;
        let pairs: Vec<(String, String)> = roots
            .into_iter()
            .filter(|key| {
                let conversion = self.done.get(key).and_then(Option::as_ref);
                conversion.is_some_and(|conversion| conversion.filled.0 * 2 > conversion.filled.1)
            })
            .collect();
        let mut wanted = pairs.clone();
        let mut pieces = BTreeMap::new();
        while let Some(key) = wanted.pop() {
            let Some(conversion) = self.done.remove(&key).flatten() else {
                continue;
            };
            wanted.extend(conversion.parts);
            let areas = &usage.areas(&key.0) & &usage.areas(&key.1);
            pieces.insert(key, (areas, conversion.tokens));
        }
        Edits {
            pieces: pieces.into_values().collect(),
            pairs,
        }
    }
}
