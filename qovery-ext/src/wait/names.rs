//! Names of the subjects of waits. Messages print them with the ids.
//!
//! Names never decide anything: every request uses ids. To find an object by its name, see
//! [`crate::recipes`].

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use qovery_api::{Client, Printable};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::{ServiceRef, Snapshot, Subject};

/// Names by id.
///
/// The names of a subject and its services that the client knows: those that [`find`](crate::recipes) or
/// [`look_up_names`](super::Action::look_up_names) has read, and those of
/// [`remember_name`](super::WaitExt::remember_name).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(Arc<BTreeMap<Uuid, String>>);

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_ref().serialize(serializer)
    }
}

impl Names {
    /// Returns the name of an id, unescaped. Print it with [`Printable`].
    pub fn get(&self, id: Uuid) -> Option<&str> {
        self.0.get(&id).map(String::as_str)
    }

    /// Returns whether no name is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Prints a service with its name, if the name is known.
    pub fn service(&self, service: ServiceRef) -> impl fmt::Display + '_ {
        Named {
            kind: service.kind.to_string(),
            name: self.get(service.id),
            id: service.id,
        }
    }
}

impl FromIterator<(Uuid, String)> for Names {
    fn from_iter<I: IntoIterator<Item = (Uuid, String)>>(names: I) -> Self {
        Self(Arc::new(names.into_iter().collect()))
    }
}

/// `environment staging (0f2c…)`, or `environment 0f2c…` without a name.
struct Named<'a> {
    kind: String,
    name: Option<&'a str>,
    id: Uuid,
}

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, id } = self;
        match name {
            Some(name) => write!(f, "{kind} {} ({id})", Printable::new(name)),
            None => write!(f, "{kind} {id}"),
        }
    }
}

/// The maximum number of services in a message.
const LISTED: usize = 3;

impl Subject {
    /// Prints the subject with its name and its id. An unknown name is left out.
    ///
    /// ```
    /// use qovery_ext::wait::{Names, Subject};
    /// # let id = uuid::Uuid::nil();
    /// let names: Names = [(id, "staging".to_owned())].into_iter().collect();
    /// let subject = Subject::environment(id);
    /// assert_eq!(subject.named(&names).to_string(), format!("environment staging ({id})"));
    /// assert_eq!(subject.to_string(), format!("environment {id}"));
    /// ```
    pub fn named<'a>(&'a self, names: &'a Names) -> impl fmt::Display + 'a {
        NamedSubject {
            subject: self,
            names,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.named(&Names::default()).fmt(f)
    }
}

/// The ids that a message prints.
fn ids_in_message(subject: &Subject) -> Vec<Uuid> {
    match subject {
        Subject::Environment { id, .. } | Subject::Cluster { id, .. } => vec![*id],
        Subject::Service { service, .. } => vec![service.id],
        Subject::Services {
            environment,
            services,
        } => {
            let services = services.iter().map(|service| service.id);
            services.chain([*environment]).collect()
        }
    }
}

struct NamedSubject<'a> {
    subject: &'a Subject,
    names: &'a Names,
}

impl fmt::Display for NamedSubject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |kind: &str, id: Uuid| Named {
            kind: kind.to_owned(),
            name: self.names.get(id),
            id,
        };
        match self.subject {
            Subject::Environment { id, .. } => named("environment", *id).fmt(f),
            Subject::Cluster { id, .. } => named("cluster", *id).fmt(f),
            Subject::Service { service, .. } => self.names.service(*service).fmt(f),
            Subject::Services {
                environment,
                services,
            } => {
                match services.as_slice() {
                    [service] => self.names.service(*service).fmt(f)?,
                    services => {
                        write!(f, "{} services", services.len())?;
                        let is_listed = (1..=LISTED).contains(&services.len());
                        if is_listed && !self.names.is_empty() {
                            let listed = services.iter();
                            let listed = listed.map(|one| self.names.service(*one).to_string());
                            write!(f, " [{}]", listed.collect::<Vec<_>>().join(", "))?;
                        }
                    }
                }
                write!(f, " of {}", named("environment", *environment))
            }
        }
    }
}

/// The names that a client knows.
#[derive(Debug, Default)]
pub(crate) struct KnownNames {
    names: Mutex<HashMap<Uuid, String>>,
    /// How many deletions of this client have ended, for each kind of object. Lists of names that were read earlier
    /// may still have a deleted object.
    deletions: Mutex<HashMap<&'static str, u64>>,
}

