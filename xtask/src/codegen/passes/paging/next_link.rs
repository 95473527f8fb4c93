//! Recognizes a result with a next-page link.
//!
//! `shape` handles operations whose parameters define the paging.

use syn::Type;

use super::shape::plain;
use crate::codegen::passes::{models::Models, types};

/// Fields of a response that lead on to another page, in lower case without separators.
const LEADS: &[&str] = &[
    "continuationtoken",
    "continuetoken",
    "cursor",
    "hasmore",
    "hasnext",
    "links",
    "next",
    "nextcursor",
    "nextlink",
    "nextpage",
    "nextpagetoken",
    "nexttoken",
    "nexturl",
    "pagetoken",
    "prev",
    "previous",
];

/// A field of the result that leads on to another page.
pub(super) fn next_link<'a>(output: &Type, models: &'a Models) -> Option<&'a str> {
    let page = models.get(&types::model_name(types::unwrapped(output))?)?;
    let mut names = page.fields.iter().map(|field| field.wire.as_str());
    names.find(|name| LEADS.contains(&plain(name).as_str()))
}
