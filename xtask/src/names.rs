//! The command `names`: maps the model names of another generated client to those of this one.
//!
//! The official Rust client names an inline schema by its place: `JobRequestAllOfSourceDocker` is the property
//! `docker` of the property `source` of `JobRequest`. The same place in the normalized contract has a model here.
//! A file lists the names of the official client, one per line.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use heck::ToUpperCamelCase;

use crate::codegen::model::{Normalized, SchemaKind, TypeModel};
use crate::codegen::normalize;
use crate::contract;
use crate::files::{CONTRACT, OVERLAY};
use crate::problem::Problem;

/// Prints a table of the model names that differ from those in a file.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The model names of the official crate, one per line. Lines with `#` are comments.
    file: PathBuf,
}

/// Prints the table as Markdown.
///
/// # Errors
/// Returns an error if the file or the contract of this repository cannot be read.
pub(crate) fn run(args: &Args) -> Result<ExitCode, Problem> {
    print!("{}", table(&args.file)?);
    Ok(ExitCode::SUCCESS)
}

/// The table of the names that differ, below a line with their number.
///
/// # Errors
/// Returns an error if the file or the contract of this repository cannot be read.
pub(crate) fn table(file: &Path) -> Result<String, Problem> {
    let text =
        String::from_utf8(contract::source::bytes(file)?).map_err(|_| Problem::not_utf8(file))?;
    let names = text.lines().map(str::trim);
    let names: BTreeSet<&str> = names
        .filter(|name| !name.is_empty() && !name.starts_with('#'))
        .collect();
    let root = crate::repository();
    let document = contract::load_with(&root.join(CONTRACT), Some(&root.join(OVERLAY)))?;
    let models = normalize(&document)?;
    let models = Models(&models);
    let different = names.iter().filter(|name| !models.is_here(name));
    let rows: Vec<String> = different
        .map(|name| format!("| `{name}` | {} |\n", models.found(name)))
        .collect();
    let same = names.len() - rows.len();
    Ok(format!(
        "{same} of {} names are the same. The others:\n\n| `models::` | `types::` |\n|---|---|\n{}",
        names.len(),
        rows.concat()
    ))
}

/// The models of this client.
struct Models<'a>(&'a Normalized);

impl Models<'_> {
    /// Whether the client has a type of this name, or had one.
    fn is_here(&self, name: &str) -> bool {
        let schemas = &self.0.schemas;
        schemas.contains_key(name)
            || schemas
                .values()
                .any(|schema| schema.former.iter().any(|former| former == name))
    }

    /// The counterpart of a name, as a cell of the table.
    fn found(&self, name: &str) -> String {
        match self.renamed(name).or_else(|| self.resolve(name)) {
            Some(Found::Type(ty)) => shown(&ty),
            Some(Found::Member(union)) => format!("a member of `{union}`"),
            None => "none".to_owned(),
        }
    }

    /// The model of a component whose name in the contract is another than its name in Rust.
    fn renamed(&self, name: &str) -> Option<Found> {
        let mut schemas = self.0.schemas.iter();
        let (rust_name, _) = schemas.find(|(_, schema)| {
            let own = schema.contract_name.as_deref();
            own.is_some_and(|own| own.to_upper_camel_case() == name)
        })?;
        Some(Found::Type(TypeModel::Named(rust_name.clone())))
    }

    /// The model at the location that a name describes.
    fn resolve(&self, name: &str) -> Option<Found> {
        if let Some((operation, rest)) = name.split_once("200Response") {
            let mut operations = self.0.operations.iter();
            let same = |one: &str| one.eq_ignore_ascii_case(operation);
            let found = operations.find(|one| same(&one.type_name))?;
            return self.below(found.success.ty.as_ref()?, rest);
        }
        let mut cuts = name.char_indices().filter(|(_, c)| c.is_uppercase());
        let mut owners = Vec::new();
        cuts.next();
        for (at, _) in cuts {
            let (owner, rest) = name.split_at(at);
            let known = self.0.schemas.contains_key(owner);
            let known = known.then(|| Found::Type(TypeModel::Named(owner.to_owned())));
            if let Some(Found::Type(owner)) = known.or_else(|| self.renamed(owner)) {
                owners.push((owner, rest));
            }
        }
        // The owner with the longest name is the closest one.
        let mut owners = owners.into_iter().rev();
        owners.find_map(|(owner, rest)| self.below(&owner, rest))
    }

    /// The model in a type, at the end of the path that the rest of a name describes.
    fn below(&self, ty: &TypeModel, rest: &str) -> Option<Found> {
        if rest.is_empty() {
            return Some(Found::Type(ty.clone()));
        }
        match ty {
            TypeModel::Nullable(inner) => return self.below(inner, rest),
            TypeModel::List(inner) | TypeModel::Map(inner) => {
                return self.below(inner, rest.strip_prefix("Inner").unwrap_or(rest));
            }
            _ => {}
        }
        if let Some(found) = rest
            .strip_prefix("AllOf")
            .and_then(|rest| self.below(ty, rest))
        {
            return Some(found);
        }
        let TypeModel::Named(name) = ty else {
            return None;
        };
        match &self.0.schemas.get(name)?.kind {
            SchemaKind::Struct(model) => {
                let mut fields: Vec<_> = model
                    .fields
                    .iter()
                    .filter_map(|field| {
                        let word = field.name.to_upper_camel_case();
                        Some((word.len(), rest.strip_prefix(word.as_str())?, &field.ty))
                    })
                    .collect();
                fields.sort_by_key(|(length, _, _)| std::cmp::Reverse(*length));
                let mut fields = fields.into_iter();
                fields.find_map(|(_, rest, ty)| self.below(ty, rest))
            }
            SchemaKind::Union(union) => {
                let inner = match rest.strip_prefix("OneOf") {
                    Some(inner) => inner.trim_start_matches(|c: char| c.is_ascii_digit()),
                    None => rest,
                };
                if inner.is_empty() {
                    return Some(Found::Member(name.clone()));
                }
                let mut members = union.variants.iter();
                members.find_map(|member| self.below(&member.ty, inner))
            }
            SchemaKind::OpenEnum(_) => None,
        }
    }
}

