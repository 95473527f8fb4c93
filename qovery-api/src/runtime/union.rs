//! Unions: values that are one of several schemas. Unknown members are kept.
//!
//! The generator calls [`union!`] once for each union, in one of three forms. Members are tried in order, and
//! may be boxed. The macro adds a member `Unknown` with the unchanged JSON.
//!
//! ```text
//! union! {
//!     /// Distinguished by the text of a property. Several texts may stand for one member.
//!     pub enum JobResponse by tag "job_type" {
//!         "CRON" =>
//!             /// Documentation of the member. Any attribute of a variant may stand here.
//!             Cron(CronJobResponse),
//!         "LIFECYCLE" | "ON_DEMAND" => Lifecycle(Box<LifecycleJobResponse>),
//!         // Optional, last: the member for an object without the tag.
//!         _ => Plain(PlainJobResponse),
//!     }
//! }
//! union! {
//!     /// Distinguished by the properties that are present and not null: one is enough, and the first match
//!     /// decides.
//!     pub enum HelmSource by property {
//!         "git_repository" => Git(HelmGitSource),
//!         "repository" | "chart_name" => Repository(HelmRepositorySource),
//!         // Optional, last: the member for a value that is not an object, by its kind: text, boolean, integer, number or list.
//!         else text => Url(String),
//!     }
//! }
//! union! {
//!     /// Not distinguished: the first member that fits, so the most specific one is first.
//!     pub enum FeatureValue in order {
//!         Text(String),
//!         Flag(bool),
//!         Settings(FeatureSettings),
//!     }
//! }
//! ```
//!
//! If a member declares the tag as a field, it holds the text of the tag. For any other member, the macro writes the
//! first of the texts that select the member. A member may be a union. In lenient decoding, a member that does not
//! fit becomes `Unknown`, with its JSON and the reason. The error of a member that does not fit names the union, the
//! member and the path to the field. The generator writes the conversions from the members, because two members may have the same type.
//! Enums of text are open enums.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, Error as _, MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

pub(crate) use super::decode::{Fault, Outline, Subject};
use super::{
    DecodeError, Printable,
    decode::{self, DecodeMode, budget},
    raw_json::{self, RawJson},
};

pub(crate) use tagged::serialize_tagged;

mod tagged;

type Outcome<T> = Result<T, Box<Fault>>;

/// A member of a union that is kept unchanged: this version of the library does not know it, or it does not
/// fit the member that its discriminator names.
///
/// It is sent back unchanged. `Debug` shows only the names of its fields, because it may contain a secret.
///
/// ```
/// use qovery_api::{decode, types::JobResponse};
///
/// let job: JobResponse = decode(br#"{"job_type": "YEARLY", "id": "j-1"}"#)?;
/// let JobResponse::Unknown(job) = job else { panic!() };
/// assert_eq!(job.get("id").as_deref(), Some(r#""j-1""#));
/// assert!(job.reason().is_none());
/// # Ok::<(), qovery_api::DecodeError>(())
/// ```
#[derive(Clone, Default)]
pub struct UnknownMember(Option<Box<Kept>>);

#[derive(Clone)]
struct Kept {
    json: Box<RawValue>,
    reason: Option<DecodeError>,
}

impl UnknownMember {
    fn new(json: &str, reason: Option<DecodeError>) -> Self {
        let json = raw_json::boxed(json);
        Self(Some(Box::new(Kept { json, reason })))
    }

    /// Returns the value as JSON text.
    pub fn as_str(&self) -> &str {
        self.0.as_ref().map_or("null", |kept| kept.json.get())
    }

    /// Returns the reason why the value does not fit its member; `None` if this version of the
    /// library does not know the member.
    pub fn reason(&self) -> Option<&DecodeError> {
        self.0.as_ref()?.reason.as_ref()
    }

