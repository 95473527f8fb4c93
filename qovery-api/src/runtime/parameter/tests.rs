use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;

use super::*;
use crate::runtime::path::in_path;

fn several() -> Texts {
    list(&["a b", "c,d"]).unwrap()
}

fn pairs() -> Texts {
    object(&json!({"R": 100, "G": "x&y"})).unwrap()
}

fn query(style: Style, texts: &Texts) -> String {
    in_query("n", style, texts).unwrap().unwrap()
}

#[test]
fn a_list_in_a_query_has_the_delimiter_of_its_style() {
    for (style, wanted) in [
        (Style::Form { explode: true }, "n=a%20b&n=c%2Cd"),
        (Style::Form { explode: false }, "n=a%20b,c%2Cd"),
        (Style::Pipe, "n=a%20b|c%2Cd"),
    ] {
        assert_eq!(query(style, &several()), wanted, "{style:?}");
    }
    let texts = list(&["a|b", "c"]).unwrap();
    assert_eq!(query(Style::Pipe, &texts), "n=a%7Cb|c");
    assert_eq!(query(Style::Space, &texts), "n=a%7Cb%20c");
    // A server would read a space in the value as the delimiter.
    assert!(in_query("n", Style::Space, &several()).is_err());
}

#[test]
fn an_object_in_a_query_is_exploded_joined_or_deep() {
    let texts = object(&BTreeMap::from([("k 1", "a"), ("k2", "b")])).unwrap();
    for (style, wanted) in [
        (Style::Form { explode: true }, "k%201=a&k2=b"),
        (Style::Form { explode: false }, "n=k%201,a,k2,b"),
        (Style::Deep, "n%5Bk%201%5D=a&n%5Bk2%5D=b"),
    ] {
        assert_eq!(query(style, &texts), wanted, "{style:?}");
    }
}

#[test]
fn an_empty_list_or_object_is_not_sent() {
    let none = list::<&str>(&[]).unwrap();
    assert_eq!(in_header(Style::Simple { explode: false }, &none), Ok(None));
    let none = list::<&str>(&[]).unwrap();
    assert_eq!(in_query("n", Style::Pipe, &none), Ok(None));
    let nulls = object(&json!({"a": null})).unwrap();
    assert_eq!(in_query("n", Style::Deep, &nulls), Ok(None));
    assert_eq!(
        query(Style::Form { explode: true }, &one("").unwrap()),
        "n="
    );
}

#[test]
fn every_style_of_a_path_is_expanded() {
    let (simple, two) = (
        Style::Simple { explode: false },
        list(&["a", "b/c"]).unwrap(),
    );
    let label = |explode| Style::Label { explode };
    let matrix = |explode| Style::Matrix { explode };
    let single = one(5).unwrap();
    for (style, texts, wanted) in [
        (simple, &single, "5"),
        (label(false), &single, ".5"),
        (matrix(false), &single, ";n=5"),
        (simple, &two, "a,b%2Fc"),
        (label(false), &two, ".a,b%2Fc"),
        (label(true), &two, ".a.b%2Fc"),
        (matrix(false), &two, ";n=a,b%2Fc"),
        (matrix(true), &two, ";n=a;n=b%2Fc"),
    ] {
        assert_eq!(in_path("n", style, texts).unwrap(), wanted, "{style:?}");
    }
    let fields = object(&json!({"k": "v"})).unwrap();
    for (style, wanted) in [
        (simple, "k,v"),
        (Style::Simple { explode: true }, "k=v"),
        (label(true), ".k=v"),
        (matrix(true), ";k=v"),
        (matrix(false), ";n=k,v"),
    ] {
        assert_eq!(in_path("n", style, &fields).unwrap(), wanted, "{style:?}");
    }
}

#[test]
fn no_part_of_a_value_in_a_path_leads_to_another_path() {
    for style in [
        Style::Simple { explode: false },
        Style::Label { explode: true },
        Style::Matrix { explode: true },
    ] {
        for value in ["", "..", "%2e%2e", "a/../b"] {
            assert!(in_path("n", style, &list(&["a", value]).unwrap()).is_err());
            assert!(in_path("n", style, &one(value).unwrap()).is_err());
        }
        assert!(in_path("n", style, &list::<&str>(&[]).unwrap()).is_err());
    }
}

