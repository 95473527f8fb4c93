//! Reads and writes files of variables, `.env`.
//!
//! Libraries for this format are made for the variables of the process, and replace `$NAME` by the value of a
//! variable. They would change a password that contains a dollar sign, and send variables of the importing
//! machine to Qovery. This module does not change values.

use std::{collections::HashMap, fmt};

use qovery_api::{
    Client, Printable, SecretText,
    types::{ApiVariableTypeEnum as Nature, VariableResponse},
};

use super::{SetVariableError, Variable, VariableOwner, variable::width};

/// A line of a file of variables cannot be read. The error has the number of the line and no text of the
/// file, which may be secret.
///
/// Available on crate feature `variables` only.
#[derive(Clone, PartialEq, Eq)]
pub struct DotenvError {
    line: usize,
    why: &'static str,
}

impl DotenvError {
    /// Returns the number of the line, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }
}

impl fmt::Display for DotenvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {} of the file of variables: {}",
            self.line, self.why
        )
    }
}

crate::causes::debug_as_text!(DotenvError);

impl std::error::Error for DotenvError {}

/// Reads a file of variables, in the order of the file. All variables are plain: call [`Variable::secret`]
/// for secrets. If a key is repeated, the last value counts.
///
/// Available on crate feature `variables` only.
///
/// | in the file | value |
/// |---|---|
/// | `KEY=value`, `export KEY=value` | `value`, without surrounding white space and without ` # comments`; a `#` right after `=` begins the value |
/// | `KEY='value'` | the text between the quotes, over several lines too |
/// | `KEY="value"` | the same, with `\n`, `\r`, `\t`, `\\`, `\"`, `\'`, `\$` and an escaped backtick |
/// | `KEY=` | empty |
/// | `# comment`, a blank line | |
///
/// A dollar sign has no special meaning. Lines may end with LF, CRLF or CR; within a value, each of them
/// becomes LF. Write `\r` in double quotes for a carriage return.
///
/// ```
/// use qovery_ext::recipes::parse_dotenv;
///
/// let variables = parse_dotenv("export LOG_LEVEL=debug # loud\nPASSWORD='pa$$word'\n")?;
/// let variables: Vec<_> = variables
///     .into_iter()
///     .map(|variable| match variable.key().contains("PASSWORD") {
///         true => variable.secret(),
///         false => variable,
///     })
///     .collect();
/// assert_eq!(variables.len(), 2);
/// # Ok::<(), qovery_ext::recipes::DotenvError>(())
/// ```
///
/// # Errors
/// Returns an error for the first line that is neither blank nor a comment nor a variable.
pub fn parse_dotenv(text: &str) -> Result<Vec<Variable>, DotenvError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // The kind of line end belongs to the file, not to a value that spans several lines.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut reader = Reader {
        rest: &text,
        line: 1,
    };
    let mut variables: Vec<Variable> = Vec::new();
    let mut places = HashMap::new();
    while let Some((key, value)) = reader.next()? {
        let place = *places.entry(key.clone()).or_insert(variables.len());
        let variable = Variable::new(key, value);
        match variables.get_mut(place) {
            Some(earlier) => *earlier = variable,
            None => variables.push(variable),
        }
    }
    Ok(variables)
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Result<Option<(String, String)>, DotenvError> {
        loop {
            let trimmed = self.rest.trim_start_matches([' ', '\t']);
            self.rest = trimmed;
            if trimmed.is_empty() {
                return Ok(None);
            }
            if trimmed.starts_with('\n') {
                self.end_line();
            } else if trimmed.starts_with('#') {
                self.skip_line();
            } else {
                break;
            }
        }
        let key = self.key()?;
        let is_apart = self.rest.starts_with([' ', '\t']);
        self.rest = self.rest.trim_start_matches([' ', '\t']);
        let value = match self.rest.chars().next() {
            Some(quote @ ('\'' | '"')) => self.quoted(quote)?,
            // A comment begins after white space: `A=#c` is a value, as in a shell.
            Some('#') if is_apart => {
                self.skip_line();
                String::new()
            }
            _ => self.bare(),
        };
        Ok(Some((key, value)))
    }

    fn error<T>(&self, why: &'static str) -> Result<T, DotenvError> {
        Err(DotenvError {
            line: self.line,
            why,
        })
    }

    fn key(&mut self) -> Result<String, DotenvError> {
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        let line = self.rest.get(..end).unwrap_or_default();
        let Some((key, _)) = line.split_once('=') else {
            return self.error("it has no \"=\": write KEY=value, or begin a comment with #");
        };
        self.rest = self.rest.get(key.len() + 1..).unwrap_or_default();
        let key = key.trim();
        let key = match key.split_once([' ', '\t']) {
            Some(("export", key)) => key.trim(),
            _ => key,
        };
        if !is_key(key) {
            return self.error(
                "the name before \"=\" has to begin with an ASCII letter or `_`, and may have only ASCII letters, \
                 digits, `_`, `.` and `-`",
            );
        }
        Ok(key.to_owned())
    }

    /// A value without quotes: up to the end of the line or to a comment.
    fn bare(&mut self) -> String {
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        let line = self.rest.get(..end).unwrap_or_default();
        let mut value = line;
        for (at, _) in line.match_indices('#') {
            if line
                .get(..at)
                .is_some_and(|before| before.ends_with([' ', '\t']))
            {
                value = line.get(..at).unwrap_or_default();
                break;
            }
        }
        let value = value.trim().to_owned();
        self.skip_line();
        value
    }

    fn quoted(&mut self, quote: char) -> Result<String, DotenvError> {
        let first = self.line;
        let unended = DotenvError {
            line: first,
            why: "its quote is not closed: end the value with the quote that it begins with",
        };
        let mut value = String::new();
        let mut letters = self.rest.char_indices().skip(1);
        let end = loop {
            let Some((at, letter)) = letters.next() else {
                return Err(unended);
            };
            match letter {
                letter if letter == quote => break at + letter.len_utf8(),
                '\\' if quote == '"' => {
                    let Some((_, escaped)) = letters.next() else {
                        return Err(unended);
                    };
                    match escaped {
                        'n' => value.push('\n'),
                        'r' => value.push('\r'),
                        't' => value.push('\t'),
                        '\\' | '"' | '\'' | '$' | '`' => value.push(escaped),
                        // Other sequences stay as they are.
                        other => value.extend(['\\', other]),
                    }
                    self.line += usize::from(escaped == '\n');
                }
                letter => {
                    self.line += usize::from(letter == '\n');
                    value.push(letter);
                }
            }
        };
        self.rest = self.rest.get(end..).unwrap_or_default();
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        let behind = self.rest.get(..end).unwrap_or_default().trim();
        if !behind.is_empty() && !behind.starts_with('#') {
            return self.error(
                "there is text after the closing quote: escape a double quote in the value with a backslash, or \
                 begin a comment with #",
            );
        }
        self.skip_line();
        Ok(value)
    }

    fn skip_line(&mut self) {
        match self.rest.find('\n') {
            Some(end) => {
                self.rest = self.rest.get(end..).unwrap_or_default();
                self.end_line();
            }
            None => self.rest = "",
        }
    }

    fn end_line(&mut self) {
        self.rest = self.rest.get(1..).unwrap_or_default();
        self.line += 1;
    }
}

