//! Compares a received document with the one that was sent.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::Value;

use super::Node;

/// The direction of a document. More differences are allowed in documents from the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the API: exactly the intended document, and null differs from an absent property.
    Request,
    /// From the API: a property without a value may be null, empty or absent.
    Response,
}

/// Every difference between the sent and the received document, with its path. Times are compared as points in time,
/// and numbers by their value.
pub fn compare(node: &Node, sent: &Value, got: &Value, direction: Direction) -> Vec<String> {
    let mut comparison = Comparison {
        direction,
        differences: Vec::new(),
    };
    comparison.node(Some(node), sent, got, "");
    comparison.differences
}

struct Comparison {
    direction: Direction,
    differences: Vec<String>,
}

impl Comparison {
    fn node(&mut self, node: Option<&Node>, sent: &Value, got: &Value, path: &str) {
        match (sent, got) {
            (Value::Object(sent), Value::Object(got)) => {
                for (name, sent) in sent {
                    let part = node.and_then(|node| node.property(name));
                    let path = format!("{path}.{name}");
                    match got.get(name) {
                        Some(got) => self.node(part, sent, got, &path),
                        None if self.direction == Direction::Response && is_nothing(sent) => {}
                        None => self.differences.push(format!("{path}: lost {sent}")),
                    }
                }
                for (name, value) in got.iter().filter(|(name, _)| !sent.contains_key(*name)) {
                    if self.direction == Direction::Request || !is_nothing(value) {
                        self.differences
                            .push(format!("{path}.{name}: invented {value}"));
                    }
                }
            }
            (Value::Array(sent), Value::Array(got)) if sent.len() == got.len() => {
                for (index, (sent, got)) in sent.iter().zip(got).enumerate() {
                    let part = match node {
                        Some(Node::List(items)) => items.get(index),
                        _ => None,
                    };
                    self.node(part, sent, got, &format!("{path}[{index}]"));
                }
            }
            _ if self.same(node, sent, got) => {}
            _ => self
                .differences
                .push(format!("{path}: sent {sent}, came back {got}")),
        }
    }

    fn same(&self, node: Option<&Node>, sent: &Value, got: &Value) -> bool {
        if sent == got {
            return true;
        }
        let is_response = self.direction == Direction::Response;
        match (sent, got) {
            (Value::Number(sent), Value::Number(got)) => sent.as_f64() == got.as_f64(),
            (Value::String(sent), Value::String(got)) => {
                matches!(node, Some(Node::DateTime)) && moment(sent) == moment(got)
            }
            (Value::Null, got) => is_response && is_nothing(got),
            _ => false,
        }
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(is_nothing),
        _ => false,
    }
}

/// A time without an offset is in UTC.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    let zoned = DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|time| time.to_utc());
    zoned.or_else(|| {
        text.parse::<NaiveDateTime>()
            .ok()
            .map(|time| time.and_utc())
    })
}
