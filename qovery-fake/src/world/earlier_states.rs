//! Earlier states of the world, for reads that lag behind.

use std::{collections::VecDeque, time::Duration};

use super::World;
use crate::traits::{Lags, Replicas};

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

/// A copy of the world for each time of a change, oldest first.
#[derive(Debug, Default)]
pub(crate) struct EarlierStates {
    worlds: VecDeque<World>,
    /// Whether something has changed at the current time.
    changed: bool,
    readings: u64,
}

impl Endpoint {
    /// The lag of reads of this endpoint.
    pub(super) fn lag(self, lags: &Lags) -> Duration {
        match self {
            Self::EnvironmentStatus => lags.environment_status,
            Self::ServiceStatus => lags.service_status,
            Self::RequestStatus => lags.request_status,
            Self::Queue => lags.queue,
            Self::History => lags.history,
            Self::Resources => lags.resources,
        }
    }
}

impl EarlierStates {
    /// Records that the world changes at this time.
    pub(super) fn note_change(&mut self) {
        self.changed = true;
    }

    /// Whether something has changed at this time that a lagging read may see later. Returns true only once for each
    /// time.
    pub(super) fn needs_copy(&mut self, reach: Duration) -> bool {
        !reach.is_zero() && std::mem::take(&mut self.changed)
    }

    /// Stores a copy of the world. Copies that no read can reach any more are dropped.
    pub(super) fn keep(&mut self, copy: World, reach: Duration) {
        // The last copy before the longest lag must be kept.
        let far = copy.time.now().saturating_sub(reach);
        self.worlds.push_back(copy);
        while self
            .worlds
            .get(1)
            .is_some_and(|next| next.time.now() <= far)
        {
            self.worlds.pop_front();
        }
    }

    /// The world as it was `lag` ago, with its time; `None` if it has not changed since.
    pub(super) fn at(&self, now: Duration, lag: Duration) -> Option<(&World, Duration)> {
        let at = now.saturating_sub(lag);
        let newest = self.worlds.back()?;
        // The last change has no copy yet, because time has not advanced since.
        let present_since = if self.changed { now } else { newest.time.now() };
        if at >= present_since {
            return None;
        }
        let mut worlds = self.worlds.iter().rev();
        let older = worlds.find(|world| world.time.now() <= at);
        older.or(self.worlds.front()).map(|world| (world, at))
    }

    /// The lag of the replica that answers the next read.
    pub(super) fn replica_lag(&mut self, replicas: Replicas) -> Duration {
        let Replicas::SecondIsBehind(behind) = replicas else {
            return Duration::ZERO;
        };
        self.readings += 1;
        if fastrand::Rng::with_seed(self.readings).bool() {
            behind
        } else {
            Duration::ZERO
        }
    }
}
