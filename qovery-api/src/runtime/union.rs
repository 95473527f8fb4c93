//! Unions: values that are one of several schemas, and keep a member which they do not know.
//!
//! The generator calls [`union!`] once for each union, in one of three forms. In each, the order of
//! the members is the order in which they are looked at, a member may be boxed, and an `Unknown`
//! member with the JSON as it came is added.
//!
//! ```text
//! union! {
//!     /// Told apart by the text in a property. Several texts may mean one member.
//!     pub enum JobResponse by tag "job_type" {
//!         "CRON" =>
//!             /// Documentation of the member. Any attribute of a variant may stand here.
//!             Cron(CronJobResponse),
//!         "LIFECYCLE" | "ON_DEMAND" => Lifecycle(Box<LifecycleJobResponse>),
//!         // Optional, last: what an object without the tag is.
//!         _ => Plain(PlainJobResponse),
//!     }
//! }
//! union! {
//!     /// Told apart by which properties are there and not null: one is enough, and what is looked at
//!     /// first decides.
//!     pub enum HelmSource by property {
//!         "git_repository" => Git(HelmGitSource),
//!         "repository" | "chart_name" => Repository(HelmRepositorySource),
//!         // Optional, last: what is no object, by its kind: text, boolean, integer, number or list.
//!         else text => Url(String),
//!     }
//! }
//! union! {
//!     /// Nothing tells them apart: the first that fits, so the most specific goes first.
//!     pub enum FeatureValue in order {
//!         Text(String),
//!         Flag(bool),
//!         Settings(FeatureSettings),
//!     }
//! }
//! ```
//!
//! A tag stays in the member where the member declares it; where it does not, the first text of the
//! member is written. A member may itself be a union. The fault of a broken member names the union,
//! the member and the path to the field. Conversions from the members are the generator's: two
//! members may have one type. Not for enums of text: those are open enums.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned, ser::Error as _,
};
use serde_json::Value;

pub(crate) use super::decode::Fault;
use super::{Printable, decode};

type Outcome<T> = Result<T, Box<Fault>>;

/// What the macro writes for each union.
pub(crate) trait Union: Sized {
    /// Decides what the value is.
    fn choose(value: Value) -> Outcome<Self>;
}

/// Reads a value whole and decides then.
pub(crate) fn deserialize<'de, U: Union, D: Deserializer<'de>>(from: D) -> Result<U, D::Error> {
    let value = Value::deserialize(from)?;
    U::choose(value).map_err(serde::de::Error::custom)
}

/// The text of the tag, where the object has one.
pub(crate) fn tag<'v>(value: &'v Value, union: &str, tag: &str) -> Outcome<Option<&'v str>> {
    require_object(value, union)?;
    Ok(value.get(tag).and_then(Value::as_str))
}

/// Whether the object says nothing in this property.
pub(crate) fn lacks(value: &Value, property: &str) -> bool {
    value.get(property).is_none_or(Value::is_null)
}

/// Whether any of these properties is there and not null.
pub(crate) fn has_any(value: &Value, properties: &[&str]) -> bool {
    properties.iter().any(|property| !lacks(value, property))
}

/// Whether the value is of this kind.
pub(crate) fn is_a(value: &Value, kind: &str) -> bool {
    match value {
        Value::String(_) => kind == "text",
        Value::Bool(_) => kind == "boolean",
        Value::Array(_) => kind == "list",
        Value::Number(number) => {
            kind == "number"
                || kind == "integer" && number.as_f64().is_some_and(|n| n.fract() == 0.0)
        }
        Value::Null | Value::Object(_) => false,
    }
}

/// Refuses what is no object.
pub(crate) fn require_object(value: &Value, union: &str) -> Outcome<()> {
    if value.is_object() {
        return Ok(());
    }
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    let message = format!("expected an object ({union}), found {found}");
    Err(Box::new(Fault::new(message)))
}

/// Decodes the member that was chosen.
pub(crate) fn member<T: DeserializeOwned>(value: &Value, union: &str, member: &str) -> Outcome<T> {
    decode::from_value(value)
        .map_err(|fault| Box::new(fault.remarked(format_args!("{union}::{member}"))))
}

