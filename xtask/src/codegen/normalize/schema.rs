//! Schemas while they are being normalized.
//!
//! The passes use [`crate::codegen::model`] instead. Everything that a rule needs is a field
//! here, so that a rule never has to distinguish a keyword from a property of the same name.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::Value;

use crate::codegen::doc::{Doc, Line};

/// One use of a schema.
#[derive(Debug, Clone)]
pub(crate) struct Schema {
    pub(crate) kind: Kind,
    pub(crate) nullable: bool,
    /// Whether the type follows from keywords that only restrict texts: another part of an `allOf` decides.
    pub(crate) is_implied: bool,
    pub(crate) notes: Notes,
    /// JSON pointer into the contract.
    pub(crate) pointer: String,
}

/// Notes that describe a value and do not change which values are valid.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes {
    pub(crate) description: Option<String>,
    pub(crate) default: Option<Value>,
    pub(crate) deprecated: bool,
    pub(crate) secret: bool,
    /// Required, and yet known to be absent at times: `x-may-be-absent`.
    pub(crate) may_be_absent: bool,
    pub(crate) read_only: bool,
    pub(crate) write_only: bool,
    pub(crate) rust_name: Option<String>,
    /// The listed values of an integer or a boolean, as they are spelled.
    pub(crate) values: Vec<String>,
    /// Sentences on constraints that the types do not enforce, such as lengths.
    pub(crate) limits: Vec<Line>,
}

/// The valid values of a schema.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Any,
    Null,
    /// A key of the components.
    Ref(String),
    Text(TextFormat),
    Integer,
    /// An integer that may not fit into a signed 64-bit integer.
    Unsigned,
    Number,
    Boolean,
    Enum(Vec<EnumValue>),
    List(Box<Schema>),
    Map(Box<Schema>),
    Object(Object),
    Union(Union),
    AllOf(Vec<Schema>),
}

/// Formats of text that have a type of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextFormat {
    Plain,
    Uuid,
    Date,
    DateTime,
    Binary,
}

#[derive(Debug, Clone)]
pub(crate) struct EnumValue {
    pub(crate) value: String,
    pub(crate) rust_name: Option<String>,
    pub(crate) aliases: Vec<String>,
    pub(crate) description: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Object {
    pub(crate) properties: IndexMap<String, Property>,
    /// Required names that are no property here; another part of an `allOf` may have them.
    pub(crate) required_elsewhere: Vec<String>,
    pub(crate) extra: Option<Box<Schema>>,
}

#[derive(Debug, Clone)]
pub(crate) struct Property {
    pub(crate) schema: Schema,
    pub(crate) required: bool,
    /// The name of the field; empty until [`super::fields`] gives it.
    pub(crate) rust_name: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Union {
    pub(crate) members: Vec<Member>,
    pub(crate) discriminator: Option<Discriminator>,
}

#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) schema: Schema,
    /// The original component of the member, if merging replaced it by a new object.
    pub(crate) source: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Discriminator {
    pub(crate) property: String,
    /// From the tag's value to the component.
    pub(crate) mapping: IndexMap<String, String>,
}

/// The components of the contract, by name.
pub(crate) type Components = IndexMap<String, Schema>;

impl Schema {
    pub(crate) fn new(kind: Kind, pointer: impl Into<String>) -> Self {
        Self {
            kind,
            nullable: false,
            is_implied: false,
            notes: Notes::default(),
            pointer: pointer.into(),
        }
    }

    /// Whether any object fits the schema, and the schema has no notes.
    pub(crate) fn is_neutral(&self) -> bool {
        match &self.kind {
            Kind::Any => true,
            Kind::Map(value) => matches!(value.kind, Kind::Any),
            _ => false,
        }
    }

    /// Calls `visit` for each schema directly within this one, in the order of the contract.
    pub(crate) fn children_mut<'a>(&'a mut self, mut visit: impl FnMut(&'a mut Schema)) {
        match &mut self.kind {
            Kind::List(inner) | Kind::Map(inner) => visit(inner),
            Kind::Object(object) => {
                object
                    .properties
                    .values_mut()
                    .for_each(|property| visit(&mut property.schema));
                object.extra.as_deref_mut().into_iter().for_each(visit);
            }
            Kind::Union(union) => union
                .members
                .iter_mut()
                .for_each(|member| visit(&mut member.schema)),
            Kind::AllOf(parts) => parts.iter_mut().for_each(visit),
            _ => {}
        }
    }

