//! `contract.lock`: the origin of the contract of this repository, and the digests of the generated client.
//!
//! Written by `import`, `generate` and `update`, verified by `generate --check`. A file of lines
//! `key = "value"` in sections, so that a person can review it.

use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::contract::source;
use crate::files::{CONTRACT, OVERLAY};
use crate::problem::Problem;
use crate::write::Tree;

/// The name of the file, beside the contract.
pub(crate) const LOCK: &str = "contract.lock";
/// The next step if the file is damaged.
const RESTORE: &str = "restore the file from git: it is written by `cargo xtask` alone";
/// The repository of the published revisions.
const REPOSITORY: &str = "https://github.com/Qovery/qovery-openapi-spec";
/// The packages of this program.
const PACKAGES: &str = include_str!("../../Cargo.lock");
/// The package that writes the generated code, besides this program.
const GENERATOR: &str = "progenitor-impl";

/// A published revision. Unknown texts are empty.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Upstream {
    /// The commit, as 40 hexadecimal digits.
    pub(crate) commit: String,
    /// The day of the commit, as `YYYY-MM-DD`.
    pub(crate) date: String,
}

/// An imported file.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Imported {
    pub(crate) sha256: String,
    pub(crate) upstream: Upstream,
}

/// The inputs of the generated client, its generator and its digest.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Generated {
    pub(crate) generator: String,
    pub(crate) contract: String,
    pub(crate) overlay: String,
    pub(crate) client: String,
}

/// The whole file.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Lock {
    /// The newest revision in the contract.
    pub(crate) upstream: Upstream,
    /// The imported files, from the oldest to the newest.
    pub(crate) imported: Vec<Imported>,
    pub(crate) generated: Generated,
}

impl Lock {
    /// Reads the lock of a repository; an empty one if there is none.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read or does not have the format of this program.
    pub(crate) fn read(root: &Path) -> Result<Self, Problem> {
        let path = root.join(LOCK);
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            _ => {}
        }
        let text = String::from_utf8(source::bytes(&path)?)
            .map_err(|_| Problem::not_utf8(&path).with_help(RESTORE))?;
        Self::parse(&text).map_err(|(line, what)| {
            Problem::in_file(&path, what)
                .with_line(Some(line))
                .with_help(RESTORE)
        })
    }

    fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut lock = Self::default();
        let mut section = "";
        for (index, line) in text.lines().enumerate() {
            let fault = |what: &str| (index + 1, what.to_owned());
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if line.starts_with('[') {
                section = line;
                match line {
                    "[upstream]" | "[generated]" => {}
                    "[[imported]]" => lock.imported.push(Imported::default()),
                    _ => return Err(fault("has an unknown section")),
                }
                continue;
            }
            let (key, value) = line
                .split_once('=')
                .ok_or_else(|| fault("has a line that is not `key = \"value\"`"))?;
            let value = value
                .trim()
                .strip_prefix('"')
                .and_then(|value| value.strip_suffix('"'));
            let value = value.ok_or_else(|| fault("has a value that is not in quotes"))?;
            let key = key.trim();
            let known = match (section, key) {
                ("[upstream]", "repository") => continue,
                ("[upstream]", "commit") => &mut lock.upstream.commit,
                ("[upstream]", "date") => &mut lock.upstream.date,
                ("[generated]", "generator") => &mut lock.generated.generator,
                ("[generated]", "contract") => &mut lock.generated.contract,
                ("[generated]", "overlay") => &mut lock.generated.overlay,
                ("[generated]", "client") => &mut lock.generated.client,
                ("[[imported]]", _) => {
                    let imported = lock
                        .imported
                        .last_mut()
                        .ok_or_else(|| fault("has a value outside of a section"))?;
                    match key {
                        "sha256" => &mut imported.sha256,
                        "commit" => &mut imported.upstream.commit,
                        "date" => &mut imported.upstream.date,
                        _ => return Err(fault("has an unknown key")),
                    }
                }
                _ => return Err(fault("has an unknown key")),
            };
            let is_valid = value.is_empty()
                || match key {
                    "commit" => is_commit(value),
                    "date" => is_date(value),
                    "generator" => value
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || " .-_+".contains(c)),
                    _ => value.len() == 64 && value.chars().all(|c| c.is_ascii_hexdigit()),
                };
            if !is_valid {
                return Err(fault(&format!("has an invalid value of `{key}`")));
            }
            value.clone_into(known);
        }
        Ok(lock)
    }

    /// The text of the file.
    pub(crate) fn text(&self) -> String {
        let mut out = String::from(
            "# Where openapi.yaml comes from, and what is generated from it.\n# Written by `cargo xtask`; `cargo xtask generate --check` verifies it.\n",
        );
        // Writing to a text never fails.
        let Upstream { commit, date } = &self.upstream;
        let _ = write!(
            out,
            "\n[upstream]\nrepository = \"{REPOSITORY}\"\ncommit = \"{commit}\"\ndate = \"{date}\"\n"
        );
        for Imported {
            sha256,
            upstream: Upstream { commit, date },
        } in &self.imported
        {
            let _ = write!(
                out,
                "\n[[imported]]\nsha256 = \"{sha256}\"\ncommit = \"{commit}\"\ndate = \"{date}\"\n"
            );
        }
        let Generated {
            generator,
            contract,
            overlay,
            client,
        } = &self.generated;
        let _ = write!(
            out,
            "\n[generated]\ngenerator = \"{generator}\"\ncontract = \"{contract}\"\noverlay = \"{overlay}\"\nclient = \"{client}\"\n"
        );
        out
    }

    /// Adds an imported file as the newest one. If it already is the newest one, only a commit and a date that
    /// are known now are added.
    pub(crate) fn add(&mut self, imported: Imported) {
        let date = &imported.upstream.date;
        if !date.is_empty() && *date < self.upstream.date {
            // The contract stays up to date with the newest revision.
            let newest = self.imported.len().saturating_sub(1);
            if !self
                .imported
                .iter()
                .any(|known| known.sha256 == imported.sha256)
            {
                self.imported.insert(newest, imported);
            }
            return;
        }
        let is_known = |known: &Imported| known.sha256 == imported.sha256;
        let earlier = self.imported.split_last().map_or(&[][..], |(_, rest)| rest);
        let is_last = self.imported.last().is_some_and(is_known);
        if date.is_empty() && !is_last && earlier.iter().any(is_known) {
            return;
        }
        let last = self.imported.last_mut();
        match last.filter(|last| last.sha256 == imported.sha256) {
            Some(last) => {
                let Upstream { commit, date } = imported.upstream;
                if !commit.is_empty() {
                    last.upstream.commit = commit;
                }
                if !date.is_empty() {
                    last.upstream.date = date;
                }
                self.upstream = last.upstream.clone();
            }
            None => {
                self.upstream = imported.upstream.clone();
                self.imported.push(imported);
            }
        }
    }
}

