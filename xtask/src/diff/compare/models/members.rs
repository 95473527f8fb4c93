//! Changes of the members of a union.

use super::super::{Found, places};
use super::{Old, revived};
use crate::codegen::model::SchemaModel;
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
    for member in &was.members {
        let path = format!("{subject}::{}", member.name);
        let (old_place, new_place) = both();
        let Some(now) = is.members.iter().find(|other| other.name == member.name) else {
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
            let discriminator = |how: &str, key: &str| format!("{how} {key}");
            let phrase = Phrase::of(&path)
                .words(" was distinguished by ")
                .code(discriminator(&was.how, &member.key))
                .words(" and is distinguished by ")
                .code(discriminator(&is.how, &now.key));
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
                    &format!("#{}", known.pointer),
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
        if !was.members.iter().any(|known| known.name == member.name) {
            let phrase = Phrase::of(subject)
                .words(" gained the member ")
                .code(format!("{}({})", member.name, member.ty));
            found.add(rules::MEMBER_ADDED, key, phrase, None, both().1);
        }
    }
}
