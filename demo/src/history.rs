//! Past deployments, page by page.

use qovery_api::{Client, uuid::Uuid};
use qovery_ext::page::{Ending, PagedCall};

use crate::{
    ending::{INTERRUPTED, Problem},
    interrupt::Interrupt,
    view::View,
};

/// Shows the deployments of an environment, newest first, at most `limit` of them. Returns the exit
/// code.
pub(crate) async fn show(
    client: &Client,
    environment: Uuid,
    limit: Option<u64>,
    view: &mut dyn View,
    interrupt: &mut Interrupt,
) -> Result<u8, Problem> {
    let mut pager = client
        .list_environment_deployment_history(environment)
        .paged();
    if let Some(limit) = limit {
        pager = pager.at_most_items(limit);
    }
    let mut pages = pager.pages();
    let (mut count, mut read) = (0, 0);
    loop {
        let page = tokio::select! {
            page = pages.next() => page,
            () = interrupt.comes() => {
                view.interrupted(None);
                return Ok(INTERRUPTED);
            }
        };
        let Some(page) = page else { break };
        let page = page?;
        read += 1;
        for deployment in &page.items {
            count += 1;
            view.deployment(count, read, deployment);
        }
    }
    let is_cut = matches!(pages.ending(), Some(Ending::ItemLimit));
    view.end_of_history(count, read, is_cut);
    Ok(0)
}
