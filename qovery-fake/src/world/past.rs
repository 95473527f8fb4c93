//! The recent past of the world, for readings that lag behind.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use super::World;
use crate::traits::{ApiTraits, Replicas};

/// A group of operations that lag behind together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    EnvironmentStatus,
    ServiceStatus,
    RequestStatus,
    Queue,
    History,
    Resources,
}

/// The world at the ends of the instants at which something changed, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Past {
    worlds: VecDeque<Arc<World>>,
    /// Whether something has changed at this instant.
    changed: bool,
    readings: u64,
}

impl World {
    /// Sets the behaviour of the API. Readings cannot lag behind this moment.
    pub(crate) fn set_traits(&mut self, traits: ApiTraits) {
        self.traits = traits;
        self.past = Past::default();
        self.note_change();
    }

    /// Something changes at this instant.
    pub(crate) fn note_change(&mut self) {
        self.past.changed = true;
    }

    /// Keeps a copy of the present before time advances.
    pub(super) fn remember(&mut self) {
        let reach = self.traits.reaches_back();
        if reach.is_zero() || !std::mem::take(&mut self.past.changed) {
            return;
        }
        self.past.worlds.push_back(Arc::new(self.copy()));
        // The last one from before the reach is still read at its far end.
        let far = self.now.saturating_sub(reach);
        while self.past.worlds.get(1).is_some_and(|next| next.now <= far) {
            self.past.worlds.pop_front();
        }
    }

    /// The world that a reading of this endpoint sees, unless it is the present.
    pub(crate) fn seen_through(&mut self, endpoint: Endpoint) -> Option<World> {
        let lags = self.traits.lags;
        let lag = match endpoint {
            Endpoint::EnvironmentStatus => lags.environment_status,
            Endpoint::ServiceStatus => lags.service_status,
            Endpoint::RequestStatus => lags.request_status,
            Endpoint::Queue => lags.queue,
            Endpoint::History => lags.history,
            Endpoint::Resources => lags.resources,
        };
        let at = self.now.saturating_sub(lag + self.replica_is_behind());
        let mut worlds = self.past.worlds.iter().rev();
        let newest = worlds.next()?;
        // The last change has no copy yet, because time has not advanced since.
        let present_since = if self.past.changed {
            self.now
        } else {
            newest.now
        };
        if at >= present_since {
            return None;
        }
        let older = self.past.worlds.iter().rev().find(|world| world.now <= at);
        let mut seen = older.or(self.past.worlds.front())?.copy();
        seen.now = at.max(seen.now);
        Some(seen)
    }

    /// How far the replica that answers the next reading is behind.
    fn replica_is_behind(&mut self) -> Duration {
        let Replicas::SecondIsBehind(behind) = self.traits.replicas else {
            return Duration::ZERO;
        };
        self.past.readings += 1;
        if fastrand::Rng::with_seed(self.past.readings).bool() {
            behind
        } else {
            Duration::ZERO
        }
    }

    /// Returns a copy for readers, without scheduled events and without earlier copies.
    fn copy(&self) -> World {
        World {
            now: self.now,
            calendar_shift: self.calendar_shift,
            ids: self.ids,
            agenda: super::Agenda::default(),
            resources: self.resources.clone(),
            environments: self.environments.clone(),
            services: self.services.clone(),
            clusters: self.clusters.clone(),
            requests: self.requests.clone(),
            executions: self.executions.clone(),
            audit: std::collections::BTreeMap::new(),
            gone: self.gone.clone(),
            defaults: self.defaults.clone(),
            page_size: self.page_size,
            start_id: self.start_id,
            traits: self.traits,
            past: Past::default(),
        }
    }
}
