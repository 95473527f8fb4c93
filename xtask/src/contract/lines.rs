//! Finds the line of a JSON pointer in a YAML or JSON text.
//!
//! Lines are looked up only when a message needs one: the text is parsed again down to the pointer, and the
//! parser reports its position. A run without messages does no extra work.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::pointer::steps;
use super::yaml;

/// The line, counted from 1, of the pointer's target or of its nearest existing parent.
pub(super) fn line_of(text: &str, pointer: &str) -> Option<usize> {
    let steps: Vec<String> = steps(pointer).collect();
    if looks_like_json(text) && serde_json::from_str::<IgnoredAny>(text).is_ok() {
        return (1..=steps.len())
            .rev()
            .find_map(|count| json_line_of(text, steps.get(..count)?));
    }
    yaml::line_of(text, &steps)
}

pub(super) fn looks_like_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// The line of each pointer of a text, for callers that need many. Empty for a text that is not YAML.
pub(super) fn all(text: &str) -> BTreeMap<String, usize> {
    yaml::lines(text)
}

fn json_line_of(text: &str, steps: &[String]) -> Option<usize> {
    let found = RefCell::new(false);
    let walk = Walk {
        steps,
        found: &found,
    };
    let outcome = walk.deserialize(&mut serde_json::Deserializer::from_str(text));
    match outcome {
        Err(error) if *found.borrow() => Some(error.line()),
        _ => None,
    }
}

/// Follows the steps and fails on purpose at their end, so that the parser reports the position.
struct Walk<'a> {
    steps: &'a [String],
    found: &'a RefCell<bool>,
}

impl Walk<'_> {
    fn stop<E: de::Error>(&self) -> E {
        *self.found.borrow_mut() = true;
        E::custom("found")
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the target of the pointer")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.leaf()
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        self.leaf()
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        self.leaf()
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<(), E> {
        self.leaf()
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        self.leaf()
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<(), E> {
        self.leaf()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let Some((step, rest)) = self.steps.split_first() else {
            return Err(self.stop());
        };
        let Ok(wanted) = step.parse::<usize>() else {
            return Err(de::Error::custom("not an index"));
        };
        for _ in 0..wanted {
            access.next_element::<IgnoredAny>()?;
        }
        access.next_element_seed(Walk {
            steps: rest,
            ..self
        })?;
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let Some((step, rest)) = self.steps.split_first() else {
            return Err(self.stop());
        };
        while let Some(hit) = access.next_key_seed(Key {
            wanted: step,
            last: rest.is_empty(),
            walk: &self,
        })? {
            if hit {
                return access.next_value_seed(Walk {
                    steps: rest,
                    ..self
                });
            }
            access.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

impl Walk<'_> {
    fn leaf<E: de::Error>(self) -> Result<(), E> {
        if self.steps.is_empty() {
            Err(self.stop())
        } else {
            Err(E::custom("too deep"))
        }
    }
}

/// A key, compared with the wanted one. The last step of a pointer stops here: the line of a
/// member is that of its key, not of its value.
struct Key<'a, 'b> {
    wanted: &'a str,
    last: bool,
    walk: &'a Walk<'b>,
}

impl<'de> DeserializeSeed<'de> for Key<'_, '_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<bool, E> {
        if key != self.wanted {
            return Ok(false);
        }
        if self.last {
            Err(self.walk.stop())
        } else {
            Ok(true)
        }
    }
}
