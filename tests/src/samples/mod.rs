//! Instances of the contract's schemas: complete ones, sparse ones, and ones as a later server version
//! may send them.
//!
//! A [`Node`] is one instance with the contract's facts about each part of it, so that it can be
//! written in several ways ([`Variation`]) and compared with a received document ([`compare`]). All of it
//! is deterministic: the same document gives the same instances. No instance
//! is a recorded response of the API.

mod build;
mod compare;
mod flat;
mod render;

pub use build::Builder;
pub use compare::{Direction, compare};
pub use render::Variation;

use serde_json::Value;

/// One instance of a schema, with the facts of the schema.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// An object.
    Object(Object),
    /// A list.
    List(Vec<Node>),
    /// Text without constraints.
    Text(String),
    /// Text that must not be printed.
    Secret(String),
    /// Text with the values that the contract lists.
    Enum(String),
    /// A date with time.
    DateTime,
    /// An integer.
    Integer(i64),
    /// A number that may have a fraction.
    Number(f64),
    /// True or false.
    Boolean(bool),
    /// A value that the contract does not describe.
    Any(Value),
}

/// An object with the properties that the contract declares.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object {
    /// All declared properties, required or not.
    pub fields: Vec<Field>,
    /// Properties that the contract allows without naming them.
    pub extra: Vec<(String, Node)>,
    /// Whether the contract allows properties that it does not name.
    pub open: bool,
    /// The discriminators of unions, the outermost union first.
    pub tags: Vec<String>,
    /// Whether it is a member of a union, with or without a discriminator.
    pub is_member: bool,
}

/// One property.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The name on the wire.
    pub name: String,
    /// Whether the contract requires it.
    pub required: bool,
    /// Whether the contract allows null.
    pub nullable: bool,
    /// Its value.
    pub node: Node,
}

impl Object {
    /// Whether the contract allows it to be empty.
    pub fn may_be_empty(&self) -> bool {
        !self.is_member && self.fields.iter().all(|field| !field.required)
    }

    /// Sets the discriminator of the member.
    fn tag(&mut self, name: &str, text: &str) {
        let node = Node::Enum(text.to_owned());
        match self.fields.iter_mut().find(|field| field.name == name) {
            Some(field) => field.node = node,
            None => {
                let name = name.to_owned();
                self.fields.insert(
                    0,
                    Field {
                        name,
                        required: true,
                        nullable: false,
                        node,
                    },
                );
            }
        }
        // The inner unions already have their tags, so the tag of this one is the first.
        if !self.tags.iter().any(|tag| tag == name) {
            self.tags.insert(0, name.to_owned());
        }
    }
}

impl Node {
    /// Writes the instance.
    pub fn render(&self, variation: Variation) -> Value {
        render::write(self, variation, 0)
    }

    /// How many nested unions the instance has.
    pub fn union_depth(&self) -> usize {
        match self {
            Self::Object(object) => {
                let fields = object.fields.iter().map(|field| &field.node);
                let nodes = fields.chain(object.extra.iter().map(|(_, node)| node));
                object.tags.len() + nodes.map(Self::union_depth).max().unwrap_or(0)
            }
            Self::List(items) => items.iter().map(Self::union_depth).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// The value of a property, if this is an object that has it.
    pub fn property(&self, name: &str) -> Option<&Self> {
        let Self::Object(object) = self else {
            return None;
        };
        let field = object.fields.iter().find(|field| field.name == name);
        let extra = || object.extra.iter().find(|(other, _)| other == name);
        field
            .map(|field| &field.node)
            .or_else(|| extra().map(|(_, node)| node))
    }

    /// Calls `visit` with every part, this one first.
    pub fn walk<'n>(&'n self, visit: &mut dyn FnMut(&'n Self)) {
        visit(self);
        match self {
            Self::Object(object) => {
                for field in &object.fields {
                    field.node.walk(visit);
                }
                for (_, node) in &object.extra {
                    node.walk(visit);
                }
            }
            Self::List(items) => items.iter().for_each(|item| item.walk(visit)),
            _ => {}
        }
    }

    /// The secrets in this instance.
    pub fn secrets(&self) -> Vec<&str> {
        let mut secrets = Vec::new();
        self.walk(&mut |node| {
            if let Self::Secret(text) = node {
                secrets.push(text.as_str());
            }
        });
        secrets
    }
}
