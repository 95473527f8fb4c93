//! The deployment log beside the progress. Without feature `stream` there is no log.

#[cfg(feature = "stream")]
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

#[cfg(feature = "stream")]
use crate::wait::Action;

/// A line of the log.
pub(super) struct LogLine {
    /// The line for a person, with control characters escaped.
    pub(super) text: String,
    /// The entry as the API sends it.
    pub(super) entry: serde_json::Value,
}

/// The received lines that are not shown yet.
#[derive(Default)]
pub(super) struct Log {
    #[cfg(feature = "stream")]
    lines: Option<UnboundedReceiver<LogLine>>,
}

impl Log {
    /// Follows the log of an action.
    #[cfg(feature = "stream")]
    pub(super) fn follow(action: Action) -> (Action, Self) {
        let (sender, lines) = unbounded_channel();
        let action = action.follow_logs(move |line| {
            let shown = LogLine {
                text: line.to_string(),
                entry: serde_json::to_value(&line.entry).unwrap_or_default(),
            };
            // The receiver is dropped when the display has ended. Later lines are not shown.
            drop(sender.send(shown));
        });
        let lines = Some(lines);
        (action, Self { lines })
    }

    /// Returns the next line. Never returns if there is none. Dropping the future loses no line.
    pub(super) async fn next(&mut self) -> LogLine {
        #[cfg(feature = "stream")]
        if let Some(lines) = &mut self.lines
            && let Some(line) = lines.recv().await
        {
            return line;
        }
        std::future::pending().await
    }
}