/// Whether a file can have a variable of this name.
fn is_key(key: &str) -> bool {
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_other = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    key.starts_with(is_first) && key.chars().all(is_other)
}

/// Whether a shell takes `KEY=value` for an assignment. A line with another name would be a command.
fn is_shell_name(key: &str) -> bool {
    is_key(key) && !key.contains(['.', '-'])
}

/// The variables of an owner, as a file of variables.
///
/// Available on crate feature `variables` only.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DotenvExport {
    /// The file. `Debug` does not show it.
    pub text: SecretText,
    /// The number of variables in it.
    pub exported: usize,
    /// The keys of secrets. The API does not return their values: the file contains the keys as
    /// comments.
    pub secrets: Vec<String>,
    /// The keys of variables that are mounted as files, which a line of a file cannot express. The file has
    /// them as comments.
    pub files: Vec<String>,
    /// The keys that are not names of shell variables, for example `a-b`. The file has them as comments: for a shell, a
    /// line with such a name is a command.
    pub unwritable: Vec<String>,
}

/// Exports the variables of an owner, and those of wider scopes that apply to it, as a file of variables,
/// sorted by key. Variables that Qovery sets itself are left out. An alias has the value of its variable. Secrets
/// and variables that are mounted as files are comments. If the same owner imports the file, no value changes, but
/// variables of wider scopes are overridden with the same value.
///
/// Available on crate feature `variables` only.
///
/// ```no_run
/// # async fn example(client: qovery_api::Client, environment: uuid::Uuid) -> Result<(), Box<dyn std::error::Error>> {
/// use qovery_ext::recipes::{VariableOwner, export_dotenv};
///
/// let export = export_dotenv(&client, VariableOwner::Environment(environment)).await?;
/// std::fs::write("staging.env", export.text.expose())?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// Returns an error if the variables cannot be listed, or if the owner is a database, which has no variables.
pub async fn export_dotenv(
    client: &Client,
    owner: VariableOwner,
) -> Result<DotenvExport, SetVariableError> {
    let read = async {
        let (scope, parent) = owner.place()?;
        let listed = client.list_variables(parent, scope.clone()).await;
        Ok((listed.map_err(SetVariableError::listing)?, scope))
    };
    let (listed, scope) = read.await.map_err(owner.blame(client))?;
    let mut variables: Vec<_> = listed
        .results
        .into_iter()
        .filter(|variable| variable.variable_type != Some(Nature::BuiltIn))
        .collect();
    // Of several variables with the same key, the one with the narrowest scope takes effect.
    variables.sort_by(|a, b| {
        let place = |one: &VariableResponse| (one.key.clone(), width(&one.scope, &scope));
        place(a).cmp(&place(b))
    });
    variables.dedup_by(|later, first| later.key == first.key);
    Ok(DotenvExport::of(variables))
}

