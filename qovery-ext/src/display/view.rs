//! The output and the format of a display.

use std::{
    fmt,
    io::Write,
    sync::{Arc, Mutex},
};

use serde::Serialize;

use super::{
    ShowError,
    bars::Bars,
    environment::Surroundings,
    interruption::Interruption,
    json,
    lines::Lines,
    log::LogLine,
    settings::{Format, NARROWEST, Settings, Width},
    style::Palette,
    task::Task,
    terminal,
    text::Text,
};
use crate::wait::{OperationToken, Progress, Reached, WaitError};

/// The output and the format of the progress. Clones share the output.
///
/// Available on crate feature `display` only.
///
/// ```no_run
/// use qovery_ext::display::Display;
///
/// let display = Display::detect().ndjson(std::env::args().any(|argument| argument == "--json"));
/// # let _ = display;
/// ```
pub struct Display {
    settings: Settings,
    shown: Shown,
}

/// The running wait.
enum Shown {
    Nothing,
    Text(Box<Text>),
    Ndjson,
}

impl Display {
    /// Shows on the standard output, in the [format](super#formats) of the output.
    pub fn detect() -> Self {
        let around = Surroundings::of_stdout();
        let format = match around.can_redraw && terminal::has_size() {
            true => Format::Bars,
            false => Format::Lines,
        };
        let width = match around.has_width {
            true => Width::Terminal,
            false => Width::Endless,
        };
        Self::new(Settings {
            output: None,
            format,
            palette: Palette::new(around.colors),
            groups: around.groups,
            width,
            listens: true,
            time_factor: 1.0,
            hint: None,
        })
    }

    fn new(settings: Settings) -> Self {
        Self {
            settings,
            shown: Shown::Nothing,
        }
    }

    /// Prints lines in place of bars.
    #[must_use]
    pub fn lines(mut self) -> Self {
        if self.settings.format == Format::Bars {
            self.settings.format = Format::Lines;
        }
        self
    }

    /// Sets whether to write one JSON object per line in place of texts. Default: no.
    #[must_use]
    pub fn ndjson(mut self, wanted: bool) -> Self {
        match (wanted, self.settings.format) {
            (true, _) => self.settings.format = Format::Ndjson,
            (false, Format::Ndjson) => self.settings.format = Format::Lines,
            (false, _) => {}
        }
        self
    }

    /// Writes lines to this output, by default without colors and without a limit on the width. Call
    /// [`colors`](Self::colors) and [`width`](Self::width) after it.
    #[must_use]
    pub fn write_to(mut self, output: impl Write + Send + 'static) -> Self {
        self.settings.output = Some(Arc::new(Mutex::new(output)));
        self.settings.palette = Palette::new(false);
        self.settings.width = Width::Endless;
        self.lines()
    }

    /// Sets whether to use colors.
    #[must_use]
    pub fn colors(mut self, wanted: bool) -> Self {
        self.settings.palette = Palette::new(wanted);
        self
    }

    /// Sets the number of columns that texts are wrapped to; fewer than 40 count as 40. Default:
    /// that of the terminal; unlimited if the output is not a terminal, or is the log of a CI job.
    #[must_use]
    pub fn width(mut self, columns: usize) -> Self {
        self.settings.width = Width::Fixed(columns.max(NARROWEST));
        self
    }

    /// Does not handle Ctrl-C and SIGTERM. The program handles them.
    #[must_use]
    pub fn ignore_signals(mut self) -> Self {
        self.settings.listens = false;
        self
    }

    /// Sets the text that is printed if the wait ends and the server may continue: after an interruption, at the
    /// deadline, if contact is lost, or if a poll is refused. Use it for the instructions to continue the wait.
    /// Default: no text.
    /// With NDJSON, the closure is not called: the events have the token.
    ///
    /// The token has a few hundred characters. It fits into a command, but the text is shorter if it names a
    /// file:
    ///
    /// ```no_run
    /// use qovery_ext::display::Display;
    ///
    /// let display = Display::detect().resume_hint(|token| {
    ///     match std::fs::write("deploy.token", token.to_string()) {
    ///         Ok(()) => "my-tool resume deploy.token".to_owned(),
    ///         Err(_) => format!("my-tool resume {token}"),
    ///     }
    /// });
    /// # let _ = display;
    /// ```
    #[must_use]
    pub fn resume_hint(
        mut self,
        hint: impl Fn(&OperationToken) -> String + Send + Sync + 'static,
    ) -> Self {
        self.settings.hint = Some(Arc::new(hint));
        self
    }

    /// Sets a factor for the printed times, for a server whose clock runs faster than the clock of
    /// this machine, such as a fake. Default: 1.
    #[must_use]
    pub fn time_factor(mut self, factor: f64) -> Self {
        if factor.is_finite() && factor > 0.0 {
            self.settings.time_factor = factor;
        }
        self
    }

