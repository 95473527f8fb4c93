//! Converts names of the contract to Rust names.
//!
//! The callers resolve conflicts between items that want the same name.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use heck::{ToPascalCase, ToSnakeCase};
use syn::Ident;
use unicode_normalization::UnicodeNormalization as _;

/// The variant for unknown values that every enum and every union has.
pub(crate) const UNKNOWN: &str = "Unknown";

/// Names of properties that only hold the items of a list.
const WRAPPERS: [&str; 6] = ["results", "items", "data", "content", "elements", "values"];

/// The keywords of Rust, also the reserved ones.
const KEYWORDS: &str = "Self abstract as async await become box break const continue crate do dyn else enum extern \
    false final fn for gen if impl in let loop macro match mod move mut override priv pub ref return self static \
    struct super trait true try type typeof unsafe unsized use virtual where while yield";

/// A name of a type: `AWSCredentials` becomes `AwsCredentials`.
pub(crate) fn type_name(text: &str) -> String {
    let mut name = text.to_owned();
    // One conversion to Pascal case is not enough if single letters follow each other: a second one would change
    // the name again.
    for _ in 0..4 {
        let next = identifier(&pascal(&name), "X");
        if next == name {
            break;
        }
        name = next;
    }
    name
}

/// A name of a method, an argument or a field: `startId` becomes `start_id`, `type` becomes `type_`.
pub(crate) fn value_name(text: &str) -> String {
    let spelled = match text {
        "+1" => "plus1".to_owned(),
        "-1" => "minus1".to_owned(),
        _ if is_snake_case(text) => text.to_owned(),
        // A lower-case letter may have a combining mark, which is not a letter: the lower case of `İ` has one.
        _ => clean(&clean(text).to_snake_case()).to_snake_case(),
    };
    identifier(&spelled, "x")
}

/// A name of a variant: `NEVER_DEPLOYED` becomes `NeverDeployed`.
pub(crate) fn variant_name(value: &str) -> String {
    let trimmed = value.trim();
    if trimmed.is_empty() {
        return "Empty".to_owned();
    }
    // `1.5` and `15` are different values and must not become one name.
    let spelled: String = trimmed.replace('+', " plus ").replace('*', " star ");
    let separated = separate_digits(&spelled);
    match identifier(&pascal(&separated), "V").as_str() {
        // The enum itself needs this name for values that it does not know.
        UNKNOWN => "LiteralUnknown".to_owned(),
        name => name.to_owned(),
    }
}

/// The names that are taken, each by one item.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    names: BTreeSet<String>,
    /// The next number of a name: those before it are taken.
    next: BTreeMap<String, u32>,
}

impl Taken {
    /// Starts with these names as taken.
    pub(crate) fn of(names: impl IntoIterator<Item = String>) -> Self {
        Self {
            names: names.into_iter().collect(),
            next: BTreeMap::new(),
        }
    }

    /// Takes a name, if it is free.
    pub(crate) fn take(&mut self, name: &str) -> bool {
        self.names.insert(name.to_owned())
    }

    /// Takes the first free one of a name and its numbered forms. Underscores at the end go before a
    /// number, because Rust and progenitor read them as the end of a word.
    pub(crate) fn distinct(&mut self, name: &str) -> String {
        if self.take(name) {
            return name.to_owned();
        }
        let plain = name.trim_end_matches('_');
        let number = self.next.entry(plain.to_owned()).or_insert(2);
        loop {
            let numbered = format!("{plain}{number}");
            *number += 1;
            if self.names.insert(numbered.clone()) {
                return numbered;
            }
        }
    }
}

/// Whether a text can be the name of a type as it is.
pub(crate) fn is_type_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.chars().all(|c| c.is_ascii_alphanumeric())
        && !is_keyword(text)
}

/// The singular of an English word in snake case, or `None` if it is not a plural.
pub(crate) fn singular(word: &str) -> Option<String> {
    if WRAPPERS.contains(&word) {
        return None;
    }
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        return Some(format!("{stem}y"));
    }
    for ending in ["sses", "shes", "ches", "xes", "zzes", "uses"] {
        if word.ends_with(ending) {
            return word.strip_suffix("es").map(str::to_owned);
        }
    }
    let plural = word.ends_with('s')
        && !["ss", "us", "is"]
            .iter()
            .any(|ending| word.ends_with(ending))
        && word.len() > 2;
    plural.then(|| word.strip_suffix('s').unwrap_or(word).to_owned())
}

