#![allow(
    unreachable_pub,
    dead_code,
    reason = "models are public, and these are not"
)]

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::runtime::model;
use crate::{ExtraFields, ModelExt, Patch, SecretText, decode, decode_strictly};

#[derive(Clone, PartialEq)]
struct Thing {
    id: u32,
    name: Option<String>,
    at: Option<DateTime<Utc>>,
    password: SecretText,
    parts: Vec<Part>,
    note: Patch<String>,
    __extra: ExtraFields,
}

impl model::Model for Thing {
    model::extra_fields!();
    const NAME: &'static str = "Thing";
    const FIELDS: &'static [&'static str] = &["id", "name", "at", "password", "parts", "note"];
    const REQUIRED: u128 = 0b001001;
    fn read<'de, D: model::MapAccess<'de>>(
        &mut self,
        field: usize,
        from: &mut D,
    ) -> Result<(), D::Error> {
        match field {
            0 => model::value(&mut self.id, from),
            1 => model::value(&mut self.name, from),
            2 => model::time(&mut self.at, from),
            3 => model::value(&mut self.password, from),
            4 => model::list(&mut self.parts, from),
            _ => model::value(&mut self.note, from),
        }
    }
    fn visit<V: model::Visit>(&self, to: &mut V) {
        to.always("id", &self.id);
        to.always("name", &self.name);
        to.given("at", &self.at);
        to.always("password", &self.password);
        to.given("parts", &self.parts);
        to.given("note", &self.note);
    }
}

model::through_fields!(Thing, [id, name, at, password, parts, note], [parts]);

#[derive(Clone, PartialEq)]
struct Part {
    weight: Option<f64>,
    extra: BTreeMap<String, Value>,
    __extra: ExtraFields,
}

impl model::Model for Part {
    model::extra_fields!();
    const NAME: &'static str = "Part";
    const FIELDS: &'static [&'static str] = &["weight"];
    const REQUIRED: u128 = 0b0;
    const KEEPS_EXTRA: bool = true;
    fn read<'de, D: model::MapAccess<'de>>(
        &mut self,
        _: usize,
        from: &mut D,
    ) -> Result<(), D::Error> {
        model::value(&mut self.weight, from)
    }
    fn read_extra<'de, D: model::MapAccess<'de>>(
        &mut self,
        name: String,
        from: &mut D,
    ) -> Result<(), D::Error> {
        model::extra(&mut self.extra, name, from)
    }
    fn visit<V: model::Visit>(&self, to: &mut V) {
        to.given("weight", &self.weight);
        to.extra(self.extra.iter());
    }
}

model::through_fields!(Part, [weight, extra], [], Default);

/// A document with all required fields.
fn full() -> Value {
    json!({
        "id": 7,
        "name": "n",
        "at": "2026-01-31T12:00:00Z",
        "password": "hunter2",
        "parts": [{"weight": 1.5, "colour": "red", "size": [1, 2]}],
        "note": null,
    })
}

fn read(document: &Value) -> Thing {
    decode(document.to_string().as_bytes()).unwrap()
}

#[test]
fn a_document_is_written_as_it_was_read() {
    let thing = read(&full());
    assert_eq!(thing.parts[0].extra["colour"], "red");
    assert_eq!(thing.note, Patch::Null);
    assert_eq!(serde_json::to_value(&thing).unwrap(), full());
    // Other deserializers than that of text pass names and values in other ways.
    assert!(serde_json::from_value::<Thing>(full()).unwrap() == thing);
    assert!(serde_json::from_reader::<_, Thing>(full().to_string().as_bytes()).unwrap() == thing);
}

#[test]
fn the_order_of_the_fields_does_not_matter() {
    for document in [
        r#"{"note": null, "parts": [], "password": "p", "at": null, "name": "n", "id": 7}"#,
        r#"{"password": "p", "more": {"id": 1}, "id": 7, "name": "n", "note": null}"#,
    ] {
        let thing: Thing = serde_json::from_str(document).unwrap();
        assert_eq!((thing.id, thing.name.as_deref()), (7, Some("n")));
        assert_eq!(thing.password.expose(), "p");
    }
}

