use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{SecretText, decode, decode_strictly, runtime::open_enum::open_enum};

open_enum! {
    #[allow(dead_code, reason = "only a member of the unions")]
    /// The kind of a service.
    enum Kind {
        /// A job.
        Job = "JOB",
        /// A database.
        Database = "DATABASE",
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Database {
    service_type: Kind,
    port: u16,
    password: Option<SecretText>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Cron {
    schedule: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Lifecycle {
    job_type: String,
    on_start: Option<bool>,
}

union! {
    /// A service.
    enum Service by tag "service_type" {
        "DATABASE" =>
        /// A database, which declares the tag.
        Database(Database),
        "JOB" =>
        /// A job, which is a union again.
        Job(Box<Job>),
    }
}

union! {
    /// A job.
    enum Job by tag "job_type" {
        "CRON" | "CRONTAB" =>
        /// Does not declare the tag.
        Cron(Cron),
        "LIFECYCLE" =>
        /// Declares it.
        #[deprecated]
        Lifecycle(Lifecycle),
    }
}

union! {
    /// Credentials whose tag is often left out.
    enum Credentials by tag "kind" {
        "KEY" =>
        /// A key.
        Key(Cron),
        _ =>
        /// Without a tag.
        Plain(Database),
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Accepted {
    ok: bool,
    code: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Versioned {
    version: i64,
}

union! {
    /// An answer with a tag that is a boolean.
    enum Answer by tag "ok" {
        "true" =>
        /// Success.
        True(Accepted),
        "false" =>
        /// Failure.
        False(Accepted),
    }
}

union! {
    /// A document with a tag that is a number.
    enum Numbered by tag "version" {
        "1" =>
        /// The first version.
        V1(Versioned),
        "-2" =>
        /// Another one.
        V2(Versioned),
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Git {
    git: Cron,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Chart {
    repository: String,
    chart: String,
}

union! {
    /// The source of a chart.
    enum Source by property {
        "git" =>
        /// From git.
        Git(Git),
        "repository" | "chart" =>
        /// From a repository.
        Chart(Chart),
    }
}

union! {
    /// A union with members that are not objects.
    enum SourceOr by property {
        "git" =>
        /// From git.
        Git(Git),
        else text =>
        /// By its URL.
        Url(String),
        else integer =>
        /// By its number.
        Number(i64),
    }
}

union! {
    /// A value of a feature.
    enum Feature in order {
        /// A text.
        Text(String),
        /// A number.
        Number(i64),
        /// A chart.
        Chart(Chart),
        /// Tags.
        Tags(Vec<String>),
    }
}

macro_rules! fields_without_models {
    ($($name:ty)*) => {
        $(impl crate::runtime::model::Field for $name {
            fn placeholder() -> Self {
                unreachable!("no model of these tests has such a field")
            }
        })*
    };
}

fields_without_models! { Accepted Chart Cron Database Git Lifecycle Versioned }

fn from<T: DeserializeOwned>(value: Value) -> T {
    decode_strictly(value.to_string().as_bytes()).unwrap()
}

fn fault<T: DeserializeOwned>(value: Value) -> String {
    let Err(error) = decode_strictly::<T>(value.to_string().as_bytes()) else {
        panic!("{value} was decoded");
    };
    error.to_string()
}

fn to(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

#[test]
fn the_tag_chooses_the_member_and_stays_in_it() {
    let json = json!({"service_type": "DATABASE", "port": 5432, "password": null});
    let service: Service = from(json.clone());
    assert!(matches!(&service, Service::Database(database) if database.port == 5432));
    assert_eq!(to(service), json);
}

#[test]
fn unions_nest() {
    let json = json!({"service_type": "JOB", "job_type": "CRON", "schedule": ["* * * * *"]});
    let service: Service = from(json.clone());
    let Service::Job(job) = &service else {
        panic!("{service:?}");
    };
    assert!(matches!(**job, Job::Cron(_)));
    assert_eq!(to(service), json);
}

#[test]
fn a_tag_that_the_member_does_not_declare_is_written() {
    let job = Job::Cron(Cron { schedule: vec![] });
    assert_eq!(to(&job), json!({"job_type": "CRON", "schedule": []}));
    assert_eq!(
        to(from::<Job>(
            json!({"job_type": "CRONTAB", "schedule": null})
        )),
        to(job)
    );
}

#[test]
fn an_unknown_member_is_kept_unchanged() {
    for json in [
        json!({"service_type": "SATELLITE", "orbit": [1.0, null, {"a": 1e300}]}),
        json!({"service_type": null}),
        json!({"service_type": 7}),
        json!({}),
        json!({"service_type": "JOB", "job_type": "NEW"}),
    ] {
        let list: Vec<Service> = from(json!([json]));
        assert_eq!(to(&list), json!([json]));
        let is_unknown = match &list[0] {
            Service::Unknown(_) => true,
            Service::Job(job) => matches!(**job, Job::Unknown(_)),
            Service::Database(_) => false,
        };
        assert!(is_unknown, "{list:?}");
    }
}

#[test]
fn the_fault_of_a_broken_member_names_union_member_tag_and_field() {
    let json = json!([{"service_type": "JOB", "job_type": "CRON", "schedule": ["a", 7]}]);
    let text = fault::<Vec<Service>>(json);
    assert_eq!(
        text,
        "[0].schedule[1]: expected a string, found the number 7 (Job::Cron, job_type = \"CRON\") \
         (Service::Job, service_type = \"JOB\")"
    );
    let text = fault::<Source>(json!({"git": {}}));
    assert_eq!(text, "git: the field `schedule` is missing (Source::Git)");
}

#[test]
fn a_value_that_is_not_an_object_is_refused_if_a_property_decides() {
    for value in [
        json!(null),
        json!("DATABASE"),
        json!([]),
        json!(1),
        json!(true),
    ] {
        let text = fault::<Vec<Service>>(json!([value]));
        assert!(
            text.starts_with("[0]: expected an object (Service)"),
            "{text}"
        );
        assert!(fault::<Vec<Source>>(json!([value])).contains("(Source)"));
    }
}

#[test]
fn a_broken_member_is_kept_with_the_reason_and_the_rest_survives() {
    let json = json!([
        {"service_type": "DATABASE", "port": 1, "password": null},
        {"service_type": "DATABASE", "port": "s3cret"},
        {"service_type": "JOB", "job_type": "CRON", "schedule": 7},
        "no object",
    ]);
    let services: Vec<Service> = decode(json.to_string().as_bytes()).unwrap();
    assert!(matches!(&services[0], Service::Database(database) if database.port == 1));
    let Service::Unknown(kept) = &services[1] else {
        panic!("{services:?}");
    };
    assert_eq!(kept.get("port").as_deref(), Some("\"s3cret\""));
    let reason = kept.reason().unwrap();
    assert_eq!(reason.path(), "port");
    assert!(reason.message().contains("Service::Database"), "{reason}");
    // The broken union, and not the outer one.
    let Service::Job(job) = &services[2] else {
        panic!("{services:?}");
    };
    let Job::Unknown(kept) = &**job else {
        panic!("{job:?}");
    };
    assert_eq!(kept.reason().unwrap().path(), "schedule");
    assert!(matches!(&services[3], Service::Unknown(kept) if kept.reason().is_some()));
    assert!(!format!("{services:?}").contains("s3cret"));
    assert_eq!(to(&services), json);
    // A null cannot be kept, and strict decoding returns the error.
    assert!(decode::<Vec<Service>>(b"[null]").is_err());
    assert!(serde_json::from_value::<Vec<Service>>(json.clone()).is_err());
    assert!(decode_strictly::<Vec<Service>>(json.to_string().as_bytes()).is_err());
}

#[test]
fn a_kept_member_is_unchanged_byte_for_byte() {
    for text in [
        r#"{ "service_type":"NEW", "n": 1.0000000000000000000001e2 }"#,
        r#"{"service_type":"JOB","job_type":"NEW","big":123456789012345678901234567890,"e":"\u0041\ud800"}"#,
        r#"{"service_type":"DATABASE","port":"broken","ratio":0.10}"#,
    ] {
        let service: Service = decode(text.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&service).unwrap(), text);
    }
}

#[test]
fn other_formats_than_json_hold_members_too() {
    let value = json!({"service_type": "JOB", "job_type": "CRON", "schedule": []});
    let service = serde_json::from_value::<Service>(value.clone()).unwrap();
    assert!(matches!(&service, Service::Job(_)));
    assert_eq!(serde_json::to_value(service).unwrap(), value);
}

#[test]
fn members_are_decoded_leniently() {
    let service: Service = from(json!({"service_type": "DATABASE", "port": 5432.0}));
    assert!(matches!(service, Service::Database(database) if database.port == 5432));
}

#[test]
fn a_missing_tag_can_mean_a_member() {
    let plain = json!({"service_type": "JOB", "port": 1, "password": null});
    let read: Credentials = from(plain.clone());
    assert!(matches!(read, Credentials::Plain(_)));
    assert_eq!(to(read), plain);
    let other: Credentials = from(json!({"kind": "OTHER"}));
    assert!(matches!(other, Credentials::Unknown(_)));
    assert!(matches!(
        from(json!({"kind": "KEY", "schedule": []})),
        Credentials::Key(_)
    ));
}

#[test]
fn a_tag_may_be_a_number_or_a_boolean() {
    let accepted = json!({"ok": true, "code": 7});
    let read: Answer = from(accepted.clone());
    assert!(matches!(read, Answer::True(_)), "{read:?}");
    assert_eq!(to(read), accepted);
    assert!(matches!(from(json!({"ok": false})), Answer::False(_)));
    assert!(matches!(from(json!({"version": 1})), Numbered::V1(_)));
    assert!(matches!(from(json!({"version": -2})), Numbered::V2(_)));
    for other in [
        json!(3),
        json!(true),
        json!([1]),
        json!({"a": 1}),
        json!(null),
    ] {
        let read: Numbered = from(json!({"version": other}));
        assert!(matches!(read, Numbered::Unknown(_)), "{read:?}");
    }
}

#[test]
fn a_property_that_is_not_null_chooses_the_member() {
    let git = json!({"git": {"schedule": []}, "repository": null, "new": 1});
    assert!(matches!(from(git), Source::Git(_)));
    let chart = json!({"git": null, "repository": "r", "chart": "c"});
    assert!(matches!(from(chart), Source::Chart(_)));
    for unknown in [json!({"url": "u"}), json!({"git": null}), json!({})] {
        let read: Source = from(unknown.clone());
        assert!(matches!(read, Source::Unknown(_)), "{read:?}");
        assert_eq!(to(read), unknown);
    }
}

#[test]
fn one_discriminating_property_is_enough_and_a_missing_one_is_named() {
    let text = fault::<Source>(json!({"repository": "r"}));
    assert_eq!(text, "the field `chart` is missing (Source::Chart)");
}

#[test]
fn a_value_that_is_not_an_object_is_distinguished_by_its_kind() {
    assert_eq!(from::<SourceOr>(json!("u")), SourceOr::Url("u".to_owned()));
    assert_eq!(from::<SourceOr>(json!(7.0)), SourceOr::Number(7));
    for unknown in [
        json!(true),
        json!(1.5),
        json!([]),
        json!(null),
        json!({"a": 1}),
    ] {
        let read: SourceOr = from(unknown.clone());
        assert_eq!(read, SourceOr::Unknown(unknown.clone().into()));
        assert_eq!(to(read), unknown);
    }
    let text = fault::<SourceOr>(json!({"git": {}}));
    assert_eq!(text, "git: the field `schedule` is missing (SourceOr::Git)");
}

#[test]
fn the_first_member_that_fits_is_chosen_and_lenient_decoding_is_tried_last() {
    assert!(matches!(from(json!("7")), Feature::Text(_)));
    assert!(matches!(from(json!(7)), Feature::Number(7)));
    assert!(matches!(from(json!(7.0)), Feature::Number(7)));
    assert!(matches!(from(json!(["7"])), Feature::Tags(_)));
    assert!(matches!(
        from(json!({"repository": "r", "chart": "c"})),
        Feature::Chart(_)
    ));
    for unknown in [json!(true), json!(7.5), json!({"a": 1}), json!([7])] {
        let read: Feature = from(unknown.clone());
        assert!(matches!(read, Feature::Unknown(_)), "{read:?}");
        assert_eq!(to(read), unknown);
    }
}

#[test]
fn debug_of_an_unknown_member_shows_only_field_names() {
    let unknown = json!({"service_type": "NEW", "password": "s3cret"});
    let shown = format!("{:?}", from::<Service>(unknown));
    // The order of the names depends on a feature of serde_json.
    let either = [
        r#"Unknown({"password", "service_type"})"#,
        r#"Unknown({"service_type", "password"})"#,
    ];
    assert!(either.contains(&shown.as_str()), "{shown}");
    for value in [json!(["s3cret"]), json!("s3cret"), json!(1)] {
        let shown = format!("{:?}", Service::Unknown(value.into()));
        assert!(!shown.contains("s3cret"), "{shown}");
    }
    let known = json!({"service_type": "DATABASE", "port": 1, "password": "s3cret"});
    let shown = format!("{:?}", from::<Service>(known));
    assert!(
        shown.starts_with("Database(") && !shown.contains("s3cret"),
        "{shown}"
    );
}

proptest! {
    #[test]
    fn no_object_is_lost_unless_its_member_is_broken(
        kind in "JOB|DATABASE|NEW|",
        job in "CRON|LIFECYCLE|NEW|",
        port in any::<Option<u16>>(),
    ) {
        let json = json!({"service_type": kind, "job_type": job, "port": port, "schedule": []});
        match decode::<Service>(json.to_string().as_bytes()) {
            Ok(Service::Unknown(value)) => {
                prop_assert_eq!(value.decode::<Value>().unwrap(), json);
                prop_assert_eq!(
                    value.reason().is_some(),
                    kind == "DATABASE" && port.is_none()
                );
            }
            Ok(known) => prop_assert_eq!(&to(known)["service_type"], &json["service_type"]),
            Err(error) => prop_assert!(false, "{}", error),
        }
    }
}
