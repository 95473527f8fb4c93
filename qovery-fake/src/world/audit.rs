//! The audit log of an organization.

use std::{collections::BTreeMap, time::Duration};

use uuid::Uuid;

use super::{environment::Environment, timeline::Timeline};
use crate::Origin;

/// The user whose token the fake accepts.
pub(crate) const CALLER: &str = "caller@example.com";

/// One entry of the audit log.
#[derive(Debug, Clone)]
pub(crate) struct AuditEvent {
    pub(crate) id: Uuid,
    pub(crate) at: Duration,
    /// Nanoseconds since 1970, different for each event: the cursor of the log.
    pub(crate) cursor: i128,
    pub(crate) event_type: String,
    pub(crate) target_type: String,
    pub(crate) target: Uuid,
    pub(crate) target_name: String,
    pub(crate) origin: String,
    pub(crate) triggered_by: String,
    pub(crate) project: Option<Uuid>,
    pub(crate) environment: Option<Uuid>,
}

/// The actor of an event, in the terms of the API.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    pub(crate) origin: String,
    pub(crate) name: String,
    /// Whether the request came to the fake, not from a script.
    pub(crate) is_caller: bool,
}

impl Actor {
    /// The caller with the fake's token.
    pub(crate) fn caller() -> Self {
        Self {
            origin: Origin::Api.as_str().to_owned(),
            name: CALLER.to_owned(),
            is_caller: true,
        }
    }

    /// The caller, with the program that its `User-Agent` names.
    pub(crate) fn calling_with(user_agent: Option<&str>) -> Self {
        let mut caller = Self::caller();
        if let Some(user_agent) = user_agent {
            Origin::of_user_agent(user_agent)
                .as_str()
                .clone_into(&mut caller.origin);
        }
        caller
    }

    /// A user of the console.
    pub(crate) fn someone_else() -> Self {
        Self {
            origin: Origin::Console.as_str().to_owned(),
            name: "someone.else@example.com".to_owned(),
            is_caller: false,
        }
    }
}

/// The audit logs of all organizations, each from the oldest to the newest entry.
#[derive(Debug, Default)]
pub(crate) struct AuditLog(BTreeMap<Uuid, Vec<AuditEvent>>);

impl AuditLog {
    /// The entries of an organization, the oldest first.
    pub(crate) fn of(&self, organization: Uuid) -> &[AuditEvent] {
        self.0.get(&organization).map_or(&[], Vec::as_slice)
    }

    /// Adds an entry about an environment or one of its services, if the environment exists.
    pub(super) fn record_in_environment(
        &mut self,
        time: &mut Timeline,
        subject: Option<&Environment>,
        event_type: &str,
        actor: &Actor,
    ) {
        let Some(subject) = subject else {
            return;
        };
        let event = AuditEvent {
            id: Uuid::nil(),
            at: time.now(),
            cursor: 0,
            event_type: event_type.to_owned(),
            target_type: "ENVIRONMENT".to_owned(),
            target: subject.id,
            target_name: subject.name.clone(),
            origin: actor.origin.clone(),
            triggered_by: actor.name.clone(),
            project: Some(subject.project),
            environment: Some(subject.id),
        };
        self.record(time, subject.organization, event);
    }

    /// Adds an entry; its id and its cursor are set here.
    pub(crate) fn record(&mut self, time: &mut Timeline, organization: Uuid, event: AuditEvent) {
        let at = i128::from(time.calendar(event.at).timestamp_micros()) * 1_000;
        let log = self.0.entry(organization).or_default();
        let last = log.last().map_or(i128::MIN, |event| event.cursor);
        log.push(AuditEvent {
            id: time.new_id(),
            cursor: at.max(last.saturating_add(1)),
            ..event
        });
    }
}
