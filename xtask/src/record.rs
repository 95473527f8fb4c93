//! Caches the texts of earlier runs by their inputs.
//!
//! A record is a file beside the program, below `target/`, and belongs to this program alone. If it is missing,
//! damaged or of another program, every text is made again, and the result is the same.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};

use crate::lock::hex;

/// The texts of earlier runs, by a digest of their inputs.
#[derive(Default)]
pub(crate) struct Record {
    /// The file, and the digest of the program; `None` if nothing is recorded.
    file: Option<(PathBuf, String)>,
    known: HashMap<String, String>,
    /// The texts of this run, as they are recorded.
    text: String,
    is_changed: bool,
}

impl Record {
    /// The record of this program with a name.
    pub(crate) fn of_this_program(name: &str) -> Self {
        let file = beside_program(name);
        file.map_or_else(Self::default, |(file, program)| Self::read(file, program))
    }

    /// The record of a program in a file.
    pub(crate) fn read(file: PathBuf, program: &str) -> Self {
        let text = fs::read_to_string(&file).unwrap_or_default();
        let body = text
            .split_once('\n')
            .and_then(|(digest, body)| (digest == digest_of([program, body])).then_some(body));
        Self {
            known: body.and_then(texts).unwrap_or_default(),
            is_changed: body.is_none(),
            file: Some((file, program.to_owned())),
            text: String::new(),
        }
    }

    /// Whether texts are recorded.
    pub(crate) fn is_kept(&self) -> bool {
        self.file.is_some()
    }

    /// The text that an earlier run made from the same inputs, or else that of `make`, which depends on the inputs
    /// alone.
    pub(crate) fn text<E>(
        &mut self,
        inputs: [&str; 2],
        make: impl FnOnce() -> Result<String, E>,
    ) -> Result<String, E> {
        let key = digest_of(inputs);
        let text = match self.known.get(&key) {
            Some(text) => text.clone(),
            None => {
                self.is_changed = true;
                make()?
            }
        };
        // Writing to a text does not fail.
        let _ = write!(self.text, "{key} {}\n{text}", text.len());
        Ok(text)
    }

    /// Keeps the texts of this run for the next one.
    pub(crate) fn keep(&self) {
        if let Some((file, program)) = self.file.as_ref().filter(|_| self.is_changed) {
            let digest = digest_of([program, &self.text]);
            // Without the record the next run takes longer, and its result is the same.
            let _ = replace(file, &format!("{digest}\n{}", self.text));
        }
    }
}

/// The file of a record of this program, and a digest of the program.
pub(crate) fn beside_program(name: &str) -> Option<(PathBuf, &'static str)> {
    static DIGEST: OnceLock<Option<String>> = OnceLock::new();
    let program = std::env::current_exe().ok()?;
    let digest = DIGEST.get_or_init(|| {
        // On Linux this is the running program even if another one has replaced its file.
        let running = Path::new("/proc/self/exe");
        let bytes = fs::read(if running.exists() { running } else { &program });
        bytes.ok().map(|bytes| hex(&Sha256::digest(bytes)))
    });
    let mut record: OsString = program.clone().into();
    record.push(format!(".{name}"));
    Some((record.into(), digest.as_deref()?))
}

/// Replaces a file, completely or not at all; `None` if that fails.
pub(crate) fn replace(file: &Path, text: &str) -> Option<()> {
    let mut fresh = tempfile::NamedTempFile::new_in(file.parent()?).ok()?;
    fresh.write_all(text.as_bytes()).ok()?;
    fresh.persist(file).ok().map(drop)
}

fn digest_of([one, other]: [&str; 2]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(one.len().to_le_bytes());
    hasher.update(one);
    hasher.update(other);
    hex(&hasher.finalize())
}

/// The texts of a record: each after a line with its key and its length.
fn texts(mut rest: &str) -> Option<HashMap<String, String>> {
    let mut all = HashMap::new();
    while let Some((head, after)) = rest.split_once('\n') {
        let (key, length) = head.split_once(' ')?;
        let (text, after) = after.split_at_checked(length.parse().ok()?)?;
        all.insert(key.to_owned(), text.to_owned());
        rest = after;
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 4] = ["one\ntwo\n", "", "\n\n", "ä 7\n"];

    /// Asks for some texts, and counts those that are made.
    fn made(file: &Path, program: &str) -> usize {
        let mut record = Record::read(file.to_owned(), program);
        let mut made = 0;
        for text in TEXTS {
            let found = record.text(["inputs", text], || {
                made += 1;
                Ok::<_, ()>(text.to_owned())
            });
            assert_eq!(found.as_deref(), Ok(text));
        }
        record.keep();
        made
    }

    #[test]
    fn a_text_is_made_once_for_its_inputs_and_for_a_program() {
        let home = tempfile::tempdir().expect("a directory");
        let file = home.path().join("record");
        assert_eq!(made(&file, "program"), 4);
        assert_eq!(made(&file, "program"), 0);
        let mut record = Record::read(file.clone(), "program");
        let other = record.text(["input", "sone\ntwo\n"], || Ok::<_, ()>("other".to_owned()));
        assert_eq!(other.as_deref(), Ok("other"));
        let failed = record.text(["inputs", "new"], || Err("a reason"));
        assert_eq!(failed, Err("a reason"));
        assert_eq!(made(&file, "another program"), 4);
    }

    #[test]
    fn a_damaged_record_is_not_read() {
        let home = tempfile::tempdir().expect("a directory");
        let file = home.path().join("record");
        made(&file, "program");
        let whole = fs::read(&file).expect("readable");
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            for text in [&damaged[..], &whole[..at]] {
                fs::write(&file, text).expect("written");
                assert_eq!(made(&file, "program"), 4, "{at}");
            }
        }
    }

    #[test]
    fn a_record_that_cannot_be_written_is_ignored() {
        let home = tempfile::tempdir().expect("a directory");
        assert_eq!(made(home.path(), "program"), 4);
        assert_eq!(made(home.path(), "program"), 4);
    }
}