/// Whether a property of this name only holds the items of a list, so that its name does not describe them.
pub(crate) fn is_wrapper(property: &str) -> bool {
    WRAPPERS.contains(&property)
}

/// The words of a name in Pascal case.
pub(crate) fn words(name: &str) -> Vec<String> {
    name.to_snake_case()
        .split('_')
        .filter(|word| !word.is_empty())
        .map(|word| word.to_pascal_case())
        .collect()
}

/// Joins two names. Words that the first one ends with and the second one begins with are written once.
pub(crate) fn join(parent: &str, child: &str) -> String {
    let (first, second) = (words(parent), words(child));
    let longest = first.len().min(second.len());
    let shared = (1..=longest).rev().find(|count| {
        first
            .iter()
            .rev()
            .take(*count)
            .rev()
            .eq(second.iter().take(*count))
    });
    let rest = second.iter().skip(shared.unwrap_or(0));
    first.iter().chain(rest).map(String::as_str).collect()
}

/// The words that all names end with.
pub(crate) fn common_end(names: &[Vec<String>]) -> Vec<String> {
    let reversed: Vec<Vec<String>> = names
        .iter()
        .map(|words| words.iter().rev().cloned().collect())
        .collect();
    let mut common = common_start(&reversed);
    common.reverse();
    common
}

/// The words that all names begin with.
pub(crate) fn common_start(names: &[Vec<String>]) -> Vec<String> {
    let Some(first) = names.first() else {
        return Vec::new();
    };
    let shared = (0..=first.len()).rev().find(|count| {
        names.iter().all(|words| {
            words.iter().take(*count).eq(first.iter().take(*count)) && words.len() >= *count
        })
    });
    first.iter().take(shared.unwrap_or(0)).cloned().collect()
}

fn is_snake_case(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let is_apart = |text: &str| !text.starts_with('_') && !text.ends_with('_');
    text.chars().all(is_part) && is_apart(text) && !text.contains("__")
}

fn pascal(text: &str) -> String {
    clean(text).to_pascal_case()
}

fn clean(text: &str) -> String {
    // The compiler composes letters, and warns of letters that have a plainer form.
    let text: Cow<'_, str> = match text.is_ascii() {
        true => text.into(),
        false => text.nfkc().collect(),
    };
    text.replace('\'', "")
        .replace(|c: char| !(c == '_' || is_part(c)), "-")
}

/// Whether a letter or digit is allowed in an identifier.
fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || c.is_alphanumeric() && syn::parse_str::<Ident>(&format!("x{c}")).is_ok()
}

/// Whether a letter may begin an identifier.
fn is_start(c: char) -> bool {
    c.is_ascii_alphabetic() || syn::parse_str::<Ident>(&c.to_string()).is_ok()
}

/// Whether a text in the form of an identifier is a Rust keyword.
pub(crate) fn is_keyword(text: &str) -> bool {
    text == "_" || KEYWORDS.split(' ').any(|keyword| keyword == text)
}

fn separate_digits(text: &str) -> String {
    let digit = |c: Option<&char>| c.is_some_and(char::is_ascii_digit);
    let letters: Vec<char> = text.chars().collect();
    let separated = letters.iter().enumerate().map(|(index, letter)| {
        let between = index
            .checked_sub(1)
            .is_some_and(|before| digit(letters.get(before)))
            && digit(letters.get(index + 1));
        match letter {
            '.' | '-' | '_' | '/' if between => {
                "_point_".replace("point", if *letter == '.' { "dot" } else { "to" })
            }
            other => other.to_string(),
        }
    });
    separated.collect()
}

