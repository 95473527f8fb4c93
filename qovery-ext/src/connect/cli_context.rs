//! The token of a user who signed in with the command-line tool.
//!
//! Reads the context file of the tool and never writes it: only the tool renews the token. The file is read
//! only if the program chose this source. Only a regular file of at most 1 MiB is read: a FIFO, a socket, a
//! device or a directory is not opened.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Mutex,
};

use qovery_api::{
    AccessToken, AuthScheme, BoxFuture, Printable,
    chrono::{DateTime, Datelike, SecondsFormat, Utc},
    serde_json,
};
use secrecy::zeroize::Zeroizing;
use serde::Deserialize;

use super::{ConnectError, TokenSource, TokenSourceError, environment::Environment, error::Kind};
use crate::{regular_file, sync::lock};

/// The maximum size of a context file, in bytes. A larger file is not a context file.
const SIZE_LIMIT: u64 = 1024 * 1024;

/// The fields of the context file that this module reads.
#[derive(Deserialize)]
struct Context {
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default)]
    access_token_expiration: Option<String>,
}

/// Returns the token of the context file, and reads the file again if the server refuses the token, because the
/// command-line tool may have renewed it.
#[derive(Debug)]
pub(super) struct CliContext {
    path: PathBuf,
    current: Mutex<AccessToken>,
    scheme: AuthScheme,
}

/// Returns the default location of the context file, `.qovery/context.json` in the user's directory.
pub(super) fn default_path(environment: &Environment) -> Result<PathBuf, ConnectError> {
    let home = environment.home().ok_or_else(|| {
        ConnectError::new(
            Kind::CliContext,
            "the context file of the command-line tool cannot be found: the home directory \
             is not known: set HOME (on Windows USERPROFILE), or pass the file with `cli_context_file`",
        )
    })?;
    Ok(home.join(".qovery").join("context.json"))
}

impl CliContext {
    /// Reads this context file. The tool stores user tokens in it, and sends them as `Bearer` in any form, so this
    /// is the scheme if none is given.
    pub(super) fn read(path: PathBuf, scheme: Option<AuthScheme>) -> Result<Self, ConnectError> {
        let token = read_token(&path, Utc::now())?;
        Ok(Self {
            path,
            current: Mutex::new(token),
            scheme: scheme.unwrap_or(AuthScheme::Bearer),
        })
    }
}

impl TokenSource for CliContext {
    fn current(&self) -> BoxFuture<'_, Result<AccessToken, TokenSourceError>> {
        let token = lock(&self.current).clone().with_scheme(self.scheme);
        Box::pin(async move { Ok(token) })
    }

    fn refused<'a>(&'a self, _: &'a AccessToken) -> BoxFuture<'a, Result<(), TokenSourceError>> {
        Box::pin(async move {
            let token = read_token(&self.path, Utc::now())?;
            *lock(&self.current) = token;
            Ok(())
        })
    }
}

