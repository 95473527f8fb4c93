//! The lists for the lookup of names, cached for each client.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use qovery_api::{
    Call, Client, Error, Operation, OperationInfo, http::Method, operations,
    types::EnvironmentModeEnum,
};
use serde::Deserialize;
use tokio::{sync::Mutex as AsyncMutex, time::Instant};
use uuid::Uuid;

use super::{FindError, place::Word};
use crate::{
    listing::{ListOf, Listed},
    recipes::{lookup, naming::Nameable, services},
    wait::{KnownNames, WaitExt},
};

/// One list of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum List {
    Organizations,
    /// The projects of an organization.
    Projects(Uuid),
    /// The clusters of an organization.
    Clusters(Uuid),
    /// The environments of a project.
    Environments(Uuid),
    /// The services of an environment.
    Services(Uuid),
}

impl List {
    /// The name of one item in messages.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Organizations => "organization",
            Self::Projects(_) => "project",
            Self::Clusters(_) => "cluster",
            Self::Environments(_) => "environment",
            Self::Services(_) => "service",
        }
    }
}

/// An item of a list.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Entry {
    pub(super) id: Uuid,
    pub(super) name: String,
    /// The kind of a service as the API spells it; empty for other objects.
    #[serde(default)]
    pub(super) service_type: String,
    /// The cluster of an environment.
    #[serde(default)]
    pub(super) cluster_id: Option<Uuid>,
    /// The mode of an environment.
    #[serde(default)]
    pub(super) mode: Option<EnvironmentModeEnum>,
}

impl Nameable for Entry {
    fn id(&self) -> Uuid {
        self.id
    }

    fn name(&self) -> &str {
        &self.name
    }
}

type Entries = Arc<Vec<Entry>>;

/// A list, if it was read. The lock is held while it is read, so that calls at the same time share one request.
#[derive(Debug, Default)]
struct Slot {
    /// How often it was read.
    reads: AtomicU64,
    kept: AsyncMutex<Option<Kept>>,
}

/// A list that was read.
#[derive(Debug)]
struct Kept {
    read_at: Instant,
    /// How many deletions of such items had ended when it was requested.
    deletions: u64,
    entries: Entries,
}

type Slots = Mutex<HashMap<List, Arc<Slot>>>;

/// The lists that a client has read.
#[derive(Debug)]
pub(super) struct Directory {
    slots: Arc<Slots>,
    lifetime: Mutex<Duration>,
}

impl Directory {
    pub(super) const LIFETIME: Duration = Duration::from_secs(60);
    /// At most this many lists are kept: with the next one, all are forgotten.
    const LIMIT: usize = 10_000;

    pub(super) fn of(client: &Client) -> Arc<Self> {
        client.shared(|| {
            let slots = Arc::<Slots>::default();
            let kept = Arc::clone(&slots);
            client.on_write(move |operation| {
                let Some(level) = level_of(operation) else {
                    return;
                };
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.retain(|list, _| list.kind() != level);
            });
            Self {
                slots,
                lifetime: Mutex::new(Self::LIFETIME),
            }
        })
    }

    pub(super) fn set_lifetime(&self, lifetime: Duration) {
        *self.lifetime.lock().unwrap_or_else(PoisonError::into_inner) = lifetime;
    }

