//! Rule: only objects, enums and unions are types of their own.
//!
//! A component that is a text, a number, a list, a map or another component is written out at each
//! use: callers would have to wrap and unwrap a newtype, which adds no information to the field's
//! name.

use std::collections::BTreeMap;

use super::budget::{self, Budget};
use super::draft::Draft;
use super::schema::{Components, Kind, Schema};
use crate::codegen::model::Remark;
use crate::problem::Problem;

/// Applies the rule to the whole contract.
///
/// # Errors
/// Returns an error if such a component refers only to itself, so that no value fits it.
pub(crate) fn apply(draft: &mut Draft) -> Result<(), Problem> {
    let (named, aliases): (Components, Components) = std::mem::take(&mut draft.components)
        .into_iter()
        .partition(|(_, schema)| is_type(schema));
    draft.components = named;
    let mut writer = Writer {
        aliases: &aliases,
        done: BTreeMap::new(),
        open: Vec::new(),
        budget: Budget::new(budget::COPIED),
        remarks: Vec::new(),
    };
    for name in aliases.keys() {
        writer.resolved(name)?;
    }
    draft.try_roots_mut(|schema| writer.write(schema))?;
    draft.remarks.append(&mut writer.remarks);
    Ok(())
}

fn is_type(schema: &Schema) -> bool {
    matches!(
        schema.kind,
        Kind::Object(_) | Kind::Enum(_) | Kind::Union(_)
    )
}

struct Writer<'a> {
    aliases: &'a Components,
    done: BTreeMap<String, Schema>,
    open: Vec<String>,
    budget: Budget,
    remarks: Vec<Remark>,
}

impl Writer<'_> {
    fn resolved(&mut self, name: &str) -> Result<Schema, Problem> {
        if let Some(done) = self.done.get(name) {
            self.budget.copy(done)?;
            return Ok(done.clone());
        }
        let Some(alias) = self.aliases.get(name) else {
            return Ok(Schema::new(Kind::Ref(name.to_owned()), ""));
        };
        if let Some(first) = self.open.iter().position(|open| open == name) {
            let cycle = self.open.get(first..).unwrap_or_default();
            let holds = |name: &String| {
                let alias = self.aliases.get(name);
                alias.is_some_and(|alias| matches!(alias.kind, Kind::List(_) | Kind::Map(_)))
            };
            if cycle.iter().any(holds) {
                let what = format!(
                    "`{name}` contains itself and is not an object: within it, a `{name}` can be any JSON value"
                );
                self.remarks.push(Remark::new(&alias.pointer, what));
                return Ok(Schema::new(Kind::Any, alias.pointer.as_str()));
            }
            let what = format!(
                "the schema `{name}` contains itself and is not an object: {} → {name}",
                self.open.join(" → ")
            );
            return Err(Problem::of(&alias.pointer, what));
        }
        budget::chain(self.open.len(), &alias.pointer)?;
        self.open.push(name.to_owned());
        let mut schema = alias.clone();
        let written = self.write(&mut schema);
        self.open.pop();
        written?;
        budget::depth(&schema)?;
        self.done.insert(name.to_owned(), schema.clone());
        Ok(schema)
    }

    fn write(&mut self, schema: &mut Schema) -> Result<(), Problem> {
        if let Kind::Union(union) = &mut schema.kind {
            // A discriminator can still name a member that is written out.
            for member in &mut union.members {
                if let Kind::Ref(name) = &member.schema.kind
                    && self.aliases.contains_key(name)
                {
                    member.source.get_or_insert_with(|| name.clone());
                }
            }
        }
        schema.try_children_mut(|child| self.write(child))?;
        if let Kind::Union(union) = &mut schema.kind {
            for target in union
                .discriminator
                .iter_mut()
                .flat_map(|discriminator| discriminator.mapping.values_mut())
            {
                if let Kind::Ref(real) = self.resolved(target)?.kind {
                    *target = real;
                }
            }
        }
        if let Kind::Ref(name) = &schema.kind
            && self.aliases.contains_key(name)
        {
            let resolved = self.resolved(&name.clone())?;
            schema.kind = resolved.kind;
            schema.nullable |= resolved.nullable;
            schema.notes = std::mem::take(&mut schema.notes).or(&resolved.notes);
        }
        Ok(())
    }
}
