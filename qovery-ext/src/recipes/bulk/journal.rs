//! The journal: which actions were started, and how they ended.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions, TryLockError},
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::FoundEnvironment;
use crate::{
    regular_file,
    wait::{Action, Goal, OperationToken, Subject},
};

/// A line of the journal.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    environment: Uuid,
    /// For readers of the file. The library does not use it.
    name: String,
    #[serde(flatten)]
    event: Event,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event {
    /// The action is about to be sent.
    Starting { goal: Option<Goal> },
    /// The server has accepted it.
    Started { token: Box<OperationToken> },
    /// It has ended.
    Ended { is_reached: bool },
}

/// A line of the journal: the end of a job.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Job {
    job: JobEvent,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum JobEvent {
    /// Each environment has reached the goal. The next run is a new job.
    Done,
}

/// The entry of an environment when the run begins.
pub(super) enum Before {
    Nothing,
    Uncertain,
    Started(Box<OperationToken>),
    Done,
}

/// The actions that were started, and their ends.
pub(super) struct Journal {
    /// Locked while it is open: a second run at the same time is refused.
    file: Mutex<File>,
    /// The last entry of each environment, and the goal of its action.
    last: HashMap<Uuid, (Event, Option<Goal>)>,
    /// The error of the first line that could not be written.
    unwritten: Mutex<Option<io::Error>>,
}

/// Stores an entry of the journal as the last one of its environment.
fn note(last: &mut HashMap<Uuid, (Event, Option<Goal>)>, entry: Entry) {
    let goal = match &entry.event {
        Event::Starting { goal } => *goal,
        Event::Started { token } => token.goal(),
        Event::Ended { .. } => last.get(&entry.environment).and_then(|(_, goal)| *goal),
    };
    last.insert(entry.environment, (entry.event, goal));
}

/// Whether a line is the end of a job.
fn ends_job(line: &[u8]) -> bool {
    let job = serde_json::from_slice(line);
    matches!(
        job,
        Ok(Job {
            job: JobEvent::Done
        })
    )
}

/// The next job acts on all environments again, but not with another goal. Entries without an end belong to
/// environments that the job no longer selected: their actions may still be running.
fn start_afresh(last: &mut HashMap<Uuid, (Event, Option<Goal>)>) {
    for (event, _) in last.values_mut() {
        if let Event::Ended { is_reached } = event {
            *is_reached = false;
        }
    }
}

/// The longest line that is read, in bytes.
const LINE_LIMIT: u64 = 1024 * 1024;

/// The largest journal that is read, in bytes.
const JOURNAL_LIMIT: u64 = 256 * 1024 * 1024;

/// Whether a text is the beginning of a line: a crash may have cut off the rest.
fn begins_line(text: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 2] = [b"{\"environment\":\"", b"{\"job\":\""];
    BEGINNINGS.iter().any(|beginning| {
        let text = text.iter().filter(|byte| **byte != b' ');
        text.zip(*beginning).all(|(byte, wanted)| byte == wanted)
    })
}

