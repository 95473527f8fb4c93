//! Changes of the members of a union.

use std::collections::BTreeSet;

use super::super::{Found, places};
use super::{Old, revived};
use crate::codegen::model::SchemaModel;
use crate::codegen::normalize::former::whole;
use crate::contract::references::to_pointer;
use crate::diff::phrase::Phrase;
use crate::diff::rules;
use crate::diff::side::Side;
use crate::diff::surface::Union;

pub(super) fn compare(
    found: &mut Found<'_>,
    key: (&str, &str),
    (was, old_schema): Old<'_, Union>,
    (is, new_schema): Old<'_, Union>,
) {
    let (_, subject) = key;
    let (old, new) = (found.old, found.new);
    let both = || places(&old_schema.pointer, &new_schema.pointer);
    let mut names = BTreeSet::new();
    for member in &was.members {
        let path = format!("{subject}::{}", member.name);
        let (old_place, new_place) = both();
        let Some(now) = is.members.iter().find(|other| other.name == member.name) else {
            let is_known = |name: &str| was.members.iter().any(|known| known.name == name);
            let mut others = is.members.iter();
            let other = others.find(|other| {
                let is_taken = is_known(&other.name) || names.contains(&other.name);
                other.ty == member.ty && !is_taken
            });
            if let Some(other) = other {
                names.insert(other.name.clone());
                let phrase = Phrase::of(path)
                    .words(" is ")
                    .code(format!("{subject}::{}", other.name))
                    .words(" now");
                found.add(rules::MEMBER_RENAMED, key, phrase, old_place, new_place);
                continue;
            }
            let phrase = Phrase::of(path).words(" is gone: ").code(&member.ty);
            found.add(rules::MEMBER_REMOVED, key, phrase, old_place, None);
            continue;
        };
        if now.ty != member.ty {
            let phrase = Phrase::of(&path)
                .words(" was ")
                .code(&member.ty)
                .words(" and is ")
                .code(&now.ty);
            found.add(
                rules::MEMBER_TYPE_CHANGED,
                key,
                phrase,
                old_place.clone(),
                new_place.clone(),
            );
        }
        if now.key != member.key || was.how != is.how {
            let mark = |phrase: Phrase, how: &str, key: &str| match how.strip_prefix("by ") {
                Some(how) => phrase
                    .words("distinguished by ")
                    .code(format!("{how} {key}")),
                None => phrase.words("tried in its order"),
            };
            let phrase = mark(Phrase::of(&path).words(" was "), &was.how, &member.key);
            let phrase = mark(phrase.words(" and is "), &is.how, &now.key);
            found.add(
                rules::MEMBER_KEY_CHANGED,
                key,
                phrase,
                old_place.clone(),
                new_place.clone(),
            );
        }
        let is_old = |side: &Side, schema: &SchemaModel, ty: &str| {
            let bare = ty.trim_start_matches("Box<").trim_end_matches('>');
            let known = side.schema(bare);
            known.is_some_and(|known| {
                side.lists(
                    schema,
                    "x-deprecatedMembers",
                    &to_pointer(whole(&known.pointer)),
                )
            })
        };
        match (
            is_old(old, old_schema, &member.ty),
            is_old(new, new_schema, &now.ty),
        ) {
            (false, true) => {
                let phrase = Phrase::of(&path).words(" is no longer published");
                found.add(rules::MEMBER_DEPRECATED, key, phrase, old_place, new_place);
            }
            (true, false) => found.add(
                rules::DOCUMENTATION_CHANGED,
                key,
                revived(&path),
                old_place,
                new_place,
            ),
            _ => {}
        }
    }
    for member in &is.members {
        let is_known = was.members.iter().any(|known| known.name == member.name);
        if !is_known && !names.contains(&member.name) {
            let phrase = Phrase::of(subject)
                .words(" gained the member ")
                .code(format!("{}({})", member.name, member.ty));
            found.add(rules::MEMBER_ADDED, key, phrase, None, both().1);
        }
    }
}