    pub(super) fn forget(&self) {
        self.slots
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    fn lifetime(&self) -> Duration {
        *self.lifetime.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slot(&self, list: List) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= Self::LIMIT {
            slots.clear();
        }
        Arc::clone(slots.entry(list).or_default())
    }

    /// Returns the list, and whether it was read by this call.
    async fn read(
        &self,
        client: &Client,
        list: List,
        is_fresh: bool,
    ) -> Result<(Entries, bool), Error> {
        let slot = self.slot(list);
        let reads_before = slot.reads.load(Ordering::Acquire);
        let mut kept = slot.kept.lock().await;
        // Counted before the request: an object that is deleted while the list is read makes the list outdated.
        let deletions = KnownNames::of(client).deletions_of(list.kind());
        if let Some(kept) = kept.as_ref() {
            // A list that was read while this call waited for the lock is as recent as one that it would read
            // itself.
            let is_new = slot.reads.load(Ordering::Acquire) != reads_before;
            let is_old = kept.deletions != deletions || kept.read_at.elapsed() >= self.lifetime();
            if is_new || !(is_fresh || is_old) {
                return Ok((Arc::clone(&kept.entries), is_new));
            }
        }
        let read_at = Instant::now();
        let entries = Arc::new(fetch(client, list).await?);
        for entry in entries.iter() {
            client.remember_name(entry.id, &entry.name);
        }
        *kept = Some(Kept {
            read_at,
            deletions,
            entries: Arc::clone(&entries),
        });
        slot.reads.fetch_add(1, Ordering::AcqRel);
        Ok((entries, true))
    }

    /// All items of a list.
    pub(super) async fn all(
        &self,
        client: &Client,
        list: List,
        within: &str,
    ) -> Result<Entries, FindError> {
        let read = self.read(client, list, false).await;
        let (entries, _) = read.map_err(|error| unreadable(list, within, error))?;
        Ok(entries)
    }

    /// The item with this name or id. If a kept list does not have it, a new one is
    /// read.
    pub(super) async fn one(
        &self,
        client: &Client,
        list: List,
        name: &str,
        within: &str,
    ) -> Result<Entry, FindError> {
        let read = |is_fresh| async move {
            let read = self.read(client, list, is_fresh).await;
            read.map_err(|error| unreadable(list, within, error))
        };
        let (entries, is_new) = read(false).await?;
        match choose(list, &entries, name, within) {
            Err(error) if error.is_not_found() && !is_new => {
                let (entries, _) = read(true).await?;
                choose(list, &entries, name, within)
            }
            chosen => chosen,
        }
    }
}

/// The kind of the objects that a write adds, renames or removes: those of the last word of its path, such as
/// `/project/{projectId}/environment` and `/environment/{environmentId}`. Actions end with another word. `None` if the
/// lists of names stay as they are.
fn level_of(operation: &OperationInfo) -> Option<&'static str> {
    let mut segments = operation.path.rsplit('/').peekable();
    // Copies, previews for an image, and the deletion of selected services name their objects before it.
    let is_below = |last: &&str| ["clone", "preview", "delete"].contains(last);
    let is_action = segments.next_if(is_below).is_some();
    let is_one = segments.next_if(|last| last.ends_with('}')).is_some();
    if !is_action && is_one != (operation.method != Method::POST) {
        return None;
    }
    match segments.next()? {
        _ if operation.path.ends_with("/preview") => Some("environment"),
        // A blueprint creates services.
        "blueprint" => Some("service"),
        word => Word::of(word)?.kind(),
    }
}

fn unreadable(list: List, within: &str, error: Error) -> FindError {
    FindError::api(&format!("the list of {}s{within}", list.kind()), error)
}

fn choose(list: List, entries: &[Entry], name: &str, within: &str) -> Result<Entry, FindError> {
    lookup::one(list.kind(), within, entries, name).cloned()
}

async fn fetch(client: &Client, list: List) -> Result<Vec<Entry>, Error> {
    let listed = match list {
        List::Organizations => read_list::<operations::ListOrganization>(client, None).await?,
        List::Projects(id) => read_list::<operations::ListProject>(client, Some(id)).await?,
        List::Clusters(id) => {
            read_list::<operations::ListOrganizationCluster>(client, Some(id)).await?
        }
        List::Environments(id) => {
            read_list::<operations::ListEnvironment>(client, Some(id)).await?
        }
        List::Services(id) => {
            let services = services(client, id).await?;
            let entry = |service: crate::recipes::EnvironmentService| Entry {
                id: service.id,
                name: service.name,
                service_type: service.service_type,
                cluster_id: None,
                mode: None,
            };
            return Ok(services.into_iter().map(entry).collect());
        }
    };
    Ok(listed.results)
}

async fn read_list<O: Operation>(
    client: &Client,
    of: Option<Uuid>,
) -> Result<Listed<Vec<Entry>>, Error> {
    let call = match of {
        Some(id) => Call::<ListOf<O, Vec<Entry>>>::new(client, &[&id]),
        None => Call::<ListOf<O, Vec<Entry>>>::new(client, &[]),
    };
    call.await
}
