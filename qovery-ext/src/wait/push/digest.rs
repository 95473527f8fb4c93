//! Compares the states that a frame and a poll show.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use uuid::Uuid;

use crate::wait::{State, Subject};

/// The states of a subject and of its services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digest(pub(super) u64);

impl Digest {
    /// `None` if a service of the subject is missing.
    pub(super) fn of(
        subject: &Subject,
        whole: &State,
        services: impl IntoIterator<Item = (Uuid, State)>,
    ) -> Option<Self> {
        let mut services: Vec<_> = services.into_iter().collect();
        services.sort_by_key(|(id, _)| *id);
        let of = |wanted: Uuid| services.iter().find(|(id, _)| *id == wanted);
        let mut hasher = DefaultHasher::new();
        match subject {
            Subject::Service { service, .. } => of(service.id)?.hash(&mut hasher),
            Subject::Services { services, .. } => {
                whole.hash(&mut hasher);
                for service in services {
                    of(service.id)?.hash(&mut hasher);
                }
            }
            Subject::Environment { .. } | Subject::Cluster { .. } => {
                (whole, &services).hash(&mut hasher);
            }
        }
        Some(Self(hasher.finish()))
    }
}
