//! Rule: every part of a contract is followed, noted or refused.
//!
//! Every keyword of OpenAPI 3.0 and 3.1 has a line here, for each object that may contain it. Other
//! rules read the keywords that the client follows, and [`super::unfollowed`] notes unsupported and unknown keywords.
//! Keywords that are errors are refused by the rules that read them.

/// The handling of a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handling {
    /// The client follows it, or generating fails and says why.
    Followed,
    /// The keyword only describes: it changes neither requests nor the reading of responses.
    Describes,
    /// The client does not follow it, which this note says.
    Noted(&'static str),
}

/// A thing of a contract that has keywords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thing {
    Contract,
    Components,
    PathItem,
    Operation,
    Parameter,
    Body,
    Media,
    Encoding,
    Response,
    Schema,
}

use Handling::{Describes, Followed, Noted};

const SERVERS: Handling = Noted(
    "has no effect: calls go to the base URL of the client; build a client with this base URL instead",
);
const NOT_ENFORCED: Handling = Noted("is not enforced: values that violate it are sent and read");

const CONTRACT: &[(&str, Handling)] = &[
    ("openapi", Followed),
    ("info", Followed),
    ("paths", Followed),
    ("components", Followed),
    // Looked at below.
    ("servers", Followed),
    (
        "jsonSchemaDialect",
        Noted("is not followed: schemas are read as OpenAPI defines them"),
    ),
    (
        "webhooks",
        Noted("are requests that the API sends, so the client has no code for them"),
    ),
    ("security", Describes),
    ("tags", Describes),
    ("externalDocs", Describes),
];

const COMPONENTS: &[(&str, Handling)] = &[
    ("schemas", Followed),
    ("parameters", Followed),
    ("requestBodies", Followed),
    ("responses", Followed),
    ("pathItems", Followed),
    ("callbacks", Describes),
    ("examples", Describes),
    ("headers", Describes),
    ("links", Describes),
    ("securitySchemes", Describes),
];

pub(crate) const PATH_ITEM: &[(&str, Handling)] = &[
    ("$ref", Followed),
    ("get", Followed),
    ("put", Followed),
    ("post", Followed),
    ("delete", Followed),
    ("options", Followed),
    ("head", Followed),
    ("patch", Followed),
    ("trace", Followed),
    ("parameters", Followed),
    ("servers", SERVERS),
    ("summary", Describes),
    ("description", Describes),
];

const OPERATION: &[(&str, Handling)] = &[
    ("tags", Followed),
    ("summary", Followed),
    ("description", Followed),
    ("operationId", Followed),
    ("parameters", Followed),
    ("requestBody", Followed),
    ("responses", Followed),
    ("deprecated", Followed),
    ("servers", SERVERS),
    (
        "callbacks",
        Noted("are requests that the API sends, so the client has no code for them"),
    ),
    // A client sends the token that it has.
    ("security", Describes),
    ("externalDocs", Describes),
];

const PARAMETER: &[(&str, Handling)] = &[
    ("name", Followed),
    ("in", Followed),
    ("description", Followed),
    ("required", Followed),
    ("deprecated", Followed),
    ("style", Followed),
    ("explode", Followed),
    ("schema", Followed),
    ("content", Followed),
    // Noted with its name by the rule that reads parameters.
    ("allowReserved", Followed),
    // An empty text is sent as an empty value anyway.
    ("allowEmptyValue", Describes),
    ("example", Describes),
    ("examples", Describes),
];

const BODY: &[(&str, Handling)] = &[
    ("content", Followed),
    ("description", Followed),
    ("required", Followed),
];

const MEDIA: &[(&str, Handling)] = &[
    ("schema", Followed),
    // Applies to forms only, and is followed there.
    ("encoding", Followed),
    ("example", Describes),
    ("examples", Describes),
];

const ENCODING: &[(&str, Handling)] = &[
    ("contentType", Followed),
    ("style", Followed),
    ("explode", Followed),
    (
        "headers",
        Noted("applies to the parts of a multipart body, which is not supported"),
    ),
    (
        "allowReserved",
        Noted("changes nothing: reserved characters are sent percent-encoded"),
    ),
];

const RESPONSE: &[(&str, Handling)] = &[
    ("content", Followed),
    ("description", Followed),
    // `Call::response` gives all headers of an answer.
    ("headers", Describes),
    (
        "links",
        Noted("are not followed: call the operation that they name"),
    ),
];

const SCHEMA: &[(&str, Handling)] = &[
    ("$ref", Followed),
    ("type", Followed),
    ("format", Followed),
    ("enum", Followed),
    ("const", Followed),
    ("nullable", Followed),
    ("default", Followed),
    ("description", Followed),
    ("deprecated", Followed),
    ("readOnly", Followed),
    ("writeOnly", Followed),
    ("properties", Followed),
    ("required", Followed),
    ("additionalProperties", Followed),
    ("items", Followed),
    ("allOf", Followed),
    ("anyOf", Followed),
    ("oneOf", Followed),
    ("discriminator", Followed),
    ("maximum", Followed),
    ("exclusiveMaximum", Followed),
    ("minimum", Followed),
    ("exclusiveMinimum", Followed),
    ("multipleOf", Followed),
    ("maxLength", Followed),
    ("minLength", Followed),
    ("pattern", Followed),
    ("maxItems", Followed),
    ("minItems", Followed),
    ("uniqueItems", Followed),
    ("maxProperties", Followed),
    ("minProperties", Followed),
    // Refused by the reader of schemas.
    ("not", Followed),
    ("if", Followed),
    ("then", Followed),
    ("else", Followed),
    ("dependentRequired", Followed),
    ("dependentSchemas", Followed),
    ("$dynamicRef", Followed),
    ("$recursiveRef", Followed),
    // Looked at below.
    ("patternProperties", Followed),
    ("contains", NOT_ENFORCED),
    ("maxContains", NOT_ENFORCED),
    ("minContains", NOT_ENFORCED),
    ("propertyNames", NOT_ENFORCED),
    ("unevaluatedItems", NOT_ENFORCED),
    ("unevaluatedProperties", NOT_ENFORCED),
    ("dependencies", NOT_ENFORCED),
    ("additionalItems", NOT_ENFORCED),
    (
        "prefixItems",
        Noted("is not followed: the items of the list may be any values"),
    ),
    (
        "contentEncoding",
        Noted("is not followed: the text is read and sent as it is"),
    ),
    (
        "contentMediaType",
        Noted("is not followed: the text is read and sent as it is"),
    ),
    (
        "contentSchema",
        Noted("is not followed: the text is read and sent as it is"),
    ),
    ("$anchor", Describes),
    ("$comment", Describes),
    ("$defs", Describes),
    ("$dynamicAnchor", Describes),
    ("$id", Describes),
    ("$recursiveAnchor", Describes),
    ("$schema", Describes),
    ("$vocabulary", Describes),
    ("definitions", Describes),
    ("example", Describes),
    ("examples", Describes),
    ("externalDocs", Describes),
    ("title", Describes),
    // Bodies of XML are not read by a schema.
    ("xml", Describes),
];

impl Thing {
    /// The handling of each of its keywords.
    pub(crate) fn keywords(self) -> &'static [(&'static str, Handling)] {
        match self {
            Self::Contract => CONTRACT,
            Self::Components => COMPONENTS,
            Self::PathItem => PATH_ITEM,
            Self::Operation => OPERATION,
            Self::Parameter => PARAMETER,
            Self::Body => BODY,
            Self::Media => MEDIA,
            Self::Encoding => ENCODING,
            Self::Response => RESPONSE,
            Self::Schema => SCHEMA,
        }
    }
}
