//! Progress where there is no terminal: a line for each change, none for what stays as it is.

use std::time::Duration;

use qovery_ext::wait::Phase;

use super::{
    row::{Rows, sign, span},
    text::{Live, News, say},
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

    fn show(&mut self, rows: &Rows, news: &News<'_>) {
        let at = clock(news.elapsed.mul_f64(self.speed));
        let columns = rows.columns();
        let before = std::mem::replace(&mut self.shown, rows.clone());
        let mut changes = 0;
        for stage in &rows.stages {
            let old = before.stages.iter().find(|old| old.id == stage.id);
            let waits = matches!(stage.phase, Phase::NotStarted | Phase::Queued);
            if old.map_or(!waits, |old| old.phase != stage.phase) {
                changes += 1;
                let sign = sign(stage.phase);
                say(format!(
                    "  {at}  {sign} stage {}: {}",
                    stage.name, stage.phase
                ));
            }
            for service in rows.of_stage(stage) {
                let old = before.services.iter().find(|old| old.id == service.id);
                let waits = matches!(service.phase, Phase::NotStarted | Phase::Queued);
                if old.map_or(!waits, |old| {
                    (old.phase, &old.state) != (service.phase, &service.state)
                }) {
                    changes += 1;
                    let sign = sign(service.phase);
                    say(format!("  {at}    {sign} {}", columns.service(service)));
                }
            }
        }
        let Some(progress) = news.progress else {
            return;
        };
        let mut still = vec![progress.phase.to_string()];
        if let Some(place) = progress.queue_position {
            still.push(format!("number {place} in the queue"));
        }
        if progress.failed_polls > 0 {
            still.push(format!(
                "{} requests failed in a row",
                progress.failed_polls
            ));
        } else if changes > 0 || (progress.queue_position.is_none() && !progress.heartbeat) {
            return;
        }
        say(format!("  {at}  {}", still.join(", ")));
    }

    fn end(&mut self) -> bool {
        false
    }
}

/// A time in a column of its own.
fn clock(time: Duration) -> String {
    format!("{:>7}", span(time))
}
