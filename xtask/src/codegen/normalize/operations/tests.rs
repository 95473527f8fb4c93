//! Tests the normalized operations, their parameters, bodies and successes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::parameters::OWN_HEADERS;
use super::super::tests::{api, normalized, operation, problem};
use crate::codegen::model::{
    BodyKind, Encoding, Format, Location, OperationModel, Shape, Style, TypeModel,
};

const REFERENCE: &str = "#/components/schemas/Root";

fn only(value: Value) -> OperationModel {
    let mut operations = normalized(value).operations;
    assert_eq!(operations.len(), 1);
    operations.remove(0)
}

fn empty() -> Value {
    json!({"204": {"description": "Gone."}})
}

fn told(operation: &OperationModel) -> Vec<(&str, &str, Location)> {
    let parameters = operation.parameters.iter();
    parameters
        .map(|parameter| {
            (
                parameter.name.as_str(),
                parameter.rust_name.as_str(),
                parameter.location,
            )
        })
        .collect()
}

fn success(responses: Value) -> OperationModel {
    only(operation(
        "/a",
        json!({"operationId": "a", "responses": responses}),
    ))
}

fn json_body(name: &str) -> Value {
    json!({"description": "", "content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{name}")}}}})
}

#[test]
fn an_operation_without_an_id_gets_one_from_method_and_path() {
    let found = only(operation(
        "/project/{projectId}/secret/{secretId}",
        json!({"responses": empty()}),
    ));
    assert_eq!(found.id, "getProjectByProjectIdSecretBySecretId");
    assert_eq!(
        found.method_name,
        "get_project_by_project_id_secret_by_secret_id"
    );
}

#[test]
fn odd_ids_become_rust_names_and_keep_their_own() {
    let found = only(operation(
        "/a",
        json!({"operationId": "get-cluster-logs", "responses": empty()}),
    ));
    assert_eq!(
        (
            found.id.as_str(),
            found.method_name.as_str(),
            found.type_name.as_str()
        ),
        ("get-cluster-logs", "get_cluster_logs", "GetClusterLogs")
    );
    let found = only(operation(
        "/a",
        json!({"operationId": "StopCluster", "responses": empty()}),
    ));
    assert_eq!(
        (found.method_name.as_str(), found.type_name.as_str()),
        ("stop_cluster", "StopCluster")
    );
}

#[test]
fn the_second_of_two_operations_of_one_id_or_one_rust_name_is_named_by_its_path() {
    let names = |ids: [&str; 3]| {
        let [a, b, c] = ids;
        let one = |id: &str| json!({"get": {"operationId": id, "responses": empty()}});
        let paths = json!({"/a": one(a), "/b/{id}": one(b), "/c": one(c)});
        let found = normalized(api(paths, json!({})));
        let names = found.operations.iter().map(|one| one.id.clone());
        let notes = found
            .remarks
            .iter()
            .map(|note| format!("{}: {}", note.pointer, note.text));
        (names.collect::<Vec<_>>(), notes.collect::<Vec<_>>())
    };
    let (ids, notes) = names(["deleteMember", "deleteMember", "deleteMember"]);
    assert_eq!(ids, ["deleteMember", "getBById", "getC"]);
    let expected = "/paths/~1b~1{id}/get/operationId: /paths/~1a/get has the id `deleteMember` too; this operation is called `getBById`";
    assert_eq!(notes[0], expected);
    let (ids, notes) = names(["stop_cluster", "StopCluster", "other"]);
    assert_eq!(ids, ["stop_cluster", "getBById", "other"]);
    assert!(
        notes[0].contains("`StopCluster` and `stop_cluster` of /paths/~1a/get are one name"),
        "{notes:?}"
    );
    // An operation keeps the name that its own id gives it.
    let (ids, _) = names(["x", "x", "getBById"]);
    assert_eq!(ids, ["x", "getBById2", "getBById"]);
}