impl KnownNames {
    /// The maximum number of names. If another name is added, all are forgotten.
    const LIMIT: usize = 100_000;

    pub(crate) fn of(client: &Client) -> Arc<Self> {
        client.shared(Self::default)
    }

    pub(crate) fn remember(&self, id: Uuid, name: String) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= Self::LIMIT && !names.contains_key(&id) {
            names.clear();
        }
        names.insert(id, name);
    }

    pub(crate) fn knows(&self, id: Uuid) -> bool {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.contains_key(&id)
    }

    /// Notes that this client has deleted an object.
    pub(crate) fn note_deletion(&self, subject: &Subject) {
        let kind = match subject {
            Subject::Environment { .. } => "environment",
            Subject::Service { .. } | Subject::Services { .. } => "service",
            Subject::Cluster { .. } => "cluster",
        };
        *self.deletions().entry(kind).or_default() += 1;
    }

    /// How many deletions of objects of this kind have ended.
    #[cfg(feature = "find")]
    pub(crate) fn deletions_of(&self, kind: &str) -> u64 {
        self.deletions().get(kind).copied().unwrap_or_default()
    }

    fn deletions(&self) -> MutexGuard<'_, HashMap<&'static str, u64>> {
        self.deletions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// A service with its name, if the client knows it, for messages.
    #[cfg(feature = "versions")]
    pub(crate) fn service(&self, service: ServiceRef) -> String {
        let subject = Subject::service(service);
        self.about(&subject, None).service(service).to_string()
    }

    /// The names of a subject and of the services in its status.
    pub(crate) fn about(&self, subject: &Subject, seen: Option<&Snapshot>) -> Names {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if names.is_empty() {
            return Names::default();
        }
        let services = seen.map(|seen| seen.services.as_slice());
        let services = services.unwrap_or_default().iter();
        let ids = services
            .map(|s| s.service.id)
            .chain(ids_in_message(subject));
        ids.filter_map(|id| Some((id, names.get(&id)?.clone())))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wait::ServiceKind;

    const STAGING: Uuid = Uuid::from_u128(1);
    const API: Uuid = Uuid::from_u128(2);
    const WEB: Uuid = Uuid::from_u128(3);

    fn names() -> Names {
        let names = [(STAGING, "staging"), (API, "api"), (WEB, "we\u{1b}b")];
        names
            .map(|(id, name)| (id, name.to_owned()))
            .into_iter()
            .collect()
    }

    #[test]
    fn a_subject_has_its_name_and_its_id() {
        let api = ServiceRef::new(ServiceKind::Application, API);
        let web = ServiceRef::new(ServiceKind::Helm, WEB);
        let unknown = ServiceRef::new(ServiceKind::Job, Uuid::from_u128(4));
        let names = names();
        for (subject, expected) in [
            (
                Subject::environment(STAGING),
                format!("environment staging ({STAGING})"),
            ),
            (Subject::service(api), format!("application api ({API})")),
            (
                Subject::service(unknown),
                format!("job {}", Uuid::from_u128(4)),
            ),
            (
                Subject::services(STAGING, vec![api]),
                format!("application api ({API}) of environment staging ({STAGING})"),
            ),
            (
                Subject::services(STAGING, vec![api, web]),
                format!(
                    "2 services [application api ({API}), helm we\\u{{1b}}b ({WEB})] of environment \
                     staging ({STAGING})"
                ),
            ),
            (
                Subject::services(STAGING, vec![]),
                format!("0 services of environment staging ({STAGING})"),
            ),
        ] {
            assert_eq!(subject.named(&names).to_string(), expected);
        }
    }

    #[test]
    fn without_names_one_service_is_singular_and_many_are_counted() {
        let service = |number| ServiceRef::new(ServiceKind::Container, Uuid::from_u128(number));
        for (count, expected) in [
            (0, "0 services of environment".to_owned()),
            (1, format!("container {API} of environment")),
            (4, "4 services of environment".to_owned()),
        ] {
            let services = (2..2 + count).map(service).collect();
            let subject = Subject::services(STAGING, services).to_string();
            assert_eq!(subject, format!("{expected} {STAGING}"));
        }
    }

    #[test]
    fn the_names_of_a_client_are_bounded() {
        let known = KnownNames::default();
        for number in 0..=KnownNames::LIMIT {
            known.remember(Uuid::from_u128(number as u128), String::new());
        }
        assert_eq!(known.names.lock().unwrap().len(), 1);
    }
}
