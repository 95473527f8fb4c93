//! Remembers the state of the repository that `generate` last found up to date.
//!
//! The command is deterministic and offline: the same program, inputs and generated files give the same
//! result. A run that finds no difference writes a digest of them beside the program, below `target/`, and the
//! notes that it printed. A run on the same state compares the digest and generates nothing. If the record is
//! missing, damaged or cannot be written, the run generates.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::codegen::stream;
use crate::contract::source;
use crate::files::{CONTRACT, FAKE, GENERATED, OVERLAY, TABLE};
use crate::lock::{LOCK, hex};
use crate::record::{beside_program, replace};
use crate::write;

/// The files that a check reads, relative to the repository.
const INPUTS: [&str; 5] = [CONTRACT, OVERLAY, stream::CONTRACT, stream::OVERLAY, LOCK];
/// The directories that a check compares.
const OUTPUTS: [&str; 4] = [GENERATED, TABLE, stream::GENERATED, FAKE];

/// The program, the inputs and the generated files, as a digest, and the file of its record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct State {
    digest: [u8; 32],
    record: PathBuf,
}

impl State {
    /// Reads the state of a repository; `None` if a file cannot be read, which a complete check reports.
    pub(crate) fn read(root: &Path) -> Option<Self> {
        let (record, program) = beside_program("verified")?;
        Self::of(root, program.as_bytes(), record)
    }

    fn of(root: &Path, program: &[u8], record: PathBuf) -> Option<Self> {
        let mut hasher = Sha256::new();
        add(&mut hasher, program);
        for input in INPUTS {
            let path = root.join(input);
            // A missing file is a state of its own, different from an empty one.
            let bytes = match path.try_exists().ok()? {
                true => Some(source::bytes(&path).ok()?),
                false => None,
            };
            add(&mut hasher, &[u8::from(bytes.is_some())]);
            add(&mut hasher, &bytes.unwrap_or_default());
        }
        for output in OUTPUTS {
            let tree = write::on_disk(&root.join(output)).ok()?;
            add(&mut hasher, &tree.len().to_le_bytes());
            for (path, text) in tree {
                add(&mut hasher, path.as_bytes());
                add(&mut hasher, text.as_bytes());
            }
        }
        Some(Self {
            digest: hasher.finalize().into(),
            record,
        })
    }

    /// The notes of the check that found this state up to date, if there was one.
    pub(crate) fn notes(&self) -> Option<String> {
        let record = fs::read_to_string(&self.record).ok()?;
        let (digest, notes) = record.split_once('\n')?;
        (digest == self.with(notes)).then(|| notes.to_owned())
    }

    /// Records that a check found this state up to date, and its notes.
    pub(crate) fn remember(&self, notes: &str) {
        // Without the record the next check takes longer, and its result is the same.
        let _ = self.write(notes);
    }

    fn write(&self, notes: &str) -> Option<()> {
        replace(&self.record, &format!("{}\n{notes}", self.with(notes)))
    }

    /// The digest of this state together with notes, so that a damaged record matches no state.
    fn with(&self, notes: &str) -> String {
        let mut hasher = Sha256::new();
        add(&mut hasher, &self.digest);
        add(&mut hasher, notes.as_bytes());
        hex(&hasher.finalize())
    }
}