impl Generated {
    /// Computes the digests of generated files.
    ///
    /// # Errors
    /// Returns an error if the contract or the overlay cannot be read.
    pub(crate) fn of(
        contract: &Path,
        overlay: Option<&Path>,
        client: &Tree,
    ) -> Result<Self, Problem> {
        let digest = |path: &Path| source::bytes(path).map(|bytes| sha256(&bytes));
        let mut hasher = Sha256::new();
        for (path, text) in client {
            for part in [path, text] {
                hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
                hasher.update(part.as_bytes());
            }
        }
        Ok(Self {
            generator: generator(),
            contract: digest(contract)?,
            overlay: overlay.map(digest).transpose()?.unwrap_or_default(),
            client: hex(&hasher.finalize()),
        })
    }

    /// Returns one message for each difference from the recorded state.
    pub(crate) fn differences(&self, recorded: &Self) -> Vec<String> {
        let pairs = [
            ("generator", &self.generator, &recorded.generator),
            (CONTRACT, &self.contract, &recorded.contract),
            (OVERLAY, &self.overlay, &recorded.overlay),
            ("the generated client", &self.client, &recorded.client),
        ];
        let differ = pairs.into_iter().filter(|(_, is, recorded)| is != recorded);
        differ
            .map(|(name, ..)| format!("{LOCK} was written for another state of {name}"))
            .collect()
    }
}

/// The generator and its version.
fn generator() -> String {
    let version = PACKAGES
        .split("\n[[package]]\n")
        .find_map(|package| {
            let rest = package
                .trim_start_matches('\n')
                .strip_prefix(&format!("name = \"{GENERATOR}\"\n"))?;
            rest.strip_prefix("version = \"")?.split('"').next()
        })
        .unwrap_or_default();
    format!("{GENERATOR} {version}").trim_end().to_owned()
}

