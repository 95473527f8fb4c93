//! The facts that the passes use besides the syntax tree: operations and schemas.
//!
//! The Rust types of fields, parameters and results are in the syntax tree
//! that progenitor generates. The facts add the rest: the media type of a body,
//! the meaning of enum values, the strategy of a union, the secret fields.
//!
//! How the two fit together:
//!
//! - Every key of [`Normalized::schemas`] is the Rust name of one type. Nothing else is named.
//! - [`SchemaKind::Struct`]: the tree holds `types::NAME` as a struct. [`FieldModel::rust_name`] is
//!   the field's identifier. A field of [`FieldModel::patch`] is optional in the tree.
//! - [`SchemaKind::OpenEnum`]: the tree holds no item; uses are written `types::NAME`, inside the
//!   module `types` too.
//! - [`SchemaKind::Union`]: the tree holds a struct `types::NAME` whose fields carry the types of
//!   the members, boxed where the type would contain itself; [`VariantModel::carrier`] is the
//!   field's identifier. The enum replaces the struct.
//! - Every operation is the method [`OperationModel::method_name`] of `impl Client`. Its arguments bear the
//!   names [`ParameterModel::rust_name`], and `body`. The success type is in `ResponseValue<T>`; if
//!   [`SuccessModel::format`] is `JsonOrEmpty`, the result is `Option<T>`, and for `Text`, `Binary` and
//!   `NoContent` the tree's type is not used.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::doc::Doc;
use crate::printable::Printable;

/// The contract in the form that progenitor accepts, and the facts that this form cannot hold.
#[derive(Debug, Clone)]
pub(crate) struct Normalized {
    /// An OpenAPI 3.0 document.
    pub(crate) document: Value,
    /// All operations, in the order of the contract.
    pub(crate) operations: Vec<OperationModel>,
    /// All reachable schemas that have a name, by their Rust name.
    pub(crate) schemas: BTreeMap<String, SchemaModel>,
    /// Decisions to report to the user, such as conflicting definitions.
    pub(crate) remarks: Vec<Remark>,
}

/// A decision of the generator on a point that the contract leaves open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remark {
    /// JSON pointer into the contract.
    pub(crate) pointer: String,
    pub(crate) text: String,
}

impl Remark {
    pub(crate) fn new(pointer: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            text: text.into(),
        }
    }
}

impl std::fmt::Display for Remark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (pointer, text) = (Printable::new(&self.pointer), Printable::new(&self.text));
        write!(f, "{pointer}: {text}")
    }
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OperationModel {
    /// JSON pointer into the contract.
    pub(crate) pointer: String,
    /// `operationId`, unchanged, or derived from method and path if the contract has none.
    pub(crate) id: String,
    /// The name of the method, in snake case.
    pub(crate) method_name: String,
    /// The name of the operation as a type, in Pascal case.
    pub(crate) type_name: String,
    /// The HTTP method in upper case.
    pub(crate) http_method: String,
    /// The path template, unchanged except that a query and a fragment are removed.
    pub(crate) path: String,
    /// The query in the path of the contract, decoded.
    pub(crate) fixed_query: Vec<(String, String)>,
    pub(crate) tags: Vec<String>,
    pub(crate) summary: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) deprecated: bool,
    /// Earlier names of the method and of the type, which nothing else has.
    pub(crate) former: Vec<(String, String)>,
    /// Path parameters in the order of the path, then the others in the order of the contract.
    pub(crate) parameters: Vec<ParameterModel>,
    pub(crate) body: Option<BodyModel>,
    pub(crate) success: SuccessModel,
    /// Error statuses that the contract declares, such as `404` or `4XX`, with their description.
    pub(crate) errors: Vec<(String, Option<String>)>,
}

impl OperationModel {
    /// The operation without its location and its texts, on which types and requests do not depend.
    pub(crate) fn without_texts(&self) -> Self {
        let mut plain = self.clone();
        plain.pointer.clear();
        (plain.summary, plain.description) = (None, None);
        plain.success.description = None;
        let parameters = plain.parameters.iter_mut();
        parameters.for_each(|one| one.description = Doc::default());
        plain.errors.iter_mut().for_each(|(_, text)| *text = None);
        plain.body.iter_mut().for_each(|one| one.description = None);
        plain
    }

