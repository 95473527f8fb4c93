//! Progress where there is no terminal: a line for each change, none for what stays as it is.

use std::time::Duration;

use qovery_ext::wait::Progress;

use super::{
    row::{Rows, sign, span},
    text::{Live, say},
};
use crate::follow::Task;

/// Prints what has changed since it was asked last.
#[derive(Debug, Default)]
pub(super) struct Lines {
    shown: Rows,
    speed: f64,
}

impl Live for Lines {
    fn begin(&mut self, task: &Task) {
        self.speed = task.speed;
        self.shown = Rows::default();
        say(format!("  {}", task.headline()));
    }

    fn show(&mut self, rows: &Rows, progress: &Progress) {
        let at = clock(progress.elapsed.mul_f64(self.speed));
        let columns = rows.columns();
        let before = std::mem::replace(&mut self.shown, rows.clone());
        let mut news = 0;
        for stage in &rows.stages {
            let old = before.stages.iter().find(|old| old.id == stage.id);
            if old.is_none_or(|old| old.phase != stage.phase) {
                news += 1;
                let sign = sign(stage.phase);
                say(format!(
                    "  {at}  {sign} stage {}: {}",
                    stage.name, stage.phase
                ));
            }
        }
        for service in &rows.services {
            let old = before.services.iter().find(|old| old.id == service.id);
            let is_news =
                old.is_none_or(|old| (old.phase, &old.state) != (service.phase, &service.state));
            if is_news && !before.services.is_empty() {
                news += 1;
                say(format!(
                    "  {at}    {} {}",
                    sign(service.phase),
                    columns.service(service)
                ));
            }
        }
        let trouble = progress.failed_polls > 0;
        if trouble || (news == 0 && (progress.heartbeat || progress.queue_position.is_some())) {
            say(format!("  {at}  {progress}"));
        }
    }

    fn end(&mut self) -> bool {
        false
    }
}

/// A time in a column of its own.
fn clock(time: Duration) -> String {
    format!("{:>7}", span(time))
}
