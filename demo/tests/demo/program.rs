//! Running the program.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use qovery_fake::{FakeQovery, FakeServer};
use serde_json::Value;

/// A run of the program, to its end.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// Parses the output as JSON events; every line must be one.
    pub(crate) fn events(&self) -> Vec<Value> {
        let lines = self.out.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The last event.
    pub(crate) fn last(&self) -> Value {
        self.events().pop().expect("an event")
    }

    /// The first event of this name.
    pub(crate) fn event(&self, name: &str) -> Value {
        let mut events = self.events().into_iter();
        events.find(|event| event["event"] == name).expect(name)
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("an exit code"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The program with this command line, in an environment without any token.
pub(crate) fn program(line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_demo"));
    for name in qovery_ext::connect::TOKEN_VARIABLES {
        command.env_remove(name);
    }
    command.env_remove("QOVERY_API_URL");
    command.env_remove("CLICOLOR_FORCE");
    command.args(line.split_whitespace());
    command
}

/// The program with this command line, on this fake.
pub(crate) fn program_on(fake: &FakeQovery, server: &FakeServer, line: &str) -> Command {
    let mut command = program(line);
    command.env("QOVERY_API_TOKEN", fake.token());
    command.env("QOVERY_API_URL", server.url());
    command
}

/// Runs it to its end.
pub(crate) fn run(mut command: Command) -> Run {
    command.output().unwrap().into()
}

/// A run that is under way.
pub(crate) struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Reads its events up to one that fits.
    pub(crate) fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.lines.next().expect("an event that fits").unwrap();
            let event: Value = serde_json::from_str(&line).unwrap();
            if fits(&event) {
                return event;
            }
        }
    }

    /// Sends it a signal, such as `INT`.
    pub(crate) fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        let status = kill
            .arg(format!("-{name}"))
            .arg(self.child.id().to_string());
        assert!(status.status().unwrap().success());
    }

    /// Waits for its end. Returns the exit code.
    pub(crate) fn end(mut self) -> i32 {
        self.child.wait().unwrap().code().expect("an exit code")
    }
}
