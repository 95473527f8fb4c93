//! The documentation as rustdoc renders it, with the parser and the extensions of rustdoc.

use pulldown_cmark::{Event, Options, Parser, Tag};

fn events(markdown: &str) -> impl Iterator<Item = Event<'_>> {
    Parser::new_ext(
        markdown,
        Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_SMART_PUNCTUATION,
    )
}

/// The faults of generated documentation: code blocks, which are tests; HTML; pictures; links that lead neither
/// into the client nor to the address that they show; headings that are not `known`.
pub fn faults(markdown: &str, known: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut events = events(markdown).peekable();
    while let Some(event) = events.next() {
        match &event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                let shown = match events.peek() {
                    Some(Event::Text(text)) => text.to_string(),
                    _ => String::new(),
                };
                let is_inside = dest_url.starts_with("crate::") || dest_url.starts_with("Self::");
                if !is_inside && shown != **dest_url {
                    faults.push(format!("{shown:?} leads to {dest_url:?}"));
                }
            }
            Event::Start(Tag::Heading { .. }) => {
                let title = match events.peek() {
                    Some(Event::Text(text)) => text.to_string(),
                    other => format!("{other:?}"),
                };
                if !known.contains(&title.as_str()) {
                    faults.push(format!("the heading {title:?}"));
                }
            }
            Event::Start(Tag::Paragraph | Tag::List(_) | Tag::Item)
            | Event::End(_)
            | Event::Text(_)
            | Event::Code(_)
            | Event::SoftBreak
            | Event::HardBreak => {}
            other => faults.push(format!("{other:?}")),
        }
    }
    faults
}

/// The displayed text, without typographic replacements.
pub fn shown(markdown: &str) -> String {
    let mut shown = String::new();
    for event in events(markdown) {
        match event {
            Event::Text(text) | Event::Code(text) => shown.push_str(&text),
            Event::SoftBreak | Event::HardBreak | Event::End(_) => shown.push(' '),
            _ => {}
        }
    }
    shown
        .replace(['\u{2018}', '\u{2019}'], "'")
        .replace(['\u{201c}', '\u{201d}'], "\"")
}
