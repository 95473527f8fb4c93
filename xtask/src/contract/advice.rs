//! The advice for a text that is neither YAML nor JSON, or that uses a part of YAML that a contract must not use.

use super::scalar::NOT_FINITE;
use super::yaml::{CYCLE, KEY, MERGE, MISFIT, SEVERAL, TAG, TWICE};

const TABS: &str = "indent with spaces";
const QUOTES: &str = "write a text that contains `: `, ` #`, quotes or begins with a special character in quotes, \
                      or after `>-` on a line of its own";
const INDENT: &str =
    "indent the line like the line that it belongs to; a value has one anchor and one tag";
const TAGS: &str = "remove the tag, and write a text in quotes";
const ESCAPES: &str = "write the character itself, and a backslash twice; in single quotes a backslash stands for \
                       itself";
const DIRECTIVES: &str = "remove the line that begins with `%`";
const ON_ONE_LINE: &str = "write a key on one line, followed by a colon and a space";
const CLOSE_TEXT: &str = "end the text with the quote that it begins with, and indent its lines; in single quotes, \
                          `'` is written twice";
const CLOSE: &str =
    "close each bracket, write commas between the entries and a space after each colon";
const JSON_TEXT: &str = "write `\\n` for a line break, `\\t` for a tab and `\\\\` for a backslash";

/// The advice for a message that contains a text. If a message contains several of the texts, the first one
/// decides.
const ADVICE: [(&str, &str); 60] = [
    // Of the reader in this program.
    (
        MERGE,
        "write the keys that it merges into the mapping itself; an alias (`*name`) may stand for a whole value",
    ),
    (TWICE, "remove one of the two, or give it another name"),
    (NOT_FINITE, "write it in quotes if it is a text"),
    (
        SEVERAL,
        "keep one document: remove the line `---` or `...` and the other documents",
    ),
    (KEY, "write a text before the colon"),
    (
        CYCLE,
        "write the value out, or refer to a schema with `$ref`",
    ),
    (TAG, TAGS),
    (MISFIT, "remove the tag, or correct the value"),
    (
        "nested in each other",
        "describe the inner part as a schema of its own, and refer to it",
    ),
    (
        "the document contains more than",
        "remove examples, and parts that the client does not need",
    ),
    // Of the parser of YAML.
    ("found a tab", TABS),
    ("with a tab", TABS),
    ("tabs disallowed", TABS),
    ("tab cannot be used", TABS),
    (
        "must be followed by a valid YAML whitespace",
        "write a space after the colon instead of a tab",
    ),
    (
        "did not find expected node content",
        "remove the comma without a value before it, or write the value",
    ),
    (
        "found unknown anchor",
        "define the anchor with `&name` before it, or write a text in quotes",
    ),
    (
        "while scanning an anchor or alias",
        "write a name directly after `&` or `*`, or a text in quotes",
    ),
    ("TAG directive", DIRECTIVES),
    ("tag directive", DIRECTIVES),
    ("scanning TAG", DIRECTIVES),
    ("directive", DIRECTIVES),
    ("document start", DIRECTIVES),
    ("document-start", DIRECTIVES),
    ("incompatible YAML document", DIRECTIVES),
    ("handle wasn't declared", TAGS),
    ("ing a tag", TAGS),
    ("verbatim tag", TAGS),
    ("global tag", TAGS),
    (
        "byte order mark",
        "remove the invisible character U+FEFF there",
    ),
    ("found unexpected end of stream", CLOSE_TEXT),
    ("unexpected document indicator", CLOSE_TEXT),
    ("indentation in quoted scalar", CLOSE_TEXT),
    ("trailing content", QUOTES),
    ("unknown escape character", ESCAPES),
    ("expected hexadecimal number", ESCAPES),
    ("Unicode character escape code", ESCAPES),
    ("block mapping, did not find expected key", INDENT),
    (
        "did not find expected '-' indicator",
        "begin the line with `- ` if it is an item of the list, and indent it less if it is a key beside the list",
    ),
    (
        "mapping values are not allowed",
        "indent the line like the line that it belongs to, write a space after the colon of a key, and a text that contains `: ` in quotes",
    ),
    (
        "not allowed in this context",
        "begin the list or the mapping on a line of its own",
    ),
    (
        "only valid inside a block",
        "write a list in brackets as `[a, b]`, and a text in quotes",
    ),
    ("expected ',' or ']'", CLOSE),
    ("expected ',' or '}'", CLOSE),
    (
        "misplaced bracket",
        "remove the bracket, or write a text that contains it in quotes",
    ),
    (
        "invalid indentation",
        "indent the lines in brackets deeper than the key before them",
    ),
    ("unexpected character", QUOTES),
    ("comments must be separated", QUOTES),
    ("comment intercepting", QUOTES),
    ("plain scalar", QUOTES),
    ("simple key", ON_ONE_LINE),
    ("':'", QUOTES),
    (
        "block scalar",
        "write nothing but `+`, `-` or a digit from 1 to 9 after `|` or `>`, and indent the lines of the text alike",
    ),
    // Of the parser of JSON.
    (
        "EOF while parsing",
        "close what is open at the end of the file: quotes, braces and brackets",
    ),
    (
        "trailing comma",
        "remove the comma before the closing bracket",
    ),
    ("key must be a string", "write the key in double quotes"),
    ("control character", JSON_TEXT),
    ("escape", JSON_TEXT),
    (
        "number out of range",
        "write a number that JSON readers can hold, or remove the limit",
    ),
    (
        "trailing characters",
        "keep one document, and close each bracket once",
    ),
];

