//! Shared polls: the operations that can share a status request, and its response.
//!
//! Dropping a future loses the request in flight.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures_util::future::join_all;
use tokio::time;
use uuid::Uuid;

use super::{
    Subject,
    source::{Fault, FaultKind, Reading, Source},
};

/// The content of one shared request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// All environments of a project.
    Project(Uuid),
    /// All services of an environment.
    Environment(Uuid),
    /// This operation only.
    Alone(usize),
}

/// The subjects that share a request, and the statuses that were read to determine this.
pub(super) struct Keys {
    /// One for each subject, in their order.
    pub(super) keys: Vec<Key>,
    /// Statuses that were read in the process.
    pub(super) read: HashMap<Key, Result<Shared, Fault>>,
}

/// The time limit for looking up projects. Knowing them only saves later requests: an environment that is not
/// found in this time is read separately.
const LOOK_UP: Duration = Duration::from_secs(30);

/// The maximum number of projects that are looked up at a time.
const LOOK_UPS_AT_ONCE: usize = 64;

/// Determines which subjects share a request.
///
/// An environment whose project is not known costs one look-up for each *project*: the statuses of
/// the project that is found say which of the others belong to it.
pub(super) async fn keys(source: &Arc<dyn Source>, subjects: &[Subject]) -> Keys {
    let mut keys: Vec<_> = subjects
        .iter()
        .enumerate()
        .map(|(i, s)| known_key(i, s))
        .collect();
    let mut unknown: HashMap<Uuid, Vec<usize>> = HashMap::new();
    // In the order of the operations, so that the same operations make the same requests.
    let mut open = Vec::new();
    for (index, (subject, key)) in subjects.iter().zip(&keys).enumerate() {
        if let (Subject::Environment { id, .. }, Key::Alone(_)) = (subject, key) {
            let places = unknown.entry(*id).or_default();
            if places.is_empty() {
                open.push(*id);
            }
            places.push(index);
        }
    }
    let mut read = HashMap::new();
    if open.len() > 1 {
        let mut search = Search {
            source,
            unknown,
            open,
            keys: &mut keys,
            read: &mut read,
        };
        // The projects that were found so far are kept.
        let _ = time::timeout(LOOK_UP, search.run()).await;
    }
    let mut users: HashMap<Key, usize> = HashMap::new();
    for key in &keys {
        *users.entry(*key).or_default() += 1;
    }
    for (index, key) in keys.iter_mut().enumerate() {
        // There is nothing to share, and its own status has more facts.
        if users.get(key) == Some(&1) {
            *key = Key::Alone(index);
        }
    }
    Keys { keys, read }
}

/// The search for the projects of environments.
struct Search<'a> {
    source: &'a Arc<dyn Source>,
    /// The indexes of each environment whose project is unknown.
    unknown: HashMap<Uuid, Vec<usize>>,
    /// The environments that were not looked up yet, in their order.
    open: Vec<Uuid>,
    keys: &'a mut [Key],
    read: &'a mut HashMap<Key, Result<Shared, Fault>>,
}

impl Search<'_> {
    /// Looks up one environment in the first round, and doubles the number with each round. From the
    /// environments that each look-up has found so far, it estimates the number of remaining projects, and
    /// looks up at most that many. A failed look-up counts as one that found a single environment, so that the
    /// number also grows if look-ups fail.
    async fn run(&mut self) {
        let all = self.open.len();
        let (mut wave, mut asked) = (1, 0);
        while !self.open.is_empty() {
            let found_by_each = (all - self.open.len()).checked_div(asked).unwrap_or(1);
            let projects_left = self.open.len().div_ceil(found_by_each.max(1));
            let count = wave.min(projects_left);
            // Spread out, because neighboring environments often belong to one project.
            let step = self.open.len().div_ceil(count);
            let chosen: Vec<_> = self.open.iter().step_by(step).copied().collect();
            asked += chosen.len();
            self.look_up(&chosen).await;
            let unknown = &self.unknown;
            self.open
                .retain(|id| unknown.contains_key(id) && !chosen.contains(id));
            wave = (wave * 2).min(LOOK_UPS_AT_ONCE);
        }
    }

    async fn look_up(&mut self, chosen: &[Uuid]) {
        let source = self.source;
        let found = join_all(chosen.iter().map(|id| async move {
            let _permit = source.permit().await;
            source.project_of(*id).await.ok()
        }));
        let mut projects = Vec::new();
        for (id, project) in chosen.iter().zip(found.await) {
            let Some(project) = project else { continue };
            self.assign(*id, project);
            if !projects.contains(&project) && !self.read.contains_key(&Key::Project(project)) {
                projects.push(project);
            }
        }
        let lists = join_all(projects.iter().map(|project| async move {
            let _permit = source.permit().await;
            source.read_project(*project).await
        }));
        for (project, list) in projects.iter().zip(lists.await) {
            for seen in list.iter().flatten() {
                if let Subject::Environment { id, .. } = seen.snapshot.subject {
                    self.assign(id, *project);
                }
            }
            self.read.insert(
                Key::Project(*project),
                list.map(|list| Shared::Project(by_id(list))),
            );
        }
    }

    fn assign(&mut self, environment: Uuid, project: Uuid) {
        for index in self.unknown.remove(&environment).unwrap_or_default() {
            if let Some(key) = self.keys.get_mut(index) {
                *key = Key::Project(project);
            }
        }
    }
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

/// The result of one shared request.
#[derive(Debug, Clone)]
pub(super) enum Shared {
    /// The environments by id.
    Project(HashMap<Uuid, Reading>),
    Environment(Box<Reading>),
}

impl Shared {
    /// The delay that the server demands before the next request.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Shared::Project(all) => all.values().find_map(|seen| seen.retry_after),
            Shared::Environment(seen) => seen.retry_after,
        }
    }
}

/// Reads the content of a key; `None` for an operation that reads its own status.
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

/// Many members search their own entry. Searching a list would be slow.
fn by_id(list: Vec<Reading>) -> HashMap<Uuid, Reading> {
    let mut all = HashMap::with_capacity(list.len());
    for seen in list {
        if let Subject::Environment { id, .. } = seen.snapshot.subject {
            // The first of two entries is used.
            all.entry(id).or_insert(seen);
        }
    }
    all
}

/// The part of a shared reading about one subject; `None` if the reading has none.
pub(super) fn part_of(
    shared: &Result<Shared, Fault>,
    subject: &Subject,
) -> Option<Result<Reading, Fault>> {
    match shared {
        // Only a transient fault applies to all members: a refusal or a missing object may apply to the project
        // only.
        Err(fault) if fault.kind == FaultKind::Unauthorized || fault.is_transient() => {
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
            Some(Ok(Reading {
                snapshot,
                retry_after: seen.retry_after,
            }))
        }
    }
}
