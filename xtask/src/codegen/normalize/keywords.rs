//! Rule: every part of a contract is followed, noted or refused.
//!
//! Every keyword of OpenAPI 3.0 and 3.1 is here, for each thing that may contain it. Other
//! rules read the keywords that the client follows, and [`super::unfollowed`] notes unsupported and unknown keywords.
//! Keywords that are errors are refused by the rules that read them.

use crate::contract::things::Thing;

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

/// The keywords of a kind of thing, separated by spaces.
pub(crate) struct Keywords {
    followed: &'static str,
    describes: &'static str,
    noted: &'static [(&'static str, &'static str)],
}

const SENT_BY_THE_API: &str = "are requests that the API sends, so the client has no code for them";
const SERVERS: (&str, &str) = (
    "servers",
    "has no effect: calls go to the base URL of the client; build a client with this base URL instead",
);

const CONTRACT: Keywords = Keywords {
    // `servers` is noted by itself.
    followed: "openapi info paths components servers",
    describes: "security tags externalDocs",
    noted: &[
        (
            "jsonSchemaDialect",
            "is not followed: schemas are read as OpenAPI defines them",
        ),
        ("webhooks", SENT_BY_THE_API),
    ],
};

const COMPONENTS: Keywords = Keywords {
    followed: "schemas parameters requestBodies responses pathItems",
    describes: "callbacks examples headers links securitySchemes",
    noted: &[],
};

const PATH_ITEM: Keywords = Keywords {
    followed: "$ref get put post delete options head patch trace parameters",
    describes: "summary description",
    noted: &[SERVERS],
};

const OPERATION: Keywords = Keywords {
    followed: "tags summary description operationId parameters requestBody responses deprecated",
    // A client sends the token that it has, whatever `security` says.
    describes: "security externalDocs",
    noted: &[SERVERS, ("callbacks", SENT_BY_THE_API)],
};

const PARAMETER: Keywords = Keywords {
    // `allowReserved` is noted with the name of the parameter.
    followed: "name in description required deprecated style explode schema content allowReserved",
    // An empty text is sent as an empty value anyway.
    describes: "allowEmptyValue example examples",
    noted: &[],
};

const BODY: Keywords = Keywords {
    followed: "content description required",
    describes: "",
    noted: &[],
};

const MEDIA: Keywords = Keywords {
    // `encoding` applies to forms only, and is followed there.
    followed: "schema encoding",
    describes: "example examples",
    noted: &[],
};

const ENCODING: Keywords = Keywords {
    followed: "contentType style explode",
    describes: "",
    noted: &[
        (
            "headers",
            "applies to the parts of a multipart body, which is not supported",
        ),
        (
            "allowReserved",
            "changes nothing: reserved characters are sent percent-encoded",
        ),
    ],
};

const RESPONSE: Keywords = Keywords {
    followed: "content description",
    // `Call::response` returns all headers of a response.
    describes: "headers",
    noted: &[(
        "links",
        "are not followed: call the operation that they name",
    )],
};

const SCHEMA: Keywords = Keywords {
    // Several `patternProperties` are noted; those from `not` on are refused by the reader of schemas.
    followed: "$ref type format enum const nullable default description deprecated readOnly \
        writeOnly properties required additionalProperties items allOf anyOf oneOf \
        discriminator maximum exclusiveMaximum minimum exclusiveMinimum multipleOf maxLength \
        minLength pattern maxItems minItems uniqueItems maxProperties minProperties \
        patternProperties not if then else dependentRequired dependentSchemas $dynamicRef \
        $recursiveRef",
    // Bodies of XML are not read by a schema.
    describes: "$anchor $comment $defs $dynamicAnchor $id $recursiveAnchor $schema $vocabulary \
        definitions example examples externalDocs title xml",
    noted: &[
        (
            "contains maxContains minContains propertyNames unevaluatedItems \
             unevaluatedProperties dependencies additionalItems",
            "is not enforced: values that violate it are sent and read",
        ),
        (
            "prefixItems",
            "is not followed: the items of the list may be any values",
        ),
        (
            "contentEncoding contentMediaType contentSchema",
            "is not followed: the text is read and sent as it is",
        ),
    ],
};

/// For parts of a contract that the client does not read.
const NONE: Keywords = Keywords {
    followed: "",
    describes: "",
    noted: &[],
};

impl Keywords {
    pub(crate) fn of(thing: Thing) -> Self {
        match thing {
            Thing::Contract => CONTRACT,
            Thing::Components => COMPONENTS,
            Thing::PathItem => PATH_ITEM,
            Thing::Operation => OPERATION,
            Thing::Parameter => PARAMETER,
            Thing::Body => BODY,
            Thing::Media => MEDIA,
            Thing::Encoding => ENCODING,
            Thing::Response => RESPONSE,
            Thing::Schema => SCHEMA,
            Thing::Header
            | Thing::Example
            | Thing::Link
            | Thing::Callback
            | Thing::SecurityScheme
            | Thing::Several => NONE,
        }
    }

    /// The handling of a keyword; `None` if it is unknown.
    pub(crate) fn handling(&self, keyword: &str) -> Option<Handling> {
        // Most keywords are not even a part of a list of others.
        let has = |keywords: &str| {
            keywords.contains(keyword) && keywords.split_whitespace().any(|known| known == keyword)
        };
        if has(self.followed) {
            return Some(Handling::Followed);
        }
        if has(self.describes) {
            return Some(Handling::Describes);
        }
        let found = self.noted.iter().find(|(keywords, _)| has(keywords));
        found.map(|(_, text)| Handling::Noted(text))
    }

    /// All keywords.
    #[cfg(test)]
    pub(super) fn all(&self) -> impl Iterator<Item = &'static str> {
        let noted = self.noted.iter().map(|(keywords, _)| *keywords);
        let all = [self.followed, self.describes].into_iter().chain(noted);
        all.flat_map(str::split_whitespace)
    }
}
