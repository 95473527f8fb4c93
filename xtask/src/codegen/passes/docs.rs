//! Turns the contract's prose into documentation that rustdoc renders as it was meant.
//!
//! One attribute for each line, so that bullets survive; addresses become links; what would be an
//! HTML tag or a link to nowhere is escaped. Not for writing the prose.

use proc_macro2::TokenStream;
use quote::quote;

/// `text` as documentation attributes.
pub(crate) fn attributes(text: &str) -> TokenStream {
    let mut lines: Vec<String> = Vec::new();
    for line in text.trim().lines() {
        let line = line.trim_end();
        // Indentation of four and more would make a code block of it, and a test of that.
        let depth = line.len() - line.trim_start().len();
        let line = if depth >= 4 { line.trim_start() } else { line };
        if line.is_empty() && lines.last().is_some_and(String::is_empty) {
            continue;
        }
        lines.push(if line.is_empty() {
            String::new()
        } else {
            format!(" {}", escape(line))
        });
    }
    quote!(#(#[doc = #lines])*)
}

/// `text` with a full stop where it has none.
pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() || text.ends_with(['.', '!', '?', ':']) {
        return text.to_owned();
    }
    format!("{text}.")
}

/// A name in code style behind its article, by its first letter: an `Application`.
pub(crate) fn with_article(name: &str) -> String {
    let article = if name.starts_with(['A', 'E', 'I', 'O']) {
        "an"
    } else {
        "a"
    };
    format!("{article} `{name}`")
}

/// Several names in code style: `a`, `b` and 3 more.
pub(crate) fn names<S: AsRef<str>>(names: &[S]) -> String {
    const SHOWN: usize = 3;
    let code = |name: &S| format!("`{}`", name.as_ref());
    match names {
        [] => String::new(),
        [one] => code(one),
        [first @ .., last] if names.len() <= SHOWN => {
            format!(
                "{} and {}",
                first.iter().map(code).collect::<Vec<_>>().join(", "),
                code(last)
            )
        }
        _ => format!(
            "{} and {} more",
            names
                .iter()
                .take(SHOWN)
                .map(code)
                .collect::<Vec<_>>()
                .join(", "),
            names.len() - SHOWN
        ),
    }
}

/// Escapes what rustdoc would misread outside of code.
fn escape(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 8);
    for (index, part) in line.split('`').enumerate() {
        if index > 0 {
            out.push('`');
        }
        // Between backticks nothing is special; a part after an odd number of them is between.
        if index % 2 == 1 && line.matches('`').count() > index {
            out.push_str(part);
        } else if let Some(before) = part
            .strip_suffix('[')
            .filter(|_| code_is_linked(line, index))
        {
            escape_text(before, &mut out);
            out.push('[');
        } else {
            escape_text(part, &mut out);
        }
    }
    out
}

/// Whether the code that follows the part of this index is the text of a link.
fn code_is_linked(line: &str, index: usize) -> bool {
    line.split('`')
        .nth(index + 2)
        .is_some_and(|after| after.starts_with("]("))
}

fn escape_text(text: &str, out: &mut String) {
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(length) = address(rest) {
            let (address, after) = rest.split_at(length);
            let linked = out.ends_with("](") || out.ends_with('<');
            let bare = if linked {
                address.to_owned()
            } else {
                format!("<{address}>")
            };
            out.push_str(&bare);
            rest = after;
            continue;
        }
        let mut characters = rest.chars();
        let Some(first) = characters.next() else {
            break;
        };
        let after = characters.as_str();
        match first {
            '[' if !is_link(rest) => out.push_str("\\["),
            '<' if address(after).is_none() => out.push_str("\\<"),
            other => out.push(other),
        }
        rest = after;
    }
}

/// Whether `text` begins with an inline link, `[words](target)`.
fn is_link(text: &str) -> bool {
    text.find(']').is_some_and(|end| {
        text.get(end + 1..)
            .is_some_and(|after| after.starts_with('('))
    })
}

/// The length of the address that `text` begins with.
fn address(text: &str) -> Option<usize> {
    if !text.starts_with("http://") && !text.starts_with("https://") {
        return None;
    }
    let end = text
        .find(|c: char| {
            c.is_whitespace()
                || matches!(
                    c,
                    ')' | '>' | '<' | '"' | '\'' | ']' | '{' | '}' | '|' | '\\' | '^'
                )
        })
        .unwrap_or(text.len());
    let length = text
        .get(..end)?
        .trim_end_matches(['.', ',', ';', ':', '!', '?'])
        .len();
    (length > "https://".len()).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(attribute: &syn::Attribute) -> String {
        match &attribute.meta {
            syn::Meta::NameValue(syn::MetaNameValue {
                value:
                    syn::Expr::Lit(syn::ExprLit {
                        lit: syn::Lit::Str(text),
                        ..
                    }),
                ..
            }) => text.value().trim().to_owned(),
            _ => String::new(),
        }
    }

    fn lines(text: &str) -> Vec<String> {
        let attributes = attributes(text);
        let item: syn::ItemStruct = syn::parse_quote!(#attributes struct X;);
        item.attrs.iter().map(text_of).collect()
    }

    #[test]
    fn bullets_stay_lines_of_their_own() {
        assert_eq!(lines("One of:\n\n* a\n* b"), ["One of:", "", "* a", "* b"]);
    }

    #[test]
    fn an_address_becomes_a_link_without_its_full_stop() {
        assert_eq!(
            escape("See https://a.example/b."),
            "See <https://a.example/b>."
        );
        assert_eq!(
            escape("[docs](https://a.example)"),
            "[docs](https://a.example)"
        );
        assert_eq!(escape("<https://a.example>"), "<https://a.example>");
    }

    #[test]
    fn a_link_whose_text_is_code_stays_one() {
        assert_eq!(
            escape("an [`Error`](crate::Error)"),
            "an [`Error`](crate::Error)"
        );
    }

    #[test]
    fn what_looks_like_a_tag_or_a_link_is_escaped_outside_of_code() {
        assert_eq!(
            escape("a <uuid> or [x] in `Vec<[T]>`"),
            "a \\<uuid> or \\[x] in `Vec<[T]>`"
        );
    }

    #[test]
    fn long_lists_of_names_are_cut() {
        assert_eq!(names(&["a"]), "`a`");
        assert_eq!(names(&["a", "b"]), "`a` and `b`");
        assert_eq!(
            names(&["a", "b", "c", "d", "e"]),
            "`a`, `b`, `c` and 2 more"
        );
    }
}