/// The SHA-256 of bytes, in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a text is a full commit id of git.
pub(crate) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
}

/// Whether a text is a day as `YYYY-MM-DD`.
pub(crate) fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_number = |text: &str, digits: usize| {
        text.len() == digits && text.chars().all(|c| c.is_ascii_digit())
    };
    match parts.as_slice() {
        [year, month, day] => {
            let within = |text: &str, most: u32| {
                text.parse::<u32>()
                    .is_ok_and(|number| (1..=most).contains(&number))
            };
            is_number(year, 4)
                && is_number(month, 2)
                && is_number(day, 2)
                && within(month, 12)
                && within(day, 31)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock() -> Lock {
        let upstream = Upstream {
            commit: "1f".repeat(20),
            date: "2026-08-20".to_owned(),
        };
        let imported = Imported {
            sha256: "ab".repeat(32),
            upstream: upstream.clone(),
        };
        Lock {
            upstream,
            imported: vec![
                Imported {
                    sha256: "cd".repeat(32),
                    ..Imported::default()
                },
                imported,
            ],
            generated: Generated {
                generator: generator(),
                contract: "00".repeat(32),
                overlay: String::new(),
                client: "11".repeat(32),
            },
        }
    }

    #[test]
    fn a_written_lock_reads_back_the_same() {
        assert_eq!(Lock::parse(&lock().text()), Ok(lock()));
    }

    #[test]
    fn the_generator_is_named_with_its_version() {
        let generator = generator();
        let version = generator.strip_prefix("progenitor-impl ").unwrap();
        assert!(version.split('.').count() == 3, "{generator}");
    }

    #[test]
    fn a_line_that_this_program_does_not_write_is_refused_with_its_number() {
        let text = lock().text();
        for (from, to, what) in [
            ("[upstream]", "[other]", "unknown section"),
            ("date = \"2026-08-20\"", "date = \"2026-13-20\"", "`date`"),
            ("commit = \"1f1f", "commit = \"1F1F", "`commit`"),
            ("commit = \"1f1f", "commit = \"\\\"; evil", "`commit`"),
            ("generator = ", "other = ", "unknown key"),
            ("client = \"", "client = '", "quotes"),
            ("[generated]", "oops", "not `key"),
        ] {
            let (line, found) = Lock::parse(&text.replacen(from, to, 1)).unwrap_err();
            assert!(found.contains(what) && line > 2, "{to}: {found}");
        }
    }

    #[test]
    fn the_same_file_imported_twice_is_listed_once() {
        let mut lock = Lock::default();
        let file = |sha256: &str, date: &str| Imported {
            sha256: sha256.repeat(32),
            upstream: Upstream {
                commit: String::new(),
                date: date.to_owned(),
            },
        };
        lock.add(file("aa", ""));
        lock.add(file("aa", "2026-01-01"));
        lock.add(file("bb", "2026-01-02"));
        assert_eq!(
            lock.imported,
            [file("aa", "2026-01-01"), file("bb", "2026-01-02")]
        );
        assert_eq!(lock.upstream.date, "2026-01-02");
    }

    #[test]
    fn the_known_commit_of_a_file_stays_if_a_later_import_has_none() {
        let unknown = |known: &Imported, date: &str| Imported {
            sha256: known.sha256.clone(),
            upstream: Upstream {
                commit: String::new(),
                date: date.to_owned(),
            },
        };
        for date in ["", "2026-08-20"] {
            for index in 0..2 {
                let mut again = lock();
                again.imported[0].upstream.date = "2026-08-19".to_owned();
                let before = again.clone();
                let date = if index == 0 { "" } else { date };
                again.add(unknown(&lock().imported[index], date));
                assert_eq!(again, before, "{index} {date}");
            }
        }
        // A file that is published once more, later, is the newest one.
        let mut again = lock();
        again.add(unknown(&lock().imported[0], "2026-09-01"));
        assert_eq!(again.upstream.date, "2026-09-01");
        assert_eq!(again.imported.len(), 3);
    }

    #[test]
    fn only_complete_commits_and_dates_are_accepted() {
        assert!(is_commit(&"0f".repeat(20)) && !is_commit("0f0f") && !is_commit(&"0F".repeat(20)));
        assert!(
            is_date("2026-11-27")
                && !is_date("2026-1-27")
                && !is_date("2026-00-27")
                && !is_date("x")
        );
    }
}
