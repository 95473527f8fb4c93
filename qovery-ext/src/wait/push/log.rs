//! The lines of a deployment log, passed on during a wait.

use std::time::Duration;

use futures_core::stream::BoxStream;
use futures_util::StreamExt as _;
use qovery_api::Client;
use tokio::time::Instant;

use super::environment;
use crate::{
    clock::after,
    stream::{DeploymentLine, LiveExt as _, Reconnect},
    wait::Subject,
};

/// A callback for lines of a log.
pub(in crate::wait) type OnLine = Box<dyn FnMut(&DeploymentLine) + Send>;

/// Follows a log during a wait.
pub(in crate::wait) struct LogFollower {
    lines: BoxStream<'static, DeploymentLine>,
    has_ended: bool,
    on_line: OnLine,
    /// The executions from before the wait. Their lines are left out.
    before: Vec<String>,
}

impl LogFollower {
    /// Follows the log of the environment that a subject is or belongs to; `None` if it is a cluster.
    pub(in crate::wait) fn of(
        client: &Client,
        subject: &Subject,
        before: Vec<String>,
        on_line: OnLine,
    ) -> Option<Self> {
        let environment = environment(client, subject)?;
        let client = client.clone();
        let lines = environment.flat_map(move |environment| {
            let patient = Reconnect::default().attempts(u32::MAX);
            let lines = client
                .deployment_logs(environment)
                .reconnect(patient)
                .items();
            lines
                .filter_map(|line| std::future::ready(line.ok()))
                .boxed()
        });
        Some(Self {
            lines: lines.boxed(),
            has_ended: false,
            on_line,
            before,
        })
    }

    /// Passes on lines for as long as it is polled. Dropping the future loses nothing.
    pub(in crate::wait) async fn run(&mut self) {
        while !self.has_ended {
            match self.lines.next().await {
                Some(line) => self.pass_on(&line),
                None => self.has_ended = true,
            }
        }
        std::future::pending().await
    }

    /// Passes on the last lines of a deployment, which arrive at its end. Stops half a second after the last
    /// line, and after at most 2 s.
    pub(in crate::wait) async fn finish(&mut self) {
        const QUIET: Duration = Duration::from_millis(500);
        let until = after(Instant::now(), 4 * QUIET);
        while !self.has_ended
            && let Ok(Some(line)) = tokio::time::timeout(QUIET, self.lines.next()).await
        {
            self.pass_on(&line);
            if Instant::now() >= until {
                return;
            }
        }
    }

    fn pass_on(&mut self, line: &DeploymentLine) {
        let execution = line.entry.details.execution_id.as_ref();
        if execution.is_none_or(|execution| !self.before.contains(execution)) {
            (self.on_line)(line);
        }
    }
}
