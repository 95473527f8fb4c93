//! What is to be formatted, and formatting it on all cores.
//!
//! Tokens belong to one thread, so that they travel as text. In which order the threads are done makes
//! no difference: everything comes back in the order in which it was given. Not for where it stands.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::iter;
use std::num::NonZero;
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, parse::Parser as _};

use super::render::Formatted;
use crate::codegen::areas::Area;
use crate::codegen::threads;
use crate::problem::Problem;

/// Items as text, and the condition under which they are there.
#[derive(Debug)]
pub(super) struct Source {
    items: String,
    condition: Option<String>,
}

impl Source {
    /// Items that are always there.
    pub(super) fn new(items: impl ToTokens) -> Self {
        Self {
            items: items.to_token_stream().to_string(),
            condition: None,
        }
    }

    /// Items that are there under a condition, which is what stands in `cfg(..)`.
    pub(super) fn with_condition(items: impl ToTokens, condition: Option<TokenStream>) -> Self {
        Self {
            condition: condition.map(|condition| format!("#[cfg({condition})]")),
            ..Self::new(items)
        }
    }

    /// # Errors
    /// Where it is not Rust: a defect of the generator.
    pub(super) fn format(&self) -> Result<Vec<Formatted>, Problem> {
        let defect = |error: syn::Error| {
            let excerpt: String = self.items.chars().take(400).collect();
            Problem::new(format!(
                "the generator wrote what is not Rust: {error}, in `{excerpt}`"
            ))
        };
        let file: syn::File = syn::parse_str(&self.items).map_err(defect)?;
        let conditions = match &self.condition {
            Some(condition) => Attribute::parse_outer
                .parse_str(condition)
                .map_err(defect)?,
            None => Vec::new(),
        };
        let items = file.items.into_iter();
        Ok(items.map(|item| Formatted::of(item, &conditions)).collect())
    }
}

/// Everything that is to be formatted.
#[derive(Debug, Default)]
pub(super) struct Sources(Vec<Source>);

impl Sources {
    /// Adds sources, and gives the places that they have.
    pub(super) fn add(&mut self, sources: impl IntoIterator<Item = Source>) -> Range<usize> {
        let start = self.0.len();
        self.0.extend(sources);
        start..self.0.len()
    }

    /// Adds what `make` makes of the pieces of each area.
    pub(super) fn add_areas<'a, T>(
        &mut self,
        areas: &'a BTreeMap<&'static Area, Vec<T>>,
        make: impl Fn(&'a T) -> Source,
    ) -> BTreeMap<&'static Area, Range<usize>> {
        let areas = areas.iter();
        areas
            .map(|(area, pieces)| (*area, self.add(pieces.iter().map(&make))))
            .collect()
    }

    /// Formats everything.
    ///
    /// # Errors
    /// Where a source is not Rust: a defect of the generator.
    pub(super) fn format(&self) -> Result<AllFormatted, Problem> {
        // The long ones first, so that no thread is left with one at the end.
        let mut order: Vec<(usize, &Source)> = self.0.iter().enumerate().collect();
        order.sort_by_key(|(_, source)| Reverse(source.items.len()));
        let next = AtomicUsize::new(0);
        let work = || {
            let taken = iter::from_fn(|| order.get(next.fetch_add(1, Ordering::Relaxed)));
            taken
                .map(|(place, source)| (*place, source.format()))
                .collect::<Vec<_>>()
        };
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let mut formatted = thread::scope(|scope| {
            // Where there is no further thread, the others do its part.
            let others = (1..cores).filter_map(|_| threads::spawn(scope, work).ok());
            let others: Vec<_> = others.collect();
            let mut formatted = work();
            for other in others {
                match other.join() {
                    Ok(done) => formatted.extend(done),
                    Err(panic) => resume_unwind(panic),
                }
            }
            formatted
        });
        formatted.sort_by_key(|(place, _)| *place);
        let items = formatted.into_iter().map(|(_, items)| items);
        items.collect::<Result<_, _>>().map(AllFormatted)
    }
}

/// The items of each source, at the place that it has.
#[derive(Debug)]
pub(super) struct AllFormatted(Vec<Vec<Formatted>>);

impl AllFormatted {
    /// The items at these places.
    pub(super) fn of(&self, places: &Range<usize>) -> impl Iterator<Item = &Formatted> {
        let items = self.0.get(places.clone()).unwrap_or_default();
        items.iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use quote::{format_ident, quote};

    use super::*;

    #[test]
    fn what_is_formatted_on_several_threads_comes_back_in_its_order() {
        let mut sources = Sources::default();
        let places = sources.add((0..200).map(|index| {
            let name = format_ident!("S{index}");
            let fields = (0..index % 7).map(|field| format_ident!("f{field}"));
            Source::new(quote!(pub struct #name { #(#fields: u8),* }))
        }));
        let formatted = sources.format().expect("it is Rust");
        assert_eq!(formatted.of(&places).count(), 200);
        for (index, item) in formatted.of(&places).enumerate() {
            let head = format!("struct S{index} ");
            assert!(item.text.contains(&head), "{}", item.text);
        }
    }

    #[test]
    fn the_first_of_several_defects_is_reported() {
        let mut sources = Sources::default();
        sources.add([
            Source::new(quote!(
                pub struct Fine;
            )),
            Source::new(quote!(struct First)),
            Source::new(quote!(struct Second which is much longer)),
        ]);
        let problem = sources.format().expect_err("it is not Rust").to_string();
        assert!(problem.contains("struct First"), "{problem}");
    }
}
