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
use crate::codegen::model::{BodyKind, OperationModel, UnionModel};
use crate::problem::Problem;

use super::{Shapes, methods::Signatures, types};
use values::Value;

/// How many pairs of models are tried, at most. Fields of other names are searched too, so that models that
/// contain each other would give an unlimited number of pairs.
const PAIRS: usize = 20_000;

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
            let schema = shapes.normalized.schemas.get(to);
            let pointer = schema.map_or("", |schema| &schema.pointer);
            let what = format!(
                "the request `{to}` is made from the response `{from}`, and more than {PAIRS} pairs of \
                 models within them would have to be converted"
            );
            let help = "describe one of them with fewer models, in the overlay";
            return Err(Problem::of(pointer, what).with_help(help));
        }
    }
    Ok(conversions.finish(pairs))
}

/// The response and the request of every resource that can be replaced.
fn pairs(operations: &[OperationModel], signatures: &Signatures) -> BTreeSet<(String, String)> {
    let model = |ty: &Type| types::model_name(types::bare(ty));
    let signature = |operation: &OperationModel| signatures.get(&operation.method_name);
    let mut pairs = BTreeSet::new();
    for operation in operations.iter().filter(|one| one.http_method == "PUT") {
        let kind = operation.body.as_ref().map(|body| body.kind);
        let body = signature(operation).and_then(|one| model(one.parameters.get("body")?));
        let Some(to) = body.filter(|_| kind == Some(BodyKind::Json)) else {
            continue;
        };
        let is_read =
            |other: &&OperationModel| other.http_method == "GET" && other.path == operation.path;
        let read = operations.iter().find(is_read);
        let sources = [Some(operation), read].into_iter().flatten();
        let sources = sources.filter_map(|one| model(signature(one)?.output.as_ref()?));
        for from in sources.filter(|from| *from != to) {
            pairs.insert((from, to.clone()));
        }
    }
    pairs
}

/// One conversion, worked out.
#[derive(Default)]
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
            let assumed = Some(Conversion::default());
            self.done.insert(key.clone(), assumed);
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
        let structs = [from, to].map(|name| shapes.models.get(name));
        let choices = [from, to].map(|name| shapes.unions.get(name));
        match (structs, choices) {
            ([Some(source), Some(target)], _) => fields::structs(self, source, target),
            (_, [Some(source), Some(target)]) => unions::unions(self, (from, source), (to, target)),
            ([_, Some(_)], [Some(source), _]) => unions::members(self, from, source, to),
            _ if shapes.is_enum(from) && shapes.is_enum(to) => {
                let text = Line::new("An unknown value is kept unchanged.");
                let value = Value::sure(quote!(Self::from(from.as_str())));
                Some(write::conversion((from, to), text.into(), value, (1, 1)))
            }
            _ => None,
        }
    }

    /// The conversions that these pairs need, each once. A conversion that fills less than half of a request
    /// is not an edit of the same resource.
    fn finish(mut self, roots: BTreeSet<(String, String)>) -> Edits {
        let usage = &self.shapes.usage;
        let is_edit = |key: &(String, String)| {
            let conversion = self.done.get(key).and_then(Option::as_ref);
            conversion.is_some_and(|conversion| conversion.filled.0 * 2 > conversion.filled.1)
        };
        let pairs: Vec<_> = roots.into_iter().filter(is_edit).collect();
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