#[test]
fn an_absent_field_is_an_error_only_if_it_is_required() {
    let least = read(&json!({"id": 7, "password": "p"}));
    assert_eq!((least.name, least.at), (None, None));
    assert!(least.parts.is_empty() && least.note.is_absent());
    for (document, field) in [
        (json!({"password": "p"}), "id"),
        (json!({"id": 7, "name": "n"}), "password"),
        (json!({}), "id"),
    ] {
        let error = decode::<Thing>(document.to_string().as_bytes())
            .err()
            .unwrap();
        assert_eq!(error.message(), format!("the field `{field}` is missing"));
    }
}

#[test]
fn a_value_that_does_not_fit_is_found_by_its_path_and_a_value_that_is_not_an_object_is_refused() {
    let document = json!({"id": 7, "password": "p", "parts": [{}, {"weight": "hunter2"}]});
    let error = decode::<Thing>(document.to_string().as_bytes())
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        "parts[1].weight: expected f64, found a text"
    );
    for document in ["7", "[]", "[7, \"n\"]", "null", "\"x\""] {
        let error = decode::<Thing>(document.as_bytes()).err().unwrap();
        assert!(
            error.message().starts_with("expected struct Thing"),
            "{error}"
        );
    }
}

#[test]
fn the_last_of_two_values_counts() {
    let thing: Thing = serde_json::from_str(r#"{"id": 1, "password": "p", "id": 2}"#).unwrap();
    assert_eq!(thing.id, 2);
}

#[test]
fn debug_prints_the_fields_and_no_secret() {
    let printed = format!("{:?}", read(&full()));
    assert_eq!(
        printed,
        "Thing { id: 7, name: Some(\"n\"), at: Some(2026-01-31T12:00:00Z), password: [redacted], \
         parts: [Part { weight: Some(1.5), colour: String(\"red\"), size: Array [Number(1), \
         Number(2)] }], note: Null }"
    );
    assert!(Part::default().extra.is_empty());
}

#[test]
fn an_error_while_writing_is_the_first_one() {
    struct Unwritable;
    impl serde::Serialize for Unwritable {
        fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            let _ = to;
            Err(serde::ser::Error::custom("cannot be written"))
        }
    }
    impl std::fmt::Debug for Unwritable {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Unwritable")
        }
    }
    #[derive(Default)]
    struct Holder {
        __extra: ExtraFields,
    }
    impl model::Model for Holder {
        model::extra_fields!();
        const NAME: &'static str = "Holder";
        const FIELDS: &'static [&'static str] = &["a", "b"];
        const REQUIRED: u128 = 0b00;
        fn visit<V: model::Visit>(&self, to: &mut V) {
            to.always("a", &Unwritable);
            to.always("b", &1);
        }
    }
    model::through_fields!(Holder, [], []);
    let error = serde_json::to_string(&Holder::default()).unwrap_err();
    assert_eq!(error.to_string(), "cannot be written");
}

/// More fields than an integer has bits. Each is read into the field that its name selects.
#[derive(Debug, PartialEq)]
struct Wide([Option<u8>; 131], ExtraFields);

impl model::Field for Wide {
    fn placeholder() -> Self {
        Self([None; 131], ExtraFields::default())
    }
}

impl model::Model for Wide {
    fn extra(&self) -> &ExtraFields {
        &self.1
    }
    fn extra_mut(&mut self) -> &mut ExtraFields {
        &mut self.1
    }
    const NAME: &'static str = "Wide";
    const FIELDS: &'static [&'static str] = &WIDE;
    const REQUIRED: u128 = 1 << 127;
    const REQUIRED_BEYOND: &'static [usize] = &[128, 130];
    fn read<'de, D: model::MapAccess<'de>>(
        &mut self,
        field: usize,
        from: &mut D,
    ) -> Result<(), D::Error> {
        model::value(&mut self.0[field], from)
    }
}

const WIDE: [&str; 131] = {
    let mut names = ["optional"; 131];
    names[127] = "last_with_a_bit";
    names[128] = "first_beyond";
    names[129] = "optional_beyond";
    names[130] = "last_beyond";
    names
};

