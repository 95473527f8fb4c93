//! One request for many: which operations can share a status, and the reading of it.
//!
//! Not for deciding anything. A dropped future loses the request in flight.

use std::{collections::HashMap, sync::Arc, time::Duration};

use uuid::Uuid;

use super::{
    Subject,
    source::{Fault, FaultKind, Seen, Source},
};

/// What one request reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// All environments of a project.
    Project(Uuid),
    /// All services of an environment.
    Environment(Uuid),
    /// This operation alone.
    Alone(usize),
}

/// Finds out which subjects share a request.
///
/// An environment whose project is not known costs one look-up for each *project*: the statuses of
/// the project that is found say which of the others belong to it.
pub(super) async fn keys(source: &Arc<dyn Source>, subjects: &[Subject]) -> Vec<Key> {
    let mut keys: Vec<_> = subjects
        .iter()
        .enumerate()
        .map(|(i, s)| known_key(i, s))
        .collect();
    let mut unknown: HashMap<Uuid, Vec<usize>> = HashMap::new();
    for (index, (subject, key)) in subjects.iter().zip(&keys).enumerate() {
        if let (Subject::Environment { id, .. }, Key::Alone(_)) = (subject, key) {
            unknown.entry(*id).or_default().push(index);
        }
    }
    if unknown.len() > 1 {
        // In the order of the operations, so that the same operations make the same requests.
        for subject in subjects {
            let Subject::Environment { id, .. } = subject else {
                continue;
            };
            if !unknown.contains_key(id) {
                continue;
            }
            let own = unknown.remove(id).unwrap_or_default();
            let Ok(project) = source.project_of(*id).await else {
                continue;
            };
            let mut found = own;
            if let Ok(list) = source.read_project(project).await {
                for seen in list {
                    if let Subject::Environment { id, .. } = seen.snapshot.subject {
                        found.extend(unknown.remove(&id).unwrap_or_default());
                    }
                }
            }
            for index in found {
                if let Some(key) = keys.get_mut(index) {
                    *key = Key::Project(project);
                }
            }
        }
    }
    let mut users: HashMap<Key, usize> = HashMap::new();
    for key in &keys {
        *users.entry(*key).or_default() += 1;
    }
    for (index, key) in keys.iter_mut().enumerate() {
        // Nothing to share: the own status tells more.
        if users.get(key) == Some(&1) {
            *key = Key::Alone(index);
        }
    }
    keys
}

fn known_key(index: usize, subject: &Subject) -> Key {
    match subject {
        Subject::Environment {
            project: Some(project),
            ..
        } => Key::Project(*project),
        Subject::Service {
            environment: Some(environment),
            ..
        }
        | Subject::Services { environment, .. } => Key::Environment(*environment),
        Subject::Environment { .. } | Subject::Service { .. } | Subject::Cluster { .. } => {
            Key::Alone(index)
        }
    }
}

/// What one shared request has read.
#[derive(Debug, Clone)]
pub(super) enum Shared {
    /// The environments by id.
    Project(HashMap<Uuid, Seen>),
    Environment(Box<Seen>),
}

impl Shared {
    /// What the server asks to wait before the next request.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Shared::Project(all) => all.values().find_map(|seen| seen.retry_after),
            Shared::Environment(seen) => seen.retry_after,
        }
    }
}

/// Reads what a key stands for; `None` for an operation that reads for itself.
pub(super) async fn read(source: &Arc<dyn Source>, key: Key) -> Option<Result<Shared, Fault>> {
    match key {
        Key::Alone(_) => None,
        Key::Project(project) => {
            let list = source.read_project(project).await;
            Some(list.map(|list| Shared::Project(by_id(list))))
        }
        Key::Environment(environment) => {
            let subject = Subject::environment(environment);
            Some(
                source
                    .read(&subject)
                    .await
                    .map(|seen| Shared::Environment(Box::new(seen))),
            )
        }
    }
}

/// Many members look for their own: a list would be searched for each of them.
fn by_id(list: Vec<Seen>) -> HashMap<Uuid, Seen> {
    let mut all = HashMap::with_capacity(list.len());
    for seen in list {
        if let Subject::Environment { id, .. } = seen.snapshot.subject {
            // The first of two counts.
            all.entry(id).or_insert(seen);
        }
    }
    all
}

/// The part of a shared reading that is about one subject; `None` where it says nothing about it.
pub(super) fn part_of(
    shared: &Result<Shared, Fault>,
    subject: &Subject,
) -> Option<Result<Seen, Fault>> {
    match shared {
        // Only a passing fault is everybody's: what is refused or gone may be so for the whole only.
        Err(fault) if fault.kind == FaultKind::Unauthorized || fault.is_passing() => {
            Some(Err(fault.clone()))
        }
        Err(_) => None,
        Ok(Shared::Project(all)) => {
            let Subject::Environment { id, .. } = subject else {
                return None;
            };
            let mut own = all.get(id)?.clone();
            own.snapshot.subject = subject.clone();
            Some(Ok(own))
        }
        Ok(Shared::Environment(seen)) => {
            let snapshot = match subject {
                Subject::Service { service, .. } => seen.snapshot.of_service(subject, *service)?,
                Subject::Services { services, .. } => {
                    seen.snapshot.clone().of_services(subject, services)
                }
                Subject::Environment { .. } | Subject::Cluster { .. } => return None,
            };
            Some(Ok(Seen {
                snapshot,
                retry_after: seen.retry_after,
            }))
        }
    }
}
