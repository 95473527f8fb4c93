//! The error of a command: one message that names the location and the next step.
//!
//! A problem always ends the command; warnings are not problems.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::printable::Printable;

/// A file whose locations have lines.
pub(crate) trait Lines {
    /// The path of the file.
    fn path(&self) -> &Path;
    /// The line of a location, counted from 1, if it can be found.
    fn line_of(&self, pointer: &str) -> Option<usize>;
}

/// An error in the input, or in the environment of the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    file: Option<PathBuf>,
    pointer: Option<String>,
    line: Option<usize>,
    what: String,
    help: Option<String>,
    is_contradiction: bool,
}

impl Problem {
    /// A problem without a location.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self {
            file: None,
            pointer: None,
            line: None,
            what: what.into(),
            help: None,
            is_contradiction: false,
        }
    }

    /// A schema that no value fits, because its parts contradict each other.
    pub(crate) fn contradiction(pointer: &str, what: &str) -> Self {
        Self {
            is_contradiction: true,
            ..Self::of(pointer, what)
        }
    }

    /// A problem at a location; [`of_document`](Self::of_document) adds the file.
    pub(crate) fn of(pointer: impl Into<String>, what: impl Into<String>) -> Self {
        Self::new(what).with_pointer(pointer)
    }

    /// A problem of a whole file.
    pub(crate) fn in_file(file: &Path, what: impl Into<String>) -> Self {
        Self {
            file: Some(file.to_owned()),
            ..Self::new(what)
        }
    }

    /// A file or directory that the system does not let this program read, write or move. `done` completes the
    /// message "cannot be …".
    pub(crate) fn of_io(path: &Path, done: &str, error: &std::io::Error) -> Self {
        let help = match done {
            "read" => "check the path and its permissions, then run the command again",
            _ => "check the path, its permissions and the free space, then run the command again",
        };
        Self::in_file(path, format!("cannot be {done}: {error}")).with_help(help)
    }

    /// A file that is not text.
    pub(crate) fn not_utf8(path: &Path) -> Self {
        Self::in_file(path, "is not text in UTF-8").with_help("save the file as UTF-8")
    }

    /// An error that no input causes.
    pub(crate) fn defect(what: impl Into<String>) -> Self {
        Self::new(what).with_help("this is a defect of `cargo xtask`: report it")
    }

    /// No temporary directory.
    pub(crate) fn no_temporary_directory(error: &std::io::Error) -> Self {
        Self::new(format!("no temporary directory can be created: {error}"))
            .with_help("check the directory in TMPDIR, its permissions and the free space")
    }

    /// A problem at a location of a document; the line is looked up.
    pub(crate) fn at(document: &impl Lines, pointer: &str, what: impl Into<String>) -> Self {
        Self {
            line: document.line_of(pointer),
            pointer: Some(pointer.to_owned()),
            ..Self::in_file(document.path(), what)
        }
    }

    /// The JSON pointer of the location.
    pub(crate) fn pointer(&self) -> Option<&str> {
        self.pointer.as_deref()
    }

    /// Whether the problem is a schema that no value fits.
    pub(crate) fn is_contradiction(&self) -> bool {
        self.is_contradiction
    }

    /// The message without the location.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// Adds the file, and the line of the pointer, if the problem has no file yet.
    pub(crate) fn of_document(mut self, document: &impl Lines) -> Self {
        if self.file.is_none() {
            self.file = Some(document.path().to_owned());
            self.line = self
                .pointer
                .as_deref()
                .and_then(|pointer| document.line_of(pointer));
        }
        self
    }

    /// Adds the JSON pointer of the location.
    pub(crate) fn with_pointer(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// Adds the line of the location, counted from 1.
    pub(crate) fn with_line(mut self, line: Option<usize>) -> Self {
        self.line = line;
        self
    }

    /// Adds a help text, if the problem has none.
    pub(crate) fn or_help(mut self, help: &str) -> Self {
        self.help.get_or_insert_with(|| help.to_owned());
        self
    }

    /// The same problem at the same location of another document.
    pub(crate) fn without_file(self) -> Self {
        Self {
            file: None,
            line: None,
            ..self
        }
    }

    /// A problem of a temporary copy, as one of the document that the copy was made from.
    pub(crate) fn of_copy(self, copy: &Path, document: &impl Lines) -> Self {
        match self.file.as_deref() == Some(copy) {
            true => self.without_file().of_document(document),
            false => self,
        }
    }

    /// The same problem with another text.
    pub(crate) fn with_what(mut self, what: impl Into<String>) -> Self {
        self.what = what.into();
        self
    }

    /// Adds a help text with the next step.
    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}", Printable::new(&file.to_string_lossy()))?;
            if let Some(line) = self.line {
                write!(f, ":{line}")?;
            }
            write!(f, ": ")?;
        }
        match self.pointer.as_deref() {
            Some("") | None => {}
            Some(pointer) => write!(f, "{}: ", Printable::new(pointer))?,
        }
        Printable::new(&self.what).fmt(f)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {}", Printable::new(help)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_the_file_the_line_the_location_and_the_fix() {
        let problem = Problem::in_file(Path::new("api.yaml"), "`get` has no responses")
            .with_pointer("/paths/~1a/get")
            .with_line(Some(7))
            .with_help("declare at least one response");
        assert_eq!(
            problem.to_string(),
            "api.yaml:7: /paths/~1a/get: `get` has no responses\n  help: declare at least one response"
        );
    }

    #[test]
    fn text_of_the_contract_is_escaped_at_every_position_of_a_message() {
        let hostile = "x\r\n::error::\u{1b}[2J\u{202e}";
        let problem = Problem::in_file(Path::new(hostile), hostile)
            .with_pointer(format!("/{hostile}"))
            .with_help(hostile);
        let message = problem.to_string();
        assert_eq!(message.lines().count(), 2, "{message:?}");
        assert!(
            !message.contains(['\r', '\u{1b}', '\u{202e}']),
            "{message:?}"
        );
    }

    #[test]
    fn unknown_parts_of_a_problem_are_left_out() {
        assert_eq!(Problem::new("nothing to do").to_string(), "nothing to do");
        let problem = Problem::in_file(Path::new("api.yaml"), "is empty").with_pointer("");
        assert_eq!(problem.to_string(), "api.yaml: is empty");
    }
}
