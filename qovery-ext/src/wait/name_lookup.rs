//! Reads the names of the subjects of waits.

use std::{sync::Arc, time::Duration};

use super::{Names, Subject, source::Source};

/// Reads the names of a subject.
pub(super) async fn look_up(source: Arc<dyn Source>, subject: Subject) -> Names {
    const LIMIT: Duration = Duration::from_secs(5);
    let read = async {
        let _permit = source.permit().await;
        source.look_up_names(&subject).await;
    };
    // Names that are not read in time stay unknown.
    let _late = tokio::time::timeout(LIMIT, read).await;
    source.names(&subject, None)
}