/// Decodes the member that this text of the tag means.
pub(crate) fn tagged_member<T: DeserializeOwned>(
    value: &Value,
    union: &str,
    member: &str,
    tag: &str,
) -> Outcome<T> {
    decode::from_value(value).map_err(|fault| {
        let text = value.get(tag).and_then(Value::as_str).unwrap_or_default();
        Box::new(fault.remarked(format_args!("{union}::{member}, {tag} = {text:?}")))
    })
}

/// Decodes a member if it fits, at first without patience.
pub(crate) fn attempt<T: DeserializeOwned>(value: &Value, lenient: bool) -> Option<T> {
    let before = decode::budget::balance();
    let member = if lenient {
        decode::from_value(value).ok()
    } else {
        decode::from_value_strictly(value).ok()
    };
    if member.is_none() {
        decode::budget::restore(before);
    }
    member
}

/// Writes a member, and the tag where the member does not.
pub(crate) fn serialize_tagged<T: Serialize + ?Sized, S: Serializer>(
    member: &T,
    tag: &'static str,
    text: &'static str,
    to: S,
) -> Result<S::Ok, S::Error> {
    let mut value = serde_json::to_value(member).map_err(S::Error::custom)?;
    if let Value::Object(fields) = &mut value
        && fields.get(tag).is_none_or(Value::is_null)
    {
        fields.insert(tag.to_owned(), Value::from(text));
    }
    value.serialize(to)
}

/// Prints the names in an unknown member, and not what they hold: it may be a secret.
pub(crate) fn debug_unknown(value: &Value, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("Unknown(")?;
    match value {
        Value::Object(fields) => {
            let names = fields.keys().map(|name| Printable::new(name));
            f.debug_set().entries(names).finish()?;
        }
        Value::Array(items) => write!(f, "[{} items]", items.len())?,
        Value::String(_) => f.write_str("a text")?,
        other => write!(f, "{other}")?,
    }
    f.write_str(")")
}

