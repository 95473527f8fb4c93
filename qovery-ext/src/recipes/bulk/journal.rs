//! The journal: which actions were started, and how they ended.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Write as _},
    path::Path,
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::FoundEnvironment;
use crate::wait::{Goal, OperationToken};

/// A line of the journal.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    environment: Uuid,
    /// For people: nothing is decided by it.
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

/// The entry of an environment when the run begins.
pub(super) enum Before {
    Nothing,
    Uncertain,
    Started(Box<OperationToken>),
    Done,
}

/// The actions that were started, and their ends.
pub(super) struct Journal {
    /// Locked for as long as it is open: of two runs at the same time, the second one is refused.
    file: Mutex<File>,
    /// The last entry of each environment, and the goal of its action.
    last: HashMap<Uuid, (Event, Option<Goal>)>,
}

/// Takes an entry of the journal.
fn note(last: &mut HashMap<Uuid, (Event, Option<Goal>)>, entry: Entry) {
    let goal = match &entry.event {
        Event::Starting { goal } => *goal,
        Event::Started { token } => token.goal(),
        Event::Ended { .. } => last.get(&entry.environment).and_then(|(_, goal)| *goal),
    };
    last.insert(entry.environment, (entry.event, goal));
}

impl Journal {
    /// Opens the file to add entries, and reads those that are there.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let mut file = options.create(true).read(true).append(true).open(path)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => {
                let text = "another run uses it: wait for its end, or use another journal";
                io::Error::new(io::ErrorKind::WouldBlock, text)
            }
            TryLockError::Error(error) => error,
        })?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let end = bytes.iter().rposition(|byte| *byte == b'\n');
        let (whole, rest) = bytes.split_at(end.map_or(0, |end| end + 1));
        let mut last = HashMap::new();
        for (number, line) in whole.split(|byte| *byte == b'\n').enumerate() {
            if line.trim_ascii().is_empty() {
                continue;
            }
            let entry = serde_json::from_slice(line).map_err(|error| {
                let text = format!("line {} is not an entry of a journal: {error}", number + 1);
                io::Error::new(io::ErrorKind::InvalidData, text)
            })?;
            note(&mut last, entry);
        }
        if !rest.is_empty() {
            match serde_json::from_slice(rest) {
                Ok(entry) => {
                    note(&mut last, entry);
                    file.write_all(b"\n")?;
                }
                // A crash has torn the last line. The line before says as much, and the rest would make
                // the file unreadable.
                Err(_) => file.set_len(to_u64(whole.len()))?,
            }
        }
        Ok(Self {
            file: Mutex::new(file),
            last,
        })
    }

    /// Refuses the journal of another job.
    pub(super) fn check(
        &self,
        goals: impl IntoIterator<Item = (Uuid, Option<Goal>)>,
    ) -> io::Result<()> {
        for (environment, goal) in goals {
            if let Some((_, noted)) = self.last.get(&environment)
                && *noted != goal
            {
                let text = |goal: &Option<Goal>| match goal {
                    Some(goal) => goal.to_string(),
                    None => "a condition".to_owned(),
                };
                let what = format!(
                    "it belongs to another job: there, the goal of environment {environment} is {}, and here {}",
                    text(noted),
                    text(&goal)
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

    /// Adds an entry, and waits until it is on the disk.
    pub(super) fn write(&self, environment: &FoundEnvironment, event: Event) -> io::Result<()> {
        let entry = Entry {
            environment: environment.id(),
            name: environment.name().to_owned(),
            event,
        };
        let mut line = serde_json::to_string(&entry)?;
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
