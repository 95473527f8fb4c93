//! Shared polls: the operations that can share a status request, and its response.
//!
//! Dropping a future loses the request in flight.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use futures_util::future::join_all;
use tokio::time;
use uuid::Uuid;

use super::{
    Subject,
    api::ApiSource,
    source::{Fault, FaultKind, Reading},
};

/// The content of one shared request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Key {
    /// All environments of a project.
    Project(Uuid),
    /// All services of an environment.
    Environment(Uuid),
    /// This operation only.
    Alone(usize),
}

/// The result of one shared request: environments by id.
pub(super) type Shared = Result<HashMap<Uuid, Reading>, Fault>;

/// The subjects that share a request, and the statuses that were read to determine this.
pub(super) struct Keys {
    /// One for each subject, in their order.
    pub(super) keys: Vec<Key>,
    /// Statuses that were read in the process.
    pub(super) read: HashMap<Key, Shared>,
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
pub(super) async fn keys(source: &ApiSource, subjects: &[Subject]) -> Keys {
    let unknown = subjects.iter().filter_map(|subject| match subject {
        Subject::Environment { id, project: None } => Some(*id),
        _ => None,
    });
    let mut seen = HashSet::new();
    // In the order of the operations, so that the same operations make the same requests.
    let open = unknown.filter(|id| seen.insert(*id)).collect();
    let mut search = Search {
        source,
        open,
        projects: HashMap::new(),
        read: HashMap::new(),
    };
    if search.open.len() > 1 {
        // The projects that were found so far are kept.
        let _ = time::timeout(LOOK_UP, search.run()).await;
    }
    let shared_key = |subject: &Subject| match subject {
        Subject::Environment { id, project } => {
            let project = project.or_else(|| search.projects.get(id).copied());
            project.map(Key::Project)
        }
        Subject::Service { .. } | Subject::Services { .. } => {
            subject.environment_id().map(Key::Environment)
        }
        Subject::Cluster { .. } => None,
    };
    let shared: Vec<_> = subjects.iter().map(shared_key).collect();
    let mut users: HashMap<Key, usize> = HashMap::new();
    for key in shared.iter().flatten() {
        *users.entry(*key).or_default() += 1;
    }
    // If only one operation uses a request, its own status has more facts.
    let is_shared = |key: &Key| users.get(key).is_some_and(|count| *count > 1);
    let keys = shared.into_iter().enumerate();
    let keys = keys.map(|(i, key)| key.filter(is_shared).unwrap_or(Key::Alone(i)));
    Keys {
        keys: keys.collect(),
        read: search.read,
    }
}

/// The search for the projects of environments.
struct Search<'a> {
    source: &'a ApiSource,
    /// The environments that were not looked up yet, in their order.
    open: Vec<Uuid>,
    /// The projects of the environments that were found.
    projects: HashMap<Uuid, Uuid>,
    read: HashMap<Key, Shared>,
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
            let projects = &self.projects;
            self.open
                .retain(|id| !projects.contains_key(id) && !chosen.contains(id));
            wave = (wave * 2).min(LOOK_UPS_AT_ONCE);
        }
    }

    async fn look_up(&mut self, chosen: &[Uuid]) {
        let source = self.source;
        let found = join_all(chosen.iter().map(|id| async move {
            let _permit = source.permit().await;
            source.parents.project_of(*id).await.ok()
        }));
        let mut projects = Vec::new();
        for (id, project) in chosen.iter().zip(found.await) {
            let Some(project) = project else { continue };
            self.projects.insert(*id, project);
            if !projects.contains(&project) && !self.read.contains_key(&Key::Project(project)) {
                projects.push(project);
            }
        }
        let lists = join_all(
            projects
                .iter()
                .map(|project| read_project(source, *project)),
        );
        for (project, list) in projects.iter().zip(lists.await) {
            for id in list.iter().flat_map(HashMap::keys) {
                self.projects.entry(*id).or_insert(*project);
            }
            self.read.insert(Key::Project(*project), list);
        }
    }
}

/// Reads the content of a key; `None` for an operation that reads its own status.
pub(super) async fn read(source: &ApiSource, key: Key) -> Option<Shared> {
    match key {
        Key::Alone(_) => None,
        Key::Project(project) => Some(read_project(source, project).await),
        Key::Environment(environment) => {
            let _permit = source.permit().await;
            let seen = source.read(&Subject::environment(environment)).await;
            Some(seen.map(|seen| HashMap::from([(environment, seen)])))
        }
    }
}

/// The environments of a project by id: many members search their own entry, and searching a list would be slow.
async fn read_project(source: &ApiSource, project: Uuid) -> Shared {
    let _permit = source.permit().await;
    let list = source.read_project(project).await?;
    let mut all = HashMap::with_capacity(list.len());
    for seen in list {
        // The first of two entries is used.
        all.entry(seen.snapshot.subject.id()).or_insert(seen);
    }
    Ok(all)
}

/// The part of a shared reading about one subject; `None` if the reading has none.
pub(super) fn part_of(shared: &Shared, subject: &Subject) -> Option<Result<Reading, Fault>> {
    match shared {
        // Only a transient fault applies to all members: a refusal or a missing object may apply to the project
        // only.
        Err(fault) if fault.kind == FaultKind::Unauthorized || fault.is_transient() => {
            Some(Err(fault.clone()))
        }
        Err(_) => None,
        Ok(all) => {
            let seen = all.get(&subject.environment_id()?)?;
            Some(Ok(Reading {
                snapshot: seen.snapshot.part(subject)?,
                retry_after: seen.retry_after,
            }))
        }
    }
}
