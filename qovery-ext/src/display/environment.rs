//! Facts about the output, from the environment of the process.

use std::{env, ffi::OsString, io::IsTerminal as _};

/// The CI system that folds the lines of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Groups {
    GitHub,
    GitLab,
}

/// The properties of the standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Surroundings {
    /// Whether it is a terminal that can redraw, and not the log of a CI job.
    pub(super) can_redraw: bool,
    /// Whether texts are wrapped to the width of a terminal. The log of a CI job wraps them itself.
    pub(super) has_width: bool,
    pub(super) colors: bool,
    pub(super) groups: Option<Groups>,
}

impl Surroundings {
    pub(super) fn of_stdout() -> Self {
        Self::of(std::io::stdout().is_terminal(), |name| env::var_os(name))
    }

    fn of(is_terminal: bool, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let is = |name: &str, wanted: &str| variable(name).is_some_and(|value| value == wanted);
        // An empty variable counts as not set.
        let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        let is_on = |name: &str| is_set(name) && !is(name, "0") && !is(name, "false");
        let is_dumb = is("TERM", "dumb");
        let is_ci = is_on("CI") || is_on("GITHUB_ACTIONS") || is_on("GITLAB_CI");
        let wants_none = is("CLICOLOR", "0");
        Self {
            can_redraw: is_terminal && !is_dumb && !is_ci,
            has_width: is_terminal && !is_ci,
            colors: !is_set("NO_COLOR")
                && (is_on("CLICOLOR_FORCE") || (is_terminal && !is_dumb && !wants_none)),
            groups: if is_on("GITHUB_ACTIONS") {
                Some(Groups::GitHub)
            } else if is_on("GITLAB_CI") {
                Some(Groups::GitLab)
            } else {
                None
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(is_terminal: bool, set: &[(&str, &str)]) -> Surroundings {
        Surroundings::of(is_terminal, |name| {
            let found = set.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn bars_are_drawn_only_on_terminals() {
        assert!(of(true, &[("TERM", "xterm")]).can_redraw);
        for set in [
            ("TERM", "dumb"),
            ("CI", "true"),
            ("CI", "1"),
            ("GITLAB_CI", "true"),
        ] {
            assert!(!of(true, &[set]).can_redraw, "{set:?}");
        }
        assert!(of(true, &[("CI", "false")]).can_redraw);
        assert!(of(true, &[("CI", "")]).can_redraw);
        assert!(!of(false, &[]).can_redraw);
    }

    #[test]
    fn texts_are_wrapped_on_every_terminal_and_not_in_the_log_of_a_job() {
        assert!(of(true, &[]).has_width);
        assert!(of(true, &[("TERM", "dumb")]).has_width);
        assert!(!of(true, &[("CI", "true")]).has_width);
        assert!(!of(false, &[("TERM", "xterm")]).has_width);
    }

    #[test]
    fn colors_are_left_out_if_they_are_not_wanted_or_cannot_be_seen() {
        assert!(of(true, &[]).colors);
        assert!(of(true, &[("NO_COLOR", "")]).colors);
        assert!(of(true, &[("CI", "true")]).colors);
        for set in [("NO_COLOR", "1"), ("CLICOLOR", "0"), ("TERM", "dumb")] {
            assert!(!of(true, &[set]).colors, "{set:?}");
        }
        assert!(!of(false, &[]).colors);
        assert!(of(false, &[("CLICOLOR_FORCE", "1")]).colors);
        assert!(!of(false, &[("CLICOLOR_FORCE", "0")]).colors);
        for is_terminal in [true, false] {
            let both = [("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")];
            assert!(!of(is_terminal, &both).colors, "NO_COLOR takes precedence");
        }
    }

    #[test]
    fn logs_are_grouped_as_their_runner_does_it() {
        assert_eq!(of(false, &[("CI", "true")]).groups, None);
        let github = of(false, &[("GITHUB_ACTIONS", "true"), ("CI", "true")]);
        assert_eq!(github.groups, Some(Groups::GitHub));
        let gitlab = of(false, &[("GITLAB_CI", "true")]);
        assert_eq!(gitlab.groups, Some(Groups::GitLab));
    }
}