/// Adds bytes after their length, so that different sequences of them are different.
fn add(hasher: &mut Sha256, bytes: &[u8]) {
    hasher.update(bytes.len().to_le_bytes());
    hasher.update(bytes);
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const NOTES: &str = "note: one\nnote: two\n";

    /// A repository with every input and two files in every directory of generated ones.
    fn repository() -> (TempDir, Vec<PathBuf>) {
        let home = tempfile::tempdir().expect("a directory");
        let generated =
            OUTPUTS.map(|place| ["mod.rs", "area/models.rs"].map(|file| format!("{place}/{file}")));
        let generated = generated.into_iter().flatten();
        let files = INPUTS.into_iter().map(str::to_owned).chain(generated);
        let files: Vec<PathBuf> = files.map(|file| home.path().join(file)).collect();
        for file in &files {
            fs::create_dir_all(file.parent().expect("a parent")).expect("created");
            fs::write(file, "the same text\n").expect("written");
        }
        (home, files)
    }

    fn state(home: &TempDir, program: &[u8]) -> State {
        State::of(home.path(), program, home.path().join("record")).expect("readable")
    }

    #[test]
    fn every_edit_of_an_input_a_generated_file_or_the_program_is_another_state() {
        let (home, files) = repository();
        let read = || state(&home, b"program");
        read().remember(NOTES);
        let is_known = || read().notes().is_some();
        assert_eq!(read().notes().as_deref(), Some(NOTES));
        for file in &files {
            let name = file.display();
            for text in ["the same texu\n", "the same text", "the same text\n\n", ""] {
                fs::write(file, text).expect("written");
                assert!(!is_known(), "{name} is {text:?}");
            }
            fs::remove_file(file).expect("removed");
            assert!(!is_known(), "{name} is missing");
            let renamed = file.with_file_name("other.rs");
            fs::write(&renamed, "the same text\n").expect("written");
            assert!(!is_known(), "{name} is renamed");
            fs::remove_file(renamed).expect("removed");
            fs::create_dir(file).expect("created");
            let unreadable = State::of(home.path(), b"program", home.path().join("record"));
            assert!(
                unreadable.is_none_or(|state| state.notes().is_none()),
                "{name} is a directory"
            );
            fs::remove_dir(file).expect("removed");
            fs::write(file, "the same text\n").expect("written");
            assert!(is_known(), "{name} is restored");
        }
        for place in OUTPUTS {
            let more = home.path().join(place).join("more.rs");
            fs::write(&more, "").expect("written");
            assert!(!is_known(), "{place} has one more file");
            fs::remove_file(more).expect("removed");
        }
        for program in ["", "progra", "programs", "Program"] {
            assert_eq!(state(&home, program.as_bytes()).notes(), None, "{program}");
        }
        assert!(is_known());
    }

    #[test]
    fn two_files_that_change_places_are_another_state() {
        let (home, files) = repository();
        for (index, file) in files.iter().enumerate() {
            fs::write(file, index.to_string()).expect("written");
        }
        state(&home, b"").remember("");
        for (one, other) in files.iter().zip(files.iter().skip(1)) {
            let content = [one, other].map(|file| fs::read(file).expect("readable"));
            fs::write(one, &content[1]).expect("written");
            fs::write(other, &content[0]).expect("written");
            assert_eq!(state(&home, b"").notes(), None, "{one:?} and {other:?}");
            fs::write(one, &content[0]).expect("written");
            fs::write(other, &content[1]).expect("written");
        }
        assert!(state(&home, b"").notes().is_some());
    }

    #[test]
    fn a_damaged_record_is_no_record() {
        let (home, _) = repository();
        let state = state(&home, b"program");
        assert_eq!(state.notes(), None, "there is no record yet");
        state.remember(NOTES);
        let record = fs::read(&state.record).expect("readable");
        let mut damaged: Vec<Vec<u8>> = (0..record.len())
            .map(|end| record[..end].to_vec())
            .collect();
        for at in 0..record.len() {
            for bit in [1, 0x20, 0x80] {
                let mut one = record.clone();
                one[at] ^= bit;
                damaged.push(one);
            }
        }
        damaged.push([&record[..], b"note: three\n"].concat());
        damaged.push([b"\n", &record[..]].concat());
        for content in damaged {
            fs::write(&state.record, &content).expect("written");
            assert_eq!(state.notes(), None, "{}", String::from_utf8_lossy(&content));
        }
        state.remember(NOTES);
        assert_eq!(fs::read(&state.record).expect("readable"), record);
    }

    #[test]
    fn a_record_that_cannot_be_written_is_ignored_and_leaves_nothing_behind() {
        let (home, _) = repository();
        let state = state(&home, b"program");
        fs::create_dir(&state.record).expect("created");
        let before = fs::read_dir(home.path()).expect("readable").count();
        state.remember(NOTES);
        assert_eq!(state.notes(), None);
        assert_eq!(fs::read_dir(home.path()).expect("readable").count(), before);
    }
}