    /// The models that its parameters, its body and its success name.
    pub(crate) fn models(&self) -> impl Iterator<Item = &str> {
        let parameters = self.parameters.iter().map(|parameter| &parameter.ty);
        let body = self.body.iter().map(|body| &body.ty);
        let all = parameters.chain(body).chain(&self.success.ty);
        all.filter_map(TypeModel::names)
    }
}

/// One parameter of an operation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ParameterModel {
    /// The name on the wire.
    pub(crate) name: String,
    /// The name of the argument; no two of one operation are the same.
    pub(crate) rust_name: String,
    pub(crate) location: Location,
    pub(crate) required: bool,
    pub(crate) shape: Shape,
    pub(crate) style: Style,
    pub(crate) ty: TypeModel,
    pub(crate) description: Doc,
    pub(crate) deprecated: bool,
}

impl ParameterModel {
    /// Whether the method of the operation takes it. Otherwise a setter of the call does.
    pub(crate) fn is_argument(&self) -> bool {
        self.location == Location::Path || self.required
    }

    /// Whether the style is the default of a path. `explode` has no effect on a single value.
    pub(crate) fn is_simple(&self) -> bool {
        matches!(self.style, Style::Simple { .. })
    }
}

/// The part of the request that carries a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Location {
    Path,
    Query,
    Header,
    Cookie,
}

impl Location {
    /// The name in documentation.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Path => "path parameter",
            Self::Query => "query parameter",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }

    /// The name in the contract and in the tables of the tests.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
        }
    }
}

/// The structure of a parameter's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    One,
    List,
    /// Properties with single values.
    Object,
    /// Anything, as JSON text.
    Document,
}

/// The `style` of a parameter, with `explode` for those that it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Simple { explode: bool },
    Form { explode: bool },
    Space,
    Pipe,
    Deep,
    Label { explode: bool },
    Matrix { explode: bool },
}

/// The body of a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BodyModel {
    pub(crate) kind: BodyKind,
    /// The media type that is sent: that of the contract, unchanged, unless it is a range.
    pub(crate) content_type: String,
    /// The value of `required` in the contract; `None` if it is absent.
    pub(crate) required: Option<bool>,
    pub(crate) ty: TypeModel,
    /// For a form, the properties that are not written in the default way.
    pub(crate) encodings: Vec<(String, Encoding)>,
    /// The other media types that the contract declares and a call can send.
    pub(crate) alternatives: Vec<AlternativeModel>,
    pub(crate) description: Option<String>,
}

/// How a property of a form is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Styled(Style),
    Json,
}

/// Another media type of a body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AlternativeModel {
    pub(crate) kind: BodyKind,
    /// The media type that is sent.
    pub(crate) content_type: String,
    /// The name of its setter.
    pub(crate) rust_name: String,
    /// Whether it has the schema of the first one, and so its type.
    pub(crate) same_schema: bool,
    pub(crate) encodings: Vec<(String, Encoding)>,
}

/// How a body is encoded, in the order of preference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum BodyKind {
    Json,
    /// `application/x-www-form-urlencoded`; the type is a struct.
    Form,
    /// Text of the given media type; an argument of type text.
    Text,
    /// Bytes of the given media type.
    Bytes,
}

/// The result of an operation.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct SuccessModel {
    pub(crate) format: Format,
    /// Whether the text is a secret. The fields of a document are marked one by one.
    pub(crate) secret: bool,
    /// Present for `Json` and `JsonOrEmpty`.
    pub(crate) ty: Option<TypeModel>,
    /// The media type, unchanged; `None` without a body.
    pub(crate) content_type: Option<String>,
    /// The media types in `Accept`. If the list is empty, the format determines them.
    pub(crate) accept: Vec<String>,
    pub(crate) description: Option<String>,
    /// The statuses that the contract declares as success; any 2xx is accepted.
    pub(crate) statuses: Vec<String>,
}

/// How the body of a success becomes a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    JsonOrEmpty,
    Text,
    Binary,
    #[default]
    NoContent,
}

