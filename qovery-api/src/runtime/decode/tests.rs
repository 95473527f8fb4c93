use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::*;

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Thing {
    id: Option<uuid::Uuid>,
    count: i64,
    port: Option<u16>,
    ratio: f64,
    tags: Vec<String>,
    labels: BTreeMap<String, Thing>,
    numbered: BTreeMap<u8, bool>,
    children: Vec<Thing>,
    kind: Option<Kind>,
    any: Option<Value>,
    wide: Option<i128>,
    name: Option<Name>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Kind {
    #[serde(rename = "PLAIN")]
    Plain,
    Holding(u8),
    Both(u8, u8),
    Fields {
        a: u8,
    },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Name(String);

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "only decoded")]
struct Strict {
    id: uuid::Uuid,
}

fn thing(value: Value) -> Thing {
    decode_strictly(value.to_string().as_bytes()).unwrap()
}

fn fault<T: DeserializeOwned>(value: Value) -> (String, String) {
    let Err(error) = decode_strictly::<T>(value.to_string().as_bytes()) else {
        panic!("{value} was decoded");
    };
    assert!(!error.is_syntax());
    (error.path().to_owned(), error.message().to_owned())
}

#[test]
fn integers_may_be_written_with_an_empty_fraction() {
    let value = thing(json!({"count": -3.0, "port": 80.0, "wide": 1e20, "ratio": 1}));
    assert_eq!((value.count, value.port, value.ratio), (-3, Some(80), 1.0));
    assert_eq!(value.wide, Some(100_000_000_000_000_000_000));
}

#[test]
fn a_number_outside_of_the_integer_type_is_refused() {
    for number in [
        json!(1.5),
        json!(1e300),
        json!(70000.0),
        json!(-1.0),
        json!(70000),
    ] {
        let (path, message) = fault::<Thing>(json!({"port": number}));
        assert_eq!(path, "port");
        assert!(
            message.contains("u16") || message.contains("number"),
            "{message}"
        );
    }
}

