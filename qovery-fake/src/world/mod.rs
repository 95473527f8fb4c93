//! The state of the fake: resources, deployments and scheduled events.
//!
//! Time is a number that only increases. Each access passes the current time, and the events that are
//! due by then are applied first, in order. Nothing runs in the background.

pub(crate) mod agenda;
pub(crate) mod audit;
pub(crate) mod cluster;
pub(crate) mod creation;
pub(crate) mod environment;
pub(crate) mod execution;
pub(crate) mod past;
pub(crate) mod request;
pub(crate) mod resources;
mod response;
pub(crate) mod script;
pub(crate) mod table;
pub(crate) mod version;

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use uuid::Uuid;

use self::{
    agenda::Agenda,
    audit::AuditEvent,
    cluster::Cluster,
    environment::{Environment, Service},
    execution::Execution,
    past::Past,
    request::DeploymentRequest,
    resources::Resources,
    table::{Shared, Table},
};
use super::{
    settings::{Gone, Settings, StartId},
    traits::ApiTraits,
};

/// 2026-01-01T00:00:00Z, the start of the fake's calendar.
const EPOCH_MILLISECONDS: i64 = 1_767_225_600_000;

#[derive(Debug)]
pub(crate) struct World {
    /// Since the fake was made.
    pub(crate) now: Duration,
    /// How far the server's calendar is off.
    pub(crate) calendar_shift: TimeDelta,
    ids: u64,
    pub(crate) agenda: Agenda,
    pub(crate) resources: Shared<Resources>,
    pub(crate) environments: Table<Uuid, Environment>,
    pub(crate) services: Table<Uuid, Service>,
    pub(crate) clusters: Table<Uuid, Cluster>,
    pub(crate) requests: Table<Uuid, DeploymentRequest>,
    pub(crate) executions: Table<String, Execution>,
    /// By organization, oldest first.
    pub(crate) audit: BTreeMap<Uuid, Vec<AuditEvent>>,
    /// How to answer reads of deleted resources, by id.
    pub(crate) gone: HashMap<String, Gone>,
    /// For environments that are yet to be made.
    pub(crate) defaults: Settings,
    pub(crate) page_size: usize,
    pub(crate) start_id: StartId,
    pub(crate) traits: ApiTraits,
    past: Past,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            now: Duration::ZERO,
            calendar_shift: TimeDelta::zero(),
            ids: 0,
            agenda: Agenda::default(),
            resources: Shared::default(),
            environments: Table::default(),
            services: Table::default(),
            clusters: Table::default(),
            requests: Table::default(),
            executions: Table::default(),
            audit: BTreeMap::new(),
            gone: HashMap::new(),
            defaults: Settings::default(),
            page_size: 20,
            start_id: StartId::default(),
            traits: ApiTraits::default(),
            past: Past::default(),
        }
    }

    /// Lets everything happen that is due until `now`.
    pub(crate) fn advance(&mut self, now: Duration) {
        while let Some((due, event)) = self.agenda.next_until(now) {
            self.go_on_to(due);
            self.happen(event);
            self.note_change();
        }
        self.go_on_to(now);
    }

    fn go_on_to(&mut self, time: Duration) {
        if time > self.now {
            self.remember();
            self.now = time;
        }
    }

    /// A new id, which sorts after all earlier ones and is the same in each run.
    pub(crate) fn new_id(&mut self) -> Uuid {
        self.ids += 1;
        let milliseconds = EPOCH_MILLISECONDS.unsigned_abs() + millis(self.now);
        Uuid::from_u128(
            (u128::from(milliseconds) << 80) | (0x7 << 76) | (0x8 << 60) | u128::from(self.ids),
        )
    }

    /// The server's calendar at a point in time.
    pub(crate) fn calendar(&self, at: Duration) -> DateTime<Utc> {
        let elapsed = TimeDelta::from_std(at).unwrap_or(TimeDelta::MAX);
        DateTime::from_timestamp_millis(EPOCH_MILLISECONDS)
            .and_then(|epoch| epoch.checked_add_signed(elapsed))
            .and_then(|date| date.checked_add_signed(self.calendar_shift))
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// A date as the API writes it, with microseconds.
    pub(crate) fn date(&self, at: Duration) -> String {
        self.calendar(at)
            .to_rfc3339_opts(SecondsFormat::Micros, true)
    }

    /// The services of an environment, in order of creation.
    pub(crate) fn services_of(&self, environment: &Environment) -> Vec<&Service> {
        let ids = environment.services.iter();
        ids.filter_map(|id| self.services.get(id)).collect()
    }

    /// Returns the view of an environment that readers see: the current one or an older one.
    pub(crate) fn view(&self, id: Uuid) -> Option<(&Environment, Vec<&Service>)> {
        let environment = self.environments.get(&id)?;
        match &environment.stale {
            Some(stale) if stale.until > self.now => {
                Some((&*stale.environment, stale.services.iter().collect()))
            }
            _ => Some((environment, self.services_of(environment))),
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
