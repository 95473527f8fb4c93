//! Enums that keep unknown values.
//!
//! The generator calls [`open_enum!`] once for each enum of text:
//!
//! ```text
//! open_enum! {
//!     /// Documentation of the enum. Any attribute may stand here.
//!     pub enum StateEnum {
//!         /// Documentation of the value. `#[deprecated]` may stand here too.
//!         Deployed = "DEPLOYED",
//!         // The first text is the one that is sent; the others are accepted too.
//!         Cluster = "CLUSTER" | " CLUSTER",
//!     }
//! }
//! ```
//!
//! No variant may be called `Unknown`: the macro adds it. The macro writes the enum and one table. All other
//! code is in the functions of this module, so that hundreds of enums compile quickly. It is `#[inline]`, so
//! that a program compiles only the enums that it uses. Enums that hold data are unions.

use std::{
    borrow::Cow,
    fmt::{self, Debug},
};

use serde::Deserializer;

use super::{Printable, raw_json::TextVisitor};

/// A value of an enum that this version of the library does not know, unchanged.
///
/// `Display` and `Debug` print it as [`Printable`] does; [`as_str`](Self::as_str) is the value itself.
///
/// Only decoding and `From<&str>` of the enum create it, and only for unknown texts. Therefore values with
/// equal texts are equal.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
// One pointer, because it determines the size of every field with an enum. `None` stands for the empty text.
pub struct UnknownValue(Option<Box<Box<str>>>);

impl UnknownValue {
    fn new(text: &str) -> Self {
        Self((!text.is_empty()).then(|| Box::new(text.into())))
    }

    /// Returns the value as the API spells it.
    pub fn as_str(&self) -> &str {
        self.0.as_deref().map_or("", |text| text)
    }
}

impl fmt::Display for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Printable::new(self.as_str()), f)
    }
}

impl Debug for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(&Printable::new(self.as_str()), f)
    }
}

/// The value of an enum field before it is read.
pub(crate) fn no_value() -> UnknownValue {
    UnknownValue(None)
}

/// The items that the macro writes for each enum.
pub(crate) trait OpenEnum: Clone + 'static {
    /// The known values.
    const KNOWN: &'static [Self];
    /// Other texts that are accepted, each with its variant.
    const ALIASES: &'static [(&'static str, Self)] = &[];
    /// The text in a request.
    fn text(&self) -> &str;
    /// Creates the value of an unknown text.
    fn unknown(value: UnknownValue) -> Self;
}

/// The value of a text.
pub(crate) fn from_text<E: OpenEnum>(text: &str) -> E {
    let known = E::KNOWN.iter().find(|value| value.text() == text);
    let alias = || {
        let mut aliases = E::ALIASES.iter();
        aliases
            .find(|(alias, _)| *alias == text)
            .map(|(_, value)| value)
    };
    match known.or_else(alias) {
        Some(value) => value.clone(),
        None => E::unknown(UnknownValue::new(text)),
    }
}

/// Prints a value for people. An unknown value may contain any text.
pub(crate) fn display(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    fmt::Display::fmt(&Printable::new(text), f)
}

/// Prints a known value as its name, and an unknown one marked as unknown.
pub(crate) fn debug(text: &str, is_known: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if is_known {
        f.write_str(text)
    } else {
        f.debug_tuple("Unknown")
            .field(&Printable::new(text))
            .finish()
    }
}

/// Reads a value, without a copy of its text if the document allows it.
pub(crate) fn read<'de, E: OpenEnum, D: Deserializer<'de>>(from: D) -> Result<E, D::Error> {
    let text: Cow<'de, str> = from.deserialize_str(TextVisitor)?;
    Ok(from_text(&text))
}