/// What to do about a message of a parser.
pub(super) fn advice(what: &str) -> &'static str {
    let mut known = ADVICE.iter().filter(|(part, _)| what.contains(part));
    known.next().map_or(
        "compare the line with those around it: indentation, quotes, commas and brackets",
        |(_, advice)| advice,
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::contract::source;

    /// Texts that are refused, and the same texts after the advice.
    const YAML: [(&str, &str); 78] = [
        ("x: [a, , b]", "x: [a, b]"),
        ("x: {a: 1, , b: 2}", "x: {a: 1, b: 2}"),
        ("x: [, a]", "x: [a]"),
        ("x: [, a]", "x: ['', a]"),
        ("x:\n\ta: 1", "x:\n  a: 1"),
        ("x:\n  a: 1\n\tb: 2", "x:\n  a: 1\n  b: 2"),
        ("x:\ty", "x: y"),
        ("x: {\n\ta: 1\n}", "x: {\n  a: 1\n}"),
        ("x: |\n\ta", "x: |\n  a"),
        ("x: 1\nx: 2", "x: 1\ny: 2"),
        ("x: 1\n'x': 2", "x: 1"),
        ("200: 1\n'200': 2", "200: 1"),
        ("x: {a: 1, a: 2}", "x: {a: 1, b: 2}"),
        ("a: &a {b: 1}\nx: {<<: *a}", "a: &a {b: 1}\nx: {b: 1}"),
        ("a: &a {b: 1}\nx:\n  <<: *a\n  c: 1", "a: &a {b: 1}\nx: *a"),
        ("x: &a [*a]", "x: [[]]"),
        ("x: &a {y: *a}", "x: {y: {$ref: '#/x'}}"),
        ("x: *gone", "a: &gone 1\nx: *gone"),
        ("x: *gone", "x: '*gone'"),
        ("x: &", "x: &a 1"),
        ("x: * a", "x: '* a'"),
        ("x: &a &b c", "x: &a c"),
        ("x: &a 1\ny: &b *a", "x: &a 1\ny: *a"),
        ("x: !!str !!str c", "x: !!str c"),
        ("x: !!binary aGk=", "x: 'aGk='"),
        ("x: !mine a", "x: a"),
        ("x: !!set {a, b}", "x: {a, b}"),
        ("x: !!timestamp 2001-01-01", "x: '2001-01-01'"),
        ("x: !e!tag a", "x: a"),
        ("x: !<tag a", "x: a"),
        ("x: !a%ZZ b", "x: b"),
        ("x: !!int a", "x: a"),
        ("x: !!bool 1", "x: !!bool true"),
        ("x: 1\n---\ny: 2", "x: 1"),
        ("x: 1\n...\ny: 2", "x: 1"),
        ("x: a\u{feff}b", "x: ab"),
        ("x: \"abc", "x: \"abc\""),
        ("x: 'abc", "x: 'abc'"),
        ("x: 'it's'", "x: 'it''s'"),
        ("x: 'it's'", "x: \"it's\""),
        ("x: 'a' b", "x: \"'a' b\""),
        ("x: 'a'#b", "x: \"'a'#b\""),
        ("x: 'a\n---\nb'", "x: 'a\n  ---\n  b'"),
        ("x: \"\\q\"", "x: \"\\\\q\""),
        ("x: \"\\q\"", "x: '\\q'"),
        ("x: \"\\xZZ\"", "x: \"\\\\xZZ\""),
        ("x: \"\\ud800\"", "x: \"\u{1f600}\""),
        ("x:\n    a: 1\n  b: 2", "x:\n    a: 1\n    b: 2"),
        ("x:\n  a: 1\n   b: 2", "x:\n  a: 1\n  b: 2"),
        ("x:\n  - a\n - b", "x:\n  - a\n  - b"),
        ("x:\n  - a\n  b: 1", "x:\n  - a\n  - b: 1"),
        ("x:\n  - a\n  b: 1", "x:\n  - a\nb: 1"),
        ("x: a: b", "x: 'a: b'"),
        ("description: Note: this", "description: >-\n  Note: this"),
        ("x: - a", "x:\n  - a"),
        ("x: {y:\n  - a\n  }", "x: {y: [a]}"),
        ("x: [a, b", "x: [a, b]"),
        ("x: {a: 1\ny: 2", "x: {a: 1}\ny: 2"),
        ("x: {a: [1, 2}", "x: {a: [1, 2]}"),
        ("x: [a: b: c]", "x: [{a: 'b: c'}]"),
        ("x: [a]]", "x: [a]"),
        ("x: {\na: 1\n}", "x: {\n  a: 1\n}"),
        ("x: @a", "x: '@a'"),
        ("x: `a`", "x: '`a`'"),
        ("x: %a", "x: '%a'"),
        ("? [a]\n: b", "a: b"),
        ("x: {[a]: b}", "x: {a: b}"),
        ("x: |9x\n  a", "x: |\n  a"),
        ("x: |0\n  a", "x: |1\n  a"),
        ("x: | a\n  b", "x: |\n  a\n  b"),
        ("x: >\n    a\n  b", "x: >\n    a\n    b"),
        ("x\ny: 1", "x:\ny: 1"),
        ("a: 1\nx\ny: 1", "a: 1\nx:\ny: 1"),
        ("a: 1\nx:1\ny: 2", "a: 1\nx: 1\ny: 2"),
        ("x:1\ny: 2", "x: 1\ny: 2"),
        ("a\n b: 1", "a b: 1"),
        ("x: .inf", "x: '.inf'"),
        ("%FOO\n", "x: 1"),
    ];

    /// The same in JSON.
    const JSON: [(&str, &str); 11] = [
        ("{\"a\": 1,}", "{\"a\": 1}"),
        ("{\"a\": [1", "{\"a\": [1]}"),
        ("{\"a\": \"b", "{\"a\": \"b\"}"),
        ("{a: 1}", "{\"a\": 1}"),
        ("{\"a\": \"b\tc\"}", "{\"a\": \"b\\tc\"}"),
        ("{\"a\": \"\\q\"}", "{\"a\": \"\\\\q\"}"),
        ("{\"a\": 1} {}", "{\"a\": 1}"),
        ("{\"a\": 1, \"a\": 2}", "{\"a\": 1, \"b\": 2}"),
        ("{\"a\" 1}", "{\"a\": 1}"),
        ("{\"a\": 010}", "{\"a\": 10}"),
        ("{\"a\": 1e999}", "{\"a\": 1e99}"),
    ];

    fn read(file: &str, text: &str) -> Result<(), String> {
        let read = source::parse(Path::new(file), text.to_owned());
        read.map(drop).map_err(|problem| problem.to_string())
    }

    #[test]
    fn each_advice_makes_a_refused_text_readable() {
        let mut shown = BTreeSet::new();
        let deep = "[".repeat(200) + &"]".repeat(200);
        let many = format!("x: [{}]", "1,".repeat(300_000));
        let large = [(deep.as_str(), "x: {$ref: '#/inner'}"), (&*many, "x: []")];
        let yaml = YAML.iter().chain(&large).map(|pair| ("a.yaml", pair));
        let json = JSON.iter().map(|pair| ("a.json", pair));
        for (file, (refused, fixed)) in yaml.chain(json) {
            let Err(message) = read(file, refused) else {
                panic!("{refused:?} is accepted");
            };
            let (fault, help) = message.split_once("\n  help: ").expect(&message);
            assert!(fault.starts_with(&format!("{file}:")), "{message}");
            let line = fault.split(':').nth(1).expect("a line");
            assert!(line.parse::<usize>().is_ok(), "{message}");
            assert_eq!(read(file, fixed), Ok(()), "{help}");
            shown.insert(help.to_owned());
        }
        let hidden = ADVICE.iter().filter(|(_, help)| !shown.contains(*help));
        let hidden: Vec<_> = hidden.collect();
        assert!(hidden.is_empty(), "{hidden:#?}");
    }
}
