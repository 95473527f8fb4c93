//! Names of the subjects of waits. Messages print them with the ids.
//!
//! Names never decide anything: every request uses ids. To find an object by its name, see
//! [`crate::recipes`].

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex},
};

use qovery_api::{Client, Printable};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::{ServiceRef, Snapshot, Subject};
use crate::sync::lock;

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
        self.named(service.kind, service.id)
    }

    /// `environment staging (0f2c…)`, or `environment 0f2c…` without a name.
    fn named(&self, kind: impl fmt::Display, id: Uuid) -> String {
        match self.get(id) {
            Some(name) => format!("{kind} {} ({id})", Printable::new(name)),
            None => format!("{kind} {id}"),
        }
    }
}

impl FromIterator<(Uuid, String)> for Names {
    fn from_iter<I: IntoIterator<Item = (Uuid, String)>>(names: I) -> Self {
        Self(Arc::new(names.into_iter().collect()))
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
        let named = |services: &[ServiceRef]| {
            let services = services.iter();
            let services = services.map(|one| names.service(*one).to_string());
            services.collect::<Vec<_>>().join(", ")
        };
        match self {
            Subject::Environment { id, .. } => names.named("environment", *id),
            Subject::Cluster { id, .. } => names.named("cluster", *id),
            Subject::Service { service, .. } => named(&[*service]),
            Subject::Services {
                environment,
                services,
            } => {
                let services = match services.len() {
                    1 => named(services),
                    count if (1..=LISTED).contains(&count) && !names.is_empty() => {
                        format!("{count} services [{}]", named(services))
                    }
                    count => format!("{count} services"),
                };
                format!("{services} of {}", names.named("environment", *environment))
            }
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
    let mut ids = vec![subject.id()];
    if let Subject::Services { services, .. } = subject {
        ids.extend(services.iter().map(|service| service.id));
    }
    ids
}

/// The names that a client knows.
#[derive(Debug, Default)]
pub(crate) struct KnownNames(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    names: HashMap<Uuid, String>,
    /// How many deletions of this client have ended, for each kind of object. Lists of names that were read earlier
    /// may still have a deleted object.
    deletions: HashMap<&'static str, u64>,
}

impl KnownNames {
    /// The maximum number of names. If another name is added, all are forgotten.
    const LIMIT: usize = 100_000;

    pub(crate) fn of(client: &Client) -> Arc<Self> {
        client.shared(Self::default)
    }

    pub(crate) fn remember(&self, id: Uuid, name: String) {
        let names = &mut lock(&self.0).names;
        if names.len() >= Self::LIMIT && !names.contains_key(&id) {
            names.clear();
        }
        names.insert(id, name);
    }

    pub(crate) fn knows(&self, id: Uuid) -> bool {
        lock(&self.0).names.contains_key(&id)
    }

    /// Notes that this client has deleted an object.
    pub(crate) fn note_deletion(&self, subject: &Subject) {
        let kind = match subject {
            Subject::Environment { .. } => "environment",
            Subject::Service { .. } | Subject::Services { .. } => "service",
            Subject::Cluster { .. } => "cluster",
        };
        *lock(&self.0).deletions.entry(kind).or_default() += 1;
    }

    /// How many deletions of objects of this kind have ended.
    #[cfg(feature = "find")]
    pub(crate) fn deletions_of(&self, kind: &str) -> u64 {
        lock(&self.0)
            .deletions
            .get(kind)
            .copied()
            .unwrap_or_default()
    }

    /// A service with its name, if the client knows it, for messages.
    pub(crate) fn service(&self, service: ServiceRef) -> String {
        let subject = Subject::service(service);
        self.about(&subject, None).service(service).to_string()
    }

    /// The names of a subject and of the services in its status.
    pub(crate) fn about(&self, subject: &Subject, seen: Option<&Snapshot>) -> Names {
        let names = &lock(&self.0).names;
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
        assert_eq!(lock(&known.0).names.len(), 1);
    }
}