fn read_token(path: &Path, now: DateTime<Utc>) -> Result<AccessToken, ConnectError> {
    let place = path.display();
    let text = read(path)?;
    // The message of the parser would repeat values of the file. Only the position is used.
    let context: Context = serde_json::from_slice(&text).map_err(|error| {
        ConnectError::new(
            Kind::CliContext,
            format!(
                "{place} is not a context file of the command-line tool (line {}, column {}): sign in again with \
                 `qovery auth`, or pass another file with `cli_context_file`",
                error.line(),
                error.column()
            ),
        )
    })?;
    let token = Zeroizing::new(context.access_token.unwrap_or_default());
    let token = token.trim();
    if token.is_empty() {
        return Err(ConnectError::new(
            Kind::MissingToken,
            format!("{place} has no access token: sign in with `qovery auth`"),
        ));
    }
    if let Some(text) = context.access_token_expiration.as_deref() {
        let expiration = DateTime::parse_from_rfc3339(text).map_err(|_| {
            ConnectError::new(
                Kind::CliContext,
                format!(
                    "{place}: `access_token_expiration` is not a date with a time: sign in again \
                     with `qovery auth`"
                ),
            )
        })?;
        // The tool writes year 1 if it does not know the time.
        if expiration.year() > 1 && expiration <= now {
            return Err(ConnectError::new(
                Kind::ExpiredToken,
                format!(
                    "the access token in {place} expired at {}: sign in again with `qovery auth`",
                    expiration
                        .with_timezone(&Utc)
                        .to_rfc3339_opts(SecondsFormat::Secs, true)
                ),
            ));
        }
    }
    AccessToken::new(token)
        .map_err(|problem| ConnectError::malformed_token(&place.to_string(), problem))
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, ConnectError> {
    let place = path.display();
    let refuse = |error: io::Error| {
        let message = if error.kind() == io::ErrorKind::NotFound {
            format!("{place} does not exist: sign in with `qovery auth`, or pass a token")
        } else {
            format!("{place} cannot be read: {error}; check the path and its permissions")
        };
        ConnectError::new(Kind::CliContext, message).with_source(error)
    };
    let file = regular_file::open(path, fs::OpenOptions::new().read(true)).map_err(refuse)?;
    let metadata = file.metadata().map_err(refuse)?;
    if is_open_to_others(&metadata) {
        warn_once(path);
    }
    let mut text = Zeroizing::new(Vec::new());
    let read = file.take(SIZE_LIMIT + 1).read_to_end(&mut text);
    if read.map_err(refuse)? as u64 > SIZE_LIMIT {
        return Err(ConnectError::new(
            Kind::CliContext,
            format!(
                "{place} is too large for a context file of the command-line tool: pass the right \
                 file with `cli_context_file`"
            ),
        ));
    }
    Ok(text)
}

/// Whether other users may read the file, and with it the token, or change it.
#[cfg(unix)]
fn is_open_to_others(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o066 != 0
}

/// Always false: the metadata of this system does not show who may read the file.
#[cfg(not(unix))]
fn is_open_to_others(_: &fs::Metadata) -> bool {
    false
}

/// Emits a warning for a file that other users may read or change, once for each file in the lifetime of the
/// process.
fn warn_once(path: &Path) {
    static WARNED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    if lock(&WARNED).insert(path.to_owned()) {
        let file = path.to_string_lossy();
        tracing::warn!(
            file = %Printable::new(&file),
            "other users of this machine can read or change the file with the access token: run \
             `chmod 600` on it"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("context.json");
        fs::write(&path, text).unwrap();
        (directory, path)
    }

    fn error_of(text: &str) -> ConnectError {
        let (_directory, path) = file(text);
        CliContext::read(path, None).unwrap_err()
    }

    #[test]
    fn the_token_is_found_below_the_users_directory() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join(".qovery");
        fs::create_dir(&directory).unwrap();
        let text = r#"{"access_token": "eyJ.abc.def", "refresh_token": "r", "user": "u",
            "access_token_expiration": "2999-01-02T03:04:05.678901+02:00"}"#;
        fs::write(directory.join("context.json"), text).unwrap();
        let path = home.path().as_os_str().to_owned();
        let name = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        let environment =
            Environment::from_lookup(move |asked| (asked == name).then(|| path.clone()));
        let context = CliContext::read(default_path(&environment).unwrap(), None).unwrap();
        assert_eq!(lock(&context.current).expose(), "eyJ.abc.def");
        let kept = fs::read_to_string(directory.join("context.json")).unwrap();
        assert_eq!(kept, text);
    }

    #[test]
    fn a_token_with_an_unknown_expiration_is_sent() {
        for expiration in ["", r#", "access_token_expiration": "0001-01-01T00:00:00Z""#] {
            let (_directory, path) = file(&format!(r#"{{"access_token": "abc"{expiration}}}"#));
            assert!(CliContext::read(path, None).is_ok(), "{expiration}");
        }
    }

    #[test]
    fn the_error_of_an_expired_token_has_the_time_and_the_next_step() {
        let error = error_of(
            r#"{"access_token": "s3cret", "access_token_expiration": "2020-01-02T03:04:05.6+01:00"}"#,
        );
        assert!(error.is_expired_token());
        let message = error.to_string();
        assert!(message.contains("2020-01-02T02:04:05Z"), "{message}");
        assert!(message.contains("qovery auth"), "{message}");
        assert!(!format!("{error:?}").contains("s3cret"));
    }

    #[test]
    fn a_file_that_is_no_context_is_refused_without_showing_its_contents() {
        for text in [
            r#""s3cret""#,
            r#"{"access_token": ["s3cret"]}"#,
            r#"{"access_token": "ok", "access_token_expiration": "s3cret"}"#,
            r#"{"access_token": "ok", "access_token_expiration": {"s3cret": 1}}"#,
            r#"{"access_token": "s3cret"#,
        ] {
            let error = error_of(text);
            assert!(error.is_cli_context(), "{text}");
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
        }
        let error = error_of(r#"{"access_token": "s3cret s3cret"}"#);
        assert!(error.is_malformed_token());
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
    }

    #[test]
    fn the_errors_of_a_missing_file_and_a_missing_token_have_the_next_step() {
        let missing = CliContext::read("/nowhere/context.json".into(), None).unwrap_err();
        assert!(missing.is_cli_context());
        assert!(missing.to_string().contains("qovery auth"), "{missing}");
        for text in ["{}", r#"{"access_token": ""}"#, r#"{"access_token": null}"#] {
            let error = error_of(text);
            assert!(error.is_missing_token(), "{text}");
            assert!(error.to_string().contains("qovery auth"), "{error}");
        }
        let directory = tempfile::tempdir().unwrap();
        let error = CliContext::read(directory.path().to_owned(), None).unwrap_err();
        assert!(error.is_cli_context(), "{error}");
        let nowhere = default_path(&Environment::from_lookup(|_| None));
        assert!(nowhere.unwrap_err().is_cli_context());
    }

    #[cfg(unix)]
    #[test]
    fn only_a_regular_file_is_opened_as_the_context_file() {
        let directory = tempfile::tempdir().unwrap();
        let fifo = directory.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status();
        assert!(made.unwrap().success());
        let socket = directory.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(&fifo, &link).unwrap();
        for path in [
            fifo.clone(),
            socket,
            link,
            "/dev/zero".into(),
            "/dev/tty".into(),
        ] {
            if !path.exists() {
                continue;
            }
            let error = CliContext::read(path, None).unwrap_err();
            assert!(error.is_cli_context(), "{error}");
            assert!(error.to_string().contains("not a regular file"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_regular_file_is_read() {
        let (directory, path) = file(r#"{"access_token": "abc"}"#);
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(
            CliContext::read(link, None)
                .unwrap()
                .current
                .into_inner()
                .unwrap()
                .expose(),
            "abc"
        );
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        let size = usize::try_from(SIZE_LIMIT).unwrap();
        let text = format!(
            r#"{{"access_token": "abc", "user": "{}"}}"#,
            "x".repeat(size)
        );
        let error = error_of(&text);
        assert!(
            error.is_cli_context() && error.to_string().contains("too large"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn the_file_is_read_again_when_the_server_refuses_the_token() {
        let (_directory, path) = file(r#"{"access_token": "old"}"#);
        let context = CliContext::read(path.clone(), None).unwrap();
        let old = TokenSource::current(&context).await.unwrap();
        assert_eq!(old.scheme(), AuthScheme::Bearer);
        fs::write(&path, r#"{"access_token": "new"}"#).unwrap();
        assert_eq!(
            TokenSource::current(&context).await.unwrap().expose(),
            "old"
        );
        context.refused(&old).await.unwrap();
        assert_eq!(
            TokenSource::current(&context).await.unwrap().expose(),
            "new"
        );
    }
}