#[test]
fn parameters_come_from_path_and_operation_each_once_and_in_the_order_of_the_path() {
    let parameter = |name: &str, required: bool| json!({"name": name, "in": "path", "required": required, "schema": {"type": "string", "format": "uuid"}});
    let item = json!({
        "parameters": [parameter("b", true), parameter("a", true), {"name": "q", "in": "query", "schema": {"type": "string"}}],
        "get": {"operationId": "a", "responses": empty(), "parameters": [
            parameter("b", true), parameter("b", true),
            {"name": "q", "in": "query", "required": true, "schema": {"type": "integer"}},
            {"name": "gone", "in": "path", "required": true, "schema": {"type": "string"}},
        ]},
    });
    let found = normalized(api(json!({"/x/{a}/{b}/{undeclared}": item}), json!({})));
    let operation = &found.operations[0];
    assert_eq!(
        told(operation),
        [
            ("a", "a", Location::Path),
            ("b", "b", Location::Path),
            ("undeclared", "undeclared", Location::Path),
            ("q", "q", Location::Query),
        ]
    );
    assert_eq!(operation.parameters[2].ty, TypeModel::Text);
    assert_eq!(
        (
            &operation.parameters[3].ty,
            operation.parameters[3].required
        ),
        (&TypeModel::Integer, true),
        "the operation's own declaration holds"
    );
    assert!(
        found
            .remarks
            .iter()
            .any(|remark| remark.text.contains("`gone` is not in the path"))
    );
}

#[test]
fn references_into_other_paths_and_to_path_items_are_followed() {
    let paths = json!({
        "/a/{id}": {"get": {"operationId": "a", "responses": empty(), "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}]}},
        "/b/{id}": {"get": {"operationId": "b", "responses": empty(), "parameters": [{"$ref": "#/paths/~1a~1%7Bid%7D/get/parameters/0"}]}},
        "/c/{id}": {"$ref": "#/x-items/c"},
    });
    let mut value = api(paths, json!({}));
    value["x-items"] = json!({"c": {"get": {"operationId": "c", "responses": empty()}}});
    let found = normalized(value);
    assert_eq!(told(&found.operations[1]), [("id", "id", Location::Path)]);
    assert_eq!(found.operations[2].path, "/c/{id}");
}

#[test]
fn arguments_of_one_operation_have_names_of_their_own() {
    let parameter = |location: &str| json!({"name": "id", "in": location, "required": true, "schema": {"type": "string"}});
    let found = only(operation(
        "/a/{id}",
        json!({"operationId": "a", "responses": empty(), "parameters": [
            parameter("path"), parameter("query"), parameter("header"),
            {"name": "body", "in": "query", "schema": {"type": "string"}},
            {"name": "self", "in": "query", "schema": {"type": "string"}},
            {"name": "Authorization", "in": "header", "schema": {"type": "string"}},
        ]}),
    ));
    let names: Vec<&str> = told(&found)
        .into_iter()
        .map(|(_, rust_name, _)| rust_name)
        .collect();
    assert_eq!(
        names,
        ["id", "id_query", "id_header", "body_query", "self_query"]
    );
}

#[test]
fn a_header_that_frames_or_routes_the_message_is_no_parameter() {
    let header = |name: &str| json!({"name": name, "in": "header", "required": true, "schema": {"type": "integer"}});
    let own = [
        "Content-Length",
        "transfer-encoding",
        "HOST",
        "Connection",
        "Expect",
        "Upgrade",
        "TE",
        "Trailer",
        "Keep-Alive",
        "Proxy-Authorization",
        "X-Forwarded-Host",
        "x-http-method-override",
    ];
    let parameters: Vec<Value> = own.into_iter().chain(["X-Length"]).map(header).collect();
    let found = only(operation(
        "/a",
        json!({"operationId": "a", "responses": empty(), "parameters": parameters}),
    ));
    let names: Vec<&str> = told(&found).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["X-Length"]);
}

#[test]
fn the_headers_that_a_call_refuses_are_no_parameters() {
    let call = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../qovery-api/src/runtime/call.rs"
    );
    let call = syn::parse_file(&std::fs::read_to_string(call).unwrap()).unwrap();
    let mut refused = BTreeSet::new();
    for item in call.items {
        let syn::Item::Const(list) = item else {
            continue;
        };
        let syn::Expr::Array(names) = *list.expr else {
            continue;
        };
        if list.ident == "FRAMING" || list.ident == "ROUTING" {
            refused.extend(names.elems.iter().map(|name| match name {
                syn::Expr::Lit(syn::ExprLit {
                    lit: syn::Lit::Str(name),
                    ..
                }) => name.value(),
                other => panic!("{other:?} is not a name"),
            }));
        }
    }
    let standard = ["accept", "authorization", "content-type"].map(str::to_owned);
    assert!(refused.len() > 20, "{refused:?}");
    let own: BTreeSet<String> = OWN_HEADERS.into_iter().map(str::to_owned).collect();
    assert_eq!(own, refused.into_iter().chain(standard).collect());
}

