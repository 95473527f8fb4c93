//! Writes and prints a struct: each visits its fields.
//!
//! Not for what a field's own value prints as: secrets see to that themselves.

use std::{
    collections::BTreeMap,
    fmt::{self, Debug, DebugStruct, Formatter},
};

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};

use super::Model;
use crate::runtime::{Patch, Printable};

/// Takes the fields of a struct, one after the other.
pub(crate) trait Visit {
    /// A field that is always written.
    fn always<T: Serialize + Debug>(&mut self, name: &'static str, value: &T);
    /// A field that is written where it holds something.
    fn given<T: Serialize + Debug + Absent>(&mut self, name: &'static str, value: &T);
    /// The values that have no field.
    fn extra<K: AsRef<str>, T: Serialize + Debug>(&mut self, values: impl Iterator<Item = (K, T)>);
}

/// A value that can be left out.
pub(crate) trait Absent {
    /// Whether it is left out.
    fn is_absent(&self) -> bool;
}

impl<T> Absent for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T> Absent for Patch<T> {
    fn is_absent(&self) -> bool {
        Patch::is_absent(self)
    }
}

impl<T> Absent for Vec<T> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<T> Absent for BTreeMap<String, T> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl Absent for Map<String, Value> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

/// Writes a struct.
pub(crate) fn write<M: Model, S: Serializer>(model: &M, to: S) -> Result<S::Ok, S::Error> {
    let mut count = Count(0);
    model.visit(&mut count);
    let mut writer = Writer {
        map: to.serialize_map(Some(count.0))?,
        outcome: Ok(()),
    };
    model.visit(&mut writer);
    writer.outcome?;
    writer.map.end()
}

/// Prints a struct.
pub(crate) fn debug<M: Model>(model: &M, f: &mut Formatter<'_>) -> fmt::Result {
    let mut printer = Printer(f.debug_struct(M::NAME));
    model.visit(&mut printer);
    printer.0.finish()
}

/// Counts what is written: some formats write the number first.
struct Count(usize);

impl Visit for Count {
    fn always<T: Serialize + Debug>(&mut self, _: &'static str, _: &T) {
        self.0 += 1;
    }

    fn given<T: Serialize + Debug + Absent>(&mut self, _: &'static str, value: &T) {
        self.0 += usize::from(!value.is_absent());
    }

    fn extra<K: AsRef<str>, T: Serialize + Debug>(&mut self, values: impl Iterator<Item = (K, T)>) {
        self.0 += values.count();
    }
}

/// Writes until the first error, which it keeps.
struct Writer<S: SerializeMap> {
    map: S,
    outcome: Result<(), S::Error>,
}

impl<S: SerializeMap> Visit for Writer<S> {
    fn always<T: Serialize + Debug>(&mut self, name: &'static str, value: &T) {
        if self.outcome.is_ok() {
            self.outcome = self.map.serialize_entry(name, value);
        }
    }

    fn given<T: Serialize + Debug + Absent>(&mut self, name: &'static str, value: &T) {
        if !value.is_absent() {
            self.always(name, value);
        }
    }

    fn extra<K: AsRef<str>, T: Serialize + Debug>(
        &mut self,
        mut values: impl Iterator<Item = (K, T)>,
    ) {
        if self.outcome.is_ok() {
            self.outcome = values
                .try_for_each(|(name, value)| self.map.serialize_entry(name.as_ref(), &value));
        }
    }
}

struct Printer<'f, 'b>(DebugStruct<'f, 'b>);

impl Visit for Printer<'_, '_> {
    fn always<T: Serialize + Debug>(&mut self, name: &'static str, value: &T) {
        self.0.field(name, value);
    }

    fn given<T: Serialize + Debug + Absent>(&mut self, name: &'static str, value: &T) {
        self.0.field(name, value);
    }

    fn extra<K: AsRef<str>, T: Serialize + Debug>(&mut self, values: impl Iterator<Item = (K, T)>) {
        for (name, value) in values {
            // The name is the server's, and a name is printed as it is.
            let name = Printable::new(name.as_ref());
            self.0.field(&name.to_cow(), &value);
        }
    }
}
