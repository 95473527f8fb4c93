//! Known media types: how a body of each one is written and read.

use super::read::Reader;
use super::schema::{Kind, Schema};
use crate::codegen::model::BodyKind;

/// Notes that a text is passed on as it is, although its schema says more.
pub(crate) fn note_text(reader: &Reader<'_>, media: &str, schema: &Schema) {
    if matches!(
        schema.kind,
        Kind::Object(_)
            | Kind::List(_)
            | Kind::Map(_)
            | Kind::Union(_)
            | Kind::AllOf(_)
            | Kind::Ref(_)
    ) {
        let what = format!("a value of `{media}` is passed on as text: its schema is not followed");
        reader.remark(&schema.pointer, what);
    }
}

/// How a body of this media type is written, or nothing if the client cannot write one.
pub(crate) fn kind(media: &str) -> Option<BodyKind> {
    let essence = essence(media);
    match essence.as_str() {
        media if is_json(media) => Some(BodyKind::Json),
        "application/x-www-form-urlencoded" => Some(BodyKind::Form),
        media if is_text(media) => Some(BodyKind::Text),
        media if media.starts_with("multipart/") => None,
        _ => Some(BodyKind::Bytes),
    }
}

/// A media type without its parameters, in lower case.
pub(crate) fn essence(media: &str) -> String {
    media
        .split(';')
        .next()
        .unwrap_or(media)
        .trim()
        .to_ascii_lowercase()
}

/// Whether a media type is JSON, or any type: an API that declares `*/*` here uses JSON.
pub(crate) fn is_json(media: &str) -> bool {
    let media = essence(media);
    matches!(
        media.as_str(),
        "application/json" | "text/json" | "*/*" | "application/*"
    ) || media.ends_with("+json")
}

/// Whether a media type is text that is passed on as it is.
pub(crate) fn is_text(media: &str) -> bool {
    let media = essence(media);
    let known = [
        "application/yaml",
        "application/x-yaml",
        "application/xml",
        "application/toml",
        "application/x-ndjson",
        "application/graphql",
        "application/javascript",
    ];
    media.starts_with("text/")
        || known.contains(&media.as_str())
        || media.ends_with("+yaml")
        || media.ends_with("+xml")
}

/// Whether a text is a valid media type and header value.
pub(crate) fn is_media_type(text: &str) -> bool {
    let essence = essence(text);
    let is_plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let (kind, subtype) = essence.split_once('/').unwrap_or_default();
    is_plain && is_token(kind) && is_token(subtype)
}

/// Whether this is a range such as `text/*`, which no body can have.
pub(crate) fn is_range(media: &str) -> bool {
    essence(media).contains('*')
}

/// The media type of a body of this declared one.
pub(crate) fn sent(media: &str, kind: BodyKind) -> String {
    if !is_range(media) {
        return media.trim().to_owned();
    }
    let sent = match kind {
        BodyKind::Json => "application/json",
        BodyKind::Form => "application/x-www-form-urlencoded",
        BodyKind::Text => "text/plain",
        BodyKind::Bytes => "application/octet-stream",
    };
    sent.to_owned()
}

/// Whether a text can be the name of a header or of a cookie, or a part of a media type.
pub(crate) fn is_token(text: &str) -> bool {
    let is_mark = |byte| b"!#$%&'*+-.^_`|~".contains(&byte);
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || is_mark(byte);
    !text.is_empty() && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_media_type_has_one_way_to_be_written() {
        for (media, wanted) in [
            ("application/json", Some(BodyKind::Json)),
            (
                "Application/Merge-Patch+JSON; charset=utf-8",
                Some(BodyKind::Json),
            ),
            ("application/vnd.things.v2+json", Some(BodyKind::Json)),
            ("*/*", Some(BodyKind::Json)),
            ("application/x-www-form-urlencoded", Some(BodyKind::Form)),
            ("text/csv", Some(BodyKind::Text)),
            ("application/vnd.x+yaml", Some(BodyKind::Text)),
            ("application/octet-stream", Some(BodyKind::Bytes)),
            ("image/*", Some(BodyKind::Bytes)),
            ("multipart/form-data", None),
        ] {
            assert_eq!(kind(media), wanted, "{media}");
        }
    }

    #[test]
    fn no_range_is_sent_and_nothing_that_a_header_cannot_hold() {
        assert_eq!(sent("*/*", BodyKind::Json), "application/json");
        assert_eq!(sent("text/*", BodyKind::Text), "text/plain");
        assert_eq!(sent("image/*", BodyKind::Bytes), "application/octet-stream");
        assert_eq!(
            sent("text/csv; header=present", BodyKind::Text),
            "text/csv; header=present"
        );
        assert!(is_media_type("application/vnd.a-b_c.v2+json; q=\"1\""));
        for text in ["json", "", "a/", "a/b c", "a/b;\u{e9}", "a/b\n", "a/b/c"] {
            assert!(!is_media_type(text), "{text:?}");
        }
    }
}
