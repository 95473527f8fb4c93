//! Text in colors, or without.

use std::fmt::Display;

use console::Style;

use crate::wait::Phase;

/// Styles texts if colors are enabled. It does not use the detection of `console` for the standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Palette(bool);

impl Palette {
    pub(super) fn new(colors: bool) -> Self {
        Self(colors)
    }

    pub(super) fn has_colors(self) -> bool {
        self.0
    }

    pub(super) fn apply(self, style: &Style, text: impl Display) -> String {
        let style = style.clone().force_styling(self.0);
        style.apply_to(text).to_string()
    }

    pub(super) fn bold(self, text: impl Display) -> String {
        self.apply(&Style::new().bold(), text)
    }

    pub(super) fn dim(self, text: impl Display) -> String {
        self.apply(&Style::new().dim(), text)
    }

    pub(super) fn red(self, text: impl Display) -> String {
        self.apply(&Style::new().red(), text)
    }

    pub(super) fn yellow(self, text: impl Display) -> String {
        self.apply(&Style::new().yellow(), text)
    }

    /// In the color of a phase.
    pub(super) fn phase(self, phase: Phase, text: impl Display) -> String {
        self.apply(&color(phase), text)
    }
}

fn color(phase: Phase) -> Style {
    match phase {
        Phase::Running => Style::new().cyan(),
        Phase::Reached => Style::new().green(),
        Phase::Failed => Style::new().red().bold(),
        Phase::Canceled => Style::new().yellow(),
        _ => Style::new().dim(),
    }
}

/// The sign of a phase.
pub(super) fn sign(phase: Phase) -> &'static str {
    match phase {
        Phase::Reached => "✔",
        Phase::Failed => "✘",
        Phase::Canceled => "■",
        Phase::Running => "•",
        _ => "·",
    }
}
