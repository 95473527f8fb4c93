//! Rule: a union has each member once.
//!
//! A member that is listed twice, also by another name or written out, is one variant. Enums accept any
//! text, so without a discriminator several enums are one enum with the values of all, and a plain text
//! beside an enum adds nothing. A reference to a schema that only null fits is null.

use std::collections::BTreeSet;

use super::draft::Draft;
use super::fingerprint::fingerprint;
use super::schema::{
    Components, EnumValue, Kind, Member, Schema, TextFormat, Union, followed, target,
};
use crate::codegen::model::Remark;

/// Applies the rule to the whole contract, with a remark for each member that is left out.
pub(crate) fn apply(draft: &mut Draft) {
    let components = draft.components.clone();
    let mut remarks = Vec::new();
    draft.walk_mut(|schema| {
        if let Kind::Union(union) = &mut schema.kind {
            nulls(&components, union);
            once(&components, union, &mut remarks);
            if union.discriminator.is_none() {
                one_enum(&components, union, &mut remarks);
            }
        }
    });
    draft.remarks.append(&mut remarks);
}

/// The kind of a member, also if it is a reference.
fn kind<'m>(components: &'m Components, member: &'m Member) -> &'m Kind {
    &target(components, &member.schema).kind
}

fn nulls(components: &Components, union: &mut Union) {
    for member in &mut union.members {
        if matches!(kind(components, member), Kind::Null) {
            member.schema.kind = Kind::Null;
        }
    }
}

/// Leaves out members that equal one before them.
fn once(components: &Components, union: &mut Union, remarks: &mut Vec<Remark>) {
    if union.members.len() < 2 {
        return;
    }
    let is_tagged = union.discriminator.is_some();
    let is_written_out = |member: &Member| !matches!(member.schema.kind, Kind::Ref(_) | Kind::Null);
    let compares = union.members.iter().any(is_written_out);
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut names: BTreeSet<String> = BTreeSet::new();
    // Named members come first, so that the copy is left out if both a schema and a copy of it are members.
    for member in union.members.iter().filter(|_| compares) {
        if let (Some(_), found) = followed(components, &member.schema) {
            known.insert(plain(found));
        }
    }
    let mut kept: Vec<Member> = Vec::new();
    let mut nullable = false;
    for member in std::mem::take(&mut union.members) {
        let is_new = match &member.schema.kind {
            Kind::Null => true,
            // Each name may be a tag of its own.
            Kind::Ref(name) if is_tagged => names.insert(name.clone()),
            Kind::Ref(name) => {
                let (target, _) = followed(components, &member.schema);
                names.insert(target.unwrap_or(name).to_owned())
            }
            _ => known.insert(plain(&member.schema)),
        };
        if is_new {
            kept.push(member);
            continue;
        }
        nullable |= member.schema.nullable;
        remarks.push(Remark::new(
            member.schema.pointer,
            "the union has this member already: the two are one variant",
        ));
    }
    if let Some(first) = kept.first_mut() {
        first.schema.nullable |= nullable;
    }
    union.members = kept;
}

/// The fingerprint of a schema, whether or not it may be null.
fn plain(schema: &Schema) -> String {
    let print = fingerprint(schema);
    print.strip_prefix('?').map(str::to_owned).unwrap_or(print)
}

/// Merges several enums of a union into one.
fn one_enum(components: &Components, union: &mut Union, remarks: &mut Vec<Remark>) {
    let is_enum = |member: &Member| matches!(kind(components, member), Kind::Enum(_));
    let is_text = |member: &Member| {
        let kind = kind(components, member);
        matches!(kind, Kind::Text(TextFormat::Plain | TextFormat::Binary))
    };
    let enums = union.members.iter().filter(|one| is_enum(one)).count();
    if enums == 0 || enums == 1 && !union.members.iter().any(is_text) {
        return;
    }
    let mut values: Vec<EnumValue> = Vec::new();
    let mut names = BTreeSet::new();
    let mut nullable = false;
    for member in &union.members {
        nullable |= member.schema.nullable && (is_enum(member) || is_text(member));
        let Kind::Enum(own) = kind(components, member) else {
            continue;
        };
        for value in own {
            if values.iter().any(|known| known.value == value.value) {
                continue;
            }
            let mut value = value.clone();
            value.rust_name = value.rust_name.filter(|name| names.insert(name.clone()));
            values.push(value);
        }
    }
    let mut is_first = true;
    union.members.retain_mut(|member| {
        if is_text(member) || !is_enum(member) {
            return !is_text(member);
        }
        if !std::mem::take(&mut is_first) {
            return false;
        }
        member.schema.nullable |= nullable;
        if enums > 1 {
            member.schema.kind = Kind::Enum(std::mem::take(&mut values));
            remarks.push(Remark::new(
                &member.schema.pointer,
                format!(
                    "this and the other {} enums of the union are one enum with the values of all",
                    enums - 1
                ),
            ));
        }
        true
    });
}