#[test]
fn lists_are_sent_one_by_one_or_with_commas_as_the_contract_says() {
    let list = |explode: bool| json!({"name": format!("l{explode}"), "in": "query", "explode": explode, "schema": {"type": "array", "items": {"enum": ["A", "B"]}}});
    let found = only(operation(
        "/a",
        json!({"operationId": "a", "responses": empty(), "parameters": [list(true), list(false)]}),
    ));
    assert_eq!(
        found
            .parameters
            .iter()
            .map(|parameter| parameter.style)
            .collect::<Vec<_>>(),
        [true, false].map(|explode| Style::Form { explode })
    );
    assert!(
        matches!(&found.parameters[0].ty, TypeModel::List(inner) if matches!(**inner, TypeModel::Named(_)))
    );
}

fn parameter(value: Value) -> Value {
    let name = value["name"].as_str().unwrap_or_default();
    let path = match value["in"].as_str() {
        Some("path") => format!("/a/{{{name}}}"),
        _ => "/a".to_owned(),
    };
    operation(
        &path,
        json!({"operationId": "a", "responses": empty(), "parameters": [value]}),
    )
}

#[test]
fn each_place_has_its_styles_and_what_its_values_are_made_of() {
    let list = json!({"type": "array", "items": {"type": "string"}});
    let object = json!({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}});
    let map = json!({"type": "object", "additionalProperties": {"type": "string"}});
    let text = json!({"type": "string"});
    let simple = |explode| Style::Simple { explode };
    let form = |explode| Style::Form { explode };
    for (place, style, explode, schema, wanted) in [
        ("query", None, None, &text, (form(true), Shape::One)),
        ("query", None, None, &object, (form(true), Shape::Object)),
        (
            "query",
            Some("form"),
            Some(false),
            &list,
            (form(false), Shape::List),
        ),
        (
            "query",
            Some("spaceDelimited"),
            None,
            &list,
            (Style::Space, Shape::List),
        ),
        (
            "query",
            Some("spaceDelimited"),
            Some(true),
            &list,
            (form(true), Shape::List),
        ),
        (
            "query",
            Some("pipeDelimited"),
            Some(false),
            &list,
            (Style::Pipe, Shape::List),
        ),
        (
            "query",
            Some("deepObject"),
            None,
            &object,
            (Style::Deep, Shape::Object),
        ),
        (
            "query",
            Some("deepObject"),
            Some(true),
            &map,
            (Style::Deep, Shape::Object),
        ),
        ("path", None, None, &list, (simple(false), Shape::List)),
        (
            "path",
            Some("simple"),
            Some(true),
            &object,
            (simple(true), Shape::Object),
        ),
        (
            "path",
            Some("label"),
            None,
            &text,
            (Style::Label { explode: false }, Shape::One),
        ),
        (
            "path",
            Some("matrix"),
            Some(true),
            &list,
            (Style::Matrix { explode: true }, Shape::List),
        ),
        ("header", None, None, &list, (simple(false), Shape::List)),
        (
            "header",
            None,
            Some(true),
            &object,
            (simple(true), Shape::Object),
        ),
        ("cookie", None, None, &text, (form(true), Shape::One)),
        (
            "cookie",
            None,
            Some(false),
            &list,
            (form(false), Shape::List),
        ),
    ] {
        let mut value = json!({"name": "p", "in": place, "schema": schema});
        if let Some(style) = style {
            value["style"] = json!(style);
        }
        if let Some(explode) = explode {
            value["explode"] = json!(explode);
        }
        let found = only(parameter(value.clone()));
        let found = &found.parameters[0];
        assert_eq!((found.style, found.shape), wanted, "{value}");
    }
    let document = json!({"name": "p", "in": "query", "content": {"application/json": {"schema": {"type": "array", "items": object}}}});
    assert_eq!(
        only(parameter(document)).parameters[0].shape,
        Shape::Document
    );
}