    /// Returns a field of the value as JSON text, if the value is an object and has the field, and
    /// the field is not null.
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        let outline = Subject::new(self.as_str(), DecodeMode::Exact).outline();
        outline.field(name).map(Cow::Borrowed)
    }

    /// Returns the value, decoded like a response.
    ///
    /// # Errors
    /// Returns an error if the value does not fit the type.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        decode::decode(self.as_str().as_bytes())
    }

    /// Prints the names of the fields without their values.
    fn fmt_names(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Subject::new(self.as_str(), DecodeMode::Lenient).outline() {
            Outline::Object(fields) => {
                let names = fields.iter().map(|(name, _)| Printable::new(name));
                f.debug_set().entries(names).finish()
            }
            Outline::List => f.write_str("a list"),
            Outline::Text => f.write_str("a text"),
            Outline::Null | Outline::Boolean | Outline::Number { .. } => f.write_str(self.as_str()),
        }
    }
}

impl PartialEq for UnknownMember {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl fmt::Debug for UnknownMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_names(f)
    }
}

impl From<Value> for UnknownMember {
    fn from(value: Value) -> Self {
        Self::new(&value.to_string(), None)
    }
}

impl Serialize for UnknownMember {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Some(kept) => kept.json.serialize(to),
            None => to.serialize_unit(),
        }
    }
}

/// The content of a union member of an unknown type; only the field that holds it is known.
pub(crate) fn content(member: UnknownMember, field: &str) -> UnknownMember {
    match member.get(field) {
        Some(value) => UnknownMember::new(&value, None),
        None => member,
    }
}

/// The items that the macro writes for each union.
pub(crate) trait Union: Sized {
    /// Selects the member of the value.
    fn choose(subject: Subject<'_>) -> Outcome<Self>;
    /// Creates the unknown member.
    fn unknown(member: UnknownMember) -> Self;
}

/// Reads the text of a value, and then selects the member.
pub(crate) fn deserialize<'de, U: Union, D: Deserializer<'de>>(from: D) -> Result<U, D::Error> {
    let decided = from.deserialize_newtype_struct(decode::UNION, UnionVisitor)?;
    let subject = match &decided {
        UnionValue::Plain(RawJson(text)) => Subject::new(text, DecodeMode::Exact),
        UnionValue::WithMode(subject) => *subject,
    };
    // For any member, there is enough memory for the largest one and for an unknown one.
    budget::take_struct::<(U, Kept), D::Error>()?;
    let before = budget::remaining();
    U::choose(subject).or_else(|fault| {
        budget::restore(before);
        if subject.mode() < DecodeMode::Lenient || subject.text() == "null" {
            return Err(D::Error::custom(fault));
        }
        let reason = DecodeError::from(*fault);
        budget::take::<D::Error>(reason.path().len() + reason.message().len())?;
        Ok(U::unknown(UnknownMember::new(subject.text(), Some(reason))))
    })
}

/// A value whose member is not selected yet.
enum UnionValue<'de> {
    Plain(RawJson<'de>),
    WithMode(Subject<'de>),
}

struct UnionVisitor;

impl<'de> Visitor<'de> for UnionVisitor {
    type Value = UnionValue<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a union")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        RawJson::deserialize(from).map(UnionValue::Plain)
    }

    fn visit_map<A: MapAccess<'de>>(self, from: A) -> Result<Self::Value, A::Error> {
        decode::union_subject(from).map(UnionValue::WithMode)
    }
}

/// The text of the tag, if the object has one.
pub(crate) fn tag<'v>(
    outline: &Outline<'v>,
    union: &str,
    tag: &str,
) -> Outcome<Option<Cow<'v, str>>> {
    require_object(outline, union)?;
    Ok(outline.text(tag))
}

/// Whether the object lacks this property, or it is null.
pub(crate) fn lacks(outline: &Outline<'_>, property: &str) -> bool {
    outline.field(property).is_none()
}

/// Whether any of these properties exists and is not null.
pub(crate) fn has_any(outline: &Outline<'_>, properties: &[&str]) -> bool {
    properties.iter().any(|property| !lacks(outline, property))
}

