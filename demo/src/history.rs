//! Past deployments, page by page.

use qovery_api::{Client, Printable, types::DeploymentHistoryEnvironment, uuid::Uuid};
use qovery_ext::{
    display::{Display, Interrupt},
    page::{Ending, PagedCall},
};
use serde_json::json;

use crate::ending::Problem;

/// Shows the deployments of an environment, newest first: at most `limit` of them, and of these the first
/// `printed` if texts are printed. Returns the exit code.
pub(crate) async fn show(
    client: &Client,
    environment: Uuid,
    limit: Option<u64>,
    printed: Option<u64>,
    display: &Display,
) -> Result<u8, Problem> {
    let mut interrupt = Interrupt::listen();
    let mut pager = client
        .list_environment_deployment_history(environment)
        .paged();
    if let Some(limit) = limit {
        pager = pager.at_most_items(limit);
    }
    let mut pages = pager.pages();
    let (mut total, mut read) = (0, 0);
    let mut left_out: Vec<String> = Vec::new();
    loop {
        let page = tokio::select! {
            page = pages.next() => page,
            () = interrupt.received() => {
                display.say("  ■ Interrupted.");
                let fields = json!({"token": null, "exit_code": Interrupt::EXIT_CODE});
                display.event("interrupted", &fields);
                return Ok(Interrupt::EXIT_CODE);
            }
        };
        let Some(page) = page else { break };
        let page = page?;
        read += 1;
        let mut hidden = 0;
        for deployment in &page.items {
            total += 1;
            display.event("deployment", &fields(total, read, deployment));
            match printed {
                Some(printed) if total > printed => hidden += 1,
                _ => display.say(row(total, deployment)),
            }
        }
        if hidden > 0 {
            left_out.push(format!("{hidden} on page {read}"));
        }
    }
    let is_cut = matches!(pages.ending(), Some(Ending::ItemLimit));
    if !left_out.is_empty() {
        display.say(format!("    …  and {}", left_out.join(", ")));
    }
    let and_more = if is_cut { ", and there are more" } else { "" };
    let (deployments, pages) = (count(total, "deployment"), count(read, "page"));
    display.say(format!("  ✔ {deployments} on {pages}{and_more}"));
    let fields = json!({"deployments": total, "pages": read, "is_cut": is_cut});
    display.event("history", &fields);
    Ok(0)
}

fn row(place: u64, deployment: &DeploymentHistoryEnvironment) -> String {
    let state = deployment
        .status
        .as_ref()
        .map_or("", |state| state.as_str());
    let origin = deployment
        .origin
        .as_ref()
        .map_or("", |origin| origin.as_str());
    let by = deployment.triggered_by.as_deref().unwrap_or_default();
    let (state, origin, by) = (
        Printable::new(state),
        Printable::new(origin),
        Printable::new(by),
    );
    let date = deployment.created_at.format("%Y-%m-%d %H:%M");
    format!("  {place:>3}  {date}  {state:<18}  {origin} {by}")
}

fn fields(place: u64, page: u64, deployment: &DeploymentHistoryEnvironment) -> serde_json::Value {
    json!({
        "place": place,
        "page": page,
        "id": deployment.id,
        "created_at": deployment.created_at,
        "status": deployment.status,
        "origin": deployment.origin,
        "triggered_by": deployment.triggered_by,
    })
}

/// A number with a noun: `1 page`, `7 pages`.
fn count(number: u64, word: &str) -> String {
    match number {
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    }
}
