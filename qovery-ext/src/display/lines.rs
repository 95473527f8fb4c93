//! Progress without a terminal: a line for each change.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use super::{
    environment::Groups,
    row::{Rows, span},
    settings::Settings,
    style::sign,
    task::Task,
    text::{Renderer, Update},
};
use crate::wait::Phase;

/// Prints the changes since the previous progress.
pub(super) struct Lines {
    settings: Settings,
    shown: Rows,
    /// The last line about the whole operation, if no row was printed since.
    said: Option<String>,
    group: Option<String>,
}

impl Lines {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            shown: Rows::default(),
            said: None,
            group: None,
        }
    }

    /// Folds the following lines in the log of the runner, under the headline.
    fn open_group(&mut self, headline: &str) {
        static OPENED: AtomicU64 = AtomicU64::new(1);
        let settings = &self.settings;
        match settings.groups {
            None => settings.paragraph(&format!("  {headline}"), 4),
            Some(Groups::GitHub) => {
                // The runner decodes the text after its command.
                settings.line(&format!("::group::{}", headline.replace('%', "%25")));
                self.group = Some(String::new());
            }
            Some(Groups::GitLab) => {
                let number = OPENED.fetch_add(1, Ordering::Relaxed);
                let name = format!("qovery_{number}");
                settings.line(&section("start", &name, headline));
                self.group = Some(name);
            }
        }
    }

    fn close_group(&mut self) {
        let Some(name) = self.group.take() else {
            return;
        };
        match self.settings.groups {
            Some(Groups::GitLab) => self.settings.line(&section("end", &name, "")),
            _ => self.settings.line("::endgroup::"),
        }
    }
}

/// A marker of the GitLab runner for the start or end of a section.
fn section(mark: &str, name: &str, title: &str) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.map_or(0, |since| since.as_secs());
    format!("\u{1b}[0Ksection_{mark}:{now}:{name}\r\u{1b}[0K{title}")
}

impl Renderer for Lines {
    fn begin(&mut self, task: &Task) {
        self.shown = Rows::default();
        self.open_group(&task.headline);
    }

    fn show(&mut self, rows: &Rows, update: &Update<'_>) {
        let settings = self.settings.clone();
        let palette = settings.palette;
        let at = clock(update.elapsed.mul_f64(settings.time_factor));
        // The time is printed before the row.
        let beside = at.chars().count() + 2;
        let columns = rows.columns(settings.width().map(|width| width.saturating_sub(beside)));
        let before = std::mem::replace(&mut self.shown, rows.clone());
        let mut changes = 0;
        for stage in &rows.stages {
            let old = before.stages.iter().find(|old| old.id == stage.id);
            let waits = matches!(stage.phase, Phase::NotStarted | Phase::Queued);
            if old.map_or(!waits, |old| old.phase != stage.phase) {
                changes += 1;
                let sign = sign(stage.phase);
                let text = format!("  {at}  {sign} stage {}: {}", stage.name, stage.phase);
                settings.signed(&text, sign, &palette.phase(stage.phase, sign));
            }
            for service in rows.of_stage(stage) {
                let old = before.services.iter().find(|old| old.id == service.id);
                let waits = matches!(service.phase, Phase::NotStarted | Phase::Queued);
                if old.map_or(!waits, |old| {
                    (old.phase, &old.state) != (service.phase, &service.state)
                }) {
                    changes += 1;
                    let sign = palette.phase(service.phase, sign(service.phase));
                    let row = columns.service(service, palette);
                    settings.line(&format!("  {at}    {sign} {row}"));
                }
            }
        }
        let Some(progress) = update.progress else {
            return;
        };
        let mut still = vec![progress.phase.to_string()];
        if let Some(place) = progress.queue_position {
            still.push(format!("number {place} in the queue"));
        }
        if progress.failed_polls > 0 {
            still.push(failures(progress.failed_polls));
        } else if changes > 0 || (progress.queue_position.is_none() && !progress.heartbeat) {
            self.said = None;
            return;
        }
        let text = still.join(", ");
        if self.said.as_ref() == Some(&text) && !progress.heartbeat {
            return;
        }
        settings.paragraph(&format!("  {at}  {text}"), 4);
        self.said = Some(text);
    }

    fn above(&mut self, line: &str) {
        self.settings.line(line);
    }

    fn end(&mut self) -> bool {
        self.close_group();
        false
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.close_group();
    }
}

/// The number of failed requests in a row.
pub(super) fn failures(number: u32) -> String {
    match number {
        1 => "1 request failed".to_owned(),
        number => format!("{number} requests failed in a row"),
    }
}

/// A time, padded to a column.
fn clock(time: Duration) -> String {
    format!("{:>7}", span(time))
}

#[cfg(test)]
mod tests {
    use std::io;

    use uuid::Uuid;

    use super::*;
    use crate::{
        display::Display,
        wait::{Goal, Names, Subject},
    };

    /// The output for this headline, up to the end of the wait or until the wait is dropped.
    fn printed(groups: Groups, headline: &str, is_dropped: bool) -> String {
        let (output, input) = io::pipe().unwrap();
        let display = Display::detect().write_to(input);
        let mut settings = display.settings().clone();
        settings.groups = Some(groups);
        let mut lines = Lines::new(settings);
        lines.begin(&Task {
            headline: headline.to_owned(),
            goal: Some(Goal::Deployed),
            subject: Some(Subject::environment(Uuid::nil())),
            names: Names::default(),
        });
        lines.above("in the group");
        if !is_dropped {
            lines.end();
            lines.above("behind it");
        }
        drop((lines, display));
        io::read_to_string(output).unwrap()
    }

    #[test]
    fn a_group_of_github_has_a_title_and_is_closed_once() {
        let inside = "::group::Deploying 100%25 of staging\nin the group\n::endgroup::\n";
        let text = printed(Groups::GitHub, "Deploying 100% of staging", false);
        assert_eq!(text, format!("{inside}behind it\n"));
        let text = printed(Groups::GitHub, "Deploying 100% of staging", true);
        assert_eq!(text, inside);
    }

    #[test]
    fn a_group_of_gitlab_has_a_name_of_its_own_and_is_closed_once() {
        let text = printed(Groups::GitLab, "Deploying staging", false);
        let lines: Vec<&str> = text.lines().collect();
        let [start, inside, end, behind] = lines[..] else {
            panic!("{text:?}");
        };
        assert_eq!((inside, behind), ("in the group", "behind it"));
        let (begin, title) = start.split_once("\r\u{1b}[0K").unwrap();
        assert_eq!(title, "Deploying staging");
        let begin = begin.strip_prefix("\u{1b}[0Ksection_start:").unwrap();
        let (time, name) = begin.split_once(':').unwrap();
        assert!(time.parse::<u64>().unwrap() > 1_700_000_000, "{time}");
        let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        assert!(name.chars().all(is_of_a_name), "{name}");
        let end = end.strip_prefix("\u{1b}[0Ksection_end:").unwrap();
        assert_eq!(end.split_once(':').unwrap().1, format!("{name}\r\u{1b}[0K"));
        let other = printed(Groups::GitLab, "Deploying staging", true);
        assert!(!other.contains(&format!(":{name}\r")), "{other:?}");
        assert_eq!(other.matches("section_end:").count(), 1, "{other:?}");
    }
}
