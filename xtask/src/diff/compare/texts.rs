//! Sentences that several kinds of change share.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::codegen::areas;
use crate::diff::phrase::Phrase;

/// The features that include an item; `None` if it needs no feature.
pub(super) type Features = Option<BTreeSet<String>>;

/// The feature of an area.
pub(super) fn of_area(area: &str) -> Features {
    (area != areas::OTHER.name).then(|| BTreeSet::from([area.to_owned()]))
}

/// Says that an item needs other features, if a program that uses it may lose it.
pub(super) fn moved(subject: &str, was: Features, is: Features) -> Option<Phrase> {
    let is_there = match (&was, &is) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(was), Some(is)) => was.is_subset(is),
    };
    let behind = |phrase: Phrase, features: Features| match features {
        None => phrase.words("behind no feature"),
        Some(features) => {
            let noun = if features.len() == 1 {
                "feature"
            } else {
                "features"
            };
            let list = features.into_iter().collect::<Vec<_>>().join(", ");
            phrase.words(&format!("behind the {noun} ")).code(list)
        }
    };
    let phrase = || behind(Phrase::of(subject).words(" was "), was).words(" and is ");
    (!is_there).then(|| behind(phrase(), is))
}

/// Says that an argument has another name.
pub(super) fn argument_renamed(function: &str, was: &str, is: &str) -> Phrase {
    let phrase = Phrase::of(function).words(": the argument ").code(was);
    phrase.words(" is called ").code(is)
}

/// Says that an argument is another one.
pub(super) fn argument_replaced(function: &str, was: &str, is: &str, ty: &str) -> Phrase {
    let phrase = Phrase::of(function).words(" takes ");
    let phrase = phrase.code(format!("{is}: {ty}"));
    phrase.words(" in the place of ").code(was)
}

/// Says that arguments have another order.
pub(super) fn arguments_reordered(function: &str, is: &[(String, String)]) -> Phrase {
    let phrase = Phrase::of(function).words(": the arguments have another order: ");
    let names: Vec<&str> = is.iter().map(|(name, _)| name.as_str()).collect();
    phrase.code(names.join(", "))
}

/// Says that a default differs.
pub(super) fn default_changed(path: &str, was: Option<&Value>, is: Option<&Value>) -> Phrase {
    let shown = |phrase: Phrase, value: Option<&Value>| match value {
        Some(value) => phrase.code(value.to_string()),
        None => phrase.words("not stated"),
    };
    let phrase = Phrase::of(path).words(": the default was ");
    shown(shown(phrase, was).words(" and is "), is)
}

/// Says which limits differ; `None` if none does.
pub(super) fn limits_changed(
    path: &str,
    was: &BTreeMap<String, String>,
    is: &BTreeMap<String, String>,
) -> Option<Phrase> {
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let mut phrase = Phrase::of(path);
    let mut count = 0;
    for name in names
        .into_iter()
        .filter(|name| was.get(*name) != is.get(*name))
    {
        phrase = phrase.words(if count == 0 { ": " } else { "; " });
        count += 1;
        phrase = match (was.get(name), is.get(name)) {
            (Some(was), Some(is)) => {
                let phrase = phrase.code(name).words(" was ").code(was);
                phrase.words(" and is ").code(is)
            }
            (None, Some(is)) => phrase.code(name).words(" is ").code(is),
            _ => phrase.code(name).words(" is no longer stated"),
        };
    }
    (count > 0).then_some(phrase)
}
