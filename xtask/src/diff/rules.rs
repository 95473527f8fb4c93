//! Every kind of change that `diff` knows, in one table.
//!
//! `docs/regenerating.md` shows the same table; a test compares the two. `compare` finds the changes.

use std::fmt;

use serde::Serialize;

/// The version bump that a change requires, from the smallest to the largest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Severity {
    /// Only texts differ.
    Documentation,
    /// The same API, sent or read in another way.
    Patch,
    /// More API; every program still compiles.
    Minor,
    /// Programs have to be changed.
    Major,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Documentation => "documentation",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        })
    }
}

/// Which code a change concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Affected {
    /// Code that reads responses.
    Reader,
    /// Code that calls operations and builds requests.
    Writer,
    /// Code that matches on enums and unions.
    Matcher,
}

impl fmt::Display for Affected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reader => "reader",
            Self::Writer => "writer",
            Self::Matcher => "matcher",
        })
    }
}

/// One kind of change.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) id: &'static str,
    pub(crate) severity: Severity,
    pub(crate) affected: &'static [Affected],
    /// The kind of change.
    pub(crate) about: &'static str,
    /// The advice for users.
    pub(crate) advice: &'static str,
}

use Affected::{Matcher, Reader, Writer};
use Severity::{Documentation, Major, Minor, Patch};

macro_rules! rules {
    ($($name:ident $id:literal $severity:ident [$($affected:ident),*] $about:literal $advice:literal;)+) => {
        $(pub(super) const $name: &Rule = &Rule {
            id: $id,
            severity: $severity,
            affected: &[$($affected),*],
            about: $about,
            advice: $advice,
        };)+

        /// The whole table, in the order of the documentation.
        #[cfg(test)]
        pub(crate) const RULES: &[&Rule] = &[$($name),+];
    };
}

