//! Rule: a request can be sent to every path.
//!
//! Spaces and letters beyond ASCII are encoded when a call is made. A query in a path is sent with every
//! call. A fragment, which distinguishes operations of one path in some contracts, is never sent. Characters
//! that would change the target of the request are refused. [`super::parameters`] reads parameters.

use percent_encoding::percent_decode_str;

use super::read::Reader;
use crate::problem::Problem;

/// The target of an operation's requests.
pub(crate) struct Target<'p> {
    /// The path without query and fragment.
    pub(crate) path: &'p str,
    /// Names and values of the query, decoded.
    pub(crate) query: Vec<(String, String)>,
    /// The fragment, which is never sent.
    pub(crate) fragment: Option<&'p str>,
}

/// Splits a path of the contract.
///
/// # Errors
/// Returns an error if no request could be sent to the path, or if a request would reach another path.
pub(crate) fn target<'p>(
    reader: &Reader<'_>,
    path: &'p str,
    pointer: &str,
) -> Result<Target<'p>, Problem> {
    let (rest, fragment) = split(path, '#');
    let (path, query) = split(rest, '?');
    check(reader, path, pointer)?;
    let query = query.unwrap_or_default();
    if query.contains(['{', '}']) {
        let what = format!("the path `{rest}` contains a query with a parameter");
        return Err(reader.problem(pointer, what).with_help(
            "end the path before the parameter, and declare the parameter as `in: query`",
        ));
    }
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let query = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    });
    Ok(Target {
        path,
        query: query.collect(),
        fragment,
    })
}

/// Splits the text at the first occurrence of the character outside braces.
fn split(text: &str, mark: char) -> (&str, Option<&str>) {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ if character == mark && depth == 0 => {
                let (before, after) = text.split_at(at);
                return (before, after.strip_prefix(mark));
            }
            _ => {}
        }
    }
    (text, None)
}

fn check(reader: &Reader<'_>, path: &str, pointer: &str) -> Result<(), Problem> {
    let problem = |what: &str, help: &str| {
        Err(reader
            .problem(pointer, format!("the path `{path}` {what}"))
            .with_help(help))
    };
    if !path.starts_with('/') {
        return problem("does not begin with `/`", "write `/` before it");
    }
    let text = unnamed(path);
    if text.contains('\\') || text.chars().any(char::is_control) {
        return problem(
            "contains a backslash or a control character",
            "write `/` between the parts of a path",
        );
    }
    let is_encoded = |rest: &str| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !text.split('%').skip(1).all(is_encoded) {
        return problem(
            "contains a `%` without two hexadecimal digits",
            "write `%25` for it",
        );
    }
    let is_dots = |segment: &str| {
        let dots = segment.to_ascii_lowercase().replace("%2e", ".");
        dots == "." || dots == ".."
    };
    if path.split('/').any(is_dots) {
        return problem(
            "has a dot segment, which leads to another path",
            "write the intended path",
        );
    }
    Ok(())
}

/// The path without the names in its braces.
pub(crate) fn unnamed(path: &str) -> String {
    let parts = path
        .split('{')
        .map(|part| part.split_once('}').map_or(part, |(_, rest)| rest));
    parts.collect::<Vec<_>>().join("{")
}