/// The shape of a value, as far as the passes need it. The Rust type is in the syntax tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TypeModel {
    /// A key of [`Normalized::schemas`].
    Named(String),
    Text,
    Uuid,
    Date,
    DateTime,
    Integer,
    Number,
    Boolean,
    /// Any JSON value.
    Any,
    List(Box<TypeModel>),
    /// A map from texts to values of this type.
    Map(Box<TypeModel>),
    /// The value or null.
    Nullable(Box<TypeModel>),
}

impl TypeModel {
    /// The names of the schemas within.
    pub(crate) fn names(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            Self::List(inner) | Self::Map(inner) | Self::Nullable(inner) => inner.names(),
            _ => None,
        }
    }
}

/// One named schema.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SchemaModel {
    /// The name in the contract; `None` for one that the contract writes inline.
    pub(crate) contract_name: Option<String>,
    /// JSON pointer into the contract.
    pub(crate) pointer: String,
    pub(crate) description: Option<String>,
    pub(crate) deprecated: bool,
    /// Earlier names, which nothing else has.
    pub(crate) former: Vec<String>,
    pub(crate) usage: Usage,
    /// The schemas that this one uses directly.
    pub(crate) uses: BTreeSet<String>,
    pub(crate) kind: SchemaKind,
}

/// Whether a schema occurs in requests and responses, directly or within another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Usage {
    pub(crate) request: bool,
    pub(crate) response: bool,
}

/// The kind of a named schema.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SchemaKind {
    Struct(StructModel),
    OpenEnum(Vec<EnumValueModel>),
    Union(UnionModel),
}

/// An object with declared properties.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StructModel {
    /// In the order of the contract; the syntax tree sorts them by name.
    pub(crate) fields: Vec<FieldModel>,
    /// The type of further properties; the tree holds them in a flattened field `extra`.
    pub(crate) extra: Option<TypeModel>,
}

/// One property.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FieldModel {
    /// The name on the wire.
    pub(crate) name: String,
    /// The identifier in the syntax tree.
    pub(crate) rust_name: String,
    pub(crate) required: bool,
    pub(crate) nullable: bool,
    /// Whether absent and null differ: optional, nullable, and sent in requests.
    pub(crate) patch: bool,
    /// The type without its nullability, which `nullable` states.
    pub(crate) ty: TypeModel,
    pub(crate) secret: bool,
    /// Required in requests, but known to be absent at times in responses.
    pub(crate) may_be_absent: bool,
    pub(crate) read_only: bool,
    pub(crate) write_only: bool,
    pub(crate) deprecated: bool,
    /// The only value that the contract allows.
    pub(crate) constant: Option<String>,
    /// The value that the server assumes if the field is absent.
    pub(crate) default: Option<Value>,
    /// The contract's description, then sentences on limits and defaults.
    pub(crate) description: Doc,
}

/// One value of an enum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EnumValueModel {
    /// The value on the wire.
    pub(crate) value: String,
    /// The name of the variant.
    pub(crate) rust_name: String,
    /// Other spellings that mean the same.
    pub(crate) aliases: Vec<String>,
    pub(crate) description: Option<String>,
}

/// One of several types.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct UnionModel {
    pub(crate) strategy: UnionStrategy,
    /// In the order of trial.
    pub(crate) variants: Vec<VariantModel>,
}

/// The strategy that selects the member of a union. A member whose JSON type differs from the value's is
/// never considered. The strategy decides among the others, and trial if it is not decisive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UnionStrategy {
    /// By the value of a property: [`VariantModel::tags`].
    Tag { property: String },
    /// By the presence of properties: [`VariantModel::distinguishing`].
    Presence,
    /// By the JSON type alone: [`VariantModel::json_type`].
    JsonType,
    /// The first that decodes.
    Trial,
}

/// One member of a union.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct VariantModel {
    /// The name of the variant.
    pub(crate) rust_name: String,
    /// The field of the carrier struct that has the member's type.
    pub(crate) carrier: String,
    pub(crate) ty: TypeModel,
    pub(crate) json_type: JsonType,
    /// The values of the tag that mean this member.
    pub(crate) tags: Vec<String>,
    /// Properties that only this member has; one of them present means this member.
    pub(crate) distinguishing: Vec<String>,
    pub(crate) description: Doc,
}

/// The JSON type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum JsonType {
    Object,
    Array,
    Text,
    Integer,
    Number,
    Boolean,
    Any,
}