    /// Calls `visit` for each schema directly within this one, until the first error, which it returns.
    pub(crate) fn try_children_mut<E>(
        &mut self,
        mut visit: impl FnMut(&mut Schema) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut outcome = Ok(());
        self.children_mut(|child| {
            if outcome.is_ok() {
                outcome = visit(child);
            }
        });
        outcome
    }

    /// Calls `visit` for this schema and all within it, the inner ones first.
    pub(crate) fn walk_mut(&mut self, visit: &mut impl FnMut(&mut Schema)) {
        self.children_mut(|child| child.walk_mut(visit));
        visit(self);
    }

    /// The names of the components that this schema refers to, itself or within.
    pub(crate) fn references(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.collect_references(&mut found);
        found
    }

    fn collect_references<'a>(&'a self, found: &mut Vec<&'a str>) {
        if let Kind::Ref(name) = &self.kind {
            found.push(name);
        }
        for child in self.kind.children() {
            child.collect_references(found);
        }
    }
}

impl Kind {
    /// The schemas directly within, in the order of the contract.
    pub(crate) fn children(&self) -> Vec<&Schema> {
        match self {
            Self::List(inner) | Self::Map(inner) => vec![inner],
            Self::Object(object) => {
                let properties = object.properties.values().map(|property| &property.schema);
                properties.chain(object.extra.as_deref()).collect()
            }
            Self::Union(union) => union.members.iter().map(|member| &member.schema).collect(),
            Self::AllOf(parts) => parts.iter().collect(),
            _ => Vec::new(),
        }
    }
}

/// The component that the chain of references of a schema leads to, or the schema itself.
pub(crate) fn target<'c>(components: &'c Components, schema: &'c Schema) -> &'c Schema {
    let (_, target) = followed(components, schema);
    target
}

/// The same, with the name of the component.
pub(crate) fn followed<'c>(
    components: &'c Components,
    mut schema: &'c Schema,
) -> (Option<&'c str>, &'c Schema) {
    let mut seen = BTreeSet::new();
    let mut last = None;
    while let Kind::Ref(name) = &schema.kind
        && let Some(found) = components.get(name)
        && seen.insert(name)
    {
        (last, schema) = (Some(name.as_str()), found);
    }
    (last, schema)
}

impl Notes {
    /// The notes of a use, completed by those of the referenced schema.
    pub(crate) fn or(self, other: &Notes) -> Notes {
        Notes {
            description: self.description.or_else(|| other.description.clone()),
            default: self.default.or_else(|| other.default.clone()),
            deprecated: self.deprecated || other.deprecated,
            secret: self.secret || other.secret,
            may_be_absent: self.may_be_absent || other.may_be_absent,
            read_only: self.read_only || other.read_only,
            write_only: self.write_only || other.write_only,
            rust_name: self.rust_name.or_else(|| other.rust_name.clone()),
            values: if self.values.is_empty() {
                other.values.clone()
            } else {
                self.values
            },
            limits: if self.limits.is_empty() {
                other.limits.clone()
            } else {
                self.limits
            },
        }
    }

    /// The description, then a sentence for each limit, then the default.
    pub(crate) fn prose(&self) -> Doc {
        self.text().paragraph(self.sentences())
    }

    /// The description.
    pub(crate) fn text(&self) -> Doc {
        let text = self.description.as_deref().map(Doc::prose);
        text.unwrap_or_default()
    }

    /// A sentence for each limit, then the default.
    pub(crate) fn sentences(&self) -> Line {
        let default = self.default.as_ref().filter(|value| !value.is_null());
        let default = default.map(|value| {
            let text = value.as_str().map(|text| format!("\"{text}\""));
            let text = text.unwrap_or_else(|| value.to_string());
            Line::new("Default on the server: ").code(&text).text(".")
        });
        let sentences = self.limits.iter().cloned().chain(default);
        let all = sentences.reduce(|all, next| all.text(" ").then(next));
        all.unwrap_or_default()
    }
}