/// Turns a text into an identifier of Rust, which begins with a letter and is not a keyword.
pub(crate) fn identifier(text: &str, prefix: &str) -> String {
    let begun = match text.chars().next() {
        None => prefix.to_owned(),
        Some(first) if !is_start(first) => format!("{prefix}{text}"),
        Some(_) => text.to_owned(),
    };
    if is_keyword(&begun) {
        format!("{begun}_")
    } else {
        begun
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acronyms_are_written_as_rust_writes_them() {
        assert_eq!(type_name("AWSCredentials"), "AwsCredentials");
        assert_eq!(type_name("get-cluster-logs"), "GetClusterLogs");
        assert_eq!(type_name("x_y_z"), type_name(&type_name("x_y_z")));
        assert_eq!(value_name("StopCluster"), "stop_cluster");
        assert_eq!(value_name("type"), "type_");
        assert_eq!(value_name("2fa"), "x2fa");
    }

    #[test]
    fn every_name_is_an_identifier() {
        for text in [
            "",
            "_",
            "__",
            "yield",
            "gen",
            "Self",
            "r#type",
            "x²",
            "①",
            "٣",
            "日本",
            "é",
            "_1",
            "1",
            "-",
            "a b",
            "'",
            "ß",
            "$ref",
            "@type",
            "a.b[c]",
            "union",
            "crate",
            "macro_rules",
            "ǅ",
            "\u{1F600}",
            "𝒳",
        ] {
            for name in [type_name(text), value_name(text), variant_name(text)] {
                let is_identifier = syn::parse_str::<Ident>(&name).is_ok() && name != "gen";
                assert!(is_identifier, "{text:?} becomes {name:?}");
            }
            // Names that begin with a lower-case letter are reserved for modules and primitive types.
            for name in [type_name(text), variant_name(text)] {
                assert!(
                    !name.starts_with(|c: char| c.is_ascii_lowercase()),
                    "{name:?}"
                );
            }
        }
    }

    #[test]
    fn the_keywords_are_those_that_no_item_can_have_as_its_name() {
        for keyword in KEYWORDS.split(' ').filter(|keyword| *keyword != "gen") {
            assert!(syn::parse_str::<Ident>(keyword).is_err(), "{keyword}");
        }
        for name in [
            "auto",
            "default",
            "dyn_",
            "macro_rules",
            "raw",
            "safe",
            "union",
            "x",
        ] {
            assert!(!is_keyword(name), "{name}");
        }
    }

    #[test]
    fn a_name_in_snake_case_is_the_one_that_its_words_give() {
        for name in ["a", "a_b", "a1_b2", "cpu_in_milli", "x2fa", "a_1"] {
            assert!(is_snake_case(name), "{name}");
            assert_eq!(clean(name).to_snake_case(), name);
        }
        for name in ["", "_a", "a_", "a__b", "aB", "a-b", "\u{e9}"] {
            assert!(!is_snake_case(name) || name.is_empty(), "{name}");
        }
    }

    #[test]
    fn variants_have_names_that_can_be_read() {
        assert_eq!(variant_name("NEVER_DEPLOYED"), "NeverDeployed");
        assert_eq!(variant_name(" CLUSTER"), "Cluster");
        assert_eq!(variant_name(""), "Empty");
        assert_eq!(variant_name("UNKNOWN"), "LiteralUnknown");
        assert_ne!(variant_name("1.15"), variant_name("11.5"));
        assert_eq!(variant_name("Self"), "Self_");
    }

    #[test]
    fn plurals_become_singulars_where_they_are_plurals() {
        assert_eq!(singular("replicas").as_deref(), Some("replica"));
        assert_eq!(singular("policies").as_deref(), Some("policy"));
        assert_eq!(singular("addresses").as_deref(), Some("address"));
        assert_eq!(singular("status"), None);
        assert_eq!(singular("results"), None);
    }

    #[test]
    fn a_word_is_not_said_twice() {
        assert_eq!(
            join("ClusterFeature", "feature_value"),
            "ClusterFeatureValue"
        );
        assert_eq!(join("Helm", "source"), "HelmSource");
    }

    #[test]
    fn common_words_are_found_at_both_ends() {
        let names = [words("AwsStaticCredentials"), words("AwsRoleCredentials")];
        assert_eq!(common_start(&names), ["Aws"]);
        assert_eq!(common_end(&names), ["Credentials"]);
    }
}