rules! {
    OPERATION_ADDED "operation-added" Minor [Writer]
        "an operation is new" "nothing";
    OPERATION_REMOVED "operation-removed" Major [Writer]
        "an operation is gone" "remove the call, or keep the former version";
    OPERATION_RENAMED "operation-renamed" Major [Writer]
        "the method of an operation has another name" "call the new method";
    OPERATION_ALIASED "operation-aliased" Minor [Writer]
        "the method of an operation has another name, and the old one is a deprecated alias" "call the new method when convenient";
    OPERATION_DEPRECATED "operation-deprecated" Minor [Writer]
        "an operation is deprecated" "look for the operation that replaces it";
    OPERATION_REVIVED "operation-revived" Patch [Writer]
        "an operation is no longer deprecated" "nothing";
    OPERATION_MOVED "operation-moved" Major [Writer]
        "an operation is behind another feature" "enable the feature of its new area";
    REQUEST_CHANGED "request-changed" Patch [Writer]
        "an operation sends another HTTP method or path" "nothing, unless a mock expects the former request";
    OPERATION_REPLACED "operation-replaced" Major [Writer]
        "a method sends the request that another method sent" "call the method that sends the former request now: the compiler sees no difference";
    PARAMETER_REPLACED "parameter-replaced" Major [Writer]
        "an argument or a setter sends the parameter that another one sent" "use the argument or setter that sends the former parameter now: the compiler sees no difference";
    PARAMETER_WIRE_CHANGED "parameter-wire-changed" Patch [Writer]
        "a parameter or a form field is sent under another name, in another location or in another style" "nothing, unless a mock expects the former request";
    CONTENT_TYPE_CHANGED "content-type-changed" Patch [Writer, Reader]
        "a body has another media type" "nothing, unless a mock expects the former one";
    STATUSES_CHANGED "statuses-changed" Documentation [Reader]
        "an operation declares other statuses" "nothing: every 2xx is a success, every other status an error";
    ARGUMENT_ADDED "argument-added" Major [Writer]
        "a method takes one more argument" "pass the argument";
    ARGUMENT_REMOVED "argument-removed" Major [Writer]
        "a method takes one argument less" "remove the argument";
    ARGUMENT_TYPE_CHANGED "argument-type-changed" Major [Writer]
        "an argument of a method has another type" "pass a value of the new type";
    ARGUMENTS_REORDERED "arguments-reordered" Major [Writer]
        "the arguments of a method have another order" "reorder the arguments: the compiler detects this only if their types differ";
    ARGUMENT_REPLACED "argument-replaced" Major [Writer]
        "an argument is replaced by another one of the same type" "pass the value of the new argument: the compiler sees no difference";
    ARGUMENT_RENAMED "argument-renamed" Patch [Writer]
        "an argument of a method has another name" "nothing: arguments are given by position";
    PARAMETER_REQUIRED "parameter-required" Major [Writer]
        "an optional parameter is required: its setter is an argument now" "pass the argument in place of the setter";
    PARAMETER_OPTIONAL "parameter-optional" Major [Writer]
        "a required parameter is optional: its argument is a setter now" "use the setter in place of the argument";
    SETTER_ADDED "setter-added" Minor [Writer]
        "a call has a new setter" "nothing";
    SETTER_REMOVED "setter-removed" Major [Writer]
        "a setter of a call is gone" "remove its use";
    SETTER_TYPE_CHANGED "setter-type-changed" Major [Writer]
        "a setter of a call takes another type" "pass a value of the new type";
    SETTER_DEPRECATED "setter-deprecated" Minor [Writer]
        "a parameter is deprecated" "look for the parameter that replaces it";
    OUTPUT_CHANGED "output-changed" Major [Reader]
        "a call yields another type" "read the new type";
    TYPE_ADDED "type-added" Minor [Reader, Writer]
        "a type is new" "nothing";
    TYPE_REMOVED "type-removed" Major [Reader, Writer]
        "a type is gone" "use the type that takes its place in the fields and operations that had it";
    TYPE_RENAMED "type-renamed" Major [Reader, Writer]
        "a type has another name" "use the new name";
    TYPE_ALIASED "type-aliased" Minor [Reader, Writer]
        "a type has another name, and the old one is a deprecated alias" "use the new name when convenient";
    ALIAS_ADDED "alias-added" Minor [Reader, Writer]
        "a type has one more former name" "nothing";
    ALIAS_CHANGED "alias-changed" Major [Reader, Writer]
        "a former name of a type or an operation belongs to another one now" "use the current name of the type or operation";
    TYPE_KIND_CHANGED "type-kind-changed" Major [Reader, Writer, Matcher]
        "a type became another kind of type" "rewrite the code that uses it";
    TYPE_DEPRECATED "type-deprecated" Documentation [Reader, Writer]
        "a type is deprecated" "look for the type that replaces it";
    TYPE_MOVED "type-moved" Major [Reader, Writer]
        "a type is behind other features" "enable one of the features that have it";
    FIELD_ADDED "field-added" Minor [Reader]
        "a field is new" "nothing: models are not built by hand";
    FIELD_REMOVED "field-removed" Major [Reader]
        "a field is gone" "remove its use";
    FIELD_TYPE_CHANGED "field-type-changed" Major [Reader]
        "a field has another type" "read the new type";
    FIELD_OPTIONAL "field-optional" Major [Reader]
        "a field may be absent" "handle `None`";
    FIELD_REQUIRED "field-required" Major [Reader]
        "a field is always present" "remove the handling of `None`";
    FIELD_DEPRECATED "field-deprecated" Documentation [Reader, Writer]
        "a property is deprecated" "look for the property that replaces it";
    FIELD_SECRET "field-secret" Major [Reader]
        "a field is a secret now, and `Debug` redacts it" "read the value with `expose()`";
    FIELD_REPLACED "field-replaced" Major [Reader, Writer]
        "a field has the name in JSON that another field had" "use the field that has the former name now: the compiler sees no difference";
    FIELD_WIRE_CHANGED "field-wire-changed" Patch [Reader, Writer]
        "the same field has another name in JSON" "nothing, unless JSON is read or written by hand";
    CONSTRUCTOR_ADDED "constructor-added" Minor [Writer]
        "a type is sent now and has a constructor" "nothing";
    CONSTRUCTOR_REMOVED "constructor-removed" Major [Writer]
        "a type is no longer sent and has no constructor" "build the type that the operation takes";
    NEW_ARGUMENT_ADDED "new-argument-added" Major [Writer]
        "a constructor takes one more argument, because the API requires it" "pass the argument";
    NEW_ARGUMENT_REMOVED "new-argument-removed" Major [Writer]
        "a constructor takes one argument less" "remove the argument, or use the setter that replaces it";
    NEW_ARGUMENT_TYPE_CHANGED "new-argument-type-changed" Major [Writer]
        "an argument of a constructor has another type" "pass a value of the new type";
    NEW_ARGUMENTS_REORDERED "new-arguments-reordered" Major [Writer]
        "the arguments of a constructor have another order" "reorder the arguments: the compiler detects this only if their types differ";
    MODEL_SETTER_ADDED "model-setter-added" Minor [Writer]
        "a request has a new setter" "nothing";
    MODEL_SETTER_REMOVED "model-setter-removed" Major [Writer]
        "a setter of a request is gone" "remove its use, or pass the value to the constructor";
    MODEL_SETTER_TYPE_CHANGED "model-setter-type-changed" Major [Writer]
        "a setter of a request takes another type" "pass a value of the new type";
    DEFAULT_CHANGED "default-changed" Patch [Writer]
        "the server assumes another value for an absent field or parameter" "set the value if the former one is wanted";
    CONSTANT_CHANGED "constant-changed" Patch [Reader, Writer]
        "the only allowed value of a field is another one" "nothing, unless JSON is read or written by hand";
    LIMIT_CHANGED "limit-changed" Patch [Writer]
        "the API accepts other values: a limit, a pattern or a format differs" "check the values that are sent: the client does not";
    ACCESS_CHANGED "access-changed" Patch [Reader, Writer]
        "a property is now, or is no longer, read-only or write-only" "do not send a read-only property, and do not expect a write-only property in a response";
    VALUE_ADDED "value-added" Minor [Matcher, Reader]
        "an enum has a new value" "nothing: enums are open; decide in a match if the value needs an arm of its own";
    VALUE_REMOVED "value-removed" Major [Matcher, Writer]
        "a value of an enum is gone" "remove its use; a server that sends it gives `Unknown`";
    VALUE_RENAMED "value-renamed" Major [Matcher, Writer]
        "the variant of a value has another name" "use the new name";
    VALUE_REPLACED "value-replaced" Major [Matcher, Writer]
        "a variant is sent with the value that another variant had" "use the variant that has the former value now: the compiler sees no difference";
    VALUE_RESPELLED "value-respelled" Patch [Writer, Reader]
        "a variant is sent in another spelling" "nothing, unless JSON is read or written by hand";
    VALUE_ALIAS_CHANGED "value-alias-changed" Patch [Reader]
        "the spellings of a value that are accepted in responses differ" "nothing";
    VARIANT_ALIAS_ADDED "variant-alias-added" Minor [Matcher, Writer]
        "a variant has one more former name" "nothing";
    VARIANT_ALIAS_REMOVED "variant-alias-removed" Major [Matcher, Writer]
        "a former name of a variant is gone, or belongs to another variant now" "use the current name of the variant";
    VALUE_DEPRECATED "value-deprecated" Documentation [Matcher, Writer]
        "a value is no longer published" "look for the value that replaces it";
    MEMBER_ADDED "member-added" Minor [Matcher, Reader]
        "a union has a new member" "nothing: unions are open; decide in a match if the member needs an arm of its own";
    MEMBER_REMOVED "member-removed" Major [Matcher, Writer]
        "a member of a union is gone" "remove its use; a server that sends it gives `Unknown`";
    MEMBER_RENAMED "member-renamed" Major [Matcher, Writer]
        "a member of a union has another name" "use the new name";
    MEMBER_TYPE_CHANGED "member-type-changed" Major [Matcher, Writer]
        "a member of a union has another type" "use the new type";
    MEMBER_KEY_CHANGED "member-key-changed" Patch [Reader]
        "a member of a union has another discriminator" "nothing";
    MEMBER_DEPRECATED "member-deprecated" Documentation [Matcher]
        "a member of a union is no longer published" "look for the member that replaces it";
    CONVERSION_ADDED "conversion-added" Minor [Writer]
        "a conversion or a way of paging is new" "nothing";
    CONVERSION_REMOVED "conversion-removed" Major [Writer]
        "a conversion or a way of paging is gone" "build the value, or ask for the pages, by hand";
    SERVER_CHANGED "server-changed" Patch [Writer]
        "the API is at another address or asks for other credentials" "check the base URL and the token";
    CREDENTIALS_CHANGED "credentials-changed" Patch [Writer]
        "an operation asks for other credentials than before" "check the token";
    DOCUMENTATION_CHANGED "documentation-changed" Documentation [Reader, Writer]
        "a description differs, or a deprecated element is published again" "nothing";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const GUIDE: &str = include_str!("../../../docs/regenerating.md");

    #[test]
    fn every_rule_has_its_own_id_and_names_the_affected_programs() {
        let ids: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), RULES.len());
        assert!(
            RULES
                .iter()
                .all(|rule| !rule.affected.is_empty() && !rule.advice.is_empty())
        );
    }

    #[test]
    fn the_guide_has_the_same_table() {
        let affected = |rule: &Rule| {
            let names: Vec<String> = rule.affected.iter().map(ToString::to_string).collect();
            names.join(", ")
        };
        let rows: Vec<String> = RULES
            .iter()
            .map(|rule| {
                format!(
                    "| `{}` | {} | {} | {} | {} |",
                    rule.id,
                    rule.severity,
                    affected(rule),
                    rule.about,
                    rule.advice
                )
            })
            .collect();
        let table = rows.join("\n");
        assert!(
            GUIDE.contains(&table),
            "docs/regenerating.md lacks this table:\n{table}"
        );
        let known: BTreeSet<&str> = rows.iter().map(String::as_str).collect();
        let severities = ["| major |", "| minor |", "| patch |", "| documentation |"];
        let written = GUIDE.lines().filter(|line| {
            line.starts_with("| `") && severities.iter().any(|one| line.contains(one))
        });
        for row in written.filter(|row| row.matches('|').count() == 6) {
            assert!(
                known.contains(row),
                "docs/regenerating.md has a rule that the table lacks: {row}"
            );
        }
    }

    #[test]
    fn every_kind_of_change_that_oasdiff_knows_names_rules_of_the_table() {
        let section = GUIDE
            .split_once("### Compared with oasdiff")
            .expect("the section")
            .1;
        let section = section.split("\n### ").next().expect("its text");
        let ids: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
        let mut named = BTreeSet::new();
        let rows = section
            .lines()
            .filter(|line| line.starts_with("| ") && !line.starts_with("| kind"));
        let mut kinds = 0;
        for row in rows {
            kinds += 1;
            let rules = row.rsplit(" | ").next().expect("the last column");
            let codes = rules
                .split('`')
                .skip(1)
                .step_by(2)
                .filter(|code| *code != "import");
            let codes: Vec<&str> = codes.collect();
            assert!(codes.iter().all(|code| ids.contains(code)), "{row}");
            assert!(
                !codes.is_empty() || rules.starts_with("the rules for"),
                "{row}"
            );
            named.extend(codes);
        }
        assert!(
            kinds > 30 && named.len() > 35,
            "{kinds} kinds, {} rules",
            named.len()
        );
    }
}