#[test]
fn a_fraction_is_cut_off_and_a_number_that_is_too_large_becomes_the_largest() {
    for (number, wanted) in [
        ("1.5", 1),
        ("79.99999", 79),
        ("1e300", u16::MAX),
        ("70000", u16::MAX),
        ("-1.0", 0),
        ("-0.5", 0),
        ("123456789012345678901234567890", u16::MAX),
    ] {
        let read: Thing = decode(format!(r#"{{"port": {number}}}"#).as_bytes()).unwrap();
        assert_eq!(read.port, Some(wanted), "{number}");
        assert!(decode_strictly::<Thing>(format!(r#"{{"port": {number}}}"#).as_bytes()).is_err());
    }
    let read: Thing = decode(br#"{"count": -16797215.18, "ratio": 1e400}"#).unwrap();
    assert_eq!((read.count, read.ratio), (-16_797_215, f64::MAX));
    for wrong in [
        r#"{"port": "7"}"#,
        r#"{"port": true}"#,
        r#"{"count": null}"#,
    ] {
        assert!(decode::<Thing>(wrong.as_bytes()).is_err(), "{wrong}");
    }
}

#[test]
fn invalid_unicode_is_replaced_and_does_not_fail_the_body() {
    let read: Vec<String> = decode(br#"["a\ud800", "\udc00\u0041", "b"]"#).unwrap();
    assert_eq!(read, ["a\u{fffd}", "\u{fffd}A", "b"]);
    let read: BTreeMap<String, u8> = decode(br#"{"\ud800": 1, "b": 2}"#).unwrap();
    assert_eq!(read["\u{fffd}"], 1);
    let read: Value = decode(br#"{"a": ["\ud800"]}"#).unwrap();
    assert_eq!(read, json!({"a": ["\u{fffd}"]}));
    let read: Vec<String> = decode(b"[\"a\xff\", \"b\"]").unwrap();
    assert_eq!(read, ["a\u{fffd}", "b"]);
    for body in [&br#"["\ud800"]"#[..], b"[\"\xff\"]"] {
        assert!(decode_strictly::<Vec<String>>(body).is_err());
    }
}

#[test]
fn null_is_an_empty_list_or_map() {
    let value = thing(json!({"tags": null, "labels": {"a": {"children": null}}, "numbered": null}));
    assert_eq!(value.tags, Vec::<String>::new());
    assert_eq!(value.labels["a"], Thing::default());
}

#[test]
fn null_in_a_field_is_an_object_all_of_whose_fields_may_be_absent() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Holder {
        #[serde(default)]
        thing: Thing,
    }
    let holder: Holder = decode(br#"{"thing": null}"#).unwrap();
    assert_eq!(holder.thing, Thing::default());
    let (path, message) = fault::<BTreeMap<String, Strict>>(json!({"a": null}));
    assert_eq!(path, "a");
    assert_eq!(message, "expected struct Strict, found null");
}

#[test]
fn a_list_of_one_object_stands_for_the_object() {
    assert_eq!(thing(json!([{"count": 3}])), thing(json!({"count": 3})));
    for list in [json!([{}, {}]), json!([1]), json!([[{}]])] {
        assert_eq!(fault::<Thing>(list).0, "");
    }
    let (path, _) = fault::<Thing>(json!([{"count": "x"}]));
    assert_eq!(path, "[0].count");
}

#[test]
fn null_is_not_a_text_number_or_document() {
    assert_eq!(
        fault::<Thing>(json!({"count": null})),
        ("count".to_owned(), "expected i64, found null".to_owned())
    );
    assert_eq!(fault::<Thing>(json!({"tags": ["a", null]})).0, "tags[1]");
    assert_eq!(fault::<Thing>(json!(null)).0, "");
}

#[test]
fn the_path_leads_to_the_wrong_value() {
    let value = json!({"children": [{}, {"labels": {"my key": {"children": [{"count": "x"}]}}}]});
    let (path, message) = fault::<Thing>(value);
    assert_eq!(path, r#"children[1].labels["my key"].children[0].count"#);
    assert_eq!(message, "expected i64, found a text");
    let (path, message) = fault::<Vec<Strict>>(json!([{}]));
    assert_eq!(
        (path.as_str(), message.as_str()),
        ("[0]", "the field `id` is missing")
    );
}

#[test]
fn the_text_of_the_document_is_not_repeated() {
    for value in [
        json!({"count": "s3cret"}),
        json!({"id": "s3cret"}),
        json!({"kind": "s3cret"}),
        json!({"port": {"s3cret": 1}}),
    ] {
        let (_, message) = fault::<Thing>(value);
        assert!(!message.contains("s3cret"), "{message}");
    }
}

#[test]
fn keys_and_enums_are_read_in_the_forms_of_serde() {
    let value = thing(json!({
        "count": 1.0,
        "numbered": {"7": true},
        "name": "n",
        "any": {"a": [1.0, null]},
        "children": [
            {"kind": "PLAIN"}, {"kind": {"Holding": 1.0}}, {"kind": {"Both": [1, 2]}},
            {"kind": {"Fields": {"a": 1}}},
        ],
    }));
    assert!(value.numbered[&7]);
    assert_eq!(value.name, Some(Name("n".to_owned())));
    assert_eq!(value.any, Some(json!({"a": [1.0, null]})));
    let kinds: Vec<_> = value
        .children
        .into_iter()
        .flat_map(|child| child.kind)
        .collect();
    let wanted = [
        Kind::Plain,
        Kind::Holding(1),
        Kind::Both(1, 2),
        Kind::Fields { a: 1 },
    ];
    assert_eq!(kinds, wanted);
    assert_eq!(
        fault::<Thing>(json!({"kind": {"Holding": "x"}})).0,
        "kind.Holding"
    );
    assert_eq!(
        fault::<Thing>(json!({"numbered": {"x": true}})).0,
        "numbered.x"
    );
    assert_eq!(fault::<Thing>(json!({"kind": {}})).0, "kind");
}

#[test]
fn a_byte_order_mark_is_ignored() {
    assert_eq!(decode::<u8>(b"\xEF\xBB\xBF7").unwrap(), 7);
}

#[test]
fn a_body_that_is_not_json_is_described_by_its_form() {
    for (body, wanted) in [
        ("", "empty"),
        (" \n", "empty"),
        ("<html>", "HTML"),
        ("hello", "not a JSON document"),
        ("{\"a\":", "not a JSON document"),
        ("7 8", "not a JSON document"),
    ] {
        let error = decode::<u8>(body.as_bytes()).unwrap_err();
        assert!(error.is_syntax(), "{body}");
        assert!(error.to_string().contains(wanted), "{body}: {error}");
    }
}

#[test]
fn depth_is_bounded() {
    let deep = format!("{}{}", r#"{"children":["#.repeat(5000), "]}".repeat(5000));
    let error = decode::<Thing>(deep.as_bytes()).unwrap_err();
    assert!(error.message().contains("nested too deeply"), "{error}");
    let fits = format!("{}{}", r#"{"children":["#.repeat(60), "]}".repeat(60));
    let with_fault = fits.replacen("[]", r#"[{"count":null}]"#, 1);
    let error = decode::<Thing>(with_fault.as_bytes()).unwrap_err();
    assert!(error.path().ends_with("children[0].count"), "{error}");
}

#[test]
fn a_fault_keeps_its_path_when_it_passes_through_another_error() {
    use serde::de::Error as _;
    let inner = Fault::new("wrong").in_item(3).in_field("a");
    let outer = Fault::custom(&inner).in_field("b");
    assert_eq!(
        (outer.path().as_str(), outer.message()),
        ("b.a[3]", "wrong")
    );
    assert_eq!(serde_json::Error::custom(&inner).to_string(), "a[3]: wrong");
    assert_eq!(Fault::custom("\u{0}fault:{").message(), r"\u{0}fault:{");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z\\-0-9\u{0}é]{0,12}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("id"),
        Just("count"),
        Just("port"),
        Just("tags"),
        Just("labels"),
        Just("numbered"),
        Just("children"),
        Just("kind"),
        Just("any"),
        Just("wide"),
        Just("name"),
        Just("Holding"),
        Just("Both"),
        Just("Fields"),
        Just("other")
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name.clone().prop_map(String::from), inner, 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_document_and_no_bytes_cause_a_panic(
        value in any_json(),
        bytes in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let _ = decode::<Thing>(value.to_string().as_bytes());
        let _ = decode::<Thing>(&bytes);
        let _ = decode_strictly::<Thing>(&bytes);
    }

    // serde_json accepts a list in place of a struct, which is never intended: only there do the two differ.
    #[test]
    fn lenient_decoding_does_not_change_valid_documents(value in any_json()) {
        if let Ok(wanted) = serde_json::from_value::<Thing>(value.clone()) {
            let text = value.to_string();
            for mode in [DecodeMode::Exact, DecodeMode::Strict, DecodeMode::Lenient] {
                match Thing::deserialize(TextDeserializer::new(&text, mode)) {
                    Ok(ours) => prop_assert_eq!(&ours, &wanted),
                    Err(fault) => prop_assert!(fault.message().ends_with("found a list")),
                }
            }
        }
    }

    #[test]
    fn strict_decoding_accepts_only_documents_that_serde_json_accepts(value in any_json()) {
        let text = value.to_string();
        if let Ok(ours) = Thing::deserialize(TextDeserializer::new(&text, DecodeMode::Exact)) {
            prop_assert_eq!(serde_json::from_value::<Thing>(value).unwrap(), ours);
        }
    }
}