#[test]
fn a_header_is_not_encoded_and_takes_no_delimiter() {
    let simple = |explode| Style::Simple { explode };
    let header = |style, texts: Texts| in_header(style, &texts).map(Option::unwrap_or_default);
    assert_eq!(header(simple(false), one("a, b").unwrap()).unwrap(), "a, b");
    assert_eq!(
        header(simple(false), list(&["a b", "c"]).unwrap()).unwrap(),
        "a b,c"
    );
    assert!(header(simple(false), several()).is_err());
    let fields = json!({"k": "v", "l": "w"});
    assert_eq!(
        header(simple(true), object(&fields).unwrap()).unwrap(),
        "k=v,l=w"
    );
    assert_eq!(
        header(simple(false), object(&fields).unwrap()).unwrap(),
        "k,v,l,w"
    );
    assert!(header(simple(true), object(&json!({"k": "a=b"})).unwrap()).is_err());
}

#[test]
fn a_value_that_the_receiver_would_read_as_another_one_is_refused() {
    let simple = |explode| Style::Simple { explode };
    for value in [" a", "a ", "\ta", "a\t", " ", "a b "] {
        assert!(in_header(simple(false), &one(value).unwrap()).is_err());
        let several = list(&["x", value]).unwrap();
        assert!(in_header(simple(false), &several).is_err());
        let fields = object(&json!({ "k": value })).unwrap();
        assert!(in_header(simple(true), &fields).is_err());
    }
    for values in [&[""][..], &["a", ""], &["", "a"], &["a", "", "b"]] {
        assert!(in_header(simple(false), &list(values).unwrap()).is_err());
    }
    let empty = object(&json!({"k": ""})).unwrap();
    assert!(in_header(simple(false), &empty).is_err());
    assert_eq!(in_header(simple(true), &empty).unwrap().unwrap(), "k=");
    let nothing = one("").unwrap();
    assert_eq!(in_header(simple(false), &nothing).unwrap().unwrap(), "");

    let label = |explode| Style::Label { explode };
    let dots = list(&["a.b", "c"]).unwrap();
    assert!(in_path("n", label(true), &dots).is_err());
    assert_eq!(in_path("n", label(false), &dots).unwrap(), ".a.b,c");
    let version = object(&json!({"k": 0.5})).unwrap();
    assert!(in_path("n", label(true), &version).is_err());
    let number = one(0.5).unwrap();
    assert_eq!(in_path("n", label(true), &number).unwrap(), ".0.5");
}

#[test]
fn a_cookie_encodes_the_characters_that_would_end_it() {
    let form = Style::Form { explode: false };
    let cookie = |texts: Result<Texts, String>| in_cookie("c", form, &texts.unwrap());
    assert_eq!(cookie(one("a;b c%é=")).unwrap(), "c=a%3Bb%20c%25%C3%A9=");
    assert_eq!(cookie(list(&["a", "b,c"])).unwrap(), "c=a,b%2Cc");
    assert_eq!(cookie(list::<&str>(&[])), None);
}

#[test]
fn values_have_the_same_text_in_every_location() {
    let at: DateTime<Utc> = "2026-08-20T10:20:30.5+02:00".parse().unwrap();
    let day: NaiveDate = "2026-08-20".parse().unwrap();
    let simple = Style::Simple { explode: false };
    for (texts, wanted, in_url) in [
        (
            one(at),
            "2026-08-20T08:20:30.500Z",
            "2026-08-20T08%3A20%3A30.500Z",
        ),
        (one(day), "2026-08-20", "2026-08-20"),
        (one(true), "true", "true"),
        (one(2.0), "2", "2"),
        (one(0.25), "0.25", "0.25"),
        (
            one(u64::MAX),
            "18446744073709551615",
            "18446744073709551615",
        ),
    ] {
        let texts = texts.unwrap();
        assert_eq!(in_header(simple, &texts).unwrap().unwrap(), wanted);
        assert_eq!(in_path("n", simple, &texts).unwrap(), in_url);
        let form = Style::Form { explode: true };
        assert_eq!(query(form, &texts), format!("n={in_url}"));
        assert_eq!(in_cookie("n", form, &texts).unwrap(), format!("n={wanted}"));
    }
    let fields = object(&json!({"a": 1.0, "b": 1.5, "c": false, "d": u64::MAX})).unwrap();
    let texts = |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter();
        Texts::Pairs(pairs.map(|(a, b)| ((*a).into(), (*b).into())).collect())
    };
    let wanted = [
        ("a", "1"),
        ("b", "1.5"),
        ("c", "false"),
        ("d", "18446744073709551615"),
    ];
    assert!(fields == texts(&wanted));
}

#[test]
fn an_object_of_objects_is_refused_and_a_document_is_one_text() {
    for value in [json!({"a": {}}), json!({"a": [1]}), json!([1]), json!("a")] {
        assert!(object(&value).is_err(), "{value}");
    }
    assert!(pairs() != several());
    let texts = document(&json!({"a": [1]})).unwrap();
    assert_eq!(
        query(Style::Form { explode: true }, &texts),
        "n=%7B%22a%22%3A%5B1%5D%7D"
    );
}
