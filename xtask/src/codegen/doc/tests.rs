use proptest::prelude::*;

use super::*;

#[path = "../../../tests/support/rendered.rs"]
#[allow(unreachable_pub, reason = "the tests of the command include it too")]
mod rendered;

use rendered::{faults, shown};

fn prose(text: &str) -> String {
    Doc::prose(text).text()
}

/// The text without spaces and list markers, which are layout.
fn letters(text: &str) -> String {
    let markers = ['-', '+', '*', '.', ')', '`', '~', '\\'];
    text.chars()
        .filter(|c| !c.is_whitespace() && !markers.contains(c) && !c.is_ascii_digit())
        .collect()
}

#[test]
fn lists_links_and_code_of_a_description_are_kept_unchanged() {
    for text in [
        "One of:\n\n* a\n* b",
        "- a\n  - b\n\n1. c\n2) d",
        "See <https://a.example/b>.",
        "Some `code` and ``a ` b``, snake_case, R&D, 5 < 6",
        "Two\nlines.",
    ] {
        let expected = text.replace("5 < 6", "5 \\< 6");
        assert_eq!(prose(text), expected);
    }
    assert_eq!(
        prose("See https://a.example/b."),
        "See <https://a.example/b>."
    );
}

#[test]
fn a_code_block_becomes_lines_of_inline_code_and_its_text_is_shown() {
    let text = "Lists things. Example:\n\n```\ncurl -H \"Token $T\" https://a.example/things\n\n  | jq `x`\n```\n\nand the answer:\n\n    {\"results\": []}\n    {}\n\nEnd.";
    assert_eq!(
        prose(text),
        "Lists things. Example:\n\n`curl -H \"Token $T\" https://a.example/things`\n\n``   | jq `x` ``\n\nand the answer:\n\n`{\"results\": []}`\\\n`{}`\n\nEnd."
    );
    assert_eq!(prose("~~~sh\na\nb\n~~~\nc"), "`a`\\\n`b`\n\nc");
    assert_eq!(prose("a\n\n```rust ignore\nb"), "a\n\n`rust ignore`\\\n`b`");
}

#[test]
fn characters_with_a_meaning_in_markdown_are_escaped() {
    for (text, expected) in [
        ("# a", "\\# a"),
        ("a\n===", "a\n\\==="),
        ("a\n---", "a\n\\-\\-\\-"),
        ("> ```\n> a", "\\> \\`\\`\\`\n\\> a"),
        ("- > a", "- \\> a"),
        ("- - ```", "- \\- \\`\\`\\`"),
        ("1.", "1\\."),
        ("<b>x</b>", "\\<b>x\\</b>"),
        ("[a](https://b.example)", "\\[a](<https://b.example>)"),
        ("[`Vec`] and [x]: y", "\\[`Vec`] and \\[x]: y"),
        ("![a][b]", "!\\[a]\\[b]"),
        ("*a* **b** _c_ ~d~", "\\*a\\* \\*\\*b\\*\\* \\_c\\_ \\~d\\~"),
        ("&lt; & &#60;", "\\&lt; & \\&#60;"),
        ("a \\* b \\c", "a \\\\\\* b \\c"),
        ("|a|b|\n|-|-|", "\\|a\\|b\\|\n\\|-\\|-\\|"),
        ("a ` b", "a \\` b"),
        ("a\u{202e}b\u{0}", "a\\u{202e}b\\u{0}"),
        ("a\rb", "a\nb"),
    ] {
        assert_eq!(prose(text), expected, "{text:?}");
        assert_eq!(faults(expected, &[]), [""; 0], "{text:?}");
    }
}

#[test]
fn a_value_is_code_between_enough_backticks() {
    for (value, expected) in [
        ("a", "`a`"),
        ("", "`\"\"`"),
        ("`", "`` ` ``"),
        ("a``b", "```a``b```"),
        (" a ", "`  a  `"),
        (
            "none\n\n```\nx()\n```\n",
            "````none\\n\\n```\\nx()\\n```\\n````",
        ),
    ] {
        let text = Doc::of(Line::new("Is ").code(value).text(".")).text();
        assert_eq!(text, format!("Is {expected}."));
    }
}

#[test]
fn a_sentence_ends_with_a_full_stop() {
    assert_eq!(Doc::sentence("a").text(), "a.");
    assert_eq!(Doc::sentence("a?").text(), "a?");
    assert_eq!(Doc::sentence("a `b`").text(), "a `b`.");
    assert_eq!(Doc::sentence("* a\n* b").text(), "* a\n* b.");
    assert_eq!(Doc::sentence("```\na\n```").text(), "`a`");
    assert_eq!(Doc::sentence(" \n").text(), "");
}

