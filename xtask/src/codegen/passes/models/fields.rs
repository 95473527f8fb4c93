//! Writes how a struct is read, written and printed: the facts about its fields that the runtime needs.
//!
//! Each field has one line for each direction. Serde derives are not used, because they caused most of
//! the client's compile time.

use std::collections::BTreeSet;

use proc_macro2::{Literal, Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Ident, LitInt, Type};

use crate::codegen::passes::types;

use super::model::{Field, Model, Presence};

/// The number of bits of the mask of required fields in the runtime.
const BITS: usize = 128;

/// Writes the implementations for one struct.
pub(super) fn emit(
    model: &Model,
    response: bool,
    with_default: &BTreeSet<String>,
    is_model: &dyn Fn(&str) -> bool,
) -> TokenStream {
    let name = format_ident!("{}", model.name);
    let text = &model.name;
    let idents = model.fields.iter().map(|field| &field.ident);
    let visits = model.fields.iter().map(visit);
    let (extra, fields): (Vec<&Field>, Vec<&Field>) = model
        .fields
        .iter()
        .partition(|field| field.presence == Presence::Extra);
    let wires = fields.iter().map(|field| &field.wire);
    let must_be_there = |field: &&Field| {
        field.presence == Presence::Required && !field.may_be_empty(response, with_default)
    };
    let must_be_there: Vec<bool> = fields.iter().map(must_be_there).collect();
    let (required, required_beyond) = required(&must_be_there);
    let reads = (!fields.is_empty()).then(|| read(&fields));
    let extra = extra.first().map(|field| {
        let ident = &field.ident;
        quote! {
            const KEEPS_EXTRA: bool = true;
            fn read_extra<'de, D: crate::runtime::model::MapAccess<'de>>(
                &mut self,
                name: ::std::string::String,
                from: &mut D,
            ) -> ::core::result::Result<(), D::Error> {
                crate::runtime::model::extra(&mut self.#ident, name, from)
            }
        }
    });
    let visit = (!model.fields.is_empty()).then(|| {
        quote! {
            fn visit<V: crate::runtime::model::Visit>(&self, to: &mut V) { #(#visits)* }
        }
    });
    let holders: Vec<&Ident> = model
        .fields
        .iter()
        .filter(|field| holds_model(&field.ty, is_model))
        .map(|field| &field.ident)
        .collect();
    let default = with_default
        .contains(&model.name)
        .then(|| quote!(, Default));
    quote! {
        impl crate::runtime::model::Model for crate::types::#name {
            const NAME: &'static str = #text;
            const FIELDS: &'static [&'static str] = &[#(#wires),*];
            const REQUIRED: u128 = #required;
            #required_beyond
            crate::runtime::model::extra_fields!();
            #reads
            #extra
            #visit
        }
        crate::runtime::model::through_fields!(crate::types::#name, [#(#idents),*], [#(#holders),*] #default);
    }
}

/// The required fields as a bit mask, whose last digit stands for the first field, and the required
/// fields beyond the mask.
fn required(must_be_there: &[bool]) -> (LitInt, Option<TokenStream>) {
    let (bits, beyond) = must_be_there
        .split_at_checked(BITS)
        .unwrap_or((must_be_there, &[]));
    let digit = |must_be_there: &bool| if *must_be_there { '1' } else { '0' };
    let digits: String = bits.iter().rev().map(digit).collect();
    let digits = if digits.is_empty() { "0" } else { &digits };
    let bits = LitInt::new(&format!("0b{digits}"), Span::call_site());
    let beyond: Vec<Literal> = (BITS..)
        .zip(beyond)
        .filter(|(_, must_be_there)| **must_be_there)
        .map(|(place, _)| Literal::usize_unsuffixed(place))
        .collect();
    let beyond = (!beyond.is_empty())
        .then(|| quote!(const REQUIRED_BEYOND: &'static [usize] = &[#(#beyond),*];));
    (bits, beyond)
}

fn read(fields: &[&Field]) -> TokenStream {
    let arms = fields.iter().enumerate().map(|(index, field)| {
        let ident = &field.ident;
        let pattern = if index + 1 == fields.len() {
            quote!(_)
        } else {
            let index = Literal::usize_unsuffixed(index);
            quote!(#index)
        };
        if holds_free_form(&field.ty) {
            let wire = &field.wire;
            return quote! {
                #pattern => crate::runtime::model::free(&mut self.#ident, &mut self.__extra, #wire, from),
            };
        }
        let how = if holds_date_time(&field.ty) {
            quote!(time)
        } else if is_list(&field.ty) {
            quote!(list)
        } else {
            quote!(value)
        };
        quote!(#pattern => crate::runtime::model::#how(&mut self.#ident, from),)
    });
    quote! {
        fn read<'de, D: crate::runtime::model::MapAccess<'de>>(
            &mut self,
            field: usize,
            from: &mut D,
        ) -> ::core::result::Result<(), D::Error> {
            match field { #(#arms)* }
        }
    }
}

fn visit(field: &Field) -> TokenStream {
    let Field { ident, wire, .. } = field;
    match field.presence {
        Presence::Required | Presence::Nullable => quote!(to.always(#wire, &self.#ident);),
        Presence::Expected | Presence::Optional | Presence::Patch | Presence::Collection => {
            quote!(to.given(#wire, &self.#ident);)
        }
        Presence::Extra => quote!(to.extra(self.#ident.iter());),
    }
}

/// Whether a type, or one inside of it in a map or these wrappers, is wanted.
fn holds(ty: &Type, wrappers: &[&str], is_wanted: &dyn Fn(&Type) -> bool) -> bool {
    let wrapped = wrappers.iter();
    let wrapped = wrapped.filter_map(|wrapper| types::inside(ty, wrapper));
    let mut inside = wrapped.chain(types::map_value(ty));
    is_wanted(ty) || inside.any(|inner| holds(inner, wrappers, is_wanted))
}

/// Whether the field holds structs or unions.
fn holds_model(ty: &Type, is_model: &dyn Fn(&str) -> bool) -> bool {
    let is_wanted = |ty: &Type| types::model_name(ty).is_some_and(|name| is_model(&name));
    holds(ty, &["Option", "Vec", "Patch", "Box", "Secret"], &is_wanted)
}

/// Whether the field holds values whose type the contract does not define.
fn holds_free_form(ty: &Type) -> bool {
    holds(ty, &["Option", "Vec", "Patch", "Secret"], &|ty| {
        matches!(types::last_name(ty).as_deref(), Some("Value" | "Map"))
    })
}

/// Whether the field is a date and time, or a list or map of them.
fn holds_date_time(ty: &Type) -> bool {
    holds(ty, &["Option", "Vec", "Patch"], &|ty| {
        types::last_name(ty).as_deref() == Some("DateTime")
    })
}

/// Whether the field is a list, which may be absent or null.
fn is_list(ty: &Type) -> bool {
    types::inside(ty, "Vec").is_some()
        || ["Option", "Patch"]
            .iter()
            .filter_map(|wrapper| types::inside(ty, wrapper))
            .any(is_list)
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;
    use crate::codegen::doc::Doc;

    fn field(name: &str, ty: Type, presence: Presence) -> Field {
        Field {
            ident: format_ident!("{name}"),
            wire: name.to_owned(),
            ty,
            presence,
            absent_is_empty: false,
            text: Doc::default(),
        }
    }

    fn emitted(fields: Vec<Field>) -> String {
        let model = Model {
            name: "Thing".to_owned(),
            text: String::new(),
            fields,
        };
        let emitted = emit(&model, true, &BTreeSet::new(), &|name| name == "Part");
        crate::codegen::split::short(emitted).to_string()
    }

    #[test]
    fn each_field_has_one_line_in_each_direction() {
        let written = emitted(vec![
            field("id", parse_quote!(uuid::Uuid), Presence::Required),
            field(
                "at",
                parse_quote!(Option<chrono::DateTime<chrono::Utc>>),
                Presence::Optional,
            ),
            field("tags", parse_quote!(Vec<String>), Presence::Required),
            field("name", parse_quote!(String), Presence::Required),
        ]);
        for wanted in [
            r#"FIELDS : & 'static [& 'static str] = & ["id" , "at" , "tags" , "name"]"#,
            "REQUIRED : u128 = 0b1001 ;",
            "0 => model :: value (& mut self . id , from)",
            "1 => model :: time (& mut self . at , from)",
            "2 => model :: list (& mut self . tags , from)",
            "_ => model :: value (& mut self . name , from)",
            r#"to . always ("tags" , & self . tags)"#,
            r#"to . given ("at" , & self . at)"#,
        ] {
            assert!(written.contains(wanted), "{wanted} in {written}");
        }
    }

    #[test]
    fn removing_extra_fields_includes_the_models_in_every_field() {
        let written = emitted(vec![
            field("part", parse_quote!(types::Part), Presence::Required),
            field(
                "parts",
                parse_quote!(rt::Patch<BTreeMap<String, Vec<Box<types::Part>>>>),
                Presence::Patch,
            ),
            field("kind", parse_quote!(types::Kind), Presence::Required),
            field("names", parse_quote!(Vec<String>), Presence::Required),
        ]);
        let wanted = "[part , parts , kind , names] , [part , parts]";
        assert!(written.contains(wanted), "{wanted} in {written}");
    }

    #[test]
    fn fields_without_a_bit_are_required_by_their_place() {
        let with = |count: usize| {
            let fields = (0..count).map(|place| {
                let presence = match place {
                    0 | 127 | 129 | 131 => Presence::Required,
                    _ => Presence::Optional,
                };
                field(&format!("f{place}"), parse_quote!(String), presence)
            });
            emitted(fields.collect())
        };
        let most = with(128);
        let zeros = "0".repeat(126);
        let bits = format!("REQUIRED : u128 = 0b1{zeros}1 ;");
        assert!(most.contains(&bits), "{most}");
        assert!(!most.contains("REQUIRED_BEYOND"), "{most}");
        let more = with(132);
        assert!(more.contains(&bits), "{more}");
        let beyond = "REQUIRED_BEYOND : & 'static [usize] = & [129 , 131] ;";
        assert!(more.contains(beyond), "{more}");
    }

    #[test]
    fn properties_without_a_field_are_kept_in_the_field_for_the_rest() {
        let extra = parse_quote!(BTreeMap<String, String>);
        let written = emitted(vec![field("extra", extra, Presence::Extra)]);
        assert!(written.contains("KEEPS_EXTRA : bool = true"), "{written}");
        assert!(written.contains("model :: extra (& mut self . extra , name , from)"));
        assert!(written.contains("REQUIRED : u128 = 0b0 ;"), "{written}");
        assert!(!written.contains("match field"), "{written}");
    }
}
