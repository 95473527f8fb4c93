//! The settings of a display, and the output that it prints lines on.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use super::{environment::Groups, style::Palette, terminal, wrap::wrap};
use crate::wait::OperationToken;

type Hint = dyn Fn(&OperationToken) -> String + Send + Sync;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Bars,
    Lines,
    Ndjson,
}

/// The settings of a display.
#[derive(Clone)]
pub(super) struct Settings {
    /// `None` for the standard output.
    pub(super) output: Option<Arc<Mutex<dyn Write + Send>>>,
    pub(super) format: Format,
    pub(super) palette: Palette,
    pub(super) groups: Option<Groups>,
    pub(super) width: Width,
    pub(super) listens: bool,
    pub(super) time_factor: f64,
    pub(super) hint: Option<Arc<Hint>>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Width {
    /// The current width of the terminal.
    Terminal,
    Fixed(usize),
    Endless,
}

/// The smallest width of a terminal that texts are fitted to.
pub(super) const NARROWEST: usize = 40;

impl Settings {
    /// The number of columns for texts; `None` if it is unlimited.
    pub(super) fn width(&self) -> Option<usize> {
        match self.width {
            Width::Terminal => Some(terminal::columns().max(NARROWEST)),
            Width::Fixed(columns) => Some(columns),
            Width::Endless => None,
        }
    }

    pub(super) fn wrapped(&self, text: &str, indent: usize) -> Vec<String> {
        wrap(text, self.width(), indent)
    }

    /// Prints a text, wrapped between words.
    pub(super) fn paragraph(&self, text: &str, indent: usize) {
        for line in self.wrapped(text, indent) {
            self.line(&line);
        }
    }

    /// Prints a text, and styles the first occurrence of a sign in it.
    pub(super) fn signed(&self, text: &str, sign: &str, styled: &str) {
        for (number, line) in self.wrapped(text, 4).iter().enumerate() {
            match number {
                0 => self.line(&line.replacen(sign, styled, 1)),
                _ => self.line(line),
            }
        }
    }

    /// Prints a line. If the reader of the output is gone, the wait continues.
    pub(super) fn line(&self, line: &str) {
        let line = format!("{}\n", line.trim_end());
        let _unwritable = match &self.output {
            None => io::stdout().write_all(line.as_bytes()),
            Some(output) => {
                let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
                output.write_all(line.as_bytes())
            }
        };
    }

    /// The text of the program, with instructions to continue the wait.
    pub(super) fn resume_hint(&self, token: &OperationToken) -> Option<String> {
        self.hint.as_ref().map(|hint| hint(token))
    }
}
