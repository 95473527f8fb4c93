//! The comparison of names, and the item of a list that has a name.

use std::fmt;

use icu_normalizer::ComposingNormalizerBorrowed;
use qovery_api::Printable;
use serde::Serialize;
use uuid::Uuid;

/// A name and its id. Prints both: `staging (0f2c…)`.
///
/// Available on crate feature `services` only.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Named {
    /// The id.
    pub id: Uuid,
    /// The name, unescaped. Print it with [`Printable`].
    pub name: String,
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", Printable::new(&self.name), self.id)
    }
}

/// An item that has a name and an id.
pub(super) trait Nameable {
    fn id(&self) -> Uuid;

    fn name(&self) -> &str;

    fn named(&self) -> Named {
        Named {
            id: self.id(),
            name: self.name().to_owned(),
        }
    }

    /// The item as one of several in a message.
    fn listed(&self) -> String {
        self.named().to_string()
    }
}

impl Nameable for Named {
    fn id(&self) -> Uuid {
        self.id
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl<T: Nameable> Nameable for &T {
    fn id(&self) -> Uuid {
        (**self).id()
    }

    fn name(&self) -> &str {
        (**self).name()
    }

    fn listed(&self) -> String {
        (**self).listed()
    }
}

/// The form of a name for comparisons: without surrounding white space (invisible characters included), in
/// Unicode normalization form KC, and in lower case.
pub(super) fn comparable(name: &str) -> String {
    let normalizer = const { ComposingNormalizerBorrowed::new_nfkc() };
    let name = normalizer.normalize(name);
    // Converted to upper case first, because of letters like ß and ς.
    let name = without_blanks(&name).to_uppercase().to_lowercase();
    normalizer.normalize(&name).into_owned()
}

/// A text without surrounding white space, invisible characters included.
pub(super) fn without_blanks(text: &str) -> &str {
    let is_unseen = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    text.trim_matches(|c: char| c.is_whitespace() || is_unseen(c))
}

/// The items with this name. If several names differ only in case, white space or normalization form, the only
/// one with the exact spelling is chosen.
pub(super) fn alike<'a, T: Nameable>(items: &'a [T], name: &str) -> Vec<&'a T> {
    let wanted = comparable(name);
    let has_name = |item: &&T| comparable(item.name()) == wanted;
    let mut alike: Vec<&T> = items.iter().filter(has_name).collect();
    let is_exact = |item: &&T| item.name() == name;
    if alike.iter().filter(|item| is_exact(item)).count() == 1 {
        alike.retain(is_exact);
    }
    alike
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_around_a_name_do_not_count_whether_they_show_or_not() {
        for name in [
            " api ",
            "api\u{a0}",
            "\u{feff}api",
            "api\u{200b}",
            "\u{200e}api\u{2060}",
            "\u{3000}ＡＰＩ\t",
            "api\u{200b} \u{feff}\n",
        ] {
            assert_eq!(comparable(name), "api", "{name:?}");
        }
        // Within a name they are part of it.
        assert_ne!(comparable("a\u{200b}pi"), "api");
    }
}