/// Writes an enum that keeps unknown values. The module documents the grammar.
///
/// Every path is absolute, because the enum may have the same name as an item of the prelude.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $text:literal $(| $alias:literal)*),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(::core::clone::Clone)]
        #[non_exhaustive]
        $vis enum $name {
            $($(#[$variant_meta])* $variant,)+
            /// A value that this version of the library does not know.
            Unknown($crate::UnknownValue),
        }

        #[allow(deprecated, reason = "a deprecated value is still a value")]
        const _: () = {
            impl $crate::runtime::open_enum::OpenEnum for $name {
                const KNOWN: &'static [Self] = &[$(Self::$variant),+];
                $crate::runtime::open_enum::aliases!($($($alias $variant)*)+);
                fn text(&self) -> &str {
                    match self {
                        $(Self::$variant => $text,)+
                        Self::Unknown(value) => value.as_str(),
                    }
                }
                fn unknown(value: $crate::UnknownValue) -> Self {
                    Self::Unknown(value)
                }
            }
            impl $name {
                /// The value as the API writes it.
                #[inline]
                $vis fn as_str(&self) -> &str {
                    $crate::runtime::open_enum::OpenEnum::text(self)
                }
                /// Whether this version of the library knows the value.
                #[inline]
                $vis fn is_known(&self) -> bool {
                    !::core::matches!(self, Self::Unknown(_))
                }
                /// All values that this version of the library knows.
                #[inline]
                $vis fn known_values() -> &'static [Self] {
                    <Self as $crate::runtime::open_enum::OpenEnum>::KNOWN
                }
            }
            impl $crate::runtime::model::Field for $name {
                #[inline]
                fn placeholder() -> Self {
                    Self::Unknown($crate::runtime::open_enum::no_value())
                }
            }
            impl ::core::fmt::Display for $name {
                #[inline]
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    $crate::runtime::open_enum::display(self.as_str(), f)
                }
            }
            impl ::core::fmt::Debug for $name {
                #[inline]
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    $crate::runtime::open_enum::debug(self.as_str(), self.is_known(), f)
                }
            }
            impl ::core::cmp::PartialEq for $name {
                #[inline]
                fn eq(&self, other: &Self) -> bool {
                    self.as_str() == other.as_str()
                }
            }
            impl ::core::cmp::Eq for $name {}
            impl ::core::cmp::PartialOrd for $name {
                #[inline]
                fn partial_cmp(
                    &self,
                    other: &Self,
                ) -> ::core::option::Option<::core::cmp::Ordering> {
                    ::core::option::Option::Some(::core::cmp::Ord::cmp(self, other))
                }
            }
            impl ::core::cmp::Ord for $name {
                #[inline]
                fn cmp(&self, other: &Self) -> ::core::cmp::Ordering {
                    ::core::cmp::Ord::cmp(self.as_str(), other.as_str())
                }
            }
            impl ::core::hash::Hash for $name {
                fn hash<H: ::core::hash::Hasher>(&self, state: &mut H) {
                    ::core::hash::Hash::hash(self.as_str(), state);
                }
            }
            impl ::core::convert::From<&str> for $name {
                #[inline]
                fn from(text: &str) -> Self {
                    $crate::runtime::open_enum::from_text(text)
                }
            }
            impl ::core::convert::From<::std::string::String> for $name {
                #[inline]
                fn from(text: ::std::string::String) -> Self {
                    $crate::runtime::open_enum::from_text(&text)
                }
            }
            impl ::core::str::FromStr for $name {
                type Err = ::core::convert::Infallible;
                #[inline]
                fn from_str(
                    text: &str,
                ) -> ::core::result::Result<Self, ::core::convert::Infallible> {
                    ::core::result::Result::Ok($crate::runtime::open_enum::from_text(text))
                }
            }
            impl $crate::QueryValue for $name {
                #[inline]
                fn to_query(&self) -> ::std::string::String {
                    ::std::borrow::ToOwned::to_owned(self.as_str())
                }
            }
            impl ::serde::Serialize for $name {
                fn serialize<S: ::serde::Serializer>(
                    &self,
                    to: S,
                ) -> ::core::result::Result<S::Ok, S::Error> {
                    to.serialize_str(self.as_str())
                }
            }
            impl<'de> ::serde::Deserialize<'de> for $name {
                fn deserialize<D: ::serde::Deserializer<'de>>(
                    from: D,
                ) -> ::core::result::Result<Self, D::Error> {
                    $crate::runtime::open_enum::read(from)
                }
            }
        };
    };
}