    /// Returns whether the display writes JSON.
    pub fn is_ndjson(&self) -> bool {
        self.settings.format == Format::Ndjson
    }

    /// Prints a text, wrapped to the width. Does nothing if the display writes JSON. Pass text of
    /// the server through [`Printable`](qovery_api::Printable) first.
    pub fn say(&self, text: impl AsRef<str>) {
        if !self.is_ndjson() {
            self.settings.paragraph(text.as_ref(), 2);
        }
    }

    /// Prints a title in bold. Does nothing if the display writes JSON.
    pub fn heading(&self, title: impl AsRef<str>) {
        if !self.is_ndjson() {
            for line in self.settings.wrapped(title.as_ref(), 0) {
                self.settings.line(&self.settings.palette.bold(line));
            }
        }
    }

    /// Writes a JSON object with this `event`. Does nothing if the display prints texts. Fields that are not an object
    /// are written as `value`; for fields that cannot be serialized, the reason is written as `error`.
    pub fn event(&self, event: &str, fields: &impl Serialize) {
        if self.is_ndjson() {
            json::write(&self.settings, event, fields);
        }
    }

    #[cfg(test)]
    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn listens(&self) -> bool {
        self.settings.listens
    }

    pub(super) fn begin(&mut self, task: Task) {
        let settings = self.settings.clone();
        self.shown = match settings.format {
            Format::Ndjson => {
                json::begin(&settings, &task);
                Shown::Ndjson
            }
            Format::Bars => {
                let renderer = Bars::on_stdout(&settings);
                Shown::Text(Box::new(Text::begin(settings, Box::new(renderer), task)))
            }
            Format::Lines => {
                let renderer = Lines::new(settings.clone());
                Shown::Text(Box::new(Text::begin(settings, Box::new(renderer), task)))
            }
        };
    }

    pub(super) fn progress(&mut self, progress: &Progress) {
        match &mut self.shown {
            Shown::Text(text) => text.progress(progress),
            Shown::Ndjson => json::progress(&self.settings, progress),
            Shown::Nothing => {}
        }
    }

    pub(super) fn log(&mut self, line: &LogLine) {
        match &mut self.shown {
            Shown::Text(text) => text.log(line),
            Shown::Ndjson => json::log(&self.settings, line),
            Shown::Nothing => {}
        }
    }

    pub(super) fn reached(&mut self, reached: &Reached) {
        match &mut self.shown {
            Shown::Text(text) => text.reached(reached),
            Shown::Ndjson => json::reached(&self.settings, reached),
            Shown::Nothing => {}
        }
        self.shown = Shown::Nothing;
    }

    pub(super) fn failed(&mut self, error: WaitError) -> ShowError {
        match &mut self.shown {
            Shown::Text(text) => text.failed(&error),
            Shown::Ndjson => json::failed(&self.settings, &error),
            Shown::Nothing => {}
        }
        self.shown = Shown::Nothing;
        ShowError::Missed(error)
    }

    pub(super) fn interrupted(&mut self, when: Interruption) -> ShowError {
        match &mut self.shown {
            Shown::Text(text) => text.interrupted(&when),
            Shown::Ndjson => json::interrupted(&self.settings, when.token()),
            // Before the start of the action: only the names were being read.
            Shown::Nothing => match self.settings.format {
                Format::Ndjson => json::interrupted(&self.settings, when.token()),
                _ => {
                    self.settings.paragraph("  ■ Interrupted.", 4);
                    if let Some(advice) = when.advice() {
                        self.settings.paragraph(&format!("  {advice}"), 2);
                    }
                    let hint = when
                        .token()
                        .and_then(|token| self.settings.resume_hint(token));
                    if let Some(hint) = hint {
                        self.settings
                            .paragraph("  The server continues. To continue the wait:", 2);
                        self.settings.line(&format!("  {hint}"));
                    }
                }
            },
        }
        self.shown = Shown::Nothing;
        ShowError::Interrupted(match when {
            Interruption::Waiting(token) => Some(Box::new(token)),
            Interruption::NotSent | Interruption::Sending => None,
        })
    }
}

impl Default for Display {
    fn default() -> Self {
        Self::detect()
    }
}

impl Clone for Display {
    /// Shows on the same output; a running wait stays with the original.
    fn clone(&self) -> Self {
        Self::new(self.settings.clone())
    }
}

impl fmt::Debug for Display {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Display")
            .field("format", &self.settings.format)
            .field("palette", &self.settings.palette)
            .field("groups", &self.settings.groups)
            .finish_non_exhaustive()
    }
}