#[test]
fn lists_of_names_are_spelled_out() {
    let names = |names: &[&str]| Doc::of(Line::default().names(names)).text();
    assert_eq!(names(&["a"]), "`a`");
    assert_eq!(names(&["a", "b"]), "`a` and `b`");
    assert_eq!(
        names(&["a", "b", "c", "d", "e"]),
        "`a`, `b`, `c`, `d` and `e`"
    );
}

#[test]
fn an_item_of_the_client_is_a_link_unless_its_path_is_no_path() {
    let item = |path: &[&str]| Doc::of(Line::default().item(path)).text();
    assert_eq!(item(&["types", "Thing"]), "[`Thing`](crate::types::Thing)");
    assert_eq!(item(&["types", "Thing)[x"]), "`Thing)[x`");
    assert_eq!(item(&["types", ""]), "`\"\"`");
    let model = |name| Doc::of(Line::new("Returns ").model(name)).text();
    assert_eq!(model("Event"), "Returns an [`Event`](crate::types::Event)");
}

#[test]
fn each_line_is_an_attribute() {
    let attributes = Doc::prose("a\n\nb").attributes().to_string();
    assert_eq!(
        attributes,
        "# [doc = \" a\"] # [doc = \"\"] # [doc = \" b\"]"
    );
}

/// Texts composed of pieces that Markdown interprets.
fn any_text() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        " ",
        "  ",
        "\t",
        "\n",
        "\n\n",
        "\n    ",
        "\r",
        "\r\n",
        "`",
        "``",
        "```",
        "\n```\n",
        "\n~~~\n",
        "~",
        "<",
        ">",
        "https://a.example/",
        "http://",
        "[",
        "](",
        "]",
        ")",
        "(",
        "|",
        "\n|-|-|\n",
        "-",
        "\n---\n",
        "\n===\n",
        "*",
        "**",
        "_",
        "#",
        "\n# ",
        "\n## ",
        "=",
        "&",
        "&amp;",
        "&#60;",
        ";",
        "\\",
        "!",
        ":",
        "\n: ",
        "1.",
        "\n1. ",
        "a",
        "b",
        "ö",
        "\n- ",
        "\n> ",
        "\n> > ",
        "<b>",
        "</b>",
        "<!--",
        "-->",
        "<?",
        "[^1]",
        "[^1]: ",
        "[x]",
        "[ ] ",
        "\u{202e}",
        "\u{0}",
        "\u{85}",
        "\u{2028}",
        "\u{a0}",
        "\u{c}",
        "`a`",
        "mailto:a@b.c",
        "<a@b.c>",
        "www.a.example",
        "::",
        "$",
        "^",
        "{",
        "}",
        "'",
        "\"",
        "/",
        "%",
    ];
    let piece = prop_oneof![
        9 => prop::sample::select(PIECES).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_text_becomes_markup_and_all_of_it_is_shown(text in any_text()) {
        let markdown = Doc::sentence(&text).text();
        prop_assert_eq!(faults(&markdown, &[]), Vec::<String>::new(), "{:?}", markdown);
        // The text after a fence is the name of a language, which is not shown.
        if !text.contains("```") && !text.contains("~~~") {
            let mut expected = String::new();
            let plain = text.replace(['\r', '\t', '\n'], " ");
            plain.chars().for_each(|c| crate::text::push_visible(c, &mut expected));
            // Markdown shows `<https://a.example>` without its brackets.
            let has_link = text.contains("<http");
            let letters = |text: &str| {
                let letters = letters(text);
                if has_link { letters.replace(['<', '>'], "") } else { letters }
            };
            prop_assert_eq!(letters(&shown(&markdown)), letters(&expected), "{:?}", markdown);
        }
    }

    #[test]
    fn no_value_becomes_markup_and_all_of_it_is_shown(value in any_text()) {
        let markdown = Doc::of(Line::new("Is ").code(&value).text(" at last.")).text();
        prop_assert_eq!(faults(&markdown, &[]), Vec::<String>::new(), "{:?}", markdown);
        let mut expected = String::new();
        value.chars().for_each(|c| crate::text::push_visible(c, &mut expected));
        if expected.is_empty() {
            expected.push_str("\"\"");
        }
        let shown = shown(&markdown);
        prop_assert!(shown.contains(&expected), "{:?}", markdown);
    }

    #[test]
    fn one_line_stays_one(text in any_text()) {
        let line = Doc::sentence(&text).in_one_line();
        let item = Line::default().code("a").text(": ").then(line);
        let markdown = Doc::default().list("Parameters", vec![item]).text();
        prop_assert_eq!(faults(&markdown, &["Parameters"]), Vec::<String>::new(), "{:?}", markdown);
        prop_assert_eq!(markdown.lines().count(), 2);
    }
}
