//! The settings in the environment: a token and the address of the API.
//!
//! Variables are read through a function, so that a program or a test can replace the process environment.

use std::{ffi::OsString, path::PathBuf, sync::Arc};

use qovery_api::AccessToken;

use super::{ConnectError, error::Kind};

/// The variables that may hold the token. The first one that is set and not blank is used.
pub const TOKEN_VARIABLES: [&str; 3] = [
    "QOVERY_API_TOKEN",
    "QOVERY_CLI_ACCESS_TOKEN",
    "Q_CLI_ACCESS_TOKEN",
];

/// The variable that may hold the address of the API.
pub const URL_VARIABLE: &str = "QOVERY_API_URL";

/// The variable that may hold the address of the websocket API. The command-line tool reads the same one.
///
/// Available on crate feature `stream` only.
#[cfg(feature = "stream")]
pub const STREAM_URL_VARIABLE: &str = "QOVERY_WS_URL";

/// Returns the value of a variable, if it is set.
type Lookup = dyn Fn(&str) -> Option<OsString> + Send + Sync;

/// The process environment, or its replacement.
#[derive(Clone)]
pub(super) struct Environment(Arc<Lookup>);

impl Default for Environment {
    fn default() -> Self {
        Self::from_lookup(|name| std::env::var_os(name))
    }
}

impl Environment {
    pub(super) fn from_lookup(
        lookup: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(lookup))
    }

    /// The value without surrounding white space. A blank value counts as not set, because a CI system sets it
    /// for a secret that does not exist.
    fn text(&self, name: &str) -> Result<Option<String>, &'static str> {
        let Some(value) = (self.0)(name) else {
            return Ok(None);
        };
        let value = value
            .into_string()
            .map_err(|_| "its value is not Unicode text")?;
        let value = value.trim();
        Ok((!value.is_empty()).then(|| value.to_owned()))
    }

    /// The token of the first variable that is set.
    pub(super) fn token(&self) -> Result<AccessToken, ConnectError> {
        let mut looked_at: Vec<String> = Vec::new();
        for name in TOKEN_VARIABLES {
            let found = match self.text(name) {
                Ok(None) => {
                    looked_at.push(match (self.0)(name) {
                        Some(_) => format!("`{name}` (set, but blank)"),
                        None => quoted(name),
                    });
                    continue;
                }
                Ok(Some(value)) => AccessToken::new(value).map_err(|problem| problem.to_string()),
                Err(problem) => Err(problem.to_owned()),
            };
            return found.map_err(|problem| {
                let before = match looked_at.is_empty() {
                    true => String::new(),
                    false => format!(" (checked before it, not set: {})", looked_at.join(", ")),
                };
                ConnectError::malformed_token(
                    &format!("the variable {}{before}", quoted(name)),
                    problem,
                )
            });
        }
        Err(ConnectError::new(
            Kind::MissingToken,
            format!(
                "no access token: none of the variables {} is set; set `{}`, or pass a token",
                looked_at.join(", "),
                TOKEN_VARIABLES[0]
            ),
        ))
    }

    /// The address in this variable, if it is set.
    pub(super) fn url(&self, name: &str) -> Result<Option<String>, ConnectError> {
        self.text(name)
            .map_err(|problem| ConnectError::base_url(&quoted(name), problem))
    }

    /// The home directory of the user.
    pub(super) fn home(&self) -> Option<PathBuf> {
        let name = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        let home = (self.0)(name)?;
        (!home.is_empty()).then(|| PathBuf::from(home))
    }
}

/// A name, formatted for messages.
pub(super) fn quoted(name: &str) -> String {
    format!("`{name}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&'static str, &'static str)]) -> Environment {
        let pairs = pairs.to_vec();
        Environment::from_lookup(move |name| {
            let (_, value) = pairs.iter().find(|(key, _)| *key == name)?;
            Some(value.into())
        })
    }

    #[test]
    fn the_first_variable_that_is_set_is_used() {
        let all = [
            ("Q_CLI_ACCESS_TOKEN", "third"),
            ("QOVERY_CLI_ACCESS_TOKEN", "second"),
            ("QOVERY_API_TOKEN", "first"),
        ];
        for (count, expected) in [(3, "first"), (2, "second"), (1, "third")] {
            let found = environment(&all[..count]).token().unwrap();
            assert_eq!(found.expose(), expected);
        }
    }

    #[test]
    fn a_blank_variable_counts_as_not_set() {
        let pairs = [
            ("QOVERY_API_TOKEN", " \n"),
            ("Q_CLI_ACCESS_TOKEN", "third"),
            ("QOVERY_API_URL", ""),
            ("HOME", ""),
        ];
        let environment = environment(&pairs);
        assert_eq!(environment.token().unwrap().expose(), "third");
        assert_eq!(environment.url(URL_VARIABLE).unwrap(), None);
        assert_eq!(environment.home(), None);
    }

    #[test]
    fn the_line_end_of_a_secret_is_not_part_of_it() {
        let found = environment(&[("QOVERY_API_TOKEN", "qov_abc\r\n")]).token();
        assert_eq!(found.unwrap().expose(), "qov_abc");
    }

    #[test]
    fn the_error_of_a_missing_token_names_the_variables_that_were_read() {
        let error = environment(&[("QOVERY_CLI_ACCESS_TOKEN", "")]).token();
        let error = error.unwrap_err();
        assert!(error.is_missing_token());
        let message = error.to_string();
        for name in TOKEN_VARIABLES {
            assert!(message.contains(name), "{message}");
        }
        let blank = "`QOVERY_CLI_ACCESS_TOKEN` (set, but blank)";
        assert!(message.contains(blank), "{message}");
    }

    #[test]
    fn a_malformed_token_names_its_variable_and_not_its_value() {
        let pairs = [
            ("QOVERY_CLI_ACCESS_TOKEN", "Token s3cret"),
            ("Q_CLI_ACCESS_TOKEN", "good"),
        ];
        let error = environment(&pairs).token().unwrap_err();
        assert!(error.is_malformed_token());
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("QOVERY_CLI_ACCESS_TOKEN"), "{shown}");
        assert!(
            shown.contains("QOVERY_API_TOKEN"),
            "also looked at: {shown}"
        );
        assert!(
            !shown.contains("`Q_CLI_ACCESS_TOKEN`"),
            "not looked at: {shown}"
        );
        assert!(!shown.contains("s3cret"), "{shown}");
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_text_is_reported() {
        use std::os::unix::ffi::OsStringExt;

        let bytes = || Some(OsString::from_vec(vec![0xff, b'x']));
        let environment = Environment::from_lookup(move |_| bytes());
        assert!(environment.token().unwrap_err().is_malformed_token());
        assert!(environment.url(URL_VARIABLE).unwrap_err().is_base_url());
    }
}
