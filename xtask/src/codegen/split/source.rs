//! What is to be formatted, and formatting it on all cores.
//!
//! Tokens belong to one thread, so that they travel as text. In which order the threads are done makes
//! no difference: everything comes back in the order in which it was given. Not for where it stands.

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::num::NonZero;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use proc_macro2::TokenStream;
use syn::{Attribute, parse::Parser as _};

use super::render::Formatted;
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
    pub(super) fn new(items: &TokenStream) -> Self {
        Self {
            items: items.to_string(),
            condition: None,
        }
    }

    /// Items that are there under a condition, which is what stands in `cfg(..)`.
    pub(super) fn with_condition(items: &TokenStream, condition: Option<TokenStream>) -> Self {
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

/// Where a source stands among all that were given.
pub(super) type Place = usize;

/// What is given to be formatted, and what of it is done.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    given: Place,
    waiting: VecDeque<(Place, Source)>,
    is_complete: bool,
    done: BTreeMap<Place, Result<Vec<Formatted>, Problem>>,
}

impl Sources {
    /// Gives a source to be formatted.
    pub(super) fn add(&self, source: Source) -> Place {
        let mut state = self.state();
        let place = state.given;
        state.given += 1;
        state.waiting.push_back((place, source));
        drop(state);
        self.changed.notify_one();
        place
    }

    /// Formats until all is done and no more is to come.
    fn format(&self) {
        while let Some((place, source)) = self.next() {
            let items = source.format();
            self.state().done.insert(place, items);
        }
    }

    fn next(&self) -> Option<(Place, Source)> {
        let mut state = self.state();
        loop {
            let next = state.waiting.pop_front();
            if next.is_some() || state.is_complete {
                return next;
            }
            let woken = self.changed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says that no more is to come, also where giving it ended early.
struct Complete<'a>(&'a Sources);

impl Drop for Complete<'_> {
    fn drop(&mut self) {
        self.0.state().is_complete = true;
        self.0.changed.notify_all();
    }
}

/// The items of each source, at the place that it has.
#[derive(Debug)]
pub(crate) struct AllFormatted(Vec<Vec<Formatted>>);

impl AllFormatted {
    /// The items at these places.
    pub(super) fn of<'a>(&'a self, places: &'a [Place]) -> impl Iterator<Item = &'a Formatted> {
        let items = places.iter().filter_map(|place| self.0.get(*place));
        items.flatten()
    }
}

/// Runs `give`, formats what it gives to the sources, and has begun with that before it ends.
///
/// # Errors
/// What `give` returns; where a source is not Rust: a defect of the generator.
pub(crate) fn formatted<T>(
    sources: &Sources,
    give: impl FnOnce() -> Result<T, Problem>,
) -> Result<(T, AllFormatted), Problem> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let given = thread::scope(|scope| {
        let complete = Complete(sources);
        for _ in 1..cores {
            // Where there is no further thread, the others do its part.
            drop(threads::spawn(scope, || sources.format()));
        }
        let given = give()?;
        drop(complete);
        sources.format();
        Ok(given)
    })?;
    let done = mem::take(&mut sources.state().done);
    let items = done.into_values().collect::<Result<_, _>>()?;
    Ok((given, AllFormatted(items)))
}

#[cfg(test)]
mod tests {
    use quote::{format_ident, quote};

    use super::*;

    #[test]
    fn what_is_formatted_on_several_threads_comes_back_in_its_order() {
        let sources = Sources::default();
        let given = (0..200).map(|index| {
            let name = format_ident!("S{index}");
            let fields = (0..index % 7).map(|field| format_ident!("f{field}"));
            Source::new(&quote!(pub struct #name { #(#fields: u8),* }))
        });
        let give = || Ok(given.map(|source| sources.add(source)).collect::<Vec<_>>());
        let (places, formatted) = formatted(&sources, give).expect("it is Rust");
        assert_eq!(formatted.of(&places).count(), 200);
        for (index, item) in formatted.of(&places).enumerate() {
            let head = format!("struct S{index} ");
            assert!(item.text.contains(&head), "{}", item.text);
        }
    }

    #[test]
    fn the_first_of_several_defects_is_reported() {
        let sources = Sources::default();
        let give = || {
            sources.add(Source::new(&quote!(
                pub struct Fine;
            )));
            sources.add(Source::new(&quote!(struct First)));
            sources.add(Source::new(&quote!(struct Second)));
            Ok(())
        };
        let problem = formatted(&sources, give).expect_err("it is not Rust");
        assert!(problem.to_string().contains("struct First"), "{problem}");
    }

    #[test]
    fn a_problem_of_what_gives_the_sources_ends_the_formatting() {
        let sources = Sources::default();
        let give = || {
            sources.add(Source::new(&quote!(
                pub struct Fine;
            )));
            Err::<(), _>(Problem::new("no more of them"))
        };
        let problem = formatted(&sources, give).expect_err("it failed");
        assert!(problem.to_string().contains("no more of them"), "{problem}");
    }
}