/// The counterpart of a name.
enum Found {
    Type(TypeModel),
    /// A member of the union of this name.
    Member(String),
}

/// A type as a cell of the table.
fn shown(ty: &TypeModel) -> String {
    fn text(ty: &TypeModel) -> String {
        match ty {
            TypeModel::Named(name) => name.clone(),
            TypeModel::List(inner) => format!("Vec<{}>", text(inner)),
            TypeModel::Map(inner) => format!("BTreeMap<String, {}>", text(inner)),
            TypeModel::Nullable(inner) => text(inner),
            TypeModel::Text => "String".to_owned(),
            TypeModel::Uuid => "Uuid".to_owned(),
            TypeModel::Boolean => "bool".to_owned(),
            TypeModel::Integer => "i64".to_owned(),
            TypeModel::Number => "f64".to_owned(),
            TypeModel::Date | TypeModel::DateTime => "a date".to_owned(),
            TypeModel::Any => "serde_json::Value".to_owned(),
        }
    }
    format!("`{}`", text(ty))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &str = "tests/fixtures/official-models.txt";
    const LIST: &str = "qovery-api/src/generated/areas.rs";

    fn of_guide() -> String {
        let guide = std::fs::read_to_string(crate::repository().join("docs/migrating.md"));
        let guide = guide.expect("the guide is there");
        let (_, rest) = guide
            .split_once("<!-- `cargo xtask names tests/fixtures/official-models.txt` -->\n")
            .expect("the table begins");
        let (table, _) = rest.split_once("<!-- end -->").expect("it ends");
        table.to_owned()
    }

    #[test]
    fn the_guide_has_the_names_that_differ_from_those_of_the_official_client() {
        let table = crate::with_room(|| table(&crate::repository().join(NAMES)));
        let table = table.expect("the files are there");
        assert!(
            of_guide() == table,
            "put this into docs/migrating.md:\n{table}"
        );
    }

    #[test]
    fn every_operation_of_the_official_client_is_a_method_here() {
        let names = crate::repository().join("tests/fixtures/official-operations.txt");
        let names = std::fs::read_to_string(names).expect("the names are there");
        let list = std::fs::read_to_string(crate::repository().join(LIST));
        let list = list.expect("the client is there");
        let missing: Vec<&str> = names
            .lines()
            .filter(|name| !name.starts_with('#'))
            .filter(|name| !list.contains(&format!("crate::Client::{name})")))
            .collect();
        assert_eq!(missing, Vec::<&str>::new());
        assert!(names.lines().count() > 500);
    }

    #[test]
    fn a_name_is_found_by_its_place() {
        let found = crate::with_room(|| {
            let root = crate::repository();
            let document = contract::load_with(&root.join(CONTRACT), Some(&root.join(OVERLAY)))?;
            let models = Models(&normalize(&document)?);
            Ok([
                "JobRequestAllOfSourceDocker",
                "HelmRequestAllOfSourceOneOf1",
                "ListServicesByEnvironmentId200ResponseResultsInner",
                "NoSuchModelAtAll",
            ]
            .map(|name| models.found(name)))
        });
        let expected = [
            "`JobRequestSourceDocker`",
            "a member of `HelmRequestSource`",
            "`Service`",
            "none",
        ];
        assert_eq!(found.expect("the contract is there"), expected);
    }

    #[test]
    fn every_type_in_the_table_exists() {
        let root = crate::repository();
        let generated = root.join("qovery-api/src/generated/mod.rs");
        let generated = std::fs::read_to_string(generated).expect("the client is there");
        let words: BTreeSet<&str> = generated
            .split(|c: char| !c.is_ascii_alphanumeric())
            .collect();
        let table = of_guide();
        let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
        let mut count = 0;
        for row in rows.filter(|row| !row.starts_with("models::")) {
            let (_, here) = row.split_once(" | ").expect("two columns");
            let name = here.split('`').nth(1).unwrap_or("None");
            let name = name.trim_start_matches("Vec<").trim_end_matches('>');
            if !["None", "String", "Uuid", "bool", "i64", "f64"].contains(&name) {
                assert!(words.contains(name), "{row}");
                count += 1;
            }
        }
        assert!(count > 100, "{count}");
    }
}
