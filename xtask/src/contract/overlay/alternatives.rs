//! The alternatives of a JSONPath: selectors in brackets, and operands of `||` in a filter.
//!
//! Each alternative is the path without the other alternatives.

/// One of several selectors that a path lists at one position.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Alternative {
    pub(super) selector: String,
    /// The path with this selector only.
    pub(super) path: String,
}

/// The alternatives of a valid JSONPath; empty if it lists none.
pub(super) fn alternatives(path: &str) -> Vec<Alternative> {
    let text = |from: usize, to: usize| path.get(from..to).unwrap_or_default();
    let ends = unnested(path).filter(|(_, sign)| matches!(sign, '[' | ']'));
    let ends: Vec<usize> = ends.map(|(index, _)| index).collect();
    let mut all = Vec::new();
    for bracket in ends.chunks_exact(2) {
        let &[open, close] = bracket else { continue };
        let listed: Vec<String> = split(text(open + 1, close), ",")
            .into_iter()
            .flat_map(|selector| match selector.strip_prefix('?') {
                Some(filter) => split(filter, "||")
                    .iter()
                    .map(|one| format!("?{one}"))
                    .collect(),
                None => vec![selector.to_owned()],
            })
            .collect();
        if listed.len() > 1 {
            let (before, after) = (text(0, open + 1), text(close, path.len()));
            all.extend(listed.into_iter().map(|selector| Alternative {
                path: format!("{before}{selector}{after}"),
                selector,
            }));
        }
    }
    all
}

/// The parts between separators outside of quotes and brackets, without surrounding spaces.
fn split<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    let separates = |index: &usize| {
        let rest = text.get(*index..);
        rest.is_some_and(|rest| rest.starts_with(separator))
    };
    let indices = unnested(text).map(|(index, _)| index);
    let mut start = 0;
    let parts = indices.filter(separates).chain([text.len()]).map(|end| {
        let part = text.get(start..end).unwrap_or_default();
        start = end + separator.len();
        part.trim()
    });
    parts.collect()
}

/// The characters outside of quotes and brackets, including the outermost brackets.
fn unnested(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut quote = None;
    let mut is_escaped = false;
    let mut depth = 0_usize;
    text.char_indices().filter(move |(_, sign)| {
        if let Some(end) = quote {
            if !is_escaped && *sign == end {
                quote = None;
            }
            is_escaped = !is_escaped && *sign == '\\';
            return false;
        }
        let outside = depth;
        match sign {
            '\'' | '"' => quote = Some(*sign),
            '[' | '(' => depth += 1,
            ']' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        outside.min(depth) == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(path: &str) -> Vec<(String, String)> {
        let all = alternatives(path).into_iter();
        all.map(|one| (one.selector, one.path)).collect()
    }

    fn expected(all: &[(&str, &str)]) -> Vec<(String, String)> {
        let all = all.iter();
        all.map(|(selector, path)| ((*selector).to_owned(), (*path).to_owned()))
            .collect()
    }

    #[test]
    fn names_in_brackets_are_alternatives() {
        let all = expected(&[
            ("'a'", "$.s['a'].p['x', \"y\"]"),
            ("'b,]'", "$.s['b,]'].p['x', \"y\"]"),
            ("'x'", "$.s['a','b,]'].p['x']"),
            ("\"y\"", "$.s['a','b,]'].p[\"y\"]"),
        ]);
        assert_eq!(listed("$.s['a','b,]'].p['x', \"y\"]"), all);
    }

    #[test]
    fn the_operands_of_a_filter_are_alternatives() {
        let all = expected(&[
            ("?@ == 'a\\'||'", "$..r[?@ == 'a\\'||'].x"),
            ("?@.b[0] && (@.c || @.d)", "$..r[?@.b[0] && (@.c || @.d)].x"),
        ]);
        let path = "$..r[?@ == 'a\\'||' || @.b[0] && (@.c || @.d)].x";
        assert_eq!(listed(path), all);
    }

    #[test]
    fn a_path_without_a_list_has_no_alternatives() {
        for path in ["$.a.b", "$['a']['b,c'][0][1:2][*]", "$..x[?@.y == 'a,b']"] {
            assert_eq!(listed(path), [], "{path}");
        }
    }
}