/// Writes the table of aliases of an enum that has any.
macro_rules! aliases {
    () => {};
    ($($alias:literal $variant:ident)+) => {
        const ALIASES: &'static [(&'static str, Self)] = &[$(($alias, Self::$variant)),+];
    };
}

pub(crate) use {aliases, open_enum};

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, collections::HashSet};

    use serde_json::json;

    use crate::{QueryValue, decode};

    open_enum! {
        /// The name of a cloud.
        enum Cloud {
            /// Amazon's.
            Aws = "AWS",
            /// Google's.
            #[deprecated]
            Gcp = "GCP",
            /// Any.
            OnPremise = "ON_PREMISE" | " ON_PREMISE" | "on-premise",
        }
    }

    #[test]
    fn an_unknown_value_passes_through_unchanged() {
        let text = "  ALIBABA é\"\n";
        let value: Cloud = decode(json!(text).to_string().as_bytes()).unwrap();
        assert!(!value.is_known());
        assert_eq!(value.as_str(), text);
        assert_eq!(value.to_string(), text.replace('\n', r"\n"));
        assert_eq!(value.to_query(), text);
        assert_eq!(serde_json::to_value(&value).unwrap(), json!(text));
        assert_eq!(value, Cloud::from(text.to_owned()));
        assert_eq!(text.parse(), Ok(value));
    }

    #[test]
    fn an_enum_is_two_words_and_an_empty_text_is_a_value() {
        assert_eq!(size_of::<Cloud>(), 2 * size_of::<usize>());
        let empty = Cloud::from("");
        assert_eq!((empty.as_str(), empty.is_known()), ("", false));
        assert!(empty < Cloud::from(" "));
    }

    #[test]
    fn a_known_value_is_never_held_as_an_unknown_one() {
        for value in Cloud::known_values() {
            assert!(value.is_known());
            assert_eq!(&Cloud::from(value.as_str()), value);
            assert!(Cloud::from(value.as_str()).is_known());
            let json = serde_json::to_string(value).unwrap();
            assert_eq!(&decode::<Cloud>(json.as_bytes()).unwrap(), value);
        }
        assert_eq!(Cloud::known_values().len(), 3);
        assert!(matches!(Cloud::from("AWS"), Cloud::Aws));
    }

    #[test]
    fn other_spellings_are_accepted_and_not_sent() {
        for text in ["ON_PREMISE", " ON_PREMISE", "on-premise"] {
            assert_eq!(Cloud::from(text), Cloud::OnPremise);
        }
        assert_eq!(Cloud::OnPremise.to_query(), "ON_PREMISE");
        assert!(!Cloud::from("aws").is_known());
    }

    #[test]
    fn display_respects_the_width_and_debug_marks_unknown_values() {
        assert_eq!(
            format!("{:>5}|{:<5}|", Cloud::Aws, Cloud::from("X")),
            "  AWS|X    |"
        );
        let shown = format!("{:?} {:?}", Cloud::OnPremise, Cloud::from("X"));
        assert_eq!(shown, "ON_PREMISE Unknown(\"X\")");
    }

    #[test]
    fn it_works_as_the_key_of_a_map() {
        let json = r#"{"AWS":1,"MOON":2}"#;
        let map: BTreeMap<Cloud, u8> = decode(json.as_bytes()).unwrap();
        assert_eq!(map[&Cloud::Aws], 1);
        assert_eq!(map[&Cloud::from("MOON")], 2);
        assert_eq!(serde_json::to_string(&map).unwrap(), json);
        // Read the slow way too, because of the 1.0.
        let map: BTreeMap<Cloud, u8> = decode(br#"{"AWS":1.0}"#).unwrap();
        assert_eq!(map[&Cloud::Aws], 1);
        assert!(HashSet::from([Cloud::Aws]).contains(&Cloud::from("AWS")));
    }

    #[test]
    fn a_value_that_is_not_a_text_is_refused() {
        let error = decode::<Vec<Cloud>>(br#"["AWS",5]"#).unwrap_err();
        assert_eq!(
            error.to_string(),
            "[1]: expected a text, found the number 5"
        );
    }
}
