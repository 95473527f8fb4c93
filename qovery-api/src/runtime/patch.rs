//! A field of a request that can be left out, cleared or set.
//!
//! In responses, absent and `null` have the same meaning, and the type is `Option`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::SecretText;

/// A field of a request: left out, sent as `null`, or sent with a value.
///
/// The API distinguishes these: an absent field keeps its value or is reset to a default, and `null` clears
/// it.
///
/// ```
/// use qovery_api::Patch;
///
/// let mut description = Patch::from("nightly builds");
/// assert_eq!(description.as_ref().into_option(), Some(&"nightly builds"));
/// description = Patch::Null;
/// assert!(description.is_null());
/// assert!(Patch::<String>::default().is_absent());
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Patch<T> {
    /// Not sent.
    #[default]
    Absent,
    /// Sent as `null`.
    Null,
    /// Sent with this value.
    Value(T),
}

impl<T> Patch<T> {
    /// Returns whether the field is left out.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Returns whether the field is sent as `null`.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns whether the field is sent with a value.
    pub const fn is_value(&self) -> bool {
        matches!(self, Self::Value(_))
    }

    /// Returns the same with a reference to the value.
    pub const fn as_ref(&self) -> Patch<&T> {
        match self {
            Self::Absent => Patch::Absent,
            Self::Null => Patch::Null,
            Self::Value(value) => Patch::Value(value),
        }
    }

    /// Converts the value, if there is one.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Absent => Patch::Absent,
            Self::Null => Patch::Null,
            Self::Value(value) => Patch::Value(change(value)),
        }
    }

    /// Returns the value, if there is one.
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Absent | Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }

    /// Returns `Value` for a value, and `Absent` for `None`.
    pub fn value_or_absent(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Self::Value)
    }

    /// Returns `Value` for a value, and `Null` for `None`.
    pub fn value_or_null(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Value)
    }
}

impl<T> From<T> for Patch<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

impl From<&str> for Patch<String> {
    fn from(value: &str) -> Self {
        Self::Value(value.to_owned())
    }
}

impl From<&str> for Patch<SecretText> {
    fn from(value: &str) -> Self {
        Self::Value(value.into())
    }
}

impl From<String> for Patch<SecretText> {
    fn from(value: String) -> Self {
        Self::Value(value.into())
    }
}

/// `None` becomes `null`: use [`Patch::value_or_absent`] to leave the field out instead.
impl<T> From<Option<T>> for Patch<T> {
    fn from(value: Option<T>) -> Self {
        Self::value_or_null(value)
    }
}

// The struct omits the field: `#[serde(default, skip_serializing_if = "Patch::is_absent")]`.
impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent | Self::Null => serializer.serialize_none(),
            Self::Value(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::value_or_null)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Edit {
        #[serde(default, skip_serializing_if = "Patch::is_absent")]
        name: Patch<String>,
        #[serde(default, skip_serializing_if = "Patch::is_absent")]
        tags: Patch<Vec<String>>,
    }

    #[test]
    fn absent_null_and_value_are_distinguished_both_ways() {
        for (edit, json) in [
            (Edit::default(), json!({})),
            (
                Edit {
                    name: Patch::Null,
                    tags: vec![].into(),
                },
                json!({"name": null, "tags": []}),
            ),
            (
                Edit {
                    name: "n".into(),
                    tags: Patch::Absent,
                },
                json!({"name": "n"}),
            ),
        ] {
            assert_eq!(serde_json::to_value(&edit).unwrap(), json);
            assert_eq!(serde_json::from_value::<Edit>(json).unwrap(), edit);
        }
    }

    #[test]
    fn a_text_converts_into_a_secret() {
        let sent = SecretText::from("s3cret");
        assert_eq!(Patch::from("s3cret"), Patch::Value(sent.clone()));
        assert_eq!(Patch::from("s3cret".to_owned()), Patch::Value(sent));
    }

    #[test]
    fn an_option_becomes_null_or_absent_as_the_caller_chooses() {
        assert_eq!(Patch::<u8>::from(None), Patch::Null);
        assert_eq!(Patch::<u8>::from(Some(1)), Patch::Value(1));
        assert_eq!(Patch::value_or_absent(None::<u8>), Patch::Absent);
        assert_eq!(Patch::Value(1).map(|n| n + 1).into_option(), Some(2));
        assert_eq!(Patch::<u8>::Null.map(|n| n + 1), Patch::Null);
        assert!(Patch::Value(1).is_value());
    }
}