#[test]
fn a_style_that_cannot_be_sent_is_refused_and_the_advice_of_the_message_works() {
    let list = json!({"type": "array", "items": {"type": "string"}});
    let nested = json!({"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {"type": "string"}}}}});
    let several =
        json!({"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]});
    let text = json!({"type": "string"});
    for (value, expected, advice, change) in [
        (
            json!({"name": "p", "in": "path", "style": "form", "schema": text}),
            "0/style: the style `form` of the parameter `p` is not allowed for a path",
            "write `style: simple`",
            json!({"style": "simple"}),
        ),
        (
            json!({"name": "p", "in": "header", "style": "matrix", "schema": text}),
            "the style `matrix` of the parameter `p` is not allowed for a header",
            "write `style: simple`",
            json!({"style": "simple"}),
        ),
        (
            json!({"name": "p", "in": "query", "style": "tabDelimited", "schema": list}),
            "the style `tabDelimited` of the parameter `p` is not allowed for a query",
            "write `style: form`",
            json!({"style": "form"}),
        ),
        (
            json!({"name": "p", "in": "query", "style": "deepObject", "schema": list}),
            "0/style: the style `deepObject` is for objects",
            "write `style: form`",
            json!({"style": "form"}),
        ),
        (
            json!({"name": "p", "in": "cookie", "schema": list}),
            "a cookie has one value",
            "write `explode: false` beside it",
            json!({"explode": false}),
        ),
        (
            json!({"name": "p", "in": "query", "style": "deepObject", "schema": nested}),
            "0/schema: the parameter `p` is neither a simple value nor",
            "`content` of `application/json`",
            json!({"schema": null, "style": null, "content": {"application/json": {"schema": nested}}}),
        ),
        (
            json!({"name": "p", "in": "query", "schema": several}),
            "0/schema: the parameter `p` is neither a simple value nor",
            "`schema: {type: string}`",
            json!({"schema": text}),
        ),
        (
            json!({"name": "p", "in": "query", "content": {"application/xml": {"schema": text}}}),
            "0/content: the parameter `p` is encoded by a media type that is not JSON",
            "remove `content` and give the parameter `schema: {type: string}`",
            json!({"content": null, "schema": text}),
        ),
        (
            json!({"name": "p p", "in": "header", "schema": text}),
            "0/name: a header cannot have the name `p p`",
            "without spaces",
            json!({"name": "p-p"}),
        ),
    ] {
        let found = problem(parameter(value.clone()));
        assert!(
            found.contains(expected) && found.contains(advice),
            "{found}"
        );
        let mut changed = value.as_object().cloned().unwrap_or_default();
        for (key, value) in change.as_object().into_iter().flatten() {
            if value.is_null() {
                changed.remove(key);
            } else {
                changed.insert(key.clone(), value.clone());
            }
        }
        assert_eq!(
            only(parameter(Value::Object(changed))).parameters.len(),
            1,
            "{value}"
        );
    }
    let found = problem(parameter(
        json!({"name": "p", "in": "body", "schema": text}),
    ));
    assert!(
        found.contains("0/in: the parameter `p` is in body"),
        "{found}"
    );
}

#[test]
fn a_path_that_no_request_can_have_is_refused_and_any_other_generates() {
    let at = |path: &str| operation(path, json!({"operationId": "a", "responses": empty()}));
    for (path, expected) in [
        ("a", "does not begin with `/`"),
        ("/a/{b", "the braces of the path `/a/{b` do not match"),
        ("/a}/{b}", "do not match"),
        ("/a/{b}}", "do not match"),
        ("/q?kind={kind}", "contains a query with a parameter"),
        ("/a\\b", "contains a backslash"),
        ("/a\u{7}b", "control character"),
        ("/a/../b", "a dot segment"),
        ("/a/%2E/b", "a dot segment"),
        ("/100%/a", "contains a `%` without two hexadecimal digits"),
    ] {
        let found = problem(at(path));
        assert!(found.contains(expected), "{path}: {found}");
    }
    for (path, names) in [
        ("/sp ace/é/{id}/", vec!["id"]),
        ("/100%25/a", vec![]),
        ("/v/{a}.{b}/{c}-{d}:{e}", vec!["a", "b", "c", "d", "e"]),
        ("/x/{fooBar}/y/{foo_bar}", vec!["fooBar", "foo_bar"]),
        (
            "/realms/{realm}/clients/{id}/roles/{realm}",
            vec!["realm", "id"],
        ),
        ("/q/{a?b}", vec!["a?b"]),
    ] {
        let found = only(at(path));
        let found: Vec<&str> = found
            .parameters
            .iter()
            .map(|one| one.name.as_str())
            .collect();
        assert_eq!(found, names, "{path}");
    }
}

#[test]
fn a_query_in_a_path_is_sent_and_a_fragment_is_not() {
    let one = |id: &str| json!({"post": {"operationId": id, "responses": empty()}});
    let paths = json!({"/q/{id}?kind=a%20b&on": one("a"), "/q/{id}#other": one("b"), "/q/{id}?kind=c#x?y": one("a")});
    let found = normalized(api(paths, json!({})));
    let told: Vec<_> = found
        .operations
        .iter()
        .map(|one| (one.id.as_str(), one.path.as_str(), one.fixed_query.len()))
        .collect();
    assert_eq!(
        told,
        [
            ("b", "/q/{id}", 0),
            ("a", "/q/{id}", 2),
            ("postQById", "/q/{id}", 1)
        ]
    );
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        found.operations[1].fixed_query,
        [pair("kind", "a b"), pair("on", "")]
    );
    let remarks: Vec<_> = found
        .remarks
        .iter()
        .map(|remark| remark.text.as_str())
        .collect();
    assert_eq!(
        remarks[..2],
        [
            "`#other` of the path is not sent",
            "`#x?y` of the path is not sent"
        ]
    );
}

#[test]
fn a_method_without_a_body_has_none_and_an_answer_to_head_neither() {
    let with = |method: &str| {
        let mut value = operation("/a", json!({}));
        let content = json!({"application/json": {"schema": {"$ref": REFERENCE}}});
        let own = json!({"operationId": "a", "requestBody": {"content": content}, "responses": {"200": {"description": "", "content": content}}});
        value["paths"]["/a"] = json!({method: own});
        value
    };
    for method in ["head", "trace"] {
        let found = problem(with(method));
        assert!(
            found.contains(&format!(
                "/paths/~1a/{method}/requestBody: a request of {}",
                method.to_uppercase()
            )),
            "{found}"
        );
    }
    for method in ["get", "delete", "options"] {
        assert!(only(with(method)).body.is_some(), "{method}");
    }
    let mut head = with("head");
    if let Some(own) = head["paths"]["/a"]["head"].as_object_mut() {
        own.remove("requestBody");
    }
    let found = normalized(head);
    assert_eq!(found.operations[0].success.format, Format::NoContent);
    assert_eq!(found.operations[0].success.accept, ["application/json"]);
    assert!(found.remarks[0].text.contains("HEAD has no body"));
}

fn body_of(body: Value) -> Value {
    operation(
        "/a",
        json!({"operationId": "a", "responses": empty(), "requestBody": body}),
    )
}

#[test]
fn a_body_is_of_one_media_type_and_says_whether_it_is_required() {
    let body = |body: Value| only(body_of(body)).body;
    let found = body(
        json!({"content": {"text/plain": {}, "application/json": {"schema": {"$ref": REFERENCE}}}}),
    )
    .expect("a body");
    assert_eq!((found.kind, found.required), (BodyKind::Json, None));
    let found = body(json!({"required": false, "content": {"application/x-yaml": {"schema": {"type": "object"}}}})).expect("a body");
    assert_eq!(
        (found.kind, found.content_type.as_str(), found.required),
        (BodyKind::Text, "application/x-yaml", Some(false))
    );
    let found = body(json!({"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}})).expect("a body");
    assert_eq!(found.kind, BodyKind::Bytes);
    let found = body(
        json!({"content": {"application/x-www-form-urlencoded": {"schema": {"$ref": REFERENCE}}}}),
    )
    .expect("a body");
    assert_eq!(found.kind, BodyKind::Form);
    assert_eq!(body(json!({"content": {}})), None);
    let found = body(json!({"content": {"*/*": {"schema": {"$ref": REFERENCE}}}})).expect("a body");
    assert_eq!(found.content_type, "application/json");
}

#[test]
fn every_other_media_type_of_a_body_is_an_alternative() {
    let same = json!({"$ref": REFERENCE});
    let found = normalized(body_of(json!({"content": {
        "text/csv": {"schema": {"type": "string"}},
        "application/x-www-form-urlencoded": {"schema": same},
        "application/merge-patch+json": {"schema": same},
        "application/vnd.things.v2+json": {"schema": {"type": "object"}},
        "application/octet-stream": {},
        "multipart/form-data": {"schema": same},
        "application/xml": {}, "text/xml": {},
    }})));
    let body = found.operations[0].body.as_ref().expect("a body");
    assert_eq!(body.content_type, "application/merge-patch+json");
    let others = body.alternatives.iter();
    let others: Vec<_> = others
        .map(|one| (one.rust_name.as_str(), one.kind, one.same_schema))
        .collect();
    assert_eq!(
        others,
        [
            ("body_vnd_things_v2_json", BodyKind::Json, false),
            ("body_form", BodyKind::Form, true),
            ("body_csv", BodyKind::Text, false),
            ("body_xml", BodyKind::Text, false),
            ("body_text_xml", BodyKind::Text, false),
            ("body_octet_stream", BodyKind::Bytes, false),
        ]
    );
    assert_eq!(
        found.remarks[0].text,
        "a body of `multipart/form-data` cannot be sent and has no setter"
    );
}

#[test]
fn the_properties_of_a_form_are_encoded_as_the_contract_says() {
    let form = |encoding: Value| {
        let schema = json!({"$ref": REFERENCE});
        body_of(
            json!({"content": {"application/x-www-form-urlencoded": {"schema": schema, "encoding": encoding}}}),
        )
    };
    let found = only(form(json!({
        "a": {"style": "pipeDelimited", "explode": false},
        "b": {"explode": false},
        "c": {"style": "deepObject"},
        "d": {"contentType": "application/json"},
        "e": {"contentType": "text/plain"},
        "f": {"style": "form"},
    })));
    let found = found.body.expect("a body").encodings;
    let styled = Encoding::Styled;
    let wanted = [
        ("a", styled(Style::Pipe)),
        ("b", styled(Style::Form { explode: false })),
        ("c", styled(Style::Deep)),
        ("d", Encoding::Json),
        ("f", styled(Style::Form { explode: true })),
    ];
    let wanted: Vec<_> = wanted
        .map(|(name, encoding)| (name.to_owned(), encoding))
        .into();
    assert_eq!(found, wanted);
    let found = problem(form(json!({"a": {"contentType": "application/xml"}})));
    assert!(
        found.contains("urlencoded/encoding/a/contentType: the property `a`"),
        "{found}"
    );
    let found = problem(form(json!({"a": {"style": "matrix"}})));
    assert!(
        found.contains("the style `matrix` of the property `a`"),
        "{found}"
    );
}

#[test]
fn a_body_that_cannot_be_sent_is_refused_and_the_advice_of_the_message_works() {
    let of = |media: &str, schema: &Value| body_of(json!({"content": {media: {"schema": schema}}}));
    let object = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let found = problem(of("multipart/form-data", &object));
    assert!(found.contains("/paths/~1a/get/requestBody/content/multipart~1form-data: a body of `multipart/form-data` is not supported"), "{found}");
    assert!(
        found.contains("declare it as `application/octet-stream` instead"),
        "{found}"
    );
    let body = only(of("application/octet-stream", &object))
        .body
        .expect("a body");
    assert_eq!(body.kind, BodyKind::Bytes);
    let found = problem(of(
        "application/x-www-form-urlencoded",
        &json!({"type": "array", "items": {"type": "string"}}),
    ));
    assert!(
        found.contains("urlencoded: a form has to be an object")
            && found.contains("`type: object`"),
        "{found}"
    );
    assert!(
        only(of("application/x-www-form-urlencoded", &object))
            .body
            .is_some()
    );
    let found = problem(of("json", &object));
    assert!(
        found.contains("content/json: `json` is not a media type")
            && found.contains("`application/json`"),
        "{found}"
    );
    assert!(only(of("application/json", &object)).body.is_some());
}

#[test]
fn a_call_asks_for_every_media_type_that_it_reads_the_same_way() {
    let accept = |content: Value| {
        success(json!({"200": {"description": "", "content": content}}))
            .success
            .accept
    };
    assert_eq!(
        accept(json!({"application/json": {}})),
        ["application/json"]
    );
    assert_eq!(
        accept(
            json!({"application/vnd.things.v2+json": {}, "text/plain": {}, "application/json": {}})
        ),
        ["application/vnd.things.v2+json", "application/json"]
    );
    assert_eq!(
        accept(json!({"application/x-yaml": {}, "text/plain": {}})),
        ["application/x-yaml", "text/plain"]
    );
    assert_eq!(
        accept(json!({"image/png": {}, "image/*": {}})),
        ["image/png", "image/*"]
    );
    assert_eq!(accept(json!({"*/*": {}})), [] as [&str; 0]);
    assert_eq!(success(empty()).success.accept, [] as [&str; 0]);
}

#[test]
fn any_2xx_is_a_success_and_an_empty_one_beside_others_may_happen() {
    let found = success(json!({"200": json_body("Root"), "404": {"description": "Not there."}}));
    assert_eq!(
        (found.success.format, found.success.ty),
        (Format::Json, Some(TypeModel::Named("Root".into())))
    );
    assert_eq!(
        found.errors,
        [("404".to_owned(), Some("Not there.".to_owned()))]
    );
    let found = success(json!({"202": json_body("Root"), "204": {"description": ""}}));
    assert_eq!(
        (found.success.format, found.success.statuses.join(" ")),
        (Format::JsonOrEmpty, "202 204".to_owned())
    );
    let found = success(json!({"201": json_body("Root"), "202": json_body("Root")}));
    assert_eq!(found.success.format, Format::Json);
    assert_eq!(success(empty()).success.format, Format::NoContent);
    assert_eq!(success(json!({})).success.format, Format::NoContent);
    assert_eq!(
        success(json!({"default": json_body("Root")}))
            .success
            .format,
        Format::Json
    );
    let found = success(json!({"default": json_body("Root"), "204": {"description": ""}}));
    assert_eq!(
        found.success.format,
        Format::NoContent,
        "default is for errors where a 2xx is declared"
    );
}

#[test]
fn of_different_successes_that_of_the_lowest_status_is_taken_with_a_remark() {
    let responses =
        json!({"202": json_body("Other"), "200": json_body("Root"), "2XX": json_body("Other")});
    let schemas = json!({"Root": {"properties": {"a": {"type": "string"}}}, "Other": {"properties": {"b": {"type": "string"}}}});
    let found = normalized(api(
        json!({"/a": {"get": {"operationId": "a", "responses": responses}}}),
        schemas,
    ));
    assert_eq!(
        found.operations[0].success.ty,
        Some(TypeModel::Named("Root".into()))
    );
    assert_eq!(
        found.remarks[0].text,
        "several successes of different types are declared; the type of status 200 is used"
    );
}

#[test]
fn a_text_may_be_a_secret_as_a_whole() {
    let is_secret = |schema: Value| {
        let content = json!({"application/x-yaml": {"schema": schema}});
        let found = success(json!({"200": {"description": "", "content": content}}));
        assert_eq!(found.success.format, Format::Text);
        found.success.secret
    };
    assert!(is_secret(json!({"type": "string", "x-secret": true})));
    assert!(is_secret(json!({"type": "string", "format": "password"})));
    assert!(!is_secret(json!({"type": "string"})));
}

#[test]
fn text_and_bytes_are_passed_on() {
    let of = |media: &str| {
        success(
            json!({"200": {"description": "", "content": {media: {"schema": {"type": "string"}}}}}),
        )
        .success
        .format
    };
    assert_eq!(of("application/x-yaml"), Format::Text);
    assert_eq!(of("text/plain; charset=utf-8"), Format::Text);
    assert_eq!(of("application/octet-stream"), Format::Binary);
    assert_eq!(of("application/json; charset=utf-8"), Format::Json);
    let found = success(
        json!({"200": {"description": "", "content": {"text/plain": {}, "application/json": {"schema": {"$ref": REFERENCE}}}}}),
    );
    assert_eq!(found.success.format, Format::Json);
}