impl Journal {
    /// Opens the file to add entries, and reads those that are there.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        // Other users must not read the names and ids in it.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = regular_file::open(path, &mut options)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => {
                let text = "another run uses it: wait for its end, or use another journal";
                io::Error::new(io::ErrorKind::WouldBlock, text)
            }
            TryLockError::Error(error) => error,
        })?;
        if file.metadata()?.len() > JOURNAL_LIMIT {
            let text = "it is larger than 256 MiB: use another journal";
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        let mut last = HashMap::new();
        let mut reader = BufReader::new(&file);
        let mut line = Vec::new();
        let (mut number, mut whole) = (0_u64, 0_u64);
        let torn = loop {
            number += 1;
            line.clear();
            let read = reader
                .by_ref()
                .take(LINE_LIMIT)
                .read_until(b'\n', &mut line)?;
            if read == 0 {
                break None;
            }
            let refuse = |what: &str| {
                let text = format!(
                    "line {number} is not an entry of a journal: {what}; use another journal, or remove this line"
                );
                Err(io::Error::new(io::ErrorKind::InvalidData, text))
            };
            if to_u64(read) == LINE_LIMIT {
                return refuse("it is too long");
            }
            let is_whole = line.ends_with(b"\n");
            let text = line.trim_ascii();
            if !text.is_empty() || !is_whole {
                match serde_json::from_slice(text) {
                    _ if ends_job(text) => start_afresh(&mut last),
                    Ok(entry) => note(&mut last, entry),
                    // A crash has cut off this line. It is removed, because it would make the file unreadable,
                    // and the lines before it are enough to continue. A file that is not a journal, named by
                    // mistake, is not changed.
                    Err(_) if !is_whole && begins_line(text) => break Some(whole),
                    Err(error) => {
                        let error: String = error.to_string().chars().take(300).collect();
                        return refuse(&error);
                    }
                }
            }
            if !is_whole {
                (&file).write_all(b"\n")?;
                break None;
            }
            whole += to_u64(read);
        };
        if let Some(whole) = torn {
            file.set_len(whole)?;
        }
        Ok(Self {
            file: Mutex::new(file),
            last,
            unwritten: Mutex::default(),
        })
    }

    /// Refuses the journal of another job, and entries that were moved to another environment.
    pub(super) fn check<'a>(
        &self,
        actions: impl IntoIterator<Item = (&'a FoundEnvironment, &'a Action)>,
    ) -> io::Result<()> {
        for (environment, action) in actions {
            let Some((event, noted)) = self.last.get(&environment.id()) else {
                continue;
            };
            let goal = action.goal();
            if *noted != goal {
                let text = |goal: &Option<Goal>| match goal {
                    Some(goal) => goal.to_string(),
                    None => "a condition".to_owned(),
                };
                let what = format!(
                    "it belongs to another job: the goal of {environment} is {} in the journal and {} in this run; use \
                     another journal",
                    text(noted),
                    text(&goal)
                );
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
            if let Event::Started { token } = event
                && !is_same(token.subject(), action.subject())
            {
                let what = format!(
                    "it belongs to another job: the entry of {environment} has the token of \
                     another subject; use another journal"
                );
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
        }
        Ok(())
    }

    pub(super) fn before(&self, environment: Uuid) -> Before {
        match self.last.get(&environment).map(|(event, _)| event) {
            None | Some(Event::Ended { is_reached: false }) => Before::Nothing,
            Some(Event::Ended { is_reached: true }) => Before::Done,
            Some(Event::Starting { .. }) => Before::Uncertain,
            Some(Event::Started { token }) => Before::Started(token.clone()),
        }
    }

    /// Adds an entry, and waits until it is on the disk. Returns the message of the error if it cannot be written.
    pub(super) fn write(&self, environment: &FoundEnvironment, event: Event) -> Result<(), String> {
        self.add(&Entry {
            environment: environment.id(),
            name: environment.name().to_owned(),
            event,
        })
    }

    /// Adds the end of the job: each environment has reached the goal, and the next run starts afresh.
    pub(super) fn finish(&self) {
        // [`Journal::unwritten`] has the error.
        let _unwritten = self.add(&Job {
            job: JobEvent::Done,
        });
    }

    /// Whether each line was written.
    pub(super) fn is_complete(&self) -> bool {
        let unwritten = self.unwritten.lock();
        unwritten.unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Returns the error of the first line that could not be written.
    pub(super) fn unwritten(&self) -> Option<io::Error> {
        let unwritten = self.unwritten.lock();
        unwritten.unwrap_or_else(PoisonError::into_inner).take()
    }

    fn add(&self, line: &impl Serialize) -> Result<(), String> {
        self.append(line).map_err(|error| {
            let text = error.to_string();
            let mut first = self
                .unwritten
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert(error);
            text
        })
    }

    fn append(&self, line: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_string(line)?;
        line.push('\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let length = file.metadata()?.len();
        let written = file.write_all(line.as_bytes());
        if written.is_err() {
            // A part of a line would make the next one unreadable.
            file.set_len(length)?;
        }
        written?;
        file.sync_data()
    }
}

fn to_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Whether both have the same id. Their parents and names are not compared.
fn is_same(subject: &Subject, other: &Subject) -> bool {
    match (subject, other) {
        (Subject::Environment { id, .. }, Subject::Environment { id: other, .. }) => id == other,
        (Subject::Service { service, .. }, Subject::Service { service: other, .. }) => {
            service == other
        }
        _ => subject == other,
    }
}