/// Whether the value is of this kind.
pub(crate) fn is_a(outline: &Outline<'_>, kind: &str) -> bool {
    match outline {
        Outline::Text => kind == "text",
        Outline::Boolean => kind == "boolean",
        Outline::List => kind == "list",
        Outline::Number { is_whole } => kind == "number" || kind == "integer" && *is_whole,
        Outline::Null | Outline::Object(_) => false,
    }
}

/// Returns an error if the value is not an object.
pub(crate) fn require_object(outline: &Outline<'_>, union: &str) -> Outcome<()> {
    if let Outline::Object(_) = outline {
        return Ok(());
    }
    let message = format!("expected an object ({union}), found {}", outline.kind());
    Err(Box::new(Fault::new(message)))
}

/// Keeps a value of an unknown member.
pub(crate) fn keep(subject: Subject<'_>) -> UnknownMember {
    UnknownMember::new(subject.text(), None)
}

/// Decodes the selected member.
pub(crate) fn member<T: DeserializeOwned>(
    subject: Subject<'_>,
    union: &str,
    member: &str,
) -> Outcome<T> {
    decode::decode_subject(subject)
        .map_err(|fault| Box::new(fault.remarked(format_args!("{union}::{member}"))))
}

/// Decodes the member that this text of the tag selects.
pub(crate) fn tagged_member<T: DeserializeOwned>(
    subject: Subject<'_>,
    union: &str,
    member: &str,
    (tag, text): (&str, &Option<Cow<'_, str>>),
) -> Outcome<T> {
    decode::decode_subject(subject).map_err(|fault| {
        let text = text.as_deref().unwrap_or_default();
        Box::new(fault.remarked(format_args!("{union}::{member}, {tag} = {text:?}")))
    })
}

/// Decodes a member if it fits, with this mode.
pub(crate) fn attempt<T: DeserializeOwned>(subject: Subject<'_>, mode: DecodeMode) -> Option<T> {
    let before = budget::remaining();
    let member = decode::decode_subject(subject.with(mode)).ok();
    if member.is_none() {
        budget::restore(before);
    }
    member
}

/// The order of the attempts for a union without a discriminator: the most exact mode first, and never one
/// that could take a broken member for another.
pub(crate) const MODES: [DecodeMode; 2] = [DecodeMode::Exact, DecodeMode::Strict];

/// Writes a union. The module documents the grammar.
///
/// Every path is absolute, because the union may have the same name as an item of the prelude.
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
            impl $crate::runtime::union::Union for $name {
                #[inline]
                fn choose(
                    subject: $crate::runtime::union::Subject<'_>,
                ) -> ::core::result::Result<Self, ::std::boxed::Box<$crate::runtime::union::Fault>> {
                    const NAME: &str = ::core::stringify!($name);
                    let outline = subject.outline();
                    let tag = $crate::runtime::union::tag(&outline, NAME, $tag)?;
                    ::core::result::Result::Ok(match tag.as_deref() {
                        $(::core::option::Option::Some($text $(| $other)*) => Self::$member(
                            $crate::runtime::union::tagged_member(subject, NAME, ::core::stringify!($member), ($tag, &tag))?,
                        ),)+
                        $(::core::option::Option::None if $crate::runtime::union::lacks(&outline, $tag) => Self::$rest(
                            $crate::runtime::union::member(subject, NAME, ::core::stringify!($rest))?,
                        ),)?
                        _ => Self::Unknown($crate::runtime::union::keep(subject)),
                    })
                }
                #[inline]
                fn unknown(member: $crate::UnknownMember) -> Self {
                    Self::Unknown(member)
                }
            }
            impl ::serde::Serialize for $name {
                fn serialize<S: ::serde::Serializer>(&self, to: S) -> ::core::result::Result<S::Ok, S::Error> {
                    // The first text: the pattern of the match accepts all of them.
                    match self {
                        $(Self::$member(member) => {
                            $crate::runtime::union::serialize_tagged(member, $tag, $text, to)
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
            impl $crate::runtime::union::Union for $name {
                #[inline]
                fn choose(
                    subject: $crate::runtime::union::Subject<'_>,
                ) -> ::core::result::Result<Self, ::std::boxed::Box<$crate::runtime::union::Fault>> {
                    const NAME: &str = ::core::stringify!($name);
                    const OTHERS: &[&str] = &[$(::core::stringify!($kind)),*];
                    let outline = subject.outline();
                    $(if $crate::runtime::union::has_any(&outline, &[$property $(, $more)*]) {
                        return $crate::runtime::union::member(subject, NAME, ::core::stringify!($member)).map(Self::$member);
                    })+
                    $(if $crate::runtime::union::is_a(&outline, ::core::stringify!($kind)) {
                        return $crate::runtime::union::member(subject, NAME, ::core::stringify!($other)).map(Self::$other);
                    })*
                    if OTHERS.is_empty() {
                        $crate::runtime::union::require_object(&outline, NAME)?;
                    }
                    ::core::result::Result::Ok(Self::Unknown($crate::runtime::union::keep(subject)))
                }
                #[inline]
                fn unknown(member: $crate::UnknownMember) -> Self {
                    Self::Unknown(member)
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
            impl $crate::runtime::union::Union for $name {
                #[inline]
                fn choose(
                    subject: $crate::runtime::union::Subject<'_>,
                ) -> ::core::result::Result<Self, ::std::boxed::Box<$crate::runtime::union::Fault>> {
                    for mode in $crate::runtime::union::MODES {
                        $(if let ::core::option::Option::Some(member) = $crate::runtime::union::attempt(subject, mode) {
                            return ::core::result::Result::Ok(Self::$member(member));
                        })+
                    }
                    ::core::result::Result::Ok(Self::Unknown($crate::runtime::union::keep(subject)))
                }
                #[inline]
                fn unknown(member: $crate::UnknownMember) -> Self {
                    Self::Unknown(member)
                }
            }
        };
    };
    (@enum [$($meta:tt)*] [$vis:vis] $name:ident $([$($member_meta:tt)*] $member:ident($type:ty $(,)?))+) => {
        $($meta)*
        #[derive(::core::clone::Clone, ::core::cmp::PartialEq)]
        #[non_exhaustive]
        #[allow(
            clippy::large_enum_variant,
            reason = "whether a member is boxed is decided where the union is declared"
        )]
        $vis enum $name {
            $($($member_meta)* $member($type),)+
            /// A member that this version of the library does not know, or that does not fit. It is kept
            /// unchanged.
            Unknown($crate::UnknownMember),
        }
        #[allow(deprecated, reason = "a deprecated member is still a member")]
        const _: () = {
            impl $name {
                /// Removes the extra fields of all models in the member. An unknown member stays as it is.
                #[inline]
                #[must_use = "the union without extra fields is the result"]
                $vis fn without_extra(mut self) -> Self {
                    $crate::runtime::model::Field::drop_extra(&mut self);
                    self
                }
            }
            impl ::core::fmt::Debug for $name {
                #[inline]
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    match self {
                        $(Self::$member(member) => {
                            f.debug_tuple(::core::stringify!($member)).field(member).finish()
                        })+
                        Self::Unknown(member) => f.debug_tuple("Unknown").field(member).finish(),
                    }
                }
            }
            impl $crate::runtime::model::Field for $name {
                #[inline]
                fn placeholder() -> Self {
                    Self::Unknown(::core::default::Default::default())
                }
                fn drop_extra(&mut self) {
                    match self {
                        $(Self::$member(member) => {
                            $crate::runtime::model::Field::drop_extra(member);
                        })+
                        Self::Unknown(_) => {}
                    }
                }
            }
            impl<'de> ::serde::Deserialize<'de> for $name {
                fn deserialize<D: ::serde::Deserializer<'de>>(from: D) -> ::core::result::Result<Self, D::Error> {
                    $crate::runtime::union::deserialize(from)
                }
            }
        };
    };
    (@plain $name:ident $($member:ident)+) => {
        #[allow(deprecated, reason = "a deprecated member is still a member")]
        const _: () = {
            impl ::serde::Serialize for $name {
                fn serialize<S: ::serde::Serializer>(&self, to: S) -> ::core::result::Result<S::Ok, S::Error> {
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