impl DotenvExport {
    fn of(variables: Vec<VariableResponse>) -> Self {
        let mut export = DotenvExport {
            text: String::new().into(),
            exported: 0,
            secrets: Vec::new(),
            files: Vec::new(),
            unwritable: Vec::new(),
        };
        let mut text = String::new();
        for variable in variables {
            let key = variable.key;
            let (list, why) = match variable.value {
                Some(_) if !is_shell_name(&key) => (
                    &mut export.unwritable,
                    "its name is not that of a shell variable",
                ),
                Some(_) if variable.mount_path.is_some() && !variable.is_secret => {
                    (&mut export.files, "it is mounted as a file")
                }
                Some(value) if !variable.is_secret => {
                    text.push_str(&format!("{key}={}\n", quote(&value)));
                    export.exported += 1;
                    continue;
                }
                _ => (&mut export.secrets, "secret: its value cannot be read"),
            };
            // The key is text of other users: it must not begin a new line.
            text.push_str(&format!("# {}= ({why})\n", Printable::new(&key)));
            list.push(key);
        }
        export.text = text.into();
        export
    }
}

/// Writes a value so that [`parse_dotenv`] reads it back. A shell runs nothing in the value, and reads the same
/// value unless it has a carriage return.
fn quote(value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+,=".contains(c);
    if !value.is_empty() && value.chars().all(is_plain) {
        return value.to_owned();
    }
    if !value.contains(['\'', '\r']) {
        return format!("'{value}'");
    }
    let mut quoted = String::from("\"");
    for letter in value.chars() {
        match letter {
            // A shell that reads the file would run the text between backquotes.
            '"' | '\\' | '$' | '`' => quoted.extend(['\\', letter]),
            '\r' => quoted.push_str("\\r"),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        let variables = parse_dotenv(text).unwrap();
        let pair = |one: Variable| (one.key().to_owned(), one.value.expose().to_owned());
        variables.into_iter().map(pair).collect()
    }

    #[test]
    fn the_values_of_a_file_of_variables_are_read_unchanged() {
        for (text, value) in [
            ("A=b", "b"),
            ("\u{feff}A=b", "b"),
            ("export A=b", "b"),
            ("export\tA = b", "b"),
            ("  A = b  \r\n", "b"),
            ("A=", ""),
            ("A= # comment", ""),
            ("A=\t#comment", ""),
            ("A=#ff0000", "#ff0000"),
            ("A=#deployments # c", "#deployments"),
            ("A=##", "##"),
            ("A=#", "#"),
            ("B=1\nexport A=#c\nA=#d", "#d"),
            ("A=a#b", "a#b"),
            ("A=a b # c", "a b"),
            ("A='a # b' # c", "a # b"),
            ("A='a\\n$HOME'", "a\\n$HOME"),
            ("A=\"a\\n\\t\\\"\\\\\\$\\`\\x\"", "a\n\t\"\\$`\\x"),
            ("A=\"one\ntwo\"\n", "one\ntwo"),
            ("A=\"one\r\ntwo\"\r\n", "one\ntwo"),
            ("\u{feff}\r\nA='one\r\n\r\ntwo' # c\r\n", "one\n\ntwo"),
            ("B=1\rA=b\r", "b"),
            ("A=\"one\\r\\ntwo\"", "one\r\ntwo"),
            ("export export=1\nA=b", "b"),
            ("A='a=b'#c", "a=b"),
            ("A=\\n", "\\n"),
            ("A=`b`", "`b`"),
            ("A=b\t# c", "b"),
            ("A=pa$$word", "pa$$word"),
            ("A=\"${HOME}\"", "${HOME}"),
            ("A=b=c==", "b=c=="),
            ("A=\"\"", ""),
            ("A=it's", "it's"),
            ("A=1\nA=b", "b"),
            ("# A=x\n\n\n A=b\n#", "b"),
        ] {
            let last = read(text).pop();
            assert_eq!(last, Some(("A".to_owned(), value.to_owned())), "{text:?}");
        }
        assert_eq!(read("B=1\nA=2\n").len(), 2);
        assert_eq!(read("\n # only\n"), []);
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named_by_its_number_alone() {
        for (text, line) in [
            ("A=1\nhunter2", 2),
            ("=hunter2", 1),
            ("A B=hunter2", 1),
            ("1A=hunter2", 1),
            ("\n\nA='hunter2", 3),
            ("A=\"hunter2\\\"", 1),
            ("A='hunter2' hunter2", 1),
            ("A='hunter2''hunter2'", 1),
            ("export hunter2", 1),
            ("A: hunter2", 1),
            ("A=1\r\nhunter2\r\n", 2),
            ("A=1\rhunter2", 2),
            ("\u{feff}\u{feff}A=hunter2", 1),
            ("Ä=hunter2", 1),
            ("A=\"x\ny\"\nhunter2", 3),
            ("A='x\ny' hunter2", 2),
        ] {
            let error = parse_dotenv(text).unwrap_err();
            assert_eq!(error.line(), line, "{text:?}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_key_from_outside_adds_no_line_and_a_value_no_command() {
        let variable = |key: &str, value: Option<&str>| {
            let form = serde_json::json!({
                "id": uuid::Uuid::nil(), "created_at": "2026-01-01T00:00:00Z", "key": key, "value": value,
                "scope": "ENVIRONMENT", "variable_type": "VALUE", "is_secret": value.is_none(),
                "overridden_variable": null,
            });
            serde_json::from_value::<VariableResponse>(form).unwrap()
        };
        let evil = [
            "A\nLD_PRELOAD=/tmp/x.so",
            "A\rB=1",
            "$(id)",
            "`id`",
            "A B",
            "export",
            "#",
            "",
            "A\u{2028}B=1",
            "A=1;B",
            "a-b",
            "a.b",
        ];
        let mut all: Vec<_> = evil.iter().map(|key| variable(key, Some("x"))).collect();
        all.extend(evil.iter().map(|key| variable(key, None)));
        all.push(variable("Z", Some("it's `id` $(id)")));
        let count = all.len();
        let export = DotenvExport::of(all);
        let text = export.text.expose();
        let expected = vec![
            ("export".to_owned(), "x".to_owned()),
            ("Z".to_owned(), "it's `id` $(id)".to_owned()),
        ];
        assert_eq!(read(text), expected, "{text}");
        assert_eq!(
            (
                export.exported,
                export.unwritable.len(),
                export.secrets.len()
            ),
            (2, 11, 12)
        );
        assert_eq!(text.lines().count(), count, "{text}");
        assert!(text.contains("\\`id\\` \\$(id)"), "{text}");
    }

    proptest! {
        #[test]
        fn every_written_value_is_read_back(values in proptest::collection::vec("\\PC*|[\\n\\r\\t '\"$#\\\\a=`]*", 0..5)) {
            let lines = values.iter().enumerate();
            let text: String = lines.map(|(n, value)| format!("K{n}={}\n", quote(value))).collect();
            let expected: Vec<_> = values.iter().enumerate().map(|(n, v)| (format!("K{n}"), v.clone())).collect();
            prop_assert_eq!(read(&text), expected);
        }

        #[test]
        fn no_text_makes_it_panic(text in "[ -~\\n\\r\\té']*") {
            let _read = parse_dotenv(&text);
        }
    }
}
