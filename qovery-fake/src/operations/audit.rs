//! The audit log, paged by tokens in links.

use serde_json::{Value, json};

use super::{Handled, uuid};
use crate::{
    call::Call,
    json::set,
    world::{World, audit::AuditEvent},
};

pub(super) fn list(world: &World, call: &Call<'_>) -> Handled {
    let organization = uuid(call.id("organizationId"), "organization")?;
    let parameter = |name: &str| call.incoming.parameter(name);
    let size = parameter("pageSize")
        .and_then(|size| size.parse().ok())
        .unwrap_or(10_usize);
    // Newest first.
    let events = world.audit.of(organization).iter().rev();
    let events: Vec<&AuditEvent> = events.filter(|event| fits(call, event)).collect();

    let (from, to) = if let Some(token) = token(parameter("continueToken")) {
        let from = events.iter().position(|event| event.cursor < token);
        let from = from.unwrap_or(events.len());
        (from, from.saturating_add(size).min(events.len()))
    } else if let Some(token) = token(parameter("stepBackToken")) {
        let to = events
            .iter()
            .position(|event| event.cursor <= token)
            .unwrap_or(events.len());
        (to.saturating_sub(size), to)
    } else {
        (0, size.min(events.len()))
    };
    let page = events.get(from..to).unwrap_or_default();

    let mut links = json!({});
    // As in the real API, a link does not have the id of the requested organization.
    let link = |token: &str, event: &AuditEvent| {
        json!(format!("/organization/0/events?{token}={}", event.cursor))
    };
    if let Some(last) = page.last().filter(|_| to < events.len()) {
        set(&mut links, "next", link("continueToken", last));
    }
    if let Some(first) = page.first().filter(|_| from > 0) {
        set(&mut links, "previous", link("stepBackToken", first));
    }
    let events: Vec<Value> = page.iter().map(|event| render(world, event)).collect();
    Ok(call.exact(&json!({
        "links": links,
        "organization_max_limit_reached": false,
        "events": events,
    })))
}

fn token(text: Option<&str>) -> Option<i128> {
    text?.parse().ok()
}

fn fits(call: &Call<'_>, event: &AuditEvent) -> bool {
    let optional = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let equal = [
        ("eventType", event.event_type.clone()),
        ("targetType", event.target_type.clone()),
        ("targetId", event.target.to_string()),
        ("triggeredBy", event.triggered_by.clone()),
        ("origin", event.origin.clone()),
        ("serviceProjectId", optional(event.project)),
        ("serviceEnvironmentId", optional(event.environment)),
    ];
    let wanted = |name: &str| call.incoming.parameter(name);
    // Clients send seconds, although the contract declares nanoseconds.
    let nanoseconds = |text: Option<&str>| {
        let number = token(text)?;
        Some(if number < 1_000_000_000_000 {
            number * 1_000_000_000
        } else {
            number
        })
    };
    equal
        .iter()
        .all(|(name, value)| wanted(name).is_none_or(|wanted| wanted == value))
        && nanoseconds(wanted("fromTimestamp")).is_none_or(|from| event.cursor >= from)
        && nanoseconds(wanted("toTimestamp")).is_none_or(|to| event.cursor <= to)
}

fn render(world: &World, event: &AuditEvent) -> Value {
    let project = event
        .project
        .and_then(|id| world.resources.get(&id.to_string()));
    let name = |resource: Option<&crate::world::resources::Resource>| {
        resource
            .and_then(|resource| resource.facts().get("name").cloned())
            .unwrap_or(json!(""))
    };
    let environment = event
        .environment
        .and_then(|id| world.resources.get(&id.to_string()));
    json!({
        "id": event.id,
        "timestamp": world.time.date(event.at),
        "event_type": event.event_type,
        "target_id": event.target,
        "target_name": event.target_name,
        "target_type": event.target_type,
        "change": "{}",
        "origin": event.origin,
        "triggered_by": event.triggered_by,
        "project_id": event.project,
        "project_name": name(project),
        "environment_id": event.environment,
        "environment_name": name(environment),
    })
}