/// Writes a union. The grammar is in the module's text.
macro_rules! union {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident by tag $tag:literal {
            $($text:literal $(| $other:literal)* =>
                $(#[$member_meta:meta])* $member:ident($type:ty $(,)?)),+
            $(, _ => $(#[$rest_meta:meta])* $rest:ident($rest_type:ty $(,)?))? $(,)?
        }
    ) => {
        $crate::runtime::union::union!(@enum [$(#[$meta])*] [$vis] $name
            $([$(#[$member_meta])*] $member($type))+
            $([$(#[$rest_meta])*] $rest($rest_type))?
        );
        #[allow(deprecated, reason = "a deprecated member is still a member")]
        const _: () = {
            use $crate::runtime::union;
            impl union::Union for $name {
                #[inline]
                fn choose(
                    value: ::serde_json::Value,
                ) -> Result<Self, Box<$crate::runtime::union::Fault>> {
                    const NAME: &str = stringify!($name);
                    Ok(match union::tag(&value, NAME, $tag)? {
                        $(Some($text $(| $other)*) => Self::$member(
                            union::tagged_member(&value, NAME, stringify!($member), $tag)?,
                        ),)+
                        $(None if union::lacks(&value, $tag) => Self::$rest(
                            union::member(&value, NAME, stringify!($rest))?,
                        ),)?
                        _ => Self::Unknown(value),
                    })
                }
            }
            impl ::serde::Serialize for $name {
                fn serialize<S: ::serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                    // The first text: the pattern of a match takes them all.
                    match self {
                        $(Self::$member(member) => {
                            union::serialize_tagged(member, $tag, $text, to)
                        })+
                        $(Self::$rest(member) => ::serde::Serialize::serialize(member, to),)?
                        Self::Unknown(value) => ::serde::Serialize::serialize(value, to),
                    }
                }
            }
        };
    };
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident by property {
            $($property:literal $(| $more:literal)* =>
                $(#[$member_meta:meta])* $member:ident($type:ty $(,)?)),+
            $(, else $kind:ident =>
                $(#[$other_meta:meta])* $other:ident($other_type:ty $(,)?))* $(,)?
        }
    ) => {
        $crate::runtime::union::union!(@enum [$(#[$meta])*] [$vis] $name
            $([$(#[$member_meta])*] $member($type))+
            $([$(#[$other_meta])*] $other($other_type))*
        );
        $crate::runtime::union::union!(@plain $name $($member)+ $($other)*);
        #[allow(deprecated, reason = "a deprecated member is still a member")]
        const _: () = {
            use $crate::runtime::union;
            impl union::Union for $name {
                #[inline]
                fn choose(
                    value: ::serde_json::Value,
                ) -> Result<Self, Box<$crate::runtime::union::Fault>> {
                    const NAME: &str = stringify!($name);
                    const OTHERS: &[&str] = &[$(stringify!($kind)),*];
                    $(if union::has_any(&value, &[$property $(, $more)*]) {
                        return union::member(&value, NAME, stringify!($member)).map(Self::$member);
                    })+
                    $(if union::is_a(&value, stringify!($kind)) {
                        return union::member(&value, NAME, stringify!($other)).map(Self::$other);
                    })*
                    if OTHERS.is_empty() {
                        union::require_object(&value, NAME)?;
                    }
                    Ok(Self::Unknown(value))
                }
            }
        };
    };
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident in order {
            $($(#[$member_meta:meta])* $member:ident($type:ty $(,)?)),+ $(,)?
        }
    ) => {
        $crate::runtime::union::union!(@enum [$(#[$meta])*] [$vis] $name
            $([$(#[$member_meta])*] $member($type))+
        );
        $crate::runtime::union::union!(@plain $name $($member)+);
        #[allow(deprecated, reason = "a deprecated member is still a member")]
        const _: () = {
            use $crate::runtime::union;
            impl union::Union for $name {
                #[inline]
                fn choose(
                    value: ::serde_json::Value,
                ) -> Result<Self, Box<$crate::runtime::union::Fault>> {
                    for lenient in [false, true] {
                        $(if let Some(member) = union::attempt(&value, lenient) {
                            return Ok(Self::$member(member));
                        })+
                    }
                    Ok(Self::Unknown(value))
                }
            }
        };
    };
    (@enum [$($meta:tt)*] [$vis:vis] $name:ident $([$($member_meta:tt)*] $member:ident($type:ty $(,)?))+) => {
        $($meta)*
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        #[allow(
            clippy::large_enum_variant,
            reason = "whether a member is boxed is decided where the union is declared"
        )]
        $vis enum $name {
            $($($member_meta)* $member($type),)+
            /// A member that this version of the library does not know, as it came.
            Unknown(::serde_json::Value),
        }
        #[allow(deprecated, reason = "a deprecated member is still a member")]
        const _: () = {
            impl ::core::fmt::Debug for $name {
                #[inline]
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    match self {
                        $(Self::$member(member) => {
                            f.debug_tuple(stringify!($member)).field(member).finish()
                        })+
                        Self::Unknown(value) => $crate::runtime::union::debug_unknown(value, f),
                    }
                }
            }
            impl $crate::runtime::model::Blank for $name {
                #[inline]
                fn blank() -> Self {
                    Self::Unknown(::serde_json::Value::Null)
                }
            }
            impl<'de> ::serde::Deserialize<'de> for $name {
                fn deserialize<D: ::serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                    $crate::runtime::union::deserialize(from)
                }
            }
        };
    };
    (@plain $name:ident $($member:ident)+) => {
        #[allow(deprecated, reason = "a deprecated member is still a member")]
        const _: () = {
            impl ::serde::Serialize for $name {
                fn serialize<S: ::serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                    match self {
                        $(Self::$member(member) => ::serde::Serialize::serialize(member, to),)+
                        Self::Unknown(value) => ::serde::Serialize::serialize(value, to),
                    }
                }
            }
        };
    };
}

pub(crate) use union;

#[cfg(test)]
mod tests;