#[test]
fn a_struct_may_have_more_fields_than_an_integer_has_bits() {
    let read = |document: Value| {
        let read = model::read::<Wide, _>(document).map_err(|error| error.to_string());
        read.map(|wide| wide.0)
    };
    let full = json!({"last_beyond": 1, "first_beyond": 2, "last_with_a_bit": 3});
    let found = read(full.clone()).unwrap();
    assert_eq!(
        [found[127], found[128], found[129], found[130]],
        [Some(3), Some(2), None, Some(1)]
    );
    for name in ["last_beyond", "first_beyond", "last_with_a_bit"] {
        let mut document = full.clone();
        document.as_object_mut().unwrap().remove(name);
        assert_eq!(
            read(document).unwrap_err(),
            format!("missing field `{name}`")
        );
    }
}

#[test]
fn unknown_fields_are_kept_unchanged_and_in_order() {
    let text = r#"{"b":1.50,"id":7,"name":null,"password":"p","a":[1 ,{"x":12345678901234567890123}],"é\"":"\ud800"}"#;
    let thing: Thing = decode(text.as_bytes()).unwrap();
    let names: Vec<_> = thing.extra().names().collect();
    assert_eq!(names, ["b", "a", "é\""]);
    assert_eq!(
        serde_json::to_string(&thing).unwrap(),
        r#"{"id":7,"name":null,"password":"p","b":1.50,"a":[1 ,{"x":12345678901234567890123}],"é\"":"\ud800"}"#
    );
    let shown = format!("{thing:?}");
    assert!(shown.ends_with(r#"extra: {"b", "a", "é\""} }"#), "{shown}");
    let bare = thing.without_extra();
    assert!(bare.extra().is_empty());
    assert_eq!(
        serde_json::to_string(&bare).unwrap(),
        r#"{"id":7,"name":null,"password":"p"}"#
    );
}

#[test]
fn a_number_that_does_not_fit_is_sent_back_unchanged_until_the_field_is_changed() {
    let read = |text: &str| decode::<Thing>(text.as_bytes()).unwrap();
    for (number, held) in [
        ("7.25", 7),
        ("99999999999", u32::MAX),
        ("-3", 0),
        ("1e300", u32::MAX),
    ] {
        let text = format!(r#"{{"id":{number},"name":null,"password":"p"}}"#);
        let mut thing = read(&text);
        assert_eq!(thing.id, held, "{number}");
        assert_eq!(thing.extra().get("id").unwrap().get(), number);
        assert_eq!(serde_json::to_string(&thing).unwrap(), text);
        assert_eq!(read(&serde_json::to_string(&thing).unwrap()), thing);
        assert!(decode_strictly::<Thing>(text.as_bytes()).is_err());
        thing.id = 5;
        let sent = serde_json::to_string(&thing).unwrap();
        assert_eq!(sent, r#"{"id":5,"name":null,"password":"p"}"#);
    }
    // Of two values, the last one counts.
    let thing = read(r#"{"id": 7.5, "id": 8, "password": "p"}"#);
    assert!(thing.id == 8 && thing.extra().is_empty());
}

#[test]
fn half_of_a_surrogate_pair_is_sent_back_unchanged_until_the_field_is_changed() {
    let read = |text: &str| decode::<Thing>(text.as_bytes()).unwrap();
    let text = r#"{"id":1,"name":"a\ud800","password":"\udc00p","parts":[{"weight":null,"colour":"\ud83d"}],"note":"n\udfff\n"}"#;
    let mut thing = read(text);
    assert_eq!(thing.name.as_deref(), Some("a\u{fffd}"));
    let mut names: Vec<_> = thing.extra().names().collect();
    names.sort();
    assert_eq!(names, ["name", "note", "password"]);
    let sent = serde_json::to_string(&thing).unwrap();
    for kept in [
        r#""a\ud800""#,
        r#""\udc00p""#,
        r#""\ud83d""#,
        r#""n\udfff\n""#,
    ] {
        assert!(sent.contains(kept), "{kept}: {sent}");
    }
    assert_eq!(read(&sent), thing);
    assert!(!format!("{thing:?}").contains("udc00p"), "{thing:?}");
    assert!(decode_strictly::<Thing>(text.as_bytes()).is_err());
    thing.name = Some("b".to_owned());
    thing.note = Patch::Null;
    thing.password = "q".into();
    let sent = serde_json::to_string(&thing).unwrap();
    for gone in ["ud800", "udfff", "udc00"] {
        assert!(!sent.contains(gone), "{gone}: {sent}");
    }
    // A text that has U+FFFD itself fits.
    let whole = read(r#"{"id":1,"name":"\ufffd\"","password":"\ufffd"}"#);
    assert!(whole.extra().is_empty());
}

#[test]
fn an_extra_field_that_the_request_has_becomes_its_own() {
    let mut thing = Thing {
        id: 1,
        ..model::placeholder()
    };
    for (name, value) in [
        ("name", "\"n\""),
        ("id", "2"),
        ("at", "\"no time\""),
        ("note", "null"),
        ("parts", r#"[{"weight": 1}]"#),
        ("new", "1.0"),
    ] {
        thing.__extra.push(name, value);
    }
    let thing = model::carried(thing);
    assert_eq!((thing.id, thing.name.as_deref()), (1, None));
    assert_eq!((&thing.note, thing.parts.len()), (&Patch::Null, 1));
    let left: Vec<_> = thing.extra().names().collect();
    assert_eq!(left, ["name", "id", "at", "new"]);
    // A declared field overrides the raw value; content that no field covers is sent back unchanged.
    let sent = serde_json::to_value(&thing).unwrap();
    assert_eq!(sent["id"], 1);
    assert_eq!(
        (&sent["at"], &sent["new"]),
        (&json!("no time"), &json!(1.0))
    );
}

#[test]
fn a_free_form_field_keeps_the_text_of_its_numbers() {
    #[derive(Clone, PartialEq)]
    struct Holder {
        config: serde_json::Map<String, Value>,
        __extra: ExtraFields,
    }
    impl model::Model for Holder {
        model::extra_fields!();
        const NAME: &'static str = "Holder";
        const FIELDS: &'static [&'static str] = &["config"];
        const REQUIRED: u128 = 0b1;
        fn read<'de, D: model::MapAccess<'de>>(
            &mut self,
            _: usize,
            from: &mut D,
        ) -> Result<(), D::Error> {
            model::free(&mut self.config, &mut self.__extra, "config", from)
        }
        fn visit<V: model::Visit>(&self, to: &mut V) {
            to.always("config", &self.config);
        }
    }
    model::through_fields!(Holder, [config], []);

    for text in [
        r#"{"config":{"a":[0.10000000000000000555,{"b":18446744073709551616}],"c":1E2}}"#,
        r#"{"config":{"a":123456789012345678901234567890,"t":"12345678901234567890\"e1"}}"#,
    ] {
        let mut holder: Holder = decode(text.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&holder).unwrap(), text);
        assert_eq!(decode::<Holder>(text.as_bytes()).unwrap(), holder);
        // A change of the field takes precedence.
        holder.config.insert("new".to_owned(), json!(1));
        let sent = serde_json::to_value(&holder).unwrap();
        assert_eq!(sent["config"]["new"], 1);
    }
    let plain: Holder = decode(br#"{"config":{"a":1.5,"t":"12345678901234567890e1"}}"#).unwrap();
    assert!(plain.extra().is_empty());
    let odd: Holder = decode(br#"{"config":{"a":"\ud800"}}"#).unwrap();
    assert_eq!(odd.config["a"], "\u{fffd}");
    let empty: Holder = decode(br#"{"config":null}"#).unwrap();
    assert!(empty.config.is_empty());
}

#[test]
fn half_of_a_surrogate_pair_in_a_name_is_replaced_and_no_field_is_lost() {
    let text = r#"{"id":1,"password":"p","\ud800":1,"a\udc00":{"\ud83d":2}}"#;
    let thing = decode::<Thing>(text.as_bytes()).unwrap();
    let names: Vec<_> = thing.extra().names().collect();
    assert_eq!(names, ["\u{fffd}", "a\u{fffd}"]);
    let sent = serde_json::to_string(&thing).unwrap();
    assert!(sent.contains("\"\u{fffd}\":1"), "{sent}");
    // Inside of an unknown value, names stay as they came.
    assert!(sent.contains(r#"{"\ud83d":2}"#), "{sent}");
}
